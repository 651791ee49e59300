"""Taking videos in by form, by upload and by path; following, stopping, doing again and removing them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from keyart.studio.app import application
from keyart.studio.catalogue import Video
from keyart.studio.options import Studio
from keyart.studio.rooms import Rooms

Wait = Callable[[Callable[[], bool]], None]
PART = b'--a\r\nContent-Disposition: form-data; name="x"\r\n\r\n'
QUICK = {"scan": {"mode": "fast"}, "stills": {"count": 3}, "covers": {"count": 1, "presets": ["youtube"]},
         "variants": {"looks": ["duotone"], "backgrounds": [], "count": 1}}  # fmt: skip


def uploaded(client: TestClient, path: Path, name: str = "") -> str:
    """The id of an upload of the file."""
    named = base64.b64encode((name or path.name).encode()).decode()
    data = path.read_bytes()
    said = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": f"filename {named}"}
    place = client.post("/api/uploads", headers=said).headers["location"]
    moved = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert client.patch(place, headers=moved, content=data).status_code == 204
    return str(place).rsplit("/", 1)[1]


def state(client: TestClient, id: str) -> str:
    return str(client.get(f"/api/videos/{id}").json()["state"])


@pytest.mark.usefixtures("at_work")
def test_a_form_becomes_a_package(client: TestClient, rooms: Rooms, source: Path, wait_for: Wait) -> None:
    files = [
        ("file", ("Кот и телескоп.mp4", source.read_bytes(), "video/mp4")),
        ("subtitles", ("кот.ru.srt", source.with_suffix(".srt").read_bytes(), "text/plain")),
    ]
    answer = client.post("/api/videos", files=files, data={"settings": json.dumps(QUICK)})
    assert answer.status_code == 201, answer.text
    video = answer.json()
    assert answer.headers["location"] == video["links"]["self"] == f"/api/videos/{video['id']}"
    assert (video["name"], video["probe"]["duration"]) == ("Кот и телескоп.mp4", 6.0)
    folder = rooms.options.video_folder(video["id"])
    assert sorted(one.name for one in folder.iterdir() if one.is_file()) == ["source.mp4", "source.ru.srt"]
    assert rooms.catalogue.uploads() == ()

    wait_for(lambda: state(client, video["id"]) in ("done", "failed"))
    done = client.get(f"/api/videos/{video['id']}").json()
    assert (done["state"], done["error"]) == ("done", "")
    assert {one["name"] for one in done["progress"]["stages"]} >= {"scan", "stills", "titles", "covers"}
    package = client.get(f"/api/videos/{video['id']}/products").json()
    assert package["source"]["name"] == "Кот и телескоп.mp4"
    assert any("телескоп" in one["text"].casefold() for one in package["titles"])
    assert client.get("/api/videos", params={"q": "сатурн"}).json()["total"] == 1


def test_an_upload_becomes_a_video(client: TestClient, rooms: Rooms, source: Path) -> None:
    id = uploaded(client, source, "../../etc/talk.mp4")
    answer = client.post("/api/videos", json={"upload": id, "settings": QUICK})
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == "talk.mp4"
    assert rooms.catalogue.upload(id) is None
    assert client.post("/api/videos", json={"upload": id}).status_code == 404
    assert client.delete(f"/api/videos/{answer.json()['id']}").status_code == 204


def test_a_path_is_taken_where_it_is_allowed(options: Studio, source: Path, tmp_path: Path) -> None:
    allowed = Studio(data=options.data, spare_gb=0.0, allow_paths=(str(source.parent),))
    with TestClient(application(allowed), base_url="http://127.0.0.1:8400") as client:
        made = client.post("/api/videos", json={"path": str(source), "settings": QUICK})
        assert made.status_code == 201, made.text
        folder = allowed.video_folder(made.json()["id"])
        assert {"source.mp4", "source.srt"} <= {one.name for one in folder.iterdir()}
        outside = tmp_path / "talk.mp4"
        outside.write_bytes(source.read_bytes())
        assert client.post("/api/videos", json={"path": str(outside)}).status_code == 422
        client.delete(f"/api/videos/{made.json()['id']}")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "exactly one"),
        ({"upload": "0" * 32, "path": "/x"}, 422, "exactly one"),
        ({"upload": "0" * 32}, 404, "no such upload"),
        ({"path": "/etc/passwd"}, 422, "takes no paths"),
        ({"upload": "0" * 32, "settings": {"covers": {"font": "/etc/passwd"}}}, 422, "cannot be set here"),
        ({"upload": "0" * 32, "settings": {"stills": {"count": 10000}}}, 422, "count"),
        ({"uplaod": "0" * 32}, 422, "uplaod"),
        ({"upload": "../../x"}, 422, "upload"),
    ],
)
def test_what_cannot_be_taken_in_is_one_line(client: TestClient, body: dict[str, Any], status: int, said: str) -> None:
    answer = client.post("/api/videos", json=body)
    assert answer.status_code == status
    assert said in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"x", "text/plain", 415),
        (b"x", "multipart/form-data", 400),
        (PART, "multipart/form-data; boundary=a", 400),
        (PART + b"v\r\n--a--\r\n", "multipart/form-data; boundary=a", 422),
    ],
)
def test_bodies_that_are_none_are_refused(
    client: TestClient, rooms: Rooms, content: bytes, kind: str, status: int
) -> None:
    answer = client.post("/api/videos", content=content, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    assert list(rooms.options.uploads_folder.glob("*")) == []


def test_a_text_called_video_leaves_nothing_behind(client: TestClient, rooms: Rooms) -> None:
    answer = client.post("/api/videos", files={"file": ("talk.mp4", b"hello" * 100, "video/mp4")})
    assert (answer.status_code, "talk.mp4" in answer.json()["error"]) == (415, True)
    assert rooms.catalogue.videos() == ((), 0)
    assert rooms.catalogue.uploads() == ()
    assert [*(rooms.options.data / "videos").glob("*"), *rooms.options.uploads_folder.glob("*")] == []


def test_a_container_that_cannot_be_decoded_leaves_nothing_behind(
    client: TestClient, rooms: Rooms, source: Path
) -> None:
    torn = source.read_bytes()[:2000]
    answer = client.post("/api/videos", files={"file": ("torn.mp4", torn, "video/mp4")})
    assert answer.status_code == 422, answer.text
    assert "torn.mp4" in answer.json()["error"] and "source" not in answer.json()["error"]
    assert rooms.catalogue.videos() == ((), 0)
    assert list((rooms.options.data / "videos").glob("*")) == []


def test_two_subtitles_of_one_language_are_refused(client: TestClient, source: Path) -> None:
    text = source.with_suffix(".srt").read_bytes()
    files = [("file", ("a.mp4", source.read_bytes(), "video/mp4")), ("subtitles", ("a.srt", text, "text/plain")),
             ("subtitles", ("b.srt", text, "text/plain"))]  # fmt: skip
    answer = client.post("/api/videos", files=files)
    assert (answer.status_code, "came twice" in answer.json()["error"]) == (422, True)


def test_a_video_that_is_too_long_is_refused(options: Studio, source: Path) -> None:
    short = Studio(data=options.data, spare_gb=0.0, max_hours=0.001)
    with TestClient(application(short), base_url="http://127.0.0.1:8400") as client:
        answer = client.post("/api/videos", files={"file": ("a.mp4", source.read_bytes(), "video/mp4")})
    assert (answer.status_code, "this studio takes up to" in answer.json()["error"]) == (422, True)


@pytest.mark.usefixtures("at_work")
def test_stopped_done_again_and_removed(client: TestClient, rooms: Rooms, source: Path, wait_for: Wait) -> None:
    id = client.post("/api/videos", json={"upload": uploaded(client, source), "settings": QUICK}).json()["id"]
    assert client.post(f"/api/videos/{id}/retry").status_code == 409
    stopped = client.post(f"/api/videos/{id}/cancel")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "cancelled")
    assert client.post(f"/api/videos/{id}/cancel").status_code == 409
    again = client.post(f"/api/videos/{id}/retry")
    assert (again.status_code, again.json()["state"] in ("queued", "running")) == (200, True)
    wait_for(lambda: state(client, id) == "done")
    assert client.delete(f"/api/videos/{id}").status_code == 204
    assert client.get(f"/api/videos/{id}").status_code == 404
    assert list((rooms.options.data / "videos").glob("*")) == []


def test_a_draft_is_kept(client: TestClient, finished: Video) -> None:
    assert client.get(f"/api/videos/{finished.id}/draft").json() == {}
    assert client.put(f"/api/videos/{finished.id}/draft", json={"text": "Кот"}).status_code == 204
    assert client.get(f"/api/videos/{finished.id}/draft").json() == {"text": "Кот"}
    assert client.put(f"/api/videos/{finished.id}/draft", json={"text": "x" * 65_000}).status_code == 413


def test_unknown_ids_are_404_and_no_ids_422(client: TestClient) -> None:
    for path in ("", "/draft", "/products", "/products/frames/01.jpg", "/source", "/package.zip"):
        assert client.get(f"/api/videos/{'0' * 32}{path}").status_code == 404, path
        assert client.get(f"/api/videos/..{path}").status_code in (404, 422), path
