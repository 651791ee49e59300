"""A studio with a folder of its own, and a package that is made once for all tests and copied where one is wanted."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from keyart import make, save
from keyart.cache import StageCache
from keyart.covers import MakeAvatar
from keyart.covers.variants import MakeVariants
from keyart.recipe import Recipe
from keyart.studio.app import application
from keyart.studio.catalogue import Video, new_id
from keyart.studio.options import Studio
from keyart.studio.rooms import Rooms
from tests.conftest import ClipRecipe, Take, make_clip

SPOKEN = """1
00:00:00,200 --> 00:00:02,000
Рыжий кот открывает большую дверь телескопа.

2
00:00:02,100 --> 00:00:04,000
Астроном показывает кольца Сатурна детям.

3
00:00:04,100 --> 00:00:05,900
Ракета вышла на орбиту за девять минут.
"""


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short video with Russian subtitles beside it."""
    takes = Take("photo-astronaut", 2.0), Take("photo-coffee", 2.0), Take("photo-rocket", 2.0)
    folder = tmp_path_factory.mktemp("source")
    clip = make_clip(folder / "talk.mp4", ClipRecipe(takes, size_px=(640, 360), tone_hz=440))
    clip.with_suffix(".srt").write_text(SPOKEN, "utf-8")
    return clip


@pytest.fixture(scope="session")
def package_folder(tmp_path_factory: pytest.TempPathFactory, source: Path) -> Path:
    """The whole package of `source`, with one variant and one avatar."""
    folder = tmp_path_factory.mktemp("packages") / "talk.keyart"
    recipe = Recipe(
        variants=MakeVariants(looks=("anime",), backgrounds=(), count=1), avatar=MakeAvatar(looks=("natural",))
    )
    save(make(source, recipe, cache=StageCache(folder.parent / "cache")), folder)
    return folder


@pytest.fixture
def options(tmp_path: Path) -> Studio:
    return Studio(data=tmp_path / "studio", spare_gb=0.0)


@pytest.fixture
def client(options: Studio) -> Iterator[TestClient]:
    """A browser in front of a studio where nobody works yet: queued videos wait."""
    app = application(options)
    yield TestClient(app, base_url="http://127.0.0.1:8400")
    app.state.rooms.darkroom.close()
    app.state.rooms.catalogue.close()


@pytest.fixture
def rooms(client: TestClient) -> Rooms:
    found = client.app.state.rooms  # type: ignore[attr-defined]
    assert isinstance(found, Rooms)
    return found


@pytest.fixture
def at_work(rooms: Rooms) -> Iterator[None]:
    """The studio's jobs are done while the test runs."""
    rooms.jobs.launch()
    yield
    rooms.jobs.close()


@pytest.fixture
def finished(rooms: Rooms, source: Path, package_folder: Path) -> Video:
    """A video whose package is there."""
    video = Video(
        id=new_id(),
        name="Кот и телескоп.mp4",
        file="source.mp4",
        bytes=source.stat().st_size,
        state="done",
        words="кот и телескоп.mp4",
        created_at=time.time(),
    )
    folder = rooms.options.video_folder(video.id)
    folder.mkdir(parents=True)
    shutil.copyfile(source, folder / "source.mp4")
    shutil.copyfile(source.with_suffix(".srt"), folder / "source.srt")
    shutil.copytree(package_folder, folder / "package")
    rooms.catalogue.add_video(video)
    return video


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool]], None]:
    """Waits until something holds; fails after two minutes."""

    def wait(holds: Callable[[], bool], seconds: float = 120.0) -> None:
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, "it never came to hold"
            time.sleep(0.05)

    return wait
