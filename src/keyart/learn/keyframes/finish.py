"""What the three recipes end with: the facts on disk, the head as a model that serving can open."""

from __future__ import annotations

import math
from typing import Any

from keyart.learn.export import write_kamodel
from keyart.learn.files import write_facts
from keyart.learn.keyframes.data import Opened
from keyart.learn.keyframes.measures import Measures
from keyart.learn.training import plain_settings
from keyart.models.kamodel import LearnedCard
from keyart.settings import check_ranges

_BOUNDS: dict[str, tuple[float, float]] = {
    "epochs": (1, 1000), "batch": (1, 4096), "learning_rate": (1e-12, 1.0), "threshold": (0.0, 1.0),
    "key_share": (1e-6, 1.0), "hidden": (1, 8192), "layer4_rate": (0.0, 100.0), "halve_every": (1, math.inf),
    "patience": (0, math.inf), "key_weight": (1e-6, 1e6), "side_px": (16, 1024), "crop_from": (1e-3, 1.0),
}  # fmt: skip


def checked(recipe: Any) -> None:
    """Raises `BadSetting` for a setting outside its bounds."""
    check_ranges(recipe, **{name: bounds for name, bounds in _BOUNDS.items() if hasattr(recipe, name)})


def finished(recipe: Any, name: str, opened: Opened, head: Any, test: Measures, more: dict[str, Any]) -> dict[str, Any]:
    """Write `out/<name>.json` and `out/ranker.kamodel`; the facts."""
    scores = test.facts()
    facts = {
        "schema": 1,
        "recipe": name,
        "data": {"name": opened.name, "sha256": opened.sha256, "videos": len(opened.videos)},
        "features": opened.extractor,
        "settings": plain_settings(recipe),
        "key_shots": sum(int(one.key.sum()) for one in opened.videos),
        "shots": sum(len(one.key) for one in opened.videos),
        **more,
        "test": scores,
    }
    write_facts(recipe.out / f"{name}.json", facts)
    _export(recipe, name, opened, head, scores)
    return facts


def _export(recipe: Any, name: str, opened: Opened, head: Any, scores: dict[str, float]) -> None:
    import torch

    from keyart.learn.keyframes.nets import Probabilities

    size = int(next(head.parameters()).shape[1])
    card = LearnedCard(
        name=f"{name} on {opened.name}",
        kind="frames",
        recipe=name,
        features=opened.extractor,
        feature_size=size,
        trained_on=opened.name,
        data_sha256=opened.sha256,
        scores=scores,
        settings=plain_settings(recipe),
        note="probability that a shot is key; one row for each shot of two seconds",
    )
    network = Probabilities(head.cpu())
    example = (torch.zeros(1, 8, size),)
    write_kamodel(
        recipe.out / "ranker.kamodel", network, example, ("features",), ("scores",), card,
        dynamic={"features": {1: "n"}},
    )  # fmt: skip
