"""Where English phrases begin and end, read off the tags: noun phrase, verb group, complements; the line they make."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keyart.titles import lexicon
from keyart.titles.english_tags import BE, HAVE, Word
from keyart.titles.salience import english_lemma

_EXTENT = frozenset(
    {"away", "long", "tall", "old", "wide", "deep", "high", "thick", "ago", "apart", "later", "earlier"}
)
LINKING_TAILS = frozenset(["IN", "DT", "CC", "TO", "PRP$", "WDT", "WP", "WRB", "MD", "PDT"])
"""Tags of words that lean on what follows: no line ends in one."""


@dataclass(frozen=True, slots=True)
class Chunks:
    """A tagged sentence, and how long a line from it may be."""

    words: Sequence[Word]
    number: int
    max_words: int
    max_characters: int
    worth: Mapping[str, float]

    def _np_start(self, end: int) -> int:
        """Where the noun phrase that ends before `end` begins; `end` itself where none does."""
        at = end - 1
        if at < 0 or (not re.match(r"NN|PRP$|CD|EX", self.words[at].tag) and self.words[at].tag != "PRP"):
            return end
        if self.words[at].tag in ("PRP", "EX"):
            return at
        while at > 0 and re.match(r"NN|JJ|CD|POS|VBN|VBG", self.words[at - 1].tag):
            at -= 1
        while at < end - 1 and self.words[at].tag in ("VBN", "VBG", "POS"):
            at += 1
        if at > 0 and self.words[at - 1].tag in ("DT", "PRP$", "PDT"):
            at -= 1
        return at

    def _np_end(self, start: int, *, alone: bool = False) -> int:
        """End of the noun phrase that begins here, `start` where none does; `alone`: a pronoun will do."""
        at = start
        while at < len(self.words) and self.words[at].tag in ("DT", "PRP$", "PDT"):
            at += 1
        noun = at
        if at == start and alone and at < len(self.words) and self.words[at].tag == "PRP":
            return at + 1
        while at < len(self.words) and re.match(r"JJ|CD|NN|POS|VBG|VBN", self.words[at].tag):
            at += 1
            if self.words[at - 1].tag.startswith(("NN", "CD")):
                noun = at
        if noun <= start or not any(self.words[one].tag.startswith(("NN", "CD")) for one in range(start, noun)):
            return start
        while noun + 1 < len(self.words) and self.words[noun].low == "of":
            further = self._np_end(noun + 1)
            if further <= noun + 1:
                return start
            noun = further
        return noun

    def _phrase_end(self, at: int) -> int:
        """End of the phrase that begins here: [RB] NP | IN NP | adjective | to VB NP; `at` where none begins."""
        end = at
        while end < len(self.words) and self.words[end].tag == "RB":
            end += 1
        if (
            end < len(self.words)
            and self.words[end].tag in ("IN", "TO")
            and self.words[end].low not in lexicon.EN_SPLITTERS
        ):
            inner = end + 1
            if inner < len(self.words) and self.words[end].tag == "TO" and self.words[inner].tag == "VB":
                return self._np_end(inner + 1) if self._np_end(inner + 1) > inner + 1 else inner + 1
            stop = self._np_end(inner)
            return stop if stop > inner else at
        stop = self._np_end(end)
        if stop > end:
            return stop
        adjective = end
        while adjective < len(self.words) and re.match(r"JJ|VBN|RBR", self.words[adjective].tag):
            adjective += 1
        if adjective > end:
            return adjective
        return end if end > at and (end == len(self.words) or self.words[end].tag in (".", ",")) else at

    def _verb_end(self, verb: int) -> int:
        """Place after the verb group."""
        at = verb + 1
        while at < len(self.words) and (re.match(r"VB[NGD]?$|RB", self.words[at].tag) or self.words[at].low == "n't"):
            if self.words[at].tag == "VBD" and self.words[at - 1].low not in HAVE | BE:
                break
            at += 1
        while at + 1 < len(self.words) and self.words[at].tag == "TO" and self.words[at + 1].tag in ("VB", "NN"):
            at += 2
        while (
            at > verb + 1 and self.words[at - 1].tag == "RB" and self.words[at - 1].low not in ("not", "n't", "never")
        ):
            at -= 1
        return at

    def _head_is_plural(self, first: int, last: int) -> bool:
        head = last - 1
        for at in range(first, last):
            if self.words[at].tag == "IN" and at > first:
                head = at - 1
                break
        return self.words[head].tag in ("NNS", "NNPS") or self.words[head].low in ("people", "men", "women", "children")

    def _complements(self, start: int, opening: str) -> list[int] | None:
        """Whole phrases after the verb while they fit behind `opening`. None where the verb hangs in the air."""
        kept: list[int] = []
        at = start
        while at < len(self.words):
            end = self._phrase_end(at)
            if end == at and not kept:
                end = self._np_end(at, alone=True)
            if end == at:
                break
            line = f"{opening} {self._words([*kept, *range(at, end)])}"
            if len(line.split()) > self.max_words or len(line) > self.max_characters:
                break
            if self._points_outside(range(at, end)):
                return kept or None
            kept += range(at, end)
            at = end
        if at < len(self.words) and kept and self.words[at].tag in ("PRP", "WP", "WDT"):
            return None  # 'the work I have done': the noun's clause would be lost
        if at < len(self.words) and not kept and self.words[at].tag not in (".", ",", ":", "CC"):
            return None
        if at < len(self.words) and self.words[at].low in ("of", "than"):
            return None
        return None if kept and at < len(self.words) and self._is_torn(at) else kept

    def _is_torn(self, at: int) -> bool:
        """Whether what ends before `at` says something else alone: 'say money | should be spent', 'to blow | up'."""
        following = self.words[at].tag
        if self.words[at].low in _EXTENT and self.words[at - 1].tag[:2] in ("NN", "CD"):
            return True  # 'is 384,000 kilometers | away'
        denied = any(word.low in ("not", "n't", "never") for word in self.words[:at])
        if denied and self.words[at].low in ("because", "since", "just"):
            return True  # 'are n't weightless | because there is no gravity'
        if following in ("MD", "VBD", "VBZ", "VBP"):
            return True
        if self.words[at - 1].tag == "PRP" and following in ("DT", "CD", "PRP$"):
            return True  # 'can cost you | a third'
        infinitive = self.words[at - 2].tag == "TO" and self.words[at - 1].tag not in ("NNP", "NNPS", "NNS")
        return infinitive and (following[:2] in ("IN", "RP", "NN", "DT", "JJ", "PR", "RB"))

    def _points_outside(self, places: range) -> bool:
        """Whether a word among these stands for something the line does not name; 'its' after its owner does not."""
        own = {"its", "their"}
        return any(
            self.words[at].low in lexicon.EN_DEIXIS and not (self.words[at].tag == "PRP$" and self.words[at].low in own)
            for at in places
        )

    def _thin(self, kept: Sequence[int]) -> bool:
        content = {
            english_lemma(self.words[at].low)
            for at in kept
            if self.words[at].low not in lexicon.EN_STOP and self.words[at].text[0].isalnum()
        }
        content -= lexicon.EN_EMPTY_NOUNS
        return len(content) < 2 or len(kept) < 3

    def _render(self, places: Sequence[int]) -> str:
        """Sentence case; '' where it is too long or ends on a word that leans on what was cut."""
        if not places or self.words[places[-1]].tag in LINKING_TAILS:
            return ""
        text = self._words(places)
        words = len(re.findall(r"[\w'’.-]*\w[\w'’.-]*", text))
        text = text[:1].upper() + text[1:]
        return text if words <= self.max_words and len(text) <= self.max_characters else ""

    def _words(self, places: Sequence[int]) -> str:
        text = ""
        for at in places:
            word = self.words[at]
            stray = word.text[:1].isupper() and word.text[1:].islower() and at == 0 and not word.tag.startswith("NNP")
            shown = word.text.lower() if stray and word.text != "I" else word.text
            text += shown if not text or (word.glued and at - 1 in places) else " " + shown
        return text
