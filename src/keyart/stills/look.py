"""A full picture looked at closely: faces, burnt-in text, bars, lost shadows and lights. All that the terms need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from keyart.stills import metrics
from keyart.stills.gate import shot_at, transition_distance
from keyart.stills.objects import FaceDetector
from keyart.stills.rank import Candidate
from keyart.stills.sample import Sample, reduced
from keyart.stills.text import FindText
from keyart.types import Box, Frame, Shot

LONGEST_PX = 1920
"""Longer side of the picture in which faces are looked for; larger ones show none that are missed."""


def closer_look(
    sample: Sample,
    frame: Frame,
    detector: FaceDetector,
    working_px: int,
    shots: Sequence[Shot] = (),
    *,
    tiles: bool,
    text: tuple[Box, ...] | None = None,
) -> Candidate:
    """The candidate that a frame is; `text` where it is known from the same scene a moment apart."""
    scene = reduced(frame.image, LONGEST_PX)
    scale = frame.width_px / scene.shape[1]
    gray = reduced(metrics.to_gray(scene), working_px)
    bars = metrics.find_bars(gray).inside(gray.shape[1], gray.shape[0])
    shadows, highlights = metrics.clipped_shares(gray)
    faces = detector.look(scene, tiles=tiles)
    coarse = frame.width_px / gray.shape[1]
    return Candidate(
        sample=sample,
        frame=frame,
        faces=tuple(replace(face, box=face.box.scaled(scale)) for face in faces),
        text=tuple(box.scaled(coarse) for box in FindText()(gray)) if text is None else text,
        picture=bars.scaled(coarse),
        shadows=shadows,
        highlights=highlights,
        direction_loss=metrics.direction_loss(gray),
        shot=shot_at(frame.seconds, shots),
        transition_distance=transition_distance(frame.seconds, shots),
    )
