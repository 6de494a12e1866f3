"""Outputs at an address are those of a folder here: stored as they are made, gone on from by a machine without them."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import fsspec
import huggingface_hub.constants
import pytest

import langsamp as ls
from langsamp.addresses import address_of, with_addresses, working_folder
from langsamp.bench.faults.artefacts import content, curves
from langsamp.disk.seals import CHECKSUMS
from langsamp.errors import StoppedError, UserError
from langsamp.remote.lease import NAME, Lease
from langsamp.remote.session import opened, session
from langsamp.remote.store import Store
from langsamp.remote.tree import UNFINISHED
from tests.processes import command_line, start, together
from tests.tiny_run import TinyRun, complaint, full_disk, langsamp, said, stamps

OF_THE_RUN = {"recipe.yaml", "report.html", "analysis/families/analysis.json"}
"""Files that name where the run lies."""


@pytest.fixture(autouse=True)
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LANGSAMP_COPIES", str(tmp_path / "copies"))
    return tmp_path / "copies"


@pytest.fixture
def stored(tiny_run: TinyRun, tmp_path: Path) -> tuple[Path, str]:
    """A folder that holds a whole run, and its address."""
    shutil.copytree(tiny_run.out, tmp_path / "store" / "run")
    return tmp_path / "store" / "run", f"file://{tmp_path}/store/run"


def same_as(run: TinyRun, folder: Path, *, but: set[str] = OF_THE_RUN) -> bool:
    mine, theirs = content(folder), content(run.out)
    changed = {name for name, _ in mine.items() ^ theirs.items()} - but
    assert not changed
    return curves(folder) == curves(run.out)


def heavy(folder: Path) -> set[str]:
    """Names of the weights, optimizers, rows and tokenizers that lie in a folder."""
    return {path.name for path in folder.rglob("*") if path.is_file() and path.stat().st_size > 1 << 16} - {
        "report.html"
    }


def test_what_an_address_is() -> None:
    spelled = {
        "s3://bucket/run/": "s3://bucket/run",
        "local:///data/run": "file:///data/run",
        "memory://run": "memory://run",
        Path("s3://bucket/run"): "s3://bucket/run",  # which has lost a stroke
        Path("file:///data/run"): "file:///data/run",
        "file:///data/./other/../run//": "file:///data/run",
    }
    assert {word: address_of(word) for word in spelled} == spelled
    for word in ("runs/mine", "runs/mine:both-0", "paper:baseline", "owner/name@main", "c:/run", "/data/run"):
        assert address_of(word) is None
    for word in ("s3://", "file:///", "memory:////", Path("s3://"), Path("file:///"), "other://"):
        with pytest.raises(UserError, match=f"{word} is no address: name what lies there"):
            address_of(word)
    with pytest.raises(UserError, match=r"runs/mine is no address: .* three strokes"):
        address_of("file://runs/mine")
    assert working_folder("s3://bucket/run").name == "run"
    assert working_folder("s3://bucket/run") != working_folder("s3://other/run")


def test_a_run_at_an_address_is_the_run_in_a_folder(tiny_run: TinyRun, tmp_path: Path, copies: Path) -> None:
    store, address = tmp_path / "store" / "run", f"file://{tmp_path}/store/run"
    answer = langsamp("run", tiny_run.recipe_file, "--set", f"out={address}")
    assert answer.code == 0, answer.err
    assert answer.out.splitlines()[-1] == f"Report: {address}/report.html"
    assert same_as(tiny_run, store) and not list(store.rglob(".*"))
    assert str(copies) not in answer.out + answer.err
    assert not [path for path in store.rglob("*") if path.is_file() and str(copies).encode() in path.read_bytes()]
    before = stamps(store)
    shutil.rmtree(copies)  # another machine
    assert said("run", tiny_run.recipe_file, "--set", f"out={address}").endswith(f"Report: {address}/report.html\n")
    assert stamps(store) == before
    fetched = heavy(copies)
    assert "model.safetensors" in fetched and "optimizer.safetensors" not in fetched


def test_a_command_fetches_no_more_than_it_asks_for(stored: tuple[Path, str], copies: Path) -> None:
    store, address = stored
    tables = [said("table", "--paper", "1", run) for run in (store, address, f"{address}/evaluation/scores.parquet")]
    assert tables[0] == tables[1] == tables[2]
    compared = [said("compare", f"{run}:none", f"{run}:both").replace(str(run), "RUN") for run in (address, store)]
    assert compared[0] == compared[1]
    assert not heavy(copies) and len(list(copies.glob("*/address"))) == 1
    said("donors", "swh_Latn", "--model", f"{address}:both-0")
    assert not heavy(copies)
    export = opened(f"{address}/models/both-0/export")
    assert export.is_relative_to(copies) and not (export / "model.safetensors").exists()
    said("export", f"{address}/models/both-0", "-o", f"{address}-exported")
    assert {path.parent.name for path in copies.rglob("optimizer.safetensors")} == {"step-0000004"}
    exported = store.with_name("run-exported")
    assert (exported / CHECKSUMS).is_file() and not list(exported.rglob(".*"))


def test_what_is_made_from_a_run_is_stored_with_it(stored: tuple[Path, str], tmp_path: Path) -> None:
    store, address = stored
    said("analyze", "vectors", f"{address}:both-0", "--shuffles", "100")
    assert (store / "analysis" / "vectors-both-0" / "figures").is_dir()
    (store / "report.html").unlink()
    assert said("report", address) == f"Report: {address}/report.html\n"
    assert "<html" in (store / "report.html").read_text("utf-8")
    page = f"file://{tmp_path}/pages/page.html"
    assert said("report", address, "-o", page) == f"Report: {page}\n"
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["page.html"]
    out = f"file://{tmp_path}/scores"
    printed = said("evaluate", f"{address}/models/both-0/export", "-l", "deu_Latn", "-o", out)
    assert printed.endswith(f"Scores: {out}/scores.parquet\n")
    assert said("evaluate", f"{address}/models/both-0/export", "-l", "deu_Latn", "-o", out) == printed


def test_python_takes_addresses(tiny_run: TinyRun, memory: fsspec.AbstractFileSystem, copies: Path) -> None:
    address = "memory://runs/mine"
    run = ls.run(tiny_run.recipe_file, [f"out={address}", "variants=[both]"])
    assert f"Report: {address}/report.html" in str(run) and memory.isfile("/runs/mine/report.html")
    shutil.rmtree(copies)
    again = ls.Run(address)  # type: ignore[arg-type]  # a path as text
    assert again.scores.equals(run.scores) and not heavy(copies)
    assert (Path(again.models["both-0"]) / "model.safetensors").is_file()
    assert ls.table(1, address).data.tidy.equals(ls.table(1, run.folder).data.tidy)
    assert ls.vectors(f"{address}:both-0", shuffles=100).data.kind == "vectors"
    with pytest.raises(UserError, match="memory://runs/none is no run"):
        ls.Run("memory://runs/none")  # type: ignore[arg-type]
    assert not memory.glob("/runs/mine/**/.*")


def _killed_with_first_checkpoint_stored(run: TinyRun, address: str, store: Path) -> None:
    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "os.mkdir" and "step-0000004" in str(arguments[0]):
            first = store / "models" / "both-0" / "checkpoints" / "step-0000002"
            while not (first / CHECKSUMS).is_file() or (first / UNFINISHED).exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    command_line("train", run.recipe_file, "--variant", "both", "--set", f"out={address}")


@pytest.mark.integration
def test_another_machine_goes_on_after_a_kill(tiny_run: TinyRun, tmp_path: Path, copies: Path) -> None:
    store, address = tmp_path / "store" / "run", f"file://{tmp_path}/store/run"
    settings = ["--set", f"out={address}"]
    said("prepare", tiny_run.recipe_file, *settings)
    environment = {"LANGSAMP_COPIES": str(copies)}
    process = start(
        _killed_with_first_checkpoint_stored, tiny_run, address, store, said=tmp_path / "said", environment=environment
    )
    process.join(120)
    assert process.exitcode == -signal.SIGKILL, (tmp_path / "said" / "err").read_text()[-3000:]
    assert (store / NAME).is_file() and not (store / "models" / "both-0" / "export").exists()
    for folder in copies.glob("*/run"):  # its disk is lost
        shutil.rmtree(folder.parent)
    answer = langsamp("train", tiny_run.recipe_file, *settings)
    assert answer.code == 0, answer.err
    assert "has ended without saying so; its place is taken" in answer.err
    assert f"{address}/models/both-0/export" in answer.out
    others = {name for name in content(tiny_run.out) if not name.startswith(("rows/", "models/"))}
    assert same_as(tiny_run, store, but=OF_THE_RUN | others) and not list(store.rglob(".*"))


def test_old_checkpoints_go_there_too_fetched_or_not(tiny_run: TinyRun, tmp_path: Path, copies: Path) -> None:
    store, address = tmp_path / "store" / "run", f"file://{tmp_path}/store/run"
    kept = store / "models" / "both-0" / "checkpoints"
    settings = ["--set", f"out={address}", "--set", "variants=[both]", "--set", "training.keep_checkpoints=2"]
    settings += ["--set", "training.checkpoint_every=1", "--set", "training.schedule=constant"]
    said("prepare", tiny_run.recipe_file, *settings)
    said("train", tiny_run.recipe_file, *settings)
    assert sorted(path.name for path in kept.iterdir()) == ["step-0000003", "step-0000004"]
    shutil.rmtree(copies)
    said("train", tiny_run.recipe_file, *settings, "--set", "training.steps=5")
    assert sorted(path.name for path in kept.iterdir()) == ["step-0000004", "step-0000005"]
    assert len(list(copies.rglob("optimizer.safetensors"))) == 2 and not list(store.rglob(".*"))


def test_what_was_half_stored_is_not_there(stored: tuple[Path, str], tiny_run: TinyRun, copies: Path) -> None:
    store, address = stored
    export = store / "models" / "both-0" / "export"
    (export / UNFINISHED).touch()
    (export / "config.json").unlink()
    assert list(ls.Run(address).models) == ["none-0"]  # type: ignore[arg-type]
    assert "has no model 'both-0'" in complaint("donors", "swh_Latn", "--model", f"{address}:both-0")
    recipe = tiny_run.recipe(f"out={address}")
    with session():
        opened(address, writes=True, is_run=True)
        assert not export.exists()  # what was half stored is swept
    ls.train(recipe, variants="both")
    assert (export / "config.json").is_file() and not list(store.rglob(".*"))
    assert same_as(tiny_run, store)


def test_what_cannot_be_stored_is_kept_and_said(tiny_run: TinyRun, tmp_path: Path, copies: Path) -> None:
    (tmp_path / "store").mkdir()
    address, full = f"file://{tmp_path}/store/run", tmp_path / "store" / "run"
    (full / "recipe.yaml").mkdir(parents=True)  # in the way of the file
    message = complaint("prepare", tiny_run.recipe_file, "--set", f"out={address}")
    assert message.startswith(f"{address} cannot be written")
    kept = Path(message.partition("is kept on this machine, in ")[2].partition(";")[0])
    assert (kept / "run" / "rows" / CHECKSUMS).is_file()
    shutil.rmtree(full / "recipe.yaml")
    assert said("prepare", tiny_run.recipe_file, "--set", f"out={address}").endswith(f"{address}/rows\n")
    assert content(full / "rows") == content(tiny_run.out / "rows")


@pytest.mark.parametrize("room", [10, 2000, 20_000])
def test_a_full_disk_here_is_no_fault_of_the_address(room: int, stored: tuple[Path, str], copies: Path) -> None:
    _, address = stored
    with full_disk(room):
        message = complaint("table", "--paper", "1", address)
    assert message.startswith(
        f"{address} is worked on in {copies}, which cannot be written (File too large): make room"
    )
    assert said("table", "--paper", "1", address)


def test_of_two_that_write_the_second_is_refused(stored: tuple[Path, str], tmp_path: Path) -> None:
    store, address = stored
    with session():
        opened(address, writes=True, is_run=True)
        with pytest.raises(
            UserError, match=rf"another process \(pid {os.getpid()} on .*\) is at work on {address}: wait"
        ):
            Lease(Store(address)).take(is_alone_here=lambda _: False)
        assert said("table", "--paper", "1", address)  # who reads is not refused
        (tmp_path / "link").symlink_to(store)  # another spelling, so another working copy
        with pytest.raises(
            UserError, match=rf"another process \(pid {os.getpid()} on .*\) is at work on .*/link: wait"
        ):
            opened(f"file://{tmp_path}/link", writes=True, is_run=True)
    assert not Store(address).has(NAME)


def test_the_place_of_a_machine_that_is_gone_is_taken(
    memory: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store("memory://run")
    gone = Lease(store, beat=60, patience=60)
    gone.take(is_alone_here=lambda _: True)
    monkeypatch.setenv("LANGSAMP_COPIES", str(tmp_path / "other"))
    ours = Lease(store, beat=0.01, patience=0.02)
    ours.take(is_alone_here=lambda _: False)
    gone.release()
    assert store.has(NAME)  # which is ours
    monkeypatch.setenv("LANGSAMP_COPIES", str(tmp_path / "third"))
    living = Lease(store, beat=0.01, patience=60)
    with pytest.raises(UserError, match="is at work on memory://run"):
        living.take(is_alone_here=lambda _: True)
    store.write(NAME, b'{"process": "pid 7 on elsewhere", "id": "another"}')
    while ours.taken_by is None:
        time.sleep(0.01)
    assert ours.taken_by == "pid 7 on elsewhere"
    ours.release()
    assert store.has(NAME)


def test_nothing_is_done_before_an_address_is_known_to_be_good(
    tiny_run: TinyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)

    def refused(address: str, *words: str) -> str:
        return complaint("run", tiny_run.recipe_file, "--set", f"out={address}", *words)

    assert refused("nonsense://run").startswith("nonsense://run cannot be read: Protocol not known")
    (tmp_path / "file").touch()
    assert refused(f"file://{tmp_path}/file/run").startswith(f"file://{tmp_path}/file/run cannot be written (")
    monkeypatch.delenv("LANGSAMP_COPIES")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "is worked on in a folder that all machines must see" in refused(
        "memory://other", "--executor", "dask://127.0.0.1:1"
    )
    assert complaint("table", "--paper", "1", "memory://none", code=4).startswith("there is no memory://none")
    asked = "s3://bucket/run is on another machine, which is not asked (--offline"
    assert refused("s3://bucket/run", "--offline").startswith(asked)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert complaint("evaluate", tiny_run.export, "-o", "s3://bucket/run", "--offline").startswith(asked)


def test_a_command_that_is_stopped_stores_what_it_made(memory: fsspec.AbstractFileSystem) -> None:
    with pytest.raises(StoppedError), session():
        (opened("memory://stopped", writes=True) / "log.jsonl").parent.mkdir()
        (opened("memory://stopped", writes=True) / "log.jsonl").write_text("1")
        raise StoppedError
    assert memory.find("/stopped") == ["/stopped/log.jsonl"]


def _train_with_others(run: TinyRun, address: str, copies: Path) -> None:
    os.environ["LANGSAMP_COPIES"] = str(copies)
    command_line("train", run.recipe_file, "--variant", "both", "--set", f"out={address}")


@pytest.mark.integration
def test_processes_that_train_together_share_a_working_copy(tiny_run: TinyRun, tmp_path: Path, copies: Path) -> None:
    store, address = tmp_path / "store" / "run", f"file://{tmp_path}/store/run"
    said("prepare", tiny_run.recipe_file, "--set", f"out={address}")
    together(_train_with_others, tiny_run, address, copies, said=tmp_path / "said")
    assert (store / "models" / "both-0" / "export" / CHECKSUMS).is_file() and not list(store.rglob(".*"))
    assert len(list(copies.glob("*/address"))) == 1


def test_machines_that_train_together_need_a_disk_that_all_see(
    tiny_run: TinyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LANGSAMP_COPIES")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name, value in {"RANK": "1", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "1"}.items():
        monkeypatch.setenv(name, value)
    message = complaint("train", tiny_run.recipe_file, "--set", f"out=file://{tmp_path}/store")
    assert message.startswith(f"file://{tmp_path}/store is worked on in a folder that all machines must see")


def test_a_name_that_leaves_the_folder_is_nobodys(memory: fsspec.AbstractFileSystem, copies: Path) -> None:
    memory.pipe({"/run/../../evil": b"x", "/run/./evil": b"x", "/run/a\\b": b"x", "/run/good": b"x"})
    memory.store |= {"/run/../evil": memory.store["/run/good"]}
    with session():
        folder = opened("memory://run")
        assert [path.name for path in folder.rglob("*")] == ["good"]
    assert not list(copies.parent.rglob("evil"))


def test_messages_name_addresses(stored: tuple[Path, str]) -> None:
    _, address = stored
    with session():
        folder = opened(f"{address}/rows")
    assert with_addresses(f"{folder / 'x.ids'} is missing") == f"{address}/rows/x.ids is missing"
    assert with_addresses("runs/mine is missing") == "runs/mine is missing"
    answer = ls.compare(f"{address}:none", f"{address}:both")
    for shown in (str(answer), answer._repr_html_()):
        assert f"{address}:both" in shown and str(folder.parent) not in shown
