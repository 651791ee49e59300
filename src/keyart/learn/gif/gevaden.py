"""GEVADEN (Xu et al., AAAI 2021; seed 002) and what it is compared with: three seconds of a video as its GIF thumbnail.

    keyart learn gif --data gif-thumbnails --out run
    keyart learn gif --data gif-thumbnails --out plain --perceptual 0
    keyart learn gif --data gif-thumbnails --out fixed --model fixed-prior
    keyart learn gif --data gif-thumbnails --out seq --model re-seq2seq
    keyart learn gif --data gif-thumbnails --out top3 --model ranked

A prior encoder reads the whole video, a posterior encoder one of its ground-truth GIFs; each gives a Gaussian in a
small latent space. A generator turns the video's vector and a sample of the posterior into the features of three shots.
At inference the sample comes from the prior, and each generated shot becomes the second that it lies nearest to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadSetting, MissingExtra
from keyart.learn.data import BadData
from keyart.learn.gif.scoring import Draw, scored
from keyart.learn.sets.values import GifVideo
from keyart.learn.training import EpochScores, Plan, Precision, Scores, autocast, rng, shuffled, train
from keyart.settings import check_ranges

ANNOTATIONS, COMMENTS, FEATURES = "annotated_data.json", "annotated_dm_count.json", ("features.npz", "features.h5")
SPLIT = (857, 106, 107)
"""Videos to train, validate and test on; of another number the same shares."""
_BLOCK = 1000
"""GIFs generated at once."""


@dataclass(frozen=True, slots=True)
class LearnGif:
    """Three seconds as a video's GIF thumbnail (GEVADEN, seed 002), from the features of its one-second shots."""

    data: Path
    """Folder: annotated_data.json, features.npz or .h5 (a row a second), annotated_dm_count.json (for PS)."""
    out: Path
    """Folder for the checkpoint, the model and the scores; a run that finds its checkpoint there goes on from it."""
    model: Literal["gevaden", "fixed-prior", "re-seq2seq", "ranked"] = "gevaden"
    """gevaden; with a standard normal prior; without a latent, looking back; or the three best shots of a scorer."""
    features: str = "resnet3d50"
    """Name of what made the features; serving uses the same, as resnet3d50 or teasers.seconds."""
    semantic: int = 512
    """Dimensions of the videos' semantic space, 1 ... 4096."""
    gif_semantic: int = 128
    """Dimensions of the GIFs' semantic space, 1 ... 4096."""
    latent: int = 10
    """Dimensions of the Gaussians, 1 ... 512."""
    samples: int = 4
    """Of the posterior, for each GIF in each step, 1 ... 64."""
    beta: float = 0.1
    """Weight of the KL divergence (eq. 5), 0 ... 100. The paper tunes it and states no value."""
    perceptual: float = 0.1
    """λ, weight of the perceptual loss (eq. 7), 0 ... 100; of re-seq2seq the weight of looking back."""
    learning_rate: float = 3e-4
    """Of Adam, more than 0 up to 1."""
    batch: int = 16
    """GIFs in one step, 1 ... 1024."""
    epochs: int = 100
    """Times through the training GIFs, 1 ... 10000."""
    patience: int = 20
    """Epochs without a better PME on the validation videos after which training stops; 0: never."""
    validation_draws: int = 16
    """GIFs generated for each validation video after each epoch, 1 ... 10000."""
    draws: int = 10_000
    """GIFs generated for each test video, 1 ... 1000000."""
    precision: Precision = "full"
    """bf16: mixed precision."""
    seed: int = 0
    """For the split, the weights, the order of the GIFs and the samples."""

    def __post_init__(self) -> None:
        check_ranges(
            self,
            semantic=(1, 4096), gif_semantic=(1, 4096), latent=(1, 512), samples=(1, 64), beta=(0, 100),
            perceptual=(0, 100), batch=(1, 1024), epochs=(1, 10_000), validation_draws=(1, 10_000),
            draws=(1, 1_000_000),
        )  # fmt: skip
        if not 0 < self.learning_rate <= 1:
            raise BadSetting(f"learning_rate is {self.learning_rate}; it is more than 0 and at most 1")

    def __call__(self, say: Callable[[str], None] = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/gif.json`, beside `out/ranker.kamodel`.

        Raises `MissingExtra`, `MissingFile`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        from keyart.learn.gif.results import run

        return run(self, say)


@dataclass(frozen=True, slots=True)
class Parts:
    train: tuple[GifVideo, ...]
    validation: tuple[GifVideo, ...]
    test: tuple[GifVideo, ...]


def parted(videos: Sequence[GifVideo], seed: int) -> Parts:
    """At random, in the shares of `SPLIT`. Raises `BadData` where a part would be empty."""
    order = shuffled(sorted(videos, key=lambda one: one.name), seed, 0)
    validation, test = (round(len(order) * share / sum(SPLIT)) for share in SPLIT[1:])
    train = len(order) - validation - test
    if not validation or not test or not train:
        raise BadData(f"{len(order)} videos with features and GIFs; at least 6 make three parts")
    return Parts(tuple(order[:train]), tuple(order[train : train + validation]), tuple(order[train + validation :]))


def usable(videos: Sequence[GifVideo]) -> tuple[GifVideo, ...]:
    """Videos with features of one size, three shots or more and a GIF. Raises `BadData` where sizes differ."""
    found = tuple(one for one in videos if one.gifs and len(one.features) >= 3)
    sizes = {one.features.shape[1] for one in found}
    if len(sizes) != 1:
        raise BadData(f"{len(found)} of {len(videos)} videos have features and GIFs, of sizes {sorted(sizes)}")
    for video in found:
        if max(max(gif) for gif in video.gifs) >= len(video.features):
            raise BadData(
                f"{video.name}: a GIF of second {max(map(max, video.gifs))}; features of {len(video.features)}"
            )
    return found


def fit_gif(
    train_on: Sequence[GifVideo],
    validation: Sequence[GifVideo],
    recipe: LearnGif,
    folder: Path | None = None,
    stamp: str = "",
    say: Callable[[str], None] | None = None,
) -> tuple[Any, tuple[EpochScores, ...]]:
    """The trained network, that of the epoch with the best PME on the validation videos, and the curves."""
    _need_torch()
    learner = (_Ranking if recipe.model == "ranked" else _Generating)(usable(train_on), usable(validation), recipe)
    plan = Plan(recipe.epochs, recipe.seed, patience=recipe.patience, watch="-PME")
    history = train(learner, plan, folder, stamp, say)
    return learner.network.eval(), history


def network_of(recipe: LearnGif, feature_size: int) -> Any:
    """The untrained network that the recipe names, its weights drawn from the recipe's seed."""
    import torch

    from keyart.learn.gif.nets import Gevaden, Retrospective, Scorer
    from keyart.models.hub import device

    torch.manual_seed(recipe.seed)
    network: Any
    if recipe.model == "ranked":
        network = Scorer(feature_size)
    elif recipe.model == "re-seq2seq":
        network = Retrospective(feature_size, recipe.semantic)
    else:
        sizes = (feature_size, recipe.semantic, recipe.gif_semantic, recipe.latent)
        network = Gevaden(*sizes, fixed_prior=recipe.model == "fixed-prior")
    return network.to(device())


def drawing(network: Any, recipe: LearnGif) -> Draw:
    """GIFs of a trained network; re-seq2seq and ranked, which draw nothing, give one whatever is asked for."""

    def draw(video: GifVideo, draws: int) -> Iterator[NDArray[np.float32]]:
        if recipe.model == "ranked":
            yield video.features[top_three(network, video)][None]
            return
        count = 1 if recipe.model == "re-seq2seq" else draws
        noise = rng("gif", recipe.seed, video.name).standard_normal((count, recipe.latent), np.float32)
        for start in range(0, count, _BLOCK):
            yield _generated(network, video, noise[start : start + _BLOCK])

    return draw


def top_three(network: Any, video: GifVideo) -> NDArray[np.int64]:
    """Numbers of the three shots that rank highest, in the video's order."""
    import torch

    with torch.no_grad():
        scores = network(_tensor(video.features, network)).cpu().numpy()
    return np.sort(np.argsort(-scores, kind="stable")[:3])


def _generated(network: Any, video: GifVideo, noise: NDArray[np.float32]) -> NDArray[np.float32]:
    import torch

    with torch.no_grad():
        made: NDArray[np.float32] = (
            network(_tensor(video.features, network)[None], _tensor(noise, network)).float().cpu().numpy()
        )
    return made


def _tensor(values: NDArray[np.float32], network: Any) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(values)).to(next(network.parameters()).device)


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as err:
        raise MissingExtra("torch", extra="learn") from err


# --- the steps ------------------------------------------------------------------------------------------------------


class _Learning:
    """What both kinds of network share: one Adam, the same validation."""

    def __init__(self, videos: Sequence[GifVideo], validation: Sequence[GifVideo], recipe: LearnGif) -> None:
        import torch

        self.recipe, self.videos, self.validation = recipe, videos, validation
        self.network = network_of(recipe, videos[0].features.shape[1])
        self.shots = [_tensor(video.features, self.network) for video in videos]
        self.modules = {"network": self.network}
        self.adam = torch.optim.Adam(self.network.parameters(), lr=recipe.learning_rate)
        self.optimisers = {"adam": self.adam}
        self.schedulers: dict[str, Any] = {}

    def validate(self) -> Scores:
        return scored(drawing(self.network, self.recipe), self.validation, self.recipe.validation_draws).facts()

    def _descended(self, loss: Any) -> None:
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()


class _Generating(_Learning):
    """One step: a batch of (video, one of its GIFs)."""

    def epoch(self, number: int) -> Sequence[Any]:
        pairs = [(at, gif) for at, video in enumerate(self.videos) for gif in video.gifs]
        order, size = shuffled(pairs, self.recipe.seed, number), self.recipe.batch
        return [order[start : start + size] for start in range(0, len(order), size)]

    def step(self, item: Sequence[tuple[int, tuple[int, int, int]]], /) -> Scores:
        import torch

        rows = [self.shots[at] for at, _ in item]
        shots = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) for row in rows], device=shots.device)
        wanted = torch.stack([row[list(gif)] for row, (_, gif) in zip(rows, item, strict=True)])
        with autocast(self.recipe.precision):
            losses = self._losses(shots, lengths, wanted)
        self._descended(losses["loss"])
        return losses

    def _losses(self, shots: Any, lengths: Any, wanted: Any) -> dict[str, Any]:
        from keyart.learn.gif.losses import mixed, retrospective

        recipe = self.recipe
        if recipe.model == "re-seq2seq":
            return retrospective(self.network, shots, lengths, wanted, recipe.perceptual)
        return mixed(self.network, shots, lengths, wanted, recipe.samples, recipe.beta, recipe.perceptual)


class _Ranking(_Learning):
    """One step: a batch of videos, in each of which shots of GIFs shall rank above as many others, drawn anew."""

    def epoch(self, number: int) -> Sequence[Any]:
        order, size = shuffled(range(len(self.videos)), self.recipe.seed, number), self.recipe.batch
        return [[(number, at) for at in order[start : start + size]] for start in range(0, len(order), size)]

    def step(self, item: Sequence[tuple[int, int]], /) -> Scores:
        import torch

        pairs = [self._pairs(number, at) for number, at in item]
        above, below = (torch.cat(rows) for rows in zip(*pairs, strict=True))
        with autocast(self.recipe.precision):
            loss = torch.relu(1 - self.network(above) + self.network(below)).mean()
        self._descended(loss)
        return {"loss": loss}

    def _pairs(self, number: int, at: int) -> tuple[Any, Any]:
        video, chance = self.videos[at], rng("ranked", self.recipe.seed, number, at)
        chosen = sorted({shot for gif in video.gifs for shot in gif})
        others = [shot for shot in range(len(video.features)) if shot not in chosen] or chosen
        return self.shots[at][chosen], self.shots[at][chance.choice(others, len(chosen))]
