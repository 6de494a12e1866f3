"""Text to rows: nothing lost or counted wrongly, the same rows whatever the way, and no trouble that is not named."""

import bz2
import gzip
import json
import lzma
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from pyarrow import parquet
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from langsamp.data.packing import segments
from langsamp.data.prepare import check_settings, prepare_rows
from langsamp.data.prepare_tag import TagWork
from langsamp.data.rows import TOKENIZER, PreparedRows, RowsConfig
from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.tokens.encoding import FACTS, TokenizerFacts
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.data.workers import worthwhile
from langsamp.disk.files import write_json
from langsamp.disk.seals import CHECKSUMS
from langsamp.errors import DamagedError, DataMissingError, UserError
from langsamp.machine import usable_cores
from tests.tiny_run import SIZES, documents, full_disk, write_lines

TRAINED, ROWS = TokenizerConfig(vocab_size=400), RowsConfig(row_tokens=32, held_out_rows=2)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A folder with three tags' text."""
    (tmp_path / "text").mkdir()
    for tag, number in SIZES.items():
        write_lines(tmp_path / "text" / f"{tag}.txt", documents(tag, number))
    return tmp_path / "text"


@pytest.fixture
def saved(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> str:
    """The folder of a tokenizer of 55 words, which are no words of the text."""
    tokenizer.save_pretrained(tmp_path / "saved")
    return str(tmp_path / "saved")


def prepared(
    text: Path,
    out: Path,
    *,
    tokenizer: TokenizerConfig = TRAINED,
    workers: int = 1,
    rows: RowsConfig = ROWS,
    **corpus: Any,
) -> PreparedRows:
    return prepare_rows(CorpusConfig(source=str(text), **corpus), tokenizer, rows, out=out, workers=workers)


def files(folder: Path) -> dict[str, bytes]:
    """Every file but the one that tells time and machine, and its checksum."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("provenance.json", CHECKSUMS)
    }


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def tokens(rows: PreparedRows, tag: int) -> list[int]:
    return np.concatenate([rows.training(tag).ravel(), rows.held_out(tag).ravel()]).tolist()


@pytest.mark.parametrize("workers", [2, 3])
def test_rows_do_not_depend_on_the_number_of_workers(text: Path, tmp_path: Path, workers: int) -> None:
    one = prepared(text, tmp_path / "one")
    assert files(prepared(text, tmp_path / "other", workers=workers).folder) == files(one.folder)


def test_packing_loses_nothing_but_the_tail(text: Path, tmp_path: Path) -> None:
    rows = prepared(text, tmp_path / "rows")
    tokenizer = AutoTokenizer.from_pretrained(rows.folder / TOKENIZER)
    for number, (tag, entry) in enumerate(rows.manifest.tags.items()):
        whole = [token for line in documents(tag, SIZES[tag]) for token in tokenizer(line)["input_ids"]]
        packed = tokens(rows, number)
        assert packed == whole[: len(packed)]
        assert len(whole) - len(packed) == entry.tail_tokens < rows.row_tokens
        assert entry.held_out_rows == min(2, len(packed) // rows.row_tokens // 10)
        assert tokenizer.decode(packed[: packed.index(2)], skip_special_tokens=True) == documents(tag, 1)[0]


def test_whole_documents_are_packed_on_request(text: Path, tmp_path: Path) -> None:
    config = RowsConfig(row_tokens=24, held_out_rows=2, packing="best-fit")
    rows = prepared(text, tmp_path / "rows", rows=config)
    assert files(prepared(text, tmp_path / "other", rows=config, workers=2).folder) == files(rows.folder)
    assert rows.frame is not None
    for number, (tag, entry) in enumerate(rows.manifest.tags.items()):
        packed = np.array(tokens(rows, number)).reshape(-1, 24)
        numbers = segments(packed, rows.frame)
        assert numbers.max(axis=1).sum() >= entry.documents == len(set(documents(tag, SIZES[tag])))
        assert entry.padding_tokens == (numbers == 0).sum() and entry.tokens == (numbers > 0).sum()
        assert entry.tail_tokens == 0


def test_text_that_spells_special_tokens_is_text_in_rows_of_whole_documents(tmp_path: Path) -> None:
    """No document is split or shortened by what it says."""
    (tmp_path / "text").mkdir()
    spelled = ["<s>", "le <pad> ba", "</s><s> ku", "<pad>", "<s><s></s>", "<mask> na <unk>"]
    write_lines(tmp_path / "text" / "swh_Latn.txt", [*documents("swh_Latn", 50), *spelled])
    config = RowsConfig(row_tokens=96, held_out_rows=0, packing="best-fit")
    few = TokenizerConfig(vocab_size=340)
    rows = prepared(tmp_path / "text", tmp_path / "rows", tokenizer=few, rows=config)
    assert rows.frame is not None
    tokenizer = AutoTokenizer.from_pretrained(rows.folder / TOKENIZER)
    packed = np.array(rows.training(0))
    found = []
    for row, numbers in zip(packed, segments(packed, rows.frame), strict=True):
        for number in range(1, numbers.max() + 1):
            begin, *inner, end = row[numbers == number].tolist()
            assert (begin, end) == (rows.frame.begin, rows.frame.end) and not {*inner} & {*rows.frame}
            found.append(tokenizer.decode(inner).replace(" ", ""))
    assert sorted(found) == sorted(text.replace(" ", "") for text in [*documents("swh_Latn", 50), *spelled])


@pytest.mark.parametrize("packing", ["concatenate", "best-fit"])
def test_no_special_token_comes_from_what_a_text_says(
    tmp_path: Path, packing: Literal["concatenate", "best-fit"]
) -> None:
    """Hugging Face reads `<mask>` in a text as the mask; in rows, where nobody asks for it, it is text."""
    (tmp_path / "text").mkdir()
    said = [f"{document} <mask> </s> <s> <pad><mask>" for document in documents("swh_Latn", 60)]
    write_lines(tmp_path / "text" / "swh_Latn.txt", said)
    made = prepared(tmp_path / "text", tmp_path / "made", tokenizer=TokenizerConfig(vocab_size=340))
    config = RowsConfig(row_tokens=256, held_out_rows=0, packing=packing)
    loaded = TokenizerConfig(load=str(made.folder / TOKENIZER))
    rows = prepared(tmp_path / "text", tmp_path / "rows", tokenizer=loaded, rows=config)
    tokenizer = AutoTokenizer.from_pretrained(rows.folder / TOKENIZER)
    ids = np.array(rows.training(0)).ravel()
    assert tokenizer.mask_token_id in tokenizer(said[0])["input_ids"], "as Hugging Face reads it"
    entry = rows.manifest.tags["swh_Latn"]
    assert not (ids == tokenizer.mask_token_id).any() and (ids == tokenizer.pad_token_id).sum() == entry.padding_tokens
    kept = entry.documents if packing == "best-fit" else (ids == tokenizer.eos_token_id).sum()
    assert (ids == tokenizer.bos_token_id).sum() in (kept, kept + 1)
    assert "<mask></s><s><pad><mask>" in tokenizer.decode(ids).replace(" ", "")


def test_rows_of_the_one_way_are_none_of_the_other(text: Path, tmp_path: Path) -> None:
    prepared(text, tmp_path / "rows", rows=RowsConfig(row_tokens=24))
    with pytest.raises(UserError, match=r"rows\.packing: 'concatenate' -> 'best-fit'"):
        prepared(text, tmp_path / "rows", rows=RowsConfig(row_tokens=24, packing="best-fit"))


def test_the_manifest_counts_as_a_hand_does(tmp_path: Path, saved: str) -> None:
    (tmp_path / "text").mkdir()
    known, unknown = ["ba be bi", "do du"], ["xyz ba", "zzz"]
    lines = ["", "  ba   be bi", "ba be bi", "xyz\u00ad ba", *["do du", "do du"], "\t", "zzz", "more than the cap"]
    write_lines(tmp_path / "text" / "swh_Latn.txt", lines)
    config = RowsConfig(row_tokens=8, held_out_rows=8)
    rows = prepared(
        tmp_path / "text", tmp_path / "rows", tokenizer=TokenizerConfig(load=saved), rows=config, max_documents=4
    )
    entry = rows.manifest.tags["swh_Latn"]
    assert dict(entry.dropped) == {"duplicate": 2, "empty": 2, "over max_documents": 1}
    assert entry.documents == len(known) + len(unknown) == len(lines) - sum(entry.dropped.values())
    assert entry.bytes == sum(len(line) for line in known + unknown)
    assert entry.tokens == (3 + 2 + 2 + 1) + 2 * 4
    assert entry.ordinary_tokens == 3 + 2 + 1 + 0  # in this tokenizer `<unk>` is special
    assert entry.unknown_share == 2 / 8
    assert entry.share_in_script == 1
    assert (entry.rows, entry.held_out_rows, entry.tail_tokens) == (2, 0, 0)
    assert (rows.row_tokens, rows.vocabulary_size, rows.mask_id) == (8, 60, 4)
    assert rows.manifest.special_ids == (0, 1, 2, 3, 4)


def test_bytes_stand_for_what_has_no_piece(text: Path, tmp_path: Path) -> None:
    write_lines(text / "kat_Geor.txt", ["ძველი ნავი მდინარეზე"])  # too little to earn pieces
    rows = prepared(text, tmp_path / "rows", tokenizer=TokenizerConfig(vocab_size=400, character_coverage=0.98))
    assert {tag: entry.unknown_share for tag, entry in rows.manifest.tags.items()} == dict.fromkeys(
        [*sorted(SIZES), "kat_Geor"], 0.0
    )


STORED: dict[str, Callable[[bytes], bytes]] = {
    "txt.gz": gzip.compress,
    "txt.xz": lzma.compress,
    "bz2": bz2.compress,
    "txt.zst": zstandard.ZstdCompressor().compress,
    "jsonl": lambda data: b"".join(json.dumps({"text": line}).encode() + b"\n" for line in data.decode().splitlines()),
}


@pytest.mark.parametrize("suffix", [*STORED, "parquet"])
def test_rows_do_not_depend_on_how_text_is_stored(text: Path, tmp_path: Path, saved: str, suffix: str) -> None:
    tokenizer = TokenizerConfig(load=saved)
    plain = prepared(text, tmp_path / "plain", tokenizer=tokenizer)
    stored = tmp_path / "stored"
    stored.mkdir()
    for tag in SIZES:
        data = (text / f"{tag}.txt").read_bytes()
        if suffix == "parquet":
            parquet.write_table(pa.table({"text": data.decode().splitlines()}), stored / f"{tag}.parquet")
        else:
            (stored / f"{tag}.{suffix}").write_bytes(STORED[suffix](data))
    other = prepared(stored, tmp_path / "other", tokenizer=tokenizer)
    assert other.fingerprint == plain.fingerprint
    assert other.manifest.tags == plain.manifest.tags


def test_text_may_move_but_not_change(text: Path, tmp_path: Path) -> None:
    rows = prepared(text, tmp_path / "rows")
    before = {path: path.stat() for path in rows.folder.rglob("*")}
    moved = text.rename(tmp_path / "elsewhere")
    assert prepared(moved, tmp_path / "rows").fingerprint == rows.fingerprint
    assert {path: path.stat() for path in rows.folder.rglob("*")} == before
    for changed in (
        lambda: prepared(moved, tmp_path / "rows", languages="swh_Latn"),
        lambda: write_lines(moved / "swh_Latn.txt", ["habari"]) or prepared(moved, tmp_path / "rows"),
    ):
        with pytest.raises(UserError, match=r"another recipe \(the text itself or the choice of languages\)"):
            changed()
    assert {path: path.stat() for path in rows.folder.rglob("*")} == before


def test_other_settings_are_refused_by_name_even_without_the_text(text: Path, tmp_path: Path) -> None:
    out, config = tmp_path / "rows", CorpusConfig(source=str(text))
    prepared(text, out)
    shutil.rmtree(text)
    check_settings(config, TRAINED, ROWS, out=out)
    capped = CorpusConfig(source=str(text), max_documents=3)
    with pytest.raises(UserError, match=r"corpus\.max_documents: None -> 3"):
        check_settings(capped, TRAINED, ROWS, out=out)
    with pytest.raises(UserError, match=r"rows\.row_tokens: 32 -> 64"):
        check_settings(config, TRAINED, RowsConfig(row_tokens=64, held_out_rows=2), out=out)
    with pytest.raises(UserError, match=r"tokenizer\.vocab_size: 400 -> 401"):
        check_settings(config, TokenizerConfig(vocab_size=401), ROWS, out=out)
    with pytest.raises(DataMissingError, match="no prepared rows"):
        check_settings(config, TRAINED, ROWS, out=tmp_path / "nowhere")


def test_a_copied_tokenizer_is_the_same_tokenizer(text: Path, tmp_path: Path, saved: str) -> None:
    rows = prepared(text, tmp_path / "rows", tokenizer=TokenizerConfig(load=saved))
    copied = shutil.move(saved, tmp_path / "copied")
    again = prepared(text, tmp_path / "rows", tokenizer=TokenizerConfig(load=str(copied)))
    assert again.fingerprint == rows.fingerprint
    elsewhere = prepared(text, tmp_path / "elsewhere", tokenizer=TokenizerConfig(load=str(copied)))
    assert files(elsewhere.folder) == files(rows.folder)


def test_rows_are_usable_from_a_trained_tokenizer_loaded_again(text: Path, tmp_path: Path) -> None:
    rows = prepared(text, tmp_path / "rows")
    own = TokenizerConfig(load=str(rows.folder / TOKENIZER))
    again = prepared(text, tmp_path / "again", tokenizer=own)
    assert again.manifest.tokenizer_fingerprint == rows.manifest.tokenizer_fingerprint
    assert [tokens(again, tag) for tag in range(3)] == [tokens(rows, tag) for tag in range(3)]


def test_little_text_is_not_worth_the_start_of_a_process() -> None:
    cores = usable_cores()
    assert worthwhile([300, 200]) == 1
    assert worthwhile([1 << 30, 1 << 30, 1 << 30]) == min(cores, 3)
    assert worthwhile([1, 1]) == min(cores, 2), "of unknown size"


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_text_leaves_nothing_to_be_seen(text: Path, tmp_path: Path, workers: int, capsys: Any) -> None:
    good = (text / "swh_Latn.txt").read_bytes()
    (text / "swh_Latn.txt").write_bytes(good + b"za \xff asubuhi\n" * SIZES["swh_Latn"])
    with pytest.raises(UserError, match=rf"swh_Latn\.txt, line {SIZES['swh_Latn'] + 1}: byte 3 of the line \(0xff\)"):
        prepared(text, tmp_path / "out" / "rows", workers=workers)
    assert visible(tmp_path / "out") == []
    assert capsys.readouterr().err.endswith("\n"), "a message must not stand behind a progress bar"
    (text / "swh_Latn.txt").write_bytes(good)
    prepared(text, tmp_path / "out" / "rows", workers=workers)
    assert os.listdir(tmp_path / "out") == ["rows"]  # noqa: PTH208


def test_an_odd_line_costs_itself_and_is_named_in_the_manifest(text: Path, tmp_path: Path) -> None:
    whole = prepared(text, tmp_path / "whole")
    with (text / "swh_Latn.txt").open("ab") as file:
        file.write(b"za \xff asubuhi\n")
    rows = prepared(text, tmp_path / "rows")
    entry = rows.manifest.tags["swh_Latn"]
    assert entry.sha256 == whole.manifest.tags["swh_Latn"].sha256 and entry.dropped["cannot be read"] == 1
    assert f"swh_Latn.txt, line {SIZES['swh_Latn'] + 1}: byte 3 of the line (0xff)" in entry.notes[0]
    assert whole.manifest.tags["swh_Latn"].notes == ()


@pytest.mark.parametrize("free", [1000, 3000])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_named_and_rows_come_when_there_is_room(
    text: Path, tmp_path: Path, free: int, workers: int
) -> None:
    with full_disk(free), pytest.raises(UserError, match="cannot write") as caught:
        prepared(text, tmp_path / "out" / "rows", workers=workers)
    assert "raise `ulimit -f`" in str(caught.value)
    assert visible(tmp_path / "out") == []
    rows = prepared(text, tmp_path / "out" / "rows", workers=workers)
    assert files(rows.folder) == files(prepared(text, tmp_path / "whole").folder)


def test_damage_to_what_a_stopped_preparation_left_is_mended_or_named(text: Path, saved: str, tmp_path: Path) -> None:
    config = CorpusConfig(source=str(text))
    folder = tmp_path / "half"
    shutil.copytree(saved, folder / TOKENIZER)
    facts = TokenizerFacts(
        tokenizer_fingerprint="", vocabulary_size=60, mask_id=4, unknown_id=3, special_ids=[0, 1, 2, 3, 4], byte_ids=[],
        frame=None,
    )  # fmt: skip
    write_json(folder / FACTS, facts.model_dump())
    corpus = open_corpus(config, base=Path())
    work = TagWork(tag=corpus.tags[0], corpus=corpus, cleaning=config, rows=ROWS, folder=folder)
    entry, path = work.encode(), folder / f"{corpus.tags[0]}.ids"
    whole = path.read_bytes()
    for damaged in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:-64], b""):
        path.write_bytes(damaged)
        assert work.encode() == entry and path.read_bytes() == whole
    work.record.write_bytes(work.record.read_bytes().replace(b'"rows"', b'"rowz"'))
    with pytest.raises(DamagedError, match=rf"delete that file \({work.record.name} is made anew\)"):
        work.encode()


def test_a_place_that_holds_something_else_is_refused(text: Path, tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "thesis.tex").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "rows", tmp_path / "file"):
        with pytest.raises(UserError, match="holds no prepared rows but something else"):
            prepared(text, out)
    with pytest.raises(UserError, match="cannot write"):
        prepared(text, tmp_path / "file" / "rows")
    assert (tmp_path / "rows" / "thesis.tex").read_text() == "mine"


_SCRIPT = """
from pathlib import Path
from tests.data.test_prepare import prepared
print(prepared(Path("text"), Path("script"), workers=2).fingerprint)
"""


@pytest.mark.slow
def test_a_script_without_a_guard_is_not_started_again(text: Path, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(_SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [prepared(text, tmp_path / "rows").fingerprint], done.stderr
