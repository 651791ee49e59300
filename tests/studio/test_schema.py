"""The API's own description, taken at its word and against it: nothing that can be sent brings a fault of ours about.

Examples are drawn by schemathesis, always the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from unittest import SkipTest
from urllib.parse import urlencode

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.result import Ok

from keyart.studio.catalogue import Video
from keyart.studio.doors.uploads import begin
from keyart.studio.options import Studio
from keyart.studio.rooms import Rooms
from tests.studio.doors import HERE, Answer, ask, nobody_works, rooms_of, studio

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

EXAMPLES = 8
SLOW_EXAMPLES = 2
SLOW = {"POST /api/videos/{id}/frames"}
"""Each of these starts a process."""
ENDS_IT = {"DELETE /api/videos/{id}", "DELETE /api/uploads/{id}"}
Operation = APIOperation[Any, Any, Any, Any]
AnyCase = Case[Any]


@pytest.fixture
def app(options: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    nobody_works(monkeypatch)
    with studio(options) as made:
        yield made


@pytest.fixture
def rooms(app: FastAPI) -> Rooms:
    """Of the studio that is asked; `finished` puts its video there."""
    return rooms_of(app)


def send(app: FastAPI, case: AnyCase) -> Answer:
    """As a client library would put it on the line; what cannot be put on any line is not sent."""
    sent = requests.Request(**case.as_transport_kwargs(f"http://{HERE}")).prepare()
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    assert isinstance(body, bytes)
    headers = [(name, value) for name, value in sent.headers.items() if name.lower() != "content-length"]
    named = [(_text(name), _text(value)) for name, value in headers]
    return ask(app, str(sent.method), str(sent.path_url), named, body)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


@dataclass(frozen=True)
class Aim:
    """What there is to ask about."""

    video: str
    frame: str
    upload: str

    def at(self, case: AnyCase, number: int) -> None:
        """Two of three requests are about what is there, so that they come further than the first look-up."""
        if number % 3 == 0 or case.operation.label in ENDS_IT:
            return
        if isinstance(case.path_parameters, dict):
            case.path_parameters |= {"id": self.upload if "/uploads/" in case.path else self.video}
            case.path_parameters |= {"frame": self.frame} if "frame" in case.path_parameters and number % 2 else {}
        if "/uploads" in case.path:
            case.headers["Tus-Resumable"] = "1.0.0"
        if isinstance(case.body, dict) and "frame" in case.body:
            case.body["frame"] = self.frame
            for name in ("font", "look", "background", "size") if number % 2 else ():
                case.body.pop(name, None)  # what is seldom guessed right


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda one: one.value)
def test_nothing_that_can_be_sent_breaks_the_studio(app: FastAPI, finished: Video, mode: GenerationMode) -> None:
    frame = json.loads(ask(app, "GET", f"/api/videos/{finished.id}/frames").body)["frames"][0]["id"]
    aim = Aim(finished.id, frame, begin(rooms_of(app), "film.mp4", 10**6).id)
    faults: list[str] = []
    seen: set[int] = set()
    for operation in _operations(app):
        for number, case in enumerate(_cases(operation, mode)):
            aim.at(case, number)
            try:
                answer = send(app, case)
            except requests.exceptions.InvalidHeader:
                continue  # no client sends this
            seen.add(answer.status)
            faults += _faults(operation.label, case, answer)
    assert not faults, "\n".join(faults[:20])
    assert seen >= ({200, 201, 204, 404} if mode is GenerationMode.POSITIVE else {404, 422})


def _operations(app: FastAPI) -> Iterator[Operation]:
    for found in schemathesis.openapi.from_dict(app.openapi()).get_all_operations():
        assert isinstance(found, Ok), found
        yield found.ok()


def _cases(operation: Operation, mode: GenerationMode) -> list[AnyCase]:
    drawn: list[AnyCase] = []

    @seed(7)
    @settings(
        max_examples=SLOW_EXAMPLES if operation.label in SLOW else EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def draw(case: AnyCase) -> None:
        drawn.append(case)

    with suppress(Unsatisfiable, SkipTest):  # nothing can be wrong with a request that takes nothing
        draw()
    return drawn


def _faults(where: str, case: AnyCase, answer: Answer) -> list[str]:
    told = f"{where} {answer.status} {case.as_curl_command()[:300]} -> {answer.body[:200]!r}"
    if answer.status >= 500:
        return [told]
    if answer.status >= 400 and answer.body:
        said = json.loads(answer.body)
        if list(said) != ["error"] or "\n" in said["error"]:
            return [f"not one clear line: {told}"]
    return []


def test_the_description_is_whole(app: FastAPI) -> None:
    """Every route of the API is described, and none of the pages."""
    described = set(app.openapi()["paths"])
    assert described and all(path.startswith("/api/") for path in described)
    assert json.loads(ask(app, "GET", "/openapi.json").body) == json.loads(json.dumps(app.openapi()))


def test_query_strings_of_any_kind_are_read(app: FastAPI) -> None:
    odd: list[Any] = ["%", "_", "\\", "'; DROP TABLE videos; --", "\ud7ff\ue000", "🐈" * 50, " ", "a" * 200, "NaN"]
    for one in odd:
        answer = ask(app, "GET", f"/api/videos?{urlencode({'q': one})}")
        assert (answer.status, json.loads(answer.body)["total"]) == (200, 0)
    for wrong in ("limit=0", "limit=201", "limit=1e3", "offset=-1", "offset=99999999999999999999", f"q={'a' * 201}"):
        assert ask(app, "GET", f"/api/videos?{wrong}").status == 422
    assert ask(app, "GET", "/api/videos?q=%ff%fe").status == 200
