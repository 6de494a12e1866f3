"""Scores that were made before: of a run, of an evaluation, of one file, or the paper's; several side by side.

Several tables keep their models apart: two models that have one name are told apart by where they are from, and so is
one model that got different scores in two places; with it all models of its table. The same score in two places counts
once.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from langsamp.errors import DataMissingError
from langsamp.progress import say
from langsamp.scores.cell_files import unlisted_cells
from langsamp.scores.cells import COLUMNS, ONE_TABLE
from langsamp.scores.published import PREFIX, published, published_names
from langsamp.scores.score_table import read_score_table

LACKING = (
    "lacks the scores of {} of the cells that lie beside it, because they were put there from elsewhere or are being "
    "scored: run the evaluation again, which makes the table of all cells"
)
"""What is said of a table with `unlisted_cells`, after its name."""
_FILES = ("evaluation/scores.parquet", "scores.parquet")
"""Where a run and an evaluation keep their table."""


def read_scores(run: str) -> pd.DataFrame:
    """The tidy table (`results.COLUMNS`) of what `run` names.

    `run` is the folder of a run, the folder of an evaluation, a `scores.parquet`, or `paper:baseline` and the other
    names of `published`. A file of another table's columns gets those that it lacks as missing values.

    Raises:
        DataMissingError: where there are no scores.
        DamagedError: where the file cannot be read or is no table of scores.
        UserError: for an unknown name of the paper's.
    """
    if run.startswith(PREFIX):
        return published(run)
    path = _file(Path(run).expanduser())
    scores = read_score_table(path)
    if scores.empty:
        raise DataMissingError(f"{path} holds no scores; score its models with `langsamp evaluate`")
    if lacking := unlisted_cells(path.parent, scores):
        _say_lacking(path, len(lacking))
    return scores


@cache
def _say_lacking(path: Path, number: int) -> None:
    """Say it once, however often a command reads the table."""
    say(f"note: {path} {LACKING.format(number)}")


def read_runs(runs: Sequence[str]) -> pd.DataFrame:
    """The tables of several runs as one, in the order of `runs`; clashing names and scores are told apart.

    Where models of a table are told apart, `model_name` becomes `place:name` and `model` `fingerprint@place`.

    Raises:
        UserError: as `read_scores` does.
    """
    words = distinct(runs)
    frames = [read_scores(run) for run in words]
    return side_by_side(frames, places_to_tell(frames, words))


def distinct(runs: Sequence[str]) -> list[str]:
    """What `runs` names, none twice: what two words spell (`runs/a`, `runs/a/`) is there once, by the first."""
    first: dict[object, str] = {}
    for run in runs:
        first.setdefault(run if run.startswith(PREFIX) else Path(run).expanduser().resolve(), run)
    return list(first.values())


def places_to_tell(frames: Sequence[pd.DataFrame], runs: Sequence[str]) -> list[str]:
    """What goes before the names of each table's models: its place where one is called as another's is, else "".

    `runs` says where each table is from. Models of one table stay together: all get the place, or none does.
    """
    clashing = _clashing(frames)
    return [
        f"{prefix}:" if not run.startswith(PREFIX) and clashing & set(frame.model_name) else ""
        for frame, run, prefix in zip(frames, runs, _short_names(runs), strict=True)
    ]


def side_by_side(frames: Sequence[pd.DataFrame], places: Sequence[str]) -> pd.DataFrame:
    """Several tables as one, each model with its table's place before its name; the same score twice counts once."""
    if not frames:
        return pd.DataFrame(columns=list(COLUMNS))
    told_apart = [
        frame.assign(model=frame.model + f"@{prefix[:-1]}", model_name=prefix + frame.model_name) if prefix else frame
        for frame, prefix in zip(frames, places, strict=True)
    ]
    return one_below_the_other(told_apart).drop_duplicates([*ONE_TABLE, "seed", "tag", "value"], ignore_index=True)


def one_below_the_other(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Several tidy tables as one; a column that is empty in one does not change the type of the others'."""
    types = {"layer": "Int64", "n": "Int64", "seed": "Int64", "main": "boolean"}
    return pd.concat([frame.astype(types).astype({"precision": object}) for frame in frames], ignore_index=True)


def _file(path: Path) -> Path:
    if path.is_file():
        return path
    for name in _FILES:
        if (path / name).is_file():
            return path / name
    known = f"or one of {', '.join(published_names())}"
    if not path.exists():
        raise DataMissingError(
            f"there is no {path}; give the folder of a run or of an evaluation, a file of scores, {known}"
        )
    raise DataMissingError(
        f"{path} holds no scores: neither {' nor '.join(_FILES)} is there; give such a folder, {known}"
    )


def _clashing(frames: Sequence[pd.DataFrame]) -> set[str]:
    """Names that mean different models in different tables, or one model with different scores."""
    if len(frames) < 2:
        return set()
    table = one_below_the_other(frames)
    frame_numbers = [number for number, frame in enumerate(frames) for _ in range(len(frame))]
    table = table.assign(place=frame_numbers)
    models = table.groupby("model_name")[["model", "place"]].nunique()
    differing = set(models.index[(models.model > 1) & (models["place"] > 1)])
    again = table[table.duplicated([*ONE_TABLE, "seed", "tag"], keep=False)]
    values = again.groupby([*ONE_TABLE, "seed", "tag"], dropna=False).value.nunique()
    return differing | set(values.index[values > 1].get_level_values("model_name"))


def _short_names(runs: Sequence[str]) -> list[str]:
    """The shortest end of each path that no other path has."""
    parts = [run.split("/") if run.startswith(PREFIX) else list(Path(run).parts) for run in runs]
    parts = [[part for part in each if part not in ("scores.parquet", "evaluation")] or each for each in parts]
    names = []
    for folders in parts:
        ends = (
            length
            for length in range(1, len(folders))
            if [each[-length:] for each in parts].count(folders[-length:]) == 1
        )
        names.append("/".join(folders[-next(ends, len(folders)) :]))
    return names
