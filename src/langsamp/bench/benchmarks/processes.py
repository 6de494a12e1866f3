"""What a second process brings to training and preparing, what Dask costs beside processes of this machine.

And what checkpoints cost, and how soon a training that goes on is at work. Every process computes in one thread.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from safetensors.torch import load_file

from langsamp.bench.benchmarks.preparation import ONE_THREAD, one_thread_workers, prepare_text
from langsamp.bench.faults.commands import IMPORTED, run_command
from langsamp.bench.fixtures import Fixtures
from langsamp.bench.record import Record, Row, Target
from langsamp.bench.timing import Times, alternate, compared, in_turns
from langsamp.errors import UserError
from langsamp.executors.opening import opened
from langsamp.training.config import TrainingConfig
from langsamp.training.reading_log import read_lines

_LEAST_TRAINING, _LEAST_PREPARING, _LEAST_DASK, _MOST_CHECKPOINTS = 1.6, 1.7, 1 / 1.1, 0.02
_MOST_TO_RESUME = 10.0
"""Seconds, beside those of loading the weights."""
_LEFT_OUT = 4
"""First steps of a training, in which memory is taken and paths are chosen."""
_TAGS = "deu_Latn,rus_Cyrl,swh_Latn,hin_Deva,tur_Latn,amh_Ethi"
_TRAINING, _CHECKPOINTS, _RESUMING = "training", "checkpoints", "resuming"


@dataclass(frozen=True, kw_only=True)
class ProcessesSize:
    """How much is measured."""

    documents: int
    """Of each tag, to prepare."""
    vocab_size: int
    hidden: int
    layers: int
    row_tokens: int
    rows_per_step: int
    steps: int
    checkpoint_every: int
    """Where checkpoints are measured; what they cost at the default is computed from that."""
    rounds: int


QUICK = ProcessesSize(
    documents=6000, vocab_size=8000, hidden=256, layers=4, row_tokens=64, rows_per_step=32, steps=16,
    checkpoint_every=4, rounds=1,
)  # fmt: skip
NORMAL = ProcessesSize(
    documents=12_000, vocab_size=8000, hidden=384, layers=6, row_tokens=128, rows_per_step=32, steps=24,
    checkpoint_every=5, rounds=3,
)  # fmt: skip


def measure_processes(material: Fixtures, size: ProcessesSize) -> Record:
    """Speed with two processes against one, Dask against processes, steps with checkpoints against steps without.

    And the seconds until a training that goes on has made a step.

    Raises:
        UserError: where a training that is measured fails.
    """
    trained, shares = _trainings(material.folder / "processes", size)
    resumed = _resumptions(material.folder / "processes", size)
    prepared = _preparations(material, size)
    targets = [
        Target(name="training, two processes", measured=_ratio(trained[1]), limit=_LEAST_TRAINING),
        Target(name="share of checkpoints at the default", measured=shares, limit=_MOST_CHECKPOINTS, at_most=True),
        Target(
            name="seconds to a resumed step, without loading",
            measured=_seconds(resumed[0]) - _seconds(resumed[2]),
            limit=_MOST_TO_RESUME,
            at_most=True,
        ),
        Target(name="preparing, two workers", measured=_ratio(prepared[1]), limit=_LEAST_PREPARING),
    ]
    if len(prepared) > 2:
        speed = _ratio(prepared[2]) / _ratio(prepared[1])
        targets.append(Target(name="two workers of Dask against two here", measured=speed, limit=_LEAST_DASK))
    return Record(
        name="processes",
        measures=(
            "The same training steps in two processes (gloo) and in one, with checkpoints and without; the time from "
            "the start of a training that goes on to its first step; the same text prepared by one worker, by two, and "
            "by two of Dask. One thread each; starting them counts but for Dask's."
        ),
        unit="tokens",
        rows=(*trained, *resumed, *prepared),
        targets=tuple(targets),
        settings=asdict(size),
    )


def _ratio(row: Row) -> float:
    assert row.ratio is not None
    return row.ratio


def _seconds(row: Row) -> float:
    assert row.seconds is not None
    return row.seconds


def _trainings(folder: Path, size: ProcessesSize) -> tuple[list[Row], float]:
    """Steps of one process, of two and of one that saves checkpoints; the share of these at the default interval."""
    recipe = _recipe(folder, size)
    _run(["prepare", str(recipe)], folder)
    never = size.steps + 1
    variants = {"one process": (1, never), "two processes": (2, never), "with checkpoints": (1, size.checkpoint_every)}
    seconds: dict[str, list[Times]] = {name: [] for name in variants}
    for _, name in in_turns(list(variants), rounds=size.rounds, title=_TRAINING):
        processes, every = variants[name]
        shutil.rmtree(folder / "run" / "models", ignore_errors=True)
        _run(["train", str(recipe), "--set", f"training.checkpoint_every={every}"], folder, processes=processes)
        took = _seconds_of_step(folder / "run" / "models" / "both-0" / "log.jsonl")
        seconds[name].append(Times(took, took))
    tokens = size.rows_per_step * size.row_tokens
    alone, pair, saving = seconds.values()
    groups = {
        _TRAINING: compared({"one process": alone, "two processes": pair}, amount=tokens),
        _CHECKPOINTS: compared({"without": alone, "with": saving}, amount=tokens),
    }
    rows = [_by_clock(row, group) for group, each in groups.items() for row in each]
    longer = median(with_them.seconds / without.seconds - 1 for without, with_them in zip(alone, saving, strict=True))
    return rows, max(longer, 0.0) * size.checkpoint_every / TrainingConfig().checkpoint_every


def _resumptions(folder: Path, size: ProcessesSize) -> list[Row]:
    """From the start of a training at its last checkpoint but one to its first step, and what of that must be."""
    model, words = folder / "run" / "models" / "both-0", ["train", str(folder / "recipe.yaml")]
    words += ["--set", f"training.checkpoint_every={size.steps - 1}"]
    shutil.rmtree(model.parent, ignore_errors=True)
    _run(words, folder)
    earlier, last = (model / "checkpoints" / f"step-{step:07}" for step in (size.steps - 1, size.steps))

    def resume() -> float:
        for done in (model / "export", last):
            shutil.rmtree(done)
        lines = [f"{line}\n" for line in (model / "log.jsonl").read_text("utf-8").splitlines()]
        (model / "log.jsonl").write_text("".join(line for line in lines if f'"step": {size.steps},' not in line))
        return _to_step(words, size.steps, model / "log.jsonl", said=folder / "said" / "resumed")

    importing = f"import {', '.join(IMPORTED)}"
    variants: dict[str, Callable[[], float]] = {
        "to the first step": resume,
        "importing alone": lambda: _timed(partial(subprocess.run, [sys.executable, "-c", importing], check=True)),
        "loading the weights alone": lambda: _timed(partial(load_file, earlier / "model.safetensors")),
    }
    seconds: dict[str, list[Times]] = {name: [] for name in variants}
    for _, name in in_turns(list(variants), rounds=size.rounds, title=_RESUMING):
        took = variants[name]()
        seconds[name].append(Times(took, took))
    return [_by_clock(row, _RESUMING) for row in compared(seconds)]


def _to_step(words: list[str], step: int, log: Path, *, said: Path) -> float:
    """Seconds from the start of a new Python until its training has logged a step; it ends then by itself."""
    began = time.perf_counter()
    with said.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "langsamp", *words],
            env=os.environ | ONE_THREAD | {"OMP_NUM_THREADS": "1"},
            stdout=file,
            stderr=file,
        )
    while process.poll() is None and not any(line.step == step for line in read_lines(log).train):
        time.sleep(0.01)
    seconds = time.perf_counter() - began
    if process.wait():
        raise UserError(f"langsamp {' '.join(words)} failed in a benchmark: {said.read_text('utf-8')[-500:]}")
    return seconds


def _timed(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def _recipe(folder: Path, size: ProcessesSize) -> Path:
    settings = {
        "hidden_size": size.hidden, "num_hidden_layers": size.layers, "num_attention_heads": size.hidden // 64,
        "intermediate_size": 4 * size.hidden, "max_position_embeddings": size.row_tokens + 2,
    }  # fmt: skip
    content: dict[str, Any] = {
        "name": "processes", "out": str(folder / "run"), "variants": ["both"],
        "corpus": {"source": "cldr", "languages": _TAGS, "documents_per_tag": 1000},
        "tokenizer": {"vocab_size": size.vocab_size},
        "rows": {"row_tokens": size.row_tokens, "held_out_rows": 0},
        "model": {"init": None, "model_type": "xlm-roberta", "settings": settings},
        "sampler": {"rows_per_step": size.rows_per_step},
        "training": {"steps": size.steps, "rows_per_batch": size.rows_per_step // 2, "log_every": 1},
    }  # fmt: skip
    folder.mkdir(parents=True)
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def _run(words: list[str], folder: Path, *, processes: int = 1) -> None:
    ended = run_command(words, said=folder / "said", processes=processes, threads=1)
    if ended.code:
        raise UserError(f"langsamp {' '.join(words)} failed in a benchmark: {ended.said[-500:]}")


def _seconds_of_step(log: Path) -> float:
    """Of a training's steps but the first ones, the mean; between the first and the last of them all counts."""
    first, *_, last = read_lines(log).train[_LEFT_OUT - 1 :]
    assert first.seconds is not None and last.seconds is not None
    return (last.seconds - first.seconds) / (last.step - first.step)


def _preparations(material: Fixtures, size: ProcessesSize) -> list[Row]:
    text, tokenizer = material.text(size.documents), material.tokenizer(size.vocab_size)
    fresh = (material.folder / f"prepared-by-{number}" for number in count())
    documents = size.documents * len(material.tags)

    def prepare(executor: Executor) -> None:
        prepare_text(text, tokenizer, next(fresh), row_tokens=size.row_tokens, executor=executor)

    def prepare_here(workers: int) -> None:
        with one_thread_workers(workers) as executor:
            prepare(executor)

    with _dask() as executors:
        variants = {"one worker": partial(prepare_here, 1), "two workers": partial(prepare_here, 2)}
        variants |= {name: partial(prepare, executor) for name, executor in executors.items()}
        taken = alternate(variants, rounds=size.rounds, title="preparing")
    return [_by_clock(row, f"preparing {documents:,} documents") for row in compared(taken)]


def _by_clock(row: Row, group: str) -> Row:
    """The row without processor time: that of processes which others started is not known here."""
    return row.model_copy(update={"group": group, "cpu_seconds": None, "cpu_ratio": None})


@contextmanager
def _dask() -> Iterator[Mapping[str, Executor]]:
    """Two workers of Dask on this machine, by name; none where it is not installed."""
    if find_spec("distributed") is None:
        yield {}
        return
    from distributed import LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", env=ONE_THREAD
        ) as cluster,
        opened(cluster.scheduler_address.replace("tcp://", "dask://")) as executor,
    ):
        assert executor is not None
        yield {"two workers of Dask": executor}
