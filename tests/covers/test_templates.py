"""Each template, looked at: goldens on one scene, wide and tall, and what must hold of all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from keyart.covers.brief import Brief
from keyart.covers.choose import painted_until_read
from keyart.covers.crop import Scene, head_of
from keyart.covers.extend import EXTENSIONS, extended_to
from keyart.covers.fonts import Weight, find_typeface
from keyart.covers.palette import contrast, palette_of
from keyart.covers.presets import PRESETS
from keyart.covers.templates import TEMPLATES
from keyart.covers.wishes import Wishes
from keyart.types import RGB, Box
from tests.covers.conftest import scenery, with_face
from tests.goldens import check

TITLE = "Пять ошибок новичка"
WEIGHTS: tuple[Weight, ...] = ("black", "bold", "medium")
FACE = Box(820, 190, 190, 230)


def brief_for(preset: str, level: int = 120, wishes: Wishes | None = None) -> Brief:
    image = with_face(scenery(1280, 720, level=level), FACE)
    scene = Scene(image, (head_of(FACE),), (FACE,))  # no model looks for people: the same on every machine
    typefaces = {weight: find_typeface(TITLE, weight) for weight in WEIGHTS}
    return Brief(scene, PRESETS[preset], TITLE, palette_of(image), typefaces, wishes=wishes or Wishes()).scaled(
        400 / max(PRESETS[preset].width_px, PRESETS[preset].height_px)
    )


def painted(template: str, preset: str) -> RGB:
    brief = brief_for(preset)
    plan = TEMPLATES[template].plan(brief)
    assert plan is not None
    return TEMPLATES[template].paint(brief, plan, 0).image


def filled(name: str) -> RGB:
    return extended_to(with_face(scenery(200, 225), Box(70, 60, 60, 75)), 400, 225, (100, 0), name, 1)


GOLDENS: dict[str, Callable[[], RGB]] = {
    **{f"cover_{name}_wide": partial(painted, name, "youtube") for name in TEMPLATES},
    **{f"cover_{name}_tall": partial(painted, name, "feed_4x5") for name in TEMPLATES},
    **{f"fill_{name.replace(' ', '_')}": partial(filled, name) for name in EXTENSIONS},
}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str) -> None:
    check(name, GOLDENS[name]())


def test_there_are_six_and_each_is_laid_out_in_its_own_way() -> None:
    pictures = {name: painted(name, "youtube").astype(int) for name in TEMPLATES}
    assert len(pictures) >= 6
    for one in pictures:
        for other in pictures:
            assert one == other or np.abs(pictures[one] - pictures[other]).mean() > 12, (one, other)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("level", [12, 70, 190, 245])
def test_it_is_read_at_every_feed_size_on_every_ground(template: str, level: int) -> None:
    brief = brief_for("youtube", level)
    plan = TEMPLATES[template].plan(brief)
    assert plan is not None
    _, legibility, _ = painted_until_read(brief, template, plan)
    assert [one.size for one in legibility.at] == [(360, 202), (246, 138), (138, 77)]
    assert legibility.passes, legibility


@pytest.mark.parametrize("image", [scenery(320, 180, seed) for seed in range(1, 6)], ids=range(5))
@pytest.mark.parametrize("accent", ["", "#ffd23f", "#203080", "#ff8899"])
def test_the_accent_is_read_on_paper_too(image: RGB, accent: str) -> None:
    palette = palette_of(image, accent)
    assert contrast(palette.strong, palette.paper) >= 4.5
    assert contrast(palette.light, palette.deep) >= 4.5


def test_the_users_ink_is_met_by_a_ground_it_is_read_on() -> None:
    dark, light = (brief_for("youtube", wishes=Wishes(ink=ink)) for ink in ((20, 20, 40), (250, 250, 250)))
    assert dark.ground(dark.palette.deep) == dark.palette.paper
    assert light.ground(light.palette.paper) == light.palette.deep
    assert light.ground(light.palette.deep) == light.palette.deep
