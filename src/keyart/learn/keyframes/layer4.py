"""(b) The last stage of ResNet-50 learns too, on balanced draws of augmented pictures (thesis §5.2).

    keyart learn keyframes-layer4 --data tvsum --base resnet50 --out layer4

                       frozen                        lr / 2     lr
    picture -> stem, stages 1 ... 3 (no gradient) -> stage 4 -> head -> logit

Key shots are drawn six times as often as others (with 15 % of them that is about even; the thesis prints the ratio the
other way round, w0 : w1 = 6 : 1, which would hide them). It counts 2.5 million trainable parameters; the stage has 15.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.learn.keyframes.crops import SCALE, center_crop, flipped, random_resized_crop
from keyart.learn.keyframes.data import FeatureSource, open_videos
from keyart.learn.keyframes.finish import checked, finished
from keyart.learn.keyframes.measures import measured
from keyart.learn.keyframes.shots import KeyRule, Parts, ShotVideo, all_keys, split_videos
from keyart.learn.training import Plan, Precision, Say, autocast, rng, seeded, stamp_of, train


@dataclass(frozen=True, slots=True)
class LearnLayer4:
    """Key frames: ResNet-50 with its last stage unfrozen, on balanced draws of augmented pictures."""

    data: Path
    """Folder with TVSum's annotations and its videos (see docs/learn-keyframes.md)."""
    out: Path
    """Folder for the checkpoint, the scores, the ResNet's weights and ranker.kamodel of its head."""
    base: str = "resnet50"
    """What to start from: name of a card, or a folder."""
    epochs: int = 20
    """Times through as many draws as there are training shots, 1 ... 1000."""
    batch: int = 32
    """Pictures in one step."""
    learning_rate: float = 1e-3
    """Of the head, with Adam."""
    layer4_rate: float = 0.5
    """Of the unfrozen stage, as a share of the head's."""
    halve_every: int = 5
    """Epochs after which both learning rates are halved."""
    patience: int = 3
    """Epochs without a better F1 on the validation videos after which training stops; 0: never."""
    key_weight: float = 6.0
    """How much more often a key shot is drawn than another."""
    side_px: int = 224
    """Of the squares that the network sees."""
    crop_from: float = SCALE[0]
    """Least share of a picture's area that a random crop takes, more than 0 up to 1."""
    threshold: float = 0.5
    """Probability from which a shot is key."""
    key_rule: KeyRule = "share"
    """share: the best of each video; score: those with a mean of 4 or more, of which TVSum has nine."""
    key_share: float = 0.15
    """Of the shots of a video, where that is the rule."""
    precision: Precision = "full"
    """bf16: mixed precision."""
    seed: int = 0
    """For the split, the head's weights, the draws and the crops."""

    def __post_init__(self) -> None:
        checked(self)

    @property
    def features(self) -> FeatureSource:
        return "pictures"

    def __call__(self, say: Callable[[str], None] = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/keyframes-layer4.json`.

        Raises `MissingExtra`, `MissingModel`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        from keyart.learn.keyframes.resnet import load

        opened = open_videos(self)
        parts = split_videos(opened.videos, self.seed)
        network, history = fit_layer4(parts, load(self.base), self, self.out, stamp_of(self, opened.sha256), say)
        network.resnet.save_pretrained(self.out / "weights")
        test = measured(all_keys(parts.test), picture_probabilities(network, parts.test, self), self.threshold)
        best = max(history, key=lambda one: one.validation["f1"])
        facts = {"validation": best.validation, "best_epoch": best.epoch}
        return finished(self, "keyframes-layer4", opened, network.head, test, facts)


@dataclass(frozen=True, slots=True)
class _Draw:
    """A batch: places of shots among the training shots, and what its crops are drawn from."""

    places: tuple[int, ...]
    epoch: int
    number: int


def drawn(key: NDArray[np.bool_], key_weight: float, seed: int, epoch: int) -> NDArray[np.int64]:
    """As many places as there are shots, drawn with return; a key shot `key_weight` times as often as another."""
    weights = np.where(key, key_weight, 1.0)
    return rng("draws", seed, epoch).choice(len(key), len(key), p=weights / weights.sum())


class _Layer4:
    def __init__(self, parts: Parts, resnet: Any, recipe: LearnLayer4) -> None:
        import torch

        from keyart.learn.keyframes.nets import TunedResNet
        from keyart.learn.keyframes.resnet import feature_size
        from keyart.models.hub import device

        self.recipe, self.parts, self.key = recipe, parts, all_keys(parts.train)
        self.shots = [(video, place) for video in parts.train for place in range(len(video.key))]
        self.network = TunedResNet(resnet, feature_size(resnet)).to(device())
        rate = recipe.learning_rate
        groups = [
            {"params": list(self.network.head.parameters()), "lr": rate},
            {"params": list(self.network.layer4.parameters()), "lr": rate * recipe.layer4_rate},
        ]
        adam = torch.optim.Adam(groups)
        self.modules, self.optimisers = {"network": self.network}, {"adam": adam}
        self.schedulers = {"halving": torch.optim.lr_scheduler.StepLR(adam, recipe.halve_every, 0.5)}

    def epoch(self, number: int) -> list[_Draw]:
        places = drawn(self.key, self.recipe.key_weight, self.recipe.seed, number).tolist()
        size = self.recipe.batch
        starts = range(0, max(1, len(places) - 1), size)  # one draw left over has nothing to be normalised with
        return [_Draw(tuple(places[at : at + size]), number, at // size) for at in starts]

    def step(self, item: _Draw) -> dict[str, Any]:
        import torch
        from torch.nn import functional

        from keyart.learn.keyframes.resnet import as_tensor

        chance = rng("crops", self.recipe.seed, item.epoch, item.number)
        pictures = as_tensor([self._augmented(place, chance) for place in item.places])
        wanted = torch.from_numpy(self.key[list(item.places)]).float().to(pictures.device)
        with autocast(self.recipe.precision):
            logits = self.network(pictures)
        loss = functional.binary_cross_entropy_with_logits(logits.float(), wanted)
        self.optimisers["adam"].zero_grad()
        loss.backward()
        self.optimisers["adam"].step()
        return {"loss": loss.detach()}

    def _augmented(self, place: int, chance: np.random.Generator) -> Any:
        video, shot = self.shots[place]
        crop = random_resized_crop(video.pictures[shot], self.recipe.side_px, chance, (self.recipe.crop_from, 1.0))
        return flipped(crop, chance)

    def validate(self) -> dict[str, float]:
        found = picture_probabilities(self.network, self.parts.validation, self.recipe)
        return measured(all_keys(self.parts.validation), found, self.recipe.threshold).facts()


def fit_layer4(
    parts: Parts,
    resnet: Any,
    recipe: LearnLayer4,
    folder: Path | None = None,
    stamp: str = "",
    say: Say | None = None,
) -> tuple[Any, tuple[Any, ...]]:
    """The network with the weights of the epoch of the best validation F1, and the curve; `resnet` is changed."""
    seeded(recipe.seed)
    learner = _Layer4(parts, resnet, recipe)
    plan = Plan(recipe.epochs, recipe.seed, patience=recipe.patience, watch="f1")
    history = train(learner, plan, folder, stamp, say)
    return learner.network.eval(), history


def picture_probabilities(network: Any, videos: Sequence[ShotVideo], recipe: LearnLayer4) -> NDArray[np.float64]:
    """Of every shot by the middle of its picture, video after video."""
    import torch

    from keyart.learn.keyframes.resnet import as_tensor

    network.eval()
    rows: list[NDArray[np.float64]] = []
    with torch.inference_mode():
        for video in videos:
            for at in range(0, len(video.key), recipe.batch):
                places = range(at, min(at + recipe.batch, len(video.key)))
                part = as_tensor([center_crop(video.pictures[place], recipe.side_px) for place in places])
                rows.append(torch.sigmoid(network(part)).double().cpu().numpy())
    return np.concatenate(rows)
