"""A typeface for a headline: always found, with every glyph that the headline needs."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from PIL import ImageFont

from keyart.errors import BadSetting

Weight = Literal["black", "bold", "medium"]

_ROBOTO: dict[Weight, str] = {"black": "Roboto-Black.ttf", "bold": "Roboto-Bold.ttf", "medium": "Roboto-Medium.ttf"}
_MATPLOTLIB: dict[Weight, str] = dict.fromkeys(("black", "bold"), "DejaVuSans-Bold.ttf") | {"medium": "DejaVuSans.ttf"}  # type: ignore[assignment]
_SYSTEM: dict[Weight, tuple[str, ...]] = {
    "black": ("Roboto-Black", "Inter-Black", "NotoSans-Black", "ariblk", "Arial Black", "SourceSansPro-Black"),
    "bold": ("Roboto-Bold", "Inter-Bold", "NotoSans-Bold", "OpenSans-Bold", "arialbd", "Arial Bold", "segoeuib",
             "LiberationSans-Bold", "DejaVuSans-Bold", "NotoSansCJK-Bold", "FreeSansBold"),
    "medium": ("Roboto-Medium", "NotoSans-Medium", "arial", "Arial", "LiberationSans-Regular", "DejaVuSans"),
}  # fmt: skip
_ENDINGS = (".ttf", ".otf", ".ttc")
_UNASSIGNED = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Typeface:
    """A font that can draw the text it was found for. `path` is empty for Pillow's built-in one."""

    path: str
    name: str
    licence: str
    notes: tuple[str, ...] = ()
    """What the user should know: fallbacks taken, characters that nothing could draw."""

    def at(self, size_px: float) -> ImageFont.FreeTypeFont:
        """The font at an em size in pixels."""
        return _loaded(self.path, round(size_px, 1))


@lru_cache(96)  # each maps its file anew, and a headline is tried in tens of sizes
def _loaded(path: str, size_px: float) -> ImageFont.FreeTypeFont:
    # the basic layout engine is in every build of Pillow: raqm would shape differently where it is missing
    if not path:
        built_in = ImageFont.load_default(size_px)
        assert isinstance(built_in, ImageFont.FreeTypeFont)
        return built_in
    return ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)


def find_typeface(text: str, weight: Weight = "black", path: str = "") -> Typeface:
    """The first font with every glyph of `text`: the user's, Roboto, the system's, Pillow's own.

    Where none has them all, the one that misses fewest, with a note. Raises `BadSetting` for a `path` that is no font.
    """
    if path:
        _check(path)
    best: tuple[int, Typeface] | None = None
    for file, name, licence in _candidates(weight, path):
        missing = missing_glyphs(file, text)
        if best is None or len(missing) < best[0]:
            best = len(missing), Typeface(file, name, licence, _notes(path, file, name, missing))
        if not missing:
            break
    assert best is not None  # Pillow's own font always comes
    return best[1]


def drawable(text: str, face: Typeface) -> str:
    """The text without what the typeface cannot draw (emoji, unknown scripts) and without doubled spaces."""
    missing = set(missing_glyphs(face.path, text))
    kept = "".join(" " if letter in missing or _is_invisible(letter) else letter for letter in text)
    return " ".join(kept.split())


def missing_glyphs(path: str, text: str) -> tuple[str, ...]:
    """Characters of `text` that the font draws as its box for unknown ones, in order of appearance."""
    wanted = dict.fromkeys(letter for letter in text if not letter.isspace() and not _is_invisible(letter))
    return tuple(letter for letter in wanted if not _has_glyph(path, letter))


@cache
def _has_glyph(path: str, letter: str) -> bool:
    return _drawn(path, letter) != _drawn(path, _UNASSIGNED)


def _drawn(path: str, letter: str) -> tuple[bytes, tuple[int, int]]:
    font = _loaded(path, 24.0)
    mask = font.getmask(letter)
    return bytes(mask), mask.size


def _is_invisible(letter: str) -> bool:
    """Joiners, direction marks, variation selectors: nothing to draw, nothing to miss."""
    return unicodedata.category(letter) in ("Cf", "Cc", "Mn") and unicodedata.combining(letter) == 0


def _notes(asked: str, file: str, name: str, missing: tuple[str, ...]) -> tuple[str, ...]:
    notes = []
    if asked and file != asked:
        notes.append(f"{Path(asked).name} lacks letters of this headline; {name} was used")
    if not file:
        notes.append("no font with these letters was found; Pillow's built-in one was used, install font-roboto")
    if missing:
        notes.append(f"no font at hand draws {' '.join(missing[:8])}; left out")
    return tuple(notes)


def _check(path: str) -> None:
    try:
        ImageFont.truetype(path, 24)
    except OSError as err:
        raise BadSetting(f"{path}: not a font file that can be read; give a .ttf, .otf or .ttc") from err


def _candidates(weight: Weight, path: str) -> Iterator[tuple[str, str, str]]:
    """(file, name, licence) in order of preference."""
    if path:
        yield path, _name(path), "the user's own"
    roboto = in_wheel("font_roboto", "files") / _ROBOTO[weight]
    if roboto.is_file():
        yield str(roboto), _name(str(roboto)), "Apache-2.0"
    dejavu = in_wheel("matplotlib", "mpl-data", "fonts", "ttf") / _MATPLOTLIB[weight]
    if dejavu.is_file():
        yield str(dejavu), _name(str(dejavu)), "Bitstream Vera"
    for file in system_fonts(weight):
        yield file, _name(file), "installed on this system"
    yield "", "Pillow built-in", "MIT-CMU"


def _name(file: str) -> str:
    family, style = _loaded(file, 24.0).getname()
    return " ".join(part for part in (family, style) if part)


def in_wheel(package: str, *inside: str) -> Path:
    """Folder in an installed package, without importing it."""
    spec = find_spec(package)
    return Path(spec.origin).parent.joinpath(*inside) if spec and spec.origin else Path("nowhere")


def _font_folders() -> tuple[Path, ...]:
    home = Path.home()
    if sys.platform == "win32":
        return (Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts", home / "AppData/Local/Microsoft/Windows/Fonts")
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    return (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts")


@cache
def system_fonts(weight: Weight) -> tuple[str, ...]:
    """Known good faces first, then whatever is there, by name: the same machine always takes the same one."""
    files = sorted(
        path for folder in _font_folders() if folder.is_dir() for path in folder.rglob("*") if path.suffix in _ENDINGS
    )
    known = {name: place for place, name in enumerate(_SYSTEM[weight])}
    files.sort(key=lambda path: (known.get(path.stem, len(known)), "Bold" not in path.stem, path.name))
    return tuple(str(path) for path in files if _opens(str(path)))


def _opens(path: str) -> bool:
    try:
        _loaded(path, 24.0)
    except OSError:
        return False
    return True
