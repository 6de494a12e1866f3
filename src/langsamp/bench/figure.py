"""A record as a picture: how many times as fast as the reference each variant is, with quartiles, size by size."""

from itertools import groupby

from matplotlib.figure import Figure

from langsamp.bench.record import Record, Row
from langsamp.render.chart import Chart
from langsamp.render.palette import BLUE, GREY
from langsamp.render.svg import INK, LINE, page_style

_INCHES = 0.24
"""Height of one bar."""


def figure(record: Record) -> Chart:
    """Bars of the speed against the reference where rows have one, else of seconds; the first of a group is grey."""
    groups = [(name, list(rows)) for name, rows in groupby(record.rows, key=lambda row: row.group)]
    by_speed = any(_speed(row) is not None for row in record.rows)
    shown = [
        (name, [(row, value) for row in rows if (value := _speed(row) if by_speed else row.seconds) is not None])
        for name, rows in groups
    ]
    shown = [(name, rows) for name, rows in shown if rows]
    with page_style():
        height = sum(len(rows) * _INCHES + 0.45 for _, rows in shown)
        drawn = Figure(figsize=(8.6, height + 0.6), layout="constrained")
        many = drawn.subplots(
            len(shown), squeeze=False, sharex=True, gridspec_kw={"height_ratios": [len(rows) + 1 for _, rows in shown]}
        )
        for axes, (name, rows) in zip(many[:, 0], shown, strict=True):
            values = [value for _, value in rows]
            bars = axes.barh(
                [row.variant for row, _ in rows], values, color=[GREY, *[BLUE] * (len(rows) - 1)], height=0.7
            )
            axes.bar_label(bars, [f" {value:.3g}{'x' if by_speed else ' s'}" for value in values], color=INK)
            axes.set_title(name or record.name)
            axes.invert_yaxis()
            axes.tick_params(axis="y", length=0)
            axes.grid(axis="x", zorder=0)
            axes.set_axisbelow(True)
            if by_speed:
                axes.axvline(1, color=LINE, linewidth=1.2)
            axes.margins(x=0.12)
        many[-1, 0].set_xlabel(
            "times as fast as the grey one, by processor time where that was kept" if by_speed else "seconds"
        )
    return Chart(drawn, {})


def _speed(row: Row) -> float | None:
    return row.cpu_ratio if row.cpu_ratio else row.ratio
