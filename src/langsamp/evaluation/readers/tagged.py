"""Tagged sentences in files of one word a line, `word TAB label`, with a blank line between sentences."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from langsamp.errors import UserError
from langsamp.evaluation.readers.examples import TaggedSentences
from langsamp.evaluation.readers.lines import read_lines
from langsamp.languages.tags import LangScript

_PREFIX = re.compile("[a-z][a-z-]*:")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """How words and labels are read."""

    labels: tuple[str, ...]
    """The labels there are."""
    without_label: str | None = None
    """The label of a word without one, as the original gives it; None = an error."""
    cuts_prefix: bool = False
    """Whether a language code before each word (`en:word`, as in WikiANN) is cut; it is where all words have one."""

    def read(self, tag: LangScript, paths: Sequence[Path]) -> TaggedSentences:
        """The sentences of all files, one after the other.

        Raises:
            UserError: for a word without label, a wrong label and a wrong number of columns, naming the line.
        """
        words: list[tuple[str, ...]] = []
        labels: list[tuple[str, ...]] = []
        notes: Counter[str] = Counter()
        for path in paths:
            for sentence in self._sentences(path, notes):
                words.append(tuple(word for word, _ in sentence))
                labels.append(tuple(label for _, label in sentence))
        return noted(tag, words, labels, [f"{number} {what}" for what, number in notes.items()])

    def _sentences(self, path: Path, notes: Counter[str]) -> list[list[tuple[str, str]]]:
        lines = read_lines(path)
        prefix = _prefix(lines) if self.cuts_prefix else ""
        sentences: list[list[tuple[str, str]]] = [[]]
        for number, line in enumerate(lines, start=1):
            if line.strip():
                sentences[-1].append(self._word(f"{path}, line {number}", line.removeprefix(prefix), notes))
            elif sentences[-1]:
                sentences.append([])
            else:
                notes["blank lines beside the one that ends a sentence make no sentence of their own"] += 1
        return sentences if sentences[-1] else sentences[:-1]

    def _word(self, place: str, line: str, notes: Counter[str]) -> tuple[str, str]:
        word, *others = line.split("\t")
        if len(others) > 1:
            raise UserError(f"{place}: expected 2 columns separated by a tab (word, label), got {len(others) + 1}")
        label = others[0] if others else ""
        if not label:
            if self.without_label is None:
                raise UserError(f"{place}: the word {word!r} has no label; write it after a tab")
            notes[f"words without label got {self.without_label}"] += 1
            return word, self.without_label
        if label not in self.labels:
            raise UserError(f"{place}: expected one of the labels {', '.join(self.labels)}, got {label!r}")
        if not word.strip():
            notes["words are empty"] += 1
        return word, label


def noted(
    tag: LangScript, words: Sequence[tuple[str, ...]], labels: Sequence[tuple[str, ...]], notes: Sequence[str] = ()
) -> TaggedSentences:
    """Tagged sentences with a note on spans that start with `I-`."""
    loose = sum(map(_loose_spans, labels))
    found = [f"{loose} spans start with I- instead of B- and are kept so"] if loose else []
    return TaggedSentences(tag=tag, words=tuple(words), labels=tuple(labels), notes=(*notes, *found))


def _loose_spans(labels: Sequence[str]) -> int:
    """Number of labels `I-x` that follow neither `B-x` nor `I-x`."""
    pairs = zip(("O", *labels), labels, strict=False)
    return sum(label.startswith("I-") and before[1:] != label[1:] for before, label in pairs)


def _prefix(lines: Sequence[str]) -> str:
    """The language code and colon that all words of a file start with; empty where there is none."""
    words = [line for line in lines if line.strip()]
    found = _PREFIX.match(words[0]) if words else None
    return found[0] if found and all(word.startswith(found[0]) for word in words) else ""
