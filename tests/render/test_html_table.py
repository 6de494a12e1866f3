"""The table of a page: all of it escaped, sortable by what its cells say, coloured by sign, under its sections."""

import re

from langsamp.render.document import Column, Near, Table, Value
from langsamp.render.html_table import table_html
from langsamp.render.numbers import duration, probability, score, signed, tone


def cells(html: str) -> list[str]:
    return re.findall(r"<(?:td|th scope=.row.)[^>]*>(.*?)</t[dh]>", html.split("</thead>")[1])


def test_every_text_is_escaped() -> None:
    evil = '<b a="1">&'
    columns = (Column(evil, kind="name"), Column("n", kind="near"), Column("v", over=evil))
    row = (Value(evil, evil, evil, link=evil), [Near(evil, evil)], evil)
    html = table_html(Table(evil, columns, [row], evil, search=[evil], anchors=[evil], sections=[evil], name=evil))
    assert "<b" not in html.replace("<bdi", "").replace("<br", "") and 'a="1"' not in html


def test_a_number_whose_text_is_none_says_how_to_sort_it() -> None:
    columns = (
        Column("a"),
        Column("b", duration, "number"),
        Column("c", score, "number"),
        Column("d", probability, "number"),
    )
    html = table_html(Table("t", columns, [("x", 185.0, 44.66, 5e-32), ("y", None, None, 0.019)]))
    assert cells(html) == ["x", "3 min 05 s", "44.7", "5e-32", "y", "–", "–", "0.019"]
    assert re.findall(r'data-v="([^"]*)"', html) == ["185.0"] and "data-sortable" in html


def test_a_difference_has_the_colour_of_its_printed_sign_and_the_largest_the_longest_bar() -> None:
    assert [tone(signed(value)) for value in (0.3, -0.3, 0.04, -0.04, None)] == ["better", "worse", "", "", ""]
    table = Table("t", (Column("a"), Column("d", signed, "points")), [("x", -4.0), ("y", 1.0), ("z", 0.0)])
    assert re.findall(r'<td class="([^"]*)"', table_html(table)) == ["delta worse", "delta better"]
    by_language = Table("t", table.columns, table.rows, is_by_language=True)
    assert re.findall(r"--w:([\d.]+)%", table_html(by_language)) == ["100.0", "25.0"]


def test_rows_stand_under_their_sections_and_columns_under_their_headings() -> None:
    columns = (Column("a"), Column("b", over="one"), Column("c", over="one"), Column("d", over="two"))
    html = table_html(Table("t", columns, [(1, 2, 3, 4), (5, 6, 7, 8)], sections=["", "By tier"]))
    assert re.findall(r"<tbody[^>]*>", html) == ["<tbody>", '<tbody data-by="By tier">']
    assert "data-sortable" not in html and 'colspan="4" class="rule">By tier' in html
    assert re.findall(r'colspan="(\d)" class="over">(\w+)', html) == [("2", "one"), ("1", "two")]
