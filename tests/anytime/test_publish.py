"""A better package takes a lesser one's place whole, whatever is cut off in the middle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keyart.anytime.publish import asked_key, is_same, level_of, publish, roll_forward, staged, standing
from keyart.errors import OutputProblem
from keyart.package import MANIFEST


def _written(folder: Path, products: dict[str, str], level: str = "sketch", sha256: str = "ab") -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in products.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    asked = {"covers": {"count": 3}}
    settings: dict[str, Any] = dict(asked)
    if level != "full":
        settings = {"covers": {"count": 1}, "budget": {"level": level, "of": asked_key(asked, ("covers",))}}
    found = {
        "schema": 1, "keyart": "1", "source": {"name": "a.mp4", "bytes": 5, "sha256": sha256}, "parts": ["covers"],
        "settings": settings, "products": [{"path": name} for name in products],
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(found))
    return found


def _files(folder: Path) -> dict[str, str]:
    return {str(one.relative_to(folder)): one.read_text() for one in folder.rglob("*")
            if one.is_file() and one.name != MANIFEST}  # fmt: skip


def test_a_level_replaces_what_stands_and_takes_its_leftovers_away(tmp_path: Path) -> None:
    _written(tmp_path, {"covers/a.jpg": "old", "teaser/t.mp4": "old"})
    _written(staged(tmp_path, "full"), {"covers/a.jpg": "new", "covers/b.jpg": "new"}, "full")
    assert level_of(publish(staged(tmp_path, "full"), tmp_path)) == "full"
    assert _files(tmp_path) == {"covers/a.jpg": "new", "covers/b.jpg": "new"}
    assert not (tmp_path / "teaser").exists()
    assert level_of(standing(tmp_path)) == "full"


def test_there_is_no_manifest_while_products_are_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _written(tmp_path, {"a.jpg": "old"})
    _written(staged(tmp_path, "full"), {"a.jpg": "new"}, "full")
    there: list[tuple[str, bool]] = []
    usual = Path.replace

    def seen(path: Path, target: Path) -> Path:
        there.append((path.name, (tmp_path / MANIFEST).exists()))
        return usual(path, target)

    monkeypatch.setattr(Path, "replace", seen)
    publish(staged(tmp_path, "full"), tmp_path)
    assert there == [("a.jpg", False), (MANIFEST, False)]


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_a_publication_cut_off_anywhere_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    _written(tmp_path, {"a.jpg": "old", "b.jpg": "old"})
    _written(staged(tmp_path, "full"), {"a.jpg": "new", "b.jpg": "new"}, "full")
    usual, left = Path.replace, [moved]

    def cut_off(path: Path, target: Path) -> Path:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return usual(path, target)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", cut_off)
        publish(staged(tmp_path, "full"), tmp_path)
    roll_forward(tmp_path)
    assert _files(tmp_path) == {"a.jpg": "new", "b.jpg": "new"}
    assert level_of(standing(tmp_path)) == "full"


def test_a_level_that_was_not_complete_goes(tmp_path: Path) -> None:
    _written(tmp_path, {"a.jpg": "old"})
    _written(staged(tmp_path, "full"), {"a.jpg": "half"}, "full")
    (staged(tmp_path, "full") / MANIFEST).unlink()
    roll_forward(tmp_path)
    assert _files(tmp_path) == {"a.jpg": "old"}
    roll_forward(tmp_path)  # nothing to do


def test_nothing_outside_the_folder_is_taken_away(tmp_path: Path) -> None:
    folder, stranger = tmp_path / "package", tmp_path / "stranger.txt"
    stranger.write_text("mine")
    _written(folder, {"a.jpg": "old"})
    found = json.loads((folder / MANIFEST).read_text())
    found["products"] += [{"path": "../stranger.txt"}, {"path": str(stranger)}, {}]
    (folder / MANIFEST).write_text(json.dumps(found))
    _written(staged(folder, "full"), {"b.jpg": "new"}, "full")
    publish(staged(folder, "full"), folder)
    assert stranger.read_text() == "mine"
    assert _files(folder) == {"b.jpg": "new"}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _written(staged(tmp_path, "full"), {"a.jpg": "new"}, "full")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputProblem, match="No space left"):
        publish(staged(tmp_path, "full"), tmp_path)


def test_packages_of_one_video_and_one_wish_are_known_at_every_level(tmp_path: Path) -> None:
    full, sketch = _written(tmp_path / "f", {}, "full"), _written(tmp_path / "s", {}, "sketch")
    assert is_same(full, sketch)
    assert is_same(sketch, full)
    assert not is_same(full, _written(tmp_path / "o", {}, "sketch", sha256="cd"))
    assert is_same(full, _written(tmp_path / "u", {}, "sketch", sha256=""))  # not known: name and size decide
    assert not is_same({}, full)
    assert level_of({}) == ""
    other = {**full, "settings": {"covers": {"count": 5}}}
    assert not is_same(other, sketch)
