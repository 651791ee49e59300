"""Is this line fit to print? Every headline passes here last; each problem is a short phrase."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from keyart.titles import lexicon

_QUOTES = (("«", "»"), ("(", ")"), ("“", "”"), ("[", "]"))
_RU_LEANING = frozenset(
    {
        "не",
        "ни",
        "бы",
        "самый",
        "очень",
        "более",
        "менее",
        "быть",
        "был",
        "была",
        "является",
        "может",
        "должен",
        "должна",
        "должно",
        "должны",
        "чтобы",
        "могут",
    }
)
_RU_ASKING = frozenset({"сколько", "куда-нибудь", "какой-нибудь", "что-нибудь", "кто-нибудь", "где-нибудь"})
_RU_CASES = {
    "в": "loct accs loc2", "во": "loct accs loc2", "на": "loct accs loc2", "о": "loct accs", "об": "loct accs",
    "при": "loct", "к": "datv", "ко": "datv", "по": "datv", "с": "ablt gent gen2 accs", "со": "ablt gent gen2 accs",
    "из": "gent gen2", "от": "gent gen2", "до": "gent", "без": "gent gen2", "для": "gent", "у": "gent", "около": "gent",
    "после": "gent", "из-за": "gent", "из-под": "gent", "над": "ablt", "под": "ablt accs", "перед": "ablt",
    "за": "ablt accs", "между": "ablt gent", "через": "accs", "про": "accs", "против": "gent", "вместо": "gent",
    "кроме": "gent", "среди": "gent",
}  # fmt: skip


def problems(text: str, language: str, angle: str = "statement") -> tuple[str, ...]:
    """What is wrong with the headline; empty where nothing is. Angles: see `Draft`."""
    found = _marks(text)
    if language == "ru":
        found += _russian(text, angle)
    elif language == "en":
        found += _english(text, angle)
    return tuple(found)


def _marks(text: str) -> list[str]:
    found = []
    if not re.search(r"[^\W\d_]{2}", text):
        found.append("no words")
    if any(text.count(left) != text.count(right) for left, right in _QUOTES) or text.count('"') % 2:
        found.append("unbalanced quotes")
    if re.search(r"[,;:—–-]\s*$|^\s*[,;:—–-]", text):
        found.append("ends in a mark")
    if text[:1].islower() or (text[:1] in '«"“(' and text[1:2].islower()):
        found.append("no capital")
    if re.search(r"\b([^\W\d_]+)(?:,? \1)+\b", text, re.I):
        found.append("a word twice")
    long_words = re.findall(r"[^\W\d_]{5,}", text.casefold())
    if len(set(long_words)) < len(long_words):
        found.append("a word twice")
    if any(re.search("[а-яё]", word) and re.search("[a-z]", word) for word in re.findall(r"[^\W\d_]+", text.lower())):
        found.append("mixed alphabets")
    return found


def _unequal_pair(lowered: Sequence[str]) -> bool:
    """'Рыбак и рыбке'."""
    from keyart.titles.russian import readings

    if len(lowered) != 3 or lowered[1] != "и":
        return False
    left, right = ({str(one.tag.case) for one in readings(word)} for word in (lowered[0], lowered[2]))
    return not left & right


def _russian(text: str, angle: str) -> list[str]:
    from keyart.titles.adjectives import disagreeing, has_lost_its_noun, stray_adjectives
    from keyart.titles.russian import parse

    tokens = [token for token in parse(text) if token.is_word]
    if not tokens:
        return ["no words"]
    found = []
    lowered = [token.text.lower() for token in tokens]
    if _kind(lowered[-1]) in ("PREP", "CONJ") or lowered[-1] in _RU_LEANING:
        found.append("dangling end")
    opened = angle == "question" and lowered[0] == "что" and lowered[1:2] != ["за"] and "," not in text
    if not opened and lowered[0] in ("и", "а", "но", "что", "чтобы", "который", "бы", "же", "ли", "то", "или", "может"):
        found.append("begins in the middle")
    if _points(text, lowered, angle):
        found.append("points outside")
    if angle not in ("question", "how-to") and set(lowered) & _RU_ASKING:
        found.append("a question word in a statement")
    found += _governed(lowered)
    if angle not in ("topic", "phrase", "how-to", "question") and not _has_predicate(text, tokens):
        found.append("no predicate")
    if angle in ("topic", "phrase") and any(_only_verb(word) for word in lowered):
        found.append("a verb among nouns")
    if angle in ("topic", "phrase") and _unequal_pair(lowered):
        found.append("a pair in two cases")
    if has_lost_its_noun(tokens, free=angle in ("phrase", "topic")):
        found.append("an adjective without its noun")
    if _lost_number(tokens):
        found.append("a measure without its number")
    if angle not in ("question", "lead") and _loose_comma(text):
        found.append("a loose comma")
    two_verbs = [] if opened else _two_verbs(text, tokens)
    found += _agreement(tokens) + disagreeing(tokens) + two_verbs + _loose_words(tokens) + stray_adjectives(tokens)
    return found


def _points(text: str, lowered: Sequence[str], angle: str) -> bool:
    # 'X — это Y' names what it points at
    own = {"это"} if " — это " in text.lower() else set()
    if angle == "question":
        own |= {"вас", "вам", "вами"}  # 'Что скрывает от вас эта карта?'
    return bool((set(lowered) - own) & (lexicon.RU_DEIXIS | lexicon.RU_OBLIQUE_PERSONS))


def _kind(word: str) -> str:
    from keyart.titles.russian import readings

    return str(readings(word)[0].tag.POS)


def _only_verb(word: str) -> bool:
    from keyart.titles.russian import known_word, readings

    return known_word(word) and all(one.tag.POS in ("VERB", "INFN", "GRND") for one in readings(word))


def _has_predicate(text: str, tokens: Sequence[object]) -> bool:
    from keyart.titles.russian import Token, readings

    if " — " in text or text.startswith("В гостях "):
        return True
    words = [token for token in tokens if isinstance(token, Token)]
    if any(token.is_finite or token.text.lower() == "нет" for token in words):
        return True
    return any(str(readings(token.text.lower())[0].tag.POS) in ("VERB", "ADJS", "PRTS", "PRED") for token in words)


def _governed(words: Sequence[str]) -> list[str]:
    """A preposition wants a noun in one of its cases within the next words."""
    from keyart.titles.russian import known_word, readings

    for place, word in enumerate(words[:-1]):
        cases = _RU_CASES.get(word, "").split()
        following = words[place + 1]
        if (
            not cases
            or following in ("минус", "плюс")
            or not known_word(following)
            or not re.search("[а-яё]", following)
        ):
            continue
        tags = [one.tag for one in readings(following)]
        declined = [tag for tag in tags if tag.case]
        if _kind(following) in ("VERB", "INFN", "PREP") and not declined:
            return [f"no noun after '{word}'"]
        if declined and not any(tag.case in cases or "Fixd" in tag for tag in declined):
            return [f"wrong case after '{word}'"]
    return []


def _agreement(tokens: Sequence[object]) -> list[str]:
    """Subject and verb as the parser links them in the finished line agree in number, and in the past in gender."""
    from keyart.titles.russian import Token, known_word, readings

    words = {token.place: token for token in tokens if isinstance(token, Token)}
    for token in words.values():
        head = words.get(token.head)
        if head is None or token.rel not in ("nsubj", "nsubj:pass") or not head.is_finite or not known_word(token.text):
            continue
        if any(words[child].rel in ("conj", "nummod", "nummod:gov") for child in token.children if child in words):
            continue
        nouns = [
            one.tag
            for one in readings(token.text.lower())
            if one.tag.POS in ("NOUN", "NPRO") and one.tag.case == "nomn"
        ]
        verbs = [one.tag for one in readings(head.text.lower()) if one.tag.POS in ("VERB", "PRTS", "ADJS")]
        counted = token.text.lower() in ("менее", "более", "большинство", "множество", "ряд", "часть", "половина")
        if token.pos == "NUM" or counted or not verbs or not re.search("[а-яё]", token.text.lower()):
            continue
        if not nouns or not any(_agree(noun, verb) for noun in nouns for verb in verbs):
            return ["subject and verb disagree"]
    return []


def _lost_number(tokens: Sequence[object]) -> bool:
    """'Более вышли на площадь': what 'более' compared went missing."""
    from keyart.titles.russian import Token

    words = [token for token in tokens if isinstance(token, Token)]
    return any(
        token.text.lower() in ("более", "менее", "больше", "меньше", "около", "свыше", "почти", "примерно")
        and after.pos in ("VERB", "ADP")
        for token, after in pairwise(words)
    )


def _loose_comma(text: str) -> bool:
    """One comma may open a list that ends in 'и', or an 'а', 'но', 'что' clause; others are left from what went."""
    rest = text.split(",")[1:]
    return len(rest) > 1 or any(
        not re.match(r"\d", part) and not re.search(r"^ (?:а|но|что|чтобы|как|котор\w+|где|когда)\b| (?:и|или) ", part)
        for part in rest
    )


def _agree(noun: object, verb: object) -> bool:
    number, verb_number = getattr(noun, "number", None), getattr(verb, "number", None)
    gender, verb_gender = getattr(noun, "gender", None), getattr(verb, "gender", None)
    same_number = not number or not verb_number or number == verb_number
    return same_number and (not gender or not verb_gender or gender == verb_gender or "ms-f" in str(noun))


def _two_verbs(text: str, tokens: Sequence[object]) -> list[str]:
    from keyart.titles.russian import Token

    words = [token for token in tokens if isinstance(token, Token)]
    modal = ("нужно", "надо", "можно", "нельзя")
    finite = [one for one in words if one.feats.get("VerbForm") == "Fin" or one.text.lower() in modal]
    joined = re.search(r"—| и | а | но | или |, (?:\w+ ){0,2}(?:что|чтобы|как|котор\w+|где|когда|если)\b|: ", text)
    auxiliary = {"быть", "стать"}
    if any(
        left.lemma in auxiliary and right.feats.get("VerbForm") == "Fin" and left.feats.get("Tense") != "Fut"
        for left, right in pairwise(words)
        if left.feats.get("VerbForm") == "Fin"
    ):
        return ["two clauses run together"]  # 'четверка была стала восьмерка'
    return (
        ["two clauses run together"]
        if len([one for one in finite if one.lemma not in auxiliary]) > 1 and not joined
        else []
    )


def _loose_words(tokens: Sequence[object]) -> list[str]:
    """A prepositional case without a preposition, or a nominative that is neither subject nor name nor predicate."""
    from keyart.titles.russian import Token, known_word, readings

    words = [token for token in tokens if isinstance(token, Token)]
    for at, token in enumerate(words):
        tags = [one.tag for one in readings(token.text.lower()) if one.tag.case]
        if not tags or not known_word(token.text):
            continue
        if at and _is_loose_noun(words, at):
            return ["a noun that nothing governs"]
        before = {_kind(one.text.lower()) for one in words[max(0, at - 4) : at]}
        if all(tag.case in ("loct", "loc2") for tag in tags) and "PREP" not in before:
            return ["a case without its preposition"]
    return []


def _is_loose_noun(words: Sequence[object], at: int) -> bool:
    """'Законы работают полную мощь': a bare noun behind a verb that has its subject and takes no object."""
    from keyart.titles.russian import Token, readings

    tokens = [token for token in words if isinstance(token, Token)]
    places = {token.place: token for token in tokens}
    noun, verb = tokens[at], places.get(tokens[at].head)
    if (
        noun.pos != "NOUN"
        or noun.rel not in ("obj", "obl", "nsubj", "advmod")
        or verb is None
        or verb.place > noun.place
    ):
        return False
    own = [places[child] for child in verb.children if child in places]
    if not any(one.rel.startswith("nsubj") and one.place < verb.place for one in own):
        return False
    verbs = [one.tag for one in readings(verb.text.lower()) if one.tag.POS in ("VERB", "INFN")]
    cases = {one.tag.case for one in readings(noun.text.lower()) if one.tag.POS == "NOUN"}
    below = {places[child].rel.split(":")[0] for child in noun.children if child in places}
    intransitive = (
        bool(verbs) and all("intr" in tag for tag in verbs) and verb.lemma not in ("быть", "стать", "советовать")
    )
    return (
        intransitive
        and cases <= {"nomn", "accs"}
        and not below & {"case", "nummod"}
        and noun.lemma not in lexicon.RU_TIMES
    )


def _english(text: str, angle: str) -> list[str]:
    from keyart.titles.english import tag

    tagged = [(word, kind) for word, kind, _ in tag(text) if re.search(r"\w", word)]
    if not tagged:
        return ["no words"]
    lowered = [word.lower() for word, _ in tagged]
    found = []
    if re.search(
        r"\b(?:my|your|his|her|its|our|their|the)(?: \w+)? ones? (?:is|was|are|were|has|have|had|will)\b", text, re.I
    ):
        found.append("points outside")  # 'my highest one was 7.9 percent': one of what?
    if tagged[-1][1] in ("IN", "DT", "CC", "TO", "PRP$", "WDT", "MD", "WP") or lowered[-1] in (
        "not",
        "very",
        "of",
        "to",
        "the",
        "a",
    ):
        found.append("dangling end")
    if lowered[0] in ("and", "but", "or", "that", "which", "because", "than", "so", "of"):
        found.append("begins in the middle")
    if set(lowered) & (lexicon.EN_DEIXIS - {"his", "her", "its", "their", "there", "such"}):
        found.append("points outside")
    listing = angle == "number" and tagged[0][1] == "CD"  # 'Three ways to fix a bike'
    if (
        angle in ("statement", "number", "name")
        and not listing
        and not any(kind in ("VBD", "VBZ", "VBP", "MD") for _, kind in tagged)
    ):
        found.append("no predicate")
    return found
