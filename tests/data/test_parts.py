"""A tag in parts gives the rows of a tag in one; finished parts are kept, and used only as they were written."""

import json
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from langsamp.data.chunks.parts import CleanText, TextPart, documents_in, text_parts, write_parts
from langsamp.data.packing import Delimiters
from langsamp.data.prepare import prepare_rows
from langsamp.data.prepare_tag import TagWork
from langsamp.data.rows import TOKENIZER, RowsConfig
from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.tokens.encoding import FACTS
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.data.workers import worthwhile
from langsamp.disk.seals import CHECKSUMS
from langsamp.errors import DamagedError
from langsamp.machine import usable_cores
from tests.tiny_run import SIZES, documents, write_lines

PART = 2000
"""Bytes, which make 2 to 6 chunks of each tag and as many parts; a batch of cleaned documents is never cut."""
TRAINED = TokenizerConfig(vocab_size=360)
Packing = Literal["concatenate", "best-fit"]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langsamp.data.text.cleaning._BATCH", 10)
    monkeypatch.setattr("langsamp.data.chunks.parts._BLOCK", 100)  # tokens, many of which lie in two blocks


@pytest.fixture
def text(tmp_path: Path) -> CorpusConfig:
    (tmp_path / "text").mkdir()
    for tag, number in SIZES.items():
        write_lines(tmp_path / "text" / f"{tag}.txt", documents(tag, number))
    return CorpusConfig(source=str(tmp_path / "text"))


def rows_of(packing: Packing = "concatenate") -> RowsConfig:
    return RowsConfig(row_tokens=24, held_out_rows=2, packing=packing)


def content(folder: Path) -> dict[str, bytes]:
    files = [each for each in folder.rglob("*") if each.is_file() and each.name not in ("provenance.json", CHECKSUMS)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class AtOnce(Executor):
    """Does each task when it is asked for and knows which parts were there; the part `stops_at` is not done."""

    def __init__(self, stops_at: int | None = None) -> None:
        self.was_there: list[bool] = []
        self._stops_at = stops_at

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        if isinstance(arguments[0], TextPart):
            if len(self.was_there) == self._stops_at:
                raise KeyboardInterrupt
            self.was_there.append(arguments[0].is_encoded)
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **named))
        return future


@pytest.mark.parametrize("packing", ["concatenate", "best-fit"])
def test_parts_leave_no_trace_in_the_rows(
    text: CorpusConfig, tmp_path: Path, packing: Packing, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    whole = prepare_rows(text, TRAINED, rows_of(packing), out=tmp_path / "whole", workers=1)
    assert "large" not in capsys.readouterr().err
    loaded = TokenizerConfig(load=str(whole.folder / TOKENIZER))
    again = prepare_rows(text, loaded, rows_of(packing), out=tmp_path / "again", workers=1)
    monkeypatch.setattr("langsamp.data.prepare.PART_BYTES", PART)
    trained = prepare_rows(text, TRAINED, rows_of(packing), out=tmp_path / "trained", workers=1)
    assert content(trained.folder) == content(whole.folder)
    there = prepare_rows(text, loaded, rows_of(packing), out=tmp_path / "loaded", workers=1)
    assert content(there.folder) == content(again.folder)
    said = capsys.readouterr().err
    assert [said.count(f"{what} large tags: 0/") for what in ("reading", "cleaning", "encoding")] == [2, 2, 2]
    assert not list(tmp_path.rglob(".*"))


def test_several_processes_share_one_tag(
    text: CorpusConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    write_lines(Path(text.source) / "swh_Latn.txt", documents("swh_Latn", 2500))  # three batches of a new process
    alone = text.model_copy(update={"languages": "swh_Latn"})
    whole = prepare_rows(alone, TRAINED, rows_of(), out=tmp_path / "whole", workers=1)
    monkeypatch.setattr("langsamp.data.prepare.PART_BYTES", PART)
    parts = prepare_rows(alone, TRAINED, rows_of(), out=tmp_path / "parts", workers=2)
    assert content(parts.folder) == content(whole.folder)
    assert "encoding large tags: 0/43 parts" in capsys.readouterr().err
    assert worthwhile([1 << 30], tasks=17) == min(usable_cores(), 17)


def test_finished_parts_are_not_done_again(text: CorpusConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = prepare_rows(text, TRAINED, rows_of(), out=tmp_path / "whole", workers=1)
    monkeypatch.setattr("langsamp.data.prepare.PART_BYTES", PART)
    out, first, second = tmp_path / "parts", AtOnce(stops_at=3), AtOnce()
    with pytest.raises(KeyboardInterrupt):
        prepare_rows(text, TRAINED, rows_of(), out=out, executor=first)
    rows = prepare_rows(text, TRAINED, rows_of(), out=out, executor=second)
    assert first.was_there == [False] * 3
    assert second.was_there == [True] * 3 + [False] * (len(second.was_there) - 3) and len(second.was_there) > 6
    assert content(rows.folder) == content(whole.folder)
    assert not list(tmp_path.rglob(".*"))


@pytest.fixture
def work(text: CorpusConfig, tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> TagWork:
    """A tag that is cleaned, with a tokenizer and what is known of it."""
    folder = tmp_path / "half"
    tokenizer.save_pretrained(folder / TOKENIZER)
    facts = {
        "tokenizer_fingerprint": "", "vocabulary_size": 60, "mask_id": 4, "unknown_id": 3, "byte_ids": [],
        "special_ids": [0, 1, 2, 3, 4], "frame": None,
    }  # fmt: skip
    (folder / FACTS).write_text(json.dumps(facts))
    corpus = open_corpus(text, base=Path())
    work = TagWork(tag=corpus.tags[0], corpus=corpus, cleaning=text, rows=rows_of(), folder=folder, part_bytes=PART)
    work.clean()
    return work


def test_damaged_tokens_of_a_part_are_made_again(work: TagWork) -> None:
    first, second, *_ = work.parts()
    for part in (first, second):
        part.encode()
    whole = first.tokens.read_bytes()
    for damaged in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:-2], b""):
        first.tokens.write_bytes(damaged)
        assert not first.is_encoded and second.is_encoded
        first.encode()
        assert first.tokens.read_bytes() == whole
    first.tokens.write_bytes(whole[:-2])
    entry, path = work.encode(), work.folder / f"{work.tag}.ids"
    packed = path.read_bytes()
    assert not list(work.folder.glob("*.part-*"))
    path.write_bytes(b"")
    assert work.encode() == entry and path.read_bytes() == packed, "without parts, from the text alone"


def test_damaged_text_of_a_part_is_named(work: TagWork) -> None:
    first = work.parts()[0]
    whole = first.text.read_bytes()
    middle = first.end.bytes - 20
    for damaged in (whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], whole[:middle]):
        first.text.write_bytes(damaged)
        with pytest.raises(DamagedError, match=rf"delete that file \({first.text.name} is made anew\)"):
            first.encode()
    assert not list(work.folder.glob("*.part-*"))


def test_other_clean_text_has_no_tokens_yet(work: TagWork) -> None:
    for part in work.parts():
        part.encode()
    work.parts()[0].text.unlink()
    assert not any(part.is_encoded for part in work.parts())


@settings(max_examples=40)
@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"])), min_size=1)))
def test_parts_hold_every_document_once_and_in_order(batches: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "swh_Latn.clean.zst"
        text = CleanText(file=file.name, ends=tuple(write_parts(batches, file, part_bytes=20)))
        parts = text_parts(file.parent, [text])
        read = [document for part in parts for batch in part.batches() for document in batch]
    assert read == [document for batch in batches for document in batch]


@given(st.lists(st.lists(st.integers(5, 59), max_size=9), min_size=1), st.integers(1, 20), st.sampled_from([0, 2]))
def test_documents_come_back_however_their_tokens_are_cut(inner: list[list[int]], size: int, end: int) -> None:
    framed = [[0, *tokens, end] for tokens in inner]
    tokens = np.concatenate(framed)
    blocks = (tokens[first : first + size] for first in range(0, len(tokens), size))
    cut = documents_in(blocks, Delimiters(begin=0, end=end, padding=1))
    assert [document.tolist() for batch in cut for document in batch] == framed
