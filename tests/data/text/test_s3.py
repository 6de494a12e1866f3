"""Text on a server that speaks S3, over loopback: the rows are those of the same folder here, and troubles are said.

Needs `pip install 'langsamp[s3]' 'moto[s3]' flask flask-cors`, thirty packages that nothing else here needs.
"""

import lzma
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

pytest.importorskip("s3fs", reason="text on S3 needs langsamp[s3]")
pytest.importorskip("moto.moto_server.werkzeug_app", reason="the server is moto's: moto[s3], flask, flask-cors")

import s3fs
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from langsamp.data.prepare import prepare_rows
from langsamp.data.rows import RowsConfig
from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.errors import DataMissingError, UserError
from tests.tiny_run import documents, write_lines

pytestmark = pytest.mark.filterwarnings("default")  # the libraries' own
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "two"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BaseWSGIServer]:
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": address, "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    monkeypatch.setattr(s3fs.S3FileSystem, "default_block_size", 1 << 20)
    s3fs.S3FileSystem.clear_instance_cache()
    yield server
    server.shutdown()
    server.server_close()


def _bucket(server: BaseWSGIServer) -> str:
    """A bucket of this server's own: moto keeps those of all servers of a process together."""
    name = f"bucket-{server.server_port}"
    s3fs.S3FileSystem().mkdir(name)
    return name


def test_rows_are_those_of_the_same_folder_here(server: BaseWSGIServer, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    write_lines(folder / "kmr_Cyrl.txt", documents("kmr_Cyrl", 60))
    text = "".join(f"{line}\n" for line in documents("swh_Latn", 60))
    (folder / "swh_Latn.txt.xz").write_bytes(lzma.compress(text.encode()))
    address = f"s3://{_bucket(server)}/texts"
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
    for address in ("s3://nowhere/texts", f"s3://{_bucket(server)}/texts"):
        with pytest.raises(DataMissingError, match=f"there is no folder of text at {address}"):
            open_corpus(CorpusConfig(source=address), base=Path())
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(UserError, match=r"cannot be read .*who you are there"):
        open_corpus(CorpusConfig(source=address), base=Path())


def test_a_server_that_ends_in_the_middle_is_named(server: BaseWSGIServer) -> None:
    folder = f"s3://{_bucket(server)}/texts"
    s3fs.S3FileSystem().pipe(f"{folder}/swh_Latn.txt", b"habari ya dunia\n" * 250_000)
    corpus = open_corpus(CorpusConfig(source=folder), base=Path())
    lines = corpus.documents(corpus.tags[0])
    assert next(lines) == "habari ya dunia"
    server.shutdown()
    server.server_close()
    with pytest.raises(UserError, match=f"{folder}/swh_Latn.txt cannot be read .*check the address"):
        list(lines)
