"""Recognisers on tiny random networks: built, saved, loaded the ordinary way. What they write means nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from keyart.errors import BadModel, MissingModel  # noqa: E402
from keyart.speech.ctranslate import FasterWhisper  # noqa: E402
from keyart.speech.gigaam import GigaAM, kind_of  # noqa: E402
from keyart.speech.recognisers import RECOGNISERS  # noqa: E402
from keyart.speech.utterance import Utterance  # noqa: E402
from keyart.speech.whisper import Whisper, _detected, _phrase  # noqa: E402
from keyart.types import Sound  # noqa: E402
from tests.hub.tiny import TEXTS  # noqa: E402

RATE = 16000
LANGUAGES = ("en", "ru")


def voice(seconds: float, seed: int = 0) -> Sound:
    return (np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * 0.1).astype(np.float32)


def bytes_tokenizer() -> Any:
    """A byte-level BPE with Whisper's marks, in Whisper's order."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import WhisperTokenizer

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False))
    inner = json.loads(made.to_str())["model"]
    merges = [tuple(one) if isinstance(one, list) else tuple(one.split()) for one in inner["merges"]]
    vocabulary = {**inner["vocab"], "<|endoftext|>": len(inner["vocab"])}
    words = WhisperTokenizer(vocab=vocabulary, merges=merges)
    marks = ["<|startoftranscript|>", *(f"<|{one}|>" for one in LANGUAGES), "<|translate|>", "<|transcribe|>"]
    marks += ["<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    words.add_special_tokens({"extra_special_tokens": marks})
    words.add_tokens([AddedToken(f"<|{place * 0.02:.2f}|>", normalized=False) for place in range(1501)])
    return words


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
    )

    folder = tmp_path_factory.mktemp("whisper")
    words = bytes_tokenizer()
    at = words.convert_tokens_to_ids
    end, start = at("<|endoftext|>"), at("<|startoftranscript|>")
    sizes = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "num_mel_bins": 80}
    ends = {"pad_token_id": end, "bos_token_id": end, "eos_token_id": end, "decoder_start_token_id": start}
    config = WhisperConfig(vocab_size=len(words), max_target_positions=448, **sizes, **heads, **ends)
    config.suppress_tokens, config.begin_suppress_tokens = None, None
    torch.manual_seed(0)
    network = WhisperForConditionalGeneration(config)
    network.generation_config = GenerationConfig(
        **ends,
        max_length=48,
        is_multilingual=True,
        lang_to_id={f"<|{one}|>": at(f"<|{one}|>") for one in LANGUAGES},
        task_to_id={"transcribe": at("<|transcribe|>"), "translate": at("<|translate|>")},
        no_timestamps_token_id=at("<|notimestamps|>"),
        prev_sot_token_id=at("<|startofprev|>"),
        return_timestamps=False,
        alignment_heads=[[0, 0], [1, 1]],
        max_initial_timestamp_index=50,
        suppress_tokens=list(range(end, len(words))),  # letters only, or chance would write time stamps
    )
    network.save_pretrained(folder)
    WhisperProcessor(WhisperFeatureExtractor(feature_size=80), words).save_pretrained(folder)
    return folder


def test_transformers_whisper_writes_words_with_times(whisper: Path) -> None:
    from keyart.models.hub import hub_model

    network, processor = hub_model(str(whisper), "AutoModelForSpeechSeq2Seq")
    piece = Utterance(5.0, voice(3.0))
    phrase = _phrase(network, processor, piece, "ru", 24)
    assert phrase.text and phrase.words and (phrase.start, phrase.end) == (5.0, 8.0)
    assert re.sub(r"\s", "", phrase.text) == re.sub(r"\s", "", "".join(word.text for word in phrase.words))
    assert all(5.0 <= word.start <= word.end <= 8.0 for word in phrase.words)
    assert phrase.log_probability is not None and phrase.log_probability < 0
    assert phrase.no_speech is not None and 0 < phrase.no_speech < 1
    language, sure = _detected(network, processor, [piece])
    assert language in LANGUAGES and 0.5 <= sure <= 1
    assert _phrase(network, processor, piece, "ru", 24) == phrase


def test_transformers_whisper_as_a_recogniser(whisper: Path) -> None:
    recogniser = Whisper(model=str(whisper), max_tokens=24)
    assert not recogniser.missing()
    heard = recogniser([Utterance(0.0, voice(2.0)), Utterance(40.0, voice(33.0, 1))], "ru")
    assert heard.models == (whisper.name,) and heard.why
    assert recogniser([Utterance(0.0, voice(2.0)), Utterance(40.0, voice(33.0, 1))], "ru") == heard
    assert recogniser([Utterance(0.0, voice(2.0))]).language in LANGUAGES
    assert not recogniser([]).trusted


@pytest.fixture(scope="module")
def converted(whisper: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network as faster-whisper takes it."""
    pytest.importorskip("faster_whisper")
    from ctranslate2.converters import TransformersConverter

    folder = tmp_path_factory.mktemp("converted")
    files = ["tokenizer.json", "preprocessor_config.json"]
    present = [name for name in files if (whisper / name).is_file()]
    TransformersConverter(str(whisper), copy_files=present).convert(str(folder), force=True)
    return folder


def test_faster_whisper_loads_and_answers(converted: Path) -> None:
    recogniser = FasterWhisper(model=str(converted), beams=1, max_tokens=24)
    assert not recogniser.missing()
    piece = Utterance(3.0, voice(2.0))
    # CTranslate2 takes a vocabulary as small as this one for an English model's
    with pytest.raises(BadModel, match="English only"):
        recogniser([piece], "ru")
    heard = recogniser([piece], "en")
    assert heard.models == (converted.name,) and heard.why
    assert all(3.0 <= cue.start <= cue.end <= 5.001 for cue in heard.cues)
    assert recogniser([piece]).language == "en"


def test_faster_whisper_fetches_no_tokenizer(converted: Path, tmp_path: Path) -> None:
    for name in ("model.bin", "config.json"):
        (tmp_path / name).write_bytes((converted / name).read_bytes())
    with pytest.raises(BadModel, match=r"tokenizer\.json is not in it"):
        FasterWhisper(model=str(tmp_path))([Utterance(0.0, voice(1.0))], "ru")


LETTERS = ["▁", *map(chr, range(ord("а"), ord("а") + 32)), "<blk>"]


@pytest.fixture
def gigaam(tmp_path: Path) -> Path:
    """A network in GigaAM's dress that says 'кот спит' whatever it hears, a letter every eighth of a second."""
    pytest.importorskip("onnx_asr")
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    said = [LETTERS.index(one) for one in "кот▁спит"]
    steps = np.full(400, LETTERS.index("<blk>"))
    steps[3 : 3 + 3 * len(said) : 3] = said
    logs = np.full((1, len(steps), len(LETTERS)), -8.0, np.float32)
    logs[0, np.arange(len(steps)), steps] = -0.05
    nodes = [
        helper.make_node("Shape", ["features"], ["shape"]),
        helper.make_node("Gather", ["shape", "two"], ["frames"], axis=0),
        helper.make_node("Add", ["frames", "three"], ["more"]),
        helper.make_node("Div", ["more", "four"], ["length"]),
        helper.make_node("Slice", ["said", "zero", "length", "one"], ["log_probs"]),
    ]
    numbers = {"two": 2, "three": 3, "four": 4, "zero": 0, "one": 1}
    constants = [numpy_helper.from_array(np.array([value], np.int64), name) for name, value in numbers.items()]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, 64, "frames_in"]),
            helper.make_tensor_value_info("feature_lengths", TensorProto.INT64, [1]),
        ],
        [helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, [1, "steps", len(LETTERS)])],
        [*constants, numpy_helper.from_array(logs, "said")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(tmp_path / "v3_ctc.onnx"))
    lines = "".join(f"{letter} {place}\n" for place, letter in enumerate(LETTERS))
    (tmp_path / "v3_vocab.txt").write_text(lines, "utf-8")
    return tmp_path


def test_gigaam_reads_a_folder(gigaam: Path) -> None:
    recogniser = GigaAM(model=str(gigaam))
    assert not recogniser.missing() and kind_of(gigaam) == ("gigaam-v3-ctc", None)
    heard = recogniser([Utterance(10.0, voice(2.0)), Utterance(20.0, voice(2.0))])
    assert heard.trusted, heard.why
    assert [cue.text for cue in heard.cues] == ["Кот спит.", "Кот спит."], "points and capitals are restored"
    first = heard.cues[0].words
    assert [word.text for word in first] == ["кот", "спит"]
    assert 10.0 < first[0].start < first[0].end <= first[1].start < first[1].end < 11.5
    assert heard.models == (gigaam.name,) and "gigaam" in heard.why


def test_a_folder_without_gigaam(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=r"v3_e2e_ctc\.onnx"):
        kind_of(tmp_path)


@pytest.mark.parametrize("name", ["gigaam", "faster-whisper", "whisper"])
def test_a_model_that_is_not_here(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    recogniser = RECOGNISERS[name]()
    assert "keyart models pull" in recogniser.missing()
    with pytest.raises(MissingModel):
        recogniser([Utterance(0.0, voice(1.0))], "ru")
