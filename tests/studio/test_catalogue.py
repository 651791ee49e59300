"""The studio's memory: what is entered is found again, by another process too; who races for a state wins or loses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from keyart.studio.catalogue import Catalogue, FrameMark, Picture, State, Upload, Video, new_id

VIDEO = Video(new_id(), "talk.mp4", "source.mp4", 100, "queued", words="talk.mp4 рыжий кот", created_at=1.0)

STATES: tuple[State, ...] = ("done", "running", "queued", "failed")


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    made = Catalogue(f"sqlite:///{tmp_path / 'studio.sqlite'}")
    yield made
    made.close()


def test_a_video_comes_back_as_it_went_in(catalogue: Catalogue, tmp_path: Path) -> None:
    video = replace(VIDEO, settings={"scan": {"mode": "fast"}}, progress={"fraction": 0.5})
    assert catalogue.add_video(video)
    other = Catalogue(f"sqlite:///{tmp_path / 'studio.sqlite'}")
    assert other.video(video.id) == video
    other.close()


def test_the_same_id_twice_keeps_the_first(catalogue: Catalogue) -> None:
    assert catalogue.add_video(VIDEO)
    assert not catalogue.add_video(replace(VIDEO, name="other.mp4"))
    found = catalogue.video(VIDEO.id)
    assert found is not None and found.name == "talk.mp4"


def test_every_change_is_a_new_revision(catalogue: Catalogue) -> None:
    catalogue.add_video(VIDEO)
    assert catalogue.revision(VIDEO.id) == 1
    assert catalogue.change(VIDEO.id, error="x")
    assert catalogue.move(VIDEO.id, "running", from_=("queued",))
    assert catalogue.revision(VIDEO.id) == 3
    assert catalogue.revision(new_id()) is None
    assert not catalogue.change(new_id(), error="x")


def test_of_those_who_race_for_a_state_one_wins(catalogue: Catalogue) -> None:
    catalogue.add_video(VIDEO)
    won: list[bool] = []
    racers = [
        threading.Thread(target=lambda: won.append(catalogue.move(VIDEO.id, "running", from_=("queued",))))
        for _ in range(8)
    ]
    for one in racers:
        one.start()
    for one in racers:
        one.join()
    assert sorted(won) == [False] * 7 + [True]


def test_search_wants_every_word_and_takes_no_pattern(catalogue: Catalogue) -> None:
    catalogue.add_video(VIDEO)
    catalogue.add_video(replace(VIDEO, id=new_id(), name="cat", words="cat", created_at=2.0))
    assert [one.name for one in catalogue.videos("КОТ рыж")[0]] == ["talk.mp4"]
    assert catalogue.videos("кот собака") == ((), 0)
    assert catalogue.videos("%")[1] == 0
    assert [one.name for one in catalogue.videos()[0]] == ["cat", "talk.mp4"]
    assert [one.name for one in catalogue.videos(limit=1, offset=1)[0]] == ["talk.mp4"]


def test_what_is_not_finished_is_found_oldest_first(catalogue: Catalogue) -> None:
    for number, state in enumerate(STATES):
        catalogue.add_video(replace(VIDEO, id=new_id(), state=state, created_at=10.0 - number))
    assert [one.state for one in catalogue.unfinished()] == ["queued", "running"]


def test_a_video_goes_with_all_that_hangs_on_it(catalogue: Catalogue) -> None:
    catalogue.add_video(VIDEO)
    catalogue.mark(FrameMark(VIDEO.id, 1500, True, False, {"seconds": 1.5}))
    catalogue.add_picture(Picture(new_id(), VIDEO.id, "cover", "a.png", {}, 1.0))
    assert catalogue.remove_video(VIDEO.id)
    assert (catalogue.video(VIDEO.id), catalogue.marks(VIDEO.id), catalogue.pictures(VIDEO.id)) == (None, (), ())
    assert not catalogue.remove_video(VIDEO.id)


def test_a_mark_replaces_the_one_before(catalogue: Catalogue) -> None:
    catalogue.mark(FrameMark(VIDEO.id, 1500, True, False, {}))
    catalogue.mark(FrameMark(VIDEO.id, 1500, True, True, {}))
    assert [one.favourite for one in catalogue.marks(VIDEO.id)] == [True]
    assert catalogue.unmark(VIDEO.id, 1500) and not catalogue.unmark(VIDEO.id, 1500)


def test_pictures_come_oldest_first_and_by_kind(catalogue: Catalogue) -> None:
    for number, kind in enumerate(("cover", "variant", "cover")):
        catalogue.add_picture(Picture(new_id(), VIDEO.id, kind, f"{number}.png", {}, float(-number)))
    assert [one.file for one in catalogue.pictures(VIDEO.id)] == ["2.png", "1.png", "0.png"]
    assert [one.file for one in catalogue.pictures(VIDEO.id, "variant")] == ["1.png"]
    assert not catalogue.remove_picture(new_id(), catalogue.pictures(VIDEO.id)[0].id)


def test_uploads_are_kept_until_taken(catalogue: Catalogue) -> None:
    upload = Upload(new_id(), "talk.mp4", 100, 1.0)
    catalogue.add_upload(upload)
    catalogue.touch_upload(upload.id, 2.0)
    assert catalogue.upload(upload.id) == replace(upload, touched_at=2.0)
    assert catalogue.uploads() == (replace(upload, touched_at=2.0),)
    assert catalogue.remove_upload(upload.id) and catalogue.upload(upload.id) is None
