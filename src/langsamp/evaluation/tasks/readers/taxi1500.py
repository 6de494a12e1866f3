"""Taxi1500: Bible verses with one of six topics, in three layouts."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from langsamp.data.text.formats import plain_name
from langsamp.data.text.odd_rows import OddRow, OddRows
from langsamp.data.text.tag_names import tag_named
from langsamp.errors import UserError
from langsamp.evaluation.protocols import Protocol
from langsamp.evaluation.tasks.examples import ExamplesReader, LabelledTexts
from langsamp.evaluation.tasks.readers.formats.label_spellings import label_named
from langsamp.evaluation.tasks.readers.formats.layouts import Data, Layout, find_files, tag_by_text, tag_folders
from langsamp.evaluation.tasks.readers.formats.lines import read_lines
from langsamp.evaluation.tasks.readers.formats.sequences import Table, noted
from langsamp.evaluation.tasks.readers.formats.split_files import SPLITS, LabelledFiles, Split
from langsamp.languages.table import scripts
from langsamp.languages.tags import LangScript

TAXI1500_LABELS = ("Recommendation", "Faith", "Violence", "Grace", "Sin", "Description")
TAXI1500_LICENCE = "labels Apache-2.0; text that of each Bible translation, many of which may not be passed on"
TAXI1500_ORIGIN = (
    "Labels and verse numbers are in the repository cisnlp/Taxi1500, free Bible translations on eBible.org. Lay them "
    "out as <tag>/test.tsv with a header `id label verse` (and train.tsv, dev.tsv for tags to fine-tune on), columns "
    "separated by tabs; or as the original does, <iso>_test.tsv without header beside eng_train.tsv and eng_dev.tsv; "
    "or join labels with your own text: a file labels.tsv with a header `id label split` (split is train, dev or test) "
    "beside one <tag>.txt for each translation (or <iso>-x-bible-<edition>.txt, several of a language too), with lines "
    "`verse id TAB text`, `#` before a comment. Put these into the folder given as "
    "`data` or into a folder taxi1500 in it"
)

_COLUMNS = ("id", "label", "verse")
_JOINED = ("id", "label", "split")
_TEXT = re.compile(r"(?P<code>[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?)(?:[-_.].*)?")
_ORIGINAL = re.compile(
    r"(?P<code>[a-z]{2,3}(?:[-_][a-z]{4})?)_(?:(?P<edition>[^.]*)_)?(?P<split>train|dev|test)\.tsv", re.I
)
"""The language is what stands before the first `_`, or the tag at the beginning."""


def open_taxi1500(data: Data, *, protocol: Protocol = "fixed") -> ExamplesReader[LabelledTexts]:
    """The reader of the files of Taxi1500 in `data`.

    Raises:
        DataMissingError: where no language has a test set.
    """
    table = partial(Table, columns=_COLUMNS, label="label", text="verse", labels=TAXI1500_LABELS, protocol=protocol)
    layouts: list[Layout[LabelledTexts]] = [
        tag_folders(table(has_header=True).read),
        partial(_original_files, table(has_header=False)),
        _joined_files,
    ]
    return find_files("taxi1500", data, layouts, missing=TAXI1500_ORIGIN)


def _original_files(table: Table, folder: Path, notes: list[str]) -> Iterator[LabelledFiles[LabelledTexts]]:
    """The layout of the original: `<iso>_<split>.tsv`, the script taken from the text.

    Of several editions of a tag (`<iso>_<edition>_<split>.tsv`) the one with the most lines is read.
    """
    editions: defaultdict[tuple[LangScript, Split], dict[str, Path]] = defaultdict(dict)
    for path in sorted(each for each in folder.iterdir() if each.is_file()):
        match = _ORIGINAL.fullmatch(plain_name(path))
        if match is None:
            continue
        code, edition = _code_and_edition(match["code"], match["edition"] or "")
        tag = tag_named(code) or tag_by_text(code, [path], lambda line: line.split("\t")[-1], notes)
        split = match["split"].lower()
        for each in SPLITS:
            if tag and each == split:
                editions[tag, each].setdefault(edition, path)
    for (tag, split), paths in editions.items():
        path = _longest(tag, list(paths.values()), notes)
        yield LabelledFiles(tag=tag, split=split, paths=(path,), parse=table.read)


def _code_and_edition(code: str, edition: str) -> tuple[str, str]:
    """The same, four letters that are no script being part of the edition (`deu_luth_test.tsv`)."""
    tag = tag_named(code)
    if tag is None or tag.script in scripts():
        return code, edition
    language, rest = code[: -len(tag.script) - 1], code[-len(tag.script) :]
    return language, f"{rest}-{edition}" if edition else rest


def _longest(tag: LangScript, paths: list[Path], notes: list[str]) -> Path:
    """The edition with the most lines, the first of those by name, with a note on the others."""
    if len(paths) == 1:
        return paths[0]
    lines = {path: len(read_lines(path)) for path in paths}
    longest = max(paths, key=lambda path: lines[path])  # the first one of several, and they are sorted
    others = ", ".join(path.name for path in paths if path != longest)
    notes.append(f"{tag} has {len(paths)} editions: {longest} is read, which has the most lines, and not {others}")
    return longest


def _joined_files(folder: Path, notes: list[str]) -> Iterator[LabelledFiles[LabelledTexts]]:
    """The layout that joins `labels.tsv` with the text of `<tag>.txt` by verse id.

    Texts may be named as in Bible collections too, `deu-x-bible-luther1912.txt`, several editions of a tag among them.
    """
    labels = folder / "labels.tsv"
    if not labels.is_file():
        return
    texts: defaultdict[LangScript, list[Path]] = defaultdict(list)
    for path in sorted(each for each in folder.iterdir() if each.is_file()):
        name = plain_name(path)
        if not name.lower().endswith(".txt"):
            continue
        match = _TEXT.fullmatch(name[: -len(".txt")])
        if match is None:
            notes.append(f"{path} is left out: expected a name like deu_Latn.txt or deu-x-bible-luther1912.txt")
            continue
        code, _ = _code_and_edition(match["code"], "")
        if tag := tag_named(code) or tag_by_text(code, [path], _text_of_verse, notes):
            texts[tag].append(path)
    for tag, paths in texts.items():
        for split in SPLITS:
            yield LabelledFiles(tag=tag, split=split, paths=(*paths, labels), parse=partial(_join, split))


def _text_of_verse(line: str) -> str:
    return "" if line.startswith("#") else line.partition("\t")[2]


def _join(split: Split, tag: LangScript, paths: Sequence[Path]) -> LabelledTexts:
    """The labelled verses of one split that the translation has, in the order of the labels.

    Of several editions the one with the most labelled verses, of all splits, is taken, the first of those by name.

    Raises:
        UserError: where none of them has a text.
    """
    *texts, labels_path = paths
    labels, notes = _labels(labels_path)
    read = [_verses(path) for path in texts]
    numbers = [sum(bool(verses.get(verse)) for verse in labels) for verses, _ in read]
    best = numbers.index(max(numbers))
    text, (verses, notes_of_text) = texts[best], read[best]
    if len(texts) > 1:
        notes.append(f"{text.name} is read, of {len(texts)} editions the one with the most labelled verses")
    notes += notes_of_text
    wanted = {verse: label for verse, (label, of) in labels.items() if of == split}
    there = [verse for verse in wanted if verses.get(verse)]
    absent = len(wanted) - len(there)
    if wanted and not there:
        raise UserError(
            f"{text}: none of the {len(wanted)} labelled verses has a text there. Its verses are called like "
            f"{next(iter(verses), 'nothing')!r}, in {labels_path.name} like {next(iter(wanted))!r}: write them alike"
        )
    notes += [f"{absent} of {len(wanted)} labelled verses have no text in {text.name}"] if absent else []
    return noted(tag, [verses[verse] for verse in there], [wanted[verse] for verse in there], notes)


def _verses(path: Path) -> tuple[dict[str, str], list[str]]:
    """The text of each verse, and notes; lines that start with `#` are comments, as in Bible collections."""
    verses: dict[str, str] = {}

    def read(line: str) -> None:
        verse, tab, text = line.partition("\t")
        if not tab:
            raise UserError(f"expected `verse id TAB text`, got no tab in {line[:40]!r}")
        if verse.strip() in verses:
            raise UserError(f"verse {verse!r} comes a second time")
        verses[verse.strip()] = text.strip()

    return verses, _each_line(path, read_lines(path), read, first=1)


def _labels(path: Path) -> tuple[dict[str, tuple[str, Split]], list[str]]:
    """For each verse its label and split, and notes."""
    lines = read_lines(path)
    if not lines or tuple(cell.strip().casefold() for cell in lines[0].split("\t")) != _JOINED:
        raise UserError(
            f"{path}, line 1: expected the header `id label split`, separated by tabs; put it above the rows"
        )
    labels: dict[str, tuple[str, Split]] = {}

    def read(line: str) -> None:
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != len(_JOINED):
            raise UserError(f"expected 3 columns separated by tabs, got {len(cells)}")
        verse, label, named = cells
        split = next((each for each in SPLITS if each == named), None)
        if split is None:
            raise UserError(f"expected a split of {', '.join(SPLITS)}, got {named!r}")
        if verse in labels:
            raise UserError(f"verse {verse!r} is labelled a second time")
        labels[verse] = label_named(label, TAXI1500_LABELS), split

    return labels, _each_line(path, lines[1:], read, first=2)


def _each_line(path: Path, lines: Sequence[str], read: Callable[[str], None], *, first: int) -> list[str]:
    """Give each line that is neither blank nor a comment to `read`, and return the notes on those that it refuses.

    Raises:
        UserError: where more are refused than may be left out.
    """
    odd, number_read = OddRows("lines"), 0
    for number, line in enumerate(lines, start=first):
        if not isinstance(line, OddRow) and (not line.strip() or line.startswith("#")):
            continue
        number_read += 1
        try:
            if isinstance(line, OddRow):
                odd.add(line)
            else:
                read(line)
        except UserError as error:
            odd.add(OddRow(path, f"line {number}", str(error)))
    return odd.notes(number_read)
