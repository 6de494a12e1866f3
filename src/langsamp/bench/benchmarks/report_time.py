"""How long `langsamp report` and `table` take on the scores of a whole study, which are made up."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from langsamp.bench.fixtures import Fixtures
from langsamp.bench.record import Record, Target
from langsamp.bench.timing import alternate, compared
from langsamp.disk.files import write_text
from langsamp.evaluation.store import ResultStore
from langsamp.languages.table import tags
from langsamp.languages.tags import LangScript
from langsamp.scores.cells import AboutCell, Cell, LanguageResult

_MOST_SECONDS = 10.0
_MODELS = ("none-0", "both-0", "none-1", "both-1", "language-0")
_RETRIEVAL = ("sr-bible", "sr-tatoeba")
_METRICS = {
    "sr-bible": ("top10_accuracy", "top5_accuracy", "top1_accuracy"),
    "sr-tatoeba": ("top10_accuracy", "top5_accuracy", "top1_accuracy"),
    "taxi1500": ("macro_f1", "accuracy"),
    "sib200": ("macro_f1", "accuracy"),
    "ner": ("seqeval_f1", "accuracy"),
    "pos": ("seqeval_f1", "accuracy", "macro_f1"),
}
"""The main one first."""
_CONTROLS = ("layer0", "ngram", "chance")
_LOOKS = 40
_ITEMS = 20


@dataclass(frozen=True, kw_only=True)
class ReportSize:
    """How many scores there are."""

    models: int
    languages: int
    seeds: int
    rounds: int


QUICK = ReportSize(models=3, languages=120, seeds=2, rounds=1)
NORMAL = ReportSize(models=5, languages=370, seeds=5, rounds=3)


def measure_report(material: Fixtures, size: ReportSize) -> Record:
    """Seconds of the commands, from their start to their end."""
    run = write_run(material.folder / "report-run", size)
    commands = {
        "langsamp report": ["report", str(run)],
        "langsamp table --paper 1": ["table", str(run), "--paper", "1"],
        "langsamp table --paper 7": ["table", str(run), "--paper", "7"],
    }
    ways = {name: partial(_langsamp, words) for name, words in commands.items()}
    rows = compared(alternate(ways, rounds=size.rounds, title="report"))
    number = len(ResultStore(run / "evaluation").scores())
    return Record(
        name="report",
        measures=(
            f"Commands over made-up scores of {size.models} models on {len(_METRICS)} tasks in {size.languages} "
            f"languages with {size.seeds} seeds ({number:,} numbers), from their start to their end."
        ),
        unit="commands",
        rows=tuple(row.model_copy(update={"ratio": None, "spread": None, "cpu_ratio": None}) for row in rows),
        targets=tuple(
            Target(
                name=f"processor seconds of {row.variant}",
                measured=row.cpu_seconds or 0.0,
                limit=_MOST_SECONDS,
                at_most=True,
            )
            for row in rows
        ),
        settings={**asdict(size), "tasks": list(_METRICS), "numbers": number},
    )


def write_run(folder: Path, size: ReportSize) -> Path:
    """A run folder with nothing but a recipe and made-up scores, written as `evaluate` writes them."""
    write_text(folder / "recipe.yaml", "name: bench\n")
    store, generator = ResultStore(folder / "evaluation"), np.random.default_rng(0)
    every = tags()
    chosen = every[:: max(1, len(every) // size.languages)][: size.languages]
    for model, name in enumerate(_MODELS[: size.models]):
        for task, metrics in _METRICS.items():
            for seed in range(1 if task in _RETRIEVAL else size.seeds):
                cell = _cell(f"{model:016x}", task, seed, chosen)
                results = [_result(tag, task, generator) for tag in chosen]
                about = AboutCell(model_name=name, metric=metrics[0], wall_seconds=1.0, dev_curve=_curve(task))
                store.write(cell, results, about)
    store.scores()
    return folder


def _cell(model: str, task: str, seed: int, chosen: Sequence[LangScript]) -> Cell:
    return Cell(
        model=model,
        task=task,
        protocol="fixed",
        source="eng_Latn",
        seed=seed,
        settings={"layer": 8 if task in _RETRIEVAL else None, "selection": "none", "precision": "fp32", "version": 1},
        revisions={str(tag): "0" * 16 for tag in chosen},
    )


def _result(tag: LangScript, task: str, generator: np.random.Generator) -> LanguageResult:
    names = [
        *_METRICS[task],
        *(f"{kind}_{name}" for kind in _CONTROLS for name in _METRICS[task] if task in _RETRIEVAL),
    ]
    if task in _RETRIEVAL:
        predictions: dict[str, Any] = {"rank": generator.integers(1, 100, size=_ITEMS)}
    else:
        predictions = {
            "gold": np.full(_ITEMS, "a", dtype=object),
            "predicted": generator.choice(["a", "b"], size=_ITEMS),
        }
    return LanguageResult(
        tag=tag,
        metrics={name: float(generator.uniform(0, 100)) for name in names},
        predictions=predictions,
        num_items=_ITEMS,
    )


def _curve(task: str) -> list[dict[str, Any]]:
    if task in _RETRIEVAL:
        return []
    scores = dict.fromkeys(_METRICS[task], 50.0)
    return [
        {"epoch": look, "step": 10 * look, "train_loss": 1.0, "kept": look == 1, "metrics": scores}
        for look in range(1, _LOOKS + 1)
    ]


def _langsamp(words: Sequence[str]) -> None:
    """Run the command; its failure would be a defect of ours."""
    done = subprocess.run(
        [sys.executable, "-m", "langsamp", *words], check=False, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, f"langsamp {words[0]} ends with {done.returncode}: {done.stderr[-2000:]}"
