"""Parts of speech: Universal Dependencies, as two columns or as released."""

from langsamp.evaluation.protocols import Protocol
from langsamp.evaluation.tasks.examples import ExamplesReader, TaggedSentences
from langsamp.evaluation.tasks.readers.formats.layouts import Data, Layout, find_files, split_files, tag_folders
from langsamp.evaluation.tasks.readers.formats.tagged import TaggedColumns
from langsamp.evaluation.tasks.readers.formats.treebanks import Treebanks
from langsamp.evaluation.tasks.readers.hub import hub_name
from langsamp.evaluation.tasks.readers.hub_tasks import POS_HUB, hub_pos

POS_LABELS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ",
    "SYM", "VERB", "X",
)  # fmt: skip
"""The universal parts of speech (UPOS). The original evaluation has a class `O` before them that no word has."""
POS_LICENCE = "that of each treebank, most CC BY-SA 4.0"
POS_ORIGIN = (
    "They are the treebanks of Universal Dependencies (universaldependencies.org; the paper uses release 2.11). Give "
    "the folder of a release, with UD_English-EWT/en_ewt-ud-test.conllu and so on, as `data`: treebanks of one "
    "language are merged. Or lay them out as <tag>/test.tsv (and train.tsv, dev.tsv for tags to fine-tune on) or "
    "test-<tag>.tsv, with lines `word TAB tag` and a blank line between sentences, there or in a folder pos in it"
)


def open_pos(data: Data, *, protocol: Protocol = "fixed") -> ExamplesReader[TaggedSentences]:
    """The reader of files with parts of speech in `data`, or of Universal Dependencies on the hub or copied from it.

    Raises:
        DataMissingError: where no language has a test set.
    """
    without = "X" if protocol == "paper" else None
    if name := hub_name(data, "pos", POS_HUB):
        return hub_pos(POS_LABELS, name=name, without_label=without)
    columns = TaggedColumns(labels=POS_LABELS, without_label=without)
    layouts: list[Layout[TaggedSentences]] = [
        tag_folders(columns.read),
        split_files(columns.read),
        Treebanks(labels=POS_LABELS, without_label=without).find,
    ]
    return find_files("pos", data, layouts, missing=POS_ORIGIN)
