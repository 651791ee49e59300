"""The pages as they are served: complete in both languages, nothing inline, colours that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from keyart.studio.catalogue import State, Video, new_id
from keyart.studio.rooms import Rooms
from keyart.studio.site.reference import groups_of
from keyart.studio.site.showing import STAGES
from keyart.studio.site.steps import ROOMS
from keyart.studio.site.visitor import environment, statics, version
from keyart.studio.site.wording import LANGUAGES, Wording, plural, preferred, wording

_STUDIO = files("keyart.studio.site")
_TEXTS = {one.name: one.read_text("utf-8") for one in _STUDIO.joinpath("pages").iterdir()}
_SCRIPTS = {
    one.name: one.read_text("utf-8") for one in _STUDIO.joinpath("static").iterdir() if one.name.endswith(".js")
}
_SHEETS = {
    one.name: one.read_text("utf-8") for one in _STUDIO.joinpath("static").iterdir() if one.name.endswith(".css")
}
_SPEAKERS = ("pages.py", "steps.py", "visitor.py", "showing.py", "wording.py")
_BUILT = re.compile(r"""["`']([a-z_]+\.[a-z_]*)(?:["']\s*~|\$\{|\{)""")
"""Beginnings of keys that are put together: the rest comes from data."""


class Checked(HTMLParser):
    """What must not stand in a page, and what must."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.levels: list[int] = []

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = dict(pairs)
        if tag == "style" or "style" in given or (tag == "script" and "src" not in given):
            self.faults.append(f"inline <{tag}>")
        self.faults += [f"{tag} {name}" for name in given if name.startswith("on")]
        self.faults += [
            f"{tag} from elsewhere" for name in ("src", "href") if re.match(r"(https?:)?//", given.get(name) or "")
        ]
        if tag == "img" and "alt" not in given:
            self.faults.append("img without alt")
        if "id" in given:
            self.ids.append(str(given["id"]))
        if tag == "label" and given.get("for"):
            self.labels.add(str(given["for"]))
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden":
            self.fields.append(given | {"tag": tag})
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))


def checked(html: str) -> Checked:
    found = Checked()
    found.feed(html)
    return found


PAGES = ("/", "/library", "/docs", "/login", *(f"/videos/{{id}}/{step}" for step in ROOMS))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_whole(client: TestClient, finished: Video, page: str) -> None:
    for language in LANGUAGES:
        _check(client, page.format(id=finished.id), language)


def _check(client: TestClient, page: str, language: str) -> None:
    answer = client.get(page, headers={"accept-language": language})
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    html = answer.text
    found = checked(html)
    assert not found.faults, "nothing inline, nothing from elsewhere, every picture has words"
    assert f'<html lang="{language}"' in html
    assert len(found.ids) == len(set(found.ids)), "ids are given once"
    assert found.levels[0] == 1 and found.levels.count(1) == 1, "one heading stands first"
    inside_their_label = ("radio", "checkbox", "file", "color")
    apart = [one for one in found.fields if one.get("type") not in inside_their_label]
    unnamed = [one for one in apart if one.get("id") not in found.labels and "aria-label" not in one]
    assert not unnamed, "every field has a label"
    assert "Undefined" not in html and "{{" not in html


def test_statics_are_ours_and_kept(client: TestClient) -> None:
    html = client.get("/").text
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', html)
    assert len(named) >= 5
    for address in named:
        answer = client.get(address)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"], address
    assert client.get("/static/0/look.css").headers["cache-control"] == "no-cache", "of another version"
    assert client.get(f"/static/{version()}/nothing.css").status_code == 404
    assert client.get(f"/static/{version()}/..%2fpages.py").status_code in (400, 404)


def test_scripts_import_only_what_is_there() -> None:
    for name, text in _SCRIPTS.items():
        for other in re.findall(r'^import .* from "\./([^"]+)"', text, re.M):
            assert other in statics(), f"{name} wants {other}"
        assert not re.search(r"\beval\(|new Function|innerHTML|outerHTML|document\.write", text), name


# --- words ------------------------------------------------------------------------------------------------------------


def test_both_languages_say_the_same_things() -> None:
    russian, english = wording("ru").words, wording("en").words
    assert set(russian) == set(english)
    for key, said in russian.items():
        other = english[key]
        assert isinstance(said, str) == isinstance(other, str), key
        if isinstance(said, str) and isinstance(other, str):
            assert set(re.findall(r"{\w+}", said)) == set(re.findall(r"{\w+}", other)), key
            assert said.strip() and other.strip()
        else:
            assert set(said) == {"one", "few", "many"} and set(other) == {"one", "many"}, key


def _keys() -> set[str]:
    texts = [*_TEXTS.values(), *_SCRIPTS.values()]
    texts += [_STUDIO.joinpath(name).read_text("utf-8") for name in _SPEAKERS]
    return {key for text in texts for key in re.findall(r'say\(\s*"([a-z_.]+[a-z_])"[,)]', text)}


def test_every_word_that_is_asked_for_is_there() -> None:
    asked, words = _keys(), wording("en").words
    assert len(asked) > 80 and asked <= set(words), asked - set(words)


def test_no_word_is_left_over() -> None:
    texts = [*_TEXTS.values(), *_SCRIPTS.values()]
    texts += [_STUDIO.joinpath(name).read_text("utf-8") for name in _SPEAKERS]
    begun = tuple({beginning for text in texts for beginning in _BUILT.findall(text)})
    together = "\n".join(texts)
    left = [key for key in wording("en").words if not key.startswith(begun) and f'"{key}"' not in together]
    assert not left


def test_every_refusal_has_its_words() -> None:
    code = "".join(path.read_text("utf-8") for path in Path(str(_STUDIO)).parent.rglob("*.py"))
    raised = set(re.findall(r"(?:HTTPException|_refused|_Refusal)\(\s*(\d{3})\b", code))
    assert {"400", "404", "409", "413", "415", "507"} <= raised
    words = wording("ru").words
    assert raised <= {key.removeprefix("refused.") for key in words}, "a page in Russian says it in Russian"


def test_names_of_things_are_translated() -> None:
    from keyart.covers.backgrounds import BACKGROUNDS
    from keyart.covers.looks import LOOKS
    from keyart.covers.presets import PRESETS
    from keyart.covers.templates import TEMPLATES

    words = wording("ru").words
    named: dict[str, Iterable[str]] = {
        "look": LOOKS,
        "background": BACKGROUNDS,
        "template": TEMPLATES,
        "stage": STAGES,
    }
    for section, names in named.items():
        for name in names:
            assert re.search("[а-я]", str(words[f"{section}.{name}"])), name
    assert {f"preset.{name}" for name, one in PRESETS.items() if one.kind == "cover"} <= set(words)


@pytest.mark.parametrize(
    ("n", "russian", "english"),
    [(0, "many", "many"), (1, "one", "one"), (2, "few", "many"), (5, "many", "many"), (11, "many", "many"),
     (21, "one", "many"), (22, "few", "many"), (112, "many", "many")],
)  # fmt: skip
def test_plurals(n: int, russian: str, english: str) -> None:
    assert (plural("ru", n), plural("en", n)) == (russian, english)


def test_numbers_as_each_language_has_them() -> None:
    ru, en = wording("ru"), wording("en")
    assert (ru.number(1234.5, 1), en.number(1234.5, 1)) == ("1\u202f234,5", "1,234.5")
    assert (ru.size(1_234_567), en.size(999), en.size(8e9), en.size(999_600)) == ("1,2 МБ", "999 B", "8 GB", "1 MB")
    assert (ru.duration(3725), en.duration(59.6), en.duration(0)) == ("1 ч 2 мин", "1 min", "0 s")
    assert ru.day(1_700_000_000).endswith("ноября 2023") and "November" in en.day(1_700_000_000)


@pytest.mark.parametrize(
    ("header", "code"),
    [("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("en-GB", "en"), ("de, ru;q=0.3, en;q=0.2", "ru"), ("de", "en"), ("", "en"),
     ("en;q=x, ru", "ru"), ("ru;q=0.1,en;q=0.9", "en")],
)  # fmt: skip
def test_the_browser_is_asked_for_its_language(header: str, code: str) -> None:
    assert preferred(header) == code


def test_language_and_theme_are_kept(client: TestClient) -> None:
    answer = client.get("/library?q=cat&language=ru&theme=dark", headers={"accept-language": "en"})
    assert 'lang="ru"' in answer.text and 'data-theme="dark"' in answer.text
    assert "?q=cat&amp;language=en" in answer.text, "the switch leads to the same place"
    again = client.get("/", headers={"accept-language": "en"}).text
    assert 'lang="ru"' in again and 'data-theme="dark"' in again, "a cookie remembers"
    assert "data-theme" not in client.get("/?theme=<script>").text


# --- colours ----------------------------------------------------------------------------------------------------------


def _palette() -> dict[str, tuple[str, str]]:
    return {
        name: (light, dark)
        for name, light, dark in re.findall(r"--([a-z-]+): light-dark\((#\w{6}), (#\w{6})\)", _SHEETS["look.css"])
    }


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    """WCAG 2.2, 1 ... 21."""
    bright, dull = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (bright + 0.05) / (dull + 0.05)


def test_contrast_of_black_and_white_is_known() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21 and contrast("#777777", "#ffffff") == pytest.approx(
        4.48, abs=0.01
    )


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "grounds", "least"),
    [
        ("ink", ("paper", "sheet", "sunken", "tint"), 7.0),
        ("dim", ("paper", "sheet", "sunken", "stage"), 4.5),
        ("accent", ("paper", "sheet", "tint"), 4.5),
        ("on-accent", ("accent", "accent-hover"), 4.5),
        ("good", ("sheet", "sunken"), 4.5),
        ("bad", ("paper", "sheet", "sunken"), 4.5),
        ("edge", ("paper", "sheet"), 3.0),
        ("accent", ("sunken", "stage"), 3.0),
    ],
)
def test_colours_can_be_read(front: str, grounds: tuple[str, ...], least: float, theme: int) -> None:
    palette = _palette()
    for ground in grounds:
        found = contrast(palette[front][theme], palette[ground][theme])
        assert found >= least, f"{front} on {ground}: {found:.2f}"


def test_what_can_be_touched_is_large_and_motion_can_be_turned_off() -> None:
    look = _SHEETS["look.css"]
    assert "--touch: 44px" in look and "prefers-reduced-motion" in look and ":focus-visible" in look
    for name, text in _SHEETS.items():
        assert "outline: none" not in text and "outline: 0" not in text, name
        assert "http" not in text, name


# --- states of a video ------------------------------------------------------------------------------------------------


def _video(rooms: Rooms, state: State, **more: Any) -> Video:
    video = Video(new_id(), "<b>talk</b> & more.mp4", "source.mp4", 1_200_000, state, **more)
    rooms.catalogue.add_video(video)
    return video


def test_a_video_in_work_shows_its_stages(client: TestClient, rooms: Rooms) -> None:
    stages = [{"name": "scan", "status": "running", "fraction": 0.5, "reason": "", "seconds": 1.0}]
    progress = {"stages": stages, "fraction": 0.4, "seconds_left": 80.0}
    video = _video(rooms, "running", progress=progress)
    html = client.get(f"/videos/{video.id}", headers={"accept-language": "ru"}).text
    assert "Смотрим видео · осталось около 1 мин 20 с" in html and 'value="0.4"' in html
    assert "&lt;b&gt;talk&lt;/b&gt; &amp; more.mp4" in html and "<b>talk" not in html
    assert client.get(f"/videos/{video.id}/frames", follow_redirects=False).headers["location"] == f"/videos/{video.id}"
    assert video.id in client.get("/").text


def test_a_failed_video_says_why_and_can_be_tried_again(client: TestClient, rooms: Rooms) -> None:
    video = _video(rooms, "failed", error="no moov atom")
    html = client.get(f"/videos/{video.id}", headers={"accept-language": "en"}).text
    assert "Did not work out: no moov atom" in html
    assert re.search(r'data-part="retry">', html), "shown, not hidden"


def test_a_finished_video_opens_at_its_frames(client: TestClient, finished: Video) -> None:
    answer = client.get(f"/videos/{finished.id}", follow_redirects=False)
    assert answer.status_code == 303 and answer.headers["location"].endswith("/frames")


@pytest.mark.parametrize("address", ["/videos/" + "0" * 32, "/videos/nothing", "/videos/" + "0" * 32 + "/frames"])
def test_what_is_not_there_is_said_on_a_page(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"accept-language": "ru"})
    assert answer.status_code == 404 and "Здесь ничего нет" in answer.text


def test_frames_say_something_without_scripts(client: TestClient, finished: Video) -> None:
    html = client.get(f"/videos/{finished.id}/frames").text
    assert html.count('class="frame"') >= 2 and html.count("?width=") >= 2 and "storyboard.vtt" in html


def test_the_download_page_offers_every_product(client: TestClient, finished: Video) -> None:
    html = client.get(f"/videos/{finished.id}/download").text
    products = client.get(f"/api/videos/{finished.id}/products").json()["products"]
    kinds = {"cover", "avatar", "cutout", "teaser", "transcript", "titles"}
    wanted = [one["url"] for one in products if one["kind"] in kinds]
    assert wanted and all(f'href="{address}"' in html for address in wanted)
    assert "package.zip" in html and 'data-copy="' in html


def test_the_library_finds_and_pages(client: TestClient, rooms: Rooms, finished: Video) -> None:
    for _ in range(25):
        _video(rooms, "cancelled", words="talk")
    html = client.get("/library", headers={"accept-language": "en"}).text
    assert "26 videos" in html and "page=2" in html
    found = client.get("/library?q=телескоп", headers={"accept-language": "en"}).text
    assert "One video" in found and finished.id in found
    assert "Nothing found" in client.get("/library?q=zzz", headers={"accept-language": "en"}).text
    assert client.get("/library?page=99999999999999").status_code == 200


def test_the_reference_tells_every_route(client: TestClient) -> None:
    html, document = client.get("/docs").text, client.get("/openapi.json").json()
    calls = [call for group in groups_of(document) for call in group["calls"]]
    assert len(calls) == sum(len(item) for item in document["paths"].values())
    assert all(path in html for path in document["paths"])
    assert "/library" not in document["paths"], "pages are no part of the API"


def test_every_template_is_used() -> None:
    used = set(re.findall(r'(?:extends|from|include) "(\w+\.html)"', "\n".join(_TEXTS.values())))
    used |= {f"{name}.html" for name in (*ROOMS, "upload", "progress", "library", "takes", "docs", "login", "lost")}
    assert used == set(_TEXTS)
    for name in _TEXTS:
        environment().get_template(name)


def test_takes_are_those_that_are_short_enough(client: TestClient, rooms: Rooms, finished: Video) -> None:
    long = _video(rooms, "cancelled", words="talk")
    rooms.catalogue.change(long.id, probe={"duration": 4000.0})
    html = client.get("/takes", headers={"accept-language": "ru"}).text
    assert f'value="{finished.id}"' in html and f'value="{long.id}"' not in html and "Какой дубль лучше" in html
    assert client.post(f"/api/videos/{long.id}/judgement", json={"prompt": ""}).status_code in (403, 422)


def test_every_reason_of_a_verdict_has_its_words() -> None:
    from keyart.review.generated.words import WORDS

    seen_by_the_forest = {name for name in WORDS if not name.startswith(("lpips", "reference"))}
    assert seen_by_the_forest <= {key.removeprefix("judged.") for key in wording("ru").words}


def test_words_missing_from_a_language_are_a_fault() -> None:
    with pytest.raises(KeyError):
        Wording("en", {})("nothing")
    assert Wording("en", {"a": {"one": "1", "many": "{n}"}}).maybe("a", "b") == "b"
    assert all(a != b for a, b in pairwise(LANGUAGES))
