"""What the supervised summarisers share: mean squared errors against people's importance, and the field's judgement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadSetting
from keyart.learn.data import BadData
from keyart.learn.features import annotated
from keyart.learn.files import write_facts
from keyart.learn.protocol import (
    Best,
    Marks,
    Row,
    evaluate,
    human_row,
    judges_of,
    random_row,
    random_splits,
    read_splits,
)
from keyart.learn.sets.values import AnnotatedVideo, VideoSplit
from keyart.learn.training import Scores, plain_settings, shuffled

MODEL = "ranker.kamodel"
Rows = NDArray[np.float32]
Scorer = Callable[[AnnotatedVideo], NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """What one video gives the network, and what it should say."""

    inputs: tuple[Rows, ...]
    """Each (rows, d): the frames, and the text where there is one."""
    target: Rows
    """(n,), 0 ... 1."""


def example_of(video: AnnotatedVideo, *more: Rows) -> Example:
    """Raises `BadData` for a video without features."""
    if not video.has_features:
        raise BadData(f"{video.name}: no features; they are what is learned from")
    return Example((np.asarray(video.features, np.float32), *more), np.asarray(video.target, np.float32))


class Steps(Protocol):
    """Settings of a training by mean squared errors."""

    @property
    def batch(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def max_norm(self) -> float: ...


class Regression:
    """A network learns importance: each video's mean squared error, summed over the videos of a step, as published."""

    def __init__(self, network: Any, examples: Sequence[Example], settings: Steps, seed: int) -> None:
        import torch

        from keyart.models.hub import device

        self.examples, self.settings, self.seed = list(examples), settings, seed
        self.network = network.to(device())
        self.modules: dict[str, Any] = {"network": self.network}
        self.parameters = [one for one in self.network.parameters() if one.requires_grad]
        self.optimisers: dict[str, Any] = {
            "adam": torch.optim.Adam(self.parameters, settings.learning_rate, weight_decay=settings.weight_decay)
        }
        self.schedulers: dict[str, Any] = {}
        self.device = device()

    def epoch(self, number: int) -> Sequence[list[Example]]:
        size, order = self.settings.batch, shuffled(self.examples, self.seed, number)
        return [order[at : at + size] for at in range(0, len(order), size)]

    def step(self, item: list[Example]) -> Scores:
        import torch

        self.optimisers["adam"].zero_grad(set_to_none=True)
        total = 0.0
        for alike in by_shape(item):
            inputs, target = self._stacked(alike)
            loss = ((self.network(*inputs) - target) ** 2).mean(dim=1).sum()
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.max_norm)
        self.optimisers["adam"].step()
        return {"loss": total / len(item)}

    def validate(self) -> Scores:
        return {}

    def _stacked(self, alike: Sequence[Example]) -> tuple[list[Any], Any]:
        import torch

        columns = zip(*(one.inputs for one in alike), strict=True)
        inputs = [torch.from_numpy(np.stack(rows)).to(self.device) for rows in columns]
        return inputs, torch.from_numpy(np.stack([one.target for one in alike])).to(self.device)


def by_shape(examples: Sequence[Example]) -> list[list[Example]]:
    """Those of one length together: they go through the network at once, without padding."""
    found: dict[tuple[int, ...], list[Example]] = {}
    for one in examples:
        found.setdefault(tuple(len(rows) for rows in one.inputs), []).append(one)
    return list(found.values())


def width_of(examples: Sequence[Example]) -> int:
    """The one width of all features. Raises `BadSetting` where there are none or several."""
    widths = {rows.shape[1] for one in examples for rows in one.inputs}
    if len(widths) != 1:
        raise BadSetting(
            f"{len(examples)} videos with features of {sorted(widths) or 'no'} columns; wanted is one width"
        )
    return int(widths.pop())


# --- data, judgement ------------------------------------------------------------------------------------------------


def read_videos(path: Path) -> tuple[tuple[AnnotatedVideo, ...], str]:
    """The videos of an h5 file of the field, or of a folder, and their checksum; raises as `annotated` does."""
    found = annotated(path)
    return found.videos, found.sha256


def splits_of(path: Path, videos: Sequence[AnnotatedVideo], seed: int) -> tuple[VideoSplit, ...]:
    """The file's, or five random ones where the path is empty."""
    return random_splits([one.name for one in videos], seed) if path == Path() else read_splits(path)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The model's row, and the two that every table carries."""

    model: Row
    random: Row
    """Mean of a hundred random summaries of each video."""
    human: Row | None
    """None where one person alone judged the videos."""

    def scores(self) -> dict[str, float]:
        """f1, tau, rho; random and human before them for their rows."""
        rows: dict[str, Marks] = {"": self.model.marks, "random ": self.random.marks}
        if self.human is not None:
            rows["human "] = self.human.marks
        return {f"{who}{name}": round(value, 6) for who, marks in rows.items() for name, value in asdict(marks).items()}


def judged(
    fit: Callable[[Sequence[AnnotatedVideo], int], Scorer],
    videos: Sequence[AnnotatedVideo],
    splits: Sequence[VideoSplit],
    best: Best,
) -> Judgement:
    """`fit(training videos, number of the split)`, judged by the test videos of all splits."""
    judges = judges_of(videos, best)
    model = evaluate(fit, videos, splits, best, judges)
    try:
        human = human_row(judges, splits)
    except BadData:  # one person agrees with nobody
        human = None
    return Judgement(model, random_row(judges, splits), human)


def scores_of(network: Any, *inputs: Rows) -> NDArray[np.float32]:
    """Importance (n,) of one video's rows."""
    import torch

    from keyart.models.hub import device

    network.eval()
    with torch.no_grad():
        found = network(*(torch.from_numpy(np.asarray(one, np.float32))[None].to(device()) for one in inputs))
    return np.asarray(found[0].cpu(), np.float32)


def torch_of(rows: Rows) -> Any:
    import torch

    return torch.from_numpy(np.asarray(rows, np.float32))


def written(
    recipe: Any, name: str, data: Path, sha256: str, videos: Sequence[AnnotatedVideo], found: Judgement, **more: Any
) -> dict[str, Any]:
    """The facts of a run, as they stand in `out/NAME.json`."""
    facts = {
        "schema": 1,
        "recipe": name,
        "data": {"name": data.name, "sha256": sha256, "videos": len(videos)},
        "settings": plain_settings(recipe),
        **more,
        "splits": [asdict(one) for one in found.model.splits],
        "test": found.scores(),
    }
    write_facts(recipe.out / f"{name}.json", facts)
    return facts
