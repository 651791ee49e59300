"""The 3D-ResNet: the names and shapes of the published weights, its arithmetic, its loader, a video's shots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from keyart.errors import BadModel, MissingFile  # noqa: E402
from keyart.learn.gif.resnet3d import ResNet3d, load_resnet3d, shot_features  # noqa: E402
from keyart.media.probe import probe  # noqa: E402
from tests.conftest import ClipFactory, Take  # noqa: E402

BLOCKS, WIDTH = (2, 1, 1, 1), 2
PUBLISHED = {
    "conv1.weight": (64, 3, 7, 7, 7),
    "bn1.running_var": (64,),
    "layer1.0.conv1.weight": (64, 64, 1, 1, 1),
    "layer1.0.downsample.0.weight": (256, 64, 1, 1, 1),
    "layer1.0.downsample.1.bias": (256,),
    "layer1.1.conv1.weight": (64, 256, 1, 1, 1),
    "layer2.0.conv2.weight": (128, 128, 3, 3, 3),
    "layer3.5.bn3.weight": (1024,),
    "layer4.0.downsample.0.weight": (2048, 1024, 1, 1, 1),
    "layer4.2.conv3.weight": (2048, 512, 1, 1, 1),
}


def tiny() -> Any:
    torch.manual_seed(0)
    network = ResNet3d(BLOCKS, WIDTH)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def saved(path: Path, state: dict[str, Any]) -> Path:
    """As the authors' script writes it: from several GPUs, with its classifier, in a dict with other things."""
    whole = {f"module.{name}": value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    whole |= {"module.fc.weight": torch.zeros(400, 64), "module.fc.bias": torch.zeros(400)}
    torch.save({"epoch": 200, "arch": "resnet-50", "state_dict": whole}, path)
    return path


def test_names_and_shapes_are_those_of_the_published_weights() -> None:
    with torch.device("meta"):
        state = ResNet3d().state_dict()
    assert {name: tuple(state[name].shape) for name in PUBLISHED} == PUBLISHED
    weights = [name for name in state if not name.endswith("num_batches_tracked")]
    assert len(weights) == 5 * (1 + 3 * 16 + 4)  # a convolution and four figures of its norm, for each


def test_the_first_block_is_what_its_layers_say() -> None:
    network, clip = tiny(), 255 * torch.rand(1, 3, 16, 24, 32)

    def normed(x: Any, norm: Any) -> Any:
        shape = (1, -1, 1, 1, 1)
        scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).view(shape)
        return (x - norm.running_mean.view(shape)) * scale + norm.bias.view(shape)

    x = clip - torch.tensor([114.7748, 107.7354, 99.4750]).view(1, 3, 1, 1, 1)
    x = normed(functional.conv3d(x, network.conv1.weight, stride=(1, 2, 2), padding=3), network.bn1).relu()
    x = functional.max_pool3d(x, 3, 2, 1)
    block = network.layer1[0]
    y = normed(functional.conv3d(x, block.conv1.weight), block.bn1).relu()
    y = normed(functional.conv3d(y, block.conv2.weight, padding=1), block.bn2).relu()
    y = normed(functional.conv3d(y, block.conv3.weight), block.bn3)
    past = normed(functional.conv3d(x, block.downsample[0].weight), block.downsample[1])
    seen: list[Any] = []
    block.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    rows = network(clip)
    assert torch.allclose(seen[0], (y + past).relu(), atol=1e-4)
    assert rows.shape == (1, 32 * WIDTH)


def test_published_weights_load_as_they_are(tmp_path: Path) -> None:
    network = tiny()
    loaded = load_resnet3d(saved(tmp_path / "resnet-50-kinetics.pth", network.state_dict()), BLOCKS, WIDTH)
    clip = 255 * torch.rand(2, 3, 16, 20, 20)
    assert torch.equal(loaded(clip), network(clip))
    assert not loaded.training


def test_another_file_is_a_clear_error(tmp_path: Path) -> None:
    state, path = tiny().state_dict(), tmp_path / "weights.pth"
    with pytest.raises(MissingFile, match=r"resnet-50-kinetics\.pth"):
        load_resnet3d(path)
    path.write_bytes(b"no weights at all")
    with pytest.raises(BadModel, match="no weights of torch"):
        load_resnet3d(path)
    torch.save([1, 2], path)
    with pytest.raises(BadModel, match="no state dict"):
        load_resnet3d(path)
    without = {name: value for name, value in state.items() if "downsample" not in name}
    with pytest.raises(BadModel, match=r"shortcut B: misses layer1\.0\.downsample\.0\.weight"):
        load_resnet3d(saved(path, without), BLOCKS, WIDTH)
    with pytest.raises(BadModel, match=r"another shape conv1\.weight"):
        load_resnet3d(saved(path, {**state, "conv1.weight": torch.zeros(2, 3, 3, 3, 3)}), BLOCKS, WIDTH)
    with pytest.raises(BadModel, match=r"besides layer5\.bias"):
        load_resnet3d(saved(path, {**state, "layer5.bias": torch.zeros(1)}), BLOCKS, WIDTH)


def test_each_second_of_a_video_is_a_row(clip: ClipFactory) -> None:
    path = clip(takes=(Take("photo-coffee", 2.0), Take("photo-hubble", 1.4)), size_px=(96, 64))
    rows = shot_features(probe(path), tiny())
    assert rows.shape == (4, 32 * WIDTH)
    assert np.isfinite(rows).all()
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=-1)
    assert max(apart[0, 1], apart[2, 3]) < apart[:2, 2:].min()
