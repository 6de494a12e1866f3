"""Links that lead out of a folder: what they lead to is never changed, and damage to it is found."""

from pathlib import Path

import pytest

from langsamp.disk.files import replacing, write_text
from langsamp.disk.leftovers import sweep
from langsamp.disk.seals import check_sealed, seal
from langsamp.errors import DamagedError


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with a file, which no command was told of."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "file").write_text("theirs")
    return folder


@pytest.mark.parametrize("can_exchange", [True, False])
def test_what_replaces_a_link_or_a_folder_with_links_leaves_what_they_lead_to(
    outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr("langsamp.disk.leftovers._exchange", lambda *_: False)
    within, itself, file = tmp_path / "out" / "within", tmp_path / "out" / "itself", tmp_path / "out" / "text"
    within.mkdir(parents=True)
    for link, target in (
        (within / "folder", outside), (within / "file", outside / "file"), (itself, outside), (file, outside / "file"),
    ):  # fmt: skip
        link.symlink_to(target)
    for folder in (within, itself):
        with replacing(folder) as scratch:
            (scratch / "file").write_text("ours")
        assert not folder.is_symlink() and [path.name for path in folder.iterdir()] == ["file"]
    write_text(file, "ours")
    assert not file.is_symlink()
    assert [path.read_text() for path in outside.iterdir()] == ["theirs"]


def test_a_link_with_the_name_of_something_half_written_is_not_followed(outside: Path, tmp_path: Path) -> None:
    for name in (".rows.abcdefgh.new", ".rows.lock"):
        (tmp_path / name).symlink_to(outside)
    sweep(tmp_path)
    assert [path.read_text() for path in outside.iterdir()] == ["theirs"]


def test_damage_behind_a_link_is_found(outside: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights").symlink_to(outside / "file")
    seal(folder)
    check_sealed(folder, remedy="make it again")
    (outside / "file").write_text("theirS")
    with pytest.raises(DamagedError, match="weights does not match its checksum"):
        check_sealed(folder, remedy="make it again")
    (outside / "file").unlink()
    with pytest.raises(DamagedError, match="weights is missing"):
        check_sealed(folder, remedy="make it again")
