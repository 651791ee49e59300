"""`python -m bench stills`: black, blank, blurred, flashed, faded, mixed, copied frames and cards are never offered.

Assembles clips with such frames planted in them (`bench/planted.py`), picks stills after a full and after a fast scan,
and counts what should not have been picked. Exit code 1 if anything was. `--sheets FOLDER VIDEO...` instead writes a
contact sheet of the stills of each video, to be looked at.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench.planted import FRAMES_PER_SECOND, FaceSpan, Plant, PlantedClip, planted_clips
from bench.record import MEDIA, commit, machine, write_result
from keyart.errors import KeyartError
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.shots import DetectShots
from keyart.stills import PickStills
from keyart.types import RGB, Outcome, Still

Mode = Literal["full", "fast"]
MODES: tuple[Mode, ...] = ("full", "fast")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with the stills offered for one clip."""

    offered: tuple[float, ...]
    planted: tuple[tuple[str, float], ...]
    """(kind, second) of every planted frame that was offered; of a copy only if its original was offered too."""
    face_due: bool
    """Whether the clip shows a face somewhere."""
    face_first: bool
    """Whether the first still lies where the clip shows one."""

    @property
    def faults(self) -> int:
        return len(self.planted) + (self.face_due and not self.face_first)


def judge(offered: Sequence[float], plants: Iterable[Plant], faces: Iterable[FaceSpan], rate: float) -> Verdict:
    """Score the offered seconds, best first, against what was planted; `rate` in frames a second."""
    numbers = [round(seconds * rate) for seconds in offered]
    spans = tuple(faces)
    caught = [
        (plant.kind, seconds)
        for plant in plants
        for number, seconds in zip(numbers, offered, strict=True)
        if plant.start <= number < plant.end and (plant.kind != "copy" or _is_repeated(plant, number, numbers, rate))
    ]
    first = bool(numbers) and any(span.start <= numbers[0] < span.end for span in spans)
    # a copy of a face is a face
    first |= bool(numbers) and any(_shows_face(plant, numbers[0], spans) for plant in plants)
    return Verdict(tuple(offered), tuple(caught), bool(spans), first)


def _is_repeated(copy: Plant, number: int, offered: Iterable[int], rate: float) -> bool:
    """Whether the moment that this frame of a copy repeats, give or take 0.2 s, is offered as well."""
    original = number - copy.start + copy.original
    return any(abs(other - original) <= 0.2 * rate for other in offered)


def _shows_face(copy: Plant, number: int, spans: Iterable[FaceSpan]) -> bool:
    if copy.kind != "copy" or not copy.start <= number < copy.end:
        return False
    return any(span.start <= number - copy.start + copy.original < span.end for span in spans)


def pick(path: Path, mode: Mode, stage: PickStills | None = None) -> Outcome[tuple[Still, ...]]:
    """Scan, shots and stills of one video, as the pipeline does it."""
    stage = stage or PickStills()
    info = probe(path)
    watcher, sampler = DetectShots().watch(info), stage.sample(info)
    one_pass = Scan(mode).open(info)
    for glimpse in one_pass:
        watcher.see(glimpse)
        sampler.see(glimpse)
    return stage(info, sampler, watcher.shots(one_pass.report.end_seconds))


def race(clips: Iterable[PlantedClip]) -> dict[str, Any]:
    """Every clip in both modes; the result as it is written to JSON."""
    rows = []
    for clip in clips:
        for mode in MODES:
            stills = pick(clip.path, mode).value
            verdict = judge([still.seconds for still in stills], clip.plants, clip.faces, FRAMES_PER_SECOND)
            rows.append(_row(clip, mode, verdict))
            print(f"{clip.path.name} {mode}: {len(stills)} stills, {verdict.faults} faults {verdict.planted or ''}")
    return {"clips": rows, "summary": {mode: summary(row for row in rows if row["mode"] == mode) for mode in MODES}}


def _row(clip: PlantedClip, mode: Mode, verdict: Verdict) -> dict[str, Any]:
    return {
        **clip.facts(),
        "mode": mode,
        "offered_seconds": [round(seconds, 3) for seconds in verdict.offered],
        "planted_offered": [[kind, round(seconds, 3)] for kind, seconds in verdict.planted],
        "face_due": verdict.face_due,
        "face_first": verdict.face_first,
        "faults": verdict.faults,
    }


def summary(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    rows = list(rows)
    return {
        "clips": len(rows),
        "stills_offered": sum(len(row["offered_seconds"]) for row in rows),
        "planted_offered": dict(Counter(kind for row in rows for kind, _ in row["planted_offered"])),
        "clips_with_face": sum(row["face_due"] for row in rows),
        "face_first": sum(row["face_due"] and row["face_first"] for row in rows),
        "faults": sum(row["faults"] for row in rows),
    }


# --- sheets -------------------------------------------------------------------------------------------------------

_TILE_PX = (256, 144)


def sheet(stills: Sequence[Still], columns: int = 4) -> RGB:
    """The stills as tiles, best first, faces framed green, text red, with second, score and eyes written below."""
    tiles = [_tile(still) for still in stills]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    return np.asarray(np.vstack(rows), np.uint8)


def _tile(still: Still) -> RGB:
    import cv2

    image = still.frame.image.copy()
    thick = max(1, image.shape[1] // 250)
    for boxes, colour in (((face.box for face in still.faces), (0, 230, 0)), (still.avoid, (230, 0, 0))):
        for box in boxes:
            cv2.rectangle(image, (int(box.x), int(box.y)), (int(box.right), int(box.bottom)), colour, thick)
    scale = min(_TILE_PX[0] / image.shape[1], _TILE_PX[1] / image.shape[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[: _TILE_PX[1], : _TILE_PX[0]]
    tile = np.zeros((_TILE_PX[1] + 20, _TILE_PX[0] + 4, 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    eyes = f" eyes {still.faces[0].eyes_open:.2f}" if still.faces and still.faces[0].eyes_open is not None else ""
    words = f"{still.rank}: {still.seconds:.1f}s {still.score:.2f}{eyes}"
    cv2.putText(tile, words, (3, _TILE_PX[1] + 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 0), 1)
    return tile


def write_sheets(folder: Path, videos: Iterable[Path], mode: Mode) -> int:
    """A PNG a video. Returns how many videos gave no still."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    empty = 0
    for video in videos:
        try:
            outcome = pick(video, mode)
        except KeyartError as err:
            print(f"{video.name}: {err}")
            continue
        print(f"{video.name}: {len(outcome.value)} stills, {outcome.status} {outcome.reason}")
        empty += not outcome.value
        if outcome.value:
            Image.fromarray(sheet(outcome.value)).save(folder / f"{video.stem}.{mode}.png")
    return empty


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench stills", description=__doc__)
    parser.add_argument("--clips", type=int, default=24, help="clips to assemble (24)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--photos", action="store_true", help="use the sample photographs even where real videos are")
    parser.add_argument("--sheets", type=Path, help="write contact sheets into this folder instead")
    parser.add_argument("--mode", choices=MODES, default="full", help="scan for --sheets (full)")
    parser.add_argument("videos", type=Path, nargs="*", help="for --sheets; all of the real videos by default")
    chosen = parser.parse_args(arguments)
    if chosen.sheets:
        videos = chosen.videos or sorted(path for path in MEDIA.glob("video/**/*") if path.is_file())
        write_sheets(chosen.sheets, videos, chosen.mode)
        return 0
    real = MEDIA.is_dir() and not chosen.photos
    with tempfile.TemporaryDirectory(prefix="keyart-planted-") as folder:
        media = MEDIA if real else Path(folder) / "none"
        result = race(planted_clips(chosen.clips, seed=chosen.seed, media=media, folder=Path(folder)))
    material = "real videos" if real else "moving sample photographs"
    head = {"schema": 1, "commit": commit(), "machine": machine(), "material": material, "seed": chosen.seed}
    write_result("stills", {**head, **result})
    for mode in MODES:
        print(f"{mode}: {result['summary'][mode]}")
    return 1 if any(result["summary"][mode]["faults"] for mode in MODES) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
