"""What nobody who decodes can beat, and ffmpeg's own `thumbnail`.

Run as a process of its own, `floors.py NAME CLIP FOLDER`; it imports PyAV alone, so as not to measure start-up.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import av.filter


def decode(clip: str, _: Path) -> int:
    """Every frame, frame threads, pixels left where the decoder put them."""
    with av.open(clip) as container:
        container.streams.video[0].thread_type = "AUTO"
        return sum(1 for _ in container.decode(video=0))


def key_frames(clip: str, _: Path) -> int:
    """Key frames only."""
    with av.open(clip) as container:
        container.streams.video[0].codec_context.skip_frame = "NONKEY"
        return sum(1 for _ in container.decode(video=0))


def thumbnail_first(clip: str, out: Path) -> int:
    """`-vf thumbnail -frames:v 1`: the most typical of the first 100 frames."""
    return _thumbnails(clip, out, 100, limit=1)


def thumbnail_all(clip: str, out: Path) -> int:
    """`-vf thumbnail=300`: one picture for every 300 frames of the whole clip."""
    return _thumbnails(clip, out, 300, limit=0)


def _thumbnails(clip: str, out: Path, window: int, *, limit: int) -> int:
    """Write the filter's pictures as JPEG; stop after `limit` (0: never). Returns how many."""
    count = 0
    for count, picture in enumerate(_chosen(clip, window), 1):
        image = picture.to_image()  # type: ignore[no-untyped-call] # PyAV leaves it untyped
        image.save(out / f"thumbnail_{count:03d}.jpg", quality=92)
        if count == limit:
            break
    return count


def _chosen(clip: str, window: int) -> Iterator[av.VideoFrame]:
    with av.open(clip) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_buffer(template=stream), graph.add("thumbnail", f"n={window}"), graph.add("buffersink")
        )
        graph.configure()
        for frame in container.decode(stream):
            graph.vpush(frame)
            yield from _waiting(graph)
        graph.vpush(None)
        yield from _waiting(graph)


def _waiting(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    """What the filter has ready now: it answers "again" before it has seen a whole window."""
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return


FLOORS: dict[str, Callable[[str, Path], int]] = {
    "decode": decode,
    "key-frames": key_frames,
    "thumbnail-first": thumbnail_first,
    "thumbnail-all": thumbnail_all,
}

if __name__ == "__main__":
    name, clip_path, out_folder = sys.argv[1:]
    print(FLOORS[name](clip_path, Path(out_folder)))
