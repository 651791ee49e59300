"""A process for every video: what it answers, what it may take, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.studio import is_alive
from keyart.errors import BadSetting, LicenceRefused, MissingExtra, MissingModel, UnreadableVideo
from keyart.leash import Talk, as_it_was
from keyart.studio.options import GIGABYTE, Studio
from keyart.studio.works import running
from keyart.studio.works.running import BroughtDown, Leash, Limits, OverLimit, Stopped, limits_for, run_child
from tests.conftest import ClipFactory

Wait = Callable[..., None]
REPO = Path(__file__).resolve().parents[2]
SEARCHED = os.pathsep.join(filter(None, (str(REPO), os.environ.get("PYTHONPATH"))))


@pytest.fixture
def rough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child of `rough.py` in place of the real one."""
    monkeypatch.setattr(running, "CHILD", "tests.studio.rough")
    monkeypatch.setenv("PYTHONPATH", SEARCHED)


def limits(**given: Any) -> Limits:
    usual: dict[str, Any] = {"wall_seconds": 30.0, "cpu_seconds": 60.0, "memory_bytes": 2 * GIGABYTE}
    return Limits(**{**usual, **given})


def test_a_video_is_looked_at(options: Studio, clip: ClipFactory) -> None:
    found = run_child("probe", {"path": str(clip())}, options=options)
    assert (found["width"], found["height"], found["duration"]) == (320, 180, 3.0)


def test_an_error_comes_back_as_the_kind_it_was(options: Studio, tmp_path: Path) -> None:
    path = tmp_path / "source.mp4"
    path.write_bytes(b"no video at all")
    with pytest.raises(UnreadableVideo) as caught:
        run_child("probe", {"path": str(path), "name": "мой клип.mp4"}, options=options)
    assert str(caught.value).startswith("мой клип.mp4: ")
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_package_is_made_and_told_of(options: Studio, clip: ClipFactory, tmp_path: Path) -> None:
    heard: list[Any] = []
    request = {
        "path": str(clip(tone_hz=440)),
        "name": "Красный трактор.mp4",
        "settings": {"covers": {"presets": "youtube", "count": 1}},
        "folder": str(tmp_path / "package"),
        "cache": str(options.cache_folder),
    }
    found = run_child("make", request, options=options, on_line=heard.append)
    assert (tmp_path / "package" / "package.json").is_file()
    assert found["titles"]
    ended = {line["end"]: line["status"] for line in heard if "end" in line}
    assert ended["scan"] == "ok" and ended["covers"] in ("ok", "degraded")
    assert heard[-1] == {"done": found}
    assert list(options.cache_folder.glob("*.stage"))
    assert not list(options.cache_folder.glob("*.partial"))


def test_settings_that_the_web_may_not_set_are_refused(options: Studio, clip: ClipFactory, tmp_path: Path) -> None:
    request = {
        "path": str(clip()),
        "name": "a.mp4",
        "settings": {"covers": {"font": "/etc/passwd"}},
        "folder": str(tmp_path / "package"),
        "cache": str(options.cache_folder),
    }
    with pytest.raises(BadSetting, match="cannot be set here"):
        run_child("make", request, options=options)
    assert not (tmp_path / "package").exists()


# --- what it may take ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "most", "kind", "text"),
    [
        ("hang", {"wall_seconds": 1.0}, OverLimit, "it took more than 1 seconds, and was stopped"),
        ("spin", {"cpu_seconds": 1.0}, OverLimit, "more than 1 seconds of processor time"),
        ("grow", {"memory_bytes": 300_000_000}, OverLimit, "more than 0.3 GB of memory"),
        ("grow-at-once", {"memory_bytes": GIGABYTE}, OverLimit, "more memory than it may have"),
        ("chatter", {}, OverLimit, "more words"),
        ("crash", {}, BroughtDown, "SIGSEGV"),
        ("fault", {}, BroughtDown, "please report it .ZeroDivisionError: a fault."),
        ("no-such-verb", {}, BroughtDown, "exit status 1"),
    ],
)
@pytest.mark.usefixtures("rough")
def test_what_goes_wrong_is_one_clear_line(
    options: Studio, verb: str, most: dict[str, Any], kind: type[Exception], text: str
) -> None:
    begun = time.monotonic()
    with pytest.raises(kind, match=text) as caught:
        run_child(verb, {"path": "x"}, options=options, limits=limits(**most))
    assert "\n" not in str(caught.value)
    assert time.monotonic() - begun < 20


@pytest.mark.usefixtures("rough")
def test_no_file_grows_without_end(options: Studio, tmp_path: Path) -> None:
    with pytest.raises(BroughtDown, match="File too large"):
        run_child("write", {"path": str(tmp_path / "big")}, options=options, limits=limits(file_bytes=5_000_000))
    assert (tmp_path / "big").stat().st_size <= 5_000_000


@pytest.mark.usefixtures("rough")
def test_what_libraries_print_is_no_answer(options: Studio) -> None:
    heard: list[Any] = []
    assert run_child("rave", {}, options=options, on_line=heard.append) == {"well": True}
    assert heard == [{"done": {"well": True}}]


@pytest.mark.usefixtures("rough")
def test_it_knows_no_secrets_and_stands_back(options: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_STUDIO_TOKEN", "a-token-that-nobody-may-know")
    found = run_child("tell", {}, options=options)
    assert found == {"secrets": [], "nice": max(19 if os.nice(0) > 9 else os.nice(0) + 10, 10), "core": 0}


def test_limits_are_what_the_options_say(tmp_path: Path) -> None:
    job = limits_for(Studio(data=tmp_path, job_minutes=2.0, job_memory_gb=1.5), "make")
    assert (job.wall_seconds, job.memory_bytes) == (120.0, 1_500_000_000)
    assert limits_for(Studio(data=tmp_path, job_minutes=2.0), "probe").wall_seconds == 30.0
    assert limits_for(Studio(data=tmp_path, job_minutes=0.1), "probe").wall_seconds == 6.0


# --- how it ends --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("rough")
def test_it_is_stopped_at_a_word(options: Studio) -> None:
    leash, pids = Leash(), []
    begun: list[float] = []

    def hear(line: Any) -> None:
        if "pid" in line:
            pids.append(line["pid"])
            begun.append(time.monotonic())
            threading.Timer(0.2, leash.stop).start()

    with pytest.raises(Stopped):
        run_child("hang", {}, options=options, leash=leash, on_line=hear)
    assert time.monotonic() - begun[0] < 10
    assert not is_alive(pids[0])


@pytest.mark.usefixtures("rough")
def test_a_word_that_comes_first_counts_too(options: Studio) -> None:
    leash = Leash()
    leash.stop()
    with pytest.raises(Stopped):
        run_child("hang", {}, options=options, leash=leash)


@pytest.mark.usefixtures("rough")
def test_nothing_that_it_started_is_left(options: Studio, wait_for: Wait) -> None:
    found = run_child("leave", {}, options=options)
    wait_for(lambda: not is_alive(found["pid"]), 5)


_PARENT = """
import sys
from pathlib import Path
from keyart.studio.works import running
from keyart.leash import Talk, as_it_was
from keyart.studio.options import Studio
running.CHILD = "tests.studio.rough"
options = Studio(data=Path(sys.argv[1]))
running.run_child("hang", {}, options=options, on_line=lambda line: print(line["pid"], flush=True))
"""


@pytest.mark.parametrize("way", ["both", "lifeline alone"])
def test_it_dies_with_the_studio(tmp_path: Path, wait_for: Wait, way: str) -> None:
    """SIGKILL leaves the studio no last word: the kernel and the cut lifeline have to do."""
    environment = {**os.environ, "PYTHONPATH": SEARCHED}
    if way == "lifeline alone":
        environment["KEYART_TEST_NO_PDEATHSIG"] = "1"
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path)], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not is_alive(pid), 5)


def test_errors_that_are_made_of_more_than_a_text_come_back() -> None:
    for err in (
        MissingModel("esrgan"),
        MissingExtra("torch", extra="hub"),
        LicenceRefused("nudenet", "AGPL-3.0"),
        OverLimit("too much"),
    ):
        back = as_it_was(type(err).__name__, str(err))
        assert type(back) is type(err) and str(back) == str(err)
    assert type(as_it_was("NoSuchKind", "text")) is BroughtDown


def test_what_is_no_object_is_not_heard() -> None:
    heard: list[Any] = []
    talk = Talk(None, limits(), heard.append, lambda: None)  # type: ignore[arg-type]
    talk._hear(b'["no object"]\nno JSON\n{"at": "sc')
    talk._hear(b'an"}\n')
    assert heard == [{"at": "scan"}]
