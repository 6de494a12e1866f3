"""The two sides of a comparison: the rows of one model, or of one variant's trainings, chosen from a tidy table."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from langsamp.errors import DataMissingError, UserError, did_you_mean
from langsamp.scores.published import PREFIX
from langsamp.scores.reading import read_scores

_NAMED = 8
"""At most this many models are named in one message."""


@dataclass(frozen=True, kw_only=True)
class System:
    """What is compared: the scores of one model, or of several trainings of one variant."""

    name: str
    """What tables and sentences call it."""
    scores: pd.DataFrame
    """Tidy rows (`evaluation.store.COLUMNS`) with one column more, `replicate`: the training where there are several,
    else the seed of the cell. A replicate is what another try could have changed."""
    cells: Path | None = None
    """Folder that holds the cells with their predictions; None for published numbers."""

    @property
    def trainings(self) -> int:
        """How many trained models stand behind it."""
        return int(self.scores["model"].nunique())


def open_system(words: str) -> System:
    """The side that a user names: `RUN`, `RUN:MODEL` or a published name such as `paper:langsamp`.

    RUN is the folder of a run or of an evaluation, or a `scores.parquet`; MODEL is as in `choose`.

    Raises:
        DataMissingError: where there are no scores.
        DamagedError: where they cannot be read.
        UserError: where RUN holds several models and none is named, or the one named is not there.
    """
    if words.startswith(PREFIX):
        return choose(read_scores(words), name=words)
    run, colon, model = words.rpartition(":")
    if not colon or Path(words).expanduser().exists():
        run, model = words, ""
    folder = Path(run).expanduser()
    folders = (folder / "evaluation" / "cells", folder / "cells", folder.parent / "cells")
    cells = next((folder for folder in folders if folder.is_dir()), None)
    return choose(read_scores(run), name=words if model else "", model=model or None, among=run, cells=cells)


def choose(
    scores: pd.DataFrame, *, name: str, model: str | None = None, among: str = "", cells: Path | None = None
) -> System:
    """The side called `name` (or as its model is called, where `name` is empty) out of a table of one or more models.

    `model` is a model's name, the beginning of its fingerprint (8 letters or more), or a variant: `both` means the
    trainings `both-1`, `both-2`, ... together. Without it the table must hold one model. `among` says in messages where
    the table is from.

    Raises:
        DataMissingError: where the table is empty.
        UserError: where several models fit, or none does; the message lists the names.
    """
    where = f"{among or name} "
    if scores.empty:
        raise DataMissingError(f"{where}holds no scores; score its models with `langsamp evaluate`")
    names = _names(scores)
    if model is None:
        if len(names) > 1:
            example = f"{among}:{next(iter(names.values()))}" if among else "its name"
            raise UserError(
                f"{where}holds {len(names)} models: {_listed(names.values())}. Name one, like {example}; the trainings "
                "of a variant are named together by the variant alone, like :both"
            )
        wanted = set(names)
        model = next(iter(names.values()))
    else:
        wanted = _wanted(model, names, where)
    rows = scores[scores["model"].isin(wanted)]
    replicate = rows["model_name"] if len(wanted) > 1 else rows["seed"].astype(str)
    return System(name=name or model, scores=rows.assign(replicate=replicate), cells=cells)


def _wanted(model: str, names: dict[str, str], where: str) -> set[str]:
    """Fingerprints of the models that the word `model` means."""
    named = {fingerprint for fingerprint, name in names.items() if name == model}
    if len(named) > 1:
        raise UserError(
            f"{where}holds {len(named)} models called {model!r}; name one by its fingerprint: {_listed(sorted(named))}"
        )
    trainings = {fingerprint for fingerprint, name in names.items() if _is_training(name, model)}
    if len({names[fingerprint] for fingerprint in trainings}) < len(trainings):
        raise UserError(f"{where}holds several models of one name among the trainings of {model!r}; name one training")
    fingerprints = named or trainings or {fp for fp in names if len(model) >= 8 and fp.startswith(model)}
    if not fingerprints:
        raise UserError(
            f"{where}holds no model {model!r}.{did_you_mean(model, names.values())} It holds {_listed(names.values())}"
        )
    return fingerprints


def _is_training(name: str, variant: str) -> bool:
    """Whether `name` is `<variant>-<seed>`."""
    stem, dash, seed = name.rpartition("-")
    return stem == variant and bool(dash) and seed.isdecimal()


def _names(scores: pd.DataFrame) -> dict[str, str]:
    pairs = scores[["model", "model_name"]].drop_duplicates()
    return {str(model): str(name) for model, name in pairs.itertuples(index=False)}


def _listed(words: Iterable[str]) -> str:
    words = sorted(set(words))
    return ", ".join(words[:_NAMED]) + (f", and {len(words) - _NAMED} more" if len(words) > _NAMED else "")
