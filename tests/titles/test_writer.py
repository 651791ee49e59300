"""The writers that compose, as the stage calls them: what they bring stands first, what is not said stands last."""

from __future__ import annotations

from typing import Any

import pytest

from keyart.errors import BadSetting, MissingModel
from keyart.titles import WriteTitles, offer
from keyart.titles.offer import Composed
from keyart.types import Cue, Headline, Transcript, VideoInfo
from tests.covers.conftest import video_info

SAID = Transcript("ru", "sidecar talk.srt", (Cue("Астронавт Анна Петрова готовит ракету к полёту.", 0.0, 3.0),))


def _composed(*lines: tuple[str, bool]) -> Composed:
    found = tuple(Headline(text, "ru", 0.0, 3.0, SAID.text, said, 0.5, "transcript") for text, said in lines)
    return Composed(found, "t5", ("rut5-headline",), ("one model was not there",))


@pytest.fixture
def info() -> VideoInfo:
    return video_info("talk.mp4")


def test_a_composed_line_that_is_said_leads_and_one_that_is_not_comes_last(
    info: VideoInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _composed(("Анна Петрова летит на Марс", False), ("Анна Петрова готовит ракету", True))
    monkeypatch.setattr(offer, "by_t5", lambda *_: made)
    outcome = WriteTitles(writer="t5")(info, SAID)
    assert outcome.value[0].text == "Анна Петрова готовит ракету"
    assert [one.supported for one in outcome.value][-1] is False
    assert outcome.backend == "t5" and "rut5-headline" in outcome.models
    assert outcome.status == "degraded" and "one model was not there" in outcome.reason


def test_the_endpoint_is_called_as_it_was_named(info: VideoInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def endpoint(transcript: Transcript, address: str, model: str, *_: Any) -> Composed:
        calls.append((transcript.text, address, model))
        return _composed(("Анна Петрова готовит ракету", True))

    monkeypatch.setattr(offer, "by_endpoint", endpoint)
    writer = WriteTitles(writer="endpoint", endpoint="http://127.0.0.1:9", endpoint_model="mine")
    assert writer(info, SAID).value
    assert calls == [(SAID.text, "http://127.0.0.1:9", "mine")]
    assert WriteTitles()(info, SAID).value and len(calls) == 1, "nobody is called who was not named"


def test_what_is_asked_for_by_name_and_missing_is_an_error(info: VideoInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYART_TITLES_ENDPOINT", raising=False)
    with pytest.raises(BadSetting):
        WriteTitles(writer="endpoint")(info, SAID)
    with pytest.raises(MissingModel):
        WriteTitles(writer="t5")(info, SAID)
