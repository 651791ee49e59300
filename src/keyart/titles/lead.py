"""The first sentence of written news -> a headline: all but asides, dates and, where room lacks, the least part.

[В среду] депутаты [городской] думы приняли отставку мэра[, который подал заявление]
──► Депутаты думы приняли отставку мэра

What goes first is told by the tree alone (how deep a part hangs, of what kind it is): weighing its words as well did
not help on the development half of the news texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from keyart.titles import lexicon, russian
from keyart.titles.cut import Limits, is_ordinal
from keyart.titles.draft import Draft
from keyart.titles.line import quoted_spans, render
from keyart.titles.russian import Token, subtree
from keyart.titles.whole import SUBJECTS, Refused, no_deixis, no_halved_names
from keyart.titles.written import unattributed

LEAD = "lead"
"""The angle of these headlines: they come first, and may have commas."""
DEPTH = 1.5
"""So many times cheaper is a part for each step that it hangs lower."""
DEAR = {"obl": 1.0, "nmod": 1.0, "amod": 0.5, "advmod": 0.5, "conj": 0.5, "acl": 0.6, "advcl": 0.3}
"""What the parts cost by kind. Kinds that are not here stay."""
ONLY = 1.5
"""Factor for the only thing said of a noun."""
FIRST_NAME = 0.4
_SIGNS = frozenset("%№")
_MARKS = frozenset(",;:—–-()")
_SPANNING = frozenset(["с", "до", "на", "по", "к", "от", "и", "после", "из"])
_SOON = frozenset(["ранее", "накануне", "вечером", "утром", "днём", "официально"])


@dataclass(frozen=True, slots=True)
class Group:
    """Words that may go together, and how much the headline loses by it."""

    places: frozenset[int]
    loss: float


def lead(text: str, number: int, limits: Limits) -> Draft:
    """The sentence as a headline, or as 'who: what' where it tells a claim. Raises `Refused`, `MissingModel`."""
    tokens = russian.parse(unattributed(text))
    head = _main(tokens)
    claim = _claim(tokens, head)
    if claim is not None:
        return Draft(_speaker_and_claim(tokens, head, claim, limits), number, LEAD)
    kept = _fitted(tokens, head, _words(tokens) - _asides(tokens, head), limits)
    return Draft(render(tokens, sorted(kept), dash_before=_dash(tokens, head)), number, LEAD)


def _main(tokens: Sequence[Token]) -> Token:
    roots = [token for token in tokens if token.rel == "root"]
    nominal = [token for token in roots if any(tokens[child].rel in SUBJECTS for child in token.children)]
    heads = [token for token in roots if token.is_finite] or nominal
    if not heads or heads[0].feats.get("Mood") == "Imp":
        raise Refused
    return heads[0]


def _dash(tokens: Sequence[Token], head: Token) -> int:
    """Place behind the dash of 'X — Y', which stays whatever goes beside it; -1 where a verb links the two."""
    if head.is_finite:
        return -1
    dashes = [token.place for token in tokens[: head.place] if token.text in ("—", "–", "-") and not token.glued]
    if not dashes:
        raise Refused
    return dashes[0] + 1


def _words(tokens: Sequence[Token]) -> set[int]:
    return {token.place for token in tokens if token.is_word or token.text in _SIGNS}


def _span(tokens: Sequence[Token], place: int) -> set[int]:
    """A word with all that hangs on it; empty where the parser's tree has it in pieces."""
    own = set(subtree(tokens, place)) & _words(tokens)
    whole = set(range(min(own), max(own) + 1)) & _words(tokens)
    return own if own == whole else set()


# --- who claims what ------------------------------------------------------------------------------------------------


def _claim(tokens: Sequence[Token], head: Token) -> Token | None:
    """The verb of what somebody says: 'социалисты заявили, что народ голосует'."""
    if head.lemma not in lexicon.RU_CLAIMING or any(tokens[child].lemma == "не" for child in head.children):
        return None
    for token in tokens[head.place + 1 :]:
        marks = [tokens[child].lemma for child in token.children if tokens[child].rel == "mark"]
        if "что" in marks and token.rel in ("ccomp", "acl", "advcl"):
            return token
    return None


def _speaker_and_claim(tokens: Sequence[Token], head: Token, claim: Token, limits: Limits) -> str:
    """'Социалисты: народ голосует'."""
    said = _span(tokens, claim.place)
    subject = next((tokens[child] for child in head.children if tokens[child].rel in SUBJECTS), None)
    speaker = _span(tokens, subject.place) if subject is not None else set()
    if not said or not speaker or max(speaker) > head.place:
        raise Refused
    said -= {child for child in claim.children if tokens[child].rel == "mark"}
    kept = _fitted(tokens, claim, (said | speaker) - _asides(tokens, claim), limits)
    what = render(tokens, sorted(kept & said))
    first = tokens[min(kept & said)].text
    what = what.replace(first[:1].upper(), first[:1], 1) if what[:1] == first[:1].upper() else what
    return f"{render(tokens, sorted(kept & speaker))}: {what}"


# --- what goes anyway -----------------------------------------------------------------------------------------------


def _asides(tokens: Sequence[Token], head: Token) -> set[int]:
    """What stands between commas or dashes and adds to what is told; days and dates; fillers."""
    gone: set[int] = set()
    for token in tokens:
        if token.place != head.place and token.is_word:
            span = _aside(tokens, token)
            gone |= _date(tokens, token) | (span if head.place not in span else set())
    return gone


def _aside(tokens: Sequence[Token], token: Token) -> set[int]:
    rel, span = token.rel.split(":")[0], _span(tokens, token.place)
    if not span and rel in ("acl", "advcl"):
        span = _to_comma(tokens, token)
    if not span or (rel in ("acl", "advcl") and max(span) >= len(tokens) - 2):
        return set()  # what is told last may stay where there is room
    filler = rel in ("advmod", "discourse") and token.text.lower() in lexicon.RU_FILLERS | _SOON
    apart = rel in ("acl", "advcl", "parataxis", "appos", "discourse") and _is_set_off(tokens, span)
    loose = rel == "conj" and token.is_finite and _points(tokens, span)
    return span if filler or apart or loose else set()


def _to_comma(tokens: Sequence[Token], token: Token) -> set[int]:
    """The words between the commas round a participle, where the tree has its clause in pieces."""
    commas = [one.place for one in tokens if one.text == ","]
    first = max((place for place in commas if place < token.place), default=-1)
    last = min((place for place in commas if place > token.place), default=len(tokens))
    return set(range(first + 1, last)) & _words(tokens) if first >= 0 else set()


def _is_set_off(tokens: Sequence[Token], span: set[int]) -> bool:
    first, last = min(span), max(span)
    opened = first == 0 or tokens[first - 1].text in _MARKS
    return opened and (last + 1 >= len(tokens) or not tokens[last + 1].is_word)


def _date(tokens: Sequence[Token], token: Token) -> set[int]:
    """'В среду', '27 июля', '1 декабря 2014 года': places of the whole, or nothing. 'С 1 декабря' stays."""
    before = tokens[token.place - 1].text.lower() if token.place else ""
    if token.lemma in lexicon.RU_WEEKDAYS and before in ("в", "во"):
        return {token.place - 1, token.place}
    if token.lemma not in lexicon.RU_MONTHS or not before.isdigit():
        return set()
    if token.place > 1 and tokens[token.place - 2].text.lower() in _SPANNING:
        return set()
    after = tokens[token.place + 1 : token.place + 3]
    dated = len(after) == 2 and after[0].text.isdigit() and after[1].lemma == "год"
    return {token.place - 1, token.place} | ({one.place for one in after} if dated else set())


def _points(tokens: Sequence[Token], span: set[int]) -> bool:
    return any(tokens[place].text.lower() in lexicon.RU_DEIXIS for place in span)


# --- what goes for room ---------------------------------------------------------------------------------------------


def _fitted(tokens: Sequence[Token], head: Token, kept: set[int], limits: Limits) -> set[int]:
    """Without the parts that point outside the line, and short enough. Raises `Refused`."""
    kept = {place for place in kept if tokens[place].pos != "CCONJ" or tokens[place].head in kept | {-1}}
    for group in sorted(_groups(tokens, head, kept), key=lambda group: len(group.places)):
        if group.places <= kept and _points(tokens, set(group.places)) and _is_whole(tokens, kept - group.places):
            kept = kept - group.places
    for segment in _segments(tokens):
        if min(segment, default=-1) > head.place and (_points(tokens, segment & kept) or _is_spliced(tokens, segment)):
            kept = kept - segment
    kept = _shortened(tokens, head, kept, limits)
    no_deixis(tokens, sorted(kept))
    if not _is_whole(tokens, kept):
        raise Refused
    return kept


def _segments(tokens: Sequence[Token]) -> list[set[int]]:
    """What stands between commas."""
    ends = [-1, *(token.place for token in tokens if token.text == ","), len(tokens)]
    return [set(range(first + 1, last)) & _words(tokens) for first, last in pairwise(ends)]


def _is_spliced(tokens: Sequence[Token], segment: set[int]) -> bool:
    """A clause of its own behind a mere comma: 'вулкан проснулся, столб пепла поднялся'."""
    first = min(segment, default=-1)
    verbs = [tokens[place] for place in segment if tokens[place].is_finite]
    return any(one.rel in ("root", "conj", "parataxis") for one in verbs) and tokens[first].pos not in (
        "CCONJ",
        "SCONJ",
    )


def _shortened(tokens: Sequence[Token], head: Token, kept: set[int], limits: Limits) -> set[int]:
    """Takes the cheapest part away until the line is short enough, then puts back what still fits."""
    gone: list[frozenset[int]] = []
    while not _is_within(tokens, kept, limits):
        groups = sorted(_groups(tokens, head, kept), key=lambda group: (group.loss, -min(group.places)))
        cheapest = next((one.places for one in groups if _is_whole(tokens, kept - one.places)), None)
        if cheapest is None:
            raise Refused
        gone.append(cheapest)
        kept = kept - cheapest
    for places in reversed(gone):
        above = {tokens[place].head for place in places} - places
        wider = kept | places
        if above <= kept and _is_within(tokens, wider, limits) and _is_whole(tokens, wider):
            kept = wider
    return kept


def _is_within(tokens: Sequence[Token], kept: set[int], limits: Limits) -> bool:
    words = [tokens[place].text for place in sorted(kept)]
    return len(words) <= limits.max_words and len(" ".join(words)) <= limits.max_characters


def _groups(tokens: Sequence[Token], head: Token, kept: set[int]) -> list[Group]:
    found = []
    for place in sorted(kept - {head.place}):
        token, span = tokens[place], _span(tokens, place)
        scale = DEPTH ** _depth(tokens, token)
        if _is_spare_name(tokens, token, kept):
            found.append(Group(frozenset({place}), FIRST_NAME / scale))
        factor = _dearness(tokens, token, kept)
        if factor and span and head.place not in span:
            span |= _named_behind(tokens, max(span))
            found.append(Group(frozenset(span & kept), factor / scale))
    return found


def _depth(tokens: Sequence[Token], token: Token) -> int:
    depth = 0
    while token.head >= 0:
        token, depth = tokens[token.head], depth + 1
    return depth


def _named_behind(tokens: Sequence[Token], place: int) -> set[int]:
    """The quotation right behind a word is its name and goes with it."""
    inside = [range(first + 1, last) for first, last in quoted_spans(tokens) if first == place + 1]
    return {place for one in inside for place in one} & _words(tokens)


def _dearness(tokens: Sequence[Token], token: Token, kept: set[int]) -> float:
    """How dear a part of its kind is; 0: it may not go."""
    rel = token.rel.split(":")[0]
    above = tokens[token.head] if token.head >= 0 else None
    if above is None or token.lemma == "который" or any(tokens[child].lemma == "который" for child in token.children):
        return DEAR["acl"] if token.rel == "acl:relcl" else 0.0
    if token.text.lower() in lexicon.RU_HEDGES | lexicon.RU_TRUTH or token.lemma in lexicon.RU_DOUBTFUL:
        return 0.0
    if rel in _NEEDED and _NEEDED[rel](tokens, token, above):
        return 0.0
    said = ("nmod", "amod", "appos")
    others = [c for c in above.children if c in kept - {token.place} and tokens[c].rel.split(":")[0] in said]
    before = 0.3 if rel == "acl" and token.place < above.place else 1.0  # 'состоявшиеся в среду выборы'
    return DEAR.get(rel, 0.0) * before * (1.0 if others or rel != "nmod" else ONLY)


def _is_governed(tokens: Sequence[Token], token: Token, above: Token) -> bool:
    """A noun that its verb cannot do without; an instrument beside an object it can."""
    spare = token.feats.get("Case") == "Ins" and any(tokens[child].rel == "obj" for child in above.children)
    return above.lemma in lexicon.RU_OBLIQUE_VERBS or not (_has_preposition(tokens, token) or spare)


def _is_owned(tokens: Sequence[Token], token: Token, above: Token) -> bool:
    """'Ликвидация последствий', 'автор книги': the first noun says nothing without the second."""
    genitive, free = token.feats.get("Case") == "Gen", _has_preposition(tokens, token)
    deverbal = above.lemma.endswith(("ание", "ение", "ция", "тие", "ство")) and genitive and not free
    relational = above.lemma in lexicon.RU_RELATIONAL | lexicon.RU_PREPOSITION_NOUNS
    return relational or deverbal or not (free or genitive)


def _is_naming(_: Sequence[Token], token: Token, above: Token) -> bool:
    """'Высшая школа', 'вооружённые силы', 'первый канал'."""
    capital = token.place > 0 and token.text[0].isupper()
    return capital or is_ordinal(token) or above.lemma in lexicon.RU_NEEDS_ADJECTIVE | lexicon.RU_NAMED_BY_ADJECTIVE


def _is_shared(tokens: Sequence[Token], token: Token, above: Token) -> bool:
    """A clause of its own may go; of 'A и B' the second, where the verb agrees with the first alone."""
    if token.is_finite:
        return False
    others = [child for child in above.children if tokens[child].rel == "conj"]
    linked = any(tokens[child].rel == "cc" for child in token.children)
    verb = tokens[above.head] if above.rel in SUBJECTS else above
    counted = above.rel in SUBJECTS and verb.feats.get("Number") != "Sing"
    nominal = token.pos == above.pos and token.pos in ("NOUN", "PROPN", "ADJ")
    return len(others) != 1 or not linked or counted or not nominal or above.rel == "appos"


_NEEDED = {"obl": _is_governed, "nmod": _is_owned, "amod": _is_naming, "conj": _is_shared}
"""Kind of part -> whether what it hangs on needs it."""


def _has_preposition(tokens: Sequence[Token], token: Token) -> bool:
    return any(tokens[child].rel == "case" for child in token.children)


# --- is it still whole? -----------------------------------------------------------------------------------------------


def _is_whole(tokens: Sequence[Token], kept: set[int]) -> bool:
    """No name, quotation or list cut in two, nothing that sounds wrong beside its new neighbour."""
    first_names = {one.place for one in tokens if one.place not in kept and _is_spare_name(tokens, one, kept)}
    try:
        no_halved_names(tokens, sorted(kept | first_names))
    except Refused:
        return False
    if any(tokens[place].pos == "CCONJ" and not _joins(tokens, place, kept) for place in kept):
        return False
    numbers = [place for place in kept if tokens[place].pos == "NUM" or tokens[place].text[0].isdigit()]
    if any(tokens[place + 1].is_word and place + 1 not in kept for place in numbers if place + 1 < len(tokens)):
        return False  # 'почти 2 [нониллиона] тонн'
    neighbours = pairwise(tokens[place].text.lower() for place in sorted(kept))
    return _quotes_are_whole(tokens, kept) and all(sounds(left, right) for left, right in neighbours)


def _quotes_are_whole(tokens: Sequence[Token], kept: set[int]) -> bool:
    for first, last in quoted_spans(tokens):
        inside = {token.place for token in tokens[first + 1 : last] if token.is_word}
        named = first == 0 or not tokens[first - 1].is_word or first - 1 in kept
        if inside & kept and not (inside <= kept and named):
            return False
    return True


def _is_spare_name(tokens: Sequence[Token], token: Token, kept: set[int]) -> bool:
    """A first name between a title and a family name: 'премьер-министр [Борис] Джонсон'."""
    family = [child for child in token.children if tokens[child].rel == "flat:name" and child in kept]
    first = any("Name" in one.tag for one in russian.readings(token.text.lower()))
    titled = token.place > 0 and {token.head, token.place - 1} <= kept
    return token.rel == "appos" and titled and first and family == [token.place + 1]


def _joins(tokens: Sequence[Token], place: int, kept: set[int]) -> bool:
    """Whether what stands on both sides of a conjunction is still there."""
    before = place - 2 if place > 1 and tokens[place - 1].text == "," else place - 1
    return all(not 0 <= one < len(tokens) or not tokens[one].is_word or one in kept for one in (before, place + 1))


_HARD = {"с": r"[сзшж][^аеёиоуыэюя]|щ", "в": r"[вф][^аеёиоуыэюя]", "о": "[аиоуэ]", "об": "[^аиоуэ]"}


def sounds(preposition: str, word: str) -> bool:
    """Whether a preposition may stand in this form before the word.

    >>> sounds("с", "космодрома"), sounds("с", "спутником")
    (True, False)
    """
    return not (preposition in _HARD and re.match(_HARD[preposition], word))
