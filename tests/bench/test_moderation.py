"""The moderation bench: its disguises are what they are called, its shares add up."""

from __future__ import annotations

from bench.moderation import INNOCENT, disguises, lines, share
from keyart.review.verdict import Verdict


def verdict(judgement: str) -> Verdict:
    return Verdict("", judgement, "", "", "test")  # type: ignore[arg-type]


def test_shares() -> None:
    found = [verdict("pass"), verdict("flag"), verdict("block"), verdict("pass")]
    assert share(found, "flag", "block") == {"count": 4, "hits": 2, "share": 0.5}
    assert share([], "flag") == {"count": 0, "hits": 0, "share": None}


def test_a_disguised_word_is_not_the_word() -> None:
    kinds = disguises()
    plain = {text.lower() for text in kinds["capitals"]}
    assert len(plain) > 200
    assert all(not plain & set(texts) for kind, texts in kinds.items() if kind not in ("capitals", "repeated"))
    assert all(text.replace(" ", "") in plain for text in kinds["spaced"])


def test_lists_hold_no_empty_line() -> None:
    assert all(one.strip() for one in lines(INNOCENT))
