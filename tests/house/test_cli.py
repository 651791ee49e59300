"""The command line as its users meet it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from keyart.cli import main
from keyart.commands import COMMANDS
from keyart.errors import BadSetting
from keyart.media.scan import Pass, Scan
from keyart.recipe import recipe_for
from keyart.settings import Given
from keyart.types import VideoInfo
from tests.conftest import ClipFactory, Take
from tests.house.conftest import Keyart
from tests.house.test_package import SCHEMA


@pytest.fixture(scope="module")
def made(talk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole package of the talk, made by the command in this process."""
    folder = tmp_path_factory.mktemp("made")
    monkey = pytest.MonkeyPatch()
    monkey.setenv("KEYART_CACHE", str(folder / "cache"))
    assert main(["make", str(talk), "-o", str(folder / "out"), "-q"]) == 0
    monkey.undo()
    return folder / "out"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def _json(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    assert main([str(word) for word in words]) == 0
    return json.loads(capsys.readouterr().out)


def test_help_answers_at_once() -> None:
    def seconds(*words: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
        return time.perf_counter() - start

    pairs = [(seconds("-m", "keyart", "--help"), seconds("-c", "pass")) for _ in range(5)]
    assert statistics.median(ours - bare for ours, bare in pairs) < 0.2


def test_help_enters_no_room() -> None:
    heavy = "[name for name in sys.modules if name in ('numpy', 'av', 'cv2')]"
    code = f"import sys; from keyart.cli import main; main(['--help']); print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip().endswith("[]")
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_a_module_that_runs(command: str) -> None:
    module = import_module(COMMANDS[command].module)
    assert callable(module.add) and callable(module.run)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert COMMANDS[command].summary in capsys.readouterr().out


def test_flags_are_the_stages_fields(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["keyart", "frames", "--help"])
    with pytest.raises(SystemExit):
        main(["frames", "--help"])
    shown = capsys.readouterr().out
    assert "--count COUNT" in shown
    assert "--scan-mode" in shown
    assert "--shots-threshold" in shown
    assert "--titles-count" not in shown, "titles have no say in the stills"


def test_an_unknown_command_and_an_unknown_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paint"]) == 2
    assert "'paint'" in capsys.readouterr().err
    with pytest.raises(SystemExit) as left:
        main(["probe", "x.mp4", "--colour"])
    assert left.value.code == 2


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    import keyart

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"keyart {keyart.__version__}\n"


def test_make_writes_all_of_the_contract(made: Path) -> None:
    found = json.loads((made / "package.json").read_text("utf-8"))
    jsonschema.validate(found, json.loads(SCHEMA.read_text("utf-8")))
    paths = {product["path"] for product in found["products"]}
    for name in (
        "frames/01.jpg", "titles.json", "titles.txt", "teaser/teaser.gif", "teaser/teaser.webp", "teaser/teaser.mp4",
        "transcript.json", "transcript.srt", "transcript.vtt", "storyboard/storyboard.vtt", "covers/youtube_1.jpg",
        "covers/variants/still_01_anime.jpg", "cutouts/still_01.png",
    ):  # fmt: skip
        assert name in paths
        assert (made / name).stat().st_size > 0
    assert any(path.startswith("avatar/") for path in paths)
    assert {stage["name"] for stage in found["stages"]} == {
        "scan", "shots", "stills", "storyboard", "transcript", "titles", "words", "description", "covers",
        "cutouts", "variants", "avatar", "teaser", "pictures", "agreement",
    }  # fmt: skip
    assert found["titles"]
    assert all(title["supported"] for title in found["titles"][:1])
    assert (made / "index.html").read_text("utf-8").startswith("<!doctype html>")


def test_make_tells_what_it_made(
    made: Path, talk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYART_CACHE", str(made.parent / "cache"))
    assert main(["make", str(talk), "-o", "again"]) == 0
    out, err = capsys.readouterr()
    assert "covers/" in out
    assert "again" in out
    assert "teaser" in err, "each stage leaves a line"
    assert Path("again/package.json").read_bytes() == (made / "package.json").read_bytes()


def test_quiet_says_nothing(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["titles", str(talk), "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_probe_shots_frames_titles_as_json(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _json(capsys, "probe", talk, "--json")["width"] == 640
    shots = _json(capsys, "shots", talk, "--json")["shots"]
    assert [round(shot["start"]) for shot in shots] == [0, 2, 4]
    frames = _json(capsys, "frames", talk, "--json", "--count", 2)
    assert len(frames["stills"]) == 2
    assert frames["stills"][0]["terms"]
    titles = _json(capsys, "titles", talk, "--json")["titles"]
    assert len(titles) == 3
    assert {title["language"] for title in titles} == {"ru"}
    assert not list(Path().glob("*.*")), "JSON alone writes no files"


def test_frames_covers_and_teaser_write_a_folder_of_their_own(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command, name in (
        ("frames", "frames/01.jpg"),
        ("covers", "covers/youtube_1.jpg"),
        ("teaser", "teaser/teaser.gif"),
    ):
        assert main([command, str(talk)]) == 0
        assert Path(f"{talk.stem}.{COMMANDS[command].folder}", name).is_file()
    assert "teaser.gif" in capsys.readouterr().out


@pytest.mark.usefixtures("one_of_each")
def test_a_summary_is_made_where_it_is_asked_for(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "summary", talk, "--for", "telegram", "--seconds", "3", "--json")
    made = {one["path"]: one for one in found["summaries"] if one["kind"] == "summary"}
    assert set(made) == {"summaries/telegram.mp4"}
    assert all(0 < one["receipt"]["seconds"] <= 3.05 for one in made.values())
    assert main(["make", str(talk), "-o", "whole", "-q", "--for", "telegram", "--summaries-seconds", "3"]) == 0
    assert Path("whole/summaries/telegram.mp4").is_file()
    assert "summaries/telegram.mp4" in Path("whole/index.html").read_text("utf-8")
    assert main(["summary", str(talk), "--for", "cinema"]) == 1
    assert "there are: shorts" in capsys.readouterr().err


def test_fast_scan_is_said_to_be_approximate(clip: ClipFactory, capsys: pytest.CaptureFixture[str]) -> None:
    looks = ("photo-astronaut", "photo-rocket", "photo-coffee", "photo-chelsea")
    film = clip(takes=tuple(Take(look, 2.0) for look in looks), codec_options={"g": "12"})
    found = _json(capsys, "frames", film, "--json", "--scan", "fast")
    shots = next(stage for stage in found["stages"] if stage["name"] == "shots")
    assert found["stills"]
    assert shots["status"] == "degraded"
    assert "approximate" in shots["reason"]


@pytest.mark.parametrize(("words", "passes"), [((), 1), (("--scan", "fast"), 1), (("--scan-mode=fast",), 2)])
def test_the_pass_is_begun_while_rooms_are_entered(
    talk: Path, words: tuple[str, ...], passes: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that turns out to be of other settings is given up."""
    opened: list[str] = []

    def counted(of: Scan, info: VideoInfo) -> Pass:
        opened.append(of.mode)
        return Pass(of, info)

    before = threading.active_count()
    monkeypatch.setattr(Scan, "open", counted)
    shown = _json(capsys, "shots", talk, "--json", *words)
    assert len(opened) == passes and opened[-1] == ("fast" if words else "full")
    assert shown["shots"] and threading.active_count() == before


def test_explain_prints_the_receipt(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "explain", made / "frames/01.jpg", "--json")
    assert found["receipt"]["seconds"] >= 0
    assert main(["explain", str(made / "covers/youtube_1.jpg")]) == 0
    assert "youtube" in capsys.readouterr().out


def test_models_presets_doctor(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert main(["models", "list"]) == 0
    assert "silero-vad" in capsys.readouterr().out
    assert {"name", "licence", "here", "what"} <= _json(capsys, "models", "list", "--json")[0].keys()
    assert _json(capsys, "presets", "--json")["youtube"]["width"] == 1280
    assert main(["presets"]) == 0
    assert "1280x720" in capsys.readouterr().out
    found = _json(capsys, "doctor", "--json")
    assert any(check["name"] == "models: embedded" for check in found["checks"])
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "none"))
    assert main(["doctor"]) == 0
    assert "keyart models pull embedded" in capsys.readouterr().out
    assert main(["models", "where"]) == 0
    assert str(tmp_path / "none") in capsys.readouterr().out


def test_an_error_is_one_line_and_verbose_shows_its_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["make", "nothing.mp4"]) == 1
    assert capsys.readouterr().err == "keyart: nothing.mp4: no such file\n"
    assert main(["make", "nothing.mp4", "-v"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_settings_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "keyart.toml").write_text("[stills]\ncount = 4\n[titles]\ncount = 4\n[scan]\nmode = 'fast'\n")
    monkeypatch.setenv("KEYART_TITLES_COUNT", "5")
    recipe = recipe_for(tmp_path / "talk.mp4", [Given("scan", "mode", "full", "--scan-mode")], seed=7)
    assert (recipe.stills.count, recipe.titles.count, recipe.scan.mode) == (4, 5, "full")


def test_an_unknown_section_is_named(tmp_path: Path) -> None:
    (tmp_path / "keyart.toml").write_text("[paint]\ncolour = 4\n")
    with pytest.raises(BadSetting, match="paint"):
        recipe_for(tmp_path / "talk.mp4", [])


def test_a_pipe_that_closes_early_is_no_error(talk: Path) -> None:
    command = f'"{sys.executable}" -m keyart probe "{talk}" --json | head -c 1'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_the_command_is_installed(keyart: Keyart) -> None:
    assert keyart("presets").status == 0


def test_models_are_listed_with_their_licence_and_taken_in_by_hand(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "store"))
    assert main(["models", "list", "--json"]) == 0
    cards = {card["name"]: card for card in json.loads(capsys.readouterr().out)}
    assert cards["yolov8n"]["permissive"] is False and cards["clip-vit-b32"]["permissive"] is True
    assert main(["models", "add", "no-such-model", str(tmp_path)]) == 1
    assert "no-such-model" in capsys.readouterr().err
    weights = tmp_path / "modnet.onnx"
    weights.write_bytes(b"weights")
    assert main(["models", "add", "modnet", str(weights)]) == 0
    assert Path(capsys.readouterr().out.strip()).read_bytes() == b"weights"
