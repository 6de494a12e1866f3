"""Sentence retrieval: the pairs of files of `sr-bible` and `sr-tatoeba`, or the copy of Tatoeba on the hub."""

from langsamp.evaluation.tasks.readers.formats.layouts import Data
from langsamp.evaluation.tasks.readers.formats.parallel import PairFiles, ParallelReader
from langsamp.evaluation.tasks.readers.hub import hub_name
from langsamp.evaluation.tasks.readers.hub_tasks import TATOEBA_HUB, hub_tatoeba


def open_parallel(prefix: str, data: Data) -> ParallelReader:
    """The reader of task `sr-<prefix>`: files in `data`, or for `tatoeba` its copy on the hub or from it.

    Raises:
        DataMissingError: where there is none, telling where the text comes from and how to lay it out.
    """
    if prefix == "tatoeba" and (name := hub_name(data, "sr-tatoeba", TATOEBA_HUB)):
        return hub_tatoeba(name=name)
    return PairFiles.find(prefix, data)
