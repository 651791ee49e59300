"""The teaser as a whole: three files that loop, from different moments, with a receipt that says which and why."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from keyart.errors import BadSetting
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.teasers import MakeTeaser
from keyart.teasers.learned import second_features
from keyart.teasers.loop import Loop, joined, without_bars
from keyart.teasers.pieces import Moment, Piece
from keyart.types import RGB, Frame, Outcome, Product
from tests.conftest import ClipFactory, ClipRecipe, Take, make_clip, picture_of
from tests.models.kamodels import triple_generator
from tests.teasers.conftest import shots_at, still

THREE = (Take("scene-1", 3), Take("scene-2", 3), Take("scene-3", 3))


def gif_of(outcome: Outcome[tuple[Product, ...]]) -> list[RGB]:
    picture = Image.open(io.BytesIO(next(one.data for one in outcome.value if one.path.endswith(".gif"))))
    return [np.asarray(frame.convert("RGB"), np.uint8) for frame in ImageSequence.Iterator(picture)]


@pytest.fixture(scope="module")
def made(clip: ClipFactory) -> Outcome[tuple[Product, ...]]:
    info = probe(clip(takes=THREE))
    stills = [still(1.5, rank=1), still(4.5, rank=2, cluster=1), still(7.5, rank=3, cluster=2)]
    return MakeTeaser()(info, stills, shots_at(0, 3, 6, end=9))


def test_three_pieces_one_of_each_shot_in_time_order(made: Outcome[tuple[Product, ...]]) -> None:
    assert (made.status, made.reason) == ("ok", "")
    assert [one.path for one in made.value] == ["teaser/teaser.gif", "teaser/teaser.webp", "teaser/teaser.mp4"]
    assert {one.kind for one in made.value} == {"teaser"}
    pieces = made.value[0].receipt.facts["pieces"]
    assert [one["shot"] for one in pieces] == [0, 1, 2]
    assert [one["still_rank"] for one in pieces] == [1, 2, 3]
    for number, one in enumerate(pieces):
        assert 3 * number <= one["start"] < one["end"] <= 3 * number + 3
        assert one["end"] - one["start"] == pytest.approx(1.0, abs=0.01)
        assert "still" in one["why"]


def test_every_file_plays_three_seconds_at_its_size(made: Outcome[tuple[Product, ...]], tmp_path: Path) -> None:
    for product in made.value:
        facts = product.receipt.facts
        assert facts["num_frames"] / facts["frames_per_second"] == pytest.approx(3.0, abs=0.2)
        if product.path.endswith("mp4"):
            path = tmp_path / "teaser.mp4"
            path.write_bytes(product.data)
            info = probe(path)
            assert (info.width_px, info.height_px) == (facts["width_px"], facts["height_px"]) == (320, 180)
            assert info.audio == ()
            assert info.duration_seconds == pytest.approx(3.0, abs=0.1)
        else:
            with Image.open(io.BytesIO(product.data)) as picture:
                assert picture.info["loop"] == 0
                assert getattr(picture, "n_frames", 1) == facts["num_frames"]
                assert picture.size == (facts["width_px"], facts["height_px"])


def test_receipts_are_plain_json(made: Outcome[tuple[Product, ...]]) -> None:
    for product in made.value:
        assert product.receipt.product == product.path
        assert json.loads(json.dumps(product.receipt.facts)) == product.receipt.facts


def test_the_same_again_is_the_same_bytes(clip: ClipFactory, made: Outcome[tuple[Product, ...]]) -> None:
    info = probe(clip(takes=THREE))
    stills = [still(1.5, rank=1), still(4.5, rank=2, cluster=1), still(7.5, rank=3, cluster=2)]
    again = MakeTeaser()(info, stills, shots_at(0, 3, 6, end=9))
    assert [one.data for one in again.value] == [one.data for one in made.value]


def test_limits_are_kept(clip: ClipFactory) -> None:
    stage = MakeTeaser(formats=("gif", "webp"), gif_max_bytes=40_000, webp_max_bytes=15_000)
    outcome = stage(probe(clip(takes=THREE)), [], shots_at(0, 3, 6, end=9))
    assert len(outcome.value[0].data) <= 40_000
    assert len(outcome.value[1].data) <= 15_000


def test_order_by_score_and_crossfade(clip: ClipFactory) -> None:
    info = probe(clip(takes=THREE))
    stills = [
        still(7.5, rank=1, score=0.95, cluster=1),
        still(1.5, rank=2, score=0.5, cluster=2),
        still(4.5, rank=3, score=0.7, cluster=3),
    ]
    stage = MakeTeaser(order="score", crossfade_seconds=0.2, formats=("gif",))
    outcome = stage(info, stills, shots_at(0, 3, 6, end=9))
    facts = outcome.value[0].receipt.facts
    assert [one["still_rank"] for one in facts["pieces"]] == [1, 3, 2]
    assert facts["crossfade_seconds"] == 0.2
    assert facts["num_frames"] / facts["frames_per_second"] == pytest.approx(3.0, abs=0.3)
    frames = gif_of(outcome)
    steps = [np.abs(one.astype(int) - other).mean() for one, other in pairwise(frames)]
    hard = gif_of(MakeTeaser(order="score", formats=("gif",))(info, stills, shots_at(0, 3, 6, end=9)))
    hard_steps = [np.abs(one.astype(int) - other).mean() for one, other in pairwise(hard)]
    assert max(steps) < 0.7 * max(hard_steps)


def test_half_a_second_is_one_piece_that_loops(clip: ClipFactory) -> None:
    outcome = MakeTeaser(formats=("gif",))(
        probe(clip(takes=(Take("scene-1", 0.5),))), [still(0.2)], shots_at(0, end=0.5)
    )
    assert outcome.status == "degraded"
    assert "1 of 3 pieces" in outcome.reason
    frames = gif_of(outcome)
    inside = [np.abs(one.astype(int) - other).mean() for one, other in pairwise(frames)]
    around = np.abs(frames[-1].astype(int) - frames[0]).mean()
    assert around < 3 * max(inside)


def test_one_short_take_is_not_chopped_up(clip: ClipFactory) -> None:
    outcome = MakeTeaser(formats=("gif",))(probe(clip(takes=(Take("scene-1", 3.5),))), [], shots_at(0, end=3.5))
    (only,) = outcome.value[0].receipt.facts["pieces"]
    assert only["end"] - only["start"] > 2.4


def test_a_short_video_of_two_shots_shows_both(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 1.4), Take("scene-2", 1.4))))
    outcome = MakeTeaser(formats=("gif",))(info, [], shots_at(0, 1.4, end=2.8))
    assert [one["shot"] for one in outcome.value[0].receipt.facts["pieces"]] == [0, 1]
    assert outcome.status == "degraded"
    assert "2 of 3 pieces" in outcome.reason


def test_one_frame(clip: ClipFactory) -> None:
    outcome = MakeTeaser()(probe(clip(takes=(Take("scene-1", 0.04),))), [still(0.0)], shots_at(0, end=0.04))
    assert outcome.status == "degraded"
    assert len(outcome.value) == 3
    assert outcome.value[0].receipt.facts["num_frames"] == 1


def test_a_video_that_stands_still_says_so(tmp_path: Path) -> None:
    image = np.asarray(picture_of("scene-2", 320, 180, 0.0), np.uint8)
    path = make_clip(tmp_path / "still.mp4", ClipRecipe(), [image] * 200)
    outcome = MakeTeaser(formats=("gif",))(probe(path), [still(1), still(4, rank=2)], shots_at(0, end=8))
    assert outcome.status == "degraded"
    assert "nothing moves" in outcome.reason
    assert len(outcome.value[0].receipt.facts["pieces"]) == 1


def test_black_says_so(clip: ClipFactory) -> None:
    outcome = MakeTeaser(formats=("gif",))(probe(clip(takes=(Take("black", 6),))), [], shots_at(0, end=6))
    assert outcome.status == "degraded"
    assert "black" in outcome.reason


def test_black_stretches_are_not_shown(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("black", 3), Take("scene-1", 3), Take("black", 3), Take("scene-2", 3))))
    stills = [still(1.5, score=0.9), still(4.5, rank=2, score=0.3)]
    outcome = MakeTeaser(formats=("gif",))(info, stills, shots_at(0, 3, 6, 9, end=12))
    assert {one["shot"] for one in outcome.value[0].receipt.facts["pieces"]} <= {1, 3}
    assert min(frame.max() for frame in gif_of(outcome)) > 60


def test_sound_alone_is_skipped(clip: ClipFactory) -> None:
    info = probe(clip())
    blind = type(info)(**{name: getattr(info, name) for name in info.__slots__} | {"video_index": None})
    outcome = MakeTeaser()(blind, [], [])
    assert (outcome.status, outcome.value) == ("skipped", ())


def test_an_end_that_the_header_does_not_know(clip: ClipFactory) -> None:
    info = probe(clip(takes=THREE, suffix=".mkv"))
    unknown = type(info)(
        **{name: getattr(info, name) for name in info.__slots__} | {"duration_seconds": 0.0, "frames_per_second": 0.0}
    )
    outcome = MakeTeaser(formats=("mp4",))(unknown, [], shots_at(0, 3, 6, end=9))
    assert outcome.status == "ok"
    assert len(outcome.value[0].receipt.facts["pieces"]) == 3


@pytest.mark.parametrize(
    ("rate", "gif_rate", "mp4_rate"),
    [(Fraction(60), 10.0, 30.0), (Fraction(24), 12.0, 24.0), (Fraction(50), 12.5, 25.0), (Fraction(5), 5.0, 5.0)],
)
def test_rates_are_the_videos_own_divided(clip: ClipFactory, rate: Fraction, gif_rate: float, mp4_rate: float) -> None:
    takes = (Take("scene-1", 2), Take("scene-2", 3))
    info = probe(clip(takes=takes, frames_per_second=rate, size_px=(96, 54)))
    gif, mp4 = MakeTeaser(formats=("gif", "mp4"))(info, [], shots_at(0, 2, end=5)).value
    assert gif.receipt.facts["frames_per_second"] == pytest.approx(gif_rate, abs=0.01)
    assert mp4.receipt.facts["frames_per_second"] == pytest.approx(mp4_rate, abs=0.01)


def test_bars_are_cut_off_and_the_receipt_gives_the_crop(tmp_path: Path) -> None:
    frames = []
    for number in range(150):
        image = np.zeros((180, 320, 3), np.uint8)
        image[30:150] = picture_of(f"scene-{1 + number // 75}", 320, 120, number % 75 / 75)
        frames.append(image)
    info = probe(make_clip(tmp_path / "bars.mp4", ClipRecipe(), frames))
    outcome = MakeTeaser(formats=("gif",))(info, [], shots_at(0, 3, end=6))
    x, y, width, height = outcome.value[0].receipt.facts["crop"]
    assert (x, width) == (0, 320)
    assert abs(y - 30) <= 4
    assert abs(height - 120) <= 8
    assert gif_of(outcome)[0].shape == (height, width, 3)
    whole = MakeTeaser(formats=("gif",), crop_bars=False)(info, [], shots_at(0, 3, end=6))
    assert gif_of(whole)[0].shape == (180, 320, 3)


@pytest.mark.parametrize(
    "settings",
    [{"pieces": 0}, {"piece_seconds": 0.1}, {"crossfade_seconds": 2}, {"looks": 99}, {"formats": ()}, {"gif_px": 4}],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match=next(iter(settings))):
        MakeTeaser(**settings)


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(BadSetting, match="gif, webp, mp4"):
        MakeTeaser(formats=("gif", "avif"))


# --- joining ----------------------------------------------------------------------------------------------------


def plain(level: int, count: int) -> Piece:
    frames = tuple(Frame(np.full((4, 6, 3), level, np.uint8), number / 10) for number in range(count))
    thumb = np.full((8, 8, 3), level, np.float32)
    return Piece(Moment(0, 0, 1, 0, 0.5), 0.0, count / 10, frames, 10, (), 1.0, level, thumb)


def levels(loop: Loop) -> list[int]:
    return [int(frame[0, 0, 0]) for frame in loop.frames]


def test_hard_cuts_join_end_to_end() -> None:
    loop = joined([plain(10, 3), plain(200, 2)], 0.0, None)
    assert levels(loop) == [10, 10, 10, 200, 200]
    assert loop.cuts == (0, 3)


def test_a_crossfade_leads_each_piece_into_the_next_and_the_last_into_the_first() -> None:
    loop = joined([plain(0, 6), plain(90, 6)], 0.2, None)
    assert levels(loop) == [0, 0, 30, 60, 90, 90, 60, 30]
    assert loop.cuts == (0, 4)


def test_one_piece_is_led_back_to_its_beginning() -> None:
    ramp = plain(0, 9)
    frames = tuple(Frame(np.full((4, 6, 3), 20 * number, np.uint8), number / 10) for number in range(9))
    loop = joined([Piece(ramp.moment, 0, 0.9, frames, 10, (), 1.0, 200, ramp.thumb)], 0.3, None)
    assert levels(loop)[:3] == [60, 80, 100]
    assert len(levels(loop)) == 6
    assert levels(loop)[-1] < levels(loop)[3]


def test_thinning_starts_anew_at_every_piece() -> None:
    slow = Loop(tuple(np.full((1, 1, 3), number, np.uint8) for number in range(7)), (0, 3), 30.0).thinned(15)
    assert [int(frame[0, 0, 0]) for frame in slow.frames] == [0, 2, 3, 5]
    assert slow.cuts == (0, 2)
    assert slow.frames_per_second == 15


def test_a_dark_picture_is_not_a_bar() -> None:
    assert without_bars([plain(5, 3)]) is None
    assert without_bars([plain(120, 3)]) is None
    sliver = np.zeros((40, 40, 3), np.uint8)
    sliver[19:21] = 200
    frames = (Frame(sliver, 0.0),)
    assert (
        without_bars([Piece(Moment(0, 0, 1, 0, 0.5), 0, 1, frames, 10, (), 1, 200, np.zeros((8, 8, 3), np.float32))])
        is None
    )


def test_real_videos(media: Path, tmp_path: Path) -> None:
    for name in ("edge_rotated_terminal.mp4", "sport_rugby.flv"):
        info = probe(media / "video" / name)
        outcome = MakeTeaser()(info, [], [])
        assert len(outcome.value) == 3
        mp4 = outcome.value[2]
        upright = info.width_px > info.height_px
        assert (mp4.receipt.facts["width_px"] > mp4.receipt.facts["height_px"]) == upright
        path = tmp_path / f"{name}.mp4"
        path.write_bytes(mp4.data)
        assert len(list(Scan()(probe(path)))) == mp4.receipt.facts["num_frames"]


def test_a_learned_generator_chooses_and_orders_the_pieces(clip: ClipFactory, tmp_path: Path) -> None:
    info = probe(clip(takes=THREE))
    rows = second_features(info)
    ranker = triple_generator(tmp_path / "triple.kamodel", rows[[7, 1, 4]])
    outcome = MakeTeaser(ranker=ranker, formats=("gif",))(info, [still(1.5, rank=1)], shots_at(0, 3, 6, end=9))
    facts = outcome.value[0].receipt.facts
    assert [round(one["start"] - 0.01) // 3 for one in facts["pieces"]] == [2, 0, 1]
    assert facts["order"] == "learned" and facts["ranker"] == outcome.models[0]
    assert outcome.models[0].startswith("linear@") and outcome.status == "ok"


def test_a_video_too_short_for_three_seconds_keeps_the_usual_choice(clip: ClipFactory, tmp_path: Path) -> None:
    info = probe(clip(takes=(Take("scene-1", 1.6),)))
    ranker = triple_generator(tmp_path / "triple.kamodel", second_features(info)[[0, 0, 0]])
    outcome = MakeTeaser(ranker=ranker, formats=("gif",))(info, [still(0.8, rank=1)], shots_at(0, end=1.6))
    assert outcome.value and outcome.status == "degraded" and outcome.models == ()
