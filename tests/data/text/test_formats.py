"""Documents of files as they are stored: compressed, JSON, parquet, in other encodings, damaged."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from langsamp.data.text.cleaning import ODD, CleaningCounts
from langsamp.errors import UserError
from tests.data.text.corpora import GERMAN, LINES, STORED, SWAHILI, TEXT, clean, folder_corpus, jsonl, read


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


@pytest.mark.parametrize("layout", [pa.ipc.new_stream, pa.ipc.new_file])
def test_arrow_as_a_saved_data_set_holds_it(
    folder: Path, layout: Callable[..., pa.ipc.RecordBatchStreamWriter]
) -> None:
    texts = [f"hati {number}" for number in range(30)] + [None]
    shards = folder / "swh_Latn" / "train"
    shards.mkdir(parents=True)
    for beside in (folder / "dataset_dict.json", shards / "dataset_info.json", shards / "state.json"):
        beside.write_text("{}")
    table = pa.table({"n": range(31), "text": texts})
    for number, rows in enumerate((table[:20], table[20:])):
        with layout(shards / f"data-0000{number}-of-00002.arrow", table.schema) as writer:
            writer.write_table(rows, max_chunksize=7)
    assert read(folder) == [*texts[:-1], ""]
    with pytest.raises(UserError, match=r"has no column 'body', only n, text"):
        read(folder, text_column="body")
    shard = shards / "data-00001-of-00002.arrow"
    shard.write_bytes(shard.read_bytes()[:300])
    with pytest.raises(UserError, match=r"data-00001-of-00002\.arrow is damaged or cut short"):
        read(folder)


def test_a_file_in_an_older_encoding_is_told_how_to_be_converted(folder: Path) -> None:
    (folder / "swh_Latn.txt").write_bytes("déjà vu\n".encode("cp1252") * 9)
    with pytest.raises(UserError, match=r"is no UTF-8.*`iconv -f WINDOWS-1252 -t UTF-8`"):
        clean(folder)


@pytest.mark.parametrize("suffix", ["txt.gz", "txt.xz", "txt.bz2", "txt.zst"])
@pytest.mark.parametrize("harm", ["cut short", "other bytes"])
def test_damaged_compressed_files_are_named(folder: Path, suffix: str, harm: str) -> None:
    data = STORED[suffix]("\n".join(f"line {number}" for number in range(5000)).encode())
    data = data[: len(data) // 2] if harm == "cut short" else b"no such format" * 9
    (folder / f"swh_Latn.{suffix}").write_bytes(data)
    said = "damaged or cut short" if harm == "cut short" else r"not compressed, .* name it swh_Latn\.txt, or"
    with pytest.raises(UserError, match=rf"swh_Latn\.{suffix} is {said}"):
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
