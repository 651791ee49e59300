"""The stage: transcript -> what stands under a video: two sentences, chapters, tags. Nothing that was not said."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import NamedTuple

from keyart.errors import MissingModel
from keyart.settings import check_ranges
from keyart.speech.language import guess_language, language_name, short_code
from keyart.titles import lexicon
from keyart.titles.chapters import MIN_SECONDS, Part, chapters
from keyart.titles.doubted import is_doubted
from keyart.titles.keywords import MAX_TAGS, keywords
from keyart.titles.salience import Salience, content_lemmas, measure
from keyart.titles.sentences import Sentence, following, split_sentences
from keyart.titles.write import LANGUAGES, WriteTitles
from keyart.types import Cue, Headline, Outcome, Shot, Transcript

MIN_WORDS = 6


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of the description, and the seconds and words that it stands on."""

    text: str
    start: float
    end: float
    quote: str


@dataclass(frozen=True, slots=True)
class Description:
    claims: tuple[Claim, ...] = ()
    """In the order in which they were said."""
    chapters: tuple[Part, ...] = ()
    """Three or more, the first from 0; or none."""
    tags: tuple[str, ...] = ()
    language: str = ""

    @property
    def text(self) -> str:
        return " ".join(one.text for one in self.claims)


@dataclass(frozen=True, slots=True)
class DescribeVideo:
    """Extracts and tidies sentences that can stand alone; chapters by TextTiling; tags by lemma."""

    sentences: int = 2
    """Sentences of the description, 0 ... 5."""
    max_words: int = 24
    """Words in a sentence of the description, 6 ... 60."""
    tags: int = MAX_TAGS
    """Most tags, 0 ... 30."""
    chapters: bool = True
    """Whether the parts of the talk are listed."""
    min_chapter_seconds: float = MIN_SECONDS
    """A chapter is no shorter, 10 ... 600; in talks of some minutes 45 and more is usual."""
    language: str = ""
    """'ru' or 'en'; empty: the transcript's own."""

    def __post_init__(self) -> None:
        check_ranges(self, sentences=(0, 5), max_words=(6, 60), tags=(0, 30), min_chapter_seconds=(10, 600))

    def __call__(
        self,
        transcript: Transcript | None,
        titles: Sequence[Headline] = (),
        shots: Sequence[Shot] = (),
        *,
        duration_seconds: float = 0.0,
    ) -> Outcome[Description]:
        """`titles` step in where no sentence can stand alone; `shots` are hints for the chapters.

        `duration_seconds`: of the video; 0: up to the last word.
        """
        if transcript is None or not transcript.cues:
            return Outcome(Description(), "skipped", "no transcript")
        language = short_code(self.language) or transcript.language or guess_language(transcript.text)
        if language not in LANGUAGES:
            reason = f"no writer for {language_name(language)}; there are: {', '.join(LANGUAGES)}"
            return Outcome(Description(), "skipped", reason)
        try:
            return self._described(replace(transcript, language=language), titles, shots, duration_seconds)
        except MissingModel as err:
            return Outcome(Description(), "skipped", str(err))

    def _described(
        self, transcript: Transcript, titles: Sequence[Headline], shots: Sequence[Shot], duration_seconds: float
    ) -> Outcome[Description]:
        language = transcript.language
        sentences = split_sentences(transcript)
        salience = measure(sentences, language)
        claims = self._claims(sentences, salience, language, titles)
        parts: tuple[Part, ...] = ()
        if self.chapters:
            parts = chapters(
                sentences,
                salience,
                language,
                lambda part: part_titles(part, language),
                duration_seconds=max(duration_seconds, sentences[-1].end if sentences else 0.0),
                shot_starts=[one.start for one in shots if one.start > 0],
                min_seconds=self.min_chapter_seconds,
            )
        found = Description(claims, parts, keywords(sentences, salience, language, self.tags), language)
        lack = [
            *([f"the speech supports {len(claims)} of {self.sentences} sentences"] * (len(claims) < self.sentences)),
            *(["no three parts of the talk differ enough for chapters"] * (self.chapters and not parts)),
            *(["no tags"] * (self.tags > 0 and not found.tags)),
        ]
        if not (claims or parts or found.tags):
            return Outcome(found, "skipped", "; ".join(lack), "extract")
        return Outcome(found, "degraded" if lack else "ok", "; ".join(lack), "extract")

    def _claims(
        self, sentences: Sequence[Sentence], salience: Salience, language: str, titles: Sequence[Headline]
    ) -> tuple[Claim, ...]:
        waiting = [
            _Candidate(worth(one, text, lemmas, salience), one, text, lemmas)
            for one in sentences
            if not one.restored
            if not is_doubted(one.plain, one.plain, following(sentences, one.number), language)
            if (text := tidy(one.plain, language)) and stands_alone(text, language, self.max_words)
            if (lemmas := frozenset(content_lemmas(text, language)))
        ]
        chosen: list[_Candidate] = []
        said: set[str] = set()
        while len(chosen) < self.sentences and (waiting := [one for one in waiting if _news(one.lemmas, said) >= 0.5]):
            chosen.append(max(waiting, key=lambda one: (one.worth * _news(one.lemmas, said), -one.sentence.number)))
            said |= chosen[-1].lemmas
        claims = [Claim(one.text, one.sentence.start, one.sentence.end, one.sentence.text) for one in chosen]
        spare = [one for one in titles if one.supported and one.source == "transcript" and one.angle in _WHOLE]
        for title in spare[: self.sentences - len(claims)]:
            lemmas = frozenset(content_lemmas(title.text, language))
            if _news(lemmas, said) >= 0.5:
                claims.append(Claim(_ended(title.text), title.start, title.end, title.quote))
                said.update(lemmas)
        return tuple(sorted(claims, key=lambda one: (one.start, one.end)))


class _Candidate(NamedTuple):
    worth: float
    sentence: Sentence
    text: str
    lemmas: frozenset[str]


_WHOLE = ("statement", "number", "name", "lead")
"""Angles of headlines that are sentences."""


def part_titles(part: Sequence[Sentence], language: str) -> tuple[str, ...]:
    """Titles that the sentences of a part support, best first. Raises `MissingModel`."""
    cues = tuple(Cue(one.text, one.start, one.end) for one in part)
    writer = WriteTitles(count=3, max_words=6, max_characters=45, written_words=6, written_characters=45)
    return tuple(one.text for one in writer.write(Transcript(language, "part", cues)))


def worth(one: Sentence, text: str, lemmas: Set[str], salience: Salience) -> float:
    """How much of the text's subject the sentence says, how centrally, and whether it announces the video."""
    said = salience.said(lemmas) / len(lemmas) ** 0.5
    early = 1 + 1.5 * 0.6**one.number
    announces = _ANNOUNCED_WORTH if _ANNOUNCES.search(text) else _CHATTY_WORTH if _CHATTY.search(text) else 1.0
    rambling = 0.8 if len(text.split()) > _RAMBLING_WORDS or text.count(",") > 2 else 1.0
    return float(said * (0.3 + 0.7 * salience.central[one.number]) * early * announces * rambling)


_ANNOUNCED_WORTH = 2.0
_RAMBLING_WORDS = 18
_CHATTY_WORTH = 0.5
_CHATTY = re.compile(
    r"\b(?:я|мне|меня|мой|моя|моё|мое|мои|моих|моим|вы|вам|вас|ваш\w*|i|i'\w+|me|my|you|your|you'\w+)\b|[!«\"]", re.I
)
"""Talk between people: a description is read by a third."""
_ANNOUNCES = re.compile(
    r"\bсегодня (?:мы|я|у нас|в)\b|\bв (?:этом|сегодняшнем|данном|новом) (?:видео|ролике|выпуске|уроке)|расскажу|покажу"
    r"|поговорим|разбер[её]м|рассмотрим|речь пойд|\btoday (?:we|i|i'm|we're)\b|\bin this (?:video|episode|lesson)"
    r"|\bi'll show|\bwe'll (?:talk|look|learn)|talk about",
    re.I,
)


def _news(lemmas: Set[str], said: Set[str]) -> float:
    """Share of the words that were not said yet, 0 ... 1."""
    return len(lemmas - said) / len(lemmas) if lemmas else 0.0


# --- one sentence ---------------------------------------------------------------------------------------------------

_RU_LEAD = re.compile(
    r"^(?:друзья мои|дорогие друзья|уважаемые \w+|друзья|ребята|коллеги|просто если честно|если честно|честно говоря"
    r"|короче говоря|короче|то есть|в общем-то|в общем|ну|вот|так вот|и так|так|итак|значит|и|а|но|да|собственно говоря"
    r"|собственно|кстати|также|поэтому|потому что|во-первых|во-вторых|в-третьих|далее|дальше|затем|потом"
    r"|соответственно|естественно|конечно же|конечно|например|однако|зато|причём|причем|при этом|кроме того"
    r"|более того|таким образом|ладно|хорошо|окей|смотрите|как бы|получается|на самом деле|в принципе|в целом|опять же"
    r"|ещё раз|еще раз|наконец|к слову|между прочим|как вы видите|как видите|как я сказала?|как я уже говорила?"
    r"|как мы знаем|буквально|что ж|теперь|сначала|после этого|плюс|you|so|thank you)(?:\s*[,—–-]+\s*|\s+)"
    r"|^(?:первое|второе|третье|главное|вообще|просто)\s*,\s*",
    re.I,
)
_RU_ASIDE = re.compile(
    r",?\s*\b(?:так сказать|скажем так|грубо говоря|как говорится|что ли|ну вот|значит|в общем-то|собственно говоря"
    r"|честно говоря|э-э|эм+|ээ+|как бы|типа|короче|в принципе|что называется|допустим|ну)\b\s*,?",
    re.I,
)
_EN_LEAD = re.compile(
    r"^(?:and|but|so|well|now|okay|ok|right|yeah|yes|oh|um|uh|also|then|therefore|however|because|anyway|actually"
    r"|basically|of course|by the way|you know|i mean|in fact|for example|for instance|that is|alright|all right"
    r"|first of all|firstly|secondly|finally|next|again|like|look|see|guys|folks|friends|let's see)(?:\s*,\s*|\s+)",
    re.I,
)
_EN_ASIDE = re.compile(
    r",?\s*\b(?:you know|i mean|um+|uh+|kind of|sort of|like i said|as i said|so to speak)\b\s*,?", re.I
)


def tidy(text: str, language: str) -> str:
    """The sentence without what it begins with in speech and without fillers; empty where nothing is left.

    Only words that claim nothing go: openings ('итак', 'well'), asides in commas, hesitation.

    >>> tidy("Ну, вот, значит, яблоки, так сказать, хранят в подвале", "ru")
    'Яблоки хранят в подвале.'
    """
    lead, aside = (_RU_LEAD, _RU_ASIDE) if language == "ru" else (_EN_LEAD, _EN_ASIDE)
    text = re.sub(r"\s+", " ", text).strip(" -–—,")
    while found := lead.match(text):
        text = text[found.end() :].strip()
    text = aside.sub(" ", text)
    text = re.sub(r"\b(\w+)(?:,? \1\b)+", r"\1", text)  # 'очень-очень' stays, 'я я хочу' does not
    text = re.sub(r"\s+([,.!?;:])", r"\1", re.sub(r"\s+", " ", text)).strip(" ,;:—–-")
    return _ended(text[:1].upper() + text[1:]) if re.search(r"\w", text) else ""


def _ended(text: str) -> str:
    text = re.sub(r"[\s.…,;:]+$", "", text)
    return text if text.endswith(("!", "?")) else f"{text}."


_RU_POINTS = re.compile(
    r"\b(?:вот|здесь|тут|там|туда|сюда|оттуда|отсюда|эт(?:от|а|о|и|у|ой|ого|ому|им|их|ими|ом|ою)|т(?:от|а|е|у|ой|ого|ому|ем|ех)"
    r"|так(?:ой|ая|ое|ие|ую|их|им|ого)|он|она|оно|они|его|её|ее|их|ему|ей|им|ими|ним|ней|них|нем|нём|нему|неё|нее|него|нами?"
    r"|какой-то|какая-то|какие-то|что-то|кто-то|где-то|сам[аои]?|выше|ниже)\b",
    re.I,
)
_RU_ALLOWED = re.compile(
    r"\bв (?:этом|данном) (?:видео|ролике|выпуске|уроке|курсе)|\bо том|[—–-] это\b|\bтого|\bто,|\bдля того"
    r"|\bтаким образом|\bтем",
    re.I,
)
_EN_POINTS = re.compile(
    r"\b(?:this|that|these|those|here|there|it|he|she|they|him|her|them|his|its|their|such|one|ones|something)\b", re.I
)
_EN_ALLOWED = re.compile(r"\bin this (?:video|episode|lesson|lecture)|\bthere (?:is|are|was|were)\b|,? that\b", re.I)
_CALLS = re.compile(
    r"подпи[сш]|лайк|комментари|колокольчик|ссылк|привет|здравствуй|добрый (?:день|вечер)|доброе утро|всем доброго"
    r"|добро пожаловать|до свидания|до встречи|увидимся|спасибо|благодар|меня зовут|с вами|на связи|пишите|поехали"
    r"|subscri|\blike button|comment|bell|\bhello\b|\bhi\b|welcome|thank|my name is|goodbye|see you|link in|merch",
    re.I,
)


def stands_alone(text: str, language: str, max_words: int) -> bool:
    """Whether a stranger can read the sentence by itself: whole, a statement, nothing that points outside it."""
    words = text.split()
    if not MIN_WORDS <= len(words) <= max_words or text.endswith("?") or _CALLS.search(text):
        return False
    if re.search(r"[А-Яа-яЁё]", text) and language != "ru":
        return False
    if language == "ru" and len(re.findall("[А-Яа-яЁё]", text)) < 0.6 * len(re.findall(r"[^\W\d]", text)):
        return False
    if language == "ru" and re.match(
        r"(?:потому|котор\w+|чтобы|если|хотя|поскольку|так как|раз|тем временем|как раз|либо|или|чем)\b", text, re.I
    ):
        return False
    if re.search(
        r"(?:^|\W)(?:и|а|но|или|что|чтобы|как|в|на|с|по|для|то|and|but|or|that|to|of|the|a|in)\W*$", text, re.I
    ):
        return False
    if re.match(r"(?:нет|да|no|yes|yeah)\b", text, re.I) or re.search(r"\b(?:otherwise|instead)\.$", text, re.I):
        return False  # the answer to what was asked before it, the other side of what was said
    if re.search(r"[.!?…]\s+[^\W\dA-ZА-ЯЁ]", text):
        return False  # two sentences, of which the second was not seen as one
    points, allowed = (_RU_POINTS, _RU_ALLOWED) if language == "ru" else (_EN_POINTS, _EN_ALLOWED)
    if points.search(allowed.sub(" ", text)):
        return False
    return _has_predicate(text) if language == "ru" else _is_english_clause(text)


def _has_predicate(text: str) -> bool:
    """A subject in the nominative and a finite verb of its own, known words nearly all."""
    from keyart.titles.russian import known_word, parse

    tokens = parse(text)
    words = [token for token in tokens if token.is_word]
    if sum(known_word(token.text) for token in words) < 0.9 * len(words):
        return False
    if any(token.text.lower() in _RU_SECOND for token in words):
        return False
    root = next((token for token in tokens if token.head < 0 and token.is_word), None)
    if root is None or root.feats.get("Mood") == "Imp" or root.lemma in lexicon.RU_CALLS | lexicon.RU_GREETINGS:
        return False
    subjects = [tokens[child] for child in root.children if tokens[child].rel in ("nsubj", "nsubj:pass", "csubj")]
    linked = root.pos == "ADJ" or bool(re.search(r"\s[—–-]\s|\bэто\b", text))
    nominal = root.pos in ("NOUN", "PROPN", "ADJ") and bool(subjects) and linked
    if any(one.feats.get("Person") == "2" and one.feats.get("Number") == "Sing" for one in words):
        return False  # 'сидишь дома, и девушки не будет'
    announces = root.feats.get("Person") == "1" and bool(_ANNOUNCES.search(text))
    return (root.is_finite and bool(subjects or announces)) or nominal


_RU_SECOND = frozenset({"ты", "тебя", "тебе", "тобой", "твой", "твоя", "твои"})


def _is_english_clause(text: str) -> bool:
    from keyart.titles.english import tag

    tagged = [(word, kind) for word, kind, _ in tag(text) if re.search(r"\w", word)]
    kinds = [kind for _, kind in tagged]
    if not tagged or kinds[0] in ("VB", "IN", "CC", "WDT", "WP", "WRB", "VBG", "VBN"):
        return False
    verb = next((k for k, kind in enumerate(kinds) if kind in ("VBD", "VBZ", "VBP", "MD")), -1)
    return verb > 0 and any(kind.startswith("NN") or kind == "PRP" for kind in kinds[:verb])
