"""Encoding for retrieval against the straightforward way: all layers, batches as they come."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerBase

from langsamp.bench.material import Material
from langsamp.bench.record import Record
from langsamp.bench.timing import alternate, compared, peak_mib_alone
from langsamp.data.tokenizer import load_tokenizer
from langsamp.evaluation.encoder import MAX_PIECES, Encoder

_EQUAL = 1e-5
_PLAIN_BATCH = 128


@dataclass(frozen=True, kw_only=True)
class EvaluateSize:
    """How much is measured."""

    layers: int
    hidden: int
    heads: int
    layer: int
    """The hidden state that is pooled."""
    vocab_size: int
    sentences: int
    rounds: int


QUICK = EvaluateSize(layers=6, hidden=192, heads=6, layer=4, vocab_size=8000, sentences=192, rounds=3)
NORMAL = EvaluateSize(layers=12, hidden=768, heads=12, layer=8, vocab_size=16_000, sentences=128, rounds=3)


def measure_evaluate(material: Material, size: EvaluateSize) -> Record:
    """Seconds to encode the same sentences in both ways.

    Raises:
        AssertionError: where the vectors of the ways differ: then the times say nothing.
    """
    tokenizer, sentences = material.tokenizer(size.vocab_size), material.sentences(size.sentences)
    encoder = _encoder(tokenizer, size)
    lengths = [len(ids) for ids in encoder.tokenizer(sentences)["input_ids"]]
    plain = _encode_plainly(encoder, sentences, size.layer)
    difference = float(np.abs(encoder.encode(sentences, layers=[size.layer])[size.layer] - plain).max())
    assert difference <= _EQUAL, f"vectors differ by {difference} from those of the plain way"
    ways = {
        f"{size.layers} layers, batches of {_PLAIN_BATCH} as they come": lambda: _encode_plainly(
            encoder, sentences, size.layer
        ),
        f"{size.layers} layers, sorted, by tokens": lambda: encoder.encode(sentences, layers=[size.layer, size.layers]),
        f"Encoder: stops after layer {size.layer}": lambda: encoder.encode(sentences, layers=[size.layer]),
    }
    taken = alternate(ways, rounds=size.rounds, title="evaluate")
    names = list(ways)
    peaks = {
        names[0]: peak_mib_alone(_plainly_alone, tokenizer, size, sentences),
        names[2]: peak_mib_alone(_encoder_alone, tokenizer, size, sentences),
    }
    return Record(
        name="evaluate",
        measures=(
            "Sentences to mean-pooled hidden states for retrieval: each once, sorted by length, no layer above the "
            f"one that is asked for. Vectors equal to {difference:.0e}."
        ),
        unit="sentences",
        rows=compared(taken, amount=len(sentences), peaks=peaks),
        targets=(),
        settings={
            **asdict(size), "mean_tokens": float(np.mean(lengths)), "longest": max(lengths),
            "token_budget": encoder.token_budget,
            "threads": torch.get_num_threads(), "device": "cpu", "precision": "fp32", "difference": difference,
        },
    )  # fmt: skip


def _encoder(tokenizer: Path, size: EvaluateSize) -> Encoder:
    """A new XLM-R of this size; what its weights are makes no difference to the time."""
    loaded: PreTrainedTokenizerBase = load_tokenizer(str(tokenizer))
    config = AutoConfig.for_model(
        "xlm-roberta",
        vocab_size=len(loaded),
        hidden_size=size.hidden,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.hidden,
        max_position_embeddings=MAX_PIECES + 2,
        type_vocab_size=1,
        pad_token_id=loaded.pad_token_id,
    )
    torch.manual_seed(0)
    return Encoder(AutoModel.from_config(config), loaded)


@torch.inference_mode()
def _encode_plainly(encoder: Encoder, sentences: Sequence[str], layer: int) -> NDArray[np.float32]:
    """The vectors (N, D) by every layer's hidden states of batches in their order, padded to their longest."""
    parts = []
    for first in range(0, len(sentences), _PLAIN_BATCH):
        batch = encoder.tokenizer(
            list(sentences[first : first + _PLAIN_BATCH]), padding=True, truncation=True, max_length=encoder.max_pieces,
            return_tensors="pt",
        )  # fmt: skip
        hidden_BLD = encoder.model(**batch, output_hidden_states=True).hidden_states[layer]
        mask_BL1 = batch["attention_mask"][..., None]
        parts.append(((hidden_BLD * mask_BL1).sum(1) / mask_BL1.sum(1)).numpy())
    return np.concatenate(parts)


def _plainly_alone(tokenizer: Path, size: EvaluateSize, sentences: Sequence[str]) -> None:
    _encode_plainly(_encoder(tokenizer, size), sentences, size.layer)


def _encoder_alone(tokenizer: Path, size: EvaluateSize, sentences: Sequence[str]) -> None:
    _encoder(tokenizer, size).encode(sentences, layers=[size.layer])
