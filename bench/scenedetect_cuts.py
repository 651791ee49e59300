"""Runs in PySceneDetect's own environment: `python scenedetect_cuts.py VIDEO ...` prints the cuts of both detectors."""

from __future__ import annotations

import json
import sys

from scenedetect import AdaptiveDetector, ContentDetector, detect

DETECTORS = {"content": ContentDetector, "adaptive": AdaptiveDetector}


def main(paths: list[str]) -> None:
    """Frame numbers of the first frame of each scene but the first, at the published defaults, as JSON."""
    found = {
        name: {path: [scene[0].frame_num for scene in detect(path, kind())[1:]] for path in paths}
        for name, kind in DETECTORS.items()
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
