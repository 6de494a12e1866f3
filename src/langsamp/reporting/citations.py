"""Where the data of tasks come from, under which licence, and what to cite beside the paper."""

from collections.abc import Iterable
from typing import NamedTuple

from langsamp.evaluation.tasks.registry import TASKS
from langsamp.views.paper_tables.task_names import in_order

_CITATIONS = {
    "sr-bible": "Mayer and Cysouw (2014), Creating a massively parallel Bible corpus; ImaniGooghari et al. (2023), "
    "Glot500",
    "sr-tatoeba": "Artetxe and Schwenk (2019), Massively multilingual sentence embeddings for zero-shot cross-lingual "
    "transfer and beyond",
    "taxi1500": "Ma et al. (2023), Taxi1500: a multilingual dataset for text classification in 1500 languages",
    "sib200": "Adelani et al. (2024), SIB-200: a simple, inclusive, and big evaluation dataset for topic "
    "classification",
    "ner": "Pan et al. (2017), Cross-lingual name tagging and linking for 282 languages; Rahimi et al. (2019), "
    "Massively multilingual transfer for NER",
    "pos": "de Marneffe et al. (2021), Universal Dependencies",
    "sr-cldr": "Unicode Consortium, Common Locale Data Repository",
    "topic-cldr": "Unicode Consortium, Common Locale Data Repository",
    "ner-cldr": "Unicode Consortium, Common Locale Data Repository",
}
"""By task, the works that made its data."""


class Source(NamedTuple):
    """The data of one task."""

    task: str
    licence: str
    citation: str
    """Empty for a task of the user's own."""


def sources(tasks: Iterable[str]) -> list[Source]:
    """The data of some tasks, each once, the paper's first; what is not known of a task of the user's own is said."""
    return [
        Source(name, TASKS[name].licence if name in TASKS else "not stated", _CITATIONS.get(name, ""))
        for name in in_order(tasks)
    ]
