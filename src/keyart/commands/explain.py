"""`keyart explain`: the receipt of a product."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from keyart import plain
from keyart.package import explain


def add(parser: argparse.ArgumentParser) -> None:
    """Its flags."""
    parser.add_argument("file", type=Path, help="a product of keyart's: a still, a cover, a teaser, titles.json ...")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Print what is asked for; the exit status."""
    found = explain(args.file)
    if args.json:
        print(plain.dumps(found), end="")
        return 0
    for line in _told_lines(found):
        print(line)
    return 0


def _told_lines(value: Any, indent: str = "") -> list[str]:
    if not isinstance(value, dict):
        return [f"{indent}{value}"]
    lines = []
    for key, item in value.items():
        if isinstance(item, dict) or (isinstance(item, list) and item and isinstance(item[0], dict)):
            lines.append(f"{indent}{key}:")
            for one in item if isinstance(item, list) else [item]:
                lines += _told_lines(one, indent + "  ") + ([""] if isinstance(item, list) and len(one) > 4 else [])
        else:
            lines.append(f"{indent}{key}: {item}")
    return lines
