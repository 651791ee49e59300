"""A font is always found, and what it cannot draw is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyart.covers import fonts
from keyart.covers.fonts import drawable, find_typeface, missing_glyphs
from keyart.errors import BadSetting

CYRILLIC = "Съешь ещё этих мягких французских булок, да выпей чаю — №5"


@pytest.mark.parametrize("weight", ["black", "bold", "medium"])
def test_roboto_draws_both_alphabets(weight: fonts.Weight) -> None:
    face = find_typeface(CYRILLIC + " The quick brown fox", weight)
    assert face.name.startswith("Roboto") and face.licence == "Apache-2.0" and not face.notes


def test_a_font_without_the_letters_gives_way_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roboto = find_typeface("A").path
    copy = tmp_path / "Mine.ttf"
    copy.write_bytes(Path(roboto).read_bytes())
    assert find_typeface(CYRILLIC, path=str(copy)).path == str(copy)
    real = fonts.missing_glyphs
    monkeypatch.setattr(fonts, "missing_glyphs", lambda path, text: ("ы",) if path == str(copy) else real(path, text))
    face = find_typeface(CYRILLIC, path=str(copy))
    assert face.path != str(copy)
    assert face.notes == ("Mine.ttf lacks letters of this headline; Roboto Black was used",)


def test_what_nothing_draws_is_left_out_and_said() -> None:
    face = find_typeface("Привет \U0001f680\ufe0f мир")
    assert face.notes == ("no font at hand draws \U0001f680; left out",)
    assert drawable("Привет \U0001f680\ufe0f мир", face) == "Привет мир"


def test_without_any_font_file_pillows_own_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    monkeypatch.setattr(fonts, "_font_folders", lambda: (tmp_path,))
    fonts.system_fonts.cache_clear()
    face = find_typeface("Hello")
    assert face.path == "" and "install font-roboto" in face.notes[0]
    assert face.at(40).getlength("Hello") > 40
    fonts.system_fonts.cache_clear()


def test_system_fonts_come_known_ones_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = Path(find_typeface("A").path).read_bytes()
    for name in ("Aardvark.ttf", "Inter-Bold.ttf", "Zebra-Bold.ttf"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "broken.ttf").write_text("no font")
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    monkeypatch.setattr(fonts, "_font_folders", lambda: (tmp_path, tmp_path / "missing"))
    fonts.system_fonts.cache_clear()
    found = [Path(path).name for path in fonts.system_fonts("bold")]
    assert found == ["Inter-Bold.ttf", "Zebra-Bold.ttf", "Aardvark.ttf"]
    assert find_typeface(CYRILLIC, "bold").licence == "installed on this system"
    fonts.system_fonts.cache_clear()


def test_folders_of_each_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for system, expected in (("win32", "Fonts"), ("darwin", "Library"), ("linux", "share")):
        monkeypatch.setattr("sys.platform", system)
        assert any(expected in str(folder) for folder in fonts._font_folders())


def test_missing_glyphs_are_found() -> None:
    path = find_typeface("A").path
    assert missing_glyphs(path, "Яё№€ 中") == ("中",)


def test_a_path_that_is_no_font_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.ttf").write_text("no")
    with pytest.raises(BadSetting, match=r"not a font file that can be read"):
        find_typeface("A", path=str(tmp_path / "x.ttf"))
