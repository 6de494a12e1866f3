"""Systems: what stands beside each other in a comparison. One model, or all trainings of one variant of a run."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from langsamp.errors import DataMissingError, UserError, did_you_mean, first_of
from langsamp.model.variants import BASELINE, DISPLAY_NAMES, Training, split_side, training_of
from langsamp.scores.published import PREFIX
from langsamp.scores.reading import distinct, read_scores

_NAMED = 8
"""At most this many models are named in one message."""
_LETTERS = 6
"""Letters of a fingerprint that tell models of one name apart."""


@dataclass(frozen=True, kw_only=True)
class System:
    """One model, or several trainings of one variant, with the scores."""

    name: str
    """`both`, `first:both`, `xlm-r`, or as the user named it."""
    scores: pd.DataFrame
    """Tidy rows (`cells.COLUMNS`)."""
    cells: Path | None = None
    """Folder that holds the cells with their predictions; None for published numbers."""
    label: str = ""
    """What tables call it: `LangSAMP`, `first:LangSAMP`."""
    variant: str | None = None
    """With its place, as `first:both`; None where it is no variant of a run."""

    @property
    def trainings(self) -> int:
        """How many trained models stand behind it."""
        return int(self.scores.model.nunique())


def replicates(scores: pd.DataFrame) -> pd.Series:
    """Which replicate each row of one system is of: the training where there are several, else the seed of the cell.

    A replicate is what another try could have changed. Where a system was trained several times, a claim about it needs
    the spread over trainings: the seeds of one training's fine-tunings share its weights, so they are averaged first.
    Every deviation, interval and count of seeds is over replicates.
    """
    return scores.model_name if scores.model.nunique() > 1 else scores.seed.astype(str)


def systems_of(scores: pd.DataFrame) -> list[System]:
    """The systems of a tidy table: trainings of a variant together, every other model alone.

    They come in the order of the table, the variants of one run together with the baseline first. Two models of one
    name are told apart by their fingerprints, and are no trainings then.
    """
    pairs = scores[["model_name", "model"]].drop_duplicates()
    names = pairs.model_name.tolist()
    members: dict[str, list[str]] = {}
    training_by: dict[str, Training] = {}
    for name, model in zip(names, pairs.model, strict=True):
        is_twin = names.count(name) > 1
        training = None if is_twin else training_of(name)
        key = training.side if training else f"{name} ({model[:_LETTERS]})" if is_twin else name
        members.setdefault(key, []).append(model)
        if training:
            training_by[key] = training
    return [
        System(
            name=key,
            scores=scores[scores.model.isin(members[key])],
            label=training_by[key].run_prefix + DISPLAY_NAMES[training_by[key].variant] if key in training_by else key,
            variant=key if key in training_by else None,
        )
        for key in _in_order(list(members), training_by)
    ]


def _in_order(names: Sequence[str], training_by: Mapping[str, Training]) -> list[str]:
    """Names as they come; the variants of one run stand together, the baseline first."""
    first_of_run: dict[str, int] = {}
    rank: dict[str, tuple[int, int, int]] = {}
    for at, name in enumerate(names):
        training = training_by.get(name)
        first = first_of_run.setdefault(training.run_prefix, at) if training else at
        rank[name] = (first, list(DISPLAY_NAMES).index(training.variant) if training else 0, at)
    return sorted(names, key=rank.__getitem__)


def models_of(scores: pd.DataFrame) -> list[System]:
    """Every model of a tidy table by itself, trainings of one variant too."""
    return [
        System(name=str(model), label=str(rows.model_name.iloc[0]), scores=rows)
        for model, rows in scores.groupby("model", sort=False)
    ]


def baseline_of(variant: str, present: Collection[str]) -> str | None:
    """The baseline that a variant is compared with: `none` of its own run, else the one without a run before it.

    None for a baseline itself, and where there is none.
    """
    run_prefix, name = split_side(variant)
    names = [each for each in (run_prefix + BASELINE, BASELINE) if each in present]
    return names[0] if names and name != BASELINE else None


def split_words(words: str) -> tuple[str, str]:
    """What a user names, `runs/mine:both` or `runs/mine`: what exists, and the model, empty where none is named.

    A published name, a hub id and whatever does not exist come back whole.
    """
    path, _, model = words.rpartition(":")
    is_split = path and Path(path).expanduser().exists() and not Path(words).expanduser().exists()
    return (path, model) if is_split else (words, "")


def open_system(words: str) -> System:
    """The system that a user names: `RUN`, `RUN:MODEL` or a published name such as `paper:langsamp`.

    RUN is the folder of a run or of an evaluation, or a `scores.parquet`; MODEL is as in `choose`.

    Raises:
        DataMissingError: where there are no scores.
        DamagedError: where they cannot be read.
        UserError: where RUN holds several models and none is named, or the one named is not there.
    """
    if words.startswith(PREFIX):
        return choose(read_scores(words), name=words)
    run, model = split_words(words)
    folder = Path(run).expanduser()
    folders = (folder / "evaluation" / "cells", folder / "cells", folder.parent / "cells")
    cells = next((folder for folder in folders if folder.is_dir()), None)
    return choose(read_scores(run), name=words if model else "", model=model or None, among=run, cells=cells)


def open_pair(a: str, b: str) -> tuple[System, System]:
    """Two systems to compare, each as `open_system` opens it.

    One model in two evaluations is a pair, which tells whether they agree; of the same scores there is nothing to tell.

    Raises:
        UserError: where both hold the same scores of a model; and as `open_system` does.
    """
    systems = open_system(a), open_system(b)
    files = [str(system.cells or split_words(word)[0]) for system, word in zip(systems, (a, b), strict=True)]
    if len(distinct(files)) == 1 and (shared := set(systems[0].scores.model) & set(systems[1].scores.model)):
        names = systems[0].scores.model_name[systems[0].scores.model.isin(shared)]
        raise UserError(
            f"{a} and {b} both hold the scores of {_listed(names)}: a model is level with itself. Name two models"
        )
    return systems


def choose(
    scores: pd.DataFrame, *, name: str, model: str | None = None, among: str = "", cells: Path | None = None
) -> System:
    """The system called `name` (or as its model is called, where `name` is empty) out of a table of one or more models.

    `model` is a model's name, the beginning of its fingerprint (8 letters or more), or a variant: `both` means the
    trainings `both-1`, `both-2`, ... together. Without it the table must hold one model. `among` says in messages where
    the table is from.

    Raises:
        DataMissingError: where the table is empty.
        UserError: where several models fit, or none does; the message lists the names.
    """
    where = f"{among or name} "
    models = {system.name: system.label for system in models_of(scores)}
    if not models:
        raise DataMissingError(f"{where}holds no scores; score its models with `langsamp evaluate`")
    if model is None and len(models) > 1:
        example = f"{among}:{next(iter(models.values()))}" if among else "its name"
        raise UserError(
            f"{where}holds {len(models)} models: {_listed(models.values())}. Name one, like {example}; the trainings "
            "of a variant are named together by the variant alone, like :both"
        )
    wanted = _wanted(model, models, where) if model is not None else set(models)
    name = name or model or next(iter(models.values()))
    return System(name=name, scores=scores[scores.model.isin(wanted)], cells=cells)


def _wanted(model: str, names: Mapping[str, str], where: str) -> set[str]:
    """Fingerprints of the models that the word `model` means."""
    named = {fingerprint for fingerprint, name in names.items() if name == model}
    if len(named) > 1:
        raise UserError(
            f"{where}holds {len(named)} models called {model!r}; name one by its fingerprint: {_listed(sorted(named))}"
        )
    trained = {fingerprint: training_of(name) for fingerprint, name in names.items()}
    trainings = {fingerprint for fingerprint, training in trained.items() if training and training.side == model}
    if len({names[fingerprint] for fingerprint in trainings}) < len(trainings):
        raise UserError(f"{where}holds several models of one name among the trainings of {model!r}; name one training")
    fingerprints = named or trainings or {fp for fp in names if len(model) >= 8 and fp.startswith(model)}
    if not fingerprints:
        raise UserError(
            f"{where}holds no model {model!r}.{did_you_mean(model, names.values())} It holds {_listed(names.values())}"
        )
    return fingerprints


def _listed(words: Iterable[str]) -> str:
    return first_of(sorted(set(words)), _NAMED)
