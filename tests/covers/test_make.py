"""Covers of made-up stills: never over a face, read at feed size, within limits, explained, the same each time."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keyart.covers import MakeCovers
from keyart.covers.choose import painted_until_read
from keyart.covers.crop import head_of, scene_of
from keyart.covers.job import Job
from keyart.covers.presets import PRESETS
from keyart.covers.templates import TEMPLATES
from keyart.covers.wishes import POSITIONS
from keyart.errors import BadSetting
from keyart.media.images import read_receipt
from keyart.models import have, model_path
from keyart.types import Box, Product, Still, VideoInfo
from tests.covers.conftest import headline, scenery, with_face

Maker = Callable[..., Still]
COVERS = tuple(name for name, preset in PRESETS.items() if preset.kind == "cover")
SHORT, LONG = "Дом у моря", "Пять ошибок на кухне, которые портят любой ужин навсегда"
ENGLISH = "Why the sea is salty"


def box_of(product: Product, fact: str) -> Box:
    return Box(*product.receipt.facts[fact])


def heads_on_cover(product: Product, still: Still) -> list[Box]:
    """Where the still's heads are on a cover that shows a crop of it over its whole size."""
    crop, (width, height) = box_of(product, "crop"), product.receipt.facts["size"]
    scale = width / crop.width
    assert height == pytest.approx(crop.height * scale, abs=3)
    return [head_of(face.box).moved(-crop.x, -crop.y).scaled(scale) for face in still.faces]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("text", "face_x"), [(SHORT, 120), (LONG, 560), (ENGLISH, 980), (LONG, 960), (SHORT, 540)])
def test_lettering_is_off_faces_and_badge_and_is_read(
    info: VideoInfo, make_still: Maker, template: str, text: str, face_x: float
) -> None:
    face = Box(face_x, 180, 170, 210)
    still = make_still(with_face(scenery(1280, 720), face), face)
    outcome = MakeCovers(("youtube",), template=template)(info, [still], [headline(text)])
    (cover,) = outcome.value
    if cover.receipt.facts["template"] != template:  # no room in this one: another, or none, and it is said
        assert cover.receipt.facts["template"] in (*TEMPLATES, "none")
        return
    ink, badge = box_of(cover, "text_box"), PRESETS["youtube"].badge
    assert badge is not None and ink.overlap(badge) == 0
    assert ink.x >= 0 and ink.y >= 0 and ink.right <= 1280 and ink.bottom <= 720
    if template in ("shade", "outline", "plate"):
        assert all(head.overlap(ink) < 2 for head in heads_on_cover(cover, still))
    assert cover.receipt.facts["readable"] and outcome.status == "ok"
    assert cover.receipt.facts["contrast_at_246x138"] >= 3
    assert " ".join(cover.receipt.facts["lines"]).casefold() == text.casefold()


@pytest.mark.parametrize("preset", COVERS)
def test_every_preset_is_met(info: VideoInfo, make_still: Maker, preset: str, tmp_path: Path) -> None:
    face = Box(420, 90, 110, 140)
    still = make_still(with_face(scenery(960, 540), face), face)
    (cover,) = MakeCovers((preset,), count=1)(info, [still], [headline(SHORT)]).value
    limits = PRESETS[preset]
    assert len(cover.data) <= limits.max_bytes
    picture = Image.open(io.BytesIO(cover.data))
    assert picture.size == (limits.width_px, limits.height_px)
    assert str(picture.format).lower() in limits.formats
    assert cover.path == f"covers/{preset}_1.jpg"
    ink = box_of(cover, "text_box")
    safe = limits.safe
    assert ink.x >= safe.x - 1 and ink.y >= safe.y - 1 and ink.right <= safe.right + 1 and ink.bottom <= safe.bottom + 1
    (tmp_path / "cover.jpg").write_bytes(cover.data)
    assert read_receipt(tmp_path / "cover.jpg") == json.loads(
        json.dumps({"product": cover.path, **cover.receipt.facts})
    )


def test_three_covers_differ_in_layout_and_headline(info: VideoInfo, make_still: Maker) -> None:
    stills = [make_still(scenery(1280, 720, seed), Box(540, 160, 160, 200), rank=seed) for seed in (1, 2, 3)]
    titles = [headline(text) for text in (SHORT, LONG, ENGLISH)]
    outcome = MakeCovers(("youtube",))(info, stills, titles)
    assert outcome.status == "ok" and len(outcome.value) == 3
    facts = [product.receipt.facts for product in outcome.value]
    assert len({fact["template"] for fact in facts}) == 3
    assert [fact["headline"]["text"] for fact in facts] == [SHORT, LONG, ENGLISH]
    assert [fact["seconds"] for fact in facts] == [2.0, 4.0, 6.0]
    assert facts[0]["headline"]["start"] == 1.25 and facts[0]["font"]["licence"]


def test_one_still_and_one_headline_still_give_three_covers(info: VideoInfo, make_still: Maker) -> None:
    still = make_still(scenery(640, 360), Box(250, 80, 90, 110))
    covers = MakeCovers(("youtube",))(info, [still], [headline(SHORT)]).value
    assert len({cover.receipt.facts["template"] for cover in covers}) == 3
    assert len(MakeCovers(("youtube",), template="shade")(info, [still], [headline(SHORT)]).value) == 1


def test_the_same_bytes_twice_and_others_with_another_seed(info: VideoInfo, make_still: Maker) -> None:
    image = scenery(640, 360).copy()
    image[100:200, 100:300] = (20, 160, 60)
    still = make_still(image)
    first, again, other = (
        MakeCovers(("youtube",), seed=seed)(info, [still], [headline(SHORT)]).value[0].data for seed in (0, 0, 1)
    )
    assert first == again != other


def test_without_headlines_the_picture_stands_alone(info: VideoInfo, make_still: Maker) -> None:
    outcome = MakeCovers(("youtube", "reels"))(info, [make_still(scenery(640, 360))], [])
    assert outcome.status == "degraded" and outcome.reason == "no headline, so the covers carry no text"
    assert [product.receipt.facts["template"] for product in outcome.value] == ["none", "none"]
    wanted = MakeCovers(("youtube",), template="none")(info, [make_still(scenery(640, 360))], [headline(SHORT)])
    assert "text_box" not in wanted.value[0].receipt.facts


def test_without_stills_nothing_is_made(info: VideoInfo) -> None:
    outcome = MakeCovers()(info, [], [headline(SHORT)])
    assert (outcome.value, outcome.status) == ((), "skipped")


def test_a_face_that_fills_everything_still_gets_a_cover(info: VideoInfo, make_still: Maker) -> None:
    face = Box(200, 10, 880, 700)
    outcome = MakeCovers(("youtube",), count=1)(info, [make_still(scenery(1280, 720), face)], [headline(SHORT)])
    (cover,) = outcome.value
    assert cover.receipt.facts["template"] in ("card", "panel", "strip")


def test_where_lettering_fits_nowhere_it_is_left_out_and_said(info: VideoInfo, make_still: Maker) -> None:
    outcome = MakeCovers(("telegram_vertical",))(info, [make_still(scenery(640, 360))], [headline("Ы" * 80)])
    assert outcome.status == "degraded" and "fits nowhere" in outcome.reason
    assert outcome.value[0].receipt.facts["template"] == "none"


def test_old_lettering_is_left_alone(info: VideoInfo, make_still: Maker) -> None:
    caption = Box(0, 480, 1280, 240)
    still = make_still(scenery(1280, 720), avoid=(caption,))
    for template in ("shade", "plate", "outline"):
        (cover,) = MakeCovers(("youtube",), template=template)(info, [still], [headline(SHORT)]).value
        crop = box_of(cover, "crop")
        moved = caption.moved(-crop.x, -crop.y).scaled(1280 / crop.width)
        assert moved.overlap(box_of(cover, "text_box")) == 0


@pytest.mark.parametrize("position", POSITIONS)
def test_positions_are_kept(info: VideoInfo, make_still: Maker, position: str) -> None:
    stage = MakeCovers(("youtube",), template="outline", position=position)
    (cover,) = stage(info, [make_still(scenery(1280, 720))], [headline(SHORT)]).value
    x, y = box_of(cover, "text_box").center
    assert ("left" in position) <= (x < 640) and ("right" in position) <= (x > 640)
    assert ("top" in position) <= (y < 360) and ("bottom" in position) <= (y > 360)
    if position == "center":
        assert abs(x - 640) < 20 and abs(y - 360) < 20


def test_a_position_without_room_gives_way(info: VideoInfo, make_still: Maker) -> None:
    face = Box(60, 60, 500, 560)
    stage = MakeCovers(("youtube",), position="left", template="plate", count=1)
    (cover,) = stage(info, [make_still(scenery(1280, 720), face)], [headline(LONG)]).value
    assert cover.receipt.facts["template"] != "none"


def test_colour_case_and_font_are_the_users(info: VideoInfo, make_still: Maker) -> None:
    stage = MakeCovers(("youtube",), colour="#00ff88", case="upper", template="shade")
    (cover,) = stage(info, [make_still(scenery(640, 360))], [headline(SHORT)]).value
    assert cover.receipt.facts["accent"] == "#00ff88"
    assert " ".join(cover.receipt.facts["lines"]) == SHORT.upper()
    low = MakeCovers(("youtube",), case="asis", template="outline")
    (cover,) = low(info, [make_still(scenery(640, 360))], [headline(SHORT)]).value
    assert " ".join(cover.receipt.facts["lines"]) == SHORT


def test_what_no_font_draws_degrades_the_stage(info: VideoInfo, make_still: Maker) -> None:
    outcome = MakeCovers(("youtube",))(info, [make_still(scenery(640, 360))], [headline("Ракета \U0001f680 летит.")])
    assert outcome.status == "degraded" and "left out" in outcome.reason
    assert outcome.value[0].receipt.facts["headline"]["shown"] == "Ракета летит"


def test_a_very_long_headline_is_cut_and_said(info: VideoInfo, make_still: Maker) -> None:
    outcome = MakeCovers(("youtube",))(info, [make_still(scenery(1280, 720))], [headline("очень длинное слово " * 9)])
    assert "headline cut to" in outcome.reason
    assert outcome.value[0].receipt.facts["headline"]["shown"].endswith("…")


def test_tiny_letterboxed_and_dark_sources_say_what_was_done(info: VideoInfo, make_still: Maker) -> None:
    tiny = np.zeros((144, 176, 3), np.uint8)
    tiny[24:120] = scenery(176, 96, level=40)
    (cover,) = MakeCovers(("youtube",), template="shade")(info, [make_still(tiny)], [headline(SHORT)]).value
    facts = cover.receipt.facts
    assert facts["upscale"] > 6 and "enlarged" in facts["treatment"]
    assert facts["bars_removed"] == [0, 25] and facts["grade"]["gamma"] < 1


@pytest.mark.parametrize("level", [15, 240])
def test_dark_and_bright_pictures_are_read(info: VideoInfo, make_still: Maker, level: int) -> None:
    still = make_still(scenery(1280, 720, level=level))
    for template in TEMPLATES:
        (cover,) = MakeCovers(("youtube",), template=template)(info, [still], [headline(ENGLISH)]).value
        assert cover.receipt.facts["readable"], template


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"presets": ("youtub",)}, "no cover preset is called 'youtub'"),
        ({"count": 0}, "0 covers were asked for; 1 to 12"),
        ({"template": "fancy"}, "no template is called 'fancy'; there are: auto, none, shade"),
        ({"position": "above"}, "'above' is no position"),
        ({"colour": "red"}, "write it as #rrggbb"),
    ],
)
def test_settings_are_checked(settings: dict[str, object], message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        MakeCovers(**settings)  # type: ignore[arg-type]


def test_a_real_portrait_with_the_person_model(info: VideoInfo, make_still: Maker) -> None:
    if not (have("photo-astronaut") and have("selfie-segmentation")):
        pytest.skip("sample pictures or models are not pulled")
    image = np.asarray(Image.open(model_path("photo-astronaut")).convert("RGB"))
    still = make_still(image, Box(178, 70, 95, 115))
    scene = scene_of(image, [Box(178, 70, 95, 115)])
    assert scene.people is not None and scene.interest[20, 28] > 0.6
    outcome = MakeCovers(("youtube", "reels"), count=1)(info, [still], [headline(LONG)])
    assert outcome.status == "ok"


def test_painting_grows_stronger_until_it_is_read(make_still: Maker) -> None:
    still = make_still(scenery(1280, 720))
    job = Job(PRESETS["youtube"], 1, still, scene_of(still.frame.image), headline(SHORT))
    brief, _ = MakeCovers(("youtube",)).brief(job)
    plan = TEMPLATES["outline"].plan(brief)
    assert plan is not None
    _, legibility, strength = painted_until_read(brief, "outline", plan)
    assert legibility.passes and strength == 0


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (17, 3), (3, 90), (333, 141), (1500, 40)])
def test_odd_sizes_are_framed(info: VideoInfo, make_still: Maker, size: tuple[int, int]) -> None:
    still = make_still(np.ascontiguousarray(scenery(1500, 141)[: size[1], : size[0]]))
    outcome = MakeCovers(("youtube", "telegram_vertical"), count=1)(info, [still], [headline(SHORT)])
    assert [Image.open(io.BytesIO(product.data)).size for product in outcome.value] == [(1280, 720), (180, 320)]
