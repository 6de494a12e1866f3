"""What an evaluation would do: which cells are scored, which are to run, and which text cannot be read."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from langsamp.addresses import with_addresses
from langsamp.errors import UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.models import ModelFolder, find_model
from langsamp.evaluation.scoring import KINDS, Texts
from langsamp.evaluation.store import ResultStore
from langsamp.evaluation.task_texts import TaskText, check_data, read_task_texts
from langsamp.evaluation.tasks.examples import TrainAndDev
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.readers.formats.parallel import ENGLISH
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.evaluation.tasks.task import Task, TaskData
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import unnamed_vectors
from langsamp.model.hidden_layers import chosen_layer, default_layer
from langsamp.progress import say
from langsamp.scores.cells import Cell, scored

_SENTENCE_ENCODER = "modules.json"
"""A file that sentence-transformers writes beside a model."""
Shard = tuple[int, int]
"""Which of how many equal parts of the cells, counted from 1."""


class PlanRow(NamedTuple):
    """What the plan's table says of a cell."""

    model: str
    task: str
    protocol: str
    source: str
    seed: int
    layer: int | None
    """None where the task fine-tunes."""
    state: str
    languages: int
    """That are wanted."""
    done: int
    to_run: int
    failed: int
    """Whose text cannot be read."""
    amount: str
    """Of work: `1,200 sentences`."""
    why: str | None
    """Why it cannot run, or gave nothing when it last did."""


@dataclass(frozen=True, kw_only=True)
class PlannedCell:
    """One model on one task, fine-tuned on one source with one seed where the task fine-tunes."""

    model: ModelFolder
    task: Task
    wanted: Cell
    """The cell that would hold all wanted languages whose text can be read."""
    texts: Texts
    """Text of the languages that are to run, the others being scored."""
    training: TrainAndDev[Any] | None
    failures: Mapping[str, str]
    """Why, by tag, a wanted language cannot be read."""
    aliases: Mapping[str, str]
    """What was asked for under another code, by the tag that is taken for it: one sentence each."""
    left_out: Sequence[str] = ()
    """Files of the task that look like data and cannot be used, with the reason."""
    problem: str | None = None
    """Why the cell cannot run at all."""
    failed_before: str | None = None
    """Why the last run of it gave nothing."""
    elsewhere: bool = False
    """True where the cell is another shard's."""

    def of(self, tags: Iterable[LangScript]) -> Cell:
        """The cell that holds `tags`, some of `texts`."""
        return self.wanted.model_copy(update={"revisions": {str(tag): self.texts[tag].revision for tag in tags}})

    def without(self, tags: Collection[str]) -> "PlannedCell":
        """The same with less to run: not the languages `tags`."""
        return replace(self, texts={tag: text for tag, text in self.texts.items() if str(tag) not in tags})

    def for_elsewhere(self) -> "PlannedCell":
        """The same as it can be sent to a process that may run in another folder."""
        model = replace(self.model, folder=self.model.folder.absolute())
        return replace(self, model=model, task=replace(self.task, open=_is_read))

    @property
    def runs(self) -> bool:
        """Whether there is anything to do here."""
        return bool(self.texts) and self.problem is None and not self.elsewhere

    @property
    def state(self) -> str:
        """`done`, `missing`, `failed` (the last run gave nothing), `impossible`, or `elsewhere`: another shard's."""
        if self.problem is not None:
            return "impossible"
        if not self.texts:
            return "done"
        if self.elsewhere:
            return "elsewhere"
        return "failed" if self.failed_before else "missing"

    @property
    def row(self) -> PlanRow:
        """Its line in the plan's table."""
        kind, readable = KINDS[self.task.kind], len(self.wanted.revisions)
        amount = kind.amount(self.texts, self.training, self.wanted.settings) if self.runs else 0
        return PlanRow(
            model=self.model.name,
            task=self.task.name,
            protocol=self.wanted.protocol,
            source=self.wanted.source,
            seed=self.wanted.seed,
            layer=self.wanted.settings.get("layer"),  # type: ignore[arg-type]
            state=self.state,
            languages=readable + len(self.failures),
            done=readable - len(self.texts),
            to_run=len(self.texts),
            failed=len(self.failures),
            amount=f"{amount:,} {kind.unit}s",
            why=self.problem or self.failed_before,
        )

    def __str__(self) -> str:
        """One line for the terminal."""
        row, depth = self.row, self.model.num_layers
        if KINDS[self.task.kind].fine_tunes:
            how = f"from {row.source}, seed {row.seed}"
        else:
            default = " (two thirds of the depth)" if row.layer == default_layer(depth) else ""
            if row.layer != depth and (self.model.folder / _SENTENCE_ENCODER).is_file():
                default += f"; it is a sentence encoder, whose own vectors are those of layer {depth}"
            how = f"layer {row.layer} of {depth}{default}"
        return (
            f"{row.model}, {row.task} ({row.protocol}): {row.languages} languages, {row.done} done, {row.to_run} to "
            f"run, {row.failed} failed; {how}"
        )


def _is_read(_: TaskData) -> NoReturn:
    """Stands for what opens a task's text, in most tasks a lambda, where the text is read already."""
    raise AssertionError("the text of a planned cell is read already")


def usable_models(
    models: Sequence[Path | str], config: EvaluationConfig, *, names: Mapping[str, str] | None = None
) -> tuple[list[ModelFolder], dict[str, str]]:
    """The models that can be read and have the layer that is asked for, and by name why others cannot be used.

    `names` as in `plan`.

    Raises:
        UserError: where none can be used, and for a task among them.
    """
    if tasks := [str(model) for model in models if str(model) in TASKS and not Path(model).exists()]:
        raise UserError(f"{', '.join(tasks)} is a task, and no model: give it as a task (-t {','.join(tasks)})")
    called = {**_short_names(models), **(names or {})}
    pools = any(not KINDS[task(name).kind].fine_tunes for name in config.tasks)
    usable, unusable = [], dict[str, UserError]()
    for model in models:
        try:
            loaded = find_model(model, name=called[str(model)])
            if pools:
                chosen_layer(config.layer, loaded.num_layers, model=loaded.name)
            if note := unnamed_vectors(loaded.folder):
                say(f"note: only the encoder is scored: {note}")
            usable.append(loaded)
        except UserError as error:
            unusable[called[str(model)]] = error
    if unusable and not usable:
        first, *others = unusable.values()
        raise type(first)("; ".join(map(str, (first, *others)))) from None
    return usable, {name: str(error) for name, error in unusable.items()}


def plan(
    models: Sequence[Path | str | ModelFolder],
    config: EvaluationConfig,
    out: Path,
    *,
    force: bool = False,
    names: Mapping[str, str] | None = None,
    shard: Shard = (1, 1),
) -> list[PlannedCell]:
    """The cells of an evaluation in the order of running; reads texts and hashes models, but loads no model.

    `models` may be found already. `names` says what tables call a model, by the way it is given in `models` (default:
    that way; an export by its training). With `shard` (i, n)
    every n-th cell from the i-th on is this process's; all n together run each cell once.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for a model that does not exist or is given twice, an unknown language, a source that no task has, a
            layer out of range.
    """
    check_data(config)
    asked = [model for model in models if not isinstance(model, ModelFolder)]
    called = {**_short_names(asked), **(names or {})}
    folders = _distinct(
        model if isinstance(model, ModelFolder) else find_model(model, name=called[str(model)]) for model in models
    )
    materials = read_task_texts(config)
    store = ResultStore(out)
    records, failed = store.records(), store.failed()
    cells = []
    for number, (model, material, source, seed) in enumerate(_combinations(folders, materials, config)):
        wanted = _cell(model, material, source, seed=seed, config=config)
        done = {} if force else scored(wanted, records)
        training = material.trainings.get(source)
        cells.append(
            PlannedCell(
                model=model,
                task=material.task,
                wanted=wanted,
                texts={tag: text for tag, text in material.texts.items() if str(tag) not in done},
                training=training if isinstance(training, TrainAndDev) else None,
                failures=material.failures,
                aliases=material.aliases,
                left_out=material.left_out,
                problem=training if isinstance(training, str) else None,
                failed_before=failed.get(wanted.place),
                elsewhere=number % shard[1] != shard[0] - 1,
            )
        )
    return cells


def _combinations(
    models: Iterable[ModelFolder], materials: Sequence[TaskText], config: EvaluationConfig
) -> Iterator[tuple[ModelFolder, TaskText, LangScript, int]]:
    for model in models:
        for material in materials:
            if not KINDS[material.task.kind].fine_tunes:
                yield model, material, ENGLISH, config.data_seed if material.task.draws else 0
                continue
            for source in material.trainings:
                for seed in config.seeds:
                    yield model, material, source, seed


def _short_names(models: Sequence[Path | str]) -> dict[str, str]:
    """A name for each model: `runs/mine/models/both-0/export` is `both-0`, unless two would have one name."""
    given = {str(model): Path(model) for model in models}
    short = {name: path.parent.name if path.name == "export" else name for name, path in given.items()}
    taken = list(short.values())
    return {
        name: with_addresses(each if each and taken.count(each) == 1 else name.rstrip("/"))
        for name, each in short.items()
    }


def _distinct(models: Iterable[ModelFolder]) -> list[ModelFolder]:
    by_fingerprint: dict[str, ModelFolder] = {}
    for model in models:
        same = by_fingerprint.setdefault(model.fingerprint, model)
        if same is not model:
            raise UserError(
                f"{same.name} and {model.name} are the same encoder (equal weights, tokenizer and config); give one"
            )
    return list(by_fingerprint.values())


def _cell(model: ModelFolder, material: TaskText, source: LangScript, *, seed: int, config: EvaluationConfig) -> Cell:
    settings = KINDS[material.task.kind].settings(material.task, model, config)
    training = material.trainings.get(source)
    if isinstance(training, TrainAndDev):
        settings["training"] = training.revision
    return Cell(
        model=model.fingerprint,
        task=material.task.name,
        protocol=config.protocol,
        source=str(source),
        seed=seed,
        settings=settings,
        revisions={str(tag): text.revision for tag, text in material.texts.items()},
    )
