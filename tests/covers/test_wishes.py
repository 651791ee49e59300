"""What the user decides is kept, seen in the receipt, and refused with a clear word where it makes no sense."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keyart.covers import MakeCovers
from keyart.covers.fonts import find_typeface
from keyart.covers.palette import parse_colour
from keyart.covers.templates import TEMPLATES
from keyart.covers.wishes import Length, Position, parse_outline, parse_position
from keyart.errors import BadSetting
from keyart.types import RGB, Box, Product, Still, VideoInfo
from tests.covers.conftest import headline, scenery, with_face

Maker = Callable[..., Still]
TITLE = "Дом у моря"
FACE = Box(900, 200, 150, 180)


def one(info: VideoInfo, still: Still, **settings: object) -> Product:
    (cover,) = MakeCovers(("youtube",), count=1, **settings)(info, [still], [headline(TITLE)]).value  # type: ignore[arg-type]
    return cover


def pixels(cover: Product) -> RGB:
    return np.asarray(Image.open(io.BytesIO(cover.data)).convert("RGB"), np.uint8)


def ink(cover: Product) -> Box:
    return Box(*cover.receipt.facts["text_box"])


def share_near(image: RGB, colour: str, box: Box, most: int = 40) -> float:
    part = image[round(box.y) : round(box.bottom), round(box.x) : round(box.right)].astype(int)
    return float((np.abs(part - parse_colour(colour)).max(axis=2) < most).mean())


@pytest.fixture
def still(make_still: Maker) -> Still:
    return make_still(with_face(scenery(1280, 720), FACE), FACE)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("colour", ["#ff3030", "#101060", "#f5f5f5"])
def test_the_colour_of_the_text_is_set_and_stays_readable(
    info: VideoInfo, still: Still, template: str, colour: str
) -> None:
    cover = one(info, still, template=template, text_colour=colour, case="upper")
    facts = cover.receipt.facts
    assert facts["template"] == template and facts["wishes"]["text_colour"] == colour
    assert share_near(pixels(cover), colour, ink(cover)) > 0.2
    assert facts["contrast_at_246x138"] >= 3


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_size_is_set_in_every_template(info: VideoInfo, still: Still, template: str) -> None:
    sizes = []
    for percent in (8.0, 13.0):
        cover = one(info, still, template=template, size=percent)
        facts = cover.receipt.facts
        assert facts["template"] == template and facts["wishes"]["size_percent"] == percent
        sizes.append(facts["font"]["px"])
        assert sizes[-1] == pytest.approx(7.2 * percent, abs=2)


def test_a_size_without_room_gives_way_and_says_so(info: VideoInfo, still: Still) -> None:
    cover = one(info, still, template="strip", size=40.0)
    assert "wished size has no room" in cover.receipt.facts["notes"][0]
    assert cover.receipt.facts["font"]["px"] < 0.4 * 720


@pytest.mark.parametrize("template", ["shade", "outline", "plate"])
@pytest.mark.parametrize("position", ["30%,70%", "384,504"])
def test_a_point_is_kept_in_percent_and_in_pixels(info: VideoInfo, still: Still, template: str, position: str) -> None:
    cover = one(info, still, template=template, position=position)
    assert ink(cover).center == pytest.approx((384, 504), abs=2)
    assert cover.receipt.facts["wishes"]["point"] == [0.3, 0.7]


@pytest.mark.parametrize(("template", "axis"), [("panel", 0), ("card", 0), ("strip", 1)])
def test_layouts_with_a_field_take_the_side_of_the_point(
    info: VideoInfo, make_still: Maker, template: str, axis: int
) -> None:
    plain = make_still(scenery(1280, 720))
    for position, low in (("20%,20%", True), ("80%,80%", False)):
        cover = one(info, plain, template=template, position=position)
        assert cover.receipt.facts["template"] == template
        assert (ink(cover).center[axis] < (640, 360)[axis]) is low


def test_a_point_on_a_face_gives_way_and_says_so(info: VideoInfo, make_still: Maker) -> None:
    face = Box(560, 250, 160, 200)
    cover = one(info, make_still(scenery(1280, 720), face), template="outline", position="50%,50%")
    assert "wished position has no room" in cover.receipt.facts["notes"][0]


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_outline_is_drawn_or_left_out(info: VideoInfo, still: Still, template: str) -> None:
    wide = one(info, still, template=template, outline="9 #ff00ff")
    none = one(info, still, template=template, outline="none")
    assert wide.receipt.facts["wishes"] == {"outline_percent": 9.0, "outline_colour": "#ff00ff"}
    assert none.receipt.facts["wishes"] == {"outline_percent": 0.0}
    assert share_near(pixels(wide), "#ff00ff", ink(wide)) > 0.03
    assert share_near(pixels(none), "#ff00ff", ink(none)) < 0.001


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("case", "wanted"), [("upper", "ДОМ У МОРЯ"), ("lower", "дом у моря"), ("asis", "Дом у моря")])
def test_case(info: VideoInfo, still: Still, template: str, case: str, wanted: str) -> None:
    facts = one(info, still, template=template, case=case).receipt.facts
    assert " ".join(facts["lines"]) == wanted and facts["wishes"]["case"] == case


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_font_file_is_the_users(info: VideoInfo, still: Still, template: str) -> None:
    path = find_typeface("Ж", "medium").path
    facts = one(info, still, template=template, font=path).receipt.facts
    assert facts["font"]["licence"] == "the user's own" and "Medium" in facts["font"]["name"]


def test_without_wishes_the_receipt_is_silent(info: VideoInfo, still: Still) -> None:
    assert "wishes" not in one(info, still).receipt.facts


def test_positions_are_parsed() -> None:
    assert parse_position("") == Position() and parse_position("").is_free
    assert parse_position("top left") == Position(("left",), ("top",))
    assert parse_position("center") == Position(("center",), ("middle",))
    assert parse_position("12.5%, 40").point == (Length(12.5, True), Length(40.0, False))
    assert parse_position("50%,360").on(1280, 720) == (0.5, 0.5)
    assert parse_position("9999,0").on(1280, 720) == (1.0, 0.0)


def test_outlines_are_parsed() -> None:
    assert parse_outline("") == (None, None) and parse_outline("none") == (0.0, None)
    assert parse_outline("6") == (0.06, None) and parse_outline("6%,#fff") == (0.06, (255, 255, 255))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"position": "above"}, "'above' is no position; there are: left, right"),
        ({"position": "a,b"}, "'a,b' is no point; write x,y as 30%,80%"),
        ({"position": "10%,20%,30%"}, "is no point"),
        ({"position": "110%,20%"}, "lies outside the cover"),
        ({"position": "-5,20"}, "lies outside the cover"),
        ({"size": 80.0}, "type of 80 percent of the height was asked for; 3 to 40 can be set"),
        ({"size": -1.0}, "type of -1 percent"),
        ({"outline": "thick"}, "'thick' is no outline; write none"),
        ({"outline": "50"}, "an outline is 0 to 20 percent of the type wide, not 50"),
        ({"outline": "6 red"}, "'red' is not a colour"),
        ({"text_colour": "blue"}, "'blue' is not a colour"),
        ({"case": "title"}, "case is auto, upper, lower or asis, not 'title'"),
        ({"fill": "tile"}, "no fill is called 'tile'; there are: blur, mirror, fade, fade as printed"),
        ({"read_back": "maybe"}, "read_back is off, auto or on, not 'maybe'"),
        ({"look": "sepia"}, "no look is called 'sepia'; there are: "),
        ({"background": "beach"}, "no background is called 'beach'; there are: "),
    ],
)
def test_nonsense_is_refused_with_the_cure(settings: dict[str, object], message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        MakeCovers(**settings)  # type: ignore[arg-type]


def test_a_font_that_is_none_is_refused(info: VideoInfo, still: Still, tmp_path: Path) -> None:
    path = tmp_path / "font.ttf"
    path.write_text("no font")
    with pytest.raises(BadSetting, match="not a font file that can be read"):
        one(info, still, font=str(path))
