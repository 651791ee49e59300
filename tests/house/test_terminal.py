"""What a run looks like to a person, and to a log."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from keyart import cli
from keyart.progress import Silent
from keyart.terminal import Lines, Live, table, told


def test_people_see_moving_lines_and_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with told(quiet=False) as progress:
        assert isinstance(progress, Live)
        progress.begin("scan")
        progress.at("scan", 0.5)
        progress.end("scan", "degraded", "the file is [cut] short", 1.5)
        progress.end("shots", "ok", "", 0.0)
    assert "! scan" in screen.getvalue()
    assert "the file is [cut] short" in screen.getvalue()


def test_logs_get_a_line_a_stage_and_the_quiet_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with told(quiet=False) as progress:
        assert isinstance(progress, Lines)
        progress.begin("scan")
        progress.at("scan", 0.5)
        progress.end("scan", "ok", "", 2.04)
    with told(quiet=True) as silent:
        assert isinstance(silent, Silent)
        silent.begin("scan")
        silent.at("scan", 0.5)
        silent.end("scan", "ok", "", 1.0)
    assert capsys.readouterr().err == "✓ scan          2.0 s\n"


def test_tables_are_padded() -> None:
    assert table([["a", "bb", "c"], ["aaa", "b", "cc"]]) == "a    bb  c\naaa  b   cc"
    assert table([]) == ""


def _entry_status(monkeypatch: pytest.MonkeyPatch, outcome: BaseException | int, *words: str) -> int:
    def main() -> int:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    left: list[int] = []
    monkeypatch.setattr(cli, "main", main)
    monkeypatch.setattr(os, "_exit", left.append)
    monkeypatch.setattr(sys, "argv", ["keyart", *words])
    cli.entry()
    return left[0]


def test_the_way_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _entry_status(monkeypatch, 0) == 0
    assert _entry_status(monkeypatch, KeyboardInterrupt()) == 130
    assert "interrupted" in capsys.readouterr().err
    assert _entry_status(monkeypatch, ZeroDivisionError("by\nzero")) == 1
    told_plainly = capsys.readouterr().err
    assert "ZeroDivisionError: by zero" in told_plainly
    assert "Traceback" not in told_plainly
    assert _entry_status(monkeypatch, ZeroDivisionError("by zero"), "--verbose") == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["presets", "--help", "models list"])
def test_a_reader_that_leaves_is_no_error(words: str, tmp_path: Path) -> None:
    command = f'"{sys.executable}" -u -m keyart {words} | true'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stderr == ""


def test_a_pipe_that_breaks_ends_the_command_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _entry_status(monkeypatch, BrokenPipeError()) == 0
    assert capsys.readouterr().err == ""


def test_an_interrupt_that_is_dropped_comes_again() -> None:
    code = """
import os, signal, time
from keyart import cli
def main():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        pass
    time.sleep(20)
cli.main = main
cli.entry()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 130
    assert "interrupted" in done.stderr
