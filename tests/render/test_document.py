"""A document is said once: every renderer shows the same cells, sentences and notes."""

import json
import math

from langsamp.api.result import Result
from langsamp.cli.output import print_document
from langsamp.render.document import Column, Document, Note, Sentence, Table
from langsamp.render.numbers import ABSENT, cosine, decimals, score, signed, with_ends

TABLE = Table(
    "Scores of <three>",
    (Column("language"), Column("score", score), Column("gain", signed), Column("never", score)),
    [("German", 44.66, 0.31, None), ("Kölsch", 7.0, -0.04, math.nan), ("Vai", None, math.nan, None)],
)
DOCUMENT = Document([Sentence("Up by 0.3."), TABLE, Note("Vai was not scored.")], title="tiny")


def test_values_are_written_by_their_column_and_what_is_absent_is_empty() -> None:
    assert TABLE.written == {
        "language": ["German", "Kölsch", "Vai"], "score": ["44.7", "7.0", ""], "gain": ["+0.3", "0.0", ""],
    }  # fmt: skip


def test_rows_that_say_their_columns_keep_those_of_the_first() -> None:
    table = Table.of("", [{"a": 1, "b": ""}, {"a": 0, "c": 2}])
    assert table.written == {"a": ["1", "0"]}
    assert Table.of("", []).written == {}


def test_a_table_without_rows_is_shown_nowhere() -> None:
    empty = Table("Nobody", (Column("language"),), [], "How to read it.")
    assert Document([empty, TABLE]).parts == [TABLE] and not Document([empty]).lines


def test_terminal_and_notebook_show_the_same_cells(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_document(DOCUMENT)
    printed, result = capsys.readouterr().out, Result.of(DOCUMENT, data=None)
    cells = [cell for column in TABLE.written.values() for cell in column if cell]
    for shown in (printed, str(result), result._repr_html_()):
        assert all(cell in shown for cell in (*cells, "Up by 0.3.", "note: Vai was not scored."))
    assert "Scores of <three>" in printed and "&lt;three&gt;" in result._repr_html_()
    assert json.loads(result.tables[TABLE.title].to_json())["score"]["0"] == "44.7"


def test_numbers_have_a_true_minus_and_no_minus_nothing() -> None:
    assert [cosine(value) for value in (0.814, -0.3, -0.001, math.nan, None)] == [
        "0.81",
        "−0.30",
        "0.00",
        ABSENT,
        ABSENT,
    ]
    assert [decimals(value) for value in (0.8124, -0.0342, -0.0001, math.nan)] == ["0.812", "−0.034", "0.000", ABSENT]
    assert with_ends(-0.26, -1.0, 0.5, signed) == "−0.3 [−1.0, +0.5]"
    assert with_ends(0.26, math.nan, math.nan, signed) == "+0.3"
