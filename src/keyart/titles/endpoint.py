"""Headlines by a language model behind an OpenAI-compatible address, and only where the user names one.

The transcript leaves the process, and for an address that is not this machine's own it leaves the machine: `sent_to`
says so for the log and the manifest. What comes back is believed no more than any writer: JSON of one shape, length,
alphabet; whether the text supports it is checked by `offer`. The key is read from the environment alone, goes to the
named address only, and never over an open line to another machine.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import logging
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from keyart.errors import BadSetting, KeyartError
from keyart.titles.prompts import ANSWER_SCHEMA, PROMPTS, messages
from keyart.titles.t5 import once, tidied

KEY_VARIABLE = "KEYART_ENDPOINT_KEY"
MAX_ANSWER_BYTES = 1_000_000
MAX_WAIT_SECONDS = 30.0
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_LOG = logging.getLogger(__name__)


class EndpointFailed(KeyartError, ConnectionError):
    """The named endpoint did not answer, or not with headlines."""

    __str__ = Exception.__str__


class _Unfit(Exception):
    """An answer that may be better the next time; `wait_seconds` is what the server asked for.

    `simpler`: the server may not know the parts of the request that the protocol leaves open.
    """

    def __init__(self, why: str, wait_seconds: float = 0.0, *, simpler: bool = False) -> None:
        super().__init__(why)
        self.wait_seconds, self.simpler = wait_seconds, simpler


@dataclass(frozen=True, slots=True)
class EndpointWriter:
    """A writer of headlines at `{address}/chat/completions`."""

    address: str
    """Such as http://127.0.0.1:8080/v1; whatever serves the chat protocol of OpenAI."""
    model: str = ""
    """What the server calls the model; some need none."""
    count: int = 10
    """Headlines to ask for, 1 ... 50."""
    max_words: int = 9
    max_characters: int = 70
    timeout_seconds: float = 60.0
    """For one attempt from the asking to the last byte, 0.1 ... 600."""
    attempts: int = 3
    """1 ... 10; between them the wait doubles from one second."""
    seed: int = 0
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        if not _is_address(self.address):
            raise BadSetting(
                f"endpoint {_shown(self.address)!r} is no address; write it like http://127.0.0.1:8080/v1,"
                f" and a key into {KEY_VARIABLE}"
            )
        if not (1 <= self.count <= 50 and 0.1 <= self.timeout_seconds <= 600 and 1 <= self.attempts <= 10):
            raise BadSetting("an endpoint is asked for 1 to 50 headlines in 1 to 10 attempts of 0.1 to 600 seconds")

    @property
    def is_local(self) -> bool:
        """Whether the text stays on this machine."""
        host = urlsplit(self.address).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def sent_to(self) -> str:
        """For the log and the manifest: where the text went."""
        place = urlsplit(self.address).netloc
        went = "on this machine" if self.is_local else "the text left this machine"
        return f"{self.model or 'model'} at {place}, {went}"

    def __call__(self, text: str, language: str) -> tuple[str, ...]:
        """Headlines that have the right form, best first. Raises `EndpointFailed` and `BadSetting`."""
        if language not in PROMPTS or not text.strip():
            return ()
        _LOG.warning("titles: the transcript goes to %s", self.sent_to)
        why, simple = "", False
        for attempt in range(self.attempts):
            try:
                return self._headlines(self._answer(self._request(text, language, simple)), language)
            except _Unfit as err:
                why, simple = str(err), simple or err.simpler
                if attempt + 1 < self.attempts:
                    self.pause(min(MAX_WAIT_SECONDS, max(err.wait_seconds, 2.0**attempt)))
        raise EndpointFailed(f"{self._place}: no headlines in {self.attempts} attempts; the last one: {why}")

    @property
    def _place(self) -> str:
        return urlsplit(self.address).netloc

    def _request(self, text: str, language: str, simple: bool) -> urllib.request.Request:
        body: dict[str, Any] = {
            "messages": messages(text, language, self.count, self.max_words, self.max_characters),
            "temperature": 0,
            "stream": False,
        }
        if not simple:
            shape = {"name": "titles", "strict": True, "schema": ANSWER_SCHEMA}
            body |= {"seed": self.seed, "response_format": {"type": "json_schema", "json_schema": shape}}
        if self.model:
            body["model"] = self.model
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key := os.environ.get(KEY_VARIABLE, "").strip():
            if not self.is_local and urlsplit(self.address).scheme != "https":
                raise BadSetting(f"the key in {KEY_VARIABLE} is not sent to {self._place} over plain http; use https")
            if not key.isascii() or not key.isprintable():
                raise BadSetting(f"the key in {KEY_VARIABLE} has a character that no key has")
            headers["Authorization"] = f"Bearer {key}"
        address = self.address.rstrip("/") + "/chat/completions"
        return urllib.request.Request(address, json.dumps(body).encode(), headers, method="POST")

    def _answer(self, request: urllib.request.Request) -> bytes:
        until = time.monotonic() + self.timeout_seconds
        data = b""
        try:
            with _opener(self.is_local).open(request, timeout=self.timeout_seconds) as answer:
                # piece by piece: the socket's own limit starts anew with every byte that drips in
                while len(data) <= MAX_ANSWER_BYTES and (piece := answer.read1(65536)):
                    data += piece
                    if time.monotonic() > until:
                        raise TimeoutError
        except urllib.error.HTTPError as err:
            with err:
                if err.code in _AGAIN:
                    raise _Unfit(f"status {err.code}", _seconds(err.headers.get("Retry-After"))) from err
                if err.code in (400, 422):
                    raise _Unfit(f"status {err.code}", simpler=True) from err
                raise EndpointFailed(f"{self._place} answers with status {err.code}{_cure(err.code)}") from err
        except (OSError, http.client.HTTPException) as err:
            raise _Unfit(_reason(err)) from err
        if len(data) > MAX_ANSWER_BYTES:
            raise _Unfit(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
        return data

    def _headlines(self, data: bytes, language: str) -> tuple[str, ...]:
        lines = [tidied(line) for line in answered(data)]
        fit = [line for line in lines if not self.unfit(line, language)]
        if not fit:
            why = self.unfit(lines[0], language)
            raise _Unfit(f"none of {len(lines)} headlines can be used ({why})")
        return once(fit)

    def unfit(self, line: str, language: str) -> str:
        """Why a line has not the form that was asked for; empty where it has."""
        letters = re.findall(r"[^\W\d_]", line)
        own = [one for one in letters if ("а" <= one.lower() <= "я" or one in "ёЁ") == (language == "ru")]
        checks = {
            "no letters": not letters,
            "too long": len(line) > self.max_characters or len(line.split()) > self.max_words,
            "a link, a tag or an address": bool(re.search(r"https?:|www\.|[@#<>{}\[\]|\\`]", line)),
            "another language": 2 * len(own) < len(letters),
            "no plain text": any(not one.isprintable() or ord(one) > 0xFFFF or "☀" <= one <= "➿" for one in line),
        }
        return next((why for why, holds in checks.items() if holds), "")


def _is_address(address: str) -> bool:
    """Whether it is http or https to a host, without a name and password in it, in plain letters."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    plain = (
        address.isascii() and address.isprintable() and " " not in address and not parts.query and not parts.fragment
    )
    return plain and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None


def answered(data: bytes) -> list[str]:
    """The titles in a chat answer. Raises `_Unfit` where it is not JSON of the wanted shape."""
    try:
        content = json.loads(data)["choices"][0]["message"]["content"]
        fenced = re.fullmatch(r"\s*```(?:json)?\s*(.*?)\s*```\s*", content, re.S)
        titles = json.loads(fenced[1] if fenced else content)["titles"]
    except (ValueError, LookupError, TypeError, RecursionError) as err:
        raise _Unfit("the answer is not the JSON that was asked for") from err
    if not isinstance(titles, list) or not 1 <= len(titles) <= 50 or not all(isinstance(one, str) for one in titles):
        raise _Unfit("the answer's 'titles' is no list of 1 to 50 texts")
    return titles


class _StayPut(urllib.request.HTTPRedirectHandler):
    """The text and the key go where the user said, not where a server points to."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(local: bool) -> urllib.request.OpenerDirector:
    handlers: list[Any] = [_StayPut()]
    if local:  # a proxy would carry off what is meant to stay here
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and re.fullmatch(r"\d{1,6}", retry_after) else 0.0


def _cure(status: int) -> str:
    cures = {401: f"; is the key in {KEY_VARIABLE} right?", 403: f"; is the key in {KEY_VARIABLE} right?"}
    return cures.get(status, "; does the address end as the server wants it, mostly in /v1?" if status == 404 else "")


def _reason(err: Exception) -> str:
    cause = err.reason if isinstance(err, urllib.error.URLError) else err
    return "no answer in time" if isinstance(cause, TimeoutError) else f"{type(cause).__name__}: {cause}"


def _shown(address: str) -> str:
    """An address without what may be a password in it."""
    return re.sub(r"\?.*", "?...", re.sub(r"//[^/@]*@", "//...@", address), flags=re.S)
