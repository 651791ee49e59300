"""The pass over the video -> about one good candidate a second, with its numbers and, while there is room, its picture.

    frames of one window   . . . | . . . | . . .      the calmest of each part is looked at,
    looked at                  *     *       *        the sharpest of those stays,
    kept                             *                its picture goes into a pool that is bounded in bytes

Memory does not grow with the video: a sample is under 2 KB, the pool drops one of the two most alike, and where a video
has more windows than `max_samples` neighbours are merged and the windows doubled.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from keyart.cores import begun, shared_out
from keyart.media.scan import Glimpse
from keyart.stills import metrics
from keyart.stills.embed import Embedding, classical
from keyart.stills.objects import FaceDetector, in_shares
from keyart.types import RGB, Face, Frame, Gray, VideoInfo

_TOGETHER, _TOGETHER_BYTES = 6, 24_000_000
"""Frames of a scan of key frames that are measured together, on every core."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What is remembered of a frame after its picture has gone. Numbers are of the part inside the bars."""

    number: int
    seconds: float
    sharpness: float
    """sigma_L^2 at the working size."""
    blur_share: float
    """0 crisp ... 1 smeared, whatever is shown."""
    brightness: float
    contrast: float
    spread: float
    """Distance of the 1st and 99th percentile of luma, [0, 1]."""
    entropy_bits: float
    flat_share: float
    colourfulness: float
    change: float
    """D_t against the frame before or after, whichever is larger; 0 where neither is near in time."""
    embedding: NDArray[np.float16]
    faces: tuple[Face, ...] = ()
    """From one cheap look; boxes in shares of the picture."""
    is_damaged: bool = False
    """Whether parts of it are made up, or of what it builds on."""


def measure(
    image: RGB,
    *,
    number: int,
    seconds: float,
    change: float,
    faces: tuple[Face, ...] = (),
    embed: Callable[[RGB], Embedding] = classical,
) -> Sample:
    """All numbers of one picture at working size."""
    gray = metrics.to_gray(image)
    bars = metrics.find_bars(gray)
    if bars:
        image, gray = metrics.inside_bars(image, bars), np.ascontiguousarray(metrics.inside_bars(gray, bars))
    tiny = reduced(image, 160)
    light, deviation = metrics.brightness_and_contrast(gray)
    histogram = metrics.luma_histogram(gray)
    return Sample(
        number=number,
        seconds=seconds,
        sharpness=metrics.laplacian_variance(gray),
        blur_share=metrics.blur_share(gray),
        brightness=light,
        contrast=deviation,
        spread=metrics.level_spread(histogram),
        entropy_bits=metrics.entropy_bits(histogram),
        flat_share=metrics.flat_share(metrics.to_gray(tiny), block_px=4),
        colourfulness=metrics.colourfulness(tiny),
        change=change,
        embedding=embed(tiny).astype(np.float16),
        faces=faces,
    )


def reduced(image: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """A picture, colour or grey, at most `side_px` on its longer side."""
    height, width = image.shape[:2]
    scale = side_px / max(height, width)
    return image if scale >= 1 else metrics.shrunk(image, max(1, round(width * scale)), max(1, round(height * scale)))


@dataclass(slots=True)
class PicturePool:
    """Decoded pictures of samples, bounded in bytes; when full, one of the two most alike neighbours in time goes.

    Of those two the less worthy goes: what stays is what a cluster will be represented by, and hardly ever has to be
    decoded a second time.
    """

    max_bytes: int
    _held: dict[int, tuple[Glimpse, Sample]] = field(default_factory=dict)
    _bytes: int = 0

    def put(self, glimpse: Glimpse, sample: Sample) -> None:
        if glimpse.held_bytes > self.max_bytes:
            return
        self._held[sample.number] = glimpse, sample
        self._bytes += glimpse.held_bytes
        while self._bytes > self.max_bytes:
            self.drop(self._least_missed())

    def _least_missed(self) -> int:
        samples = [sample for _, sample in self._held.values()]
        if len(samples) < 2:
            return samples[0].number
        rows = np.stack([sample.embedding for sample in samples]).astype(np.float32)
        alike = int(np.argmax((rows[1:] * rows[:-1]).sum(axis=1)))
        return min(samples[alike : alike + 2], key=worth).number

    def drop(self, number: int) -> None:
        if number in self._held:
            self._bytes -= self._held.pop(number)[0].held_bytes

    def picture(self, number: int, *, exact: bool = False) -> Frame | None:
        """The sample's full picture, for measuring or `exact`, for showing; None where it had to go."""
        return self._held[number][0].full(exact=exact) if number in self._held else None

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(self._held)


@dataclass(slots=True)
class MixtureWatch:
    """Notices dissolves and fades in passing, from coarse luma of about the last third of a second."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    """Seconds from, to; in the order of time, not overlapping."""
    _recent: deque[tuple[float, Gray]] = field(default_factory=deque)
    _was_mixed: bool = False

    def see(self, seconds: float, luma: Gray) -> None:
        recent = self._recent
        if recent and seconds - recent[-1][0] < 0.07:
            return
        recent.append((seconds, luma))
        while seconds - recent[0][0] > 0.36:
            recent.popleft()
        begin = recent[0][0]
        if seconds - begin < 0.25 or len(recent) < 3:
            return
        at, middle = min(list(recent)[1:-1], key=lambda entry: abs(2 * entry[0] - begin - seconds))
        share = (at - begin) / (seconds - begin)
        if middle.shape == luma.shape == recent[0][1].shape and metrics.is_mixture(
            recent[0][1], middle, luma, share=share
        ):
            if self._was_mixed:  # twice running, or it was a flash
                self._mark(at - 0.2, at + 0.13)
            self._was_mixed = True
        else:
            self._was_mixed = False

    def _mark(self, begin: float, end: float) -> None:
        if self.spans and begin <= self.spans[-1][1]:
            begin = self.spans.pop()[0]
        self.spans.append((begin, end))

    def covers(self, seconds: float) -> bool:
        after = bisect_right(self.spans, (seconds, float("inf")))
        return after > 0 and seconds <= self.spans[after - 1][1]


@dataclass(slots=True)
class _Look:
    glimpse: Glimpse
    change: float


@dataclass(slots=True)
class StillSampler:
    """Onlooker that keeps the best frame of each window of the pass. Ask `finish()` after the pass, once."""

    info: VideoInfo
    detector: FaceDetector
    embed: Callable[[RGB], Embedding] = classical
    rate_hz: float = 1.0
    """Candidates a second, (0, ...]: the thesis' rate; windows are cut by time stamps, not by counting frames."""
    looks: int = 2
    """Frames looked at closely in each window, [1, ...]."""
    working_px: int = 640
    """Longer side of the picture on which sharpness is measured, [64, ...]."""
    max_samples: int = 1200
    pool_bytes: int = 96_000_000
    window_seconds: float = field(init=False)
    samples: list[Sample] = field(default_factory=list, init=False)
    pool: PicturePool = field(init=False)
    mixtures: MixtureWatch = field(default_factory=MixtureWatch, init=False)
    num_seen: int = field(default=0, init=False)
    num_near: int = field(default=0, init=False)
    """Frames that came within a quarter of a second of the one before."""
    end_seconds: float = field(default=0.0, init=False)
    _window: int = field(default=-1, init=False)
    _calmest: dict[int, _Look] = field(default_factory=dict, init=False)
    _closed: list[_Look] = field(default_factory=list, init=False)
    """Of windows that are over, not measured yet."""
    _under_way: tuple[_Look, Callable[[], Sample]] | None = field(default=None, init=False)
    """Being measured beside the pass; taken in when the next window is over."""
    _waiting: _Look | None = field(default=None, init=False)
    _luma: Gray | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.window_seconds = 1.0 / self.rate_hz
        self.pool = PicturePool(self.pool_bytes)

    def see(self, glimpse: Glimpse) -> None:
        if not self.num_seen and glimpse.held_bytes * (self.looks + 1) > self.pool_bytes:
            self.looks = 1  # pictures so large that the few on hand would not fit into the pool
        self.num_seen += 1
        luma = glimpse.luma
        self.mixtures.see(glimpse.seconds, luma)
        change = self._change(glimpse, luma)
        self._settle(change)
        if int(glimpse.seconds / self.window_seconds) != self._window:
            self._close_window()
            self._window = int(glimpse.seconds / self.window_seconds)  # windows may have become longer
        self._waiting, self._luma = _Look(glimpse, change), luma
        self.end_seconds = glimpse.seconds

    def finish(self) -> tuple[Sample, ...]:
        """The samples in the order of time. Calling it again gives the same."""
        self._settle(0.0)
        self._waiting = None
        self._close_window()
        self._measure_closed()
        return tuple(self.samples)

    def _change(self, glimpse: Glimpse, luma: Gray) -> float:
        """D_t to the frame before; 0 where that is too long ago to say anything about motion (a scan of key frames)."""
        if self._luma is None or self._waiting is None or glimpse.seconds - self._waiting.glimpse.seconds > 0.25:
            return 0.0
        self.num_near += 1
        return metrics.coarse_difference(luma, self._luma)

    @property
    def dense(self) -> bool:
        """Whether the pass showed (nearly) every frame, rather than key frames seconds apart."""
        return self.num_near >= 0.5 * self.num_seen

    def _settle(self, change_after: float) -> None:
        """Now that the waiting frame's successor is known, keep it if it is the calmest of its part of the window."""
        look = self._waiting
        if look is None:
            return
        look.change = max(look.change, change_after)
        part = int(look.glimpse.seconds % self.window_seconds / self.window_seconds * self.looks)
        best = self._calmest.get(part)
        if look.glimpse.is_damaged and best is not None:
            return
        if best is None or best.glimpse.is_damaged or look.change < best.change:
            self._calmest[part] = look

    def _close_window(self) -> None:
        looks, self._calmest = list(self._calmest.values()), {}
        if not looks:
            return
        look = looks[0] if len(looks) == 1 else max(looks, key=self._order)
        if self.dense and not self._closed and 2 * look.glimpse.held_bytes <= _TOGETHER_BYTES:
            self._take_in()
            self._under_way = look, begun(partial(self._measured, look))
            return
        self._closed.append(look)
        held_bytes = len(self._closed) * look.glimpse.held_bytes
        # between key frames the decoder's core is free
        if self.dense or len(self._closed) >= _TOGETHER or held_bytes > _TOGETHER_BYTES:
            self._measure_closed()

    def _order(self, look: _Look) -> tuple[bool, float]:
        return not look.glimpse.is_damaged, _promise(look, self.working_px)

    def _measure_closed(self) -> None:
        self._take_in()
        looks, self._closed = self._closed, []
        for look, sample in zip(looks, shared_out(self._measured, looks), strict=True):
            self._keep(look, sample)

    def _take_in(self) -> None:
        if self._under_way is not None:
            (look, outcome), self._under_way = self._under_way, None
            self._keep(look, outcome())

    def _keep(self, look: _Look, sample: Sample) -> None:
        if not is_blank(sample):
            self.pool.put(look.glimpse, sample)
        self.samples.append(sample)
        if len(self.samples) > self.max_samples:
            self._widen()

    def _measured(self, look: _Look) -> Sample:
        view = look.glimpse.small(self.working_px)
        sample = self.measured(view, look.glimpse.number, look.glimpse.seconds, look.change)
        return replace(sample, is_damaged=True) if look.glimpse.is_damaged else sample

    def measured(self, view: RGB, number: int, seconds: float, change: float) -> Sample:
        """A sample of a picture at working size, its faces looked for at a glance."""
        sample = measure(view, number=number, seconds=seconds, change=change, embed=self.embed)
        if is_blank(sample):
            return sample
        height, width = view.shape[:2]
        return replace(sample, faces=tuple(in_shares(face, width, height) for face in self.detector.glance(view)))

    def _widen(self) -> None:
        """Twice as long windows from now on; of each two samples so far the better stays."""
        self.window_seconds *= 2
        pairs = [self.samples[i : i + 2] for i in range(0, len(self.samples), 2)]
        self.samples = [max(pair, key=worth) for pair in pairs]
        for number in self.pool.numbers - {sample.number for sample in self.samples}:
            self.pool.drop(number)


def _promise(look: _Look, working_px: int) -> float:
    """Which of a window's frames to keep: the sharpest, unless it is empty; a frame amid a jump counts little."""
    spread = metrics.level_spread(metrics.luma_histogram(look.glimpse.luma))
    sharpness = metrics.laplacian_variance(look.glimpse.detail(working_px))
    return sharpness * min(1.0, 4.0 * spread) / (1.0 + 40.0 * look.change)


def worth(sample: Sample) -> tuple[bool, bool, float, float]:
    """Order among neighbours in time: something to see, whole, then how well a face shows, then sharpness."""
    return not is_blank(sample), not sample.is_damaged, face_promise(sample), sample.sharpness


def face_promise(sample: Sample) -> float:
    """How well the best face shows, from the cheap look: its size up to 30 % of the height, its eyes. [0, 1]."""

    def value(face: Face) -> float:
        eyes = 0.75 if face.eyes_open is None else min(1.0, 0.3 + 1.4 * face.eyes_open)
        return face.confidence * min(1.0, 0.2 + face.box.height / 0.375) * eyes

    return round(max(map(value, sample.faces), default=0.0), 2)


MIN_SPREAD = 0.10
MIN_ENTROPY_BITS = 0.10
MIN_DEVIATION = 0.02
"""Below any of these a picture is black, white or one tone, in a dark film too. Floors that no video lowers."""


def is_blank(sample: Sample) -> bool:
    """Nothing to see: black, white, one tone."""
    return sample.spread < MIN_SPREAD or sample.entropy_bits < MIN_ENTROPY_BITS or sample.contrast < MIN_DEVIATION
