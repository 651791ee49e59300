"""docs/studio: every page of the studio as a small picture, for looking at and for the docs: `python -m bench screens`.

Taken by the system's Chromium while the studio works on the project's own sample clip.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from keyart.studio.options import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).parents[1] / "docs" / "studio"
MOST_BYTES = 150_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESKTOP_PX, PHONE_PX = (1280, 800), (390, 844)
_TRIES = ((1000, 256), (1000, 128), (900, 128), (800, 96), (700, 64), (600, 48))
"""Widths and numbers of colours, until a picture is light enough."""
_GAP_PX = 28


@dataclass(frozen=True)
class Shot:
    """One picture of a page."""

    name: str
    path: str
    """`{id}` is the video's."""
    language: str = "en"
    theme: str = "light"
    size_px: tuple[int, int] = DESKTOP_PX
    act: Callable[[Page], Any] | None = None
    """What is done before the picture is taken; it waits for what it wants to show."""


def _drawn(page: Page) -> None:
    page.locator("#editor[data-drawn]").wait_for()


def _closer(page: Page) -> None:
    for at in (0, 3):
        with page.expect_response(lambda answer: answer.request.method == "PUT"):
            page.locator(".heart").nth(at).click()
    page.locator(".frame .open").nth(0).click()
    page.locator("#viewer dt").first.wait_for()


def _looked(page: Page) -> None:
    page.locator('[data-kind="look"] .tile-of img:not([hidden])').nth(3).wait_for()
    page.locator('[data-name="neon_embers"]').click()
    page.locator("#shown:not(.waiting) #compare").wait_for()


def _set(page: Page) -> None:
    _drawn(page)
    page.locator('.template[data-value="outline"]').click()
    page.locator("summary").nth(2).click()
    page.locator('#editor[data-drawn*=\'"template":"outline"\']').wait_for()
    page.locator("#grip").hover()


def _saved(page: Page) -> None:
    _drawn(page)
    page.locator("#save").click()
    page.locator("#saved").wait_for()
    page.goto(page.url.replace("/text", "/download"))
    page.locator("#mine img").first.evaluate("image => image.decode()")
    page.locator(".grid.wide img").nth(2).evaluate("image => image.decode()")


def _filmed(page: Page) -> None:
    page.locator(".film .tiles span[style]").last.wait_for()


def _judged(page: Page) -> None:
    page.locator('input[name="take"]').first.check()
    page.locator("#prompt").fill("Утро космонавта")
    page.locator("#judge").click()
    page.locator(".verdict").first.wait_for(timeout=120_000)


SHOTS = (
    Shot("frames", "/videos/{id}/frames", act=_filmed),
    Shot("why", "/videos/{id}/frames", theme="dark", act=_closer),
    Shot("looks", "/videos/{id}/looks", "ru", act=_looked),
    Shot("generate", "/videos/{id}/generate"),
    Shot("text", "/videos/{id}/text", act=_drawn),
    Shot("text_dark", "/videos/{id}/text", "ru", "dark", act=_set),
    Shot("download", "/videos/{id}/text", act=_saved),
    Shot("watch", "/videos/{id}/watch", "ru", "dark"),
    Shot("library", "/library", "ru"),
    Shot("takes", "/takes", "ru", act=_judged),
)
PHONES = (
    Shot("", "/", "ru", size_px=PHONE_PX),
    Shot("", "/videos/{id}/frames", "ru", size_px=PHONE_PX, act=_filmed),
    Shot("", "/videos/{id}/text", "ru", "dark", PHONE_PX, _drawn),
)
"""Side by side in one picture."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench screens", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=FOLDER)
    args = parser.parse_args(argv)
    args.output.mkdir(parents=True, exist_ok=True)
    if chromium() is None:
        print(f"bench screens: no browser is here, of {', '.join(BROWSERS)}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        for name, picture in taken(Path(folder)):
            data = light(picture)
            (args.output / f"{name}.png").write_bytes(data)
            print(f"{args.output / name}.png: {len(data) / 1000:.0f} kB")
    return 0


def taken(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """Names and pictures, from a studio that works on the sample clip."""
    from keyart.media.sample import make_sample

    clip = folder / "An astronaut's morning.mp4"
    make_sample(clip)
    with opened_studio(folder / "data") as address, opened_browser() as browser:
        upload, id = _uploaded(browser, address, clip)
        yield "upload", upload
        for shot in SHOTS:
            yield shot.name, _picture(browser, address, shot, id)
        yield "phone", beside([_picture(browser, address, shot, id) for shot in PHONES])


def _uploaded(browser: Browser, address: str, clip: Path) -> tuple[Image.Image, str]:
    """The first page while it works, and the video's id once it is done."""
    page = _page(browser, address, Shot("upload", "/"))
    page.goto("/")
    page.locator("#files").set_input_files(clip)
    page.locator('.job[data-state="running"] [data-part="line"]', has_text="left").wait_for()
    picture = _shown(page)
    link = page.locator('.job[data-state="done"] h3 a')
    link.wait_for()
    id = (link.get_attribute("href") or "").rsplit("/", 1)[-1]
    page.context.close()
    return picture, id


def _picture(browser: Browser, address: str, shot: Shot, id: str) -> Image.Image:
    page = _page(browser, address, shot)
    page.goto(shot.path.format(id=id))
    if shot.act:
        shot.act(page)
    picture = _shown(page)
    page.context.close()
    return picture


def _page(browser: Browser, address: str, shot: Shot) -> Page:
    width, height = shot.size_px
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        locale={"en": "en-US", "ru": "ru-RU"}[shot.language],
        color_scheme="dark" if shot.theme == "dark" else "light",
        reduced_motion="reduce",
        has_touch=shot.size_px == PHONE_PX,
    )
    context.set_default_timeout(300_000)
    return context.new_page()


def _shown(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


# --- small pictures -------------------------------------------------------------------------------------------------


def beside(pictures: Sequence[Image.Image]) -> Image.Image:
    """In one row, on a quiet ground."""
    width = sum(one.width + _GAP_PX for one in pictures) + _GAP_PX
    sheet = Image.new("RGB", (width, max(one.height for one in pictures) + 2 * _GAP_PX), (214, 210, 203))
    left = _GAP_PX
    for one in pictures:
        sheet.paste(one, (left, _GAP_PX))
        left += one.width + _GAP_PX
    return sheet


def light(picture: Image.Image) -> bytes:
    """A PNG of few colours, narrower and poorer in colours until it has at most `MOST_BYTES`."""
    for width, colours in _TRIES:
        size = width, round(picture.height * width / picture.width)
        small = picture.resize(size, Image.Resampling.LANCZOS)
        file = io.BytesIO()
        small.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


# --- a studio and a browser, for tests too --------------------------------------------------------------------------


def chromium() -> str | None:
    """The system's browser."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@contextlib.contextmanager
def opened_browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        yield browser
        browser.close()


@contextlib.contextmanager
def opened_studio(data: Path) -> Iterator[str]:
    """The address of a studio that serves from another thread."""
    import uvicorn

    from keyart.studio.app import application

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        app = application(Studio(port=port, data=data, spare_gb=0.0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the studio did not open")
            time.sleep(0.05)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(30)


if __name__ == "__main__":
    raise SystemExit(main())
