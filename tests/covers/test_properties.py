"""Whatever the picture: lettering stays off faces, off text in the picture, off the badge, and inside the safe box."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyart.covers.breaks import leans, ways_to_break
from keyart.covers.brief import Brief, Plan
from keyart.covers.compare import distance, glance
from keyart.covers.crop import Scene, head_of
from keyart.covers.draw import line_boxes
from keyart.covers.fonts import Weight, find_typeface
from keyart.covers.layout import pinned_slots
from keyart.covers.palette import palette_of
from keyart.covers.presets import PRESETS
from keyart.covers.templates import TEMPLATES
from keyart.covers.wishes import Wishes
from keyart.types import Box
from tests.covers.conftest import scenery

COVERS = [preset for preset in PRESETS.values() if preset.kind == "cover"]
SIZES = ((1280, 720), (720, 1280), (640, 480), (1080, 1080), (1600, 520), (320, 240))
TEXTS = (
    "Дом",
    "Пять ошибок новичка",
    "Почему море солёное и кто это доказал",
    "Why the sea is salty and who proved it",
    "Учёные нашли способ печь хлеб без дрожжей за час",
)
WEIGHTS: tuple[Weight, ...] = ("black", "bold", "medium")
TYPEFACES = {weight: find_typeface("Ёж A", weight) for weight in WEIGHTS}
quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@st.composite
def boxes(draw: st.DrawFn, width: int, height: int, least: float, most: float) -> Box:
    wide = draw(st.floats(least, most)) * width
    tall = min(draw(st.floats(least, most)) * height, height)
    x, y = draw(st.floats(0, 1)) * (width - wide), draw(st.floats(0, 1)) * (height - tall)
    return Box(x, y, wide, tall)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    width, height = draw(st.sampled_from(SIZES))
    faces = draw(st.lists(boxes(width, height, 0.05, 0.4), max_size=3))
    faces.sort(key=lambda face: -face.area)
    whole = Box(0, 0, width, height)
    avoid = draw(st.lists(boxes(width, height, 0.05, 0.5), max_size=2))
    heads = tuple(_inside(head_of(face), whole) for face in faces)
    return Scene(scenery(width, height), heads, tuple(faces), tuple(avoid))


def _inside(box: Box, whole: Box) -> Box:
    left, top = max(box.x, 0.0), max(box.y, 0.0)
    return Box(left, top, min(box.right, whole.width) - left, min(box.bottom, whole.height) - top)


def brief_for(scene: Scene, preset: str, text: str, wishes: Wishes | None = None) -> Brief:
    palette = palette_of(scene.image)
    return Brief(scene, PRESETS[preset], text, palette, TYPEFACES, wishes=wishes or Wishes())


def assert_stands_free(plan: Plan, brief: Brief) -> None:
    ink, at, preset = plan.spot.box, plan.picture_at, brief.preset
    for name, taken in (("head", plan.framing.heads), ("old lettering", plan.framing.avoid)):
        assert all(box.moved(at.x, at.y).overlap(ink) == 0 for box in taken), name
    assert preset.badge is None or preset.badge.overlap(ink) == 0
    safe = preset.safe
    lines = line_boxes(plan.spot.block, ink, plan.align)
    for line in lines:
        assert line.x >= safe.x - 1 and line.right <= safe.right + 1, "out at a side"
        assert line.y >= safe.y - 1 and line.bottom <= safe.bottom + 1, "out above or below"
    assert all(above.y < below.y for above, below in pairwise(lines))


@pytest.mark.parametrize("template", TEMPLATES)
@quick
@given(scene=scenes(), preset=st.sampled_from([preset.name for preset in COVERS]), text=st.sampled_from(TEXTS))
def test_lettering_stands_free_in_any_scene(template: str, scene: Scene, preset: str, text: str) -> None:
    brief = brief_for(scene, preset, text)
    plan = TEMPLATES[template].plan(brief)
    if plan is None:
        return
    assert_stands_free(plan, brief)
    assert " ".join(plan.spot.block.lines).casefold() == text.casefold()
    tidy = min(way.badness for way in ways_to_break(text, TYPEFACES["black"]))
    if tidy < 0.5 and plan.spot.block.badness < 0.9:
        assert not any(leans(line.split()[-1]) for line in plan.spot.block.lines[:-1])


@pytest.mark.parametrize("template", ["shade", "outline", "plate"])
@settings(quick, max_examples=20)
@given(scene=scenes(), x=st.floats(0.05, 0.95), y=st.floats(0.05, 0.95))
def test_a_wished_point_is_kept_exactly_or_refused(template: str, scene: Scene, x: float, y: float) -> None:
    brief = brief_for(scene, "youtube", TEXTS[1], Wishes(point=(x, y)))
    plan = TEMPLATES[template].plan(brief)
    if plan is None:
        return
    assert_stands_free(plan, brief)
    assert plan.spot.box.center == pytest.approx((x * 1280, y * 720), abs=1)


@settings(quick, max_examples=20)
@given(scene=scenes(), percent=st.floats(6, 16), template=st.sampled_from(sorted(TEMPLATES)))
def test_a_wished_size_is_set_or_refused(scene: Scene, percent: float, template: str) -> None:
    brief = brief_for(scene, "youtube", TEXTS[1], Wishes(size=percent / 100))
    plan = TEMPLATES[template].plan(brief)
    if plan is not None:
        assert_stands_free(plan, brief)
        assert plan.spot.block.font_px == pytest.approx(7.2 * percent, rel=0.13)


@quick
@given(x=st.floats(50, 1200), y=st.floats(50, 650), obstacles=st.lists(boxes(1280, 720, 0.05, 0.4), max_size=3))
def test_pinned_slots_lie_round_their_point(x: float, y: float, obstacles: list[Box]) -> None:
    area = Box(40, 40, 1200, 640)
    for slot in pinned_slots(area, obstacles, 10, (x, y)):
        assert slot.box.center == pytest.approx((x, y))
        assert all(slot.box.overlap(obstacle) == 0 for obstacle in obstacles)
        assert slot.box.overlap(area) == pytest.approx(slot.box.area, abs=1)


@pytest.mark.parametrize("template", TEMPLATES)
@settings(quick, max_examples=8)
@given(scene=scenes(), preset=st.sampled_from(["youtube", "reels", "feed_1x1"]))
def test_painted_ink_is_where_it_was_planned_and_a_sketch_is_the_cover_in_small(
    template: str, scene: Scene, preset: str
) -> None:
    small = brief_for(scene, preset, TEXTS[1]).scaled(0.5)
    plan = TEMPLATES[template].plan(small)
    if plan is None:
        return
    painted = TEMPLATES[template].paint(small, plan, 0)
    assert painted.image.shape[:2] == (small.height_px, small.width_px)
    rows, columns = np.nonzero(painted.lettering > 128)
    ink = plan.spot.box
    assert rows.min() >= ink.y - 2 and rows.max() <= ink.bottom + 2
    assert columns.min() >= ink.x - 2 and columns.max() <= ink.right + 2
    sketch = TEMPLATES[template].paint(small.scaled(0.5), plan.scaled(0.5), 0)
    assert distance(glance(painted.image), glance(sketch.image)) < 0.035
