"""The seed's model (§3.3): a random forest, its settings sought on 80 and 20 parts of 100, then five folds.

Two tasks: the score, by mean absolute error, and whether it is 5.5 or more, by accuracy. Folds are balanced by the
quantile that a score lies in. Clips of one group stay together, where groups are known: the seed's set has none.

Beyond the seed: where it is known of every feature that more of it is worse, and takes of one group can be compared,
the score is a forest's in part and a smooth slope's in part (`slopes`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingExtra
from keyart.learn.judge.slopes import Slope, fit_slope

Floats = NDArray[np.float64]
Task = Literal["classification", "regression"]
TASKS: tuple[Task, ...] = ("classification", "regression")
GOOD = 5.5
"""From this score on a clip is of the better class."""
FOLDS = 5
BINS = 5
"""Quantiles that folds are balanced by."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rated clips as rows."""

    X: Floats
    """Shape (clips, features)."""
    y: Floats
    """Scores."""
    groups: NDArray[np.int64]
    """Number of each clip's group."""
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Folds:
    """The scores of the folds; accuracy in per cent, or mean absolute error."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def deviation(self) -> float:
        return float(np.std(self.values))

    def __str__(self) -> str:
        return f"{self.mean:.2f} ± {self.deviation:.2f}"


def quantile_bins(scores: Floats, bins: int = BINS) -> NDArray[np.int64]:
    """Number of the quantile, 0 ... bins - 1, that each score lies in.

    >>> quantile_bins(np.array([1.0, 9.0, 2.0, 8.0]), 2).tolist()
    [0, 1, 0, 1]
    """
    edges = np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1])
    return np.searchsorted(np.unique(edges), scores, side="right").astype(np.int64)


def make_forest(task: Task, settings: Mapping[str, Any], seed: int, signs: Sequence[int] = ()) -> Any:
    """An untrained forest. `signs`: what more of each feature does to the score, -1, 0 or 1; no tree breaks it."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestRegressor if task == "regression" else RandomForestClassifier
    held = list(signs) if any(signs) else None
    return kind(random_state=seed, monotonic_cst=held, n_jobs=1, **settings)


SLOPE_SHARE = 0.7
"""Part of the score that is the slope's, where there is one."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fitted forest, and the slope beside it."""

    forest: Any
    slope: Slope | None = None

    def predict(self, X: Floats) -> Any:
        """Scores, or classes; shape (clips,)."""
        found = self.forest.predict(X)
        return found if self.slope is None else (1 - SLOPE_SHARE) * found + SLOPE_SHARE * self.slope.predict(X)


def fitted(
    task: Task,
    settings: Mapping[str, Any],
    table: Table,
    seed: int,
    signs: Sequence[int] = (),
    rows: NDArray[np.int64] | None = None,
) -> Model:
    """A model of these rows of the table, of all where none are given."""
    chosen = np.arange(len(table.y)) if rows is None else rows
    X, y = table.X[chosen], table.y[chosen]
    forest = make_forest(task, settings, seed, signs).fit(X, target(task, y))
    slopes = task == "regression" and len(signs) > 0 and all(one < 0 for one in signs)
    return Model(forest, fit_slope(X, y, table.groups[chosen]) if slopes else None)


def target(task: Task, scores: Floats) -> Any:
    return scores if task == "regression" else (scores >= GOOD).astype(np.int64)


def grade(task: Task, model: Any, X: Floats, y: Any) -> float:
    """Mean absolute error, or accuracy in per cent, of whatever predicts."""
    found = model.predict(X)
    return float(np.abs(found - y).mean()) if task == "regression" else 100 * float((found == y).mean())


def split_80_20(table: Table, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to learn from and to look at: one of five balanced folds."""
    return next(iter(folds_of(table, seed)))


def folds_of(table: Table, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Five pairs of rows: (learn, look). Balanced by quantile; groups are not torn apart."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    bins = _bins(table.y)
    if len(np.unique(table.groups)) == len(table.groups):
        return list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(table.X, bins))
    return list(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(table.X, bins, table.groups))


def _bins(scores: Floats) -> NDArray[np.int64]:
    """Quantiles of which each has a clip for every fold: fewer in a small set."""
    for count in range(BINS, 1, -1):
        bins = quantile_bins(scores, count)
        if np.bincount(bins).min() >= FOLDS:
            return bins
    return np.zeros(len(scores), np.int64)


def tune(table: Table, task: Task, trials: int, seed: int, signs: Sequence[int] = ()) -> dict[str, Any]:
    """The forest's settings that do best on the 20 parts (Optuna, TPE). Raises `MissingExtra`."""
    try:
        import optuna
    except ImportError as err:
        raise MissingExtra("optuna", extra="learn") from err
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    learn, look = split_80_20(table, seed)
    y = target(task, table.y)

    def objective(trial: Any) -> float:
        settings = {
            "n_estimators": trial.suggest_int("n_estimators", 40, 160, step=20),
            "max_depth": trial.suggest_int("max_depth", 3, 16),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 8),
            "max_features": trial.suggest_float("max_features", 0.1, 1.0),
        }
        forest = make_forest(task, settings, seed, signs).fit(table.X[learn], y[learn])
        return grade(task, forest, table.X[look], y[look])

    way = "minimize" if task == "regression" else "maximize"
    study = optuna.create_study(direction=way, sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=trials, show_progress_bar=False)
    return dict(study.best_params)


def cross_validated(
    table: Table, task: Task, settings: Mapping[str, Any], seed: int, signs: Sequence[int] = ()
) -> Folds:
    y = target(task, table.y)
    found = []
    for learn, look in folds_of(table, seed):
        model = fitted(task, settings, table, seed, signs, learn)
        found.append(grade(task, model, table.X[look], y[look]))
    return Folds(tuple(found))
