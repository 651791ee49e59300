"""Boundaries of scenes on 34 films with VGG19 features of shots: every film is held out once.

What learns and what is tuned sees the training films of a fold alone. The null control trains on shuffled labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keyart.learn.protocol import half_interval
from keyart.learn.scenes.measures import (
    Begins,
    boundary_f1,
    coverage_overflow_f1,
    tuned_neighbours,
    tuned_steps,
)
from keyart.learn.scenes.recipe import FOLDS, LearnScenes, files_of, folds, label_shuffled
from keyart.learn.sets.scenes import SceneFilm, read_scenes
from keyart.learn.training import rng

SEED = 7
Group = Callable[[SceneFilm], Begins]
Fit = Callable[[Sequence[SceneFilm], int], Group]


def at_random(train: Sequence[SceneFilm], seed: int) -> Group:
    """A scene begins as often as in the training films, anywhere."""
    share = float(np.concatenate([one.begins[1:] for one in train]).mean())

    def group(film: SceneFilm) -> Begins:
        drawn = rng(seed, film.name).random(len(film.begins)) < share
        drawn[0] = True
        return np.asarray(drawn, np.bool_)

    return group


LEARNED, NEIGHBOURS = "BiLSTM over likeness", "nearest neighbours, tuned"
METHODS: Mapping[str, Fit] = {
    LEARNED: lambda train, seed: LearnScenes().fitted(train, seed),
    NEIGHBOURS: lambda train, _: tuned_neighbours(train),
    "each shot and the next, tuned": lambda train, _: tuned_steps(train),
    "the BiLSTM on shuffled labels": lambda train, seed: LearnScenes().fitted(label_shuffled(train, seed), seed),
    "random, as many boundaries": at_random,
}


def scene_rows(folder: Path, seeds: int = 1) -> dict[str, Any]:
    """Means over films and half widths of their 95 % intervals; differences to the neighbours film by film.

    For each of several `seeds` the films are dealt out and everything trained anew; a film counts with its mean.
    """
    films = read_scenes(*files_of(folder))
    found: dict[str, dict[str, list[tuple[float, float]]]] = {name: defaultdict(list) for name in METHODS}
    for seed in range(SEED, SEED + seeds):
        for number, (train, held) in enumerate(folds(films, seed)):
            for name, fit in METHODS.items():
                group = fit(train, 100 * (seed - SEED) + SEED + number)
                for film in held:
                    begins = group(film)
                    marks = boundary_f1(begins, film.begins), coverage_overflow_f1(begins, film.begins)
                    found[name][film.name].append(marks)
            print(f"  seed {seed - SEED + 1} of {seeds}, fold {number + 1} of {FOLDS}", flush=True)
    means = {name: {film: _mean(marks) for film, marks in rows.items()} for name, rows in found.items()}
    values = {name: _told(marks, means[NEIGHBOURS]) for name, marks in means.items()}
    return {"values": values, "seeds": seeds, "table": _table(values, films, seeds)}


def _mean(marks: Sequence[tuple[float, float]]) -> tuple[float, float]:
    first, second = np.mean(marks, axis=0)
    return float(first), float(second)


def _told(marks: Mapping[str, tuple[float, float]], near: Mapping[str, tuple[float, float]]) -> dict[str, list[float]]:
    rows = {
        "f1": [one for one, _ in marks.values()],
        "coverage_overflow_f1": [one for _, one in marks.values()],
        "above neighbours": [one - near[name][0] for name, (one, _) in marks.items()],
    }
    return {name: [round(float(np.mean(one)), 4), round(half_interval(one), 4)] for name, one in rows.items()}


def _table(
    values: Mapping[str, Mapping[str, Sequence[float]]], films: Sequence[SceneFilm], seeds: int
) -> dict[str, Any]:
    shots = sum(len(one.begins) for one in films)
    rows = []
    for name, row in values.items():
        cells = [f"{row[one][0]:.3f} ± {row[one][1]:.3f}" for one in ("f1", "coverage_overflow_f1")]
        above = row["above neighbours"]
        rows.append([name, *cells, "" if name == NEIGHBOURS else f"{above[0]:+.3f} ± {above[1]:.3f}"])
    about = f"scenes of {len(films)} films, {shots} shots, dealt out {seeds} times"
    columns = [about, "F1", "coverage/overflow F1", "F1 above neighbours"]
    return {"columns": columns, "align": "lrrr", "rows": rows}
