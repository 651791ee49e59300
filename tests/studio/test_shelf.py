"""What is handed out of a package: named files, in parts where asked, and nothing else of the disk."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from keyart.studio.catalogue import Picture, Video, new_id
from keyart.studio.rooms import Rooms
from keyart.studio.shelf import SHOWN, disposition


def test_every_product_is_handed_out_whole(client: TestClient, finished: Video, package_folder: Path) -> None:
    products = client.get(f"/api/videos/{finished.id}/products").json()["products"]
    assert len(products) > 20
    for one in products:
        answer = client.get(one["url"])
        assert (answer.status_code, answer.content) == (200, (package_folder / one["path"]).read_bytes()), one["path"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "html" not in answer.headers["content-type"]
        shown = Path(one["path"]).suffix in SHOWN
        assert answer.headers["content-disposition"].startswith("inline" if shown else "attachment")


@pytest.mark.parametrize(
    "path", ["package.json", "run.json", "index.html", "..%2Fsource.mp4", "../source.mp4", "%2Fetc%2Fpasswd", "frames",
             "frames/01.jpg%00", ".keyart.lock"],
)  # fmt: skip
def test_nothing_that_the_manifest_does_not_name(client: TestClient, finished: Video, path: str) -> None:
    answer = client.get(f"/api/videos/{finished.id}/products/{path}")
    assert answer.status_code in (404, 400), path


def test_a_link_out_of_the_package_is_not_followed(client: TestClient, rooms: Rooms, finished: Video) -> None:
    still = rooms.options.video_folder(finished.id) / "package" / "frames" / "01.jpg"
    still.unlink()
    still.symlink_to("/etc/hostname")
    assert client.get(f"/api/videos/{finished.id}/products/frames/01.jpg").status_code == 404


def test_parts_are_handed_out(client: TestClient, finished: Video, source: Path) -> None:
    data = source.read_bytes()
    address = f"/api/videos/{finished.id}/source"
    part = client.get(address, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, data[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(data)}"
    assert client.get(address, headers={"range": "bytes=-50"}).content == data[-50:]
    assert client.get(address, headers={"range": f"bytes={len(data)}-"}).status_code == 416
    whole = client.get(address)
    assert (whole.headers["content-type"], whole.headers["accept-ranges"]) == ("video/mp4", "bytes")
    assert "%D0%9A%D0%BE%D1%82" in whole.headers["content-disposition"]


def test_the_archive_holds_the_package_and_what_was_made(client: TestClient, rooms: Rooms, finished: Video) -> None:
    made = rooms.options.video_folder(finished.id) / "made"
    made.mkdir()
    (made / "a.png").write_bytes(b"picture")
    rooms.catalogue.add_picture(Picture(new_id(), finished.id, "cover", "a.png", {}, 1.0))
    answer = client.get(f"/api/videos/{finished.id}/package.zip")
    assert answer.headers["content-disposition"].endswith(".keyart.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert archive.read("studio/cover_01.png") == b"picture"
    named = [one["path"] for one in client.get(f"/api/videos/{finished.id}/products").json()["products"]]
    assert names == ["package.json", "index.html", *named, "studio/cover_01.png"]
    assert client.get(f"/api/videos/{finished.id}/package.zip").content == answer.content


def test_an_unfinished_package_is_409(client: TestClient, rooms: Rooms, finished: Video) -> None:
    rooms.catalogue.change(finished.id, state="running")
    for path in ("products", "products/frames/01.jpg", "package.zip"):
        answer = client.get(f"/api/videos/{finished.id}/{path}")
        assert (answer.status_code, "not there yet" in answer.json()["error"]) == (409, True), path
    rooms.catalogue.change(finished.id, state="done")


def test_presets_and_health(client: TestClient) -> None:
    presets = client.get("/api/presets").json()
    assert (presets["youtube"]["width"], presets["youtube"]["kind"]) == (1280, "cover")
    health = client.get("/api/health").json()
    assert (health["status"], health["queued"], health["running"]) == ("ok", 0, 0)


@pytest.mark.parametrize("name", ['a"b.mp4', "a\r\nX-Evil: 1.mp4", "кот.mp4", "a;b=c.mp4", ""])
def test_names_cannot_break_out_of_their_header(name: str) -> None:
    said = disposition(name)
    assert said.isascii() and "\r" not in said and "\n" not in said
    assert said.count('"') == 2


def test_a_lost_page_is_a_page_and_a_lost_call_is_a_line(client: TestClient) -> None:
    page = client.get("/nowhere", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    call = client.get("/api/nowhere", headers={"accept": "text/html"})
    assert (call.status_code, call.json()) == (404, {"error": "Not Found"})
