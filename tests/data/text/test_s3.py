"""Text on a server that speaks S3, over loopback: the rows are those of the same folder here, and troubles are said."""

import lzma
from pathlib import Path

import pytest

from langsamp.data.prepare import prepare_rows
from langsamp.data.rows import RowsConfig
from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.errors import DataMissingError, UserError
from tests.s3_server import CREDENTIALS, BaseWSGIServer, bucket, s3fs, server
from tests.tiny_run import documents, write_lines

__all__ = ["server"]
pytestmark = pytest.mark.filterwarnings("default")  # the libraries' own


def test_rows_are_those_of_the_same_folder_here(server: BaseWSGIServer, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    write_lines(folder / "kmr_Cyrl.txt", documents("kmr_Cyrl", 60))
    text = "".join(f"{line}\n" for line in documents("swh_Latn", 60))
    (folder / "swh_Latn.txt.xz").write_bytes(lzma.compress(text.encode()))
    address = f"s3://{bucket(server)}/texts"
    s3fs.S3FileSystem().put(str(folder), address, recursive=True)
    made = [
        prepare_rows(
            CorpusConfig(source=source), TokenizerConfig(vocab_size=400), RowsConfig(row_tokens=16),
            out=tmp_path / f"rows-{number}", workers=1,
        )
        for number, source in enumerate((str(folder), address))
    ]  # fmt: skip
    assert made[0].manifest == made[1].manifest
    ids = [path.relative_to(tmp_path / "rows-0") for path in (tmp_path / "rows-0").rglob("*.ids")]
    assert len(ids) == 2
    for name in ids:
        assert (tmp_path / "rows-0" / name).read_bytes() == (tmp_path / "rows-1" / name).read_bytes()
    assert open_corpus(CorpusConfig(source=address), base=Path()).source == "texts"


def test_what_is_not_there_and_who_may_not_read_is_said(
    server: BaseWSGIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in ("s3://nowhere/texts", f"s3://{bucket(server)}/texts"):
        with pytest.raises(DataMissingError, match=f"there is no folder of text at {address}"):
            open_corpus(CorpusConfig(source=address), base=Path())
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(UserError, match=r"cannot be read .*who you are there"):
        open_corpus(CorpusConfig(source=address), base=Path())


def test_a_server_that_ends_in_the_middle_is_named(server: BaseWSGIServer) -> None:
    folder = f"s3://{bucket(server)}/texts"
    s3fs.S3FileSystem().pipe(f"{folder}/swh_Latn.txt", b"habari ya dunia\n" * 250_000)
    corpus = open_corpus(CorpusConfig(source=folder), base=Path())
    lines = corpus.documents(corpus.tags[0])
    assert next(lines) == "habari ya dunia"
    server.shutdown()
    server.server_close()
    with pytest.raises(UserError, match=f"{folder}/swh_Latn.txt cannot be read .*check the address"):
        list(lines)
