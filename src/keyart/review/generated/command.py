"""`keyart judge VIDEO ... --prompt "..."`: the verdict on a clip, or the ranking of several takes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from keyart.errors import BadSetting
from keyart.review.generated.verdict import GeneratedVerdict, JudgeVideo, compare, verdict_facts
from keyart.review.generated.worst import worst_pairs_strip


def add(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("videos", nargs="*", metavar="VIDEO", type=Path, help="the clip")
    parser.add_argument(
        "--compare", nargs="+", metavar="VIDEO", type=Path, default=[], help="rank these takes, best first"
    )
    parser.add_argument("--prompt", default="", help="what the clip was to show")
    parser.add_argument("--reference", type=Path, metavar="IMAGE", help="the picture that the clip was made from")
    parser.add_argument("--model", default="", metavar="FILE", help="a forest of your own (keyart learn judge)")
    parser.add_argument("--prompt-model", default="", metavar="NAME", help="also compare frames and prompt (hub)")
    parser.add_argument("--strip", type=Path, metavar="FILE", help="write the worst neighbouring frames as a picture")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Judge what is asked for and print it. Raises `KeyartError`."""
    videos = (*args.videos, *args.compare)
    if not videos:
        raise BadSetting("no clip is named: keyart judge VIDEO, or keyart judge --compare VIDEO VIDEO")
    verdicts = compare(videos, args.prompt, JudgeVideo(args.model, args.prompt_model), args.reference)
    if args.strip:
        _write_strip(args.strip, videos, verdicts)
    if args.json:
        _print_json(verdicts)
    else:
        print("\n\n".join(_told(one, place if len(verdicts) > 1 else 0) for place, one in enumerate(verdicts, 1)))
    return 0


def _print_json(verdicts: Sequence[GeneratedVerdict]) -> None:
    from keyart.plain import dumps

    facts = [verdict_facts(one) for one in verdicts]
    print(dumps(facts[0] if len(facts) == 1 else {"schema": 1, "takes": facts}), end="")


def _told(verdict: GeneratedVerdict, place: int) -> str:
    rank = f"{place}. " if place else ""
    lines = [
        f"{rank}{verdict.video}: {verdict.score:.1f} of 10, {verdict.label} (give or take {verdict.uncertainty:.1f})"
    ]
    lines += [f"  {one.moved:+.1f}  {one.words}" for one in verdict.reasons]
    if verdict.prompt_agreement is not None:
        lines.append(f"  prompt and frames agree by {verdict.prompt_agreement:.3f}")
    lines += [f"  at {one.seconds:.2f} s: {one.reason}" for one in verdict.worst]
    return "\n".join([*lines, *(f"  {note}" for note in verdict.notes)])


def _write_strip(path: Path, videos: Sequence[Path], verdicts: Sequence[GeneratedVerdict]) -> None:
    """The strip of the clip that is judged worst."""
    from keyart.media.images import ImageFormat, encode_image

    worst = verdicts[-1]
    strip = worst_pairs_strip(next(one for one in videos if one.name == worst.video), worst.worst)
    if strip is None:
        print(f"{worst.video}: no pair of frames stands out; no strip is written", file=sys.stderr)
        return
    forms: dict[str, ImageFormat] = {".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
    path.write_bytes(encode_image(strip, forms.get(path.suffix.lower(), "png")))
