"""SIB-200: sentences of FLORES-200 with one of seven topics."""

from langsamp.evaluation.protocols import Protocol
from langsamp.evaluation.tasks.examples import ExamplesReader, LabelledTexts
from langsamp.evaluation.tasks.readers.formats.layouts import Data, find_files, tag_folders
from langsamp.evaluation.tasks.readers.formats.sequences import Table
from langsamp.evaluation.tasks.readers.hub import hub_name
from langsamp.evaluation.tasks.readers.hub_tasks import SIB200_HUB, hub_sib200

SIB200_LABELS = ("science/technology", "travel", "politics", "sports", "health", "entertainment", "geography")
SIB200_LICENCE = "labels Apache-2.0; sentences (FLORES-200) CC BY-SA 4.0"
SIB200_ORIGIN = (
    "They are in the folder data/annotated of the repository dadelani/sib-200 and in Davlan/sib200 on the hub, each as "
    "<tag>/{train,dev,test}.tsv with a header `index_id category text`, columns separated by tabs. Put these folders "
    "into the folder given as `data` or into a folder sib200 in it, or give a copy of the repository"
)


def open_sib200(data: Data, *, protocol: Protocol = "fixed") -> ExamplesReader[LabelledTexts]:
    """The reader of the released folders of SIB-200 in `data`, or of its copy on the hub or from it.

    Raises:
        DataMissingError: where no language has a test set.
    """
    if name := hub_name(data, "sib200", SIB200_HUB):
        return hub_sib200(SIB200_LABELS, name=name)
    table = Table(
        columns=("index_id", "category", "text"), label="category", text="text", has_header=True,
        labels=SIB200_LABELS, protocol=protocol,
    )  # fmt: skip
    return find_files("sib200", data, [tag_folders(table.read)], missing=SIB200_ORIGIN, released_in="data/annotated")
