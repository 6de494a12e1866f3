"""Preparing rows against the tokenizer alone, and its memory against the size of the corpus."""

import os
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from random import Random
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
from langsamp.disk.files import replacing
from langsamp.machine import usable_cores

_LEAST_SPEED = 0.7
_MOST_GROWTH = 32.0  # MiB; digests of seen documents are all that grows, 100 bytes each up to 2 million
_GROWTH = (1, 4, 16)
_LEAST_OF_TWO = 1.7
ONE_THREAD = {"TOKENIZERS_PARALLELISM": "false"}
"""In the environment of a process whose tokenizer is to take one core."""


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
    tag_mib: int = 0
    """Of text of one large tag, for two workers against one; it has a part for each 64 MiB, and with 0 it is left out.
    """


QUICK = PrepareSize(documents=1500, fewest_documents=125, vocab_size=8000, row_tokens=128, rounds=3)
NORMAL = PrepareSize(documents=8000, fewest_documents=600, vocab_size=16_000, row_tokens=512, rounds=3, tag_mib=127)


def measure_prepare(material: Fixtures, size: PrepareSize) -> Record:
    """Speed and memory of `prepare_rows`; the speed is that of all cores, on text that needs no mending."""
    taken = _speed(material, size)
    alone, _, without_start = taken.values()
    speed = median(theirs.seconds / ours.seconds for theirs, ours in zip(alone, without_start, strict=True))
    peaks = _peaks(material, size)
    growth = peaks[max(peaks)] - peaks[min(peaks)]
    one_tag = compared(_one_tag(material, size), amount=size.tag_mib) if size.tag_mib else ()
    memory = [Row(variant=f"one process, {number:,} documents", peak_mib=peak) for number, peak in peaks.items()]
    return Record(
        name="prepare",
        measures=(
            "Documents to rows on disk (read, clean, drop duplicates, encode, pack, checksum) against the same "
            "tokenizer's encode_batch on clean text in memory, on as many cores. Memory is that of one process. The "
            "rate of one large tag, which workers of one thread share in parts, is in MiB."
        ),
        unit="documents",
        rows=(*compared(taken, amount=size.documents * len(material.tags)), *one_tag, *memory),
        targets=(
            Target(name="speed against the tokenizer alone, start taken off", measured=speed, limit=_LEAST_SPEED),
            Target(name="MiB more for 16 times the text", measured=growth, limit=_MOST_GROWTH, at_most=True),
            *(
                Target(name="one large tag, two workers against one", measured=row.ratio or 0, limit=_LEAST_OF_TWO)
                for row in one_tag[1:]
            ),
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
            names[1]: lambda: prepare_text(text, folder, next(fresh), row_tokens=size.row_tokens, workers=cores),
            names[2]: lambda: prepare_text(single, folder, next(fresh), row_tokens=size.row_tokens, workers=cores),
        },
        rounds=size.rounds,
        title="prepare: speed",
    )
    starts = taken.pop("start")
    work = [whole.since(start) for whole, start in zip(taken[names[1]], starts, strict=True)]
    return {**taken, "the same, start taken off": work}


def _one_tag(material: Fixtures, size: PrepareSize) -> dict[str, list[Times]]:
    """What preparing one large tag took with one worker and with two, their start included."""
    text, folder = _large_tag(material, size.tag_mib), material.tokenizer(size.vocab_size)
    fresh = (material.folder / f"large-{number}" for number in count())

    def prepared(workers: int) -> None:
        with one_thread_workers(workers) as executor:
            prepare_text(text, folder, next(fresh), row_tokens=size.row_tokens, executor=executor)

    variants = {"one large tag, one worker": partial(prepared, 1), "the same, two workers": partial(prepared, 2)}
    return alternate(variants, rounds=1, title="prepare: one large tag")


def _large_tag(material: Fixtures, mib: int) -> Path:
    """A folder with so much text of the first tag: its words in other orders."""
    out, tag = material.folder / f"large-text-{mib}", material.tags[0]
    words = (material.text(1500) / f"{tag}.txt").read_text(encoding="utf-8").split()
    random, left = Random(0), mib << 20
    with replacing(out) as fresh, (fresh / f"{tag}.txt").open("wb") as file:
        while left > 0:
            left -= file.write(f"{' '.join(random.choices(words, k=30))}\n".encode())
    return out


def one_thread_workers(number: int) -> ProcessPoolExecutor:
    """Processes whose tokenizers take one core each; a preparation in this process takes all."""
    return ProcessPoolExecutor(number, mp_context=get_context("spawn"), initializer=_use_one_thread)


def _use_one_thread() -> None:
    os.environ.update(ONE_THREAD)


def _peaks(material: Fixtures, size: PrepareSize) -> dict[int, float]:
    """MiB that one process takes at most, by the number of documents that it prepares."""
    peaks = {}
    for times in _GROWTH:
        documents = times * size.fewest_documents
        peaks[documents * len(material.tags)] = material.alone.peak_mib(
            prepare_text,
            material.text(documents),
            material.tokenizer(size.vocab_size),
            material.folder / f"prepared-alone-{documents}",
            row_tokens=size.row_tokens,
            workers=1,
        )
    return peaks


def prepare_text(
    text: Path,
    tokenizer: Path,
    out: Path,
    *,
    row_tokens: int,
    workers: int | None = None,
    executor: Executor | None = None,
) -> None:
    """Rows of the text in a folder by a tokenizer in another, in the new folder `out`."""
    prepare_rows(
        CorpusConfig(source=str(text.absolute()), check_script=False),
        TokenizerConfig(load=str(tokenizer)),
        RowsConfig(row_tokens=row_tokens),
        out=out,
        workers=workers,
        executor=executor,
    )
