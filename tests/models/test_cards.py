"""The cards: whoever reads one can trust every field."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from keyart.models import CARDS, PACKS, Card
from keyart.models.cards import Wheel

LICENCES = {"Apache-2.0", "MIT", "BSD-3-Clause", "CC0", "public domain", "AGPL-3.0"}


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_card_is_complete(card: Card) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", card.name)
    assert card.what
    assert card.reference
    assert card.size_bytes > 10_000
    assert card.licence in LICENCES
    assert PurePosixPath(card.filename).name == card.filename, "a store has one folder per model, no more"


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_card_is_pinned(card: Card) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", card.sha256)
    assert isinstance(card.source, Wheel)
    assert re.fullmatch(r"[\w-]+==[\d.]+", card.source.requirement), "an unpinned carrier may change under the hash"
    member = PurePosixPath(card.source.member)
    assert not member.is_absolute()
    assert ".." not in member.parts


def test_agpl_is_never_called_permissive() -> None:
    assert all(card.permissive != card.licence.startswith(("AGPL", "GPL")) for card in CARDS.values())


def test_a_table_key_is_its_cards_name() -> None:
    assert all(name == card.name for name, card in CARDS.items())
    assert len({card.sha256 for card in CARDS.values()}) == len(CARDS), "one file on two cards"


def test_packs_hold_known_models_and_leave_none_out() -> None:
    packed = [name for names in PACKS.values() for name in names]
    assert sorted(packed) == sorted(CARDS)
    assert all(name.startswith("photo-") for name in PACKS["samples"])


def test_networks_say_what_pixels_they_want() -> None:
    for name in ("selfie-segmentation", "face-detection-short-range", "face-landmark"):
        card = CARDS[name]
        assert card.input_px is not None
        white, black = 255 * card.scale + card.offset, card.offset
        assert (black, white) in [(0.0, 1.0), (-1.0, 1.0)], "both are ranges that these networks were trained on"
