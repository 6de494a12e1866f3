"""A server that speaks S3, over loopback; what needs it is skipped without what it is made of.

Needs `pip install 'langsamp[s3]' 'moto[s3]' flask flask-cors`, thirty packages that nothing else here needs.
"""

from collections.abc import Iterator
from threading import Thread

import pytest

pytest.importorskip("s3fs", reason="S3 needs langsamp[s3]")
pytest.importorskip("moto.moto_server.werkzeug_app", reason="the server is moto's: moto[s3], flask, flask-cors")

import s3fs
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

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


def bucket(server: BaseWSGIServer) -> str:
    """A bucket of this server's own: moto keeps those of all servers of a process together."""
    name = f"bucket-{server.server_port}"
    s3fs.S3FileSystem().mkdir(name)
    return name
