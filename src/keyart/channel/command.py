"""`keyart channel show | learn`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from keyart.errors import BadSetting, OutputProblem


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True)
    show = verbs.add_parser("show", help="what a channel.toml says, as settings of the stages")
    show.add_argument("channel", type=Path, nargs="?", help="a channel.toml; without it the one in effect here")
    show.add_argument("--json", action="store_true", help="print it as JSON")
    learn = verbs.add_parser("learn", help="make a channel.toml of past covers")
    learn.add_argument("covers", type=Path, nargs="+", help="pictures, folders of them, packages of keyart's")
    learn.add_argument("-o", "--output", type=Path, default=Path("channel.toml"), help="default channel.toml")
    learn.add_argument("--force", action="store_true", help="write over a file that is there")
    learn.add_argument("--json", action="store_true", help="print what was learnt as JSON")


def run(args: argparse.Namespace) -> int:
    return _show(args) if args.verb == "show" else _learn(args)


def _show(args: argparse.Namespace) -> int:
    from keyart.channel.memory import NAME, find_channel, given_by
    from keyart.plain import dumps
    from keyart.recipe import recipe_for
    from keyart.terminal import table

    channel = find_channel(Path.cwd() / "video", args.channel)
    if channel is None:
        raise BadSetting(f"no channel is in effect here; name a {NAME}, or make one: keyart channel learn COVERS...")
    recipe_for(None, (), channel=channel)  # whatever it says that no stage allows is said now
    said = {f"{one.section}.{one.name}": one.value for one in given_by(channel)}
    shown = {name: list(value) if isinstance(value, tuple) else str(value) for name, value in said.items()}
    if args.json:
        found = {"channel": str(channel.path), "index": str(channel.index_folder or ""), "settings": shown}
        print(dumps(found), end="")
        return 0
    rows = [[name, ", ".join(value) if isinstance(value, list) else value] for name, value in shown.items()]
    print(table([["channel", str(channel.path)], ["index", str(channel.index_folder or "none")], *rows]))
    return 0


def _learn(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from keyart.channel.learn import learn, written
    from keyart.package import write_whole
    from keyart.plain import dumps
    from keyart.terminal import table

    if args.output.exists() and not args.force:
        raise OutputProblem(f"{args.output}: is there already; choose another file with -o, or write over it: --force")
    channel, learnt = learn(args.covers, args.output)
    try:
        args.output.parent.mkdir(parents=True, exist_ok=True)
        write_whole(args.output, written(channel, learnt).encode())
    except OSError as err:
        raise OutputProblem(f"{args.output}: cannot be written ({err.strerror or err})") from err
    if args.json:
        print(dumps({"channel": str(args.output), "learnt": [asdict(one) for one in learnt]}), end="")
        return 0
    print(table([[one.key, one.value or "unknown", f"{one.confidence:.2f}", one.why] for one in learnt]))
    print(f"{args.output}", file=sys.stderr)
    return 0
