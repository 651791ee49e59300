"""Samples and shots -> the stills that are offered, best first.

gate ─> clusters ─> a few of each ─> full pictures ─> faces, text, terms ─> no cards ─> diverse ─> a closer look
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keyart.cores import all_done, opencv_on_one_thread, shared_out
from keyart.errors import BadSetting
from keyart.media.grab import embedded_cover, grab
from keyart.stills import metrics
from keyart.stills.cluster import CLUSTERERS, Labels, similarity_matrix
from keyart.stills.embed import EMBEDDERS
from keyart.stills.gate import Gate, shot_at, transition_distance
from keyart.stills.learned import Ranker, Told
from keyart.stills.look import closer_look
from keyart.stills.objects import (
    DETECTORS,
    PERSON_MODEL,
    choose_detector,
    frequent_objects,
    person_fraction,
    without_rare,
)
from keyart.stills.peek import Peek, unmixed
from keyart.stills.rank import (
    Candidate,
    Scored,
    Surroundings,
    Weights,
    alike_view,
    is_card,
    is_visible,
    likeness,
    pick_diverse,
    score_terms,
    surroundings,
)
from keyart.stills.sample import Sample, StillSampler, is_blank, measure, reduced
from keyart.stills.shortlist import PerCluster, shortlist
from keyart.types import Frame, Outcome, Shot, Still, VideoInfo

_MIDDLE = 0.5
"""Of a dissolve's length, that lies on either side of its boundary where this is in its middle."""


@dataclass(frozen=True, slots=True)
class PickStills:
    """Chooses and ranks the stills of a video. `sample()` gives the onlooker for the pass, the call does the rest."""

    count: int = 8
    """Stills offered at most, [1, 100]; fewer where the video has fewer distinct pictures."""
    rate_hz: float = 1.0
    """Candidates a second, (0, 30]."""
    looks: int = 2
    """Frames of each window looked at closely, [1, 30]."""
    pool_bytes: int = 96_000_000
    """Decoded pictures held in memory while the video passes, [0, ...]; the others are fetched again if chosen."""
    max_samples: int = 1200
    """Candidates remembered, [2, ...]; in a longer video the windows double."""
    theta_sharp: float | None = None
    """Least Laplacian variance at 640 px, [0, ...]; unset: `sharp_share` of the video's median."""
    sharp_share: float = 0.06
    """Share of the lower quartile of the video's Laplacian variances that a frame must have, [0, 1]."""
    max_blur: float = 0.61
    """Most blur share, [0, 1], 1 for any; a video that is softer as a whole moves it."""
    brightness: tuple[float, ...] = (0.10, 0.90)
    """Least and most mean luma, [0, 1]; a film that is darker or brighter as a whole moves them."""
    theta_contrast: float = 0.08
    """Least deviation of luma, [0, 0.5]; half of the median where the video has less."""
    detector: str = "auto"
    """Face detector: auto, mediapipe, haar."""
    embedder: str = "classical"
    """What likeness is measured on: classical."""
    clusterer: str = "greedy"
    """greedy or dbscan (thesis §4.4 has both)."""
    tau_clust: float = 0.80
    """Cosine from which two pictures are of one cluster, [0, 1]."""
    per_cluster: PerCluster = "best"
    """best: of a cluster's sharpest few, the one that scores best; sharpest: i* of thesis §4.4 and no other."""
    theta_object: float = 0.5
    """Share of the video that a kind of object must be in to count as its subject, (0, 1]."""
    objects: Literal["weigh", "drop", "off"] = "weigh"
    """Frames without the video's subject: score less, go (as the thesis has it), or are as good as any."""
    max_likeness: float = 0.87
    """Correlation from which two stills are the same picture, [0, 1]; no two such are offered."""
    variety: float = 0.25
    """How much a still's likeness to better ones counts against it, [0, 1]."""
    closer_looks: int = 3
    """Stills whose neighbours in time are decoded to find open eyes or a sharper frame, [0, ...]."""
    peeks: int = 8
    """Moments between key frames that are far apart, decoded after a scan that saw key frames only, [0, ...]."""
    clahe: Literal["off", "on", "auto"] = "off"
    """Local contrast of the offered pictures (thesis §4.2); auto: only those of low contrast."""
    embedded_cover: Literal["last", "first", "off"] = "last"
    """Where the author's own cover picture in the file is offered."""
    weights: tuple[str, ...] = ()
    """Changes to the weights of the score: faces=5, text=0."""
    ranker: Path | None = None
    """A learned ranker (.kamodel, made by `keyart learn`); what it thinks is a term of the score."""

    def __post_init__(self) -> None:
        _require(1 <= self.count <= 100, f"count is 1 to 100, not {self.count}")
        _require(0 < self.rate_hz <= 30, f"rate_hz is above 0 and at most 30, not {self.rate_hz}")
        _require(1 <= self.looks <= 30, f"looks is 1 to 30, not {self.looks}")
        _require(len(self.brightness) == 2, f"brightness is (least, most), not {self.brightness}")
        for name, table in (("detector", {"auto": 0, **DETECTORS}), ("embedder", EMBEDDERS), ("clusterer", CLUSTERERS)):
            value = getattr(self, name)
            _require(value in table, f"{name} is one of {', '.join(table)}, not {value!r}")
        self.gate, self.score_weights  # noqa: B018  a wrong value is said at once, not after the pass

    @property
    def gate(self) -> Gate:
        return Gate(
            theta_sharp=self.theta_sharp,
            sharp_share=self.sharp_share,
            max_blur=self.max_blur,
            brightness=(self.brightness[0], self.brightness[1]),
            theta_contrast=self.theta_contrast,
        )

    @property
    def score_weights(self) -> Weights:
        changes: dict[str, float] = {}
        for change in self.weights:
            name, _, value = change.partition("=")
            _require(
                name.strip() in Weights.__slots__, f"weights has no {name!r}; it has {', '.join(Weights.__slots__)}"
            )
            try:
                changes[name.strip()] = float(value)
            except ValueError as err:
                raise BadSetting(f"weights are written like faces=5, not {change!r}") from err
        return Weights(**changes)

    def sample(self, info: VideoInfo) -> StillSampler:
        """The onlooker that keeps the candidates. Raises `MissingModel` for a detector asked for by name."""
        detector, _ = choose_detector(self.detector)
        return StillSampler(
            info,
            detector,
            EMBEDDERS[self.embedder],
            rate_hz=self.rate_hz,
            looks=self.looks,
            pool_bytes=self.pool_bytes,
            max_samples=self.max_samples,
        )

    def __call__(
        self, info: VideoInfo, sampler: StillSampler, shots: tuple[Shot, ...], told: Told | None = None
    ) -> Outcome[tuple[Still, ...]]:
        """The stills; empty and `skipped` where nothing can be offered: black, blank or white from end to end.

        `told`: what is heard and read, for a ranker that `learned_ranker.listens`.
        """
        with opencv_on_one_thread():
            return _Picking(self, info, sampler, shots, told).outcome()

    @property
    def learned_ranker(self) -> Ranker | None:
        return Ranker(self.ranker, self.embedder) if self.ranker else None


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise BadSetting(message)


class _Picking:
    """One run of `PickStills`: what its steps share."""

    def __init__(
        self,
        settings: PickStills,
        info: VideoInfo,
        sampler: StillSampler,
        shots: tuple[Shot, ...],
        told: Told | None = None,
    ) -> None:
        self.settings, self.info, self.sampler, self.shots = settings, info, sampler, shots
        self.detector, self.detector_note = choose_detector(settings.detector)
        self._ready: dict[tuple[int, float], tuple[Frame, float | None]] = {}
        peek = Peek(settings.gate, settings.count, settings.peeks)
        self.samples = sampler.finish() if sampler.dense else peek(info, sampler)
        self.ranker = settings.learned_ranker
        self.learned = self.ranker(self.samples, told) if self.ranker else {}

    def outcome(self) -> Outcome[tuple[Still, ...]]:
        passed = self._passed()
        stills = self._stills(passed) if passed else ()
        stills = self._with_cover(stills)
        models = (
            *self.detector.models,
            *((PERSON_MODEL,) if any(s.person_fraction is not None for s in stills) else ()),
            *((self.ranker.model.tag,) if self.learned and self.ranker else ()),
        )
        if not stills:
            why = "every frame is black, blank or of one tone" if self.samples else "no frame came"
            return Outcome((), "skipped", f"no still can be offered: {why}", self.detector.backend, models)
        if self.detector_note:
            return Outcome(stills, "degraded", self.detector_note, self.detector.backend, models)
        return Outcome(stills, backend=self.detector.backend, models=models)

    # --- which samples ---

    def _passed(self) -> tuple[Sample, ...]:
        """Through the gate, undamaged and outside transitions where anything is; of a short shot between two, what is
        least in them."""
        passed = self.settings.gate(self.samples)
        passed = tuple(one for one in passed if not one.is_damaged) or passed
        passed = tuple(one for one in passed if not self._is_near_damage(one.seconds)) or passed
        whole = [self._is_steady(one.seconds) for one in passed]
        places = [shot_at(one.seconds, self.shots) for one in passed]
        shown = {place for place, is_whole in zip(places, whole, strict=True) if is_whole}
        steady = tuple(
            one
            for one, place, is_whole in zip(passed, places, whole, strict=True)
            if is_whole or (place not in shown and self._is_steady(one.seconds, _MIDDLE))
        )
        passed = steady or passed or tuple(sample for sample in self.samples if not is_blank(sample))
        if self.settings.objects == "drop":
            kept = without_rare([_labels(sample) for sample in passed], self.settings.theta_object)
            passed = tuple(sample for sample, keep in zip(passed, kept, strict=True) if keep)
        return passed

    def _is_near_damage(self, seconds: float) -> bool:
        return any(start <= seconds < end for start, end in self.info.damaged_spans)

    def _is_steady(self, seconds: float, reach: float = 1.0) -> bool:
        # after a scan of key frames most samples are the first frame of a shot, and whole
        least = 0.08 if self.sampler.dense else -1.0
        away = transition_distance(seconds, self.shots, reach)
        return away > least and not self.sampler.mixtures.covers(seconds)

    def _stills(self, passed: tuple[Sample, ...]) -> tuple[Still, ...]:
        embeddings = np.stack([sample.embedding for sample in passed])
        labels = CLUSTERERS[self.settings.clusterer](similarity_matrix(embeddings), self.settings.tau_clust)
        main = frequent_objects([_labels(sample) for sample in passed], self.settings.theta_object)
        around = surroundings(passed, labels.tolist(), self.sampler.end_seconds, main)
        if self.settings.objects == "off":
            around = replace(around, main_objects=frozenset())
        looked = self._looked_at(passed, labels, around)
        around = replace(around, has_faces=any(candidate.faces for candidate in looked))
        scored = shared_out(lambda candidate: self._scored(candidate, around), looked)
        # a closer look may change who is best, so the order is made once more
        chosen = _worth_showing(self._offered(list(self._closer(self._offered(scored), around))))
        return tuple(shared_out(lambda ranked: self._still(ranked[1], ranked[0]), enumerate(chosen, 1)))

    # --- looking ---

    def _looked_at(self, passed: tuple[Sample, ...], labels: Labels, around: Surroundings) -> list[Candidate]:
        """Full looks at the best of the most promising clusters, until enough real pictures are at hand."""
        enough = self.settings.count + 4
        order = shortlist(passed, labels, around, self.settings.per_cluster, 2 * enough, enough)
        order = self._with_learned(order, passed, enough)
        sizes = np.bincount(labels)
        # small faces are worth a search only in a video where none was seen at a glance
        any_face = any(sample.faces for sample in passed)
        found: list[Candidate] = []
        while order and sum(not is_card(candidate) for candidate in found) < enough and len(found) < 4 * enough:
            missing = enough - sum(not is_card(candidate) for candidate in found)
            batch, order = order[:missing], order[missing:]
            samples = [passed[index] for index in batch]
            at_hand = partial(self._at_hand, fetched=self._fetched(samples), tiles=not any_face)
            looked = shared_out(at_hand, samples)
            for label, candidate in zip(labels[batch].tolist(), looked, strict=True):
                learned = self.learned.get(candidate.sample.number)
                found.append(replace(candidate, cluster=label, cluster_size=int(sizes[label]), learned=learned))
        return found

    def _with_learned(self, order: list[int], passed: tuple[Sample, ...], count: int) -> list[int]:
        """What a learned ranker thinks most of is looked at before the rest."""
        if not self.learned:
            return order
        best = sorted(range(len(passed)), key=lambda i: (-self.learned.get(passed[i].number, 0.0), i))[: count // 2]
        return best + [index for index in order if index not in set(best)]

    def _fetched(self, samples: Sequence[Sample]) -> dict[int, Frame]:
        """By number, the full pictures of those whose decoded ones the pool had to let go; decoded again in one go."""
        held = self.sampler.pool.numbers
        gone = [sample for sample in samples if sample.number not in held]
        frames = grab(self.info, [sample.seconds for sample in gone])
        return {sample.number: frame for sample, frame in zip(gone, frames, strict=True)}

    def _at_hand(self, sample: Sample, fetched: Mapping[int, Frame], *, tiles: bool) -> Candidate:
        frame = fetched.get(sample.number) or self.sampler.pool.picture(sample.number)
        assert frame is not None, "it is in the pool or was fetched"
        return self._look(sample, frame, tiles=tiles)

    def _look(self, sample: Sample, frame: Frame, *, tiles: bool, known: Candidate | None = None) -> Candidate:
        """All that the terms need; text is taken from `known`, the same scene a moment apart."""
        text = known.text if known else None
        return closer_look(sample, frame, self.detector, self.sampler.working_px, self.shots, tiles=tiles, text=text)

    def _scored(self, candidate: Candidate, around: Surroundings) -> Scored:
        terms = score_terms(candidate, around, self.settings.score_weights)
        return Scored(candidate, terms, alike_view(candidate.frame.image))

    # --- choosing ---

    def _offered(self, scored: list[Scored]) -> tuple[Scored, ...]:
        """Real pictures before cards, a visible face first, no two alike."""
        real = [each for each in scored if not is_card(each.candidate)] or scored
        first = [each for each in real if any(is_visible(f, each.candidate.picture) for f in each.candidate.faces)]
        first = [] if self.learned else first  # whoever trained a ranker has said what comes first
        lead = max(first or real, key=lambda each: (each.score, -each.candidate.frame.seconds))
        if first and lead is not max(real, key=lambda each: (each.score, -each.candidate.frame.seconds)):
            lead, bare = _noted(lead, "faces", _LEADS), lead
            real = [lead if each is bare else each for each in real]
        return pick_diverse(
            real,
            self.settings.count,
            lead,
            max_likeness=self.settings.max_likeness,
            variety=self.settings.variety,
            end_seconds=self.sampler.end_seconds,
        )

    def _closer(self, chosen: tuple[Scored, ...], around: Surroundings) -> tuple[Scored, ...]:
        """The first few again, each against its neighbours in time: open eyes, or a sharper frame."""
        most = self.settings.closer_looks
        few = chosen if self.sampler.dense else chosen[:most]  # a fast scan is asked for to be fast
        wanted = [place for place, each in enumerate(few) if self._is_worth_it(each)][:most]
        # most of those chosen will stay: their pictures are finished by whoever has no neighbours to fetch
        fetching = [partial(self._neighbours, chosen[place], around) for place in wanted]
        finishing = [partial(self._finish, each) for each in chosen]
        found = all_done([*fetching, *finishing])
        better = list(chosen)
        for place, neighbours in zip(wanted, found, strict=False):
            for other in neighbours:
                rest = [each.view for i, each in enumerate(better) if i != place]
                if self._is_better(other, better[place]) and self._is_apart(other, rest):
                    better[place] = other
        return tuple(better)

    def _finish(self, scored: Scored) -> list[Scored]:
        self._finished(scored.candidate)
        return []

    def _neighbours(self, scored: Scored, around: Surroundings) -> list[Scored]:
        """Frames near a candidate and in its shot, decoded and looked at as that was."""
        times = self._times_near(scored.candidate)
        frames = self._clear([scored.candidate.frame, *(grab(self.info, times) if times else ())])
        looked = shared_out(lambda frame: self._neighbour(scored, frame, around), frames)
        return [other for other in looked if other is not None]

    def _clear(self, frames: list[Frame]) -> list[Frame]:
        """Of a frame and its neighbours, the neighbours; after a scan of key frames, those seen not to be a mixture."""
        return frames[1:] if self.sampler.dense else unmixed(frames)

    def _is_better(self, scored: Scored, other: Scored) -> bool:
        return scored.score > other.score + 0.01 and self._is_steady(scored.candidate.frame.seconds)

    def _is_apart(self, scored: Scored, views: list[NDArray[np.float32]]) -> bool:
        return all(likeness(scored.view, view) <= self.settings.max_likeness for view in views)

    def _is_worth_it(self, scored: Scored) -> bool:
        """Whether the eyes are shut; or, after a scan of key frames that had no choice, the frame is rather soft."""
        eyes = [face.eyes_open for face in scored.candidate.faces[:1]]
        is_soft = not self.sampler.dense and scored.candidate.sample.blur_share > _SOFT
        return is_soft or any(each is not None and each < 0.5 for each in eyes)

    def _times_near(self, candidate: Candidate) -> list[float]:
        """Moments around a frame and inside its shot; from a key frame on only forwards, which costs a few frames."""
        here = candidate.frame.seconds
        offsets = (-0.4, -0.16, 0.16, 0.4) if self.sampler.dense else (0.12, 0.28, 0.44)
        shot = self.shots[candidate.shot] if self.shots else None
        start, end = (shot.start + 0.04, shot.end - 0.04) if shot else (0.0, self.sampler.end_seconds)
        return [here + offset for offset in offsets if start <= here + offset <= end]

    def _neighbour(self, scored: Scored, frame: Frame, around: Surroundings) -> Scored | None:
        """A frame near a candidate, looked at as that was; None if it is no sharper and no eyes are at stake."""
        was = scored.candidate
        later = self._number_at(frame.seconds) - self._number_at(was.frame.seconds)
        sample = measure(
            reduced(frame.image, self.sampler.working_px),
            number=max(0, was.sample.number + later) if self.sampler.dense else was.sample.number,
            seconds=frame.seconds,
            change=was.sample.change,
            embed=self.sampler.embed,
        )
        if self.sampler.dense and not was.faces and sample.sharpness < 1.1 * was.sample.sharpness:
            return None
        looked = self._look(sample, frame, tiles=False, known=was)
        same = replace(looked, cluster=was.cluster, cluster_size=was.cluster_size, learned=was.learned)
        return self._scored(same, around)

    def _still(self, scored: Scored, rank: int) -> Still:
        candidate = scored.candidate
        frame, people = self._finished(candidate)
        return Still(
            rank=rank,
            frame=frame,
            frame_number=candidate.sample.number if self.sampler.dense else self._number_at(frame.seconds),
            score=scored.score,
            terms=scored.terms,
            faces=candidate.faces,
            person_fraction=people,
            shot=candidate.shot,
            cluster=candidate.cluster,
            cluster_size=candidate.cluster_size,
            avoid=candidate.text,
        )

    def _number_at(self, seconds: float) -> int:
        """A scan of key frames does not count the others; this is right where the frame rate is constant."""
        return round(seconds * self.info.frames_per_second)

    def _finished(self, candidate: Candidate) -> tuple[Frame, float | None]:
        """The picture as it is offered, and its share of people. Made once."""
        key = candidate.sample.number, candidate.frame.seconds
        if key not in self._ready:
            frame = self._shown(candidate)
            # the network was made for people in front of a camera; without a face it takes cats for people
            self._ready[key] = frame, person_fraction(frame.image) if candidate.faces else None
        return self._ready[key]

    def _shown(self, candidate: Candidate) -> Frame:
        """What was looked at in the pool was converted the quick way; what is shown is not."""
        held = self.sampler.pool.picture(candidate.sample.number, exact=True)
        frame = held if held is not None and held.seconds == candidate.frame.seconds else candidate.frame
        wanted = self.settings.clahe
        if wanted == "off" or (wanted == "auto" and candidate.sample.contrast >= LOW_CONTRAST):
            return frame
        return Frame(metrics.enhance_contrast(frame.image), frame.seconds)

    def _with_cover(self, stills: tuple[Still, ...]) -> tuple[Still, ...]:
        """The author's own cover picture as an entry of its own, beside the count; its score says what it would get."""
        frame = embedded_cover(self.info) if self.settings.embedded_cover != "off" else None
        if frame is None:
            return stills
        view = reduced(frame.image, self.sampler.working_px)
        sample = measure(view, number=0, seconds=0.0, change=0.0, embed=self.sampler.embed)
        passed = [other for other in self.samples if not is_blank(other)] or [sample]
        around = surroundings(passed, [0], self.sampler.end_seconds, frozenset())
        candidate = self._look(sample, frame, tiles=True)
        terms = score_terms(candidate, around, self.settings.score_weights)
        own = tuple(term for term in terms if term.name not in _OF_A_MOMENT)
        cover = replace(
            self._still(Scored(candidate, own, alike_view(view)), 0), origin="embedded cover", shot=0, cluster=-1
        )
        ordered = (cover, *stills) if self.settings.embedded_cover == "first" else (*stills, cover)
        return tuple(replace(still, rank=rank) for rank, still in enumerate(ordered, 1))


_SOFT = 0.4
"""Blur share from which a frame next to it is likely to be crisper."""
MIN_SCORE_SHARE = 0.5
"""Of the best still's score: what has less is an empty wall or a camera on its way, and fewer stills are better."""
SHUT_EYES = 0.4
LOW_CONTRAST = 0.12
"""Deviation of luma below which a picture is flat enough for CLAHE to be worth it."""


def _worth_showing(chosen: tuple[Scored, ...]) -> tuple[Scored, ...]:
    """Without what falls far behind the best, and without shut eyes where the same scene is offered with open ones."""
    best = max((each.score for each in chosen), default=0.0)
    awake = {each.candidate.cluster for each in chosen if _eyes(each) >= SHUT_EYES}
    return tuple(
        each
        for place, each in enumerate(chosen)
        if place == 0
        or (each.score >= MIN_SCORE_SHARE * best and (_eyes(each) >= SHUT_EYES or each.candidate.cluster not in awake))
    )


def _eyes(scored: Scored) -> float:
    """How far the eyes of the largest face are open; 1 where nothing is known of them."""
    faces = scored.candidate.faces
    return 1.0 if not faces or faces[0].eyes_open is None else faces[0].eyes_open


_OF_A_MOMENT = ("distinctness", "representativeness", "steadiness", "motion blur", "subject")
"""Terms that speak of a place in the video, which a separate picture has not."""


_LEADS = "leads because it shows a face"


def _noted(scored: Scored, name: str, words: str) -> Scored:
    """With words added to the note of one term, unless they are there."""
    terms = (
        replace(term, note=f"{term.note}; {words}") if term.name == name and words not in term.note else term
        for term in scored.terms
    )
    return replace(scored, terms=tuple(terms))


def _labels(sample: Sample) -> frozenset[str]:
    return frozenset({"face"}) if sample.faces else frozenset()
