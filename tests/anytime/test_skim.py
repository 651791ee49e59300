"""A few moments of a video, in a time that does not depend on the video."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

import pytest

from keyart.anytime import skim
from keyart.anytime.skim import Skim, spread
from keyart.errors import UnreadableVideo
from keyart.media.container import open_container
from keyart.media.probe import probe
from keyart.media.scan import Glimpse
from tests.conftest import ClipFactory, Take


def _in_time(seconds: float) -> type[Skim]:
    until = time.monotonic() + seconds
    return type("Skim", (Skim,), {"__slots__": (), "time_left": staticmethod(lambda: until - time.monotonic())})


def _looked(path: Path, moments: int = 16, seconds: float = 60.0) -> list[Glimpse]:
    return list(_in_time(seconds)(moments=moments).open(probe(path)))


@pytest.fixture(scope="module")
def eight(clip: ClipFactory) -> Path:
    """Eight seconds with a key frame every half of one."""
    looks = ("photo-coffee", "photo-rocket", "photo-chelsea", "photo-hubble")
    return clip(
        takes=tuple(Take(look, 2.0) for look in looks), size_px=(160, 90), codec_options={"x264-params": "keyint=12"}
    )


def test_the_first_places_cover_the_whole() -> None:
    for count in (1, 2, 3, 7, 16):
        places = spread(count)
        assert len(set(places)) == count
        assert all(0 < place < 1 for place in places)
    edges = [0.0, *sorted(spread(7)), 1.0]
    assert max(after - before for before, after in itertools.pairwise(edges)) <= 0.126


def test_moments_come_in_order_from_everywhere(eight: Path) -> None:
    seen = _looked(eight)
    seconds = [one.seconds for one in seen]
    assert seconds == sorted(seconds)
    assert len(seen) > 8
    assert seconds[0] == 0.0
    assert seconds[-1] > 6.0
    assert all(after - before > 0.25 for before, after in itertools.pairwise(seconds))
    assert [one.number for one in seen] == list(range(len(seen)))


def test_never_more_than_was_asked_for(eight: Path) -> None:
    assert len(_looked(eight, moments=4)) == 4


def test_a_file_of_one_key_frame_is_read_from_its_start(clip: ClipFactory) -> None:
    path = clip(takes=(Take("photo-coffee", 2.0), Take("photo-rocket", 2.0)), size_px=(160, 90),
                codec_options={"x264-params": "keyint=1000:scenecut=0"})  # fmt: skip
    seconds = [one.seconds for one in _looked(path)]
    assert len(seconds) >= 6
    assert seconds[-1] > 2.0


def test_without_time_there_is_one_picture(eight: Path) -> None:
    assert len(_looked(eight, seconds=-1.0)) == 1


def test_a_seek_that_never_comes_back_is_left_to_itself(eight: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(*_: Any) -> None:
        time.sleep(5.0)

    monkeypatch.setattr(skim._Look, "_seek_about", stuck)
    start = time.monotonic()
    assert len(_looked(eight, seconds=0.4)) == 1
    assert time.monotonic() - start < 3.0


def test_the_report_says_how_little_was_seen(eight: Path) -> None:
    one_pass = _in_time(60.0)(moments=5).open(probe(eight))
    assert not one_pass.report.complete
    assert list(one_pass)
    assert one_pass.report.num_frames == 5
    assert one_pass.report.notes == ("5 moments were looked at.",)
    assert one_pass.report.end_seconds == pytest.approx(8.0, abs=0.1)


def test_a_damaged_file_gives_what_can_be_had(eight: Path, tmp_path: Path) -> None:
    data = bytearray(eight.read_bytes())
    third = len(data) // 3
    data[third : 2 * third] = bytes(third)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    assert _looked(broken)


def test_what_decodes_to_nothing_is_told(eight: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skim._Look, "run", lambda look: None)
    with pytest.raises(UnreadableVideo, match="not one picture"):
        _looked(eight)


def test_sound_alone_has_no_pictures(eight: Path) -> None:
    from dataclasses import replace

    info = replace(probe(eight), video_index=None)
    with pytest.raises(UnreadableVideo, match="has sound but no pictures"):
        list(Skim().open(info))


def test_times_without_stamps_and_seeks_that_fail(eight: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import av

    def refused(*_: Any, **__: Any) -> None:
        raise av.FFmpegError(1, "no seeking here")

    class Unseekable:
        def __init__(self, container: Any) -> None:
            self.inner = container

        def __getattr__(self, name: str) -> Any:
            return refused if name == "seek" else getattr(self.inner, name)

    from contextlib import contextmanager

    @contextmanager
    def opened(path: Path) -> Any:
        with open_container(path) as container:
            yield Unseekable(container)

    monkeypatch.setattr(skim, "open_container", opened)
    assert len(_looked(eight)) >= 6
