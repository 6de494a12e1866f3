"""What would be sent is said exactly, and nothing is sent unasked."""

from pathlib import Path

import pytest
from huggingface_hub import constants
from transformers import PreTrainedTokenizerFast

from langsamp.errors import DamagedError, DataMissingError, UserError
from langsamp.model.interchange.pushing import plan_upload, send
from tests.model.test_export import exported


@pytest.fixture
def export(tmp_path: Path, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export, where the hub cannot be asked: every request of its client raises."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    exported(tmp_path, tokenizer, "xlm-roberta", "both")
    return tmp_path / "export"


def test_the_plan_is_every_file_of_the_export_with_its_size(export: Path) -> None:
    (export / "notes.txt").write_text("mine")
    (export / ".secret").write_text("token")
    (export / "README.md").write_text("my card")
    upload = plan_upload(export, "me/encoder")
    there = {path.name: path.stat().st_size for path in export.iterdir()}
    assert dict(upload.files) == {name: size for name, size in there.items() if name not in ("notes.txt", ".secret")}
    assert upload.left_out == (".secret", "notes.txt")
    assert upload.is_private and not plan_upload(export, "me/encoder", public=True).is_private


def test_any_other_model_goes_as_it_is_but_for_hidden_files(export: Path) -> None:
    (export / "checksums.json").unlink()
    (export / ".git").mkdir()
    (export / ".git" / "config").write_text("x")
    upload = plan_upload(export, "me/encoder")
    assert upload.left_out == (".git/config",)
    assert "model.safetensors" in dict(upload.files)


def test_nothing_is_sent_without_a_network(export: Path) -> None:
    with pytest.raises(UserError, match="nothing was sent: HF_HUB_OFFLINE"):
        send(plan_upload(export, "me/encoder"))


def test_nothing_is_sent_without_a_login(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(export / "no-token"))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match="nothing was sent: nobody is logged in"):
        send(plan_upload(export, "me/encoder"))


def test_a_hub_that_cannot_be_reached_is_one_line(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", "hf_none")
    with pytest.raises(UserError, match=r"me/encoder was not written: .*refused"):
        send(plan_upload(export, "me/encoder"))


@pytest.mark.parametrize("name", ["a b", "a/b/c", "-x", "me/../x"])
def test_a_name_that_no_repository_has_is_refused(export: Path, name: str) -> None:
    with pytest.raises(UserError, match="is no name of a repository"):
        plan_upload(export, name)


def test_only_a_whole_model_is_sent(export: Path, tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="there is no folder"):
        plan_upload(tmp_path / "nowhere", "me/encoder")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="is no model"):
        plan_upload(tmp_path / "empty", "me/encoder")
    (export / "config.json").write_text("{}")
    with pytest.raises(DamagedError, match=r"config\.json has 2 bytes"):
        plan_upload(export, "me/encoder")
