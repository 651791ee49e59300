"""The title room's hub backends on tiny random models, loaded as real ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from keyart.errors import MissingModel  # noqa: E402
from keyart.titles.offer import hub_titles  # noqa: E402
from keyart.titles.t5 import PENALTIES, WRITERS, T5Writer, first_line, missing_of  # noqa: E402
from keyart.types import Cue, Transcript  # noqa: E402
from tests.hub import tiny  # noqa: E402

TEXT = "как сварить борщ дома, кот на столе, съешь ещё этих булок"


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.t5(tmp_path_factory.mktemp("t5"))


def test_ten_variants_one_for_each_penalty(t5: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    real = transformers.T5ForConditionalGeneration.generate

    def spy(self: Any, **wanted: Any) -> Any:
        asked.append(wanted)
        return real(self, **wanted)

    monkeypatch.setattr(transformers.T5ForConditionalGeneration, "generate", spy)
    writer = T5Writer(str(t5))
    lines = writer(TEXT, "ru")
    assert 1 <= len(lines) <= 10 and lines == writer(TEXT, "ru")
    assert (
        tuple(one["length_penalty"] for one in asked[:10])
        == PENALTIES
        == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    )
    assert all(one["max_new_tokens"] == 51 and one["num_beams"] == 5 and not one["do_sample"] for one in asked)


def test_sharing_the_encoder_changes_nothing(t5: Path) -> None:
    writer = T5Writer(str(t5), penalties=(0.5,), prefix="title: ")
    network = transformers.AutoModelForSeq2SeqLM.from_pretrained(t5).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(t5)
    tokens = tokenizer(["title: " + TEXT], return_tensors="pt")
    row = network.generate(**tokens, num_beams=5, do_sample=False, max_new_tokens=51, length_penalty=0.5)[0]
    assert writer(TEXT, "ru") == tuple(line for line in [writer._line(tokenizer, row)] if line)


def test_a_batch_gives_what_each_text_gets_alone(t5: Path) -> None:
    writer = T5Writer(str(t5), penalties=(0.1, 1.0))
    texts = [TEXT, "кот на столе", " "]
    assert writer.batch(texts, "ru") == tuple(writer(text, "ru") for text in texts)
    assert writer.batch(texts, "ru")[2] == ()


def test_other_languages_are_left_alone(t5: Path) -> None:
    assert T5Writer(str(t5))("a cat on the table", "en") == ()
    assert T5Writer(str(t5), languages=("en",))("a cat on the table", "en")


def test_headlines_of_a_tiny_model_are_checked_like_any_others(t5: Path) -> None:
    transcript = Transcript("ru", "test", (Cue(TEXT.capitalize() + ".", 0.0, 4.0),))
    found = hub_titles(transcript, {"tiny": T5Writer(str(t5))})
    assert not [one for one in found if one.supported], "random words are not what is said"


def test_missing_weights_name_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(MissingModel, match="keyart models pull rut5-headline"):
        WRITERS["rut5-headline"](TEXT, "ru")
    with pytest.raises(MissingModel, match="keyart learn headlines"):
        WRITERS["rut5-lenta"](TEXT, "ru")
    assert all(missing_of(writer) for writer in WRITERS.values())


def test_the_store_folder_of_a_trained_model_is_found(
    t5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    (tmp_path / "rut5-lenta").symlink_to(t5)
    assert missing_of(WRITERS["rut5-lenta"]) is None
    assert WRITERS["rut5-lenta"](TEXT, "ru") == T5Writer(str(t5))(TEXT, "ru")


def test_the_first_line_of_a_summary() -> None:
    assert first_line(" \nборщ варят долго. Потом едят.\nИ спят.") == "Борщ варят долго"
    assert first_line("") == ""
