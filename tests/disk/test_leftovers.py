"""What a killed process leaves half-written is swept by the next one, and nothing else is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from langsamp.disk import leftovers
from langsamp.disk.files import locked, replacing, write_text
from langsamp.disk.folders import check_new_folder
from langsamp.disk.leftovers import sweep

_KILLED = """
import os, signal, sys
from pathlib import Path
from langsamp.disk.files import locked, replacing
target = Path(sys.argv[1])
with locked(target), replacing(target) as fresh:
    (fresh / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_kill_leaves_goes_and_the_rest_stays(tmp_path: Path) -> None:
    target = tmp_path / "export"
    write_text(target / "whole", "whole")
    subprocess.run([sys.executable, "-c", _KILLED, str(target)], check=False)
    assert len(names(tmp_path)) == 3, "scratch, lock and the folder itself"
    for name in (".mine", ".export.txt", ".export.abcdefgh.new.txt", "export.abcdefgh.new"):
        (tmp_path / name).write_text("of the user")
    kept = [".export.abcdefgh.new.txt", ".export.txt", ".mine", "export", "export.abcdefgh.new"]
    sweep(tmp_path, name="other")
    assert len(names(tmp_path)) == 7
    sweep(tmp_path, tmp_path / "nowhere")
    assert names(tmp_path) == kept and names(target) == ["whole"]


def test_what_a_living_process_holds_stays(tmp_path: Path) -> None:
    with locked(tmp_path / "one"), replacing(tmp_path / "one") as fresh:
        (fresh / "part").write_text("part")
        before = names(tmp_path)
        sweep(tmp_path)
        write_text(tmp_path / "two", "another file")
        assert names(tmp_path) == [*before, "two"]
    assert names(tmp_path) == ["one", "two"]


def test_the_next_writer_of_a_name_sweeps_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "export")], check=False)
    with replacing(tmp_path / "export") as fresh:
        (fresh / "whole").write_text("whole")
    assert names(tmp_path) == ["export"]


def test_who_asks_whether_a_folder_is_new_sweeps_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "export")], check=False)
    check_new_folder(tmp_path / "export")
    assert names(tmp_path) == []


def test_a_folder_put_aside_without_a_successor_gets_its_name_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "export"
    write_text(target / "whole", "whole")
    (tmp_path / ".export.abcdefgh.new").mkdir()
    target.rename(tmp_path / ".export.abcdefgh.new" / "old")
    sweep(tmp_path)
    assert names(tmp_path) == ["export"] and names(target) == ["whole"]


@pytest.mark.parametrize("exchanges", [True, False])
def test_a_folder_is_replaced_with_and_without_an_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanges: bool
) -> None:
    if not exchanges:  # as on a system or a disk that cannot
        monkeypatch.setattr(leftovers, "_exchange", lambda *_: False)
    for content in ("first", "second"):
        with replacing(tmp_path / "export") as fresh:
            (fresh / content).write_text(content)
    assert names(tmp_path / "export") == ["second"] and names(tmp_path) == ["export"]


def test_at_no_moment_of_a_replacement_is_there_no_folder(tmp_path: Path) -> None:
    target = tmp_path / "export"
    write_text(target / "whole", "whole")
    seen = []
    sys.addaudithook(lambda event, _: seen.append(target.is_dir()) if event in ("os.rename", "shutil.rmtree") else None)
    with replacing(target) as fresh:
        (fresh / "whole").write_text("new")
    assert seen and all(seen) and os.listdir(target) == ["whole"]  # noqa: PTH208
