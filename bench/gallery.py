"""Contact sheets of whole packages, to be looked at: `python -m bench gallery VIDEO|FOLDER ... -o DIR`.

One sheet a video: its titles, covers, stills in their order, avatar, and frames of the teaser. A video that is refused
gives a line with the reason. Resumable: a package that is there already is not made again.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from keyart.package import MANIFEST, read_manifest

WIDTH_PX = 1600
_INK, _DIM, _PAPER = (20, 20, 20), (110, 110, 110), (246, 245, 242)
_SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".mpg", ".flv", ".3gp", ".ogv", ".gif"}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench gallery", description=__doc__)
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("build/gallery"))
    args = parser.parse_args(argv)
    args.output.mkdir(parents=True, exist_ok=True)
    for video in _videos(args.sources):
        folder = args.output / f"{video.name}.keyart"
        refusal = "" if (folder / MANIFEST).is_file() else _made(video, folder)
        if refusal:
            print(f"{video.name}: {refusal}")
            continue
        contact_sheet(folder).save(args.output / f"{video.name}.png")
        print(_summary(video.name, read_manifest(folder), folder))
    return 0


def _videos(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        found = sorted(source.rglob("*")) if source.is_dir() else [source]
        yield from (path for path in found if path.suffix.lower() in _SUFFIXES or path == source)


def _made(video: Path, folder: Path) -> str:
    """Make the package in a process of its own; the reason where it is refused."""
    command = [sys.executable, "-m", "keyart", "make", str(video), "-o", str(folder), "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


def _summary(name: str, found: dict[str, Any], folder: Path) -> str:
    run = json.loads((folder / "run.json").read_text("utf-8"))
    spent = sum(stage["seconds"] for stage in run["stages"])
    marks = [f"{s['name']} {s['status']}: {s['reason']}" for s in found["stages"] if s["status"] != "ok"]
    titles = " | ".join(title["text"] for title in found["titles"])
    return f"{name}: {spent:.1f} s, {len(found['stills'])} stills; titles: {titles}; {'; '.join(marks)}"


def contact_sheet(folder: Path) -> Image.Image:
    """All pictures of a saved package on one sheet, `WIDTH_PX` wide."""
    found = read_manifest(folder)
    rows: list[Image.Image] = [_text(found["source"]["name"], 30, _INK)]
    rows += [_text(f"{t['text']}  [{t['angle']}, {t['source']}]", 26, _INK) for t in found["titles"]]
    of = {kind: [p for p in found["products"] if p["kind"] == kind] for kind in ("cover", "avatar", "still", "teaser")}
    rows += _grid([_picture(folder / p["path"]) for p in of["cover"] + of["avatar"]], 4)
    captions = [
        f"{s['rank']}: {s['seconds']:.1f} s, {s['score']:.2f}, {len(s['faces'])} faces" for s in found["stills"]
    ]
    rows += _grid([_picture(folder / p["path"]) for p in of["still"]], 5, captions)
    rows += _grid(_teaser_frames([folder / p["path"] for p in of["teaser"]]), 6)
    sheet = Image.new("RGB", (WIDTH_PX, sum(row.height for row in rows) + 20), _PAPER)
    top = 10
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    return sheet


def _picture(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        flat = Image.new("RGB", picture.size, (200, 200, 200))
        flat.paste(picture.convert("RGBA"), mask=picture.convert("RGBA").getchannel("A"))
        return flat


def _teaser_frames(paths: list[Path], count: int = 6) -> list[Image.Image]:
    animated = next((path for path in paths if path.suffix == ".gif"), None)
    if animated is None:
        return []
    with Image.open(io.BytesIO(animated.read_bytes())) as gif:
        total = getattr(gif, "n_frames", 1)
        frames = []
        for index in range(count):
            gif.seek(min(total - 1, index * total // count))
            frames.append(gif.convert("RGB"))
        return frames


def _grid(pictures: list[Image.Image], columns: int, captions: Sequence[str] = ()) -> list[Image.Image]:
    width = WIDTH_PX // columns
    rows = []
    for start in range(0, len(pictures), columns):
        cells = [_fitted(picture, width - 8) for picture in pictures[start : start + columns]]
        row = Image.new("RGB", (WIDTH_PX, max(cell.height for cell in cells) + (26 if captions else 6)), _PAPER)
        for place, cell in enumerate(cells):
            row.paste(cell, (place * width + 4, 2))
            if captions:
                text = captions[start + place]
                ImageDraw.Draw(row).text((place * width + 6, row.height - 22), text, _DIM, _font(16))
        rows.append(row)
    return rows


def _fitted(picture: Image.Image, width: int) -> Image.Image:
    scale = min(width / picture.width, width * 0.75 / picture.height)
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))


def _text(text: str, size_px: int, ink: tuple[int, int, int]) -> Image.Image:
    line = Image.new("RGB", (WIDTH_PX, size_px + 14), _PAPER)
    ImageDraw.Draw(line).text((8, 4), text, ink, _font(size_px))
    return line


def _font(size_px: int) -> ImageFont.FreeTypeFont:
    from font_roboto import RobotoMedium

    return ImageFont.truetype(RobotoMedium, size_px)


if __name__ == "__main__":
    raise SystemExit(main())
