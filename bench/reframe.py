"""Smart cropping: the RetargetVid score, made scenes with a known subject, jitter, cut heads, and the time it takes.

`python -m bench reframe` leaves bench/results/reframe.json. Without the annotations that part says so and is left out;
our own path is scored on RetargetVid where its videos lie beside them (`videos/001.*`).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.record import MEDIA, RESULTS, commit, machine, write_result
from bench.reframe_scenes import CENTRED, FRAMES_PER_SECOND, GROUPS, SECONDS, Scene, scenes
from bench.retargetvid import centre_run, counts, people_against_each_other, score
from keyart.learn.sets.retargetvid import ASPECTS, Run, read_annotators, read_run
from keyart.teasers.reframe import CameraPath, Looks, Part, Reframe
from keyart.types import Box, Shot

ANNOTATIONS = MEDIA.parent / "gt" / "retargetvid"
TALL, SQUARE, PORTRAIT, WIDE = (9, 16), (1, 1), (4, 5), (16, 9)
TIMED = ("talk_two_men_webcam_vp9_noaudio.webm", "face_man_trimming_beard.mp4", "talk_en_monologue_greenscreen.mp4")
_HEAD_TOLERANCE = 0.06


# --- made scenes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """One scene in one shape."""

    group: str
    overlap: float
    """Mean over the frames of the overlap with the window round the subject, 0 ... 1."""
    centre: float
    """The same for the centre crop."""
    jitter: float
    """Greatest second difference of the window's place, in windows a second per second."""
    cut_heads: int
    """Frames in which a head that would fit is cut through."""
    frames: int
    decisions: tuple[str, ...]


def ideal(subject: Box, window: tuple[float, float], size: tuple[int, int]) -> Box:
    """The window whose middle is the subject's, as far as the picture goes."""
    x = min(max(subject.center[0] - window[0] / 2, 0.0), size[0] - window[0])
    y = min(max(subject.center[1] - window[1] / 2, 0.0), size[1] - window[1])
    return Box(x, y, *window)


def largest(size: tuple[int, int], aspect: tuple[int, int]) -> tuple[float, float]:
    """Width and height of the largest window of a shape that fits a picture."""
    width = min(float(size[0]), size[1] * aspect[0] / aspect[1])
    return width, width * aspect[1] / aspect[0]


def jitter(path: CameraPath, rate: float) -> float:
    """Greatest second difference of any window's place within a part, in windows a second per second."""
    return max((_jitter(part, rate) for part in path.parts), default=0.0)


def _jitter(part: Part, rate: float) -> float:
    times = np.arange(part.start, part.end, 1 / rate)
    worst = 0.0
    for pane in part.panes:
        places = pane.windows(times)[:, :2]
        if len(places) > 2:
            size = np.array([pane.width_px, pane.height_px])
            worst = max(worst, float(np.abs(np.diff(places, 2, axis=0) / size).max()) * rate**2)
    return worst


def is_cut(head: Box, window: Box) -> bool:
    """Whether a window's edge goes through a head that would fit into it."""
    if head.width > window.width or head.height > window.height:
        return False
    share = head.overlap(window) / head.area
    return _HEAD_TOLERANCE < share < 1 - _HEAD_TOLERANCE


def measured(scene: Scene, looks: Looks, aspect: tuple[int, int], settings: Reframe) -> Measured:
    starts = [0.0] if scene.cut_seconds is None else [0.0, scene.cut_seconds]
    ends = [*starts[1:], SECONDS]
    shots = [Shot(a, b, round(a * 25), round(b * 25)) for a, b in zip(starts, ends, strict=True)]
    path = settings.path(looks, (0.0, SECONDS), aspect, shots)
    window = largest(scene.size_px, aspect)
    middle = ideal(Box(0, 0, *scene.size_px), window, scene.size_px)
    ours, plain, cut = [], [], 0
    times = [number / FRAMES_PER_SECOND for number in range(round(SECONDS * FRAMES_PER_SECOND))]
    for seconds in times:
        wanted = ideal(scene.subject(seconds), window, scene.size_px)
        shown = path.windows(seconds)
        ours.append(max(one.iou(wanted) for one in shown))
        plain.append(middle.iou(wanted))
        # a head that one half of a split screen cuts at its rim is whole in the other
        inside = [head for head in scene.heads(seconds) if ideal(head, window, scene.size_px).overlap(head) > 0]
        cut += any(all(is_cut(head, one) for one in shown) for head in inside)
    return Measured(
        scene.group,
        statistics.fmean(ours),
        statistics.fmean(plain),
        jitter(path, FRAMES_PER_SECOND),
        cut,
        len(times),
        tuple(part.decision for part in path.parts),
    )


def on_scenes(settings: Reframe) -> Iterator[Measured]:
    for scene in scenes():
        looks = seen(scene, settings)
        for aspect in (SQUARE, WIDE) if scene.size_px[0] < scene.size_px[1] else (TALL, SQUARE, PORTRAIT):
            yield measured(scene, looks, aspect, settings)


def seen(scene: Scene, settings: Reframe) -> Looks:
    from keyart.stills.objects import choose_detector
    from keyart.teasers.reframe import WatchForReframing

    watcher = WatchForReframing(*scene.size_px, choose_detector(settings.detector)[0], settings.looks_per_second)
    for frame in scene.frames(settings.looks_per_second):
        watcher.look(frame.image, frame.seconds)
    return watcher.seen()


def by_group(found: Sequence[Measured]) -> dict[str, Any]:
    groups = {}
    for name in GROUPS:
        ones = [one for one in found if one.group == name]
        groups[name] = {
            "overlap": round(100 * statistics.fmean(one.overlap for one in ones), 1),
            "centre": round(100 * statistics.fmean(one.centre for one in ones), 1),
            "least_gain": round(100 * min(one.overlap - one.centre for one in ones), 1),
            "jitter": round(max(one.jitter for one in ones), 3),
            "cut_heads": sum(one.cut_heads for one in ones),
            "frames": sum(one.frames for one in ones),
            "decisions": _tally(decision for one in ones for decision in one.decisions),
        }
    return groups


def _tally(names: Iterator[str]) -> dict[str, int]:
    told: dict[str, int] = {}
    for name in names:
        told[name] = told.get(name, 0) + 1
    return dict(sorted(told.items()))


# --- RetargetVid ------------------------------------------------------------------------------------------------


def on_retargetvid(folder: Path, settings: Reframe, runs: Sequence[Path]) -> dict[str, Any]:
    """What people agree on, what the centre scores, published runs, and our path on the videos that are there."""
    told: dict[str, Any] = {}
    for aspect in ASPECTS:
        annotators = read_annotators(folder, aspect)
        num_frames = counts(annotators)
        told[aspect] = {
            "people": round(people_against_each_other(annotators, num_frames), 1),
            "centre": _row(centre_run(annotators, aspect), annotators, num_frames),
        }
        for path in runs:
            if run := read_run(path, aspect):
                told[aspect][path.name] = _row(run, annotators, num_frames)
        ours = own_run(folder / "videos", aspect, settings)
        told[aspect]["keyart"] = _row(ours, annotators, num_frames) if ours else "skipped: no video of the set is here"
    return told


def _row(run: Run, annotators: Sequence[Run], num_frames: dict[str, int]) -> dict[str, Any]:
    found = score(run, annotators, num_frames)
    return {name: round(getattr(found, name), 1) for name in ("worst", "best", "mean")} | {"videos": found.videos}


def own_run(folder: Path, aspect: str, settings: Reframe) -> Run:
    """Our windows on `001.*` ... of a folder, in the scale of the annotations (640 x 360), corners inclusive."""
    from keyart.media.probe import probe

    run = {}
    for path in sorted(folder.glob("[0-9][0-9][0-9].*")) if folder.is_dir() else ():
        info = probe(path)
        times, shots = _frame_times(path)
        path_found = settings(info, (0.0, times[-1] + 0.04), ASPECTS[aspect], shots)
        scale = 640 / info.width_px, 360 / info.height_px
        boxes = [box.scaled(*scale) for box in path_found.boxes(times)]
        run[path.stem] = np.array(
            [[round(b.x), round(b.y), round(b.right), round(b.bottom)] for b in boxes], np.float64
        )
    return run


def _frame_times(path: Path) -> tuple[list[float], list[Shot]]:
    from keyart.media.probe import probe
    from keyart.media.scan import Scan
    from keyart.shots import DetectShots

    info = probe(path)
    watcher, run = DetectShots().watch(info), Scan().open(info)
    times = []
    for glimpse in run:
        watcher.see(glimpse)
        times.append(glimpse.seconds)
    return times, list(watcher.shots(run.report.end_seconds))


# --- time -------------------------------------------------------------------------------------------------------


def timed(path: Path, settings: Reframe, rounds: int = 3) -> dict[str, Any]:
    """Seconds to look and to find the path, over the bare decode of the same file; medians, taken in turns."""
    from keyart.media.probe import probe
    from keyart.media.scan import Scan

    info = probe(path)
    decode, look, plan = [], [], []
    end = info.duration_seconds
    for _ in range(rounds):
        start = time.perf_counter()
        for _glimpse in Scan()(info):
            pass
        decoded = time.perf_counter()
        looks = settings.look(info, [(0.0, end)])
        looked = time.perf_counter()
        settings.path(looks, (0.0, end), TALL, ())
        decode.append(decoded - start)
        look.append((looked - decoded) / (decoded - start))
        plan.append((time.perf_counter() - looked) / (decoded - start))
    ratios = {"look_over_decode": statistics.median(look), "path_over_decode": statistics.median(plan)}
    told = {"decode_seconds": statistics.median(decode), **ratios, "video_seconds": end}
    return {name: round(value, 2) for name, value in told.items()}


# --- report -----------------------------------------------------------------------------------------------------


def tables(groups: dict[str, Any], bound: float) -> dict[str, Any]:
    rows = [
        [name, f"{one['overlap']:.1f}", f"{one['centre']:.1f}", f"{one['jitter']:.2f}", one["cut_heads"]]
        for name, one in groups.items()
    ]
    columns = ["made scenes", "overlap", "centre crop", f"jitter (bound {bound:g})", "cut heads"]
    return {"reframe": {"columns": columns, "align": "lrrrr", "rows": rows}}


def failures(groups: dict[str, Any], bound: float) -> list[str]:
    """What must hold and does not."""
    told = []
    for name, one in groups.items():
        worse = one["overlap"] < one["centre"] - 1 if name == CENTRED else one["overlap"] <= one["centre"]
        told += [f"{name}: {one['overlap']} is not above the centre's {one['centre']}"] if worse else []
        told += [f"{name}: jitter {one['jitter']} is above {bound}"] if one["jitter"] > bound + 1e-3 else []
        told += [f"{name}: heads are cut in {one['cut_heads']} frames"] if one["cut_heads"] else []
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench reframe", description=__doc__)
    parser.add_argument("--annotations", type=Path, default=ANNOTATIONS, help="folder of annotator_1.zip ...")
    parser.add_argument(
        "--run", type=Path, action="append", default=[], help="folder of published results, 001_1-3.txt"
    )
    parser.add_argument("--videos", type=Path, default=MEDIA / "video", help="real videos for the timing")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="folder for reframe.json")
    chosen = parser.parse_args(arguments)
    settings = Reframe()
    groups = by_group(list(on_scenes(settings)))
    bound = settings.max_acceleration
    there = (chosen.annotations / "annotator_1.zip").is_file()
    retarget = on_retargetvid(chosen.annotations, settings, chosen.run) if there else "skipped: no annotations here"
    paths = [chosen.videos / name for name in TIMED if (chosen.videos / name).is_file()]
    result = {
        "commit": commit(),
        "machine": machine(("numpy", "scipy", "opencv-contrib-python-headless")),
        "jitter_bound": bound,
        "scenes": groups,
        "retargetvid": retarget,
        "time": {path.name: timed(path, settings) for path in paths} or "skipped: no real videos here",
        "tables": tables(groups, bound),
    }
    write_result("reframe", result, chosen.output)
    for name, one in groups.items():
        print(
            f"{name:28} {one['overlap']:5.1f} centre {one['centre']:5.1f} least gain {one['least_gain']:6.1f}", end=" "
        )
        print(f"jitter {one['jitter']:5.2f} cut heads {one['cut_heads']:3d} {one['decisions']}")
    print("RetargetVid:", retarget)
    failed = failures(groups, bound)
    print("\n".join(failed) or "all bounds hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
