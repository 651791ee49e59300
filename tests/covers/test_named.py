"""Covers of what the user names: frames, a headline, a format, a font."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from keyart.covers import MakeCovers
from keyart.covers.pairing import in_turn
from keyart.covers.typefaces import named_fonts, typeface
from keyart.covers.wishes import LONGEST_TEXT, headline_of
from keyart.errors import BadSetting
from keyart.types import Box, Still, VideoInfo
from tests.covers.conftest import headline, scenery

Maker = Callable[..., Still]
FOUND = [headline("Дом у моря"), headline("Сад за домом")]


def by_hand(still: Still) -> Still:
    return replace(still, origin="by hand")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"at": "soon"}, "no moment; write seconds"),
        ({"at": "1,2,x"}, "'x' is no moment"),
        ({"format": "png"}, "Instagram Reels cover takes jpeg, not png"),
        ({"format": "webp", "presets": ("youtube",)}, "YouTube cover takes jpeg or png, not webp"),
        ({"font": "Comic Nowhere"}, "no font is called 'Comic Nowhere'"),
        ({"text": "о" * (LONGEST_TEXT + 1)}, f"at most {LONGEST_TEXT} characters"),
    ],
)
def test_what_cannot_be_is_said_at_once(settings: dict[str, object], said: str) -> None:
    with pytest.raises(BadSetting, match=said):
        MakeCovers(**settings)  # type: ignore[arg-type]  # wrong on purpose


def test_the_user_s_text_stands_instead_of_what_was_found(info: VideoInfo, make_still: Maker) -> None:
    covers = MakeCovers(("youtube",), count=1, text="  Кот  и\nтелескоп ")
    for found in (FOUND, []):
        outcome = covers(info, [make_still(scenery(640, 360))], found)
        facts = outcome.value[0].receipt.facts
        assert outcome.status == "ok" and " ".join(facts["lines"]).casefold() == "кот и телескоп"
        assert facts["headline"]["source"] == "user" and not facts["headline"]["supported"]
    assert [one.text for one in covers.said(FOUND)] == ["Кот и телескоп"]
    assert MakeCovers(text=" ").said(FOUND) == tuple(FOUND)


@pytest.mark.parametrize(("text", "language"), [("Ёж", "ru"), ("Rocket", "en"), ("7 ракет", "ru"), ("42", "en")])
def test_the_language_of_the_text_is_seen(text: str, language: str) -> None:
    own = headline_of(text)
    assert own is not None and own.language == language


def test_agreement_of_the_user_s_text_may_come_too(info: VideoInfo, make_still: Maker) -> None:
    stills = [make_still(scenery(640, 360, seed), rank=seed) for seed in (1, 2)]
    covers = MakeCovers(("youtube",), count=1, text="Кот")
    assert covers(info, stills, FOUND, [[0.1], [0.2]]).status == "ok"


def test_named_frames_keep_their_order(info: VideoInfo, make_still: Maker) -> None:
    stills = [by_hand(replace(make_still(scenery(640, 360, seed), rank=seed), score=seed / 10)) for seed in (1, 2)]
    covers = MakeCovers(("youtube",), at="7,3", text="Кот", count=3)(info, stills).value
    facts = [cover.receipt.facts for cover in covers]
    assert [one["seconds"] for one in facts] == [2.0, 4.0, 2.0]
    assert {one["origin"] for one in facts} == {"by hand"} and len({one["template"] for one in facts}) == 3
    assert in_turn(stills, (), 1) == [(stills[0], None)]


def test_a_ranked_still_says_nothing_of_its_origin(info: VideoInfo, make_still: Maker) -> None:
    cover = MakeCovers(("youtube",), count=1)(info, [make_still(scenery(640, 360))], FOUND).value[0]
    assert "origin" not in cover.receipt.facts


@pytest.mark.parametrize(
    ("format", "ending", "written"), [("auto", "jpg", "JPEG"), ("jpeg", "jpg", "JPEG"), ("png", "png", "PNG")]
)
def test_the_format_is_the_wanted_one(
    info: VideoInfo, make_still: Maker, format: str, ending: str, written: str
) -> None:
    covers = MakeCovers(("youtube",), count=1, format=format)  # type: ignore[arg-type]  # pytest hands on a str
    cover = covers(info, [make_still(scenery(640, 360))], FOUND).value[0]
    assert cover.path == cover.receipt.product == f"covers/youtube_1.{ending}"
    assert Image.open(io.BytesIO(cover.data)).format == written and len(cover.data) <= 2_000_000


def test_auto_and_the_first_format_are_the_same_bytes(info: VideoInfo, make_still: Maker) -> None:
    still = make_still(scenery(640, 360), Box(250, 80, 90, 110))
    one, other = (
        MakeCovers(("youtube",), count=1, format=format)(info, [still], FOUND).value[0].data
        for format in ("auto", "jpeg")
    )
    assert one == other


# --- fonts by name ------------------------------------------------------------------------------------------------


def test_fonts_of_the_wheel_are_known_by_name() -> None:
    fonts = named_fonts()
    assert next(iter(fonts)).startswith("Roboto") and {"Roboto Black", "Roboto Light Italic"} <= set(fonts)
    assert all(Path(one.path).is_file() and one.licence for one in fonts.values())


@pytest.mark.parametrize("name", ["Roboto Black", "Roboto Light Italic"])
def test_a_font_by_name_is_the_font(name: str) -> None:
    face = typeface("Кот", "black", name)
    assert face.name == name and face.licence == "Apache-2.0" and not face.notes


def test_a_font_by_name_is_drawn_and_told(info: VideoInfo, make_still: Maker) -> None:
    still = make_still(scenery(640, 360))
    usual, light = (
        MakeCovers(("youtube",), count=1, template="shade", font=font)(info, [still], FOUND).value[0]
        for font in ("", "Roboto Light Italic")
    )
    assert light.receipt.facts["font"]["name"] == "Roboto Light Italic"
    assert light.receipt.facts["font"]["licence"] == "Apache-2.0" and light.data != usual.data


def test_a_path_is_the_user_s_own_font(tmp_path: Path) -> None:
    own = tmp_path / "own.ttf"
    own.write_bytes(Path(named_fonts()["Roboto Thin"].path).read_bytes())
    face = typeface("Кот", "black", str(own))
    assert face.path == str(own) and face.licence == "the user's own"


def test_what_is_no_font_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    named_fonts.cache_clear()
    monkeypatch.setattr("keyart.covers.fonts.system_fonts", lambda weight: (str(broken),))
    assert str(broken) not in {one.path for one in named_fonts().values()}
    named_fonts.cache_clear()


def test_letters_that_a_named_font_lacks_come_from_another() -> None:
    face = typeface("漢", "black", "Roboto Black")
    assert face.notes and (face.name != "Roboto Black" or "no font at hand draws" in face.notes[-1])
