"""A tag that is read in chunks gives what it gives when one process reads it: rows, counts, notes and refusals."""

import gzip
import json
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from transformers import PreTrainedTokenizerFast

from langsamp.data.chunks.choosing import documents_after
from langsamp.data.chunks.chunk import Chunk
from langsamp.data.prepare import prepare_rows
from langsamp.data.prepare_tag import TagWork
from langsamp.data.rows import PreparedRows, RowsConfig
from langsamp.data.text.contamination import TaskSentences
from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.text.folder import FolderCorpus
from langsamp.data.text.odd_rows import OddRow
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.disk.seals import CHECKSUMS
from langsamp.errors import DamagedError, UserError
from langsamp.languages.tags import LangScript
from tests.tiny_run import documents

SWAHILI = LangScript("swh", "Latn")
PART = 3000
"""Bytes of a chunk, of which the text has nine."""
ROWS = RowsConfig(row_tokens=24, held_out_rows=2)

TEXT = documents("swh_Latn", 500)
TESTS = TaskSentences.of({"sib200": [TEXT[20], TEXT[430], "haipo kabisa humu ndani"], "xnli": [TEXT[430]]})


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langsamp.data.text.cleaning._BATCH", 10)
    monkeypatch.setattr("langsamp.data.text.cleaning._CHECKED", 200)
    monkeypatch.setattr("langsamp.data.chunks.chunk._DOCUMENTS", 7)


def lines() -> list[bytes]:
    """Documents of which some are equal or alike, empty, garbled, odd, or end as on Windows."""
    raw = [f"{text}.".encode() for text in TEXT]
    for number in (3, 200, 201, 480):
        raw.insert(number, raw[number // 3])  # equal to one of the same chunk or of another
        raw.insert(number, raw[number // 2][:-1] + b"!\r")  # like one, and equal to the next of its kind
        raw.insert(number, b"")
        raw.insert(number, f"á é – “ndiyo” {number % 7}".encode().decode("latin-1").encode())
        raw.insert(number, "\ufeff𞤀𞤣𞤤𞤢𞤥 ".encode() + raw[number + 7])
    for number in (130, 300, 301, 490):
        raw.insert(number, b"hii \xff siyo")
    return raw


def as_text(raw: list[bytes]) -> dict[str, bytes]:
    return {"swh_Latn.txt": b"\xef\xbb\xbf" + b"\n".join(raw)}  # without a last line's end


def as_json(raw: list[bytes]) -> dict[str, bytes]:
    there = [line.decode("utf-8", "replace") for line in raw]
    return {"swh_Latn.jsonl": b"".join(b"[1\r\n" if "\ufffd" in text else _object(text) for text in there)}


def _object(text: str) -> bytes:
    return json.dumps({"text": f"{text}\nsawa" if text else None, "id": len(text)}).encode() + b"\n"


def as_files(raw: list[bytes]) -> dict[str, bytes]:
    """Five files, of which two are small, one is plain and larger than a chunk, and one has only an odd row."""
    files = [raw[:40], raw[40:80], raw[80:350], [b"\xff"], raw[350:]]
    stored: list[tuple[str, Callable[[bytes], bytes]]] = [
        ("txt", bytes), ("txt.zst", zstandard.ZstdCompressor().compress), ("txt", bytes), ("txt", bytes),
        ("txt.gz", gzip.compress),
    ]  # fmt: skip
    return {
        f"swh_Latn-{number}.{suffix}": store(b"\n".join(part) + b"\n")
        for number, (part, (suffix, store)) in enumerate(zip(files, stored, strict=True))
    }


def as_parquet(raw: list[bytes]) -> dict[str, bytes]:
    files = {}
    for number, part in enumerate((raw[:300], raw[300:])):
        sink = pa.BufferOutputStream()
        parquet.write_table(pa.table({"text": pa.array(part, pa.binary())}), sink)
        files[f"swh_Latn-{number}.parquet"] = sink.getvalue().to_pybytes()
    return files


FORMS = {"text": as_text, "json": as_json, "files": as_files, "parquet": as_parquet}
Settings = dict[str, Any]
CLEANING: dict[str, Settings] = {
    "default": {},
    "near": {"near_duplicates": 0.6},
    "all": {"near_duplicates": 0.6, "decontaminate": True},
    "none": {"deduplicate": False, "check_script": False},
    "near alone": {"deduplicate": False, "near_duplicates": 0.6},
    "half": {"max_documents": 250, "decontaminate": True, "near_duplicates": 0.6},
    "most": {"max_documents": 490},
    "more": {"max_documents": 5000},
}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    files = [each for each in folder.rglob("*") if each.is_file() and each.name not in ("provenance.json", CHECKSUMS)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class AtOnce(Executor):
    """Does each task when it is asked for and knows which chunks were there; the chunk `stops_at` is not read."""

    def __init__(self, stops_at: int | None = None, before_clean: Callable[[], Any] = lambda: None) -> None:
        self.was_there: list[bool] = []
        self._stops_at, self._before_clean = stops_at, before_clean

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        if isinstance(arguments[0], Chunk):
            if len(self.was_there) == self._stops_at:
                raise KeyboardInterrupt
            self.was_there.append(arguments[0].is_read)
        else:
            self._before_clean()
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **named))
        return future


@pytest.fixture
def prepared(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., PreparedRows]:
    """Rows in a folder of the test's by its name, with chunks of some bytes or in one go."""
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    loaded = TokenizerConfig(load=str(tmp_path / "tokenizer"))

    def prepare(corpus: CorpusConfig, name: str, *, part: int | None = None, **more: Any) -> PreparedRows:
        more.setdefault("test_sentences", TESTS)
        with monkeypatch.context() as patch:
            if part is not None:
                patch.setattr("langsamp.data.prepare.PART_BYTES", part)
            return prepare_rows(corpus, loaded, ROWS, out=tmp_path / name, **{"workers": 1, **more})

    return prepare


@pytest.mark.parametrize(
    ("form", "cleaning"),
    [("text", each) for each in CLEANING] + [(form, each) for form in FORMS for each in ("default", "all", "half")][3:],
)
def test_chunks_leave_no_trace(form: str, cleaning: str, tmp_path: Path, prepared: Any) -> None:
    text = CorpusConfig(source=str(write(tmp_path / "text", FORMS[form](lines()))), **CLEANING[cleaning])
    whole = prepared(text, "whole")
    entry = whole.manifest.tags["swh_Latn"]
    assert entry.notes and entry.garbled_share and entry.share_in_script < 1 and entry.overlap
    reads = AtOnce()
    parts = prepared(text, "parts", part=PART, executor=reads)
    assert len(reads.was_there) > 1 and not any(reads.was_there)
    assert content(parts.folder) == content(whole.folder)
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("part", [500, 1999, 12_000])
def test_nor_does_their_size(part: int, tmp_path: Path, prepared: Any) -> None:
    text = CorpusConfig(source=str(write(tmp_path / "text", as_text(lines()))), near_duplicates=0.6)
    assert content(prepared(text, "parts", part=part).folder) == content(prepared(text, "whole").folder)


@pytest.mark.parametrize("cap", [50, 120, 200, 300])
def test_a_cap_may_fall_anywhere(cap: int, tmp_path: Path, prepared: Any) -> None:
    text = CorpusConfig(source=str(write(tmp_path / "text", as_text(lines()))), max_documents=cap)
    whole = prepared(text, "whole")
    reads = AtOnce()
    assert content(prepared(text, "parts", part=PART, executor=reads).folder) == content(whole.folder)
    assert len(reads.was_there) < 1 + cap // 60, "what is not kept is not cleaned"


def test_processes_share_the_chunks(tmp_path: Path, prepared: Any, capsys: pytest.CaptureFixture[str]) -> None:
    raw = [f"{text} {number}".encode() for number in range(4) for text in documents("swh_Latn", 700)]
    text = CorpusConfig(source=str(write(tmp_path / "text", as_text([*raw, *raw[:900]]))))
    assert content(prepared(text, "parts", part=20_000, workers=2).folder) == content(prepared(text, "whole").folder)
    said = capsys.readouterr().err
    assert "reading large tags: 0/" in said and "chunks" in said


def test_chunks_that_were_read_before_a_kill_are_not_read_again(tmp_path: Path, prepared: Any) -> None:
    text = CorpusConfig(source=str(write(tmp_path / "text", as_text(lines()))))
    first, second = AtOnce(stops_at=3), AtOnce()
    with pytest.raises(KeyboardInterrupt):
        prepared(text, "parts", part=PART, executor=first)
    half = next(path for path in tmp_path.glob(".parts.*") if path.is_dir())
    damaged = half / "swh_Latn.clean.00001.zst"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    rows = prepared(text, "parts", part=PART, executor=second)
    assert first.was_there == [False] * 3
    assert second.was_there[:3] == [True, False, True] and not any(second.was_there[3:]), "the damaged one is"
    assert content(rows.folder) == content(prepared(text, "whole").folder)


@pytest.mark.parametrize("part", [PART, None])
@pytest.mark.parametrize("is_remote", [False, True])
def test_text_that_changes_meanwhile_is_not_mixed(
    is_remote: bool, part: int | None, tmp_path: Path, prepared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "text", as_text(lines()))
    text, file = CorpusConfig(source=f"file://{folder}" if is_remote else str(folder)), folder / "swh_Latn.txt"
    before, changed = file.read_bytes(), file.read_bytes().replace(b"a", b"e")
    fingerprint = FolderCorpus.fingerprint

    def then_changed(corpus: FolderCorpus) -> str:
        name = fingerprint(corpus)
        file.write_bytes(changed)
        return name

    with monkeypatch.context() as patch:
        patch.setattr(FolderCorpus, "fingerprint", then_changed)
        with pytest.raises(UserError, match=r"swh_Latn.txt has changed since this command began"):
            prepared(text, "rows", part=part)
    file.write_bytes(before)
    assert content(prepared(text, "rows", part=part).folder) == content(prepared(text, "whole").folder)


@pytest.mark.parametrize("file", ["swh_Latn.clean.00001.digests", "swh_Latn.clean.00001.json"])
def test_a_chunk_that_is_damaged_later_is_named(file: str, tmp_path: Path, prepared: Any) -> None:
    text = CorpusConfig(source=str(write(tmp_path / "text", as_text(lines()))))

    def damage() -> None:
        for path in tmp_path.glob(f".parts.*/{file}"):
            path.write_bytes(path.read_bytes().replace(b"0", b"1", 1)[:-2] + b"}\n")

    with pytest.raises(DamagedError, match=rf"{file} .*delete that file \({file} is made anew\)"):
        prepared(text, "parts", part=PART, executor=AtOnce(before_clean=damage))
    next(tmp_path.glob(f".parts.*/{file}")).unlink()
    reads = AtOnce()
    assert content(prepared(text, "parts", part=PART, executor=reads).folder)
    assert reads.was_there.count(False) == 1


def test_damage_to_what_was_chosen_is_named(tmp_path: Path) -> None:
    work = work_on(write(tmp_path / "text", as_text(lines())), tmp_path)
    assert work.clean() < len(TEXT) + 20
    part = next(part for part in work.parts() if part.kept)
    assert part.kept is not None
    part.kept.write_text(part.kept.read_text().replace('"bits": "', '"bits": "A'))
    with pytest.raises(DamagedError, match=rf"{part.kept.name}.*made anew"):
        list(part.batches())
    part.kept.unlink()
    assert not work.is_cleaned


def work_on(text: Path, tmp_path: Path, part: int = PART) -> TagWork:
    config = CorpusConfig(source=str(text))
    (tmp_path / "half").mkdir(exist_ok=True)
    return TagWork(
        tag=SWAHILI, corpus=open_corpus(config, base=Path()), cleaning=config, rows=ROWS, folder=tmp_path / "half",
        part_bytes=part,
    )  # fmt: skip


@pytest.mark.parametrize("odd", [1, 5, 6])
def test_too_many_odd_rows_are_refused_alike(odd: int, tmp_path: Path, prepared: Any) -> None:
    raw = [text.encode() for text in TEXT]
    raw[-30:-30] = [b"\xff"] * odd  # 1 % of 500 are five
    text = CorpusConfig(source=str(write(tmp_path / "text", as_text(raw))))
    said = []
    for name, part in (("whole", None), ("parts", PART)):
        try:
            said.append(str(prepared(text, name, part=part).manifest.notes))
        except UserError as error:
            said.append(str(error))
    assert said[0] == said[1] and "line 471: byte 0 of the line (0xff) is no UTF-8" in said[0]
    assert ("Mend the data" in said[0]) == (odd > 5)


def test_text_of_another_script_is_refused_by_its_first_chunk(tmp_path: Path, prepared: Any) -> None:
    raw = [text.encode() for text in [*documents("kmr_Cyrl", 300), *TEXT, *TEXT]]
    text = CorpusConfig(source=str(write(tmp_path / "text", as_text(raw))))
    with pytest.raises(UserError, match="in the first 200 documents") as whole:
        prepared(text, "whole")
    reads = AtOnce()
    with pytest.raises(UserError) as parts:
        prepared(text, "parts", part=20_000, executor=reads)
    assert str(parts.value) == str(whole.value) and len(reads.was_there) == 1
    near = text.model_copy(update={"near_duplicates": 0.9})
    with pytest.raises(UserError) as parts:
        prepared(near, "near", part=20_000)
    assert str(parts.value) == str(whole.value), "where the first documents are not known before all are read"


LINE_PIECES = st.sampled_from([b"a", b"\n", b"\r\n", b"\r", b"\xff", b"\xef\xbb\xbf", "é\u2028\x85".encode(), b" "])


@settings(max_examples=60, deadline=None)
@given(st.lists(LINE_PIECES, max_size=60), st.integers(1, 40), st.booleans())
def test_ranges_hold_every_line_once_and_know_its_number(pieces: list[bytes], size: int, is_json: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ("swh_Latn.jsonl" if is_json else "swh_Latn.txt")
        file.write_bytes(b"ab\n" + b"".join(pieces))
        corpus = FolderCorpus(source="text", files={SWAHILI: (file,)}, text_column="text")
        config = CorpusConfig(source=folder)
        work = TagWork(
            tag=SWAHILI, corpus=corpus, cleaning=config, rows=ROWS, folder=Path(folder), part_bytes=size
        )  # fmt: skip
        one, apart = list(corpus.documents(SWAHILI)), list(documents_after(work.chunks(), 0))
    assert [(text, str(getattr(text, "row", "")), isinstance(text, OddRow)) for text in one] == [
        (text, str(getattr(text, "row", "")), isinstance(text, OddRow)) for text in (apart or one)
    ]


def test_a_line_that_is_too_long_has_its_number_in_the_file(
    tmp_path: Path, prepared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("langsamp.data.text.formats._LONGEST_LINE", 200)
    raw = [text.encode() for text in TEXT]
    raw[400] = b"mbali " * 100
    text = CorpusConfig(source=str(write(tmp_path / "text", as_text(raw))))
    with pytest.raises(UserError, match=r"swh_Latn\.txt, line 401 is longer than 200"):
        prepared(text, "parts", part=PART)
