"""PGL-SUM: global and local attention with the places of frames (Apostolidis et al., ISM 2021; the base of D5.4 §3.4).

    keyart learn pgl-sum --data eccv16_dataset_summe_google_pool5.h5 --best max --out pgl

Supervised: the mean squared error against people's importance. Judged over five splits by the field's protocol, beside
random and human rows; the model that is written is trained on all videos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from keyart.learn.export import write_kamodel
from keyart.learn.features import annotated
from keyart.learn.protocol import Best
from keyart.learn.sets.values import AnnotatedVideo
from keyart.learn.summaries.pgl_sum_training import (
    MODEL,
    Example,
    Regression,
    Scorer,
    example_of,
    judged,
    scores_of,
    splits_of,
    torch_of,
    width_of,
    written,
)
from keyart.learn.training import FREE, Plan, Say, plain_settings, seeded, stamp_of, train
from keyart.models.kamodel import LearnedCard
from keyart.settings import check_ranges


@dataclass(frozen=True, slots=True)
class LearnPglSum:
    """A summariser that learns people's importance by global and local attention to frames (PGL-SUM)."""

    data: Path
    """An h5 file of the field (`eccv16_dataset_*`), a folder with SumMe, or of your own videos."""
    out: Path
    """Folder for checkpoints, the model and the scores; a run that finds its checkpoints there goes on from them."""
    splits: Path = Path()
    """JSON with train_keys and test_keys of each split; empty: five random ones of 80 % to 20 %."""
    best: Best = "mean"
    """How F1 against several people is one: max as for SumMe, mean as for TVSum."""
    features: str = ""
    """What the rows of features are, for the card: who serves the model must make the same. Empty: as the data say."""
    epochs: int = 200
    """Times through the training videos, 1 ... 10000."""
    batch: int = 20
    """Videos in one step, 1 ... 1024 (SumMe 20, TVSum 40)."""
    learning_rate: float = 5e-5
    """Of Adam, more than 0 up to 1."""
    weight_decay: float = 1e-5
    """Of Adam, 0 ... 1."""
    max_norm: float = 5.0
    """To which longer gradients are cut."""
    heads: int = 8
    """Of the global mechanism, 1 ... 64."""
    local_heads: int = 4
    """Of each local mechanism, 1 ... 64."""
    segments: int = 4
    """Parts of the video with a local mechanism each, 1 ... 64; 0: no local ones."""
    position: Literal["absolute", "none"] = "absolute"
    """Whether the places of frames enter the attention."""
    dropout: float = 0.5
    """Share of values dropped in training, 0 ... 0.95."""
    checkpoint_steps: int = 0
    """Steps between checkpoints within an epoch; one is written after each epoch anyway."""
    seed: int = 0
    """For the splits, the weights, the order of videos."""

    def __post_init__(self) -> None:
        check_ranges(
            self, epochs=(1, 10_000), batch=(1, 1024), heads=(1, 64), local_heads=(1, 64), segments=(0, 64),
            dropout=(0, 0.95), learning_rate=(1e-12, 1), weight_decay=(0, 1),
        )  # fmt: skip

    def __call__(self, say: Say = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/pgl-sum.json`.

        Raises `MissingFile`, `MissingExtra`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        data = annotated(self.data)
        videos, sha256 = data.videos, data.sha256
        stamp = stamp_of(self, sha256, (*FREE, "splits", "best"))

        def fit(chosen: Sequence[AnnotatedVideo], name: str, seed: int) -> Any:
            say(f"{name}: {len(chosen)} videos")
            learner = self.learner([example_of(one) for one in chosen], seed)
            names = ",".join(one.name for one in chosen)
            train(learner, Plan(self.epochs, seed, self.checkpoint_steps), self.out / name, f"{stamp} {names}", say)
            return learner.network

        def scorer(chosen: Sequence[AnnotatedVideo], split: int) -> Scorer:
            return scorer_of(fit(chosen, f"split_{split}", self.seed + split))

        found = judged(scorer, videos, splits_of(self.splits, videos, self.seed), self.best)
        network = fit(videos, "all", self.seed).cpu()
        card = LearnedCard(
            "pgl-sum", "frames", "pgl-sum", self.features or data.features, network.shape.features,
            self.data.name, sha256, found.scores(), plain_settings(self),
            note="scores are of five splits, the model is of all videos",
        )  # fmt: skip
        rows = videos[0].features[None, :64]
        write_kamodel(
            self.out / MODEL,
            network,
            (torch_of(rows),),
            ("features",),
            ("scores",),
            card,
            dynamic={"features": {1: "n"}},
        )
        return written(self, "pgl-sum", self.data, sha256, videos, found)

    def learner(self, examples: Sequence[Example], seed: int | None = None) -> Regression:
        """The network and its training on these videos. Raises `MissingExtra`, `BadSetting`."""
        seed = self.seed if seed is None else seed
        seeded(seed)
        from keyart.learn.summaries.pgl_sum_net import PglSum, Shape

        shape = Shape(
            width_of(examples), self.heads, self.local_heads, self.segments, self.position == "absolute", self.dropout
        )
        return Regression(PglSum(shape), examples, self, seed)


def scorer_of(network: Any) -> Scorer:
    return lambda video: scores_of(network, video.features)


def summariser(videos: Sequence[AnnotatedVideo], seed: int = 0, **settings: Any) -> Scorer:
    """PGL-SUM trained on these videos."""
    recipe = LearnPglSum(Path(), Path(), seed=seed, **settings)
    learner = recipe.learner([example_of(one) for one in videos])
    train(learner, Plan(recipe.epochs, seed))
    return scorer_of(learner.network)
