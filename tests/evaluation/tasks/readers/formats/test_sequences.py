"""Texts with one label: read plainly under `fixed`, with the defects of the original under `paper`."""

import pytest

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.readers.sib200 import SIB200_LABELS, open_sib200
from langsamp.languages.tags import LangScript

DEU = LangScript("deu", "Latn")
HEADER = "index_id\tcategory\ttext\n"
ROWS = "".join(f"{number}\t{label}\tSatz {number}\n" for number, label in enumerate(SIB200_LABELS * 2))


def split(row):
    return row.split("\t")


def test_line_ends_byte_order_mark_and_place_change_nothing(put, tmp_path):
    put("deu_Latn/test.tsv", HEADER + ROWS)
    put("sib200/nob_Latn/test.tsv", HEADER + ROWS, ends="\r\n", bom=True)
    turned = ["\t".join((text, number, label)) for number, label, text in map(split, ROWS.splitlines())]
    put("sib200/fra_Latn/test.tsv", "\n".join(["text\tindex_id\tcategory", *turned]))
    put("MANIFEST.tsv", "tag\n")
    reader = open_sib200(tmp_path / "data")
    assert [str(tag) for tag in reader.tags] == ["deu_Latn", "fra_Latn", "nob_Latn"] and reader.sources == []
    texts = [reader.read(tag) for tag in reader.tags]
    assert len({text.revision for text in texts}) == 1 and texts[0].notes == ()
    assert texts[0].labels == SIB200_LABELS * 2 and texts[0].texts[13] == "Satz 13"


def test_quotes_na_and_null_are_text_like_any_other(put):
    odd = ['"Doch', "NA", "null", "nan", '"zu"', '"a ""b"" c"', "#N/A", "", " 1.0"]
    data = put("deu_Latn/test.tsv", HEADER + ROWS + "".join(f"9\ttravel\t{text}\n" for text in odd))
    read = open_sib200(data).read(DEU)
    assert read.texts[14:] == tuple(odd)
    assert read.notes == (
        "1 of 23 texts are blank and count all the same",
        "1 of 23 texts look quoted as in CSV and are kept as they stand",
    )


def test_the_papers_reading_loses_what_pandas_loses(put):
    swallowed = ['1\ttravel\t"Doch', "2\tsports\tzwei", '3\thealth\tdrei"', "4\tpolitics\tNA", "5\ttravel\tnull"]
    skipped = ['6\ttravel\t"Ja", sagt er', '7\tsports\t"Doch', '8\thealth\tdrei" vier']
    data = put("deu_Latn/test.tsv", HEADER + "\n".join(swallowed + skipped) + "\n" + ROWS)
    assert open_sib200(data).read(DEU).texts[:3] == ('"Doch', "zwei", 'drei"')
    read = open_sib200(data, protocol="paper").read(DEU)
    assert read.texts[:4] == ("Doch\n2\tsports\tzwei\n3\thealth\tdrei", "nan", "nan", "Satz 0")
    assert read.labels[:3] == ("travel", "politics", "travel") and len(read) == 17
    assert read.notes == ("5 of 22 lines were swallowed by quotes or skipped", "2 texts became the word nan")
    put("deu_Latn/test.tsv", HEADER + ROWS + "9\ttravel\tzu\tviel\n")
    assert len(open_sib200(data, protocol="paper").read(DEU)) == 14


def test_a_reading_of_the_paper_that_cannot_be_scored_is_refused(put):
    data = put("deu_Latn/test.tsv", HEADER + "1\ttravels\ta\n")
    with pytest.raises(UserError, match=r"test.tsv, row 1 as pandas reads it: .* got 'travels'"):
        open_sib200(data, protocol="paper").read(DEU)
    put("deu_Latn/test.tsv", "1\ttravel\ta\n")
    with pytest.raises(UserError, match="line 1: expected a header"):
        open_sib200(data, protocol="paper").read(DEU)
    put("deu_Latn/test.tsv", "")
    with pytest.raises(UserError, match="empty test set"):
        open_sib200(data, protocol="paper").read(DEU)


def test_blank_lines_are_no_items_and_few_items_are_noted(put):
    data = put("deu_Latn/test.tsv", HEADER + "1\ttravel\ta\n\n\n2\tsports\t \n \n")
    read = open_sib200(data).read(DEU)
    assert read.texts == ("a", " ") and read.notes == (
        "3 blank lines are no items", "1 of 2 texts are blank and count all the same",
        "only 2 items: the score says little",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "9\ttravels\ta\n", r"test.tsv, line 2: expected one of the labels science/.*, got 'travels'"),
        (HEADER + "9\t\ta\n", r"line 2: .* got ''"),
        (HEADER + "9\t3\ta\n", r"line 2: .* got '3'; a number does not say which"),
        (HEADER + ROWS + "9\t\ta\n" * 4, r"line 16: .* got ''\. 4 of 18 rows cannot be read"),
        (HEADER + "1\ttravel\n", r"line 2: expected 3 columns separated by tabs \(index_id, category, text\), got 2"),
        (HEADER + "1\ttravel\ta\tb\n", r"line 2: expected 3 columns .* got 4"),
        (ROWS, r"line 1: expected a header with the columns index_id, category, text, .* got '0\\tscience"),
        ("", r"line 1: expected a header .* got ''"),
        (
            HEADER.replace("\t", ";") + ROWS.replace("\t", ";"),
            r"line 1: .*; it is separated by ';': save the table with",
        ),
        ('"index_id","Category","Text"\n', r"line 1: .*; it is separated by ',': save the table with tabs"),
        (HEADER, r"test.tsv: expected at least one item, got an empty test set"),
    ],
)
def test_lines_that_cannot_be_read_are_named(text, message, put):
    data = put("deu_Latn/test.tsv", text)
    put("fra_Latn/test.tsv", HEADER + ROWS)
    reader = open_sib200(data)
    with pytest.raises(UserError, match=message):
        reader.read(DEU)
    assert len(reader.read(LangScript("fra", "Latn"))) == 14


def test_an_odd_row_costs_itself_and_is_named(put):
    odd = "9\ttravels\ta\n9\ttravel\n"
    data = put("deu_Latn/test.tsv", HEADER + ROWS + odd + "9\tTravel \tb\t\n")
    read = open_sib200(data).read(DEU)
    assert len(read) == 15 and (read.texts[14], read.labels[14]) == ("b", "travel")
    assert read.notes[0].startswith("1 labels are spelled in another way")
    assert read.notes[1].startswith(
        "2 of 17 rows cannot be read and are left out: deu_Latn/test.tsv, line 16: expected"
    )
    assert "deu_Latn/test.tsv, line 17: expected 3 columns" in read.notes[1]
    read = open_sib200(data, protocol="paper").read(DEU)
    assert "as pandas reads it: expected one of the labels" in " ".join(read.notes) and "travels" not in read.labels


def test_the_share_of_odd_rows_is_that_of_one_constant(put):
    rows = (ROWS * 100)[: len(ROWS * 100)]
    data = put("deu_Latn/test.tsv", HEADER + rows + "9\tx\ta\n" * 14)
    read = open_sib200(data).read(DEU)
    assert len(read) == 1400 and "14 of 1414 rows" in read.notes[0] and read.notes[0].endswith("; and 11 more")
    put("deu_Latn/test.tsv", HEADER + rows + "9\tx\ta\n" * 15)
    with pytest.raises(UserError, match=r"line 1402: .* 15 of 1415 rows cannot be read"):
        open_sib200(data).read(DEU)


def test_utf16_is_told(put):
    data = put("deu_Latn/test.tsv", "")
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        (data / "deu_Latn/test.tsv").write_bytes((HEADER + ROWS).encode(encoding))
        with pytest.raises(UserError, match=r"test\.tsv is (in )?UTF-\d\d.* `iconv -f UTF-\d\d"):
            open_sib200(data).read(DEU)


@pytest.mark.parametrize("inside", ["\u2028", "\x85", "\x0b", "\x0c", "\x1e", "\r", "\0", '"', "\xa0"])
def test_only_a_line_feed_ends_a_row(inside, put):
    text = f"vor{inside}nach"
    data = put("deu_Latn/test.tsv", HEADER + ROWS + f"9\ttravel\t{text}\n")
    assert open_sib200(data).read(DEU).texts[14:] == (text,)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("deu-Latn/test.tsv", HEADER), ("DEU_latn/Test.tsv", HEADER), ("deu_Latn/test.tsv", HEADER.upper()),
        ("deu_Latn/test.tsv", "id\tlabel\tsentence\n"), ("de_Latn/test.tsv", "index_id\ttopic\ttext\n"),
    ],
)  # fmt: skip
def test_other_spellings_of_names_and_headers_are_read(name, header, put):
    reader = open_sib200(put(name, header + ROWS))
    assert reader.tags == [DEU] and reader.read(DEU).labels == SIB200_LABELS * 2


def test_other_encodings_are_named_by_line(put):
    data = put("deu_Latn/test.tsv", HEADER)
    (data / "deu_Latn/test.tsv").write_bytes((HEADER + "1\ttravel\ta\n").encode() + b"2\ttravel\tsch\xf6n\n")
    with pytest.raises(UserError, match=r"test.tsv, line 3: byte 12 of the line \(0xf6\) is no UTF-8.*1 of 2 rows"):
        open_sib200(data).read(DEU)


def test_a_source_needs_a_train_and_a_dev_set(put):
    for name in ("deu_Latn/test", "deu_Latn/train", "eng_Latn/train", "eng_Latn/dev", "fra_Latn/dev", "fra_Latn/test"):
        data = put(f"{name}.tsv", HEADER + ROWS)
    reader = open_sib200(data)
    assert [str(tag) for tag in reader.sources] == ["eng_Latn"]
    assert [str(tag) for tag in reader.tags] == ["deu_Latn", "fra_Latn"]
    assert len(reader.training(LangScript("eng", "Latn")).dev) == 14
    for tag, message in {
        "deu": r"deu_Latn has a train set for sib200 \(.*train.tsv\) but no dev set, .* dev set: eng_Latn",
        "fra": r"sib200 has no train set for fra_Latn, only dev and test\. Tags with a train and a dev set: eng_Latn",
        "ita": r"sib200 has no train set for ita_Latn\. Tags with a train and a dev set: eng_Latn",
    }.items():
        with pytest.raises(UserError, match=message):
            reader.training(LangScript(tag, "Latn"))
    put("eng_Latn/dev.tsv", HEADER)
    with pytest.raises(UserError, match=r"dev.tsv: expected at least one item, got an empty dev set"):
        reader.training(LangScript("eng", "Latn"))


def test_an_odd_folder_costs_itself_only(put):
    for name in ("deu_Latn", "de_Latn", "zzz_Latn", "notes/old", "sib200/fra_Latn", "fra_Latn"):
        data = put(f"{name}/test.tsv", HEADER + ROWS)
    reader = open_sib200(data)
    assert [str(tag) for tag in reader.tags] == ["deu_Latn", "fra_Latn", "zzz_Latn"]
    assert len(reader.notes) == 1 and "de_Latn is left out" in reader.notes[0] and "is deu_Latn too" in reader.notes[0]
    assert len(reader.read(DEU)) == 14
    with pytest.raises(UserError, match=r"zzz_Latn.test.tsv: zzz_Latn: 'zzz' is no language code"):
        reader.read(LangScript("zzz", "Latn"))
    with pytest.raises(UserError, match=r"fra_Latn has two test sets for sib200: .* and .*; keep one"):
        reader.read(LangScript("fra", "Latn"))
    with pytest.raises(UserError, match="sib200 has no test set for ita_Latn; it has deu_Latn, fra_Latn, zzz_Latn"):
        reader.read(LangScript("ita", "Latn"))


def test_absent_data_say_where_they_come_from(tmp_path, put):
    put("sib200/train-deu_Latn.tsv", HEADER)
    for data in (None, tmp_path, tmp_path / "absent", tmp_path / "data"):
        with pytest.raises(DataMissingError, match=r"sib200.* dadelani/sib-200 .* header `index_id category text`"):
            open_sib200(data)


def test_a_copy_of_the_repository_of_sib200_is_read(put):
    data = put("data/annotated/deu_Latn/test.tsv", HEADER + ROWS)
    assert open_sib200(data).tags == [DEU]
