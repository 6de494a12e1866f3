"""Folders and files appear whole or not at all, under names made of content."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerFast

from langsamp.disk.files import (
    free_bytes,
    locked,
    read_json,
    read_versioned,
    replacing,
    write_bytes,
    write_json,
    write_text,
    writing,
)
from langsamp.disk.seals import read_seal
from langsamp.errors import DamagedError, OtherVersionError, UserError
from langsamp.provenance import SCHEMA, differing_keys, fingerprint, provenance
from tests.tiny_run import full_disk


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    with replacing(target) as fresh:
        (fresh / "a").write_text("1")
        assert not target.exists()
    with replacing(target) as fresh:
        (fresh / "b").write_text("2")
        assert names(target) == ["a"]
    assert names(target) == ["b"]
    assert names(target.parent) == ["target"]


@pytest.mark.parametrize("trouble", [RuntimeError, KeyboardInterrupt, UserError])
def test_what_fails_leaves_the_old_folder_and_nothing_else(tmp_path: Path, trouble: type[BaseException]) -> None:
    with replacing(tmp_path / "target") as fresh:
        (fresh / "a").write_text("1")
    with pytest.raises(trouble), replacing(tmp_path / "target") as fresh:
        (fresh / "a").write_text("2")
        raise trouble("in the middle")
    assert names(tmp_path) == ["target"]
    assert (tmp_path / "target" / "a").read_text() == "1"


def test_a_file_is_replaced_as_a_whole_and_left_alone_if_it_is_equal(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_text(path, "größer")
    assert path.read_bytes() == "größer".encode()
    before = path.stat()
    write_text(path, "größer")
    assert path.stat() == before
    write_bytes(path, b"other")
    assert path.read_bytes() == b"other"
    assert names(path.parent) == ["file"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_full_disk_is_one_message_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_text(path, "old")
    with full_disk(1000), pytest.raises(UserError, match=r"cannot write .*file: File too large; nothing was changed"):
        write_text(path, "new" * 1000)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_every_library_that_meets_a_full_disk_gets_the_message(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    writers = {
        "safetensors": lambda folder: save_file({"a": torch.zeros(1000)}, folder / "a.safetensors"),
        "tokenizers": tokenizer.save_pretrained,
        "numpy": lambda folder: np.zeros(1000).tofile(folder / "a.ids"),
    }
    for name, write in writers.items():
        with full_disk(1000), pytest.raises(UserError, match=f"cannot write .*{name}"), replacing(tmp_path / name) as f:
            write(f)
    assert names(tmp_path) == []


@pytest.mark.parametrize("is_relative", [False, True])
def test_a_place_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_relative: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    root = Path() if is_relative else tmp_path
    (root / "file").write_text("a file")
    (root / "folder").mkdir()
    for place in ("file/target", "file/deep/target", "folder"):
        with pytest.raises(UserError, match=f"cannot write .*{place}"):
            write_text(root / place, "text")
    for place in ("file/target", "file/deep/target"):
        with pytest.raises(UserError, match=f"cannot write .*{place}"), replacing(root / place):
            pass
    assert names(tmp_path) == ["file", "folder"]
    assert not names(root / "folder")


def test_trouble_elsewhere_keeps_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), writing(tmp_path / "out" / "file"):
        (tmp_path / "in").read_text()
    with pytest.raises(UserError, match="mine"), writing(tmp_path / "file"):
        raise UserError("mine (os error 2)")
    with pytest.raises(ZeroDivisionError), writing(tmp_path / "file"):
        1 / 0  # noqa: B018


def test_json_comes_back_and_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"ሀ": [1, None, "b"]})
    assert read_json(path) == {"ሀ": [1, None, "b"]}
    assert "ሀ" in path.read_text(encoding="utf-8")
    for damage in (b"{", b"", b'{"a": "\xff"}'):
        path.write_bytes(damage)
        with pytest.raises(DamagedError, match=r"a\.json is not readable"):
            read_json(path)


def test_a_fingerprint_names_content_not_order() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert len({fingerprint(each) for each in ({"a": 1}, {"a": 2}, {"b": 1}, [1, 2], [2, 1], "1", 1, None)}) == 8
    assert len(fingerprint("x")) == 16 and int(fingerprint("x"), 16) >= 0


def test_differences_are_named_down_to_the_leaf() -> None:
    mine, theirs = {"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 1, "c": 4}, "e": 5}
    assert differing_keys(mine, theirs) == ["a.c: 4 -> 2", "d: None -> 3", "e: 5 -> None"]
    assert not differing_keys(mine, dict(mine))


def test_provenance_says_what_made_it(tmp_path: Path) -> None:
    facts = json.loads(json.dumps(provenance(data="abc")))
    assert facts["data"] == "abc"
    assert {"schema", "versions", "git", "command", "machine", "finished", "wall_seconds", "peak_memory_mib"} <= set(
        facts
    )
    assert {"python", "torch", "transformers", "langsamp"} <= set(facts["versions"])
    assert str(Path.home()) not in json.dumps(facts["machine"])


def test_free_space_is_that_of_the_nearest_folder(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet") == pytest.approx(free_bytes(tmp_path), rel=0.1)
    assert free_bytes(Path("not/yet")) > 0
    assert os.listdir(tmp_path) == []  # noqa: PTH208


_HOLD = """
import sys, time
from pathlib import Path
from langsamp.disk.files import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(100)
"""


def test_two_processes_do_not_make_one_folder_and_a_kill_frees_it(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "rows"
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(folder)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "locked\n"
        holder = rf"\(pid {other.pid} on {re.escape(socket.gethostname())}\)"
        with pytest.raises(UserError, match=rf"another process {holder} is at work on .*rows: wait"), locked(folder):
            raise AssertionError("two at once")
        with locked(tmp_path / "run" / "models"):  # other folders are free
            pass
        other.kill()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), locked(folder):
            1 / 0  # noqa: B018
    assert names(tmp_path / "run") == []


def test_a_file_of_another_schema_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"schema": SCHEMA, "a": 2})
    assert read_versioned(path, remedy="make it again") == {"schema": SCHEMA, "a": 2}
    for content, found in (({"schema": 99}, "99"), ({"a": 1}, "None"), ([], "None")):
        write_json(path, content)
        with pytest.raises(DamagedError, match=rf"a\.json has schema {found}, expected {SCHEMA}: .*; make it again"):
            read_versioned(path, remedy="make it again")


def test_what_an_older_version_wrote_is_never_to_be_deleted(tmp_path: Path) -> None:
    write_json(tmp_path / "cell.json", {"schema": SCHEMA - 1})
    for read in (
        lambda: read_versioned(tmp_path / "cell.json", remedy="delete that cell"),
        lambda: read_seal(tmp_path, remedy="delete that cell"),
    ):
        with pytest.raises(OtherVersionError, match=r"cell\.json has schema .* Delete nothing") as told:
            read()
        assert "delete that cell" not in str(told.value)
