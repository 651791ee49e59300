"""How well nearly the same pictures and videos are found: pairs that somebody has edited against pairs that differ.

    python -m bench nearness                  all parts; ten minutes on an idle machine
    python -m bench nearness --part pictures  stills: thresholds on one half of the videos, figures on the other
    python -m bench nearness --part covers    two headlines on one still; covers of different videos in one template
    python -m bench nearness --part search    time of one search among a million signatures
    python -m bench nearness --part videos    re-uploads: precision and recall of groups

The material are the real videos (`bench.record.MEDIA`) where they are, else moving sample photographs.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench.record import MEDIA, RESULTS, commit, machine, write_result
from keyart.nearness.groups import groups
from keyart.nearness.index import COLUMNS, Entry, Index, Shown, open_index
from keyart.nearness.packages import shown_part
from keyart.nearness.signature import MOST_BITS, NEAR, Signature, hamming, likeness, signature_of
from keyart.types import RGB, Headline, Still, VideoInfo
from keyart.types import Frame as Picture

FALSE_ALARMS = 1 / 1000
STILLS_A_VIDEO = 6
UNFIT = ("bad_", "edge_long_black", "subs_webvtt", "long_timer")
"""Test patterns and counters, which are one picture with other digits, and files that cannot be read."""
RELATED = {
    "edge_msmpeg4v2.mkv": "bunny",
    "anim_bbb_60s_hls.ts": "bunny",
    "subs_ass_1s.mkv": "face",
    "edge_rotate_and_mirror.mp4": "face",
    "edge_rotated_terminal.mp4": "terminal",
    "screen_terminal_sar3x2.mp4": "terminal",
}
"""Files of the shared set that show the same material."""
LINES = (
    "Старый мост снова открыт", "Why nobody believed the pilot", "Ночь", "How to build a boat", "Хлеб",
    "Мы нашли карту под полом старого дома", "Nine rules", "Пилот ошибся только один раз", "What the river hides",
    "The last train leaves without us", "Город, который никто не строил", "Inside the machine",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A still of a video; videos of one `group` may show the same."""

    video: str
    group: str
    image: RGB


# --- material -------------------------------------------------------------------------------------------------------


def footage(media: Path = MEDIA) -> list[Path]:
    folder = media / "video"
    files = sorted(one for one in folder.iterdir() if one.is_file()) if folder.is_dir() else []
    return [one for one in files if not one.name.startswith(UNFIT)]


def stills_of(path: Path, count: int = STILLS_A_VIDEO, most_seconds: float = 75.0) -> list[RGB]:
    """Pictures at even distances, 480 px wide, black and plain ones left out."""
    seen: list[RGB] = []
    due = 0.0
    try:
        with av.open(str(path), metadata_errors="ignore") as file:
            stream = file.streams.video[0]
            stream.codec_context.skip_frame = "NONREF"
            for frame in file.decode(stream):
                at = frame.time or 0.0
                if at < due:
                    continue
                due = at + 0.5
                height = max(2, round(480 * frame.height / frame.width / 2) * 2)
                seen.append(frame.to_ndarray(format="rgb24", width=480, height=height).astype(np.uint8, copy=False))
                if at > most_seconds:
                    break
    except (av.FFmpegError, IndexError):
        return []
    seen = [one for one in seen if one.std() > 12]
    count = min(count, len(seen))
    places = dict.fromkeys(place * (len(seen) - 1) // max(1, count - 1) for place in range(count))
    return [seen[place] for place in places]


def material() -> list[Shot]:
    found = [
        Shot(path.name, RELATED.get(path.name, path.name), image) for path in footage() for image in stills_of(path)
    ]
    return found or [Shot(f"photo {k}", f"photo {k}", image) for k, image in enumerate(_photographs())]


def _photographs() -> Iterator[RGB]:
    from bench.clips import PHOTOS
    from keyart.media.images import read_image
    from keyart.models import model_path

    for name in PHOTOS:
        whole = read_image(model_path(name))
        for part in np.array_split(whole, 2, axis=1):
            yield np.ascontiguousarray(part)


# --- what people do to a picture ------------------------------------------------------------------------------------


def _jpeg(image: RGB, quality: int) -> RGB:
    data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    found = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert found is not None
    return np.ascontiguousarray(found[:, :, ::-1]).astype(np.uint8)


def _scaled(image: RGB, times: float) -> RGB:
    return np.asarray(cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_AREA), np.uint8)


def _cropped(image: RGB, share: float, across: float, down: float) -> RGB:
    height, width = image.shape[:2]
    tall, wide = round(height * (1 - share)), round(width * (1 - share))
    top, left = round((height - tall) * down), round((width - wide) * across)
    return np.ascontiguousarray(image[top : top + tall, left : left + wide])


def _lit(image: RGB, times: float, plus: float) -> RGB:
    return np.asarray(np.clip(image * times + plus, 0, 255), np.uint8)


def _barred(image: RGB, tall: bool) -> RGB:
    bar = (image.shape[1] if tall else image.shape[0]) // 6
    return np.pad(image, ((0, 0), (bar, bar), (0, 0)) if tall else ((bar, bar), (0, 0), (0, 0)))


def _logo(image: RGB) -> RGB:
    done, (height, width) = image.copy(), image.shape[:2]
    cv2.rectangle(done, (width * 4 // 5, height // 20), (width * 24 // 25, height // 6), (240, 240, 240), -1)
    cv2.putText(done, "TV1", (width * 41 // 50, height // 7), cv2.FONT_HERSHEY_SIMPLEX, height / 360, (200, 0, 0), 2)
    return done


def _captioned(image: RGB) -> RGB:
    done, (height, width) = image.copy(), image.shape[:2]
    done[round(height * 0.72) :] = done[round(height * 0.72) :] // 3
    at = (width // 30, round(height * 0.88))
    cv2.putText(done, "BREAKING NEWS", at, cv2.FONT_HERSHEY_COMPLEX, height / 220, (255, 255, 255), 2)
    return done


Random = np.random.Generator
EDITS: dict[str, Callable[[RGB, Random], RGB]] = {
    "JPEG 25": lambda image, _: _jpeg(image, 25),
    "quarter size": lambda image, _: _jpeg(_scaled(image, 0.25), 60),
    "cropped 3 %": lambda image, random: _jpeg(_cropped(image, 0.03, random.random(), random.random()), 60),
    "cropped 8 %, middle": lambda image, _: _jpeg(_cropped(image, 0.08, 0.5, 0.5), 60),
    "cropped 8 %, corner": lambda image, random: _jpeg(_cropped(image, 0.08, *random.integers(0, 2, 2)), 60),
    "brighter": lambda image, _: _jpeg(_lit(image, 1.2, 20), 60),
    "darker": lambda image, _: _jpeg(_lit(image, 0.7, -10), 60),
    "letterbox": lambda image, _: _jpeg(_barred(image, False), 60),
    "pillarbox": lambda image, _: _jpeg(_barred(image, True), 60),
    "stretched to 4:3": lambda image, _: np.asarray(cv2.resize(image, (480, 360)), np.uint8),
    "logo": lambda image, _: _jpeg(_logo(image), 60),
    "news caption": lambda image, _: _jpeg(_captioned(image), 60),
    "cropped 5 %, logo, darker, small": lambda image, random: _jpeg(
        _scaled(_lit(_cropped(_logo(image), 0.05, random.random(), random.random()), 0.85, 10), 0.4), 40
    ),
}


# --- signatures to compare with -------------------------------------------------------------------------------------

Hash = Callable[[RGB], NDArray[np.uint8]]


def _dct(image: RGB) -> NDArray[np.uint8]:
    """The signs of the 256 lowest of 576 cosines, against their median."""
    gray = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (64, 64), interpolation=cv2.INTER_AREA)
    found = cv2.dct(gray.astype(np.float32))[:16, :16].ravel()
    return np.packbits(found > np.median(found))


def _phash(image: RGB) -> NDArray[np.uint8]:
    return np.asarray(cv2.img_hash.pHash(np.ascontiguousarray(image)), np.uint8).ravel()


def _block_mean(image: RGB) -> NDArray[np.uint8]:
    return np.asarray(cv2.img_hash.blockMeanHash(np.ascontiguousarray(image), mode=1), np.uint8).ravel()


HASHES: dict[str, Hash] = {
    "DCT, 256 bits": _dct,
    "pHash, OpenCV": _phash,
    "block mean, OpenCV": _block_mean,
}


# --- pictures -------------------------------------------------------------------------------------------------------


def pictures() -> dict[str, Any]:
    """Thresholds are chosen on the videos of even place, everything is reported on the others."""
    shots = material()
    names = sorted({shot.group for shot in shots})
    halves = [[shot for shot in shots if names.index(shot.group) % 2 == side] for side in (0, 1)]
    made = [[signature_of(shot.image) for shot in half] for half in halves]
    different = [_different(half, signatures) for half, signatures in zip(halves, made, strict=True)]
    chosen = _threshold(different[0].scores, different[0].pairs)
    others = {name: _Hashed.of(halves, make) for name, make in HASHES.items()}
    edited = {name: _found(halves[1], made[1], edit, list(others.values())) for name, edit in EDITS.items()}
    same_video = _same_video(halves[1], made[1])
    return {
        "stills": [len(half) for half in halves],
        "videos": len({shot.video for shot in shots}),
        "different_pairs": [one.pairs for one in different],
        "threshold_for_1_in_1000": round(chosen, 3),
        "threshold_used": NEAR,
        "false_alarms_per_1000": {
            "chosen, other half": round(1000 * different[1].alarms(chosen), 3),
            "used, other half": round(1000 * different[1].alarms(NEAR), 3),
            "used, same half": round(1000 * different[0].alarms(NEAR), 3),
        },
        "found": {
            name: [round(float((scores >= at).mean()), 4) for at in (chosen, NEAR)]
            for name, (scores, _) in edited.items()
        },
        "same_video": same_video,
        "hashes": {
            name: {
                "bits": int(one.bits.shape[1] * 8),
                "most_bits": one.most_bits,
                "false_alarms_per_1000": round(1000 * one.alarms, 3),
                "found": {edit: round(shares[place], 4) for edit, (_, shares) in edited.items()},
            }
            for place, (name, one) in enumerate(others.items())
        },
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Different:
    """Likeness of the pairs of different videos whose bits are near, and how many pairs there are in all."""

    scores: NDArray[np.float64]
    pairs: int

    def alarms(self, at: float) -> float:
        return float((self.scores >= at).sum()) / self.pairs


def _threshold(scores: NDArray[np.float64], pairs: int) -> float:
    allowed = int(pairs * FALSE_ALARMS)
    ordered = np.sort(scores)[::-1]
    return float(ordered[allowed]) + 1e-6 if len(ordered) > allowed else 0.0


def _different(shots: Sequence[Shot], signatures: Sequence[Signature | None]) -> _Different:
    scores: list[float] = []
    pairs = 0
    for place, (shot, one) in enumerate(zip(shots, signatures, strict=True)):
        others = [
            other
            for late, other in zip(shots[place + 1 :], signatures[place + 1 :], strict=True)
            if late.group != shot.group and other is not None
        ]
        if one is None or not others:
            continue
        pairs += len(others)
        scores += _scores(one, others).tolist()
    return _Different(np.array([score for score in scores if score > 0]), pairs)


def _scores(one: Signature, others: Sequence[Signature]) -> NDArray[np.float64]:
    """Likeness to each, 0 where the bits are too far apart to be laid over each other."""
    if not others:
        return np.zeros(0)
    away = hamming(one.bits, np.array([other.bits for other in others]))
    (near,) = np.nonzero(away <= MOST_BITS)
    found = np.zeros(len(others))
    if len(near):
        found[near] = likeness(one.cells, np.array([others[int(place)].cells for place in near]))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Hashed:
    """Another signature, told by its distance alone: its threshold from one half, its rows and alarms of the other."""

    make: Hash
    bits: NDArray[np.uint8]
    most_bits: int
    alarms: float

    @staticmethod
    def of(halves: Sequence[Sequence[Shot]], make: Hash) -> _Hashed:
        bits = [np.array([make(shot.image) for shot in half]) for half in halves]
        away = [_all_pairs(half, rows) for half, rows in zip(halves, bits, strict=True)]
        at = int(np.sort(away[0])[int(len(away[0]) * FALSE_ALARMS)]) - 1
        return _Hashed(make, bits[1], at, float((away[1] <= at).mean()))


def _found(
    shots: Sequence[Shot],
    signatures: Sequence[Signature | None],
    edit: Callable[[RGB, Random], RGB],
    others: Sequence[_Hashed],
) -> tuple[NDArray[np.float64], list[float]]:
    """Likeness of each still to itself edited, and the share that each of the other signatures finds."""
    random = np.random.default_rng(0)
    images = [edit(shot.image, random) for shot in shots]
    scores = []
    for image, one in zip(images, signatures, strict=True):
        other = signature_of(image)
        scores.append(0.0 if other is None or one is None else float(_scores(other, [one])[0]))
    shares = []
    for other_hash in others:
        away = np.bitwise_count(np.array([other_hash.make(image) for image in images]) ^ other_hash.bits).sum(axis=1)
        shares.append(float((away <= other_hash.most_bits).mean()))
    return np.array(scores), shares


def _same_video(shots: Sequence[Shot], signatures: Sequence[Signature | None]) -> dict[str, Any]:
    """Pairs of stills of one video: those whose colours differ by a just noticed step and more are other pictures."""
    from keyart.covers.compare import distance, glance

    near: dict[str, list[bool]] = {"alike to the eye (OKLab < 0.03)": [], "0.03 ... 0.1": [], "0.1 and more": []}
    for place, (shot, one) in enumerate(zip(shots, signatures, strict=True)):
        for late, other in zip(shots[place + 1 :], signatures[place + 1 :], strict=True):
            if late.video == shot.video and one is not None and other is not None:
                away = distance(glance(shot.image), glance(late.image))
                kind = list(near)[0 if away < 0.03 else 1 if away < 0.1 else 2]
                near[kind].append(bool(_scores(one, [other])[0] >= NEAR))
    return {name: [len(told), round(float(np.mean(told)), 3) if told else None] for name, told in near.items()}


def _all_pairs(shots: Sequence[Shot], bits: NDArray[np.uint8]) -> NDArray[np.int64]:
    owners = np.array([shot.group for shot in shots])
    rows = [
        np.bitwise_count(bits[k + 1 :] ^ bits[k]).sum(axis=1, dtype=np.int64)[owners[k + 1 :] != owners[k]]
        for k in range(len(shots) - 1)
    ]
    return np.concatenate(rows)


# --- covers ---------------------------------------------------------------------------------------------------------


def covers() -> dict[str, Any]:
    """Two headlines on one still in one template, two templates, and covers of different videos in one template."""
    from keyart.covers.templates import TEMPLATES

    middle = {path.name: shots[len(shots) // 2] for path in footage()[1::6] if (shots := stills_of(path))}
    made = []
    for place, (name, image) in enumerate(middle.items()):
        for k, template in enumerate(list(TEMPLATES)[(place + 3 * turn) % len(TEMPLATES)] for turn in (0, 1)):
            for line in (2 * place + k, 2 * place + k + 5):
                made.append((RELATED.get(name, name), *_cover(image, template, LINES[line % len(LINES)])))
    counts: dict[str, list[bool]] = {"same template": [], "other template": [], "different videos, same template": []}
    for place, (group, template, one) in enumerate(made):
        others = [row for row in made[place + 1 :] if row[0] == group or row[1] == template]
        for (other, its, _), score in zip(others, _scores(one, [row[2] for row in others]), strict=True):
            kind = ("same template" if its == template else "other template") if other == group else ""
            counts[kind or "different videos, same template"].append(bool(score >= NEAR))
    return {"pairs": {name: [len(told), int(sum(told))] for name, told in counts.items()}, "videos": len(middle)}


def _cover(image: RGB, template: str, text: str) -> tuple[str, Signature]:
    from keyart.covers import MakeCovers

    info = VideoInfo(
        Path("a.mp4"), "mp4", 1, 0, "h264", "yuv420p", 640, 360, 640, 360, Fraction(1), 0, False, 25.0, 9.0, 0.0
    )
    make = MakeCovers(presets=("youtube",), count=1, template=template)
    headline = Headline(text, "en", 0.0, 0.0, "", False, 1.0, "user")
    (product,) = make(info, [Still(1, Picture(image, 0.0), 0, 0.5, ())], [headline]).value
    facts = dict(product.receipt.facts)
    with Image.open(io.BytesIO(product.data)) as file:
        part, hidden = shown_part(np.asarray(file.convert("RGB"), np.uint8), facts)
    found = signature_of(part, hidden)
    assert found is not None
    return str(facts["template"]), found


# --- search ---------------------------------------------------------------------------------------------------------


def search(rows: int = 1_000_000, rounds: int = 15) -> dict[str, Any]:
    """One search among so many rows of bits drawn by chance, cells all alike: the time of looking, not of finding.

    All but `clock_ms` is time of the processor, `clock_ms` the clock's, on whatever else the machine was doing.
    """
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        index = _made_index(Path(folder) / "many.near", rows, random)
        start = time.thread_time()
        index = open_index(index.folder)
        opened = time.thread_time() - start
        wanted = [
            Signature(random.integers(0, 2**63, 4).astype(np.uint64), np.full((32, 32), 9, np.uint8))
            for _ in range(rounds)
        ]
        spent, worked = [], []
        for one in wanted:
            start, busy = time.perf_counter(), time.thread_time()
            index.near(one)
            spent.append(time.perf_counter() - start)
            worked.append(time.thread_time() - busy)
    return {
        "rows": rows,
        "open_ms": round(1000 * opened, 1),
        "search_ms": round(1000 * statistics.median(worked), 1),
        "slowest_ms": round(1000 * max(worked), 1),
        "clock_ms": round(1000 * statistics.median(spent), 1),
        "bytes_a_row": sum(column.row_bytes for column in COLUMNS),
    }


def _made_index(folder: Path, rows: int, random: Random) -> Index:
    """Written past `add`, which keeps a package of hundreds of pictures at a time."""
    index, each = Index(folder), 100
    cells = np.full((32, 32), 7, np.uint8)
    index.add("first", "x", [Entry(Shown("a", "tile", 0.0), Signature(np.zeros(4, np.uint64), cells))])
    with (folder / "bits.column").open("ab") as file:
        file.write(random.integers(0, 2**63, (rows - 1, 4)).astype("<u8").tobytes())
    with (folder / "cells.column").open("ab") as file:
        file.truncate(file.tell() + (rows - 1) * cells.size)  # a hole: nothing is looked up there
    with (folder / "packages.jsonl").open("a") as file:
        for first in range(1, rows, each):
            count = min(each, rows - first)
            line = {"name": f"p{first}", "sha256": "x", "first": first, "seconds": 0.0, "checksum": 0}
            file.write(json.dumps({**line, "shown": [["a", "tile", 0.0]] * count}) + "\n")
    return index


# --- videos ---------------------------------------------------------------------------------------------------------

REMAKES: dict[str, dict[str, Any]] = {
    "crf 38": {"crf": 38},
    "half size": {"scale": 0.5, "crf": 30},
    "cropped 6 %": {"crop": 0.06, "crf": 28},
    "trimmed by a third": {"trim": (0.2, 0.87), "crf": 28},
    "logo": {"logo": True, "crf": 28},
    "1.25 times as fast": {"speed": 1.25, "crf": 28},
    "letterbox": {"bars": True, "crf": 28},
    "trimmed, cropped, logo, small": {"trim": (0.15, 0.9), "crop": 0.04, "logo": True, "scale": 0.6, "crf": 34},
}
NUM_VIDEOS = 12


def videos() -> dict[str, Any]:
    """Each video as the tiles of its storyboard, two remakes of each, and whether the groups say what is the same."""
    chosen = [path for path in footage() if 4.0 <= _seconds(path) <= 31.0 and path.stat().st_size < 4_000_000]
    chosen = chosen[:: max(1, len(chosen) // NUM_VIDEOS)]
    with tempfile.TemporaryDirectory() as folder:
        index = Index(Path(folder) / "videos.near")
        truth: dict[str, str] = {}
        for place, path in enumerate(chosen):
            remake = list(REMAKES)[place % len(REMAKES)], list(REMAKES)[(place + 3) % len(REMAKES)]
            for name, edits in (("original", {}), *((one, REMAKES[one]) for one in remake)):
                made = _remade(path, Path(folder) / "clip.mp4", **edits) if edits else path
                truth[f"{path.name} / {name}"] = RELATED.get(path.name, path.name)
                index.add(f"{path.name} / {name}", "x", _entries(made), _seconds(made))
        start = time.perf_counter()
        found = groups(index)
        return _judged(truth, [set(group.packages) for group in found], time.perf_counter() - start)


def _judged(truth: dict[str, str], found: Sequence[set[str]], seconds: float) -> dict[str, Any]:
    names = sorted(truth)
    pairs = [(one, other) for place, one in enumerate(names) for other in names[:place]]
    same = {pair for pair in pairs if truth[pair[0]] == truth[pair[1]]}
    told = {pair for pair in pairs if any(pair[0] in group and pair[1] in group for group in found)}
    by_edit: dict[str, list[bool]] = {}
    for one, other in sorted(same):
        for remake, original in ((one, other), (other, one)):
            if original.endswith("/ original") and one.split(" / ")[0] == other.split(" / ")[0]:
                by_edit.setdefault(remake.split(" / ")[1], []).append((one, other) in told)
    return {
        "packages": len(names),
        "originals": len(set(truth.values())),
        "precision": round(len(same & told) / max(1, len(told)), 4),
        "recall": round(len(same & told) / max(1, len(same)), 4),
        "wrong": [list(pair) for pair in sorted(told - same)],
        "missed": [list(pair) for pair in sorted(same - told)],
        "by_edit": {name: [len(hits), sum(hits)] for name, hits in sorted(by_edit.items())},
        "groups_seconds": round(seconds, 2),
    }


def _entries(path: Path) -> list[Entry]:
    """The storyboard's tiles; a package's ranked stills, which are left out here, only add to them."""
    from keyart import make
    from keyart.cache import StageCache
    from keyart.nearness.packages import entries_of

    with tempfile.TemporaryDirectory() as cache:
        return entries_of(make(path, parts=("shots", "storyboard"), cache=StageCache(Path(cache))))


def _seconds(path: Path) -> float:
    from keyart.media.probe import probe

    try:
        return probe(path).duration_seconds
    except (ValueError, OSError):
        return 0.0


def _remade(
    path: Path,
    target: Path,
    *,
    crf: int,
    scale: float = 1.0,
    crop: float = 0.0,
    trim: tuple[float, float] = (0.0, 1.0),
    logo: bool = False,
    speed: float = 1.0,
    bars: bool = False,
) -> Path:
    """The video uploaded again by somebody: pictures edited, encoded anew, without sound."""
    target.unlink(missing_ok=True)
    length = _seconds(path)
    with av.open(str(path), metadata_errors="ignore") as source, av.open(str(target), "w") as file:
        stream: Any = None
        for frame in source.decode(source.streams.video[0]):
            at = frame.time or 0.0
            if not trim[0] * length <= at <= trim[1] * length:
                continue
            image = frame.to_ndarray(format="rgb24").astype(np.uint8)
            image = _cropped(image, crop, 0.0, 1.0) if crop else image
            image = _logo(image) if logo else image
            image = _barred(image, False) if bars else image
            image = _scaled(image, scale) if scale != 1.0 else image
            image = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
            if stream is None:
                stream = file.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "veryfast"})
                stream.width, stream.height, stream.pix_fmt = image.shape[1], image.shape[0], "yuv420p"
                stream.codec_context.time_base = Fraction(1, 90_000)
            shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            shown.pts, shown.time_base = round((at - trim[0] * length) / speed * 90_000), Fraction(1, 90_000)
            file.mux(stream.encode(shown))
        file.mux(stream.encode(None))
    return target


# --- the result -----------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "pictures": pictures,
    "covers": covers,
    "search": search,
    "videos": videos,
}


def tables(result: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "pictures" in result:
        found = result["pictures"]
        hashes = found["hashes"]
        rows = [
            [
                name,
                *(f"{100 * share:.1f} %" for share in reversed(shares)),
                *(f"{100 * one['found'][name]:.1f} %" for one in hashes.values()),
            ]
            for name, shares in found["found"].items()
        ]
        alarms = found["false_alarms_per_1000"]
        last = [f"{alarms[key]:.2f}" for key in ("used, other half", "chosen, other half")]
        rows.append(
            [
                "false alarms in 1,000 different pairs",
                *last,
                *(f"{one['false_alarms_per_1000']:.2f}" for one in hashes.values()),
            ]
        )
        columns = ["edited still found again", f"keyart, likeness {NEAR}", "keyart at 1 in 1,000", *hashes]
        made["nearness"] = {"columns": columns, "align": "l" + "r" * (len(columns) - 1), "rows": rows}
        same = [
            [name, count, "" if share is None else f"{100 * share:.0f} %"]
            for name, (count, share) in found["same_video"].items()
        ]
        made["nearness-same-video"] = {
            "columns": ["two stills of one video", "pairs", "near"],
            "align": "lrr",
            "rows": same,
        }
    if "covers" in result:
        cover_rows = [
            [name, count, told, f"{100 * told / max(1, count):.1f} %"]
            for name, (count, told) in result["covers"]["pairs"].items()
        ]
        made["nearness-covers"] = {
            "columns": ["two covers", "pairs", "told as near", "share"],
            "align": "lrrr",
            "rows": cover_rows,
        }
    if "videos" in result:
        found = result["videos"]
        rows = [[name, hits, count] for name, (count, hits) in found["by_edit"].items()]
        rows.append(["all pairs: recall", f"{found['recall']:.3f}", ""])
        rows.append(["all pairs: precision", f"{found['precision']:.3f}", ""])
        made["nearness-videos"] = {
            "columns": ["uploaded again", "found with its original", "of"],
            "align": "lrr",
            "rows": rows,
        }
    return made


def facts(result: dict[str, Any]) -> dict[str, str]:
    said = {}
    if "search" in result:
        found = result["search"]
        said = {
            "nearness-search-ms": f"{found['search_ms']:.0f}",
            "nearness-row-bytes": f"{found['bytes_a_row']:,}",
            "nearness-open-seconds": f"{found['open_ms'] / 1000:.1f}",
        }
    if "pictures" in result:
        found = result["pictures"]
        said["nearness-pairs"] = f"{found['different_pairs'][1]:,}"
        said["nearness-threshold"] = f"{found['threshold_for_1_in_1000']:.3f}"
    if "videos" in result:
        found = result["videos"]
        said["nearness-groups-seconds"] = f"{found['groups_seconds']:.0f}"
        said["nearness-packages"] = f"{found['packages']}"
    return said


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench nearness", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=tuple(PARTS), action="append", help="only this; others are kept as they are")
    wanted = parser.parse_args(arguments).part or list(PARTS)
    path = RESULTS / "nearness.json"
    result = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    for name in wanted:
        result[name] = PARTS[name]()
        result[name]["commit"] = commit()
    result |= {
        "machine": machine(),
        "data": f"{len(footage())} real videos" if footage() else "sample photographs",
        "seed": 0,
    }
    result |= {"tables": tables(result), "facts": facts(result)}
    print(write_result("nearness", result))
    return 0
