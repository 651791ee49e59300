"""Resumable uploads: the protocol, what is kept of them, names and endings, quota and disk."""

from __future__ import annotations

import base64
import errno
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, HTTPException

from keyart.studio.catalogue import Upload, new_id
from keyart.studio.doors import uploads
from keyart.studio.doors.kinds import subtitle_suffix, video_suffix
from keyart.studio.doors.names import MOST_CHARACTERS, shown_name
from keyart.studio.doors.space import space_of
from keyart.studio.options import Studio
from keyart.studio.rooms import Rooms
from tests.conftest import ClipRecipe, make_clip
from tests.studio.doors import BYTES, TUS, Answer, ask, rooms_of, studio

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"


@pytest.fixture
def app(options: Studio) -> Iterator[FastAPI]:
    with studio(options) as made:
        yield made


@pytest.fixture
def rooms(app: FastAPI) -> Rooms:
    return rooms_of(app)


def begin(app: FastAPI, length: object, name: str | None = None) -> Answer:
    said = {**TUS, "upload-length": str(length)}
    if name is not None:
        said["upload-metadata"] = f"filename {base64.b64encode(name.encode()).decode()},filetype dmlkZW8="
    return ask(app, "POST", "/api/uploads", said)


def begun(app: FastAPI, length: int, name: str = "film.mp4") -> str:
    answer = begin(app, length, name)
    assert answer.status == 201, answer.body
    return answer.headers["location"]


def send(app: FastAPI, place: str, offset: object, body: bytes | Iterable[bytes], **more: str) -> Answer:
    said = {**TUS, **BYTES, "upload-offset": str(offset), **{name.replace("_", "-"): one for name, one in more.items()}}
    return ask(app, "PATCH", place, said, body)


def head(app: FastAPI, place: str) -> Answer:
    return ask(app, "HEAD", place, TUS)


# --- the protocol --------------------------------------------------------------------------------------------------


def test_a_file_comes_in_pieces(app: FastAPI, rooms: Rooms) -> None:
    place = begun(app, len(MP4), "Кот.mp4")
    assert send(app, place, 0, MP4[:10]).headers["upload-offset"] == "10"
    told = head(app, place)
    assert (told.status, told.headers["upload-offset"], told.headers["upload-length"]) == (200, "10", str(len(MP4)))
    assert told.headers["cache-control"] == "no-store"
    assert base64.b64decode(told.headers["upload-metadata"].removeprefix("filename ")).decode() == "Кот.mp4"
    done = send(app, place, 10, [MP4[10:15], MP4[15:]])
    assert (done.status, done.headers["tus-resumable"]) == (204, "1.0.0")
    assert (rooms.options.uploads_folder / place.rsplit("/", 1)[1]).read_bytes() == MP4


def test_what_is_spoken_here_is_told(app: FastAPI) -> None:
    answer = ask(app, "OPTIONS", "/api/uploads")
    assert answer.status == 204
    assert (answer.headers["tus-version"], answer.headers["tus-max-size"]) == ("1.0.0", "8000000000")
    assert answer.headers["tus-extension"] == "creation,termination,expiration"


def test_another_version_is_refused(app: FastAPI) -> None:
    for method, place in (
        ("POST", ""),
        ("HEAD", f"/{new_id()}"),
        ("PATCH", f"/{new_id()}"),
        ("DELETE", f"/{new_id()}"),
    ):
        answer = ask(app, method, f"/api/uploads{place}", {"tus-resumable": "0.2.2"})
        assert (answer.status, answer.headers["tus-version"]) == (412, "1.0.0")


@pytest.mark.parametrize("offset", ["5", "0", "9", "-1", "1e1", "", " ", "９", "0x9", "10 ", "9" * 40, "10.0", "+10"])
def test_only_the_offset_that_is_there_goes_on(app: FastAPI, offset: str) -> None:
    place = begun(app, len(MP4))
    send(app, place, 0, MP4[:10])
    if offset == "９":
        offset = offset.encode().decode("latin-1")
    assert send(app, place, offset, b"x").status in (400, 409)
    assert head(app, place).headers["upload-offset"] == "10"


@pytest.mark.parametrize(
    ("length", "status"),
    [("0", 400), ("-5", 400), ("1.5", 400), ("", 400), ("9" * 15, 413), ("9" * 16, 400), ("9" * 400, 400),
     ("0x10", 400), ("1_000", 400), ("10000000000", 413), ("8000000001", 413), (str(2**63), 400)],
)  # fmt: skip
def test_a_length_is_a_sensible_number(app: FastAPI, rooms: Rooms, length: str, status: int) -> None:
    assert begin(app, length).status == status
    assert rooms.catalogue.uploads() == ()
    assert not list(rooms.options.uploads_folder.glob("*"))


@pytest.mark.parametrize("kind", ["video/mp4", "application/octet-stream", "", "application/offset+octet-stream;a=b"])
def test_a_piece_says_what_it_is(app: FastAPI, kind: str) -> None:
    place = begun(app, len(MP4))
    said = {**TUS, "content-type": kind, "upload-offset": "0"}
    assert ask(app, "PATCH", place, said, MP4).status == 415


def test_more_than_was_announced_is_not_kept(app: FastAPI) -> None:
    place = begun(app, 20)
    assert send(app, place, 0, MP4).status == 413
    pieces = [MP4[:8], MP4[8:]]
    assert send(app, place, 0, pieces, content_length=str(len(MP4))).status == 413  # before the first of them
    assert head(app, place).headers["upload-offset"] == "0"
    assert send(app, place, 0, [MP4[:8], MP4[8:16], MP4[16:]]).status == 413
    assert head(app, place).headers["upload-offset"] == "16"
    assert send(app, place, 16, MP4[16:20]).status == 204
    assert send(app, place, 20, b"x").status == 413
    assert send(app, place, 20, b"").status == 204


def test_what_came_of_a_broken_line_is_kept(app: FastAPI, rooms: Rooms) -> None:
    place = begun(app, len(MP4))

    async def cut(scope: object, receive: object, send: object) -> None:
        pieces = [{"type": "http.request", "body": MP4[:7], "more_body": True}, {"type": "http.disconnect"}]

        async def broken() -> object:
            return pieces.pop(0)

        await app(scope, broken, send)  # type: ignore[arg-type]

    send_to = {**TUS, **BYTES, "upload-offset": "0"}
    ask(cut, "PATCH", place, send_to)
    assert head(app, place).headers["upload-offset"] == "7"
    assert send(app, place, 7, MP4[7:]).status == 204


def test_two_do_not_write_to_one_upload(app: FastAPI) -> None:
    place = begun(app, len(MP4))
    with uploads.alone(place.rsplit("/", 1)[1]):
        assert send(app, place, 0, MP4).status == 423
        assert ask(app, "DELETE", place, TUS).status == 423
        assert head(app, place).status == 200
    assert send(app, place, 0, MP4).status == 204


def test_an_upload_can_be_given_up(app: FastAPI, rooms: Rooms) -> None:
    place = begun(app, 100)
    assert ask(app, "DELETE", place, TUS).status == 204
    assert head(app, place).status == 404
    assert not list(rooms.options.uploads_folder.iterdir()) and rooms.catalogue.uploads() == ()
    assert ask(app, "DELETE", place, TUS).status == 404


@pytest.mark.parametrize("id", ["0" * 32, "0" * 31, "x" * 32, "..", "%2e%2e", "0" * 31 + "%00", "A" * 32])
def test_ids_are_ours_or_nobodys(app: FastAPI, id: str) -> None:
    assert head(app, f"/api/uploads/{id}").status in (400, 404, 422)


@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        ("filename !!!", 400),
        ("filename YQ", 400),
        ("filename /w==", 400),  # 0xff is no UTF-8
        ("filename " + "QUJD" * 4000, 400),
        ("filename", 201),
        ("filetype dmlkZW8=", 201),
        (",,, ,", 201),
        ("", 201),
    ],
)
def test_metadata_that_is_junk(app: FastAPI, metadata: str, status: int) -> None:
    answer = ask(app, "POST", "/api/uploads", {**TUS, "upload-length": "10", "upload-metadata": metadata})
    assert answer.status == status


# --- names and endings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("film.mp4", "film.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\film.mp4", "film.mp4"),
        ("..", "video"),
        ("...hidden.mp4", "hidden.mp4"),
        ("", "video"),
        ("/", "video"),
        ("film\r\nSet-Cookie: a=b.mp4", "film Set-Cookie: a=b.mp4"),
        ("a\x00b\x1b[31m.mp4", "ab[31m.mp4"),
        ("\u202egpj.4pm", "gpj.4pm"),
        ("a\u2066b\u200e\u061cc.mp4", "abc.mp4"),
        ("zero\u200bwidth\ufeff.mp4", "zerowidth.mp4"),
        ("И\u0306од.mp4", "Йод.mp4"),
        ("a\u2215b\uff0fc.mp4", "c.mp4"),
        ("  many   spaces\t.mp4 ", "many spaces .mp4"),
        ("family 👨\u200d👩\u200d👧.mp4", "family 👨\u200d👩\u200d👧.mp4"),
        ("\ud800.mp4", "mp4"),
        ("<script>alert(1)<\u2044script>.mp4", "script>.mp4"),
    ],
)
def test_names_are_shown_and_never_paths(given: str, shown: str) -> None:
    assert shown_name(given) == shown


@pytest.mark.parametrize("name", ["й" * 500 + ".mp4", "a" * 500, "." + "b" * 500, "a." + "c" * 500])
def test_names_have_an_end(name: str) -> None:
    shown = shown_name(name)
    assert len(shown) <= MOST_CHARACTERS
    assert shown.endswith(".mp4") == name.endswith(".mp4")


def test_two_of_one_name_are_two(app: FastAPI, rooms: Rooms, tmp_path: Path) -> None:
    first, second = begun(app, len(MP4)), begun(app, len(MP4))
    assert first != second
    assert [one.name for one in rooms.catalogue.uploads()] == ["film.mp4"] * 2


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".flv", ".gif"])
def test_containers_are_known_by_their_first_bytes(tmp_path: Path, suffix: str) -> None:
    codec = {".webm": "libvpx", ".mpg": "mpeg2video", ".flv": "flv", ".gif": "gif"}.get(suffix, "libx264")
    pixels = "rgb8" if suffix == ".gif" else "yuv420p"
    clip = make_clip(tmp_path / f"clip{suffix}", ClipRecipe(codec=codec, pixel_format=pixels))
    assert video_suffix(clip.read_bytes()[:4096]) == suffix


def test_real_videos_are_known(media: Path) -> None:
    endings = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".ogv", ".3gp", ".flv", ".wmv", ".m4v"}
    unknown = {
        path.name
        for path in sorted((media / "video").rglob("*"))
        if path.suffix in endings and path.stat().st_size and not video_suffix(path.read_bytes()[:4096])
    }
    assert unknown <= {"bad_48_bytes.mp4"}


@pytest.mark.parametrize(
    "head_",
    [
        b"",
        b"PK\x03\x04",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html>" + MP4,
        b"#EXTM3U\nfile:///etc/passwd",
        b"ffconcat version 1.0\nfile /etc/passwd",
        b'<?xml version="1.0"?><MPD profiles="urn:mpeg:dash:profile:isoff-main:2011">',
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"\x00\x00\x00\x1cftypavif\x00\x00",
        b"\x00\x00\x00\x1cftypheic\x00\x00",
        b"MZ\x90\x00",
        b"\x7fELF",
        b"%PDF-1.7",
        b"\x1f\x8b\x08",
        b"SQLite format 3\x00",
        b"G" * 150,
        b"G" * 4096,
        b"<!--ftypisom--><script>alert(1)</script>\0",
        b"<!--G" + b"G" * 4000 + b"--><MPD/>",
        "<?瑦灹?><a/>".encode("utf-16-le"),
        b"\x1a\x45\xdf\xa3<MPD>",
    ],
)
def test_what_is_no_video_is_known_too(head_: bytes) -> None:
    assert video_suffix(head_) == ""


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (b"1\r\n00:00:01,000 --> 00:00:02,000\r\nHello", ".srt"),
        ("\ufeff1\n00:00:01,000 --> 00:00:02,000\nПривет".encode(), ".srt"),
        ("1\n00:00:01,000 --> 00:00:02,000\nПривет".encode("utf-16"), ".srt"),
        ("1\n00:00:01,000 --> 00:00:02,000\nПривет".encode("cp1251"), ".srt"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello", ".vtt"),
        (b"[Script Info]\nTitle: a", ".ass"),
        (b"{1}{1}25.000\n{10}{20}Hello", ".sub"),
        (b"0:00:01.000,0:00:02.000\nHello", ".sbv"),
        (b'<tt xmlns="http://www.w3.org/ns/ttml"><body/></tt>', ".ttml"),
        (b"<script>alert(1)</script>", ""),
        (b"just words", ""),
        (b"\x00\x01-->", ""),
        (b"", ""),
        (MP4, ""),
    ],
)
def test_subtitles_are_known_by_their_text(text: bytes, suffix: str) -> None:
    assert subtitle_suffix(text) == suffix


# --- being taken ---------------------------------------------------------------------------------------------------


def _uploaded(app: FastAPI, data: bytes, name: str = "film.mp4") -> str:
    place = begun(app, len(data), name)
    assert send(app, place, 0, data).status == 204
    return place.rsplit("/", 1)[1]


def test_a_finished_upload_is_taken_once(app: FastAPI, rooms: Rooms, tmp_path: Path) -> None:
    id = _uploaded(app, MP4)
    uploads.take(rooms, id, tmp_path / "source")
    assert (tmp_path / "source").read_bytes() == MP4
    with pytest.raises(HTTPException) as caught:
        uploads.take(rooms, id, tmp_path / "again")
    assert caught.value.status_code == 404


def test_an_unfinished_upload_is_not_taken(app: FastAPI, rooms: Rooms, tmp_path: Path) -> None:
    place = begun(app, len(MP4))
    send(app, place, 0, MP4[:10])
    with pytest.raises(HTTPException, match="10 of 24") as caught:
        uploads.take(rooms, place.rsplit("/", 1)[1], tmp_path / "source")
    assert caught.value.status_code == 409 and not list(tmp_path.glob("source"))


def test_what_is_no_video_is_removed(app: FastAPI, rooms: Rooms, tmp_path: Path) -> None:
    id = _uploaded(app, b"PK\x03\x04 all the same", "film.mp4")
    with pytest.raises(HTTPException, match=r"film\.mp4: this is not a video") as caught:
        uploads.take(rooms, id, tmp_path / "source")
    assert caught.value.status_code == 415
    assert rooms.catalogue.upload(id) is None and not list(rooms.options.uploads_folder.iterdir())


def test_subtitles_are_taken_as_such(app: FastAPI, rooms: Rooms, tmp_path: Path) -> None:
    text = b"1\n00:00:01,000 --> 00:00:02,000\nHello"
    uploads.take(rooms, _uploaded(app, text, "a.srt"), tmp_path / "source.srt")
    assert (tmp_path / "source.srt").read_bytes() == text
    for data, place in ((MP4, "other.srt"), (text, "source.mp4")):
        with pytest.raises(HTTPException):
            uploads.take(rooms, _uploaded(app, data), tmp_path / place)


# --- room ----------------------------------------------------------------------------------------------------------


def test_the_quota_counts_what_was_promised(tmp_path: Path) -> None:
    options = Studio(data=tmp_path / "studio", quota_gb=0.001, max_upload_gb=0.0006, spare_gb=0.0)
    with studio(options) as app:
        assert begin(app, 700_000).status == 413
        first = begun(app, 600_000)
        assert begin(app, 600_000).status == 507
        assert ask(app, "DELETE", first, TUS).status == 204
        assert begin(app, 600_000).status == 201


def test_the_quota_counts_what_is_there(tmp_path: Path) -> None:
    options = Studio(data=tmp_path / "studio", quota_gb=0.001, spare_gb=0.0)
    with studio(options) as app:
        film = options.video_folder(new_id()) / "source.mp4"
        film.parent.mkdir(parents=True)
        film.write_bytes(bytes(900_000))
        assert begin(app, 200_000).status == 507
        film.unlink()
        assert begin(app, 200_000).status == 201


def test_the_quota_counts_what_was_taken_a_moment_ago(tmp_path: Path) -> None:
    options = Studio(data=tmp_path / "studio", quota_gb=0.001, spare_gb=0.0)
    with studio(options) as app:
        film = options.video_folder(new_id())
        film.mkdir(parents=True)
        data = MP4 + bytes(600_000)
        id = _uploaded(app, data)
        with pytest.raises(HTTPException):
            space_of(options).check_quota(10**9)  # now it was measured, and there was nothing yet
        uploads.take(rooms_of(app), id, film / "source")
        assert begin(app, 600_000).status == 507
        (film / "source").unlink()
        assert begin(app, 600_000).status == 201


def test_the_disk_is_never_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Disk:
        free = 2_000_000

    monkeypatch.setattr("shutil.disk_usage", lambda _: Disk)
    with studio(Studio(data=tmp_path / "studio", spare_gb=0.001)) as app:
        assert begin(app, 1_100_000).status == 507
        place = begun(app, 900_000)
        assert begin(app, 200_000).status == 507  # the first one is still to come
        Disk.free = 1_000_000  # somebody else filled it meanwhile
        assert send(app, place, 0, [bytes(500_000)] * 3).status in (413, 507)
        assert send(app, begun_before_full(app, Disk), 0, bytes(1_500_000)).status == 507


def test_a_disk_that_is_full_after_all_is_said_so(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    place = begun(app, 10)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.open", full)
        assert send(app, place, 0, b"0123456789").status == 507
    assert send(app, place, 0, b"0123456789").status == 204


def begun_before_full(app: FastAPI, disk: type) -> str:
    """An upload that was let in while there was room."""
    disk.free = 9_000_000  # type: ignore[attr-defined]
    place = begun(app, 1_500_000)
    disk.free = 1_000_000  # type: ignore[attr-defined]
    return place


def test_uploads_under_way_have_a_bound(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_AT_ONCE", 2)
    assert [begin(app, 10).status for _ in range(3)] == [201, 201, 429]


def test_what_nobody_adds_to_is_swept(app: FastAPI, rooms: Rooms) -> None:
    old, young, busy = (begun(app, 10).rsplit("/", 1)[1] for _ in range(3))
    now = time.time() + uploads.KEPT_SECONDS + 10
    rooms.catalogue.touch_upload(young, now)
    stray, lost = rooms.options.uploads_folder / new_id(), new_id()
    stray.touch()
    rooms.catalogue.add_upload(Upload(lost, "a", 5, now))
    with uploads.alone(busy):
        uploads.sweep(rooms, now)
    assert {one.id for one in rooms.catalogue.uploads()} == {young, busy}
    assert {one.name for one in rooms.options.uploads_folder.iterdir()} == {young, busy}
    assert old not in (young, busy)


def test_a_link_in_place_of_an_upload_is_not_followed(app: FastAPI, rooms: Rooms, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"")
    place = begun(app, 10)
    file = rooms.options.uploads_folder / place.rsplit("/", 1)[1]
    file.unlink()
    file.symlink_to(target)
    assert send(app, place, 0, b"0123456789").status == 404
    assert target.read_bytes() == b""
