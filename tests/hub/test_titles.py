"""The title room's hub backends on tiny random models, loaded as real ones are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from keyart.errors import BadSetting, MissingModel  # noqa: E402
from keyart.models import CARDS, have  # noqa: E402
from keyart.titles.dedup import GuidMaster  # noqa: E402
from keyart.titles.embed import EMBEDDERS, THESIS, Encoder, embedders_named  # noqa: E402
from keyart.titles.entities import find_entities  # noqa: E402
from keyart.titles.hub_entities import FINDERS, EntityTagger, by_entities, joined, outermost  # noqa: E402
from keyart.titles.offer import by_t5, hub_titles  # noqa: E402
from keyart.titles.subject import Pair  # noqa: E402
from keyart.titles.t5 import PENALTIES, WRITERS, T5Writer, first_line, missing_of  # noqa: E402
from keyart.titles.translate import Translator, english_pair  # noqa: E402
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


# --- embedders, names, translation --------------------------------------------------------------------------------


def test_an_encoder_is_the_mean_of_its_tokens(tmp_path: Path) -> None:
    folder = tiny.encoder(tmp_path)
    encode = Encoder(str(folder))
    network = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        alone = network(**tokenizer(["кот на столе"], return_tensors="pt")).last_hidden_state[0].mean(0).numpy()
    found = encode(["кот на столе", "как сварить борщ дома"])
    assert found.shape == (2, 32) and np.allclose(found[0], alone, atol=1e-5)
    assert np.array_equal(found, encode(["кот на столе", "как сварить борщ дома"]))
    assert encode([]).shape == (0, 32)


def test_a_long_text_is_read_to_its_end(tmp_path: Path) -> None:
    encode = Encoder(str(tiny.encoder(tmp_path)))
    start = "кот на столе " * 40
    one, other = encode([start + "борщ", start + "the quick brown fox"])
    assert not np.allclose(one, other, atol=1e-6)


def test_prefixes_of_headline_and_document(tmp_path: Path) -> None:
    folder = str(tiny.encoder(tmp_path))
    plain, prefixed = Encoder(folder), Encoder(folder, "query: ", "passage: ")
    found = prefixed.beside(["кот"], "борщ дома")
    assert np.allclose(found, plain(["query: кот", "passage: борщ дома"]), atol=1e-6)
    assert np.allclose(prefixed(["кот"]), plain(["query: кот"]), atol=1e-6)
    first = GuidMaster()(["кот", "борщ"], "борщ дома", [prefixed, plain])
    assert len(first) == 2 and all(-1.01 <= one.relevance <= 1.01 for one in first)


def test_embedders_by_name(tmp_path: Path) -> None:
    folder = str(tiny.encoder(tmp_path))
    assert embedders_named(["letters", folder]) == (EMBEDDERS["letters"], Encoder(folder))
    assert [getattr(EMBEDDERS[name], "model", "") for name in THESIS] == [
        "bert-multilingual",
        "xlm-roberta-base",
        "multilingual-e5",
    ]
    with pytest.raises(BadSetting, match="no embedder is called 'bart'"):
        embedders_named(["bart"])


LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def taught(folder: Path, names: dict[str, int]) -> Path:
    """A tagger whose classifier is set so that the tokens of these words get these labels."""
    tiny.token_classifier(folder, *LABELS)
    network = transformers.AutoModelForTokenClassification.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    words = network.bert.embeddings.word_embeddings.weight
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        for layer in network.modules():
            if isinstance(layer, torch.nn.LayerNorm):
                layer.weight.fill_(1.0)
        words[:, 0] = 4.0
        for text, label in names.items():
            for token in tokenizer(text, add_special_tokens=False)["input_ids"]:
                words[token, 0], words[token, label] = 0.0, 4.0
        network.classifier.weight[:, : len(LABELS)] = torch.eye(len(LABELS)) * 4
    network.save_pretrained(folder)
    return folder


def test_names_are_whole_words_and_come_once(tmp_path: Path) -> None:
    find = EntityTagger(str(taught(tmp_path, {"Z": 1, "Q": 3})))
    found = find("Zed meets Zed's aunt near Qu and Qu.", "en")
    assert [(one.text, one.kind, one.key) for one in found] == [("Zed", "PER", "zed"), ("Qu", "LOC", "qu")]
    assert find("nobody is here", "en") == () and find("", "en") == ()


def test_names_past_the_first_window_are_found(tmp_path: Path) -> None:
    find = EntityTagger(str(taught(tmp_path, {"Z": 1, "Q": 3})))
    assert [one.text for one in find("a fox " * 60 + "Qu " + "a fox " * 20 + "Zed", "en")] == ["Qu", "Zed"]


def test_marks_become_runs() -> None:
    text = "Anna Maria in New York"
    offsets = [(0, 4), (5, 10), (11, 13), (14, 17), (18, 22)]
    assert list(joined(["B-PER", "I-PER", "O", "B-LOC", "I-LOC"], offsets, text)) == [(0, 1, "PER"), (3, 4, "LOC")]
    assert list(joined(["B-PER", "B-PER", "O", "I-LOC", "O"], offsets, text)) == [
        (0, 0, "PER"),
        (1, 1, "PER"),
        (3, 3, "LOC"),
    ]
    assert outermost([(0, 4, "PER"), (0, 10, "PER"), (11, 13, "LOC"), (12, 13, "LOC")]) == [
        (0, 10, "PER"),
        (11, 13, "LOC"),
    ]


def test_other_languages_go_to_the_house(tmp_path: Path) -> None:
    assert FINDERS["bert-base-ner"]("Мария живёт в Москве", "ru") == find_entities("Мария живёт в Москве", "ru")
    find = EntityTagger(str(taught(tmp_path, {"Z": 1})))
    assert by_entities(["nobody", "Zed", "Zed and Zip"], "en", find) == ("Zed and Zip", "Zed", "nobody")


def test_translation(marian: Path) -> None:
    translate = Translator(str(marian), max_tokens=8)
    texts = ["человек сидеть", "", "чайная церемония часть"]
    found = translate(texts)
    assert found == translate(texts) and found[1] == "" and found[0]
    assert translate([""]) == ("",) and translate([]) == ()
    assert english_pair(Pair("человек", "сидеть"), translate) == found[0].rstrip(".!").strip().lower()


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.marian(tmp_path_factory.mktemp("marian"))


def test_the_thesis_way_with_everything_at_hand(t5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyart.models.store import stored_path

    if russian := os.environ.get("KEYART_MODELS"):  # the parser's models, for the last check of a Russian line
        for folder in Path(russian).iterdir():
            (tmp_path / folder.name).symlink_to(folder)
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    for name in ("rut5-headline", "rut5-gazeta"):
        stored_path(CARDS[name]).symlink_to(t5)
    for name in ("bert-multilingual", "xlm-roberta-base", "multilingual-e5"):
        tiny.encoder(stored_path(CARDS[name]))
    if not have("slovnet-morph"):
        pytest.skip("the Russian parser's models are not in the store")
    said = Transcript("ru", "test", (Cue("Кот спит на столе. Как сварить борщ дома?", 0.0, 4.0),))
    found = by_t5(said)
    assert found.backend == "rut5-headline+rut5-gazeta"
    assert found.models == ("rut5-headline", "rut5-gazeta", "bert-multilingual", "xlm-roberta-base", "multilingual-e5")
    assert len(found.notes) == 1 and "keyart learn headlines" in found.notes[0]
