"""Pictures of the study of source languages: what each way of choosing gives and costs, and language by language."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from langsamp.analysis.analysis import Analysis
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.render.chart import Chart, Point, score_scatter
from langsamp.render.palette import BLUE, FAMILIES, GREEN, GREY, ORANGE, PURPLE, Mark
from langsamp.render.svg import INK, page_style
from langsamp.views.transfer_text import ROLE_NAMES

ROLE_MARKS = {
    "english": Mark(GREY, "o"), "closest": Mark(BLUE, "D"), "family": Mark(GREEN, "^"), "random": Mark(ORANGE, "s"),
    "best": Mark(PURPLE, "P"),
}  # fmt: skip
_PANELS_A_ROW = 3


def figures(analysis: Analysis) -> dict[str, Chart]:
    """Those of `study_charts`, and `closest-<task>-<model>`: English against the closest donor."""
    charts = study_charts(analysis)
    for (task, model), rows in analysis.tables["transfer"].groupby(["task", "model"], sort=False):
        charts[f"closest-{task}-{model}".replace("/", "-").replace(":", "-")] = _by_language(rows)
    return charts


def study_charts(analysis: Analysis) -> dict[str, Chart]:
    """`strategies` and `regret` over all tasks; `regret` is missing where the best donor is not known."""
    means = analysis.tables["means"]
    whole = means[means["group"] == "all"]
    charts = {"strategies": _panels(whole, "difference", "low", "high", "points above English as the source")}
    if whole["regret"].notna().any():
        charts["regret"] = _panels(whole, "regret", "regret_low", "regret_high", "points below the best donor")
    return charts


def _panels(whole: pd.DataFrame, value: str, low: str, high: str, label: str) -> Chart:
    """One panel for each task and model, one line for each role: the mean over languages with its interval."""
    groups = list(whole.groupby(["task", "model"], sort=False))
    several = whole["model"].nunique() > 1
    across = min(2 if len(groups) == 4 else _PANELS_A_ROW, len(groups))
    down = -(-len(groups) // across)
    with page_style():
        figure = Figure(figsize=(max(6.0, 3.2 * across), 0.5 + 1.9 * down), layout="constrained")
        axes = figure.subplots(down, across, squeeze=False, sharey=True)
        for number, panel in enumerate(axes.flat):
            if number >= len(groups):
                panel.set_visible(False)
                continue
            (task, model), rows = groups[number]
            _panel(panel, rows, value, low, high)
            languages = rows["languages"].iloc[0]
            panel.set_title(f"{task}{f', {model}' if several else ''} ({languages} languages)")
        figure.supxlabel(f"{label}, mean over languages with 95 % interval", fontsize=9, color=INK)
    return Chart(figure, {})


def _panel(axes: Axes, rows: pd.DataFrame, value: str, low: str, high: str) -> None:
    shown = [row for row in rows.to_dict("records") if not pd.isna(row[value])]
    for height, row in enumerate(reversed(shown)):
        mark = ROLE_MARKS[row["role"]]
        if not pd.isna(row[low]):
            axes.plot([row[low], row[high]], [height, height], color=mark.colour, linewidth=2, solid_capstyle="round")
        axes.scatter([row[value]], [height], s=46, c=mark.colour, marker=mark.shape, linewidths=0, zorder=3)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    axes.set_yticks(range(len(shown)), [ROLE_NAMES[row["role"]] for row in reversed(shown)])
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", zorder=0)


def _by_language(rows: pd.DataFrame) -> Chart:
    """A dot for each target, coloured by its family: above the line the closest donor is the better source."""
    values = rows.pivot(index="target", columns="role", values="score")
    sources = rows[rows["role"] == "closest"].set_index("target")["source"]
    points = [_point(str(target), row, str(sources.loc[str(target)])) for target, row in values.iterrows()]
    names = {str(info.family): str(info.family_name) for info in map(_info, values.index) if info.family}
    labels = ("from English, per cent", "from the closest donor, per cent")
    return score_scatter(points, marks=FAMILIES, names=names, axis_labels=labels, gid="closest")


def _point(target: str, row: "pd.Series[Any]", source: str) -> Point:
    info = _info(target)
    title = f"{info.name} ({target}): {row['english']:.1f} from English, {row['closest']:.1f} from {source}"
    weight = abs(row["closest"] - row["english"])  # who differs most is labelled first
    return Point(row["english"], row["closest"], target.partition("_")[0], title, info.family or "", weight)


def _info(target: str) -> Any:
    return describe(LangScript.parse(target))
