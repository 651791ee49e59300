"""`keyart learn RECIPE`: one flag for each field of the recipe."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import Any

from keyart.flags import add_flags, given
from keyart.settings import parsed, settings_of

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
        add_flags(verb, name, recipe)


def recipe_of(name: str) -> type[Any]:
    room, cls = RECIPES[name]
    found: type[Any] = getattr(import_module(room), cls)
    return found


def run(args: argparse.Namespace) -> int:
    """Train; the scores of the test pairs on standard output. Raises `KeyartError`."""
    from keyart.plain import dumps

    recipe = recipe_of(args.recipe)
    known = {setting.name: setting for setting in settings_of(recipe)}
    values = {one.name: parsed(known[one.name], one.value, f"--{one.name.replace('_', '-')}") for one in given(args)}
    facts = recipe(**values)(say=lambda line: print(line, file=sys.stderr, flush=True))
    if args.json:
        print(dumps(facts), end="")
    else:
        print("\n".join(f"{name:<16} {'-' if value is None else value}" for name, value in facts["test"].items()))
    return 0
