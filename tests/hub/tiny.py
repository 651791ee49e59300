"""Tiny random models of transformers in a folder, as their real likes lie there: weights, configuration, tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

TEXTS = ["a cat on the table", "кот на столе", "как сварить борщ дома", "the quick brown fox", "съешь ещё этих булок"]
LENGTH = 32


def tokenizer() -> Any:
    """A byte-level BPE of 300 pieces with a start and an end, which pads and cuts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<pad>", "<start>", "<end>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    made.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 1), ("<end>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        bos_token="<start>",
        eos_token="<end>",
        model_max_length=LENGTH,
    )


def clip(folder: Path) -> Path:
    """A CLIP of 16 dimensions."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPProcessor

    words = tokenizer()
    layer = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ids = {"pad_token_id": words.pad_token_id, "bos_token_id": words.bos_token_id, "eos_token_id": words.eos_token_id}
    config = CLIPConfig(
        text_config={**layer, "vocab_size": len(words), "max_position_embeddings": LENGTH, **ids},
        vision_config={**layer, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    torch.manual_seed(0)
    CLIPModel(config).save_pretrained(folder)
    pixels = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(pixels, words).save_pretrained(folder)
    return folder


def siglip(folder: Path) -> Path:
    """A SigLIP of 32 dimensions."""
    import torch
    from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel, SiglipProcessor

    words = tokenizer()
    layer = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = SiglipConfig(
        text_config={**layer, "vocab_size": len(words), "max_position_embeddings": LENGTH, "projection_size": 32},
        vision_config={**layer, "image_size": 32, "patch_size": 8},
    )
    torch.manual_seed(0)
    network = SiglipModel(config)
    with torch.no_grad():
        network.logit_scale.fill_(4.0)
        network.logit_bias.fill_(-10.0)
    network.save_pretrained(folder)
    SiglipProcessor(SiglipImageProcessorPil(size={"height": 32, "width": 32}), words).save_pretrained(folder)
    return folder


def picture_classifier(folder: Path, *labels: str) -> Path:
    """A ViT that tells the labels apart, at random."""
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

    config = ViTConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
    )
    torch.manual_seed(0)
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def text_classifier(folder: Path, *labels: str) -> Path:
    """A BERT that tells the labels apart, at random."""
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(0)
    BertForSequenceClassification(_bert(*labels)).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def t5(folder: Path, vocabulary: Sequence[str] = ()) -> Path:
    """A T5 of 32 dimensions over these whole words, or over pieces of `TEXTS`."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    words = pieces(vocabulary)
    config = T5Config(
        vocab_size=len(words),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )
    torch.manual_seed(0)
    T5ForConditionalGeneration(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def encoder(folder: Path) -> Path:
    """A BERT of 32 dimensions."""
    import torch
    from transformers import BertModel

    torch.manual_seed(0)
    BertModel(_bert()).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def token_classifier(folder: Path, *labels: str) -> Path:
    """A BERT that labels tokens, at random."""
    import torch
    from transformers import BertForTokenClassification

    torch.manual_seed(0)
    BertForTokenClassification(_bert(*labels)).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def _bert(*labels: str) -> Any:
    from transformers import BertConfig

    words = tokenizer()
    named = {"id2label": dict(enumerate(labels)), "label2id": {label: place for place, label in enumerate(labels)}}
    return BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=LENGTH,
        pad_token_id=words.pad_token_id,
        **(named if labels else {}),
    )


def marian(folder: Path) -> Path:
    """A Marian of 16 dimensions in the layout of opus-mt-ru-en."""
    import json

    import sentencepiece
    import torch
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    text, prefix = folder / "text.txt", folder / "source"
    text.write_text("\n".join(TEXTS * 20), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(prefix), vocab_size=120, hard_vocab_limit=False, minloglevel=2
    )
    spm = prefix.with_suffix(".model")
    read = sentencepiece.SentencePieceProcessor(model_file=str(spm))
    names = ["</s>", "<unk>", *(read.id_to_piece(at) for at in range(3, len(read))), "<pad>"]
    vocab = folder / "words.json"
    vocab.write_text(json.dumps({name: at for at, name in enumerate(names)}), encoding="utf-8")
    MarianTokenizer(str(spm), str(spm), str(vocab), model_max_length=LENGTH).save_pretrained(folder / "model")
    layer = {"layers": 1, "attention_heads": 2, "ffn_dim": 32}
    config = MarianConfig(
        vocab_size=len(names),
        d_model=16,
        **{f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in layer.items()},
        pad_token_id=len(names) - 1,
        eos_token_id=0,
        decoder_start_token_id=len(names) - 1,
        forced_eos_token_id=0,
        max_position_embeddings=LENGTH,
    )
    torch.manual_seed(0)
    MarianMTModel(config).save_pretrained(folder / "model")
    return folder / "model"


def pieces(vocabulary: Sequence[str] = ()) -> Any:
    """A tokenizer of the T5 family: these words, or a unigram of at most 400 pieces of `TEXTS`."""
    import json

    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import T5Tokenizer

    if vocabulary:
        known = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *(("▁" + word, -1.0) for word in vocabulary)]
        return T5Tokenizer(vocab=known, extra_ids=0)
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    made.train_from_iterator(
        TEXTS * 20,
        trainers.UnigramTrainer(vocab_size=400, special_tokens=special, unk_token="<unk>", show_progress=False),
    )
    vocab = [(piece, score) for piece, score in json.loads(made.to_str())["model"]["vocab"]]
    return T5Tokenizer(vocab=vocab, extra_ids=0)


def yolo(path: Path, classes: int) -> Path:
    """An ONNX of YOLOv8's shape: images (1, 3, 320, 320) -> (1, 4 + classes, 2100), random weights."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    # 40x40, 20x20 and 10x10 cells, as the three heads have
    nodes, weights = [], []
    for stride in (8, 16, 32):
        kernel = rng.normal(0, 0.01, (4 + classes, 3, stride, stride)).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, f"w{stride}"))
        nodes.append(helper.make_node("Conv", ["images", f"w{stride}"], [f"c{stride}"], strides=[stride, stride]))
        nodes.append(helper.make_node("Reshape", [f"c{stride}", "shape"], [f"r{stride}"]))
    weights.append(numpy_helper.from_array(np.array([1, 4 + classes, -1], np.int64), "shape"))
    nodes.append(helper.make_node("Concat", ["r8", "r16", "r32"], ["all"], axis=2))
    nodes.append(helper.make_node("Sigmoid", ["all"], ["output0"]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 320, 320])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 4 + classes, 2100])],
        weights,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(made, path)
    return path
