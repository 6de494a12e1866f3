"""What an evaluation would do: which cells are scored, which are to run, and which text cannot be read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from langsamp.errors import UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.kinds import KINDS
from langsamp.evaluation.models import ModelFolder, default_layer, find_model
from langsamp.evaluation.readers.parallel import ParallelReader, ParallelText
from langsamp.evaluation.results import Cell, ResultStore, scored
from langsamp.evaluation.tasks import Task, task
from langsamp.languages.select import select
from langsamp.languages.tags import LangScript


@dataclass(frozen=True, kw_only=True)
class PlannedCell:
    """One model on one task."""

    model: ModelFolder
    task: Task
    wanted: Cell
    """The cell that would hold all wanted languages whose text can be read."""
    texts: Mapping[LangScript, ParallelText]
    """Text of the languages that are to run, the others being scored."""
    failures: Mapping[str, str]
    """Why, by tag, a wanted language cannot be read."""

    def of(self, tags: Iterable[LangScript]) -> Cell:
        """The cell that holds `tags`, some of `texts`."""
        return self.wanted.model_copy(update={"revisions": {str(tag): self.texts[tag].revision for tag in tags}})

    @property
    def row(self) -> dict[str, str | int]:
        """Its line in the plan's table."""
        kind, readable = KINDS[self.task.kind], len(self.wanted.revisions)
        return {
            "model": self.model.name,
            "task": self.task.name,
            "protocol": self.wanted.protocol,
            "layer": self.wanted.settings["layer"],
            "languages": readable + len(self.failures),
            "done": readable - len(self.texts),
            "to_run": len(self.texts),
            "failed": len(self.failures),
            "amount": f"{kind.amount(self.texts):,} {kind.unit}s",
        }

    def __str__(self) -> str:
        """One line for the terminal."""
        row, depth = self.row, self.model.num_layers
        default = " (two thirds of the depth)" if row["layer"] == default_layer(depth) else ""
        return (
            f"{row['model']}, {row['task']} ({row['protocol']}): {row['languages']} languages, {row['done']} done, "
            f"{row['to_run']} to run, {row['failed']} failed; layer {row['layer']} of {depth}{default}"
        )


def plan(
    models: Sequence[Path | str],
    config: EvaluationConfig,
    out: Path,
    *,
    force: bool = False,
    names: Mapping[str, str] | None = None,
) -> list[PlannedCell]:
    """The cells of an evaluation in the order of running; reads texts and hashes models, but loads no model.

    `names` says what tables call a model, by the way it is given in `models` (default: that way).

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for a model that does not exist or is given twice, an unknown language, a layer out of range.
    """
    found = _distinct(find_model(model, name=(names or {}).get(str(model))) for model in models)
    readers, chosen = _open(config)
    read = {name: _read(reader, chosen) for name, reader in readers.items()}
    records = ResultStore(out).records()
    cells = []
    for model in found:
        for each in map(task, config.tasks):
            texts, failures = read[each.name]
            wanted = _cell(model, each, texts, config)
            done = {} if force else scored(wanted, records)
            to_run = {tag: text for tag, text in texts.items() if str(tag) not in done}
            cells.append(PlannedCell(model=model, task=each, wanted=wanted, texts=to_run, failures=failures))
    return cells


def check_data(config: EvaluationConfig) -> None:
    """Raise what `plan` would raise of data and languages; opens no file.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for an unknown language.
    """
    _open(config)


def _open(config: EvaluationConfig) -> tuple[dict[str, ParallelReader], set[LangScript]]:
    """The reader of each task, and the languages that are wanted."""
    readers = {name: task(name).open(config.data, config.seed) for name in config.tasks}
    everywhere = sorted({tag for reader in readers.values() for tag in reader.tags})
    return readers, set(select(config.languages, everywhere))


def _distinct(models: Iterable[ModelFolder]) -> list[ModelFolder]:
    found: dict[str, ModelFolder] = {}
    for model in models:
        same = found.setdefault(model.fingerprint, model)
        if same is not model:
            raise UserError(
                f"{same.name} and {model.name} are the same encoder (equal weights, tokenizer and config); give one"
            )
    return list(found.values())


def _read(reader: ParallelReader, chosen: set[LangScript]) -> tuple[dict[LangScript, ParallelText], dict[str, str]]:
    """The text of the chosen languages that can be read, and why the others cannot."""
    texts, failures = {}, {}
    for tag in reader.tags:
        if tag in chosen:
            try:
                texts[tag] = reader.read(tag)
            except UserError as error:
                failures[str(tag)] = str(error)
    return texts, failures


def _cell(model: ModelFolder, each: Task, texts: Mapping[LangScript, ParallelText], config: EvaluationConfig) -> Cell:
    return Cell(
        model=model.fingerprint,
        task=each.name,
        protocol=config.protocol,
        source=str(each.source),
        seed=config.seed if each.draws else 0,
        settings=KINDS[each.kind].settings(model, config),
        revisions={str(tag): text.revision for tag, text in texts.items()},
    )
