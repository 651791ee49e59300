"""Bad inputs and bad moments: each with the exact outcome. Never a traceback, never half a file, never a hang."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from keyart.package import LOCK, claim
from tests.conftest import ClipFactory, Take
from tests.house.conftest import Keyart

LOOKS = ("photo-astronaut", "photo-rocket", "photo-coffee", "photo-chelsea")


@pytest.fixture(scope="session")
def film(clip: ClipFactory) -> Path:
    """Eight seconds whose index stands in front, so that its beginning can be read when its end is missing."""
    return clip(
        takes=tuple(Take(look, 2.0) for look in LOOKS),
        codec_options={"g": "12", "movflags": "faststart"},
        suffix=".mkv",
    )


@pytest.fixture(scope="session")
def film_mp4(clip: ClipFactory) -> Path:
    """The same as MP4 with its index at the end: cut short, it cannot be opened."""
    return clip(takes=tuple(Take(look, 2.0) for look in LOOKS), codec_options={"g": "12"})


def stages(folder: Path) -> dict[str, tuple[str, str]]:
    found = json.loads((folder / "package.json").read_text("utf-8"))
    return {stage["name"]: (stage["status"], stage["reason"]) for stage in found["stages"]}


def assert_whole(folder: Path) -> dict[str, Any]:
    """Every file that the manifest names is there with the bytes it names, and nothing is half-written."""
    import hashlib

    found: dict[str, Any] = json.loads((folder / "package.json").read_text("utf-8"))
    for product in found["products"]:
        data = (folder / product["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == product["sha256"], product["path"]
    assert not [one for one in folder.rglob("*") if one.name.endswith(".partial") or one.name == LOCK]
    return found


def assert_refused(done: Any, folder: Path, *words: str) -> None:
    assert done.status == 1
    assert len(done.error_lines) == 1, done.err
    for word in words:
        assert word in done.error_lines[0]
    assert not folder.exists()


# --- files that are no video --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("zero.mp4", b""),
        ("text.mp4", "это просто текст\n".encode() * 500),
        ("noise.mkv", np.random.default_rng(0).bytes(30_000)),
        ("box.mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(64)),
    ],
)
def test_a_file_that_is_no_video_is_one_clear_line(name: str, data: bytes, tmp_path: Path, keyart: Keyart) -> None:
    (tmp_path / name).write_bytes(data)
    assert_refused(keyart("make", name, "-o", "out"), tmp_path / "out", name)


def test_a_missing_file_a_directory_and_an_address(tmp_path: Path, keyart: Keyart) -> None:
    (tmp_path / "folder.mp4").mkdir()
    assert_refused(keyart("make", "nowhere.mp4", "-o", "out"), tmp_path / "out", "nowhere.mp4", "no such file")
    assert_refused(keyart("make", "folder.mp4", "-o", "out"), tmp_path / "out", "folder.mp4")
    assert_refused(keyart("make", "https://example.org/a.mp4", "-o", "out"), tmp_path / "out", "example.org")


def test_sound_without_pictures(tmp_path: Path, keyart: Keyart) -> None:
    with av.open(str(tmp_path / "sound.m4a"), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        wave = np.sin(np.arange(32000) / 20, dtype=np.float32)[None] * 0.1
        frame = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert_refused(keyart("make", "sound.m4a", "-o", "out"), tmp_path / "out", "sound.m4a", "no pictures")


# --- damaged videos -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.usefixtures("one_of_each")
def test_a_truncated_file_is_a_certified_partial_package(
    share: float, film: Path, tmp_path: Path, keyart: Keyart
) -> None:
    data = film.read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: int(len(data) * share)])
    done = keyart("make", "cut.mkv", "-o", "out")
    assert done.status == 0, done.err
    found = assert_whole(tmp_path / "out")
    assert found["stills"]
    status, reason = stages(tmp_path / "out")["scan"]
    assert status == "degraded"
    assert reason
    assert found["shots"][-1]["end"] <= 8 * share + 1.5


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_without_its_index_is_refused(
    share: float, film_mp4: Path, tmp_path: Path, keyart: Keyart
) -> None:
    data = film_mp4.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: int(len(data) * share)])
    assert_refused(keyart("make", "cut.mp4", "-o", "out"), tmp_path / "out", "cut.mp4")


def test_a_corrupted_middle_is_stepped_over(film_mp4: Path, tmp_path: Path, keyart: Keyart) -> None:
    data = bytearray(film_mp4.read_bytes())
    start, length = int(len(data) * 0.4), int(len(data) * 0.1)
    data[start : start + length] = np.random.default_rng(1).bytes(length)
    (tmp_path / "torn.mp4").write_bytes(data)
    done = keyart("make", "torn.mp4", "-o", "out")
    assert done.status == 0, done.err
    found = assert_whole(tmp_path / "out")
    assert found["stills"]
    assert found["shots"][-1]["end"] == pytest.approx(8.0, abs=0.5)


# --- odd but whole ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_of_each")
def test_one_frame(tmp_path: Path, clip: ClipFactory, keyart: Keyart) -> None:
    path = clip(takes=(Take("photo-astronaut", 0.04),), size_px=(640, 360))
    assert keyart("make", path, "-o", "out").status == 0
    assert len(assert_whole(tmp_path / "out")["stills"]) == 1


@pytest.mark.usefixtures("one_of_each")
def test_half_a_second(tmp_path: Path, clip: ClipFactory, keyart: Keyart) -> None:
    path = clip(takes=(Take("photo-coffee", 0.5),), size_px=(640, 360))
    assert keyart("make", path, "-o", "out").status == 0
    assert assert_whole(tmp_path / "out")["stills"][0]["seconds"] <= 0.5


def _blank(path: Path, size: tuple[int, int], num_frames: int, rate: Fraction, codec: str, pixel_format: str) -> None:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(
            codec, rate=rate, options={"preset": "ultrafast"} if codec == "libx264" else {}
        )
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        frame = av.VideoFrame.from_ndarray(np.zeros((size[1], size[0], 3), np.uint8), "rgb24").reformat(
            format=pixel_format
        )
        for number in range(num_frames):
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_four_hours_of_black_offer_nothing(tmp_path: Path, keyart: Keyart) -> None:
    _blank(tmp_path / "night.mp4", (128, 72), 4 * 3600, Fraction(1), "libx264", "yuv420p")
    assert_refused(keyart("make", "night.mp4", "-o", "out"), tmp_path / "out", "night.mp4", "black")


def test_one_pixel_offers_nothing(tmp_path: Path, keyart: Keyart) -> None:
    _blank(tmp_path / "dot.mkv", (1, 1), 10, Fraction(10), "ffv1", "bgr0")
    assert_refused(keyart("make", "dot.mkv", "-o", "out"), tmp_path / "out", "dot.mkv")


@pytest.mark.usefixtures("one_of_each")
def test_8k(tmp_path: Path, clip: ClipFactory, keyart: Keyart) -> None:
    path = clip(takes=(Take("photo-astronaut", 0.3),), size_px=(7680, 4320), frames_per_second=Fraction(10))
    assert keyart("make", path, "-o", "out").status == 0
    assert_whole(tmp_path / "out")


@pytest.mark.usefixtures("one_of_each")
def test_names_with_spaces_quotes_and_cyrillic(tmp_path: Path, clip: ClipFactory, keyart: Keyart) -> None:
    path = tmp_path / 'мой "фильм" #1 $HOME.mp4'
    shutil.copyfile(clip(takes=(Take("photo-coffee", 1.0),)), path)
    assert keyart("make", path).status == 0
    assert_whole(tmp_path / 'мой "фильм" #1 $HOME.keyart')


@pytest.mark.usefixtures("one_of_each")
def test_a_name_that_is_no_utf_8(tmp_path: Path, clip: ClipFactory, keyart: Keyart) -> None:
    """A letter of an old Russian disk: the name is told with replacement characters, the folder keeps its bytes."""
    path = tmp_path / os.fsdecode("фильм.mp4".encode("cp1251"))
    shutil.copyfile(clip(takes=(Take("photo-coffee", 2.0),)), path)
    path.with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nСегодня мы варим хороший кофе.\n", "utf-8")
    strict = {"PYTHONIOENCODING": "utf-8:strict"}  # where a terminal takes any byte, the name's own are printed
    done = keyart("make", path, env=strict)
    assert (done.status, done.error_lines) == (0, [])
    found = assert_whole(path.with_suffix(".keyart"))
    assert found["source"]["name"] == "\ufffd" * 5 + ".mp4"
    transcript = json.loads((path.with_suffix(".keyart") / "transcript.json").read_text("utf-8"))
    assert transcript["source"] == "sidecar " + "\ufffd" * 5 + ".srt"
    assert os.fsencode(done.out.splitlines()[-1]).endswith(rb"\udcf4\udce8\udceb\udcfc\udcec.keyart")
    words = keyart("titles", path.with_suffix(".srt"), "--json", env={"PYTHONIOENCODING": "ascii:strict"})
    assert json.loads(words.out)["source"] == "\ufffd" * 5 + ".srt"


# --- bad places to write ------------------------------------------------------------------------------------------


def test_an_output_that_is_a_file(tmp_path: Path, talk: Path, keyart: Keyart) -> None:
    (tmp_path / "out").write_text("mine")
    done = keyart("make", talk, "-o", "out")
    assert (done.status, len(done.error_lines)) == (1, 1)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_folder_with_other_peoples_files(tmp_path: Path, talk: Path, keyart: Keyart) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.doc").write_text("mine")
    done = keyart("make", talk, "-o", "out")
    assert done.status == 1
    assert "holds other files" in done.error_lines[0]
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["thesis.doc"]


def test_a_place_that_nobody_can_write(talk: Path, keyart: Keyart) -> None:
    done = keyart("make", talk, "-o", "/proc/keyart-out")
    assert (done.status, len(done.error_lines)) == (1, 1)
    assert "cannot be written" in done.error_lines[0]


def _inside_a_mount(options: str, folder: Path, *words: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """The command in a mount namespace of its own, where `folder` is a small or read-only disk."""
    script = f'mount -t tmpfs -o {options} tmpfs "{folder}" && shift && exec "$@"'
    command = [
        "unshare",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        script,
        "sh",
        "-",
        sys.executable,
        "-m",
        "keyart",
        *words,
    ]
    if subprocess.run([*command[:3], "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system allows no mounts of one's own")
    environment = {**os.environ, "KEYART_CACHE": str(cache)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


def test_a_read_only_disk(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    done = _inside_a_mount(
        "ro", tmp_path / "disk", "make", str(talk), "-o", str(tmp_path / "disk/out"), cache=tmp_path / "c"
    )
    assert done.returncode == 1, done.stderr
    assert "read-only" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("one_of_each")
def test_a_full_disk(talk: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ("make", str(talk), "-o", str(disk / "out"))
    done = _inside_a_mount("size=100k", disk, *words, cache=tmp_path / "cache")
    assert done.returncode == 1, done.stderr
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("one_of_each")
def test_a_full_disk_under_the_cache_stops_nobody(talk: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    done = _inside_a_mount("size=100k", disk, "make", str(talk), "-o", str(tmp_path / "out"), cache=disk / "cache")
    assert done.returncode == 0, done.stderr
    assert_whole(tmp_path / "out")


@pytest.mark.usefixtures("one_of_each")
def test_a_limit_on_file_size_takes_everything_back(talk: Path, tmp_path: Path) -> None:
    # set in the new process: between fork and exec a process that has threads may do nothing
    limited = (
        "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000));"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    environment = {**os.environ, "KEYART_CACHE": str(tmp_path / "cache")}
    words = ["-m", "keyart", "make", str(talk), "-o", str(tmp_path / "out")]
    command = [sys.executable, "-c", limited, *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert not (tmp_path / "out").exists()


# --- bad moments --------------------------------------------------------------------------------------------------


def _started(talk: Path, tmp_path: Path, **options: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "KEYART_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "keyart", "make", str(talk), "-o", str(tmp_path / "out")]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


@pytest.mark.parametrize("delay", [0.35, 0.7, 1.1, 1.6, 2.2])
def test_interrupted_at_any_moment(delay: float, talk: Path, tmp_path: Path) -> None:
    process = _started(talk, tmp_path)
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert "Traceback" not in err
    if process.returncode == 0:  # it was done before the signal came
        assert_whole(tmp_path / "out")
    else:
        assert process.returncode == 130
        assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("one_of_each")
def test_a_killed_run_goes_on_from_its_last_whole_stage(talk: Path, tmp_path: Path, keyart: Keyart) -> None:
    process = _started(talk, tmp_path)
    for _ in range(2000):
        if any((tmp_path / "cache").glob("*.stage")) or process.poll() is not None:
            break
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert keyart("make", talk, "-o", "out").status == 0
    assert_whole(tmp_path / "out")
    run = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    assert any(stage["resumed"] for stage in run["stages"])


@pytest.mark.usefixtures("one_of_each")
def test_two_runs_on_one_folder(talk: Path, tmp_path: Path, keyart: Keyart) -> None:
    with claim(tmp_path / "out"):
        done = keyart("make", talk, "-o", "out")
    assert done.status == 1
    assert "another run" in done.error_lines[0]
    assert keyart("make", talk, "-o", "out").status == 0
    assert_whole(tmp_path / "out")


def test_the_same_input_gives_the_same_bytes(talk: Path, tmp_path: Path, keyart: Keyart) -> None:
    assert what_differs("make", talk, tmp_path, keyart) == ["run.json"]


def test_the_same_damaged_input_gives_the_same_bytes(patched: Path, tmp_path: Path, keyart: Keyart) -> None:
    assert what_differs("teaser", patched, tmp_path, keyart) == ["run.json"]
    status, reason = stages(tmp_path / "a")["scan"]
    assert status == "degraded" and "patched up" in reason


def what_differs(command: str, video: Path, tmp_path: Path, keyart: Keyart) -> list[str]:
    """Between two packages of one video, neither of which knew of the other."""
    for name in ("a", "b"):
        assert keyart(command, video, "-o", name, env={"KEYART_CACHE": str(tmp_path / f"cache-{name}")}).status == 0
    first, second = (
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()} for n in "ab"
    )
    assert first.keys() == second.keys()
    return [str(name) for name in first if first[name] != second[name]]
