"""CA-SUM: concentrated attention, no people's judgements, no adversary (Apostolidis et al., ICMR 2022).

    keyart learn ca-sum --data eccv16_dataset_summe_google_pool5.h5 --best max --out summer

Its one loss holds the mean importance to σ. What sets frames apart is therefore the attention's own structure (what a
block says of its frames, how unique and how unlike the other blocks they are), not anything that was optimised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyart.errors import MissingExtra
from keyart.learn.protocol import Best
from keyart.learn.sets.values import AnnotatedVideo
from keyart.learn.summaries.pgl_sum_training import Scorer
from keyart.learn.summaries.unsupervised import Features, batches, feature_size, learned, scorer_of
from keyart.learn.training import Plan, Say, Scores, train
from keyart.settings import check_ranges


@dataclass(frozen=True, slots=True)
class LearnCaSum:
    """A summariser without judgements: concentrated attention, uniqueness and diversity of frames (CA-SUM)."""

    data: Path
    """An h5 file of the field (`eccv16_dataset_*`); importance and summaries in it serve the test alone."""
    out: Path
    """Folder for checkpoints, the model and the scores; a run that finds its checkpoints there goes on from them."""
    splits: Path = Path()
    """JSON with train_keys and test_keys of each split; empty: five random ones of 80 % to 20 %."""
    best: Best = "mean"
    """How F1 against several people is one: max as for SumMe, mean as for TVSum."""
    features: str = "googlenet.pool5"
    """What the rows of features are, for the card: who serves the model must make the same."""
    epochs: int = 400
    """Times through the training videos, 1 ... 10000."""
    sigma: float = 0.5
    """Mean importance that the loss holds a video to, 0 ... 1; the paper tries 0.5 ... 0.9."""
    block: int = 60
    """Frames of a block on the attention's diagonal, 1 ... 10000."""
    dropout: float = 0.5
    """Share of values dropped in training, 0 ... 0.95."""
    batch: int = 20
    """Videos in one step, 1 ... 1024; only videos of one length share a step."""
    learning_rate: float = 5e-4
    """Of Adam, more than 0 up to 1."""
    weight_decay: float = 1e-5
    """Of Adam, 0 ... 1."""
    max_norm: float = 5.0
    """To which longer gradients are cut."""
    checkpoint_steps: int = 0
    """Steps between checkpoints within an epoch; one is written after each epoch anyway."""
    seed: int = 0
    """For the splits, the weights, the order of videos."""

    def __post_init__(self) -> None:
        check_ranges(
            self, epochs=(1, 10_000), sigma=(0, 1), block=(1, 10_000), dropout=(0, 0.95), batch=(1, 1024),
            learning_rate=(1e-12, 1), weight_decay=(0, 1),
        )  # fmt: skip

    def __call__(self, say: Say = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/ca-sum.json`.

        Raises `MissingFile`, `MissingExtra`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        return learned(self, "ca-sum", say)

    def learner(self, videos: Sequence[Features]) -> ByLength:
        """The network and its training on these features, each (n, d). Raises `MissingExtra`, `BadSetting`."""
        try:
            import torch
        except ImportError as err:
            raise MissingExtra("torch", extra="learn") from err
        torch.manual_seed(self.seed)
        return ByLength(self, videos)


class ByLength:
    """The length loss of every video, summed over a step."""

    def __init__(self, recipe: LearnCaSum, videos: Sequence[Features]) -> None:
        from torch.optim import Adam

        from keyart.learn.summaries.ca_sum_net import CaSum
        from keyart.models.hub import device

        self.recipe, self.videos, self.device = recipe, list(videos), device()
        self.network = CaSum(feature_size(videos), recipe.block, recipe.dropout).to(self.device)
        self.modules: dict[str, Any] = {"network": self.network}
        self.optimisers: dict[str, Any] = {
            "adam": Adam(self.network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
        }
        self.schedulers: dict[str, Any] = {}

    def epoch(self, number: int) -> Sequence[Features]:
        """Batches (b, n, d) of videos of one length."""
        return batches(self.videos, self.recipe.batch, self.recipe.seed, number)

    def step(self, item: Features) -> Scores:
        import torch

        from keyart.learn.summaries.ca_sum_net import length_loss

        self.optimisers["adam"].zero_grad(set_to_none=True)
        losses = length_loss(self.network(torch.from_numpy(item).to(self.device)), self.recipe.sigma)
        losses.sum().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.max_norm)
        self.optimisers["adam"].step()
        return {"length": losses.mean()}

    def validate(self) -> Scores:
        return {}


def summariser(videos: Sequence[AnnotatedVideo], seed: int = 0, **settings: Any) -> Scorer:
    """CA-SUM trained on these videos' features."""
    recipe = LearnCaSum(Path(), Path(), seed=seed, **settings)
    learner = recipe.learner([one.features for one in videos])
    train(learner, Plan(recipe.epochs, seed))
    return scorer_of(learner.network)
