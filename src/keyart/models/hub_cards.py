"""The models of the hub tier: those of the thesis (its table 6.1 and chapters 4-5) and better ones.

None of them is part of the install and none was at hand when this was written: the code that runs them is tested on
tiny random models of the same kind. Licences are as their publishers state them, `unknown` where they state none.
"""

from __future__ import annotations

from keyart.models.card import ByHand, Card, Demands, HubFile, HubFolder, RGBTriple, Source

_IMAGENET: tuple[RGBTriple, RGBTriple] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CLIP: tuple[RGBTriple, RGBTriple] = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_HALF: tuple[RGBTriple, RGBTriple] = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def _hub(
    name: str,
    what: str,
    source: Source,
    licence: str,
    permissive: bool,
    *,
    size_mb: float = 0,
    px: int = 0,
    norm: tuple[RGBTriple, RGBTriple] | None = None,
    languages: tuple[str, ...] = (),
    demands: Demands | None = None,
    reference: str = "",
    note: str = "",
    filename: str = "",
) -> Card:
    if isinstance(source, HubFile):
        filename = source.filename.rsplit("/", 1)[-1]
    mean, std = norm or (None, None)
    return Card(
        name,
        what,
        source,
        filename,
        "",
        round(size_mb * 1e6),
        licence,
        permissive,
        (px, px) if px else None,
        1 / 255 if px else 1.0,
        0.0,
        reference or "thesis, table 6.1",
        mean,
        std,
        languages,
        note,
        demands,
    )


_PICTURES = (
    _hub(
        "yolov8n",
        "objects of 80 kinds, boxes",
        ByHand("export it with the Ultralytics project's tool: yolo export model=yolov8n.pt format=onnx"),
        "AGPL-3.0",
        False,
        size_mb=6.5,
        px=640,
        demands=Demands(6.5, 0.1, "1.3 ms a frame", 2),
        filename="yolov8n.onnx",
    ),
    _hub(
        "modnet",
        "alpha matte of people",
        HubFile("Xenova/modnet", "onnx/model.onnx", "b2cbaaf18fc4d8cbe6a64880b1f0a718651206d0"),
        "Apache-2.0",
        True,
        px=512,
        norm=_HALF,
        demands=Demands(309, 1.0, "15 ms a frame", 4),
        note="shorter side 512, both sides multiples of 32; the thesis' 309 MB is the training checkpoint",
    ),
    _hub(
        "birefnet",
        "mask of whatever stands out",
        HubFile("onnx-community/BiRefNet-ONNX", "onnx/model.onnx"),
        "MIT",
        True,
        px=1024,
        norm=_IMAGENET,
        reference="BiRefNet project",
    ),
    _hub(
        "resnet18",
        "picture embedding, 512 dimensions",
        HubFolder("microsoft/resnet-18"),
        "Apache-2.0",
        True,
        px=224,
        norm=_IMAGENET,
        reference="thesis §4.4",
    ),
    _hub(
        "openclip-vit-b32",
        "picture and English text in one space, 512 dimensions",
        HubFolder("laion/CLIP-ViT-B-32-laion2B-s34B-b79K"),
        "MIT",
        True,
        px=224,
        norm=_CLIP,
        languages=("en",),
        reference="thesis §4.4",
    ),
    _hub(
        "clip-vit-b32",
        "picture and English text in one space, 512 dimensions: the thesis' CLIP score",
        HubFolder("openai/clip-vit-base-patch32"),
        "MIT",
        True,
        px=224,
        norm=_CLIP,
        languages=("en",),
        reference="thesis §2, §5.6",
        note="the hub's page states no licence; the project that published the weights is MIT",
    ),
    _hub(
        "siglip-multilingual",
        "picture and text of many languages in one space, 768 dimensions",
        HubFolder("google/siglip-base-patch16-256-multilingual"),
        "Apache-2.0",
        True,
        size_mb=1480,
        px=256,
        norm=_HALF,
        reference="SigLIP, arXiv 2303.15343",
    ),
    _hub(
        "siglip2-base",
        "picture and text of many languages in one space, 768 dimensions",
        HubFolder("google/siglip2-base-patch16-224"),
        "Apache-2.0",
        True,
        px=224,
        norm=_HALF,
        reference="SigLIP 2 (2025)",
    ),
    _hub(
        "nsfw-vit",
        "whether a picture is indecent: normal or nsfw (ViT)",
        HubFolder("Falconsai/nsfw_image_detection"),
        "Apache-2.0",
        True,
        px=224,
        norm=_HALF,
        reference="Falconsai/nsfw_image_detection",
        note="F1 89.3 on the nsfw class by a rival's table; not measured here",
    ),
)

_GENERATORS = (
    _hub(
        "sd3-medium",
        "pictures from text, and from pictures and text",
        HubFolder(
            "stabilityai/stable-diffusion-3-medium-diffusers",
            files=("*.json", "*.txt", "*.model", "*.safetensors"),
        ),
        "Stability AI Community Licence",
        False,
        demands=Demands(2700, 8.0, "2.5 s a picture of 40 steps", 4),
        languages=("en",),
        note="gated: accept the licence on the hub and log in first; free below a yearly revenue of US$ 1 million",
    ),
    _hub(
        "animegan-v2",
        "photograph to anime, face_paint_512_v2",
        HubFile("akhaliq/AnimeGANv2-ONNX", "face_paint_512_v2_0.onnx", "980ee341c8a3b45ae59bb10072a4f0383d96811a"),
        "non-commercial (AnimeGANv2)",
        False,
        size_mb=8.59,
        px=512,
        norm=_HALF,
        reference="thesis §4.6",
        note="the port that the weights come from is MIT, the AnimeGANv2 method and code that it ports non-commercial",
    ),
    _hub(
        "arcanegan-v04",
        "photograph to the look of Arcane (TorchScript)",
        HubFile("akhaliq/ArcaneGANv0.4", "ArcaneGANv0.4.jit"),
        "MIT",
        True,
        norm=_IMAGENET,
        reference="thesis §4.6; Sxela/ArcaneGAN",
        note="trained on pictures made to look like a series that is somebody's property",
    ),
    _hub(
        "ugatit",
        "selfie to anime (TorchScript or ONNX)",
        ByHand("convert the selfie2anime checkpoint of the UGATIT project to TorchScript or ONNX"),
        "unknown",
        False,
        px=256,
        norm=_HALF,
        reference="thesis §6",
        filename="ugatit.onnx",
    ),
)

_WORDS = (
    _hub(
        "toxicity-ru",
        "Russian text: insult, obscenity, threat, dangerous",
        HubFolder("cointegrated/rubert-tiny-toxicity", "f9844b9baea1f9cdd820f65c6890b672ff5331e8"),
        "unknown",
        False,
        languages=("ru",),
        reference="cointegrated/rubert-tiny-toxicity",
        note="its publisher states no licence",
    ),
    _hub(
        "rut5-base",
        "Russian text to text: the thesis' headline model before fine-tuning",
        HubFolder("cointegrated/rut5-base"),
        "MIT",
        True,
        size_mb=907,
        languages=("ru", "en"),
        demands=Demands(907, 2.5, "0.1 s a headline", 2),
    ),
    _hub(
        "rut5-headline",
        "Russian text to headline",
        HubFolder("wanderer-msk/ruT5-base_headline_generation"),
        "unknown",
        False,
        size_mb=892,
        languages=("ru",),
        demands=Demands(892, 2.5, "0.1 s a headline", 2),
    ),
    _hub(
        "rut5-gazeta",
        "Russian text to summary",
        HubFolder("IlyaGusev/rut5_base_sum_gazeta", "094619b0d1c94c0cdcc916f907bf55a9f56143a5"),
        "Apache-2.0",
        True,
        size_mb=978,
        languages=("ru",),
        demands=Demands(978, 2.5, "0.1 s a summary", 2),
        note="trained on Gazeta, whose texts are for non-commercial use",
    ),
    _hub(
        "opus-mt-ru-en",
        "Russian to English",
        HubFolder(
            "Helsinki-NLP/opus-mt-ru-en",
            "39fdcea592bdeb244fa87ce823e9f5c70d3a2bc3",
            ("*.json", "*.spm", "pytorch_model.bin"),
        ),
        "CC-BY-4.0",
        True,
        size_mb=307,
        languages=("ru",),
        demands=Demands(307, 1.0, "20 ms a phrase", 4),
        note="attribution is owed",
    ),
    _hub(
        "bert-base-ner",
        "English names of people, places, organisations",
        HubFolder("dslim/bert-base-NER"),
        "MIT",
        True,
        languages=("en",),
        reference="thesis §5.5",
    ),
    _hub(
        "whisper-base",
        "speech to text",
        HubFolder("openai/whisper-base"),
        "Apache-2.0",
        True,
        size_mb=296,
        demands=Demands(296, 3.0, "0.2 s a second of sound", 4),
    ),
)

HUB: tuple[Card, ...] = (*_PICTURES, *_GENERATORS, *_WORDS)
