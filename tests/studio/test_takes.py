"""Takes judged through the API: in a child of the studio's, two at a time, with the strip of their worst frames."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from keyart.studio import takes
from keyart.studio.catalogue import Video
from keyart.studio.rooms import Rooms


def test_a_take_is_judged_and_its_worst_frames_are_shown(client: TestClient, rooms: Rooms, finished: Video) -> None:
    here = f"/api/videos/{finished.id}/judgement"
    assert client.get(f"{here}/strip").status_code == 404
    found = client.post(here, json={"prompt": "a cat looks at a telescope"}).json()
    assert 1 <= found["score"] <= 10 and found["label"] in ("good", "poor") and found["name"] == finished.name
    assert any("prompt was not looked at" in note for note in found["notes"])
    shown = client.get(f"{here}/strip")
    assert (shown.status_code == 200) == bool(found["strip"])
    assert not found["strip"] or shown.content.startswith(b"\xff\xd8")
    assert str(rooms.options.data) not in str(found)


def test_what_is_not_there_or_too_long_is_not_judged(client: TestClient, rooms: Rooms, finished: Video) -> None:
    assert client.post(f"/api/videos/{'0' * 32}/judgement", json={}).status_code == 404
    assert client.post(f"/api/videos/{finished.id}/judgement", json={"model": "/etc/passwd"}).status_code == 422
    rooms.catalogue.change(finished.id, probe={"duration": takes.MOST_SECONDS + 1})
    answer = client.post(f"/api/videos/{finished.id}/judgement", json={})
    assert answer.status_code == 422 and "at most 180 seconds" in answer.json()["error"]


def test_more_takes_than_two_at_once_are_put_off(
    client: TestClient, finished: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, done = threading.Semaphore(0), threading.Event()

    def slow(*_: object) -> takes.Judgement:
        begun.release()
        assert done.wait(20)
        return takes.Judgement(
            id=finished.id, name="", score=5, label="poor", uncertainty=1, reasons=[], worst_pairs=[], notes=[]
        )

    monkeypatch.setattr(takes, "judged", slow)
    monkeypatch.setattr(takes, "_PATIENCE_SECONDS", 0.2)
    here = f"/api/videos/{finished.id}/judgement"
    with ThreadPoolExecutor(takes.AT_ONCE) as others:
        waiting = [others.submit(client.post, here, json={}) for _ in range(takes.AT_ONCE)]
        assert all(begun.acquire(timeout=20) for _ in waiting)
        assert client.post(here, json={}).status_code == 503
        done.set()
        assert [one.result().status_code for one in waiting] == [200] * takes.AT_ONCE
    assert client.post(here, json={}).status_code == 200
