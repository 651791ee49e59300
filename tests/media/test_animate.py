"""GIF and WebP: they loop, keep time, fit their limit and look like what went in."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from keyart.errors import BadSetting
from keyart.media import animate
from keyart.media.animate import encode_gif, encode_webp, resized
from keyart.media.images import read_receipt
from keyart.media.palette import paletted
from keyart.types import RGB, Receipt
from tests.conftest import picture_of


def shots(count: int = 12, width: int = 160, height: int = 90) -> list[RGB]:
    """Three generated scenes, moving."""
    return [
        np.asarray(picture_of(f"scene-{look}", width, height, number / count), np.uint8)
        for look in (1, 2, 3)
        for number in range(count)
    ]


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def frames_of(data: bytes) -> list[RGB]:
    return [np.asarray(frame.convert("RGB"), np.uint8) for frame in ImageSequence.Iterator(opened(data))]


def delays_of(data: bytes) -> list[int]:
    # WebP's are known once the picture is decoded
    return [frame.copy().info["duration"] for frame in ImageSequence.Iterator(opened(data))]


def test_a_gif_loops_for_ever_and_keeps_time() -> None:
    made = encode_gif(shots(), frames_per_second=12, cuts=(12, 24))
    assert opened(made.data).info["loop"] == 0
    delays = delays_of(made.data)
    assert len(delays) == made.num_frames == 36
    assert sum(delays) == 3000
    assert set(delays) == {80, 90}


def test_a_gif_looks_like_its_frames() -> None:
    frames = shots()
    back = frames_of(encode_gif(frames, frames_per_second=12, cuts=(12, 24)).data)
    errors = [np.abs(one.astype(int) - other).mean() for one, other in zip(frames, back, strict=True)]
    assert max(errors) < 5


def test_a_palette_for_each_shot_is_closer_than_one_for_all() -> None:
    # two shots, each with about 500 colours of its own
    ramp = np.arange(64, dtype=np.uint8)
    red = np.stack(np.broadcast_arrays(ramp[None] * 4, ramp[:, None], ramp[:, None]), axis=2)
    frames = [np.ascontiguousarray(red)] * 4 + [np.ascontiguousarray(red[..., ::-1])] * 4

    def error(data: bytes) -> float:
        return float(
            np.mean([(one.astype(float) - other) ** 2 for one, other in zip(frames, frames_of(data), strict=True)])
        )

    apart = encode_gif(frames, frames_per_second=10, cuts=(4,)).data
    together = encode_gif(frames, frames_per_second=10).data
    assert error(apart) < 0.7 * error(together)


def test_what_stands_still_costs_next_to_nothing_in_every_shot() -> None:
    still = [np.asarray(picture_of("noise-1", 160, 90, 0.0), np.uint8)] * 10
    other = [np.asarray(picture_of("noise-2", 160, 90, 0.0), np.uint8)] * 10
    short = len(encode_gif([still[0], other[0]], frames_per_second=10, cuts=(1,)).data)
    long = len(encode_gif(still + other, frames_per_second=10, cuts=(10,)).data)
    assert long < 1.3 * short


def test_noise_below_the_eye_is_held_still() -> None:
    random = np.random.default_rng(0)
    base = np.asarray(picture_of("scene-1", 160, 90, 0.0), np.int16)
    noisy = [np.clip(base + random.integers(-2, 3, base.shape), 0, 255).astype(np.uint8) for _ in range(10)]
    held = animate._held(noisy, 5)
    assert all(np.array_equal(held[0], one) for one in held)
    jump = animate._held([noisy[0], 255 - noisy[0]], 5)
    assert (jump[1] != noisy[0]).any(axis=2).mean() > 0.9


@pytest.mark.parametrize("share", [0.6, 0.3, 0.1, 0.03])
def test_a_gif_is_made_to_fit(share: float) -> None:
    frames = shots()
    whole = encode_gif(frames, frames_per_second=12, cuts=(12, 24))
    limit = int(share * len(whole.data))
    made = encode_gif(frames, frames_per_second=12, cuts=(12, 24), max_bytes=limit)
    assert len(made.data) <= limit
    assert made.data == encode_gif(frames, frames_per_second=12, cuts=(12, 24), max_bytes=limit).data
    assert sum(delays_of(made.data)) == 3000
    assert opened(made.data).size == (made.width_px, made.height_px)


@pytest.mark.parametrize("share", [0.7, 0.2])
def test_a_webp_is_made_to_fit(share: float) -> None:
    whole = encode_webp(shots(), frames_per_second=12)
    limit = int(share * len(whole.data))
    made = encode_webp(shots(), frames_per_second=12, max_bytes=limit)
    assert len(made.data) <= limit
    assert opened(made.data).size == (made.width_px, made.height_px)


def test_a_limit_that_nothing_meets_is_an_error() -> None:
    with pytest.raises(BadSetting, match="max_bytes=100"):
        encode_gif(shots(), frames_per_second=12, max_bytes=100)
    with pytest.raises(BadSetting, match="max_bytes=100"):
        encode_webp(shots(), frames_per_second=12, max_bytes=100)


def test_a_webp_loops_keeps_time_and_looks_like_its_frames() -> None:
    frames = shots()
    made = encode_webp(frames, frames_per_second=12)
    back = frames_of(made.data)
    assert opened(made.data).info["loop"] == 0
    assert len(back) == 36
    assert sum(delays_of(made.data)) == 3000
    assert np.mean([np.abs(one.astype(int) - other).mean() for one, other in zip(frames, back, strict=True)]) < 6


def test_sizes_shrink_but_never_grow() -> None:
    tall = [np.zeros((90, 40, 3), np.uint8)] * 2
    assert opened(encode_gif(tall, frames_per_second=10, width_px=45).data).size == (20, 45)
    assert opened(encode_gif(tall, frames_per_second=10, width_px=4000).data).size == (40, 90)
    assert opened(encode_webp(tall, frames_per_second=10, width_px=45).data).size == (20, 45)
    assert resized(tall[0], 90) is tall[0]


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 50)])
def test_tiny_pictures_are_encoded_too(size: tuple[int, int]) -> None:
    frames = [np.full((*size, 3), level, np.uint8) for level in (0, 90, 255)]
    for made in (encode_gif(frames, frames_per_second=10), encode_webp(frames, frames_per_second=10)):
        assert opened(made.data).size == size[::-1]
        assert len(frames_of(made.data)) == 3


def test_the_receipt_is_inside(tmp_path: Path) -> None:
    receipt = Receipt("teaser/teaser.gif", {"why": "тест " * 100})
    gif = encode_gif(shots(4), frames_per_second=10, receipt=receipt).data
    comment = opened(gif).info["comment"]
    assert json.loads(comment)["why"] == receipt.facts["why"]
    assert len(frames_of(gif)) == 12
    path = tmp_path / "a.webp"
    path.write_bytes(encode_webp(shots(4), frames_per_second=10, receipt=receipt).data)
    assert read_receipt(path)["product"] == "teaser/teaser.gif"


def test_no_frames_is_an_error() -> None:
    for encode in (encode_gif, encode_webp):
        with pytest.raises(BadSetting, match="at least one frame"):
            encode([], frames_per_second=10)


def test_few_colours_come_back_exactly() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[:20], image[20:, 20:] = (201, 33, 52), (14, 200, 99)
    palette, (indices,) = paletted([image], 64)
    assert len(palette) <= 64
    assert np.abs(palette[indices].astype(int) - image).max() <= 3


def test_more_colours_are_closer() -> None:
    frames = shots(4)
    errors = []
    for count in (16, 64, 255):
        palette, drawn = paletted(frames, count)
        assert len(palette) <= count
        errors.append(
            np.mean([(palette[one].astype(float) - image) ** 2 for one, image in zip(drawn, frames, strict=True)])
        )
    assert errors[0] > 1.5 * errors[1] > 2 * errors[2]
