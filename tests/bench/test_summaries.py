"""The scorers of `bench summaries` on numbers checked by hand, and on people's votes where those are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.summaries import edges, people_of_tvsum, tvsum
from bench.summary_checks import boxes, check_file, cuts_in_words


def test_a_cut_near_the_end_of_a_word_is_not_inside_it() -> None:
    words = [(1.0, 1.5), (2.0, 2.6)]
    assert cuts_in_words([0.5, 1.04, 1.46, 1.7, 2.3], words) == 1


def test_the_ends_of_the_video_are_no_cuts() -> None:
    pieces = [{"start": 0.0, "end": 4.0}, {"start": 6.0, "end": 9.98}]
    assert edges(pieces, 10.0) == [4.0, 6.0]
    assert edges(pieces, 20.0) == [4.0, 6.0, 9.98]


def test_the_known_values_of_people_come_out(media: Path) -> None:
    folder = media.parent / "gt" / "tvsum"
    if not folder.is_dir():
        pytest.skip("no annotations of TVSum here")
    videos = dict(list(tvsum(folder).items())[:3])  # all fifty take a minute; `python -m bench summaries` does them
    rows = people_of_tvsum(videos)
    assert 0.05 < rows["human pairwise"]["tau"] < 0.3
    assert rows["mean of the others"]["tau"] > rows["human pairwise"]["tau"]
    assert abs(rows["random"]["tau"]) < 0.1


def test_a_file_that_breaks_its_promises_is_found_out(clip, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = clip()
    facts = {"max_bytes": 10, "size_px": [640, 360], "seconds": 9.0}
    faults = " ".join(check_file(path, facts, 2.0))
    assert "allowed are 10" in faults
    assert "['mdat', 'moov']" in faults
    assert "320 x 180" in faults
    assert "3.000 s, allowed are 2" in faults
    assert "the receipt says 9.0" in faults
    assert boxes(path)[0] == "ftyp"
