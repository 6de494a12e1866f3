"""What the verbs print, in a terminal of 80 columns."""

import pytest

from langsamp.cli.output import print_table

ROWS = [
    {"variant": "Shuffled ids", **{f"group {number} (17)": f"{number}.{number}" for number in range(9)}, "q": "0.047"},
    {"variant": "Both at the input", **{f"group {number} (17)": "10.0" for number in range(9)}, "q": None},
]


def test_a_table_wider_than_the_terminal_breaks_no_name_within_a_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_table("Scores", ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("Shuffled ids ") for line in lines)
    assert any(line.startswith("Both at the ") for line in lines) and any(line.startswith("input ") for line in lines)


def test_a_table_that_fits_is_left_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    print_table("Scores", ROWS)
    assert "Both at the input" in capsys.readouterr().out
