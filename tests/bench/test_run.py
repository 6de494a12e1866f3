"""Benchmarks by name: refused, printed within a terminal, kept as JSON."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from langsamp.bench.record import Record, Row, Target
from langsamp.bench.run import BENCHMARKS, run_benchmarks
from langsamp.bench.table import print_record
from langsamp.errors import UserError
from langsamp.provenance import SCHEMA

RECORD = Record(
    name="example",
    measures="One thing [or two] against another.",
    unit="sentences",
    rows=(
        Row(variant="the straightforward way, with all layers", seconds=12.3456, cpu_seconds=20.0, ratio=1.0,
            spread=(1.0, 1.0), rate=10.42, peak_mib=1234.5),
        Row(variant="ours", seconds=0.5, cpu_seconds=0.9, ratio=24.691, cpu_ratio=22.2, spread=(24.1, 25.6), rate=1e5),
    ),
    targets=(
        Target(name="speed", measured=24.691, limit=5),
        Target(name="MiB more", measured=40, limit=32, at_most=True),
    ),
    settings={"rounds": 3},
)  # fmt: skip


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UserError, match=r"no benchmark 'stepp'. Did you mean 'step'\?"):
        run_benchmarks(["stepp"])


def test_names_may_stand_for_several(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in BENCHMARKS:
        record = RECORD.model_copy(update={"name": name})
        monkeypatch.setitem(BENCHMARKS, name, lambda material, quick, record=record: record)
    found = [record.name for record in run_benchmarks(["evaluate", "step", "report"])]
    assert found == ["retrieval", "fine-tuning", "report", "step"]
    assert [record.name for record in run_benchmarks()] == [
        name for name in BENCHMARKS if not name.endswith(("-gpu", "-401k", "-768", "faults"))
    ]
    assert "step" in capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 100])
def test_the_table_fits_a_terminal(width: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    print_record(RECORD, console)
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert max(map(len, printed.splitlines())) <= width
    for text in (
        "[or two]",
        "the straightforward way",
        "22.20x",
        *(["12.3", "24.69x", "24.10-25.60", "1,234"] if width == 100 else []),  # a narrow terminal does without some
        "100,000",
        "sentences/s",
        "met: speed 24.7",
    ):
        assert text in printed
    assert "missed: MiB more 40 (at most 32)" in printed


def test_a_target_is_met_on_its_side() -> None:
    assert [target.is_met for target in RECORD.targets] == [True, False]
    assert Target(name="x", measured=0.7, limit=0.7).is_met
    assert Target(name="x", measured=0.02, limit=0.02, at_most=True).is_met


def test_records_are_kept_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(BENCHMARKS, "example", lambda material, quick: RECORD)
    assert run_benchmarks(["example", "example"], quick=True, out=tmp_path / "bench") == [RECORD]
    assert all((tmp_path / "bench" / f"example.{kind}").stat().st_size > 1000 for kind in ("pdf", "svg", "png"))
    stored = json.loads((tmp_path / "bench" / "example.json").read_text(encoding="utf-8"))
    assert stored["targets"][1]["is_met"] is False and stored["schema"] == SCHEMA
    assert Record.model_validate(stored) == RECORD
    assert "example" in capsys.readouterr().out
