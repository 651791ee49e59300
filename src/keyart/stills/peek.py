"""After a scan that saw key frames only: a look at moments between them, some of which no key frame stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil

from keyart.cores import NUM_THREADS, shared_out
from keyart.media.clip import Span, read_clips
from keyart.stills import metrics
from keyart.stills.gate import Gate
from keyart.stills.sample import Sample, StillSampler, reduced
from keyart.types import Frame, VideoInfo

_DEEPER_SECONDS = (1.7, 3.0, 4.5)
_STEP_SECONDS = 0.16


@dataclass(frozen=True, slots=True)
class Peek:
    """More samples of a video of which only key frames were seen."""

    gate: Gate
    count: int
    """Stills wanted: with twice as many good candidates, good key frames need no look beside them."""
    most: int
    """Moments looked at in each round."""

    def __call__(self, info: VideoInfo, sampler: StillSampler) -> tuple[Sample, ...]:
        """The sampler's samples and those of the peeks; deeper rounds only while no face was found."""
        samples = self._round(info, sampler, sampler.finish(), after_bad=0.5, after_good=1.2)
        for deeper in _DEEPER_SECONDS:
            if not any(sample.faces for sample in self.gate(samples)):
                samples = self._round(info, sampler, samples, after_bad=deeper, after_good=deeper)
        return samples

    def _round(
        self,
        info: VideoInfo,
        sampler: StillSampler,
        samples: tuple[Sample, ...],
        *,
        after_bad: float,
        after_good: float,
    ) -> tuple[Sample, ...]:
        moments = self._moments(samples, sampler.end_seconds, after_bad, after_good)
        spans = [(moment - 2 * _STEP_SECONDS, moment + 3 * _STEP_SECONDS) for moment in moments]
        free = 1 + max((sample.number for sample in samples), default=0)

        together = max(1, ceil(len(spans) / NUM_THREADS))  # neighbours may share a stretch of decoding

        def looked(first: int) -> list[Sample]:
            return _samples(info, sampler, spans[first : first + together], free + first)

        fresh = chain.from_iterable(shared_out(looked, range(0, len(spans), together)))
        return tuple(sorted((*samples, *fresh), key=lambda sample: sample.seconds))

    def _moments(
        self, samples: Sequence[Sample], end_seconds: float, after_bad: float, after_good: float
    ) -> list[float]:
        """Times that many seconds after key frames: these may be the only ones seen of their shots.

        A key frame that is no good is often a flash or the first of a fade: what follows it is worth a look at once.
        After a good one a look is worth its time where the next is far and candidates are few.
        """
        good = {sample.number for sample in self.gate(samples)}
        ends = [*(sample.seconds for sample in samples[1:]), end_seconds]
        far = []
        for sample, end in zip(samples, ends, strict=True):
            if sample.number in good and len(good) >= 2 * self.count:
                continue
            after, least = (after_good, 3.0) if sample.number in good else (after_bad, 0.7)
            if end - sample.seconds > max(least, after + 0.2):
                far.append((end - sample.seconds, sample.seconds + after))
        return sorted(moment for _, moment in sorted(far, reverse=True)[: self.most])


def _samples(info: VideoInfo, sampler: StillSampler, spans: Sequence[Span], free: int) -> list[Sample]:
    """The middle frame of each span, unless it is part of a dissolve; numbered from `free` on."""
    clips = read_clips(info, spans, frames_per_second=1 / _STEP_SECONDS, longest_px=sampler.working_px)
    return [
        sampler.measured(frames[2].image, free + number, frames[2].seconds, 0.0)
        for number, frames in clips
        if len(frames) == 5 and len(unmixed(frames)) == 3
    ]


def unmixed(frames: Sequence[Frame]) -> list[Frame]:
    """Those frames, of all but the first and the last, that are not a mixture of the one before and the one after."""
    views = [metrics.to_gray(reduced(frame.image, 96)) for frame in frames]
    clear = []
    for i in range(1, len(frames) - 1):
        before, now, after = (frames[i + step].seconds for step in (-1, 0, 1))
        share = (now - before) / max(1e-6, after - before)
        if not metrics.is_mixture(views[i - 1], views[i], views[i + 1], share=share):
            clear.append(frames[i])
    return clear
