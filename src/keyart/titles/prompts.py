"""What an endpoint is asked, in Russian and in English: the text files beside this one, and the transcript as JSON."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

PROMPTS = {"ru": "prompt_ru.txt", "en": "prompt_en.txt"}
ANSWER_SCHEMA = {
    "type": "object",
    "properties": {"titles": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 50}},
    "required": ["titles"],
    "additionalProperties": False,
}


def messages(text: str, language: str, count: int, max_words: int, max_characters: int) -> list[dict[str, str]]:
    """The two messages of a chat: the rules, and the transcript inside a JSON string, where it can close nothing."""
    rules = _prompt(language)
    for name, value in (("count", count), ("words", max_words), ("characters", max_characters)):
        rules = rules.replace("{" + name + "}", str(value))
    data = json.dumps({"transcript": text}, ensure_ascii=False)
    return [{"role": "system", "content": rules}, {"role": "user", "content": data}]


@cache
def _prompt(language: str) -> str:
    return files("keyart.titles").joinpath(PROMPTS[language]).read_text("utf-8")
