"""English sentence -> drafts of headlines. No parser is at hand: tags, then chunks, then clauses of the plain order
subject - verb - complement. What does not look like one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keyart.titles import lexicon
from keyart.titles.draft import Draft
from keyart.titles.english_chunks import LINKING_TAILS, Chunks
from keyart.titles.english_tags import Word, tag
from keyart.titles.salience import english_lemma

__all__ = ["drafts", "tag"]

_CONDITIONS = frozenset(["if", "unless", "until", "whether", "suppose", "imagine"])


def drafts(
    text: str,
    number: int,
    max_words: int,
    max_characters: int,
    worth: Mapping[str, float],
    *,
    question: bool,
    before: str = "",
) -> list[Draft]:
    """Every headline that this sentence supports. `before`: the sentence before it, for a pronoun to resolve from."""
    make = _maker(text, number, max_words, max_characters, worth)
    lowered = {word.low for word in make.words}
    if lowered & (lexicon.EN_CALLS | lexicon.EN_GREETINGS):
        return []
    if question:
        return make.questions()
    found = make.how_tos() + make.topics() + make.existentials()
    if not lowered & _CONDITIONS:
        found += make.statements()
        named = _maker(before, number - 1, max_words, max_characters, worth).antecedent() if before else None
        found += make.resolved(named) if named else []
    return found + make.phrases()


def _maker(text: str, number: int, max_words: int, max_characters: int, worth: Mapping[str, float]) -> _Maker:
    return _Maker([Word(*one) for one in tag(text)], number, max_words, max_characters, worth)


@dataclass(frozen=True, slots=True)
class Antecedent:
    """What a pronoun at the start of the next sentence may stand for."""

    text: str
    plural: bool
    person: bool
    """Whether it may be 'he' or 'she': a name."""


_REPORTING = frozenset({"say", "says", "said", "claim", "claims", "claimed", "think", "thinks", "thought", "believe",
                        "believes", "believed", "told", "tells"})  # fmt: skip
"""Without the clause that they report they say nothing, and with it it is not the text's own claim."""
_WISHES = frozenset({"wanted", "tried", "planned", "hoped", "meant", "swears", "loves", "recommends", "wants"})
_WHERE = frozenset({"in", "at", "from", "to", "near", "on", "of"})
"""After these a name is a place: 'Anna lives in London. She ...'"""


@dataclass(frozen=True, slots=True)
class _Maker(Chunks):
    def antecedent(self) -> Antecedent | None:
        """The subject of the sentence's first clause, for a pronoun that begins the next sentence."""
        for at, word in enumerate(self.words):
            if word.tag not in ("VBD", "VBZ", "VBP", "MD"):
                continue
            found = self._subject(at)
            if found is None or found[0] > 1 or self._subject_weight(found[0], found[1], at) < 1:
                return None
            first, last = found
            joined = any(self.words[place].low == "and" for place in range(first, last))
            person = self.words[last - 1].tag == "NNP" and last - first <= 2 and not joined
            meant = Antecedent(self._words(range(first, last)), self._head_is_plural(first, last) or joined, person)
            return None if any(self._is_rival(place, meant) for place in range(last, len(self.words))) else meant
        return None

    def _is_rival(self, at: int, meant: Antecedent) -> bool:
        """Whether the pronoun may as well mean this noun: 'The company bought a startup. It has offices.'"""
        kind = self.words[at].tag
        if meant.plural:
            return kind in ("NNS", "NNPS")
        if meant.person:
            return kind == "NNP" and self.words[at - 1].low not in _WHERE
        start = at
        while start and re.match("NN|JJ|CD|VB[NG]", self.words[start - 1].tag):
            start -= 1
        return kind == "NNP" or (kind == "NN" and start > 0 and self.words[start - 1].tag in ("DT", "PRP$"))

    def resolved(self, before: Antecedent) -> list[Draft]:
        """'It has two arms.' after 'The robot ...' -> 'The robot has two arms'."""
        start = next((at for at, word in enumerate(self.words) if word.low not in lexicon.EN_FILLERS), 0)
        words = {"they"} if before.plural else {"it", "he", "she"} if before.person else {"it"}
        if start + 1 >= len(self.words) or self.words[start].low not in words:
            return []
        verb = start + 1
        while verb < len(self.words) and self.words[verb].tag == "RB":
            verb += 1
        if verb >= len(self.words) or self.words[verb].tag not in ("VBD", "VBZ", "VBP", "MD"):
            return []
        end = self._verb_end(verb)
        body = self._complements(end, f"{before.text} {self._words(range(start + 1, end))}")
        if not body:
            return []
        kept = [at for at in [*range(start + 1, end), *body] if self.words[at].low not in lexicon.EN_FILLERS]
        if self._thin(kept) or self.words[kept[-1]].tag in LINKING_TAILS:
            return []
        text = f"{before.text[:1].upper()}{before.text[1:]} {self._words(kept)}"
        if len(text.split()) > self.max_words or len(text) > self.max_characters:
            return []
        return [Draft(text, self.number, "statement", 0.85, self.number - 1)]

    def existentials(self) -> list[Draft]:
        """'There are three ways to fix a bike.' -> 'Three ways to fix a bike'."""
        found = []
        for at in range(len(self.words) - 2):
            be = self.words[at + 1].low
            if self.words[at].low != "there" or be not in ("is", "are", "'s", "'re", "was", "were"):
                continue
            end = self._np_end(at + 2)
            if end == at + 2 or self.words[at + 2].tag == "PRP" or self.words[at + 2].low == "no":
                continue
            body = self._complements(end, self._words(range(at + 2, end)))
            text = self._render([*range(at + 2, end), *(body or [])])
            if body and text and self.words[end].low in ("to", "of", "for", "in", "with", "from", "between"):
                angle = "number" if self.words[at + 2].tag == "CD" else "topic"
                found.append(Draft(text, self.number, angle, 1.0))
        return found

    def statements(self) -> list[Draft]:
        found = []
        for at in range(len(self.words)):
            if self.words[at].tag in ("VBD", "VBZ", "VBP", "MD") and not self._continues(at):
                draft = self._statement(at)
                if draft is not None:
                    found.append(draft)
        return found

    def _continues(self, at: int) -> bool:
        before = at - 1
        while before >= 0 and self.words[before].tag == "RB":
            before -= 1
        return before >= 0 and self.words[before].tag in ("MD", "VBZ", "VBP", "VBD", "TO")

    def _statement(self, verb: int) -> Draft | None:
        subject = self._subject(verb)
        if subject is None:
            return None
        first, last = subject
        weight = self._subject_weight(first, last, verb)
        if weight <= 0 or not self._clause_may_stand(first):
            return None
        end = self._verb_end(verb)
        if {word.low for word in self.words[verb:end]} & _REPORTING or self._is_taken_back(verb, end):
            return None
        body = self._complements(end, self._words(range(first, end)))
        if body is None:
            return None
        kept = [*range(first, last), *range(last, end), *body]
        kept = [at for at in kept if not (self.words[at].tag == "RB" and self.words[at].low in lexicon.EN_FILLERS)]
        text = self._render(kept)
        if not text or (not body and weight < 1) or self._thin(kept):
            return None
        return Draft(text, self.number, self._angle(kept, first), weight)

    def _is_taken_back(self, verb: int, end: int) -> bool:
        """'Wanted to buy a house, but ...', 'swears by whole wheat, but ...'."""
        if not {word.low for word in self.words[verb:end]} & _WISHES:
            return False
        return bool({word.low for word in self.words[end:]} & {"but", "wrong", "instead"})

    def _subject(self, verb: int) -> tuple[int, int] | None:
        """(first, end) of the noun phrase right before the verb, 'of' phrases with it."""
        end = verb
        while end > 0 and self.words[end - 1].tag == "RB":
            end -= 1
        first = self._np_start(end)
        if first == end:
            return None
        while (
            first >= 2
            and self.words[first - 1].low in ("of", "in", "for", "on", "between")
            and self._np_start(first - 1) < first - 1
        ):
            first = self._np_start(first - 1)
        listed = [word.text for word in self.words[max(0, first - 1) : first]]
        if first >= 2 and listed[0] in ("and", "or") and self.words[verb].tag in ("VBP", "VBD", "MD"):
            wider = self._np_start(first - 1)
            first = wider if wider < first - 1 else first
        return first, end

    def _subject_weight(self, first: int, last: int, verb: int) -> float:
        low = self.words[last - 1].low
        if self.words[last - 1].tag in ("PRP", "EX") or low in lexicon.EN_PRONOUNS_3:
            return {"i": 0.55, "we": 0.6, "you": 0.55}.get(low, 0.0)
        if any(self.words[at].low in lexicon.EN_DEIXIS | {"its"} for at in range(first, last)):
            return 0.0
        if low == "name" and self.words[first].low in ("my", "our"):
            return 0.0  # who presents the video is not what it is about
        kind, verb_kind = self.words[last - 1].tag, self.words[verb].tag
        joined = any(self.words[at].low == "and" for at in range(first, last))
        if joined and first and self.words[first - 1].text == ",":
            return 0.0  # 'a nurse, a doctor and a pilot' lost its nurse
        head_plural = self._head_is_plural(first, last) or joined
        if (verb_kind == "VBZ" and head_plural) or (verb_kind == "VBP" and not head_plural and kind != "NNP"):
            return 0.0
        if (self.words[verb].low == "was" and head_plural) or (self.words[verb].low == "were" and not head_plural):
            return 0.0
        return 0.55 if low in lexicon.EN_EMPTY_NOUNS else 1.0

    def _clause_may_stand(self, first: int) -> bool:
        """Nothing before the clause makes it depend on something else."""
        if first == 0:
            return True
        before = self.words[first - 1]
        if before.low in lexicon.EN_SPLITTERS or before.tag in ("IN", "TO", "WDT", "WP", "VB", "VBG"):
            opener = first - 1
            own = (
                before.low == "that"
                and opener > 1
                and self.words[opener - 1].low in ("know", "think", "believe", "means", "mean", "shows")
            )
            return (
                own
                and self.words[opener - 2].low in ("i", "we", "it", "this")
                and not any(w.low == "n't" for w in self.words[:first])
            )
        return (
            before.tag in (",", ":", "CC", ".", "RB", "UH", '"', "(", "NN", "NNS", "NNP")
            or not before.text[0].isalnum()
        )

    def _angle(self, kept: Sequence[int], first: int) -> str:
        if any(self.words[at].tag == "CD" or self.words[at].text[0].isdigit() for at in kept):
            return "number"
        return "name" if self.words[first].tag == "NNP" else "statement"

    def how_tos(self) -> list[Draft]:
        found = []
        for at in range(len(self.words) - 3):
            if (
                self.words[at].low == "how"
                and self.words[at + 1].low == "to"
                and self.words[at + 2].tag in ("VB", "NN", "VBP")
            ):
                body = self._complements(at + 3, self._words(range(at, at + 3)))
                text = self._render([at, at + 1, at + 2, *(body or [])])
                if body and text:
                    found.append(Draft(text, self.number, "how-to", 1.25))
        return found

    def topics(self) -> list[Draft]:
        """'talk about X', 'a lecture on X' -> X."""
        found = []
        openers = {
            "about": ("talk", "talking", "discuss", "learn", "video", "lesson", "story"),
            "on": ("lecture", "lesson", "talk", "focus"),
        }
        for at in range(1, len(self.words) - 1):
            if self.words[at - 1].low in openers.get(self.words[at].low, ()):
                found += self._noun_title(at + 1, "topic", 1.2)
        return found

    def phrases(self) -> list[Draft]:
        """Noun phrases of two words or more around a word that the text is about."""
        found = []
        at = 0
        while at < len(self.words):
            end = self._np_end(at)
            found += self._noun_title(at, "phrase", 0.5) if end > at else []
            at = max(end, at + 1)
        return found

    def _noun_title(self, start: int, angle: str, weight: float) -> list[Draft]:
        end = self._np_end(start)
        while (
            start < end
            and self.words[start].tag in ("DT", "PRP$", "PDT")
            and self.words[start].low not in ("no", "every")
        ):
            start += 1
        inside = self.words[start:end]
        worthy = any(self.worth.get(english_lemma(word.low), 0) >= 0.35 for word in inside if word.tag.startswith("NN"))
        if end - start < 2 or not worthy or any(word.low in lexicon.EN_DEIXIS or word.tag == "PRP" for word in inside):
            return []
        leading = self.words[start - 1].tag if start else ""
        hidden_verb = leading in ("PRP", "MD", "TO") or any(word.tag in ("VBN", "VBG") for word in inside[1:])
        measured = (
            hidden_verb
            or inside[0].tag == "CD"
            or inside[0].low in lexicon.EN_EMPTY_ADJECTIVES
            or inside[0].tag[:2] not in ("NN", "JJ")
        )
        # 'coffee blocks a chemical': the tagger took the verb for a noun
        acts = inside[-1].tag == "NNS" and end < len(self.words) and self.words[end].tag in ("DT", "PRP$")
        shared = inside[0].low in ("half", "part", "most", "some")
        if angle == "phrase" and (measured or acts or shared or any("." in word.text for word in inside)):
            return []
        text = self._render(list(range(start, end)))
        return [Draft(text, self.number, angle, weight)] if text else []

    def questions(self) -> list[Draft]:
        words = [at for at, word in enumerate(self.words) if re.search(r"\w", word.text)]
        while words and (self.words[words[0]].low in lexicon.EN_FILLERS or self.words[words[0]].tag == "UH"):
            words = words[1:]
        if not 3 <= len(words) <= self.max_words or not re.match(
            r"(?:how|why|what|who|where|when|which|can|does|do|is|are)$", self.words[words[0]].low
        ):
            return []
        inner = {self.words[at].low for at in words[1:]}
        if (
            inner & (lexicon.EN_DEIXIS | {"you", "your", "i", "me", "my", "we", "us"})
            or not inner - lexicon.EN_STOP - lexicon.EN_EMPTY_NOUNS
        ):
            return []
        text = self._render(list(range(words[0], words[-1] + 1)))
        return [Draft(text + "?", self.number, "question", 1.1)] if text else []
