"""Preparing rows against the tokenizer alone, and its memory against the size of the corpus."""

from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from statistics import median

from tokenizers import Tokenizer

from langsamp.bench.fixtures import Fixtures
from langsamp.bench.record import Record, Row, Target
from langsamp.bench.timing import Times, alternate, compared
from langsamp.data.prepare import prepare_rows
from langsamp.data.rows import RowsConfig
from langsamp.data.text.cleaning import clean_documents
from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.machine import usable_cores

_LEAST_SPEED = 0.7
_MOST_GROWTH = 32.0  # MiB; digests of seen documents are all that grows, 100 bytes each up to 2 million
_GROWTH = (1, 4, 16)


@dataclass(frozen=True, kw_only=True)
class PrepareSize:
    """How much is measured."""

    documents: int
    """Of each tag, for speed."""
    fewest_documents: int
    """Of each tag, for memory; then 4 and 16 times as many."""
    vocab_size: int
    row_tokens: int
    rounds: int


QUICK = PrepareSize(documents=1500, fewest_documents=125, vocab_size=8000, row_tokens=128, rounds=3)
NORMAL = PrepareSize(documents=8000, fewest_documents=600, vocab_size=16_000, row_tokens=512, rounds=3)


def measure_prepare(material: Fixtures, size: PrepareSize) -> Record:
    """Speed and memory of `prepare_rows`; the speed is that of all cores, on text that needs no mending."""
    taken = _speed(material, size)
    alone, _, without_start = taken.values()
    speed = median(theirs.seconds / ours.seconds for theirs, ours in zip(alone, without_start, strict=True))
    peaks = _peaks(material, size)
    growth = peaks[max(peaks)] - peaks[min(peaks)]
    memory = [Row(variant=f"one process, {number:,} documents", peak_mib=peak) for number, peak in peaks.items()]
    return Record(
        name="prepare",
        measures=(
            "Documents to rows on disk (read, clean, drop duplicates, encode, pack, checksum) against the same "
            "tokenizer's encode_batch on clean text in memory, on as many cores. Memory is that of one process."
        ),
        unit="documents",
        rows=(*compared(taken, amount=size.documents * len(material.tags)), *memory),
        targets=(
            Target(name="speed against the tokenizer alone, start taken off", measured=speed, limit=_LEAST_SPEED),
            Target(name="MiB more for 16 times the text", measured=growth, limit=_MOST_GROWTH, at_most=True),
        ),
        settings={**asdict(size), "tags": [str(tag) for tag in material.tags], "cores": usable_cores()},
    )


def _speed(material: Fixtures, size: PrepareSize) -> dict[str, list[Times]]:
    """What the tokenizer alone took, the whole preparation, and the preparation without its start."""
    text, folder = material.text(size.documents), material.tokenizer(size.vocab_size)
    single = material.text(1)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = CorpusConfig(source=str(text.absolute()))
    corpus = open_corpus(config, base=Path())
    documents = [list(clean_documents(corpus.documents(tag), tag=tag, config=config)) for tag in corpus.tags]
    fresh = (material.folder / f"prepared-{number}" for number in count())

    def alone() -> None:
        for texts in documents:
            tokenizer.encode_batch(texts)

    cores = usable_cores()
    names = (f"tokenizer alone, {cores} threads", f"prepare_rows, {cores} processes", "start")
    taken = alternate(
        {
            names[0]: alone,
            names[1]: lambda: _prepare(text, folder, next(fresh), row_tokens=size.row_tokens, workers=cores),
            names[2]: lambda: _prepare(single, folder, next(fresh), row_tokens=size.row_tokens, workers=cores),
        },
        rounds=size.rounds,
        title="prepare: speed",
    )
    starts = taken.pop("start")
    work = [whole.since(start) for whole, start in zip(taken[names[1]], starts, strict=True)]
    return {**taken, "the same, start taken off": work}


def _peaks(material: Fixtures, size: PrepareSize) -> dict[int, float]:
    """MiB that one process takes at most, by the number of documents that it prepares."""
    peaks = {}
    for times in _GROWTH:
        documents = times * size.fewest_documents
        peaks[documents * len(material.tags)] = material.alone.peak_mib(
            _prepare,
            material.text(documents),
            material.tokenizer(size.vocab_size),
            material.folder / f"prepared-alone-{documents}",
            row_tokens=size.row_tokens,
            workers=1,
        )
    return peaks


def _prepare(text: Path, tokenizer: Path, out: Path, *, row_tokens: int, workers: int) -> None:
    prepare_rows(
        CorpusConfig(source=str(text.absolute()), check_script=False),
        TokenizerConfig(load=str(tokenizer)),
        RowsConfig(row_tokens=row_tokens),
        out=out,
        workers=workers,
    )
