"""The packaged table against the reference lists: it groups languages exactly as the paper's Tables 5 and 6 do."""

import json
from collections import Counter

import pytest

from langsamp.languages.select import GROUPS
from langsamp.languages.table import FAMILY_GROUPS, describe, is_head, tags
from langsamp.languages.tags import LangScript
from tests.real_data import REFERENCE

TASKS = {
    "SR-B": "bible",
    "SR-T": "tatoeba",
    "Taxi1500": "taxi1500",
    "SIB200": "sib200",
    "NER": "ner",
    "POS": "pos",
}


def read(name: str):
    return json.loads((REFERENCE / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def lists() -> dict[str, list[LangScript]]:
    """The languages of each task as the paper's tables count them."""
    return {
        task: [LangScript.parse(entry["code"]) for entry in read(name)["languages"] if entry["in_paper_table"]]
        for task, name in TASKS.items()
    }


@pytest.mark.parametrize("name", TASKS.values())
def test_head_is_the_flag_of_the_task_lists(name):
    for entry in read(name)["languages"]:
        assert is_head(LangScript.parse(entry["code"])) == entry["head"], entry["code"]


@pytest.mark.parametrize("task", TASKS)
def test_group_sizes_are_those_of_table_5(task, lists):
    paper = read("paper_tables")["table5"][task]
    sizes = {group: sum(map(belongs, lists[task])) for group, belongs in GROUPS.items()}
    assert sizes == {
        "head": paper["head"],
        "tail": paper["tail"],
        "latin": paper["Latn"],
        "nonlatin": paper["non-Latn"],
        "all": paper["head"] + paper["tail"],
    }


@pytest.mark.parametrize("task", TASKS)
def test_family_sizes_are_those_of_table_6(task, lists):
    paper = read("paper_tables")["table6"][task]
    sizes = Counter(describe(tag).family_group for tag in lists[task])
    assert {group: sizes[group] for group in FAMILY_GROUPS} == {group: paper[group]["n"] for group in FAMILY_GROUPS}


def test_every_tag_and_code_of_the_reference_is_in_the_table():
    known = {str(tag) for tag in tags()}
    assert {pair["code"] for pair in read("glot500_pairs")["pairs"]} <= known
    ids = read("lang_script_ids")
    assert ids["language_to_id"].keys() <= {tag[:3] for tag in known}
    assert ids["script_to_id"].keys() <= {tag[4:] for tag in known}
