"""CoNLL-U as released: ranges and empty nodes left out, treebanks of one language merged."""

import gzip

import pytest

from langsamp.errors import UserError
from langsamp.evaluation.tasks.readers.pos import open_pos
from langsamp.languages.tags import LangScript

ENG = LangScript("eng", "Latn")


def row(number: str, word: str, upos: str) -> str:
    return f"{number}\t{word}\t_\t{upos}\t_\t_\t0\troot\t_\t_\n"


WITH_RANGES = (
    "# sent_id = 1\n# text = We don't know, and she neither.\n"
    + row("1", "We", "PRON") + row("2-3", "don't", "_") + row("2", "do", "AUX") + row("3", "n't", "PART")
    + row("4", "know", "VERB") + row("4.1", "that", "PRON") + "\n"
)  # fmt: skip
SHORT = row("1", "Stop", "VERB") + row("2", "!", "PUNCT") + "\n"


def test_ranges_and_empty_nodes_are_no_words(put):
    data = put("UD_English-Mine/en_mine-ud-test.conllu", WITH_RANGES + "\n\n# c\n" + SHORT, ends="\r\n", bom=True)
    read = open_pos(data).read(ENG)
    assert read.words == (("We", "do", "n't", "know"), ("Stop", "!"))
    assert read.labels == (("PRON", "AUX", "PART", "VERB"), ("VERB", "PUNCT"))
    put("two/pos/eng_Latn/test.tsv", "We\tPRON\ndo\tAUX\nn't\tPART\nknow\tVERB\n\nStop\tVERB\n!\tPUNCT\n")
    assert open_pos(data / "two").read(ENG).revision == read.revision


def test_treebanks_of_a_language_are_merged_by_script_in_sorted_order(put):
    put("pos/UD_English-Zeta/en_zeta-ud-test.conllu", SHORT)
    put("pos/UD_English-Alpha/en_alpha-ud-test.conllu", WITH_RANGES)
    for split in ("train", "dev"):
        put(f"pos/UD_English-Alpha/en_alpha-ud-{split}.conllu", SHORT)
    put("pos/UD_English-Alpha/en_alpha-ud-train-b.conllu", WITH_RANGES)
    put("pos/UD_Sanskrit-A/sa_a-ud-test.conllu", row("1", "agním", "NOUN") + "\n")
    put("pos/UD_Sanskrit-B/sa_b-ud-test.conllu", row("1", "अग्निम्", "NOUN") + "\n")
    data = put("pos/UD_English-Alpha/README.md", "not read")
    put("pos/en_loose-ud-all.conllu", SHORT)
    reader = open_pos(data)
    assert [str(tag) for tag in reader.tags] == ["eng_Latn", "san_Deva", "san_Latn"]
    read = reader.read(ENG)
    assert [words[0] for words in read.words] == ["We", "Stop"]
    assert read.notes[0] == "made of 2 files: en_alpha-ud-test.conllu, en_zeta-ud-test.conllu"
    assert [words[0] for words in reader.training(ENG).train.words] == ["We", "Stop"]  # parts by name: -b before .
    assert [str(tag) for tag in reader.sources] == ["eng_Latn"]
    assert len(reader.notes) == 1 and "expected a name like en_ewt-ud-test.conllu" in reader.notes[0]


def test_a_treebank_without_its_text_is_left_out(put):
    put("UD_English-A/en_a-ud-test.conllu", row("1", "_", "VERB") + "\n")
    data = put("UD_English-B/en_b-ud-test.conllu", SHORT)
    reader = open_pos(data)
    assert reader.read(ENG).words == (("Stop", "!"),)
    assert len(reader.notes) == 1 and "en_a-ud-test.conllu is left out" in reader.notes[0]


def test_words_without_tag_are_errors_but_in_the_papers_reading(put):
    data = put("UD_English-A/en_a-ud-test.conllu", WITH_RANGES + row("1", "Stop", "_") + "\n")
    with pytest.raises(UserError, match=r"en_a-ud-test.conllu, line 10: the word 'Stop' has no UPOS tag"):
        open_pos(data).read(ENG)
    read = open_pos(data, protocol="paper").read(ENG)
    assert read.labels[1] == ("X",) and "1 words without label got X" in read.notes


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (row("1", "Stop", "NN"), r"line 10: expected one of the labels ADJ, .*, got 'NN'\. 1 of 2 sentences"),
        (row("x", "Stop", "VERB"), r"line 10: no CoNLL-U: expected columns separated by tabs, a number first, got 'x"),
        ("Stop VERB\n", r"line 10: no CoNLL-U"),
        ("1\tStop\n", r"line 10: the word 'Stop' has no UPOS tag"),
    ],
)
def test_lines_that_cannot_be_read_are_named(line, message, put):
    data = put("en_a-ud-test.conllu", WITH_RANGES + line + "\n")
    with pytest.raises(UserError, match=message):
        open_pos(data).read(ENG)


def test_columns_are_parted_by_tabs_alone(put):
    words = ("New  York", "à  la\u2028carte", "20 000", "a\x85b", '"', "c\rd", "\ufeff")
    rows = "".join(row(str(number), word, "NOUN") for number, word in enumerate(words, start=1))
    data = put("en_a-ud-test.conllu", WITH_RANGES + rows + "\n" + SHORT.rstrip("\n"))
    assert open_pos(data).read(ENG).words[1:] == (words, ("Stop", "!"))


def test_an_odd_line_costs_its_sentence_and_is_named(put):
    bad = row("1", "Stop", "NN") + row("2", "!", "PUNCT") + "\n"
    data = put("UD_English-A/en_a-ud-test.conllu", SHORT * 8 + bad + SHORT + row("1", "Stop", "Verb") + "\n")
    read = open_pos(data).read(ENG)
    assert len(read) == 10 and read.labels[-1] == ("VERB",)
    assert read.notes[1].startswith(
        "1 of 11 sentences cannot be read and are left out: UD_English-A/en_a-ud-test.conllu, line 25: expected one of"
    )
    raw = data / "UD_English-A/en_a-ud-test.conllu"
    raw.write_bytes(raw.read_bytes().replace(b"\tNN\t", b"\t\xff\t"))
    assert "line 25: byte 9 of the line (0xff) is no UTF-8" in open_pos(data).read(ENG).notes[1]


def test_packed_treebanks_are_read(put):
    data = put("en_a-ud-test.conllu", SHORT)
    (data / "en_a-ud-test.conllu.gz").write_bytes(gzip.compress(SHORT.encode()))
    (data / "en_a-ud-test.conllu").unlink()
    assert open_pos(data).read(ENG).words == (("Stop", "!"),)


def test_the_folder_around_a_release_will_do_where_it_holds_one(put):
    data = put("ud-treebanks-v2.11/UD_English-Mine/en_mine-ud-test.conllu", SHORT)
    assert len(open_pos(data).read(ENG)) == 1
    put("ud-treebanks-v2.12/UD_English-Mine/en_mine-ud-test.conllu", SHORT)
    with pytest.raises(UserError, match=r"holds 2 releases of treebanks: give one of them, such as .*v2\.12"):
        open_pos(data)
