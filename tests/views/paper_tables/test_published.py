"""From the paper's own scores the tables come out as the paper prints them."""

import pandas as pd
import pytest

from langsamp.errors import UserError
from langsamp.scores.published import printed_targets, printed_tasks, published
from langsamp.scores.reading import read_runs
from langsamp.views.paper_tables.blocks import Block, PaperTable
from langsamp.views.paper_tables.make import paper_table
from langsamp.views.paper_tables.task_names import DONOR_TABLES, FAMILIES, GROUP_NAMES, LANGUAGE_TABLES, TASK_NAMES
from tests.scores.scored import printed_frame

BOTH = ("paper:baseline", "paper:langsamp")
NOTHING = read_runs([])
NEAR = {("pos", "paper:langsamp", "tail"), ("pos", "paper:baseline", "nonlatin")}
"""Cells of Table 1 that need not agree to the digit, because the printed scores of languages are rounded themselves."""


def paper() -> pd.DataFrame:
    return read_runs(BOTH)


def texts(block: Block) -> list[list[str]]:
    return [[cell.text for cell in row] for row in block.rows]


def only(table: PaperTable) -> Block:
    (block,) = table.blocks
    return block


def test_table_1_equals_the_paper():
    table = paper_table(1, paper())
    theirs = printed_frame(1).set_index(["task", "column", "group"])
    exact = 0
    for task, row in zip(TASK_NAMES, texts(only(table)), strict=True):
        assert row[0] == TASK_NAMES[task]
        places = [(task, model, group) for group in GROUP_NAMES for model in BOTH]
        for place, shown in zip(places, row[1:], strict=True):
            mean, sd = theirs.loc[[place], ["mean", "sd"]].iloc[0]
            assert shown.endswith(f" ({sd:.1f})")
            if place not in NEAR:
                assert shown == f"{mean:.1f} ({sd:.1f})", place
                exact += 1
    assert exact == 58
    ours = table.tidy.set_index(["task", "column", "group"])["mean"]
    assert all(abs(ours[place] - theirs["mean"].to_dict()[place]) < 0.06 for place in NEAR)


def test_the_best_of_each_group_is_marked_and_the_heading_says_which_column_it_is():
    block = only(paper_table(1, paper()))
    assert [(head.text, head.span) for head in block.header[0]] == [
        ("", 1),
        *((name, 2) for name in GROUP_NAMES.values()),
    ]
    assert [head.text for head in block.header[1]] == ["", *["paper:baseline †", "paper:langsamp †"] * 5]
    first, ner = block.rows[0], block.rows[4]
    assert [cell.best for cell in first[1:]] == [False, True] * 5
    assert [cell.best for cell in ner[1:]] == [False, True] * 3 + [False, False] + [False, True]  # 53.9 in both


def test_table_6_equals_the_paper():
    table = paper_table(6, paper())
    theirs = printed_frame(6).set_index(["task", "group", "column"])
    counts = {place[:2]: count for place, count in theirs["languages"].items()}
    assert [block.title for block in table.blocks] == list(TASK_NAMES.values())
    for task, block in zip(TASK_NAMES, table.blocks, strict=True):
        heads = [head.text for head in block.header[0]][1:]
        assert heads == [f"({family}, {counts[task, family]})" for family in FAMILIES]
        for model, row in zip(BOTH, texts(block), strict=True):
            for family, shown in zip(FAMILIES, row[1:], strict=True):
                mean = theirs["mean"].to_dict()[task, family, model]
                assert shown == "–" if pd.isna(mean) else abs(float(shown) - mean) < 0.1001


def test_table_5_equals_the_paper():
    for row, (task, facts) in zip(texts(only(paper_table(5, paper()))), printed_tasks().items(), strict=True):
        counts = [str(getattr(facts, group)) for group in ("head", "tail", "latin", "nonlatin")]
        classes = "–" if facts.classes is None else str(facts.classes)
        assert row[:6] == [TASK_NAMES[task], *counts, classes]
        assert row[6].startswith(facts.measure)


@pytest.mark.parametrize(("number", "lines"), [(1, 6), (2, 4), (3, 4), (6, 2)])
def test_what_the_paper_prints_is_shown_without_any_run(number, lines):
    table = paper_table(number, NOTHING, printed=True)
    theirs = printed_frame(number)
    assert all(len(block.rows) == lines for block in table.blocks)
    shown = [cell.text.split(" ")[0] for block in table.blocks for row in block.rows for cell in row[1:]]
    assert sorted(shown) == sorted("–" if pd.isna(mean) else f"{mean:.1f}" for mean in theirs["mean"])
    assert any("copied from the paper" in note for note in table.notes)


def test_table_2_stands_beside_a_run_with_its_means_as_printed():
    table = paper_table(2, paper(), printed=True, tasks=["sr-bible"])
    lines = {row[0]: row[1:] for row in texts(only(table))}
    assert lines["LangSAMP, printed †"] == ["13.4", "58.7", "24.9"]
    assert lines["paper:langsamp †"] == ["39.5", "61.3", "45.1"]


def test_table_2_of_the_models_of_table_1_is_refused():
    with pytest.raises(UserError, match=r"paper:baseline and paper:langsamp are models of its Table 1. Add --printed"):
        paper_table(2, paper())
    notes = paper_table(2, paper(), printed=True).notes
    assert "paper:baseline and paper:langsamp: of the paper's Table 1, no models of its Table 2." in notes


@pytest.mark.parametrize(("number", "cells"), [(1, 1), (6, 5)])
def test_cells_that_rounded_scores_move_are_named_under_the_table(number, cells):
    (note,) = [note for note in paper_table(number, paper()).notes if "print with one decimal" in note]
    assert note.count(" for ") == cells
    assert number == 6 or "POS tail of paper:langsamp 61.3 for 61.4" in note
    assert not any("one decimal" in note for note in paper_table(number, NOTHING, printed=True).notes)


def test_table_4_equals_the_paper():
    for table in (paper_table(4, NOTHING, printed=True), paper_table(4, published("paper:donors"))):
        for row, target in zip(texts(only(table)), printed_targets(), strict=True):
            scores = [target.scores.get(task) for task in ("taxi1500", "sib200", "ner", "pos")]
            shown = [f"{score:.1f}" for pair in scores if pair for score in pair]
            assert row[:2] == [target.tag, target.donor]
            assert [text for text in row[2:] if text != "–"] == shown
    with pytest.raises(UserError, match="none of zun_Latn was scored"):
        paper_table(4, published("paper:donors"), targets=["zun_Latn"])


@pytest.mark.parametrize("number", sorted(LANGUAGE_TABLES))
def test_tables_7_to_14_hold_each_language_once(number):
    block = only(paper_table(number, paper()))
    ours = {}
    for row in texts(block):
        for start in range(0, len(row), 3):
            if row[start]:
                ours[row[start]] = tuple(row[start + 1 : start + 3])
    which = LANGUAGE_TABLES[number]
    theirs = [published(name).query(f"task == '{which.task}'").set_index("tag")["value"] for name in BOTH]
    inside = [tag for tag in sorted(theirs[0].index) if which.after < tag <= which.until]
    assert ours == {tag: (f"{theirs[0][tag]:.1f}", f"{theirs[1][tag]:.1f}") for tag in inside}
    assert list(ours) == inside and block.labels == (0, 3, 6, 9)


def test_parts_are_cut_where_the_paper_cuts_them():
    sizes = {number: len(paper_table(number, paper()).tidy) // 2 for number in LANGUAGE_TABLES}
    assert sizes[7] + sizes[8] == 369 and sizes[10] + sizes[11] == 351
    # the last languages of Part I fill a line of four in the paper
    assert sizes[7] % 4 == 0 and sizes[10] % 4 == 0
    assert [sizes[number] for number in (9, 12, 13, 14)] == [98, 172, 164, 91]


@pytest.mark.parametrize("number", sorted(DONOR_TABLES))
def test_tables_15_to_19_show_both_sources_and_say_what_is_lost(number):
    table = paper_table(number, NOTHING, printed=True)
    assert [head.text for head in only(table).header[0]][:3] == ["Language", "English", "Closest donor"]
    which = DONOR_TABLES[number]
    rows = published("paper:donors").query(f"task == '{which.task}'")
    inside = rows[(rows["tag"] > which.after) & (rows["tag"] <= which.until)]
    assert sorted(table.tidy["mean"]) == sorted(inside["value"])
    assert any("every fifth language of the paper's Tables 15 to 19 is lost" in note for note in table.notes)


def test_no_such_table_task_or_score():
    for number in (0, 20):
        with pytest.raises(UserError, match=f"the paper has no Table {number}"):
            paper_table(number, paper())
    with pytest.raises(UserError, match="there are no scores to show"):
        paper_table(1, NOTHING)
    with pytest.raises(UserError, match=r"no score of task 'sib2000' here\. Did you mean 'sib200'"):
        paper_table(1, paper(), tasks=["sib2000"])
    with pytest.raises(UserError, match="is about one task"):
        paper_table(7, paper(), tasks=["ner", "pos"])
    with pytest.raises(UserError, match="no score from deu_Latn here"):
        paper_table(1, paper(), source="deu_Latn")
    with pytest.raises(UserError, match="no deviation 'sd'"):
        paper_table(1, paper(), spread="sd")
    with pytest.raises(UserError, match="needs the donor of each target"):
        paper_table(3, paper())
