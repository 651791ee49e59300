"""A still restyled or restaged before its layout."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from keyart.covers import MakeCovers
from keyart.covers.backgrounds import BACKGROUNDS
from keyart.covers.looks import LOOKS
from keyart.covers.staging import bounded, check_side, check_staging, staged
from keyart.errors import BadSetting
from keyart.types import Box, Still, VideoInfo
from tests.covers.conftest import headline, scenery, with_face

Maker = Callable[..., Still]


def test_a_look_changes_the_pixels_and_keeps_the_rest(make_still: Maker) -> None:
    caption = Box(0, 300, 640, 60)
    still = make_still(scenery(640, 360), Box(250, 80, 90, 110), avoid=(caption,))
    name = next(iter(LOOKS))
    done = staged(still, name, "", 1)
    shown = done.still
    assert done.note == done.matte == "" and shown.frame.image.shape == still.frame.image.shape
    assert np.array_equal(shown.frame.image, LOOKS[name](still.frame.image, [still.faces[0].box], 1))
    assert shown.avoid == (caption,) and shown.faces == still.faces and shown.seconds == still.seconds
    assert np.array_equal(staged(still, "", "", 1).still.frame.image, still.frame.image)


def test_a_background_is_laid_behind_what_stands_out(make_still: Maker) -> None:
    image = np.full((360, 640, 3), (40, 90, 160), np.uint8)
    image[60:340, 240:400] = (220, 60, 40)
    still = make_still(image, avoid=(Box(0, 300, 640, 60),))
    done = staged(still, "", next(iter(BACKGROUNDS)), 0)
    if done.note:  # the cut-out of a plain oblong is not what this test is about
        pytest.skip(done.note)
    shown = done.still
    assert done.matte
    assert np.abs(shown.frame.image[:40].astype(int) - image[:40]).mean() > 15
    assert shown.avoid == (), "what was written there is gone"


def test_where_nothing_stands_out_the_still_stays_and_it_is_said(
    info: VideoInfo, make_still: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyart.covers.matte.MakeMatte.__call__", lambda self, image, faces=(): None)
    still = make_still(scenery(640, 360))
    name = next(iter(BACKGROUNDS))
    done = staged(still, "", name, 0)
    assert np.array_equal(done.still.frame.image, still.frame.image) and "nothing stands out" in done.note
    outcome = MakeCovers(("youtube",), count=1, background=name)(info, [still], [headline("Дом")])
    assert outcome.status == "degraded" and f"the background {name} was not laid" in outcome.reason


def test_covers_wear_the_look_and_say_so(info: VideoInfo, make_still: Maker) -> None:
    face = Box(250, 80, 90, 110)
    still = make_still(with_face(scenery(640, 360), face), face)
    made = {}
    for look in ("", "duotone"):
        (cover,) = MakeCovers(("youtube",), count=1, look=look, template="shade")(
            info, [still], [headline("Дом")]
        ).value
        made[look] = np.asarray(Image.open(io.BytesIO(cover.data)).convert("RGB"), int)
        assert cover.receipt.facts.get("look", "") == look
    assert np.abs(made[""] - made["duotone"]).mean() > 15


def test_names_are_checked_against_the_registries() -> None:
    check_staging("", "")
    with pytest.raises(BadSetting, match=f"no look is called 'x'; there are: {', '.join(LOOKS)}"):
        check_staging("x", "")
    with pytest.raises(BadSetting, match="no background is called 'x'"):
        check_staging("", "x")


def test_large_stills_are_made_smaller_with_all_that_is_marked_on_them(make_still: Maker) -> None:
    still = replace(make_still(scenery(400, 200), Box(100, 40, 60, 80)), avoid=(Box(0, 180, 400, 20),))
    small = bounded(still, 200)
    assert small.frame.image.shape == (100, 200, 3) and small.frame.seconds == still.frame.seconds
    assert small.faces[0].box == Box(50, 20, 30, 40) and small.avoid == (Box(0, 90, 200, 10),)
    assert bounded(still, 400) is still
    with pytest.raises(BadSetting, match="64 to 8192"):
        check_side(10)
