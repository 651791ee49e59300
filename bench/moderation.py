"""Moderation: what is found of what people write to get past it, and what is wrongly found in what is decent.

The attacks and the innocent words are our own lists and were looked at while the word lists were made: they say that
nothing known slips through, not how the lists do on what nobody thought of. The titles and the pictures are real, and
nothing was tuned on the titles. The confidence from which NudeNet flags was chosen on these very pictures, so that
nothing is left of them. Pictures are judged where NudeNet has been pulled.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.record import MEDIA, commit, machine, write_result
from keyart.media.images import read_image
from keyart.models import have
from keyart.review.lexicon import LANGUAGES, lexicon
from keyart.review.pictures import NudeNet
from keyart.review.texts import WordLists
from keyart.review.verdict import Verdict

TRUTH = MEDIA.parent / "gt"

PLAIN = """
Это пиздец|Сука, как же так|заебал|долбоёбы едут|охуенный борщ|ЁБАНЫЙ ДОЖДЬ|блять|ебанутый|наебали|Уёбок|мудаки|шлюхи
порнуха онлайн|наркобарон и кокаин|он продаёт героин|самоубийство актёра|убей себя|вскрыть вены|покончил с собой
пидор|пидорасы|чурки понаехали|зиг хайль|нахуй это всё|хуйню несёт|обезглавленное тело|изнасиловали
fuck this|FUCKING|bullshit|bitches|nigga|he raped her|kill yourself|kys|child porn|beheading video|motherfuckers
cyka blyat|pizdec|sluts|shitty|assholes|heroin addict|he committed suicide|a sex tape
"""
DISGUISED = """
х у й вам|х.у.й|ху-й|п_и_з_д_а|п и д о р|б л я т ь|пиз да|fu ck|f.u.c.k|f u c k off|f-u-c-k
cука|xуй|xyй|гaндoн|fuсk|сukа|пи3дец|е6ать|порн0|бл@ть|$h1t happens|sh!t|b!tch please|a$$hole|n1gger|p0rn tube|@sshole
хуууууй|бляяядь|fuuuuck|shiiiit|ссука|иди на х*й|п***ц какой|б***ь|бл*дь|f**k you|f*cking hell|motherf*cker|F*** Ups
fück|ｆｕｃｋ|f\u200buck|фy\u200bck you fuck|#fuck
"""
INNOCENT = """
употреблять с осторожностью|страховка и хуже|Оскорбление чувств|хулиган и художник|ребёнок колеблется|скипидар|мандарин
потребление нефти|мандат депутата|команда|гребля и дебет|Херсон|бухгалтер|рубля|сабля|психуй не психуй|Застрахуй машину
Педро Паскаль|ебитда выросла|сим-карта|учебник|небо хлеб мебель|лебедь|требуй|подъезд поезд|по-дебютному смело|сосулька
сук дерева|бляха-муха|Блади Мэри|мудрый|муджахед|педагог|спид|укроп|Хуан|худой хутор|подстрахуй|хук|Пизанская башня
пезета|себе тебе|Глеб|Зебра|Себастьян|Ребус|Я и ты в селе у А|Звёзды 5***|за страхуемых|подебоширить|мета и спам
переворот в Нигере|Генерал Чурбанов|Егор Хохлов и Анна Хохлова|Хачик Абрамян|как потрошить рыбу
дрочёна из печи|негрилльский|Нигерия
class and cocktail|Essex, Sussex, Scunthorpe|assassin grass|Dickens and Hancock|shiitake mushrooms|cockpit peacock
Penistone|Arsenal|mishit|push it|pass hit|Matsushita|Fukushima|EBITDA|eBay|Scott rapping|shift|Shih Tzu|Saltash
circumstance|analysis|Wi-Fi 6|C# и F#|iPhone 15 Pro|COVID-19|a b c d e|U.S.A.|Don't do it|it's|hello|shell|Michelle
Titanic|cumulative|Cumberland|document|accumulate|grape drape|therapist|Cocker|canal|Uranus|cucumber|Maine Coon
cocoon tycoon|Pakistan|sauce|A* search|8×8|rock'n'roll|c'est la vie|Buddha|niggardly
"""


def lines(block: str) -> list[str]:
    return [one for row in block.strip().splitlines() for one in row.split("|")]


def disguises() -> dict[str, list[str]]:
    """Every grave word of the lists in each of the usual disguises, made by rule: nobody chose the easy ones."""
    words = sorted(
        word
        for language in LANGUAGES
        for word, entry in {**lexicon(language).lemmas, **lexicon(language).forms}.items()
        if entry.severity != "mild"
        and entry.category in ("profanity", "hate")
        and word.isalpha()
        and len(word) > 3
        and lexicon(language).find(word)
    )
    vowels = "аеиоуыюяaeiouy"
    return {
        "spaced": [" ".join(word) for word in words],
        "dotted": [".".join(word) for word in words],
        "look-alikes": [_swapped(word, LOOK_ALIKES) for word in words if set(word) & set(LOOK_ALIKES)],
        "digits and signs": [_swapped(word, SIGNS) for word in words if set(word) & set(SIGNS)],
        "repeated": ["".join(one * 4 if one in vowels else one for one in word) for word in words],
        "starred": [f"{word[0]}*{word[2:]}" for word in words],
        "invisible": ["\u200b".join(word) for word in words],
        "capitals": [word.upper() for word in words],
    }


LOOK_ALIKES = dict(zip("аеорсухaeopcyx", "aeopcyxаеорсух", strict=True))
SIGNS = dict(zip("озчбoiaes", "03460!@3$", strict=True))


def _swapped(word: str, table: dict[str, str]) -> str:
    """The word with its first letter that has one replaced by its stand-in."""
    place = next(place for place, one in enumerate(word) if one in table)
    return word[:place] + table[word[place]] + word[place + 1 :]


def share(verdicts: Iterable[Verdict], *wanted: str) -> dict[str, Any]:
    """How many of the verdicts are among the wanted."""
    found = list(verdicts)
    hits = sum(one.verdict in wanted for one in found)
    return {"count": len(found), "hits": hits, "share": round(hits / len(found), 4) if found else None}


def titles() -> dict[str, list[str]]:
    """Real titles by source; nothing where the annotations are not at hand."""
    news = TRUTH / "ru_text" / "ru_news_title_text_dev.jsonl"
    if not news.is_file():
        return {}
    yahoo = json.loads((TRUTH / "yahoo_thumbnails" / "yahoo_thumbnail_cikm2016.json").read_text("utf-8"))
    return {
        "Russian news": [str(one["title"]) for one in _rows(news)],
        "Russian videos": [
            str(one["title"])
            for name in ("rutube_title_description_tags_dev", "rutube_transcript_title_dev")
            for one in _rows(TRUTH / "ru_text" / f"{name}.jsonl.gz")
        ],
        "English videos": [str(one["title"]) for one in yahoo],
    }


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    yield from (json.loads(line) for line in data.decode("utf-8").splitlines())


def judged_titles(judge: WordLists) -> list[dict[str, Any]]:
    found = []
    for source, texts in titles().items():
        start = time.perf_counter()
        verdicts = [judge(text) for text in texts]
        milliseconds = 1000 * (time.perf_counter() - start) / len(texts)
        told = [[text, one.reason] for text, one in zip(texts, verdicts, strict=True) if one.verdict != "pass"]
        found.append(
            {"source": source, **share(verdicts, "flag", "block"), "ms_each": round(milliseconds, 1), "told": told}
        )
    return found


def judged_pictures() -> dict[str, Any] | None:
    """Decent pictures that NudeNet flags or blocks; None without it."""
    folder = TRUTH / "tvsum_keyframes"
    paths = sorted([*folder.rglob("*.jpg"), *(MEDIA / "image").rglob("*.jpg"), *(MEDIA / "image").rglob("*.png")])
    if not paths or not have("nudenet"):
        return None
    judge = NudeNet()
    verdicts = [judge(read_image(path), path.name) for path in paths if _readable(path)]
    highest = max(one.score or 0.0 for one in verdicts)
    return {**share(verdicts, "flag", "block"), "highest_confidence": round(highest, 2)}


def _readable(path: Path) -> bool:
    try:
        read_image(path)
    except ValueError:
        return False
    return True


def main(arguments: list[str]) -> int:
    argparse.ArgumentParser(prog="python -m bench moderation", description=__doc__).parse_args(arguments)
    judge = WordLists()
    attacks = {name: share(map(judge, lines(block)), "flag", "block") for name, block in
               (("own list, plain", PLAIN), ("own list, disguised", DISGUISED))}  # fmt: skip
    attacks |= {name: share(map(judge, texts), "flag", "block") for name, texts in disguises().items()}
    innocent = share(map(judge, lines(INNOCENT)), "flag", "block")
    real, pictures = judged_titles(judge), judged_pictures()
    rows = [[f"attacks found: {name}", one["count"], one["hits"]] for name, one in attacks.items()]
    rows += [["own list: innocent words told", innocent["count"], innocent["hits"]]]
    rows += [[f"real titles told: {one['source']}", one["count"], one["hits"]] for one in real]
    rows += [["decent pictures told by NudeNet", pictures["count"], pictures["hits"]]] if pictures else []
    columns = ["what", "of", "told"]
    table = {"columns": columns, "align": "lrr", "rows": [[str(cell) for cell in row] for row in rows]}
    for row in rows:
        print(*row, sep="  ")
    for source in real:
        for text, reason in source["told"]:
            print(f"  {reason}  |  {text}")
    real = [{key: value for key, value in one.items() if key != "told"} for one in real]  # others' titles are not ours
    result = {"schema": 1, "bench": "moderation", "commit": commit(), "machine": machine(), "attacks": attacks,
              "innocent": innocent, "titles": real, "pictures": pictures, "tables": {"moderation": table}}  # fmt: skip
    write_result("moderation", result)
    return 0
