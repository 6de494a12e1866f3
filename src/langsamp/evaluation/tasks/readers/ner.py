"""Named entities: WikiANN (PAN-X) and what is laid out like it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from langsamp.data.text.tag_names import tag_named
from langsamp.evaluation.protocols import Protocol
from langsamp.evaluation.tasks.examples import ExamplesReader, TaggedSentences
from langsamp.evaluation.tasks.readers.formats.layouts import (
    Data,
    Layout,
    files_of_splits,
    find_files,
    split_files,
    tag_by_text,
    tag_folders,
)
from langsamp.evaluation.tasks.readers.formats.split_files import SPLITS, LabelledFiles
from langsamp.evaluation.tasks.readers.formats.tagged import TaggedColumns
from langsamp.evaluation.tasks.readers.hub import hub_name
from langsamp.evaluation.tasks.readers.hub_tasks import NER_HUB, hub_ner

NER_LABELS = ("B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O")
NER_LICENCE = "WikiANN: ODC-BY; its sentences (Wikipedia) CC BY-SA 3.0"
NER_ORIGIN = (
    "The paper uses WikiANN in the splits of Rahimi et al. (2019), also called PAN-X: unimelb-nlp/wikiann on the hub. "
    "Lay the files out as <tag>/test.tsv (and train.tsv, dev.tsv for tags to fine-tune on) or test-<tag>.tsv, with "
    "lines `word TAB label` and a blank line between sentences; or as they are released, <code>/{train,dev,test} with "
    "lines `code:word TAB label`. Put these into the folder given as `data` or into a folder ner in it"
)

_ALEMANNIC = "als"
"""WikiANN's code for what ISO 639 calls `gsw`; Tosk Albanian, which ISO 639 calls so, is `sq` there."""
_SECOND = {"be-x-old": "be", "map-bms": "jv", "simple": "en"}
"""Codes of Wikipedia for another form of a language that has a Wikipedia; the paper has none of them."""


def open_ner(data: Data, *, protocol: Protocol = "fixed") -> ExamplesReader[TaggedSentences]:
    """The reader of files with named entities in `data`, or of WikiANN on the hub or copied from it.

    Raises:
        DataMissingError: where no language has a test set.
    """
    if name := hub_name(data, "ner", NER_HUB):
        return hub_ner(NER_LABELS, name=name)
    columns = TaggedColumns(labels=NER_LABELS, without_label="O" if protocol == "paper" else None, cuts_prefix=True)
    layouts: list[Layout[TaggedSentences]] = [
        tag_folders(columns.read),
        split_files(columns.read),
        partial(_released_files, columns),
    ]
    return find_files("ner", data, layouts, missing=NER_ORIGIN)


def _released_files(columns: TaggedColumns, folder: Path, notes: list[str]) -> Iterator[LabelledFiles[TaggedSentences]]:
    """The layout of the release: `<code>/{train,dev,test}`, the script taken from the text."""
    for each in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = files_of_splits(each, "")
        if not files:
            continue
        if each.name in _SECOND:
            notes.append(f"{each} is left out: another form of {_SECOND[each.name]}, as in the paper")
            continue
        tag = tag_named(each.name) or tag_by_text(each.name, reversed(files.values()), _word, notes)
        if tag and each.name == _ALEMANNIC:
            notes.append(f"{each} is Alemannic ({_ALEMANNIC} in WikiANN, gsw in ISO 639); it is {tag} as in the paper")
        for split in SPLITS:
            if tag and split in files:
                yield LabelledFiles(tag=tag, split=split, paths=(files[split],), parse=columns.read)


def _word(line: str) -> str:
    """The word of a line without the language code before it, if there is one."""
    word = line.partition("\t")[0]
    _, colon, text = word.partition(":")
    return text if colon else word
