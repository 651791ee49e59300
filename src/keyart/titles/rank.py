"""What a draft is worth: what it says of the text's subject, where it was said, and how.

    raw = said / √lemmas · centrality^0.3 · (1 + 3·e^(−place/2)) · form · e^(w · features)

The product before the last factor was set by hand; `WEIGHTS` were learned on top of it, on the development half of the
titles bench (121 texts: uploaders' titles and news headlines): the softmax over a text's drafts that makes the expected
ROUGE-L greatest, Adam, L2 0.01. Cross-validated, richer sets of features did worse; so few texts bear no more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from keyart.titles.draft import Draft
from keyart.titles.salience import Salience, content_lemmas
from keyart.titles.sentences import Sentence

EARLY = 3.0
"""How many times more the very first sentence weighs, beside its own weight."""
EARLY_SENTENCES = 2.0
"""The advantage falls to a third over so many sentences."""
ANNOUNCED = 1.3
"""Factor for sentences that say what the video is about."""
HALF_SCORE = 18.0
"""Raw score that is shown as 0.5."""
WEIGHTS: Mapping[str, float] = {"words": 1.03, "announced topic": 1.35, "first sentence": 2.19, "beginning": 0.97}
"""For seven words, for a topic that the video itself names, for the first sentence, for e^(−place/8)."""
_ANNOUNCES = re.compile(
    r"\b(?:сегодня (?:мы|я|у нас|пойд|поговор|речь|расска|буд)|в (?:этом|сегодняшнем|данном|новом) (?:видео|ролике)"
    r"|тема (?:нашего|сегодня|этого|урока|выпуска|лекции)|расскажу|покажу|поговорим|разбер[её]м|рассмотрим|речь пойд"
    r"|в гостях|вы узнаете|посвящ[её]н|today (?:we|i|i'm|we're)\b|in this (?:video|episode|lesson|lecture)|i'll show"
    r"|we'll (?:talk|look|learn)|talk about|going to (?:show|talk|learn)|this (?:video|lecture|lesson) is about)",
    re.I,
)


def score(draft: Draft, sentences: Sequence[Sentence], salience: Salience, language: str) -> float:
    """0 ... 1."""
    lemmas = set(content_lemmas(draft.text, language))
    if not lemmas:
        return 0.0
    sentence = sentences[draft.sentence]
    announced = bool(_ANNOUNCES.search(sentence.text))
    said = salience.said(lemmas) / len(lemmas) ** 0.5
    central = (0.4 + 0.6 * salience.central[draft.sentence]) ** 0.3
    early = 1 + EARLY * math.exp(-draft.sentence / EARLY_SENTENCES)
    written = 0.85 if sentence.restored else 1.0  # guessed ends make wrong parses
    raw = said * central * early * (ANNOUNCED if announced else 1.0) * written * draft.weight
    raw *= math.exp(sum(WEIGHTS[name] * value for name, value in features(draft, announced).items()))
    return float(raw / (raw + HALF_SCORE))


def features(draft: Draft, announced: bool) -> dict[str, float]:
    return {
        "words": len(draft.text.split()) / 7,
        "announced topic": float(announced and draft.angle == "topic"),
        "first sentence": float(draft.sentence == 0 and draft.angle != "phrase"),
        "beginning": math.exp(-draft.sentence / 8),
    }
