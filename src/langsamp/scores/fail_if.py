"""Conditions under which a comparison fails a pipeline: `sr-bible<-0.5`, `all<0`, `ner.high<0`.

A gate is TASK[.FIELD] OP NUMBER: the comparison fails where the condition holds. TASK is a task that was compared, or
`all` for each of them. FIELD is `mean` (the mean difference B - A in points; taken where none is written), or `low` or
`high`, an end of its 95 % interval clustered on family. OP is `<`, `<=`, `>` or `>=`. Several gates are joined by
commas or given one by one.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from langsamp.errors import GateFailedError, UserError, did_you_mean

_SHAPE = re.compile(r"\s*([\w-]+)(?:\.(\w+))?\s*(<=|>=|<|>)\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*")
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
FIELDS = ("mean", "low", "high")
ALL = "all"


class FailIf(NamedTuple):
    """One condition that must not hold."""

    task: str
    """A task, or `all`."""
    field: str
    operator: str
    number: float

    def __str__(self) -> str:
        """As the user may write it."""
        field = "" if self.field == "mean" else f".{self.field}"
        return f"{self.task}{field}{self.operator}{self.number:g}"


class Difference(NamedTuple):
    """What gates look at: B - A on one task, in points."""

    task: str
    label: str
    """What messages call it: the task, and how it was scored where there are several ways."""
    mean: float
    low: float | None
    """Ends of the interval clustered on family; None where there is none."""
    high: float | None


def parse_fail_if(texts: Iterable[str]) -> tuple[FailIf, ...]:
    """The gates in `texts`, each of which may hold several, joined by commas.

    Raises:
        UserError: where one is not of the shape TASK[.FIELD] OP NUMBER.
    """
    return tuple(_parse(text) for joined in texts for text in joined.split(","))


def check_fail_if(gates: Collection[FailIf], differences: Collection[Difference]) -> None:
    """Pass where no condition holds. One on an end of an interval that could not be made counts as holding.

    Raises:
        GateFailedError: where conditions hold; the message has a line for each and the difference it holds for.
        UserError: where a gate names a task that was not compared, which could otherwise never fail.
    """
    tasks = list(dict.fromkeys(difference.task for difference in differences))
    for gate in gates:
        if gate.task != ALL and gate.task not in tasks:
            raise UserError(
                f"--fail-if {gate}: {gate.task!r} was not compared.{did_you_mean(gate.task, tasks)} "
                f"Compared: {', '.join(tasks)}"
            )
    failed = [
        line
        for gate in gates
        for difference in differences
        if gate.task in (ALL, difference.task) and (line := _failure(gate, difference))
    ]
    if failed:
        raise GateFailedError("\n  ".join([f"{len(failed)} of the conditions of --fail-if hold:", *failed]))


def _failure(gate: FailIf, difference: Difference) -> str:
    value: float | None = getattr(difference, gate.field)
    if value is None:
        return f"{gate}: {difference.label} has no interval by family, so nothing was shown"
    if not _OPERATORS[gate.operator](value, gate.number):
        return ""
    what = {"mean": "mean difference", "low": "lower end", "high": "upper end"}[gate.field]
    return f"{gate}: the {what} of {difference.label} is {value:+.2f} points"


def _parse(text: str) -> FailIf:
    match = _SHAPE.fullmatch(text.replace("−", "-"))
    if match is None:
        raise UserError(
            f"--fail-if {text!r}: expected TASK OP NUMBER or TASK.FIELD OP NUMBER, such as 'sr-bible<-0.5', 'all<0' "
            "or 'ner.high<0'; OP is one of < <= > >="
        )
    task, field, op, number = match.groups()
    if field is not None and field not in FIELDS:
        raise UserError(
            f"--fail-if {text!r}: no field {field!r}.{did_you_mean(field, FIELDS)} Fields: {', '.join(FIELDS)}"
        )
    return FailIf(task, field or "mean", op, float(number))
