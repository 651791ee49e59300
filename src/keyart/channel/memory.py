"""`channel.toml` -> settings of the stages. What a channel says counts less than any config file of a video's own.

language = "ru"
avoid = ["шок", "крипто*"]      # in no title and on no cover
index = "channel.near"          # older covers; a new one that is nearly the same is told

[font]      name = "Roboto Black"
[palette]   accent = "#ffd23f"  text = ""  dark = "#10131a"  paper = ""
[cover]     templates = ["panel"]  position = "left"  case = "upper"  outline = ""  size = 0  look = ""
[avatar]    looks = ["medallion"]  picture = "me.jpg"
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from keyart.errors import BadSetting, MissingFile
from keyart.settings import Given

NAME = "channel.toml"
VARIABLE = "KEYART_CHANNEL"
NONE = "none"
"""Said instead of a file: no channel, whatever lies beside the video."""


@dataclass(frozen=True, slots=True)
class Font:
    name: str = ""
    """Of a font that is at hand, or path of a font file beside channel.toml."""


@dataclass(frozen=True, slots=True)
class Colours:
    """Each as #rrggbb; empty leaves it to the picture or the template."""

    accent: str = ""
    text: str = ""
    """Of all lettering; without it key words take the accent."""
    dark: str = ""
    """Ground of panels and shades."""
    paper: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    templates: tuple[str, ...] = ()
    position: str = ""
    case: str = ""
    outline: str = ""
    size: float = 0.0
    look: str = ""


@dataclass(frozen=True, slots=True)
class Avatar:
    looks: tuple[str, ...] = ()
    picture: str = ""
    """The channel's portrait, a path beside channel.toml."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What is remembered of a channel; whatever is empty is chosen for each video anew."""

    path: Path
    """Of the file; other paths in it are seen from its folder."""
    language: str = ""
    """ISO 639-1 code of its subtitles and speech."""
    avoid: tuple[str, ...] = ()
    index: str = ""
    font: Font = Font()
    palette: Colours = Colours()
    cover: Layout = Layout()
    avatar: Avatar = Avatar()

    @property
    def index_folder(self) -> Path | None:
        """Where the signatures of its covers are kept; None where it says nothing."""
        return self.path.absolute().parent / self.index if self.index else None


def find_channel(video: Path | None = None, named: str | Path | None = None) -> Channel | None:
    """The channel named, or that of `KEYART_CHANNEL`, or the one beside the video.

    Raises `MissingFile` for a named file that is not there, `BadSetting` for one that cannot be read.
    """
    said = str(named or os.environ.get(VARIABLE, ""))
    if said == NONE:
        return None
    if said:
        return read_channel(Path(said))
    beside = video.absolute().parent / NAME if video is not None else None
    return read_channel(beside) if beside is not None and beside.is_file() else None


def read_channel(path: Path) -> Channel:
    """Raises `MissingFile`, `BadSetting` with what came and what is allowed."""
    if not path.is_file():
        raise MissingFile(f"{path}: no such channel file; make one with: keyart channel learn COVERS... -o {NAME}")
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as err:
        raise BadSetting(f"{path}: not a readable channel file: {err}") from err
    tables: dict[str, type[Any]] = {"font": Font, "palette": Colours, "cover": Layout, "avatar": Avatar}
    made = {name: _made(kind, found.pop(name, {}), f"{path}: [{name}]") for name, kind in tables.items()}
    plain = _values(Channel, found, str(path), ("language", "avoid", "index"))
    return Channel(path, **plain, **made)


def _made(kind: type[Any], table: Any, where: str) -> Any:
    if not isinstance(table, dict):
        raise BadSetting(f"{where} is a table, not {table!r}")
    return kind(**_values(kind, table, where, tuple(field.name for field in fields(kind))))


def _values(kind: type[Any], table: Mapping[str, Any], where: str, known: tuple[str, ...]) -> dict[str, Any]:
    if unknown := table.keys() - set(known):
        raise BadSetting(f"{where} has no key {', '.join(sorted(unknown))}; it has: {', '.join(known)}")
    types = {field.name: str(field.type) for field in fields(kind)}
    return {name: _value(types[name], value, f"{where}: {name}") for name, value in table.items()}


def _value(kind: str, value: Any, where: str) -> Any:
    if kind.startswith("tuple"):
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise BadSetting(f"{where} is a list of words, not {value!r}")
    if kind == "float":
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise BadSetting(f"{where} is a number, not {value!r}")
    if not isinstance(value, str):
        raise BadSetting(f"{where} is a piece of text, not {value!r}")
    return value


def given_by(channel: Channel) -> list[Given]:
    """The settings of the stages that the channel stands for."""
    font = _font(channel)
    palette, cover, avatar = channel.palette, channel.cover, channel.avatar
    said: list[tuple[str, str, Any]] = [
        ("speech", "language", channel.language),
        ("titles", "avoid", channel.avoid),
        ("covers", "font", font),
        ("covers", "colour", palette.accent),
        ("covers", "text_colour", palette.text),
        ("covers", "dark", palette.dark),
        ("covers", "paper", palette.paper),
        ("covers", "template", ",".join(cover.templates)),
        ("covers", "position", cover.position),
        ("covers", "case", cover.case),
        ("covers", "outline", cover.outline),
        ("covers", "size", cover.size),
        ("covers", "look", cover.look),
        ("avatar", "font", font),
        ("avatar", "colour", palette.accent),
        ("avatar", "dark", palette.dark),
        ("avatar", "paper", palette.paper),
        ("avatar", "looks", avatar.looks),
        ("avatar", "picture", _beside(channel, avatar.picture)),
    ]
    return [Given(section, name, value, str(channel.path)) for section, name, value in said if value]


def _font(channel: Channel) -> str:
    """A path beside the file where there is one, else the name."""
    name = channel.font.name
    beside = _beside(channel, name)
    return str(beside) if beside and beside.is_file() else name


def _beside(channel: Channel, path: str) -> Path | None:
    return channel.path.absolute().parent / path if path else None
