"""VGG16 (Simonyan, Zisserman, 2014), its parameters named as torchvision publishes them; importing this needs torch.

features.0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28 and classifier.0, 3, 6; fc7 is what comes out of classifier.3.
"""

# mypy: disable-error-code="misc"
# (without torch installed its Module is Any, and a class of Any is an error)

from __future__ import annotations

from torch import Tensor, nn

_STAGES = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))
"""Of each stage: filters as multiples of the first stage's, convolutions; a pooling follows."""
_CELLS = 7


class VGG16(nn.Module):
    """The published sizes are the defaults; smaller ones are for tests."""

    def __init__(self, width: int = 64, hidden: int = 4096, classes: int = 1000) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for times, count in _STAGES:
            for _ in range(count):
                layers += [nn.Conv2d(inputs, width * times, 3, padding=1), nn.ReLU()]
                inputs = width * times
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(_CELLS)
        self.classifier = nn.Sequential(
            nn.Linear(inputs * _CELLS**2, hidden),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(hidden, classes),
        )

    def embed(self, pixels: Tensor) -> Tensor:
        """(batch, 3, 224, 224), normalised as ImageNet's -> (batch, hidden): fc7, rectified."""
        seen = self.avgpool(self.features(pixels)).flatten(1)
        rows: Tensor = self.classifier[:5](seen)
        return rows

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits of the classes."""
        logits: Tensor = self.classifier[5:](self.embed(pixels))
        return logits
