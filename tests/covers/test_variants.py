"""Variants as products: what is made, where it lies, what its receipt says, what is skipped and why."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keyart.covers import variants
from keyart.covers.backgrounds import BACKGROUNDS
from keyart.covers.backgrounds.diffusion import PROMPTS, Diffused, Prompt, drawn_size, object_of, prompt_of
from keyart.covers.looks import LOOKS
from keyart.covers.matte import Matte
from keyart.covers.palette import Palette
from keyart.covers.variants import MakeVariants
from keyart.errors import BadSetting, MissingModel
from keyart.media.images import read_receipt
from keyart.types import RGB, Box, Headline, Still, VideoInfo
from tests.covers.conftest import headline, scenery, with_face

Maker = Callable[..., Still]
FACE = Box(130, 30, 50, 60)


class MakeCut:
    """Stands in for the matting: the still's middle, where it has a face."""

    softness = 0.0

    def __call__(self, image: RGB, faces: Sequence[Box] = ()) -> Matte | None:
        if not faces:
            return None
        alpha = np.zeros(image.shape[:2], np.float32)
        alpha[20:, 90:220] = 1
        alpha[20:120, 90:220] -= self.softness
        return Matte(alpha, image, "by hand", ("selfie-segmentation",), "person")


@pytest.fixture
def still(make_still: Maker, monkeypatch: pytest.MonkeyPatch) -> Still:
    monkeypatch.setattr(variants, "MakeMatte", MakeCut)
    return make_still(with_face(scenery(320, 180), FACE), FACE)


def test_three_looks_and_three_backgrounds_of_each_still(info: VideoInfo, still: Still, make_still: Maker) -> None:
    second = make_still(with_face(scenery(320, 180, seed=2), FACE), FACE, rank=2)
    outcome = MakeVariants()(info, [still, second])
    assert outcome.status == "ok" and outcome.models == ("selfie-segmentation",)
    assert [product.path for product in outcome.value if "still_02" in product.path] == [
        "covers/variants/still_02_painted.jpg",
        "covers/variants/still_02_anime.jpg",
        "covers/variants/still_02_cinematic.jpg",
        "covers/variants/still_02_on_golden_fog.jpg",
        "covers/variants/still_02_on_soft_halo.jpg",
        "covers/variants/still_02_on_neon_embers.jpg",
    ]
    assert len(outcome.value) == 12
    assert len({product.data for product in outcome.value}) == 12


def test_a_product_carries_its_receipt(info: VideoInfo, still: Still, tmp_path: Path) -> None:
    outcome = MakeVariants(looks=("comic",), backgrounds=("halftone",), seed=3)(info, [still])
    look, staged = outcome.value
    assert look.receipt.facts["look"] == "comic" and look.kind == "variant"
    path = tmp_path / "one.jpg"
    path.write_bytes(staged.data)
    found = read_receipt(path)
    assert found["product"] == staged.path == "covers/variants/still_01_on_halftone.jpg"
    assert (found["background"], found["matte"], found["subject"], found["seed"]) == (
        "halftone",
        "by hand",
        "person",
        3,
    )
    assert (found["seconds"], found["still_rank"], found["size"]) == (2.0, 1, [320, 180])
    json.dumps(found)
    assert Image.open(io.BytesIO(look.data)).size == (320, 180)


def test_the_best_stills_only(info: VideoInfo, still: Still, make_still: Maker) -> None:
    others = [make_still(scenery(160, 90, seed=rank), rank=rank) for rank in (2, 3)]
    outcome = MakeVariants(looks=("cinematic",), backgrounds=(), count=2)(info, [still, *others])
    assert [product.receipt.facts["still_rank"] for product in outcome.value] == [1, 2]


def test_where_nobody_stands_out_the_reason_is_given(info: VideoInfo, still: Still, make_still: Maker) -> None:
    empty = make_still(scenery(320, 180), rank=2)
    outcome = MakeVariants(looks=("duotone",), backgrounds=("studio_sweep",))(info, [still, empty])
    assert outcome.status == "degraded" and outcome.reason.startswith("still 2: nothing stands out clearly")
    assert [product.path.rsplit("/", 1)[1] for product in outcome.value] == [
        "still_01_duotone.jpg",
        "still_01_on_studio_sweep.jpg",
        "still_02_duotone.jpg",
    ]


def test_a_figure_with_blotches_for_an_edge_is_not_used(
    info: VideoInfo, still: Still, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MakeCut, "softness", 0.4)
    outcome = MakeVariants(looks=(), backgrounds=("studio_sweep",))(info, [still])
    assert outcome.value == () and "nothing stands out clearly" in outcome.reason


def test_no_still_is_skipped_with_the_reason(info: VideoInfo) -> None:
    outcome = MakeVariants()(info, [])
    assert (outcome.value, outcome.status) == ((), "skipped") and "no still" in outcome.reason


def test_the_same_bytes_twice_and_others_for_another_seed(info: VideoInfo, still: Still) -> None:
    def data(seed: int) -> list[bytes]:
        made = MakeVariants(looks=("painted",), backgrounds=("neon_embers",), seed=seed)(info, [still])
        return [product.data for product in made.value]

    assert data(1) == data(1)
    assert all(one != other for one, other in zip(data(1), data(2), strict=True))


def test_defaults_are_the_first_three_of_the_registries() -> None:
    assert MakeVariants().looks == tuple(LOOKS)[:3]
    assert MakeVariants().backgrounds == tuple(BACKGROUNDS)[:3] == tuple(PROMPTS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"looks": ("sepia",)}, "no look is called 'sepia'; there are: painted"),
        ({"backgrounds": ("beach",)}, "no background is called 'beach'"),
        ({"backgrounds": ("halftone",), "engine": "sd3"}, "there are: golden_fog, soft_halo, neon_embers"),
        ({"count": 0}, "variants of 0 stills"),
    ],
)
def test_settings_are_checked(settings: dict[str, object], said: str) -> None:
    with pytest.raises(BadSetting, match=said):
        MakeVariants(**settings)  # type: ignore[arg-type]


# --- the hub tier, as far as it goes without it ---------------------------------------------------------------------


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("KEYART_LICENCE", raising=False)


@pytest.mark.usefixtures("bare")
def test_a_named_engine_or_generator_that_is_missing_says_the_cure(info: VideoInfo, still: Still) -> None:
    with pytest.raises(MissingModel, match="keyart models pull animegan-v2"):
        MakeVariants(looks=("animegan-v2",), backgrounds=())(info, [still])
    with pytest.raises(MissingModel, match="keyart models pull sd3-medium"):
        MakeVariants(looks=(), engine="sd3", prompt="cat")(info, [still])


def test_sd3_grounds_carry_prompt_and_licence(info: VideoInfo, still: Still, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(self: Diffused, width: int, height: int, image: RGB, palette: Palette, seed: int) -> RGB:
        return np.full((height, width, 3), 30, np.uint8)

    monkeypatch.setattr(Diffused, "__call__", drawn)
    maker = MakeVariants(looks=(), backgrounds=("golden_fog",), engine="sd3")
    outcome = maker(info, [still], [headline("A man walks along the river", "en")])
    (product,) = outcome.value
    assert product.receipt.facts["prompt"].startswith("a man walk, with a golden glow, black background")
    assert product.receipt.facts["licence"] == "Stability AI Community Licence"
    assert "sd3-medium" in outcome.models
    alone = maker(info, [still])
    assert alone.status == "degraded" and "no headline" in alone.reason
    typed = MakeVariants(looks=(), backgrounds=("golden_fog",), engine="sd3", prompt="tea bowl")(info, [still])
    assert typed.status == "ok" and typed.value[0].receipt.facts["prompt"].startswith("a tea bowl, with")


def test_the_prompts_are_the_thesis() -> None:
    assert prompt_of("neon_embers", " The cat ") == (
        "a cat, illuminated by neon backlight, surrounded by drifting ember-like particles and faint lens flares, "
        "on a dark gradient backdrop"
    )
    with pytest.raises(BadSetting, match="no prompt is called 'beach'"):
        prompt_of("beach", "cat")


def test_a_russian_prompt_without_a_translator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from keyart.covers.backgrounds import diffusion
    from keyart.titles.subject import Pair

    monkeypatch.setattr(diffusion, "have", lambda name: False)
    monkeypatch.setattr(diffusion, "subject_and_verb", lambda text, language: Pair("человек", "сидеть"))
    found = object_of(Headline("Человек сидит у реки", "ru", 0, 1, "", True, 1.0, "transcript"))
    assert found.text == "человек сидеть" and "keyart models pull opus-mt-ru-en" in found.notes[0]
    monkeypatch.setattr(diffusion, "subject_and_verb", lambda text, language: None)
    assert object_of(headline("Wow", "en")) == Prompt("Wow")


def test_sd3_draws_near_its_own_area_in_its_own_steps() -> None:
    assert drawn_size(1280, 720, 1024 * 1024) == (1344, 768)
    assert drawn_size(1080, 1920, 1024 * 1024) == (768, 1344)
    with pytest.raises(BadSetting, match="allowed are 1 to 200"):
        Diffused("x", steps=0)
