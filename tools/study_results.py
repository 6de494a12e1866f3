"""The scores of a study as small files in the repository, and the tables of docs/results.md made from them.

python tools/study_results.py collect runs/lab     # writes studies/cells/lab, scores only: a few hundred kB
python tools/study_results.py tables               # `make results`: writes the tables anew between the page's markers

What is collected names no path and holds no weight, no text and no prediction. `langsamp compare studies/cells/lab:none
studies/cells/lab:both` and every other command that reads scores takes such a folder.
"""

import argparse
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from langsamp.analysis.ablation import analyse_ablation
from langsamp.analysis.analysis import Analysis
from langsamp.analysis.identification.record import IdentificationAnalysis
from langsamp.analysis.neutrality.record import EDIT_NAMES, NeutralityAnalysis
from langsamp.analysis.read_analyses import read_analyses
from langsamp.analysis.transfer.record import TransferAnalysis
from langsamp.analysis.variants_record import VariantMean
from langsamp.analysis.vectors.record import VectorsAnalysis
from langsamp.disk.files import replacing, write_json, write_text
from langsamp.disk.layout import ModelLayout, RunLayout
from langsamp.errors import DataMissingError, UserError
from langsamp.model.variants import DISPLAY_NAMES, VARIANTS, training_of
from langsamp.render.numbers import ABSENT, cosine, decimals, probability, score, share, signed, with_ends
from langsamp.views.transfer import ROLE_NAMES

ROOT = Path(__file__).parent.parent
CELLS, PAGE = ROOT / "studies" / "cells", ROOT / "docs" / "results.md"
BEGIN, END = "<!-- made by `make results` from studies/cells -->", "<!-- end of what `make results` makes -->"
LARGEST = 5 * 2**20
"""Bytes that all studies in the repository may take."""
ABOUT = "about.json"
GROUPS = ("tail", "head", "all")


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
        for name, table in _tables(read_analyses(layout.analyses)):
            table.to_parquet(fresh / f"{name}.parquet", index=False)
        stored = json.loads(layout.provenance.read_text(encoding="utf-8"))
        trainings = [_training(model) for model in layout.trainings if model.log.is_file()]
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
        elif isinstance(analysis, TransferAnalysis):
            parts.setdefault("transfer", []).append(analysis.tables["means"])
        elif isinstance(analysis, IdentificationAnalysis):
            names = ("text", "right", "low", "high", "ngram", "chance")
            line = {"model": analysis.subject, **{name: getattr(analysis, name) for name in names}}
            parts.setdefault("identification", []).append(pd.DataFrame([line]))
    for name, tables in parts.items():
        yield name, pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def with_tables(page: str, cells: Path) -> str:
    """The page with the tables of all studies between its markers.

    Raises:
        UserError: where a marker is missing.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise UserError(f"expected a line {BEGIN} and after it a line {END} in the page, each once")
    before, _, rest = page.partition(BEGIN)
    studies = [part for folder in sorted(path.parent for path in cells.glob(f"*/{ABOUT}")) for part in study(folder)]
    return "\n\n".join([before + BEGIN, *(studies or ["No study is stored yet."]), END]) + rest.partition(END)[2]


def study(folder: Path) -> Iterator[str]:
    """The tables of one study in Markdown, each with a heading or sentence before it."""
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    yield f"## The study `{folder.name}`"
    versions = ", ".join(f"{name} {about['versions'][name]}" for name in ("torch", "transformers"))
    yield (
        f"{len(about['trainings'])} trainings, finished {str(about['finished'])[:10]} with {versions}. Scores in per "
        "cent, differences to the baseline in points, brackets: 95 % over language families and trainings."
    )
    yield from _scores(folder)
    yield "Held-out text, bits per byte, mean over trainings (lowest to highest):"
    yield _held_out(about["trainings"])
    for make in (_neutrality, _vectors, _donors):
        yield from make(folder)


def _scores(folder: Path) -> Iterator[str]:
    analysis = analyse_ablation([str(folder)])
    names = {line.variant: line.name for line in analysis.ablation}
    for group in GROUPS:
        lines = {(line.task, line.variant): line for line in analysis.ablation if line.group == group}
        tasks = dict.fromkeys(task for task, _ in lines)
        rows = [[task, *(_mean(lines.get((task, variant))) for variant in names)] for task in tasks]
        if rows:
            yield f"Scores, {group} languages:"
            yield markdown(["task", *names.values()], rows)
    yield "\n".join(f"- {sentence}" for sentence in analysis.sentences)


def _mean(line: VariantMean | None) -> str:
    """A mean over languages and, but for the baseline, its difference to that."""
    if line is None:
        return ABSENT
    difference = "" if line.difference != line.difference else with_ends(line.difference, line.low, line.high, signed)
    return ", ".join(filter(None, (score(line.mean), difference)))


def _held_out(trainings: Sequence[dict[str, Any]]) -> str:
    table = pd.DataFrame(trainings)
    table["variant"] = [side_of(name) for name in table["name"]]
    by_variant = table.groupby("variant")["held_out_bits_per_byte"].agg(["mean", "min", "max"])
    rows = [
        [DISPLAY_NAMES[variant], f"{decimals(line['mean'])} ({decimals(line['min'])} to {decimals(line['max'])})"]
        for variant, line in ((name, by_variant.loc[name]) for name in VARIANTS if name in by_variant.index)
    ]
    return markdown(["variant", "bits per byte"], rows)


def _neutrality(folder: Path) -> Iterator[str]:
    table = _read(folder, "post_hoc")
    if table is None or table.empty:
        return
    table["variant"] = [side_of(model) for model in table["model"]]
    rows = []
    for (text, variant, edit), lines in table.groupby(["text", "variant", "edit"], sort=False):
        mean = lines.mean(numeric_only=True)
        told = [f"{share(mean[f'{of}_probe'])} ({share(mean[f'{of}_chance'])})" for of in ("language", "script")]
        near = f"{share(mean['retrieval'])} ({share(mean['retrieval_chance'])})"
        rows.append(
            [text, DISPLAY_NAMES.get(variant, variant), EDIT_NAMES[edit], decimals(mean["parallel"]),
             decimals(mean["raw_gap"]), *told, near]
        )  # fmt: skip
    layer = int(table["layer"].iloc[0])
    yield f"Neutrality at layer {layer}, mean over trainings (brackets: chance), and what edits without training give:"
    names = ["text", "variant", "vectors", "centred cosine", "raw gap", "language told", "script told", "nearest"]
    yield markdown(names, rows)


def _vectors(folder: Path) -> Iterator[str]:
    table = _read(folder, "vectors")
    if table is None:
        return
    yield "What the vectors know, by model; in brackets what 95 % of shuffled labels give:"
    rows = [
        [line.model, f"{line.table}: {line.statistic}", with_null(line), probability(line.p_value)]
        for line in table.itertuples()
    ]
    yield markdown(["model", "statistic", "observed", "p"], rows)


def with_null(line: Any) -> str:
    """A statistic with what shuffled labels give."""
    return f"{cosine(line.observed)} ({cosine(line.null_low)} to {cosine(line.null_high)})"


def _donors(folder: Path) -> Iterator[str]:
    table = _read(folder, "transfer")
    if table is None:
        return
    yield "Donors, all targets: mean score, points behind the best in hindsight, quality of the whole ranking (NDCG):"
    rows = [
        [line.task, line.model, ROLE_NAMES[line.role], str(line.languages), score(line.score),
         with_ends(line.regret, line.regret_low, line.regret_high, signed), cosine(line.ndcg)]
        for line in table[table["group"] == "all"].itertuples()
    ]  # fmt: skip
    yield markdown(["task", "model", "source", "targets", "score", "regret", "NDCG"], rows)


def side_of(model: str) -> str:
    """The variant of which a model is a training; its name where it is none, as the start of a continued study."""
    training = training_of(model)
    return model if training is None else training.variant


def _read(folder: Path, name: str) -> pd.DataFrame | None:
    path = folder / f"{name}.parquet"
    return pd.read_parquet(path) if path.is_file() else None


def markdown(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    main()
