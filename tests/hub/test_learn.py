"""Training on a tiny model: it learns a rule, and an interrupted run ends where an unbroken one does."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from keyart.errors import BadModel, BadSetting  # noqa: E402
from keyart.learn import headlines  # noqa: E402
from keyart.learn.data import BadData, Pair, in_group, read_pairs, split  # noqa: E402
from keyart.learn.headlines import LearnHeadlines, load  # noqa: E402
from keyart.learn.metrics import bert_score  # noqa: E402
from keyart.titles.t5 import T5Writer  # noqa: E402
from tests.hub import tiny  # noqa: E402

WHO, DOES, WHAT = (
    ["кот", "повар", "сосед", "врач"],
    ["варит", "ищет", "моет", "видит"],
    ["борщ", "лодку", "окно", "снег"],
)
FILLERS = ["и", "долго", "потом", "снова", "тут", "никак"]
WORDS = [*WHO, *DOES, *WHAT, *FILLERS]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Networks so small only lose by a second one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pairs(count: int) -> list[Pair]:
    """Texts of who does what, and something after it; the headline is the first three words."""
    rng = random.Random(0)
    told = ([rng.choice(WHO), rng.choice(DOES), rng.choice(WHAT)] for _ in range(count))
    return [Pair(" ".join([*one, *rng.choices(FILLERS, k=4)]), " ".join(one)) for one in told]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.t5(tmp_path_factory.mktemp("base"), WORDS)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "news.jsonl"
    rows = ({"title": pair.title, "text": pair.text} for pair in pairs(200))
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def recipe(data: Path, base: Path, out: Path, **settings: Any) -> LearnHeadlines:
    usual: dict[str, Any] = {
        "epochs": 2, "batch": 16, "learning_rate": 1e-2, "max_tokens": 8, "beams": 1, "validation_pairs": 8,
        "test_pairs": 8, "language": "xx",
    }  # fmt: skip
    return LearnHeadlines(data, str(base), out, **(usual | settings))


def silent(_: str) -> None:
    pass


def test_headlines_of_unseen_texts_become_better(data: Path, base: Path, tmp_path: Path) -> None:
    made = recipe(data, base, tmp_path / "out", epochs=5, test_pairs=0)
    facts = made(silent)
    corpus = read_pairs(data)
    held = split(in_group(corpus.pairs, "all", [1] * len(corpus.pairs), "tokens"), 0).test
    before = made.evaluate(*load(str(base)), held)
    assert facts["pairs"] == {"train": 140, "validation": 30, "test": 30}
    assert len(facts["epochs"]) == 5 and facts["epochs"][-1]["loss"] < facts["epochs"][0]["loss"] / 2
    assert facts["test"]["rouge_1"] > before.rouge_1 + 0.4
    assert facts["test"]["rouge_l"] > before.rouge_l + 0.3
    assert facts["test"]["perplexity"] < (before.perplexity or 0) / 5
    assert json.loads((tmp_path / "out" / "headlines.json").read_text("utf-8")) == facts
    assert str(tmp_path) not in json.dumps(facts)
    # and the title room writes with it
    writer = T5Writer(str(tmp_path / "out" / "weights"), penalties=(1.0,), max_tokens=8)
    assert writer("врач моет окно потом и снова тут", "ru") == ("Врач моет окно",)


def weights(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).state_dict()
    return found


@pytest.mark.parametrize("at", [5, 9, 14])
def test_a_run_taken_up_again_equals_an_unbroken_one(
    at: int, data: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 9 steps an epoch, a checkpoint every 4: killed within an epoch, right after one, within the next
    whole = recipe(data, base, tmp_path / "whole", checkpoint_steps=4)(silent)
    steps = 0
    real = torch.optim.AdamW.step

    def dying(self: Any, *args: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps > at:
            raise KeyboardInterrupt
        return real(self, *args)

    broken = recipe(data, base, tmp_path / "broken", checkpoint_steps=4)
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", dying)
        with pytest.raises(KeyboardInterrupt):
            broken(silent)
    torch.manual_seed(123)  # another process begins with another state
    lines: list[str] = []
    assert broken(lines.append) == whole
    assert any("going on after" in line for line in lines)
    left, right = weights(tmp_path / "whole" / "weights"), weights(tmp_path / "broken" / "weights")
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_more_epochs_go_on_from_a_finished_run(data: Path, base: Path, tmp_path: Path) -> None:
    short = recipe(data, base, tmp_path / "a", epochs=1)
    short(silent)
    longer = dataclasses.replace(short, epochs=2)(silent)
    assert longer["epochs"] == recipe(data, base, tmp_path / "b", epochs=2)(silent)["epochs"]


def test_the_seed_decides(data: Path, base: Path, tmp_path: Path) -> None:
    found = [
        recipe(data, base, tmp_path / name, epochs=1, seed=seed)(silent)["epochs"]
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    assert found[0] == found[1] != found[2]


def test_a_checkpoint_of_other_settings_is_refused(data: Path, base: Path, tmp_path: Path) -> None:
    recipe(data, base, tmp_path / "out", epochs=1)(silent)
    with pytest.raises(BadSetting, match="other settings or data"):
        recipe(data, base, tmp_path / "out", epochs=1, batch=4)(silent)
    (tmp_path / "out" / headlines.CHECKPOINT).write_bytes(b"rubbish")
    with pytest.raises(BadSetting, match="cannot be read"):
        recipe(data, base, tmp_path / "out", epochs=1)(silent)


def test_groups_by_length(data: Path, base: Path, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"--length-unit characters"):
        recipe(data, base, tmp_path / "out", group="long")(silent)


def test_a_base_that_is_none(data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadModel, match="no text-to-text model"):
        recipe(data, tmp_path / "empty", tmp_path / "out")(silent)


def test_bert_score(tmp_path: Path) -> None:
    folder = str(tiny.encoder(tmp_path))
    assert bert_score(["кот на столе"], ["кот на столе"], folder) == pytest.approx(1.0, abs=1e-5)
    near = bert_score(["кот на столе"], ["кот на стуле"], folder)
    far = bert_score(["кот на столе"], ["the quick brown fox"], folder)
    assert far < near < 1
    # padding to the longest of a batch changes nothing
    both = bert_score(["кот", "кот на столе"], ["борщ", "кот на стуле"], folder)
    assert both == pytest.approx((bert_score(["кот"], ["борщ"], folder) + near) / 2, abs=1e-5)
