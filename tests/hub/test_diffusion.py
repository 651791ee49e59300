"""SD3 backgrounds through the pipelines' ordinary loading path, on a tiny random model made here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
transformers = pytest.importorskip("transformers")

from keyart.covers.backgrounds import diffusion  # noqa: E402
from keyart.covers.backgrounds.diffusion import Diffused, object_of, prompt_of, translated  # noqa: E402
from keyart.covers.palette import palette_of  # noqa: E402
from keyart.errors import MissingModel  # noqa: E402
from keyart.types import Headline  # noqa: E402
from tests.covers.conftest import scenery  # noqa: E402

WORDS = ["summarize: a man cooks soup", "a photo of a cat on the table", "привет мир это короткий ролик про суп"] * 20


def byte_alphabet() -> list[str]:
    """The printable stand-ins of the 256 bytes, as byte-level tokenizers name them."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(byte) if byte in shown else chr(next(spare)) for byte in range(256)]


def clip_tokenizer() -> Any:
    letters = byte_alphabet()
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocab = {word: number for number, word in enumerate(words)}
    return transformers.CLIPTokenizer(vocab=vocab, merges=[], model_max_length=77)


def t5_tokenizer(folder: Path) -> Any:
    import sentencepiece

    text = folder / "text.txt"
    text.write_text("\n".join(WORDS), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "spiece"), vocab_size=120, hard_vocab_limit=False, minloglevel=2,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
    )  # fmt: skip
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spiece.model"))
    vocab = [(pieces.id_to_piece(at), pieces.get_score(at)) for at in range(len(pieces))]
    return transformers.T5Tokenizer(vocab=vocab, extra_ids=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sd3")
    torch.manual_seed(0)
    clip, t5 = clip_tokenizer(), t5_tokenizer(place)
    text = transformers.CLIPTextConfig(
        vocab_size=len(clip), hidden_size=32, intermediate_size=37, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=77, projection_dim=32, bos_token_id=clip.bos_token_id, eos_token_id=clip.eos_token_id,
        pad_token_id=clip.pad_token_id,
    )  # fmt: skip
    encoders = [transformers.CLIPTextModelWithProjection(text).eval() for _ in range(2)]
    long = transformers.T5EncoderModel(
        transformers.T5Config(vocab_size=len(t5) + 8, d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=4)
    ).eval()
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=32, patch_size=1, in_channels=4, num_layers=1, attention_head_dim=8, num_attention_heads=4,
        joint_attention_dim=32, caption_projection_dim=32, pooled_projection_dim=64, out_channels=4,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        sample_size=32, in_channels=3, out_channels=3, block_out_channels=(4,), layers_per_block=1, latent_channels=4,
        norm_num_groups=1, use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.06, scaling_factor=1.5,
    )  # fmt: skip
    pipeline = diffusers.StableDiffusion3Pipeline(
        transformer=transformer, scheduler=diffusers.FlowMatchEulerDiscreteScheduler(), vae=vae,
        text_encoder=encoders[0], tokenizer=clip, text_encoder_2=encoders[1], tokenizer_2=clip,
        text_encoder_3=long, tokenizer_3=t5,
    )  # fmt: skip
    pipeline.save_pretrained(place / "model")
    return place / "model"


def tiny(folder: Path, mode: diffusion.Mode = "text", **settings: Any) -> Diffused:
    prompt = prompt_of("golden_fog", "cat sitting")
    return Diffused(prompt, mode=mode, model=str(folder), steps=2, area_px=48 * 32, **settings)


@pytest.mark.parametrize("mode", ["text", "image"])
def test_a_picture_of_the_wanted_size_by_seed(folder: Path, mode: diffusion.Mode) -> None:
    still = scenery(96, 64)
    draw = tiny(folder, mode)
    first, again, other = (draw(96, 64, still, palette_of(still), seed) for seed in (1, 1, 2))
    assert first.shape == (64, 96, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_with_image_the_still_is_what_is_drawn_over(folder: Path) -> None:
    dark, light = np.zeros((64, 96, 3), np.uint8), np.full((64, 96, 3), 255, np.uint8)
    draw = tiny(folder, "image", strength=0.5)
    assert not np.array_equal(draw(96, 64, dark, palette_of(dark), 1), draw(96, 64, light, palette_of(light), 1))


def test_the_pipeline_is_asked_as_the_thesis_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    class Spy:
        def __call__(self, **wanted: Any) -> Any:
            asked.update(wanted)
            raise InterruptedError

    monkeypatch.setattr(diffusion, "_pipeline", lambda *_: Spy())
    still = scenery(96, 64)
    with pytest.raises(InterruptedError):
        Diffused(prompt_of("soft_halo", "tea ceremony"), model=str(folder))(1280, 720, still, palette_of(still), 7)
    assert asked["prompt"].startswith("a tea ceremony, with a soft halo of ambient light")
    assert asked["negative_prompt"] == "no objects touching edge, no border artifacts"
    assert (asked["guidance_scale"], asked["num_inference_steps"]) == (10.0, 40)
    assert asked["generator"].initial_seed() == 7
    assert (asked["width"], asked["height"]) == (1344, 768)


def test_missing_weights_name_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    still = scenery(96, 64)
    with pytest.raises(MissingModel, match="keyart models pull sd3-medium"):
        Diffused("a cat")(96, 64, still, palette_of(still), 0)


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random translator in the layout of opus-mt-ru-en."""
    import json

    import sentencepiece

    place = tmp_path_factory.mktemp("marian")
    text = place / "text.txt"
    text.write_text("\n".join(WORDS), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(place / "source"), vocab_size=120, hard_vocab_limit=False, minloglevel=2
    )
    (place / "target.spm").write_bytes((place / "source.model").read_bytes())
    (place / "source.model").rename(place / "source.spm")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(place / "source.spm"))
    names = ["</s>", "<unk>", *(pieces.id_to_piece(at) for at in range(3, len(pieces))), "<pad>"]
    (place / "vocab.json").write_text(json.dumps({name: at for at, name in enumerate(names)}), encoding="utf-8")
    tokenizer = transformers.MarianTokenizer(
        source_spm=str(place / "source.spm"), target_spm=str(place / "target.spm"), vocab=str(place / "vocab.json")
    )
    torch.manual_seed(0)
    config = transformers.MarianConfig(
        vocab_size=len(names), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, pad_token_id=len(names) - 1, eos_token_id=0,
        decoder_start_token_id=len(names) - 1, forced_eos_token_id=0, max_position_embeddings=64,
    )  # fmt: skip
    network = transformers.MarianMTModel(config)
    tokenizer.save_pretrained(place / "model")
    network.save_pretrained(place / "model")
    return place / "model"


def test_a_russian_pair_goes_through_the_translator(marian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert translated("человек сидеть", str(marian)) == translated("человек сидеть", str(marian))
    monkeypatch.setattr(diffusion, "have", lambda name: True)
    monkeypatch.setattr(diffusion, "model_folder", lambda name: marian)
    headline = Headline("Man sits by the river", "en", 0, 1, "", True, 1.0, "transcript")
    assert object_of(headline).models == (), "English needs no translator"
    if os.environ.get("KEYART_MODELS"):  # the Russian parser's models
        found = object_of(Headline("Человек сидит у реки", "ru", 0, 1, "", True, 1.0, "transcript"))
        assert found.models == ("opus-mt-ru-en",) and not found.notes
