"""Outputs on a server that speaks S3, over loopback: what another machine goes on from, and what cannot be stored."""

import shutil
from pathlib import Path

import pytest

from langsamp.bench.faults.artefacts import content
from langsamp.errors import UserError
from langsamp.remote.lease import Lease
from langsamp.remote.session import opened, session
from langsamp.remote.store import Store
from tests.remote.test_outputs import copies, heavy, same_as
from tests.s3_server import CREDENTIALS, BaseWSGIServer, bucket, s3fs, server
from tests.tiny_run import TinyRun, complaint, langsamp, said

__all__ = ["copies", "server"]
pytestmark = pytest.mark.filterwarnings("default")  # the libraries' own


def _objects(address: str) -> dict[str, str]:
    system = s3fs.S3FileSystem()
    system.invalidate_cache()
    return {name: entry["ETag"] for name, entry in system.find(address, detail=True).items()}


def test_a_run_is_that_of_a_folder_and_another_machine_goes_on(
    server: BaseWSGIServer, tiny_run: TinyRun, tmp_path: Path, copies: Path
) -> None:
    address = f"s3://{bucket(server)}/team/run"
    settings = ["--set", f"out={address}"]
    said("prepare", tiny_run.recipe_file, *settings)
    said("train", tiny_run.recipe_file, *settings, "--variant", "none")
    shutil.rmtree(copies)
    assert said("run", tiny_run.recipe_file, *settings).endswith(f"Report: {address}/report.html\n")
    assert not [name for name in _objects(address) if "/." in name]
    s3fs.S3FileSystem().get(address, str(tmp_path / "run"), recursive=True)
    assert same_as(tiny_run, tmp_path / "run")
    before = _objects(address)
    shutil.rmtree(copies)
    said("table", "--paper", "1", address)
    assert not heavy(copies)
    said("run", tiny_run.recipe_file, *settings)
    assert _objects(address) == before


def test_who_may_not_write_is_told_before_any_work(
    server: BaseWSGIServer, tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = complaint("run", tiny_run.recipe_file, "--set", "out=s3://nowhere/run")
    assert message.startswith("s3://nowhere/run cannot be written (The specified bucket does not exist)")
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3fs.S3FileSystem.clear_instance_cache()
    answer = langsamp("run", tiny_run.recipe_file, "--set", "out=s3://nowhere/run")
    assert answer.code == 1 and "who you are there" in answer.err and len(answer.err.splitlines()) == 1


def test_of_two_machines_the_second_is_refused(
    server: BaseWSGIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(f"s3://{bucket(server)}/run")
    first = Lease(store, beat=0.05)
    first.take(is_alone_here=lambda _: True)
    monkeypatch.setenv("LANGSAMP_COPIES", str(tmp_path / "other"))
    with pytest.raises(UserError, match=r"another process \(pid .* is at work on s3://"):
        Lease(store, beat=0.1).take(is_alone_here=lambda _: True)
    first.release()
    second = Lease(store)
    second.take(is_alone_here=lambda _: True)
    second.release()
    assert not store.list()


def test_a_server_that_ends_leaves_the_work_here(server: BaseWSGIServer, tmp_path: Path, copies: Path) -> None:
    address = f"s3://{bucket(server)}/run"
    with (
        pytest.raises(UserError, match=f"{address} cannot be .* is kept on this machine, in {copies}"),
        session(),
    ):
        folder = opened(address, writes=True)
        folder.mkdir()
        server.shutdown()
        server.server_close()
        (folder / "scores.json").write_text("{}")
    assert content(folder).keys() == {"scores.json"}
