"""Tagged sentences in files of one word a line, `word TAB label`, with a blank line between sentences."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from langsamp.data.text.odd_rows import OddRow, OddRows, are_few, short
from langsamp.data.text.tag_names import language_named
from langsamp.errors import UserError
from langsamp.evaluation.tasks.examples import TaggedSentences
from langsamp.evaluation.tasks.readers.formats.label_spellings import label_named
from langsamp.evaluation.tasks.readers.formats.lines import read_lines
from langsamp.languages.tags import LangScript

_PREFIX = re.compile("([a-z][a-z-]*):")
_HEADER = ({"word", "words", "token", "tokens", "form"}, {"label", "labels", "tag", "tags", "ner", "ner_tags", "upos"})
"""What the two columns of a first line are called that is a header."""
_BLANK = "blank lines beside the one that ends a sentence make no sentence of their own"


@dataclass(frozen=True, kw_only=True)
class TaggedColumns:
    """How words and labels are read."""

    labels: tuple[str, ...]
    """The labels there are."""
    without_label: str | None = None
    """The label of a word without one, as the original gives it; None = an odd row."""
    cuts_prefix: bool = False
    """Whether a language code before each word (`en:word`, as in WikiANN) is cut; it is where all words but a few have
    the same."""

    def read(self, tag: LangScript, paths: Sequence[Path]) -> TaggedSentences:
        """The sentences of all files, one after the other; one with an odd line is left out and noted.

        Odd is a word without label, a wrong label, a wrong number of columns and what is no UTF-8.

        Raises:
            UserError: where more sentences are odd than may be left out, naming the first line.
        """
        sentences: list[list[tuple[str, str]]] = []
        notes: Counter[str] = Counter()
        odd = OddRows("sentences")
        for path in paths:
            sentences += self._sentences(path, notes, odd)
        return noted(
            tag,
            [tuple(word for word, _ in sentence) for sentence in sentences],
            [tuple(label for _, label in sentence) for sentence in sentences],
            [*(f"{number} {what}" for what, number in notes.items()), *odd.notes(len(sentences) + odd.number)],
        )

    def _sentences(self, path: Path, notes: Counter[str], odd: OddRows) -> Iterator[list[tuple[str, str]]]:
        lines = read_lines(path)
        prefix = _prefix(path, lines, notes) if self.cuts_prefix else ""
        sentence: list[tuple[str, str]] = []
        wrong: OddRow | None = None
        for number, line in enumerate([*lines, ""], start=1):
            if isinstance(line, OddRow):
                wrong = wrong or line
            elif not line.strip():
                if wrong is not None:
                    odd.add(wrong)
                elif sentence:
                    yield sentence
                elif number <= len(lines):
                    notes[_BLANK] += 1
                sentence, wrong = [], None
            elif not _is_beside(number, line, notes):
                try:
                    sentence.append(self._word(line.removeprefix(prefix), notes))
                except UserError as error:
                    wrong = wrong or OddRow(path, f"line {number}", str(error))

    def _word(self, line: str, notes: Counter[str]) -> tuple[str, str]:
        word, *others = line.split("\t")
        while len(others) > 1 and not others[-1].strip():  # tabs at the end of a line
            others.pop()
        if len(others) > 1:
            raise UserError(f"expected 2 columns separated by a tab (word, label), got {len(others) + 1}")
        label = others[0] if others else ""
        if not label.strip():
            if self.without_label is None:
                raise UserError(f"the word {word!r} has no label; write it after a tab")
            notes[f"words without label got {self.without_label}"] += 1
            return word, self.without_label
        name = label_named(label, self.labels, notes)
        if not word.strip():
            notes["words are empty"] += 1
        return word, name


def noted(
    tag: LangScript, words: Sequence[tuple[str, ...]], labels: Sequence[tuple[str, ...]], notes: Sequence[str] = ()
) -> TaggedSentences:
    """Tagged sentences with a note on spans that start with `I-`."""
    loose = sum(map(_loose_spans, labels))
    remarks = [f"{loose} spans start with I- instead of B- and are kept so"] if loose else []
    return TaggedSentences(tag=tag, words=tuple(words), labels=tuple(labels), notes=(*notes, *remarks))


def _loose_spans(labels: Sequence[str]) -> int:
    """Number of labels `I-x` that follow neither `B-x` nor `I-x`."""
    pairs = zip(("O", *labels), labels, strict=False)
    return sum(label.startswith("I-") and before[1:] != label[1:] for before, label in pairs)


def _is_beside(number: int, line: str, notes: Counter[str]) -> bool:
    """Whether a line is a comment or a header, which stand beside the words."""
    cells = [cell.strip().casefold() for cell in line.split("\t")]
    if number == 1 and len(cells) == 2 and all(cell in names for cell, names in zip(cells, _HEADER, strict=True)):
        notes["header is no word"] += 1
        return True
    if line.startswith("#") and len(cells) == 1:
        notes["comment lines are no words"] += 1
        return True
    return False


def _prefix(path: Path, lines: Sequence[str], notes: Counter[str]) -> str:
    """The language code and colon that all words of a file start with but a few; empty where there is none.

    Raises:
        UserError: where most words start with one and more than a few do not: what is part of the word cannot be told.
    """
    words = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    codes = Counter(match[0] for _, line in words if (match := _PREFIX.match(line)) and language_named(match[1]))
    prefix, number = codes.most_common(1)[0] if codes else ("", 0)
    if 2 * number <= len(words):
        return ""
    without = [at for at, line in words if not line.startswith(prefix)]
    if without and not are_few(len(without), len(words)):
        raise UserError(
            f"{path}: {number} of {len(words)} words start with {prefix!r} and the others do not, the first in line "
            f"{without[0]}; put it before every word, or before none"
        )
    if without:
        named = ", ".join(map(str, without[:3])) + (", ..." if len(without) > 3 else "")
        stay = f"of {len(words)} words have no {prefix!r} before them and stay as they stand"
        notes[f"{stay}: {short(path)}, line {named}"] = len(without)
    return prefix
