"""The scores of a study as small files in the repository; tables and figures of docs/results.md made from them.

python -m tools.study_results collect runs/lab     # writes studies/cells/lab, scores only: a few hundred kB
python -m tools.study_results tables               # `make results`: the page's tables between its markers, and figures

What is collected names no path and holds no weight, no text and no prediction. `langsamp compare studies/cells/lab:none
studies/cells/lab:both` and every other command that reads scores takes such a folder.
"""

import argparse
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from tools.study_figures import shown, write_figures
from tools.study_tables import ABOUT, side_of, study

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.identification.record import IdentificationAnalysis
from langsamp.analysis.neutrality.record import NeutralityAnalysis
from langsamp.analysis.read_analyses import read_analyses
from langsamp.analysis.transfer.record import TransferAnalysis
from langsamp.analysis.vectors.record import VectorsAnalysis
from langsamp.disk.files import replacing, write_json, write_text
from langsamp.disk.layout import ModelLayout, RunLayout
from langsamp.errors import DataMissingError, UserError
from langsamp.model.variants import START
from langsamp.scores.comparison import compare
from langsamp.scores.systems import open_system

ROOT = Path(__file__).parent.parent
CELLS, PAGE = ROOT / "studies" / "cells", ROOT / "docs" / "results.md"
BEGIN, END = "<!-- made by `make results` from studies/cells -->", "<!-- end of what `make results` makes -->"
LARGEST = 5 * 2**20
"""Bytes that all studies in the repository may take."""


def main() -> None:
    """Collect the run that is named, or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("collect").add_argument("run", type=Path)
    verbs.add_parser("tables")
    given = parser.parse_args()
    try:
        if given.verb == "collect":
            print(collect(given.run, CELLS))
        else:
            write_text(PAGE, with_tables(PAGE.read_text(encoding="utf-8"), CELLS))
            for folder in stored_studies(CELLS):
                write_figures(folder, PAGE)
    except UserError as error:
        parser.exit(error.exit_code, f"{error}\n")


def collect(run: Path, cells: Path) -> Path:
    """Scores, analyses and losses of a finished run as a folder of its name in `cells`; an older one there goes.

    Raises:
        DataMissingError: where the run has no scores.
        UserError: where the repository would hold more than `LARGEST` bytes of cells.
    """
    layout = RunLayout(run)
    if not layout.evaluation.scores.is_file():
        raise DataMissingError(f"{run} has no scores: finish it with `langsamp run`, then collect it")
    folder = cells / run.name
    with replacing(folder) as fresh:
        shutil.copyfile(layout.evaluation.scores, fresh / "scores.parquet")
        for name, table in (*_tables(read_analyses(layout.analyses)), ("languages", _by_language(run))):
            if len(table.columns):
                table.to_parquet(fresh / f"{name}.parquet", index=False)
        stored = json.loads(layout.provenance.read_text(encoding="utf-8"))
        trainings = [_training(model) for model in layout.trainings if model.log.is_file() and model.export.is_dir()]
        about = {key: stored.get(key) for key in ("versions", "git", "machine", "finished")}
        write_json(fresh / ABOUT, {**about, "trainings": trainings})
        others = [each for each in cells.glob("[!.]*") if each != folder]
        size = sum(path.stat().st_size for each in (fresh, *others) for path in each.rglob("*"))
        if size > LARGEST:
            raise UserError(f"{cells} would hold {size:,} bytes, more than {LARGEST:,}: score fewer tasks or languages")
    return folder


def _training(model: ModelLayout) -> dict[str, Any]:
    """What the log of one training says at its end."""
    lines = [json.loads(line) for line in model.log.read_text(encoding="utf-8").splitlines()]
    trained = [line for line in lines if line["kind"] == "train"][-1:]
    held_out = [line for line in lines if line["kind"] == "held_out"][-1:]
    return {
        "name": model.folder.name,
        **{key: line[key] for line in trained for key in ("step", "loss")},
        **{f"held_out_{key}": line[key] for line in held_out for key in ("loss", "accuracy", "bits_per_byte")},
    }


def _tables(analyses: Iterable[Analysis]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Of each kind of analysis what the tables need, of all models one below the other."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for analysis in analyses:
        if isinstance(analysis, NeutralityAnalysis):
            parts.setdefault("neutrality", []).append(
                analysis.tables["curve"].assign(text=analysis.text, told=analysis.layer)
            )
            parts.setdefault("post_hoc", []).append(analysis.tables["post_hoc"].assign(text=analysis.text))
        elif isinstance(analysis, VectorsAnalysis):
            parts.setdefault("vectors", []).append(analysis.tables["statistics"].assign(model=analysis.subject))
            if "language" in analysis.shares and "points" not in parts:
                share1, share2 = analysis.shares["language"]
                points = analysis.tables["points"].assign(share1=share1, share2=share2)
                parts["points"] = [points[points["table"] == "language"]]
        elif isinstance(analysis, TransferAnalysis):
            parts.setdefault("transfer", []).append(analysis.tables["means"])
        elif isinstance(analysis, IdentificationAnalysis):
            names = ("text", "right", "low", "high", "ngram", "chance")
            line = {"model": analysis.subject, **{name: getattr(analysis, name) for name in names}}
            parts.setdefault("identification", []).append(pd.DataFrame([line]))
    for name, tables in parts.items():
        yield name, pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def _by_language(run: Path) -> pd.DataFrame:
    """LangSAMP's difference to the start and to the baseline, task by task and language by language; empty without."""
    lines = []
    sides = set(map(side_of, pd.read_parquet(RunLayout(run).evaluation.scores)["model_name"]))
    for over in [side for side in (START, "none") if {side, "both"} <= sides]:
        for task in compare(open_system(f"{run}:{over}"), open_system(f"{run}:both")).tasks:
            lines += [
                {"task": task.grid.setting.task, "over": over, "tag": each.tag, "difference": each.difference,
                 "low": each.test.low, "high": each.test.high, "verdict": each.test.verdict}
                for each in task.languages if each.test is not None and each.test.is_tested
            ]  # fmt: skip
    return pd.DataFrame(lines)


def with_tables(page: str, cells: Path) -> str:
    """The page with the tables of all studies between its markers.

    Raises:
        UserError: where a marker is missing.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise UserError(f"expected a line {BEGIN} and after it a line {END} in the page, each once")
    before, _, rest = page.partition(BEGIN)
    studies = []
    for folder in stored_studies(cells):
        heading, about, *tables = study(folder)
        studies += [heading, about, *shown(folder, before), *tables]
    return "\n\n".join([before + BEGIN, *(studies or ["No study is stored yet."]), END]) + rest.partition(END)[2]


def stored_studies(cells: Path) -> list[Path]:
    """The folders of the studies that are stored, by name."""
    return sorted(path.parent for path in cells.glob(f"*/{ABOUT}"))


if __name__ == "__main__":
    main()
