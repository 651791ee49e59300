"""`keyart learn RECIPE`: one flag for each field of the recipe."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from importlib import import_module
from typing import Any

from keyart.settings import Setting, parsed, settings_of

RECIPES = {"headlines": ("keyart.learn.headlines", "LearnHeadlines")}
"""Name of the recipe -> module and class; a module is entered when its recipe is asked for."""


def add(parser: argparse.ArgumentParser, _: object = None) -> None:
    """The recipes as verbs, each with its flags."""
    verbs = parser.add_subparsers(dest="recipe", required=True)
    for name in RECIPES:
        recipe = recipe_of(name)
        summary = (recipe.__doc__ or "").strip().splitlines()[0]
        verb = verbs.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        verb.add_argument("--json", action="store_true", help="print the scores as JSON")
        for setting in settings_of(recipe, with_help=True):
            _add_flag(verb, setting)


def recipe_of(name: str) -> type[Any]:
    room, cls = RECIPES[name]
    found: type[Any] = getattr(import_module(room), cls)
    return found


def _add_flag(parser: argparse.ArgumentParser, setting: Setting) -> None:
    must = setting.default is dataclasses.MISSING
    words = setting.help.replace("%", "%%")
    parser.add_argument(
        "--" + setting.name.replace("_", "-"),
        dest=f"field__{setting.name}",
        required=must,
        metavar="{" + ",".join(setting.choices) + "}" if setting.choices else setting.name.upper(),
        help=words if must else f"{words} (default {_shown(setting.default)})",
    )


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value) or "none"


def run(args: argparse.Namespace) -> int:
    """Train; the scores of the test pairs on standard output. Raises `KeyartError`."""
    from keyart.plain import dumps

    recipe = recipe_of(args.recipe)
    values = {}
    for setting in settings_of(recipe):
        given = getattr(args, f"field__{setting.name}")
        if given is not None:
            values[setting.name] = parsed(setting, given, f"--{setting.name.replace('_', '-')}")
    facts = recipe(**values)(say=lambda line: print(line, file=sys.stderr, flush=True))
    if args.json:
        print(dumps(facts), end="")
    else:
        print("\n".join(f"{name:<16} {'-' if value is None else value}" for name, value in facts["test"].items()))
    return 0
