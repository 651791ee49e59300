"""A still that the user picks: the frame on display at a time, developed and looked at like those that are ranked.

It needs no pass over the video, so nothing is said of how it compares with the rest of it: terms of that kind are left
out, and the score is the mean of the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from keyart.cores import opencv_on_one_thread
from keyart.errors import BadSetting
from keyart.media.grab import embedded_cover, grab
from keyart.media.images import read_image
from keyart.stills import metrics
from keyart.stills.embed import EMBEDDERS
from keyart.stills.look import closer_look
from keyart.stills.moments import parse_moments
from keyart.stills.objects import PERSON_MODEL, choose_detector, person_fraction
from keyart.stills.pick import LOW_CONTRAST, PickStills
from keyart.stills.rank import TERMS, Candidate, Surroundings, Weights, weighted_mean
from keyart.stills.sample import measure, reduced
from keyart.types import Frame, Outcome, Still, Term, VideoInfo

_WORKING_PX = 640
_HALF_A_MILLISECOND = 0.00045
"""`grab` adds the rest. Times are handed on rounded to 1 ms, which may lie before the frame that they stand for."""
_OF_THE_VIDEO = ("sharpness", "distinctness", "representativeness", "steadiness", "motion_blur", "subject")
"""Terms that compare a picture with others of its video, or with its neighbours in time."""


def still_at(info: VideoInfo, seconds: float, settings: PickStills | None = None, *, rank: int = 1) -> Still:
    """The frame on display at `seconds`, to the millisecond. Raises `BadSetting` outside the video, `UnreadableVideo`.

    `settings` lend the detector, the weights and what is done to the offered pictures (`clahe`).
    """
    return _stills(info, [seconds], settings or PickStills(), rank)[0]


def own_cover(info: VideoInfo, settings: PickStills | None = None, *, rank: int = 1) -> Still:
    """The author's cover picture. Raises `BadSetting` where the file has none."""
    frame = embedded_cover(info)
    if frame is None:
        raise BadSetting(f"{info.name} carries no cover picture of its own; name a time instead")
    with opencv_on_one_thread():
        return replace(_seen(frame, 0, settings or PickStills(), rank), origin="embedded cover")


def still_of(picture: Path, settings: PickStills | None = None, *, rank: int = 1) -> Still:
    """A picture that is no frame of the video. Raises `MissingFile`, `UnreadableImage`."""
    frame = Frame(read_image(picture), 0.0)
    with opencv_on_one_thread():
        return replace(_seen(frame, 0, settings or PickStills(), rank), origin="picture")


def stills_at(info: VideoInfo, moments: str, settings: PickStills | None = None) -> tuple[Still, ...]:
    """The stills of `parse_moments`, in the order written, ranks from 1. Neighbours in time cost one decode."""
    picking, wanted = settings or PickStills(), parse_moments(moments)
    times = [one for one in wanted if one is not None]
    by_time = iter(_stills(info, times, picking) if times else ())
    found = [own_cover(info, picking) if one is None else next(by_time) for one in wanted]
    return tuple(replace(still, rank=rank) for rank, still in enumerate(found, 1))


def named_stills(
    info: VideoInfo, moments: str, picture: Path | None = None, settings: PickStills | None = None
) -> Outcome[tuple[Still, ...]]:
    """`stills_at`, or `still_of` a picture where one is named, as a stage."""
    picking = settings or PickStills()
    detector, note = choose_detector(picking.detector)
    found = (still_of(picture, picking),) if picture else stills_at(info, moments, picking)
    models = (*detector.models, *((PERSON_MODEL,) if any(one.person_fraction is not None for one in found) else ()))
    return Outcome(found, "degraded" if note else "ok", note, detector.backend, models)


def _stills(info: VideoInfo, times: Sequence[float], settings: PickStills, rank: int = 1) -> list[Still]:
    for one in times:
        _within(info, one)
    frames = grab(info, [one + _HALF_A_MILLISECOND for one in times])
    with opencv_on_one_thread():
        return [_seen(frame, round(frame.seconds * info.frames_per_second), settings, rank) for frame in frames]


def _within(info: VideoInfo, seconds: float) -> None:
    if not math.isfinite(seconds) or seconds < 0:
        raise BadSetting(f"a moment is 0 seconds or later, not {seconds}")
    if info.duration_seconds and seconds > info.duration_seconds + 0.5:
        raise BadSetting(f"{info.name} has {info.duration_seconds:.3f} seconds; there is no frame at {seconds:g}")


def _seen(frame: Frame, number: int, settings: PickStills, rank: int) -> Still:
    detector, _ = choose_detector(settings.detector)
    view = reduced(frame.image, _WORKING_PX)
    sample = measure(view, number=number, seconds=frame.seconds, change=0.0, embed=EMBEDDERS[settings.embedder])
    candidate = closer_look(sample, frame, detector, _WORKING_PX, tiles=False)
    if not candidate.faces:  # small faces are worth a search where none is seen at a glance
        candidate = closer_look(sample, frame, detector, _WORKING_PX, tiles=True, text=candidate.text)
    terms = _terms(candidate, settings.score_weights)
    enhanced = settings.clahe == "on" or (settings.clahe == "auto" and sample.contrast < LOW_CONTRAST)
    shown = Frame(metrics.enhance_contrast(frame.image), frame.seconds) if enhanced else frame
    return Still(
        rank=rank,
        frame=shown,
        frame_number=number,
        score=weighted_mean(terms),
        terms=terms,
        faces=candidate.faces,
        person_fraction=person_fraction(shown.image) if candidate.faces else None,
        cluster=-1,
        origin="by hand",
        avoid=candidate.text,
    )


def _terms(candidate: Candidate, weights: Weights) -> tuple[Term, ...]:
    """What can be said of the picture alone."""
    alone = Surroundings(
        sharpness=candidate.sample.sharpness,
        colourfulness=candidate.sample.colourfulness,
        largest_cluster=1,
        has_faces=bool(candidate.faces),
        main_objects=frozenset(),
        end_seconds=candidate.frame.seconds,
    )
    made = {name: make(candidate, alone, getattr(weights, name)) for name, make in TERMS.items()}
    if not candidate.faces:
        made["faces"] = Term("faces", 0.0, 0.0, "no face in the picture")
    if not made["colourfulness"].weight:
        made["colourfulness"] = Term("colourfulness", 0.0, 0.0, "the picture is black and white")
    return tuple(term for name, term in made.items() if name not in _OF_THE_VIDEO)
