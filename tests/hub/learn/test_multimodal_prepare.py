"""From a video to what the fusion learns from; the seed's encoders on tiny random weights, saved and loaded again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from keyart.errors import BadModel, BadSetting, MissingFile, MissingModel  # noqa: E402
from keyart.learn.data import BadData  # noqa: E402
from keyart.learn.multimodal import prepare  # noqa: E402
from keyart.learn.multimodal.encoders import (  # noqa: E402
    ClassicalPictures,
    ElectraWords,
    OwnSounds,
    OwnWords,
    VggPictures,
    encoders_for,
    load_vgg16,
)
from keyart.learn.multimodal.prepare import Best, PrepareMultimodal, read_list  # noqa: E402
from keyart.learn.multimodal.sounds import (  # noqa: E402
    LearnSounds,
    fit_sounds,
    load_sounds,
    mel_filters,
    patches_of,
    right_triplets,
    save_sounds,
    sound_rows,
    triplets_of,
)
from keyart.learn.multimodal.sounds_net import SoundNet, triplet_loss  # noqa: E402
from keyart.learn.multimodal.values import read_video, read_videos  # noqa: E402
from keyart.learn.multimodal.vgg_net import VGG16  # noqa: E402
from keyart.media.encode import write_mp4  # noqa: E402
from tests.hub import tiny  # noqa: E402

HERE = Path()


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- VGG16 ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VGG16 of 2 filters and 12 neurons under the published names."""
    torch.manual_seed(0)
    path: Path = tmp_path_factory.mktemp("vgg") / "vgg16.pth"
    torch.save(VGG16(2, 12, 5).state_dict(), path)
    return path


def test_vgg16_has_the_published_names_and_sizes() -> None:
    with torch.device("meta"):
        shapes = {name: tuple(one.shape) for name, one in VGG16().state_dict().items()}
    filters = {
        0: 64,
        2: 64,
        5: 128,
        7: 128,
        10: 256,
        12: 256,
        14: 256,
        17: 512,
        19: 512,
        21: 512,
        24: 512,
        26: 512,
        28: 512,
    }
    inputs = 3
    for place, outputs in filters.items():
        assert shapes.pop(f"features.{place}.weight") == (outputs, inputs, 3, 3)
        assert shapes.pop(f"features.{place}.bias") == (outputs,)
        inputs = outputs
    assert shapes == {
        "classifier.0.weight": (4096, 25088), "classifier.0.bias": (4096,),
        "classifier.3.weight": (4096, 4096), "classifier.3.bias": (4096,),
        "classifier.6.weight": (1000, 4096), "classifier.6.bias": (1000,),
    }  # fmt: skip


def test_fc7_is_what_the_second_linear_layer_says_rectified(vgg: Path) -> None:
    network = load_vgg16(vgg)
    pixels = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        rows, logits = network.embed(pixels), network(pixels)
        head = network.classifier[6]
        assert torch.allclose(logits, rows @ head.weight.T + head.bias, atol=1e-6)
        before = network.classifier[:4](network.avgpool(network.features(pixels)).flatten(1))
        assert torch.equal(rows, before.clamp(min=0))
    assert rows.shape == (2, 12)


def test_pictures_become_rows_as_imagenets_were_normalised(vgg: Path) -> None:
    network = load_vgg16(vgg)
    encoder = VggPictures(network)
    chance = np.random.default_rng(0)
    wide = chance.integers(0, 256, (256, 400, 3)).astype(np.uint8)
    ready = encoder.ready(wide)
    assert np.array_equal(ready, wide[16:240, 88:312])
    assert encoder.ready(wide[:50, :30]).shape == (224, 224, 3)
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    pixels = torch.from_numpy(((ready / 255 - mean) / deviation).transpose(2, 0, 1)[None].astype(np.float32))
    with torch.no_grad():
        assert np.allclose(encoder.rows([ready]), network.embed(pixels).numpy(), atol=1e-5)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_other_weights_are_refused_by_name(vgg: Path, tmp_path: Path, suffix: str) -> None:
    from safetensors.torch import save_file

    state = torch.load(vgg, weights_only=True)

    def saved(change: dict[str, Any], without: tuple[str, ...] = ()) -> Path:
        path = tmp_path / f"changed{suffix}"
        whole = {name: one for name, one in (state | change).items() if name not in without}
        torch.save(whole, path) if suffix == ".pth" else save_file(whole, path)
        return path

    assert torch.equal(load_vgg16(saved({})).features[0].weight, state["features.0.weight"])
    with pytest.raises(BadModel, match=r"no classifier\.6\.weight; it holds: "):
        load_vgg16(saved({}, ("classifier.6.weight",)))
    with pytest.raises(BadModel, match=r"features\.28\.bias is missing"):
        load_vgg16(saved({}, ("features.28.bias",)))
    with pytest.raises(BadModel, match=r"features\.5\.weight is \(1, 2\), not \(4, 2, 3, 3\)"):
        load_vgg16(saved({"features.5.weight": torch.zeros(1, 2)}))
    with pytest.raises(BadModel, match=r"features\.1\.weight is unknown"):
        load_vgg16(saved({"features.1.weight": torch.zeros(2)}))  # that of the form with batch norms
    (tmp_path / f"changed{suffix}").write_bytes(b"nothing")
    with pytest.raises(BadModel, match="no file of weights"):
        load_vgg16(tmp_path / f"changed{suffix}")
    with pytest.raises(MissingFile):
        load_vgg16(tmp_path / f"nowhere{suffix}")


# --- ELECTRA -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def electra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("electra")
    words = tiny.tokenizer()
    config = transformers.ElectraConfig(
        vocab_size=len(words), embedding_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=tiny.LENGTH, pad_token_id=words.pad_token_id,
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.ElectraModel(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def test_electra_makes_a_row_of_its_first_token_or_of_all(electra: Path) -> None:
    network = transformers.ElectraModel.from_pretrained(electra).eval()
    tokens = tiny.tokenizer()(["кот на столе"], return_tensors="pt")
    with torch.no_grad():
        hidden = network(input_ids=tokens["input_ids"]).last_hidden_state[0].numpy()
    assert np.allclose(ElectraWords(str(electra)).row("кот на столе", "ru"), hidden[0], atol=1e-5)
    assert np.allclose(ElectraWords(str(electra), "mean").row("кот на столе", "ru"), hidden.mean(axis=0), atol=1e-5)
    assert not ElectraWords(str(electra)).row(" ", "ru").any()
    assert ElectraWords(str(electra)).row("кот " * 200, "ru").shape == (16,)


def test_a_model_that_is_no_electra_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingModel):
        ElectraWords("nowhere").row("кот", "ru")
    with pytest.raises(BadModel, match="type 'bert'"):
        ElectraWords(str(tiny.encoder(tmp_path / "bert"))).row("кот", "ru")
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BadModel, match="model_type"):
        ElectraWords(str(tmp_path)).row("кот", "ru")


# --- the stand-in for TRILL ----------------------------------------------------------------------------------------


def tone(hertz: float, seconds: float) -> Any:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(16_000 * seconds)) / 16_000)).astype(np.float32)


def test_a_tone_is_loud_in_the_band_that_holds_it() -> None:
    filters = mel_filters()
    assert filters.shape == (64, 257) and (filters >= 0).all() and (filters.sum(axis=1) > 0).all()
    for hertz in (440.0, 2000.0, 6000.0):
        patch = patches_of(tone(hertz, 0.96))[0]
        mel = 1127 * np.log1p(np.array([125.0, hertz, 7500.0]) / 700)
        band = (mel[1] - mel[0]) / (mel[2] - mel[0]) * 65 - 1
        assert abs(int(patch[10:80].mean(axis=0).argmax()) - band) <= 1.0
    assert patches_of(tone(440, 2.0)).shape == (3, 96, 64)
    assert patches_of(np.zeros(0, np.float32)).shape == (0, 96, 64)
    assert np.allclose(patches_of(np.zeros(100, np.float32)), np.log(0.01))


def test_the_triplet_loss_by_hand() -> None:
    anchor, positive = torch.tensor([[2.0, 0.0], [1.0, 0.0]]), torch.tensor([[0.0, 3.0], [1.0, 0.0]])
    negative = torch.tensor([[1.0, 1.0], [-1.0, 0.0]])
    first = 2.0 - (2 - 2**0.5) + 0.1
    assert float(triplet_loss(anchor, positive, negative, 0.1)) == pytest.approx((first + 0.0) / 2, abs=1e-5)


def test_the_stand_in_tells_recordings_apart(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)

    def clip(seed: int) -> Any:
        """Two tones of its own, louder and softer."""
        own = np.random.default_rng(seed).uniform(200, 3000, 2)
        sound = sum(tone(hertz, 4.0) * chance.uniform(0.3, 1, 64_000) for hertz in own)
        return patches_of(np.asarray(sound + chance.normal(0, 0.02, 64_000), np.float32))

    clips, held = [clip(one) for one in range(8)], [clip(one) for one in range(90, 98)]
    recipe = LearnSounds(HERE, HERE, filters=4, epochs=8, batch=8, learning_rate=3e-3)
    found = triplets_of(clips, 1, np.random.default_rng(0))
    assert len(found) == sum(map(len, clips))
    network, history = fit_sounds(clips, recipe)
    assert history[-1].training["loss"] < history[0].training["loss"]
    assert right_triplets(network, held, recipe) > 0.75
    save_sounds(tmp_path / "sounds.pt", network, 4)
    rows = sound_rows(load_sounds(tmp_path / "sounds.pt"), clips[0])
    assert rows.shape == (len(clips[0]), 512)
    assert np.allclose(rows, sound_rows(network, clips[0]), atol=1e-6)
    assert all(one.grad is not None for one in network.parameters())
    with pytest.raises(BadModel, match="stand-in"):
        torch.save({"filters": 4, "weights": {}}, tmp_path / "sounds.pt")
        load_sounds(tmp_path / "sounds.pt")


def test_a_folder_of_recordings_becomes_weights(tmp_path: Path) -> None:
    import wave

    (tmp_path / "data").mkdir()
    for number in range(6):
        with wave.open(str(tmp_path / "data" / f"{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes((tone(300.0 * (number + 1), 4.0) * 32_000).astype("<i2").tobytes())
    (tmp_path / "data" / "notes.txt").write_text("no sound", encoding="utf-8")
    recipe = LearnSounds(tmp_path / "data", tmp_path / "out", filters=2, epochs=1, batch=8)
    facts = recipe(lambda _: None)
    assert facts["data"]["recordings"] == 6 and facts["stands_in_for"] == "TRILL"
    assert 0 <= facts["test"]["right_triplets"] <= 1
    assert sound_rows(load_sounds(tmp_path / "out" / "sounds.pt"), patches_of(tone(440, 1.0))).shape == (2, 512)
    with pytest.raises(BadData, match="four are wanted"):
        LearnSounds(tmp_path / "out", tmp_path / "again")(lambda _: None)
    with pytest.raises(BadSetting, match="near"):
        LearnSounds(HERE, HERE, near=0)


# --- preparing -----------------------------------------------------------------------------------------------------


class Numbered:
    """Pictures whose row is their first pixel."""

    name = "numbered"

    def ready(self, picture: Any) -> Any:
        return picture

    def rows(self, pictures: Any) -> Any:
        return np.stack([one[0, 0] for one in pictures]).astype(np.float32)


def test_the_best_are_kept_in_the_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "sharpness", lambda shown: [float(one[0, 0, 1]) for one in shown])
    best = Best(5, Numbered())
    chance = np.random.default_rng(0)
    scores = chance.integers(0, 4, 60)  # many are equal: the earlier stays
    for number, score in enumerate(scores):
        best.see(np.full((2, 2, 3), (number, score, 0), np.uint8), number / 10)
        assert len(best._heap) <= 5
    seconds, quality, ready = best.finish()
    order = sorted(sorted(range(60), key=lambda one: (-scores[one], one))[:5])
    assert [int(one[0, 0, 0]) for one in ready] == order
    assert quality.tolist() == [scores[one] for one in order]
    assert np.allclose(seconds, np.array(order) / 10)


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips of 40 frames at 10 a second, one with sound, and their list."""
    folder = tmp_path_factory.mktemp("footage")
    chance = np.random.default_rng(0)
    for name in ("heard", "silent"):
        pictures = [chance.integers(0, 256, (48, 64, 3)).astype(np.uint8) for _ in range(40)]
        sound = tone(440, 4.0) if name == "heard" else None
        path = folder / f"{name}.mp4"
        write_mp4(path, pictures, frames_per_second=10, sound=sound, sample_rate_hz=16_000)
    rows = [
        {"file": "heard.mp4", "title": "A cat", "description": "on the table", "chosen": [1.8]},
        {"file": "silent.mp4", "title": "", "chosen": []},
    ]
    (folder / "videos.jsonl").write_text("\n".join(json.dumps(one) for one in rows), encoding="utf-8")
    return folder


def test_videos_are_prepared_by_what_serves(footage: Path, tmp_path: Path) -> None:
    recipe = PrepareMultimodal(footage, tmp_path / "out")
    facts = recipe(lambda _: None)
    assert facts["test"] == {"videos": 2, "without_chosen_frame": 1}
    one = read_video(tmp_path / "out" / "heard.npz")
    assert np.allclose(one.seconds, [0.0, 0.9, 1.8, 2.7, 3.6], atol=0.02)
    assert one.chosen == (2,)
    assert one.quality.shape == (5,) and one.frames.shape[0] == 5
    assert len(one.audio) >= 4 and one.title.any()
    silent = read_video(tmp_path / "out" / "silent.npz")
    assert silent.audio.shape == (0, one.audio.shape[1]) and not silent.title.any() and silent.chosen == ()
    opened = read_videos(tmp_path / "out")
    assert [video.name for video in opened.videos] == ["heard"]
    assert opened.extractors["frames"] == "stills.classical"
    few = dataclasses.replace(recipe, keep=2, every=3, out=tmp_path / "few")
    few(lambda _: None)
    assert len(read_video(tmp_path / "few" / "silent.npz").frames) == 2
    other = dataclasses.replace(recipe, electra="nowhere")
    with pytest.raises(BadSetting, match="other models"):
        other(lambda _: None)


def test_videos_are_prepared_by_the_seeds_models(footage: Path, tmp_path: Path, vgg: Path, electra: Path) -> None:
    torch.manual_seed(0)
    save_sounds(tmp_path / "sounds.pt", SoundNet(2), 2)
    recipe = PrepareMultimodal(
        footage, tmp_path / "out", vgg16=vgg, electra=str(electra), sounds=tmp_path / "sounds.pt"
    )  # fmt: skip
    facts = recipe(lambda _: None)
    assert facts["features"] == {
        "frames": "vgg16.fc7", "text": "electra.first", "audio": "log-mel + small conv encoder, a stand-in for TRILL",
    }  # fmt: skip
    one = read_video(tmp_path / "out" / "heard.npz")
    assert one.sizes == (12, 512, 32)
    assert len(one.audio) == 5  # 4 s in pieces of 0.96 s


def test_the_default_encoders_are_those_that_serve() -> None:
    assert list(map(type, encoders_for(None, "", None))) == [ClassicalPictures, OwnWords, OwnSounds]


def test_a_broken_list_is_named_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_list(tmp_path)
    for line, said in (
        ("[]", "line 1"), ('{"file": "a.mp4"}', "no file 'a.mp4'"), ('{"file": "../x"}', "in the folder"),
        ('{"file": "videos.jsonl", "chosen": ["x"]}', "list of seconds"),
        ("", "0 videos"),
    ):  # fmt: skip
        (tmp_path / "videos.jsonl").write_text(line, encoding="utf-8")
        with pytest.raises(BadData, match=said):
            read_list(tmp_path)
