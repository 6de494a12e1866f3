"""Text by its address is the text of the same files on this machine."""

import json
from importlib.util import find_spec
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from langsamp.data.prepare import prepare_rows
from langsamp.data.rows import RowsConfig
from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.disk.folders import check_file, check_folder
from langsamp.errors import DataMissingError, UserError
from tests.data.text.corpora import STORED, SWAHILI, TEXT
from tests.tiny_run import documents, write_lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    return tmp_path / "texts"


def _write(folder: Path, name: str) -> None:
    records = [{"text": line} for line in ("moja", "mbili")]
    if name == "parquet":
        parquet.write_table(pa.table({"text": ["moja", "mbili"]}), folder / "swh_Latn.parquet")
    elif name == "jsonl":
        (folder / "swh_Latn.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    else:
        (folder / f"swh_Latn.{name}").write_bytes(STORED[name](TEXT))


@pytest.mark.parametrize("name", [*STORED, "jsonl", "parquet"])
def test_every_format_is_read_by_address(name: str, folder: Path, memory: fsspec.AbstractFileSystem) -> None:
    _write(folder, name)
    memory.put(str(folder), "/corpus/texts", recursive=True)
    local = open_corpus(CorpusConfig(source=str(folder)), base=Path())
    for address in ("memory://corpus/texts", "memory://corpus/texts/", f"file://{folder}"):
        remote = open_corpus(CorpusConfig(source=address), base=Path("/nowhere"))
        assert list(remote.documents(SWAHILI)) == list(local.documents(SWAHILI))
        assert remote.fingerprint() == local.fingerprint() and remote.size(SWAHILI) == local.size(SWAHILI)
        assert remote.source == "texts"


def test_rows_are_the_same_wherever_the_text_lies(
    folder: Path, memory: fsspec.AbstractFileSystem, tmp_path: Path
) -> None:
    for tag in ("kmr_Cyrl", "swh_Latn"):
        write_lines(folder / f"{tag}.txt", documents(tag, 60))
    memory.put(str(folder), "/texts", recursive=True)
    made = [
        prepare_rows(
            CorpusConfig(source=source), TokenizerConfig(vocab_size=400), RowsConfig(row_tokens=16),
            out=tmp_path / f"rows-{number}", workers=1,
        )
        for number, source in enumerate((str(folder), "memory://texts"))
    ]  # fmt: skip
    assert made[0].manifest == made[1].manifest


def test_what_cannot_be_read_is_said(memory: fsspec.AbstractFileSystem) -> None:
    def opened(source: str) -> object:
        return open_corpus(CorpusConfig(source=source), base=Path())

    with pytest.raises(DataMissingError, match="there is no folder of text at memory://nothing"):
        opened("memory://nothing")
    with pytest.raises(UserError, match=r"nonsense://texts cannot be read: Protocol not known"):
        opened("nonsense://texts")
    memory.pipe({"/texts/swh_Latn.txt": b""})
    with pytest.raises(UserError, match=r"memory://texts/swh_Latn.txt is empty"):
        opened("memory://texts")
    memory.pipe({"/texts/swh_Latn.txt": b"%PDF-1.4 ..."})
    with pytest.raises(UserError, match=r"memory://texts/swh_Latn.txt is a PDF file"):
        opened("memory://texts")
    memory.pipe({"/texts/more/swh_Latn.txt": b"x"})
    with pytest.raises(UserError, match=r"memory://texts/more is a folder"):
        opened("memory://texts")


@pytest.mark.skipif(find_spec("s3fs") is not None, reason="what reads it is installed")
def test_a_store_whose_library_is_absent_is_named() -> None:
    with pytest.raises(UserError, match=r"s3://bucket/texts needs a library: pip install 'langsamp\[s3\]'"):
        open_corpus(CorpusConfig(source="s3://bucket/texts"), base=Path())


@pytest.mark.parametrize("address", ["s3://bucket/run", "memory://run"])
def test_what_takes_only_folders_says_so(address: str) -> None:
    for check in (check_folder, check_file):
        with pytest.raises(UserError, match="it is an address, and this is written to a disk"):
            check(Path(address))
