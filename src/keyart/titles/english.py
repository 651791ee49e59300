"""English sentence -> drafts of headlines. No parser is at hand: tags, then chunks, then clauses of the plain order
subject - verb - complement. What does not look like one is refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from keyart.titles import lexicon
from keyart.titles.draft import Draft
from keyart.titles.salience import english_lemma

_BE = frozenset(["is", "are", "was", "were", "be", "been", "being", "am", "'s", "'re"])
_HAVE = frozenset(["has", "have", "had", "'ve"])
_CONDITIONS = frozenset(["if", "unless", "until", "whether", "suppose", "imagine"])
_PLURAL_PRONOUNS = frozenset(["we", "they", "you"])
_LINKING_TAILS = frozenset(["IN", "DT", "CC", "TO", "PRP$", "WDT", "WP", "WRB", "MD", "PDT"])


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
def _lexicon() -> Mapping[str, str]:
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
    for one in re.finditer(r"[A-Za-z0-9À-ÿ]+(?:[-.,'’][A-Za-z0-9À-ÿ]+)*(?:['’](?=\s|$))?%?|\S", text):
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
    if not word.islower() or not word.isalpha() or word in _lexicon() or len(word) < 3:
        return "I" if word == "i" else word
    name = word.capitalize()
    return name if _lexicon().get(name, "")[:3] in ("NNP", "JJ") else word


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
        elif before in _BE and low.endswith("ing") and kind in ("JJ", "NN"):
            kinds[at] = "VBG"
        elif before in _BE | _HAVE and kind in ("VBD",):
            kinds[at] = "VBN"
        elif kinds[at - 1] == "MD" and at and kind in ("NN", "VBP", "NNP"):
            kinds[at] = "VB"
        elif (kind == "VB" and at and kinds[at - 1] in ("NNS", "NNPS")) or (
            kind == "VB" and before in ("i", "we", "you", "they")
        ):
            kinds[at] = "VBP"
        elif kind == "VBN" and before not in _BE | _HAVE and at and kinds[at - 1][:2] in ("NN", "PR"):
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


@dataclass(frozen=True, slots=True)
class _Maker:
    words: Sequence[Word]
    number: int
    max_words: int
    max_characters: int
    worth: Mapping[str, float]

    # --- statements ---------------------------------------------------------------------------------------------

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
            return Antecedent(self._words(range(first, last)), self._head_is_plural(first, last) or joined, person)
        return None

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
        if self._thin(kept) or self.words[kept[-1]].tag in _LINKING_TAILS:
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
        body = self._complements(end, self._words(range(first, end)))
        if body is None:
            return None
        kept = [*range(first, last), *range(last, end), *body]
        kept = [at for at in kept if not (self.words[at].tag == "RB" and self.words[at].low in lexicon.EN_FILLERS)]
        text = self._render(kept)
        if not text or (not body and weight < 1) or self._thin(kept):
            return None
        return Draft(text, self.number, self._angle(kept, first), weight)

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

    def _head_is_plural(self, first: int, last: int) -> bool:
        head = last - 1
        for at in range(first, last):
            if self.words[at].tag == "IN" and at > first:
                head = at - 1
                break
        return self.words[head].tag in ("NNS", "NNPS") or self.words[head].low in ("people", "men", "women", "children")

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

    def _verb_end(self, verb: int) -> int:
        """Place after the verb group."""
        at = verb + 1
        while at < len(self.words) and (re.match(r"VB[NGD]?$|RB", self.words[at].tag) or self.words[at].low == "n't"):
            if self.words[at].tag == "VBD" and self.words[at - 1].low not in _HAVE | _BE:
                break
            at += 1
        while at + 1 < len(self.words) and self.words[at].tag == "TO" and self.words[at + 1].tag in ("VB", "NN"):
            at += 2
        while (
            at > verb + 1 and self.words[at - 1].tag == "RB" and self.words[at - 1].low not in ("not", "n't", "never")
        ):
            at -= 1
        return at

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
        return kept

    def _points_outside(self, places: range) -> bool:
        """Whether a word among these stands for something the line does not name; 'its' after its owner does not."""
        own = {"its", "their"}
        return any(
            self.words[at].low in lexicon.EN_DEIXIS and not (self.words[at].tag == "PRP$" and self.words[at].low in own)
            for at in places
        )

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

    def _thin(self, kept: Sequence[int]) -> bool:
        content = {
            english_lemma(self.words[at].low)
            for at in kept
            if self.words[at].low not in lexicon.EN_STOP and self.words[at].text[0].isalnum()
        }
        content -= lexicon.EN_EMPTY_NOUNS
        return len(content) < 2 or len(kept) < 3

    def _angle(self, kept: Sequence[int], first: int) -> str:
        if any(self.words[at].tag == "CD" or self.words[at].text[0].isdigit() for at in kept):
            return "number"
        return "name" if self.words[first].tag == "NNP" else "statement"

    # --- other angles -------------------------------------------------------------------------------------------

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
        if angle == "phrase" and (measured or any("." in word.text for word in inside)):
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

    # --- words on the line --------------------------------------------------------------------------------------

    def _render(self, places: Sequence[int]) -> str:
        """Sentence case; '' where it is too long or ends on a word that leans on what was cut."""
        if not places or self.words[places[-1]].tag in _LINKING_TAILS:
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
