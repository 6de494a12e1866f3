"""Taxi1500: Bible verses with one of six topics, in three layouts."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from langsamp.errors import UserError
from langsamp.evaluation.protocols import Protocol
from langsamp.evaluation.readers.examples import ExamplesReader, LabelledTexts
from langsamp.evaluation.readers.folders import SPLITS, Found, Split
from langsamp.evaluation.readers.layouts import Data, Layout, find_files, tag_by_text, tag_folders
from langsamp.evaluation.readers.lines import read_lines
from langsamp.evaluation.readers.sequences import Table, noted
from langsamp.languages.tags import LangScript

TAXI1500_LABELS = ("Recommendation", "Faith", "Violence", "Grace", "Sin", "Description")
TAXI1500_LICENCE = "labels Apache-2.0; text that of each Bible translation, many of which may not be passed on"
TAXI1500_ORIGIN = (
    "Labels and verse numbers are in the repository cisnlp/Taxi1500, free Bible translations on eBible.org. Lay them "
    "out as <tag>/test.tsv with a header `id label verse` (and train.tsv, dev.tsv for tags to fine-tune on), columns "
    "separated by tabs; or as the original does, <iso>_test.tsv without header beside eng_train.tsv and eng_dev.tsv; "
    "or join labels with your own text: a file labels.tsv with a header `id label split` (split is train, dev or test) "
    "beside one <tag>.txt for each translation, with lines `verse id TAB text`. Put these into the folder given as "
    "`data` or into a folder taxi1500 in it"
)

_COLUMNS = ("id", "label", "verse")
_JOINED = ("id", "label", "split")
_ORIGINAL = re.compile(r"(?P<code>[a-z]{2,3})_(?:[^.]*_)?(?P<split>train|dev|test)\.tsv")
"""The language is what stands before the first `_`."""


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


def _original_files(table: Table, folder: Path, notes: list[str]) -> Iterator[Found[LabelledTexts]]:
    """The layout of the original: `<iso>_<split>.tsv`, the script taken from the text."""
    for path in sorted(folder.glob("*.tsv")):
        name = _ORIGINAL.fullmatch(path.name)
        tag = tag_by_text(name["code"], [path], lambda line: line.split("\t")[-1], notes) if name else None
        for split in SPLITS:
            if tag and name and name["split"] == split:
                yield Found(tag=tag, split=split, paths=(path,), parse=table.read)


def _joined_files(folder: Path, notes: list[str]) -> Iterator[Found[LabelledTexts]]:
    """The layout that joins `labels.tsv` with the text of `<tag>.txt` by verse id."""
    labels = folder / "labels.tsv"
    if not labels.is_file():
        return
    for path in sorted(folder.glob("*.txt")):
        try:
            tag = LangScript.parse(path.stem)
        except UserError as error:
            notes.append(f"{path} is left out: {error}")
            continue
        for split in SPLITS:
            yield Found(tag=tag, split=split, paths=(path, labels), parse=partial(_join, split))


def _join(split: Split, tag: LangScript, paths: Sequence[Path]) -> LabelledTexts:
    """The labelled verses of one split that the translation has, in the order of the labels."""
    text, labels = paths
    verses = _verses(text)
    wanted = {verse: label for verse, (label, its) in _labels(labels).items() if its == split}
    there = [verse for verse in wanted if verses.get(verse)]
    absent = len(wanted) - len(there)
    notes = [f"{absent} of {len(wanted)} labelled verses have no text in {text.name}"] if absent else []
    return noted(tag, [verses[verse] for verse in there], [wanted[verse] for verse in there], notes)


def _verses(path: Path) -> dict[str, str]:
    verses: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        verse, tab, text = line.partition("\t")
        if not line.strip():
            continue
        if not tab:
            raise UserError(f"{path}, line {number}: expected `verse id TAB text`, got no tab in {line[:40]!r}")
        if verse in verses:
            raise UserError(f"{path}, line {number}: verse {verse!r} comes a second time; keep one")
        verses[verse] = text.strip()
    return verses


def _labels(path: Path) -> dict[str, tuple[str, str]]:
    """For each verse its label and split."""
    lines = read_lines(path)
    if not lines or tuple(lines[0].split("\t")) != _JOINED:
        raise UserError(
            f"{path}, line 1: expected the header `id label split`, separated by tabs; put it above the rows"
        )
    labels: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != len(_JOINED):
            raise UserError(f"{path}, line {number}: expected 3 columns separated by tabs, got {len(cells)}")
        verse, label, split = cells
        if label not in TAXI1500_LABELS or split not in SPLITS:
            raise UserError(
                f"{path}, line {number}: expected a label of {', '.join(TAXI1500_LABELS)} and a split of "
                f"{', '.join(SPLITS)}, got {label!r} and {split!r}"
            )
        if verse in labels:
            raise UserError(f"{path}, line {number}: verse {verse!r} is labelled a second time; keep one")
        labels[verse] = label, split
    return labels
