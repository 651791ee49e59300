"""Fonts that can be asked for by name: Roboto's styles, DejaVu where matplotlib is, and what the system has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from PIL import ImageFont

from keyart.covers import fonts
from keyart.covers.fonts import Typeface, Weight, find_typeface
from keyart.errors import BadSetting

_WHEELS = (("font_roboto", ("files",), "Apache-2.0"), ("matplotlib", ("mpl-data", "fonts", "ttf"), "Bitstream Vera"))
_NO_LETTERS = ("cmex", "cmsy", "cmmi", "STIXNonUni", "STIXSiz")
"""Beginnings of the file names of matplotlib's mathematical fonts."""
MOST = 300


@dataclass(frozen=True, slots=True)
class NamedFont:
    """A font file as a user asks for it."""

    name: str
    """Family and style as the file itself says: Roboto Black Italic."""
    path: str
    licence: str


@cache
def named_fonts() -> dict[str, NamedFont]:
    """Name -> font, the wheels' first, then the system's by name; of two files of one name the first."""
    found: dict[str, NamedFont] = {}
    for path, licence in _files():
        name = _name(path)
        if name and len(found) < MOST:
            found.setdefault(name, NamedFont(name, path, licence))
    return found


def typeface(text: str, weight: Weight, font: str = "") -> Typeface:
    """As `find_typeface`; `font` may be a name from `named_fonts` too. Raises `BadSetting` for what is neither."""
    named = named_fonts().get(font) if font else None
    if named is None:
        return find_typeface(text, weight, check_font(font))
    found = find_typeface(text, weight, named.path)
    return replace(found, licence=named.licence) if found.path == named.path else found


def check_font(font: str) -> str:
    """The same font, once it is known to be a name or a file's. Raises `BadSetting`."""
    if not font or Path(font).exists() or font in named_fonts():
        return font
    names = list(named_fonts())
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    raise BadSetting(
        f"no font is called {font!r} and no file is there; there are: {', '.join(names[:20])}{more}, or give the path "
        "of a .ttf, .otf or .ttc"
    )


def _files() -> Iterator[tuple[str, str]]:
    for package, inside, licence in _WHEELS:
        folder = fonts.in_wheel(package, *inside)
        for file in sorted(folder.glob("*.ttf")) if folder.is_dir() else ():
            if not file.name.startswith(_NO_LETTERS):
                yield str(file), licence
    for path in sorted(fonts.system_fonts("medium"), key=lambda one: Path(one).name):
        yield path, "installed on this system"


def _name(path: str) -> str:
    try:
        family, style = ImageFont.truetype(path, 24).getname()
    except OSError:
        return ""
    return " ".join(part for part in (family, style) if part)
