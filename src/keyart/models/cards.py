"""Every weight file keyart can use, on a card: where it comes from, what it must hash to, what its licence allows.

Nothing here is downloaded by being named: `keyart models pull` fetches, everything else only reads the store.
"""

from __future__ import annotations

from pathlib import Path

from keyart.models.card import ByHand, Card, Demands, HubFile, HubFolder, Installed, LocalFile, Source, Wheel
from keyart.models.hub_cards import HUB

__all__ = [
    "CARDS",
    "PACKS",
    "ByHand",
    "Card",
    "Demands",
    "HubFile",
    "HubFolder",
    "Installed",
    "LocalFile",
    "Source",
    "Wheel",
]

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

# by the package's own files: the weights come with it, the licence is theirs
_INSTALLED = (
    Card(
        "pocketsphinx-en-us",
        "English acoustic model, language model and dictionary",
        Installed("pocketsphinx", "pocketsphinx"),
        "",
        "",
        0,
        "BSD-2-Clause",
        True,
        reference="pocketsphinx project",
        languages=("en",),
    ),
    Card(
        "opencv-haar",
        "frontal face and eye cascades",
        Installed("opencv-contrib-python-headless", "cv2"),
        "",
        "",
        0,
        "BSD-3-Clause",
        True,
        reference="OpenCV's haarcascades",
    ),
)

_NUDENET = Card(
    "nudenet",
    "body parts, bare or covered, 18 classes (YOLOv8n)",
    Wheel("nudenet==3.4.2", "nudenet/320n.onnx"),
    "320n.onnx",
    "c15d8273adad2d0a92f014cc69ab2d6c311a06777a55545f2c4eb46f51911f0f",
    12150158,
    "AGPL-3.0",
    False,
    (320, 320),
    1 / 255,
    0.0,
    "nudenet project",
    note="the wheel's metadata say MIT, its licence file AGPL-3.0, and the network is a YOLOv8: taken as AGPL",
)

_LPIPS = Card(
    "lpips-alex",
    "how much each of AlexNet's channels counts for the eye: the linear layers of LPIPS 0.1",
    Wheel("lpips==0.1.4", "lpips/weights/v0.1/alex.pth"),
    "alex.pth",
    "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    6009,
    "BSD-2-Clause",
    True,
    reference="seed 003 §3.2; LPIPS, arXiv 1801.03924",
    note="wants alexnet beside it",
)

CARDS: dict[str, Card] = {card.name: card for card in (*_ALL, *_INSTALLED, _NUDENET, _LPIPS, *HUB)}

PACKS: dict[str, tuple[str, ...]] = {
    "embedded": tuple(card.name for card in _ALL if not card.name.startswith("photo-")),
    "samples": tuple(card.name for card in _ALL if card.name.startswith("photo-")),
}
"""What `keyart models pull PACK` fetches at once. Hub models, NudeNet and LPIPS are pulled by name alone."""
