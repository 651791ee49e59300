"""What a file says of itself, and what only a camera wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from keyart.titles.names import clean_name, file_headlines, shortened
from keyart.types import Chapter
from tests.speech.conftest import info_for


@pytest.mark.parametrize(
    "stem",
    ["IMG_1234", "VID-20240131-WA0007", "DSC00042", "GOPR0123", "20240131_120102", "PXL_20240131_120102123", "final_v2",
     "output", "screen_recording_2024-01-31 at 12.01.02",
     "e3b0c44298fc1c149afbf4c8996fb924", "1080p", "Untitled (3)", "видео 12",
     "a", "", "video_2024-05-05_12-00-00", "MVI_0042", "dQw4w9WgXcQ12345"],
)  # fmt: skip
def test_names_that_nobody_wrote(stem: str) -> None:
    assert clean_name(stem) == ""


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("how_to_bake_bread", "How to bake bread"),
        ("ловля-форели-зимой", "Ловля форели зимой"),
        ("Поездка в Карелию 2024-07-15", "Поездка в Карелию"),
        ("holiday.in.spain.1080p.x264", "Holiday in spain"),
        ("Interview with Anna_final_v2", "Interview with Anna"),
        ("Lecture 5. Black holes [dQw4w9WgXcQ]", "Lecture 5. Black holes"),
        ("talk-2024-01-31-final", "Talk"),
    ],
)
def test_names_that_somebody_wrote(stem: str, name: str) -> None:
    assert clean_name(stem) == name


def test_shortened_ends_on_a_whole_word() -> None:
    assert shortened("Ловля форели", 7, 60) == "Ловля форели"
    assert shortened("Ловля форели на зимней рыбалке в горах и на равнине | Канал Рыбак", 7, 60) == "Канал Рыбак"
    long = shortened("Как мы ловили форель на зимней рыбалке в горах Алтая", 7, 60)
    assert long == "Как мы ловили форель на зимней рыбалке"
    assert (
        shortened("The history of the world in the age of the sail and steam", 8, 60)
        == "The history of the world in the age"
    )
    assert shortened("Новости недели: всё о выборах, спорте, погоде и ценах на бензин", 7, 60) == "Новости недели"


def test_sources_in_order_and_what_they_stand_for() -> None:
    info = replace(
        info_for(Path("/videos/trip_to_karelia.mp4"), tags={"title": "Семь дней в Карелии"}),
        chapters=(Chapter("Глава 1", 0, 5), Chapter("Старая крепость", 5, 9.5), Chapter("0:09", 9.5, 10)),
    )
    found = file_headlines(info, 7, 60)
    assert [(one.text, one.source, one.supported) for one in found] == [
        ("Семь дней в Карелии", "metadata", True),
        ("Старая крепость", "chapter", True),
        ("Trip to karelia", "file name", False),
    ]
    assert (found[1].start, found[1].end) == (5, 9.5)
    assert found[0].language == "ru"


def test_a_program_that_put_the_name_into_the_title_tag() -> None:
    info = info_for(Path("/videos/IMG_1234.mp4"), tags={"title": "IMG_1234"})
    assert file_headlines(info, 7, 60) == ()
    same = file_headlines(info_for(Path("/videos/Лес зимой.mp4"), tags={"title": "Лес зимой"}), 7, 60)
    assert [one.text for one in same] == ["Лес зимой"]


@pytest.mark.parametrize(
    "stem",
    ["new video", "Новый проект 3", "test_video", "my_video_final", "movie clip 2", "exported clip", "camera1",
     "видео с телефона", "untitled project", "sample_short_30fps"],
)  # fmt: skip
def test_names_that_nobody_thought_of_are_no_titles(stem: str) -> None:
    assert clean_name(stem) == ""


@pytest.mark.parametrize(
    ("stem", "title"),
    [
        ("ЛЕКЦИЯ_5_ПСИХОЛОГИЯ", "Лекция 5 психология"),
        ("my_trip_to_karelia", "My trip to karelia"),
        ("big_buck_bunny_1080p_30fps", "Big buck bunny"),
        ("NASA", "NASA"),
    ],
)
def test_other_names_are_tidied(stem: str, title: str) -> None:
    assert clean_name(stem) == title
