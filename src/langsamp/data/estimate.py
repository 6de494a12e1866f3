"""A corpus's figures from a sample: documents, rows and what is judged of each tag, without preparing it."""

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from transformers import PreTrainedTokenizerFast

from langsamp.data.chunks.parts import PART_BYTES, likely_parts
from langsamp.data.findings import Figures
from langsamp.data.packing import best_fit
from langsamp.data.rows import RowsConfig
from langsamp.data.text.cleaning import DUPLICATE, EMPTY, NEAR_DUPLICATE, CleaningCounts, clean_documents
from langsamp.data.text.contamination import Overlap, OverlapCounts, TaskSentences
from langsamp.data.text.corpus import Corpus, CorpusConfig, open_corpus
from langsamp.data.text.duplicates import DIGEST_BYTES
from langsamp.data.text.near_duplicates import NearTexts
from langsamp.data.text.odd_rows import OddRow, OddRows
from langsamp.data.tokens.encoding import TokenKinds
from langsamp.data.tokens.tokenizer import (
    TokenizerConfig,
    byte_ids,
    delimiters_of,
    load_tokenizer,
    textless_ids,
    vocabulary_size,
)
from langsamp.data.tokens.unigram import train_tokenizer
from langsamp.languages.scripts import share_in_script
from langsamp.languages.tags import LangScript
from langsamp.progress import Bar

SAMPLE = 300
"""Documents of each tag that are looked at."""
_QUICK_PIECES, _QUICK_DOCUMENTS = 4_000, 6_000
_LEAST_RATIO = 2  # of clean text to its compressed form
_TOKEN_BYTES = 4  # at most


class Estimate(NamedTuple):
    """What a sample says of a corpus, by tag."""

    documents: Mapping[LangScript, int]
    parts: int
    """Of all tags' text, which workers can share."""
    working_bytes: int
    """Disk that preparing needs beside the rows until they are written, at most about."""
    figures: Mapping[LangScript, Figures]
    overlap: Mapping[str, Mapping[str, Overlap]]
    """What the sampled documents share with test sets, by tag and task."""
    notes: Mapping[str, Sequence[str]]
    """Which sampled documents cannot be read, by tag."""
    remarks: Sequence[str]
    """What of the source as a whole is left out."""
    tokenizer: PreTrainedTokenizerFast
    """The one that counted."""


def estimate(
    corpus: CorpusConfig, tokenizer: TokenizerConfig, rows: RowsConfig, *, test_sentences: TaskSentences | None = None
) -> Estimate:
    """Figures scaled up from the first documents of each tag, encoded by the tokenizer that the run would load.

    One that has to be trained is small here, which gives more tokens.

    Raises:
        UserError: as preparing would, for the text or the tokenizer.
    """
    source = open_corpus(corpus, base=Path())
    samples: dict[LangScript, _Sample] = {}
    with Bar("sampling text", total=len(source.tags), unit="tags") as bar:
        for tag in source.tags:
            samples[tag] = _sample(source, tag, corpus, test_sentences)
            bar.update()
    counting = _tokenizer(tokenizer, rows, [text for sample in samples.values() for text in sample.texts])
    kinds = TokenKinds.of(
        vocabulary_size(counting),
        special_ids=textless_ids(counting),
        byte_ids=byte_ids(counting) if tokenizer.load is not None else (),  # one trained here is small, and has none
    )
    parts = {tag: likely_parts(source.size(tag), PART_BYTES) for tag in source.tags}
    figures = {tag: _figures(tag, sample, counting, kinds, rows) for tag, sample in samples.items()}
    return Estimate(
        documents={tag: sample.documents for tag, sample in samples.items()},
        parts=sum(parts.values()),
        working_bytes=sum(
            _working_bytes(samples[tag], figures[tag], corpus) for tag, number in parts.items() if number > 1
        ),
        figures=figures,
        overlap={str(tag): sample.overlap for tag, sample in samples.items() if sample.overlap},
        notes={str(tag): sample.notes for tag, sample in samples.items() if sample.notes},
        remarks=source.remarks,
        tokenizer=counting,
    )


class _Sample(NamedTuple):
    texts: tuple[str, ...]
    documents: int
    """Clean ones that the tag may have in all."""
    counts: CleaningCounts
    overlap: Mapping[str, Overlap]
    notes: Sequence[str]


def _sample(source: Corpus, tag: LangScript, corpus: CorpusConfig, sentences: TaskSentences | None) -> _Sample:
    """The first clean documents of a tag."""
    raw = source.documents(tag)
    first = list(islice(raw, SAMPLE))
    is_whole = next(raw, None) is None
    odd, notes = OddRows("sampled documents"), []
    if not is_whole:  # what is a large share of the first documents may be a small one of all
        for row in (text for text in first if isinstance(text, OddRow)):
            odd.add(row)
        notes = odd.words(len(first))
        first = [text for text in first if not isinstance(text, OddRow)] or first
    counts, overlap = CleaningCounts(), OverlapCounts(sentences) if sentences is not None else None
    config = corpus.model_copy(update={"max_documents": None, "decontaminate": False})
    texts = tuple(clean_documents(first, tag=tag, config=config, counts=counts, overlap=overlap))
    if is_whole:
        number = len(texts)
    elif corpus.source == "cldr":
        number = corpus.documents_per_tag
    else:
        number = round(len(texts) * source.size(tag) / sum(len(text.encode()) + 1 for text in first))
    shared = overlap.by_task if overlap is not None else {}
    notes = notes or counts.odd.words(len(first))
    return _Sample(texts, min(number, corpus.max_documents or number), counts, shared, notes)


def _figures(
    tag: LangScript, sample: _Sample, tokenizer: PreTrainedTokenizerFast, kinds: TokenKinds, config: RowsConfig
) -> Figures:
    texts, times, dropped = list(sample.texts), sample.documents / len(sample.texts), sample.counts.dropped
    ids = [encoding.ids for encoding in tokenizer.backend_tokenizer.encode_batch_fast(texts)]
    tokens, unknown_id = np.concatenate(ids), tokenizer.unk_token_id
    ordinary, unknown = int((~kinds.is_special[tokens]).sum()), int((tokens == unknown_id).sum())
    of_text = ordinary + (unknown if unknown_id is not None and kinds.is_special[unknown_id] else 0)
    return Figures(
        rows=int(_rows_filled(ids, tokenizer, config) * times),
        tokens=int(len(tokens) * times),
        ordinary_tokens=math.ceil(ordinary * times),
        unknown_share=unknown / max(of_text, 1),
        byte_share=float(kinds.is_byte[tokens].mean()),
        equal_share=(dropped[DUPLICATE] + dropped[NEAR_DUPLICATE]) / max(sample.counts.read, 1),
        empty_share=dropped[EMPTY] / max(sample.counts.read, 1),
        share_in_script=share_in_script(sample.counts.letters(), tag.script),
        garbled_share=sample.counts.garbled_share,
    )


def _working_bytes(sample: _Sample, figures: Figures, corpus: CorpusConfig) -> int:
    """Of a large tag: its clean text, and beside that first the digests of all documents, twice, then all tokens."""
    text = sample.documents * sum(len(each.encode()) for each in sample.texts) // len(sample.texts)
    bands = NearTexts(corpus.near_duplicates).bands if corpus.near_duplicates is not None else 0
    digests = 2 * DIGEST_BYTES * sample.documents * (corpus.deduplicate + bands)
    return text // _LEAST_RATIO + max(digests, _TOKEN_BYTES * figures.tokens)


def _rows_filled(ids: list[list[int]], tokenizer: PreTrainedTokenizerFast, config: RowsConfig) -> float:
    """How many rows the documents with these ids fill, with a share of a row where they are cut at its end."""
    if config.packing == "concatenate":
        return sum(map(len, ids)) / config.row_tokens
    fitted = best_fit([ids], row_tokens=config.row_tokens, dtype="<u4", delimiters=delimiters_of(tokenizer))
    return sum(map(len, fitted))


def _tokenizer(config: TokenizerConfig, rows: RowsConfig, texts: list[str]) -> PreTrainedTokenizerFast:
    if config.load is not None:
        return load_tokenizer(config.load)
    few = texts[:: max(1, len(texts) // _QUICK_DOCUMENTS)]
    quick = TokenizerConfig(vocab_size=min(config.vocab_size, _QUICK_PIECES), character_coverage=0.98)
    return train_tokenizer(few, quick, row_tokens=rows.row_tokens)
