"""Lists of shots for other programs, one suite over every format."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest

from keyart.shots.export import EXPORTERS, to_csv, to_edl, to_otio
from keyart.types import Shot
from tests.shots.test_boundaries import INFO

SHOTS = (
    Shot(0.0, 1.2, 0, 30, "start"),
    Shot(1.2, 3.04, 30, 76, "cut"),
    Shot(3.04, 6.0, 76, 150, "dissolve", 0.4),
    Shot(6.0, 10.0, 150, 250, "wipe", 0.8, "tff", None, (7.0,)),
)
VIDEO = replace(INFO, called="two\nlines.mp4")


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_format_writes_nothing_and_something(name: str) -> None:
    assert EXPORTERS[name](VIDEO, ()).endswith("\n")
    text = EXPORTERS[name](VIDEO, SHOTS)
    assert text.endswith("\n") and len(text) > len(EXPORTERS[name](VIDEO, ())) and text == EXPORTERS[name](VIDEO, SHOTS)


def test_csv_is_that_of_pyscenedetect() -> None:
    cuts, header, *rows = csv.reader(to_csv(VIDEO, SHOTS).splitlines())
    assert cuts == ["Timecode List:", "00:00:01.200", "00:00:03.040", "00:00:06.000"]
    assert header[:4] == ["Scene Number", "Start Frame", "Start Timecode", "Start Time (seconds)"] and len(header) == 10
    assert ",".join(rows[1]) == "2,31,00:00:01.200,1.200,76,00:00:03.040,3.040,46,00:00:01.840,1.840"
    assert len(rows) == 4 and all(int(a[4]) + 1 == int(b[1]) for a, b in pairwise(rows))


def test_edl_names_the_kind_and_length() -> None:
    lines = to_edl(VIDEO, SHOTS).splitlines()
    assert lines[0] == "TITLE: two lines" and lines[1] == "FCM: NON-DROP FRAME"
    events = [line for line in lines if re.match(r"\d{3} ", line)]
    assert events[0] == "001  AX       V     C        00:00:00:00 00:00:01:05 00:00:00:00 00:00:01:05"
    assert events[2:4] == [
        "003  AX       V     C        00:00:03:01 00:00:03:01 00:00:03:01 00:00:03:01",
        "003  AX       V     D    010 00:00:03:01 00:00:06:00 00:00:03:01 00:00:06:00",
    ]
    assert events[-1].split()[3:5] == ["W001", "020"]
    assert {len(event) for event in events} == {76}


def test_edl_counts_thirty_in_a_second_of_ntsc() -> None:
    text = to_edl(replace(VIDEO, frames_per_second=29.97), (Shot(0.0, 2.0, 0, 61),))
    assert "00:00:02:01" in text


def test_otio_tiles_the_video() -> None:
    timeline = json.loads(to_otio(VIDEO, SHOTS))
    assert timeline["OTIO_SCHEMA"] == "Timeline.1"
    (track,) = timeline["tracks"]["children"]
    clips = [one for one in track["children"] if one["OTIO_SCHEMA"] == "Clip.2"]
    ranges = [(one["source_range"]["start_time"]["value"], one["source_range"]["duration"]["value"]) for one in clips]
    assert ranges == [(0, 30), (30, 46), (76, 74), (150, 100)]
    mixes = [one for one in track["children"] if one["OTIO_SCHEMA"] == "Transition.1"]
    assert [one["transition_type"] for one in mixes] == ["SMPTE_Dissolve", "Custom_Transition"]
    assert mixes[0]["in_offset"]["value"] == 5 and clips[-1]["metadata"]["keyart"]["key_frames"] == [7.0]


@pytest.mark.parametrize(("rate", "exact"), [(23.976, 24000 / 1001), (29.97, 30000 / 1001), (25.0, 25), (12.5, 12.5)])
def test_rates_are_exact(rate: float, exact: float) -> None:
    timeline = json.loads(to_otio(replace(VIDEO, frames_per_second=rate), SHOTS[:1]))
    start = timeline["tracks"]["children"][0]["children"][0]["source_range"]["start_time"]
    assert start["rate"] == pytest.approx(exact, abs=1e-9)


def test_rate_that_is_not_known() -> None:
    assert "00:00:01:05" in to_edl(replace(VIDEO, frames_per_second=0.0), SHOTS)
