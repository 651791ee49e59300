"""Learned summarisers: what each frame is worth, learned with or without people's opinion (D5.4 §3.3-3.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Protocol

from numpy.typing import NDArray

from keyart.learn.sets.values import AnnotatedVideo

Scorer = Callable[[AnnotatedVideo], NDArray[Any]]
"""A video -> importance at its picks, (n,), in 0 ... 1."""


class Summariser(Protocol):
    """Trains on these videos; a recipe's own settings go by name (`epochs=20`), all others are the recipe's."""

    def __call__(self, train: Sequence[AnnotatedVideo], seed: int = 0, **settings: Any) -> Scorer: ...


def _of(module: str, function: str = "summariser") -> Summariser:
    """Entered when it is called: these rooms need torch."""

    def train(train: Sequence[AnnotatedVideo], seed: int = 0, **settings: Any) -> Scorer:
        found: Summariser = getattr(import_module(f"keyart.learn.summaries.{module}"), function)
        return found(train, seed, **settings)

    return train


SUMMARISERS: dict[str, Summariser] = {
    "ac-sum-gan": _of("ac_sum_gan"),
    "ac-sum-gan-elm": _of("ac_sum_gan", "summariser_with_elm"),
    "ca-sum": _of("ca_sum"),
    "pgl-sum": _of("pgl_sum"),
    "re-sum": _of("re_sum"),
}
"""Name -> training videos to scorer. Unsupervised ones look at `features` alone, supervised ones at `target` too."""
