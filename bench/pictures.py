"""The README's pictures, made by keyart from its own sample clip: `python -m bench pictures`."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

import keyart
from keyart.media.sample import make_sample
from keyart.package import Package

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
_GAP_PX = 12


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench pictures", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=FOLDER)
    args = parser.parse_args(argv)
    args.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.mp4"
        make_sample(sample)
        saved = keyart.save(keyart.make(sample), Path(folder) / "sample.keyart")
        for name, picture in pictures(saved).items():
            picture.save(args.output / f"{name}.jpg", quality=85, optimize=True)
            print(args.output / f"{name}.jpg")
    return 0


def pictures(package: Package) -> dict[str, Image.Image]:
    """Strips of the package's covers, stills and avatars."""
    assert package.folder is not None
    paths = {kind: [package.folder / p.path for p in package.of_kind(kind)] for kind in ("cover", "still", "avatar")}
    wide = [path for path in paths["cover"] if path.name.startswith("youtube_")]
    tall = [path for path in paths["cover"] if path.name.startswith("reels_")]
    return {
        "covers": strip(wide, 240),
        "stills": strip(paths["still"][:6], 120),
        "tall": strip(tall + paths["avatar"], 320),
    }


def strip(paths: Sequence[Path], height_px: int) -> Image.Image:
    """Pictures side by side, each `height_px` tall."""
    scaled = []
    for path in paths:
        with Image.open(path) as picture:
            width = max(1, round(picture.width * height_px / picture.height))
            scaled.append(picture.convert("RGB").resize((width, height_px), Image.Resampling.LANCZOS))
    sheet = Image.new("RGB", (sum(one.width + _GAP_PX for one in scaled) - _GAP_PX, height_px), (255, 255, 255))
    left = 0
    for one in scaled:
        sheet.paste(one, (left, 0))
        left += one.width + _GAP_PX
    return sheet


if __name__ == "__main__":
    raise SystemExit(main())
