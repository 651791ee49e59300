"""`keyart probe`: what the file says of itself."""

from __future__ import annotations

import argparse
from pathlib import Path

from keyart import plain
from keyart.media.probe import probe
from keyart.terminal import table


def add(parser: argparse.ArgumentParser) -> None:
    """Its flags."""
    parser.add_argument("video", type=Path)
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Print what is asked for; the exit status."""
    found = plain.video(probe(args.video))
    if args.json:
        print(plain.dumps(found), end="")
    else:
        print(table([[key, str(value)] for key, value in found.items() if value not in ([], {}, "")]))
    return 0
