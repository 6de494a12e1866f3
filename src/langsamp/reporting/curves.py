"""The charts of what went up and down by step: training loss, and the dev set during fine-tuning."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from langsamp.render.chart import Chart
from langsamp.render.palette import Mark
from langsamp.render.svg import page_style
from langsamp.reporting.inputs.cell_remarks import Tuning
from langsamp.reporting.inputs.run_folder import Model
from langsamp.views.appearance import side_name

_LINE_STYLES = ("-", "--", ":", "-.")
_MOST_POINTS = 300  # of one curve: more cannot be seen at the width of a page


def loss_curves(models: Sequence[Model], marks: Mapping[str, Mark]) -> Chart:
    """Training loss (smoothed) and held-out loss by step, one line a model in the colour of its side."""
    with page_style():
        figure = Figure(figsize=(9.6, 3.7), layout="constrained")
        train, held_out = figure.subplots(1, 2)
        for model in models:
            look: dict[str, Any] = {
                "color": marks[model.side].colour,
                "linestyle": _LINE_STYLES[model.seed % len(_LINE_STYLES)],
                "label": model.label,
            }
            if model.train:
                steps = np.array([record["step"] for record in model.train])
                losses = smoothed(np.array([record["loss"] for record in model.train], dtype=float))
                shown = np.unique(np.linspace(0, len(steps) - 1, _MOST_POINTS).astype(int))
                train.plot(steps[shown], losses[shown], linewidth=1.5, **look)
            if measured := [record for record in model.held_out if record.get("loss") is not None]:
                steps = np.array([record["step"] for record in measured])
                losses = np.array([record["loss"] for record in measured], dtype=float)
                held_out.plot(steps, losses, linewidth=1.5, marker="o", markersize=3, **look)
        for axes, title in ((train, "Training loss (smoothed)"), (held_out, "Held-out loss")):
            axes.set(title=title, xlabel="step")
            axes.grid(axis="y")
            _whole_numbers(axes)
        train.set_ylabel("nats per masked token")
        lines, names = max(
            (axes.get_legend_handles_labels() for axes in (train, held_out)), key=lambda entries: len(entries[0])
        )
        if lines:
            figure.legend(lines, names, loc="outside lower center", ncols=4, handlelength=2.6)
    return Chart(figure, {})


def smoothed(losses: NDArray[np.floating]) -> NDArray[np.floating]:
    """Exponential moving average over about a fiftieth of the curve, free of the start's pull to zero."""
    decay = 1 - 1 / max(1.0, len(losses) / 50)
    mean, weight, out = 0.0, 0.0, np.empty_like(losses)
    for index, loss in enumerate(losses):
        mean = decay * mean + (1 - decay) * loss
        weight = decay * weight + (1 - decay)
        out[index] = mean / weight
    return out


def dev_curves(tasks: Mapping[str, Sequence[Tuning]], marks: Mapping[str, Mark]) -> Chart:
    """The dev score by epoch or update, one small picture a task, one line a fine-tuning; dots are the kept weights."""
    rows = -(-len(tasks) // 2)
    with page_style():
        figure = Figure(figsize=(9.6, 0.5 + 2.5 * rows), layout="constrained")
        pictures = figure.subplots(rows, 2, squeeze=False).ravel()
        for axes, (label, tunings) in zip(pictures, tasks.items(), strict=False):
            for each in tunings:
                colour = marks[each.side].colour
                shown = np.unique(np.linspace(0, len(each.dev) - 1, _MOST_POINTS).astype(int))
                axes.plot(
                    np.array(each.steps)[shown], np.array(each.dev)[shown], linewidth=0.9, alpha=0.7, color=colour
                )
                if each.kept is not None:
                    axes.plot([each.steps[each.kept]], [each.dev[each.kept]], "o", markersize=4, color=colour)
            axes.set(title=label, xlabel=tunings[0].unit)
            axes.grid(axis="y")
            _whole_numbers(axes)
        for axes in pictures[len(tasks) :]:
            axes.set_axis_off()
        for axes in pictures[::2]:
            axes.set_ylabel("dev set, per cent")
        present = {each.side for tunings in tasks.values() for each in tunings}
        for side in (side for side in marks if side in present):
            pictures[0].plot([], [], linewidth=2, color=marks[side].colour, label=side_name(side))
        figure.legend(loc="outside lower center", ncols=6, handlelength=1.6)
    return Chart(figure, {})


def _whole_numbers(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter(lambda step, _: f"{step:,.0f}")
