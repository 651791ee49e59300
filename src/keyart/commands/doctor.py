"""`keyart doctor`: what is installed, and what a missing extra would add."""

from __future__ import annotations

import argparse

from keyart import plain
from keyart.journal import diagnosis
from keyart.terminal import table


def add(parser: argparse.ArgumentParser) -> None:
    """Its flags."""
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Print what is asked for; the exit status."""
    found = diagnosis()
    if args.json:
        print(plain.dumps(found), end="")
    else:
        print(table([[c["name"], "ok" if c["ok"] else "missing", c["note"]] for c in found["checks"]]))
    return 0 if all(check["ok"] for check in found["checks"] if check["required"]) else 1
