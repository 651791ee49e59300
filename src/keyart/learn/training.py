"""The loop that every recipe trains in: seeds, checkpoints that a run goes on from, logs, the best epoch's weights.

A recipe brings a `Learner`: its networks, its optimisers, what an epoch sees and what one step does. GANs and policies
have several losses and optimisers, so the step is theirs; everything around it is here, once. On a CPU a run that was
killed and taken up again ends with the same weights, bit for bit, as one that was not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from keyart.errors import BadSetting, MissingExtra

Item = TypeVar("Item")
Item_contra = TypeVar("Item_contra", contravariant=True)
Scores = Mapping[str, float]
Say = Callable[[str], None]
Precision = Literal["full", "bf16"]

CHECKPOINT, LOG = "checkpoint.pt", "log.jsonl"
FREE = ("data", "out", "epochs", "checkpoint_steps", "patience")
"""Settings that may differ between the parts of one run: the training so far does not depend on them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, from which seed, and which epoch is the best."""

    epochs: int
    seed: int = 0
    checkpoint_steps: int = 0
    """Steps between checkpoints within an epoch; 0: only after each epoch."""
    patience: int = 0
    """Epochs without a better `watch` after which training stops; 0: never."""
    watch: str = ""
    """Validation score whose best epoch is kept, with "-" before it where lower is better; empty: the last is kept."""

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise BadSetting(f"epochs is {self.epochs}; it is 1 or more")
        if self.patience and not self.watch:
            raise BadSetting("patience needs a validation score to watch")


@dataclass(frozen=True, slots=True)
class EpochScores:
    """A point on the curves: means of the steps' losses, and what validation said."""

    epoch: int
    training: dict[str, float]
    validation: dict[str, float]
    seconds: float


class Learner(Protocol[Item_contra]):
    """What a recipe brings; `state()` and `restore(state)` too where it has more than weights: tensors, numbers."""

    modules: dict[str, Any]
    """Every `nn.Module` with weights, by name."""
    optimisers: dict[str, Any]
    schedulers: dict[str, Any]
    """Stepped once after each epoch."""

    def epoch(self, number: int) -> Sequence[Any]:
        """What epoch `number` (from 0) sees, in its order; depends on the seed and the number alone: see `shuffled`."""
        ...

    def step(self, item: Item_contra, /) -> Scores:
        """Forward, backward, the optimisers' steps; losses for the log."""
        ...

    def validate(self) -> Scores:
        """Scores of the weights as they are, without changing them; may be empty."""
        ...


def train(
    learner: Learner[Any], plan: Plan, folder: Path | None = None, stamp: str = "", say: Say | None = None
) -> tuple[EpochScores, ...]:
    """Train, or go on training; the best epoch's weights are left in the learner's modules.

    `folder` takes checkpoint, log and curves (None: nothing is written); `stamp` stands for all that the training
    depends on, see `stamp_of`. Raises `MissingExtra`, and `BadSetting` for a checkpoint of other settings or data.
    """
    return _Training(learner, plan, folder, stamp, say or (lambda _: None)).run()


def seeded(seed: int) -> None:
    """Every random number that a recipe may draw comes from this seed: torch's, and the CPU's and GPU's alike."""
    _torch().manual_seed(seed)


def shuffled(items: Iterable[Item], seed: int, epoch: int) -> list[Item]:
    """The items in the order of this epoch; it does not depend on what was drawn before."""
    order = list(items)
    random.Random(f"{seed} {epoch}").shuffle(order)
    return order


def rng(*parts: object) -> np.random.Generator:
    """A generator of its own for these parts: seed, epoch, name of the video ..."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def autocast(precision: Precision) -> contextlib.AbstractContextManager[Any]:
    """Mixed precision where it is asked for; weights stay in full precision."""
    if precision == "full":
        return contextlib.nullcontext()
    from keyart.models.hub import device

    context: contextlib.AbstractContextManager[Any] = _torch().autocast(device(), dtype=_torch().bfloat16)
    return context


def stamp_of(recipe: Any, data_sha256: str, free: Sequence[str] = FREE) -> str:
    """Stands for all that a training depends on: the recipe's settings and its data."""
    fixed = {name: str(value) for name, value in asdict(recipe).items() if name not in free}
    whole = [type(recipe).__name__, data_sha256, fixed]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _torch() -> Any:
    """The package, or the way to get it. Raises `MissingExtra`."""
    try:
        import torch as found
    except ImportError as err:
        raise MissingExtra("torch", extra="learn") from err
    return found


def best_of(history: Sequence[EpochScores], watch: str) -> int:
    """Index of the best epoch by the watched score, the earliest of equals; of no score the last."""
    if not watch:
        return len(history) - 1
    name, sign = watch.removeprefix("-"), -1.0 if watch.startswith("-") else 1.0
    missing = [one.epoch for one in history if name not in one.validation]
    if missing:
        known = ", ".join(history[-1].validation) or "none"
        raise BadSetting(f"validation gave no {name!r} to watch; it gave: {known}")
    values = [sign * one.validation[name] for one in history]
    values = [-math.inf if math.isnan(value) else value for value in values]
    return values.index(max(values))


class _Training:
    """What changes while a recipe runs, and how it is kept."""

    def __init__(self, learner: Learner[Any], plan: Plan, folder: Path | None, stamp: str, say: Say) -> None:
        self.learner, self.plan, self.folder, self.stamp, self.say = learner, plan, folder, stamp, say
        self.epoch, self.step, self.steps = 0, 0, 0
        self.losses: list[dict[str, float]] = []
        self.history: list[EpochScores] = []
        self.best: dict[str, Any] | None = None
        seeded(plan.seed)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._resume(folder / CHECKPOINT)

    def run(self) -> tuple[EpochScores, ...]:
        if self.steps:
            self.say(f"going on after {self.epoch} epochs and {self.step} steps")
        with _curves(self.folder) as curves:
            while self.epoch < self.plan.epochs and not self._has_stalled():
                self._one_epoch(curves)
        if self.best is not None:
            for name, module in self.learner.modules.items():
                module.load_state_dict(self.best[name])
        return tuple(self.history)

    def _has_stalled(self) -> bool:
        if not self.plan.patience or not self.history:
            return False
        return len(self.history) - 1 - best_of(self.history, self.plan.watch) >= self.plan.patience

    def _one_epoch(self, curves: Any) -> None:
        began = time.monotonic()
        self._steps()
        for scheduler in self.learner.schedulers.values():
            scheduler.step()
        self._mode("eval")
        with _torch().no_grad():
            found = {name: _number(value) for name, value in self.learner.validate().items()}
        scores = EpochScores(self.epoch + 1, _means(self.losses), found, round(time.monotonic() - began, 3))
        self.history.append(scores)
        if self.plan.watch and best_of(self.history, self.plan.watch) == self.epoch:
            self.best = {name: _copied(module.state_dict()) for name, module in self.learner.modules.items()}
        self.epoch, self.step, self.losses = self.epoch + 1, 0, []
        self._save()
        self._told(scores, curves)

    def _steps(self) -> None:
        items = self.learner.epoch(self.epoch)
        for number, item in enumerate(items):
            if number < self.step:
                continue
            self._mode("train")
            losses = self.learner.step(item)
            self.losses.append({name: _number(value) for name, value in losses.items()})
            self.step, self.steps = number + 1, self.steps + 1
            if self.plan.checkpoint_steps and self.step % self.plan.checkpoint_steps == 0:
                self._save()
                self.say(f"epoch {self.epoch + 1}, step {self.step} of {len(items)}: {_line(self.losses[-1])}")

    def _mode(self, name: Literal["train", "eval"]) -> None:
        for module in self.learner.modules.values():
            getattr(module, name)()

    def _told(self, scores: EpochScores, curves: Any) -> None:
        self.say(f"epoch {scores.epoch}: {_line({**scores.training, **scores.validation})}")
        if self.folder is None:
            return
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(scores)) + "\n")
        for part, values in (("training", scores.training), ("validation", scores.validation)):
            for name, value in values.items():
                curves.add_scalar(f"{part}/{name}", value, scores.epoch)

    # --- the checkpoint -------------------------------------------------------------------------------------------

    def _save(self) -> None:
        if self.folder is None:
            return
        t, own = _torch(), getattr(self.learner, "state", None)
        state = {
            "stamp": self.stamp,
            "modules": {name: one.state_dict() for name, one in self.learner.modules.items()},
            "optimisers": {name: one.state_dict() for name, one in self.learner.optimisers.items()},
            "schedulers": {name: one.state_dict() for name, one in self.learner.schedulers.items()},
            "own": own() if own else {},
            "random": t.get_rng_state(),
            "random_cuda": t.cuda.get_rng_state_all() if t.cuda.is_available() else [],
            "counts": [self.epoch, self.step, self.steps],
            "losses": self.losses,
            "history": [asdict(one) for one in self.history],
            "best": self.best,
        }
        path = self.folder / CHECKPOINT
        t.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def _resume(self, path: Path) -> None:
        if not path.is_file():
            return
        t = _torch()
        try:  # weights_only: a checkpoint is data, nothing in it is run
            state = t.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, LookupError, UnpicklingError) as err:
            raise BadSetting(f"{path} cannot be read; delete it to begin anew") from err
        if state["stamp"] != self.stamp:
            raise BadSetting(f"{path} is of a run with other settings or data; choose another --out, or delete it")
        for kind in ("modules", "optimisers", "schedulers"):
            for name, one in getattr(self.learner, kind).items():
                one.load_state_dict(state[kind][name])
        restore = getattr(self.learner, "restore", None)
        if restore:
            restore(state["own"])
        t.set_rng_state(state["random"])
        if state["random_cuda"] and t.cuda.is_available():
            t.cuda.set_rng_state_all(state["random_cuda"])
        self.epoch, self.step, self.steps = state["counts"]
        self.losses, self.best = state["losses"], state["best"]
        self.history = [EpochScores(**one) for one in state["history"]]


@contextlib.contextmanager
def _curves(folder: Path | None) -> Any:
    """TensorBoard's writer; nothing is written without a folder."""
    if folder is None:
        yield None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as err:
        raise MissingExtra(err.name or "tensorboard", extra="learn") from err
    with SummaryWriter(str(folder / "tensorboard")) as writer:
        yield writer


def _number(value: Any) -> float:
    """Of a loss that may still hang on its graph."""
    return float(value.detach() if hasattr(value, "detach") else value)


def _copied(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.detach().clone() for name, value in state.items()}


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def _line(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())


def plain_settings(recipe: Any) -> dict[str, Any]:
    """A recipe's settings as a card may carry them: no paths of this machine, lists for tuples."""
    assert is_dataclass(recipe) and not isinstance(recipe, type)
    values = {name: value for name, value in asdict(recipe).items() if name not in ("data", "out")}
    return {
        name: list(value) if isinstance(value, tuple) else value.name if isinstance(value, Path) else value
        for name, value in values.items()
    }
