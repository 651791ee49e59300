"""Data sets as they are given out, and as they come broken."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from keyart.errors import MissingFile
from keyart.learn.data import GROUPS, BadData, Pair, in_group, plain_text, read_pairs, split

CSV = 'url,title,text,topic,tags,date\nu,"Кот, спит",Кот спит дома.,Дом,,\nu,Снег,Идёт снег.,Погода,,\n'


def put(path: Path, text: str) -> Path:
    packs: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    path.write_bytes(packs.get(path.suffix, bytes)(text.encode()))
    return path


@pytest.mark.parametrize("name", ["lenta.csv", "lenta.csv.gz", "lenta.csv.bz2", "lenta.csv.xz"])
def test_lenta(name: str, tmp_path: Path) -> None:
    found = read_pairs(put(tmp_path / name, CSV))
    assert found.pairs == (Pair("Кот спит дома.", "Кот, спит", "Дом"), Pair("Идёт снег.", "Снег", "Погода"))
    assert (found.skipped, found.repeated, len(found.sha256)) == (0, 0, 64)
    assert read_pairs(tmp_path / name, topics=["Погода"]).pairs == found.pairs[1:]
    assert read_pairs(tmp_path / name, limit=1).pairs == found.pairs[:1]


def test_ria_and_gazeta(tmp_path: Path) -> None:
    rows = [
        {"title": "кот спит &amp; ест", "text": "<p>Кот&nbsp;спит\n<b>дома</b>.</p>"},
        {"title": "Снег", "text": "Идёт снег.", "summary": "Снег.", "url": "u", "date": "d"},
        {"title": "", "text": "Ничего."},
        {"title": "Снег", "text": "Идёт снег."},
        {"title": None, "text": 3},
    ]
    found = read_pairs(put(tmp_path / "ria.json", "\n".join(json.dumps(row) for row in rows) + "\n\n"))
    assert found.pairs == (Pair("Кот спит дома .", "кот спит & ест"), Pair("Идёт снег.", "Снег"))
    assert (found.skipped, found.repeated) == (2, 1)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.csv", "headline,body\nx,y\n", "no column text and title; its columns are: headline, body"),
        ("a.csv", "", "no column text and title; its columns are: none"),
        ("a.csv", 'title,text\n"open,x\n', "unexpected end of data"),
        ("a.jsonl", '{"title": "a", "text": "b"}\nnot json\n', "line 2 is no JSON object"),
        ("a.jsonl", "[1, 2]\n", "line 1 is no JSON object"),
        ("a.jsonl", '{"headline": "a"}\n', "its fields are: headline"),
        ("a.csv", "title,text\n,\n", "no row has a title and a text; 1 rows lack one"),
        ("a.csv", CSV.replace("Дом", "Кино"), "and is of the topics Спорт"),
        ("a.csv", "title,text\n" + ",x\n" * 1200, "1000 of 1000 rows have no title"),
        ("a.parquet", "x", "known are .csv, .jsonl, .json"),
    ],
)
def test_what_is_wrong_is_said(name: str, text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=why):
        read_pairs(put(tmp_path / name, text), topics=["Спорт"] if "Спорт" in why else [])


def test_no_file_no_text_no_archive(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_pairs(tmp_path / "none.csv")
    (tmp_path / "a.csv").write_bytes("title,text\nкот,кот\n".encode("cp1251"))
    with pytest.raises(BadData, match="not UTF-8"):
        read_pairs(tmp_path / "a.csv")
    (tmp_path / "a.csv.gz").write_bytes(b"no archive")
    (tmp_path / "b.csv.xz").write_bytes(b"no archive")
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(CSV.encode())[:-12])
    (tmp_path / "d.csv.bz2").write_bytes(b"no archive")
    for name in ("a.csv.gz", "b.csv.xz", "c.csv.gz", "d.csv.bz2"):
        with pytest.raises(BadData, match="a broken archive"):
            read_pairs(tmp_path / name)


def test_plain_text() -> None:
    assert plain_text(" a <br/> b &lt; c\n") == "a b < c" and plain_text(None) == "" and plain_text(5) == ""


def test_groups_meet_at_their_limits() -> None:
    pairs = [Pair("", str(length)) for length in (1, 51, 52, 65, 66, 80, 81, 200)]
    lengths = [int(pair.title) for pair in pairs]
    kept = {name: [int(one.title) for one in in_group(pairs, name, lengths, "tokens")] for name in GROUPS}
    assert kept == {"short": [1, 51], "medium": [66, 80], "long": [81, 200], "all": lengths}
    with pytest.raises(BadData, match=r"they have 10\.0 tokens on average; .*--length-unit characters"):
        in_group(pairs[:1], "long", [10], "tokens")


def test_the_split_is_70_15_15_and_nothing_stands_twice() -> None:
    pairs = [Pair(str(number), str(number)) for number in range(200)]
    found = split(pairs, 1)
    assert [len(part) for part in (found.train, found.validation, found.test)] == [140, 30, 30]
    assert {*found.train, *found.validation, *found.test} == set(pairs)
    assert split(pairs, 1) == found != split(pairs, 2)
    assert found.train != tuple(pairs[:140])
    with pytest.raises(BadData, match="9 pairs"):
        split(pairs[:9])
