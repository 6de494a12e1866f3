"""The figures of docs/results.md, made from what `study_results.py` has stored of a study.

`gain`: what LangSAMP brings each tail language, over the start and over the baseline, with intervals over test items.
`layers`: how alike translations are, `probes`: how well the language is told, by layer. `vectors`: the map of the
language vectors of the first training.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.study_tables import stored

from langsamp.analysis.neutrality.record import LayerMeans, NeutralityAnalysis
from langsamp.analysis.vectors.record import VectorPoint, VectorsAnalysis
from langsamp.disk.files import write_bytes
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.model.variants import START, training_of
from langsamp.render.chart import Chart
from langsamp.render.charts.interval_chart import Dot, Panel, interval_chart
from langsamp.render.numbers import signed, with_ends
from langsamp.render.saving import save_figures
from langsamp.views.appearance import looks, side_name
from langsamp.views.charts.neutrality_charts import layer_curves, probe_curves
from langsamp.views.charts.vector_charts import first_picture
from langsamp.views.names import known

FIGURES = Path("figures")
"""Where they lie, beside the page."""


CAPTIONS = {
    "gain": "What LangSAMP brings each tail language, points with 95 % over test items; filled: told apart",
    "layers": "Neutrality by layer, means over pairs of languages",
    "probes": "How often a linear probe tells language and script of a sentence, by layer; lower is more neutral",
    "vectors": "The language vectors of the first training on their principal components, by family",
}
_DRAWN_OF = {"gain": "languages", "layers": "neutrality", "probes": "neutrality", "vectors": "points"}
"""Of each figure the stored table that it needs."""


def shown(folder: Path, page: str = "") -> list[str]:
    """The figures of a study in Markdown, but for those that `page` shows already."""
    there = [name for name, table in _DRAWN_OF.items() if (folder / f"{table}.parquet").is_file()]
    files = {name: f"({FIGURES}/{folder.name}-{name}.svg)" for name in there}
    return [f"![{CAPTIONS[name]}]{file}" for name, file in files.items() if file not in page]


def write_figures(folder: Path, page: Path) -> None:
    """Write the figures of the study in `folder` beside `page`."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, chart in figures(folder):
            save_figures({name: chart}, Path(scratch))
            write_bytes(
                page.parent / FIGURES / f"{folder.name}-{name}.svg", (Path(scratch) / f"{name}.svg").read_bytes()
            )


def figures(folder: Path) -> Iterator[tuple[str, Chart]]:
    """The figures that can be drawn of a study, by name."""
    for name, make in {"gain": _gain, "vectors": _vectors}.items():
        if (chart := make(folder)) is not None:
            yield name, chart
    if (analysis := _neutrality(folder)) is not None:
        yield "layers", layer_curves(analysis)
        yield "probes", probe_curves(analysis)


def _gain(folder: Path) -> Chart | None:
    lines = stored(folder, "languages")
    if lines is None:
        return None
    is_tail = [not describe(LangScript.parse(tag)).is_head for tag in lines["tag"]]
    lines = lines[is_tail] if any(is_tail) else lines
    order = lines[lines["over"] == lines["over"].iloc[0]].groupby("tag")["difference"].mean().sort_values()
    marks = looks(list(dict.fromkeys(lines["over"])))
    panels = [
        Panel(f"{task}, points", [_dot(line) for line in of_task.itertuples()], has_zero=True)
        for task, of_task in lines.groupby("task", sort=False)
    ]
    rows = {str(tag): known(str(tag)).name for tag in order.index[::-1]}
    names = {side: f"over the {'start' if side == START else side_name(side).lower()}" for side in marks}
    return interval_chart(panels, rows=rows, marks=marks, names=names, gid="gain")


def _dot(line: object) -> Dot:
    values = line._asdict()  # type: ignore[attr-defined]  # a named tuple of pandas
    ends = values["low"], values["high"]
    title = f"{known(values['tag']).name}: {with_ends(values['difference'], *ends, signed)}"
    return Dot(values["tag"], values["over"], values["difference"], *ends, values["verdict"] != "indistinct", title)


def _neutrality(folder: Path) -> NeutralityAnalysis | None:
    """Of the first training of each variant."""
    table = stored(folder, "neutrality")
    if table is None:
        return None
    firsts = [name for name in dict.fromkeys(table["model"]) if (one := training_of(name)) is None or one.seed == 0]
    curve = table[table["model"].isin(firsts)].drop(columns=["text", "told"])
    return NeutralityAnalysis(
        subject=folder.name, models=tuple(firsts), layers=dict.fromkeys(firsts, int(table["told"].iloc[0])), tags=(),
        text=str(table["text"].iloc[0]), number=0, available=None, seed=0, missing={}, similarity=(),
        curve=tuple(LayerMeans(*line) for line in curve.itertuples(index=False)),
    )  # fmt: skip


def _vectors(folder: Path) -> Chart | None:
    table = stored(folder, "points")
    if table is None:
        return None
    points = tuple(VectorPoint(*line) for line in table[list(VectorPoint._fields)].itertuples(index=False))
    share = tuple(table[["share1", "share2"]].iloc[0])
    return first_picture(
        VectorsAnalysis(
            subject=folder.name, variant="both", shares={"language": share}, untrained={}, embedding={}, points=points,
            neighbours=(), tree=(), statistics=(),
        ),
        "language",
    )  # fmt: skip
