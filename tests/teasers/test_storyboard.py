"""The seek bar's pictures: cues that cover the whole video, tiles that show what they say, bounded memory."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from keyart.errors import BadSetting
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.teasers import Storyboard
from keyart.teasers.storyboard import TileSampler
from keyart.types import Outcome, Product, VideoInfo
from tests.conftest import ClipFactory, Take

CUE = re.compile(r"(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)")


def made(info: VideoInfo, stage: Storyboard, mode: Any = "full") -> Outcome[tuple[Product, ...]]:
    sampler = stage.sample(info)
    for glimpse in Scan(mode=mode)(info):
        sampler.see(glimpse)
    return stage(info, sampler)


def cues_of(outcome: Outcome[tuple[Product, ...]]) -> list[tuple[float, float, str, tuple[int, int, int, int]]]:
    text = outcome.value[0].data.decode()
    assert text.startswith("WEBVTT\n\n")
    found = []
    for h1, m1, s1, h2, m2, s2, name, *box in CUE.findall(text):
        start, end = (int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in ((h1, m1, s1), (h2, m2, s2)))
        x, y, width, height = map(int, box)
        found.append((start, end, name, (x, y, width, height)))
    return found


class Fake:
    """A glimpse without a decoder behind it."""

    def __init__(self, seconds: float, size: tuple[int, int] = (18, 32)) -> None:
        self.seconds, self.size = seconds, size

    def small(self, width_px: int) -> Any:
        return np.full((*self.size, 3), int(self.seconds) % 250, np.uint8)


def watched(sampler: TileSampler, times: Any) -> TileSampler:
    for seconds in times:
        glimpse: Any = Fake(float(seconds))
        sampler.see(glimpse)
    return sampler


def test_cues_cover_the_video_and_point_at_what_is_shown(clip: ClipFactory) -> None:
    takes = (Take("scene-1", 2), Take("white", 2), Take("scene-3", 1.48))
    info = probe(clip(takes=takes))
    outcome = made(info, Storyboard())
    assert outcome.status == "ok"
    assert [one.path for one in outcome.value] == ["storyboard/storyboard.vtt", "storyboard/sprite_000.jpg"]
    cues = cues_of(outcome)
    assert [(start, end) for start, end, *_ in cues] == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 5.48)]
    sheet = np.asarray(Image.open(io.BytesIO(outcome.value[1].data)).convert("RGB"))
    for start, _, name, (x, y, width, height) in cues:
        assert name == "sprite_000.jpg"
        tile = sheet[y : y + height, x : x + width]
        assert tile.shape == (height, width, 3)
        assert (tile.min() > 180) == (start in (2, 3))


def test_sheets_break_after_columns_times_rows(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 3.0),)))
    outcome = made(info, Storyboard(interval_seconds=0.2, tile_px=64, columns=3, rows=2))
    cues = cues_of(outcome)
    assert len(cues) == 15
    assert [name for _, _, name, _ in cues][:7] == ["sprite_000.jpg"] * 6 + ["sprite_001.jpg"]
    assert cues[4][3] == (64, 36, 64, 36)
    sizes = [Image.open(io.BytesIO(one.data)).size for one in outcome.value[1:]]
    assert sizes == [(192, 72), (192, 72), (192, 36)]


def test_the_same_again_is_the_same_bytes(clip: ClipFactory) -> None:
    info = probe(clip())
    one, two = made(info, Storyboard()), made(info, Storyboard())
    assert [product.data for product in one.value] == [product.data for product in two.value]


def test_key_frames_alone_give_longer_cues(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 8.0),), codec_options={"g": "50", "sc_threshold": "0"}))
    cues = cues_of(made(info, Storyboard(), "fast"))
    assert cues[0][0] == 0
    assert len(cues) == 4
    assert all(after[0] == before[1] for before, after in pairwise(cues))


@pytest.mark.parametrize(
    ("duration", "interval"),
    [(0.0, 1.0), (20.0, 1.0), (60.0, 2.0), (150.0, 3.0), (300.0, 6.0), (950.0, 10.0), (7200.0, 10.0)],
)
def test_the_interval_suits_the_length(clip: ClipFactory, duration: float, interval: float) -> None:
    info = probe(clip())
    long = type(info)(**{name: getattr(info, name) for name in info.__slots__} | {"duration_seconds": duration})
    assert Storyboard().sample(long).interval_seconds == interval


def test_a_length_nobody_knew_stays_bounded() -> None:
    sampler = watched(TileSampler(1.0, 32, fixed=False), np.arange(0, 5 * 3600, 0.5))
    assert sampler.interval_seconds == 32.0
    assert len(sampler.tiles) == pytest.approx(5 * 3600 / 32, abs=1)
    times = [tile.seconds for tile in sampler.tiles]
    assert np.allclose(np.diff(times), 32.0)
    assert sum(len(tile.jpeg) for tile in sampler.tiles) < 2_000_000


def test_an_interval_that_was_asked_for_is_kept_while_it_can_be() -> None:
    sampler = watched(TileSampler(0.5, 32, fixed=True), np.arange(0, 400, 0.1))
    assert sampler.interval_seconds == 0.5
    assert len(sampler.tiles) == 800
    watched(sampler, np.arange(400, 600, 0.1))
    assert sampler.interval_seconds == 1.0
    assert len(sampler.tiles) == 600


def test_a_stream_that_changes_its_size_keeps_its_tiles() -> None:
    sampler = watched(TileSampler(1.0, 32, fixed=False), [0.0])
    other: Any = Fake(1.0, (40, 20))
    sampler.see(other)
    sizes = {Image.open(io.BytesIO(tile.jpeg)).size for tile in sampler.tiles}
    assert sizes == {(32, 18)}


def test_late_starts_and_single_frames(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 0.04),)))
    cues = cues_of(made(info, Storyboard()))
    assert len(cues) == 1
    assert cues[0][0] == 0
    assert 0 < cues[0][1] <= 0.1
    sampler = watched(TileSampler(1.0, 32, fixed=False), [3.4, 4.4])
    assert cues_of(Storyboard()(info, sampler))[0][0] == 0.0


def test_no_picture_is_skipped(clip: ClipFactory) -> None:
    info = probe(clip())
    outcome = Storyboard()(info, Storyboard().sample(info))
    assert (outcome.status, outcome.value) == ("skipped", ())


@pytest.mark.parametrize(
    "settings", [{"interval_seconds": -1}, {"tile_px": 5}, {"columns": 0}, {"rows": 21}, {"quality": 101}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match=next(iter(settings))):
        Storyboard(**settings)


def test_frames_that_need_no_tile_cost_nothing(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 4.0),)))
    sampler = Storyboard().sample(info)
    asked = 0

    class Counted(Fake):
        def small(self, width_px: int) -> Any:
            nonlocal asked
            asked += 1
            return super().small(width_px)

    for number in range(100):
        glimpse: Any = Counted(number / 25)
        sampler.see(glimpse)
    assert asked == 4


def test_real_videos(media: Path) -> None:
    info = probe(media / "video" / "edge_rotated_terminal.mp4")
    outcome = made(info, Storyboard())
    cues = cues_of(outcome)
    assert cues[-1][1] == pytest.approx(info.duration_seconds, abs=0.2)
    width, height = cues[0][3][2:]
    assert width / height == pytest.approx(info.width_px / info.height_px, rel=0.03)
