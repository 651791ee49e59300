"""The library as Python users meet it: what its front page says is run."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import keyart
from keyart.types import Frame, Outcome


def test_the_front_page_runs_as_written(talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_CACHE", str(tmp_path / "cache"))
    names = {"video": talk, "folder": tmp_path / "talk.keyart"}
    (front,) = doctest.DocTestFinder(recurse=False).find(keyart, "keyart", globs=names)
    assert len(front.examples) >= 6
    result = doctest.DocTestRunner().run(front)
    assert result.failed == 0


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="paint"):
        keyart.paint  # noqa: B018


def test_values_refuse_what_they_are_not() -> None:
    import numpy as np

    with pytest.raises(ValueError, match=r"\(height, width, 3\)"):
        Frame(np.zeros((4, 4), np.uint8), 0.0)
    with pytest.raises(ValueError, match="must say why"):
        Outcome((), "skipped")
