"""What doctor finds on machines that lack something."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from langsamp import doctor
from langsamp.doctor import Finding, examine


def named(findings: Sequence[Finding], name: str) -> Finding:
    (found,) = [finding for finding in findings if finding.name == name]
    return found


def test_this_machine_can_work(tmp_path: Path) -> None:
    findings = examine(tmp_path)
    assert [finding for finding in findings if finding.state == "problem"] == []
    names = [finding.name for finding in findings]
    assert len(set(names)) == len(names)
    assert {"Python", "packages", "extras", "processor", "threads", "memory", "disk", "folder", "hub"} <= set(names)
    assert all(finding.observed for finding in findings)
    assert "torch 2" in named(findings, "packages").observed
    assert not list(tmp_path.iterdir())


def test_missing_and_old_packages_are_named_with_their_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["numpy>=2", "torch>=999", "no-such-package<3,>=1", 'tensorboard>=2; extra == "tensorboard"']
    monkeypatch.setattr(doctor, "requires", lambda _: wanted)
    findings = examine()
    assert named(findings, "torch").state == named(findings, "no-such-package").state == "problem"
    assert ">=999 is needed" in named(findings, "torch").observed
    assert named(findings, "torch").mend == "pip install 'torch>=999'"
    assert named(findings, "no-such-package") == Finding(
        "no-such-package", "problem", "not installed", "pip install 'no-such-package<3,>=1'"
    )
    assert named(findings, "packages").observed.startswith("1 of 3 ")


def test_missing_extras_are_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ['no-such-package; extra == "wandb"', 'numpy; extra == "tensorboard"']
    monkeypatch.setattr(doctor, "requires", lambda _: wanted)
    extras = named(examine(), "extras")
    assert extras.state == "note"
    assert "wandb not installed" in extras.observed and "tensorboard installed" in extras.observed
    assert extras.mend == "pip install 'langsamp[wandb]'"


def test_another_python_is_a_problem() -> None:
    assert doctor._python(">=3.11").state == "ok"
    assert doctor._python(">=4").state == "problem"


def test_a_bare_source_folder_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "metadata", absent)
    assert named(examine(), "langsamp").state == "problem"


@pytest.mark.parametrize(
    ("free", "memory", "disk"), [(100 << 20, "problem", "problem"), (3 << 30, "note", "note"), (20 << 30, "ok", "ok")]
)
def test_room_is_judged(monkeypatch: pytest.MonkeyPatch, free: int, memory: str, disk: str) -> None:
    monkeypatch.setattr(doctor, "available_memory_bytes", lambda: free)
    monkeypatch.setattr(doctor, "free_bytes", lambda _: free)
    findings = examine()
    assert (named(findings, "memory").state, named(findings, "disk").state) == (memory, disk)


def test_a_place_that_cannot_be_written_to_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    folder = named(examine(file), "folder")
    assert folder.state == "problem" and str(file) in folder.observed
    assert named(examine(tmp_path / "later" / "deeper"), "folder").state == "ok"


def test_threads_that_fight_for_cores_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "usable_cores", lambda: 4)
    assert [doctor._threads(number).state for number in (1, 2, 4, 8)] == ["note", "ok", "ok", "note"]
    assert doctor._threads(8).mend == "set OMP_NUM_THREADS=4"


def test_the_processor_may_lack_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "processor_flags", lambda: frozenset({"avx2", "fma"}))
    assert named(examine(), "bf16").state == "note"
    monkeypatch.setattr(doctor, "processor_flags", lambda: frozenset({"avx512f", "avx512_bf16"}))
    assert named(examine(), "bf16").state == "ok"


def test_the_hub_is_described_by_its_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "hub" / "models--xlm-roberta-base").mkdir(parents=True)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    hub = named(examine(), "hub")
    assert hub.state == "ok" and f"1 models in the cache {tmp_path / 'hub'}" in hub.observed
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert named(examine(), "hub").state == "note"


def test_evaluation_data_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LANGSAMP_DATA", raising=False)
    assert named(examine(), "evaluation data").state == "note"
    monkeypatch.setenv("LANGSAMP_DATA", str(tmp_path))
    folder = tmp_path / "eval" / "sr_bible"
    folder.mkdir(parents=True)
    for tag in ("deu_Latn", "swh_Latn"):
        for side in ("eng_Latn", tag):
            (folder / f"{tag}-eng_Latn.{side}").write_text("x\n" * 10)
    findings = examine()
    assert named(findings, "sr-bible") == Finding("sr-bible", "ok", f"2 languages in {tmp_path / 'eval'}")
    assert named(findings, "sr-tatoeba").state == "note"


def test_doctor_is_light_to_import() -> None:
    code = "import sys, langsamp.doctor; sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    subprocess.run([sys.executable, "-c", code], check=True)
