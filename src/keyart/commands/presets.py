"""`keyart presets`: what each platform accepts."""

from __future__ import annotations

import argparse

from keyart import plain
from keyart.covers.presets import PRESETS
from keyart.terminal import table


def add(parser: argparse.ArgumentParser) -> None:
    """Its flags."""
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Print what is asked for; the exit status."""
    if args.json:
        shown = {
            p.name: {"kind": p.kind, "width": p.width_px, "height": p.height_px, "max_bytes": p.max_bytes,
                     "formats": list(p.formats), "source": p.source, "checked_at": p.checked_at}
            for p in PRESETS.values()
        }  # fmt: skip
        print(plain.dumps(shown), end="")
        return 0
    rows = [
        [p.name, p.kind, f"{p.width_px}x{p.height_px}", f"{p.max_bytes / 1e6:g} MB", p.title] for p in PRESETS.values()
    ]
    print(table(rows))
    return 0
