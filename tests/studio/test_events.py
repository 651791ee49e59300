"""What is told while somebody watches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from starlette.concurrency import run_in_threadpool

from keyart.studio import events as events_module
from keyart.studio.catalogue import Video, new_id
from keyart.studio.events import Lookout
from keyart.studio.rooms import Rooms
from keyart.studio.works import running
from tests.conftest import ClipFactory
from tests.studio.served import events, served
from tests.studio.test_child import SEARCHED

Wait = Callable[..., None]


def add(rooms: Rooms, **values: Any) -> str:
    usual: dict[str, Any] = {"name": "a.mp4", "file": "source.mp4", "bytes": 1, "state": "running"}
    video = Video(id=new_id(), **(usual | values))
    rooms.catalogue.add_video(video)
    return video.id


def told(client: TestClient, id: str, headers: dict[str, str] | None = None) -> list[tuple[str, Any]]:
    with client.stream("GET", f"/api/videos/{id}/events", headers=headers or {}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        return list(events(iter(answer.iter_lines())))


@dataclass
class Clock:
    """Time as those have it who tell: a nap takes none of ours, and what is to happen at a second happens in it."""

    now: float = 0.0
    acts: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        while self.acts and self.acts[0][0] <= self.now:
            await run_in_threadpool(self.acts.pop(0)[1])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(events_module, "time", clock)
    monkeypatch.setattr(events_module, "anyio", clock)
    return clock


def test_a_video_at_its_end_is_told_once(client: TestClient, rooms: Rooms) -> None:
    id = add(rooms, state="done")
    assert told(client, id) == [("video", client.get(f"/api/videos/{id}").json())]


def test_who_has_seen_the_end_is_told_to_go(client: TestClient, rooms: Rooms) -> None:
    id = add(rooms, state="failed", error="no video")
    revision = client.get(f"/api/videos/{id}").json()["revision"]
    answer = client.get(f"/api/videos/{id}/events", headers={"last-event-id": str(revision)})
    assert (answer.status_code, answer.content) == (204, b"")
    assert told(client, id, {"last-event-id": "another"})


def test_no_video_no_events(client: TestClient) -> None:
    answer = client.get(f"/api/videos/{new_id()}/events")
    assert (answer.status_code, answer.json()) == (404, {"error": "there is no such video"})


def test_every_change_is_told_in_order(client: TestClient, rooms: Rooms, clock: Clock) -> None:
    id = add(rooms)
    for number, part in enumerate((0.25, 0.5, 0.75), 1):
        progress = {"stages": [], "fraction": part, "seconds_left": 1.0}
        clock.acts.append((number * 0.4, partial(rooms.catalogue.change, id, progress=progress)))
    clock.acts.append((1.6, partial(rooms.catalogue.move, id, "done", from_=("running",))))
    found = told(client, id)
    assert [one["progress"]["fraction"] for _, one in found] == [0.0, 0.25, 0.5, 0.75, 0.75]
    assert [one["state"] for _, one in found] == ["running"] * 4 + ["done"]


def test_a_video_that_is_taken_away_is_said_to_be_gone(client: TestClient, rooms: Rooms, clock: Clock) -> None:
    id = add(rooms)
    clock.acts.append((0.5, partial(rooms.catalogue.remove_video, id)))
    assert [kind for kind, _ in told(client, id)] == ["video", "gone"]


def test_silence_is_filled(client: TestClient, rooms: Rooms, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(events_module, "HEARTBEAT_SECONDS", 0.5)
    id = add(rooms)
    clock.acts.append((1.6, partial(rooms.catalogue.move, id, "done", from_=("running",))))
    assert [kind for kind, _ in told(client, id)] == ["video", "", "", "", "video"]


def test_many_who_watch_cost_one_look(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    id, looks = add(rooms), []
    revision = rooms.catalogue.revision

    def counted(one: str) -> int | None:
        looks.append(one)
        return revision(one)

    monkeypatch.setattr(type(rooms.catalogue), "revision", lambda _, one: counted(one))
    lookout = Lookout(rooms)
    sights = [lookout.look(id) for _ in range(200)]
    assert len(looks) == 1 and all(one is sights[0] for one in sights)
    assert lookout.look(new_id()) is None


@pytest.fixture
def rough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHILD", "tests.studio.rough")
    monkeypatch.setenv("PYTHONPATH", SEARCHED)


@pytest.mark.usefixtures("rough")
@pytest.mark.usefixtures("at_work")
def test_places_in_the_queue_are_told_too(
    client: TestClient, rooms: Rooms, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [add(rooms, name=name, state="queued") for name in ("hang.mp4", "quick.mp4")]
    for id in ids:
        folder = rooms.options.video_folder(id)
        folder.mkdir(parents=True)
        (folder / "source.mp4").touch()
        rooms.jobs.start(id)
    wait_for(lambda: (rooms.catalogue.video(ids[0]) or pytest.fail()).state == "running")
    cancelled: list[bool] = []

    async def nap(seconds: float) -> None:
        if not cancelled:  # the first nap comes after the first word
            cancelled.append(await run_in_threadpool(rooms.jobs.cancel, ids[0]))
        await anyio.sleep(seconds)

    monkeypatch.setattr(events_module, "anyio", SimpleNamespace(sleep=nap))
    found = [one for kind, one in told(client, ids[1]) if kind == "video"]
    assert found[0]["position"] == 1
    assert found[-1]["state"] == "done" and found[-1]["position"] is None


# --- the whole house, from outside --------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_of_each")
def test_a_video_is_watched_from_the_form_to_the_package_over_a_killed_server(
    tmp_path: Path, clip: ClipFactory
) -> None:
    """What a user sees: hands a video in, watches it; the server is killed; reloads, watches on, has the package."""
    data = tmp_path / "studio"
    with served(data) as server:
        video = server.add(clip(tone_hz=440), "Кот.mp4")
        assert video["state"] == "queued" and video["probe"]["width"] == 320
        for state, fraction in _watch(server.http, video["id"]):
            if state == "running" and fraction > 0:
                break
        server.kill()
    with served(data) as server:
        seen = list(_watch(server.http, video["id"]))
        assert seen[-1] == ("done", 1.0)
        products = server.http.get(f"/api/videos/{video['id']}/products").json()["products"]
        cover = next(one for one in products if one["kind"] == "cover")
        assert len(server.http.get(cover["url"]).content) == cover["bytes"]
        out, err = server.end()
    assert out == ""
    assert [line for line in err.splitlines() if "interrupted" not in line] == []


def _watch(http: Any, id: str) -> Iterator[tuple[str, float]]:
    with http.stream("GET", f"/api/videos/{id}/events") as answer:
        for kind, found in events(answer.iter_lines()):
            if kind == "video":
                yield found["state"], found["progress"]["fraction"]


def test_the_stream_is_in_the_reference(client: TestClient) -> None:
    described = json.dumps(client.get("/openapi.json").json()["paths"]["/api/videos/{id}/events"])
    assert "text/event-stream" in described
