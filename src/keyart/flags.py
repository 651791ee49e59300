"""Flags read off the fields of a stage: a new field is a new flag at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any

from keyart.settings import Given, settings_of


def add_flags(
    parser: argparse.ArgumentParser,
    section: str,
    stage: type[Any],
    *,
    prefix: str = "",
    explain: bool = True,
    leave_out: tuple[str, ...] = (),
) -> None:
    """A flag for each field that the parser does not have yet. `explain` reads the help from the source: slow."""
    group = parser.add_argument_group(section)
    taken = parser._option_string_actions  # argparse has no public way to ask
    for setting in settings_of(stage, with_help=explain):
        flag = f"--{prefix}{setting.name}".replace("_", "-")
        if setting.name in leave_out or flag in taken:
            continue
        must = setting.default is MISSING
        words = setting.help.replace("%", "%%")
        group.add_argument(
            flag,
            dest=f"{section}__{setting.name}",
            required=must,
            metavar="{" + ",".join(setting.choices) + "}" if setting.choices else setting.name.upper(),
            nargs="?" if setting.is_switch else None,
            const="true" if setting.is_switch else None,
            help=words if must else f"{words} (default {_shown(setting.default)})".strip(),
        )


def given(args: argparse.Namespace) -> list[Given]:
    """What was said on the command line, as the settings that it stands for."""
    pairs = ((name.split("__"), value) for name, value in vars(args).items() if "__" in name and value is not None)
    return [Given(section, field, value, f"--{section}-{field}") for (section, field), value in pairs]


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value) or "none"


def add_usual(parser: argparse.ArgumentParser) -> None:
    """What every command takes that works for longer."""
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("-v", "--verbose", action="store_true", help="show where an error came from")
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="a keyart.toml to read after the usual ones")
    parser.add_argument("--log", type=Path, metavar="FILE", help="add lines of JSON there that tell how it goes")


def add_making(parser: argparse.ArgumentParser, stages: Mapping[str, type[Any]], *, whole: bool, own: str = "") -> None:
    """How things are made: what all stages share, and the settings of each; those of the section `own` unprefixed.

    `whole`: of the whole package, not of a part.
    """
    say = parser.add_argument
    say("--seed", type=int, default=0, help="for every stage that draws lots (default 0)")
    say("--licence", choices=("any", "permissive"), help="permissive: no model whose licence is not (default any)")
    say("--scan", dest="scan__mode", choices=("full", "fast"), help="the same as --scan-mode")
    if whole or own == "summaries":
        say("--for", dest="summaries__platforms", metavar="NAMES", help="the platforms of short versions")
    if whole:
        say(
            "--ranker", dest="rankers", type=Path, action="append", default=[], metavar="FILE",
            help="a learned model (.kamodel), for the stage that its card names; may be said again",
        )  # fmt: skip
    for section, stage in stages.items():
        prefix = "" if section == own else f"{section}-"
        add_flags(parser, section, stage, prefix=prefix, explain=_wants_help(), leave_out=("seed",))


def _wants_help() -> bool:
    """Whether this process was asked for the flags, not for what they do."""
    return any(word in sys.argv for word in ("-h", "--help"))
