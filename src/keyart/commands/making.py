"""`keyart make`, and the verbs that make a part of it: from one stage to the whole package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyart import plain
from keyart.cache import StageCache, cache_folder
from keyart.channel import find_channel
from keyart.flags import add_making, add_usual, given
from keyart.package import PARTS, USUAL, claim, manifest
from keyart.terminal import product_table, table, told
from keyart.witness import logs_on_stderr

if TYPE_CHECKING:
    from keyart.commands import Command
    from keyart.package import Package


def add(parser: argparse.ArgumentParser) -> None:
    """The flags of a run, and those of every stage that it may go through."""
    command: Command = parser.get_default("command")
    parser.add_argument("video", type=Path, help=command.takes)
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="package folder to write")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_usual(parser)
    parser.add_argument(
        "--channel", metavar="FILE", help="a channel.toml; without it KEYART_CHANNEL, or the one beside the video"
    )
    parser.set_defaults(format=None)
    parser.add_argument("--fresh", action="store_true", help="do not use what an earlier run has kept")
    if not command.parts:
        parser.add_argument("--budget", metavar="TIME", help="the best package within that time: 20s, 2m")
        parser.add_argument(
            "--prompt", dest="review__prompt", help="what the video was generated from: it is then judged as well"
        )
    if command.section == "shots":
        from keyart.shots.export import EXPORTERS

        parser.add_argument("--format", choices=tuple(EXPORTERS), help="print them as other programs read them")
    from keyart.recipe import stage_types

    add_making(parser, stage_types(command.parts or PARTS), whole=not command.parts, own=command.section)


def run(args: argparse.Namespace) -> int:
    """Any part of the house, from one stage to all of it."""
    command: Command = args.command
    parts = command.parts or (PARTS if _asks_for_summaries(args) else USUAL)
    folder = args.output or _usual_folder(args, command)
    if folder is None:
        package, _ = _made(args, parts)
    elif getattr(args, "budget", None):
        from keyart.anytime.command import make_command

        status = make_command(args, parts, folder)
        _tell_of_near_covers(args, folder)
        return status
    else:
        with claim(folder) as claimed:
            package, facts = _made(args, parts)
            package = claimed.save(package, facts)
        _tell_of_near_covers(args, folder)
    if args.format:
        from keyart.shots.export import EXPORTERS

        print(EXPORTERS[args.format](package.info, package.shots), end="")
    elif args.json:
        _print_json(package, command)
    elif not args.quiet:
        _print_table(package)
    return 0


def _tell_of_near_covers(args: argparse.Namespace, folder: Path) -> None:
    """Where a channel with an index is in effect; the index's room is not entered without one."""
    channel = find_channel(args.video, args.channel)
    if channel is not None and channel.index:
        from keyart.nearness.told import told

        for line in told(folder, channel):
            print(f"keyart: {line}", file=sys.stderr)


def _asks_for_summaries(args: argparse.Namespace) -> bool:
    return any(name.startswith("summaries__") and value is not None for name, value in vars(args).items())


def _usual_folder(args: argparse.Namespace, command: Command) -> Path | None:
    if not command.folder or ((args.json or args.format) and command.parts):
        return None
    return Path(f"{args.video.stem}.{command.folder}")


def _made(args: argparse.Namespace, parts: tuple[str, ...]) -> tuple[Package, dict[str, Any]]:
    from keyart.journal import run_facts
    from keyart.pipeline import make
    from keyart.recipe import rankers_given, recipe_for

    said = [*rankers_given(getattr(args, "rankers", ())), *given(args)]
    recipe = recipe_for(args.video, said, args.config, args.seed, parts, find_channel(args.video, args.channel))
    cache = StageCache(cache_folder(), fresh=args.fresh)
    with told(quiet=args.quiet or args.json or bool(args.format) or logs_on_stderr()) as progress:
        begun = args.begun if args.begun and args.begun.info.path == args.video else None
        package = make(
            args.video, recipe, parts=parts, progress=progress, cache=cache, licence=args.licence, begun=begun
        )
    return package, run_facts(package)


def _print_json(package: Package, command: Command) -> None:
    found = manifest(package)
    if command.parts:
        stages = found["stages"]
        name, keys = command.section, {"shots": "shots", "stills": "stills", "titles": "titles"}
        found = {name: found[keys[name]]} if name in keys else {name: found["products"]}
        found = {"source": package.info.name, **found, "stages": stages}
    print(plain.dumps(found), end="")


def _print_table(package: Package) -> None:
    for title in package.titles:
        print(f"  {title.text}" + ("" if title.supported else "   (not supported by what is said)"))
    if package.folder is None:
        rows = (
            [[f"{s.start:.3f}", f"{s.end:.3f}", s.transition] for s in package.shots]
            if package.parts == ("shots",)
            else []
        )
        print(table(rows))
        return
    print(product_table(((product.kind, product.path) for product in package.products), package.folder))
    print(f"{package.folder}")
