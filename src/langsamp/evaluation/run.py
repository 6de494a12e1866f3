"""An evaluation from start to end: skip what is scored, run the rest, keep every failure in sight."""

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from langsamp.data.workers import as_they_end
from langsamp.disk.folders import check_folder
from langsamp.disk.seals import CHECKSUMS, is_sealed
from langsamp.errors import UserError, first_of
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.loading import check_device, doubts_of
from langsamp.evaluation.models import ModelFolder
from langsamp.evaluation.plan import PlannedCell, Shard, plan, usable_models
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.evaluation.scoring import KINDS, ScoringJob
from langsamp.evaluation.store import ResultStore
from langsamp.evaluation.task_texts import check_data
from langsamp.evaluation.tasks.answer_findings import answer_findings
from langsamp.evaluation.tasks.text_findings import copies_of_others, findings_of, findings_of_training
from langsamp.executors.dask_workers import with_gpus
from langsamp.languages.tags import LangScript
from langsamp.progress import Bar, say
from langsamp.scores.cells import AboutCell, CellRecord, LanguageResult, scored


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Something that was asked for and has no score."""

    model: str
    task: str
    """Empty where the model itself cannot be used."""
    source: str
    seed: int
    tag: str | None
    """None where the whole cell failed."""
    reason: str

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"{', '.join(part for part in (self.model, self.task, self.tag) if part)}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What `evaluate` gives back."""

    scores: pd.DataFrame
    """Tidy rows (`results.COLUMNS`) of what was asked for, whether scored now or before."""
    failures: tuple[Failure, ...]
    """Not empty where scores are missing: the command line then ends with exit code 3."""
    cells_run: int
    unmade: tuple[str, ...] = ()
    """Analyses that a run should have made and has not, a sentence each; the command line then ends with 3 too."""


_TOLD = 3
"""Notes, and languages of one, that are said on a terminal."""


class OnlyNames(dict[str, str]):
    """Names of models, by the way they are given, that are all the models of these names.

    What was scored for an earlier one of the same name is left out of the table.
    """


def evaluate(
    models: Sequence[Path | str],
    config: EvaluationConfig,
    out: Path,
    *,
    force: bool = False,
    device: str | None = None,
    names: Mapping[str, str] | None = None,
    shard: Shard = (1, 1),
    executor: Executor | None = None,
) -> Evaluation:
    """Score `models` on `config.tasks` and keep the scores below `out`; what is scored there already is not run again.

    `names` (see also `OnlyNames`) and `shard` as in `plan`. The workers of an `executor`, which must see the same
    folders, score the cells, each cell one of them. `force` runs everything again. An interrupted cell keeps the
    languages it finished.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: as `plan` does, where no model can be read, and where `out` cannot be written. What goes wrong with
            one of several models, one cell or one language is no error but a failure in the result.
    """
    if not models:
        raise UserError("expected at least one model to score, got none")
    check_folder(out / "cells")
    check_device(device)
    check_data(config)
    usable, unusable = usable_models(models, config, names=names)
    cells = plan(usable, config, out, force=force, names=names, shard=shard)
    store = ResultStore(out)
    store.sweep()
    called = {cell.model.fingerprint: cell.model.name for cell in cells}
    store.name_models(called, alone=isinstance(names, OnlyNames))
    for note in dict.fromkeys(note for cell in cells for note in (*cell.aliases.values(), *cell.left_out)):
        say(f"note: {note}")
    for model in {cell.model.folder: cell.model for cell in cells}.values():
        if not is_sealed(model.folder):
            say(f"note: {model.name} has no {CHECKSUMS}, as stock models have none: damage to its files is not seen")
    for doubt in chain.from_iterable(map(doubts_of, {cell.model.folder: None for cell in cells if cell.runs})):
        say(f"note: {doubt}")
    failures = [_unusable(name, reason) for name, reason in unusable.items()]
    here = [cell for cell in cells if not cell.elsewhere]
    score = functools.partial(_score, out=out, config=config, device=device, force=force)
    scoring = _scored_here(score, here) if executor is None else _scored_by(executor, score, here, out)
    ended = {id(cell): _told(cell, failed) for cell, failed in scoring}
    for damage in store.damaged():  # what was asked for now is whole again
        say(f"note: the scores of a cell are left out: {damage}")
    known = [*failures, *(failure for cell in here for failure in _failures(cell, _known(cell)))]
    for failure in dict.fromkeys(map(str, known)):  # what is wrong with a text is so with each seed
        say(f"FAILED {failure}")
    failures += [failure for cell in here for failure in _failures(cell, [*_known(cell), *(ended[id(cell)] or ())])]
    runs = sum(failed is not None and None not in dict(failed) for failed in ended.values())
    records = store.records()
    _tell_notes(cells, records, out)
    return Evaluation(scores=_asked(store, cells, records), failures=tuple(failures), cells_run=runs)


def _unusable(name: str, reason: str) -> Failure:
    return Failure(model=name, task="", source="", seed=0, tag=None, reason=reason)


_Failed = list[tuple[str | None, str]]
"""What failed in a cell: a tag, or None for the whole cell, and the reason."""


def _failures(cell: PlannedCell, failed: _Failed) -> list[Failure]:
    key, name = cell.wanted, cell.model.name
    return [
        Failure(model=name, task=cell.task.name, source=key.source, seed=key.seed, tag=tag, reason=reason)
        for tag, reason in failed
    ]


def _known(cell: PlannedCell) -> _Failed:
    """What of a cell was known to fail before it ran."""
    return [*cell.failures.items(), *([(None, cell.problem)] if cell.problem is not None else [])]


def _told(cell: PlannedCell, failed: _Failed | None) -> _Failed | None:
    """The same; what failed in a cell is said when it has ended, which others may not have for hours."""
    where = f" (from {cell.wanted.source}, seed {cell.wanted.seed})" if KINDS[cell.task.kind].fine_tunes else ""
    for failure in _failures(cell, failed or []):
        say(f"FAILED {failure}{where}")
    return failed


def _scored_here(
    score: Callable[[PlannedCell], _Failed], cells: Sequence[PlannedCell]
) -> Iterator[tuple[PlannedCell, _Failed | None]]:
    """Each cell and what failed in it, scored one after the other; None for one with nothing to run."""
    try:
        for cell in cells:
            say(str(cell))
            yield cell, score(cell) if cell.runs else None
    finally:
        _load.cache_clear()


def _scored_by(
    executor: Executor, score: "functools.partial[_Failed]", cells: Sequence[PlannedCell], out: Path
) -> Iterator[tuple[PlannedCell, _Failed | None]]:
    """The same as they end, scored by the workers of `executor`, which may run in another folder, a GPU for each."""
    for cell in cells:
        say(str(cell))
    yield from ((cell, None) for cell in cells if not cell.runs)
    running = [cell for cell in cells if cell.runs]
    score = functools.partial(score, out=out.absolute())
    sent = [cell.for_elsewhere() for cell in running]
    for number, failed in as_they_end(score, sent, with_gpus(executor), "scoring", unit="cells"):
        yield running[number], failed


@functools.lru_cache(maxsize=1)
def _load(model: ModelFolder, precision: str, token_budget: int | None, device: str | None) -> Encoder:
    """The model for retrieval, kept for the next cell."""
    return Encoder.load(model.folder, device=device, precision=precision, token_budget=token_budget)


def _job(cell: PlannedCell, config: EvaluationConfig, device: str | None) -> ScoringJob:
    return ScoringJob(
        model=cell.model,
        task=cell.task,
        cell=cell.wanted,
        texts=cell.texts,
        training=cell.training,
        config=config,
        device=device,
        encoder=functools.partial(_load, cell.model, config.precision, config.token_budget, device),
    )


def _score(cell: PlannedCell, *, out: Path, config: EvaluationConfig, device: str | None, force: bool) -> _Failed:
    """Run what of a cell no other process has scored since the plan."""
    store = ResultStore(out)
    try:
        with store.claimed(cell.wanted):
            left = cell if force else cell.without(scored(cell.wanted, store.records()))
            return _try(left, store, _job(left, config, device)) if left.texts else []
    except UserError as error:
        return [(None, str(error))]


def _try(cell: PlannedCell, store: ResultStore, job: ScoringJob) -> _Failed:
    """Run a cell and remember how it went."""
    try:
        _run(cell, job, store)
    except UserError as error:
        store.note_failure(cell.wanted, str(error))
        return [(None, str(error))]
    store.note_failure(cell.wanted, None)
    return list(job.failures.items())


def _run(cell: PlannedCell, job: ScoringJob, store: ResultStore) -> None:
    """Run one cell and store it; stopped half-way, it stores the languages that were finished."""
    kind, results = KINDS[cell.task.kind], list[LanguageResult]()
    if kind.fine_tunes:
        _load.cache_clear()  # training wants the memory of a model that is held for retrieval
    title = f"{cell.model.name} {cell.task.name}" + (f" seed {cell.wanted.seed}" if kind.fine_tunes else "")
    copies = copies_of_others(cell.texts)
    total = kind.amount(cell.texts, cell.training, cell.wanted.settings)
    started = time.monotonic()
    with Bar(title, total=total, unit=f"{kind.unit}s") as bar:
        try:
            for result in kind.score(job, bar.update):
                results.append(result)
                bar.note(str(result.tag))
        finally:
            if results:
                about = AboutCell(
                    model_name=cell.model.name,
                    metric=cell.task.metric,
                    wall_seconds=round(time.monotonic() - started, 2),
                    failures={**cell.failures, **job.failures},
                    notes={str(result.tag): note for result in results if (note := _note(cell, result, copies))},
                    aliases=cell.aliases,
                    dev_curve=tuple(job.dev_curve),
                    training_notes=(*_training_notes(cell), *job.training_notes),
                    facts={
                        "config": job.config.model_dump(mode="json"),
                        "num_layers": cell.model.num_layers,
                        "has_checksums": is_sealed(cell.model.folder),
                        "left_out": list(cell.left_out),
                    },
                )
                store.write(cell.of(result.tag for result in results), results, about)


def _note(cell: PlannedCell, result: LanguageResult, copies: Mapping[LangScript, str]) -> str:
    """What a reader of a language's score should know: of its text, and of how it was scored."""
    text = cell.texts[result.tag]
    copied = [copies[result.tag]] if result.tag in copies else []
    return "; ".join(
        (*text.notes, *findings_of(text, cell.training), *copied, *answer_findings(text, result), *result.notes)
    )


def _tell_notes(cells: Sequence[PlannedCell], records: Mapping[str, CellRecord], out: Path) -> None:
    """Say what the scores' readers should know, the same words once for all languages of a task, the first of many."""
    noted: dict[tuple[str, str], dict[str, None]] = {}
    for cell in cells:
        for tag, name in scored(cell.wanted, records).items():
            for note in filter(None, records[name].notes.get(tag, "").split("; ")):
                noted.setdefault((cell.task.name, note), {})[tag] = None
    for (task, note), tags in list(noted.items())[:_TOLD]:
        say(f"note: {task}, {first_of(list(tags), _TOLD)}: {note}")
    if len(noted) > _TOLD:
        say(f"note: {len(noted) - _TOLD} more notes on these scores are on the page of `langsamp report {out}`")


def _training_notes(cell: PlannedCell) -> list[str]:
    if cell.training is None:
        return []
    parts = {"train": cell.training.train.notes, "dev": cell.training.dev.notes}
    noted = [f"{split}: {note}" for split, notes in parts.items() for note in notes]
    return [*noted, *findings_of_training(cell.training)]


def _asked(store: ResultStore, cells: Sequence[PlannedCell], records: Mapping[str, CellRecord]) -> pd.DataFrame:
    """The rows of the table that answer the planned cells."""
    asked = {(name, tag) for cell in cells for tag, name in scored(cell.wanted, records).items()}
    table = store.scores()
    pairs = zip(table.cell, table.tag, strict=True)
    return table[np.fromiter((pair in asked for pair in pairs), dtype=bool)].reset_index(drop=True)
