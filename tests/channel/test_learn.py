"""What past covers have in common: exact for keyart's own, measured for others, nothing guessed."""

from __future__ import annotations

import argparse
import io
import json
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from keyart.channel import command
from keyart.channel.learn import learn, look_of, written
from keyart.channel.lettering import font_of, seen_in
from keyart.channel.memory import read_channel
from keyart.covers import MakeAvatar, MakeCovers
from keyart.covers.typefaces import named_fonts
from keyart.errors import BadSetting, MissingFile, OutputProblem
from keyart.recipe import recipe_for
from keyart.types import RGB, Frame, Headline, Product, Still, VideoInfo
from tests.nearness.pictures import scene

INFO = VideoInfo(Path("a.mp4"), "mp4", 1, 0, "h264", "yuv420p", 64, 36, 64, 36, Fraction(1), 0, False, 25.0, 9.0, 0.0)


def _cover(stage: MakeCovers, seed: int, text: str) -> Product:
    still = Still(1, Frame(scene(seed, 640, 360), 1.0), 0, 0.5, ())
    headline = Headline(text, "en", 0.0, 0.0, "", False, 1.0, "user")
    (product,) = stage(INFO, [still], [headline]).value
    return product


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three covers of one channel."""
    folder = tmp_path_factory.mktemp("own")
    stage = MakeCovers(
        presets=("youtube",), count=1, template="panel", font="DejaVu Sans Bold", colour="#ff5a36", case="upper",
        position="left", dark="#101a3a",
    )  # fmt: skip
    for seed, text in enumerate(("The old bridge", "Nine rules", "A night train"), 1):
        (folder / f"{seed}.jpg").write_bytes(_cover(stage, seed, text).data)
    return folder


def test_covers_of_keyarts_own_are_read_exactly(own: Path, tmp_path: Path) -> None:
    channel, learnt = learn([own], tmp_path / "channel.toml")
    assert channel.font.name == "DejaVu Sans Bold"
    assert (channel.palette.accent, channel.palette.dark) == ("#ff5a36", "#101a3a")
    assert channel.cover.templates == ("panel",)
    assert channel.cover.case == "upper"
    assert channel.cover.position == "left"
    assert all(one.confidence == 1.0 for one in learnt if one.key in ("font.name", "palette.accent", "cover.templates"))


def test_what_is_written_is_read_again_and_makes_covers_of_that_look(own: Path, tmp_path: Path) -> None:
    path = tmp_path / "channel.toml"
    path.write_text(written(*learn([own], path)), "utf-8")
    again = read_channel(path)
    recipe = recipe_for(None, (), channel=again)
    facts = _cover(replace(recipe.covers, presets=("youtube",), count=1), 9, "Wolves").receipt.facts
    assert (facts["template"], facts["font"]["name"], facts["accent"]) == ("panel", "DejaVu Sans Bold", "#ff5a36")
    assert facts["lines"] == ["WOLVES"]


def test_what_the_covers_do_not_agree_on_is_unknown(tmp_path: Path) -> None:
    choices = (("panel", "#ff0000", "Roboto Black"), ("shade", "#00c0ff", "DejaVu Sans Bold"),
               ("outline", "#80ff00", "DejaVu Serif Bold"), ("plate", "#ffd000", "Roboto Medium"))  # fmt: skip
    for seed, (template, colour, font) in enumerate(choices, 1):
        stage = MakeCovers(presets=("youtube",), count=1, template=template, colour=colour, font=font)
        (tmp_path / f"{seed}.jpg").write_bytes(_cover(stage, seed, "A night on the river").data)
    channel, learnt = learn([tmp_path], tmp_path / "channel.toml")
    assert (channel.font.name, channel.palette.accent, channel.cover.templates) == ("", "", ())
    assert channel.palette.dark == ""
    text = written(channel, learnt)
    assert "# accent: unknown" in text and "# templates: unknown" in text
    assert tomllib.loads(text)["avatar"] == {}


# --- covers of others ---------------------------------------------------------------------------------------------


def _drawn(seed: int, lines: Sequence[str], font: str, ink: tuple[int, int, int], at: tuple[int, int]) -> RGB:
    image = Image.fromarray((scene(seed, 1280, 720) // 3).astype(np.uint8))
    face = ImageFont.truetype(named_fonts()[font].path, 110)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((at[0], at[1] + 140 * number), line, font=face, fill=ink)
    return np.asarray(image, np.uint8)


WORDS = (("THE OLD", "BRIDGE"), ("NINE GOLD", "HUNTERS"), ("A NIGHT", "ON WATER"), ("BREAD AND", "SILENCE"))


def test_lettering_of_others_is_measured(tmp_path: Path) -> None:
    for seed, lines in enumerate(WORDS):
        image = _drawn(seed, lines, "DejaVu Sans Bold", (255, 214, 10), (60, 380))
        Image.fromarray(image).save(tmp_path / f"{seed}.png")
    channel, learnt = learn([tmp_path], tmp_path / "channel.toml")
    said = {one.key: one for one in learnt}
    red, green, blue = bytes.fromhex(channel.palette.text.lstrip("#"))
    assert abs(red - 255) < 12 and abs(green - 214) < 12 and abs(blue - 10) < 24
    assert channel.cover.position in ("bottom", "bottom left")
    assert channel.cover.case == "upper"
    assert said["cover.templates"].value == "" and "keyart did not make" in said["cover.templates"].why
    assert channel.font.name in ("", "DejaVu Sans Bold", "DejaVu Sans Condensed Bold")


def test_a_font_is_named_where_its_glyphs_fit_and_no_other_family_does() -> None:
    def letters(name: str, text: str) -> list[NDArray[np.bool_]]:
        face, found = ImageFont.truetype(named_fonts()[name].path, 80), []
        for letter in text:
            left, top, right, bottom = face.getbbox(letter)
            picture = Image.new("L", (round(right - left), round(bottom - top)), 0)
            ImageDraw.Draw(picture).text((-left, -top), letter, font=face, fill=255)
            found.append(np.asarray(picture) > 127)
        return found

    font, sureness = font_of(letters("DejaVu Serif Bold", "THEOLDBRIGAMN"))
    assert font.startswith("DejaVu Serif") and sureness > 0.5
    random = np.random.default_rng(0)
    assert font_of([random.random((40, 30)) > 0.5 for _ in range(20)]) == ("", 0.0)
    assert font_of(letters("DejaVu Serif Bold", "ABC")) == ("", 0.0)


def test_a_picture_without_lettering_says_nothing(tmp_path: Path) -> None:
    smooth = np.full((360, 640, 3), 90, np.uint8)
    assert seen_in(smooth) is None
    Image.fromarray(smooth).save(tmp_path / "a.png")
    channel, learnt = learn([tmp_path], tmp_path / "channel.toml")
    assert all(one.value == "" for one in learnt)
    assert "unknown" in written(channel, learnt)


def test_what_is_no_cover_is_passed_over(tmp_path: Path, own: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    assert look_of(tmp_path / "a.jpg") is None
    with pytest.raises(BadSetting, match="no cover to learn from"):
        learn([tmp_path], tmp_path / "channel.toml")
    with pytest.raises(MissingFile):
        learn([tmp_path / "nowhere"], tmp_path / "channel.toml")
    package = tmp_path / "a.keyart"
    (package / "covers").mkdir(parents=True)
    (package / "package.json").write_text("{}")
    (package / "covers" / "youtube_1.jpg").write_bytes((own / "1.jpg").read_bytes())
    for place in (package, tmp_path):
        assert learn([place], tmp_path / "channel.toml")[0].cover.templates == ("panel",)


def test_the_command_writes_a_channel_once(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: object) -> int:
        parser = argparse.ArgumentParser()
        command.add(parser)
        return command.run(parser.parse_args([str(word) for word in words]))

    path = tmp_path / "made" / "channel.toml"
    assert run("learn", own, "-o", path) == 0
    assert "DejaVu Sans Bold" in capsys.readouterr().out
    with pytest.raises(OutputProblem, match="--force"):
        run("learn", own, "-o", path)
    assert run("learn", own / "1.jpg", "-o", path, "--force", "--json") == 0
    assert json.loads(capsys.readouterr().out)["learnt"][0]["key"] == "font.name"
    with pytest.raises(OutputProblem, match="cannot be written"):
        run("learn", own, "-o", own / "1.jpg" / "channel.toml")


# --- what a channel's settings do to the products ---------------------------------------------------------------


def test_only_the_templates_and_grounds_of_the_channel_are_taken() -> None:
    dark = MakeCovers(presets=("youtube",), count=1, template="panel", dark="#101a3a")
    for seed in (1, 2):
        product = _cover(dark, seed, "The old bridge")
        with Image.open(io.BytesIO(product.data)) as file:
            pixels = np.asarray(file.convert("RGB"), np.int16).reshape(-1, 3)
        near = np.abs(pixels - np.array([0x10, 0x1A, 0x3A])).max(axis=1) < 8
        assert near.mean() > 0.2, "the panel is of the channel's dark, whatever the picture"
    both = MakeCovers(presets=("youtube",), count=1, template="shade, panel")
    assert {_cover(both, seed, "Bread").receipt.facts["template"] for seed in (1, 2)} <= {"shade", "panel"}
    with pytest.raises(BadSetting, match="no template is called 'nope'"):
        MakeCovers(template="panel,nope")


def test_a_channels_portrait_is_its_avatar(tmp_path: Path) -> None:
    Image.fromarray(scene(5, 400, 400)).save(tmp_path / "me.png")
    stage = MakeAvatar(looks=("natural",), picture=tmp_path / "me.png", colour="#ff5a36")
    still = Still(1, Frame(scene(1, 640, 360), 7.0), 0, 0.5, ())
    one, other = stage(INFO, [still]).value, stage(INFO, []).value
    assert [product.data for product in one] == [product.data for product in other]
    with pytest.raises(BadSetting, match="no font is called"):
        MakeAvatar(font="No Such Face")
