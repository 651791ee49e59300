"""A double-column network learns how good a picture is; it keeps the best frames before any embedding is paid for.

    keyart learn columns --data rated/ --out out/

`rated/` holds pictures and `ratings.csv`, a column `file` and a column `rating` in 0 ... 1 (of the AVA set: mean / 10).
After RAPID (Lu et al., 2014): a global view of the whole picture made small and square, a local view that is a crop at
full resolution, drawn at random in training. To rate, five fixed crops (middle and corners) take the place of random
ones and their logits are averaged: the same picture has the same score each time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel, BadSetting, KeyartError, MissingFile
from keyart.learn.data import BadData, batched
from keyart.learn.files import write_facts, written_whole
from keyart.learn.training import EpochScores, Plan, Say, plain_settings, rng, seeded, shuffled, stamp_of, train
from keyart.settings import check_ranges
from keyart.types import RGB

RATINGS, WEIGHTS = "ratings.csv", "columns.pt"
_BOUNDS: dict[str, tuple[float, float]] = {
    "side_px": (8, 1024), "filters": (1, 4096), "first_kernel": (1, 31), "first_stride": (1, 8), "margin": (0, 0.49),
    "epochs": (1, 10_000), "batch": (1, 4096), "learning_rate": (1e-12, 1.0), "weight_decay": (0, 1),
    "patience": (0, math.inf),
}  # fmt: skip
_SHAPE = ("columns", "side_px", "filters", "first_kernel", "first_stride", "wide")
"""Settings that the network is made of."""
_MIDDLE_AND_CORNERS = ((0.5, 0.5), (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class RatedPicture:
    """A picture, and how good people found it, 0 ... 1."""

    pixels: RGB
    rating: float


@dataclass(frozen=True, slots=True)
class LearnColumns:
    """How good a picture is, by its layout and by its detail."""

    data: Path
    """Folder of pictures with `ratings.csv`: file, rating (0 ... 1)."""
    out: Path
    """Folder for the checkpoint, the scores and the weights; a run found there is gone on with."""
    labels: Literal["binary", "regression"] = "binary"
    """binary: good above 0.5, cross-entropy; regression: the rating itself, squared error."""
    margin: float = 0.0
    """binary: training pictures rated nearer than this to 0.5 are left out."""
    columns: tuple[str, ...] = ("global", "local")
    """global: the whole picture made small; local: a crop of it."""
    side_px: int = 224
    """Of both views."""
    filters: int = 64
    """Of each of the four convolutions of a column."""
    first_kernel: int = 11
    """Of the first convolution."""
    first_stride: int = 2
    """Of the first convolution."""
    wide: tuple[int, int] = (1000, 256)
    """Of the two linear layers of a column."""
    epochs: int = 30
    """Times through the training pictures."""
    batch: int = 64
    """Pictures in one step."""
    learning_rate: float = 3e-4
    """Of AdamW."""
    weight_decay: float = 1e-2
    """Of AdamW."""
    patience: int = 0
    """Epochs without a lower validation loss after which training stops; 0: never."""
    seed: int = 0
    """For the split, the order, the crops, the weights, dropout."""

    def __post_init__(self) -> None:
        check_ranges(self, **_BOUNDS)
        if not self.columns or not set(self.columns) <= {"global", "local"}:
            raise BadSetting(f"columns is {', '.join(self.columns)}; choose from global, local")
        if len(self.wide) != 2 or min(self.wide) < 1:
            raise BadSetting(f"wide is {self.wide}; two numbers of neurons")

    def __call__(self, say: Say = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/columns.json`.

        Raises `MissingExtra`, `MissingFile`, `BadData`, and `BadSetting` for a checkpoint of other settings.
        """
        pictures, sha256 = read_rated(self.data, self.side_px)
        order = [pictures[int(one)] for one in rng("pictures", self.seed).permutation(len(pictures))]
        held = max(1, round(0.15 * len(order)))
        trained, validation, test = order[2 * held :], order[:held], order[held : 2 * held]
        network, history = fit_columns(trained, validation, self, self.out, stamp_of(self, sha256), say)
        save_columns(self.out / WEIGHTS, network, self)
        found = measured(picture_scores(network, [one.pixels for one in test]), test)
        facts = {
            "schema": 1,
            "recipe": "columns",
            "data": {"name": self.data.name, "sha256": sha256, "pictures": len(pictures)},
            "settings": plain_settings(self),
            "epochs": [asdict(one) for one in history],
            "test": {name: round(value, 4) for name, value in found.items()},
        }
        write_facts(self.out / "columns.json", facts)
        return facts


# --- data ---------------------------------------------------------------------------------------------------------


def read_rated(folder: Path, side_px: int) -> tuple[tuple[RatedPicture, ...], str]:
    """The rated pictures of a folder, their shorter side at most four views long, and the hash of the ratings.

    Raises `MissingFile`, `BadData`.
    """
    path = folder / RATINGS
    if not path.is_file():
        raise MissingFile(f"{path}: no such file; wanted are the columns file, rating")
    text = path.read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    if len(rows) < 10 or not {"file", "rating"} <= set(rows[0]):
        raise BadData(f"{path}: {len(rows)} rows of {', '.join(rows[0]) if rows else 'nothing'}; ten of file, rating")
    found = tuple(
        RatedPicture(_shrunk(_picture(folder, row["file"]), 4 * side_px), _rating(path, number, row["rating"]))
        for number, row in enumerate(rows, 2)
    )
    return found, hashlib.sha256(text.encode()).hexdigest()


def _picture(folder: Path, name: str) -> RGB:
    from keyart.media.images import read_image

    path = folder / name
    if folder.resolve() not in path.resolve().parents or not path.is_file():
        raise BadData(f"{folder / RATINGS}: no picture {name!r} in the folder")
    try:
        return read_image(path)
    except (KeyartError, OSError, ValueError) as err:
        raise BadData(f"{path}: no picture: {err}") from err


def _rating(path: Path, line: int, value: str) -> float:
    try:
        rating = float(value)
    except ValueError:
        rating = math.nan
    if not 0 <= rating <= 1:
        raise BadData(f"{path}: line {line}: rating {value!r}; wanted is a number in 0 ... 1")
    return rating


# --- views --------------------------------------------------------------------------------------------------------


def whole_view(picture: RGB, side_px: int) -> RGB:
    """The picture made small and square, its sides pulled apart or together."""
    import cv2

    return np.asarray(cv2.resize(picture, (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8)


def crop_view(picture: RGB, side_px: int, down: float, across: float) -> RGB:
    """A square at full resolution, 0 ... 1 of the way down and across; a picture too small is made larger first."""
    import cv2

    height, width = picture.shape[:2]
    if min(height, width) < side_px:
        scale = side_px / min(height, width)
        height, width = max(side_px, round(height * scale)), max(side_px, round(width * scale))
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    top, left = round(down * (height - side_px)), round(across * (width - side_px))
    return picture[top : top + side_px, left : left + side_px]


def _shrunk(picture: RGB, most_px: int) -> RGB:
    import cv2

    scale = most_px / min(picture.shape[:2])
    if scale >= 1:
        return picture
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def as_tensor(views: Sequence[RGB], device: str = "cpu") -> Any:
    """(batch, 3, side, side), pixels taken to about -2 ... 2."""
    import torch

    rows = torch.from_numpy(np.stack(views)).to(device).permute(0, 3, 1, 2)
    return (rows.float() / 255 - 0.5) / 0.25


# --- training -----------------------------------------------------------------------------------------------------

Shot = tuple[RatedPicture, float, float]
"""A picture and where its crop is taken."""


class _Columns:
    """What the harness trains."""

    def __init__(
        self, pictures: Sequence[RatedPicture], validation: Sequence[RatedPicture], recipe: LearnColumns
    ) -> None:
        import torch

        from keyart.models.hub import device

        self.recipe, self.validation, self.device = recipe, validation, device()
        near = recipe.margin if recipe.labels == "binary" else 0.0
        self.pictures = [one for one in pictures if abs(one.rating - 0.5) >= near]
        if not self.pictures:
            raise BadData(f"all {len(pictures)} pictures are rated nearer to 0.5 than {near}")
        self.network = network_of(recipe).to(self.device)
        adam = torch.optim.AdamW(self.network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        self.modules = {"network": self.network}
        self.optimisers = {"adam": adam}
        self.schedulers: dict[str, Any] = {}

    def epoch(self, number: int) -> list[list[Shot]]:
        chance = random.Random(f"crops {self.recipe.seed} {number}")
        order = shuffled(self.pictures, self.recipe.seed, number)
        shots = [(one, chance.random(), chance.random()) for one in order]
        return [shots[at : at + self.recipe.batch] for at in range(0, len(shots), self.recipe.batch)]

    def step(self, item: list[Shot]) -> dict[str, Any]:
        self.optimisers["adam"].zero_grad()
        side = self.recipe.side_px
        whole = as_tensor([whole_view(one.pixels, side) for one, _, _ in item], self.device)
        crops = as_tensor([crop_view(one.pixels, side, down, across) for one, down, across in item], self.device)
        loss = self.loss(self.network(whole, crops[:, None]), [one.rating for one, _, _ in item])
        loss.backward()
        self.optimisers["adam"].step()
        return {"loss": loss}

    def loss(self, logits: Any, ratings: Sequence[float]) -> Any:
        import torch
        from torch.nn import functional

        wanted = torch.tensor(ratings, device=logits.device, dtype=logits.dtype)
        if self.recipe.labels == "binary":
            return functional.binary_cross_entropy_with_logits(logits, (wanted > 0.5).to(logits.dtype))
        return functional.mse_loss(logits.sigmoid(), wanted)

    def validate(self) -> dict[str, float]:
        scores = picture_scores(self.network, [one.pixels for one in self.validation])
        loss = self.loss(_logits_of(scores), [one.rating for one in self.validation])
        return {"loss": float(loss), **measured(scores, self.validation)}


def _logits_of(scores: NDArray[np.float64]) -> Any:
    import torch

    return torch.logit(torch.from_numpy(scores), eps=1e-6)


def network_of(recipe: LearnColumns) -> Any:
    """The recipe's network, its weights drawn."""
    from keyart.learn.multimodal.columns_net import DoubleColumn

    return DoubleColumn(**{name: getattr(recipe, name) for name in _SHAPE})


def fit_columns(
    pictures: Sequence[RatedPicture],
    validation: Sequence[RatedPicture],
    recipe: LearnColumns,
    folder: Path | None = None,
    stamp: str = "",
    say: Say | None = None,
) -> tuple[Any, tuple[EpochScores, ...]]:
    """The network with the weights of the epoch of the lowest validation loss, and the curve."""
    seeded(recipe.seed)
    learner = _Columns(pictures, validation, recipe)
    plan = Plan(recipe.epochs, recipe.seed, patience=recipe.patience, watch="-loss")
    history = train(learner, plan, folder, stamp, say)
    return learner.network.eval(), history


def picture_scores(network: Any, pictures: Iterable[RGB], batch: int = 32) -> NDArray[np.float64]:
    """How good each is, 0 ... 1, by the whole and by crops of the middle and four corners; shape (pictures,)."""
    import torch

    network.eval()
    device, side, found = next(network.parameters()).device, network.side_px, list[NDArray[np.float64]]()
    with torch.inference_mode():
        for part in batched(pictures, batch):
            crops = as_tensor([crop_view(one, side, *place) for one in part for place in _MIDDLE_AND_CORNERS], device)
            whole = as_tensor([whole_view(one, side) for one in part], device)
            logits = network(whole, crops.unflatten(0, (len(part), len(_MIDDLE_AND_CORNERS))))
            found.append(logits.sigmoid().double().cpu().numpy())
    return np.concatenate(found) if found else np.zeros(0)


def measured(scores: NDArray[np.float64], pictures: Sequence[RatedPicture]) -> dict[str, float]:
    """Accuracy at 0.5, area under the ROC curve (0.5 where all are good, or none), correlation with the ratings."""
    from sklearn.metrics import roc_auc_score

    ratings = np.array([one.rating for one in pictures])
    good = ratings > 0.5
    even = np.ptp(ratings) == 0 or np.ptp(scores) == 0
    return {
        "accuracy": float(np.mean((scores > 0.5) == good)),
        "roc_auc": float(roc_auc_score(good, scores)) if 0 < good.sum() < len(good) else 0.5,
        "correlation": 0.0 if even else float(np.corrcoef(scores, ratings)[0, 1]),
    }


# --- weights ------------------------------------------------------------------------------------------------------


def save_columns(path: Path, network: Any, recipe: LearnColumns) -> None:
    """Weights, and the settings that the network is made of."""
    import torch

    target = io.BytesIO()
    shape = {name: getattr(recipe, name) for name in _SHAPE}
    torch.save({"shape": shape, "weights": {name: one.cpu() for name, one in network.state_dict().items()}}, target)
    written_whole(path, target.getvalue())


def load_columns(path: Path) -> Any:
    """Raises `MissingFile`, `BadModel`."""
    import torch

    from keyart.learn.multimodal.columns_net import DoubleColumn
    from keyart.models.hub import device

    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    try:  # weights_only: a file of weights is data, nothing in it is run
        state = torch.load(path, map_location="cpu", weights_only=True)
        network = DoubleColumn(**state["shape"])
        network.load_state_dict(state["weights"])
    except (OSError, RuntimeError, EOFError, ValueError, LookupError, TypeError, UnpicklingError) as err:
        reason = (str(err).strip() or type(err).__name__).splitlines()[0]
        raise BadModel(f"{path}: no weights of a double-column network: {reason}") from err
    return network.eval().to(device())
