"""Samples and candidates made by hand, and one way to run the whole stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyart.media.images import read_image
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.models import have, model_path
from keyart.shots import DetectShots
from keyart.stills import PickStills
from keyart.stills.rank import Candidate
from keyart.stills.sample import Sample
from keyart.types import RGB, Box, Face, Frame, Outcome, Still

ASTRONAUT_FACE = Box(180, 82, 93, 93)
"""Where the face is in the 512 x 512 photograph."""


def sample_of(**changes: Any) -> Sample:
    """A good picture's numbers, with changes."""
    sample = Sample(
        number=0,
        seconds=0.0,
        sharpness=400.0,
        blur_share=0.35,
        brightness=0.45,
        contrast=0.2,
        spread=0.8,
        entropy_bits=5.0,
        flat_share=0.2,
        colourfulness=40.0,
        change=0.01,
        embedding=np.array([1, 0, 0, 0], np.float16),
    )
    return replace(sample, **changes)


def candidate_of(sample: Sample | None = None, **changes: Any) -> Candidate:
    sample = sample or sample_of()
    image = changes.pop("image", np.full((90, 160, 3), 128, np.uint8))
    candidate = Candidate(
        sample=sample,
        frame=Frame(image, sample.seconds),
        faces=(),
        text=(),
        picture=Box(0, 0, image.shape[1], image.shape[0]),
        shadows=0.0,
        highlights=0.0,
        direction_loss=0.1,
    )
    return replace(candidate, **changes)


def face_of(**changes: Any) -> Face:
    return replace(Face(Box(60, 20, 30, 30), 0.9, 0.9, "test"), **changes)


def photo(name: str) -> RGB:
    if not have(f"photo-{name}"):
        pytest.skip("needs the sample photographs: keyart models pull samples")
    return read_image(model_path(f"photo-{name}"))


@pytest.fixture(scope="session")
def astronaut() -> RGB:
    return photo("astronaut")


@pytest.fixture
def needs_faces() -> None:
    if not (have("face-detection-short-range") and have("face-landmark")):
        pytest.skip("needs the face models: keyart models pull embedded")


def picked(path: Path, stage: PickStills | None = None, mode: Any = "full") -> Outcome[tuple[Still, ...]]:
    stage = stage or PickStills()
    info = probe(path)
    watcher, sampler = DetectShots().watch(info), stage.sample(info)
    one_pass = Scan(mode).open(info)
    for glimpse in one_pass:
        watcher.see(glimpse)
        sampler.see(glimpse)
    return stage(info, sampler, watcher.shots(one_pass.report.end_seconds))


Pick = Callable[..., Outcome[tuple[Still, ...]]]


@pytest.fixture
def pick() -> Pick:
    return picked
