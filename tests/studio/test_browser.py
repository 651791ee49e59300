"""All six steps in a real browser, in both languages: from a dropped file to the command line's own cover."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.screens import BROWSERS, chromium, opened_browser, opened_studio
from keyart import cli
from keyart.studio.site.wording import Wording, wording

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE_MS = 120_000
"""Of every wait; states are waited for, never times."""
_EXPECTED = re.compile("415|ERR_FAILED")
"""What tests do to a page on purpose."""
_ENGLISH = """1
00:00:00,200 --> 00:00:02,000
A red cat opens the big door of the telescope.

2
00:00:02,100 --> 00:00:04,000
The astronomer shows the rings of Saturn to children.

3
00:00:04,100 --> 00:00:05,900
The rocket reached orbit in nine minutes.
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if chromium() is None:
        pytest.skip(f"no browser is here, of {', '.join(BROWSERS)}")
    with opened_browser() as found:
        yield found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a studio that is open."""
    with opened_studio(tmp_path_factory.mktemp("studio")) as found:
        yield found


@dataclass(frozen=True)
class Walk:
    """A user with a browser in one language."""

    page: Page
    say: Wording

    def part(self, name: str) -> Any:
        return self.page.locator(f'[data-part="{name}"]')

    def step(self, name: str) -> None:
        self.page.locator(f'.rail a[href$="/{name}"]').click()
        self.page.wait_for_url(f"**/{name}")


@pytest.fixture
def walk(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Walk]:
    language = request.param
    context = browser.new_context(
        base_url=address,
        locale={"ru": "ru-RU", "en": "en-US"}[language],
        accept_downloads=True,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: faults.append(line.text) if line.type == "error" and not _EXPECTED.search(line.text) else None,
    )
    yield Walk(page, wording(language))
    context.close()
    assert not faults, "no script failed and nothing was refused by the policy"


@pytest.mark.slow
@pytest.mark.parametrize("walk", ["ru", "en"], indirect=True)
def test_all_six_steps(walk: Walk, source: Path, tmp_path: Path) -> None:
    video = tmp_path / ("Кот и телескоп.mp4" if walk.say.code == "ru" else "A cat's telescope.mp4")
    shutil.copy(source, video)
    words = source.with_suffix(".srt").read_text("utf-8") if walk.say.code == "ru" else _ENGLISH
    video.with_suffix(".srt").write_text(words, "utf-8")
    _upload(walk, video)
    _choose_frames(walk)
    _choose_a_look(walk)
    _see_why_nothing_is_drawn(walk)
    command = _set_text(walk)
    png = _download(walk, tmp_path / "browser")
    assert png == _made_by_command(command, video, tmp_path), "the studio's file is the command line's"


def _upload(walk: Walk, video: Path) -> None:
    page, say = walk.page, walk.say
    page.goto("/")
    assert page.locator("h1").inner_text() == say("upload.title")
    page.locator("#files").set_input_files([video, video.with_suffix(".srt")])
    card = page.locator(".job").first
    card.get_by_role("link", name=say("job.open")).click()
    page.wait_for_url("**/frames")
    assert page.locator("h1").inner_text() == say("frames.title")


def _choose_frames(walk: Walk) -> None:
    page, say = walk.page, walk.say
    cards = page.locator(".frame")
    first, hearts = cards.first, page.locator('.frame .heart[aria-pressed="true"]')
    first.locator(".open").focus()
    with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        page.keyboard.press(" ")
    assert hearts.count() == 1
    page.keyboard.press("ArrowRight")
    assert cards.nth(1).locator(".open").evaluate("button => button === document.activeElement")
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog")
    viewer.locator("dt").first.wait_for()
    assert viewer.locator("dt", has_text=say("term.sharpness")).count() == 1
    page.keyboard.press("Escape")
    _add_a_frame(walk)


def _add_a_frame(walk: Walk) -> None:
    page, say = walk.page, walk.say
    before = page.locator(".frame").count()
    page.get_by_role("button", name=say("frames.find")).click()
    place = page.get_by_role("slider", name=say("scrub.place"))
    place.fill("0.4")
    for _ in range(2):
        place.press("ArrowRight")
    page.get_by_role("button", name=say("scrub.take")).click()
    page.locator(".frame[data-by-hand]").wait_for()
    assert page.locator(".frame").count() == before + 1
    assert page.locator(".frame[data-by-hand]").get_attribute("data-seconds") == "0.48"


def _choose_a_look(walk: Walk) -> None:
    page, say = walk.page, walk.say
    walk.step("looks")
    tiles = page.locator('[data-kind="look"] .tile-of img:not([hidden])')
    tiles.nth(3).wait_for()  # as filmed, and three looks
    page.get_by_role("button", name=say("look.duotone")).click()
    page.locator("#shown:not(.waiting) #named", has_text=say("look.duotone")).wait_for()
    assert "look=duotone" in (page.locator("#use").get_attribute("href") or "")


def _see_why_nothing_is_drawn(walk: Walk) -> None:
    page, say = walk.page, walk.say
    walk.step("generate")
    if page.get_by_text(say("generate.missing")).count():
        assert page.locator("#draw").is_disabled()
        assert "keyart" in page.locator(".command code").inner_text()
    assert page.locator("#prompt").input_value()


def _drawn(page: Page, **wanted: object) -> None:
    """Wait until the preview shows a design with these wishes."""
    page.wait_for_function(
        "wanted => { const drawn = JSON.parse(document.querySelector('#editor').dataset.drawn ?? '{}');"
        " return Object.entries(wanted).every(([name, value]) => drawn[name] === value) }",
        arg=wanted,
    )


def _set_text(walk: Walk) -> str:
    """Set a cover and save it; the command that makes the same."""
    page, say = walk.page, walk.say
    walk.step("text")
    headline = page.locator("#words").input_value()
    assert headline, "the best headline is there"
    _drawn(page, text=headline)
    page.locator(".template", has_text=say("template.outline")).click()
    text = "Сатурн ближе" if say.code == "ru" else "Saturn up close"
    page.locator("#words").fill(text)
    _drawn(page, text=text, template="outline")
    page.keyboard.press("Control+z")
    _drawn(page, text=headline)
    page.get_by_role("button", name=say("text.redo")).click()
    _drawn(page, text=text)
    place = _drag(page)
    grip = page.locator("#grip")
    grip.press("ArrowUp")
    page.wait_for_function("before => !document.querySelector('#where').textContent.includes(before)", arg=place)
    page.locator("#format label", has_text="PNG").click()
    page.locator("summary", has_text=say("text.letters")).click()
    page.locator('[data-colours="text_colour"]').get_by_role("button", name=say("colour.yellow")).click()
    _drawn(page, text=text, format="png", text_colour="#ffd60a")
    page.get_by_role("button", name=say("text.guides")).click()
    assert page.locator("#safe").is_visible()
    page.get_by_role("button", name=say("text.save"), exact=True).click()
    page.get_by_role("dialog").get_by_text(say("text.saved")).wait_for()
    command = page.locator("#command").text_content() or ""
    page.get_by_role("dialog").get_by_role("link", name=say("text.all")).click()
    page.wait_for_url("**/download")
    return command


def _drag(page: Page) -> str:
    """Drag the headline up and to the right; where it says that it stands."""
    box = page.locator("#grip").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 20, steps=4)
    page.mouse.up()
    page.locator("#where", has_text=re.compile(r"\d.*%")).wait_for()
    return page.locator("#where").inner_text()


def _download(walk: Walk, folder: Path) -> bytes:
    page, say = walk.page, walk.say
    assert page.get_by_role("link", name=say("download.zip")).count() == 1
    assert page.locator(".line").count() >= 1, "the titles are there to be copied"
    with page.expect_download() as coming:
        page.locator("#mine").get_by_role("link", name=say("download.get")).click()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    assert path.suffix == ".png"
    return path.read_bytes()


def _made_by_command(command: str, video: Path, folder: Path) -> bytes:
    """What the command makes where it is typed: in the folder of the video."""
    program, *arguments = shlex.split(command)
    assert program == "keyart" and arguments[:2] == ["covers", video.name]
    arguments[1] = str(video)
    arguments[arguments.index("-o") + 1] = str(folder / "covers")
    assert cli.main([*arguments, "-q"]) == 0
    (made,) = (folder / "covers").rglob("*.png")
    return made.read_bytes()


@pytest.mark.parametrize("walk", ["en", "ru"], indirect=True)
def test_a_file_that_is_no_video_is_refused_in_place(walk: Walk, tmp_path: Path) -> None:
    fake = tmp_path / "not a video.mp4"
    fake.write_text("<!doctype html><script>alert(1)</script>")
    page = walk.page
    page.goto("/")
    page.locator("#files").set_input_files([fake])
    page.locator('.job [data-part="line"]', has_text="not a video").wait_for()
    page.locator('.job [data-part="line"]', has_text=walk.say("refused.415")).wait_for()
    assert page.locator('.job[data-state="taking"]').count() == 1, "nothing was queued"


@pytest.mark.parametrize("walk", ["en"], indirect=True)
def test_an_upload_goes_on_after_a_reload(walk: Walk, source: Path) -> None:
    page, say = walk.page, walk.say
    begun: list[str] = []
    page.on(
        "request", lambda one: begun.append(one.url) if one.method == "POST" and one.url.endswith("/uploads") else None
    )
    page.route("**/api/uploads/*", lambda one: one.abort() if one.request.method == "PATCH" else one.continue_())
    page.goto("/")
    page.locator("#files").set_input_files(source)
    paused = say("upload.stopped", error="").strip()
    page.locator('.job [data-part="line"]', has_text=paused).wait_for()
    page.unroute("**/api/uploads/*")
    page.reload()
    page.locator("#files").set_input_files(source)
    job = page.locator(".job[data-id]", has_text=source.name)
    job.wait_for()
    assert len(begun) == 1, "what was begun before is gone on with"
    job.get_by_role("button", name=say("job.cancel")).click()
    page.locator('.job[data-state="cancelled"]').wait_for()
