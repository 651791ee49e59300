"""A cover as it is drawn up in the browser, as the settings of `MakeCovers`, and as the command that makes the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from keyart.covers import MakeCovers
from keyart.covers.typefaces import named_fonts
from keyart.errors import BadSetting
from keyart.studio.catalogue import Video
from keyart.studio.shapes import Body

FRAME = "^([0-9]{1,10}|cover|[0-9a-f]{32})$"
"""Milliseconds of a frame, the author's own cover, or a picture that was made in the studio."""
LARGEST_SEED = 2**31 - 1
Name = Annotated[str, Field(max_length=40)]
Colour = Annotated[str, Field(pattern="^(#[0-9a-fA-F]{6})?$")]


class Design(Body):
    """One cover: a frame and what is wished for it. What is left out is chosen as `keyart covers` would."""

    frame: Annotated[str, Field(pattern=FRAME)]
    text: Annotated[str, Field(max_length=300)] = ""
    preset: Name = "youtube"
    format: Literal["png", "jpeg"] = "jpeg"
    template: Name = "auto"
    font: Annotated[str, Field(max_length=100)] = ""
    colour: Colour = ""
    text_colour: Colour = ""
    position: Annotated[str, Field(max_length=40)] = ""
    size: Annotated[float, Field(ge=0, le=40)] = 0.0
    case: Literal["auto", "upper", "lower", "asis"] = "auto"
    outline: Annotated[str, Field(max_length=20)] = ""
    fill: Name = "mirror"
    look: Name = ""
    background: Name = ""
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = 0

    def covers(self, base: Base) -> MakeCovers:
        """The stage that makes it. Raises `BadSetting`."""
        if self.font and self.font not in named_fonts():
            raise BadSetting(f"no font is called {self.font!r}; there are: {', '.join(named_fonts())}")
        own = {name: getattr(self, name) for name in _SAME}
        under = {name: value for name, value in base.staging.items() if not own[name]}
        headline = self.text.strip()
        bare = {} if headline else {"template": "none"}
        wishes = {**own, **under, **bare, "text": headline}
        return MakeCovers(presets=(self.preset,), count=1, at=base.at, picture=base.picture, **wishes)


@dataclass(frozen=True, slots=True)
class Base:
    """What a design is laid on."""

    at: str = ""
    """A frame of the video, as `--at` names it."""
    picture: Path | None = None
    """Or a picture that was drawn."""
    staging: Mapping[str, Any] = field(default_factory=dict)
    """Look, background and seed of a variant, for a design that names none."""


_SAME = (
    "text", "format", "template", "font", "colour", "text_colour", "position", "size", "case", "outline", "fill",
    "look", "background", "seed",
)  # fmt: skip
"""Fields of a design that are fields of `MakeCovers` under the same name."""


def command_for(video: Video, covers: MakeCovers) -> str:
    """`keyart covers ...`, quoted for a shell, that makes the same file of the video under its shown name."""
    words = ["keyart", "covers", video.name]
    words += ["--picture", covers.picture.name] if covers.picture else ["--at", covers.at]
    words += ["--text", covers.text] if covers.text else []
    words += ["--presets", ",".join(covers.presets), "--count", str(covers.count)]
    usual = MakeCovers()
    for one in fields(covers):
        value = getattr(covers, one.name)
        if one.name not in _SAID_FIRST and value != getattr(usual, one.name):
            words += [f"--{one.name.replace('_', '-')}", f"{value:g}" if isinstance(value, float) else str(value)]
    clahe = video.settings.get("stills", {}).get("clahe", "off")
    words += ["--stills-clahe", str(clahe)] if clahe != "off" else []
    return shlex.join([*_safe(words), "-o", _no_flag(f"{Path(video.name).stem}.covers")])


_SAID_FIRST = ("at", "picture", "text", "presets", "count")


def _safe(words: list[str]) -> list[str]:
    """A name or a headline that begins with a hyphen is no flag."""
    rest = []
    for flag, value in zip(words[3::2], words[4::2], strict=True):
        rest += [f"{flag}={value}"] if value.startswith("-") else [flag, value]
    return [*words[:2], _no_flag(words[2]), *rest]


def _no_flag(path: str) -> str:
    return f"./{path}" if path.startswith("-") else path
