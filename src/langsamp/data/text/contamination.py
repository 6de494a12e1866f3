"""Sentences of test sets in training text: found by exact match after squeezing, in a stream and in little memory.

Squeezed is a text in NFKC and without case, of which only letters, marks and numbers are left: neither white space nor
punctuation tells two copies apart, nor how words were cut. A document holds a test sentence if it is that sentence, or
if the sentence stands in it between ends of sentences or of lines; a test sentence may itself be several. Inside a
longer document only sentences of `_LEAST` bytes and more count: `Thank you` stands everywhere.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from xxhash import xxh3_64_intdigest

from langsamp.disk.files import writing

_LEAST = 16  # UTF-8 bytes of the squeezed sentence: six Chinese characters, three or four English words
_ENDS = ".!?\n\u2028\u2029\u0964\u0965\u06d4\u061f\u1362\u1367\u1368\u104a\u104b\u0589\u3002\u1803\u166e"
"""What ends a sentence after NFKC, which has made `...` of one sign and `!` of a wide one; and ends of lines."""
_DROPPED, _KEPT, _END_OF_SENTENCE, _END_OF_TEXT = range(4)
_TABLE = np.dtype([("first", "<u8"), ("whole", "<u8"), ("sentences", "<u4"), ("bytes", "<u4"), ("task", "<u2")])


class Overlap(BaseModel):
    """What one tag's text shares with one task's test sets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: int
    """Documents that hold a test sentence."""
    sentences: int
    """Different test sentences that were met."""


class TaskSentences:
    """The sentences of tasks' test sets, to be looked for; holds about 30 bytes of each."""

    def __init__(self, tasks: Sequence[str], table: NDArray[np.void]) -> None:
        """Take the names of tasks and, ordered by the digest of its first sentence, a line for each test item."""
        self.tasks, self._table = tuple(tasks), table
        self._first: NDArray[np.uint64] = np.ascontiguousarray(table["first"])

    @classmethod
    def of(cls, texts: Mapping[str, Sequence[str]]) -> "TaskSentences":
        """The sentences of `texts`, test items by task; items without a letter or number are left out."""
        lines = set()
        for task, items in enumerate(texts.values()):
            squeezed = _squeezed(items)
            for digests, size in zip(squeezed.digests, squeezed.sizes(), strict=True):
                if len(digests):
                    lines.add((int(digests[0]), _whole(digests), len(digests), size, task))
        return cls(list(texts), np.array(sorted(lines), _TABLE))

    def __len__(self) -> int:
        return len(self._table)

    @property
    def numbers(self) -> dict[str, int]:
        """Different test sentences by task."""
        return {task: int((self._table["task"] == number).sum()) for number, task in enumerate(self.tasks)}

    @cached_property
    def fingerprint(self) -> str:
        """Names tasks and sentences by content."""
        return f"{xxh3_64_intdigest(chr(10).join(self.tasks).encode() + self._table.tobytes()):016x}"

    def save(self, path: Path) -> None:
        """Write all of it to a `.npz` file."""
        with writing(path):
            np.savez(path, table=self._table, tasks=np.array(self.tasks, dtype=str))

    @classmethod
    def load(cls, path: Path) -> "TaskSentences":
        """What `save` has written."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(stored["tasks"].tolist(), stored["table"])

    def lines_in(self, documents: Sequence[str]) -> list[list[int]]:
        """For each document the lines of the table whose test item it holds."""
        lines: list[list[int]] = [[] for _ in documents]
        if not len(self):
            return lines
        digests = _squeezed(documents).digests
        joined = np.concatenate([np.empty(0, np.uint64), *digests])
        at = np.minimum(np.searchsorted(self._first, joined), len(self) - 1)
        number_of = np.repeat(np.arange(len(digests)), [len(each) for each in digests])
        start_of = np.cumsum([0, *(len(each) for each in digests)])
        for begin in np.flatnonzero(self._first[at] == joined).tolist():
            document = int(number_of[begin])
            lines[document] += self._from(digests[document], begin - int(start_of[document]), int(at[begin]))
        return lines

    def tasks_of(self, lines: Iterable[int]) -> set[str]:
        """The tasks to which lines of the table belong."""
        return {self.tasks[int(self._table["task"][line])] for line in lines}

    def _from(self, digests: NDArray[np.uint64], start: int, line: int) -> list[int]:
        """The lines from `line` on whose items begin with the sentence `start` of a document and stand there whole."""
        held, first = [], self._first[line]
        while line < len(self) and self._first[line] == first:
            _, whole, number, size, _ = self._table[line].item()
            here = digests[start : start + number]
            if len(here) == number and _whole(here) == whole and (size >= _LEAST or number == len(digests)):
                held.append(line)
            line += 1
        return held


class OverlapCounts:
    """What the documents of one tag share with test sets; grows while they are read."""

    def __init__(self, known: TaskSentences) -> None:
        """Count for these test sentences."""
        self._known = known
        self._documents: Counter[str] = Counter()
        self._met: set[int] = set()

    def add(self, documents: Sequence[str]) -> list[bool]:
        """Count documents; for each of them whether it holds a test sentence."""
        return self.count(self._known.lines_in(documents))

    def count(self, lines: Sequence[Sequence[int]]) -> list[bool]:
        """`add` by what `TaskSentences.lines_in` gives of documents."""
        for held in filter(None, lines):
            self._documents.update(self._known.tasks_of(held))
            self._met.update(held)
        return [bool(held) for held in lines]

    @property
    def by_task(self) -> dict[str, Overlap]:
        """The overlap with each task that has any."""
        met = Counter(task for line in self._met for task in self._known.tasks_of([line]))
        return {
            task: Overlap(documents=number, sentences=met[task]) for task, number in sorted(self._documents.items())
        }


@lru_cache(maxsize=1)
def sentences_at(path: Path) -> TaskSentences:
    """The test sentences in a file, read once in each process."""
    return TaskSentences.load(path)


class _Squeezed(NamedTuple):
    """Texts as the digests of their squeezed sentences, without those of which nothing is left."""

    digests: list[NDArray[np.uint64]]
    kept: NDArray[np.uint32]
    """The code points that are left of all texts."""
    borders: NDArray[np.int64]
    """Where each text begins among them, and where the last one ends."""

    def sizes(self) -> list[int]:
        """UTF-8 bytes that are left of each text."""
        widths = np.searchsorted([0x80, 0x800, 0x10000], self.kept, side="right") + 1
        before = np.concatenate([[0], np.cumsum(widths)])
        return [int(size) for size in np.diff(before[self.borders])]


def _squeezed(texts: Sequence[str]) -> _Squeezed:
    """All texts at once: characters are numbers here, which is ten times as fast as text by text."""
    if not texts:
        return _Squeezed([], np.empty(0, np.uint32), np.zeros(1, np.int64))
    joined = "".join(unicodedata.normalize("NFKC", text.replace("\0", "")).casefold() + "\0" for text in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4")
    kinds = _kinds()[codes]
    is_kept = kinds == _KEPT
    kept = codes[is_kept]
    ends = np.flatnonzero(kinds >= _END_OF_SENTENCE)
    stops = np.cumsum(is_kept)[ends]
    starts = np.concatenate([[0], stops[:-1]]) if len(stops) else stops
    text_of = np.cumsum(kinds[ends] == _END_OF_TEXT) - (kinds[ends] == _END_OF_TEXT)
    is_there = stops > starts
    content = memoryview(kept.tobytes())
    spans = zip(starts[is_there].tolist(), stops[is_there].tolist(), strict=True)
    digests = np.fromiter((xxh3_64_intdigest(content[4 * start : 4 * stop]) for start, stop in spans), np.uint64)
    numbers = np.bincount(text_of[is_there], minlength=len(texts))
    borders = np.concatenate([[0], stops[kinds[ends] == _END_OF_TEXT]])
    return _Squeezed(np.split(digests, np.cumsum(numbers)[:-1]), kept, borders)


def _whole(digests: NDArray[np.uint64]) -> int:
    return xxh3_64_intdigest(digests.tobytes())


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each code point is: letters, marks, numbers and the signs of Braille and of sign writing are kept."""
    kinds = np.fromiter((unicodedata.category(chr(code))[0] in "LMN" for code in range(0x110000)), np.uint8)
    kinds[0x2801:0x2900] = kinds[0x1D800:0x1DA00] = _KEPT
    kinds[[ord(end) for end in _ENDS]] = _END_OF_SENTENCE
    kinds[0] = _END_OF_TEXT
    return kinds
