"""Tagged words: one a line, blank lines between sentences, in three layouts."""

import gzip

import pytest

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.readers.ner import open_ner
from langsamp.evaluation.tasks.readers.pos import open_pos
from langsamp.languages.tags import LangScript

DEU = LangScript("deu", "Latn")
TEXT = "Anna\tB-PER\nMaier\tI-PER\nin\tO\nUlm\tB-LOC\n\num\tO\n12:30\tO\n"


def test_all_layouts_give_the_same_text(put):
    data = put("deu_Latn/test.tsv", TEXT)
    put("ner/test-nld_Latn.tsv", TEXT, ends="\r\n", bom=True)
    put("ner/fr/test", "".join(f"fr:{line}\n" if line else "\n" for line in TEXT.splitlines()))
    put("ner/ru/test", "ru:Анна\tB-PER\nru:дома\tO\n")
    put("ner/zh-yue/test", "zh-yue:香港\tB-LOC\n")
    reader = open_ner(data)
    assert [str(tag) for tag in reader.tags] == ["deu_Latn", "fra_Latn", "nld_Latn", "rus_Cyrl", "yue_Hani"]
    german, french, dutch = (reader.read(LangScript(code, "Latn")) for code in ("deu", "fra", "nld"))
    assert german.revision == french.revision == dutch.revision
    assert german.words == (("Anna", "Maier", "in", "Ulm"), ("um", "12:30"))
    assert german.labels == (("B-PER", "I-PER", "O", "B-LOC"), ("O", "O"))
    assert german.notes == ("only 2 items: the score says little",)


def test_released_folders_without_a_tag_are_told(put):
    for code in ("en", "simple", "als", "xx"):
        data = put(f"{code}/test", f"{code}:word\tO\n")
    put("vi/test", "vi:12\tO\n")
    for split in ("train", "dev"):
        put(f"en/{split}", "en:word\tO\n")
    reader = open_ner(data)
    assert [str(tag) for tag in reader.tags] == ["als_Latn", "eng_Latn"]
    assert [str(tag) for tag in reader.sources] == ["eng_Latn"]
    assert len(reader.notes) == 4
    told = " ".join(reader.notes)
    for what in ("is Alemannic", "another form of en", "vi/test is left out", "'xx' is no code of a language"):
        assert what in told


def test_blank_lines_end_a_sentence_once(put):
    data = put("deu_Latn/test.tsv", "\n\nAnna\tB-PER\n\n \n\nUlm\tB-LOC\n\n")
    for protocol in ("fixed", "paper"):
        read = open_ner(data, protocol=protocol).read(DEU)
        assert read.words == (("Anna",), ("Ulm",))
        assert read.notes[0] == "4 blank lines beside the one that ends a sentence make no sentence of their own"


def test_spans_without_a_beginning_are_kept_and_noted(put):
    data = put("deu_Latn/test.tsv", "Anna\tI-PER\nMaier\tI-PER\nUlm\tI-LOC\nUlm\tB-ORG\nUlm\tI-LOC\nund\tO\n")
    read = open_ner(data).read(DEU)
    assert read.labels == (("I-PER", "I-PER", "I-LOC", "B-ORG", "I-LOC", "O"),)
    assert read.notes[0] == "3 spans start with I- instead of B- and are kept so"


def test_a_word_without_the_prefix_among_those_with_it_stays_as_it_stands(put):
    lines = ["Ulm\tB-LOC" if number == 7 else f"de:Wort{number}\tO" for number in range(20)]
    data = put("de/test", "\n".join(lines) + "\n")
    read = open_ner(data).read(DEU)
    assert read.words[0][6:9] == ("Wort6", "Ulm", "Wort8")
    assert read.notes[0] == "1 of 20 words have no 'de:' before them and stay as they stand: de/test, line 8"
    put("de/test", "\n".join(lines[:12] + ["Ulm\tB-LOC"] * 8))
    with pytest.raises(UserError, match=r"11 of 20 words start with 'de:' and the others do not, the first in line 8"):
        open_ner(data).read(DEU)
    put("de/test", "a:b\tO\num:12\tO\n")  # no code of a language
    assert open_ner(data).read(DEU).words == (("a:b", "um:12"),)


def test_an_odd_line_costs_its_sentence_and_is_named(put):
    good = "Anna\tB-PER\nkam\tO\n\n"
    data = put("deu_Latn/test.tsv", good * 10 + "in\tO\nUlm\n\n" + "in\tO\nUlm\tX\tB-LOC\n\n" + good)
    read = open_ner(data).read(DEU)
    assert read.words == (("Anna", "kam"),) * 11
    assert read.notes == (
        "2 of 13 sentences cannot be read and are left out: deu_Latn/test.tsv, line 32: the word 'Ulm' has no label; "
        "write it after a tab; deu_Latn/test.tsv, line 35: expected 2 columns separated by a tab (word, label), got 3",
    )
    (data / "deu_Latn/test.tsv").write_bytes((good * 10).encode() + b"sch\xf6n\tO\nda\tO\n")
    assert "line 31: byte 3 of the line (0xf6) is no UTF-8" in open_ner(data).read(DEU).notes[0]


def test_spellings_headers_and_comments_are_taken_for_what_they_are(put):
    text = "Token\tTag\n# sent_id = 1\nAnna\tB_PER\nMaier\ti-per\t\n#\tO\nUlm\tB-LOC"
    read = open_ner(put("deu-Latn/Test.tsv", text)).read(DEU)
    assert read.words == (("Anna", "Maier", "#", "Ulm"),) and read.labels == (("B-PER", "I-PER", "O", "B-LOC"),)
    assert [note.split()[0:2] for note in read.notes[:3]] == [["1", "header"], ["1", "comment"], ["2", "labels"]]


@pytest.mark.parametrize("name", ["test-de.tsv", "panx/../test-deu-Latn.tsv", "de/test", "de/test.gz"])
def test_names_of_other_releases_are_read(name, put):
    data = put(name, TEXT)
    if name.endswith(".gz"):
        (data / name).write_bytes(gzip.compress(TEXT.encode()))
    assert open_ner(data).read(DEU).words == (("Anna", "Maier", "in", "Ulm"), ("um", "12:30"))


def test_a_name_in_full_makes_room_for_no_other_spelling(put):
    for name in ("test-de.tsv", "ner/nld_Latn/test.tsv", "ner/nld-Latn/test.tsv"):
        put(name, "Ulm\tO\n")
    reader = open_ner(put("test-deu_Latn.tsv", TEXT))
    assert len(reader.read(DEU)) == 2 and len(reader.read(LangScript("nld", "Latn"))) == 1
    assert [("test-de.tsv is left out" in note, "nld-Latn is left out" in note) for note in reader.notes] == [
        (True, False), (False, True),
    ]  # fmt: skip


@pytest.mark.parametrize("inside", ["\u2028", "\x85", "\x0b", "\x0c", "\x1d", "\r", "\xa0", "\0", '"'])
def test_only_tabs_and_line_feeds_part_words(inside, put):
    word = f"a{inside}b  c"
    data = put("deu_Latn/test.tsv", f"{word}\tO\nUlm\tB-LOC\n", ends="\r\n")
    for protocol in ("fixed", "paper"):
        assert open_ner(data, protocol=protocol).read(DEU).words == ((word, "Ulm"),)


@pytest.mark.parametrize("line", ["Ulm", "Ulm\t"])
def test_a_word_without_label_is_an_error_but_in_the_papers_reading(line, put):
    data = put("deu_Latn/test.tsv", f"in\tO\n{line}\n")
    with pytest.raises(UserError, match=r"test.tsv, line 2: the word 'Ulm' has no label"):
        open_ner(data).read(DEU)
    read = open_ner(data, protocol="paper").read(DEU)
    assert read.labels == (("O", "O"),) and read.notes[0] == "1 words without label got O"
    data = put("deu_Latn/test.tsv", f"in\tADP\n{line}\n")
    assert open_pos(data, protocol="paper").read(DEU).labels == (("ADP", "X"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("in\tO\nUlm\tB-MISC\n", r"test.tsv, line 2: expected one of the labels B-LOC, .*, got 'B-MISC'"),
        ("in\tO\n\nUlm\tX\tB-LOC\n", r"test.tsv, line 3: expected 2 columns separated by a tab \(word, label\), got 3"),
        ("in O\n", r"line 1: the word 'in O' has no label"),
        ("\n\n", "empty test set"),
    ],
)
def test_lines_that_cannot_be_read_are_named(text, message, put):
    data = put("deu_Latn/test.tsv", text)
    with pytest.raises(UserError, match=message):
        open_ner(data).read(DEU)


@pytest.mark.parametrize("end, single", [("E", "S"), ("L", "U"), ("e", "s")])
def test_spans_that_mark_their_ends_are_the_same_spans(end, single, put):
    data = put("deu_Latn/test.tsv", f"in\tO\nNew\tB-LOC\nYork\tI-LOC\nCity\t{end}-LOC\nUlm\t{single}-LOC\n")
    read = open_ner(data).read(DEU)
    assert read.labels == (("O", "B-LOC", "I-LOC", "I-LOC", "B-LOC"),)
    assert "2 labels mark the ends of spans (BIOES, BILOU) and are taken as B- and I-" in read.notes
    with pytest.raises(UserError, match=f"got '{single}-MISC'"):
        open_ner(put("deu_Latn/test.tsv", f"Ulm\t{single}-MISC\n")).read(DEU)


def test_empty_words_are_kept_and_noted_and_na_is_a_word(put):
    data = put("deu_Latn/test.tsv", '\tNOUN\nNA\tPROPN\nnull\tX\n"\tPUNCT\n')
    read = open_pos(data).read(DEU)
    assert read.words == (("", "NA", "null", '"'),) and "1 words are empty" in read.notes
    data = put("deu_Latn/test.tsv", "Haus\tO\n")
    with pytest.raises(UserError, match="got 'O'"):
        open_pos(data).read(DEU)


@pytest.mark.parametrize(
    ("reader", "origin"), [(open_ner, "unimelb-nlp/wikiann"), (open_pos, "universaldependencies.org")]
)
def test_absent_data_say_where_they_come_from(reader, origin, tmp_path):
    for data in (None, tmp_path, tmp_path / "absent"):
        with pytest.raises(DataMissingError, match=origin):
            reader(data)
