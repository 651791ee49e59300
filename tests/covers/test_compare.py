"""A set of covers differs as much as it can, and its receipts say by how much."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from keyart.covers import MakeCovers
from keyart.covers.compare import distance, farthest, glance
from keyart.types import Box, Still, VideoInfo
from tests.covers.conftest import headline, scenery

Maker = Callable[..., Still]
TITLES = ("Дом у моря", "Пять ошибок новичка на кухне", "Why the sea is salty")


def test_distance_is_oklab_by_hand() -> None:
    black, white = (np.full((72, 128, 3), level, np.uint8) for level in (0, 255))
    assert distance(glance(black), glance(white)) == pytest.approx(1.0, abs=1e-3), "OKLab lightness runs from 0 to 1"
    half = black.copy()
    half[:, 64:] = 255
    assert distance(glance(black), glance(half)) == pytest.approx(0.5, abs=0.01)
    assert distance(glance(half), glance(half)) == 0


def test_the_farthest_option_is_taken_unless_merit_speaks_louder() -> None:
    grey = [glance(np.full((72, 128, 3), level, np.uint8)) for level in (10, 128, 250)]
    assert farthest(grey, [grey[0]], [0, 0, 0]) == 2
    assert farthest(grey, [grey[0], grey[2]], [0, 0, 0]) == 1
    assert farthest(grey, [grey[0]], [0, 1, 0]) == 1
    assert farthest(grey, [], [0, 0, 0.1]) == 2


def test_a_set_differs_in_still_headline_and_template(info: VideoInfo, make_still: Maker) -> None:
    stills = [make_still(scenery(1280, 720, seed), Box(560, 200, 140, 170), rank=seed) for seed in (1, 2, 3, 4)]
    covers = MakeCovers(("youtube",))(info, stills, [headline(text) for text in TITLES]).value
    facts = [cover.receipt.facts for cover in covers]
    assert len({fact["template"] for fact in facts}) == 3
    assert len({fact["still_rank"] for fact in facts}) == 3
    assert {fact["headline"]["text"] for fact in facts} == set(TITLES)
    for fact, others in zip(facts, (("2", "3"), ("1", "3"), ("1", "2")), strict=True):
        said = fact["compare"]
        assert set(said["distance_to"]) == {f"youtube_{other}" for other in others}
        assert said["least"] == min(said["distance_to"].values()) > 0.08
    assert facts[0]["compare"]["distance_to"]["youtube_3"] == facts[2]["compare"]["distance_to"]["youtube_1"]


def test_of_one_still_the_set_is_as_varied_as_templates_allow(info: VideoInfo, make_still: Maker) -> None:
    still = make_still(scenery(1280, 720), Box(560, 200, 140, 170))
    covers = MakeCovers(("youtube",))(info, [still], [headline(text) for text in TITLES]).value
    assert len({cover.receipt.facts["template"] for cover in covers}) == 3
    assert min(cover.receipt.facts["compare"]["least"] for cover in covers) > 0.08


def test_a_single_cover_is_compared_with_nothing(info: VideoInfo, make_still: Maker) -> None:
    (cover,) = MakeCovers(("youtube",), count=1)(info, [make_still(scenery(640, 360))], [headline("Дом")]).value
    assert "compare" not in cover.receipt.facts
