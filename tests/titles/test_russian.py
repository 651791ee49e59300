"""The parser's plumbing: batches do not change what is seen, nothing is parsed twice, the models are read lean."""

from __future__ import annotations

import numpy as np
import pytest

from keyart.models.store import model_path
from keyart.titles import russian

SAID = ("Кот ловит рыбу в реке.", "Рыжий кот внимательно смотрит на большой телескоп у окна.", "Идёт снег.")


@pytest.fixture
def nothing_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(russian, "_PARSED", {})


@pytest.mark.usefixtures("nothing_parsed")
def test_a_sentence_is_parsed_the_same_alone_and_in_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    together = russian.parse_many([russian.tokenise(text) for text in (*SAID, SAID[0])])
    assert together[0] == together[3]
    monkeypatch.setattr(russian, "_PARSED", {})
    assert [russian.parse(text) for text in SAID] == together[:3]


@pytest.mark.usefixtures("nothing_parsed")
def test_nothing_is_parsed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [russian.tokenise(text) for text in SAID]
    first = russian.parse_many(pieces)
    monkeypatch.setattr(russian, "_parsed", lambda _: pytest.fail("it was parsed again"))
    assert russian.parse_many(pieces[::-1]) == first[::-1]


@pytest.mark.usefixtures("nothing_parsed")
def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(russian, "MAX_PARSED", 2)
    pieces = [russian.tokenise(text) for text in SAID]
    assert len(russian.parse_many(pieces)) == 3 and len(russian._PARSED) == 2
    assert russian.parse_many(pieces[:1])[0][0].text == "Кот"


def test_small_products_stay_on_one_core() -> None:
    from threadpoolctl import threadpool_info  # type: ignore[import-untyped]  # it has no stubs

    def threads() -> list[int]:
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    before = threads()
    with russian.one_thread():
        assert min(threads()) == 1
    assert threads() == before


def test_vectors_are_those_that_navec_itself_reads() -> None:
    from navec import Navec

    whole = Navec.load(str(model_path("navec-news")))
    assert all(np.array_equal(russian.navec()[word], whole[word]) for word in ("кот", "снег", "<unk>"))
