"""How well near-duplicate headlines are grouped (thesis, fig. 5.7): python -m bench clusters FILE [-o PICTURE.png].

FILE holds one headline a line. Each way of `DEDUPERS` groups them; the picture shows the one asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from keyart.errors import KeyartError
from keyart.titles.cluster_report import as_png, cluster_report
from keyart.titles.dedup import DEDUPERS, GuidMaster
from keyart.titles.embed import EMBEDDERS, embedders_named


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench clusters", description=__doc__)
    parser.add_argument("file", type=Path, help="headlines, one a line")
    parser.add_argument("--document", type=Path, help="the text they are of; else all of them together")
    parser.add_argument("--embedders", default="navec,letters", help=f"of {', '.join(EMBEDDERS)}, or folders")
    parser.add_argument("--tau", type=float, default=0.85)
    parser.add_argument("--way", choices=tuple(DEDUPERS), default="guidmaster", help="which one the picture shows")
    parser.add_argument("-o", "--output", type=Path, help="PNG to write")
    args = parser.parse_args(arguments)
    lines = [line.strip() for line in args.file.read_text("utf-8").splitlines() if line.strip()]
    if len(lines) < 2:
        print(f"{args.file}: {len(lines)} headlines; two or more are wanted", file=sys.stderr)
        return 1
    document = args.document.read_text("utf-8") if args.document else " ".join(lines)
    names = args.embedders.split(",")
    try:
        embedders = dict(zip(names, embedders_named(names), strict=True))
        reports = {way: cluster_report(lines, document, embedders, GuidMaster(args.tau, way=way)) for way in DEDUPERS}  # type: ignore[arg-type]  # the names are the dict's own
    except KeyartError as err:
        print(f"bench clusters: {err}", file=sys.stderr)
        return 1
    print(json.dumps({way: one.facts() for way, one in reports.items()}, ensure_ascii=False, indent=1))
    if args.output:
        args.output.write_bytes(as_png(reports[args.way]))
    return 0
