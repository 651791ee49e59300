"""`python -m bench learn-real`: people's annotations of real videos, and what can be learned from real features.

TVSum: the scorers give the published rows of people and of chance. GIF thumbnails: counts, order, posterior scores of
people and of rules that see no picture. SumMe: every summariser on features of superframes, five splits. Scenes: a
temporal model on shot features of 34 films. The common HDF5 files: the full table, where somebody has them. Leaves
bench/results/learn_real.json; a part that is run again replaces its own rows only.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.learn.gif_baselines import (
    DRAWS,
    RULES,
    Score,
    drawn_at_random,
    drawn_by_comments,
    expected_at_random,
    is_chronological,
    of_people,
)
from bench.record import MEDIA, RESULTS, commit, machine, write_result
from keyart.errors import KeyartError
from keyart.learn.gif.metrics import ps
from keyart.learn.protocol import (
    STRIDE,
    Best,
    Judge,
    Numbers,
    Row,
    Scorer,
    agreement_with_the_rest,
    evaluate,
    half_interval,
    human_row,
    judges_of,
    kendall_tau,
    kendall_taus,
    mean_marks,
    random_row,
    random_splits,
    read_splits,
    spearman_rho,
    spearman_rhos,
)
from keyart.learn.sets.eccv16 import read_eccv16, with_scores
from keyart.learn.sets.gif import read_gifs
from keyart.learn.sets.summe import read_choices, read_summe
from keyart.learn.sets.tvsum import read_tvsum_npz
from keyart.learn.sets.values import AnnotatedVideo, GifVideo, VideoSplit

TRUTH = MEDIA.parent / "gt"
SEED = 7
Part = dict[str, Any]
Learn = Callable[[Sequence[AnnotatedVideo], int], Scorer]


# --- TVSum: do the scorers give what is published? --------------------------------------------------------------------

PUBLISHED = {
    "each pair of people": (0.177, 0.204),
    "each against the mean of the others": (0.314, 0.396),
    "random": (0, 0),
}
"""Otani et al. 2019, table 2 (first and last row), at every 15th frame; the second row was computed beside the set."""


def tvsum(folder: Path) -> Part:
    """Correlations at every 15th frame, means over the 50 videos; 100 random runs."""
    videos = read_tvsum_npz(folder / "tvsum50_scores.npz", folder / "tvsum50_info.json")
    random = np.random.default_rng(SEED)
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in PUBLISHED}
    for video in videos:
        users, pairs = video.scores[:, ::STRIDE], np.triu_indices(len(video.scores), 1)
        chance = random.random((100, users.shape[1]))
        both = kendall_taus, spearman_rhos
        rows["each pair of people"].append(_pair(float(each(users, users)[pairs].mean()) for each in both))
        rest = [agreement_with_the_rest(users, each) for each in (kendall_tau, spearman_rho)]
        rows["each against the mean of the others"].append(_pair(rest))
        rows["random"].append(_pair(float(each(chance, users).mean()) for each in both))
    means = {name: np.mean(found, axis=0).round(4).tolist() for name, found in rows.items()}
    shown = [
        [name, *(f"{value:.3f}" for pair in zip(found, PUBLISHED[name], strict=True) for value in pair)]
        for name, found in means.items()
    ]
    columns = ["TVSum, 50 videos, 20 people", "τ", "τ, published", "ρ", "ρ, published"]
    return {"values": means, "table": {"columns": columns, "align": "lrrrr", "rows": shown}}


def _pair(values: Any) -> tuple[float, float]:
    first, second = values
    return float(first), float(second)


# --- GIF thumbnails ---------------------------------------------------------------------------------------------------


def gifs(folder: Path) -> Part:
    """Counts, order in time, PS of people and of rules; means over the videos that drew any comment."""
    videos = read_gifs(folder / "annotated_data.json", folder / "annotated_dm_count.json")
    triples = [(video, one) for video in videos for one in video.gifs]
    counted = [video for video in videos if video.counts.max() > 0]
    facts = {
        "gif_videos": len(videos),
        "gif_triples": len(triples),
        "gif_hours": round(sum(video.seconds for video in videos) / 3600, 1),
        "gif_chronological_percent": round(100 * float(np.mean([is_chronological(one) for _, one in triples])), 1),
        "gif_repeated_second": sum(len(set(one)) < 3 for _, one in triples),
        "gif_videos_without_comments": len(videos) - len(counted),
        "gif_beyond_comments": sum(max(one) >= len(video.comments) for video, one in triples),
        "gif_on_peaks_percent": round(100 * _share_on_peaks(counted), 1),
    }
    scores = _gif_scores(counted)
    rows = [[name, f"{one.mean:.3f} ± {one.half:.3f}"] for name, one in scores.items()]
    table = {"columns": [f"{len(counted)} videos with comments, computed by us", "PS"], "align": "lr", "rows": rows}
    return {"facts": facts, "values": {name: asdict(one) for name, one in scores.items()}, "table": table}


def _gif_scores(videos: Sequence[GifVideo]) -> dict[str, Score]:
    random = np.random.default_rng(SEED)
    people = [of_people(video) for video in videos]
    found = {
        "people's GIFs, mean of each video": Score.of([float(np.mean(one)) for one in people]),
        "people's GIFs, best of each video": Score.of([max(one) for one in people]),
        f"random, {DRAWS} draws a video": Score.of([drawn_at_random(video.counts, random) for video in videos]),
        "random, in closed form": Score.of([expected_at_random(video.counts) for video in videos]),
        "drawn in proportion to comments, as the proposals were": Score.of(
            [drawn_by_comments(video.counts, random, 2000) for video in videos]
        ),
    }
    rules = {name: Score.of([ps(rule(video.counts), video.counts) for video in videos]) for name, rule in RULES.items()}
    return found | rules


def _share_on_peaks(videos: Sequence[GifVideo]) -> float:
    """Of the people's seconds: those with more comments than both neighbours."""
    hits = []
    for video in videos:
        padded = np.concatenate([[-1], video.counts, [-1]])
        peak = (padded[1:-1] > padded[:-2]) & (padded[1:-1] > padded[2:])
        hits += [bool(peak[second]) for one in video.gifs for second in one]
    return float(np.mean(hits))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be trained."""

    methods: tuple[str, ...]
    epochs: dict[str, int]
    """Instead of each method's own, or nothing."""
    kept: Mapping[str, Any]
    """Rows of an earlier run."""


# --- summarisers on features ------------------------------------------------------------------------------------------


def ridge(train: Sequence[AnnotatedVideo], penalty: float = 10.0) -> Scorer:
    """Least squares on the features of one pick: what a summariser that sees the whole video has to beat."""
    rows, wanted = (np.concatenate([getattr(one, name) for one in train]) for name in ("features", "target"))
    mean, size = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    scaled = (rows - mean) / size
    weights = np.linalg.solve(
        scaled.T @ scaled + penalty * np.eye(scaled.shape[1]), scaled.T @ (wanted - wanted.mean())
    )
    return lambda video: (video.features - mean) / size @ weights


def scaled(train: Sequence[AnnotatedVideo]) -> Callable[[AnnotatedVideo], AnnotatedVideo]:
    """Features of mean 0 and deviation 1 over the training videos: the superframes' have units of their own."""
    rows = np.concatenate([one.features for one in train])
    mean, size = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    return lambda video: replace(video, features=((video.features - mean) / size).astype(np.float32))


SMALL: dict[str, dict[str, Any]] = {
    "ac-sum-gan": {"epochs": 15, "hidden": 32},
    "ac-sum-gan-elm": {"epochs": 30, "hidden": 32},
    "ca-sum": {"epochs": 40},
    "pgl-sum": {"epochs": 40, "learning_rate": 1e-3},
    "re-sum": {"epochs": 40, "size": "tiny"},
}
"""Settings for ten features instead of a thousand, on a CPU; set once, before anything was seen of the scores."""
THINNED = 2
"""Of SumMe every second pick is looked at, that is, one a second."""


def thinned(video: AnnotatedVideo, every: int = THINNED) -> AnnotatedVideo:
    return replace(video, picks=video.picks[::every], features=video.features[::every], target=video.target[::every])


def learned(
    name: str, settings: Mapping[str, Any], *, scale: bool
) -> Callable[[Sequence[AnnotatedVideo], int], Scorer]:
    """A summariser of the package, trained on one split."""
    from keyart.learn.summaries import SUMMARISERS

    def learn(train: Sequence[AnnotatedVideo], split: int) -> Scorer:
        ready = scaled(train) if scale else _same
        scorer = SUMMARISERS[name]([ready(one) for one in train], SEED + split, **settings)
        return lambda video: scorer(ready(video))

    return learn


def _same(video: AnnotatedVideo) -> AnnotatedVideo:
    return video


def references(
    videos: Sequence[AnnotatedVideo], judges: dict[str, Judge], splits: Sequence[VideoSplit], best: Best
) -> dict[str, Row]:
    """People, chance, and least squares on single picks."""
    return {
        "people": human_row(judges, splits),
        "random, mean of 100 runs": random_row(judges, splits, SEED),
        "least squares on single picks": evaluate(lambda train, _: ridge(train), videos, splits, best, judges),
    }


def rows_of(
    videos: Sequence[AnnotatedVideo],
    splits: Sequence[VideoSplit],
    best: Best,
    settings: Mapping[str, Mapping[str, Any]],
    *,
    scale: bool,
    kept: Mapping[str, Any],
    keep: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """References and every method of `settings`; one that cannot eat this data says why.

    `kept`: rows of an earlier run, taken over where their settings are the same; `keep` is told after each method.
    """
    judges = judges_of(videos, best)
    found = {name: _plain(row) for name, row in references(videos, judges, splits, best).items()}
    chance = found["random, mean of 100 runs"]
    for name, own in settings.items():
        if kept.get(name, {}).get("settings") == own and "skipped" not in kept[name]:
            found[name] = kept[name]
            continue
        begun = time.perf_counter()
        try:
            row = evaluate(learned(name, own, scale=scale), videos, splits, best, judges)
            found[name] = _plain(row) | {"settings": dict(own), "seconds": round(time.perf_counter() - begun, 1)}
            found[name]["tau above random"] = _above(found[name], chance)
        except (KeyartError, ImportError) as err:
            found[name] = {"skipped": str(err)}
        print(f"  {name:28} {json.dumps(found[name], ensure_ascii=False)[:150]}", flush=True)
        keep(found)
    return found


def _plain(row: Row) -> dict[str, Any]:
    return {
        "mean": _rounded(asdict(row.marks)),
        "half": _rounded(asdict(row.intervals)),
        "splits": [_rounded(asdict(one)) for one in row.splits],
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _above(row: Mapping[str, Any], chance: Mapping[str, Any]) -> list[float]:
    """Mean and half interval over splits of tau above chance, split by split."""
    apart = [one["tau"] - other["tau"] for one, other in zip(row["splits"], chance["splits"], strict=True)]
    return [round(float(np.mean(apart)), 4), round(half_interval(apart), 4)]


def as_table(found: Mapping[str, Any], title: str) -> dict[str, Any]:
    rows = []
    for name, row in found.items():
        if "skipped" in row:
            rows.append([name, "-", "-", "-", row["skipped"]])
            continue
        marks = [f"{row['mean'][one]:.3f} ± {row['half'][one]:.3f}" if one in row["mean"] else "-" for one in MARKS]
        above = row.get("tau above random")
        rows.append([name, *marks, f"{above[0]:+.3f} ± {above[1]:.3f}" if above else ""])
    return {"columns": [title, "F1", "τ", "ρ", "τ above random"], "align": "lrrrr", "rows": rows}


MARKS = ("f1", "tau", "rho")


def summe(folder: Path, chosen: Chosen, keep: Callable[[Part], None]) -> Part:
    """25 videos, five random splits of 20 and 5; F1 against the best of 15 to 18 people."""
    videos = [thinned(one) for one in read_summe(folder)]
    splits = random_splits([one.name for one in videos], SEED)
    title = f"SumMe, {len(videos)} videos, {len(splits)} splits"

    def part(found: Mapping[str, Any]) -> Part:
        return {"values": dict(found), "table": as_table(found, title)}

    choice = _plain(_of_choices(videos, splits, read_choices(folder)))
    settings = {name: SMALL.get(name, {}) | chosen.epochs for name in chosen.methods}
    rows = rows_of(videos, splits, "max", settings, scale=True, kept=chosen.kept, keep=lambda found: keep(part(found)))
    return part(rows | {"the choice of the features' own authors": choice})


def _of_choices(videos: Sequence[AnnotatedVideo], splits: Sequence[VideoSplit], choices: Mapping[str, Numbers]) -> Row:
    """A choice of frames instead of importance, through the same budget: kept frames are worth 1."""
    judges = judges_of(videos, "max")
    marks = {}
    for video in videos:
        at = np.minimum(video.picks, len(choices[video.name]) - 1)
        marks[video.name] = judges[video.name].marks(choices[video.name][at].astype(np.float64))
    rows = [mean_marks([marks[name] for name in split.test]) for split in splits]
    return Row(mean_marks(rows), tuple(rows))


def eccv16(path: Path | None, truth: Path, chosen: Chosen, keep: Callable[[Part], None]) -> Part:
    """The full table on the field's own features, where somebody has the file."""
    if path is None:
        reason = "no eccv16 HDF5 file was given (--eccv16 FILE): they cannot be had here"
        table = as_table({"every summariser": {"skipped": reason}}, "TVSum, GoogLeNet pool5")
        return {"skipped": reason, "table": table}
    videos = read_eccv16(path)
    best: Best = "mean" if len(videos) == 50 else "max"  # TVSum; SumMe has 25
    if best == "mean":
        people = read_tvsum_npz(truth / "tvsum50_scores.npz", truth / "tvsum50_info.json")
        videos = with_scores(videos, people)
    published = truth / "splits" / ("tvsum_splits.json" if best == "mean" else "summe_splits.json")
    names = [one.name for one in videos]
    splits = read_splits(published) if published.is_file() else random_splits(names, SEED)
    title = f"{path.name}, {len(splits)} splits"

    def part(found: Mapping[str, Any]) -> Part:
        return {"values": dict(found), "table": as_table(found, title)}

    settings = {name: dict(chosen.epochs) for name in chosen.methods}
    return part(
        rows_of(videos, splits, best, settings, scale=False, kept=chosen.kept, keep=lambda found: keep(part(found)))
    )


def scenes(folder: Path, seeds: int) -> Part:
    """Boundaries of scenes on films that were held out."""
    from bench.learn.scenes import scene_rows

    return scene_rows(folder, seeds)


# --- the command ------------------------------------------------------------------------------------------------------

PARTS = ("tvsum", "gifs", "summe", "scenes", "eccv16")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench learn-real", description=__doc__)
    parser.add_argument("--truth", type=Path, default=TRUTH)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--methods", nargs="*", help="summarisers; all by default")
    parser.add_argument("--epochs", type=int, default=0, help="of the summarisers; 0: each one's own")
    parser.add_argument("--seeds", type=int, default=1, help="times that the films are dealt out anew, for scenes")
    parser.add_argument("--again", action="store_true", help="train anew what an earlier run has trained")
    parser.add_argument("--eccv16", type=Path, help="one of the field's HDF5 files")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="folder for learn_real.json")
    chosen = parser.parse_args(arguments)
    path = chosen.output / "learn_real.json"
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    result |= {"commit": commit(), "machine": machine(("numpy", "scipy", "torch")), "seed": SEED}
    parts = result.setdefault("parts", {})
    for name in chosen.only:

        def keep(part: Part, name: str = name) -> None:
            """Written as it grows: a run that is stopped has measured something."""
            parts[name] = part
            result["tables"] = {f"learn_{one}": made["table"] for one, made in parts.items()}
            result["facts"] = {key: value for made in parts.values() for key, value in made.get("facts", {}).items()}
            write_result("learn_real", result, chosen.output)

        print(f"{name} ...", flush=True)
        keep(_part(name, chosen, parts.get(name, {}), keep))
        _show(parts[name])
    return 0


def _part(name: str, chosen: argparse.Namespace, before: Part, keep: Callable[[Part], None]) -> Part:
    if name == "tvsum":
        return tvsum(chosen.truth / "tvsum")
    if name == "gifs":
        return gifs(chosen.truth / "gif_thumbnails")
    if name == "scenes":
        return scenes(chosen.truth / "shots", chosen.seeds)
    wanted = Chosen(
        methods=tuple(_methods() if chosen.methods is None else chosen.methods),
        epochs={"epochs": chosen.epochs} if chosen.epochs else {},
        kept={} if chosen.again else before.get("values", {}),
    )
    if name == "summe":
        return summe(chosen.truth / "summe", wanted, keep)
    return eccv16(chosen.eccv16, chosen.truth / "tvsum", wanted, keep)


def _methods() -> list[str]:
    from keyart.learn.summaries import SUMMARISERS

    return list(SUMMARISERS)


def _show(part: Part) -> None:
    for row in [part["table"]["columns"], *part["table"]["rows"]]:
        print("  " + "  ".join(f"{cell:<22}" for cell in row))
    for key, value in part.get("facts", {}).items():
        print(f"  {key}: {value}")


if __name__ == "__main__":
    sys.exit(main())
