"""Candidates of any writer -> headlines: GuidMaster, entities, and the check that the text says what they say.

A writer that composes can invent. So every line must be printable, each of its words, names and numbers must be found
in the text, and what is not found there is marked and never stands first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from keyart.models import have
from keyart.titles import check
from keyart.titles.dedup import Embedder, GuidMaster
from keyart.titles.embed import EMBEDDERS, THESIS, Encoder, embedders_for
from keyart.titles.endpoint import EndpointWriter
from keyart.titles.entities import find_entities
from keyart.titles.hub_entities import FINDERS, EntityFinder
from keyart.titles.salience import content_lemmas, measure
from keyart.titles.sentences import Sentence, split_sentences
from keyart.titles.support import missing_words
from keyart.titles.t5 import WRITERS, Writer, missing_of, once
from keyart.types import Headline, Transcript

MAX_CHARACTERS = 120
"""The thesis' summary lines have 14 words on average; what is longer is no title."""
DIGEST_WORDS = 380
"""About what a T5 of 512 tokens reads."""
OPENING = 6
"""Sentences at the start that a digest keeps whatever they weigh."""
_NEGATIONS = {"ru": frozenset({"не", "нет", "ни", "без", "нельзя"}), "en": frozenset({"not", "no", "never", "without"})}
_WAVER = re.compile(r"\b(?:э+|э-э+|м-м+|ну вот|uh+|um+|erm*)\b[,.]?\s*|\[[^\]]*\]|♪+", re.I)


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    writer: str
    relevance: float
    entities: int


def hub_titles(
    transcript: Transcript,
    writers: Mapping[str, Writer],
    guid: GuidMaster | None = None,
    count: int = 3,
    *,
    embedders: Sequence[Embedder] = (),
    entities: EntityFinder = find_entities,
    words: int = DIGEST_WORDS,
) -> tuple[Headline, ...]:
    """At most `count` headlines by these writers, the supported ones first.

    The thesis' offer (§5.5): what GuidMaster and the number of different entities put first, then the second writer's
    own, then the third's; after these whatever else GuidMaster left. Without `embedders` those of the language.
    Of a text of more than `words` words the writers get the digest. Raises what the writers raise.
    """
    language = transcript.language
    sentences = split_sentences(transcript)
    text = digest(sentences, language, words)
    made = {name: _printable(writer(text, language), language) for name, writer in writers.items()}
    unique = _unique(made, text, language, guid or GuidMaster(), embedders, entities)
    chosen = _offered(unique, made)
    found = [_headline(one, sentences, language) for one in chosen]
    # sorting is stable: among the supported the order of the offer stays
    return tuple(sorted(found, key=lambda one: not one.supported))[:count]


@dataclass(frozen=True, slots=True)
class Composed:
    """Headlines of writers that compose, and what the stage's outcome and the manifest must say of them."""

    headlines: tuple[Headline, ...]
    backend: str
    models: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What was not there, and whether the text left the machine; one sentence each."""


def by_t5(transcript: Transcript, guid: GuidMaster | None = None, count: int = 3) -> Composed:
    """The thesis' way, with those of its three writers whose weights are here; the encoders and the name tagger too.

    Raises `MissingModel` with the cure where none of the writers is here, and `MissingExtra`.
    """
    lacks = {name: lack for name, writer in WRITERS.items() if (lack := missing_of(writer))}
    ready = {name: writer for name, writer in WRITERS.items() if name not in lacks}
    if not ready:
        raise lacks.get("rut5-headline") or next(iter(lacks.values()))
    encoders = tuple(EMBEDDERS[name] for name in THESIS)
    cards = [one.model for one in encoders if isinstance(one, Encoder)]
    whole = all(have(name) for name in cards)
    tagger = FINDERS["bert-base-ner"] if transcript.language == "en" and have("bert-base-ner") else find_entities
    found = hub_titles(transcript, ready, guid, count, embedders=encoders if whole else (), entities=tagger)
    notes = tuple(str(lack) for lack in lacks.values())
    if not whole:
        notes += (f"near-duplicates are found without {', '.join(name for name in cards if not have(name))}",)
    used = (*ready, *(cards if whole else ()), *(("bert-base-ner",) if tagger is not find_entities else ()))
    return Composed(found, "+".join(ready), used, notes)


ENDPOINT_WORDS = 6000
"""What a language model is given of a transcript; about three quarters of an hour of speech."""


def by_endpoint(
    transcript: Transcript, address: str, model: str = "", guid: GuidMaster | None = None, count: int = 3
) -> Composed:
    """Headlines of the language model at the address that the user named. Raises `EndpointFailed`, `BadSetting`."""
    writer = EndpointWriter(address, model)
    found = hub_titles(transcript, {"endpoint": writer}, guid, count, words=ENDPOINT_WORDS)
    return Composed(found, f"endpoint ({writer.sent_to})", (), (f"headlines by {writer.sent_to}",))


def merged(written: Sequence[Headline], extracted: Sequence[Headline], count: int) -> tuple[Headline, ...]:
    """Composed headlines that the text supports, then extracted ones (always supported), then the unsupported."""
    seen: set[str] = set()
    found = []
    for one in (*(w for w in written if w.supported), *extracted, *(w for w in written if not w.supported)):
        if one.text.casefold() not in seen:
            seen.add(one.text.casefold())
            found.append(one)
    return tuple(found[:count])


def digest(sentences: Sequence[Sentence], language: str, words: int = DIGEST_WORDS) -> str:
    """The text for a model that reads so many words: whole, or its opening and its most central sentences, in order.

    Sounds of hesitation and remarks in square brackets go (thesis §3: cleaned of noise artefacts).
    """
    cleaned = [re.sub(r"\s+", " ", _WAVER.sub("", one.text)).strip() for one in sentences]
    if sum(len(text.split()) for text in cleaned) <= words:
        return " ".join(cleaned).strip()
    central = measure(sentences, language).central
    order = sorted(range(len(sentences)), key=lambda place: (place >= OPENING, -central[place], place))
    kept, left = [], words
    for place in order:
        size = len(cleaned[place].split())
        if size <= left:
            kept.append(place)
            left -= size
    return " ".join(cleaned[place] for place in sorted(kept)).strip()


def _printable(lines: Sequence[str], language: str) -> tuple[str, ...]:
    return once(line for line in lines if len(line) <= MAX_CHARACTERS and printable(line, language))


def printable(line: str, language: str) -> bool:
    """Whether a line passes the last check, as a clause or as a phrase without a verb."""
    return not check.problems(line, language) or not check.problems(line, language, "topic")


def _unique(
    made: Mapping[str, Sequence[str]],
    text: str,
    language: str,
    guid: GuidMaster,
    embedders: Sequence[Embedder],
    entities: EntityFinder,
) -> list[_Candidate]:
    """What GuidMaster leaves, most entities first; equal numbers by nearness to the text."""
    pool = list({line.casefold(): (line, name) for name, lines in made.items() for line in lines}.values())
    verdicts = guid([line for line, _ in pool], text, embedders or embedders_for(language))
    masters = [
        _Candidate(line, name, verdict.relevance, len(entities(line, language)))
        for place, ((line, name), verdict) in enumerate(zip(pool, verdicts, strict=True))
        if verdict.master == place
    ]
    return sorted(masters, key=lambda one: (-one.entities, -one.relevance, one.text))


def _offered(unique: Sequence[_Candidate], made: Mapping[str, Sequence[str]]) -> list[_Candidate]:
    """GuidMaster's first, then of each writer after the first its first line that is nobody's slave, then the rest."""
    known = {one.text: one for one in unique}
    firsts = [next((line for line in lines if line in known), "") for lines in list(made.values())[1:]]
    others = [known[line] for line in firsts if line]
    return list({one.text: one for one in (*unique[:1], *others, *unique)}.values())


def _headline(one: _Candidate, sentences: Sequence[Sentence], language: str) -> Headline:
    first, last = supporting_span(one.text, sentences, language)
    quote = " ".join(sentence.text for sentence in sentences[first : last + 1])
    start, end = (sentences[first].start, sentences[last].end) if sentences else (0.0, 0.0)
    whole = " ".join(sentence.text for sentence in sentences)
    fits = supported(one.text, whole, quote, language)
    return Headline(one.text, language, start, end, quote, fits, max(0.0, min(1.0, one.relevance)), "transcript")


def supported(line: str, text: str, quote: str, language: str) -> bool:
    """Whether every content word and every number of the line is in the text, and no negation is the line's own."""
    numbers = set(re.findall(r"\d+", line)) <= set(re.findall(r"\d+", text))
    words = set(re.findall(r"\w+", line.lower())) & _NEGATIONS.get(language, frozenset())
    negated = set(re.findall(r"\w+", quote.lower())) & _NEGATIONS.get(language, frozenset())
    return numbers and bool(not words or negated) and not missing_words(line, text, language)


def supporting_span(line: str, sentences: Sequence[Sentence], language: str) -> tuple[int, int]:
    """First and last place of the shortest run of sentences that has as many of the line's lemmas as the whole text."""
    wanted = set(content_lemmas(line, language))
    has = [wanted & set(content_lemmas(one.text, language)) for one in sentences]
    needed = set().union(*has) if has else set()
    best = (0, max(0, len(sentences) - 1)) if needed else (0, 0)
    if not needed:
        return best
    first, counts = 0, dict.fromkeys(needed, 0)
    for last, here in enumerate(has):
        for lemma in here:
            counts[lemma] += 1
        while all(counts.values()):
            best = min(best, (first, last), key=lambda span: span[1] - span[0])
            for lemma in has[first]:
                counts[lemma] -= 1
            first += 1
    return best
