"""English words with their tags: textblob's tagger, its commonest slips mended, names that lost their capital."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

BE = frozenset(["is", "are", "was", "were", "be", "been", "being", "am", "'s", "'re"])
HAVE = frozenset(["has", "have", "had", "'ve"])


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    tag: str
    glued: bool = False
    """Whether no space stands before it."""

    @property
    def low(self) -> str:
        return self.text.lower()


@cache
def lexicon() -> Mapping[str, str]:
    import textblob.en

    lines = (Path(textblob.en.__file__).parent / "en-lexicon.txt").read_text("utf-8").splitlines()
    return {pair[0]: pair[1] for line in lines if len(pair := line.split()) >= 2 and not line.startswith(";")}


@cache
def _tagger() -> Any:
    from textblob.en import parse

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its word lists open when it first reads them
        parse("Read the lists.", chunks=False)
    return parse


def split_words(text: str) -> list[tuple[str, bool]]:
    """(word or mark, glued?) as the tagger wants them: contractions apart, hyphens inside words kept."""
    found: list[tuple[str, bool]] = []
    end = -1
    for one in re.finditer(r"[A-Za-z0-9À-ÿ]+(?:[-.,'’&][A-Za-z0-9À-ÿ]+)*(?:['’](?=\s|$))?%?|\S", text):
        word = one.group().replace("’", "'")
        parts = _contraction(word)
        for number, part in enumerate(parts):
            found.append((part, number > 0 or one.start() == end))
        end = one.end()
    return found


def _contraction(word: str) -> list[str]:
    lowered = word.lower()
    if lowered in ("can't", "won't", "shan't"):
        return [word[:-3] if lowered == "can't" else word[:2], "n't"] if lowered != "can't" else ["ca", "n't"]
    if lowered.endswith("n't"):
        return [word[:-3], "n't"]
    found = re.match(r"(.+)('(?:s|re|ve|ll|d|m))$", word, re.I)
    return [found.group(1), found.group(2)] if found else [word]


def tag(text: str) -> list[tuple[str, str, bool]]:
    """(word, Penn tag, glued?) for each word and mark; names that came in lower case get their capital."""
    pieces = [(true_case(word), glued) for word, glued in split_words(text)]
    # the tagger's own format uses slashes and blanks
    safe = [word.replace("/", "|").replace("&", "and") or "." for word, _ in pieces]
    tagged = [token.split("/")[1] for token in str(_tagger()(" ".join(safe), tokenize=False, chunks=False)).split()]
    if len(tagged) != len(pieces):
        return []
    return _mended([(word, kind, glued) for (word, glued), kind in zip(pieces, tagged, strict=True)])


def true_case(word: str) -> str:
    if not word.islower() or not word.isalpha() or word in lexicon() or len(word) < 3:
        return "I" if word == "i" else word
    name = word.capitalize()
    return name if lexicon().get(name, "")[:3] in ("NNP", "JJ") else word


def _mended(words: list[tuple[str, str, bool]]) -> list[tuple[str, str, bool]]:
    """The tagger's commonest slips: forms after 'be' and 'have', 'n't', clitics, to + noun-like verbs."""
    kinds = [kind for _, kind, _ in words]
    for at, (word, kind, _) in enumerate(words):
        low, before = word.lower(), words[at - 1][0].lower() if at else ""
        if low == "n't":
            kinds[at] = "RB"
        elif low in ("'ll", "'d", "ca", "wo", "sha"):
            kinds[at] = "MD"
        elif low in ("'re", "'ve", "'m"):
            kinds[at] = "VBP"
        elif low == "'s":
            following = kinds[at + 1] if at + 1 < len(words) else "."
            kinds[at] = (
                "VBZ" if kinds[at - 1] in ("PRP", "EX", "WP", "WRB", "DT") or following in ("DT", "RB", "IN") else "POS"
            )
        elif low in ("is", "was", "has", "does"):
            kinds[at] = "VBD" if low == "was" else "VBZ"
        elif before in BE and low.endswith("ing") and kind in ("JJ", "NN"):
            kinds[at] = "VBG"
        elif before in BE | HAVE and kind in ("VBD",):
            kinds[at] = "VBN"
        elif kinds[at - 1] == "MD" and at and kind in ("NN", "VBP", "NNP"):
            kinds[at] = "VB"
        elif (kind == "VB" and at and kinds[at - 1] in ("NNS", "NNPS")) or (
            kind == "VB" and before in ("i", "we", "you", "they")
        ):
            kinds[at] = "VBP"
        elif kind == "VBN" and before not in BE | HAVE and at and kinds[at - 1][:2] in ("NN", "PR"):
            following = kinds[at + 1] if at + 1 < len(words) else "."
            kinds[at] = "VBD" if following in ("DT", "PRP$", "PRP", "CD", "NNP", "TO") else kind
        elif kind == "NNS" and at and kinds[at - 1].startswith("NN") and _is_amount(words[at + 1 : at + 3]):
            kinds[at] = "VBZ"
        elif kind == "VBG" and at and kinds[at - 1][:2] in ("JJ", "NN") and _ends(words, at + 1):
            kinds[at] = "NN"
        elif _is_past(words, kinds, at):
            kinds[at] = "VBD"
        elif low == "that" and kind == "DT" and at + 1 < len(words) and kinds[at + 1] in ("DT", "PRP", "NNP", "NNS"):
            kinds[at] = "IN"
    return [(word, kind, glued) for (word, _, glued), kind in zip(words, kinds, strict=True)]


_SAME_IN_PAST = frozenset({"cost", "hit", "put", "cut", "set", "let", "read", "beat", "spread"})


def _is_past(words: Sequence[tuple[str, str, bool]], kinds: Sequence[str], at: int) -> bool:
    """'The probe cost two billion', 'it cut the cable': forms that the tagger takes for nouns or the present."""
    if not at:
        return False
    after_noun = kinds[at - 1][:2] in ("NN", "PR") and words[at][0].lower() in _SAME_IN_PAST
    after_pronoun = words[at - 1][0].lower() in ("it", "he", "she") and words[at][1] in ("NN", "VB", "VBP")
    return after_pronoun or (after_noun and _is_object(kinds, words, at + 1))


def _is_object(kinds: Sequence[str], words: Sequence[tuple[str, str, bool]], at: int) -> bool:
    return _is_amount(words[at : at + 2]) or (at < len(kinds) and kinds[at] in ("DT", "PRP$", "CD"))


def _ends(words: Sequence[tuple[str, str, bool]], at: int) -> bool:
    return at >= len(words) or words[at][0] in ".,!?;:"


def _is_amount(words: Sequence[tuple[str, str, bool]]) -> bool:
    """'around eighty', '80': what stands before it is no noun but 'costs', 'weighs' ..."""
    rough = bool(words) and words[0][0].lower() in ("around", "about", "nearly", "over", "almost")
    return any(kind == "CD" for _, kind, _ in words[rough : rough + 1])
