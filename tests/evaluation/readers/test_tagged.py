"""Tagged words: one a line, blank lines between sentences, in three layouts."""

import pytest

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.readers.ner import open_ner
from langsamp.evaluation.readers.pos import open_pos
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
