"""What the web may set: the stages' own fields, and none that names a file, a server or a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyart.errors import BadSetting
from keyart.models.kamodel import shelve
from keyart.studio.wishes import OFFERED, given, offered, rankers, recipe_of
from tests.models.kamodels import frame_ranker


def test_every_offered_field_is_one_of_a_stage() -> None:
    found = offered()
    assert {section: set(names) for section, names in OFFERED.items()} == {
        section: set(fields) for section, fields in found.items()
    }
    assert all(one.help for fields in found.values() for one in fields.values())


def test_nothing_offered_is_a_path_or_an_address() -> None:
    names = {name for fields in OFFERED.values() for name in fields}
    assert not names & {"font", "sidecar", "model", "endpoint", "endpoint_model", "recogniser", "weights"}


def test_wishes_reach_the_stages() -> None:
    recipe = recipe_of({"scan": {"mode": "fast"}, "stills": {"count": 12}, "covers": {"template": "plate"}})
    assert (recipe.scan.mode, recipe.stills.count, recipe.covers.template) == ("fast", 12, "plate")


@pytest.mark.parametrize(
    "settings",
    [
        {"covers": {"font": "/etc/passwd"}},
        {"speech": {"sidecar": "/etc/passwd"}},
        {"titles": {"endpoint": "http://169.254.169.254/"}},
        {"studio": {"token": "x"}},
        {"covers": "plate"},
        {"covers": {"template": {"a": 1}}},
        {"covers": {"colour": "x" * 501}},
        {"stills": {"ranker": "/etc/passwd"}},
        {"stills": {"ranker": "../learned/mine"}},
        {"teaser": {"ranker": "mine"}},
    ],
)
def test_what_reaches_beyond_the_video_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BadSetting):
        given(settings)


def test_a_learned_model_is_chosen_by_the_name_it_has_on_the_shelf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "models"))
    shelve("mine", frame_ranker(tmp_path / "any.kamodel", (1.0, 2.0)))
    assert (rankers("stills"), rankers("teaser")) == (("mine",), ())
    assert recipe_of({"stills": {"ranker": "mine"}}).stills.ranker == Path("mine")
    with pytest.raises(BadSetting, match="a learned model of this studio: mine"):
        given({"stills": {"ranker": "other"}})


def test_a_value_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(BadSetting, match="full, fast"):
        recipe_of({"scan": {"mode": "thorough"}})
