"""What the paper calls tasks and groups, and which table is about which task."""

from collections.abc import Iterable
from typing import NamedTuple

from langsamp.languages.table import FAMILY_GROUPS

TASK_NAMES = {
    "sr-bible": "SR-B", "sr-tatoeba": "SR-T", "taxi1500": "Taxi1500", "sib200": "SIB200", "ner": "NER", "pos": "POS",
}  # fmt: skip
"""The paper's six tasks in its order; other tasks keep their name."""
GROUP_NAMES = {"tail": "tail", "head": "head", "latin": "Latn", "nonlatin": "non-Latn", "all": "all"}
"""The groups of Tables 1 to 3 in their order."""
FAMILIES = (*FAMILY_GROUPS, "all")
"""The groups of Table 6 in their order."""
MEASURES = {"top10_accuracy": "top-10 Acc.", "macro_f1": "F1 score (macro)", "seqeval_f1": "F1 score (seqeval)"}
ENGLISH = "eng_Latn"


class LanguageTable(NamedTuple):
    """One of Tables 7 to 19: the languages of one task, or a part of them."""

    task: str
    part: str = ""
    after: str = ""
    """Tags above this one in the alphabet."""
    until: str = "~"
    """Tags up to this one."""


LANGUAGE_TABLES = {
    7: LanguageTable("sr-bible", "Part I", until="mfe_Latn"),
    8: LanguageTable("sr-bible", "Part II", after="mfe_Latn"),
    9: LanguageTable("sr-tatoeba"),
    10: LanguageTable("taxi1500", "Part I", until="mos_Latn"),
    11: LanguageTable("taxi1500", "Part II", after="mos_Latn"),
    12: LanguageTable("sib200"),
    13: LanguageTable("ner"),
    14: LanguageTable("pos"),
}
"""Tables 7 to 14: models beside each other."""
DONOR_TABLES = {
    15: LanguageTable("taxi1500", "Part I", until="mri_Latn"),
    16: LanguageTable("taxi1500", "Part II", after="mri_Latn"),
    17: LanguageTable("sib200"),
    18: LanguageTable("ner"),
    19: LanguageTable("pos"),
}
"""Tables 15 to 19: English beside the closest donor."""


def in_order(tasks: Iterable[str]) -> list[str]:
    """Each task once: those of the paper first, in its order, then the others by name."""
    known = list(TASK_NAMES)
    return sorted(set(tasks), key=lambda task: (known.index(task) if task in known else len(known), task))


def task_name(task: str) -> str:
    """`SR-B` for `sr-bible`; the task's own name where the paper has none."""
    return TASK_NAMES.get(task, task)


def group_name(group: str) -> str:
    """`Latn` for `latin`; the group's own name where the paper has none."""
    return GROUP_NAMES.get(group, group)
