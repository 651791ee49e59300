"""Which moments are looked at, which stretch of them is shown, and which go together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from keyart.media.probe import probe
from keyart.teasers.pieces import LEAST_SECONDS, Moment, Piece, best_pieces, choose, moments
from keyart.types import Frame, Term, VideoInfo
from tests.conftest import ClipFactory, Take
from tests.teasers.conftest import BLANK, shots_at, still


def best_piece(
    info: VideoInfo, moment: Moment, seconds: float, *, frames_per_second: float, longest_px: int
) -> Piece | None:
    found = best_pieces(info, [moment], seconds, frames_per_second=frames_per_second, longest_px=longest_px)
    return found[0] if found else None


def piece(
    start: float,
    *,
    score: float = 0.5,
    seconds: float = 1.0,
    look: int = 0,
    movement: float = 3.0,
    brightness: float = 200,
    shot: int = 0,
) -> Piece:
    thumb = np.random.default_rng(look).integers(0, 255, (8, 8, 3)).astype(np.float32)
    moment = Moment(start + seconds / 2, start, start + seconds, shot, score, 1, look)
    frames = (Frame(BLANK, start),)
    return Piece(moment, start, start + seconds, frames, 25, (Term("t", score, 1.0),), movement, brightness, thumb)


def test_stills_of_different_shots_are_looked_at_before_better_ones_of_the_same() -> None:
    shots = shots_at(0, 10, 20, end=30)
    stills = [still(2, rank=1, score=0.9), still(4, rank=2, score=0.85), still(12, rank=3, score=0.6)]
    stills.append(still(25, rank=4, score=0.55))
    looked = moments(stills, shots, 30, looks=3, apart=1)
    assert [one.still_rank for one in looked] == [1, 3, 4]
    assert [one.shot for one in looked] == [0, 1, 2]


def test_places_are_apart_and_never_more_than_asked() -> None:
    stills = [still(5 + 0.3 * number, rank=number + 1) for number in range(10)]
    looked = moments(stills, shots_at(0, end=60), 60, looks=5, apart=1)
    assert len(looked) == 5
    times = sorted(one.seconds for one in looked)
    assert min(after - before for before, after in pairwise(times)) >= 1


def test_without_stills_the_long_shots_and_the_whole_video_are_looked_at() -> None:
    looked = moments([], shots_at(0, 1, 15, end=30), 30, looks=4, apart=1)
    assert {one.shot for one in looked[:2]} == {1, 2}
    assert all(one.still_rank == 0 for one in looked)
    assert len(moments([], [], 30, looks=4, apart=1)) == 4


def test_shots_too_short_to_see_are_a_last_resort() -> None:
    shots = shots_at(0, 5, 5.2, end=10)
    looked = moments([still(5.1, score=0.99), still(2, rank=2, score=0.2)], shots, 10, looks=3, apart=1)
    assert all(one.length >= LEAST_SECONDS for one in looked)
    flicker = shots_at(*(0.2 * number for number in range(10)), end=2)
    assert moments([still(1.1)], flicker, 2, looks=3, apart=0.1)


def test_dissolves_and_boundaries_are_kept_off() -> None:
    shots = shots_at(0, 4, 8, end=12, dissolve_seconds=0.5)
    looked = moments([still(4.1), still(11, rank=2)], shots, 12, looks=2, apart=1)
    middle, last = sorted(looked, key=lambda one: one.seconds)
    assert middle.start >= 4.5
    assert middle.end <= 7.5
    assert middle.start <= middle.seconds <= middle.end
    assert last.end == 12


def test_the_embedded_cover_has_no_moment() -> None:
    cover = still(0)
    cover = type(cover)(**{name: getattr(cover, name) for name in cover.__slots__} | {"origin": "embedded cover"})
    assert all(one.still_rank == 0 for one in moments([cover], shots_at(0, end=9), 9, looks=2, apart=1))


def test_damaged_stretches_are_left_out_where_anything_else_can_be_shown() -> None:
    shots = shots_at(0, 10, end=20)
    seen = [still(4.0), still(12.0, rank=2)]
    places = moments(seen, shots, 20, looks=2, apart=1, damaged=((4.2, 9.0), (11.0, 20.0)))
    assert [(one.seconds, one.start, one.end) for one in places] == [(4.0, 0.0, 4.2), (11.0, 10.08, 11.0)]
    nowhere = moments(seen, shots, 20, looks=2, apart=1, damaged=((0.0, 20.0),))
    assert [one.still_rank for one in nowhere] == [1, 2], "rather damaged than nothing"


def test_a_piece_lies_inside_its_shot_and_near_its_still(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 2), Take("scene-2", 3), Take("scene-3", 2))))
    found = best_piece(info, Moment(2.3, 2.08, 4.92, 1, 0.7, 1), 1.0, frames_per_second=25, longest_px=160)
    assert found is not None
    assert found.start >= 2.08
    assert found.end <= 4.92
    assert found.end - found.start == pytest.approx(1.0)
    assert len(found.frames) == 25
    assert 0 < found.score < 1


def test_a_cut_that_nobody_reported_is_not_in_the_piece(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 2), Take("scene-2", 3))))
    found = best_piece(info, Moment(2.2, 0, 5, 0, 0.7, 1), 1.0, frames_per_second=25, longest_px=160)
    assert found is not None
    assert found.start >= 2.0 or found.end <= 2.001


def test_a_flash_is_not_in_the_piece(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("scene-1", 4, flash_at=1.4),)))
    found = best_piece(info, Moment(1.6, 0, 4, 0, 0.7, 1), 0.6, frames_per_second=25, longest_px=160)
    assert found is not None
    assert found.end <= 1.401 or found.start >= 1.519


def test_where_every_frame_is_a_cut_there_is_still_a_piece(clip: ClipFactory) -> None:
    looks = tuple(Take(f"scene-{number}", 0.04) for number in range(40))
    found = best_piece(probe(clip(takes=looks)), Moment(0.8, 0, 1.6, 0, 0.7), 1.0, frames_per_second=25, longest_px=160)
    assert found is not None
    assert len(found.frames) >= 20


def test_nothing_to_decode_is_no_piece(clip: ClipFactory) -> None:
    info = probe(clip())
    blind = type(info)(**{name: getattr(info, name) for name in info.__slots__} | {"video_index": None})
    assert best_piece(blind, Moment(1, 0, 2, 0, 0.5), 1.0, frames_per_second=25, longest_px=160) is None


def test_movement_is_preferred_to_standing_still(clip: ClipFactory) -> None:
    info = probe(clip(takes=(Take("white", 1.5), Take("scene-1", 1.5))))
    still_one = best_piece(info, Moment(0.7, 0, 1.4, 0, 0.5), 1.0, frames_per_second=25, longest_px=160)
    moving = best_piece(info, Moment(2.3, 1.6, 3, 1, 0.5), 1.0, frames_per_second=25, longest_px=160)
    assert still_one is not None
    assert moving is not None
    assert moving.movement > 0.5 > still_one.movement
    assert moving.score > still_one.score


def test_pieces_that_go_together_are_spread_unlike_and_in_order() -> None:
    near = [piece(10, look=1), piece(11.5, look=1), piece(13, look=1)]
    chosen = choose([*near, piece(40, look=2, shot=1), piece(70, look=3, shot=2)], 3, 80)
    assert [one.start for one in chosen][1:] == [40, 70]
    assert [one.start for one in chosen] == sorted(one.start for one in chosen)


def test_a_much_better_piece_wins_over_spread() -> None:
    chosen = choose([piece(0, score=0.1, look=1), piece(30, score=0.9, look=2), piece(60, score=0.85, look=3)], 2, 90)
    assert [one.start for one in chosen] == [30, 60]


def test_pieces_share_no_second_and_black_ones_are_left_out() -> None:
    chosen = choose([piece(0, look=1), piece(0.5, look=2), piece(5, look=3, brightness=3)], 3, 10)
    assert len(chosen) == 1
    assert chosen[0].brightness > 24
    black = choose([piece(0, brightness=1), piece(5, brightness=1)], 3, 10)
    assert len(black) == 1
    assert choose([], 3, 10) == ()


def test_the_same_still_picture_is_shown_once() -> None:
    assert len(choose([piece(0, movement=0), piece(5, movement=0), piece(9, movement=0)], 3, 10)) == 1
    assert len(choose([piece(0, movement=4), piece(5, movement=4), piece(9, movement=4)], 3, 10)) == 3
