"""docs/gallery.md and its pictures, every look, background, template and avatar there is: `python -m bench showcase`.

The registries are read, so a new entry needs no line here. All pictures are made from the public-domain and CC0
photographs of the pack "samples".
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from keyart.covers import MakeAvatar, MakeCovers
from keyart.covers.avatar import LOOKS as AVATARS
from keyart.covers.backgrounds import BACKGROUNDS
from keyart.covers.compose import restaged
from keyart.covers.looks import LOOKS
from keyart.covers.matte import MakeMatte
from keyart.covers.palette import palette_of
from keyart.covers.templates import TEMPLATES
from keyart.errors import KeyartError
from keyart.media.images import read_image
from keyart.models import model_path
from keyart.stills.objects import choose_detector
from keyart.types import RGB, Frame, Headline, Product, Still, VideoInfo

DOCS = Path(__file__).parents[1] / "docs"
MOST_BYTES = 60_000
_WIDTH_PX, _COLUMNS = 440, 3
_STILL_PX = (1280, 720)


@dataclass(frozen=True)
class View:
    """A 16:9 window of a photograph; `x`, `y` its middle, in shares."""

    photo: str
    x: float
    y: float
    size: float
    headline: str


VIEWS = {
    "astronaut": View("photo-astronaut", 0.46, 0.28, 1.0, "The suit that protects her during launch"),
    "cat": View("photo-chelsea", 0.5, 0.5, 1.0, "Кошка просыпается раньше будильника"),
    "coffee": View("photo-coffee", 0.5, 0.48, 0.9, "Why one cup is enough for a day"),
    "rocket": View("photo-rocket", 0.5, 0.55, 1.0, "Четыре часа до старта"),
}


@dataclass(frozen=True)
class Shown:
    """One picture of the page: its file's name, what stands below it, the picture."""

    name: str
    caption: str
    image: RGB


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench showcase", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=DOCS, help="folder of gallery.md and gallery/")
    args = parser.parse_args(argv)
    try:
        stills = {name: still_of(view) for name, view in VIEWS.items()}
        chapters = {title: list(pictures) for title, pictures in shown(stills)}
    except KeyartError as err:
        print(f"bench showcase: {err}", file=sys.stderr)
        return 1
    write(args.output, chapters)
    return 0


def shown(stills: dict[str, Still]) -> Iterator[tuple[str, Iterator[Shown]]]:
    """The chapters in their order; one without entries is left out of the page."""
    yield "Looks", looks(stills)
    yield "Backgrounds", backgrounds(stills)
    yield "Templates", templates(stills)
    yield "Avatars", avatars(stills)


def looks(stills: dict[str, Still]) -> Iterator[Shown]:
    for name, look in LOOKS.items():
        for kind in ("astronaut", "cat"):
            still = stills[kind]
            done = look(still.frame.image, [face.box for face in still.faces], 0)
            yield Shown(f"look_{name}_{kind}", name, done)


def backgrounds(stills: dict[str, Still]) -> Iterator[Shown]:
    """Each alone, and with a figure on it."""
    still = stills["astronaut"]
    image, faces = still.frame.image, [face.box for face in still.faces]
    matte = MakeMatte()(image, faces)
    for name, background in BACKGROUNDS.items():
        yield Shown(f"background_{name}", name, background(*_STILL_PX, image, palette_of(image), 0))
        if matte is not None:
            yield Shown(f"on_{name}", f"{name}, with the figure", restaged(image, matte, name, 0, faces))


def templates(stills: dict[str, Still]) -> Iterator[Shown]:
    kinds = list(VIEWS)
    for at, name in enumerate(TEMPLATES):
        kind = kinds[at % len(kinds)]
        language = "ru" if VIEWS[kind].headline[0] > "z" else "en"
        line = Headline(VIEWS[kind].headline, language, 0.0, 4.0, "", True, 1.0, "user")
        made = MakeCovers(presets=("youtube",), count=1, template=name)(_info(), [stills[kind]], [line])
        used = str(made.value[0].receipt.facts["template"])
        yield Shown(f"template_{name}", name if used == name else f"{name} (no room: {used})", opened(made.value[0]))


def avatars(stills: dict[str, Still]) -> Iterator[Shown]:
    made = MakeAvatar(looks=tuple(AVATARS))(_info(), [stills["astronaut"]])
    for product in made.value:
        look = str(product.receipt.facts["look"])
        yield Shown(f"avatar_{look}", look, opened(product))


# --- stills from photographs ------------------------------------------------------------------------------------


def still_of(view: View) -> Still:
    """Raises `MissingModel` while the pack "samples" is not pulled."""
    photo = Image.fromarray(read_image(model_path(view.photo)))
    width = min(photo.width, photo.height * 16 / 9) * view.size
    height = width * 9 / 16
    left = min(max(view.x * photo.width - width / 2, 0), photo.width - width)
    top = min(max(view.y * photo.height - height / 2, 0), photo.height - height)
    box = (left, top, left + width, top + height)
    image = np.asarray(photo.resize(_STILL_PX, Image.Resampling.LANCZOS, box=box), np.uint8)
    detector, _ = choose_detector("auto")
    return Still(1, Frame(image, 2.0), 50, 0.8, (), tuple(detector.look(image)))


def _info() -> VideoInfo:
    width, height = _STILL_PX
    name, rate = Path("An astronaut's morning.mp4"), 25.0
    return VideoInfo(
        name, "mp4", 1, 0, "h264", "yuv420p", width, height, width, height, Fraction(1), 0, False, rate, 30.0, 0.0
    )


def opened(product: Product) -> RGB:
    return np.asarray(Image.open(io.BytesIO(product.data)).convert("RGB"), np.uint8)


# --- the page ---------------------------------------------------------------------------------------------------


def write(folder: Path, chapters: dict[str, list[Shown]]) -> None:
    pictures = folder / "gallery"
    pictures.mkdir(parents=True, exist_ok=True)
    for old in pictures.glob("*.jpg"):
        old.unlink()
    total = 0
    for one in (one for entries in chapters.values() for one in entries):
        data = small_jpeg(one.image)
        (pictures / f"{one.name}.jpg").write_bytes(data)
        total += len(data)
    (folder / "gallery.md").write_text(page(chapters), encoding="utf-8", newline="\n")
    print(f"{folder / 'gallery.md'}: {sum(map(len, chapters.values()))} pictures, {total / 1e6:.2f} MB")


def small_jpeg(image: RGB) -> bytes:
    """At most `_WIDTH_PX` wide and `MOST_BYTES` heavy."""
    picture = Image.fromarray(image)
    picture.thumbnail((_WIDTH_PX, _WIDTH_PX), Image.Resampling.LANCZOS)
    for quality in range(86, 20, -6):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


def page(chapters: dict[str, list[Shown]]) -> str:
    lines = [
        "# Gallery",
        "",
        "Every look, background, template and avatar, made by `python -m bench showcase` from the project's samples:",
        "photographs by NASA (public domain), SpaceX, Rachel Michetti and Stefan van der Walt (CC0).",
    ]
    for title, entries in chapters.items():
        if entries:
            lines += ["", f"## {title}", "", *_table(entries)]
    return "\n".join(lines) + "\n"


def _table(entries: Sequence[Shown]) -> list[str]:
    columns = 2 if len(entries) > _COLUMNS and entries[0].caption == entries[1].caption else _COLUMNS
    columns = 2 if any("with the figure" in one.caption for one in entries) else columns
    lines = ["| " * columns + "|", "|---" * columns + "|"]
    for first in range(0, len(entries), columns):
        row = entries[first : first + columns]
        cells = [f"![{one.caption}](gallery/{one.name}.jpg)<br>{one.caption}" for one in row]
        lines.append("| " + " | ".join(cells + [""] * (columns - len(row))) + " |")
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
