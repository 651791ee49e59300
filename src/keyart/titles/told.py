"""A video's sound and its own words as rows, for a learned ranker that fuses them with the pictures (seed 001)."""

from __future__ import annotations

import re

import numpy as np

from keyart.errors import BadModel
from keyart.media.logmel import MELS, sound_features
from keyart.stills.learned import Ranker, Told
from keyart.titles.embed import text_row
from keyart.titles.names import clean_name
from keyart.types import VideoInfo


def told_of(info: VideoInfo, ranker: Ranker) -> Told:
    """Title and description as the file's tags, or its name, have them, read by what the model was trained with.

    Raises `BadModel` for a model that was trained on other extractors than these.
    """
    made = ranker.model.card.settings.get("extractors", {})
    texts = info.tags.get("title", "") or clean_name(info.stem), info.tags.get("description", "")
    language = "ru" if re.search("[а-яё]", " ".join(texts).casefold()) else "en"
    rows = [text_row(text, language if made.get("text") != "titles.letters" else "en") for text in texts]
    audio = sound_features(info)
    text = np.concatenate([row for row, _ in rows])
    sizes = {one.name: one.shape[-1] for one in ranker.model.session.get_inputs()}
    if (sizes["audio"], sizes["text"]) != (2 * MELS, len(text)):
        raise BadModel(
            f"{ranker.path}: was trained on sound of {sizes['audio']} and text of {sizes['text']} numbers;"
            f" here they have {2 * MELS} and {len(text)}"
        )
    return Told(audio, text)
