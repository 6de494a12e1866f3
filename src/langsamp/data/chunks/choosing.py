"""Which documents of a tag are kept, when its chunks are read: the first of equal or like ones, in the tag's order.

Only digests are read for it, and the text of chunks of which something is dropped, whose counts have to be taken back.
"""

from collections.abc import Iterator, Sequence
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from langsamp.data.chunks.chunk import Chunk, ChunkRecord
from langsamp.data.chunks.parts import CleanText, text_parts, write_kept
from langsamp.data.text.cleaning import DUPLICATE, NEAR_DUPLICATE, TEST_TEXT, Cleaner
from langsamp.data.text.odd_rows import OddRow


def choose(cleaner: Cleaner, chunks: Sequence[Chunk]) -> list[CleanText]:
    """What is kept of a tag's first chunks: of all, or of those that `max_documents` does not cut.

    They are counted, and what they hold is known to `cleaner`, as if it had read them itself. Without `max_documents`
    chunks that are not read yet are read here.
    """
    texts = []
    cap, lines = cleaner.config.max_documents, _LinesBefore()
    for chunk in chunks:
        record = chunk.noted() if cap is not None else chunk.result()
        if record is None or (cap is not None and cleaner.counts.kept + record.documents >= cap):
            break
        cleaner.counts.extend(record.counts(lines_before=lines.of(chunk)), record.by_character)
        lines.add(record.read)
        is_kept = _kept(cleaner, chunk, record)
        text = chunk.clean_text(record, is_whole=bool(is_kept.all()))
        if text.kept is not None:
            _take_back(cleaner, chunk, record, ~is_kept)
            write_kept(chunk.kept, is_kept)
        texts.append(text)
    return texts


def documents_after(chunks: Sequence[Chunk], chosen: int) -> Iterator[str]:
    """The raw documents of the chunks that follow those that were chosen from."""
    lines = _LinesBefore()
    for chunk in chunks[:chosen]:
        lines.of(chunk)
        lines.add(chunk.result().read)
    for chunk in chunks[chosen:]:
        before = lines.of(chunk)
        for document in chunk.corpus.documents(chunk.tag):
            lines.add(1)
            yield document.after(before) if isinstance(document, OddRow) else document


class _LinesBefore:
    """How many lines of its file there are before a chunk; each line is a document."""

    def __init__(self) -> None:
        self._number = 0

    def of(self, chunk: Chunk) -> int:
        if not chunk.is_inside:
            self._number = 0
        return self._number

    def add(self, documents: int) -> None:
        self._number += documents


def _kept(cleaner: Cleaner, chunk: Chunk, record: ChunkRecord) -> NDArray[np.bool_]:
    """Which documents of a chunk are kept; the others are counted as dropped."""
    is_kept, counts, done = np.ones(record.documents, bool), cleaner.counts, 0
    exact, bands = int(cleaner.seen is not None), cleaner.near.bands if cleaner.near is not None else 0
    width = exact + bands
    for digests in chunk.read_digests(record, width) if width else ():
        left = list(range(len(digests) // width))
        if cleaner.seen is not None:
            left = list(compress(left, cleaner.seen.are_new(digests[::width])))
            counts.dropped[DUPLICATE] += len(digests) // width - len(left)
        if cleaner.near is not None:
            of_left = [digest for at in left for digest in digests[at * width + exact : (at + 1) * width]]
            unlike = list(compress(left, cleaner.near.are_new(of_left)))
            counts.dropped[NEAR_DUPLICATE] += len(left) - len(unlike)
            left = unlike
        block = is_kept[done : done + len(digests) // width]
        block[:] = False
        block[left] = True
        done += len(block)
    for document, lines in record.held:
        if cleaner.overlap is not None and is_kept[document]:
            cleaner.overlap.count([lines])
            is_kept[document] = not cleaner.config.decontaminate
            counts.dropped[TEST_TEXT] += cleaner.config.decontaminate
    return is_kept


def _take_back(cleaner: Cleaner, chunk: Chunk, record: ChunkRecord, is_gone: NDArray[np.bool_]) -> None:
    """Do not count as kept what of a chunk is gone."""
    gone = iter(is_gone.tolist())
    for part in text_parts(chunk.folder, [chunk.clean_text(record, is_whole=True)]):
        for batch in part.batches():
            cleaner.counts.add(list(compress(batch, gone)), times=-1)
