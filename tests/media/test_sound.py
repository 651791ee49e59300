"""Sound: mono, in step with the pictures, through damage; loudness by the book."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from keyart.errors import BadSetting
from keyart.media.probe import probe
from keyart.media.sound import k_weighting, loudness_lufs, normalise_loudness, read_sound
from keyart.types import Sound
from tests.conftest import ClipFactory

RATE = 16000


def tone(seconds: float, hz: float = 997.0, level: float = 1.0, rate: int = RATE) -> Sound:
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def write_sound(
    path: Path, pieces: list[tuple[float, NDArray[np.float32]]], *, codec: str = "pcm_s16le", rate: int = 48000
) -> Path:
    """Pieces of (start seconds, samples of shape (channels, n)) as one stream."""
    with av.open(str(path), "w") as container:
        layout = "stereo" if pieces[0][1].shape[0] == 2 else "mono"
        stream: Any = container.add_stream(codec, rate=rate, layout=layout)
        for start, samples in pieces:
            for at in range(0, samples.shape[1], 1024):
                chunk = np.ascontiguousarray(samples[:, at : at + 1024])
                frame = av.AudioFrame.from_ndarray(chunk, "fltp", layout)
                frame.sample_rate, frame.pts = rate, round(start * rate) + at
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_mono_at_the_rate_asked_for(clip: ClipFactory) -> None:
    chunks = list(read_sound(probe(clip(tone_hz=440.0))))
    whole = np.concatenate(chunks)
    assert all(chunk.dtype == np.float32 and chunk.ndim == 1 for chunk in chunks)
    assert len(whole) == pytest.approx(3 * RATE, abs=2000) and {len(one) for one in chunks[:-1]} == {RATE}
    spectrum = np.abs(np.fft.rfft(whole[RATE : 2 * RATE]))
    assert int(spectrum.argmax()) == 440
    assert 0.25 < np.abs(whole[RATE : 2 * RATE]).max() < 0.35


def test_other_rates(clip: ClipFactory) -> None:
    whole = np.concatenate(list(read_sound(probe(clip(tone_hz=440.0)), sample_rate_hz=8000)))
    assert len(whole) == pytest.approx(3 * 8000, abs=1000)


def test_stereo_becomes_the_mean(tmp_path: Path) -> None:
    both = np.stack([tone(1.0, level=0.5, rate=48000), np.zeros(48000, np.float32)])
    whole = np.concatenate(list(read_sound(probe(write_sound(tmp_path / "a.wav", [(0.0, both)])))))
    assert len(whole) == pytest.approx(RATE, abs=2)
    assert 0.2 < np.abs(whole).max() < 0.4


def test_no_sound_gives_nothing(clip: ClipFactory) -> None:
    assert list(read_sound(probe(clip()))) == []


def test_a_stream_that_is_no_sound_is_an_error(clip: ClipFactory) -> None:
    with pytest.raises(BadSetting, match="those that are: 1"):
        next(read_sound(probe(clip(tone_hz=440.0)), stream_index=0))


@pytest.mark.parametrize(("start", "lead"), [(0.0, 0.0), (1.5, 1.5)])
def test_late_sound_waits_in_silence(tmp_path: Path, start: float, lead: float) -> None:
    path = write_sound(tmp_path / "late.mkv", [(0.0, np.zeros((1, 1024), np.float32)), (start, tone(1.0)[None])])
    whole = np.concatenate(list(read_sound(probe(path))))
    loud = np.flatnonzero(np.abs(whole) > 0.1)
    assert loud[0] / RATE == pytest.approx(lead, abs=0.03)


def test_a_gap_is_filled_with_silence(tmp_path: Path) -> None:
    pieces = [(0.0, tone(1.0, rate=48000)[None]), (3.0, tone(1.0, rate=48000)[None])]
    whole = np.concatenate(list(read_sound(probe(write_sound(tmp_path / "gap.mkv", pieces)))))
    assert len(whole) / RATE == pytest.approx(4.0, abs=0.05)
    assert np.abs(whole[int(1.2 * RATE) : int(2.8 * RATE)]).max() == 0
    assert np.abs(whole[int(3.2 * RATE) : int(3.8 * RATE)]).max() > 0.5


def test_damage_is_a_note_and_no_error(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "hurt.mkv", [(0.0, tone(6.0, rate=48000)[None])], codec="flac")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 6000] = b"\xff" * 6000
    path.write_bytes(content)
    notes: list[str] = []
    whole = np.concatenate(list(read_sound(probe(path), notes=notes)))
    assert len(whole) / RATE == pytest.approx(6.0, abs=1.0)
    assert np.isfinite(whole).all() and np.abs(whole).max() <= 1.0
    assert len(notes) <= 2


def test_sound_in_step_with_pictures_that_start_late(clip: ClipFactory) -> None:
    # the pictures begin at 2 s: what is heard before is cut away
    info = probe(clip(tone_hz=440.0, start_seconds=2.0, suffix=".mkv"))
    assert info.start_seconds == pytest.approx(2.0)
    whole = np.concatenate(list(read_sound(info)))
    assert len(whole) / RATE == pytest.approx(1.0, abs=0.1)
    assert np.abs(whole[:2000]).max() > 0.2


# --- loudness -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_full_scale_sine_reads_minus_three(rate: int) -> None:
    # ITU-R BS.1770-4: a 0 dBFS sine of 997 Hz in one channel reads -3.01
    assert loudness_lufs([tone(4.0, rate=rate)], rate) == pytest.approx(-3.01, abs=0.1)


def test_tabulated_coefficients_at_48_khz() -> None:
    numerator, denominator = k_weighting(48000)
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585])
    rumble = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
    assert numerator == pytest.approx(np.convolve(shelf[0], rumble[0]), abs=1e-6)
    assert denominator == pytest.approx(np.convolve(shelf[1], rumble[1]), abs=1e-6)


def test_pauses_do_not_count() -> None:
    speech = tone(4.0, level=0.1)
    spaced = np.concatenate([speech, np.zeros(20 * RATE, np.float32), tone(2.0, level=0.001)])
    assert loudness_lufs([spaced]) == pytest.approx(loudness_lufs([speech]), abs=0.3)


def test_chunks_do_not_matter() -> None:
    whole = tone(3.0, level=0.2)
    pieces = [whole[at : at + 777] for at in range(0, len(whole), 777)]
    assert loudness_lufs(pieces) == pytest.approx(loudness_lufs([whole]), abs=1e-9)


def test_silence_and_scraps() -> None:
    assert loudness_lufs([]) == -inf
    assert loudness_lufs([np.zeros(RATE, np.float32)]) == -inf
    assert loudness_lufs([tone(0.2)]) > -10


@pytest.mark.parametrize("level", [0.5, 0.02])
def test_normalised_to_the_target(level: float) -> None:
    sound = [tone(3.0, level=level)]
    even = list(normalise_loudness(sound, loudness_lufs(sound)))
    assert loudness_lufs(even) == pytest.approx(-23.0, abs=0.1)


def test_normalising_keeps_silence_and_peaks_in_bounds() -> None:
    silence = [np.zeros(RATE, np.float32)]
    assert np.array_equal(next(normalise_loudness(silence, -inf)), silence[0])
    burst = np.concatenate([tone(3.0, level=0.003), tone(0.01, level=0.9)])
    louder = next(normalise_loudness([burst], -60.0))
    assert np.abs(louder).max() <= 0.99 and louder.dtype == np.float32


def test_real_sound(media: Path) -> None:
    lecture = np.concatenate(list(read_sound(probe(media / "audio" / "en_speech_jfk.flac"))))
    assert len(lecture) / RATE == pytest.approx(11.0, abs=0.01)
    notes: list[str] = []
    hurt = np.concatenate(list(read_sound(probe(media / "video" / "bad_failing_audio.mp4"), notes=notes)))
    assert len(hurt) / RATE == pytest.approx(11.2, abs=0.2)
