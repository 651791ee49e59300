"""Katna's own way to five key frames, run by the Python of its virtual environment: `katna_five.py CLIP FOLDER`."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from Katna.video import Video
    from Katna.writer import KeyFrameDiskWriter

    clip_path, out_folder = sys.argv[1:]
    Video().extract_video_keyframes(no_of_frames=5, file_path=clip_path, writer=KeyFrameDiskWriter(location=out_folder))
