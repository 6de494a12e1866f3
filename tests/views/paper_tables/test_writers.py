"""Every format holds the same cells; what a format cannot take is escaped."""

import io
from html.parser import HTMLParser

import pandas as pd
import pytest

from langsamp.scores.reading import read_runs
from langsamp.views.paper_tables.make import paper_table
from langsamp.views.paper_tables.writers import FORMATS, comma_separated, latex, markdown, page

NUMBERS = range(1, 20)


@pytest.fixture
def table(scores):
    values = {"deu_Latn": 40.0, "rus_Cyrl": 20.0}
    worse = scores({tag: value - 1.26 for tag, value in values.items()}, model_name="a_b|<c>&50%", selection="test")
    return paper_table(1, pd.concat([scores(values), worse], ignore_index=True))


@pytest.mark.parametrize("number", NUMBERS)
def test_each_table_of_the_paper_can_be_written_in_each_format(number):
    scores = read_runs(["paper:baseline", "paper:langsamp"]) if number in (1, 2, 5, 6) else read_runs([])
    made = paper_table(number, scores, printed=True)
    for block in made.blocks:
        assert all(sum(head.span for head in line) == block.width for line in block.header)
        assert all(len(row) == block.width for row in block.rows)
    written = {name: write(made) for name, write in FORMATS.items()}
    numbers = {cell.text for block in made.blocks for row in block.rows for cell in row if cell.text not in ("", "–")}
    for name in ("md", "html"):
        assert all(f"{text}" in written[name] for text in numbers)
    assert len(pd.read_csv(io.StringIO(written["csv"]))) == len(made.tidy)


def test_markdown(table):
    lines = markdown(table).splitlines()
    heads = lines[2].replace(r"\|", "").split("|")
    assert len(heads) == len(lines[3].split("|")) == len(lines[4].split("|")) == 11 + 2
    assert "tail: tiny" in lines[2] and r"a_b\|<c>&50% †" in lines[2]
    assert lines[4].endswith("| **30.0** | 28.7 |")
    assert "- † chosen by test scores." in lines


def test_latex_is_escaped_and_balanced(table):
    text = latex(table)
    assert r"a\_b\textbar{}\textless{}c\textgreater{}\&50\% $^\dagger$" in text
    assert r"\textbf{30.0} & 28.7 \\" in text
    assert text.splitlines()[0] == r"% \usepackage{booktabs,graphicx}"
    assert r"\cmidrule(lr){2-3}\cmidrule(lr){4-5}" in text
    for name in ("table*", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1
    assert text.count("{") == text.count("}")
    columns = text.partition(r"\begin{tabular}{")[2].partition("}")[0]
    (row,) = [line for line in text.splitlines() if line.startswith("NER")]
    assert columns == "lrrrrrrrrrr" and row.count("&") == len(columns) - 1


def test_long_tables_break_over_pages():
    text = latex(paper_table(7, read_runs(["paper:baseline"]), tasks=["sr-bible"]))
    assert r"\begin{longtable}" in text and r"\endhead" in text and r"ace\_Latn & 43.8" in text
    head = text.partition(r"\endhead")[0]
    assert head.count("Language &") == 4 and head.count(r"\\") == 2 and r"\resizebox" not in text


class Reader(HTMLParser):
    """Counts elements and checks that they close."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_html_is_plain_and_whole(table):
    reader = Reader()
    reader.feed(page(table))
    assert reader.open == [] and "script" not in reader.seen and reader.seen.count("table") == 1
    assert "a_b|<c>&50% †" in reader.text and "† chosen by test scores." in reader.text
    assert "<strong>30.0</strong>" in page(table)


def test_csv_is_tidy_and_unrounded(table):
    rows = pd.read_csv(io.StringIO(comma_separated(table)))
    assert rows.columns[0] == "table" and set(rows["table"]) == {1}
    found = rows.set_index(["column", "group"])["mean"]
    assert found["a_b|<c>&50%", "all"] == pytest.approx(28.74)
    assert {"protocol", "metric", "selection", "languages", "sd_over_seeds", "mean_sd_of_languages"} <= set(rows)
