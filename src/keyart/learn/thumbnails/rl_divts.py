"""RL-DiVTS: thumbnails that are fine pictures, stand for the video and differ from one another (D5.4 §3.2).

    keyart learn thumbnails --data ovp.h5 --out ovp

    x_1 ... x_T -> BiLSTM -> i       s = a o i,  f_1 = N(s)
    pictures    -> judge  -> a       p_m drawn from f_m;  f_m = N(f_{m-1} o (1 - u of p_{m-1}))
                                     R = alpha R_aes + beta D R_rep + gamma R_div, averaged over the episodes

Nobody's choices are learned from: the reward is. They are what it is scored by, on videos that training has not seen.
Sizes, rates and numbers of episodes, layers and epochs are those of the authors' published settings; the document gives
none. Theirs, too: the epoch of the highest reward on the training videos is kept.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keyart.cache import file_sha256
from keyart.learn.data import BadData
from keyart.learn.export import write_kamodel
from keyart.learn.files import write_facts
from keyart.learn.thumbnails.matching import TOP, top_matching
from keyart.learn.thumbnails.videos import ThumbnailVideo, looked_at, read_thumbnail_h5, watched
from keyart.learn.training import (
    Plan,
    Precision,
    Say,
    autocast,
    plain_settings,
    rng,
    seeded,
    shuffled,
    stamp_of,
    train,
)
from keyart.models.kamodel import LearnedCard
from keyart.settings import check_ranges

NAME = "thumbnails"
_BOUNDS: dict[str, tuple[float, float]] = {
    "picks": (1, 50), "hidden": (1, 8192), "layers": (1, 8), "episodes": (1, 1000), "epochs": (1, 10_000),
    "batch": (1, 4096), "learning_rate": (1e-12, 1.0), "max_norm": (1e-6, 1e9), "rep_scale": (0.0, 1e9),
    "alpha": (0.0, 1e6), "beta": (0.0, 1e6), "gamma": (0.0, 1e6), "baseline": (0.0, 0.999),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LearnThumbnails:
    """Thumbnails: what is worth picking, learned from rewards for beauty, likeness to the whole, and variety."""

    data: Path
    """File of features, aesthetics and likenesses (.h5), or a folder of videos (see docs/learn-thumbnails.md)."""
    out: Path
    """Folder for the checkpoint, the scores and ranker.kamodel."""
    aesthetics: Path | None = None
    """Weights of the aesthetic network; without any the stills' own terms judge. A file of features has its own."""
    picks: int = 3
    """M: thumbnails of a video."""
    alpha: float = 1.0
    """Of the aesthetic reward."""
    beta: float = 1.0
    """Of the representativeness reward."""
    gamma: float = 1.0
    """Of the diversity reward."""
    rep_scale: float = 0.0
    """D, which brings the representativeness reward to the scale of the other two; 0: measured on random picks."""
    demote: bool = True
    """Whether what is like a picked frame becomes less likely to be picked."""
    hidden: int = 512
    """Size of the state of each direction of the LSTM."""
    layers: int = 2
    """Of the LSTM."""
    episodes: int = 10
    """N: of each video in each step."""
    epochs: int = 200
    """Times through the training videos."""
    batch: int = 40
    """Videos in one step."""
    learning_rate: float = 1e-4
    """Of Adam."""
    max_norm: float = 5.0
    """To which longer gradients are cut."""
    baseline: float = 0.9
    """How much of a video's running mean reward, which is taken off the reward, stays in each step."""
    precision: Precision = "full"
    """bf16: mixed precision."""
    seed: int = 0
    """For the split (80 / 20), the weights, the order of the videos and what episodes pick."""

    def __post_init__(self) -> None:
        check_ranges(self, **_BOUNDS)

    def __call__(self, say: Callable[[str], None] = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/thumbnails.json`.

        Raises `MissingExtra`, `MissingFile`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        opened = open_videos(self)
        learned_from, held_out = split_videos(opened.videos, self.seed)
        network, history = fit(learned_from, self, self.out, stamp_of(self, opened.sha256), say)
        test = {"top3": evaluated(network, held_out, self), "top3_random": at_random(held_out, self)}
        best_reward = max(one.validation["reward"] for one in history)
        facts = _facts(self, opened, test) | {"best_reward": round(best_reward, 4), "epochs": len(history)}
        write_facts(self.out / f"{NAME}.json", facts)
        _export(self, opened, network, test)
        return facts


# --- data -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """What was read, and what stands for it in the card."""

    videos: tuple[ThumbnailVideo, ...]
    name: str
    sha256: str
    extractor: str
    judge: str


def open_videos(recipe: LearnThumbnails) -> Opened:
    """Raises `MissingFile`, `MissingExtra`, `BadModel`, `BadData`."""
    data = recipe.data
    if data.suffix in (".h5", ".hdf5"):
        return Opened(read_thumbnail_h5(data), data.name, file_sha256(data), f"set:{data.stem}", "the set's")
    from keyart.learn.thumbnails.aesthetics import judge_of

    judge, called = judge_of(recipe.aesthetics)
    found = tuple(watched(data))
    videos = tuple(looked_at(file, chosen, judge) for file, chosen in found)
    mark = " ".join(f"{file_sha256(file)} {chosen}" for file, chosen in found)
    return Opened(videos, data.name, hashlib.sha256(mark.encode()).hexdigest(), "stills.classical", called)


def split_videos(
    videos: Sequence[ThumbnailVideo], seed: int
) -> tuple[tuple[ThumbnailVideo, ...], tuple[ThumbnailVideo, ...]]:
    """80 / 20. Raises `BadData` for a single video."""
    if len(videos) < 2:
        raise BadData("one video cannot be split 80/20; two or more are wanted")
    order = list(videos)
    random.Random(f"thumbnails {seed}").shuffle(order)
    held = max(1, round(0.2 * len(order)))
    return tuple(order[held:]), tuple(order[:held])


# --- training -------------------------------------------------------------------------------------------------------


class _Rows:
    """A video's tensors, and what its frames have to do with each other."""

    def __init__(self, video: ThumbnailVideo) -> None:
        import torch

        from keyart.learn.thumbnails.rewards import distances_of, similarities_of
        from keyart.models.hub import device

        self.name = video.name
        self.x = torch.from_numpy(np.ascontiguousarray(video.features)).to(device())
        self.a = torch.from_numpy(np.ascontiguousarray(video.aesthetics)).to(device())
        self.distances, self.similarities = distances_of(self.x), similarities_of(self.x)


class _RlDivts:
    def __init__(self, videos: Sequence[ThumbnailVideo], recipe: LearnThumbnails) -> None:
        import torch

        from keyart.learn.thumbnails.nets import ImportanceEstimator
        from keyart.learn.thumbnails.rewards import Weighing
        from keyart.models.hub import device

        self.recipe, self.rows = recipe, [_Rows(one) for one in videos]
        self.weighing = Weighing(recipe.alpha, recipe.beta, recipe.gamma, recipe.rep_scale)
        if not recipe.rep_scale:
            self.weighing = Weighing(recipe.alpha, recipe.beta, recipe.gamma, measured_scale(self.rows, recipe))
        self.network = ImportanceEstimator(self.rows[0].x.shape[1], recipe.hidden, recipe.layers).to(device())
        self.baselines: dict[str, float] = {}
        self.modules = {"network": self.network}
        self.optimisers = {"adam": torch.optim.Adam(self.network.parameters(), lr=recipe.learning_rate)}
        self.schedulers: dict[str, Any] = {}

    def epoch(self, number: int) -> list[list[_Rows]]:
        order = shuffled(self.rows, self.recipe.seed, number)
        return [order[at : at + self.recipe.batch] for at in range(0, len(order), self.recipe.batch)]

    def step(self, item: list[_Rows]) -> dict[str, Any]:
        import torch

        self.optimisers["adam"].zero_grad()
        rewards = 0.0
        for rows in item:
            loss, reward = self.episodes(rows)
            (loss / len(item)).backward()
            rewards += reward / len(item)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.max_norm)
        self.optimisers["adam"].step()
        return {"reward": rewards}

    def episodes(self, rows: _Rows) -> tuple[Any, float]:
        """Loss with gradient, and mean reward, of N episodes on one video."""
        from keyart.learn.thumbnails.rewards import pick, reinforce_loss

        recipe = self.recipe
        count = min(recipe.picks, len(rows.x))
        picked = pick(self.scores(rows), rows.similarities, count, recipe.episodes, demote=recipe.demote)
        rewards = self.weighing.reward(rows.a, rows.distances, picked.frames)
        mean = float(rewards.mean())
        before = self.baselines.get(rows.name, mean)
        self.baselines[rows.name] = recipe.baseline * before + (1 - recipe.baseline) * mean
        return reinforce_loss(picked.log_probabilities, rewards, before), mean

    def scores(self, rows: _Rows) -> Any:
        """s = a o i, (T,)."""
        with autocast(self.recipe.precision):
            importance = self.network(rows.x[None])[0]
        return rows.a * importance.float()

    def validate(self) -> dict[str, float]:
        """Of what would be shown of the training videos: it needs nobody's choices."""
        return {"reward": float(np.mean([self._reward(one) for one in self.rows]))}

    def _reward(self, rows: _Rows) -> float:
        import torch

        from keyart.learn.thumbnails.rewards import best

        picked = best(self.scores(rows), rows.similarities, self.recipe.picks, demote=self.recipe.demote)
        frames = torch.tensor([picked], device=rows.x.device)
        return float(self.weighing.reward(rows.a, rows.distances, frames)[0])

    def state(self) -> dict[str, Any]:
        return {"baselines": dict(self.baselines)}

    def restore(self, state: dict[str, Any]) -> None:
        self.baselines = dict(state["baselines"])


def measured_scale(videos: Sequence[_Rows], recipe: LearnThumbnails, draws: int = 20) -> float:
    """D: what random picks earn for aesthetics and diversity, on average of the two, over what they earn in eq. 2."""
    import torch

    from keyart.learn.thumbnails.rewards import aesthetic_reward, diversity_reward, representativeness_reward

    others, rep = 0.0, 0.0
    for rows in videos:
        chance, frames = rng("scale", recipe.seed, rows.name), len(rows.x)
        places = [chance.choice(frames, min(recipe.picks, frames), replace=False) for _ in range(draws)]
        picks = torch.from_numpy(np.stack(places)).to(rows.x.device)
        both = aesthetic_reward(rows.a, picks) + diversity_reward(rows.distances, picks)
        others += float(both.mean()) / 2
        rep += float(representativeness_reward(rows.distances, picks).mean())
    return others / max(rep, 1e-12)


def fit(
    videos: Sequence[ThumbnailVideo],
    recipe: LearnThumbnails,
    folder: Path | None = None,
    stamp: str = "",
    say: Say | None = None,
) -> tuple[Any, tuple[Any, ...]]:
    """The importance estimator with the weights of the epoch of the highest reward, and the curve."""
    seeded(recipe.seed)
    learner = _RlDivts(videos, recipe)
    history = train(learner, Plan(recipe.epochs, recipe.seed, watch="reward"), folder, stamp, say)
    return learner.network.eval(), history


# --- what it picks, and how that is scored --------------------------------------------------------------------------


def thumbnails(network: Any, video: ThumbnailVideo, recipe: LearnThumbnails, count: int = TOP) -> list[int]:
    """Rows of the thumbnails of a video, the best first. `network` None: every frame is as important."""
    import torch

    from keyart.learn.thumbnails.rewards import best

    rows = _Rows(video)
    with torch.inference_mode():
        importance = torch.ones_like(rows.a) if network is None else network(rows.x[None])[0]
        return best(rows.a * importance, rows.similarities, count, demote=recipe.demote)


def evaluated(network: Any, videos: Sequence[ThumbnailVideo], recipe: LearnThumbnails) -> float | None:
    """Top-3 matching in per cent, mean over the videos with people's choices; None without any."""
    return _mean([top_matching(thumbnails(network, one, recipe), one.alike) for one in videos if len(one.alike)])


def at_random(videos: Sequence[ThumbnailVideo], recipe: LearnThumbnails, draws: int = 100) -> float | None:
    """The same of three random frames of each video, mean of 100 draws."""
    found = []
    for video in videos:
        chance, frames = rng("random", recipe.seed, video.name), len(video.features)
        for _ in range(draws if len(video.alike) else 0):
            picks = chance.choice(frames, min(TOP, frames), replace=False).tolist()
            found.append(top_matching(picks, video.alike))
    return _mean(found)


def _mean(found: Sequence[float]) -> float | None:
    return round(100 * float(np.mean(found)), 2) if found else None


def _facts(recipe: LearnThumbnails, opened: Opened, test: dict[str, float | None]) -> dict[str, Any]:
    return {
        "schema": 1,
        "recipe": NAME,
        "data": {"name": opened.name, "sha256": opened.sha256, "videos": len(opened.videos)},
        "features": opened.extractor,
        "aesthetics": opened.judge,
        "settings": plain_settings(recipe),
        "test": test,
    }


def _export(recipe: LearnThumbnails, opened: Opened, network: Any, test: dict[str, float | None]) -> None:
    import torch

    size = opened.videos[0].features.shape[1]
    card = LearnedCard(
        name=f"{NAME} on {opened.name}",
        kind="frames",
        recipe=NAME,
        features=opened.extractor,
        feature_size=size,
        trained_on=opened.name,
        data_sha256=opened.sha256,
        scores={name: value for name, value in test.items() if value is not None},
        settings=plain_settings(recipe),
        note="importance alone: it is meant to be multiplied by how fine the picture is, one row a candidate",
    )
    write_kamodel(
        recipe.out / "ranker.kamodel", network.cpu(), (torch.zeros(1, 8, size),), ("features",), ("scores",), card,
        dynamic={"features": {1: "n"}},
    )  # fmt: skip
