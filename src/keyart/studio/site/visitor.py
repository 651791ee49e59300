"""One page as one visitor sees it: in their language and theme, with scripts and sheets that never go out of date."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from keyart.studio.doors.safety import csrf_token, is_logged_in
from keyart.studio.site.wording import LANGUAGES, Wording, clock, preferred, wording

THEMES = ("light", "dark")
YEAR_SECONDS = 31_536_000
_LANGUAGE, _THEME = "keyart-language", "keyart-theme"
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".ttf": "font/ttf"}


@cache
def environment() -> Environment:
    found = Environment(
        loader=PackageLoader("keyart.studio.site", "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    found.globals["clock"] = clock
    return found


# --- what never changes ---------------------------------------------------------------------------------------------


@cache
def statics() -> Mapping[str, tuple[bytes, str]]:
    """Path -> bytes and media type: our scripts and sheets, words for the scripts, Roboto from its own wheel."""
    import font_roboto

    found = {
        one.name: one.read_bytes() for one in files("keyart.studio.site").joinpath("static").iterdir() if one.is_file()
    }
    found |= {f"words/{code}.json": json.dumps(dict(wording(code).words)).encode() for code in LANGUAGES}
    for name in ("Regular", "Medium", "Bold"):
        path = Path(font_roboto.__path__[0], "files", f"Roboto-{name}.ttf")
        if path.is_file():
            found[f"fonts/{path.name}"] = path.read_bytes()
    return {name: (data, _media_type(name)) for name, data in sorted(found.items())}


def _media_type(name: str) -> str:
    return _MEDIA_TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


@cache
def version() -> str:
    """Changes with any of the statics: what a browser keeps for a year is never out of date."""
    sha = hashlib.sha256()
    for name, (data, _) in statics().items():
        sha.update(name.encode() + b"\0" + data)
    return sha.hexdigest()[:12]


# --- one answer -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks: language and theme are asked for in the address, kept in a cookie, else as the browser prefers."""

    request: Request

    @property
    def language(self) -> str:
        asked = self.request.query_params.get("language") or self.request.cookies.get(_LANGUAGE, "")
        return asked if asked in LANGUAGES else preferred(self.request.headers.get("accept-language", ""))

    @property
    def theme(self) -> str:
        asked = self.request.query_params.get("theme") or self.request.cookies.get(_THEME, "")
        return asked if asked in THEMES else ""

    @property
    def say(self) -> Wording:
        return wording(self.language)

    def same_place(self, **changed: str) -> str:
        """The query of this page with something changed in it."""
        kept = {name: value for name, value in self.request.query_params.items() if name not in ("language", "theme")}
        return urlencode(kept | changed)

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        other = next(code for code in LANGUAGES if code != self.language)
        text = environment().get_template(f"{template}.html").render(
            {"here": template, "bar": True, "styles": (), "scripts": ()}
            | values
            | {
                "say": self.say,
                "theme": self.theme,
                "static": f"/static/{version()}",
                "csrf": csrf_token(self.request),
                "logged_in": is_logged_in(self.request),
                "other_language": {
                    "code": other,
                    "name": LANGUAGES[other],
                    "query": self.same_place(language=other),
                },
                "other_theme": self.same_place(theme="light" if self.theme == "dark" else "dark"),
            }
        )  # fmt: skip
        answer = HTMLResponse(text, status, headers={"vary": "Cookie, Accept-Language"})
        for cookie, name in ((_LANGUAGE, "language"), (_THEME, "theme")):
            if name in self.request.query_params:
                value = self.language if name == "language" else self.theme
                answer.set_cookie(cookie, value, max_age=YEAR_SECONDS, samesite="lax")
        return answer

    def lost(self, status: int = 404) -> HTMLResponse:
        return self.page("lost", status, title=self.say("lost.title"), text=self.say("lost.text"))
