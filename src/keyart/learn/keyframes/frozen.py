"""(a) A logistic head on a frozen ResNet-50 (thesis §5.1): the simplest thing that could work.

    keyart learn keyframes-frozen --data tvsum --base resnet50 --out frozen

The thesis scores it on the set it was trained on, without a split; that table is made (`whole`), and beside it the one
of videos that a second head, trained on 70 % of them, has never seen (`test`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.learn.keyframes.data import FeatureSource, featured, open_videos
from keyart.learn.keyframes.finish import checked, finished
from keyart.learn.keyframes.measures import Measures, joined, measured
from keyart.learn.keyframes.shots import KeyRule, ShotVideo, all_keys, split_videos
from keyart.learn.training import Plan, Say, shuffled, stamp_of, train


@dataclass(frozen=True, slots=True)
class LearnFrozen:
    """Key frames: a logistic head on a frozen ResNet-50."""

    data: Path
    """Folder with TVSum's annotations and its videos, or a file of features (see docs/learn-keyframes.md)."""
    out: Path
    """Folder for the checkpoint, the scores and ranker.kamodel."""
    base: str = "resnet50"
    """ResNet that makes the features: name of a card, or a folder."""
    features: FeatureSource = "auto"
    """set: what the data bring; resnet: of `base`; stills.classical: of the serving stage; auto: set, else resnet."""
    epochs: int = 20
    """Times through the training shots, 1 ... 1000."""
    batch: int = 64
    """Shots in one step."""
    learning_rate: float = 1e-3
    """Of Adam (the thesis gives none for this head)."""
    threshold: float = 0.5
    """Probability from which a shot is key."""
    key_rule: KeyRule = "share"
    """share: the best of each video; score: those with a mean of 4 or more, of which TVSum has nine."""
    key_share: float = 0.15
    """Of the shots of a video, where that is the rule."""
    seed: int = 0
    """For the split, the weights and the order of the shots."""

    def __post_init__(self) -> None:
        checked(self)

    def __call__(self, say: Callable[[str], None] = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/keyframes-frozen.json`.

        Raises `MissingExtra`, `MissingModel`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        opened = open_videos(self)
        parts, stamp = split_videos(opened.videos, self.seed), stamp_of(self, opened.sha256)
        whole_head = fit_frozen(opened.videos, self, self.out / "whole", stamp, say)
        head = fit_frozen(parts.train + parts.validation, self, self.out / "held-out", stamp, say)
        whole, test = (
            score_head(one, videos, self.threshold) for one, videos in ((whole_head, opened.videos), (head, parts.test))
        )
        return finished(self, "keyframes-frozen", opened, head, test, {"whole": whole.facts()})


class _Frozen:
    """A head, and the rows of features that it sees."""

    def __init__(self, videos: Sequence[ShotVideo], recipe: LearnFrozen) -> None:
        import torch

        from keyart.learn.keyframes.nets import LogisticHead
        from keyart.models.hub import device

        self.recipe = recipe
        self.rows = torch.from_numpy(np.concatenate([featured(one) for one in videos])).to(device())
        self.key = torch.from_numpy(all_keys(videos)).float().to(device())
        self.head = LogisticHead(self.rows.shape[1]).to(device())
        self.modules = {"head": self.head}
        self.optimisers = {"adam": torch.optim.Adam(self.head.parameters(), lr=recipe.learning_rate)}
        self.schedulers: dict[str, Any] = {}

    def epoch(self, number: int) -> list[list[int]]:
        order = shuffled(range(len(self.rows)), self.recipe.seed, number)
        return [order[at : at + self.recipe.batch] for at in range(0, len(order), self.recipe.batch)]

    def step(self, item: list[int]) -> dict[str, Any]:
        from torch.nn import functional

        loss = functional.binary_cross_entropy_with_logits(self.head(self.rows[item]), self.key[item])
        self.optimisers["adam"].zero_grad()
        loss.backward()
        self.optimisers["adam"].step()
        return {"loss": loss.detach()}

    def validate(self) -> dict[str, float]:
        return {}


def fit_frozen(
    videos: Sequence[ShotVideo],
    recipe: LearnFrozen,
    folder: Path | None = None,
    stamp: str = "",
    say: Say | None = None,
) -> Any:
    """The trained head; (n, d) features -> (n,) logits."""
    from keyart.learn.training import seeded

    seeded(recipe.seed)
    learner = _Frozen(videos, recipe)
    train(learner, Plan(recipe.epochs, recipe.seed), folder, stamp, say)
    return learner.head.eval()


def probabilities(head: Any, videos: Sequence[ShotVideo]) -> NDArray[np.float64]:
    """Of every shot, video after video: a head sees one video at a time."""
    import torch

    from keyart.models.hub import device

    head.eval()
    with torch.inference_mode():
        rows = [torch.sigmoid(head(torch.from_numpy(featured(one))[None].to(device())))[0] for one in videos]
    return joined([row.float().cpu().numpy() for row in rows])


def score_head(head: Any, videos: Sequence[ShotVideo], threshold: float) -> Measures:
    return measured(all_keys(videos), probabilities(head, videos), threshold)
