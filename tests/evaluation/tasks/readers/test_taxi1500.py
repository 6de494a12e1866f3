"""Labelled verses: our folders, the original's files, and labels joined with one's own text."""

import pytest

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.readers.taxi1500 import TAXI1500_LABELS, open_taxi1500
from langsamp.languages.tags import LangScript

DEU = LangScript("deu", "Latn")
VERSES = {f"4300{number:04}": (label, f"Vers {number}") for number, label in enumerate(TAXI1500_LABELS * 2)}
ROWS = "".join(f"{verse}\t{label}\t{text}\n" for verse, (label, text) in VERSES.items())
TEXT = "".join(f"{verse}\t{text}\n" for verse, (_, text) in VERSES.items())
LABELS = "id\tlabel\tsplit\n" + "".join(f"{verse}\t{label}\ttest\n" for verse, (label, _) in VERSES.items())


def test_all_layouts_give_the_same_text(put, tmp_path):
    put("a/taxi1500/deu_Latn/test.tsv", "id\tlabel\tverse\n" + ROWS)
    put("b/deu_test.tsv", ROWS)
    put("b/rus_test.tsv", ROWS.replace("Vers", "и сказал он"))
    put("b/zho_xyz_test.tsv", ROWS.replace("Vers", "起初神創造天地"))
    for split in ("train", "dev"):
        put(f"b/eng_{split}.tsv", ROWS)
    put("c/labels.tsv", LABELS + "99\tSin\ttrain\n98\tSin\tdev\n")
    put("c/deu_Latn.txt", "99\tAnderer\n98\tNoch einer\n97\tOhne\n" + TEXT)
    a, b, c = (open_taxi1500(tmp_path / "data" / name) for name in "abc")
    assert [str(tag) for tag in b.tags] == ["deu_Latn", "rus_Cyrl", "zho_Hani"]
    assert [str(tag) for tag in b.sources] == ["eng_Latn"] and c.sources == [DEU]
    assert a.read(DEU).revision == b.read(DEU).revision == c.read(DEU).revision
    assert a.read(DEU).labels == TAXI1500_LABELS * 2 and not a.read(DEU).notes
    assert c.training(DEU).train.texts == ("Anderer",) and c.training(DEU).dev.texts == ("Noch einer",)


def test_the_papers_reading_of_the_originals_files(put):
    data = put("deu_test.tsv", ROWS + '1\tSin\t"Doch\n2\tSin\tzwei\n3\tSin\tdrei"\n4\tSin\tNA\n')
    assert open_taxi1500(data).read(DEU).texts[12:] == ('"Doch', "zwei", 'drei"', "NA")
    read = open_taxi1500(data, protocol="paper").read(DEU)
    assert read.texts[12:] == ("Doch\n2\tSin\tzwei\n3\tSin\tdrei", "nan")
    assert read.notes == ("2 of 16 lines were swallowed by quotes or skipped", "1 texts became the word nan")


def test_verses_that_a_translation_lacks_are_counted(put):
    put("labels.tsv", LABELS)
    data = put("deu_Latn.txt", TEXT.partition("\n")[2] + "\n5\t \n")
    put("notes.txt", "no translation")
    reader = open_taxi1500(data)
    read = reader.read(DEU)
    assert len(read) == 11 and read.notes == ("1 of 12 labelled verses have no text in deu_Latn.txt",)
    assert len(reader.notes) == 1 and "notes.txt is left out" in reader.notes[0]
    put("deu_Latn.txt", "5\tfremd\n")
    with pytest.raises(UserError, match=r"deu_Latn.txt: none of the 12 labelled verses has a text there"):
        reader.read(DEU)


@pytest.mark.parametrize(
    ("text", "labels", "message"),
    [
        (TEXT + "1 kein Tabulator\n" * 4, LABELS, r"deu_Latn.txt, line 13: expected `verse id TAB text`, got no tab"),
        (TEXT + TEXT, LABELS, r"deu_Latn.txt, line 13: verse '43000000' comes a second time"),
        (TEXT, LABELS.partition("\n")[2], r"labels.tsv, line 1: expected the header `id label split`"),
        (
            TEXT,
            LABELS + "1\tJoy\ttest\n" * 4,
            r"labels.tsv, line 14: expected one of the labels Recommendation, .*'Joy'",
        ),
        (TEXT, LABELS + "1\tSin\tvalid\n" * 4, r"labels.tsv, line 14: .* split of train, dev, test, got 'valid'"),
        (TEXT, LABELS + "1\tSin\n" * 4, r"labels.tsv, line 14: expected 3 columns separated by tabs, got 2"),
        (
            TEXT,
            LABELS + (LABELS.split("\n")[1] + "\n") * 4,
            r"labels.tsv, line 14: verse '43000000' is labelled a second",
        ),
    ],
)
def test_joined_files_that_cannot_be_read_are_named(text, labels, message, put):
    put("labels.tsv", labels)
    data = put("deu_Latn.txt", text)
    with pytest.raises(UserError, match=message):
        open_taxi1500(data).read(DEU)


def test_bible_collections_have_comments_and_editions(put):
    labels = LABELS + "99\tSin\ttrain\n98\tSin\tdev\n"
    put("labels.tsv", labels)
    short = TEXT.partition("\n")[2]
    comments = "# language_name:\tGerman\n# year_short:\t1912\n#43000000\tnicht geprüft\n"
    data = put("deu-x-bible-luther1912.txt", comments + "99\tAnderer\n98\tNoch einer\n" + TEXT)
    put("deu-x-bible-albrecht.txt", short)
    put("deu_Latn-zuerich.txt", TEXT)
    put("rus-x-bible-synodal.txt", TEXT.replace("Vers", "стих"))
    put("readme.txt", "about")
    reader = open_taxi1500(data)
    assert list(map(str, reader.tags)) == ["deu_Latn", "rus_Cyrl"] and "readme.txt is left out" in reader.notes[0]
    read = reader.read(DEU)
    assert read.labels == TAXI1500_LABELS * 2 and read.notes == (
        "deu-x-bible-luther1912.txt is read, of 3 editions the one with the most labelled verses",
    )
    assert reader.training(DEU).train.texts == ("Anderer",)


def test_of_several_editions_the_one_with_the_most_lines_is_read(put):
    put("deu_luther_test.tsv", ROWS + ROWS)
    put("deu_test.tsv", "")
    put("fra_Latn_test.tsv", ROWS)
    data = put("deu_elberfelder_test.tsv", ROWS)
    reader = open_taxi1500(data)
    assert list(map(str, reader.tags)) == ["deu_Latn", "fra_Latn"] and len(reader.read(DEU)) == 24
    assert any("deu_luther_test.tsv is read, which has the most lines" in note for note in reader.notes)


def test_a_header_in_the_originals_files_is_no_row_and_odd_lines_cost_themselves(put):
    data = put("deu_test.tsv", "id\tlabel\tverse\n" + ROWS)
    assert open_taxi1500(data).read(DEU).labels == TAXI1500_LABELS * 2
    put("joined/labels.tsv", LABELS + "1\tJoy\ttest\n")
    put("joined/deu_Latn.txt", TEXT + "kein Tabulator\n")
    notes = open_taxi1500(data / "joined").read(DEU).notes
    assert "joined/labels.tsv, line 14: expected one of the labels" in notes[0]
    assert "joined/deu_Latn.txt, line 13: expected `verse id TAB text`" in notes[1]


def test_absent_data_say_where_they_come_from(tmp_path, put):
    put("train/eng_train.tsv", ROWS)
    put("123_test.tsv", ROWS)
    for data in (None, "hub", tmp_path, tmp_path / "data"):
        with pytest.raises(DataMissingError, match=r"taxi1500.*cisnlp/Taxi1500.*<iso>_test.tsv.*labels.tsv"):
            open_taxi1500(data)
    with pytest.raises(DataMissingError, match="the hub has no copy"):
        open_taxi1500("hub")


def test_a_file_without_letters_has_no_script(put):
    put("deu_test.tsv", ROWS)
    data = put("fra_test.tsv", "1\tSin\t12\n")
    put("qq_test.tsv", ROWS)
    reader = open_taxi1500(data)
    assert reader.tags == [DEU] and len(reader.notes) == 2
    assert "fra_test.tsv is left out: its name tells no script" in reader.notes[0]
    assert "'qq' is no code of a language" in reader.notes[1]


def test_verses_that_are_called_otherwise_are_told(put):
    put("labels.tsv", "id\tlabel\tsplit\n40001001\tFaith\ttest\n40001002\tSin\ttest\n")
    data = put("deu_Latn.txt", "MAT 1:1\teins\nMAT 1:2\tzwei\n")
    with pytest.raises(UserError, match=r"none of the 2 labelled verses .* like 'MAT 1:1', in labels\.tsv like '4000"):
        open_taxi1500(data).read(LangScript("deu", "Latn"))
