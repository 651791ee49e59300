"""Learns with which shots a film's scenes begin, from features of shots: a BiLSTM over how alike neighbours are.

    keyart learn scenes --data folder --out scenes

`folder` holds `scenes_*.json` and `scenes_*features*.npz`, see `keyart.learn.sets.scenes`. Five folds by film: every
film is judged once, by a network that has not seen it. The model that is written is trained on all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keyart.errors import MissingExtra, MissingFile
from keyart.learn.data import BadData
from keyart.learn.files import write_facts
from keyart.learn.scenes.measures import (
    Begins,
    best_threshold,
    boundary_f1,
    coverage_overflow_f1,
    thresholded,
    tuned_neighbours,
)
from keyart.learn.sets.scenes import SceneFilm, read_scenes
from keyart.learn.training import Plan, Scores, plain_settings, rng, shuffled, stamp_of, train
from keyart.settings import check_ranges

FOLDS = 5


@dataclass(frozen=True, slots=True)
class LearnScenes:
    """Where scenes begin, from features of shots: a BiLSTM over how alike the shots around each place are."""

    data: Path = Path()
    """Folder with `scenes_*.json` and `scenes_*features*.npz`."""
    out: Path = Path()
    """Folder for the checkpoint, the model and the scores."""
    epochs: int = 30
    """Times through the training films at most, 1 ... 10000."""
    patience: int = 6
    """Epochs without a lower validation loss after which training stops; 0: never."""
    window: int = 6
    """Shots looked at before and after each place, 1 ... 32."""
    hidden: int = 32
    """Units of the first layer and of the LSTM in each direction, 1 ... 1024."""
    projected: int = 0
    """Numbers of the learned projection of a shot, 0 ... 512; 0: none."""
    members: int = 3
    """Networks whose scores are averaged, 2 ... 20; each is kept from other training films, on which its best epoch and
    all their threshold are found."""
    dropout: float = 0.3
    """Share of values dropped in training, 0 ... 0.95."""
    learning_rate: float = 2e-3
    """Of Adam, more than 0 up to 1."""
    weight_decay: float = 1e-4
    """Of Adam, 0 ... 1."""
    seed: int = 0
    """For the folds, the weights, the order of films."""

    def __post_init__(self) -> None:
        check_ranges(
            self,
            epochs=(1, 10_000), patience=(0, 10_000), window=(1, 32), hidden=(1, 1024),
            dropout=(0, 0.95), learning_rate=(1e-12, 1), weight_decay=(0, 1), projected=(0, 512),
            members=(2, 20),
        )  # fmt: skip

    def __call__(self, say: Callable[[str], None] = print) -> dict[str, Any]:
        """Train, or go on training; the facts that are also written to `out/scenes.json`.

        Raises `MissingFile`, `MissingExtra`, `BadData`, `BadSetting` for a checkpoint of other settings.
        """
        labels, features = files_of(self.data)
        films = read_scenes(labels, features)
        sha256 = hashlib.sha256(labels.read_bytes() + features.read_bytes()).hexdigest()
        test = self._judged(films, say)
        grouper = self.fitted(films, self.seed, self.out, stamp_of(self, sha256), say)
        facts = {"test": test, "films": len(films), "settings": plain_settings(self), "least": round(grouper.least, 3)}
        self._export(grouper, films, sha256, test)
        write_facts(self.out / "scenes.json", facts)
        return facts

    def _judged(self, films: Sequence[SceneFilm], say: Callable[[str], None]) -> dict[str, float]:
        """Means over all films, each judged by a network of the folds that it was not in."""
        found: dict[str, list[float]] = {"f1": [], "coverage_overflow_f1": [], "neighbours_f1": []}
        for number, (learned, held) in enumerate(folds(films, self.seed)):
            group, near = self.fitted(learned, self.seed + number), tuned_neighbours(learned)
            for film in held:
                begins = group(film)
                found["f1"].append(boundary_f1(begins, film.begins))
                found["coverage_overflow_f1"].append(coverage_overflow_f1(begins, film.begins))
                found["neighbours_f1"].append(boundary_f1(near(film), film.begins))
            say(f"fold {number + 1} of {FOLDS}: F1 {np.mean(found['f1']):.3f}, {np.mean(found['neighbours_f1']):.3f}")
        return {name: round(float(np.mean(values)), 4) for name, values in found.items()}

    def fitted(
        self,
        films: Sequence[SceneFilm],
        seed: int,
        folder: Path | None = None,
        stamp: str = "",
        say: Callable[[str], None] | None = None,
    ) -> Grouper:
        """Networks trained on these films, and the threshold that does best on films that a network has not seen.

        Raises `MissingExtra`, `BadData`.
        """
        networks, scores, truths = [], [], []
        for number, (learned, held) in enumerate(folds(films, seed, self.members)):
            learner = self.learner(learned, held, seed + number)
            own = folder / f"member_{number}" if folder else None
            plan = Plan(self.epochs, seed + number, patience=self.patience, watch="-loss")
            train(learner, plan, own, f"{stamp} {number}", say)
            networks.append(learner.network)
            scores += [scores_of(learner.network, one) for one in held]
            truths += [one.begins for one in held]
        from keyart.learn.scenes.net import Together

        return Grouper(Together(networks), best_threshold(scores, truths))

    def learner(self, films: Sequence[SceneFilm], held: Sequence[SceneFilm], seed: int) -> SceneLearner:
        """Raises `MissingExtra`."""
        try:
            import torch
        except ImportError as err:
            raise MissingExtra("torch", extra="learn") from err
        torch.manual_seed(seed)
        return SceneLearner(self, films, held, seed)

    def _export(self, grouper: Grouper, films: Sequence[SceneFilm], sha256: str, test: dict[str, float]) -> None:
        import torch

        from keyart.learn.export import write_kamodel
        from keyart.models.kamodel import LearnedCard

        film = films[0]
        card = LearnedCard(
            name="scenes", kind="frames", recipe="scenes", features="vgg19.shots", feature_size=film.features.shape[1],
            trained_on=f"{len(films)} films", data_sha256=sha256, scores=test, settings=plain_settings(self),
            licence="",
            note=f"a scene begins where the score is {grouper.least:.3f} or more; scores are of five folds by film",
        )  # fmt: skip
        write_kamodel(
            self.out / "ranker.kamodel", grouper.network, (torch.from_numpy(film.features)[None],),
            ("features",), ("scores",), card, dynamic={"features": {1: "n"}},
        )  # fmt: skip


def files_of(folder: Path) -> tuple[Path, Path]:
    """Labels and features in a folder. Raises `MissingFile`."""
    labels, features = sorted(folder.glob("scenes_*.json")), sorted(folder.glob("scenes_*features*.npz"))
    if not labels or not features:
        raise MissingFile(f"{folder}: scenes_*.json and scenes_*features*.npz are wanted")
    return labels[0], features[0]


def folds(
    films: Sequence[SceneFilm], seed: int, count: int = FOLDS
) -> tuple[tuple[tuple[SceneFilm, ...], tuple[SceneFilm, ...]], ...]:
    """(to learn from, held out) of each fold; every film is held out once, and the sets are dealt out evenly."""
    if len(films) < count:
        raise BadData(f"{len(films)} films for {count} folds")
    dealt: list[SceneFilm] = []
    for source in sorted({one.source for one in films}):
        dealt += shuffled([one for one in films if one.source == source], seed, 0)
    return tuple(
        (tuple(one for at, one in enumerate(dealt) if at % count != number), tuple(dealt[number::count]))
        for number in range(count)
    )


def scores_of(network: Any, film: SceneFilm) -> Any:
    """(shots,), 0 ... 1: how likely a scene begins with each."""
    import torch

    network.eval()
    with torch.no_grad():
        return network(torch.from_numpy(film.features)[None])[0].numpy()


@dataclass(frozen=True, slots=True)
class Grouper:
    """Film -> with which shots its scenes begin."""

    network: Any
    least: float

    def __call__(self, film: SceneFilm) -> Begins:
        return thresholded(scores_of(self.network, film), self.least)


class SceneLearner:
    """One step is one film; boundaries weigh more, as there are few of them."""

    def __init__(self, recipe: LearnScenes, films: Sequence[SceneFilm], held: Sequence[SceneFilm], seed: int) -> None:
        import torch

        from keyart.learn.scenes.net import SceneNet

        self.films, self.held, self.seed = films, held, seed
        share = float(np.concatenate([one.begins for one in films]).mean())
        self.weight = torch.tensor(np.sqrt((1 - share) / share), dtype=torch.float32)
        size = films[0].features.shape[1]
        self.network = SceneNet(size, recipe.window, recipe.hidden, recipe.projected, recipe.dropout)
        self.modules = {"network": self.network}
        optimiser = torch.optim.Adam(
            self.network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.optimisers = {"network": optimiser}
        self.schedulers: dict[str, Any] = {}

    def epoch(self, number: int) -> Sequence[SceneFilm]:
        return shuffled(self.films, self.seed, number)

    def step(self, film: SceneFilm) -> Scores:
        loss = self.loss(film)
        optimiser = self.optimisers["network"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        return {"loss": loss}

    def loss(self, film: SceneFilm) -> Any:
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits

        logits = self.network.logits(torch.from_numpy(film.features)[None])[0, 1:]
        wanted = torch.from_numpy(film.begins[1:].astype(np.float32))
        return binary_cross_entropy_with_logits(logits, wanted, pos_weight=self.weight)

    def validate(self) -> Scores:
        return {"loss": float(np.mean([float(self.loss(one)) for one in self.held]))}


def label_shuffled(films: Sequence[SceneFilm], seed: int) -> tuple[SceneFilm, ...]:
    """The null control: as many scenes in each film, begun anywhere."""
    found = []
    for film in films:
        begins = np.concatenate([[True], rng(seed, film.name).permutation(film.begins[1:])])
        found.append(SceneFilm(film.name, film.features, begins))
    return tuple(found)
