"""channel.toml: found, read, turned into settings, weaker than what a video's own files and flags say."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from keyart.channel import command, find_channel, given_by, read_channel
from keyart.errors import BadSetting, MissingFile
from keyart.recipe import recipe_for
from keyart.settings import Given

WHOLE = """
language = "ru"
avoid = ["шок", "crypto*"]
index = "channel.near"
[font]
name = "Roboto Bold"
[palette]
accent = "#ff5a36"
text = "#fefefe"
dark = "#101a3a"
paper = "#fff6e8"
[cover]
templates = ["panel", "shade"]
position = "left"
case = "upper"
outline = "4 #102030"
size = 12
look = "cinematic"
[avatar]
looks = ["medallion"]
picture = "me.png"
"""


@pytest.fixture(autouse=True)
def _nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYART_CHANNEL", raising=False)
    monkeypatch.setattr("keyart.settings.user_config_path", lambda _: tmp_path / "config")


def _write(folder: Path, text: str = WHOLE, name: str = "channel.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_every_key_reaches_its_stage(tmp_path: Path) -> None:
    channel = read_channel(_write(tmp_path))
    recipe = recipe_for(None, (), channel=channel)
    covers, avatar = recipe.covers, recipe.avatar
    assert recipe.speech.language == "ru"
    assert recipe.titles.avoid == ("шок", "crypto*")
    assert (covers.font, covers.colour, covers.text_colour) == ("Roboto Bold", "#ff5a36", "#fefefe")
    assert (covers.dark, covers.paper, covers.template) == ("#101a3a", "#fff6e8", "panel,shade")
    assert (covers.position, covers.case, covers.outline, covers.size) == ("left", "upper", "4 #102030", 12.0)
    assert covers.look == "cinematic"
    assert (avatar.font, avatar.colour, avatar.dark, avatar.paper) == ("Roboto Bold", "#ff5a36", "#101a3a", "#fff6e8")
    assert (avatar.looks, avatar.picture) == (("medallion",), tmp_path / "me.png")
    assert channel.index_folder == tmp_path / "channel.near"


def test_an_empty_channel_changes_nothing(tmp_path: Path) -> None:
    channel = read_channel(_write(tmp_path, ""))
    assert given_by(channel) == []
    assert channel.index_folder is None
    assert recipe_for(None, (), channel=channel).covers == recipe_for(None, ()).covers


def test_the_particular_wins_over_the_general(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own config, the channel, the config beside the video, the environment, the flags."""
    channel = read_channel(_write(tmp_path, '[palette]\naccent = "#222222"\n[cover]\nposition = "top"\ncase = "upper"'))
    _write(tmp_path / "config", '[covers]\ncolour = "#111111"\nfill = "blur"', "keyart.toml")
    _write(tmp_path / "videos", '[covers]\nposition = "left"', "keyart.toml")
    monkeypatch.setenv("KEYART_COVERS_CASE", "lower")
    covers = recipe_for(tmp_path / "videos" / "a.mp4", (), channel=channel).covers
    assert (covers.fill, covers.colour, covers.position, covers.case) == ("blur", "#222222", "left", "lower")
    flag = [Given("covers", "colour", "#333333", "--covers-colour")]
    assert recipe_for(tmp_path / "videos" / "a.mp4", flag, channel=channel).covers.colour == "#333333"


def test_a_channel_is_found_by_name_by_variable_or_beside_the_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = tmp_path / "videos" / "a.mp4"
    assert find_channel(video) is None
    beside, other = _write(video.parent, 'language = "en"'), _write(tmp_path / "other")
    assert find_channel(video) == read_channel(beside)
    monkeypatch.setenv("KEYART_CHANNEL", str(other))
    assert find_channel(video) == read_channel(other)
    assert find_channel(video, beside) == read_channel(beside)
    assert find_channel(video, "none") is None
    assert find_channel() == read_channel(other)
    with pytest.raises(MissingFile, match="keyart channel learn"):
        find_channel(video, tmp_path / "no.toml")


def test_a_font_file_beside_the_channel_is_meant(tmp_path: Path) -> None:
    (tmp_path / "My.ttf").write_bytes(b"")
    channel = read_channel(_write(tmp_path, '[font]\nname = "My.ttf"'))
    assert {one.value for one in given_by(channel)} == {str(tmp_path / "My.ttf")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "has no key colour; it has: language, avoid, index"),
        ("[palette]\nacent = '#fff'", "has no key acent; it has: accent, text, dark, paper"),
        ("font = 'Roboto'", "is a table"),
        ("avoid = [1]", "a list of words"),
        ("language = 5", "a piece of text"),
        ("[cover]\nsize = 'big'", "a number"),
        ("[cover]\nsize = true", "a number"),
        ("avoid = [", "not a readable channel file"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        read_channel(_write(tmp_path, text))


def test_bytes_that_are_no_text_are_said(tmp_path: Path) -> None:
    (tmp_path / "channel.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSetting, match="not a readable channel file"):
        read_channel(tmp_path / "channel.toml")


@pytest.mark.parametrize(
    "text", ["[palette]\naccent = 'red'", "[cover]\ntemplates = ['panel', 'nope']", "[font]\nname = 'No Such Face'"]
)
def test_what_no_stage_allows_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSetting):
        recipe_for(None, (), channel=read_channel(_write(tmp_path, text)))


def test_words_to_avoid_are_kept_off_covers_of_the_users_own_text(tmp_path: Path) -> None:
    channel = read_channel(_write(tmp_path, 'avoid = "шок, скидка"'))
    with pytest.raises(BadSetting, match="'скидка'"):
        recipe_for(None, [Given("covers", "text", "Большие скидки", "--text")], channel=channel)
    assert recipe_for(None, [Given("covers", "text", "Большие окна", "--text")], channel=channel).covers.text


def _run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    command.add(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


def test_show_tells_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadSetting, match="no channel is in effect"):
        _run("show")
    _write(tmp_path)
    assert _run("show", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["settings"]["covers.template"] == "panel,shade"
    assert _run("show", tmp_path / "channel.toml") == 0
    assert "titles.avoid" in capsys.readouterr().out
    with pytest.raises(BadSetting):
        _run("show", _write(tmp_path, "[palette]\naccent = 'red'", "bad.toml"))
