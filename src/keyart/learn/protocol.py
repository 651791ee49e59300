"""How the field judges summaries of TVSum and SumMe: pure functions, no torch.

Importance at the picks is held to the next pick, averaged over segments, and a 0/1 knapsack keeps 15 % of the frames:
F1 of those against what people kept (best person for SumMe, mean for TVSum). Beside it the rank correlations of
importance with people's (Otani et al., CVPR 2019: Kendall's tau-b and Spearman's rho at every 15th frame), on which,
unlike F1, a random choice does not score well. Five splits, 80 % to train on.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from keyart.errors import MissingFile
from keyart.learn.data import BadData
from keyart.learn.sets.values import AnnotatedVideo, VideoSplit, chosen
from keyart.teasers.summary.knapsack import knapsack

STRIDE = 15
BUDGET_SHARE = 0.15
SPLITS = 5
TEST_SHARE = 0.2
RANDOM_RUNS = 100
Numbers = NDArray[Any]
Segments = NDArray[np.int64]
Correlation = Callable[[Numbers, Numbers], float]
Best = Literal["max", "mean"]
"""Over people: SumMe takes the best F1, TVSum the mean."""
Scorer = Callable[[AnnotatedVideo], Numbers]
"""A video -> importance at its picks, shape (n,)."""


# --- rank correlations ----------------------------------------------------------------------------------------------


def kendall_tau(one: Numbers, other: Numbers) -> float:
    """Tau-b, which counts ties; 0 where one of the two is constant."""
    from scipy.stats import kendalltau  # type: ignore[import-untyped]  # ships no types

    if _constant(one) or _constant(other):
        return 0.0
    return float(kendalltau(one, other).statistic)


def spearman_rho(one: Numbers, other: Numbers) -> float:
    """Correlation of ranks, ties at their mean rank; 0 where one of the two is constant."""
    from scipy.stats import spearmanr  # ships no types

    if _constant(one) or _constant(other):
        return 0.0
    return float(spearmanr(one, other).statistic)


def _constant(values: Numbers) -> bool:
    return bool(np.all(values == values[0]))


def kendall_taus(left: Numbers, right: Numbers) -> NDArray[np.float64]:
    """Tau-b of each row of `left` (m, n) with each of `right` (k, n), shape (m, k); a constant row scores 0.

    All pairs at once, as a product of signs: for a hundred random runs far faster than one by one.
    """
    shared = np.zeros((len(left), len(right)))
    untied = np.zeros(len(left)), np.zeros(len(right))
    for at in range(left.shape[1] - 1):
        one, other = (np.sign(rows[:, at + 1 :] - rows[:, at : at + 1]).astype(np.float32) for rows in (left, right))
        shared += one @ other.T
        untied = untied[0] + np.abs(one).sum(axis=1), untied[1] + np.abs(other).sum(axis=1)
    return _divided(shared, np.sqrt(np.outer(*untied)))


def spearman_rhos(left: Numbers, right: Numbers) -> NDArray[np.float64]:
    """Rho of each row of `left` with each of `right`, shape (m, k); a constant row scores 0."""
    from scipy.stats import rankdata

    ranks = [rankdata(rows, axis=1) for rows in (left, right)]
    apart = [one - one.mean(axis=1, keepdims=True) for one in ranks]
    sizes = np.outer(*(np.linalg.norm(one, axis=1) for one in apart))
    return _divided(apart[0] @ apart[1].T, sizes)


def _divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def pairwise_agreement(users: Numbers, correlation: Correlation) -> float:
    """Mean over all pairs of people; `users` is (people, frames)."""
    values = [correlation(users[a], users[b]) for a in range(len(users)) for b in range(a + 1, len(users))]
    return float(np.mean(values))


def agreement_with_the_rest(users: Numbers, correlation: Correlation) -> float:
    """Mean over people of one against the mean of all others."""
    total = users.astype(np.float64).sum(axis=0)
    return float(np.mean([correlation(one, (total - one) / (len(users) - 1)) for one in users]))


def agreement(scores: Numbers, users: Numbers, correlation: Correlation) -> float:
    """Mean over people of importance scores against theirs."""
    return float(np.mean([correlation(scores, one) for one in users]))


# --- key shots ----------------------------------------------------------------------------------------------------


def frame_scores(at_picks: Numbers, picks: NDArray[np.int64], num_frames: int) -> NDArray[np.float64]:
    """Importance of every frame: that of the last pick before it; before the first pick, that of the first.

    >>> frame_scores(np.array([1.0, 2.0]), np.array([0, 3]), 5).tolist()
    [1.0, 1.0, 1.0, 2.0, 2.0]
    """
    values = np.asarray(at_picks, np.float64)
    if values.shape != picks.shape or not len(values) or not np.isfinite(values).all():
        raise BadData(f"{values.shape} scores for {picks.shape} picks; wanted is one finite number for each")
    at = np.searchsorted(picks, np.arange(num_frames), side="right") - 1
    return np.asarray(values[np.maximum(at, 0)], np.float64)


def key_shots(scores: Numbers, segments: Segments, share: float = BUDGET_SHARE) -> NDArray[np.bool_]:
    """Which frames are kept: segments by mean score, 0/1 knapsack over at most `share` of the frames.

    `scores` is (frames,), `segments` (s, 2) with first and last frame.
    """
    totals = np.concatenate([[0.0], np.cumsum(scores, dtype=np.float64)])
    lengths = segments[:, 1] - segments[:, 0] + 1
    means = (totals[segments[:, 1] + 1] - totals[segments[:, 0]]) / lengths
    kept = np.zeros(len(scores), np.bool_)
    for number in knapsack(lengths.tolist(), means.tolist(), int(len(scores) * share)):
        kept[segments[number, 0] : segments[number, 1] + 1] = True
    return kept


def f1(kept: Numbers, truth: Numbers) -> float:
    """Of kept frames against another person's: 2PR / (P + R); 0 where nothing is shared."""
    shared = float((kept & truth).sum())
    return 2 * shared / float(kept.sum() + truth.sum()) if shared else 0.0


def f1_against(kept: Numbers, users: Numbers, how: Callable[[list[float]], float] = max) -> float:
    """Against several people: SumMe takes the best (`max`), TVSum the mean."""
    return how([f1(kept, one) for one in users])


def kept_by_people(video: AnnotatedVideo) -> NDArray[np.bool_]:
    """What each person kept, shape (people, frames); where only importance was asked for, their own key shots."""
    if len(video.summaries):
        return video.summaries
    if not len(video.scores):
        raise BadData(f"{video.name}: nobody's scores or summaries to be judged by")
    return np.stack([key_shots(one, video.segments) for one in video.scores])


# --- segments where a set brings none -------------------------------------------------------------------------------


def kts_segments(
    features: NDArray[np.float32], picks: NDArray[np.int64], num_frames: int, most: int = 0, penalty: float = 1.0
) -> Segments:
    """Kernel temporal segmentation (Potapov et al., ECCV 2014) of the rows of `features`, (s, 2) in frames.

    Dynamic programming over change points: least scatter within segments, `penalty` / (2n) * m (log(n / m) + 1) for m
    change points against too many of them, m up to `most` (0: one for every ten picks). Linear kernel, rows of norm 1.
    """
    count = len(features)
    if count != len(picks) or not count:
        raise BadData(f"{features.shape} features for {len(picks)} picks")
    most = min(most or max(1, count // 10), count - 1)
    costs, came = _best_cuts(_scatters(features), most)
    changes = np.arange(1, most + 1)
    price = penalty / (2 * count) * changes * (np.log(count / changes) + 1)
    number = int(np.argmin(costs / count + np.concatenate([[0.0], price])))
    cuts, end = [], count
    for row in range(number, 0, -1):
        end = int(came[row, end])
        cuts.append(end)
    first = np.array([0, *(int(picks[one]) for one in reversed(cuts))], np.int64)
    return np.stack([first, np.append(first[1:], num_frames) - 1], axis=1)


def _scatters(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """[a, b] = sum over rows a ... b - 1 of their squared distance from the mean of these, shape (n + 1, n + 1)."""
    rows = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    squares = np.concatenate([[0.0], np.cumsum((rows**2).sum(axis=1, dtype=np.float64))])
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    inner = sums @ sums.T
    norms = np.diag(inner)[None, :] + np.diag(inner)[:, None] - 2 * inner
    at = np.arange(len(sums))
    lengths = at[None, :] - at[:, None]
    found = squares[None, :] - squares[:, None] - norms / np.maximum(lengths, 1)
    return np.where(lengths > 0, np.maximum(found, 0.0), np.inf)


def _best_cuts(scatter: NDArray[np.float64], most: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Least scatter of the whole with m cuts, shape (most + 1,), and where the last of m cuts before each end lies."""
    best = scatter[0].copy()
    totals, came = [float(best[-1])], np.zeros((most + 1, len(best)), np.int64)
    for row in range(1, most + 1):
        options = best[:, None] + scatter
        came[row] = options.argmin(axis=0)
        best = options.min(axis=0)
        totals.append(float(best[-1]))
    return np.array(totals), came


# --- splits ---------------------------------------------------------------------------------------------------------


def random_splits(names: Iterable[str], seed: int = 0, count: int = SPLITS) -> tuple[VideoSplit, ...]:
    """`count` draws of 80 % to train on and 20 % to be judged by, each video at most once in a split."""
    ordered = sorted(names)
    held = max(1, round(TEST_SHARE * len(ordered)))
    if len(ordered) < 2 or len(set(ordered)) < len(ordered):
        raise BadData(f"{len(ordered)} videos, {len(set(ordered))} names; wanted are two or more, each once")
    splits = []
    for number in range(count):
        drawn = random.Random(f"{seed} {number}").sample(ordered, len(ordered))
        splits.append(VideoSplit(tuple(sorted(drawn[held:])), tuple(sorted(drawn[:held]))))
    return tuple(splits)


def read_splits(path: Path) -> tuple[VideoSplit, ...]:
    """Splits as the field gives them out: [{"train_keys": ["video_1" or "file.h5/video_1", ...], "test_keys": [...]}].

    Raises `MissingFile`, `BadData`.
    """
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return tuple(VideoSplit(*(_keys(row[side]) for side in ("train_keys", "test_keys"))) for row in rows)
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        if isinstance(err, BadData):
            raise BadData(f"{path}: {err}") from err
        raise BadData(f'{path}: wanted is [{{"train_keys": [...], "test_keys": [...]}}, ...]') from err


def _keys(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.rpartition("/")[2] for name in names)


# --- rows of a table ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Marks:
    """F1 as a share of 1, tau and rho."""

    f1: float
    tau: float
    rho: float


@dataclass(frozen=True, slots=True)
class Row:
    """Means over the splits' means over their test videos, and those means."""

    marks: Marks
    splits: tuple[Marks, ...]

    @property
    def intervals(self) -> Marks:
        """Half widths of the 95 % t-interval over splits. Random splits overlap: it is narrower than it should be."""
        return Marks(*(half_interval([getattr(one, name) for one in self.splits]) for name in ("f1", "tau", "rho")))


def half_interval(values: Sequence[float]) -> float:
    """Half width of the 95 % t-interval of the mean; 0 for one value."""
    from scipy.stats import t

    if len(values) < 2:
        return 0.0
    return float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))


def mean_marks(marks: Sequence[Marks]) -> Marks:
    return Marks(*(float(np.mean([getattr(one, name) for one in marks])) for name in ("f1", "tau", "rho")))


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """One video's truth, made ready: judging a hundred scorers by it is then cheap.

    Where a set has people's scores, correlations are the mean over people; where it has only what they kept (SumMe),
    they are with the share of people who kept a frame.
    """

    video: AnnotatedVideo
    kept: NDArray[np.bool_]
    wanted: NDArray[np.float64]
    """Shape (people or 1, strided frames)."""
    best: Best

    @classmethod
    def of(cls, video: AnnotatedVideo, best: Best) -> Judge:
        kept = kept_by_people(video)
        wanted = video.scores if len(video.scores) else kept.mean(axis=0, keepdims=True)
        return cls(video, kept, wanted[:, ::STRIDE].astype(np.float64), best)

    def marks(self, at_picks: Numbers) -> Marks:
        return self.all_marks(np.asarray(at_picks)[None])[0]

    def all_marks(self, rows: Numbers) -> list[Marks]:
        """Of several scorers at once; `rows` is (scorers, n)."""
        frames = np.stack([frame_scores(row, self.video.picks, self.video.num_frames) for row in rows])
        taus, rhos = (each(frames[:, ::STRIDE], self.wanted) for each in (kendall_taus, spearman_rhos))
        shots = [self.f1_of(key_shots(one, self.video.segments)) for one in frames]
        return [Marks(*one) for one in zip(shots, taus.mean(axis=1), rhos.mean(axis=1), strict=True)]

    def f1_of(self, kept: NDArray[np.bool_]) -> float:
        """Of frames that were kept, against all people."""
        return _over(self.best, [f1(kept, one) for one in self.kept])


def _over(best: Best, values: Sequence[float]) -> float:
    return float(max(values) if best == "max" else np.mean(values))


def judges_of(videos: Iterable[AnnotatedVideo], best: Best) -> dict[str, Judge]:
    """Name -> judge. What people kept is worked out here, once."""
    return {one.name: Judge.of(one, best) for one in videos}


def evaluate(
    learn: Callable[[Sequence[AnnotatedVideo], int], Scorer],
    videos: Sequence[AnnotatedVideo],
    splits: Sequence[VideoSplit],
    best: Best,
    judges: dict[str, Judge] | None = None,
) -> Row:
    """`learn(training videos, number of the split)` gives a scorer; it is judged by the split's test videos.

    Raises `BadData` for scores of another length than the picks, or that are not finite.
    """
    judges = judges_of(videos, best) if judges is None else judges
    rows = []
    for number, split in enumerate(splits):
        scorer = learn(chosen(videos, split.train), number)
        rows.append(mean_marks([judges[one.name].marks(scorer(one)) for one in chosen(videos, split.test)]))
    return Row(mean_marks(rows), tuple(rows))


def random_row(judges: dict[str, Judge], splits: Sequence[VideoSplit], seed: int = 0, runs: int = RANDOM_RUNS) -> Row:
    """Importance drawn evenly at each pick: mean of `runs` runs."""
    source = np.random.default_rng(seed)
    found = {}
    for name, judge in judges.items():
        found[name] = mean_marks(judge.all_marks(source.random((runs, len(judge.video.picks)))))
    return _row(found, splits)


def human_row(judges: dict[str, Judge], splits: Sequence[VideoSplit]) -> Row:
    """People against each other: F1 of each against all others, correlation of each pair (scores), or of each with the
    share of the others who kept a frame (summaries)."""
    return _row({name: human_marks(judge) for name, judge in judges.items()}, splits)


def human_marks(judge: Judge) -> Marks:
    """Raises `BadData` where there is one person only."""
    kept, count = judge.kept, len(judge.kept)
    if count < 2:
        raise BadData(f"{judge.video.name}: one person agrees with nobody; two or more are wanted")
    shots = [_over(judge.best, [f1(kept[a], kept[b]) for b in range(count) if b != a]) for a in range(count)]
    if len(judge.video.scores):
        pairs = np.triu_indices(count, 1)
        tau, rho = (float(each(judge.wanted, judge.wanted)[pairs].mean()) for each in (kendall_taus, spearman_rhos))
    else:
        strided = kept[:, ::STRIDE].astype(np.float64)
        tau, rho = (agreement_with_the_rest(strided, each) for each in (kendall_tau, spearman_rho))
    return Marks(float(np.mean(shots)), tau, rho)


def _row(found: dict[str, Marks], splits: Sequence[VideoSplit]) -> Row:
    rows = [mean_marks([found[name] for name in split.test]) for split in splits]
    return Row(mean_marks(rows), tuple(rows))
