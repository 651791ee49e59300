"""Word lists against what people write to get past them, and against words that only look like it."""

from __future__ import annotations

import pytest

from keyart.review.disguise import folded
from keyart.review.lexicon import LANGUAGES, english_forms, lexicon
from keyart.review.texts import WordLists, find_words, masked

judge = WordLists()

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
class and cocktail|Essex, Sussex, Scunthorpe|assassin grass|Dickens and Hancock|shiitake mushrooms|cockpit peacock
Penistone|Arsenal|mishit|push it|pass hit|Matsushita|Fukushima|EBITDA|eBay|Scott rapping|shift|Shih Tzu|Saltash
circumstance|analysis|Wi-Fi 6|C# и F#|iPhone 15 Pro|COVID-19|a b c d e|U.S.A.|Don't do it|it's|hello|shell|Michelle
Titanic|cumulative|Cumberland|document|accumulate|grape drape|therapist|Cocker|canal|Uranus|cucumber|Maine Coon
cocoon tycoon|Pakistan|sauce|A* search|8×8|rock'n'roll|c'est la vie|Buddha|niggardly
"""


def lines(block: str) -> list[str]:
    return [one for row in block.strip().splitlines() for one in row.split("|")]


@pytest.mark.parametrize("text", lines(PLAIN))
def test_what_is_written_plainly_is_found(text: str) -> None:
    assert judge(text).verdict in ("flag", "block")


@pytest.mark.parametrize("text", lines(DISGUISED))
def test_what_is_disguised_is_found(text: str) -> None:
    verdict = judge(text)
    assert verdict.verdict in ("flag", "block")


@pytest.mark.parametrize("text", lines(INNOCENT))
def test_what_only_looks_like_it_passes(text: str) -> None:
    assert judge(text).verdict == "pass", judge(text).reason


def test_the_place_is_that_of_the_text_as_it_is() -> None:
    text = "Вот это ё-моё, п и з д е ц какой"
    verdict = judge(text)
    assert verdict.span is not None
    assert text[slice(*verdict.span)] == "п и з д е ц"
    assert judge("He said f\u200buck").span == (8, 13)


def test_the_worst_decides_and_all_are_told() -> None:
    verdict = judge("Говно и пиздец, жопа")
    assert (verdict.verdict, verdict.category) == ("block", "profanity")
    assert verdict.reason.count("profanity") == 3


def test_a_reason_does_not_repeat_the_word() -> None:
    assert "пиздец" not in judge("пиздец").reason
    assert masked("пиздец") == "п****ц"


def test_mild_words_pass_and_are_told() -> None:
    verdict = judge("Какая жопа")
    assert verdict.verdict == "pass"
    assert "profanity" in verdict.reason


def test_mild_words_are_not_looked_for_behind_a_disguise() -> None:
    assert find_words("xep") == ()
    assert find_words("d1ck") == ()


def test_severity_by_category() -> None:
    assert judge("убей себя").category == "self-harm"
    assert judge("самоубийство актёра").verdict == "flag"
    assert judge("зиг хайль").category == "hate"
    assert judge("кокаин").category == "drugs"


@pytest.mark.parametrize("form", ["хуй", "хуя", "хую", "хуем", "хуи", "хуёв", "хуями"])
def test_every_case_counts(form: str) -> None:
    assert judge(f"Нет {form} здесь").verdict == "block"


@pytest.mark.parametrize("form", ["героин", "героина", "героином", "ГЕРОИНУ"])
def test_lemmas_cover_their_cases(form: str) -> None:
    assert judge(form).category == "drugs"
    assert judge("героиня и герои").verdict == "pass"


def test_empty_and_wordless_texts() -> None:
    for text in ("", " ", "!!!", "123 456", "— … —", "👍🏽", "***", "# # #", "日本語の題名"):
        assert judge(text).verdict == "pass"


def test_long_texts_take_no_age() -> None:
    assert judge("привет мир " * 500 + "х у й").verdict == "block"


def test_english_inflection() -> None:
    assert {"shits", "shitting", "shitty", "shit"} <= set(english_forms("shit"))
    assert {"raped", "raping", "rapes"} <= set(english_forms("rape"))
    assert {"bitches"} <= set(english_forms("bitch"))


def test_folding_keeps_short_i() -> None:
    assert folded("ЙÖЁ") == "йoе"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_are_sound(language: str) -> None:
    known = lexicon(language)
    names = [*known.lemmas, *known.forms]
    assert all(name == name.lower().replace("ё", "е") and name.strip() == name for name in names)
    assert known.innocent.isdisjoint(known.lemmas)
    assert {entry.category for entry in known.lemmas.values()} | {entry.category for entry in known.forms.values()} <= {
        "profanity", "hate", "sexual", "violence", "drugs", "self-harm"
    }  # fmt: skip
