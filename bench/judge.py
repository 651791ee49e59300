"""`python -m bench judge`: does the shipped forest's score fall with each fault, on clips that it never saw?

Held-out clips are real footage (where it is there) and made scenes of another seed. Each is degraded by ten kinds at
ten levels, written as a video, and judged as a user's file would be. Two of the kinds are in no training set. Further:
how long a verdict takes, whether time grows with the clip and memory does not, what each group of features is worth.
`--spaces` runs the seed's 144 spaces by the recipe's one command on a small set with tiny random networks.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.rated import DEGRADATIONS, HEIGHT_PX, HELD_OUT, WIDTH_PX, Clip, degraded, real_clip, scene, write_clip
from bench.record import MEDIA, RESULTS, WORK, commit, machine, write_result
from keyart.review.generated.features import ADDITIONS, KINDS, PROMPT_MODELS, Space, row
from keyart.review.generated.groups import GROUPS
from keyart.review.generated.measure import Measure, Measured
from keyart.review.generated.needs import needs_of
from keyart.review.generated.shelf import kept
from keyart.review.generated.verdict import forest_of, judge, names_of

FOLDER = WORK / "judge"
LEVELS = tuple(range(1, 11))
REAL = {
    "dog on a pavement": ("move_dog_sidewalk.mp4", 4.0),
    "marathon": ("sport_marathon_noaudio.mp4", 2.0),
    "man at a mirror": ("face_man_trimming_beard.mp4", 1.0),
    "cartoon": ("anim_bbb_60s_hls.ts", 21.0),
    "drummer": ("vertical_drummer_204x360.mp4", 1.0),
}
"""Name -> file and second from which the first stretch without a cut is taken; chosen for kinds of motion, once."""
MADE_SEEDS = (990_001,)


# --- pure scores ----------------------------------------------------------------------------------------------------


def spearman(levels: Sequence[float], scores: Sequence[float]) -> float:
    """Rank correlation, equal values by their mean rank; 0 where all are equal.

    >>> spearman([1, 2, 3], [9.0, 5.0, 2.0])
    -1.0
    """
    ranks = [_ranks(np.asarray(one, np.float64)) for one in (levels, scores)]
    spread = float(ranks[0].std() * ranks[1].std())
    if spread == 0:
        return 0.0
    return round(float(((ranks[0] - ranks[0].mean()) * (ranks[1] - ranks[1].mean())).mean()) / spread, 10)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse], np.float64)


def right_pairs(scores: Sequence[float], apart: int = 2) -> tuple[int, int]:
    """Of takes at levels 1, 2, ...: pairs at least `apart` levels apart that are ranked rightly, and all such pairs.

    >>> right_pairs([9.0, 8.0, 8.5, 3.0])
    (3, 3)
    """
    pairs = [(one, other) for one in range(len(scores)) for other in range(one + apart, len(scores))]
    return sum(scores[one] > scores[other] for one, other in pairs), len(pairs)


# --- clips ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeldOut:
    name: str
    real: bool
    clip: Clip


def held_out() -> Iterator[HeldOut]:
    for name, (file, start) in REAL.items():
        if (MEDIA / "video" / file).is_file():
            yield HeldOut(name, True, real_clip(MEDIA / "video" / file, start))
    for seed in MADE_SEEDS:
        yield HeldOut(f"made scene {seed}", False, scene(seed).clip)


class NotYetMeasured(Exception):
    """A clip's measurements are not on the shelf, and none are to be made."""


def measured_takes(
    one: HeldOut, kind: str, names: tuple[str, ...], levels: Sequence[int], anew: bool = True
) -> list[Measured]:
    """What is measured of the clip at each level of a kind; 0 is the clip as it is. Raises `NotYetMeasured` for what is
    not on the shelf, unless `anew`."""
    measure = Measure(needs_of(names).groups)

    def look(path: Path) -> Measured:
        if not anew:
            raise NotYetMeasured(path.name)
        return measure(path)

    found = []
    for level in levels:
        path = FOLDER / "clips" / f"{one.name.replace(' ', '-')}-{kind}-{level}.mp4"
        if not path.exists():
            if not anew:
                raise NotYetMeasured(path.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            chance = np.random.default_rng([list(DEGRADATIONS).index(kind) if level else 0, 5])
            write_clip(path, degraded(one.clip, {kind: float(level)} if level else {}, chance))
        found.append(kept(FOLDER / "features", path, repr(measure), lambda path=path: look(path)))  # type: ignore[misc]
    return found


# --- the score falls with each fault --------------------------------------------------------------------------------

Curves = dict[str, dict[str, list[float]]]
"""Clip -> kind -> the scores at levels 1 ... 10; kind "none" has the untouched clip's."""


def curves(
    model: str = "", kinds: Sequence[str] = tuple(DEGRADATIONS), say: bool = True, anew: bool = True
) -> tuple[Curves, dict[str, bool]]:
    """The curves of all held-out clips, and which of them are real; of those that are measured, unless `anew`."""
    forest = forest_of(model)
    names = names_of(forest.card)
    found: Curves = {}
    real: dict[str, bool] = {}
    for one in held_out():
        real[one.name] = one.real
        found[one.name] = {}
        for kind, levels in (("none", (0,)), *((kind, LEVELS) for kind in kinds)):
            try:
                took = measured_takes(one, kind if kind != "none" else "blur", names, levels, anew)
            except NotYetMeasured:
                continue
            rows = np.array([row(each.series, each.whole, names) for each in took])
            scores = np.asarray(forest(features=rows.astype(np.float32))[0], np.float64).mean(axis=1)
            found[one.name][kind] = [round(float(score), 4) for score in scores]
            if say:
                print(f"{one.name:24} {kind:9} {' '.join(f'{score:4.1f}' for score in scores)}", flush=True)
    return found, real


def monotony(found: Curves, kinds: Sequence[str] = tuple(DEGRADATIONS)) -> dict[str, dict[str, Any]]:
    """Per kind: rank correlations of level and score over the clips, pairs ranked rightly, clips above their faults."""
    table = {}
    for kind in kinds:
        clips = {name: clip for name, clip in found.items() if kind in clip and "none" in clip}
        if not clips:
            continue
        each = {name: spearman(LEVELS, clip[kind]) for name, clip in clips.items()}
        means = np.mean([clip[kind] for clip in clips.values()], axis=0)
        pairs = np.sum([right_pairs(clip[kind]) for clip in clips.values()], axis=0)
        above = [clip["none"][0] > score for clip in clips.values() for score in clip[kind]]
        table[kind] = {
            "taught": kind not in HELD_OUT,
            "spearman_of_means": round(spearman(LEVELS, list(means)), 4),
            "spearman_median": round(float(np.median(list(each.values()))), 4),
            "spearman_worst": round(max(each.values()), 4),
            "clips_at_0.9": sum(value <= -0.9 for value in each.values()),
            "clips": len(each),
            "pairs_right": int(pairs[0]),
            "pairs": int(pairs[1]),
            "below_untouched": int(sum(above)),
            "degraded": len(above),
            "means": [round(float(one), 2) for one in means],
        }
    return table


# --- time and memory ------------------------------------------------------------------------------------------------


def speed() -> dict[str, Any]:
    """Verdicts of 720p clips of 5, 10 and 20 s, and the peak memory of 5, 20 and 60 s, each in a process of its own.

    Seconds on the clock depend on what else the machine does; seconds of work of all threads hardly do.
    """
    from bench.clips import bench_clip, repeated

    five = bench_clip(5)
    judge(five.path)  # the first call loads networks
    found: dict[str, Any] = {"seconds": {}, "cpu_seconds": {}, "peak_mb": {}, "load_before": os.getloadavg()[0]}
    for times in (1, 2, 4):
        path = (five if times == 1 else repeated(five, times)).path
        begun, worked = time.perf_counter(), time.process_time()
        judge(path)
        found["seconds"][str(5 * times)] = round(time.perf_counter() - begun, 2)
        found["cpu_seconds"][str(5 * times)] = round(time.process_time() - worked, 2)
    for times in (1, 4, 12):
        found["peak_mb"][str(5 * times)] = _peak_mb((five if times == 1 else repeated(five, times)).path)
    return found


_ALONE = """
import resource, sys
from pathlib import Path
from keyart.review.generated.verdict import judge
judge(Path(sys.argv[1]))
told = Path("/proc/self/status")  # what getrusage tells counts the bench itself, which this process was split off from
lines = told.read_text().splitlines() if told.is_file() else []
peaks = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
print((peaks or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])[0] / 1024)
"""


def _peak_mb(path: Path) -> float:
    done = subprocess.run([sys.executable, "-c", _ALONE, str(path)], capture_output=True, text=True, check=True)
    return round(float(done.stdout.split()[-1]), 1)


# --- what each group is worth ---------------------------------------------------------------------------------------


def _without(measured: Measured, names: Sequence[str]) -> Measured:
    """As if these had not been measured: what the faults come to together must not know them either."""
    series = {name: values for name, values in measured.series.items() if name not in names}
    return replace(measured, series=series, whole={k: v for k, v in measured.whole.items() if k not in names})


def ablation(data: Path, features: Path) -> dict[str, Any]:
    """Five folds on the rated set with the shipped forest's settings, each group of features left out in turn."""
    from keyart.learn.judge.forests import cross_validated
    from keyart.learn.judge.ratings import read_ratings
    from keyart.learn.judge.recipe import LearnJudge

    shipped = forest_of().card
    rated = read_ratings(data)
    whole = LearnJudge(data, features)
    took = whole.measure(rated, lambda _: None)
    found = {}
    for group in ("", *needs_of(names_of(shipped)).groups):
        recipe = LearnJudge(data, features, off=(group,) if group else ())
        left = [_without(one, GROUPS[group].names if group else ()) for one in took]
        folds = cross_validated(
            recipe.table(rated, left, "embedded"), "regression", shipped.settings["forest"], 0, recipe.signs("embedded")
        )
        found[group or "all groups"] = [round(folds.mean, 4), round(folds.deviation, 4)]
        print(f"without {group or 'nothing':10} MAE {folds}", flush=True)
    return found


# --- the seed's 144 spaces ------------------------------------------------------------------------------------------


SMALL_FRAMES = 14


def small_set(folder: Path, clips: int) -> Path:
    """Clips of half a second, one fault each, as a table."""
    rows = ["prompt,video,score"]
    for number in range(clips):
        kind, level = list(DEGRADATIONS)[number % 8], float(10 * number / clips)
        chance = np.random.default_rng([number, 11])
        made = degraded(scene(770_000 + number).clip, {kind: level} if number else {}, chance)[:SMALL_FRAMES]
        folder.mkdir(parents=True, exist_ok=True)
        write_clip(folder / f"{number}.mp4", made)
        rows.append(f"a moving photograph,{number}.mp4,{10 - 0.9 * level:.2f}")
    (folder / "ratings.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def run_spaces(clips: int, trials: int) -> dict[str, Any]:
    """All 144 by the recipe's one command, on tiny random networks: a check of the machinery, of nothing else."""
    from bench.judge_tiny import tiny_models
    from keyart.learn.judge.recipe import LearnJudge

    with tempfile.TemporaryDirectory() as folder:
        models = tiny_models(Path(folder) / "models")
        data = small_set(Path(folder) / "rated", clips)
        given = tuple(f"{name}={place}" for name, place in models.items())
        begun = time.perf_counter()
        recipe = LearnJudge(data, FOLDER / "spaces", "all", trials=trials, model_folders=given, name="tiny")
        facts = recipe(say=lambda line: print(line, flush=True))
        facts["seconds"] = round(time.perf_counter() - begun, 1)
    return facts | {"tables": space_tables(facts["spaces"])}


def space_tables(found: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Any]:
    """The seed's six tables of a run: a prompt model a row, what stands beside it a column."""
    made = {}
    for task in ("classification", "regression"):
        for kind in KINDS:
            rows = []
            for model in PROMPT_MODELS:
                cells = [found[Space(model, kind, more).name][task] for more in ADDITIONS]
                rows.append([model, *(f"{mean:.2f} ± {deviation:.2f}" for mean, deviation in cells)])
            columns = [f"{'accuracy, %' if task == 'classification' else 'MAE'}, {kind}", *ADDITIONS]
            made[f"judge-{task}-{kind}"] = {"columns": columns, "align": "l" + "r" * len(ADDITIONS), "rows": rows}
    return made


# --- the result -----------------------------------------------------------------------------------------------------


def tables(kinds: Mapping[str, Mapping[str, Any]], parts: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        [
            kind if one["taught"] else f"**{kind}**, not taught",
            f"{one['spearman_of_means']:.2f}",
            f"{one['spearman_median']:.2f}",
            f"{one['spearman_worst']:.2f}",
            f"{one['clips_at_0.9']} of {one['clips']}",
            f"{100 * one['pairs_right'] / one['pairs']:.1f} %",
            f"{one['below_untouched']} of {one['degraded']}",
        ]
        for kind, one in kinds.items()
    ]
    columns = [
        "fault", "rank correlation of means", "median clip", "worst clip", "clips at -0.9 or below",
        "pairs two levels apart, right", "below the untouched clip",
    ]  # fmt: skip
    made = {"judge": {"columns": columns, "align": "l" + "r" * 6, "rows": rows}}
    if parts.get("ablation"):
        rows = [
            ["nothing" if name == "all groups" else name, f"{mean:.3f} ± {spread:.3f}"]
            for name, (mean, spread) in parts["ablation"].items()
        ]
        made["judge-ablation"] = {"columns": ["left out", "MAE, five folds"], "align": "lr", "rows": rows}
    return made


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench judge", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="", help="another forest than the shipped one")
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--measured-only", action="store_true", help="leave out what an earlier run did not measure")
    parser.add_argument("--keep-parts", action="store_true", help="take time and ablation from the last result")
    parser.add_argument("--rated", type=Path, default=WORK / "rated", help="for the ablation: python -m bench rated")
    parser.add_argument("--learned", type=Path, default=WORK / "judge-learned", help="where its features are kept")
    parser.add_argument("--spaces", action="store_true", help="the seed's 144 spaces on tiny random networks, only")
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--trials", type=int, default=1)
    given = parser.parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if given.spaces:
        facts = run_spaces(given.clips, given.trials)
        write_result("judge-spaces", {"commit": commit(), "machine": machine(), **facts})
        return 0
    found, real = curves(given.model, anew=not given.measured_only)
    kinds = monotony(found)
    parts: dict[str, Any] = {}
    if given.keep_parts and (RESULTS / "judge.json").is_file():
        last = json.loads((RESULTS / "judge.json").read_text("utf-8"))
        parts = {name: last[name] for name in ("speed", "ablation") if name in last}
    if not given.no_speed and "speed" not in parts:
        parts["speed"] = speed()
    if (given.rated / "ratings.csv").is_file() and "ablation" not in parts:
        parts["ablation"] = ablation(given.rated, given.learned)
    pairs = [sum(one[key] for one in kinds.values()) for key in ("pairs_right", "pairs", "below_untouched", "degraded")]
    result = {
        "commit": commit(),
        "machine": machine(),
        "measured_at_px": [WIDTH_PX, HEIGHT_PX],
        "clips": real,
        "kinds": kinds,
        "total": {
            "pairs_right_percent": round(100 * pairs[0] / pairs[1], 2),
            "below_untouched_percent": round(100 * pairs[2] / pairs[3], 2),
        },
        "curves": found,
        "facts": {
            "judge-pairs": f"{100 * pairs[0] / pairs[1]:.1f} %",
            "judge-below": f"{100 * pairs[2] / pairs[3]:.1f} %",
            **({"judge-cpu-5s": parts["speed"]["cpu_seconds"]["5"]} if "speed" in parts else {}),
        },
        **parts,
        "tables": tables(kinds, parts),
    }
    write_result("judge", result)
    print(json.dumps({"total": result["total"], **parts}, indent=1))
    return 0
