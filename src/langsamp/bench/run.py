"""The benchmarks by name: measured one after another, printed as they come, kept as JSON."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from langsamp.bench.benchmarks import (
    batch_making,
    continued,
    finetuning,
    loss_backends,
    preparation,
    processes,
    report_time,
    retrieval,
    scale,
    step,
    trainer_overhead,
)
from langsamp.bench.benchmarks.batch_making import measure_data
from langsamp.bench.benchmarks.continued import measure_continue
from langsamp.bench.benchmarks.finetuning import measure_finetuning
from langsamp.bench.benchmarks.loss_backends import measure_loss
from langsamp.bench.benchmarks.preparation import measure_prepare
from langsamp.bench.benchmarks.processes import measure_processes
from langsamp.bench.benchmarks.profile import measure_parts
from langsamp.bench.benchmarks.report_time import measure_report
from langsamp.bench.benchmarks.retrieval import measure_retrieval
from langsamp.bench.benchmarks.scale import measure_scale
from langsamp.bench.benchmarks.start import measure_start
from langsamp.bench.benchmarks.step import measure_step
from langsamp.bench.benchmarks.step_gpu import measure_step_on_gpu
from langsamp.bench.benchmarks.trainer_overhead import measure_trainer
from langsamp.bench.faults import harm
from langsamp.bench.faults.harm import measure_faults
from langsamp.bench.figure import figure
from langsamp.bench.fixtures import Fixtures
from langsamp.bench.record import Record
from langsamp.bench.table import print_record
from langsamp.disk.files import write_json
from langsamp.errors import UserError, did_you_mean
from langsamp.render.saving import save_figures

BENCHMARKS: dict[str, Callable[[Fixtures, bool], Record]] = {
    "start": lambda material, quick: measure_start(),
    "prepare": lambda material, quick: measure_prepare(material, preparation.QUICK if quick else preparation.NORMAL),
    "data": lambda material, quick: measure_data(material, batch_making.QUICK if quick else batch_making.NORMAL),
    "scale": lambda material, quick: measure_scale(material, scale.QUICK if quick else scale.NORMAL),
    "processes": lambda material, quick: measure_processes(material, processes.QUICK if quick else processes.NORMAL),
    "trainer": lambda material, quick: measure_trainer(
        material, trainer_overhead.QUICK if quick else trainer_overhead.NORMAL
    ),
    "step": lambda material, quick: measure_step(step.QUICK if quick else step.NORMAL),
    "step-401k": lambda material, quick: measure_step(step.QUICK if quick else step.LARGE),
    "continue": lambda material, quick: measure_continue(continued.QUICK if quick else continued.NORMAL),
    "continue-768": lambda material, quick: measure_continue(
        continued.QUICK if quick else continued.BASE, name="continue-768"
    ),
    "parts": lambda material, quick: measure_parts(step.QUICK if quick else step.NORMAL),
    "step-gpu": lambda material, quick: measure_step_on_gpu(step.QUICK if quick else step.GPU),
    "loss-gpu": lambda material, quick: measure_loss(
        loss_backends.QUICK if quick else loss_backends.GPU, device="cuda"
    ),
    "loss": lambda material, quick: measure_loss(loss_backends.QUICK if quick else loss_backends.NORMAL),
    "retrieval": lambda material, quick: measure_retrieval(material, retrieval.QUICK if quick else retrieval.NORMAL),
    "fine-tuning": lambda material, quick: measure_finetuning(
        material, finetuning.QUICK if quick else finetuning.NORMAL
    ),
    "report": lambda material, quick: measure_report(material, report_time.QUICK if quick else report_time.NORMAL),
    "faults": lambda material, quick: measure_faults((harm.QUICK if quick else harm.NORMAL).counted(material.count)),
}
"""What can be measured, each a function of (material, quick)."""

_ON_GPU = ("step-gpu", "loss-gpu")
_BY_NAME = (*_ON_GPU, "step-401k", "continue-768", "faults")
"""What is measured only where it is named."""
GROUPS = {
    "evaluate": ("retrieval", "fine-tuning", "report"),
    "gpu": _ON_GPU,
    "all": tuple(name for name in BENCHMARKS if name not in _BY_NAME),
}
"""Names for several; `all` are those for a CPU, `step` at one vocabulary, without `faults`."""


def run_benchmarks(
    names: Sequence[str] = (), *, quick: bool = False, out: Path | None = None, count: int | None = None
) -> list[Record]:
    """The records of the benchmarks with these `names`, of all for none or `all`, each printed when it is there.

    `quick` measures less: smaller sizes, fewer rounds. Each record goes to `out / "NAME.json"`, and as a
    picture beside it where there are times. `count` is how many kills `faults` does, with half as many changed bytes.

    Raises:
        UserError: for a name that is none.
    """
    records = []
    with tempfile.TemporaryDirectory(prefix="langsamp-bench-") as scratch:
        material = Fixtures(folder=Path(scratch), count=count)
        for name in dict.fromkeys(_single(names or ["all"])):
            record = BENCHMARKS[name](material, quick)
            print_record(record)
            if out is not None:
                write_json(out / f"{name}.json", record.model_dump(mode="json", by_alias=True))
                if any(row.seconds is not None for row in record.rows):
                    save_figures({name: figure(record)}, out)
            records.append(record)
    return records


def _single(names: Sequence[str]) -> Iterator[str]:
    """The benchmarks that `names` stand for."""
    known = (*BENCHMARKS, *GROUPS)
    for name in names:
        if name not in known:
            raise UserError(f"no benchmark {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}")
        if name in (*_ON_GPU, "gpu") and not torch.cuda.is_available():
            raise UserError(f"the benchmark {name!r} needs a CUDA device, and torch {torch.__version__} sees none here")
    for name in names:
        yield from GROUPS.get(name, (name,))
