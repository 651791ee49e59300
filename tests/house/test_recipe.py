"""The recipe: every stage as it comes, entered late, and which of them a part needs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from keyart.package import PARTS
from keyart.recipe import SECTIONS, Recipe, sections_for, with_needed
from keyart.stills import PickStills


def test_a_stage_that_is_not_given_comes_with_its_defaults() -> None:
    recipe = Recipe()
    assert recipe.stills == PickStills()
    assert recipe.stills is recipe.stills, "made once"
    assert recipe == Recipe()


def test_what_is_given_stays() -> None:
    recipe = Recipe(stills=PickStills(count=3))
    assert recipe.stills.count == 3
    assert replace(recipe, stills=PickStills(count=4)).stills.count == 4
    assert recipe != Recipe()


def test_only_the_rooms_of_a_part_are_entered() -> None:
    code = (
        "import sys; from keyart.recipe import Recipe, sections_for; import keyart.pipeline; r = Recipe();"
        "[getattr(r, name) for name in sections_for(('stills',))];"
        "print([room for room in ('covers', 'titles', 'speech', 'teasers') if f'keyart.{room}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("parts", "sections"),
    [
        (("shots",), ("scan", "shots")),
        (("shots", "stills"), ("scan", "shots", "stills")),
        (("titles",), ("speech", "titles", "description", "review")),
        (("covers",), ("scan", "shots", "stills", "speech", "titles", "description", "covers", "review")),
        (PARTS, SECTIONS),
    ],
)
def test_stages_that_have_a_say(parts: tuple[str, ...], sections: tuple[str, ...]) -> None:
    assert sections_for(parts) == sections


def test_parts_bring_what_they_are_made_from() -> None:
    assert with_needed(("summaries",)) == {"summaries", "titles", "shots"}
    assert with_needed(("teaser",)) == {"teaser", "stills", "shots"}
