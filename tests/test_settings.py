"""Defaults, config files, environment, flags: the later one wins, and what is wrong is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from keyart.errors import BadSetting
from keyart.settings import (
    Given,
    applied,
    config_files,
    parsed,
    read_config,
    read_environment,
    settings_of,
)


@dataclass(frozen=True)
class _Stage:
    """A stage."""

    count: int = 8
    """How many, 1 ... 100."""
    share: float = 0.5
    mode: Literal["full", "fast"] = "full"
    """How to look,
    in two lines."""
    clean: bool = False
    names: tuple[str, ...] = ("a",)
    sizes: tuple[int, ...] = ()
    font: Path | None = None
    inner: dict[str, int] | None = None


def test_a_stage_lists_what_a_user_can_write_down() -> None:
    found = {setting.name: setting for setting in settings_of(_Stage, with_help=True)}
    assert list(found) == ["count", "share", "mode", "clean", "names", "sizes", "font"]
    assert found["count"].help == "How many, 1 ... 100."
    assert found["mode"].help == "How to look, in two lines."
    assert found["mode"].choices == ("full", "fast")
    assert found["clean"].is_switch and found["names"].is_list and not found["count"].is_list
    assert found["font"].kind is Path


@pytest.mark.parametrize(
    ("name", "came", "becomes"),
    [
        ("count", "12", 12),
        ("count", 12, 12),
        ("share", "0.25", 0.25),
        ("share", 1, 1.0),
        ("mode", "fast", "fast"),
        ("clean", "yes", True),
        ("clean", False, False),
        ("names", "x, y,", ("x", "y")),
        ("names", ["x"], ("x",)),
        ("sizes", "1,2", (1, 2)),
        ("font", "a.ttf", Path("a.ttf")),
    ],
)
def test_text_and_config_values_become_the_fields_type(name: str, came: object, becomes: object) -> None:
    stage = applied(_Stage(), "s", [Given("s", name, came, "here")])
    assert getattr(stage, name) == becomes


@pytest.mark.parametrize(
    ("name", "came"),
    [("count", "many"), ("count", 1.5), ("count", True), ("mode", "slow"), ("clean", "perhaps"), ("sizes", "a")],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, came: object) -> None:
    with pytest.raises(BadSetting, match=f"here: {name} cannot be"):
        applied(_Stage(), "s", [Given("s", name, came, "here")])


def test_choices_stand_in_the_message() -> None:
    setting = next(one for one in settings_of(_Stage) if one.name == "mode")
    with pytest.raises(BadSetting, match="allowed: full, fast"):
        parsed(setting, "slow", "--mode")


def test_later_wins_and_other_sections_are_let_alone() -> None:
    given = [Given("s", "count", 1, "config"), Given("t", "count", 2, "config"), Given("s", "count", "3", "flag")]
    assert applied(_Stage(), "s", given).count == 3


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(BadSetting, match="has no setting 'colour'; it has: count"):
        applied(_Stage(), "s", [Given("s", "colour", 1, "x")])


def test_config_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "home/keyart").mkdir(parents=True)
    (tmp_path / "home/keyart/keyart.toml").write_text("[s]\ncount = 1\n")
    (tmp_path / "keyart.toml").write_text('[s]\nmode = "fast"\n')
    files = config_files(tmp_path / "talk.mp4")
    assert [path.parent.name for path in files] == ["keyart", tmp_path.name]
    stage = applied(_Stage(), "s", [one for path in files for one in read_config(path)])
    assert (stage.count, stage.mode) == (1, "fast")


@pytest.mark.parametrize("text", ["count = 1", "[s\n", "\x00"])
def test_a_config_that_is_no_config_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keyart.toml"
    path.write_text(text)
    with pytest.raises(BadSetting, match=r"keyart\.toml"):
        list(read_config(path))


def test_variables_carry_section_and_field() -> None:
    found = list(read_environment({"s": _Stage}, {"KEYART_S_COUNT": "4", "KEYART_T_COUNT": "5", "KEYART_CACHE": "/x"}))
    assert [(one.section, one.name, one.value, one.where) for one in found] == [("s", "count", "4", "KEYART_S_COUNT")]
