"""Candidates -> scores whose every part can be read, and an order in which no two pictures are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadSetting
from keyart.stills.metrics import median, percentile, shrunk
from keyart.stills.sample import Sample
from keyart.types import RGB, Box, Face, Frame, Term


@dataclass(frozen=True, slots=True)
class Weights:
    """What each term counts for, [0, ...]; the score is the weighted mean."""

    faces: float = 3.0
    sharpness: float = 1.5
    exposure: float = 1.0
    distinctness: float = 1.0
    text: float = 1.2
    representativeness: float = 0.8
    steadiness: float = 0.8
    motion_blur: float = 0.6
    contrast: float = 0.6
    colourfulness: float = 0.6
    detail: float = 0.8
    subject: float = 0.6
    learned: float = 6.0

    def __post_init__(self) -> None:
        check_weights(self)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A sample that was looked at in full. Boxes in pixels of the frame."""

    sample: Sample
    frame: Frame
    faces: tuple[Face, ...]
    text: tuple[Box, ...]
    picture: Box
    """The part inside the bars."""
    shadows: float
    highlights: float
    direction_loss: float
    shot: int = 0
    transition_distance: float = float("inf")
    cluster: int = 0
    cluster_size: int = 1
    learned: float | None = None
    """What a learned ranker thinks of it among the video's samples, 0 ... 1; None where there is none."""

    @property
    def text_share(self) -> float:
        """Of the picture's area."""
        return min(1.0, sum(box.area for box in self.text) / max(1.0, self.picture.area))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the terms compare a candidate with: the video as a whole."""

    sharpness: float
    """Median of the samples that passed the gate."""
    colourfulness: float
    """90th percentile; below 6 the video is black and white."""
    largest_cluster: int
    has_faces: bool
    main_objects: frozenset[str]
    """What most of the video shows (thesis §4.3)."""
    end_seconds: float


def surroundings(
    passed: Sequence[Sample], labels: Sequence[int], end_seconds: float, main: frozenset[str]
) -> Surroundings:
    return Surroundings(
        sharpness=median([sample.sharpness for sample in passed]),
        colourfulness=percentile([sample.colourfulness for sample in passed], 90),
        largest_cluster=int(np.bincount(np.asarray(labels, np.int64)).max()),
        has_faces=any(sample.faces for sample in passed),
        main_objects=main,
        end_seconds=end_seconds,
    )


# --- terms --------------------------------------------------------------------------------------------------------


def _ramp(value: float, low: float, high: float) -> float:
    """0 at `low`, 1 at `high`, straight between; `high` may be the smaller."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def face_value(face: Face, picture: Box) -> float:
    """How well a face serves a cover: large but not filling, whole, eyes open, not in a corner. [0, 1]."""
    height = face.box.height / max(1.0, picture.height)
    size = _ramp(height, 0.04, 0.30) * (1.0 - 0.4 * _ramp(height, 0.65, 0.95))
    x, y = face.box.center
    off_x = abs(x - picture.x - picture.width / 2) / max(1.0, picture.width / 2)
    off_y = abs(y - picture.y - picture.height * 0.4) / max(1.0, picture.height * 0.6)
    place = 1.0 - 0.3 * _ramp(max(off_x, off_y), 0.4, 1.0)
    whole = face.box.overlap(picture) / max(1e-6, face.box.area)
    eyes = 0.75 if face.eyes_open is None else 0.35 + 0.65 * _ramp(face.eyes_open, 0.1, 0.6)
    return float((0.25 + 0.75 * size) * place * whole**2 * eyes * (0.5 + 0.5 * min(1.0, face.confidence / 0.8)))


def is_visible(face: Face, picture: Box) -> bool:
    """Whether someone who scrolls past sees a face there: most of it, and 7 % of the picture's height or more."""
    return face.box.height >= 0.07 * picture.height and face.box.overlap(picture) >= 0.6 * face.box.area


def faces_term(candidate: Candidate, around: Surroundings, weight: float) -> Term:
    if not around.has_faces:
        return Term("faces", 0.0, 0.0, "no face anywhere in the video")
    if not candidate.faces:
        return Term("faces", 0.0, weight, "no face")
    value = max(face_value(face, candidate.picture) for face in candidate.faces)
    main = candidate.faces[0]
    eyes = (
        ""
        if main.eyes_open is None
        else f", eyes {'open' if main.eyes_open >= 0.35 else 'shut'} ({main.eyes_open:.2f})"
    )
    share = main.box.height / max(1.0, candidate.picture.height)
    return Term("faces", value, weight, f"{len(candidate.faces)} found, the largest {share:.0%} of the height{eyes}")


def sharpness_term(candidate: Candidate, around: Surroundings, weight: float) -> Term:
    ratio = candidate.sample.sharpness / max(1e-6, around.sharpness)
    crisp = _ramp(candidate.sample.blur_share, 0.68, 0.25)
    note = f"Laplacian variance {candidate.sample.sharpness:.0f}, {ratio:.1f} x the video's median; "
    note += f"blur {candidate.sample.blur_share:.2f}"
    return Term("sharpness", 0.6 * crisp + 0.4 * ratio / (ratio + 0.5), weight, note)


def exposure_term(candidate: Candidate, _: Surroundings, weight: float) -> Term:
    light = candidate.sample.brightness
    level = min(_ramp(light, 0.02, 0.30), _ramp(light, 0.98, 0.72))
    lost = _ramp(candidate.shadows, 0.15, 0.7) * 0.5 + _ramp(candidate.highlights, 0.05, 0.5) * 0.7
    note = f"mean luma {light:.2f}, {candidate.shadows:.0%} black, {candidate.highlights:.0%} burnt out"
    return Term("exposure", level * max(0.0, 1.0 - lost), weight, note)


def contrast_term(candidate: Candidate, _: Surroundings, weight: float) -> Term:
    return Term(
        "contrast", _ramp(candidate.sample.contrast, 0.03, 0.22), weight, f"sigma {candidate.sample.contrast:.2f}"
    )


def colourfulness_term(candidate: Candidate, around: Surroundings, weight: float) -> Term:
    value = candidate.sample.colourfulness
    if around.colourfulness < 6.0:
        return Term("colourfulness", 0.0, 0.0, "the video is black and white")
    return Term("colourfulness", _ramp(value, 0.0, 60.0), weight, f"Hasler-Suesstrunk {value:.0f}")


def detail_term(candidate: Candidate, _: Surroundings, weight: float) -> Term:
    flat, bits = candidate.sample.flat_share, candidate.sample.entropy_bits
    value = 0.5 * _ramp(flat, 0.95, 0.45) + 0.5 * _ramp(bits, 1.5, 4.5)
    return Term("detail", value, weight, f"{flat:.0%} flat, {bits:.1f} of 6 bits")


def text_term(candidate: Candidate, _: Surroundings, weight: float) -> Term:
    share = candidate.text_share
    note = f"{len(candidate.text)} lines of burnt-in text on {share:.1%}" if candidate.text else "no burnt-in text"
    return Term("text", 1.0 - _ramp(share, 0.0, 0.10), weight, note)


def motion_blur_term(candidate: Candidate, _: Surroundings, weight: float) -> Term:
    # one-sided detail is motion blur only where detail is missing
    smeared = _ramp(candidate.direction_loss, 0.35, 0.75) * _ramp(candidate.sample.blur_share, 0.35, 0.6)
    moving = _ramp(candidate.sample.change, 0.02, 0.12)
    note = f"{candidate.direction_loss:.0%} less detail along one direction, D_t {candidate.sample.change:.3f}"
    return Term("motion blur", max(0.0, 1.0 - max(smeared, 0.7 * moving)), weight, note)


def representativeness_term(candidate: Candidate, around: Surroundings, weight: float) -> Term:
    value = float(np.sqrt(candidate.cluster_size / max(1, around.largest_cluster)))
    return Term("representativeness", value, weight, f"stands for {candidate.cluster_size} samples")


def distinctness_term(candidate: Candidate, around: Surroundings, weight: float) -> Term:
    """Away from the first and last moments, where logos, slates, fades and credits live."""
    seconds, end = candidate.frame.seconds, around.end_seconds
    margin = max(0.2, min(0.05 * end, 10.0))
    value = _ramp(min(seconds, end - seconds), 0.0, margin)
    return Term("distinctness", value, weight, f"{seconds:.1f} s in, {max(0.0, end - seconds):.1f} s before the end")


def steadiness_term(candidate: Candidate, _: Surroundings, weight: float) -> Term:
    away = candidate.transition_distance
    note = "one shot only" if np.isinf(away) else f"{away:.2f} s from a change of shot"
    return Term("steadiness", _ramp(away, 0.0, 0.4) if np.isfinite(away) else 1.0, weight, note)


def subject_term(candidate: Candidate, around: Surroundings, weight: float) -> Term:
    if not around.main_objects:
        return Term("subject", 0.0, 0.0, "no object is in most of the video")
    held = bool(candidate.faces)
    return Term("subject", float(held), weight, f"most of the video shows faces, this {'does' if held else 'does not'}")


def learned_terms(candidate: Candidate, weight: float) -> tuple[Term, ...]:
    """What a learned ranker says; nothing where there is none."""
    value = candidate.learned
    return () if value is None else (Term("learned", value, weight, f"{value:.2f} of the way to the ranker's best"),)


TERMS: dict[str, Callable[[Candidate, Surroundings, float], Term]] = {
    "faces": faces_term,
    "sharpness": sharpness_term,
    "exposure": exposure_term,
    "distinctness": distinctness_term,
    "text": text_term,
    "representativeness": representativeness_term,
    "steadiness": steadiness_term,
    "motion_blur": motion_blur_term,
    "contrast": contrast_term,
    "colourfulness": colourfulness_term,
    "detail": detail_term,
    "subject": subject_term,
}
"""Field of `Weights` -> (candidate, surroundings, weight) -> term."""


def score_terms(candidate: Candidate, around: Surroundings, weights: Weights) -> tuple[Term, ...]:
    terms = (make(candidate, around, getattr(weights, name)) for name, make in TERMS.items())
    return (*terms, *learned_terms(candidate, weights.learned))


def check_weights(weights: Any) -> None:
    """Raises `BadSetting` for a weight below 0."""
    for each in fields(weights):
        if getattr(weights, each.name) < 0:
            raise BadSetting(f"the weight of {each.name} is 0 or more, not {getattr(weights, each.name)}")


def weighted_mean(terms: Sequence[Term]) -> float:
    total = sum(term.weight for term in terms)
    return round(sum(term.value * term.weight for term in terms) / total, 4) if total else 0.0


def is_card(candidate: Candidate) -> bool:
    """Title or credits: lines of text on an even ground and nothing else."""
    flat, share = candidate.sample.flat_share, candidate.text_share
    if candidate.faces:
        return False
    return (flat >= 0.6 and share >= 0.02) or (flat >= 0.4 and share >= 0.10)


# --- likeness -----------------------------------------------------------------------------------------------------

_ALIKE_PX = 48


def alike_view(image: RGB) -> NDArray[np.float32]:
    """A small blurred picture for `likeness`: shape (48, 48, 3)."""
    import cv2

    small = shrunk(image, _ALIKE_PX, _ALIKE_PX)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 0.8), np.float32)


def likeness(one: NDArray[np.float32], other: NDArray[np.float32], *, max_shift_px: int = 4) -> float:
    """Correlation of two `alike_view`s at the best shift, -1 ... 1: small pans count as alike."""
    import cv2

    inner = slice(max_shift_px, _ALIKE_PX - max_shift_px)
    values = []
    for a, b in ((one, other), (other, one)):
        template = np.ascontiguousarray(a[inner, inner])
        if float(template.std()) < 1.0 or float(b.std()) < 1.0:
            return 1.0 if float(np.abs(one - other).mean()) < 8.0 else 0.0
        values.append(float(cv2.matchTemplate(b, template, cv2.TM_CCOEFF_NORMED).max()))
    return max(values)


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    candidate: Candidate
    terms: tuple[Term, ...]
    view: NDArray[np.float32] = field(repr=False)

    @property
    def score(self) -> float:
        return weighted_mean(self.terms)


def nearness(one: Candidate, other: Candidate, end_seconds: float) -> float:
    """How close in time two pictures of one shot are, 0 ... 0.7: a later moment says more than the next one."""
    if one.shot != other.shot:
        return 0.0
    reach = float(np.clip(0.05 * end_seconds, 1.0, 10.0))
    return 0.7 * _ramp(abs(one.frame.seconds - other.frame.seconds), reach, 0.0)


def pick_diverse(
    scored: Sequence[Scored],
    count: int,
    lead: Scored | None = None,
    *,
    max_likeness: float,
    variety: float,
    end_seconds: float = 0.0,
) -> tuple[Scored, ...]:
    """`lead`, or the best, first; then always the best of the rest, less `variety` times its likeness to those taken.

    What is more than `max_likeness` like a picture already taken is never offered.
    """
    taken: list[Scored] = []
    left = sorted(scored, key=lambda each: (-each.score, each.candidate.frame.seconds))
    likes, costs = [0.0] * len(left), [0.0] * len(left)
    while left and len(taken) < count:
        best = max(range(len(left)), key=lambda i: (left[i].score - variety * costs[i], -i))
        if lead is not None and not taken:
            best = next(i for i, each in enumerate(left) if each is lead)
        chosen = left[best]
        taken.append(chosen)
        for i, each in enumerate(left):
            likes[i] = max(likes[i], likeness(each.view, chosen.view))
            costs[i] = max(costs[i], likes[i], nearness(each.candidate, chosen.candidate, end_seconds))
        open_to = [i for i in range(len(left)) if i != best and likes[i] <= max_likeness]
        left = [left[i] for i in open_to]
        likes, costs = [likes[i] for i in open_to], [costs[i] for i in open_to]
    return tuple(taken)
