"""What the cells of an input say beside scores: what failed, what is to be known of texts, and how fine-tuning went.

Of cells that score the same place (model, task, way of scoring, source, seed) the latest counts, as in the table of
scores. Equal words about many languages or seeds are said once.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from langsamp.errors import first_of
from langsamp.languages.aliases import aliases, describe_use
from langsamp.languages.tags import LangScript
from langsamp.render.numbers import score
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.run_folder import Run
from langsamp.scores.cells import Cell, CellRecord
from langsamp.views.appearance import side_name, split_name

_NAMED = 12
"""At most this many tags are named in one line."""


class Remark(NamedTuple):
    """One thing said of some languages of a task."""

    task: str
    what: str
    tags: Sequence[str]
    """None of them where it is said of whole cells."""
    where: str
    """Of which cells it is said, e.g. `3 cells` or `both-0, seed 4`."""

    @property
    def named(self) -> str:
        """The tags as text, the first ones of many."""
        return first_of(self.tags, _NAMED)


class Tuning(NamedTuple):
    """One fine-tuning: how the dev set judged it."""

    side: str
    replicate: str
    steps: Sequence[float]
    """Epochs where each look has its own, else updates."""
    unit: str
    """`epoch` or `update`."""
    dev: Sequence[float]
    """Main metric on the dev set, per cent."""
    kept: int | None
    """Which look's weights predict."""
    test: float | None
    """Mean over the shared target languages of its test scores; None where it lacks one."""
    seconds: float

    @property
    def best(self) -> float:
        """The dev score of the weights that predict."""
        return self.dev[self.kept if self.kept is not None else -1]


def current_scores(run: Run) -> tuple[pd.DataFrame | None, list[str]]:
    """The scores without those of models that another model took the name of, and a sentence for each that is left out.

    Two models have one name where one was trained again; the one whose cells are later counts.
    """
    if run.scores is None:
        return None, []
    latest: dict[str, int] = {}
    for cell in run.cells.values():
        latest[cell.key.model] = max(latest.get(cell.key.model, 0), cell.number)
    scores, said = run.scores, []
    names: dict[str, list[str]] = {}
    for name, model in scores[["model_name", "model"]].drop_duplicates().itertuples(index=False):
        names.setdefault(name, []).append(model)
    for name, models in names.items():
        old = sorted(models, key=lambda model: latest.get(model, 0))[:-1]
        if old:
            scores = scores[~((scores.model_name == name) & scores.model.isin(old))]
            said.append(f"Scores of {len(old)} earlier model{'s' * (len(old) > 1)} called {name} are left out.")
    return scores, said


def failures(run: Run) -> list[Remark]:
    """What was asked for and has no score: whole cells first, then languages."""
    names = _model_names(run)
    scored: set[tuple[Any, ...]] = set()
    if run.scores is not None:
        columns = ["model", "task", "protocol", "source", "seed", "tag"]
        scored = set(run.scores[columns].drop_duplicates().itertuples(index=False, name=None))
    said: dict[tuple[str, str, str], list[str]] = {}
    for record in run.failed_cells:
        said.setdefault((record.cell.task, record.reason, ""), []).append(_place(record.cell, names))
    for _, cell in _latest(run):
        for tag, why in sorted(cell.failures.items()):
            if (*_identity(cell.key), tag) not in scored:
                said.setdefault((cell.key.task, why, tag), []).append(_place(cell.key, names))
    return [Remark(task, why, [tag] if tag else [], _listed(where)) for (task, why, tag), where in said.items()]


def notes(run: Run) -> list[Remark]:
    """What should be known of texts and of their scoring, the same words once for all languages of a task."""
    said: dict[tuple[str, str], dict[str, None]] = {}
    for _, cell in _latest(run):
        for tag, note in cell.notes.items():
            for part in note.split("; "):
                said.setdefault((cell.key.task, part), {})[tag] = None
        for note in cell.training_notes:
            said.setdefault((cell.key.task, f"training text: {note}"), {})
    return [Remark(task, note, sorted(tags), "") for (task, note), tags in sorted(said.items())]


def alias_uses(run: Run) -> list[str]:
    """One sentence for each language that was scored under another code than the one asked for, and on which tasks."""
    tasks: dict[tuple[str, str], dict[str, None]] = {}
    for _, cell in _latest(run):
        for taken, wanted in cell.aliases.items():
            tasks.setdefault((wanted, taken), {})[cell.key.task] = None
    return [f"{', '.join(where)}: {_use(*pair)}" for pair, where in sorted(tasks.items())]


def tunings(run: Run, comparison: SystemComparison) -> list[Tuning]:
    """Every fine-tuning behind a comparison whose dev scores are known, baseline first."""
    names, curves = _model_names(run), []
    for name, cell in _latest(run):
        looks = [look for look in cell.dev_curve if comparison.metric in look.metrics]
        if name not in comparison.cells or not looks:
            continue
        side, training = split_name(names.get(cell.key.model, run.run_prefix + cell.model_name))
        if side not in comparison.sides:
            continue
        epochs = [look.epoch for look in looks]
        unit = "epoch" if len(set(epochs)) == len(epochs) else "update"
        kept = [number for number, look in enumerate(looks) if look.kept]
        replicate = f"{training}/{cell.key.seed}"
        curves.append(
            Tuning(
                side=side,
                replicate=replicate,
                steps=epochs if unit == "epoch" else [look.step for look in looks],
                unit=unit,
                dev=[look.metrics[comparison.metric] for look in looks],
                kept=kept[-1] if kept else None,
                test=_test_mean(comparison, side, replicate),
                seconds=cell.wall_seconds,
            )
        )
    order = comparison.sides
    return sorted(curves, key=lambda each: order.index(each.side))


def tuning_rows(comparison: SystemComparison, curves: Sequence[Tuning]) -> list[Sequence[Any]]:
    """One line for each side that was fine-tuned.

    Task, side, number of fine-tunings, mean dev score of the kept weights, its range, mean test score of the source and
    of the other languages, where the kept weights stand (`epoch 3 to 12 of 40`), seconds.
    """
    rows: list[Sequence[Any]] = []
    for side in dict.fromkeys(each.side for each in curves):
        mine = [each for each in curves if each.side == side]
        best = [each.best for each in mine]
        at = [each.steps[each.kept if each.kept is not None else -1] for each in mine]
        span = f"{min(at):,.0f}" if min(at) == max(at) else f"{min(at):,.0f} to {max(at):,.0f}"
        means = comparison.means[side]
        rows.append(
            (
                comparison.label, side_name(side), len(mine), sum(best) / len(best),
                f"{score(min(best))} to {score(max(best))}", _mean(means[means.index == comparison.setting.source]),
                _mean(means[means.index != comparison.setting.source]),
                f"{mine[0].unit} {span} of {max(max(each.steps) for each in mine):,.0f}",
                sum(each.seconds for each in mine),
            )
        )  # fmt: skip
    return rows


def cell_counts(runs: Sequence[Run]) -> list[Sequence[Any]]:
    """Of every task and side how many cells are complete, partial and failed, in the order of their names."""
    counts: dict[tuple[str, str], list[int]] = {}
    for run in runs:
        names = _model_names(run)
        scored = [(cell.key, int(bool(cell.failures))) for _, cell in _latest(run)]
        for key, state in [*scored, *((record.cell, 2) for record in run.failed_cells)]:
            of = key.task, split_name(names.get(key.model, run.run_prefix + key.model))[0]
            counts.setdefault(of, [0, 0, 0])[state] += 1
    return [(task, side_name(side), *numbers) for (task, side), numbers in sorted(counts.items())]


def _test_mean(comparison: SystemComparison, side: str, replicate: str) -> float | None:
    """The mean over shared languages but the source that one fine-tuning reaches; None where it lacks one of them."""
    table = comparison.tries(side)
    tags = [tag for tag in comparison.shared if tag != comparison.setting.source]
    if replicate not in table or not tags:
        return None
    scores = table[replicate].loc[tags]
    return None if scores.isna().any() else float(scores.mean())


def _latest(run: Run) -> list[tuple[str, CellRecord]]:
    """The cells with their names, earlier ones first, without those that a later one of the same languages replaced."""
    latest: dict[str, tuple[str, CellRecord]] = {}
    for name, cell in sorted(run.cells.items(), key=lambda entry: (entry[1].number, entry[0])):
        key = cell.key
        latest[json.dumps([*_identity(key), sorted(key.revisions), key.settings], sort_keys=True)] = name, cell
    return list(latest.values())


def _identity(key: Cell) -> tuple[str | int, ...]:
    return key.model, key.task, key.protocol, key.source, key.seed


def _model_names(run: Run) -> dict[str, str]:
    named = {cell.key.model: cell.model_name for cell in run.cells.values()}
    return {model: run.run_prefix + name for model, name in {**named, **run.model_names}.items()}


def _place(key: Cell, names: Mapping[str, str]) -> str:
    model = names.get(key.model, key.model)
    return f"{model}, seed {key.seed}" if key.settings.get("layer") is None else model


def _listed(where: Sequence[str]) -> str:
    places = list(dict.fromkeys(where))
    return "; ".join(places) if len(places) <= 3 else f"{len(places)} cells"


def _use(wanted: str, taken: str) -> str:
    pair = LangScript.parse(wanted), LangScript.parse(taken)
    return describe_use(*pair) if pair[1] in aliases(pair[0]) else f"{wanted} is scored as {taken}"


def _mean(column: pd.Series) -> float | None:
    return float(column.mean()) if column.notna().any() else None
