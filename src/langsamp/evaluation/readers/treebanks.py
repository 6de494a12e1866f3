"""Universal Dependencies: CoNLL-U files, all treebanks of one language in one script merged split by split.

Words are those of the syntax: a range of a multiword token (`3-4 don't`) is left out for the words it is made of, and
empty nodes (`5.1`), which stand for words that are not in the text, are left out too.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from langsamp.errors import UserError
from langsamp.evaluation.readers.examples import TaggedSentences
from langsamp.evaluation.readers.folders import Found, Split
from langsamp.evaluation.readers.layouts import tag_by_text
from langsamp.evaluation.readers.lines import read_lines
from langsamp.evaluation.readers.tagged import noted
from langsamp.languages.tags import LangScript

_NAME = re.compile(r"(?P<code>[a-z]{2,3})_(?P<treebank>\w+)-ud-(?P<split>train|dev|test)(?P<part>-[\w-]+)?\.conllu")
"""As in a release: `en_ewt-ud-test.conllu`; large train sets come in parts (`cs_pdt-ud-train-ct.conllu`)."""

_FIELDS = ("id", "form", "lemma", "upos")
"""The columns that are looked at, and those before them."""

Row = tuple[int, str]
"""Number and text of a line."""


@dataclass(frozen=True, kw_only=True)
class Treebanks:
    """How CoNLL-U files are found and read."""

    labels: tuple[str, ...]
    without_label: str | None = None
    """The label of a word that has none (`_`), as the original gives it; None = an error."""

    def find(self, folder: Path, notes: list[str]) -> Iterator[Found[TaggedSentences]]:
        """The treebanks in a folder, and in those of its folders that are named `UD_...`.

        One that comes without its text, with `_` for each word, has no letter and is left out with a note.
        """
        treebanks: defaultdict[tuple[str, str], defaultdict[Split, list[Path]]] = defaultdict(lambda: defaultdict(list))
        for path in sorted([*folder.glob("*.conllu"), *folder.glob("UD_*/*.conllu")]):
            name = _NAME.fullmatch(path.name)
            if name is None:
                notes.append(f"{path} is left out: expected a name like en_ewt-ud-test.conllu")
                continue
            treebanks[name["code"], name["treebank"]][_split(name["split"])].append(path)
        merged: defaultdict[tuple[LangScript, Split], list[Path]] = defaultdict(list)
        for (code, _), splits in sorted(treebanks.items()):
            tag = tag_by_text(code, [path for split in sorted(splits) for path in splits[split]], _word, notes)
            for split, paths in splits.items():
                if tag:
                    merged[tag, split] += paths
        for (tag, split), paths in merged.items():
            yield Found(tag=tag, split=split, paths=tuple(paths), parse=self.read)

    def read(self, tag: LangScript, paths: Sequence[Path]) -> TaggedSentences:
        """The sentences of all files, one after the other.

        Raises:
            UserError: for a file that is no CoNLL-U and for a wrong tag, naming the line.
        """
        words: list[tuple[str, ...]] = []
        labels: list[tuple[str, ...]] = []
        notes: list[str] = []
        given = 0
        for path in paths:
            sentences = [sentence for sentence in self._sentences(path) if sentence]
            words += [tuple(word for word, _, _ in sentence) for sentence in sentences]
            labels += [tuple(label for _, label, _ in sentence) for sentence in sentences]
            given += sum(is_given for sentence in sentences for _, _, is_given in sentence)
        if len(paths) > 1:
            notes.append(f"made of {len(paths)} files: {', '.join(path.name for path in paths)}")
        if given:
            notes.append(f"{given} words without label got {self.without_label}")
        return noted(tag, words, labels, notes)

    def _sentences(self, path: Path) -> Iterator[list[tuple[str, str, bool]]]:
        """For each sentence its words with their labels and whether the label was not in the file."""
        for rows in _blocks(read_lines(path)):
            yield [
                self._word(f"{path}, line {number}", token)
                for (number, _), token in zip(rows, _tokens(path, rows), strict=True)
                if isinstance(token["id"], int)
            ]

    def _word(self, place: str, token: dict[str, str | None]) -> tuple[str, str, bool]:
        word, label = token.get("form") or "", token.get("upos") or ""
        if label in ("", "_"):
            if self.without_label is None:
                raise UserError(f"{place}: the word {word!r} has no UPOS tag; write it into the fourth column")
            return word, self.without_label, True
        if label not in self.labels:
            raise UserError(f"{place}: expected one of the tags {', '.join(self.labels)}, got {label!r}")
        return word, label, False


def _blocks(lines: Sequence[str]) -> Iterator[list[Row]]:
    """The lines of each sentence with their numbers, comments left out."""
    block: list[Row] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip() and not line.startswith("#"):
            block.append((number, line))
        elif block and not line.strip():
            yield block
            block = []


def _tokens(path: Path, rows: Sequence[Row]) -> list[dict[str, str | None]]:
    from conllu import parse
    from conllu.exceptions import ParseException

    try:
        return list(parse("\n".join(line for _, line in rows), fields=_FIELDS)[0])
    except ParseException as error:
        if len(rows) > 1:
            return [token for row in rows for token in _tokens(path, [row])]  # which raises for the line at fault
        raise UserError(f"{path}, line {rows[0][0]}: no CoNLL-U ({error}); mend the line") from None


def _split(name: str) -> Split:
    return "train" if name == "train" else "dev" if name == "dev" else "test"


def _word(line: str) -> str:
    """The word of a line; nothing of a comment."""
    cells = line.split("\t")
    return cells[1] if len(cells) > 1 and not line.startswith("#") else ""
