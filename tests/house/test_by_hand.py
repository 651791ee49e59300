"""`keyart covers --at --text --format`: a cover of a named frame, without a look at the rest of the video."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image

from keyart.cache import StageCache
from keyart.cli import main
from keyart.covers import MakeCovers
from keyart.errors import BadSetting, MissingFile
from keyart.media.images import UnreadableImage, encode_image, read_image
from keyart.media.probe import probe
from keyart.media.scan import Scan
from keyart.package import manifest
from keyart.pipeline import make
from keyart.recipe import Recipe
from keyart.speech import Transcribe
from keyart.stills.by_hand import still_at
from tests.conftest import picture_of
from tests.house.test_package import SCHEMA

BY_HAND = ("--at", "2.5", "--text", "Кот и ракета", "--presets", "youtube", "--count", "1", "--template", "panel")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def undisturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks at the whole video, or listens to it, fails the test."""

    def refused(*_: object, **__: object) -> Any:
        raise AssertionError("the whole video was looked at")

    monkeypatch.setattr(Scan, "open", refused)
    monkeypatch.setattr(Transcribe, "__call__", refused)


@pytest.mark.usefixtures("undisturbed")
def test_a_cover_by_hand_looks_at_its_frame_alone(talk: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["covers", str(talk), *BY_HAND, "--format", "png", "-o", str(out), "-q"]) == 0
    files = sorted(one.relative_to(out).as_posix() for one in out.rglob("*") if one.is_file())
    assert files == ["covers/youtube_1.png", "frames/01.jpg", "package.json", "run.json"]
    told = json.loads((out / "package.json").read_text("utf-8"))
    jsonschema.validate(told, json.loads(SCHEMA.read_text("utf-8")))
    assert [one["name"] for one in told["stages"]] == ["by hand", "words", "covers", "pictures", "agreement"]
    (still,), (cover,) = told["stills"], [one for one in told["products"] if one["kind"] == "cover"]
    assert (still["origin"], still["rank"], still["seconds"]) == ("by hand", 1, 2.48)
    assert cover["receipt"]["template"] == "panel" and cover["receipt"]["headline"]["text"] == "Кот и ракета"
    assert read_image(out / "covers" / "youtube_1.png").shape == (720, 1280, 3)
    frame = still_at(probe(talk), 2.5).frame.image
    assert np.abs(read_image(out / "frames" / "01.jpg").astype(int) - frame).mean() < 2


@pytest.mark.usefixtures("undisturbed")
def test_the_same_bytes_twice_and_a_second_run_from_the_cache(talk: Path, tmp_path: Path) -> None:
    cache = StageCache(tmp_path / "stages")
    recipe = Recipe(covers=MakeCovers(("youtube",), count=1, at="2.5", text="Кот"))
    first, again = (make(talk, recipe, parts=("covers",), cache=cache) for _ in range(2))
    assert [one.data for one in first.products] == [one.data for one in again.products]
    assert all(stage.resumed for stage in again.stages) and not any(stage.resumed for stage in first.stages)
    other = make(talk, recipe, parts=("covers",), cache=StageCache(tmp_path / "other"))
    assert [one.data for one in first.products] == [one.data for one in other.products]


def test_without_a_text_the_titles_of_the_video_are_taken(talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scan, "open", lambda *_: pytest.fail("the whole video was looked at"))
    recipe = Recipe(covers=MakeCovers(("youtube",), count=2, at="0.5,2.5"))
    package = make(talk, recipe, parts=("covers",))
    covers = package.of_kind("cover")
    assert [one.receipt.facts["headline"]["text"] for one in covers] == [one.text for one in package.titles[:2]]
    assert [one.receipt.facts["seconds"] for one in covers] == [0.48, 2.48]


def test_a_text_alone_goes_on_the_ranked_stills(talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transcribe, "__call__", lambda *_: pytest.fail("the video was listened to"))
    package = make(talk, Recipe(covers=MakeCovers(("youtube",), count=1, text="Кот")), parts=("covers",))
    (cover,) = package.of_kind("cover")
    assert cover.receipt.facts["seconds"] == round(package.stills[0].seconds, 3)
    assert "origin" not in cover.receipt.facts and package.shots


def test_beside_other_parts_the_ranked_stills_stay(talk: Path) -> None:
    recipe = Recipe(covers=MakeCovers(("youtube",), count=1, at="2.5", text="Кот"))
    package = make(talk, recipe, parts=("stills", "titles", "covers"))
    assert {one.origin for one in package.stills} == {"scan"} and package.titles
    (cover,) = package.of_kind("cover")
    assert cover.receipt.facts["origin"] == "by hand" and cover.receipt.facts["seconds"] == 2.48
    told = manifest(package)
    assert "by hand" in [one["name"] for one in told["stages"]] and len(told["products"]) > len(package.stills)


def test_what_the_user_writes_is_judged_and_kept(talk: Path) -> None:
    rude = "Какого хуя"
    recipe = Recipe(covers=MakeCovers(("youtube",), count=1, at="2.5", text=rude))
    package = make(talk, recipe, parts=("covers",))
    assert [one.verdict for one in package.verdicts if one.product == "headline 1"] == ["flag"]
    (cover,) = package.of_kind("cover")
    assert cover.receipt.facts["headline"]["text"] == rude, "what the user wrote is flagged at most"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "99"), "there is no frame at 99"),
        (("--at", "now"), "'now' is no moment"),
        (("--at", "cover"), "carries no cover picture of its own"),
        (("--format", "gif"), "format cannot be 'gif'; allowed: auto, png, jpeg"),
        (("--at", "1", "--presets", "reels", "--format", "png"), "takes jpeg, not png"),
        (("--at", "1", "--font", "Nothing Sans"), "no font is called 'Nothing Sans'"),
    ],
)
def test_what_cannot_be_is_one_line(
    talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert main(["covers", str(talk), *words, "-o", str(tmp_path / "out"), "-q"]) == 1
    err = capsys.readouterr().err.strip()
    assert said in err and len(err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_help_tells_of_them(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["keyart", "covers", "--help"])
    with pytest.raises(SystemExit):
        main(["covers", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "--at AT" in shown and "a clock as 1:02.5" in shown and "--text TEXT" in shown and "{auto,png,jpeg}" in shown


def test_a_cover_in_another_look_is_made_of_the_frame(talk: Path) -> None:
    recipe = Recipe(covers=MakeCovers(("youtube",), count=1, at="0.5", text="Кот", look="duotone", format="png"))
    (cover,) = make(talk, recipe, parts=("covers",)).of_kind("cover")
    assert cover.receipt.facts["look"] == "duotone"
    assert Image.open(io.BytesIO(cover.data)).format == "PNG"


# --- a picture beside the video -----------------------------------------------------------------------------------


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    path = tmp_path / "drawn.png"
    path.write_bytes(encode_image(picture_of("scene-3", 800, 450, 0.5), "png"))
    return path


@pytest.mark.usefixtures("undisturbed")
def test_a_cover_may_be_made_of_a_picture(talk: Path, tmp_path: Path, drawn: Path) -> None:
    out = tmp_path / "out"
    words = ("--picture", str(drawn), "--text", "Кот", "--presets", "youtube", "--count", "1", "--template", "none")
    assert main(["covers", str(talk), *words, "-o", str(out), "-q"]) == 0
    told = json.loads((out / "package.json").read_text("utf-8"))
    jsonschema.validate(told, json.loads(SCHEMA.read_text("utf-8")))
    assert told["stills"][0]["origin"] == "picture" and str(drawn) not in json.dumps(told)
    cover = read_image(out / "covers" / "youtube_1.jpg")
    wanted = np.asarray(Image.fromarray(read_image(drawn)).resize((1280, 720), Image.Resampling.LANCZOS))
    assert np.corrcoef(cover.ravel(), wanted.ravel())[0, 1] > 0.95, "the same picture, its tones graded"


def test_another_picture_under_the_same_name_is_another_cover(talk: Path, tmp_path: Path, drawn: Path) -> None:
    cache = StageCache(tmp_path / "stages")
    recipe = Recipe(covers=MakeCovers(("youtube",), count=1, picture=drawn, text="Кот"))
    (first,) = make(talk, recipe, parts=("covers",), cache=cache).of_kind("cover")
    drawn.write_bytes(encode_image(picture_of("scene-4", 800, 450, 0.5), "png"))
    (other,) = make(talk, recipe, parts=("covers",), cache=cache).of_kind("cover")
    assert first.data != other.data


def test_a_picture_that_is_none_is_said(talk: Path, tmp_path: Path, drawn: Path) -> None:
    for picture, kind in ((tmp_path / "nothing.png", MissingFile), (talk, UnreadableImage)):
        recipe = Recipe(covers=MakeCovers(("youtube",), picture=picture, text="Кот"))
        with pytest.raises(kind, match=picture.name):
            make(talk, recipe, parts=("covers",))
    with pytest.raises(BadSetting, match="give one of the two"):
        MakeCovers(picture=drawn, at="1")
