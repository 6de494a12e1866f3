"""The charts of seeds: what each one reached, and whether a better dev score meant a better test score."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from langsamp.render.chart import Chart
from langsamp.render.numbers import score
from langsamp.render.palette import Mark
from langsamp.render.svg import INK, page_style
from langsamp.reporting.inputs.cell_remarks import Tuning
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.pictures.curves import small_pictures

_ACROSS = 3
"""Small pictures beside each other."""


def has_seeds(comparison: SystemComparison) -> bool:
    """Whether a side was scored with several seeds."""
    return any(comparison.tries(side).shape[1] > 1 for side in comparison.sides)


def strip_chart(comparisons: Sequence[SystemComparison], marks: Mapping[str, Mark]) -> Chart:
    """One small picture a comparison, one line a side: a dot for each seed's mean over languages, a bar for their mean.

    Only languages that all seeds of a side have enter its dots. Pointing at a dot names its seed.
    """
    sides = [side for side in marks if any(side in comparison.sides for comparison in comparisons)]
    titles: dict[str, list[str]] = {}
    with page_style():
        figure, pictures = small_pictures(len(comparisons), _ACROSS, height=0.75 + 0.28 * len(sides))
        for number, (axes, comparison) in enumerate(zip(pictures, comparisons, strict=False)):
            for height, side in enumerate(reversed(sides)):
                if side not in comparison.sides:
                    continue
                seeds = comparison.tries(side).loc[comparison.shared].dropna().mean()
                gid = f"seeds-{number}-{height}"
                titles[gid] = [f"{marks[side].name}, {_seed(str(name))}: {score(mean)}" for name, mean in seeds.items()]
                _dots(axes, seeds.tolist(), [height] * len(seeds), marks[side], gid=gid)
                axes.plot([seeds.mean()] * 2, [height - 0.32, height + 0.32], color=INK, linewidth=1.4, zorder=2)
            axes.set_yticks(
                range(len(sides)), [marks[side].name for side in reversed(sides)] if number % _ACROSS == 0 else []
            )
            axes.set(title=comparison.label, ylim=(-0.6, len(sides) - 0.4), xlabel="per cent")
            axes.margins(x=0.12)
            axes.grid(axis="x")
    return Chart(figure, titles)


def dev_test_chart(tasks: Mapping[str, Sequence[Tuning]], marks: Mapping[str, Mark]) -> Chart:
    """One small picture a task, one dot a fine-tuning: its dev score, and its mean test score over other languages."""
    titles: dict[str, list[str]] = {}
    with page_style():
        figure, pictures = small_pictures(len(tasks), _ACROSS, height=2.7)
        for number, (axes, (label, tunings)) in enumerate(zip(pictures, tasks.items(), strict=False)):
            for side_number, side in enumerate(dict.fromkeys(each.side for each in tunings)):
                mine = [each for each in tunings if each.side == side and each.test is not None]
                if not mine:
                    continue
                gid = f"devtest-{number}-{side_number}"
                titles[gid] = [
                    f"{marks[side].name}, {_seed(each.replicate)}: {score(each.best)}, {score(each.test)}"
                    for each in mine
                ]
                _dots(axes, [each.best for each in mine], [each.test for each in mine], marks[side], gid=gid)
            axes.set(title=label, xlabel="dev, per cent")
            if number % _ACROSS == 0:
                axes.set_ylabel("test, other languages, per cent")
            axes.margins(0.1)
            axes.grid()
        present = {each.side for tunings in tasks.values() for each in tunings}
        for side in (side for side in marks if side in present):
            _dots(pictures[0], [], [], marks[side], label=marks[side].name)
        figure.legend(loc="outside lower center", ncols=6, handletextpad=0.2, columnspacing=1.4)
    return Chart(figure, titles)


def _dots(axes: Axes, xs: Sequence[Any], ys: Sequence[Any], mark: Mark, **more: Any) -> None:
    axes.scatter(xs, ys, s=36, color=mark.colour, marker=mark.shape, alpha=0.85, linewidths=0, zorder=3, **more)


def _seed(replicate: str) -> str:
    training, _, seed = replicate.partition("/")
    return f"training {training}, seed {seed}"
