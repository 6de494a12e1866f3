"""Files that are no text are told by name, with what they are; sentences that only look like it are read."""

import bz2
import gzip
from pathlib import Path

import pytest

from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.errors import UserError
from langsamp.evaluation.tasks.readers.formats.lines import read_lines

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"5e" * 32 + b"\nsize 12345\n"
NO_TEXT = {
    "a git-lfs pointer": POINTER,
    "an HTML page": b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n",
    "the error message of a server": b"404: Not Found",
    "a PDF file": b"%PDF-1.7\n%more",
    "a zip archive": b"PK\x03\x04\x14\x00",
    "compressed with gzip": gzip.compress(b"habari za asubuhi\n"),
    "a parquet file": b"PAR1\x15\x04\x15",
    "an XML file": b'<?xml version="1.0"?>\n<mediawiki xml:lang="sw">\n',
    "text between tags": b'<doc id="7" url="https://sw.example.org/?curid=7" title="Mji">\nMji\n\nHabari.\n</doc>\n',
    "text between tags of markup": b'<mediawiki xmlns="http://www.example.org/export/" xml:lang="sw">\n  <page>\n',
    "JSON lines": b'{"id": 1, "text": "habari"}\n{"id": 2, "text": "za asubuhi"}\n',
    "a table of 2 columns": b"1\tHabari za asubuhi\n2\tHabari za jioni\n3\tKwaheri\n",
    "a table of 3 columns": b"# source: x\n401\tswh\tHabari\n407\tswh\tKwa\theri\n409\tswh\tLala\n",
    "a table of 2 columns separated": b"GEN 1:1\thabari\n" * 6,
    "a Bible's text in USFM": b"\xef\xbb\xbf\\id GEN - Habari\n\\c 1\n\\p\n\\v 1 Habari za asubuhi\n",
    "subtitles": b"1\r\n00:00:01,000 --> 00:00:02,500\r\nHabari\r\n\r\n2\r\n",
    "subtitles:": b"WEBVTT - habari\n\n1\n00:01.000 --> 00:02.500\nHabari\n",
    "a LaTeX document": b"% habari\n\\documentclass[a4paper]{article}\n\\begin{document}\n",
    "a treebank": b"# newdoc id = a\n# sent_id = a-1\n# text = Habari\n1\tHabari\thabari\tNOUN\t_\t_\t0\troot\t_\t_\n",
    "binary": b"abc\x00\x00\x00\x01" * 30,
}


@pytest.mark.parametrize("kind", NO_TEXT)
def test_a_corpus_file_that_is_no_text_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    (tmp_path / "swh_Latn.txt").write_bytes(NO_TEXT[kind])
    (tmp_path / "deu_Latn.txt").write_text("guten Morgen\n")
    with pytest.raises(UserError, match=rf"swh_Latn\.txt is {kind}.*expected text; \w+"):
        open_corpus(CorpusConfig(source=str(tmp_path)), base=Path())
    assert open_corpus(CorpusConfig(source=str(tmp_path), languages="deu_Latn"), base=Path()).tags


def test_prose_that_only_begins_as_such_is_text(tmp_path: Path) -> None:
    for number, line in enumerate(("1\nHabari za --> asubuhi", "\\idadi ya watu", "# text za leo", "WEBVTT ni nini?")):
        (tmp_path / f"{('swh', 'deu', 'fin', 'eng')[number]}_Latn.txt").write_text(f"{line}\nHabari\n" * 3)
    assert len(open_corpus(CorpusConfig(source=str(tmp_path)), base=Path()).tags) == 4


def test_text_with_a_tab_here_and_there_is_text(tmp_path: Path) -> None:
    lines = ["moja\tmbili", "tatu", "nne\ttano\tsita", "7\tsaba", "8\tnane", "9\ttisa"]
    (tmp_path / "swh_Latn.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "deu_Latn.txt").write_text("eins\tzwei\ndrei\tvier\n")
    assert len(open_corpus(CorpusConfig(source=str(tmp_path)), base=Path()).tags) == 2


def test_lines_of_an_old_mac_are_told(tmp_path: Path) -> None:
    file = tmp_path / "swh_Latn.txt"
    file.write_bytes(b"moja\rmbili\rtatu\r")
    for read in (lambda: open_corpus(CorpusConfig(source=str(tmp_path)), base=Path()), lambda: read_lines(file)):
        with pytest.raises(UserError, match=r"ends its lines with a carriage return alone.*`tr"):
            read()
    file.write_bytes(b"moja\rmbili\n")
    assert read_lines(file) == ["moja\rmbili"]


def test_what_systems_leave_in_folders_is_no_text(tmp_path: Path) -> None:
    for name in ("swh_Latn.txt", "Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX"):
        (tmp_path / name).write_text("moja\n")
    assert len(open_corpus(CorpusConfig(source=str(tmp_path)), base=Path()).tags) == 1


@pytest.mark.parametrize("name", ["swh_Latn.txt.gz", "swh_Latn.jsonl", "swh_Latn.parquet", "swh_Latn.txt.zst"])
def test_a_pointer_is_one_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(POINTER)
    with pytest.raises(UserError, match="git lfs pull"):
        open_corpus(CorpusConfig(source=str(tmp_path)), base=Path())


def test_a_page_inside_a_compressed_file_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "swh_Latn.txt.gz").write_bytes(gzip.compress(NO_TEXT["an HTML page"]))
    corpus = open_corpus(CorpusConfig(source=str(tmp_path)), base=Path())
    with pytest.raises(UserError, match="an HTML page"):
        list(corpus.documents(corpus.tags[0]))


def test_a_test_set_that_is_a_pointer_is_named(tmp_path: Path) -> None:
    (tmp_path / "bible.eng_Latn").write_bytes(POINTER)
    with pytest.raises(UserError, match=r"bible\.eng_Latn is a git-lfs pointer"):
        read_lines(tmp_path / "bible.eng_Latn")


@pytest.mark.parametrize(
    "line",
    [
        "Not found in the house, he went on.",
        '{"no": end',
        "{ a set: }",
        "version two of the song",
        "<b>Bold</b> as ever",
        "<p>A paragraph</p>",
        "<range>",
        "head to the sea",
        "PAR",
    ],
)
def test_sentences_that_begin_alike_are_text(tmp_path: Path, line: str) -> None:
    (tmp_path / "eng_Latn.txt").write_text(f"{line}\nand on\n")
    corpus = open_corpus(CorpusConfig(source=str(tmp_path)), base=Path())
    assert list(corpus.documents(corpus.tags[0])) == [line, "and on"]


@pytest.mark.parametrize(
    ("name", "packed", "better"),
    [("swh_Latn.txt.gz", bz2.compress(b"moja\n"), "swh_Latn.txt.bz2"), ("swh_Latn.txt.xz", b"moja\n", "swh_Latn.txt")],
)
def test_another_compression_than_the_name_says_is_told(tmp_path: Path, name: str, packed: bytes, better: str) -> None:
    (tmp_path / name).write_bytes(packed)
    with pytest.raises(UserError, match=rf"its name says \.\w+; name it {better},"):
        open_corpus(CorpusConfig(source=str(tmp_path)), base=Path())
