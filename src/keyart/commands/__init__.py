"""The verbs of `keyart`: a module each, here or in the room that is asked for, with `add(parser)` and `run(args)`.

Modules are entered when their verb is said: `keyart --help` must answer at once.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from importlib import import_module

_MAKING = "keyart.commands.making"


@dataclass(frozen=True, slots=True)
class Command:
    """A verb: what it says of itself, where it is done. `section` lends its fields as unprefixed flags."""

    summary: str
    module: str
    section: str = ""
    parts: tuple[str, ...] = ()
    folder: str = ""
    """Suffix of the folder that is written where no -o is given; none is written where it is empty."""
    takes: str = "a video file"

    @property
    def watches(self) -> bool:
        """Whether it makes a pass over the pictures."""
        return self.module == _MAKING

    def add(self, parser: argparse.ArgumentParser) -> None:
        """Its flags; the command itself is the parser's default `command`."""
        parser.set_defaults(command=self)
        import_module(self.module).add(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the exit status. Raises `KeyartError`."""
        return int(import_module(self.module).run(args))


COMMANDS: dict[str, Command] = {
    "make": Command("the whole publishing package of a video", _MAKING, folder="keyart"),
    "probe": Command("what the file says of itself", "keyart.commands.probe"),
    "shots": Command("where the takes begin and end", _MAKING, "shots", ("shots",)),
    "frames": Command("ranked stills", _MAKING, "stills", ("shots", "stills"), "frames"),
    "titles": Command(
        "headlines that are supported by what is said",
        "keyart.commands.titles",
        "titles",
        ("titles",),
        takes="a video, a text (.srt .vtt .ass .ttml .txt .json), or - for JSON lines {id, text} on standard input",
    ),
    "covers": Command("covers with a headline on them", _MAKING, "covers", ("covers",), "covers"),
    "cutouts": Command("figures without their background", _MAKING, "cutouts", ("cutouts",), "cutouts"),
    "variants": Command(
        "stills in other looks and on other backgrounds", _MAKING, "variants", ("variants",), "variants"
    ),
    "teaser": Command("a short animated preview", _MAKING, "teaser", ("teaser",), "teaser"),
    "summary": Command("short versions for other platforms", _MAKING, "summaries", ("summaries",), "summary"),
    "library": Command("the packages of many videos: a folder, a list, a store", "keyart.library.command"),
    "report": Command(
        "what a library has made, what it has not and why, and what it costs", "keyart.library.reporting"
    ),
    "channel": Command(
        "what the videos of a channel have in common, learnt from past covers", "keyart.channel.command"
    ),
    "near": Command("pictures and videos that are nearly the same as older ones", "keyart.nearness.command"),
    "judge": Command(
        "how good a generated video is, or which of several takes is best", "keyart.review.generated.command"
    ),
    "explain": Command("the receipt of a product", "keyart.commands.explain"),
    "models": Command("list, fetch and find model files", "keyart.commands.models"),
    "studio": Command("the way from a video to its cover in the browser", "keyart.studio.command"),
    "presets": Command("what each platform accepts", "keyart.commands.presets"),
    "learn": Command("train a model on a data set of yours", "keyart.learn.command"),
    "doctor": Command("what is installed, and what a missing extra would add", "keyart.commands.doctor"),
}
"""A new verb is a module and a line here."""
