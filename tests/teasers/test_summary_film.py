"""What is made of the pieces: pictures, sound, file, on generated clips."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from bench.summary_checks import boxes
from keyart.errors import BadSetting
from keyart.media.probe import probe
from keyart.teasers.summary.channels import Channels, num_channels, read_channels
from keyart.teasers.summary.film import Format, write_film
from keyart.teasers.summary.framing import centre_crop
from keyart.teasers.summary.pieces import Piece, frame_rate, mixed, pictures
from keyart.types import RGB
from tests.conftest import ClipFactory, Take

RATE = Fraction(25)
HZ = 48_000


def noise(count: int, width: int = 128, height: int = 72) -> Iterator[RGB]:
    random = np.random.default_rng(3)
    for _ in range(count):
        yield random.integers(0, 256, (height, width, 3), np.uint8)


def tone(seconds: float, hz: float = 440.0) -> Channels:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * HZ)) / HZ)).astype(np.float32)[:, None]


def chunked(sound: Channels) -> Iterator[Channels]:
    yield from np.array_split(sound.reshape(len(sound), -1), 37)


# --- sound ------------------------------------------------------------------------------------------------------


PIECES = (Piece(1.0, 50, RATE, 0), Piece(4.02, 30, RATE, 50), Piece(5.3, 41, RATE, 80))


def test_the_sound_is_exactly_as_long_as_the_pictures() -> None:
    made = np.concatenate(list(mixed(chunked(tone(8)), PIECES, HZ, 0.08)))
    assert len(made) == round(121 / 25 * HZ)


def test_inside_a_piece_nothing_is_changed() -> None:
    source = np.random.default_rng(1).normal(0, 0.1, 8 * HZ).astype(np.float32)
    made = np.concatenate(list(mixed(chunked(source), PIECES, HZ, 0.08)))
    made = made[:, 0]
    assert np.array_equal(made[round(0.5 * HZ) : round(1.5 * HZ)], source[round(1.5 * HZ) : round(2.5 * HZ)])
    assert np.array_equal(made[round(2.5 * HZ) : round(2.9 * HZ)], source[round(4.52 * HZ) : round(4.92 * HZ)])


def test_a_cut_neither_clicks_nor_drops_out() -> None:
    step = np.concatenate([np.full(7 * HZ // 2, 0.4, np.float32), np.full(5 * HZ, -0.4, np.float32)])
    made = np.concatenate(list(mixed(chunked(step), PIECES[:2], HZ, 0.08)))[:, 0]
    cut = 2 * HZ
    assert float(np.abs(np.diff(made[cut - HZ // 10 : cut + HZ // 10])).max()) < 0.01
    hiss = np.random.default_rng(2).normal(0, 0.1, 8 * HZ).astype(np.float32)
    power = np.concatenate(list(mixed(chunked(hiss), PIECES[:2], HZ, 0.08)))[cut - HZ // 50 : cut + HZ // 50].std()
    assert 0.08 < power < 0.12  # equal power: two sounds that know nothing of each other keep their loudness


def test_without_a_cross_fade_it_is_a_plain_cut() -> None:
    source = tone(8)
    made = np.concatenate(list(mixed(chunked(source), PIECES[:2], HZ, 0.0)))
    assert made[2 * HZ, 0] == pytest.approx(source[round(4.02 * HZ), 0])
    assert made[2 * HZ - 1, 0] == pytest.approx(source[3 * HZ - 1, 0])


def test_past_the_end_of_the_sound_there_is_silence() -> None:
    made = np.concatenate(list(mixed(chunked(tone(4.5)), PIECES[:2], HZ, 0.08)))
    assert len(made) == round(80 / 25 * HZ)
    assert not made[-HZ // 4 :].any()


def test_left_stays_left(tmp_path: Path) -> None:
    pair = np.concatenate([tone(3), np.zeros((3 * HZ, 1), np.float32)], axis=1)
    path = tmp_path / "pair.mp4"
    write_film(path, lambda: noise(75), lambda: chunked(pair), Format(RATE, channels=2), seconds=3.0)
    info = probe(path)
    assert num_channels(info) == 2
    heard = np.concatenate(
        list(mixed(read_channels(info, HZ), (Piece(0.5, 25, RATE, 0), Piece(2.0, 25, RATE, 25)), HZ, 0.08))
    )
    assert heard.shape == (2 * HZ, 2)
    assert heard[:, 0].std() > 0.3
    assert heard[:, 1].std() < 0.01


def test_channels_are_read_on_the_clock_of_what_is_listened_to(clip: ClipFactory) -> None:
    from keyart.media.sound import read_sound

    info = probe(clip(tone_hz=300.0))
    one, other = np.concatenate(list(read_channels(info, 16_000))), np.concatenate(list(read_sound(info)))
    assert one.shape == (len(other), 1)
    assert np.abs(one[:, 0] - other).max() < 1e-6


# --- pictures ---------------------------------------------------------------------------------------------------


def test_every_frame_is_the_one_on_display(clip: ClipFactory) -> None:
    looks = [Take("white", 1.0), Take("black", 1.0), Take("scene-4", 1.0), Take("white", 1.0)]
    info = probe(clip(takes=tuple(looks)))
    pieces = (Piece(0.6, 20, RATE, 0), Piece(3.0, 25, RATE, 20))
    shown = [(number, frame.seconds, float(frame.image.mean())) for number, frame in pictures(info, pieces, 320)]
    assert [number for number, _, _ in shown] == [0] * 20 + [1] * 25
    assert [light > 128 for _, _, light in shown] == [True] * 10 + [False] * 10 + [True] * 25
    assert shown[10][1] == pytest.approx(1.0)


def test_where_the_video_ends_its_last_picture_stays(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 1.0),)))
    assert sum(1 for _ in pictures(info, (Piece(0.5, 30, RATE, 0),), 320)) == 30


@pytest.mark.parametrize(
    ("own", "made"),
    [
        (25, 25),
        (23.976, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (10, 30),
        (120, 60),
        (1000, None),
        (0, 25),
    ],
)
def test_rates_that_platforms_take(clip: ClipFactory, own: float, made: Fraction | None) -> None:
    from dataclasses import replace

    rate = frame_rate(replace(probe(clip()), frames_per_second=own))
    assert 23 <= rate <= 60
    assert made is None or rate == made


def test_the_centre_crop_keeps_the_middle() -> None:
    image = np.zeros((90, 160, 3), np.uint8)
    image[:, 70:90] = 255
    assert centre_crop(image, (20, 90)).mean() == 255
    assert centre_crop(image, (320, 180)).shape == (180, 320, 3)
    assert centre_crop(image, (108, 192)).shape == (192, 108, 3)


# --- the file ---------------------------------------------------------------------------------------------------


def written(path: Path, form: Format, *, count: int = 50, sound: bool = True) -> bytes:
    seconds = count / 25
    write_film(path, lambda: noise(count), (lambda: chunked(tone(seconds))) if sound else None, form, seconds=seconds)
    return path.read_bytes()


def test_the_file_is_what_platforms_take(tmp_path: Path) -> None:
    data = written(tmp_path / "a.mp4", Format(RATE))
    order = boxes(tmp_path / "a.mp4")
    assert order.index("moov") < order.index("mdat")
    with av.open(io.BytesIO(data), "r") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.profile, video.codec_context.pix_fmt) == (
            "h264",
            "High",
            "yuv420p",
        )
        assert (audio.codec_context.name, audio.codec_context.sample_rate) == ("aac", HZ)
        assert sum(1 for _ in container.decode(video)) == 50
        assert float((audio.duration or 0) * (audio.time_base or 0)) == pytest.approx(2.0, abs=0.03)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    form = Format(RATE, max_bytes=120_000)
    assert written(tmp_path / "a.mp4", form) == written(tmp_path / "b.mp4", form)


@pytest.mark.parametrize("limit", [60_000, 100_000, 200_000])
def test_no_file_is_larger_than_its_limit(tmp_path: Path, limit: int) -> None:
    free = len(written(tmp_path / "free.mp4", Format(RATE, audio_bits_per_second=32_000)))
    bound = len(written(tmp_path / "bound.mp4", Format(RATE, max_bytes=limit, audio_bits_per_second=32_000)))
    assert bound <= limit < free


def test_a_limit_that_nothing_can_meet_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"too little for 2\.0 s"):
        written(tmp_path / "a.mp4", Format(RATE, max_bytes=9_000))
    assert not list(tmp_path.iterdir())


def test_sound_and_pictures_lie_side_by_side_in_the_file(tmp_path: Path) -> None:
    written(tmp_path / "a.mp4", Format(RATE), count=150)
    with av.open(str(tmp_path / "a.mp4")) as container:
        kinds: list[str] = [packet.stream.type for packet in container.demux() if packet.size]
    changes = sum(a != b for a, b in pairwise(kinds))
    assert changes > 20  # a player that reads on from the front never waits for the other stream


def test_no_frame_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="at least one frame"):
        write_film(tmp_path / "a.mp4", lambda: iter(()), None, Format(RATE), seconds=1.0)
