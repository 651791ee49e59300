"""Does the text say what the headline says? Each content word of the headline must be found, by lemma."""

from __future__ import annotations

from keyart.titles.salience import content_lemmas


def missing_words(headline: str, text: str, language: str) -> tuple[str, ...]:
    """Lemmas of the headline that the text does not have; empty where the headline is supported."""
    said = set(content_lemmas(text, language)) | set(text.casefold().replace("ё", "е").split())
    return tuple(lemma for lemma in dict.fromkeys(content_lemmas(headline, language)) if lemma not in said)
