"""Docs and results: equal, or the check says where not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench import report
from bench.record import machine, write_result

TABLE = {"columns": ["who", "s"], "align": "lr", "rows": [["keyart", "1.2"], ["a|b", 3]]}
LINES = "| who | s |\n| :-- | --: |\n| keyart | 1.2 |\n| a\\|b | 3 |"


def test_a_table_as_markdown() -> None:
    assert report.markdown(TABLE) == LINES
    assert report.markdown({"columns": ["x"], "rows": []}) == "| x |\n| :-- |"


@pytest.mark.parametrize("wrong", [{"rows": [["one"]]}, {"align": "l"}])
def test_a_ragged_table_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a table of 2 columns"):
        report.markdown({**TABLE, **wrong})


def results(folder: Path, **found: dict[str, Any]) -> Path:
    for name, result in found.items():
        write_result(name, result, folder)
    return folder


def test_figures_of_all_results(tmp_path: Path) -> None:
    results(tmp_path, speed={"tables": {"race": TABLE}}, install={"facts": {"size": "700 MB"}}, bare={"schema": 1})
    assert report.figures(tmp_path) == {"race": f"\n{LINES}\n", "size": "700 MB"}


STILLS = {
    "summary": {
        "full": {
            "clips": 8, "stills_offered": 44, "planted_offered": {"copy": 1, "flash": 2}, "clips_with_face": 6,
            "face_first": 5,
        }
    }
}  # fmt: skip
TOTAL = {"precision": 0.91, "recall": 0.85, "f1": 0.879, "gradual_hits": 4, "gradual_total": 13}
ROUGE = {
    f"{name} ROUGE-L": 10.0 + place
    for place, name in enumerate(
        ("first headline", "best of three", "first sentence", "TextRank", "random sentence", "best sentence")
    )
}
TITLES = {
    "sets": {
        "news": {
            **ROUGE,
            "pairs": 99,
            "grammar check passed %": 97.25,
            "supported %": 100,
            "same from capitals %": 80.0,
        }
    }
}
PLATE = {"covers": 60, "faces_covered": 0, "contrast_least": 7.31, "word_recall_ru": 0.966, "word_recall_en": 0.98}
COVERS = {"templates": {"plate": PLATE, "naive": {"covers": 3, "faces_covered": 2}}, "all": PLATE}


@pytest.mark.parametrize(
    ("name", "result", "cells"),
    [
        ("stills", STILLS, ["full scan", "8", "44", "3", "5 of 6"]),
        ("shots", {"total": TOTAL, "videos": {"a": 1, "b": 2}}, ["2 real edits", "0.910", "0.850", "0.879", "4 of 13"]),
        (
            "titles",
            TITLES,
            ["news", "99", "10.0", "11.0", "12.0", "13.0", "14.0", "15.0", "97.2 %", "100.0 %", "80.0 %"],
        ),
        ("covers", COVERS, ["naive", "3", "2", "", "", ""]),
        ("covers", COVERS, ["plate", "60", "0", "7.3", "97 %", "98 %"]),
    ],
)
def test_results_that_bring_no_table(tmp_path: Path, name: str, result: dict[str, Any], cells: list[str]) -> None:
    assert f"| {' | '.join(cells)} |" in report.figures(results(tmp_path, **{name: result}))[name]


def test_two_results_cannot_share_a_name(tmp_path: Path) -> None:
    results(tmp_path, one={"facts": {"x": 1}}, two={"facts": {"x": 2}})
    with pytest.raises(ValueError, match=r"two\.json: x is in another result too"):
        report.figures(tmp_path)


def test_marked_places_are_rewritten_and_nothing_else() -> None:
    text = "before\n<!-- bench:race -->\nold\nlines\n<!-- /bench -->\nit is <!-- bench:size -->1<!-- /bench --> big\n"
    new, unknown = report.rewritten(text, {"race": "\nnew\n", "size": "2"})
    assert new == "before\n<!-- bench:race -->\nnew\n<!-- /bench -->\nit is <!-- bench:size -->2<!-- /bench --> big\n"
    assert unknown == []
    assert report.rewritten(new, {"race": "\nnew\n", "size": "2"})[0] == new


def test_a_mark_without_a_result_is_left_alone_and_named() -> None:
    text = "<!-- bench:later -->\n<!-- /bench -->"
    assert report.rewritten(text, {}) == (text, ["later"])


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with one stale table, and the result that it should show."""
    monkeypatch.setattr(report, "REPO", tmp_path)
    monkeypatch.setattr(report, "figures", lambda: report_figures(results(tmp_path / "results", speed=RESULT)))
    monkeypatch.setattr(report, "documents", lambda: sorted(tmp_path.glob("*.md")))
    (tmp_path / "README.md").write_text("<!-- bench:race -->\n| stale |\n<!-- /bench -->\n")
    (tmp_path / "OTHER.md").write_text("no marks\n")
    return tmp_path


report_figures = report.figures
RESULT = {"tables": {"race": TABLE}}


def test_check_fails_on_a_stale_page_and_touches_nothing(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (repo / "README.md").read_text()
    assert report.main(["--check"]) == 1
    said = capsys.readouterr()
    assert "README.md: differs; python -m bench report --write" in said.out
    assert "-| stale |" in said.err
    assert (repo / "README.md").read_text() == before


def test_write_then_check(repo: Path) -> None:
    assert report.main(["--write"]) == 0
    assert LINES in (repo / "README.md").read_text()
    assert report.main(["--check"]) == 0


def test_pages_are_at_the_root_and_under_docs(tmp_path: Path) -> None:
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "src").mkdir()
    for name in ("README.md", "docs/deep/page.md", "src/not.md"):
        (tmp_path / name).touch()
    assert report.documents(tmp_path) == [tmp_path / "README.md", tmp_path / "docs/deep/page.md"]


def test_a_result_is_whole_and_readable(tmp_path: Path) -> None:
    path = write_result("имя", {"Ключ": 1.5}, tmp_path / "new")
    assert json.loads(path.read_text(encoding="utf-8")) == {"Ключ": 1.5}
    assert "Ключ" in path.read_text(encoding="utf-8")
    assert list(path.parent.iterdir()) == [path]


def test_a_machine_is_described_without_its_name() -> None:
    facts = machine(("numpy", "no-such-package"))
    assert facts["cores"] >= 1
    assert facts["versions"]["no-such-package"] == "not installed"
    assert set(facts) == {"cpu", "cores", "memory_gib", "system", "python", "versions"}
