"""What is made of a finished video in the browser: frames, previews, covers, variants; each is what it says it is."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

from keyart.package import write_whole
from keyart.studio.catalogue import Picture, Video
from keyart.studio.darkroom import pictures
from keyart.studio.darkroom.darkroom import Busy, Darkroom
from keyart.studio.rooms import Rooms


def picture_of(data: bytes) -> NDArray[Any]:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture
def there(finished: Video) -> str:
    return f"/api/videos/{finished.id}"


def frames_of(client: TestClient, there: str, sort: str = "score") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{there}/frames", params={"sort": sort}).json()["frames"]
    return found


# --- covers -------------------------------------------------------------------------------------------------------


def test_a_preview_is_what_the_cover_will_be(client: TestClient, there: str) -> None:
    frame = frames_of(client, there)[0]
    design = {"frame": frame["id"], "text": "Кольца Сатурна", "template": "panel", "format": "png"}
    preview = client.post(f"{there}/preview", json=design)
    assert preview.status_code == 200 and preview.headers["content-type"] == "image/jpeg"
    assert preview.headers["cache-control"] == "no-store"
    assert json.loads(preview.headers["x-keyart-cover"])["template"] == "panel"
    made = client.post(f"{there}/covers", json=design)
    assert made.status_code == 201, made.text
    told = made.json()
    file = client.get(told["url"])
    assert file.headers["content-type"] == "image/png" and len(file.content) == told["bytes"]
    assert file.headers["content-disposition"].startswith('inline; filename="youtube_1.png"')
    exported, shown = picture_of(file.content), picture_of(preview.content)
    assert exported.shape == shown.shape == (720, 1280, 3)
    assert np.abs(exported.astype(int) - shown).mean() < 3, "the preview is a JPEG of the very same picture"
    assert client.get(f"{there}/covers").json()["covers"] == [told]
    assert told["design"]["text"] == "Кольца Сатурна" and told["receipt"]["headline"]["source"] == "user"


def test_a_cover_is_taken_away(client: TestClient, there: str, rooms: Rooms, finished: Video) -> None:
    told = client.post(f"{there}/covers", json={"frame": frames_of(client, there)[0]["id"], "text": "Кот"}).json()
    made = rooms.options.video_folder(finished.id) / "made" / f"{told['id']}.jpg"
    assert made.is_file()
    assert client.delete(told["url"].replace("/covers/", "/variants/")).status_code == 404
    assert client.delete(told["url"]).status_code == 204 and not made.exists()
    assert client.get(told["url"]).status_code == 404 == client.delete(told["url"]).status_code
    assert client.get(f"{there}/covers").json() == {"covers": []}


def test_a_cover_whose_file_is_gone_is_said(client: TestClient, there: str, rooms: Rooms, finished: Video) -> None:
    told = client.post(f"{there}/covers", json={"frame": frames_of(client, there)[0]["id"], "text": "Кот"}).json()
    (rooms.options.video_folder(finished.id) / "made" / f"{told['id']}.jpg").unlink()
    assert client.get(told["url"]).json() == {"error": "the file is gone"}
    assert client.delete(told["url"]).status_code == 204


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"frame": "../../etc"}, "frame"),
        ({"frame": "9" * 11}, "frame"),
        ({"font": "/etc/passwd"}, "no font is called"),
        ({"text": "а" * 301}, "text"),
        ({"colour": "red"}, "colour"),
        ({"size": 41}, "size"),
        ({"size": 1}, "3 to 40 can be set"),
        ({"seed": -1}, "seed"),
        ({"template": "poster"}, "no template is called 'poster'"),
        ({"look": "sepia"}, "no look is called 'sepia'"),
        ({"preset": "reels", "format": "png"}, "takes jpeg, not png"),
        ({"preset": "youtube_avatar"}, "no cover preset is called"),
        ({"position": "101%,0%"}, "lies outside the cover"),
        ({"read_back": "on"}, "read_back"),
        ({"picture": "/etc/passwd"}, "picture"),
    ],
)
def test_a_wrong_design_is_one_line(client: TestClient, there: str, wrong: dict[str, Any], said: str) -> None:
    answer = client.post(f"{there}/preview", json={"frame": "400", "text": "Кот", **wrong})
    assert answer.status_code == 422 and said in answer.json()["error"] and "\n" not in answer.json()["error"]


def test_a_made_picture_that_is_not_there_is_no_ground(client: TestClient, there: str) -> None:
    assert client.post(f"{there}/preview", json={"frame": "0" * 32, "text": "Кот"}).status_code == 404


def test_what_is_asked_too_often_may_be_asked_again(
    client: TestClient, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise Busy("try again in a moment")

    monkeypatch.setattr(Darkroom, "preview", busy)
    answer = client.post(f"{there}/preview", json={"frame": "400"})
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("path", ["frames", "texts"])
def test_a_video_on_its_way_has_nothing_to_show(client: TestClient, rooms: Rooms, finished: Video, path: str) -> None:
    rooms.catalogue.change(finished.id, state="running")
    answer = client.get(f"/api/videos/{finished.id}/{path}")
    assert answer.status_code == 409 and "running" in answer.json()["error"]
    assert client.get(f"/api/videos/{'0' * 32}/{path}").status_code == 404


def test_a_package_that_is_gone_is_said(client: TestClient, rooms: Rooms, finished: Video, there: str) -> None:
    (rooms.options.video_folder(finished.id) / "package" / "package.json").unlink()
    answer = client.get(f"{there}/frames")
    assert answer.status_code == 404 and "gone" in answer.json()["error"]


# --- frames -------------------------------------------------------------------------------------------------------


def test_frames_are_the_package_s_and_those_by_hand(client: TestClient, there: str) -> None:
    ranked = frames_of(client, there)
    assert ranked and [one["rank"] for one in ranked] == list(range(1, len(ranked) + 1))
    assert all(not one["by_hand"] and one["score"] and one["terms"] and one["why"] for one in ranked)
    added = client.post(f"{there}/frames", json={"seconds": 3.219})
    assert added.status_code == 201 and added.json()["id"] == "3200" and added.json()["favourite"]
    assert client.post(f"{there}/frames", json={"seconds": 3.2}).json() == added.json(), "the same frame once"
    found = frames_of(client, there)
    assert found[: len(ranked)] == ranked and found[-1] == added.json() and found[-1]["score"] is None
    times = [one["seconds"] for one in frames_of(client, there, "time")]
    assert times == sorted(times)
    assert client.delete(f"{there}/frames/3200").status_code == 204
    assert frames_of(client, there) == ranked
    assert client.get(added.json()["picture"]).status_code == 404


def test_a_ranked_frame_by_hand_is_only_liked(client: TestClient, there: str) -> None:
    first = frames_of(client, there)[0]
    again = client.post(f"{there}/frames", json={"seconds": first["seconds"]}).json()
    assert again == {**first, "favourite": True}
    assert client.put(f"{there}/frames/{first['id']}", json={"favourite": False}).json() == first
    answer = client.delete(f"{there}/frames/{first['id']}")
    assert answer.status_code == 409 and "added by hand" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"seconds": 99}, "there is no frame at 99"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": "nan"}, "seconds"),
        ({"seconds": 1, "rank": 1}, "rank"),
        ({}, "seconds"),
    ],
)
def test_a_frame_that_cannot_be_is_said(client: TestClient, there: str, body: dict[str, Any], said: str) -> None:
    answer = client.post(f"{there}/frames", json=body)
    assert answer.status_code == 422 and said in answer.json()["error"]


def test_a_frame_that_is_not_there_cannot_be_liked(client: TestClient, there: str) -> None:
    assert client.put(f"{there}/frames/12", json={"favourite": True}).status_code == 404
    assert client.delete(f"{there}/frames/cover").status_code == 404


def test_pictures_of_frames_come_in_any_width(client: TestClient, there: str) -> None:
    first = frames_of(client, there)[0]
    whole, small = client.get(first["picture"]), client.get(first["small"])
    assert picture_of(whole.content).shape == (360, 640, 3) and picture_of(small.content).shape == (270, 480, 3)
    assert client.get(first["picture"], params={"width": 1900}).content == whole.content, "never enlarged"
    assert client.get(first["picture"], params={"width": 5000}).status_code == 422
    assert small.headers["cache-control"] == "private, max-age=3600"
    assert client.get(f"{there}/frames/13.jpg").status_code == 404


def test_the_author_s_own_cover_is_a_frame_without_a_time(
    client: TestClient, rooms: Rooms, finished: Video, there: str
) -> None:
    path = rooms.options.video_folder(finished.id) / "package" / "package.json"
    told = json.loads(path.read_text("utf-8"))
    told["stills"][-1] |= {"origin": "embedded cover", "seconds": 0.0}
    write_whole(path, json.dumps(told).encode())
    last = frames_of(client, there)[-1]
    assert last["id"] == "cover" and client.get(last["small"]).status_code == 200
    assert client.put(f"{there}/frames/cover", json={"favourite": True}).json()["favourite"]
    assert [one["id"] for one in frames_of(client, there) if one["favourite"]] == ["cover"]
    answer = client.post(f"{there}/preview", json={"frame": "cover", "text": "Кот"})
    assert answer.status_code == 422 and "no cover picture of its own" in answer.json()["error"]


# --- texts, variants, images --------------------------------------------------------------------------------------


def test_texts_are_headlines_phrases_and_a_prompt(client: TestClient, there: str) -> None:
    found = client.get(f"{there}/texts").json()
    assert found["headlines"] and {"text", "supported", "start", "end"} <= set(found["headlines"][0])
    assert found["chunks"] and len(found["chunks"]) == len({one.casefold() for one in found["chunks"]})
    prompt = found["prompt"]
    assert prompt["look"] == "golden_fog" and prompt["thing"] in prompt["text"] and prompt["negative"]


def test_a_variant_is_made_once_and_is_a_ground_for_covers(client: TestClient, there: str) -> None:
    frame = frames_of(client, there)[0]["id"]
    wish = {"frame": frame, "look": "duotone", "seed": 2}
    first = client.post(f"{there}/variants", json=wish)
    assert first.status_code == 201 and first.json()["wish"] == {**wish, "background": ""}
    assert client.post(f"{there}/variants", json=wish).json() == first.json()
    assert client.post(f"{there}/variants", json={**wish, "seed": 3}).json()["id"] != first.json()["id"]
    assert len(client.get(f"{there}/variants").json()["variants"]) == 2
    shown = picture_of(client.get(first.json()["url"]).content)
    assert shown.shape == (360, 640, 3)
    cover = client.post(f"{there}/covers", json={"frame": first.json()["id"], "text": "Кот"}).json()
    assert cover["receipt"]["look"] == "duotone"
    answer = client.post(f"{there}/variants", json={**wish, "look": "sepia"})
    assert answer.status_code == 422 and "no look is called" in answer.json()["error"]


def test_drawing_without_a_model_says_the_cure(client: TestClient, there: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyart.studio.darkroom.engines.find_spec", lambda name: None)
    answer = client.post(f"{there}/images", json={"prompt": "a cat"})
    assert answer.status_code == 409 and "pip install 'keyart[hub]'" in answer.json()["error"]
    answer = client.post(f"{there}/images", json={"prompt": "a cat", "engine": "dall-e"})
    assert answer.status_code == 422 and "there are: sd3, sd3-image" in answer.json()["error"]


def test_drawn_pictures_are_listed(
    client: TestClient, there: str, finished: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {"width": 64, "height": 36, "bytes": 9, "format": "png", "prompt": "a cat", "seed": 4, "engine": "sd3"}
    monkeypatch.setattr(Darkroom, "images", lambda *_: [Picture("a" * 32, finished.id, "image", "a.png", facts, 1.0)])
    answer = client.post(f"{there}/images", json={"prompt": "a cat", "seed": 4})
    (shown,) = answer.json()["pictures"]
    assert answer.status_code == 201 and shown["url"] == f"{there}/images/{'a' * 32}"
    assert shown["wish"] == {"prompt": "a cat", "seed": 4, "engine": "sd3"} and shown["format"] == "png"


# --- what can be chosen -------------------------------------------------------------------------------------------


def test_what_can_be_chosen_is_read_off_the_house(client: TestClient) -> None:
    found = client.get("/api/studio").json()
    assert "panel" in found["templates"] and "duotone" in found["looks"] and "golden_fog" in found["backgrounds"]
    assert "Roboto Black" in found["fonts"] and {one["kind"] for one in found["presets"]} == {"cover"}
    fields = {one["name"]: one for one in found["fields"]}
    assert fields["template"]["choices"][:2] == ["auto", "none"] and fields["case"]["choices"] == [
        "auto",
        "upper",
        "lower",
        "asis",
    ]
    assert fields["position"]["help"] and fields["size"]["default"] == 0.0
    assert not {"at", "picture", "presets", "count", "read_back"} & set(fields)
    assert [one["name"] for one in found["engines"]] == ["sd3", "sd3-image"]
    for one in found["engines"]:
        assert one["available"] or (one["cure"] and one["reason"])


def test_every_kind_of_picture_has_its_folder() -> None:
    assert set(pictures._FOLDERS) == {"cover", "variant", "image"}
