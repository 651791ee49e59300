"""`keyart make --budget TIME`."""

from __future__ import annotations

import argparse
from pathlib import Path

from keyart import plain
from keyart.anytime.budget import budget_seconds, process_began
from keyart.anytime.within import Within, make_within
from keyart.cache import StageCache, cache_folder
from keyart.channel import find_channel
from keyart.flags import given
from keyart.recipe import rankers_given, recipe_for
from keyart.terminal import product_table, told


def make_command(args: argparse.Namespace, parts: tuple[str, ...], folder: Path) -> int:
    """Make the package and say what the time bought."""
    seconds = budget_seconds(args.budget)
    channel = find_channel(args.video, args.channel)
    said = [*rankers_given(args.rankers), *given(args)]
    recipe = recipe_for(args.video, said, args.config, args.seed, parts, channel)
    with told(quiet=args.quiet or args.json) as progress:
        within = make_within(
            args.video,
            seconds,
            folder,
            recipe,
            parts=parts,
            progress=progress,
            cache=StageCache(cache_folder(), fresh=args.fresh),
            licence=args.licence,
            begun=process_began(),
        )
    if args.json:
        print(plain.dumps(within.manifest), end="")
    elif not args.quiet:
        print(_said(within, seconds))
    return 0


def _said(within: Within, seconds: float) -> str:
    lines = [f"  {one['text']}" for one in within.manifest["titles"]]
    made = ((product["kind"], product["path"]) for product in within.manifest["products"])
    lines.append(product_table(made, within.folder))
    return "\n".join([*lines, f"{within.folder}", _verdict(within, seconds)])


def _verdict(within: Within, seconds: float) -> str:
    over = within.seconds - seconds
    spent = f"{within.seconds:.1f} s" + (f", {over:.1f} s over the budget" if over > 0.05 else "")
    if within.is_whole:
        return f"the whole package, in {spent}"
    better = next((one for one in within.tried if one.level == "full"), None)
    wanted = f"; the whole one takes about {better.seconds:.0f} s" if better and better.end == "passed over" else ""
    return f"a package of the level {within.level!r}, in {spent}{wanted}"
