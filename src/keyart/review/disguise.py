"""Words as they may be meant: letters spaced out, swapped for look-alikes or digits, repeated, starred out.

    х у й     f.u.c.k     spaced or dotted letters are joined
    cука  fuсk  $h1t      letters of another alphabet, digits and signs are read as what they look like
    хуууй  fuuuck         letters in a row are taken once, and twice
    п***ц  f**k           stars are matched against the words that may be under them

A word that is written plainly is one candidate; a disguised one gives several, each marked so: whoever judges them
should convict a disguised word only of what people disguise.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_TO_CYRILLIC = str.maketrans("aeopcyxkmhtbnrgi", "аеорсухкмнтвпгги")
_TO_LATIN = str.maketrans("аеорсухкмнтвипгз", "aeopcyxkmhtbunrz")
_SIGNS = {
    "ru": {"0": "о", "1": "и", "3": "зе", "4": "ча", "6": "б", "9": "я", "@": "ая", "$": "с",
           "€": "е", "!": "и", "u": "иу"},
    "en": {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s",
           "€": "e", "!": "i", "|": "il", "+": "t", "μ": "u", "µ": "u"},
}  # fmt: skip
_STARS = "*#•…×"
_GAPS = r"[ .,_\-–—·•|/\\+~]"
_MOST_CANDIDATES = 24

_TOKEN = re.compile(r"[^\s\"«»“”„(){}\[\]<>,;:?]+")
_PLAIN = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_LETTER = r"(?<!\w)[\w@$](?:" + _GAPS + r"{1,2}[\w@$]){2,}(?![\w])"
_SPACED = re.compile(_LETTER)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch of the text, and a word that it may be read as."""

    start: int
    end: int
    word: str
    """Lower case, е for ё, one alphabet; a regular expression where `starred`."""
    language: str
    """ru or en, by the alphabet."""
    disguised: bool = False
    starred: bool = False
    split: bool = False
    """Put together from two words: only the worst is to be believed of it."""


def candidates(text: str) -> Iterator[Candidate]:
    """Every word of the text, plain and disguised. Places are characters of the text as it is."""
    for match in _PLAIN.finditer(text):
        for place, part in _parts(match):
            yield from _plain(place, part)
    for match in _TOKEN.finditer(text):
        yield from _odd(match.start(), match.group())
    for match in _SPACED.finditer(text):
        yield from _joined(match.start(), match.group())
    yield from _halves(text)


def folded(text: str) -> str:
    """Lower case, е for ё, Latin letters without accents, no invisible characters; the length may change."""
    text = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    visible = (one for one in text if unicodedata.category(one) not in ("Cf", "Mn"))
    return "".join(unicodedata.normalize("NFD", one)[0] if "à" <= one <= "ɏ" else one for one in visible)


def _parts(match: re.Match[str]) -> Iterator[tuple[int, str]]:
    yield match.start(), match.group()
    pieces = list(re.finditer(r"[^\W\d_]+", match.group()))
    if len(pieces) > 1:
        yield from ((match.start() + one.start(), one.group()) for one in pieces)


def _plain(start: int, token: str) -> Iterator[Candidate]:
    word = folded(token)
    hidden = len(word) != len(token) or _is_accented(token)
    for language, letters in (("ru", "[а-я]+(?:-[а-я]+)*"), ("en", "[a-z]+(?:[-'’][a-z]+)*")):
        if re.fullmatch(letters, word):
            own = re.sub(r"['’](?:s|ll|re|ve|d)?$", "", word)
            yield Candidate(start, start + len(token), own, language, disguised=hidden)


def _is_accented(token: str) -> bool:
    return any("À" <= one <= "ɏ" for one in token)


def _odd(start: int, token: str) -> Iterator[Candidate]:
    """Readings of a token with strange letters in it: repeated, mixed, starred, joined by marks."""
    bare = token.lstrip("#.-'’|…!").rstrip(".-'’|…!")
    token_start = start + token.index(bare)
    token = bare
    if len(token) < 2 or "/" in token or ("@" in token[1:-1] and "." in token):
        return  # addresses are not words
    end = token_start + len(token)
    low = folded(token)
    if any(one in _STARS for one in low) and (pattern := _starred(low)):
        yield Candidate(token_start, end, pattern, "ru" if re.search("[а-я]", low) else "en", True, starred=True)
    for word, language in _readings(_closed(low)):
        if word != token.lower().replace("ё", "е"):
            yield Candidate(token_start, end, word, language, disguised=True)


def _closed(token: str) -> str:
    """The token without marks between its letters. Hyphens join whole words too: they go where the pieces are none."""
    pieces = re.split(r"[-–—'’]", token)
    if len(pieces) > 1 and any(len(piece) > 3 for piece in pieces):
        return token
    return re.sub(f"(?<=\\w){_GAPS}+(?=\\w)", "", token)


def _readings(token: str) -> Iterator[tuple[str, str]]:
    """A token read in each alphabet that it may be meant in."""
    letters = re.findall(r"[^\W\d_]", token)
    if len(letters) < 2 and not (letters and set(token) & set("$@!")):
        return
    latin = not re.search("[а-я]", token)
    honest = re.fullmatch("[а-я]+", token)  # a Russian word may well look like an English one: сим, расе
    for language, table, own in (("ru", _TO_CYRILLIC, "[а-я]"), ("en", _TO_LATIN, "[a-z]")):
        if honest and language == "en":
            continue
        spelled = token.translate(table)
        options = [_SIGNS[language].get(one, one) for one in spelled]
        ways = itertools.islice(itertools.product(*options), _MOST_CANDIDATES)
        for word in {"".join(way) for way in ways}:
            # three letters of a model's number look like anything: E-6A
            if re.fullmatch(f"{own}+", word) and not (
                language == "ru" and latin and len(word) < 4 and "x" not in token
            ):
                yield from ((form, language) for form in _unrepeated(word, language))


def _unrepeated(word: str, language: str) -> set[str]:
    """The word, and with three letters or more in a row taken once and twice; Russian doubles once."""
    runs = [match.group() for match in re.finditer(r"(.)\1*", word)]
    ways = [({run[0], run[0] * 2} if len(run) > 2 else {run}) for run in runs]
    found = {"".join(way) for way in itertools.islice(itertools.product(*ways), _MOST_CANDIDATES)}
    found.add("".join(min(way, key=len) for way in ways))
    return found | ({re.sub(r"(.)\1+", r"\1", word)} if language == "ru" else set())


def _joined(start: int, text: str) -> Iterator[Candidate]:
    """Single letters with gaps between them, as one word; a neighbour on either side may be a word of its own."""
    places = [match.start() for match in re.finditer(r"[\w@$]", text)]
    for first, last in itertools.combinations(range(len(places)), 2):
        if 2 <= last - first <= 15 and (first <= 2 or last >= len(places) - 3):
            letters = folded("".join(text[place] for place in places[first : last + 1]))
            for word, language in _readings(letters):
                yield Candidate(start + places[first], start + places[last] + 1, word, language, disguised=True)


def _halves(text: str) -> Iterator[Candidate]:
    """Two short neighbours as one word: `fu ck`, `пиз да`."""
    for match in re.finditer(r"(?<!\w)(?=([^\W\d_]{1,4}) ([^\W\d_]{1,4})(?!\w))", text):
        first, second = match.group(1), match.group(2)
        word = folded(first + second)
        language = "ru" if re.fullmatch("[а-я]+", word) else "en" if re.fullmatch("[a-z]+", word) else ""
        if language and len(first) + len(second) >= 3 and not _is_word(first, language):
            yield Candidate(
                match.start(), match.start() + len(first) + 1 + len(second), word, language, True, split=True
            )


def _is_word(word: str, language: str) -> bool:
    if language == "ru":
        from keyart.titles.russian import known_word

        return known_word(word)
    return word.lower() in _SHORT_ENGLISH


_SHORT_ENGLISH_WORDS = """
a i o an as at be by do go he hi if in is it me my no of oh ok on or so to tv uk un up us vs we ad am pm id ex
and are but can did for get got had has her him his how its let may not now off old one our out put ran say see
set she the too top try two use was way who why win won yes yet you all any big boy car cat day dog end eye far
few bit hit sit pop cop pus push pull mass pass like with this that from have will your what when them then been
"""
_SHORT_ENGLISH = frozenset(_SHORT_ENGLISH_WORDS.split())


def _starred(token: str) -> str:
    """A pattern for a word with letters starred out, or nothing where too little of it is left."""
    stars = f"[{re.escape(_STARS)}]"
    letters = re.findall(r"[^\W\d_]", token)
    hidden = len(re.findall(stars, token))
    body = re.sub(r"[^\w*#•…×]", "", token)
    if not letters or not re.match(r"[^\W\d_]", body) or len(letters) + hidden < 3 or len(set(body) - set(_STARS)) == 0:
        return ""
    if re.fullmatch(f"[^\\W\\d_]{stars}", body) or not re.fullmatch(f"(?:[^\\W\\d_]|{stars})+", body):
        return ""
    return "".join(
        re.escape(part) if part[0] not in _STARS else ("." if len(part) == 1 else f".{{1,{len(part) + 1}}}")
        for part in re.findall(f"{stars}+|[^*#•…×]+", body)
    )
