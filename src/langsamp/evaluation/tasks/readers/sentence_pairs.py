"""Sentence retrieval: the pairs of files of `sr-bible` and `sr-tatoeba`, or the copy of Tatoeba on the hub."""

from langsamp.evaluation.tasks.readers.formats.layouts import Data
from langsamp.evaluation.tasks.readers.formats.parallel import PairFiles, ParallelReader
from langsamp.evaluation.tasks.readers.hub_tasks import hub_tatoeba


def open_parallel(prefix: str, data: Data) -> ParallelReader:
    """The reader of task `sr-<prefix>`: files in `data`, or for `tatoeba` its copy on the hub.

    Raises:
        DataMissingError: where there is none, telling where the text comes from and how to lay it out.
    """
    if data == "hub" and prefix == "tatoeba":
        return hub_tatoeba()
    return PairFiles.find(prefix, data)
