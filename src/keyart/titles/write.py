"""The stage: transcript (or the file's own words) -> headlines, best first, each with the seconds that support it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from keyart.errors import MissingModel
from keyart.settings import check_ranges
from keyart.speech.language import guess_language, language_name, short_code
from keyart.titles import check, russian
from keyart.titles.avoid import avoided
from keyart.titles.clauses import antecedent
from keyart.titles.clauses import drafts as russian_drafts
from keyart.titles.cut import Limits
from keyart.titles.dedup import GuidMaster, cosines, masters
from keyart.titles.doubted import is_doubted
from keyart.titles.draft import Draft
from keyart.titles.embed import embedders_for
from keyart.titles.entities import find_entities
from keyart.titles.lead import LEAD, lead
from keyart.titles.names import file_headlines
from keyart.titles.rank import score
from keyart.titles.salience import Salience, content_lemmas, measure
from keyart.titles.sentences import Sentence, following, split_sentences
from keyart.titles.support import missing_words
from keyart.titles.whole import Refused
from keyart.titles.written import is_written
from keyart.types import Headline, Outcome, Transcript, VideoInfo

if TYPE_CHECKING:
    from keyart.titles.offer import Composed

LANGUAGES = ("ru", "en")
MAX_SENTENCES = 240
"""How many of the most central sentences are parsed; the rest of a long text is only counted."""
MAX_CHECKED = 40
"""How many of the best drafts go through the last check and the near-duplicate removal."""


@dataclass(frozen=True, slots=True)
class WriteTitles:
    """Extract and compress, then GuidMaster (thesis §5.5), then order by entities and sense. No language model."""

    count: int = 3
    """Headlines to offer, 1 ... 20."""
    language: str = ""
    """'ru' or 'en'; empty: the transcript's own."""
    max_words: int = 7
    """Words in a headline, 2 ... 20."""
    max_characters: int = 60
    """Characters in a headline, 10 ... 200."""
    written_words: int = 12
    """Words in a headline cut from the lead of written news, 2 ... 20: nine of ten real ones have 6 ... 12."""
    written_characters: int = 90
    """Characters in it, 10 ... 200: nine of ten real ones have at most 89."""
    tau: float = 0.85
    """Cosine from which two headlines are one (thesis §5.5), 0 ... 1."""
    writer: Literal["extract", "t5", "endpoint"] = "extract"
    """extract: cut from what is said; t5: the thesis' three models (hub); endpoint: a model that you name, with the
    transcript sent to it. What these compose and the transcript does not support comes last, marked."""
    endpoint: str = ""
    """Address of an OpenAI-compatible endpoint; empty takes KEYART_TITLES_ENDPOINT. The key: KEYART_ENDPOINT_KEY."""
    endpoint_model: str = ""
    """Name of the model there."""
    min_score: float = 0.15
    """Drafts below this are not offered, 0 ... 1; a bare phrase needs twice as much."""
    avoid: tuple[str, ...] = ()
    """Words and phrases that no title may hold, in any of their forms; a star at the end stands for any ending."""

    def __post_init__(self) -> None:
        words, characters = (2, 20), (10, 200)
        check_ranges(self, count=(1, 20), max_words=words, max_characters=characters, tau=(0, 1))
        check_ranges(self, written_words=words, written_characters=characters)

    def __call__(self, info: VideoInfo, transcript: Transcript | None) -> Outcome[tuple[Headline, ...]]:
        """Fewer than `count` with status `degraded` where the text gives no more that can be stood for."""
        spoken, lack, composed = self._spoken(transcript)
        own = self._allowed(file_headlines(info, self.max_words, self.max_characters))
        said = tuple(one for one in own if one.supported)
        offered = (*spoken, *said, *(() if spoken else own[len(said) :]))[: self.count]
        models = russian.MODELS if spoken and spoken[0].language == "ru" else ()
        backend = "extract-and-compress"
        if composed is not None:
            backend, models = composed.backend, (*composed.models, *models)
            lack = "; ".join(part for part in (lack, *composed.notes) if part)
        if len(spoken) >= self.count:
            return Outcome(spoken[: self.count], "degraded" if lack else "ok", lack, backend, models)
        if not offered:
            return Outcome((), "skipped", f"{lack}; the file's title, chapters and name say nothing either")
        backend = backend if spoken else "file"
        return Outcome(offered, "degraded", f"{lack}; {_sources(offered)}", backend, models)

    def _spoken(self, transcript: Transcript | None) -> tuple[tuple[Headline, ...], str, Composed | None]:
        """Headlines of the words, what is amiss with them, and what a model composed if one was asked for."""
        if transcript is None or not transcript.cues:
            return (), "no transcript", None
        language = short_code(self.language) or transcript.language or guess_language(transcript.text)
        if language not in LANGUAGES:
            return (), f"no writer for {language_name(language)}; there are: {', '.join(LANGUAGES)}", None
        said = replace(transcript, language=language)
        composed = self._composed(said)  # asked for by name: what is missing is said aloud
        try:
            found = self.write(said)
        except MissingModel as err:
            if composed is None:
                return (), str(err), None
            found = ()
        if composed is not None:
            from keyart.titles.offer import merged

            found = merged(self._allowed(composed.headlines), found, self.count)
        lack = f"the speech supports {len(found)} of {self.count} headlines" if len(found) < self.count else ""
        return found, lack, composed

    def _allowed(self, headlines: Sequence[Headline]) -> tuple[Headline, ...]:
        return tuple(one for one in headlines if self._allows(one.text))

    def _allows(self, text: str) -> bool:
        return not (self.avoid and avoided(text, self.avoid))

    def _composed(self, transcript: Transcript) -> Composed | None:
        """Raises `MissingModel`, `MissingExtra`, `EndpointFailed`, and `BadSetting` without an address."""
        if self.writer == "extract":
            return None
        from keyart.titles.offer import by_endpoint, by_t5

        guid = GuidMaster(self.tau)
        if self.writer == "t5":
            return by_t5(transcript, guid, self.count)
        return by_endpoint(transcript, self.endpoint, self.endpoint_model, guid, self.count)

    def write(self, transcript: Transcript) -> tuple[Headline, ...]:
        """Headlines from the words alone, at most `count`. Raises `MissingModel` for Russian without the models."""
        sentences = split_sentences(transcript)
        salience = measure(sentences, transcript.language)
        drafts = [one for one in self._drafts(sentences, salience, transcript.language) if self._allows(one.text)]
        ranked = sorted(
            ((score(one, sentences, salience, transcript.language), one) for one in drafts),
            key=lambda pair: (pair[1].angle != LEAD, -pair[0], pair[1].sentence, pair[1].text),
        )
        good = self._good(ranked, sentences, transcript.language)
        unique = self._unique(good, transcript.language)
        chosen = self._ordered(unique, transcript.language)[: self.count]
        return tuple(_headline(value, draft, sentences, transcript.language) for value, draft in chosen)

    def _drafts(self, sentences: Sequence[Sentence], salience: Salience, language: str) -> list[Draft]:
        chosen = sorted(sentences, key=lambda one: (-salience.central[one.number], one.number))[:MAX_SENTENCES]
        chosen = sorted({*chosen, *sentences[:30]}, key=lambda one: one.number)
        if language == "en":
            return self._english(chosen, sentences, salience)
        return [*self._lead(sentences), *self._russian(chosen, sentences, salience)]

    def _lead(self, sentences: Sequence[Sentence]) -> list[Draft]:
        """Written news tells its whole claim in its first sentence."""
        if not sentences or sentences[0].is_question or not is_written(" ".join(one.text for one in sentences), "ru"):
            return []
        try:
            return [lead(sentences[0].plain, 0, Limits(self.written_words, self.written_characters))]
        except Refused:
            return []

    def _english(self, chosen: Sequence[Sentence], sentences: Sequence[Sentence], salience: Salience) -> list[Draft]:
        from keyart.titles.english import drafts as english_drafts

        return [
            draft
            for one in chosen
            for draft in english_drafts(
                one.plain,
                one.number,
                self.max_words,
                self.max_characters,
                salience.weights,
                question=one.is_question,
                before=sentences[one.number - 1].plain if one.number else "",
            )
        ]

    def _russian(self, chosen: Sequence[Sentence], sentences: Sequence[Sentence], salience: Salience) -> list[Draft]:
        limits, worth = Limits(self.max_words, self.max_characters), dict(salience.weights)
        trees = dict(
            zip(
                (one.number for one in chosen),
                russian.parse_many([russian.tokenise(one.plain) for one in chosen]),
                strict=True,
            )
        )
        found = []
        for one in chosen:
            earlier = trees.get(one.number - 1)
            before = antecedent(earlier, limits) if earlier and not sentences[one.number - 1].is_question else None
            found += russian_drafts(
                trees[one.number], one.number, limits, worth, question=one.is_question, before=before
            )
        return found

    def _good(
        self, ranked: Sequence[tuple[float, Draft]], sentences: Sequence[Sentence], language: str
    ) -> list[tuple[float, Draft]]:
        """The best drafts that can be printed and that their own sentences support, word for word."""
        found: list[tuple[float, Draft]] = []
        seen: set[str] = set()
        for value, draft in ranked:
            if len(found) >= MAX_CHECKED or value < self.min_score:
                break
            if draft.angle == "phrase" and value < 2 * self.min_score:
                continue
            if (
                draft.text.casefold() not in seen
                and _is_stood_for(draft, sentences, language)
                and not check.problems(draft.text, language, draft.angle)
            ):
                found.append((value, draft))
            seen.add(draft.text.casefold())
        return found

    def _unique(self, good: Sequence[tuple[float, Draft]], language: str) -> list[tuple[float, Draft]]:
        """GuidMaster's rule with our own score in place of S_i: nearness to the whole text prefers its commonest words
        to its subject (ROUGE-L of the first headline on news 13.9 with S_i)."""
        if not good:
            return []
        vectors = GuidMaster(self.tau).combine([draft.text for _, draft in good], embedders_for(language))
        verdicts = masters(np.array([value for value, _ in good], np.float32), cosines(vectors, vectors), self.tau)
        return [
            pair for place, (pair, verdict) in enumerate(zip(good, verdicts, strict=True)) if verdict.master == place
        ]

    def _ordered(self, unique: Sequence[tuple[float, Draft]], language: str) -> list[tuple[float, Draft]]:
        """By score, a little more for each entity (thesis: entities first; here they don't beat sense), forms mixed."""
        scored = [
            (_raised(value, 1 + 0.1 * min(3, len(find_entities(draft.text, language)))), draft)
            for value, draft in unique
        ]
        waiting = sorted(scored, key=lambda pair: (-pair[0], pair[1].sentence))
        chosen: list[tuple[float, Draft]] = []
        while waiting:
            best = max(
                waiting,
                key=lambda pair: (
                    pair[1].angle == LEAD,
                    _odds(pair[0]) * _freshness(pair[1], [one for _, one in chosen], language),
                    -pair[1].sentence,
                ),
            )
            waiting.remove(best)
            if not _says_less(best[1], [one for _, one in chosen], language):
                chosen.append(best)
        return chosen


def _says_less(draft: Draft, chosen: Sequence[Draft], language: str) -> bool:
    """Whether a line already offered has all its words: 'Шапочка' after 'Шапочка с узором'."""
    lemmas = set(content_lemmas(draft.text, language))
    return any(lemmas <= set(content_lemmas(other.text, language)) for other in chosen)


def _odds(value: float) -> float:
    return value / max(1e-9, 1 - value)


def _raised(value: float, factor: float) -> float:
    """A score of 0 ... 1 made `factor` times as likely; a plain product would weigh most where scores are high."""
    return (raised := factor * _odds(value)) / (1 + raised)


def _freshness(draft: Draft, chosen: Sequence[Draft], language: str) -> float:
    """Less for a line that repeats the words, the sentence or the form of one already offered."""
    lemmas = set(content_lemmas(draft.text, language))
    value = 1.0
    for other in chosen:
        shared = len(lemmas & set(content_lemmas(other.text, language))) / max(1, len(lemmas))
        value *= 1 - 0.5 * shared
        value *= 0.7 if draft.sentence == other.sentence else 1.0
        value *= 0.6 if draft.angle == other.angle == "phrase" else 1.0
    return value


def _quote(draft: Draft, sentences: Sequence[Sentence]) -> str:
    here = sentences[draft.sentence].text
    return here if draft.resolved_from < 0 else f"{sentences[draft.resolved_from].text} {here}"


def _is_stood_for(draft: Draft, sentences: Sequence[Sentence], language: str) -> bool:
    """Whether its sentence says it, of what it names, as its own claim."""
    if not (_supported(draft, sentences, language) and _is_told_of(draft, sentences, language)):
        return False
    if draft.angle not in _CLAIMS:
        return True
    here, after = sentences[draft.sentence].plain, following(sentences, draft.sentence)
    return not is_doubted(draft.text, here, after, language)


_CLAIMS = ("statement", "number", "name")
"""Angles of lines that state something; a news text's own lead has its sources named or left out already."""


def _supported(draft: Draft, sentences: Sequence[Sentence], language: str) -> bool:
    return not missing_words(draft.text, _quote(draft, sentences), language)


def _is_told_of(draft: Draft, sentences: Sequence[Sentence], language: str) -> bool:
    """Whether a pronoun stands for what the text is telling of: named before, at its very start, or by a name.

    'The keyboard feels mushy. It has two ports': what is named only once, and in passing, is rarely meant.
    """
    named = draft.resolved_from
    if named <= 0:
        return True
    here = sentences[named].plain
    meant = set(content_lemmas(draft.text, language)) & set(content_lemmas(here, language))
    if any(meant & set(content_lemmas(one.plain, language)) for one in sentences[max(0, named - _RECENT) : named]):
        return True
    return any(draft.text.startswith(one.text) for one in find_entities(here, language))


_RECENT = 10
"""Sentences in which what is told of was named before."""


def _headline(score: float, draft: Draft, sentences: Sequence[Sentence], language: str) -> Headline:
    first = sentences[draft.resolved_from if draft.resolved_from >= 0 else draft.sentence]
    end = sentences[draft.sentence].end
    quote = _quote(draft, sentences)
    return Headline(draft.text, language, first.start, end, quote, True, score, "transcript", draft.angle)


def _sources(offered: Sequence[Headline]) -> str:
    names = {
        "transcript": "the speech",
        "chapter": "its chapters",
        "metadata": "its title tag",
        "file name": "its name",
    }
    used = list(dict.fromkeys(names.get(one.source, one.source) for one in offered))
    return f"headlines come from {' and '.join(used)}"
