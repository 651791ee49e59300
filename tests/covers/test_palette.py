"""Accents come from the picture and always read on the palette's dark."""

from __future__ import annotations

import numpy as np
import pytest

from keyart.covers.palette import WHITE, as_hex, contrast, ink_for, oklch, oklch_of, palette_of, parse_colour
from keyart.errors import BadSetting
from keyart.types import RGB


def flat(*colour: int) -> RGB:
    image = np.full((60, 80, 3), 128, np.uint8)
    image[:, 20:] = colour
    return image


@pytest.mark.parametrize("hue", range(0, 360, 15))
@pytest.mark.parametrize("turn", [0, 1, 2])
def test_every_accent_reads_on_dark_and_dark_on_it(hue: int, turn: int) -> None:
    palette = palette_of(flat(*oklch(0.6, 0.15, hue)), turn=turn)
    assert contrast(palette.accent, palette.deep) >= 7
    assert contrast(palette.light, palette.deep) >= 9
    assert contrast(palette.deep, palette.paper) >= 12
    assert not palette.is_grey


def test_grey_pictures_get_accents_of_their_own() -> None:
    grey = flat(200, 200, 200)
    accents = {palette_of(grey, turn=turn).accent for turn in range(3)}
    assert palette_of(grey).is_grey and len(accents) == 3


def test_green_pictures_have_green_accents_and_red_ones_warm_yellow() -> None:
    red, green, blue = palette_of(flat(40, 180, 60)).accent
    assert green > red > blue
    red, green, blue = palette_of(flat(200, 30, 30)).accent
    assert red > green > 150 > blue


def test_the_users_colour_is_taken() -> None:
    assert palette_of(flat(1, 2, 3), "#0af").accent == (0, 170, 255)
    assert as_hex(parse_colour("#Ff0080")) == "#ff0080"
    for wrong in ("red", "#12345", "#gg0000"):
        with pytest.raises(BadSetting, match="write it as #rrggbb"):
            parse_colour(wrong)


def test_known_values() -> None:
    assert contrast((0, 0, 0), WHITE) == pytest.approx(21)
    lightness, chroma, hue = (float(part[0]) for part in oklch_of(np.array([[255.0, 0, 0]])))
    assert (lightness, chroma, hue) == pytest.approx((0.628, 0.2577, 29.23), abs=0.01)
    assert oklch(lightness, chroma, hue) == (255, 0, 0)


def test_ink_is_what_reads() -> None:
    palette = palette_of(flat(200, 30, 30))
    assert ink_for((250, 240, 200), palette) == palette.deep and ink_for((20, 20, 90), palette) == WHITE
