"""Pictures of the study of source languages: what each way of choosing gives and costs, and language by language."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from langsamp.analysis.transfer.record import Role, RoleMean, TargetScore, TransferAnalysis
from langsamp.render.chart import Chart, Point, score_scatter
from langsamp.render.document import is_absent
from langsamp.render.palette import BLUE, FAMILIES, GREEN, GREY, OLIVE, ORANGE, PURPLE, SKY, Mark
from langsamp.render.svg import INK, page_style
from langsamp.views.names import known
from langsamp.views.transfer import ROLE_NAMES

ROLE_MARKS: dict[Role, Mark] = {
    "english": Mark(GREY, "o"), "closest": Mark(BLUE, "D"), "family": Mark(GREEN, "^"),
    "kinship": Mark(OLIVE, "v"), "neighbours": Mark(SKY, "h"), "random": Mark(ORANGE, "s"), "best": Mark(PURPLE, "P"),
}  # fmt: skip
_PANELS_A_ROW = 3

_Ends = Callable[[RoleMean], tuple[float, float, float]]
"""What a dot shows: its value and both ends of its interval."""


def figures(analysis: TransferAnalysis) -> dict[str, Chart]:
    """Those of `study_charts`, and `closest-<task>-<model>`: English against the closest donor."""
    charts = study_charts(analysis)
    for task, model in analysis.studies:
        name = f"closest-{task}-{model}".replace("/", "-").replace(":", "-")
        charts[name] = _by_language(analysis.scores_of(task, model))
    return charts


def study_charts(analysis: TransferAnalysis) -> dict[str, Chart]:
    """`strategies` and `regret` over all tasks; `regret` is missing where the best donor is not known."""
    charts = {
        "strategies": _panels(
            analysis, lambda line: (line.difference, line.low, line.high), "points above English as the source"
        )
    }
    if not all(is_absent(line.regret) for line in analysis.means):
        charts["regret"] = _panels(
            analysis, lambda line: (line.regret, line.regret_low, line.regret_high), "points below the best donor"
        )
    return charts


def _panels(analysis: TransferAnalysis, ends: _Ends, label: str) -> Chart:
    """One panel for each task and model, one line for each role: the mean over languages with its interval."""
    groups = analysis.studies
    several = len({model for _, model in groups}) > 1
    across = min(2 if len(groups) == 4 else _PANELS_A_ROW, len(groups))
    down = -(-len(groups) // across)
    with page_style():
        figure = Figure(figsize=(max(6.0, 3.2 * across), 0.5 + 1.9 * down), layout="constrained")
        axes = figure.subplots(down, across, squeeze=False, sharey=True)
        for number, panel in enumerate(axes.flat):
            if number >= len(groups):
                panel.set_visible(False)
                continue
            task, model = groups[number]
            rows = [line for line in analysis.means_of(task, model) if line.group == "all"]
            _panel(panel, [(line.role, *ends(line)) for line in rows])
            panel.set_title(f"{task}{f', {model}' if several else ''} ({rows[0].languages} languages)")
        figure.supxlabel(f"{label}, mean over languages with 95 % interval", fontsize=9, color=INK)
    return Chart(figure, {})


def _panel(axes: Axes, rows: Sequence[tuple[Role, float, float, float]]) -> None:
    shown = [row for row in rows if not is_absent(row[1])]
    for height, (role, value, low, high) in enumerate(reversed(shown)):
        mark = ROLE_MARKS[role]
        if not is_absent(low):
            axes.plot([low, high], [height, height], color=mark.colour, linewidth=2, solid_capstyle="round")
        axes.scatter([value], [height], s=46, c=mark.colour, marker=mark.shape, linewidths=0, zorder=3)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    axes.set_yticks(range(len(shown)), [ROLE_NAMES[role] for role, *_ in reversed(shown)])
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", zorder=0)


def _by_language(scores: Mapping[str, Mapping[Role, TargetScore]]) -> Chart:
    """A dot for each target, coloured by its family: above the line the closest donor is the better source."""
    points = [_point(by_role["english"], by_role["closest"]) for _, by_role in sorted(scores.items())]
    infos = map(known, sorted(scores))
    names = {info.family: str(info.family_name) for info in infos if info.family}
    labels = ("from English, per cent", "from the closest donor, per cent")
    return score_scatter(points, marks=FAMILIES, names=names, axis_labels=labels, gid="closest")


def _point(english: TargetScore, closest: TargetScore) -> Point:
    target, info = english.target, known(english.target)
    title = f"{info.name} ({target}): {english.score:.1f} from English, {closest.score:.1f} from {closest.source}"
    weight = abs(closest.score - english.score)  # who differs most is labelled first
    return Point(english.score, closest.score, target.partition("_")[0], title, info.family or "", weight)
