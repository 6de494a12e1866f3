"""Tiny masked LMs with tokenizers of every kind, as folders that stock transformers loads."""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedTokenizerFast

from tests.tiny_run import documents

TAGS = ("hin_Deva", "kmr_Cyrl", "swh_Latn")
XLM_R = ("<s>", "<pad>", "</s>", "<unk>")
BERT = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_NAMES = {
    "bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "pad_token": "<pad>",
    "unk_token": "<unk>",
}  # fmt: skip
_TEMPLATE = processors.TemplateProcessing(
    single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
)
KINDS = {
    "unigram": "xlm-roberta", "wordpiece": "bert", "bpe": "xlm-roberta", "byte_bpe": "roberta",
    "modern_bpe": "modernbert", "sentencepiece_bpe": "modernbert",
}  # fmt: skip
"""Kinds of tokenizers, each with an architecture that has it."""


def texts(*, seed: int = 0, number: int = 150) -> list[str]:
    """Documents of all tags."""
    return [text for tag in TAGS for text in documents(tag, number, seed=seed)]


def unigram(size: int = 300) -> PreTrainedTokenizerFast:
    """XLM-R's layout, `<mask>` last and outside the model's own pieces."""
    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizers.NFKC()
    backend.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    backend.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size - 1, special_tokens=[*XLM_R], unk_token="<unk>", show_progress=False
    )
    backend.train_from_iterator(texts(), trainer)
    backend.post_processor = _TEMPLATE
    return _fast(backend, **_NAMES, mask_token=AddedToken("<mask>", lstrip=True, special=True))


def wordpiece(size: int = 300) -> PreTrainedTokenizerFast:
    """BERT's layout."""
    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.train_from_iterator(
        texts(), trainers.WordPieceTrainer(vocab_size=size, special_tokens=[*BERT], show_progress=False)
    )
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    backend.decoder = decoders.WordPiece()
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return _fast(backend, **names, mask_token="[MASK]")


def modern_bpe(size: int = 400) -> PreTrainedTokenizerFast:
    """ModernBERT's layout: byte-level BPE, special tokens behind the pieces and outside the model."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    backend.train_from_iterator(texts(), trainer)
    end = backend.get_vocab_size()
    names = {
        "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]",
    }  # fmt: skip
    backend.add_special_tokens([*names.values()])
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", end + 1), ("[SEP]", end + 2)]
    )
    return _fast(backend, **names)


def sentencepiece_bpe(size: int = 400) -> PreTrainedTokenizerFast:
    """Gemma's and mmBERT's layout: each piece has a merge for every two pieces that it can be joined from."""
    plain = json.loads(byte_bpe(size, is_byte_level=False).backend_tokenizer.to_str())
    ranks = {piece: rank for rank, piece in enumerate(plain["model"]["vocab"])}
    plain["model"]["merges"] = [
        [piece[:at], piece[at:]]
        for piece in ranks
        for at in range(1, len(piece))
        if {piece[:at], piece[at:]} <= ranks.keys()
    ]
    return _fast(Tokenizer.from_str(json.dumps(plain)), **_NAMES, mask_token="<mask>")


def byte_bpe(size: int = 400, *, is_byte_level: bool = True) -> PreTrainedTokenizerFast:
    """RoBERTa's layout, over bytes or over characters."""
    backend = Tokenizer(models.BPE(unk_token=None if is_byte_level else "<unk>"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel() if is_byte_level else pre_tokenizers.Metaspace()
    backend.decoder = decoders.ByteLevel() if is_byte_level else decoders.Metaspace()
    alphabet = pre_tokenizers.ByteLevel.alphabet() if is_byte_level else []
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=[*XLM_R], initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(texts(), trainer)
    backend.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0)) if is_byte_level else _TEMPLATE
    return _fast(backend, **_NAMES, mask_token="<mask>")


def tokenizer_of(kind: str) -> PreTrainedTokenizerFast:
    """A tokenizer of one of `KINDS`."""
    if kind == "bpe":
        return byte_bpe(is_byte_level=False)
    return {
        "unigram": unigram, "wordpiece": wordpiece, "byte_bpe": byte_bpe, "modern_bpe": modern_bpe,
        "sentencepiece_bpe": sentencepiece_bpe,
    }[kind]()  # fmt: skip


def write_mlm(folder: Path, tokenizer: PreTrainedTokenizerFast, model_type: str = "xlm-roberta", **more: Any) -> Path:
    """A two-layer masked LM whose biases and norms are no zeros and ones, with its tokenizer."""
    size = max(tokenizer.get_vocab().values()) + 1
    settings = {
        "vocab_size": size, "hidden_size": 32, "dim": 32, "num_hidden_layers": 2, "n_layers": 2, "hidden_dim": 64,
        "num_attention_heads": 4, "n_heads": 4, "intermediate_size": 64, "max_position_embeddings": 258,
        "type_vocab_size": 1, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id, "cls_token_id": tokenizer.cls_token_id,
        "sep_token_id": tokenizer.sep_token_id,
    } | more  # fmt: skip
    default = AutoConfig.for_model(model_type)
    known = default.to_dict().keys() | default.attribute_map.keys()
    torch.manual_seed(0)
    config = AutoConfig.for_model(model_type, **{key: value for key, value in settings.items() if key in known})
    mlm = AutoModelForMaskedLM.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for parameter in mlm.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.05)
    mlm.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _fast(backend: Tokenizer, **names: Any) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, model_max_length=256, clean_up_tokenization_spaces=False, **names
    )
