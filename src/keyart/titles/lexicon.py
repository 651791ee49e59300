"""Words that decide what may stay in a headline: short closed lists, one per reason, in both languages."""

from __future__ import annotations

RU_FILLERS = frozenset(
    "вот ну да это-самое значит короче типа как-бы собственно вообще-то вообще в-общем например допустим скажем кстати "
    "конечно естественно безусловно действительно просто прямо прям как-то там тут тоже также уж ведь же итак разумеется "
    "наконец-таки буквально честно пожалуйста наверное видимо кажется понятно ладно хорошо окей ок блин ага угу давай "
    "давайте опять-таки соответственно впрочем однако поэтому потому следовательно затем потом далее дальше "
    "теперь сейчас сегодня вчера завтра уже еще ещё снова опять здесь отсюда сюда туда оттуда тогда очень".split()
)
"""Adverbs and particles that a headline does without; dropping one never changes what is claimed."""

RU_HEDGES = frozenset(
    "не ни нет почти около примерно приблизительно более менее едва чуть лишь только якобы возможно вероятно никогда "
    "нигде никак никто ничто редко иногда часто может бы б минимум максимум свыше вряд впервые больше меньше пока".split()
)
"""Words whose loss would change the claim: they stay with what they qualify."""

RU_GREETINGS = frozenset(
    "привет здравствуйте здравствуй приветствовать здорово добрый-день доброе-утро приветик салют хай пока прощаться "
    "прощание спасибо благодарить пожалуйста".split()
)
RU_CALLS = frozenset(
    "подписываться подписаться лайк лайкать колокольчик подписка репост комментарий коммент комменте промокод донат "
    "подписчик уведомление ссылка".split()
)
"""Lemmas of calls to the audience; a sentence with one of them makes no title."""

RU_PRONOUNS_3 = frozenset(
    "он она оно они это тот та то те этот эта эти всё все кто что который сам некоторый один".split()
)
RU_DEIXIS = frozenset(
    "он она оно они его её ее ей ему им ими них него неё нее нём ней ним ними их это этот эта эти этого этой этому этим "
    "этом этих этими эту тот та то те того той тому тем том тех теми ту там туда оттуда тут здесь сюда так такой такая "
    "такое такие такого таким таких кто-то что-то кого-то чего-то какой-то какая-то какие-то какое-то где-то".split()
)
"""Words that point outside the headline; one that cannot be resolved or dropped refuses the headline."""

RU_SAYING = frozenset(
    "говорить сказать рассказать рассказывать заявить заявлять сообщить сообщать отметить отмечать считать думать полагать "
    "подчеркнуть утверждать добавить пояснить объяснить ответить ответить написать писать спросить".split()
)
RU_TELLING = frozenset(
    "поговорить говорить рассказать рассказывать расскажу пообщаться поведать узнать задуматься побеседовать".split()
)
"""Verbs after which `о X` is the video's topic."""
RU_SHOWING = frozenset(
    "разобрать рассмотреть обсудить изучить посмотреть показать увидеть обозревать разбирать".split()
)
"""Verbs whose object is the video's topic."""

RU_EMPTY_VERBS = frozenset(
    "быть являться мочь хотеть знать понимать видеть смотреть говорить сказать думать идти пойти начать получаться делать "
    "казаться значить давать дать хотеться получиться ждать называться звать находиться иметь стать случиться бывать "
    "продолжать продолжить поехать погнать помнить любить нравиться надеяться бояться слушать слышать понять".split()
)
RU_EMPTY_NOUNS = frozenset(
    "видео ролик канал выпуск друг ребята человек вещь раз дело момент образ случай день время год вопрос слово часть "
    "деваха девочка пацан парень мужик штука что-нибудь сторона жизнь тема смысл вид место пример подкаст эфир серия "
    "подписчик зритель слушатель тип способ минута час секунда утро вечер субтитр корректор редактор глава".split()
)
"""Nouns too general to carry a title by themselves."""

RU_OBLIQUE_VERBS = frozenset(
    "стать становиться являться оставаться остаться служить оказаться оказываться казаться быть называться считаться "
    "заниматься владеть пользоваться управлять руководить поделиться делиться гордиться интересоваться увлекаться "
    "зависеть состоять относиться находиться состояться основываться заключаться входить жить принадлежать отличаться "
    "привести приводить перейти превратиться превращаться превращать превратить выглядеть длиться весить стоить сводиться играть работать помогать помочь прийти приехать "
    "попасть выйти войти пойти дойти поехать вернуться отправиться столкнуться столкнуть начинаться закончиться "
    "участвовать влиять повлиять думать мешать следить требовать добиться достичь достигнуть избежать лишиться касаться".split()
)
"""Verbs that say little without their complement."""

RU_RELATIONAL = frozenset(
    "часть начало конец середина количество число ряд уровень процесс способ метод результат причина основа развитие "
    "создание история цель смысл роль вид форма система проблема вопрос решение суть центр глава автор участник член "
    "директор министр президент чемпион лидер основатель владелец хозяин сторона пример источник фактор условие группа "
    "большинство множество половина треть четверть миллион тысяча миллиард процент килограмм литр метр".split()
)
"""Nouns that say nothing without the genitive after them."""

RU_MEASURES = frozenset(
    "грамм килограмм миллилитр литр тонна метр сантиметр миллиметр ложка стакан штука кусок порция".split()
)
"""Units: '50 грамм' of what?"""

RU_QUESTIONS = frozenset(
    "как почему зачем что кто где когда сколько какой какая какие какое куда откуда чем можно нужно стоит".split()
)

EN_STOP = frozenset(
    "a an the and or but if then else so of in on at to from by with for as into onto over under about after before "
    "between through during without within against is am are was were be been being do does did done have has had having "
    "will would shall should can could may might must i me my mine we us our ours you your yours he him his she her hers "
    "it its they them their theirs this that these those who whom whose which what when where why how not no nor only own "
    "same than too very just there here all any both each few more most other some such also again once ever never always "
    "now today really actually basically well okay ok yeah yes hey hi hello up down out off because while until though "
    "although let lets let's 's 're 've 'll 'd n't one ones get got getting go going gone come came make made thing things "
    "lot kind sort bit way right like know think want say said see look mean going gonna".split()
)
EN_FILLERS = frozenset(
    "so well now okay ok yeah yes no and but or right actually basically really literally just like anyway anyways "
    "please also then however therefore thus indeed perhaps maybe obviously clearly simply again still even already "
    "here there today currently very quite rather pretty suddenly finally eventually soon later".split()
)
EN_HEDGES = frozenset(
    "not never n't no nothing almost nearly about only hardly barely rarely seldom may might could".split()
)
EN_GREETINGS = frozenset("hello hi hey welcome goodbye bye thanks thank greetings".split())
EN_CALLS = frozenset(
    "subscribe subscribed like-button notification comments comment sponsor patreon newsletter podcast".split()
)
EN_PRONOUNS_3 = frozenset("he she it they this that these those who which what there him her them".split())
EN_DEIXIS = frozenset(
    "he she it they him her them his hers their theirs this that these those here there such something someone "
    "somebody anything everything somewhere".split()
)
EN_EMPTY_NOUNS = frozenset(
    "thing things lot way time day part people person guy guys video channel episode bit kind sort point case fact end "
    "minute second moment example place year years today something one ones stuff".split()
)
