"""`judge(video, prompt)`: the score of a generated clip, how sure it is, and what moved it.

The forest is a `.kamodel` of kind `judge`: an ONNX network with one output a tree, and a card that names its features
in their order and says what each usually is in an untouched clip. What is measured follows from those names, so a
forest learned on the hub's features is served like the shipped one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keyart.errors import BadModel, BadSetting
from keyart.media.images import read_image
from keyart.media.probe import probe
from keyart.models.kamodel import Kamodel, LearnedCard, open_kamodel
from keyart.plain import number, seconds
from keyart.review.generated.cuts import cuts_of
from keyart.review.generated.features import METERS, TOGETHER, row
from keyart.review.generated.measure import Measure, Measured
from keyart.review.generated.needs import array_of, group_of, needs_of
from keyart.review.generated.words import words_of
from keyart.review.generated.worst import BadPair, worst_pairs
from keyart.review.verdict import Verdict
from keyart.types import RGB, VideoInfo

Floats = NDArray[np.float64]
SHIPPED = Path(__file__).parent / "judge.kamodel"
GOOD = 5.5
"""From this score on a clip is of the better class (seed §3.3)."""
NUM_REASONS = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """A feature, and by how much it and its like moved the score."""

    feature: str
    words: str
    moved: float
    """Points of the score: what it is, less what it would be if the group of features were as in untouched clips."""
    value: float
    usual: float


@dataclass(frozen=True, slots=True, eq=False)
class GeneratedVerdict:
    """What is thought of one clip."""

    video: str
    """Name of the file; never a path."""
    prompt: str
    score: float
    """1 (poor) ... 10 (good)."""
    uncertainty: float
    """Deviation of the trees' scores."""
    agreed: float
    """Share of trees that put the clip into the class that it is in, 0.5 ... 1 as a rule."""
    reasons: tuple[Reason, ...]
    """The three that moved the score most, first the strongest."""
    worst: tuple[BadPair, ...]
    prompt_agreement: float | None
    """Mean similarity of frames and prompt, where a model of the hub's looked; None where none did."""
    backend: str
    models: tuple[str, ...]
    notes: tuple[str, ...]
    measured: Measured = field(repr=False)

    @property
    def good(self) -> bool:
        return self.score >= GOOD

    @property
    def label(self) -> str:
        return "good" if self.good else "poor"


@dataclass(frozen=True, slots=True)
class JudgeVideo:
    """How a generated clip is judged."""

    model: str = ""
    """A .kamodel of kind judge; empty: the shipped forest, which sees the clip and not the prompt."""
    prompt_model: str = ""
    """Also tell how well frames and prompt agree, by a model of the hub's: clip-vit-base-patch32, jina-clip-v2 ..."""
    width_px: int = 0
    """Longer side that frames are measured at; 0: what the forest was made at (320)."""

    def __call__(
        self, video: Path | VideoInfo, prompt: str = "", reference: Path | RGB | None = None
    ) -> GeneratedVerdict:
        """Raises `UnreadableVideo`, `MissingFile`, `BadModel`; `MissingModel` and `MissingExtra` for a forest or a
        prompt model that needs the hub's."""
        info = video if isinstance(video, VideoInfo) else probe(video)
        model = forest_of(self.model)
        names = names_of(model.card)
        picture = read_image(reference) if isinstance(reference, Path) else reference
        measured = self._measured(info, prompt, picture, model.card)
        if measured.num_frames < 2:
            raise BadSetting(f"{info.name}: has {measured.num_frames} frame; a clip has two at least")
        features = row(measured.series, measured.whole, names)
        trees = _asked(model, features[None])[0]
        score = float(np.clip(trees.mean(), 1.0, 10.0))
        similarity = measured.series.get(self.prompt_model or "-")
        return GeneratedVerdict(
            info.name,
            prompt,
            round(score, 4),
            round(float(trees.std()), 4),
            round(float(((trees >= GOOD) == (score >= GOOD)).mean()), 4),
            reasons_of(model, features),
            worst_pairs(measured),
            None if similarity is None or not similarity.size else round(float(similarity.mean()), 4),
            f"forest {model.card.name}",
            tuple(dict.fromkeys(name for name in (self.prompt_model, *needs_of(names).prompt_models) if name)),
            (*measured.notes, *self._notes(model.card, prompt, measured)),
            measured,
        )

    def _measured(self, info: VideoInfo, prompt: str, reference: RGB | None, card: LearnedCard) -> Measured:
        needs = needs_of(names_of(card))
        models = tuple(dict.fromkeys((*needs.prompt_models, *([self.prompt_model] if self.prompt_model else ()))))
        if (needs.prompt_models or self.prompt_model) and not prompt:
            raise BadSetting(f"a prompt is wanted: {', '.join(models)} compares frames with it")
        if needs.reference and reference is None:
            raise BadSetting(f"forest {card.name} wants the picture that the clip was made from: --reference")
        groups = needs.groups if needs.groups else ("ssim",)
        measure = Measure(groups, self.width_px or int(card.settings.get("width_px", 320)))
        if not models and not needs.lpips and not needs.raft:
            breaks = cuts_of(info)
            measured = measure(info, reference, breaks=breaks)
            told = f"The clip cuts {len(breaks)} times: frames were compared within a take only."
            return replace(measured, notes=(*measured.notes, told)) if breaks else measured
        from keyart.review.generated.hub import measure_with_hub

        return measure_with_hub(info, prompt, measure, models, lpips=needs.lpips, raft=needs.raft, reference=reference)

    def _notes(self, card: LearnedCard, prompt: str, measured: Measured) -> tuple[str, ...]:
        notes = []
        if prompt and not needs_of(names_of(card)).prompt_models:
            seen = " by the score; its agreement is told beside it" if self.prompt_model else ""
            notes.append(f"The prompt was not looked at{seen}: forest {card.name} sees the clip alone.")
        if measured.num_frames < 12:
            notes.append(f"The clip has {measured.num_frames} frames only: little to judge by.")
        return tuple(notes)


def judge(
    video: Path | VideoInfo,
    prompt: str = "",
    *,
    reference: Path | RGB | None = None,
    model: str = "",
    prompt_model: str = "",
) -> GeneratedVerdict:
    """The verdict on one clip; `JudgeVideo` with its usual settings."""
    return JudgeVideo(model, prompt_model)(video, prompt, reference)


def compare(
    videos: Sequence[Path], prompt: str = "", stage: JudgeVideo | None = None, reference: Path | None = None
) -> tuple[GeneratedVerdict, ...]:
    """The takes, best first; of equals the one that came first."""
    made = [(stage or JudgeVideo())(video, prompt, reference) for video in videos]
    return tuple(sorted(made, key=lambda one: -one.score))


# --- the forest -----------------------------------------------------------------------------------------------------


def forest_of(model: str = "") -> Kamodel:
    """The shipped forest, or that of a file. Raises `MissingFile`, `BadModel`."""
    found = open_kamodel(Path(model).expanduser() if model else SHIPPED, "judge")
    if len(found.card.settings.get("names", ())) != found.card.feature_size:
        raise BadModel(f"{found.card.name}: its card does not name its {found.card.feature_size} features")
    return found


def names_of(card: LearnedCard) -> tuple[str, ...]:
    return tuple(card.settings["names"])


def _asked(model: Kamodel, rows: Floats) -> Floats:
    """What each tree says of each row, (rows, trees)."""
    return np.asarray(model(features=rows.astype(np.float32))[0], np.float64)


def reasons_of(model: Kamodel, features: Floats, count: int = NUM_REASONS) -> tuple[Reason, ...]:
    """What would change the score most if it were usual, a group of features at a time.

    Features of a group say the same thing several times over: one of them alone would hide behind the others. Of each
    group the feature is named that does most by itself.
    """
    names = names_of(model.card)
    usual = np.array(model.card.settings.get("usual", [0.0] * len(names)), np.float64)
    sources: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name not in TOGETHER:
            sources.setdefault(group_of(name) or array_of(name), []).append(place)
    whole = [_made_usual(features, usual, places, names) for places in sources.values()]
    single = [_made_usual(features, usual, [place], names) for places in sources.values() for place in places]
    scores = _asked(model, np.stack([features, *whole, *single])).mean(axis=1)
    moved, alone = scores[0] - scores[1 : len(whole) + 1], iter(scores[0] - scores[len(whole) + 1 :])
    found = []
    for change, places in zip(moved, sources.values(), strict=True):
        each = {place: abs(next(alone)) for place in places}
        place = max(places, key=lambda one: (each[one], names[one] in METERS))
        words = words_of(array_of(names[place]))
        value, typical = round(float(features[place]), 6), round(float(usual[place]), 6)
        found.append(Reason(names[place], words, round(float(change), 4), value, typical))
    found.sort(key=lambda one: -abs(one.moved))
    return tuple(one for one in found[:count] if abs(one.moved) >= 0.005)


def _made_usual(features: Floats, usual: Floats, places: Sequence[int], names: Sequence[str]) -> Floats:
    """The features with some of them as usual, and what the faults come to then."""
    made = features.copy()
    made[list(places)] = usual[list(places)]
    faults = {name: made[place] for place, name in enumerate(names) if name in METERS}
    levels = np.array([faults.get(name, 0.0) for name in METERS])
    for place, name in enumerate(names):
        if name in TOGETHER:
            made[place] = TOGETHER[name](levels)
    return made


# --- in plain values ------------------------------------------------------------------------------------------------


def verdict_facts(verdict: GeneratedVerdict) -> dict[str, Any]:
    """`keyart judge --json`."""
    return {
        "schema": 1,
        "video": verdict.video,
        "prompt": verdict.prompt,
        "score": number(verdict.score),
        "class": verdict.label,
        "uncertainty": number(verdict.uncertainty),
        "agreed": number(verdict.agreed),
        "prompt_agreement": None if verdict.prompt_agreement is None else number(verdict.prompt_agreement),
        "reasons": [
            {
                "feature": one.feature,
                "words": one.words,
                "moved": number(one.moved),
                "value": number(one.value),
                "usual": number(one.usual),
            }
            for one in verdict.reasons
        ],
        "worst_pairs": [
            {"before": seconds(one.before_seconds), "at": seconds(one.seconds), "reason": one.reason}
            for one in verdict.worst
        ],
        "frames": verdict.measured.num_frames,
        "measured_at": list(verdict.measured.size_px),
        "backend": verdict.backend,
        "models": list(verdict.models),
        "notes": list(verdict.notes),
    }


def review_verdict(verdict: GeneratedVerdict, product: str) -> Verdict:
    """The same as the review of a package lists it: a clip of the lesser class is flagged."""
    told = "; ".join(one.words for one in verdict.reasons if one.moved < 0)
    reason = "" if verdict.good else f"scores {verdict.score:.1f} of 10: {told or 'no single reason'}"
    return Verdict(
        product, "pass" if verdict.good else "flag", "generated quality", reason, verdict.backend, verdict.score
    )
