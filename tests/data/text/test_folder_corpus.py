"""Which files of a folder are a corpus, under which tags; and the embedded one."""

import gzip
import pickle
from pathlib import Path

import pytest

from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.errors import DataMissingError, UserError
from tests.data.text.corpora import GERMAN, LINES, RUSSIAN, SWAHILI, TEXT, folder_corpus, jsonl, read


def test_only_selected_tags_are_opened(folder: Path) -> None:
    for tag in (SWAHILI, GERMAN, RUSSIAN):
        (folder / f"{tag}.txt").write_text("text")
    (folder / "README.md").write_text("beside the text")
    (folder / "MANIFEST.tsv").write_text("")
    (folder / "SHA256SUMS").write_text("")
    (folder / ".hidden").mkdir()
    assert folder_corpus(folder).tags == [GERMAN, RUSSIAN, SWAHILI]
    assert folder_corpus(folder, languages="latin,!deu_Latn").tags == [SWAHILI]
    with pytest.raises(UserError, match="fra_Latn"):
        folder_corpus(folder, languages="fra_Latn")


def test_fingerprint_names_content_not_place_or_time(folder: Path, tmp_path: Path) -> None:
    (folder / "swh_Latn.txt").write_text("moja")
    (folder / "deu_Latn.txt").write_text("eins")
    first = folder_corpus(folder).fingerprint()
    assert folder_corpus(folder, languages="deu_Latn").fingerprint() != first
    moved = tmp_path / "elsewhere"
    folder.rename(moved)
    (moved / "deu_Latn.txt").write_text("eins")
    assert folder_corpus(moved).fingerprint() == first
    (moved / "deu_Latn.txt").write_text("zwei")
    changed = folder_corpus(moved).fingerprint()
    (moved / "deu_Latn.txt").rename(moved / "nld_Latn.txt")
    assert len({first, changed, folder_corpus(moved).fingerprint()}) == 3


def test_a_corpus_can_be_sent_to_another_process(folder: Path) -> None:
    (folder / "swh_Latn.txt").write_bytes(TEXT)
    corpus = folder_corpus(folder)
    sent = pickle.loads(pickle.dumps(corpus))
    assert list(sent.documents(SWAHILI)) == LINES
    assert (sent.source, sent.licence, sent.size(SWAHILI)) == ("texts", None, len(TEXT))


def test_an_empty_file_of_a_tag_that_is_not_asked_for_is_nobodys_business(folder: Path) -> None:
    (folder / "swh_Latn.txt").write_text("moja")
    (folder / "deu_Latn.txt").write_text("")
    assert folder_corpus(folder, languages="swh_Latn").tags == [SWAHILI]
    with pytest.raises(UserError, match=r"deu_Latn\.txt is empty"):
        folder_corpus(folder)


def test_links_that_lead_out_of_the_folder_are_read_and_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("moja")
    (folder / "deu_Latn.txt").write_text("eins")
    (folder / "nld_Latn.txt").symlink_to("deu_Latn.txt")
    assert folder_corpus(folder).remarks == ()
    (folder / "swh_Latn.txt").symlink_to(tmp_path / "secret")
    assert read(folder) == ["moja"]
    assert "links that lead out of the folder" in folder_corpus(folder).remarks[0]
    assert "(swh_Latn.txt)" in folder_corpus(folder).remarks[0]


@pytest.mark.parametrize("name", ["swh-Latn.txt", "SWH_LATN.TXT", "swh_latn.txt"])
def test_tags_in_other_spellings_are_read(folder: Path, name: str) -> None:
    (folder / name).write_text("moja")
    assert read(folder) == ["moja"]
    (folder / "swh_Latn.jsonl").write_bytes(jsonl({"text": "mbili"}))
    with pytest.raises(UserError, match="duplicate tag swh_Latn"):
        folder_corpus(folder)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("kiswahilisana.txt", r"kiswahilisana\.txt is not named by a tag.*expected a tag like 'ewe_Latn'"),
        ("swahili.txt", r"swahili\.txt is not named by a tag.*If it is text of swh_Latn, name it swh_Latn\.txt$"),
        ("train.quy", r"If it is text of quy_Latn, name it quy_Latn\.txt; else move it elsewhere"),
        ("dev.quy", r"\)\. Move it elsewhere, or hide it"),
        ("swh-swhulb.txt", r"swh-swhulb\.txt is not named by a tag.*If it is text of swh_Latn, name it swh_Latn\.txt$"),
        ("swh_Latn_clean.txt", r"not named by a tag.*If it is text of swh_Latn, name it swh_Latn\.txt$"),
        ("swh_Latn (1).jsonl", r"not named by a tag.*If it is text of swh_Latn, name it swh_Latn\.jsonl$"),
        ("swh_Latn.train.jsonl.gz", r"of a kind we do not read.* swh_Latn, name it swh_Latn\.jsonl\.gz; else move it"),
        ("swh_Latn.zip", r"of swh_Latn, unpack it, and name what is in it swh_Latn\.txt; else"),
        ("swh_Latn.tar.gz", r"of swh_Latn, unpack it, and name what is in it swh_Latn\.txt; else"),
        ("swh_Latn.txt.zip", r"of swh_Latn, unpack it, and name what is in it swh_Latn\.txt; else"),
        ("20231101.als.txt.bz2", r"of gsw_Latn"),
        (
            "Tatoeba.en-sw.sw",
            r"of a kind we do not read.*If it is text of swa_Latn, name it swa_Latn\.txt; else move it",
        ),
        ("sw.txt", r"not named by a tag.*Did you mean 'swa_Latn'\?$"),
        ("notes.md", r"notes\.md is of a kind.* Move it elsewhere"),
        ("swh_Latn.csv", r"swh_Latn\.csv is of a kind we do not read.*\.parquet.*write the column of its text"),
        ("swh_Latn", r"swh_Latn is of a kind we do not read"),
        ("xqq_Latn.txt", r"xqq_Latn"),
        ("agp_Latn.txt", r"retired"),
        ("deu_Ltan.txt", r"deu_Ltan.*'Ltan' is no script"),
    ],
)
def test_unexpected_files_are_named(folder: Path, name: str, message: str) -> None:
    (folder / "deu_Latn.txt").write_text("text")
    (folder / name).write_text("text")
    with pytest.raises(UserError, match=message):
        folder_corpus(folder)


def test_folders_that_cannot_be_a_corpus(folder: Path) -> None:
    with pytest.raises(DataMissingError, match=r"there is no folder .*absent"):
        folder_corpus(folder.parent / "absent")
    (folder / "README").write_text("nothing yet")
    with pytest.raises(DataMissingError, match="has no text file"):
        folder_corpus(folder)
    (folder / "swh_Latn").mkdir()
    with pytest.raises(UserError, match="swh_Latn is a folder"):
        folder_corpus(folder)
    (folder / "swh_Latn").rename(folder / "20231101.zh-yue")
    with pytest.raises(UserError, match=r"20231101\.zh-yue is a folder.*If it is text of yue_Hant, name it yue_Hant;"):
        folder_corpus(folder)
    (folder / "20231101.zh-yue").rmdir()
    (folder / "swh_Latn.txt").touch()
    with pytest.raises(UserError, match=r"swh_Latn\.txt is empty"):
        folder_corpus(folder)
    (folder / "swh_Latn.txt").write_text("moja")
    (folder / "swh_Latn.txt.gz").write_bytes(gzip.compress(b"moja"))
    with pytest.raises(UserError, match=r"duplicate tag swh_Latn: swh_Latn\.txt and swh_Latn\.txt\.gz"):
        folder_corpus(folder)


@pytest.mark.parametrize(
    "names",
    [
        ("swh_Latn-00000-of-00002.jsonl", "swh_Latn-00001-of-00002.jsonl"),
        ("swh-Latn_9.jsonl", "swh-Latn_10.jsonl"),
        ("swh_Latn/train/000_00009.jsonl", "swh_Latn/train/000_00010.jsonl"),
        ("SWH-latn/9.jsonl", "SWH-latn/10.jsonl"),
    ],
)
def test_a_tag_in_several_files_is_read_in_their_order(folder: Path, names: tuple[str, str]) -> None:
    for name, document in zip(names, ("moja", "mbili"), strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(jsonl({"text": document}))
    if "train" in names[0]:
        (folder / "swh_Latn" / "test").mkdir()
        (folder / "swh_Latn" / "test" / "000_00000.jsonl").write_bytes(jsonl({"text": "tatu"}))
    (folder / "deu_Latn.txt").write_text("eins")
    corpus = folder_corpus(folder)
    assert corpus.tags == [GERMAN, SWAHILI]
    assert list(corpus.documents(SWAHILI)) == ["moja", "mbili"]
    assert corpus.size(SWAHILI) == sum(len(jsonl({"text": each})) for each in ("moja", "mbili"))
    before = corpus.fingerprint()
    (folder / names[1]).write_bytes(jsonl({"text": "nne"}))
    assert folder_corpus(folder).fingerprint() != before


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("swh_Latn-00000-of-00003.txt", "swh_Latn-00002-of-00003.txt"), "is one of 3 files, 2 are there"),
        (("swh_Latn-0.txt", "swh_Latn.txt"), r"duplicate tag swh_Latn: swh_Latn\.txt and swh_Latn-0\.txt"),
        (("swh_Latn/0.txt", "swh_Latn.txt"), r"duplicate tag swh_Latn: swh_Latn and swh_Latn\.txt"),
        (("swh_Latn/0.txt", "swh_Latn/0.txt.gz"), "duplicate text"),
        (("swh_Latn/0.txt", "swh_Latn/0.csv"), "of a kind we do not read"),
        (("swh_Latn/train/0.txt", "swh_Latn/more/0.txt"), "more is a folder"),
    ],
)
def test_files_of_a_tag_that_do_not_go_together_are_named(folder: Path, names: tuple[str, str], message: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("moja")
    with pytest.raises(UserError, match=message):
        folder_corpus(folder)


def test_the_embedded_corpus(tmp_path: Path) -> None:
    config = CorpusConfig(languages="rus_Cyrl,deu_Latn", documents_per_tag=5)
    corpus = open_corpus(config, base=tmp_path)
    assert corpus.tags == [GERMAN, RUSSIAN]
    documents = list(corpus.documents(GERMAN))
    assert len(documents) == 5
    assert list(pickle.loads(pickle.dumps(corpus)).documents(GERMAN)) == documents
    assert (corpus.licence, corpus.size(GERMAN)) == ("Unicode-3.0", corpus.size(RUSSIAN))
    for other in ({"languages": "deu_Latn"}, {"seed": 1}, {"documents_per_tag": 6}):
        assert open_corpus(config.model_copy(update=other), base=tmp_path).fingerprint() != corpus.fingerprint()


@pytest.mark.parametrize("names", [("train.txt", "valid.txt", "test.txt"), ("train-0-of-1.txt", "test-0-of-1.txt")])
def test_of_splits_beside_one_another_those_for_training_are_read(folder: Path, names: tuple[str, ...]) -> None:
    (folder / "swh_Latn").mkdir()
    for name in names:
        (folder / "swh_Latn" / name).write_text(f"{name}\n")
    assert read(folder, SWAHILI) == [names[0]]
    with pytest.raises(UserError, match=r"is a file; give the folder that it is in"):
        folder_corpus(folder / "swh_Latn" / names[0])
