"""A record as a table for a terminal of 80 columns or more."""

from collections.abc import Callable, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from langsamp.bench.record import Record, Row, Target

_COLUMNS: dict[str, Callable[[Row], str]] = {
    "seconds": lambda row: _number(row.seconds),
    "CPU s": lambda row: _number(row.cpu_seconds),
    "ratio": lambda row: "" if row.ratio is None else f"{row.ratio:.2f}x",
    "CPU ratio": lambda row: "" if row.cpu_ratio is None else f"{row.cpu_ratio:.2f}x",
    "quartiles": lambda row: "" if row.spread is None else "{:.2f}-{:.2f}".format(*row.spread),
    "share": lambda row: "" if row.share is None else f"{100 * row.share:.0f} %",
    "{unit}/s": lambda row: _number(row.rate),
    "peak MiB": lambda row: _number(row.peak_mib),
    "above MiB": lambda row: _number(row.above_mib),
    "faults": lambda row: _count(row.faults),
    "at work": lambda row: _count(row.at_work),
    "too late": lambda row: _count(row.too_late),
    "stood": lambda row: _count(row.stood),
    "rows": lambda row: _count(row.rows),
    "weights": lambda row: _count(row.weights),
    "scores": lambda row: _count(row.scores),
    "others": lambda row: _count(row.others),
    "error": lambda row: "" if row.error is None else f"{row.error:.0e}",
}
_SPARED = ("quartiles", "peak MiB", "seconds", "ratio")
"""What a narrow terminal does without, in this order; the JSON has all."""
_NAME = 26
"""Least width of the names."""
_NAMED = ("python", "torch", "transformers", "tokenizers")
"""Versions that are shown; the others are in the JSON."""


def print_record(record: Record, console: Console | None = None) -> None:
    """Print what was compared, the times, and whether the targets are met."""
    console = console or Console(highlight=False)
    console.print(Text(f"\n{record.name}: ", "bold").append(record.measures, "not bold"))
    for group, rows in groupby(record.rows, key=lambda row: row.group):
        if group is not None:
            console.print(Text(group, "bold"))
        console.print(_table(tuple(rows), unit=record.unit, width=console.width))
    for target in record.targets:
        console.print(Text(_sentence(target), "green" if target.is_met else "red"))
    versions = ", ".join(f"{name} {record.provenance['versions'].get(name)}" for name in _NAMED)
    machine = "{processor}, {usable_cores} cores, {memory_gib} GiB, load {load} at the end".format(**record.machine)
    console.print(Text(f"{machine}; {versions}", "dim"))


def _table(rows: Sequence[Row], *, unit: str, width: int) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("", overflow="fold", min_width=_NAME)
    shown = {
        name.format(unit=unit): [cell(row) for row in rows]
        for name, cell in _COLUMNS.items()
        if any(map(cell, rows))
    }  # fmt: skip
    for name in _SPARED:
        if _NAME + sum(max(map(len, (title, *cells))) + 2 for title, cells in shown.items()) > width:
            shown.pop(name, None)
    for name in shown:
        table.add_column(name, justify="right", no_wrap=True)
    for row, cells in zip(rows, zip(*shown.values(), strict=True), strict=True):
        table.add_row(Text(row.variant), *cells)
    return table


def _sentence(target: Target) -> str:
    verdict, side = ("met", "at most" if target.at_most else "at least")
    return f"{verdict if target.is_met else 'missed'}: {target.name} {target.measured:.3g} ({side} {target.limit:g})"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    digits = 0 if value >= 100 else 1 if value >= 10 else 3
    return f"{value:,.{digits}f}"
