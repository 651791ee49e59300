"""The cards: whoever reads one can trust every field."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from keyart.models import CARDS, PACKS, Card
from keyart.models.card import ByHand, HubFile, HubFolder, Installed, Wheel

PERMISSIVE = {"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC0", "public domain"}
OTHERS = {
    "AGPL-3.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "Stability AI Community Licence",
    "non-commercial (AnimeGANv2)",
    "unknown",
}

carried = [card for card in CARDS.values() if isinstance(card.source, Wheel)]
hubbed = [card for card in CARDS.values() if isinstance(card.source, HubFile | HubFolder)]


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_card_is_complete(card: Card) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", card.name)
    assert card.what
    assert card.reference
    assert PurePosixPath(card.filename).name == card.filename, "a store has one folder per model, no more"
    assert bool(card.filename) != isinstance(card.source, HubFolder | Installed)
    assert (card.mean is None) == (card.std is None)


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_permissive_is_what_the_licence_is(card: Card) -> None:
    assert card.licence in (PERMISSIVE if card.permissive else OTHERS)


@pytest.mark.parametrize("card", carried, ids=lambda card: card.name)
def test_a_carried_file_is_pinned(card: Card) -> None:
    assert isinstance(card.source, Wheel)
    assert re.fullmatch(r"[0-9a-f]{64}", card.sha256)
    assert card.size_bytes > 5_000
    assert re.fullmatch(r"[\w-]+==[\d.]+", card.source.requirement), "an unpinned carrier may change under the hash"
    member = PurePosixPath(card.source.member)
    assert not member.is_absolute()
    assert ".." not in member.parts


@pytest.mark.parametrize("card", hubbed, ids=lambda card: card.name)
def test_a_hub_model_names_its_repository(card: Card) -> None:
    assert isinstance(card.source, HubFile | HubFolder)
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", card.source.repository)
    assert re.fullmatch(r"main|[0-9a-f]{40}", card.source.revision)


def test_a_table_key_is_its_cards_name() -> None:
    assert all(name == card.name for name, card in CARDS.items())
    known = [card.sha256 for card in CARDS.values() if card.sha256]
    assert len(set(known)) == len(known), "one file on two cards"


def test_packs_hold_what_the_wheels_carry_and_nothing_that_needs_a_decision() -> None:
    packed = [name for names in PACKS.values() for name in names]
    assert set(packed) == {card.name for card in carried} - {"nudenet", "lpips-alex"}
    assert all(CARDS[name].permissive for name in packed)
    assert all(name.startswith("photo-") for name in PACKS["samples"])


def test_every_model_of_the_thesis_table_says_what_it_demands() -> None:
    rows = {card.name: card.demands for card in CARDS.values() if card.demands}
    thesis = {"yolov8n", "modnet", "sd3-medium", "rut5-base", "rut5-headline", "rut5-gazeta", "opus-mt-ru-en"}
    assert set(rows) == thesis | {"whisper-base"}
    assert rows["sd3-medium"].memory_gb == 8.0


def test_what_is_fetched_by_hand_says_how() -> None:
    assert all(card.source.how for card in CARDS.values() if isinstance(card.source, ByHand))


def test_networks_say_what_pixels_they_want() -> None:
    for name in ("selfie-segmentation", "face-detection-short-range", "face-landmark"):
        card = CARDS[name]
        assert card.input_px is not None
        white, black = 255 * card.scale + card.offset, card.offset
        assert (black, white) in [(0.0, 1.0), (-1.0, 1.0)], "both are ranges that these networks were trained on"
