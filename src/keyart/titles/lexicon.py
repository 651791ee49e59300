"""Words that decide what may stay in a headline: closed lists, one per reason, in words_ru.txt and words_en.txt."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources


@cache
def _sections(language: str) -> dict[str, frozenset[str]]:
    text = (resources.files("keyart.titles") / f"words_{language}.txt").read_text("utf-8")
    text = re.sub(r"#.*", "", text)
    parts = re.split(r"^\[(\w+)\]$", text, flags=re.M)[1:]
    return {name: frozenset(words.split()) for name, words in zip(parts[::2], parts[1::2], strict=True)}


RU_FILLERS = _sections("ru")["fillers"]
"""Adverbs and particles that a headline does without; dropping one never changes what is claimed."""
RU_HEDGES = _sections("ru")["hedges"]
"""Words whose loss would change the claim: they stay with what they qualify."""
RU_GREETINGS = _sections("ru")["greetings"]
RU_CALLS = _sections("ru")["calls"]
"""Lemmas of calls to the audience; a sentence with one of them makes no title."""
RU_PRONOUNS_3 = _sections("ru")["pronouns_3"]
RU_DEIXIS = _sections("ru")["deixis"]
"""Words that point outside the headline; one that cannot be resolved or dropped refuses the headline."""
RU_SAYING = _sections("ru")["saying"]
RU_TELLING = _sections("ru")["telling"]
"""Verbs after which `о X` is the video's topic."""
RU_SHOWING = _sections("ru")["showing"]
"""Verbs whose object is the video's topic."""
RU_EMPTY_VERBS = _sections("ru")["empty_verbs"]
RU_EMPTY_NOUNS = _sections("ru")["empty_nouns"]
"""Nouns too general to carry a title by themselves."""
RU_OBLIQUE_VERBS = _sections("ru")["oblique_verbs"]
"""Verbs that say little without their complement."""
RU_RELATIONAL = _sections("ru")["relational"]
"""Nouns that say nothing without the genitive after them."""
RU_PREPOSITION_NOUNS = _sections("ru")["preposition_nouns"]
"""Nouns that with a preposition make a longer preposition: 'в зависимости от', 'в течение'."""
RU_NEEDY_SHORT = _sections("ru")["needy_short"]
"""Short participles and adjectives that hang in the air alone."""
RU_EMPTY_ADJECTIVES = _sections("ru")["empty_adjectives"]
RU_MEASURES = _sections("ru")["measures"]
"""Units: '50 грамм' of what?"""
RU_UNREAL = _sections("ru")["unreal"]
"""Adjectives without which something else is meant: 'чужое фото', 'бывший директор'."""
RU_CONTRACTIONS = _sections("ru")["contractions"]
"""Written small, and no names, though the dictionary calls them abbreviations as it does 'МЧС'."""
RU_QUESTIONS = _sections("ru")["questions"]
EN_STOP = _sections("en")["stop"]
EN_FILLERS = _sections("en")["fillers"]
EN_HEDGES = _sections("en")["hedges"]
EN_GREETINGS = _sections("en")["greetings"]
EN_CALLS = _sections("en")["calls"]
EN_PRONOUNS_3 = _sections("en")["pronouns_3"]
EN_DEIXIS = _sections("en")["deixis"]
EN_EMPTY_NOUNS = _sections("en")["empty_nouns"]
RU_STARTERS = _sections("ru")["starters"]
EN_STARTERS = _sections("en")["starters"]
EN_PLACES = _sections("en")["places"]
EN_FIRMS = _sections("en")["firms"]
EN_NOT_NAMES = _sections("en")["not_names"]
EN_SPLITTERS = _sections("en")["splitters"]
EN_EMPTY_ADJECTIVES = _sections("en")["empty_adjectives"]
RU_NEEDS_ADJECTIVE = _sections("ru")["needs_adjective"]
"""Nouns that say nothing without their adjective: 'люди разного возраста'."""
RU_EMPTY_PARTICLES = _sections("ru")["empty_particles"]
"""Particles that no line needs, wherever they hang."""
RU_OBLIQUE_PERSONS = _sections("ru")["oblique_persons"]
"""'У нас', 'вам': who that is, a headline does not say."""
RU_TRUTH = _sections("ru")["truth"]
"""Words that turn or limit what follows them: none goes while the next word stays."""
RU_CLAIMING = _sections("ru")["claiming"]
"""Verbs of saying whose clause may be told as 'who: what'."""
RU_DOUBTFUL = _sections("ru")["doubtful"]
"""Adjectives whose loss would change the claim: 'бывший министр'."""
RU_NAMED_BY_ADJECTIVE = _sections("ru")["named_by_adjective"]
"""Nouns that an adjective makes a name of: 'вооружённые силы', 'Тулунский район'."""
RU_WEEKDAYS = _sections("ru")["weekdays"]
RU_MONTHS = _sections("ru")["months"]
RU_PREPOSITIONAL = _sections("ru")["prepositional"]
"""Verbs of a finished action whose complement comes with a preposition: 'посмотреть на', 'узнать о'."""
RU_UNIVERSAL = _sections("ru")["universal"]
"""Determiners that claim something of all: what limits their noun stays."""
RU_TIMES = _sections("ru")["times"]
RU_PASSING = _sections("ru")["passing"]
"""What time does: 'прошла целая неделя'."""
RU_ON_AIR = _sections("ru")["on_air"]
"""What the talk itself is called: 'я делаю ролики' says nothing of what they are about."""
RU_PRESENTING = _sections("ru")["presenting"]
"""What a speaker wants to do for the viewer: the topic says it better than 'я хочу показать'."""
STARTERS = RU_STARTERS | EN_STARTERS
"""Words with which a new sentence may well begin in speech without points."""
