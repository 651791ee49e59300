"""What is kept of a pass: the calmest, sharpest frame of each second; pictures while there is room; no more."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import pytest

from keyart.media.scan import Glimpse
from keyart.stills.sample import MixtureWatch, PicturePool, StillSampler, is_blank, measure, reduced, worth
from keyart.types import RGB, Face, Frame, Gray

from .conftest import face_of, sample_of


@dataclass
class Seen:
    """Stands in for a decoded frame."""

    number: int
    seconds: float
    image: RGB
    held_bytes: int = 1_000_000
    is_damaged: bool = False

    @property
    def luma(self) -> Gray:
        return np.ascontiguousarray(cv2.cvtColor(self.image, cv2.COLOR_RGB2GRAY)[::2, ::2])

    def detail(self, width_px: int) -> Gray:
        return np.asarray(cv2.cvtColor(self.image, cv2.COLOR_RGB2GRAY), np.uint8)

    def small(self, width_px: int) -> RGB:
        return self.image

    def full(self, *, exact: bool = True) -> Frame:
        return Frame(self.image, self.seconds)


class Nobody:
    """A detector that finds no face and counts how often it was asked."""

    backend = "nobody"
    models: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.glances = 0

    def glance(self, image: RGB) -> tuple[Face, ...]:
        self.glances += 1
        return ()

    def look(self, image: RGB, *, tiles: bool = True) -> tuple[Face, ...]:
        return ()


def scene(number: int) -> RGB:
    """A picture of blocks, another for each number."""
    blocks = np.random.default_rng(number).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(blocks, (128, 72), interpolation=cv2.INTER_NEAREST), np.uint8)


def soft(image: RGB, sigma: float = 3.0) -> RGB:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def frames(images: list[RGB], rate: float = 10.0, **options: Any) -> Iterator[Glimpse]:
    for number, image in enumerate(images):
        yield cast(Glimpse, Seen(number, number / rate, image, **options))


def sampler(**options: Any) -> StillSampler:
    return StillSampler(cast(Any, None), options.pop("detector", Nobody()), **options)


def after(pass_of: StillSampler, images: list[RGB], rate: float = 10.0, **options: Any) -> StillSampler:
    for glimpse in frames(images, rate, **options):
        pass_of.see(glimpse)
    return pass_of


def test_one_sample_a_second_by_time_stamps() -> None:
    done = after(sampler(), [scene(1)] * 35)
    assert [int(sample.seconds) for sample in done.finish()] == [0, 1, 2, 3]
    assert done.finish() == done.finish() and done.num_seen == 35 and done.dense
    assert len(after(sampler(rate_hz=2.0), [scene(1)] * 35).finish()) == 7
    assert len(after(sampler(), [scene(1)] * 35, rate=35.0).finish()) == 1


def test_the_sharper_half_of_a_second_is_kept() -> None:
    images = [soft(scene(1))] * 5 + [scene(1)] * 5
    (only,) = after(sampler(), images).finish()
    assert only.seconds >= 0.5


def test_a_flash_is_not_the_frame_that_is_kept() -> None:
    flash = np.clip(scene(1).astype(int) + 150, 0, 255).astype(np.uint8)
    images = [scene(1)] * 3 + [flash] + [scene(1)] * 6
    (only,) = after(sampler(), images).finish()
    assert only.number != 3 and only.change < 0.01


def test_the_sharp_frame_is_kept_although_a_black_one_is_calmer() -> None:
    black = np.zeros((72, 128, 3), np.uint8)
    (only,) = after(sampler(), [black] * 6 + [scene(1), scene(1), scene(1), scene(1)]).finish()
    assert not is_blank(only)


def test_damaged_frames_are_the_last_resort() -> None:
    pass_of = sampler(looks=1)
    for number, damaged in enumerate((True, False, True)):
        pass_of.see(cast(Glimpse, Seen(number, number / 10, scene(number), is_damaged=damaged)))
    assert [sample.number for sample in pass_of.finish()] == [1]
    (spoilt,) = after(sampler(), [scene(1)] * 3, is_damaged=True).finish()
    assert spoilt.is_damaged
    whole = after(sampler(), [scene(1)] * 3).finish()[0]
    assert not whole.is_damaged and worth(whole) > worth(spoilt)


@pytest.mark.parametrize("level", [0, 90, 255])
def test_blank_samples_are_remembered_but_cost_nothing(level: int) -> None:
    nobody = Nobody()
    done = after(sampler(detector=nobody), [np.full((72, 128, 3), level, np.uint8)] * 20)
    assert [is_blank(sample) for sample in done.finish()] == [True, True]
    assert nobody.glances == 0 and not done.pool.numbers


def test_key_frames_far_apart_are_each_a_sample_without_motion() -> None:
    done = after(sampler(), [scene(n) for n in range(5)], rate=0.4)
    assert [sample.change for sample in done.finish()] == [0.0] * 5
    assert not done.dense


def test_windows_double_when_there_are_too_many() -> None:
    images = [scene(n // 10) for n in range(400)]
    done = after(sampler(max_samples=8), images)
    samples = done.finish()
    assert 5 <= len(samples) <= 9 and done.window_seconds == 8.0
    assert done.pool.numbers <= {sample.number for sample in samples}
    assert [sample.seconds for sample in samples] == sorted(sample.seconds for sample in samples)


def test_one_thread_and_many_keep_the_same_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [scene(n // 10) for n in range(200)]
    many = after(sampler(max_samples=8), images).finish()
    monkeypatch.setattr("keyart.cores.NUM_THREADS", 1)
    one = after(sampler(max_samples=8), images).finish()
    assert [(each.number, each.sharpness) for each in one] == [(each.number, each.sharpness) for each in many]


def test_memory_does_not_grow_with_the_video() -> None:
    done = after(sampler(pool_bytes=5_000_000, max_samples=16), [scene(n // 10) for n in range(600)])
    samples = done.finish()
    assert len(samples) <= 17 and len(done.pool.numbers) <= 5
    assert max(sys.getsizeof(sample) + sample.embedding.nbytes for sample in samples) < 2500


def test_frames_too_large_for_the_pool_are_not_held_up() -> None:
    done = after(sampler(pool_bytes=2_000_000), [scene(1)] * 10)
    assert done.looks == 1 and len(done.finish()) == 1
    assert len(after(sampler(pool_bytes=0), [scene(1)] * 10).finish()) == 1


# --- the pool -----------------------------------------------------------------------------------------------------


def held(pool: PicturePool, number: int, direction: int, **changes: Any) -> None:
    embedding = np.zeros(4, np.float16)
    embedding[direction] = 1
    sample = sample_of(number=number, seconds=float(number), embedding=embedding, **changes)
    pool.put(cast(Glimpse, Seen(number, float(number), scene(number))), sample)


def test_of_two_alike_neighbours_the_less_worthy_goes() -> None:
    pool = PicturePool(3_000_000)
    held(pool, 0, 0)
    held(pool, 1, 1, sharpness=100.0)
    held(pool, 2, 1, sharpness=200.0)
    held(pool, 3, 2)
    assert pool.numbers == {0, 2, 3}
    assert pool.picture(1) is None
    picture = pool.picture(2)
    assert picture is not None and (picture.image == scene(2)).all()
    pool.drop(0)
    pool.drop(0)
    held(pool, 4, 3)
    assert pool.numbers == {2, 3, 4}


def test_a_pool_for_one_picture_or_none() -> None:
    single, none = PicturePool(1_500_000), PicturePool(10)
    for number in range(3):
        held(single, number, number)
        held(none, number, number)
    assert len(single.numbers) == 1 and not none.numbers


def test_worth_prefers_faces_then_sharpness() -> None:
    blank = sample_of(spread=0.0, sharpness=900.0)
    plain, sharp = sample_of(sharpness=100.0), sample_of(sharpness=200.0)
    shut = sample_of(faces=(face_of(box=face_of().box.scaled(0.01), eyes_open=0.0),))
    face = sample_of(faces=(face_of(box=face_of().box.scaled(0.01)),))
    assert sorted([face, sharp, blank, shut, plain], key=worth) == [blank, plain, sharp, shut, face]


# --- dissolves in passing -----------------------------------------------------------------------------------------


def grays(num: int) -> tuple[Gray, Gray]:
    one, other = (cv2.cvtColor(scene(n), cv2.COLOR_RGB2GRAY) for n in (1, 2))
    return np.asarray(one, np.uint8), np.asarray(other, np.uint8)


def test_a_dissolve_is_noticed_and_a_cut_is_not() -> None:
    one, other = grays(2)
    dissolve, cut = MixtureWatch(), MixtureWatch()
    for number in range(75):
        share = float(np.clip((number - 30) / 20, 0, 1))
        dissolve.see(number / 25, (one * (1 - share) + other * share).astype(np.uint8))
        cut.see(number / 25, one if number < 40 else other)
    assert cut.spans == []
    assert len(dissolve.spans) == 1
    assert dissolve.covers(1.6) and not dissolve.covers(0.5) and not dissolve.covers(2.6)


def test_slow_footage_is_left_alone() -> None:
    one, other = grays(2)
    watch = MixtureWatch()
    for number in range(6):
        watch.see(number * 0.5, one if number % 2 else other)
    assert watch.spans == []


# --- measuring ----------------------------------------------------------------------------------------------------


def test_numbers_are_of_the_part_inside_the_bars() -> None:
    inner = scene(1)
    boxed = np.zeros((120, 128, 3), np.uint8)
    boxed[24:96] = inner
    plain, letterboxed = (measure(image, number=0, seconds=0.0, change=0.0) for image in (inner, boxed))
    assert letterboxed.brightness == pytest.approx(plain.brightness)
    assert letterboxed.sharpness == pytest.approx(plain.sharpness)
    assert (letterboxed.embedding == plain.embedding).all()


def test_reduced_never_enlarges() -> None:
    assert reduced(scene(1), 64).shape == (36, 64, 3)
    assert reduced(scene(1), 640) is not None and reduced(scene(1), 640).shape == (72, 128, 3)
