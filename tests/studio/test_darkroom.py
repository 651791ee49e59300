"""The darkroom: what it makes is what the command line makes, byte for byte; what it keeps is bounded."""

from __future__ import annotations

import json
import shlex
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keyart import plain
from keyart.cli import main
from keyart.errors import BadSetting, KeyartError, MissingExtra, MissingFile, MissingModel
from keyart.media.images import encode_image, read_image
from keyart.shelved import Shelved
from keyart.studio.catalogue import Video
from keyart.studio.darkroom import darkroom as studio_darkroom
from keyart.studio.darkroom import negatives
from keyart.studio.darkroom.darkroom import Busy, Darkroom, moment
from keyart.studio.darkroom.design import Base, Design, command_for
from keyart.studio.darkroom.engines import ENGINES, Engine, Wish, engine_facts, insist_on
from keyart.studio.rooms import Rooms
from keyart.types import Still


@pytest.fixture
def dark(rooms: Rooms) -> Darkroom:
    return rooms.darkroom


def first_frame(dark: Darkroom, video: Video) -> str:
    return str(dark.frames(video)[0]["id"])


# --- the same as the command line ---------------------------------------------------------------------------------

DESIGNS: dict[str, dict[str, Any]] = {
    "as it comes": {"format": "png"},
    "jpeg": {"format": "jpeg", "template": "shade"},
    "a font by name": {"format": "png", "font": "Roboto Light Italic", "template": "plate", "case": "asis"},
    "a point": {"format": "png", "position": "30%,80%", "template": "outline", "size": 9.5},
    "a look on a background": {"format": "png", "look": "duotone", "background": "palette_gradient", "seed": 3},
    "colours": {"format": "png", "colour": "#ff6a00", "text_colour": "#ffd60a", "outline": "6 #102030"},
    "tall": {"preset": "shorts", "format": "png", "template": "card", "fill": "blur"},
    "no words": {"text": "", "format": "png"},
    "words like a flag": {"text": '--at $HOME \'и "кавычки"', "format": "png"},
}


@pytest.fixture
def here(finished: Video, rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the video under its shown name, as a user has it."""
    folder = tmp_path / "mine"
    folder.mkdir()
    source = rooms.options.video_folder(finished.id) / finished.file
    (folder / finished.name).symlink_to(source)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KEYART_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.mark.parametrize("design", DESIGNS, ids=list(DESIGNS))
def test_the_command_makes_the_same_bytes(dark: Darkroom, finished: Video, here: Path, design: str) -> None:
    wish = Design(**{"frame": first_frame(dark, finished), "text": "Кот и телескоп", **DESIGNS[design]})
    made = dark.cover(finished, wish)
    words = shlex.split(made.facts["command"])
    assert words[:3] == ["keyart", "covers", finished.name]
    assert main([*words[1:], "-q"]) == 0
    product = here / f"{Path(finished.name).stem}.covers" / made.facts["receipt"]["product"]
    exported = dark.options.video_folder(finished.id) / "made" / made.file
    assert product.read_bytes() == exported.read_bytes()


def test_a_frame_by_hand_makes_the_same_bytes_too(dark: Darkroom, finished: Video, here: Path) -> None:
    frame = dark.add_frame(finished, 3.217)
    assert (frame["seconds"], frame["id"], frame["score"]) == (3.2, "3200", None)
    made = dark.cover(finished, Design(frame=frame["id"], text="Кот", format="png"))
    assert main([*shlex.split(made.facts["command"])[1:], "-q"]) == 0
    product = here / f"{Path(finished.name).stem}.covers" / "covers" / "youtube_1.png"
    assert product.read_bytes() == (dark.options.video_folder(finished.id) / "made" / made.file).read_bytes()


def test_what_was_done_to_the_stills_is_in_the_command(dark: Darkroom, finished: Video, here: Path) -> None:
    flat = replace(finished, settings={"stills": {"clahe": "on"}})
    made = dark.cover(flat, Design(frame=first_frame(dark, flat), text="Кот", format="png"))
    assert "--stills-clahe on" in made.facts["command"]
    assert main([*shlex.split(made.facts["command"])[1:], "-q"]) == 0
    product = here / f"{Path(finished.name).stem}.covers" / "covers" / "youtube_1.png"
    assert product.read_bytes() == (dark.options.video_folder(finished.id) / "made" / made.file).read_bytes()


def test_a_variant_s_cover_is_that_of_its_look(dark: Darkroom, finished: Video) -> None:
    frame = first_frame(dark, finished)
    variant = dark.variant(finished, frame, "duotone", "", 5)
    on_variant = dark.cover(finished, Design(frame=variant.id, text="Кот", format="png"))
    outright = dark.cover(finished, Design(frame=frame, text="Кот", format="png", look="duotone", seed=5))
    folder = dark.options.video_folder(finished.id) / "made"
    assert (folder / on_variant.file).read_bytes() == (folder / outright.file).read_bytes()
    assert on_variant.facts["command"] == outright.facts["command"] and "--seed 5" in outright.facts["command"]
    own = Design(frame=variant.id, look="comic").covers(Base("1.0", None, {"look": "duotone", "seed": 5}))
    assert (own.look, own.seed) == ("comic", 5), "what the design names goes before the variant's"


def test_a_drawn_picture_s_cover_is_made_by_the_command_too(dark: Darkroom, finished: Video, here: Path) -> None:
    drawn = np.random.default_rng(1).integers(0, 255, (9, 16, 3), np.uint8).repeat(40, 0).repeat(40, 1)
    facts = {"width": 640, "height": 360, "bytes": 1}
    image = dark.keep(finished, "image", encode_image(drawn, "png"), ".png", facts)
    made = dark.cover(finished, Design(frame=image.id, text="Кот", format="png"))
    assert made.facts["receipt"]["origin"] == "picture" and f"--picture {image.file}" in made.facts["command"]
    (here / image.file).symlink_to(dark.options.video_folder(finished.id) / "made" / image.file)
    assert main([*shlex.split(made.facts["command"])[1:], "-q"]) == 0
    product = here / f"{Path(finished.name).stem}.covers" / "covers" / "youtube_1.png"
    assert product.read_bytes() == (dark.options.video_folder(finished.id) / "made" / made.file).read_bytes()


@pytest.mark.parametrize("name", ["-rf.mp4", "a b;c.mp4", "$(date).mp4"])
def test_names_are_quoted_for_a_shell(finished: Video, name: str) -> None:
    command = command_for(replace(finished, name=name), Design(frame="0", text="-t").covers(Base("1.5")))
    words = shlex.split(command)
    assert words[2] == (name if not name.startswith("-") else f"./{name}")
    assert "--text=-t" in words
    assert words[-1] == f"{words[2].removesuffix('.mp4')}.covers", "a folder's name is no flag either"


# --- previews -----------------------------------------------------------------------------------------------------


def test_a_preview_tells_where_its_words_stand(dark: Darkroom, finished: Video) -> None:
    frame = first_frame(dark, finished)
    shown = dark.preview(finished, Design(frame=frame, text="Кот и телескоп", template="shade", position="30%,70%"))
    x, y, width, height = shown.facts["text_box"]
    assert abs(x + width / 2 - 0.3 * 1280) < 30 and abs(y + height / 2 - 0.7 * 720) < 30
    assert shown.facts["template"] == "shade" and shown.facts["readable"] and shown.facts["font"] == "Roboto Black"
    bare = dark.preview(finished, Design(frame=frame))
    assert bare.facts == {"template": "none", "notes": []}


def test_what_a_design_cannot_have_is_said(dark: Darkroom, finished: Video) -> None:
    frame = first_frame(dark, finished)
    for wrong, said in (
        ({"font": "/etc/passwd"}, "no font is called '/etc/passwd'"),
        ({"template": "poster"}, "no template is called"),
        ({"preset": "reels", "format": "png"}, "takes jpeg, not png"),
        ({"position": "middle"}, "is no position"),
    ):
        with pytest.raises(BadSetting, match=said):
            dark.preview(finished, Design.model_validate({"frame": frame, "text": "Кот", **wrong}))
    with pytest.raises(MissingFile, match="no such picture"):
        dark.preview(finished, Design(frame="0" * 32))
    with pytest.raises(BadSetting, match="there is no frame at 99"):
        dark.preview(finished, Design(frame="99000"))


def test_the_server_opens_no_video(dark: Darkroom, finished: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyart.media.container.open_container", lambda *_: pytest.fail("decoded in the server"))
    monkeypatch.setattr("keyart.media.grab.open_container", lambda *_: pytest.fail("decoded in the server"))
    assert dark.preview(finished, Design(frame="1200", text="Кот")).data.startswith(b"\xff\xd8")


def test_a_frame_is_decoded_once(dark: Darkroom, finished: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    first = dark.still(finished, "1.200")
    monkeypatch.setattr(negatives, "run_child", lambda *_, **__: pytest.fail("decoded again"))
    assert dark.still(finished, "1.200") is first
    again = Darkroom(dark.options, dark.catalogue).still(finished, "1.200")
    assert np.array_equal(again.frame.image, first.frame.image) and again.terms == first.terms


def test_a_frame_that_could_not_be_kept_is_an_error(
    dark: Darkroom, finished: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(negatives, "run_child", lambda *_, **__: {})
    with pytest.raises(OSError, match="the disk may be full"):
        dark.still(finished, "1.3")


def test_more_than_can_be_made_is_refused(dark: Darkroom, finished: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio_darkroom, "MOST_WAITING", 1)
    go, begun = threading.Event(), threading.Semaphore(0)

    def slow() -> int:
        begun.release()
        return int(go.wait(30))

    waiting = [threading.Thread(target=lambda: dark._at_the_bench(slow)) for _ in range(studio_darkroom.RENDERERS + 1)]
    for one in waiting[:-1]:
        one.start()
        assert begun.acquire(timeout=30)
    waiting[-1].start()
    until = time.monotonic() + 10
    while dark._bench._work_queue.qsize() < 1 and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(Busy, match="try again in a moment"):
        dark.preview(finished, Design(frame=first_frame(dark, finished)))
    go.set()
    for one in waiting:
        one.join()


def test_what_takes_too_long_is_given_up(dark: Darkroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio_darkroom, "_PATIENCE_SECONDS", 0.05)
    with pytest.raises(Busy, match="not ready in time"):
        dark._at_the_bench(lambda: time.sleep(0.5))


def test_the_review_may_keep_a_cover_back(dark: Darkroom, finished: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyart.review import Review, Verdict

    def judged(verdict: str) -> Any:
        told = Verdict("covers/youtube_1.jpg", verdict, "nudity", "skin", "test", 0.9)  # type: ignore[arg-type]
        return lambda *_: type("Seen", (), {"value": (told,)})()

    design = Design(frame=first_frame(dark, finished), text="Кот")
    monkeypatch.setattr(Review, "judge_pictures", judged("block"))
    with pytest.raises(BadSetting, match="the review keeps this cover back: skin"):
        dark.cover(finished, design)
    assert not dark.catalogue.pictures(finished.id)
    monkeypatch.setattr(Review, "judge_pictures", judged("flag"))
    assert dark.cover(finished, design).facts["notes"] == ["review: skin"]


# --- what is kept -------------------------------------------------------------------------------------------------


def test_a_shelf_gives_up_what_was_used_longest_ago() -> None:
    made: list[str] = []
    shelf: Shelved[bytes] = Shelved(10, len)

    def get(key: str, size: int = 4) -> bytes:
        def make() -> bytes:
            made.append(key)
            return b"x" * size

        return shelf.get((key,), make)

    get("a"), get("b"), get("a"), get("c")
    assert made == ["a", "b", "c"] and shelf.held_bytes == 8
    get("a"), get("b")
    assert made == ["a", "b", "c", "b"]
    get("large", 99)
    assert shelf.held_bytes == 99, "what alone is too large is kept until the next"
    shelf.forget(lambda key: key[0] == "large")
    assert shelf.held_bytes == 0


def test_two_who_want_the_same_wait_for_one_making() -> None:
    shelf: Shelved[str] = Shelved(100, len)
    made: list[int] = []

    def slow() -> str:
        made.append(1)
        time.sleep(0.05)
        return "one"

    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(shelf.get("key", slow))) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert got == ["one"] * 6 and len(made) == 1


def test_a_making_that_fails_leaves_nothing_behind() -> None:
    shelf: Shelved[str] = Shelved(100, len)
    with pytest.raises(KeyartError):
        shelf.get("key", lambda: (_ for _ in ()).throw(KeyartError("no")))
    assert shelf.get("key", lambda: "made") == "made" and not shelf._making


def test_what_belongs_to_a_video_that_is_gone_is_given_up(dark: Darkroom, finished: Video) -> None:
    dark.preview(finished, Design(frame=first_frame(dark, finished), text="Кот"))
    assert dark._stills.held_bytes and dark._sets.held_bytes and dark._pictures.held_bytes
    dark.forget(finished.id)
    assert not dark._stills.held_bytes and not dark._sets.held_bytes and not dark._pictures.held_bytes


@pytest.mark.parametrize(("frame", "at"), [("0", "0.000"), ("12345", "12.345"), ("7", "0.007"), ("cover", "cover")])
def test_a_frame_s_id_is_a_moment(frame: str, at: str) -> None:
    assert moment(frame) == at


def test_kept_stills_come_back_whole(dark: Darkroom, finished: Video) -> None:
    still = dark.still(finished, "0.400")
    assert isinstance(still, Still) and plain.still(still)["origin"] == "by hand" and still.faces


# --- pictures from words ------------------------------------------------------------------------------------------


def test_an_engine_that_is_not_here_says_the_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr("keyart.studio.darkroom.engines.find_spec", lambda name: None)
    facts = engine_facts(ENGINES["sd3"])
    assert not facts["available"] and facts["cure"] == "pip install 'keyart[hub]' && keyart models pull sd3-medium"
    assert "torch" in facts["reason"] and "sd3-medium" in facts["reason"]
    with pytest.raises(MissingExtra):
        insist_on(ENGINES["sd3"])
    monkeypatch.setattr("keyart.studio.darkroom.engines.find_spec", lambda name: object())
    with pytest.raises(MissingModel):
        insist_on(ENGINES["sd3"])
    monkeypatch.setenv("KEYART_LICENCE", "permissive")
    assert engine_facts(ENGINES["sd3-image"])["cure"] == "KEYART_LICENCE=any keyart studio"


def test_pictures_that_a_child_drew_are_kept(dark: Darkroom, finished: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_image(np.full((36, 64, 3), 90, np.uint8), "png")
    asked: list[tuple[Any, ...]] = []

    def drawing(*given: Any) -> tuple[bytes, bytes]:
        asked.append(given)
        return data, data

    monkeypatch.setattr(studio_darkroom, "insist_on", lambda engine: None)
    monkeypatch.setattr(studio_darkroom, "drawn", drawing)
    made = dark.images(finished, ENGINES["sd3"], Wish("a cat", "text", 7, 2))
    assert [one.facts["seed"] for one in made] == [7, 8] and {one.kind for one in made} == {"image"}
    assert made[0].facts["width"] == 64 and asked[0][3] == (640, 360)
    with dark._drawing, pytest.raises(Busy, match="being drawn already"):
        dark.images(finished, ENGINES["sd3"], Wish("a cat", "", 7, 1))


def test_the_child_draws_what_was_asked(dark: Darkroom, finished: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyart.covers.backgrounds.diffusion import Diffused
    from keyart.studio.darkroom.engines import draw

    def brush(self: Diffused, width: int, height: int, still: Any, palette: Any, seed: int) -> Any:
        assert (self.prompt, self.negative, self.mode, self.steps) == ("a cat", "dog", "image", 2)
        return np.full((height, width, 3), seed, np.uint8)

    monkeypatch.setattr(Diffused, "__call__", brush)
    video, at, sha256 = finished, "1.200", dark.album.package(finished).sha256
    dark.still(video, at)
    request = {
        "model": "sd3-medium", "mode": "image", "steps": 2, "area": 1024, "prompt": "a cat", "negative": "dog",
        "seeds": [3, 4], "size": [64, 36], "still": negatives.still_key(video, at, sha256),
        "cache": str(dark.options.cache_folder), "key": "drawn",
    }  # fmt: skip
    said: list[Any] = []
    assert draw(request, said.append) == {"count": 2} and len(said) == 2
    from keyart.cache import StageCache
    from keyart.media.images import read_receipt

    made = StageCache(dark.options.cache_folder).get("drawn", tuple[bytes, ...])
    assert made is not None and len(made) == 2
    path = dark.options.data / "drawn.png"
    path.write_bytes(made[1])
    assert read_image(path)[0, 0].tolist() == [4, 4, 4]
    told = read_receipt(path)
    assert told["seed"] == 4 and told["prompt"] == "a cat" and told["drawn_over_seconds"] == 1.2
    assert told["licence"] == "Stability AI Community Licence" and json.dumps(told)
    with pytest.raises(OSError, match="no longer kept"):
        draw({**request, "still": "nothing"}, said.append)


def test_an_engine_is_a_value() -> None:
    assert {name: one.name for name, one in ENGINES.items()} == {name: name for name in ENGINES}
    assert Engine("own", "mine", "text").steps == 40
