"""Universal Dependencies: CoNLL-U files, all treebanks of one language in one script merged split by split.

Words are those of the syntax: a range of a multiword token (`3-4 don't`) is left out for the words it is made of, and
empty nodes (`5.1`), which stand for words that are not in the text, are left out too. Columns are what stands between
tabs, as the format says: words may have blanks inside, several of them too.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from langsamp.data.text.formats import plain_name
from langsamp.data.text.odd_rows import OddRow, OddRows
from langsamp.errors import UserError
from langsamp.evaluation.tasks.examples import TaggedSentences
from langsamp.evaluation.tasks.readers.formats.label_spellings import label_named
from langsamp.evaluation.tasks.readers.formats.layouts import tag_by_text
from langsamp.evaluation.tasks.readers.formats.lines import read_lines
from langsamp.evaluation.tasks.readers.formats.split_files import LabelledFiles, Split
from langsamp.evaluation.tasks.readers.formats.tagged import noted
from langsamp.languages.tags import LangScript

_NAME = re.compile(
    r"(?P<code>[a-z]{2,3})_(?P<treebank>\w+)-ud-(?P<split>train|dev|test)(?P<part>-[\w-]+)?\.conllu", re.IGNORECASE
)
"""As in a release: `en_ewt-ud-test.conllu`; large train sets come in parts (`cs_pdt-ud-train-ct.conllu`)."""

_ID = re.compile(r"(?P<word>[1-9]\d*)|[1-9]\d*-[1-9]\d*|\d+\.[1-9]\d*")
"""A word, the range of a multiword token, an empty node."""
_FORM, _UPOS = 1, 3
"""The columns that are looked at besides the first, counted from 0."""

Row = tuple[int, str]
"""Number and text of a line."""


@dataclass(frozen=True, kw_only=True)
class Treebanks:
    """How CoNLL-U files are found and read."""

    labels: tuple[str, ...]
    without_label: str | None = None
    """The label of a word that has none (`_`), as the original gives it; None = an odd row."""

    def find(self, folder: Path, notes: list[str]) -> Iterator[LabelledFiles[TaggedSentences]]:
        """The treebanks in a folder, and in those of its folders that are named `UD_...`.

        One that comes without its text, with `_` for each word, has no letter and is left out with a note.
        """
        treebanks: defaultdict[tuple[str, str], defaultdict[Split, list[Path]]] = defaultdict(lambda: defaultdict(list))
        for path in _files(folder, notes):
            name = _NAME.fullmatch(plain_name(path))
            if name is None:
                notes.append(f"{path} is left out: expected a name like en_ewt-ud-test.conllu")
                continue
            treebanks[name["code"].lower(), name["treebank"]][_split(name["split"].lower())].append(path)
        merged: defaultdict[tuple[LangScript, Split], list[Path]] = defaultdict(list)
        for (code, _), splits in sorted(treebanks.items()):
            tag = tag_by_text(code, [path for split in sorted(splits) for path in splits[split]], _word, notes)
            for split, paths in splits.items():
                if tag:
                    merged[tag, split] += paths
        for (tag, split), paths in merged.items():
            yield LabelledFiles(tag=tag, split=split, paths=tuple(paths), parse=self.read)

    def read(self, tag: LangScript, paths: Sequence[Path]) -> TaggedSentences:
        """The sentences of all files, one after the other; one with an odd line is left out and noted.

        Raises:
            UserError: where more sentences than may be left out are no CoNLL-U or have a wrong tag, naming the first
                line.
        """
        sentences: list[list[tuple[str, str]]] = []
        counts: Counter[str] = Counter()
        odd = OddRows("sentences")
        for path in paths:
            sentences += self._sentences(path, counts, odd)
        notes = [f"made of {len(paths)} files: {', '.join(path.name for path in paths)}"] if len(paths) > 1 else []
        notes += [f"{number} {what}" for what, number in counts.items()]
        return noted(
            tag,
            [tuple(word for word, _ in sentence) for sentence in sentences],
            [tuple(label for _, label in sentence) for sentence in sentences],
            [*notes, *odd.notes(len(sentences) + odd.number)],
        )

    def _sentences(self, path: Path, counts: Counter[str], odd: OddRows) -> Iterator[list[tuple[str, str]]]:
        for rows in _blocks(read_lines(path)):
            sentence = []
            for number, line in rows:
                try:
                    sentence += self._words(line, counts)
                except UserError as error:
                    odd.add(line if isinstance(line, OddRow) else OddRow(path, f"line {number}", str(error)))
                    break
            else:
                if sentence:
                    yield sentence

    def _words(self, line: str, counts: Counter[str]) -> list[tuple[str, str]]:
        """The word of a line with its label; nothing of a range and of an empty node."""
        cells = line.split("\t")
        number = _ID.fullmatch(cells[0])
        if number is None or len(cells) <= _FORM:
            raise UserError(f"no CoNLL-U: expected columns separated by tabs, a number first, got {line[:40]!r}")
        if number["word"] is None:
            return []
        word, label = cells[_FORM], cells[_UPOS] if len(cells) > _UPOS else ""
        if label.strip() in ("", "_"):
            if self.without_label is None:
                raise UserError(f"the word {word!r} has no UPOS tag; write it into the fourth column")
            counts[f"words without label got {self.without_label}"] += 1
            return [(word, self.without_label)]
        return [(word, label_named(label, self.labels, counts))]


def _blocks(lines: Sequence[str]) -> Iterator[list[Row]]:
    """The lines of each sentence with their numbers, comments left out."""
    block: list[Row] = []
    for number, line in enumerate([*lines, ""], start=1):
        if isinstance(line, OddRow) or (line.strip() and not line.startswith("#")):
            block.append((number, line))
        elif block and not line.strip():
            yield block
            block = []


def _split(name: str) -> Split:
    return "train" if name == "train" else "dev" if name == "dev" else "test"


def _files(folder: Path, notes: list[str]) -> list[Path]:
    """The files of a folder and of its `UD_...`, else those of the one release that it holds (`ud-treebanks-v2.11`)."""
    here = sorted([*folder.glob("*.conllu*"), *folder.glob("UD_*/*.conllu*")])
    if here:
        return here
    releases = sorted({path.parent for path in folder.glob("ud-treebanks*/UD_*") if path.is_dir()})
    if len(releases) > 1:
        notes.append(f"{folder} holds {len(releases)} releases of treebanks: give one of them, such as {releases[-1]}")
    return sorted(releases[0].glob("UD_*/*.conllu*")) if len(releases) == 1 else []


def _word(line: str) -> str:
    """The word of a line; nothing of a comment."""
    cells = line.split("\t")
    return cells[1] if len(cells) > 1 and not line.startswith("#") else ""
