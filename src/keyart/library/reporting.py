"""`keyart report`: what has come of a library, written beside it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from keyart.errors import BadSetting, MissingFile
from keyart.library.figures import Prices
from keyart.library.near import index_folder
from keyart.library.places import Place, is_address, local_path
from keyart.library.report import SUMMARY, near_in, report_of


def add(parser: argparse.ArgumentParser) -> None:
    """The flags of `keyart report`."""
    usual = Prices()
    say = parser.add_argument
    say("output", metavar="DIR", help="folder or address that a library was made into")
    say("--core-hour", type=float, default=usual.core_hour, metavar="N", help="what a core costs for an hour")
    say("--gb-month", type=float, default=usual.gb_month, metavar="N", help="what a gigabyte costs for a month")
    say("--currency", default=usual.currency, metavar="NAME", help=f"of both (default {usual.currency})")
    say("--near", type=Path, metavar="INDEX", help="of its pictures (default: its own)")
    say("--json", action="store_true", help="print report.json")
    say("-q", "--quiet", action="store_true", help="print nothing but errors")
    say("-v", "--verbose", action="store_true", help="show where an error came from")


def run(args: argparse.Namespace) -> int:
    """Write the report and say where it lies."""
    if min(args.core_hour, args.gb_month) < 0:
        raise BadSetting("--core-hour and --gb-month are 0 or more")
    if args.near and not args.near.is_dir():
        raise MissingFile(f"{args.near}: no index is there")
    output = args.output if is_address(args.output) else str(local_path(args.output).absolute())
    prices = Prices(args.core_hour, args.gb_month, args.currency)
    index = args.near or index_folder(output)
    report = report_of(output, prices, near_in(index, output) if index and index.is_dir() else None)
    if args.json:
        print(Place(output).read_bytes(SUMMARY).decode(), end="")
    elif not args.quiet:
        print("\n".join(report.files))
    if report.note and not args.quiet:
        print(f"keyart: {report.note}", file=sys.stderr)
    return 0
