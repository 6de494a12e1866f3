"""An evaluation from start to end: skip what is scored, run the rest, keep every failure in sight."""

import functools
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from langsamp.errors import UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.encoder import Encoder
from langsamp.evaluation.kinds import KINDS
from langsamp.evaluation.plan import PlannedCell, plan
from langsamp.evaluation.readers.parallel import ParallelText
from langsamp.evaluation.results import LanguageResult, ResultStore, scored


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Something that was asked for and has no score."""

    model: str
    task: str
    tag: str | None
    """None where the whole cell failed."""
    reason: str

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"{self.model}, {self.task}{f', {self.tag}' if self.tag else ''}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What `evaluate` gives back."""

    scores: pd.DataFrame
    """Tidy rows (`results.COLUMNS`) of what was asked for, whether scored now or before."""
    failures: tuple[Failure, ...]
    """Not empty where scores are missing: the command line then ends with exit code 3."""
    cells_run: int


def evaluate(
    models: Sequence[Path | str],
    config: EvaluationConfig,
    out: Path,
    *,
    force: bool = False,
    device: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Evaluation:
    """Score `models` on `config.tasks` and keep the scores below `out`; what is scored there already is not run again.

    `names` says what tables call a model, by the way it is given in `models` (default: that way). `force` runs
    everything again. An interrupted cell keeps the languages it finished.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: as `plan` does, and where `out` cannot be written. What goes wrong with one cell or one language is
            no error but a failure in the result.
    """
    cells = plan(models, config, out, force=force, names=names)
    store = ResultStore(out)
    store.name_models({cell.model.fingerprint: cell.model.name for cell in cells})
    failures = [
        Failure(model=cell.model.name, task=cell.task.name, tag=tag, reason=reason)
        for cell in cells
        for tag, reason in cell.failures.items()
    ]
    runs = 0
    load = functools.lru_cache(maxsize=1)(functools.partial(_load, config=config, device=device))
    for cell in cells:
        _say(str(cell))
        if cell.texts:
            try:
                _run(cell, store, load=functools.partial(load, cell.model.folder), config=config)
                runs += 1
            except UserError as error:
                failures.append(Failure(model=cell.model.name, task=cell.task.name, tag=None, reason=str(error)))
    for failure in failures:
        _say(f"FAILED {failure}")
    return Evaluation(scores=_asked(store, cells), failures=tuple(failures), cells_run=runs)


def _load(folder: Path, *, config: EvaluationConfig, device: str | None) -> Encoder:
    return Encoder.load(folder, device=device, precision=config.precision, token_budget=config.token_budget)


def _run(cell: PlannedCell, store: ResultStore, *, load: Callable[[], Encoder], config: EvaluationConfig) -> None:
    """Run one cell and store it; stopped half-way, it stores the languages that were finished."""
    kind, title = KINDS[cell.task.kind], f"{cell.model.name} {cell.task.name}"
    results: list[LanguageResult] = []
    started = time.monotonic()
    with tqdm(total=kind.amount(cell.texts), desc=title, unit=f" {kind.unit}s", file=sys.stderr) as bar:
        try:
            for result in kind.score(cell.texts, cell.wanted, load=load, advance=bar.update):
                results.append(result)
                bar.set_postfix_str(str(result.tag))
        finally:
            if results:
                store.write(
                    cell.of(result.tag for result in results),
                    results,
                    model_name=cell.model.name,
                    failures=cell.failures,
                    notes=_notes(cell.texts[result.tag] for result in results),
                    wall_seconds=time.monotonic() - started,
                    facts={"config": config.model_dump(mode="json"), "num_layers": cell.model.num_layers},
                )


def _notes(texts: Iterable[ParallelText]) -> dict[str, str]:
    return {
        str(text.tag): f"{text.blanks} of {len(text.target)} items have a blank side and count all the same"
        for text in texts
        if text.blanks
    }


def _asked(store: ResultStore, cells: Sequence[PlannedCell]) -> pd.DataFrame:
    """The rows of the table that answer the planned cells."""
    records = store.records()
    asked = {(name, tag) for cell in cells for tag, name in scored(cell.wanted, records).items()}
    table = store.scores()
    pairs = zip(table["cell"], table["tag"], strict=True)
    return table[[pair in asked for pair in pairs]].reset_index(drop=True)


def _say(line: str) -> None:
    tqdm.write(line, file=sys.stderr)
