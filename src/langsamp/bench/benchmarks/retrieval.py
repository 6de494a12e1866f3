"""Sentences to vectors for retrieval against the authors' way: all layers, sentences as they come."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, AutoModel, PreTrainedModel, PreTrainedTokenizerBase

from langsamp.bench.fixtures import Fixtures
from langsamp.bench.record import Record, Row, Target
from langsamp.bench.task_fixtures import TaskTexts
from langsamp.bench.timing import Alone, Times, alternate, compared
from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.languages.tags import LangScript
from langsamp.model.hidden_layers import MAX_PIECES

_TASKS = ("sr-bible", "sr-tatoeba")
_LEAST_SPEED = {"fp32": 5.0, "bf16": 10.0}
_EQUAL = 1e-5
_LEAST_COSINE = 0.9999
_MOST_GROWTH = 64.0  # MiB
_AUTHORS_BATCH = 128
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}

File = tuple[str, ...]
"""The sentences of one side of a text."""
Vectors = dict[File, NDArray[np.float32]]
Texts = Mapping[str, Mapping[LangScript, ParallelText]]
"""By task and tag."""


@dataclass(frozen=True, kw_only=True)
class RetrievalSize:
    """How much is measured."""

    layers: int
    hidden: int
    heads: int
    layer: int
    """The hidden state that is pooled."""
    vocab_size: int
    tags: int
    """Of each task."""
    pairs: int
    """Of each tag."""
    rounds: int


QUICK = RetrievalSize(layers=6, hidden=192, heads=6, layer=4, vocab_size=8000, tags=1, pairs=128, rounds=3)
NORMAL = RetrievalSize(layers=12, hidden=768, heads=12, layer=8, vocab_size=16_000, tags=2, pairs=128, rounds=3)


def measure_retrieval(material: Fixtures, size: RetrievalSize) -> Record:
    """Seconds to encode both sides of the retrieval tasks in the authors' way and in ours.

    Raises:
        AssertionError: where the vectors of the ways differ: then the times say nothing.
    """
    task_texts = TaskTexts.find(material)
    texts: Texts = dict(task_texts.parallel(name, tags=size.tags, pairs=size.pairs) for name in _TASKS)
    tokenizer = task_texts.tokenizer(size.vocab_size)
    once, again = _files(texts)
    model, ours = _authors(tokenizer, size), {name: _encoder(tokenizer, size, name) for name in _LEAST_SPEED}
    loaded = load_tokenizer(str(tokenizer))
    vectors: dict[str, Vectors] = {}

    def keep(name: str, encode: Callable[[], Vectors]) -> Callable[[], None]:
        return lambda: vectors.update({name: encode()})

    taken = alternate(
        {
            "once": keep("authors", lambda: _encode_as_authors(model, loaded, once, size.layer)),
            "again": lambda: _encode_as_authors(model, loaded, again, size.layer),
            **{name: keep(name, partial(_encode, encoder, texts, size.layer)) for name, encoder in ours.items()},
        },
        rounds=size.rounds,
        title="retrieval",
    )
    difference, cosine = _agreement(vectors)
    named = _named(taken)
    peaks = _peaks(material.alone, tokenizer, size, texts, list(named))
    rows = compared(named, amount=sum(map(len, (*once, *again))), peaks=peaks)
    least = Row(variant="the same, one language", peak_mib=_peak_of_one(material.alone, tokenizer, size, texts))
    lengths = [len(ids) for ids in loaded([sentence for file in once for sentence in file])["input_ids"]]
    return Record(
        name="retrieval",
        measures=(
            "Sentences to mean-pooled hidden states, both sides of each language's text: each different sentence once, "
            "in batches of like length, no layer above the one that is asked for, products by the faster library; "
            f"against all layers, sentences as they come, {_AUTHORS_BATCH} at a time padded to their longest, in fp32. "
            f"Vectors equal to {difference:.0e} in fp32, cosine at least {cosine:.6f} in bf16."
        ),
        unit="sentences",
        rows=(*rows[:3], least, *rows[3:]),
        targets=(
            *(
                Target(name=f"speed in {name} by processor time", measured=row.cpu_ratio or 0.0, limit=limit)
                for row, (name, limit) in zip(rows[-2:], _LEAST_SPEED.items(), strict=True)
                if size.hidden >= NORMAL.hidden  # promised for the base size
            ),
            Target(
                name="MiB more for all texts than for one language",
                measured=(rows[2].peak_mib or 0.0) - (least.peak_mib or 0.0),
                limit=_MOST_GROWTH,
                at_most=True,
            ),
        ),
        settings={
            **asdict(size),
            "texts": {name: list(map(str, by_tag)) for name, by_tag in texts.items()},
            "mean_tokens": float(np.mean(lengths)), "longest": max(lengths),
            "token_budget": ours["fp32"].token_budget,
            "products": {name: str(encoder.products) for name, encoder in ours.items()},
            "threads": torch.get_num_threads(), "device": "cpu", "difference": difference, "cosine": cosine,
        },
    )  # fmt: skip


def _files(texts: Texts) -> tuple[list[File], list[File]]:
    """The files that the authors' way encodes one after another, and those of them that it had encoded before."""
    once: dict[File, None] = {}
    again = []
    for text in (text for by_tag in texts.values() for text in by_tag.values()):
        for file in (text.english, text.target):
            if file in once:
                again.append(file)
            once[file] = None
    return list(once), again


def _named(taken: Mapping[str, Sequence[Times]]) -> dict[str, Sequence[Times]]:
    """The times of the rows; the authors' way encodes the English side again for each language."""
    whole = [
        Times(one.seconds + two.seconds, one.cpu_seconds + two.cpu_seconds)
        for one, two in zip(taken["once"], taken["again"], strict=True)
    ]
    return {
        "authors' way": whole,
        "the same, no file twice": taken["once"],
        "Encoder, fp32": taken["fp32"],
        "Encoder, bf16": taken["bf16"],
    }


def _agreement(vectors: Mapping[str, Vectors]) -> tuple[float, float]:
    authors, full, half = (
        np.concatenate([vectors[name][file] for file in vectors["authors"]]) for name in ("authors", "fp32", "bf16")
    )
    difference = float(np.abs(full - authors).max())
    assert difference <= _EQUAL, f"vectors differ by {difference} from those of the authors' way"
    lengths = np.linalg.norm(half, axis=1) * np.linalg.norm(authors, axis=1)
    cosine = float(((half * authors).sum(1) / lengths).min())
    assert cosine >= _LEAST_COSINE, f"vectors in bf16 have a cosine of {cosine} with those in fp32"
    return difference, cosine


def _model(tokenizer: PreTrainedTokenizerBase, size: RetrievalSize, **settings: Any) -> PreTrainedModel:
    """A new XLM-R of this size; what its weights are makes no difference to the time."""
    config = AutoConfig.for_model(
        "xlm-roberta",
        vocab_size=len(tokenizer),
        hidden_size=size.hidden,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.hidden,
        max_position_embeddings=MAX_PIECES + 2,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(0)
    model: PreTrainedModel = AutoModel.from_config(config, trust_remote_code=False, **settings).eval()
    return model


def _authors(tokenizer: Path, size: RetrievalSize) -> PreTrainedModel:
    """As transformers 4.42, which the authors used, built it: attention in plain products."""
    return _model(load_tokenizer(str(tokenizer)), size, attn_implementation="eager")


def _encoder(tokenizer: Path, size: RetrievalSize, precision: str) -> Encoder:
    loaded = load_tokenizer(str(tokenizer))
    encoder = Encoder(_model(loaded, size, dtype=_DTYPES[precision]), loaded)
    encoder.speed_up()
    return encoder


@torch.inference_mode()
def _encode_as_authors(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, files: Sequence[File], layer: int
) -> Vectors:
    """The vectors (N, D) of each file: every layer's hidden states of batches in their order, padded to the longest."""
    vectors = {}
    for file in files:
        parts = []
        for first in range(0, len(file), _AUTHORS_BATCH):
            batch = tokenizer(
                list(file[first : first + _AUTHORS_BATCH]), padding=True, truncation=True, max_length=MAX_PIECES,
                return_tensors="pt",
            )  # fmt: skip
            hidden_BLD = model(**batch, output_hidden_states=True).hidden_states[layer]
            mask_BL1 = batch["attention_mask"][..., None]
            parts.append(((hidden_BLD * mask_BL1).sum(1) / mask_BL1.sum(1)).numpy())
        vectors[file] = np.concatenate(parts)
    return vectors


def _encode(encoder: Encoder, texts: Texts, layer: int) -> Vectors:
    """The same as `retrieve.retrieve` asks for them: the English sides of a task at once, then each other side."""
    vectors = {}
    for by_tag in texts.values():
        english = [sentence for text in by_tag.values() for sentence in text.english]
        vectors_ED = encoder.encode(english, layers=[layer])[layer]
        for text in by_tag.values():
            vectors[text.english], vectors_ED = vectors_ED[: len(text.english)], vectors_ED[len(text.english) :]
            vectors[text.target] = encoder.encode(text.target, layers=[layer])[layer]
    return vectors


def _peaks(alone: Alone, tokenizer: Path, size: RetrievalSize, texts: Texts, names: Sequence[str]) -> dict[str, float]:
    """Most memory by name of the row; for the authors' way that of one file, which another one does not change much."""
    plain, _, full, half = names
    (file, *_), _ = _files(texts)
    return {
        plain: alone.peak_mib(_authors_alone, tokenizer, size, file),
        full: alone.peak_mib(_encoder_alone, tokenizer, size, "fp32", texts),
        half: alone.peak_mib(_encoder_alone, tokenizer, size, "bf16", texts),
    }


def _peak_of_one(alone: Alone, tokenizer: Path, size: RetrievalSize, texts: Texts) -> float:
    """Most memory in fp32 for a single language: more text should not take more, only its vectors do."""
    name, by_tag = next(iter(texts.items()))
    one = {name: dict(list(by_tag.items())[:1])}
    return alone.peak_mib(_encoder_alone, tokenizer, size, "fp32", one)


def _authors_alone(tokenizer: Path, size: RetrievalSize, file: File) -> None:
    _encode_as_authors(_authors(tokenizer, size), load_tokenizer(str(tokenizer)), [file], size.layer)


def _encoder_alone(tokenizer: Path, size: RetrievalSize, precision: str, texts: Texts) -> None:
    _encode(_encoder(tokenizer, size, precision), texts, size.layer)
