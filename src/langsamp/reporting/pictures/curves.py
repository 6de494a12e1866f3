"""The charts of what went up and down by step: losses and scores of a training, and the dev set of a fine-tuning."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from langsamp.languages.tags import LangScript
from langsamp.model.variants import START_NAME
from langsamp.render.chart import Chart
from langsamp.render.palette import Mark
from langsamp.render.svg import INK, page_style
from langsamp.reporting.inputs.cell_remarks import Tuning
from langsamp.reporting.inputs.run_folder import Model
from langsamp.scores.groups import groups_of

_LINE_STYLES = ("-", "--", ":", "-.")
_WIDTH = 9.6
_MOST_POINTS = 300  # of one curve: more cannot be seen at the width of a page


def loss_curves(models: Sequence[Model], marks: Mapping[str, Mark]) -> Chart:
    """Training loss (smoothed) and held-out loss by step, one line a model in the colour of its side."""
    with page_style():
        figure = Figure(figsize=(_WIDTH, 3.7), layout="constrained")
        train, held_out = figure.subplots(1, 2)
        for model in models:
            look = _look(model, marks)
            if model.log.train:
                steps = np.array([line.step for line in model.log.train])
                losses = smoothed(np.array([line.loss for line in model.log.train], dtype=float))
                shown = np.unique(np.linspace(0, len(steps) - 1, _MOST_POINTS).astype(int))
                train.plot(steps[shown], losses[shown], **look)
            if measured := [line for line in model.log.held_out if line.loss is not None]:
                steps = np.array([line.step for line in measured])
                losses = np.array([line.loss for line in measured], dtype=float)
                held_out.plot(steps, losses, marker="o", markersize=3, **look)
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


def forgetting_curves(models: Sequence[Model], marks: Mapping[str, Mark]) -> Chart | None:
    """Held-out loss by step from the start on, means over head and over tail languages; None where no start was."""
    started = [model for model in models if model.log.held_out and model.log.held_out[0].step == 0]
    tiers = {tier: {model.label: _tier_losses(model, tier) for model in started} for tier in ("head", "tail")}
    shown = {tier: losses for tier, losses in tiers.items() if any(losses.values())}
    if not shown:
        return None
    with page_style():
        figure = Figure(figsize=(_WIDTH, 3.4), layout="constrained")
        for axes, (tier, losses) in zip(figure.subplots(1, 2, sharey=True), shown.items(), strict=False):
            for model in started:
                if points := losses[model.label]:
                    axes.plot(*zip(*points, strict=True), marker="o", markersize=3, **_look(model, marks))
                    axes.axhline(points[0][1], linewidth=0.8, linestyle=":", color=marks[model.side].colour)
            axes.set(title=f"{tier} languages", xlabel="step")
            axes.grid(axis="y")
            _whole_numbers(axes)
        for axes in figure.axes[len(shown) :]:
            axes.set_axis_off()
        figure.axes[0].set_ylabel("nats per masked token")
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return Chart(figure, {})


def monitor_curves(models: Sequence[Model], marks: Mapping[str, Mark]) -> Chart | None:
    """Scores taken while training by step, and where there is one the start's, as the line to beat; None without any.

    Of a task only scores are drawn that were taken alike, as the newest were.
    """
    scored = [model for model in models if model.log.monitored]
    tasks = list(dict.fromkeys(task for model in scored for task in model.log.monitored[-1].tags))
    if not tasks:
        return None
    with page_style():
        figure, pictures = small_pictures(len(tasks), 2, height=2.9, foot=0.5)
        for axes, task in zip(pictures, tasks, strict=False):
            for model in scored:
                newest = model.log.monitored[-1].settings
                points = [(line.step, line.score(task)) for line in model.log.monitored if line.settings == newest]
                axes.plot(*zip(*points, strict=True), marker="o", markersize=3, **_look(model, marks))
                if points[0][0] == 0:
                    axes.axhline(points[0][1], linewidth=1.2, linestyle="--", color=INK, label=START_NAME)
            axes.set(title=task, xlabel="step")
            axes.grid(axis="y")
            _whole_numbers(axes)
        for axes in pictures[::2]:
            axes.set_ylabel("per cent, mean over languages")
        entries = dict(zip(*reversed(pictures[0].get_legend_handles_labels()), strict=True))
        figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=4)
    return Chart(figure, {})


def _tier_losses(model: Model, tier: str) -> list[tuple[int, float]]:
    """Step and mean held-out loss over the languages of a tier; empty where the log has none."""
    points = []
    for line in model.log.held_out:
        losses = [each.loss for tag, each in line.tags.items() if tier in groups_of(LangScript.parse(tag), "paper")]
        if losses:
            points.append((line.step, sum(losses) / len(losses)))
    return points


def _look(model: Model, marks: Mapping[str, Mark]) -> dict[str, Any]:
    return {
        "color": marks[model.side].colour,
        "linestyle": _LINE_STYLES[model.seed % len(_LINE_STYLES)],
        "linewidth": 1.5,
        "label": model.label,
    }


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
    with page_style():
        figure, pictures = small_pictures(len(tasks), 2, height=2.5, foot=0.5)
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
        for axes in pictures[::2]:
            axes.set_ylabel("dev set, per cent")
        present = {each.side for tunings in tasks.values() for each in tunings}
        for side in (side for side in marks if side in present):
            pictures[0].plot([], [], linewidth=2, color=marks[side].colour, label=marks[side].name)
        figure.legend(loc="outside lower center", ncols=6, handlelength=1.6)
    return Chart(figure, {})


def small_pictures(number: int, across: int, *, height: float, foot: float = 0.4) -> tuple[Figure, list[Axes]]:
    """Pictures of `height` inches in rows of `across`, room for a legend below them; places without one are empty."""
    rows = -(-number // across)
    figure = Figure(figsize=(_WIDTH, foot + height * rows), layout="constrained")
    pictures = list(figure.subplots(rows, across, squeeze=False).ravel())
    for axes in pictures[number:]:
        axes.set_axis_off()
    return figure, pictures


def _whole_numbers(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter(lambda step, _: f"{step:,.0f}")
