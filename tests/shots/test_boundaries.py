"""Cuts, dissolves, fades; and what is none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from keyart.errors import BadSetting, MissingExtra, MissingModel
from keyart.media.probe import probe
from keyart.media.scan import Glimpse, Scan
from keyart.shots import DETECTORS, DetectShots, ShotOnlooker, ShotWatcher
from keyart.shots.boundaries import block_means
from keyart.shots.gradual import likeness
from keyart.types import Gray, Shot, VideoInfo
from tests.conftest import ClipFactory, Take

INFO = VideoInfo(Path("x"), "", 0, 0, "", "", 64, 36, 64, 36, Fraction(1), 0, False, 25.0, 10.0, 0.0)


@dataclass
class Sight:
    """What a watcher needs of a glimpse."""

    luma: Gray
    seconds: float
    chroma: tuple[Gray, Gray] | None = None

    def detail(self, width_px: int) -> Gray:
        return self.luma


def watch(
    frames: Sequence[NDArray[Any]], rate: float = 25.0, detector: DetectShots | None = None, times: Sequence[float] = ()
) -> ShotOnlooker:
    watcher = (detector or DetectShots()).watch(INFO)
    for number, frame in enumerate(frames):
        picture = np.clip(np.rint(frame), 0, 255).astype(np.uint8)
        seconds = times[number] if times else number / rate
        watcher.see(cast(Glimpse, Sight(picture, seconds)))
    return watcher


def starts(watcher: ShotOnlooker, end: float = 0.0) -> list[tuple[float, str]]:
    return [(round(shot.start, 3), shot.transition) for shot in watcher.shots(end)[1:]]


def scenery(seed: int) -> NDArray[np.float64]:
    """A smooth random picture, 36 x 64, like a real one at this size."""
    random = np.random.default_rng(seed)
    coarse = random.normal(0, 1, (6, 9))
    rows, columns = np.linspace(0, 4.99, 36), np.linspace(0, 7.99, 64)
    r, c = rows.astype(int), columns.astype(int)
    fr, fc = (rows - r)[:, None], (columns - c)[None, :]
    top = coarse[r][:, c] * (1 - fc) + coarse[r][:, c + 1] * fc
    low = coarse[r + 1][:, c] * (1 - fc) + coarse[r + 1][:, c + 1] * fc
    return np.asarray(120 + 55 * (top * (1 - fr) + low * fr))


def still(seed: int, frames: int) -> list[NDArray[np.float64]]:
    return [scenery(seed)] * frames


def mixed(one: NDArray[Any], other: NDArray[Any], frames: int) -> list[NDArray[Any]]:
    shares = np.arange(1, frames + 1) / (frames + 1)
    return [(1 - share) * one + share * other for share in shares]


BLACK = np.full((36, 64), 16.0)


def test_cut() -> None:
    assert starts(watch(still(1, 25) + still(2, 25))) == [(1.0, "cut")]


def test_cuts_among_moving_noise() -> None:
    random = np.random.default_rng(0)
    frames = [scenery(take) + 3 * number for take in range(5) for number in range(12)]
    noisy = [frame + random.normal(0, 10, frame.shape) for frame in frames]
    assert [at for at, _ in starts(watch(noisy))] == [0.48, 0.96, 1.44, 1.92]


def test_cut_spread_over_two_frames() -> None:
    one, two = scenery(1), scenery(2)
    assert starts(watch([*still(1, 25), (one + two) / 2, *still(2, 25)])) == [(1.04, "cut")]


def test_dark_film_is_cut_too() -> None:
    frames = [16 + (frame - 16) / 7 for frame in still(1, 25) + still(2, 25)]
    assert starts(watch(frames)) == [(1.0, "cut")]


def test_cut_in_colour_alone() -> None:
    grey = np.full((36, 64), 120, np.uint8)
    one, two = (np.clip(scenery(seed)[::2, ::2], 0, 255).astype(np.uint8) for seed in (4, 5))
    watcher = DetectShots(threshold=0.0).watch(INFO)
    for number in range(40):
        chroma = (one, two) if number < 20 else (two, one)
        watcher.see(cast(Glimpse, Sight(grey, number / 25, chroma)))
    assert [at for at, _ in starts(watcher)] == [0.8]


@pytest.mark.parametrize("length", [1, 3, 8])
def test_flash_is_no_cut(length: int) -> None:
    bright = [255 - (255 - scenery(1)) / 5] * length
    assert starts(watch([*still(1, 25), *bright, *still(1, 25)])) == []


def test_frames_of_something_else_are_no_cut() -> None:
    assert starts(watch(still(1, 25) + still(2, 3) + still(1, 25))) == []


def test_longer_insert_is_two_cuts() -> None:
    assert [at for at, _ in starts(watch(still(1, 25) + still(2, 25) + still(1, 25)))] == [1.0, 2.0]


def test_camera_motion_is_no_cut() -> None:
    wide = np.concatenate([scenery(seed) for seed in range(4)], axis=1)
    wide = np.stack([np.convolve(row, np.ones(9) / 9, "same") for row in wide])
    pan = [wide[:, at : at + 64] for at in range(5, 180, 3)]
    assert starts(watch(pan)) == []


def test_growing_light_is_no_cut() -> None:
    frames = [scenery(1) * (0.4 + 0.6 * number / 50) for number in range(50)]
    assert starts(watch(frames)) == []


@pytest.mark.parametrize("frames", [8, 15, 25, 40])
def test_dissolve(frames: int) -> None:
    mix = mixed(scenery(1), scenery(2), frames)
    found = watch([*still(1, 50), *mix, *still(2, 50)]).shots(0)
    assert [shot.transition for shot in found] == ["start", "dissolve"]
    assert found[1].start == pytest.approx(2 + frames / 50, abs=0.1)
    assert found[1].transition_seconds == pytest.approx(frames / 25, rel=0.35)


def test_no_dissolves_where_none_are_wanted() -> None:
    mix = mixed(scenery(1), scenery(2), 15)
    assert starts(watch([*still(1, 50), *mix, *still(2, 50)], detector=DetectShots(gradual=False))) == []


def test_fade_out_and_in_is_one_transition() -> None:
    frames = [*still(1, 40), *mixed(scenery(1), BLACK, 12), *[BLACK] * 10, *mixed(BLACK, scenery(2), 12), *still(2, 40)]
    found = watch(frames).shots(0)
    assert [shot.transition for shot in found] == ["start", "fade"]
    assert found[1].start == pytest.approx(57 / 25, abs=0.2) and found[1].transition_seconds > 0.8


def test_long_black_between_is_a_shot_of_its_own() -> None:
    frames = [*still(1, 40), *mixed(scenery(1), BLACK, 12), *[BLACK] * 50, *mixed(BLACK, scenery(2), 12), *still(2, 40)]
    assert [kind for _, kind in starts(watch(frames))] == ["fade", "fade"]


def test_lid_shut_and_opened_is_no_boundary() -> None:
    frames = [*still(1, 40), *mixed(scenery(1), BLACK, 12), *[BLACK] * 10, *mixed(BLACK, scenery(1), 12), *still(1, 40)]
    assert starts(watch(frames)) == []


def test_opening_and_closing_fades_belong_to_the_film() -> None:
    frames = [BLACK, *mixed(BLACK, scenery(1), 15), *still(1, 50), *mixed(scenery(1), BLACK, 15), BLACK]
    assert starts(watch(frames)) == []


def test_fade_to_black_that_ends_in_a_cut() -> None:
    frames = [*still(1, 40), *mixed(scenery(1), BLACK, 12), *[BLACK] * 5, *still(2, 40)]
    assert starts(watch(frames)) == [(57 / 25, "cut")]


def test_shots_shorter_than_allowed_are_joined() -> None:
    frames = still(1, 25) + still(2, 10) + still(3, 25)
    assert len(starts(watch(frames))) == 2
    assert len(starts(watch(frames, detector=DetectShots(min_seconds=1.0)))) == 1


def test_change_just_before_the_end_is_no_shot() -> None:
    assert starts(watch(still(1, 50) + still(2, 2))) == []


def test_times_of_a_slow_film() -> None:
    times = [0.0, 1.0, 2.0, 5.0, 6.0, 6.5]
    watcher = watch(still(1, 3) + still(2, 3), times=times)
    assert not watcher.exact
    shots = watcher.shots(7.0)
    assert [(shot.start, shot.end) for shot in shots] == [(0.0, 5.0), (5.0, 7.0)]
    assert [(shot.start_frame, shot.end_frame) for shot in shots] == [(0, 125), (125, 175)]


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_is_settings_with_defaults(name: str) -> None:
    detector = DETECTORS[name]()
    assert 0 <= detector.threshold <= 4 and callable(detector.watch) and hash(detector) is not None


def test_transnet_without_torch_or_weights_names_the_cure() -> None:
    with pytest.raises((MissingExtra, MissingModel), match=r"keyart\[torch\]|published PyTorch weights"):
        DetectShots(detector="transnet").watch(INFO)


def test_a_detector_that_is_not_there_is_named() -> None:
    with pytest.raises(BadSetting, match=r"'crystal ball'; there are: embedded, transnet"):
        DetectShots(detector="crystal ball")


def test_nothing_seen() -> None:
    assert DetectShots().watch(INFO).shots(0.0) == ()


def test_pictures_that_change_size_on_the_way() -> None:
    frames: list[NDArray[Any]] = [*still(1, 25), *[np.repeat(scenery(1), 2, axis=1)] * 25]
    assert starts(watch(frames)) == []


def test_rate_that_is_not_known() -> None:
    from dataclasses import replace

    watcher = ShotWatcher(DetectShots(), replace(INFO, frames_per_second=0.0))
    for number, frame in enumerate(still(1, 25) + still(2, 25)):
        watcher.see(cast(Glimpse, Sight(frame.astype(np.uint8), number / 25)))
    assert starts(watcher) == [(1.0, "cut")]


def assert_tiles(shots: Sequence[Shot], end: float, num_frames: int) -> None:
    assert shots[0].start == 0.0 and shots[0].start_frame == 0 and shots[0].transition == "start"
    assert shots[-1].end == pytest.approx(end) and shots[-1].end_frame == num_frames
    for one, two in pairwise(shots):
        assert one.end == two.start and one.end_frame == two.start_frame
        assert one.seconds > 0 and one.end_frame > one.start_frame


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 30)), min_size=1, max_size=8))
def test_shots_tile_whatever_comes(takes: list[tuple[int, int]]) -> None:
    frames = [scenery(seed) for seed, length in takes for _ in range(length)]
    assert_tiles(watch(frames).shots(len(frames) / 25), len(frames) / 25, len(frames))


def test_means_of_any_shape() -> None:
    for shape in ((36, 64), (1, 1), (5, 120), (120, 5)):
        means = block_means(np.full(shape, 77, np.uint8), None)
        assert means.shape == (144,) and means == pytest.approx(np.full(144, 77.0), abs=1e-3)


def test_likeness_is_correlation() -> None:
    random = np.random.default_rng(1)
    one, two = random.normal(100, 30, 144), random.normal(100, 30, 144)
    assert likeness(one, one) == pytest.approx(1.0, abs=0.01)
    assert likeness(one, 0.5 * one + 20) == pytest.approx(1.0, abs=0.01)
    assert likeness(one, two) == pytest.approx(float(np.corrcoef(one, two)[0, 1]), abs=0.01)
    assert likeness(np.full(144, 9.0), one) == 0.0


# --- through the decoder ------------------------------------------------------------------------------------------


def detected(path: Path, mode: str = "full") -> tuple[tuple[Shot, ...], bool, int]:
    info = probe(path)
    watcher, run = DetectShots().watch(info), Scan(mode=mode).open(info)  # type: ignore[arg-type]
    for glimpse in run:
        watcher.see(glimpse)
    return watcher.shots(run.report.end_seconds), watcher.exact, run.report.num_frames


PHOTOS = (
    Take("photo-astronaut", 1.2),
    Take("photo-coffee", 1.0),
    Take("photo-rocket", 1.4, dissolve_seconds=0.6),
    Take("photo-chelsea", 1.2, flash_at=0.6),
    Take("black", 0.8),
    Take("noise-3", 1.2),
)


def test_film_of_photographs(clip: ClipFactory) -> None:
    shots, exact, frames = detected(clip(takes=PHOTOS))
    assert exact
    assert_tiles(shots, 6.8, frames)
    assert [shot.transition for shot in shots] == ["start", "cut", "dissolve", "cut", "cut", "cut"]
    assert [shot.start for shot in shots] == pytest.approx([0.0, 1.2, 2.5, 3.6, 4.8, 5.6], abs=0.09)


def test_fast_scan_is_said_to_be_inexact(clip: ClipFactory) -> None:
    takes = tuple(Take(f"scene-{number}", 3.0) for number in range(5))
    shots, exact, _ = detected(clip(takes=takes, codec_options={"g": "25"}), "fast")
    assert not exact
    assert [shot.start for shot in shots] == pytest.approx([0.0, 3.0, 6.0, 9.0, 12.0], abs=1.1)
    assert shots[-1].end == pytest.approx(15.0, abs=0.1)


def test_real_edits(media: Path) -> None:
    shots, exact, frames = detected(media / "video" / "edit_city_bikes_noaudio.mp4")
    assert exact
    assert_tiles(shots, 10.0, frames)
    assert [shot.start for shot in shots[1:]] == pytest.approx([1.2, 3.04, 5.48, 7.48, 9.68], abs=0.05)
