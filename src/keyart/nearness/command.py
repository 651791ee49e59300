"""`keyart near add | query | groups`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyart.errors import BadSetting

if TYPE_CHECKING:
    from keyart.nearness.index import Index, Match


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True)
    into = verbs.add_parser("add", help="keep the pictures of packages in an index")
    into.add_argument("packages", type=Path, nargs="+", metavar="PACKAGE", help="package folders, or folders of them")
    query = verbs.add_parser("query", help="what is nearly the same as these pictures or the covers of these packages")
    query.add_argument("places", type=Path, nargs="+", metavar="PICTURE", help="pictures or package folders")
    query.add_argument("--least", type=float, default=0.0, metavar="LIKENESS", help="0.4 ... 1 (default 0.7)")
    query.add_argument("--most", type=int, default=5, metavar="N", help="for each picture (default 5)")
    query.add_argument("--mirrored", action="store_true", help="look for pictures turned left to right, too")
    groups = verbs.add_parser("groups", help="which packages show the same material")
    for verb in (into, query, groups):
        verb.add_argument("--index", type=Path, metavar="DIR", help="default: that of the channel in effect")
        verb.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    from keyart.nearness.index import open_index

    index = open_index(_folder(args.index))
    return {"add": _add, "query": _query, "groups": _groups}[args.verb](args, index)


def _folder(named: Path | None) -> Path:
    from keyart.channel.memory import find_channel

    if named is not None:
        return named
    channel = find_channel(Path.cwd() / "video")
    if channel is None or channel.index_folder is None:
        raise BadSetting("no index is named, and no channel in effect here has one; name it with --index DIR")
    return channel.index_folder


def _add(args: argparse.Namespace, index: Index) -> int:
    from keyart.nearness.packages import add_package, name_in, warnings_for
    from keyart.plain import dumps

    told: list[dict[str, Any]] = []
    for folder in _packages(args.packages):
        warnings = warnings_for(folder, index)
        told.append({"package": name_in(folder, index), "added": add_package(folder, index), "near": []})
        told[-1]["near"] = [str(one) for one in warnings]
    if args.json:
        print(dumps({"index": str(index.folder), "pictures": len(index), "packages": told}), end="")
        return 0
    for one in told:
        print(f"{one['package']}: {'added' if one['added'] else 'there already'}")
        for warning in one["near"]:
            print(f"  {warning}")
    print(f"{index.folder}: {len(index.packages)} packages, {len(index)} pictures")
    return 0


def _packages(places: list[Path]) -> list[Path]:
    from keyart.package import MANIFEST

    found = []
    for place in places:
        inside = [place] if (place / MANIFEST).is_file() else sorted(_below(place))
        if not inside:
            raise BadSetting(f"{place}: holds no keyart package")
        found += inside
    return found


def _below(place: Path) -> Iterator[Path]:
    """Packages of a library, whose own folder (`.library`) is none of them."""
    from keyart.package import MANIFEST

    for found in place.rglob(MANIFEST):
        if not any(part.startswith(".") for part in found.relative_to(place).parts):
            yield found.parent


def _query(args: argparse.Namespace, index: Index) -> int:
    from keyart.nearness.signature import NEAR
    from keyart.plain import dumps

    if args.least and not 0.4 <= args.least <= 1:
        raise BadSetting(f"--least is 0.4 to 1, not {args.least:g}; below 0.4 any two pictures are alike")
    found = {}
    for place in args.places:
        for name, matches in _asked(place, index, args.least or NEAR, args.most, args.mirrored):
            found[name] = [_fact(one) for one in matches]
    if args.json:
        print(dumps({"index": str(index.folder), "pictures": found}), end="")
        return 0
    for name, facts in found.items():
        print(f"{name}: {'nothing near' if not facts else ''}")
        for fact in facts:
            print(f"  {fact['likeness']:.2f}  {fact['package']}  {fact['product']}  {fact['seconds']:.1f} s")
    return 0


def _asked(place: Path, index: Index, least: float, most: int, mirrored: bool) -> list[tuple[str, list[Match]]]:
    """A picture and what is near it; for a package its covers, its own pictures left out."""
    import numpy as np

    from keyart.media.images import read_image
    from keyart.nearness.packages import entries_of, name_in
    from keyart.nearness.signature import signature_of

    if place.is_dir():
        own = name_in(place, index)
        entries = [one for one in entries_of(place) if one.shown.kind == "cover"]
        return [
            (
                f"{place / one.shown.product}",
                index.near(one.signature, of=lambda kept: kept.name != own, least=least, most=most),
            )
            for one in entries
        ]
    image = read_image(place)
    views = [image, np.ascontiguousarray(image[:, ::-1])] if mirrored else [image]
    signatures = [made for view in views if (made := signature_of(view)) is not None]
    matches = [match for one in signatures for match in index.near(one, least=least, most=most)]
    return [(str(place), sorted(matches, key=lambda one: -one.likeness)[:most])]


def _fact(match: Match) -> dict[str, Any]:
    return {
        "package": match.package.name,
        "product": match.shown.product,
        "kind": match.shown.kind,
        "seconds": match.shown.seconds,
        "likeness": match.likeness,
        "bits": match.bits,
    }


def _groups(args: argparse.Namespace, index: Index) -> int:
    from dataclasses import asdict

    from keyart.nearness.groups import groups
    from keyart.plain import dumps

    found = groups(index)
    if args.json:
        print(dumps({"index": str(index.folder), "groups": [asdict(one) for one in found]}), end="")
        return 0
    for number, group in enumerate(found, 1):
        print(f"group {number}: {len(group.packages)} packages of the same material")
        for name in group.packages:
            print(f"  {name}")
    if not found:
        print(f"{index.folder}: no two of {len(index.packages)} packages show the same material")
    return 0
