"""From the files to the trained model and its scores: what `keyart learn gif` does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keyart.cache import file_sha256
from keyart.errors import MissingFile
from keyart.learn.export import write_kamodel
from keyart.learn.features import SECONDS, own_gifs
from keyart.learn.files import write_facts
from keyart.learn.gif.gevaden import (
    ANNOTATIONS,
    COMMENTS,
    FEATURES,
    LearnGif,
    Parts,
    drawing,
    fit_gif,
    parted,
    usable,
)
from keyart.learn.gif.scoring import scored
from keyart.learn.sets.gif import read_gifs
from keyart.learn.sets.own import ANNOTATIONS as OWN
from keyart.learn.sets.values import GifVideo
from keyart.learn.training import EpochScores, plain_settings, stamp_of
from keyart.models.kamodel import LearnedCard

RESULT, MODEL = "gif.json", "ranker.kamodel"
_FREE = ("data", "out", "epochs", "patience", "draws")
"""Settings that may differ between the parts of one run."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a model was trained on."""

    features: str
    """Name of the extractor, which serving uses again."""
    sha256: str


def run(recipe: LearnGif, say: Callable[[str], None]) -> dict[str, Any]:
    """See `LearnGif`."""
    videos, features, sha256 = read(recipe.data, recipe.features)
    parts = parted(videos, recipe.seed)
    say(f"{len(parts.train)} videos to train on, {len(parts.validation)} to validate, {len(parts.test)} to test")
    network, history = fit_gif(parts.train, parts.validation, recipe, recipe.out, stamp_of(recipe, sha256, _FREE), say)
    network = network.cpu()
    scores = scored(drawing(network, recipe), parts.test, recipe.draws).facts()
    facts = _facts(recipe, parts, sha256, history, scores)
    if recipe.model != "ranked":
        export(recipe.out / MODEL, network, recipe, parts, Source(features, sha256), scores)
    write_facts(recipe.out / RESULT, facts)
    return facts


def read(folder: Path, features: str) -> tuple[tuple[GifVideo, ...], str, str]:
    """The videos that can be learned from, what made their features, and a checksum of what was read.

    A folder with the files of the seed's set, whose features the caller names, or one with videos and annotations.json.
    Raises `MissingFile`, `UnreadableVideo`, `BadData`.
    """
    if (folder / OWN).is_file():
        videos = usable(own_gifs(folder))
        rows = hashlib.sha256((folder / OWN).read_bytes())
        for video in videos:
            rows.update(video.features.tobytes())
        return videos, SECONDS, rows.hexdigest()
    arrays = next((folder / name for name in FEATURES if (folder / name).is_file()), None)
    if arrays is None or not (folder / ANNOTATIONS).is_file():
        raise MissingFile(f"{folder}: wanted are {ANNOTATIONS} and {' or '.join(FEATURES)}, or {OWN} beside videos")
    comments = folder / COMMENTS if (folder / COMMENTS).is_file() else None
    used = [path for path in (folder / ANNOTATIONS, arrays, comments) if path]
    sha256 = hashlib.sha256("".join(file_sha256(path) for path in used).encode()).hexdigest()
    return usable(read_gifs(folder / ANNOTATIONS, comments, arrays)), features, sha256


def export(path: Path, network: Any, recipe: LearnGif, parts: Parts, source: Source, scores: dict[str, float]) -> Path:
    """The generator as a `.kamodel` of kind "triple": features (1, n, d) and noise (L, latent) -> (L, 3, d)."""
    import torch

    feature_size = parts.train[0].features.shape[1]
    card = LearnedCard(
        name=f"gif-{recipe.model}",
        kind="triple",
        recipe="gif",
        features=source.features,
        feature_size=feature_size,
        trained_on=f"{len(parts.train)} videos with GIF thumbnails",
        data_sha256=source.sha256,
        scores=scores,
        settings=plain_settings(recipe),
    )
    chance = np.random.default_rng(0)
    shapes = ((1, 24, feature_size), (8, recipe.latent))
    examples = [torch.from_numpy(chance.standard_normal(shape, np.float32)) for shape in shapes]
    dynamic = {"features": {1: "n"}, "noise": {0: "draws"}}
    return write_kamodel(path, network, examples, ("features", "noise"), ("generated",), card, dynamic=dynamic)


def _facts(
    recipe: LearnGif, parts: Parts, sha256: str, history: Sequence[EpochScores], scores: dict[str, float]
) -> dict[str, Any]:
    return {
        "schema": 1,
        "recipe": "gif",
        "data": {"name": recipe.data.name, "sha256": sha256},
        "videos": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        "settings": plain_settings(recipe),
        "epochs": [asdict(one) for one in history],
        "test": scores,
    }
