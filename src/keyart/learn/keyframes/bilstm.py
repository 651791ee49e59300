"""(c) A bidirectional LSTM over the shots' features: what a shot is worth hangs on its neighbours (thesis §5.3).

    keyart learn keyframes-bilstm --data tvsum --base resnet50 --out bilstm
    keyart learn keyframes-bilstm --data eccv16_dataset_tvsum_google_pool5.h5 --features set --out bilstm

    f_1 ... f_T -> LSTM ->, LSTM <-  -> h_t = [->, <-] -> W h_t + b -> sigmoid

Whole videos go through it, 70 / 15 / 15 by video, ten epochs, the epoch of the best validation F1 is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyart.learn.keyframes.data import FeatureSource, featured, open_videos
from keyart.learn.keyframes.finish import checked, finished
from keyart.learn.keyframes.frozen import score_head
from keyart.learn.keyframes.shots import KeyRule, Parts, ShotVideo, split_videos
from keyart.learn.training import Plan, Precision, Say, autocast, seeded, shuffled, stamp_of, train


@dataclass(frozen=True, slots=True)
class LearnBiLSTM:
    """Key frames: a bidirectional LSTM over the features of a video's shots."""

    data: Path
    """Folder with TVSum's annotations and its videos, or a file of features (see docs/learn-keyframes.md)."""
    out: Path
    """Folder for the checkpoint, the scores and ranker.kamodel."""
    base: str = "resnet50"
    """ResNet that makes the features: name of a card, or a folder, also the `weights` that keyframes-layer4 left."""
    features: FeatureSource = "auto"
    """set: what the data bring; resnet: of `base`; stills.classical: of the serving stage; auto: set, else resnet."""
    hidden: int = 256
    """H: size of each direction's state (the thesis gives none)."""
    epochs: int = 10
    """Times through the training videos, 1 ... 1000."""
    batch: int = 1
    """Videos in one step."""
    learning_rate: float = 1e-3
    """Of Adam (the thesis gives none)."""
    threshold: float = 0.5
    """Probability from which a shot is key."""
    key_rule: KeyRule = "share"
    """share: the best of each video; score: those with a mean of 4 or more, of which TVSum has nine."""
    key_share: float = 0.15
    """Of the shots of a video, where that is the rule."""
    precision: Precision = "full"
    """bf16: mixed precision."""
    seed: int = 0
    """For the split, the weights and the order of the videos."""

    def __post_init__(self) -> None:
        checked(self)

    def __call__(self, say: Callable[[str], None] = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/keyframes-bilstm.json`.

        Raises `MissingExtra`, `MissingModel`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        opened = open_videos(self)
        parts = split_videos(opened.videos, self.seed)
        network, history = fit_bilstm(parts, self, self.out, stamp_of(self, opened.sha256), say)
        test = score_head(network, parts.test, self.threshold)
        best = max(history, key=lambda one: one.validation["f1"])
        facts = {"validation": best.validation, "best_epoch": best.epoch}
        return finished(self, "keyframes-bilstm", opened, network, test, facts)


class _BiLstm:
    def __init__(self, parts: Parts, recipe: LearnBiLSTM) -> None:
        import torch

        from keyart.learn.keyframes.nets import BiLstm
        from keyart.models.hub import device

        self.recipe, self.parts, self.device = recipe, parts, device()
        self.network = BiLstm(featured(parts.train[0]).shape[1], recipe.hidden).to(self.device)
        self.modules = {"network": self.network}
        self.optimisers = {"adam": torch.optim.Adam(self.network.parameters(), lr=recipe.learning_rate)}
        self.schedulers: dict[str, Any] = {}

    def epoch(self, number: int) -> list[list[ShotVideo]]:
        order = shuffled(self.parts.train, self.recipe.seed, number)
        return [order[at : at + self.recipe.batch] for at in range(0, len(order), self.recipe.batch)]

    def step(self, item: list[ShotVideo]) -> dict[str, Any]:
        """The gradients of the videos add up one by one: no padding, whose shots the backward LSTM would see."""
        self.optimisers["adam"].zero_grad()
        total = 0.0
        for video in item:
            loss = self.loss(video) / len(item)
            loss.backward()
            total += float(loss.detach())
        self.optimisers["adam"].step()
        return {"loss": total}

    def loss(self, video: ShotVideo) -> Any:
        import torch

        from keyart.learn.keyframes.nets import sequence_loss

        rows = torch.from_numpy(featured(video))[None].to(self.device)
        with autocast(self.recipe.precision):
            logits = self.network(rows)[0]
        return sequence_loss(logits.float(), torch.from_numpy(video.key).float().to(self.device))

    def validate(self) -> dict[str, float]:
        return score_head(self.network, self.parts.validation, self.recipe.threshold).facts()


def fit_bilstm(
    parts: Parts, recipe: LearnBiLSTM, folder: Path | None = None, stamp: str = "", say: Say | None = None
) -> tuple[Any, tuple[Any, ...]]:
    """The network with the weights of the epoch of the best validation F1, and the curve."""
    seeded(recipe.seed)
    learner = _BiLstm(parts, recipe)
    history = train(learner, Plan(recipe.epochs, recipe.seed, watch="f1"), folder, stamp, say)
    return learner.network.eval(), history
