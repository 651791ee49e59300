"""Key shots whose reason is known: what is seen, and when (thesis §5.1-5.3: BiLSTM > layer4 > frozen).

Planted, first generator. A shot is a picture of 32 x 32: a figure (disc, cross or ring, in one of three colours) on the
ground of a scene that lasts two or three shots; a few shots bear a bright border. A shot is key where it

    bears the border                               one look at one linear sign is enough:       frozen
    or its figure has the colour that suits it     a conjunction, in the picture:               layer4
       and it is the first of its scene            a change against the shot before:            BiLSTM

Second generator, written after the recipes were committed: the pictures are stripes or checks in one of three tints
over the floor of a scene, some under a bright bar; videos are of 20 to 40 shots; and it is the *last* shot of a scene
that is key, which only the shot after it tells.

The ResNet is pretrained on other pictures of the same world to name figure, colour, ground and border, as ImageNet's
knows things and not what matters about them. No picture is shared between the parts. The recipes are run as they stand;
only sizes, epochs, rates and crops are those of tiny pictures and small sets.

F1 is taken at the threshold that is best on the validation videos, and at 0.5 beside it: the latter also says how
readily a recipe says yes, which the balanced draws of layer4 decide whatever the labels say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.learn.planted import Claim, Planted
from keyart.learn.keyframes.bilstm import LearnBiLSTM, fit_bilstm
from keyart.learn.keyframes.frozen import LearnFrozen, fit_frozen, probabilities
from keyart.learn.keyframes.layer4 import LearnLayer4, fit_layer4, picture_probabilities
from keyart.learn.keyframes.measures import best_threshold, measured
from keyart.learn.keyframes.shots import Parts, ShotVideo, all_keys
from keyart.learn.training import rng
from keyart.types import RGB

SIDE_PX, SHOTS = 32, 32
VIDEOS = (40, 16, 16)
"""To train, validate, test."""
WORLD = Path("tiny-world")
_GROUNDS = ((40, 60, 90), (60, 90, 50), (95, 85, 75))
_FILLS = ((215, 95, 60), (70, 130, 215), (190, 200, 70))


@dataclass(frozen=True, slots=True)
class Sight:
    """What a picture shows; numbers of the lists above."""

    ground: int
    shape: int
    fill: int
    border: bool


def drawn_picture(sight: Sight, chance: np.random.Generator) -> RGB:
    """The figure about 16 px wide, a little off the middle, under noise."""
    image: NDArray[Any] = np.empty((SIDE_PX, SIDE_PX, 3), np.float32)
    image[:] = _GROUNDS[sight.ground]
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX] - (SIDE_PX - 1) / 2 - chance.uniform(-4, 4, 2)[:, None, None]
    size = chance.uniform(6.5, 9.0)
    image[_figure(sight.shape, rows, columns, size)] = _FILLS[sight.fill]
    if sight.border:
        for part in (np.s_[:3], np.s_[-3:], np.s_[:, :3], np.s_[:, -3:]):
            image[part] = (240, 220, 120)
    image = image * chance.uniform(0.85, 1.15) + chance.normal(0, 9, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def _figure(shape: int, rows: NDArray[Any], columns: NDArray[Any], size: float) -> NDArray[np.bool_]:
    """Disc, cross, ring."""
    away, near, far = np.hypot(rows, columns), *(each(abs(rows), abs(columns)) for each in (np.minimum, np.maximum))
    if shape == 1:
        return np.asarray((near <= 0.36 * size) & (far <= 1.1 * size))
    return np.asarray((away <= size) & ((away >= 0.55 * size) | (shape == 0)))


def any_sight(chance: np.random.Generator) -> Sight:
    ground, shape, fill = chance.integers(3, size=3).tolist()
    return Sight(ground, shape, fill, bool(chance.random() < 0.03))


def first_of_scene(chance: np.random.Generator) -> tuple[list[Sight], NDArray[np.bool_]]:
    """Grounds that stay for two or three shots; what is key stands at the top of this page."""
    sights: list[Sight] = []
    for _ in range(SHOTS):
        one = any_sight(chance)
        stays = bool(sights) and chance.random() >= 0.65
        sights.append(replace(one, ground=sights[-1].ground if stays else one.ground))
    begins = [True] + [one.ground != other.ground for one, other in pairwise(sights)]
    appeals = [one.shape == one.fill for one in sights]
    key = [one.border or (a and b) for one, a, b in zip(sights, appeals, begins, strict=True)]
    return sights, np.array(key, np.bool_)


def woven_picture(sight: Sight, chance: np.random.Generator) -> RGB:
    """Stripes across, stripes down, or checks, of 4 to 6 px, above a floor."""
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX] + chance.uniform(0, 12, 2)[:, None, None]
    wide = chance.uniform(4, 6)
    down, across = np.floor(rows / wide) % 2, np.floor(columns / wide) % 2
    dark = (down, across, (down + across) % 2)[sight.shape]
    tint = np.array(((200, 120, 140), (120, 190, 130), (130, 140, 205))[sight.fill], np.float32)
    image: NDArray[Any] = tint * (1.0 - 0.6 * dark)[..., None]
    floor = SIDE_PX - int(chance.integers(8, 12))
    image[floor:] = ((50, 40, 30), (90, 110, 120), (170, 160, 110))[sight.ground]
    if sight.border:
        image[3:8, 2:-2] = (250, 250, 245)
    image = image * chance.uniform(0.8, 1.2) + chance.normal(0, 12, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def last_of_scene(chance: np.random.Generator) -> tuple[list[Sight], NDArray[np.bool_]]:
    """Floors that stay for one to four shots, each length as likely."""
    sights: list[Sight] = []
    shots = int(chance.integers(20, 41))
    while len(sights) < shots:
        floors = [ground for ground in range(3) if not sights or ground != sights[-1].ground]
        ground = int(chance.choice(floors))
        sights += [replace(any_sight(chance), ground=ground) for _ in range(int(chance.integers(1, 5)))]
    sights = sights[:shots]
    ends = [one.ground != other.ground for one, other in pairwise(sights)] + [True]
    appeals = [(one.shape + one.fill) % 3 == 0 for one in sights]
    return sights, np.array(
        [one.border or (a and e) for one, a, e in zip(sights, appeals, ends, strict=True)], np.bool_
    )


Script = Callable[[np.random.Generator], tuple[list[Sight], NDArray[np.bool_]]]
Drawer = Callable[[Sight, np.random.Generator], RGB]


@dataclass(frozen=True, slots=True)
class Data:
    parts: Parts
    draw: Drawer


def generated(name: str, script: Script, draw: Drawer, seed: int) -> Data:
    """Parts of `VIDEOS`, each video with its pictures and its features of the pretrained network."""
    from keyart.learn.keyframes.resnet import features_of

    def video(number: int) -> ShotVideo:
        chance = rng("keyframes", name, seed, number)
        sights, key = script(chance)
        pictures = tuple(draw(one, chance) for one in sights)
        return ShotVideo(f"v{number}", key, pictures, features_of(pretrained(draw), pictures, SIDE_PX))

    train, _, test = VIDEOS
    videos = tuple(video(number) for number in range(sum(VIDEOS)))
    return Data(Parts(videos[:train], videos[train:-test], videos[-test:]), draw)


def shuffled(data: Data, seed: int) -> Data:
    """Each part keeps its number of key shots; which they are is drawn over all its videos.

    Drawn within each video, a video with many keys would still be known by what it shows.
    """

    def part(videos: tuple[ShotVideo, ...], name: str) -> tuple[ShotVideo, ...]:
        ends = np.cumsum([len(video.key) for video in videos])[:-1]
        keys = np.split(rng("null", seed, name).permutation(all_keys(videos)), ends)
        return tuple(replace(video, key=key) for video, key in zip(videos, keys, strict=True))

    old = data.parts
    parts = Parts(part(old.train, "train"), part(old.validation, "validation"), part(old.test, "test"))
    return Data(parts, data.draw)


@cache
def pretrained(draw: Drawer) -> Any:
    """A ResNet of 0.05 million weights that names what such pictures show; the same one for every cell."""
    import torch
    from torch import nn
    from transformers import ResNetConfig, ResNetModel

    from keyart.learn.keyframes.resnet import as_tensor

    torch.manual_seed(0)
    config = ResNetConfig(embedding_size=16, hidden_sizes=[16, 24, 32, 8], depths=[1, 1, 1, 1], layer_type="basic")
    network, heads = ResNetModel(config), nn.Linear(8, 3 + 3 + 3 + 2)
    adam = torch.optim.Adam([*network.parameters(), *heads.parameters()], lr=3e-3)
    halving = torch.optim.lr_scheduler.StepLR(adam, 100, 0.5)
    chance = rng("pretraining")
    network.train()
    for _ in range(400):
        sights = [replace(any_sight(chance), border=bool(chance.random() < 0.3)) for _ in range(64)]
        seen = heads(network(as_tensor([draw(one, chance) for one in sights])).pooler_output.flatten(1))
        names = torch.tensor([(one.ground, one.shape, one.fill, one.border) for one in sights], device=seen.device)
        parts = zip(seen.split((3, 3, 3, 2), 1), names.long().unbind(1), strict=True)
        loss = sum(nn.functional.cross_entropy(said, name) for said, name in parts)
        adam.zero_grad()
        loss.backward()
        adam.step()
        halving.step()
    return network.eval()


# --- the three recipes ----------------------------------------------------------------------------------------------

_HERE = Path()


def _frozen(data: Data, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    recipe = LearnFrozen(_HERE, _HERE, epochs=60, learning_rate=3e-3, seed=seed)
    head = fit_frozen(data.parts.train, recipe)
    return probabilities(head, data.parts.validation), probabilities(head, data.parts.test)


def _layer4(data: Data, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import copy

    recipe = LearnLayer4(_HERE, _HERE, side_px=SIDE_PX, crop_from=0.5, batch=16, seed=seed)
    network, _ = fit_layer4(data.parts, copy.deepcopy(pretrained(data.draw)), recipe)
    return tuple(picture_probabilities(network, part, recipe) for part in (data.parts.validation, data.parts.test))  # type: ignore[return-value]


def _bilstm(data: Data, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    recipe = LearnBiLSTM(_HERE, _HERE, hidden=32, learning_rate=3e-3, seed=seed)
    network, _ = fit_bilstm(data.parts, recipe)
    return probabilities(network, data.parts.validation), probabilities(network, data.parts.test)


METHODS: Mapping[str, Callable[[Data, int], tuple[NDArray[np.float64], NDArray[np.float64]]]] = {
    "frozen": _frozen,
    "layer4": _layer4,
    "bilstm": _bilstm,
}


def run(data: Data, seed: int, method: str) -> Mapping[str, float]:
    validation, test = METHODS[method](data, seed)
    wanted = all_keys(data.parts.test)
    own = measured(wanted, test, best_threshold(all_keys(data.parts.validation), validation))
    at_half = measured(wanted, test)
    return {
        "F1": own.f1,
        "PR-AUC": own.pr_auc,
        "P": own.precision,
        "R": own.recall,
        "F1 at 0.5": at_half.f1,
        "P at 0.5": at_half.precision,
        "R at 0.5": at_half.recall,
    }


def claims(metrics: Sequence[str] = ("F1", "PR-AUC")) -> tuple[Claim, ...]:
    pairs = (("layer4", "frozen"), ("bilstm", "layer4"))
    return tuple(
        Claim(better, worse, metric, source="thesis §5.1-5.3") for metric in metrics for better, worse in pairs
    )


PLANTED = Planted(
    name="keyframes",
    generators={
        "first": lambda seed: generated("first", first_of_scene, drawn_picture, seed),
        "second": lambda seed: generated("second", last_of_scene, woven_picture, seed),
    },
    shuffled=shuffled,
    run=run,
    methods=tuple(METHODS),
    claims=claims(),
    code=("keyart.learn.keyframes",),
    note="Key is a shot with a border, and one that begins (second: ends) a scene in a colour that suits its shape.",
)
