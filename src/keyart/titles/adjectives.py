"""Adjectives of a finished Russian line: do they agree with their nouns, and do they stand where writing has them?"""

from __future__ import annotations

from collections.abc import Sequence

from keyart.titles.russian import Token, known_word, readings


def has_lost_its_noun(tokens: Sequence[Token], *, free: bool) -> bool:
    """'В страну восходящего': an adjective at the end that agrees with no noun before it. A nominative or instrumental
    may be a predicate, where a line has one (not `free`)."""
    words = [token.text.lower() for token in tokens]
    tags = [one.tag for one in readings(words[-1])] if known_word(words[-1]) else []
    if tags and tags[0].POS == "ADJF" and words[-2:-1] in (["на"], ["у"], ["от"], ["к"], ["для"], ["с"]):
        return True  # 'в жёлтом' is a dress
    predicate = not free and any(tag.case in ("nomn", "ablt") for tag in tags)
    if not tags or predicate or words[-2:-1] == ["в"] or any(tag.POS not in ("ADJF", "PRTF") for tag in tags):
        return False
    nouns = [one.tag for word in words[:-1] for one in readings(word)[:1] if one.tag.POS == "NOUN"]
    return not any(_fits(tag, noun) for tag in tags for noun in nouns)


def disagreeing(tokens: Sequence[Token]) -> list[str]:
    """An adjective right before its noun agrees with it in case, number and gender in at least one reading."""
    words = {token.place: token for token in tokens}
    for token in words.values():
        noun = words.get(token.head)
        known = noun is not None and known_word(token.text) and known_word(noun.text)
        if noun is None or token.rel != "amod" or noun.place != token.place + 1 or not known:
            continue
        nouns = [one.tag for one in readings(noun.text.lower()) if one.tag.POS == "NOUN"]
        adjectives = [one.tag for one in readings(token.text.lower()) if one.tag.POS in ("ADJF", "PRTF")]
        if nouns and adjectives and not any(_fits(a, n) for a in adjectives for n in nouns):
            return ["adjective and noun disagree"]
    return []


def stray_adjectives(tokens: Sequence[Token]) -> list[str]:
    """'Кладу тени розовые' is the order of speech; 'мужчина земного может быть знака' was torn apart. By the words
    themselves: the parser links such adjectives as it likes."""
    if not any(token.is_finite for token in tokens):
        return []
    for before, token, after in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False):
        if not _is_oblique_adjective(token.text):
            continue
        fits = _agrees_obliquely(token.text, before.text)
        if after is None and fits and token.text[0].islower():
            return ["an adjective behind its noun"]
        if after is not None and after.is_finite and not fits:
            return ["an adjective without its noun"]
    return []


def _is_oblique_adjective(word: str) -> bool:
    """No pronoun, no number, no form that could be a predicate."""
    tags = [one.tag for one in readings(word.lower())]
    kinds = all(tag.POS in ("ADJF", "PRTF") and "Apro" not in tag and "Anum" not in tag for tag in tags)
    return kinds and not any(tag.case in ("nomn", "ablt") for tag in tags)


def _agrees_obliquely(adjective: str, noun: str) -> bool:
    adjectives = [one.tag for one in readings(adjective.lower())]
    nouns = [
        one.tag
        for one in readings(noun.lower())[:3]
        if len(noun) > 1 and one.tag.POS == "NOUN" and one.tag.case != "nomn"
    ]
    return any(_fits(left, right) for left in adjectives for right in nouns)


def _fits(adjective: object, noun: object) -> bool:
    def of(tag: object, name: str) -> str:
        return str(getattr(tag, name, None))

    case = of(noun, "case").replace("gen2", "gent").replace("loc2", "loct")
    same = of(adjective, "case") == case and of(adjective, "number") == of(noun, "number")
    # after 2, 3, 4 the adjective stands in the plural beside a genitive singular: 'два больших дома'
    counted = case == "gent" and of(adjective, "number") == "plur" and of(adjective, "case") in ("gent", "nomn")
    gender = of(noun, "number") == "plur" or of(adjective, "gender") == of(noun, "gender") or "ms-f" in str(noun)
    return (same and gender) or counted or "Fixd" in str(noun)
