"""Packages in an index: what is kept of them, what is said of their covers, which show the same material."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from keyart.channel import read_channel
from keyart.errors import BadSetting, MissingFile
from keyart.nearness import command
from keyart.nearness.groups import groups
from keyart.nearness.index import open_index
from keyart.nearness.packages import add_package, entries_of, name_in, shown_part, warnings_for, warnings_in_order
from keyart.nearness.told import told
from keyart.types import RGB, Box
from tests.nearness.conftest import MakePackage
from tests.nearness.pictures import brightened, cropped, letterboxed, reencoded, resized, scene, with_logo


def _film(first: int, moments: int = 8) -> list[tuple[float, RGB]]:
    return [(float(5 * place), scene(first + place)) for place in range(moments)]


def _changed(film: list[tuple[float, RGB]]) -> list[tuple[float, RGB]]:
    """Uploaded again: trimmed at both ends, faster, smaller, with a logo, encoded badly."""
    return [
        (seconds / 1.25, with_logo(reencoded(brightened(resized(cropped(image, 0.04, 0, 1), 240, 136), 0.9, 8), 35)))
        for seconds, image in film[1:-1]
    ]


def test_covers_stills_and_tiles_are_kept_with_their_seconds(package: MakePackage) -> None:
    folder = package("a", [scene(1)], [(3.0, scene(2))], [(4.0, scene(3, 160, 90)), (9.0, scene(4, 160, 90))])
    found = [one.shown for one in entries_of(folder)]
    assert [(one.kind, one.seconds) for one in found] == [("cover", 1.0), ("still", 3.0), ("tile", 4.0), ("tile", 9.0)]


def test_what_is_missing_or_no_picture_is_passed_over(package: MakePackage, tmp_path: Path) -> None:
    folder = package("a", [scene(1), scene(2)], [(3.0, scene(3))])
    (folder / "covers" / "youtube_1.jpg").unlink()
    (folder / "covers" / "youtube_2.jpg").write_bytes(b"no picture")
    (tmp_path / "outside.jpg").write_bytes((folder / "frames" / "01.jpg").read_bytes())
    text = (folder / "package.json").read_text().replace("covers/youtube_2.jpg", "../outside.jpg")
    (folder / "package.json").write_text(text)
    assert [one.shown.product for one in entries_of(folder)] == ["frames/01.jpg"]
    with pytest.raises(MissingFile):
        entries_of(tmp_path)


@pytest.mark.parametrize(
    "found",
    [
        {"schema": 1, "products": []},
        {"schema": 1, "source": {"sha256": "x"}},
        {"schema": 1, "source": {"sha256": "x"}, "products": [{"path": 5, "kind": "cover"}]},
        {"schema": 1, "source": {"sha256": "x"}, "products": ["a"]},
    ],
)
def test_a_manifest_that_somebody_else_wrote_is_a_clear_error(tmp_path: Path, found: object) -> None:
    (tmp_path / "package.json").write_text(json.dumps(found))
    with pytest.raises(BadSetting, match=r"package\.json"):
        add_package(tmp_path, open_index(tmp_path.parent / "other.near"))


def test_a_cover_that_is_nearly_an_older_one_is_told(package: MakePackage, tmp_path: Path) -> None:
    index = open_index(tmp_path / "channel.near")
    older = package("older", [scene(1), scene(2)])
    assert warnings_for(older, index) == ()
    assert add_package(older, index)
    newer = package("newer", [scene(3), reencoded(cropped(scene(2), 0.05, 0.5, 0.5))])
    (warning,) = warnings_for(newer, index)
    assert (warning.cover, warning.older, warning.older_cover) == (
        "covers/youtube_2.jpg",
        "older.keyart",
        "covers/youtube_2.jpg",
    )
    assert warning.covers == 1 and not warning.same_video
    assert "nearly the same as covers/youtube_2.jpg of older.keyart" in str(warning)


def test_a_package_is_not_told_of_itself(package: MakePackage, tmp_path: Path) -> None:
    index = open_index(tmp_path / "channel.near")
    folder = package("a", [scene(1)])
    add_package(folder, index)
    assert warnings_for(folder, index) == ()
    (warning,) = warnings_for(folder, index, "another name")
    assert warning.same_video


def test_warnings_of_many_do_not_depend_on_who_came_first(package: MakePackage, tmp_path: Path) -> None:
    folders = [package(name, [scene(1), scene(10 + k)]) for k, name in enumerate("abc")]
    found = []
    for order in (folders, folders[::-1]):
        index = open_index(tmp_path / f"{order[0].name}.near")
        for folder in order:
            add_package(folder, index)
        found.append(list(warnings_in_order(index, sorted(index.packages))))
    assert found[0] == found[1]
    assert [name for name, _ in found[0]] == ["b.keyart", "c.keyart"]


def test_of_a_cover_with_a_receipt_only_the_picture_counts(package: MakePackage, tmp_path: Path) -> None:
    """Two covers of one channel share a panel and differ in their picture; two headlines on one picture are near."""

    def cover(picture: int, words: int) -> RGB:
        image = np.full((180, 320, 3), 30, np.uint8)
        image[:, 160:] = scene(picture, 160, 180)
        image[40:140, 10:230] = np.where(scene(100 + words, 220, 100) > 120, 255, 30).astype(np.uint8)
        return image

    receipt = {"size": [320, 180], "picture_box": [160, 0, 160, 180], "text_box": [10, 40, 220, 100]}
    index = open_index(tmp_path / "channel.near")
    add_package(package("a", [cover(1, 1)], receipt=receipt), index)
    assert warnings_for(package("b", [cover(2, 1)], receipt=receipt), index) == ()
    assert len(warnings_for(package("c", [cover(1, 2)], receipt=receipt), index)) == 1


def test_a_receipt_that_points_outside_does_no_harm() -> None:
    image = scene(1)
    part, boxes = shown_part(image, {"text_box": [-5, -5, 9999, 9999], "picture_box": [900, 900, -4, 0]})
    assert part.size and boxes[0].area > 0
    assert shown_part(image, {"text_box": [0, 0, 5, 5]}) == (image, ())
    assert boxes != (Box(0, 0, 0, 0),)


def test_names_are_seen_from_the_index(tmp_path: Path) -> None:
    index = open_index(tmp_path / "out" / "channel.near")
    assert name_in(tmp_path / "out" / "season 1" / "a.keyart", index) == "season 1/a.keyart"
    assert name_in(tmp_path / "else" / "a.keyart", index) == str(tmp_path / "else" / "a.keyart")


# --- groups -----------------------------------------------------------------------------------------------------


def test_the_same_material_is_one_group(package: MakePackage, tmp_path: Path) -> None:
    index = open_index(tmp_path / "library.near")
    film, other = _film(1), _film(50)
    add_package(package("b original", stills=film[:3], tiles=film), index)
    add_package(package("a again", stills=_changed(film)[:2], tiles=_changed(film)), index)
    add_package(package("c letterboxed", tiles=[(at, letterboxed(image)) for at, image in film]), index)
    add_package(package("d other", stills=other[:3], tiles=other), index)
    (group,) = groups(index)
    assert group.packages == ("a again.keyart", "b original.keyart", "c letterboxed.keyart")
    assert all(link.share >= 0.5 and link.moments >= 3 for link in group.links)


def test_the_same_pictures_in_another_order_are_another_film(package: MakePackage, tmp_path: Path) -> None:
    index = open_index(tmp_path / "library.near")
    film = _film(1)
    add_package(package("a", tiles=film), index)
    backwards = [(at, image) for (at, _), (_, image) in zip(film, film[::-1], strict=True)]
    add_package(package("b", tiles=backwards), index)
    assert groups(index) == ()


def test_a_shared_intro_makes_no_group(package: MakePackage, tmp_path: Path) -> None:
    index = open_index(tmp_path / "library.near")
    add_package(package("a", tiles=_film(1, 3) + [(at + 15, image) for at, image in _film(20, 6)]), index)
    add_package(package("b", tiles=_film(1, 3) + [(at + 15, image) for at, image in _film(40, 6)]), index)
    assert groups(index) == ()


def test_one_long_moment_must_be_the_very_same(package: MakePackage, tmp_path: Path) -> None:
    """A speaker before one wall: another recording of him is no re-upload."""
    index = open_index(tmp_path / "library.near")
    still = scene(1)
    moved = still.copy()
    moved[40:140, 110:210] = scene(9, 100, 100)
    add_package(package("a", tiles=[(float(k), still) for k in range(5)]), index)
    add_package(package("b", tiles=[(float(k), reencoded(still, 40)) for k in range(5)]), index)
    add_package(package("c", tiles=[(float(k), moved) for k in range(5)]), index)
    assert [group.packages for group in groups(index)] == [("a.keyart", "b.keyart")]


def test_an_empty_index_has_no_groups(tmp_path: Path) -> None:
    assert groups(open_index(tmp_path / "library.near")) == ()


# --- told, and the command --------------------------------------------------------------------------------------


def test_what_is_told_stands_in_run_json_alone(package: MakePackage, tmp_path: Path) -> None:
    (tmp_path / "channel.toml").write_text('index = "channel.near"\n')
    channel = read_channel(tmp_path / "channel.toml")
    assert told(package("a", [scene(1)]), channel) == []
    folder = package("b", [reencoded(scene(1))])
    before = (folder / "package.json").read_bytes()
    (line,) = told(folder, channel)
    (fact,) = json.loads((folder / "run.json").read_text())["near_covers"]
    assert fact["older"] == "a.keyart" and "a.keyart" in line
    assert (folder / "package.json").read_bytes() == before


def test_without_a_channel_or_an_index_nothing_is_told(package: MakePackage, tmp_path: Path) -> None:
    folder = package("a", [scene(1)])
    (tmp_path / "channel.toml").write_text("")
    assert told(folder, None) == told(folder, read_channel(tmp_path / "channel.toml")) == []


def test_a_broken_index_costs_no_package(package: MakePackage, tmp_path: Path) -> None:
    (tmp_path / "channel.toml").write_text('index = "channel.toml"\n')
    (line,) = told(package("a", [scene(1)]), read_channel(tmp_path / "channel.toml"))
    assert "the package is whole" in line


def _run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    command.add(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


def test_the_command_adds_asks_and_groups(
    package: MakePackage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = _film(1)
    package("a", [scene(1)], tiles=film)
    package("b", [reencoded(scene(1))], tiles=_changed(film))
    (tmp_path / ".library" / "scratch.keyart").mkdir(parents=True)
    (tmp_path / ".library" / "scratch.keyart" / "package.json").write_text("{}")
    index = tmp_path / "all.near"
    assert _run("add", tmp_path, "--index", index) == 0
    assert "nearly the same" in capsys.readouterr().out
    assert _run("add", tmp_path, "--index", index, "--json") == 0
    assert [one["added"] for one in json.loads(capsys.readouterr().out)["packages"]] == [False, False]
    picture = tmp_path / "asked.jpg"
    picture.write_bytes((tmp_path / "a.keyart" / "covers" / "youtube_1.jpg").read_bytes())
    assert _run("query", picture, tmp_path / "a.keyart", "--index", index, "--mirrored", "--json") == 0
    found = json.loads(capsys.readouterr().out)["pictures"]
    assert [one["package"] for one in found[str(picture)]][:2] == ["a.keyart", "a.keyart"]
    assert {one["package"] for one in next(iter(list(found.values())[1:]))} == {"b.keyart"}
    assert _run("query", picture, "--index", index, "--least", "0.99") == 0
    assert "1.00  a.keyart" in capsys.readouterr().out
    assert _run("groups", "--index", index) == 0
    assert "a.keyart\n  b.keyart" in capsys.readouterr().out
    assert _run("groups", "--index", tmp_path / "empty.near", "--json") == 0
    assert json.loads(capsys.readouterr().out)["groups"] == []
    assert _run("groups", "--index", tmp_path / "empty.near") == 0


def test_a_picture_turned_round_is_found_where_that_is_asked_for(
    package: MakePackage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = open_index(tmp_path / "channel.near")
    add_package(package("a", [scene(1)]), index)
    turned = package("b", [np.ascontiguousarray(scene(1)[:, ::-1])]) / "covers" / "youtube_1.jpg"
    _run("query", turned, "--index", index.folder)
    assert "nothing near" in capsys.readouterr().out
    _run("query", turned, "--index", index.folder, "--mirrored")
    assert "a.keyart" in capsys.readouterr().out


def test_the_command_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KEYART_CHANNEL", raising=False)
    with pytest.raises(BadSetting, match="no index is named"):
        _run("groups")
    with pytest.raises(BadSetting, match="holds no keyart package"):
        _run("add", tmp_path, "--index", tmp_path / "x.near")
    with pytest.raises(BadSetting, match=r"0\.4 to 1"):
        _run("query", tmp_path, "--index", tmp_path / "x.near", "--least", "0.1")
    (tmp_path / "channel.toml").write_text('index = "own.near"')
    assert _run("groups") == 0
