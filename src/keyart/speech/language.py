"""Which language a tag or a text is in. Only what the text shows: letters, then the commonest little words."""

from __future__ import annotations

import re
from collections import Counter

_THREE_LETTERS = {
    "rus": "ru", "eng": "en", "ukr": "uk", "bel": "be", "kaz": "kk", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr",
    "spa": "es", "ita": "it", "por": "pt", "zho": "zh", "chi": "zh", "jpn": "ja", "kor": "ko", "ara": "ar", "tur": "tr",
    "pol": "pl", "nld": "nl", "dut": "nl", "ces": "cs", "cze": "cs", "bul": "bg", "srp": "sr", "heb": "he", "hin": "hi",
    "ell": "el", "gre": "el", "swe": "sv", "fin": "fi", "dan": "da", "nor": "no", "ron": "ro", "rum": "ro", "hun": "hu",
}  # fmt: skip

NAMES = {"ru": "Russian", "en": "English", "uk": "Ukrainian", "be": "Belarusian", "kk": "Kazakh", "de": "German"}
NAMES |= {"fr": "French", "es": "Spanish", "it": "Italian", "zh": "Chinese", "ja": "Japanese", "ko": "Korean"}

_ENGLISH = frozenset({
    "the", "and", "of", "to", "a", "in", "is", "that", "it", "you", "for", "was", "with", "this", "on", "are",
    "as", "be", "have", "not", "they", "we"
})  # fmt: skip
_OTHER_LATIN = {
    "de": {"der", "die", "und", "das", "ist", "nicht", "ich", "ein", "sie", "mit", "zu", "den", "auf", "für"},
    "fr": {"le", "la", "les", "des", "et", "est", "un", "une", "que", "pas", "pour", "dans", "vous", "je"},
    "es": {"el", "los", "las", "que", "y", "es", "un", "una", "por", "con", "para", "no", "se", "lo"},
    "it": {"il", "che", "di", "è", "non", "un", "una", "per", "sono", "con", "gli", "della", "questo", "ma"},
    "pt": {"o", "que", "não", "de", "é", "um", "uma", "para", "com", "os", "você", "eu", "se", "mais"},
}  # fmt: skip
_CYRILLIC_ONLY = {"uk": "іїєґ", "be": "ў", "kk": "әғқңөұүһ", "sr": "ђјљњћџ"}
_SCRIPTS = {"zh": r"[\u4e00-\u9fff]", "ja": r"[\u3040-\u30ff]", "ko": r"[\uac00-\ud7af]", "ar": r"[\u0600-\u06ff]"}


def short_code(tag: str) -> str:
    """ISO 639-1 code of a language tag ('rus', 'en-US', 'EN'), or '' where it says nothing ('und', '', 'mis')."""
    first = re.split(r"[-_]", tag.strip().lower())[0]
    if first in ("und", "mis", "mul", "zxx", "unk", "qaa"):
        return ""
    if len(first) == 2 and first.isalpha():
        return first
    return _THREE_LETTERS.get(first, "")


def language_name(code: str) -> str:
    return NAMES.get(code, f"language {code!r}" if code else "an unknown language")


def guess_language(text: str) -> str:
    """ISO 639-1 code that the text's letters and little words show, or '' when they do not say."""
    lowered = text.lower()
    for code in ("ja", "ko", "ar", "zh"):
        if len(re.findall(_SCRIPTS[code], lowered)) > 0.15 * max(1, len(re.findall(r"\w", lowered))):
            return code
    cyrillic = len(re.findall(r"[а-яё]", lowered))
    latin = len(re.findall(r"[a-zà-ÿ]", lowered))
    if cyrillic > latin:
        return _cyrillic_language(lowered, cyrillic)
    return _latin_language(lowered) if latin else ""


def _cyrillic_language(lowered: str, letters: int) -> str:
    for code, own in _CYRILLIC_ONLY.items():
        if sum(lowered.count(letter) for letter in own) > 0.01 * letters:
            return code
    return "ru"


def _latin_language(lowered: str) -> str:
    words = Counter(re.findall(r"[a-zà-ÿ']+", lowered))
    total = sum(words.values())
    shares = {"en": sum(words[word] for word in _ENGLISH) / total}
    shares |= {code: sum(words[word] for word in own) / total for code, own in _OTHER_LATIN.items()}
    best = max(shares, key=lambda code: shares[code])
    return best if shares[best] > 0.08 else ""
