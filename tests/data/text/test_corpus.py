import bz2
import gzip
import json
import lzma
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pyarrow as pa
import pyarrow.csv
import pytest
import zstandard
from pyarrow import parquet

from langsamp.data.text.cleaning import ODD, CleaningCounts, clean_documents
from langsamp.data.text.corpus import Corpus, CorpusConfig, open_corpus
from langsamp.data.text.odd_rows import OddRow
from langsamp.errors import DataMissingError, UserError
from langsamp.languages.tags import LangScript
from langsamp.provenance import file_sha256, fingerprint

SWAHILI, GERMAN, RUSSIAN = LangScript("swh", "Latn"), LangScript("deu", "Latn"), LangScript("rus", "Cyrl")
LINES = ["Habari ya asubuhi.", "", "  mbili", "a\u2028b\x85c\x0bd\x0ce\x1cf\rg", "“Ça va ?”", "last"]
TEXT = "\n".join(LINES).replace("mbili", "mbili\r").encode()

STORED: dict[str, Callable[[bytes], bytes]] = {
    "txt": lambda data: data,
    "txt.gz": gzip.compress,
    "txt.xz": lzma.compress,
    "txt.bz2": bz2.compress,
    "txt.zst": zstandard.ZstdCompressor().compress,
    "gz": gzip.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


def folder_corpus(folder: Path, **settings: Any) -> Corpus:
    return open_corpus(CorpusConfig(source=folder.name, **settings), base=folder.parent)


def read(folder: Path, tag: LangScript = SWAHILI, **settings: Any) -> list[str]:
    return list(folder_corpus(folder, **settings).documents(tag))


def clean(folder: Path, *, counts: CleaningCounts | None = None, **settings: Any) -> list[str]:
    """What is left of the Swahili text of a folder when it is cleaned."""
    config = CorpusConfig(source=folder.name, check_script=False, **settings)
    documents = folder_corpus(folder, **settings).documents(SWAHILI)
    return list(clean_documents(documents, tag=SWAHILI, config=config, counts=counts))


def jsonl(*records: Any) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    return tmp_path / "texts"


@pytest.mark.parametrize("suffix", STORED)
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_is_a_document_however_it_is_stored(folder: Path, suffix: str, end: bytes) -> None:
    (folder / f"swh_Latn.{suffix}").write_bytes(STORED[suffix](TEXT + end))
    assert read(folder) == LINES


@pytest.mark.parametrize("suffix", ["gz", "xz", "bz2", "zst"])
def test_compressed_parts_in_one_file_are_read_to_the_end(folder: Path, suffix: str) -> None:
    store = STORED[f"txt.{suffix}"]
    (folder / f"swh_Latn.txt.{suffix}").write_bytes(store(b"one\ntw") + store(b"o\nthree\n"))
    assert read(folder) == ["one", "two", "three"]


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz"])
def test_json_lines(folder: Path, suffix: str) -> None:
    data = jsonl(*({"id": 1, "body": line} for line in LINES), {"body": None}) + b"\n"
    (folder / f"swh_Latn.{suffix}").write_bytes(STORED[suffix.replace("jsonl", "txt")](data))
    assert read(folder, text_column="body") == [*LINES, "", ""]


def test_parquet(folder: Path) -> None:
    texts = [f"hati {number}" for number in range(3000)] + [None]
    for tag, kind in ((SWAHILI, pa.string()), (GERMAN, pa.large_string())):
        parquet.write_table(pa.table({"n": [0] * 3001, "text": pa.array(texts, kind)}), folder / f"{tag}.parquet")
        assert read(folder, tag) == [*texts[:-1], ""]


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


@pytest.mark.parametrize("suffix", ["txt.gz", "txt.xz", "txt.bz2", "txt.zst"])
@pytest.mark.parametrize("harm", ["cut short", "other bytes"])
def test_damaged_compressed_files_are_named(folder: Path, suffix: str, harm: str) -> None:
    data = STORED[suffix]("\n".join(f"line {number}" for number in range(5000)).encode())
    data = data[: len(data) // 2] if harm == "cut short" else b"no such format" * 9
    (folder / f"swh_Latn.{suffix}").write_bytes(data)
    with pytest.raises(UserError, match=rf"swh_Latn\.{suffix} is damaged or cut short"):
        read(folder)


@pytest.mark.parametrize("suffix", ["txt", "txt.gz"])
@pytest.mark.parametrize("lines", [2, 20_000])
def test_invalid_utf8_is_placed(folder: Path, suffix: str, lines: int) -> None:
    data = b"neno\n" * lines + "sé\n".encode() + b"caf\xe9 au lait\n" + b"neno\n" * lines
    (folder / f"swh_Latn.{suffix}").write_bytes(STORED[suffix](data))
    counts = CleaningCounts()
    assert clean(folder, counts=counts) == ["neno", "sé"]
    assert counts.dropped[ODD] == 1 and counts.odd.notes(counts.read) == [
        f"1 of {2 * lines + 2} documents cannot be read and are left out: texts/swh_Latn.{suffix}, line {lines + 2}: "
        "byte 3 of the line (0xe9) is no UTF-8"
    ]


def test_a_character_cut_at_the_end_is_placed(folder: Path) -> None:
    (folder / "swh_Latn.txt").write_bytes("abé".encode()[:-1])
    with pytest.raises(UserError, match=r"swh_Latn\.txt, line 1: byte 2 of the line \(0xc3\) is no UTF-8"):
        clean(folder)


def test_a_file_without_line_ends_does_not_fill_the_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langsamp.data.text.formats._LONGEST_LINE", 100)
    (folder / "swh_Latn.txt").write_text("short\n" + "long " * 50)
    with pytest.raises(UserError, match="line 2 is longer than 100 characters"):
        read(folder)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{'text': 1}", "line 2: no JSON"),
        (b'{"body": "x", "id": 3}', "line 2: expected an object with 'text', got body, id"),
        (b'["x"]', "line 2: expected an object with 'text', got list, not an object"),
        (b'{"text": 5}', "line 2: 'text' is int, expected text"),
        (b'{"text": "\xff"}', r"line 2: byte 10 of the line \(0xff\)"),
        (b'{"x": ' + b"[" * 99_999 + b"]" * 99_999 + b"}", "line 2: brackets within brackets too deep"),
    ],
)
def test_bad_json_lines_are_placed(folder: Path, line: bytes, message: str) -> None:
    (folder / "swh_Latn.jsonl").write_bytes(jsonl({"text": "x"}) + line)
    with pytest.raises(UserError, match=rf"swh_Latn\.jsonl, {message}.* 1 of 2 documents cannot be read"):
        clean(folder)
    (folder / "swh_Latn.jsonl").write_bytes(jsonl({"text": "x"}) * 3 + line)
    assert clean(folder, deduplicate=False) == ["x"] * 3


def test_more_than_a_few_odd_lines_are_an_error(folder: Path) -> None:
    good, bad = jsonl({"text": "neno"}), b"{\n"
    (folder / "swh_Latn.jsonl").write_bytes(good * 99 * 4 + bad * 4)
    assert clean(folder) == ["neno"]
    (folder / "swh_Latn.jsonl").write_bytes(good * 99 * 4 + bad * 5)
    with pytest.raises(UserError, match=r"line 397: no JSON .* 5 of 401 documents cannot be read"):
        clean(folder)
    (folder / "swh_Latn.jsonl").write_bytes(bad * 5000)
    with pytest.raises(UserError, match=r"line 1: no JSON .* 1000 of 1000 documents"):
        clean(folder)  # no text at all: said before all of it is read


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_is_no_text(folder: Path, end: str) -> None:
    records = [f'{{"n": {"9" * (5000 if n == 1 else 1)}, "text": {json.dumps(line)}}}' for n, line in enumerate(LINES)]
    (folder / "swh_Latn.txt").write_bytes("\ufeff".encode() + end.join(LINES).encode())
    (folder / "deu_Latn.jsonl").write_bytes(("\ufeff" + end.join(records) + end + "\ufeff" + records[0]).encode())
    assert read(folder) == LINES
    assert read(folder, GERMAN) == [*LINES, LINES[0]]


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE", "UTF-32BE"])
@pytest.mark.parametrize("name", ["swh_Latn.txt", "swh_Latn.jsonl.gz"])
def test_wide_encodings_are_told_by_their_names(folder: Path, name: str, encoding: str) -> None:
    text = "habari ya leo\n".encode(encoding)
    (folder / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    with pytest.raises(
        UserError, match=rf"is {encoding} text; expected UTF-8\. Convert it, e\.g\. `iconv -f {encoding} -t"
    ):
        read(folder)


@pytest.mark.parametrize(
    ("tag", "text"), [("rus_Cyrl", "привет, мир\n"), ("hin_Deva", "नमस्ते दुनिया\n"), ("heb_Hebr", "שלום עולם\n")]
)
@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE"])
def test_wide_letters_without_a_mark_are_told_too(folder: Path, tag: str, text: str, encoding: str) -> None:
    (folder / f"{tag}.txt").write_bytes((text * 9).encode(encoding))
    with pytest.raises(UserError, match=rf"is {encoding} text"):
        folder_corpus(folder)


@pytest.mark.parametrize(("suffix", "pack"), [(key, STORED[f"txt.{key}"]) for key in ("gz", "bz2", "xz", "zst")])
def test_what_follows_compressed_parts_and_is_none_is_told(
    folder: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = folder / f"swh_Latn.txt.{suffix}"
    path.write_bytes(pack(b"moja\nmbi") + pack(b"li\n") + b"tatu\n")
    with pytest.raises(UserError, match="is damaged or cut short"):
        read(folder)
    path.write_bytes(pack(b"moja\n" * 9)[:-9])
    with pytest.raises(UserError, match="is damaged or cut short"):
        read(folder)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary()])
def test_parquet_has_text_in_any_type_that_holds_it(folder: Path, kind: pa.DataType) -> None:
    texts = [text.encode() if "binary" in str(kind) else text for text in ("moja", "mbili")]
    parquet.write_table(pa.table({"text": pa.array([*texts, None], kind)}), folder / "swh_Latn.parquet")
    assert read(folder) == ["moja", "mbili", ""]
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    parquet.write_table(twice, folder / "swh_Latn.parquet")
    with pytest.raises(UserError, match="several columns 'text'"):
        read(folder)


def test_json_with_tabs_in_its_text_and_marks_of_sequences_is_read_and_a_list_is_told(folder: Path) -> None:
    path = folder / "swh_Latn.jsonl"
    path.write_bytes(b'\x1e{"text": "moja\tmbili"}\n\x1e{"text": "tatu", "score": NaN}\n')
    assert read(folder) == ["moja\tmbili", "tatu"]
    path.write_bytes(b'[\n{"text": "moja"}\n]\n')
    with pytest.raises(UserError, match="one list in JSON; expected an object a line"):
        read(folder)


def test_an_empty_file_of_a_tag_that_is_not_asked_for_is_nobodys_business(folder: Path) -> None:
    (folder / "swh_Latn.txt").write_text("moja")
    (folder / "deu_Latn.txt").write_text("")
    assert folder_corpus(folder, languages="swh_Latn").tags == [SWAHILI]
    with pytest.raises(UserError, match=r"deu_Latn\.txt is empty"):
        folder_corpus(folder)


@pytest.mark.parametrize("name", ["swh-Latn.txt", "SWH_LATN.TXT", "swh_latn.txt"])
def test_tags_in_other_spellings_are_read(folder: Path, name: str) -> None:
    (folder / name).write_text("moja")
    assert read(folder) == ["moja"]
    (folder / "swh_Latn.jsonl").write_bytes(jsonl({"text": "mbili"}))
    with pytest.raises(UserError, match="duplicate tag swh_Latn"):
        folder_corpus(folder)


def test_bad_parquet_is_named(folder: Path) -> None:
    path = folder / "swh_Latn.parquet"
    parquet.write_table(pa.table({"body": ["x"], "n": [1]}), path)
    with pytest.raises(UserError, match=r"has no column 'text', only body, n"):
        read(folder)
    with pytest.raises(UserError, match=r"column 'n' is int64, expected text"):
        read(folder, text_column="n")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"swh_Latn\.parquet is damaged or cut short"):
        read(folder)


def test_parquet_that_is_not_utf8_is_placed(folder: Path) -> None:
    texts = pa.array([b"x", b"\xff"], pa.binary()).view(pa.string())
    parquet.write_table(pa.table({"text": texts}), folder / "swh_Latn.parquet")
    with pytest.raises(UserError, match=r"swh_Latn\.parquet, row 1: byte 0 of the line \(0xff\) is no UTF-8"):
        clean(folder)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("swahili.txt", r"swahili\.txt is not named by a tag.*expected a tag like 'ewe_Latn'"),
        ("swh_Latn.csv", r"swh_Latn\.csv is of a kind we do not read.*\.parquet"),
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
    (folder / "swh_Latn").rmdir()
    (folder / "swh_Latn.txt").touch()
    with pytest.raises(UserError, match=r"swh_Latn\.txt is empty"):
        folder_corpus(folder)
    (folder / "swh_Latn.txt").write_text("moja")
    (folder / "swh_Latn.txt.gz").write_bytes(gzip.compress(b"moja"))
    with pytest.raises(UserError, match=r"duplicate tag swh_Latn: swh_Latn\.txt and swh_Latn\.txt\.gz"):
        folder_corpus(folder)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    for tag, line in ((SWAHILI, "moja"), (GERMAN, "eins")):
        (folder / str(tag)).mkdir(parents=True)
        (folder / str(tag) / "train.jsonl").write_bytes(jsonl(*({"text": f"{line} {n}"} for n in range(2500))))
    configs = "".join(
        f"- config_name: {name}\n  data_files: {tag}/train.jsonl\n"
        for name, tag in (("swh_Latn", SWAHILI), ("deu_Latn", GERMAN), ("default", GERMAN))
    )
    (folder / "README.md").write_text(f"---\nlicense: cc-by-4.0\nconfigs:\n{configs}---\nWritten for this test.\n")
    return folder


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


def hub_corpus(dataset: Path, **settings: Any) -> Corpus:
    return open_corpus(CorpusConfig(source=f"hub:{dataset.name}", **settings), base=dataset.parent)


def test_a_dataset_has_one_configuration_for_each_tag(dataset: Path) -> None:
    corpus = hub_corpus(dataset)
    assert corpus.tags == [GERMAN, SWAHILI]
    assert list(corpus.documents(SWAHILI)) == [f"moja {number}" for number in range(2500)]
    assert (corpus.source, corpus.licence) == ("hub:dataset", "cc-by-4.0")
    assert corpus.size(SWAHILI) == (dataset / "swh_Latn" / "train.jsonl").stat().st_size
    assert next(pickle.loads(pickle.dumps(corpus)).documents(GERMAN)) == "eins 0"
    with pytest.raises(UserError, match="has no column 'body', only text"):
        list(hub_corpus(dataset, text_column="body").documents(GERMAN))


@pytest.fixture
def renamed(dataset: Path) -> Callable[..., Path]:
    """The dataset with other names for the configurations swh_Latn and deu_Latn."""

    def rename(swahili: str, german: str) -> Path:
        card = dataset / "README.md"
        names = {"name: swh_Latn": f"name: {swahili}", "name: deu_Latn": f"name: {german}"}
        text = card.read_text()
        for old, new in names.items():
            text = text.replace(old, new)
        card.write_text(text)
        return dataset

    return rename


@pytest.mark.parametrize(
    ("swahili", "german"),
    [("swh-Latn", "deu-Latn"), ("SWH_latn", "de_Latn"), ("20231101.swh", "20231101.de"), ("swh", "de")],
)
def test_configurations_are_known_by_other_spellings(renamed: Callable[..., Path], swahili: str, german: str) -> None:
    corpus = hub_corpus(renamed(swahili, german))
    assert corpus.tags == [GERMAN, SWAHILI]
    assert next(corpus.documents(SWAHILI)) == "moja 0" and next(corpus.documents(GERMAN)) == "eins 0"
    assert corpus.size(SWAHILI) >= 1


def test_a_macrolanguages_code_gives_the_wanted_tag(renamed: Callable[..., Path]) -> None:
    folder = renamed("20231101.sw", "20231101.de")
    assert [str(tag) for tag in hub_corpus(folder).tags] == ["deu_Latn", "swa_Latn"]
    corpus = hub_corpus(folder, languages="swh_Latn")
    assert corpus.tags == [SWAHILI] and next(corpus.documents(SWAHILI)) == "moja 0"


def test_datasets_that_cannot_be_opened_are_one_line(dataset: Path) -> None:
    (dataset / "swh_Latn" / "train.jsonl").write_bytes(b"")
    with pytest.raises(UserError, match="configuration swh_Latn cannot be opened: its first file is empty"):
        list(hub_corpus(dataset).documents(SWAHILI))
    (dataset / "dataset.py").write_text("print('never run')\n")
    with pytest.raises(UserError, match="scripts are no longer supported"):
        hub_corpus(dataset)
    (dataset / "dataset.py").unlink()
    (dataset / "README.md").write_text("---\nconfigs: [1, 2\n---\n")
    with pytest.raises(UserError, match="cannot open the dataset"):
        hub_corpus(dataset)


def test_a_mapping_names_the_configurations_of_tags(renamed: Callable[..., Path]) -> None:
    folder = renamed("kiswahili", "20231101.sr")
    with pytest.raises(
        UserError, match=r"no configuration named by a tag .* `corpus.configurations: \{swh_Latn: NAME\}`"
    ):
        hub_corpus(folder)
    corpus = hub_corpus(folder, configurations={"swh_Latn": "kiswahili"})
    assert corpus.tags == [SWAHILI] and next(corpus.documents(SWAHILI)) == "moja 0"
    both = hub_corpus(folder, configurations={"swh_Latn": "kiswahili", "srp_Cyrl": "20231101.sr"})
    assert [str(tag) for tag in both.tags] == ["srp_Cyrl", "swh_Latn"] and both.fingerprint() != corpus.fingerprint()
    with pytest.raises(UserError, match=r"srp_Latn.*no tag can be told of their names \(20231101.sr\)"):
        hub_corpus(folder, configurations={"swh_Latn": "kiswahili"}, languages="srp_Latn")
    with pytest.raises(UserError, match=r"swh_Latn is mapped to 'kiswahil', .* Did you mean 'kiswahili'\?"):
        hub_corpus(folder, configurations={"swh_Latn": "kiswahil"})
    with pytest.raises(UserError, match="expected a tag like"):
        hub_corpus(folder, configurations={"swahili": "kiswahili"})
    with pytest.raises(UserError, match=r"corpus\.configurations is for datasets"):
        folder_corpus(folder, configurations={"swh_Latn": "x"})


@pytest.mark.parametrize(
    ("languages", "left_out"),
    [("all", "20231101.sr"), ("script:Latn", "20231101.sr"), ("swh_Latn", None), ("script:Deva,swh_Latn", None)],
)
def test_configurations_that_tell_no_tag_are_named_where_they_may_be_wanted(
    renamed: Callable[..., Path], languages: str, left_out: str | None
) -> None:
    corpus = hub_corpus(renamed("swh_Latn", "20231101.sr"), languages=languages)
    assert corpus.tags == [SWAHILI]
    named = f"1 configurations of hub:dataset are left out, as no tag can be told of their names ({left_out}); "
    assert corpus.remarks == () if left_out is None else corpus.remarks[0].startswith(named)


def test_a_configuration_with_a_word_for_its_name_is_left_out_of_all_with_a_word(renamed: Callable[..., Path]) -> None:
    assert "(kiswahili)" in hub_corpus(renamed("kiswahili", "deu_Latn")).remarks[0]
    assert hub_corpus(renamed("kiswahili", "deu_Latn"), languages="script:Latn").tags == [GERMAN]


def test_the_fingerprint_of_configurations_named_by_tags_is_that_of_old(dataset: Path) -> None:
    corpus = hub_corpus(dataset)
    content = {str(path.relative_to(dataset)): file_sha256(path) for path in dataset.rglob("*") if path.is_file()}
    assert corpus.fingerprint() == fingerprint([dict(sorted(content.items())), ["deu_Latn", "swh_Latn"], "text"])


def test_rows_without_text_cost_themselves(dataset: Path) -> None:
    (dataset / "swh_Latn" / "train.jsonl").write_bytes(jsonl({"text": "a"}, {"text": None}, {"text": "b"}))
    assert list(hub_corpus(dataset).documents(SWAHILI)) == ["a", "", "b"]


def test_fingerprint_of_a_dataset_names_its_content(dataset: Path, tmp_path: Path) -> None:
    first = hub_corpus(dataset).fingerprint()
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    (copy / ".git").mkdir()
    (copy / ".git" / "HEAD").write_text("main")
    assert hub_corpus(copy).fingerprint() == first
    assert hub_corpus(copy, languages="deu_Latn").fingerprint() != first
    (copy / "swh_Latn" / "train.jsonl").write_bytes(jsonl({"text": "mbili"}))
    assert hub_corpus(copy).fingerprint() != first


def test_a_damaged_dataset_is_named(dataset: Path) -> None:
    corpus = hub_corpus(dataset)
    (dataset / "swh_Latn" / "train.jsonl").write_bytes(b"\xff\xfe not JSON")
    with pytest.raises(UserError, match="hub:dataset, configuration swh_Latn cannot be read"):
        list(corpus.documents(SWAHILI))


@pytest.mark.parametrize("declared", [False, True])
def test_a_datasets_values_that_are_no_text_are_odd_rows(dataset: Path, declared: bool) -> None:
    card, files = dataset / "README.md", ["swh_Latn/train.jsonl", "swh_Latn/more.jsonl"]
    texts = card.read_text().replace("data_files: swh_Latn/train.jsonl", f"data_files: [{', '.join(files)}]")
    as_text = "dataset_info:\n- config_name: swh_Latn\n  features:\n  - name: text\n    dtype: string\nconfigs:"
    card.write_text(texts.replace("configs:", as_text) if declared else texts)
    (dataset / files[0]).write_bytes(jsonl(*({"text": text} for text in ["moja", 2, '"tatu" nne', None, "tano"])))
    (dataset / files[1]).write_bytes(jsonl({"text": 6}, {"text": 7}))
    read_texts = list(hub_corpus(dataset).documents(SWAHILI))
    assert read_texts == ["moja", "", '"tatu" nne', "", "tano", "", ""]
    assert [(text.row, text.reason) for text in read_texts if isinstance(text, OddRow)] == [
        (f"row {row}", "'text' is int, expected text") for row in (1, 5, 6)
    ]
    (dataset / files[1]).write_bytes(jsonl({"body": "nane"}))
    with pytest.raises(UserError, match="configuration swh_Latn has no column 'text', only body"):
        list(hub_corpus(dataset).documents(SWAHILI))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_datasets_text_is_what_its_file_holds(dataset: Path, kind: str, number: int) -> None:
    card, texts = dataset / "README.md", ["moja", "NA", "null", "None", "", "007", "1e3", "True", '"tatu"']
    parts = [texts, ["3"]] if number else [["3"], texts]
    names = [f"swh_Latn/{part}.{kind}" for part in range(2)]
    card.write_text(card.read_text().replace("data_files: swh_Latn/train.jsonl", f"data_files: [{', '.join(names)}]"))
    for name, column in zip(names, parts, strict=True):
        table = pa.table({"n": range(len(column)), "text": column})
        if kind == "csv":
            pa.csv.write_csv(table, dataset / name)
        else:
            parquet.write_table(table, dataset / name)
    assert list(hub_corpus(dataset).documents(SWAHILI)) == [*parts[0], *parts[1]]


def test_a_datasets_bytes_are_text_where_they_are_utf8(dataset: Path) -> None:
    parquet.write_table(pa.table({"text": [b"moja", b"\xff"]}), dataset / "swh_Latn" / "train.parquet")
    card = dataset / "README.md"
    card.write_text(card.read_text().replace("swh_Latn/train.jsonl", "swh_Latn/train.parquet"))
    first, second = hub_corpus(dataset).documents(SWAHILI)
    assert first == "moja" and isinstance(second, OddRow) and "0xff" in second.reason


def test_a_dataset_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataMissingError, match="cannot open the dataset 'owner/name@main'"):
        open_corpus(CorpusConfig(source="hub:owner/name@main"), base=tmp_path)
