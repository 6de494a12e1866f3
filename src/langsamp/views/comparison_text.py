"""A comparison of two models in words and as tables for the terminal; differences are B - A, in points."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from langsamp.languages.table import describe, families
from langsamp.languages.tags import LangScript
from langsamp.render.numbers import ABSENT, probability, score, signed
from langsamp.scores.comparison import Comparison
from langsamp.scores.difference import Difference, LanguageDifference, TaskComparison
from langsamp.scores.grid import Grid
from langsamp.scores.setting import stated
from langsamp.scores.statistics.bootstrap import LEVEL, Interval

if TYPE_CHECKING:
    from rich.table import Table

_SHOWN = 8
"""At most this many languages are named in one line, unless all are asked for."""

_COLUMNS = ("task", "languages", "A", "B", "B - A", "95 %", "q", "+/=/−")
_LEGEND = (
    "Differences are B - A in points; each language counts once. 95 %: interval from families and seeds drawn anew "
    "(*: languages instead of families, where all are of one). q: Wilcoxon over languages, Benjamini-Hochberg over "
    "tasks. +/=/−: languages on which B is better, equal, worse."
)


def finding(task: TaskComparison, comparison: Comparison) -> str:
    """What one task says, in one sentence: the verdict, how many languages, how much, how sure."""
    a, b, difference = comparison.a.name, comparison.b.name, task.difference
    points = f"{_points(difference.mean)} points{_ends(difference.interval)}"
    q = f"q = {probability(task.q)}"
    languages = _languages(difference.languages)
    if task.verdict == "indistinct":
        because = ""
        if task.q < LEVEL and difference.clustered is not None:
            because = "; languages differ, but the interval over families and seeds holds zero"
        return (
            f"{b} and {a} cannot be told apart on {languages}: {points}; {q}; better on {difference.better}, equal on "
            f"{difference.tie}, worse on {difference.worse}{because}"
        )
    ahead = difference.better if task.verdict == "better" else difference.worse
    return f"{b} is {task.verdict} on {ahead} of {languages}; {points}; {q}"


def limits(task: TaskComparison) -> list[str]:
    """What limits the finding of one task, a sentence each."""
    lines = list(task.notes)
    if (detectable := task.noise.detectable) is not None:
        trials = dict.fromkeys(map(task.grid.trials, task.grid.names))
        lines.append(f"{' and '.join(trials)} cannot show a mean difference below {detectable:.2f} points (power 80 %)")
    lines += [f"{_languages(len(tags))} left out: {reason}" for reason, tags in task.grid.dropped.items()]
    if other_tags := task.grid.other_tags:
        number = _languages(len(other_tags))
        lines.append(f"{number} under another code in B: {_aliases(other_tags)}")
    return lines


def print_comparison(comparison: Comparison, *, verbose: bool = False) -> None:
    """The comparison on stdout: what was compared, the numbers, a sentence for each task, what limits it.

    `verbose` adds the interval over languages, every language, and every language that was left out.
    """
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    a, b = comparison.a.name, comparison.b.name
    console.print(f"A: {a}\nB: {b}", soft_wrap=True)
    console.print(f"\n{_LEGEND}\n")
    console.print(_task_table(comparison))
    console.print()
    for task in comparison.tasks:
        console.print(f"{task.grid.label}: {finding(task, comparison)}.", soft_wrap=True)
        if verbose:
            plain = _interval(task.difference.plain)
            console.print(f"  p = {probability(task.p)}; 95 % as if all languages were independent: {plain}.")
        if task.tested:
            console.print(f"  {by_language(task)}.", soft_wrap=True)
    for task in comparison.tasks:
        if task.groups:
            console.print()
            console.print(_group_table(task))
    console.print("\nCompared")
    for line in _merged((task.grid.label, _how(task.grid)) for task in comparison.tasks):
        console.print(f"  {line}", soft_wrap=True)
    noted = [(task.grid.label, limit) for task in comparison.tasks for limit in limits(task)]
    if noted or comparison.notes:
        console.print("\nLimits")
    for line in [*_merged(noted), *comparison.notes]:
        console.print(f"  {line}", soft_wrap=True)
    if verbose:
        for task in comparison.tasks:
            console.print()
            console.print(_language_table(task))
            for reason, tags in task.grid.dropped.items():
                console.print(f"{task.grid.label}, left out ({reason}): {' '.join(tags)}", soft_wrap=True)


def by_language(task: TaskComparison) -> str:
    """How many languages differ one by one, and which most: `language by language (q < 0.05): 12 better, ...`."""
    tests = [(each, each.test) for each in task.languages if each.test and each.test.is_tested]
    counts = Counter(test.verdict for _, test in tests)
    words = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("better", "worse", "indistinct"))
    line = f"language by language (items drawn anew, q < {LEVEL}): {words} of {len(tests)} tested"
    for verdict, ordered in (("better", tests), ("worse", tests[::-1])):
        named = [each for each, test in ordered if test.verdict == verdict][: _SHOWN // 2]
        if named:
            line += f"; most {verdict}: " + ", ".join(f"{each.tag} {signed(each.difference)}" for each in named)
    return line


def comparison_rows(comparison: Comparison) -> list[dict[str, str]]:
    """A line for each task: languages, means, difference in points, 95 % interval, q, and how many languages gain."""
    rows = []
    for task in comparison.tasks:
        *numbers, counts = _cells(task.difference)
        cells = [task.grid.label, *numbers, probability(task.q), counts]
        rows.append(dict(zip(_COLUMNS, cells, strict=True)))
    return rows


def _task_table(comparison: Comparison) -> "Table":
    table = _table(_COLUMNS)
    for row in comparison_rows(comparison):
        table.add_row(*row.values())
    return table


def _group_table(task: TaskComparison) -> "Table":
    names = families()
    table = _table([task.grid.label, "languages", "A", "B", "B - A", "95 %", "+/=/−"])
    for grouping, groups in task.groups.items():
        for group, difference in groups.items():
            if group != "all":
                table.add_row(names.get(group, group) if grouping == "family" else group, *_cells(difference))
        table.add_section()
    return table


def _language_table(task: TaskComparison) -> "Table":
    tested = task.tested
    columns = ["tag", "name", "A", "B", "B - A", *(["95 %", "q", "verdict"] if tested else [])]
    table = _table([*columns], left=("tag", "name", "verdict"), title=f"{task.grid.label}, every language")
    for language in task.languages:
        table.add_row(*_language_cells(language, tested=tested))
    return table


def _language_cells(language: LanguageDifference, *, tested: bool) -> list[str]:
    tag = language.tag if language.other_tag == language.tag else f"{language.tag} / {language.other_tag}"
    cells = [tag, describe(LangScript.parse(language.tag)).name]
    cells += [score(language.a), score(language.b), _points(language.difference)]
    test = language.test
    if not tested or test is None:
        return cells
    if not test.is_tested:
        return [*cells, "", "", test.why_not]
    return [*cells, _interval(Interval(test.low, test.high)), probability(test.q), test.verdict]


def _table(columns: Sequence[str], *, left: Sequence[str] = (), title: str | None = None) -> "Table":
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold", box=None)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number == 0 or name in left else "right", overflow="fold")
    return table


def _cells(difference: Difference) -> list[str]:
    """Languages, A, B, difference, interval, counts; an interval over languages of one family is marked."""
    interval = _interval(difference.clustered)
    if difference.clustered is None and difference.plain is not None:
        interval = f"{_interval(difference.plain)}*"
    return [
        str(difference.languages),
        score(difference.mean_a),
        score(difference.mean_b),
        _points(difference.mean),
        interval,
        f"{difference.better}/{difference.tie}/{difference.worse}",
    ]


def _points(value: float) -> str:
    """`+2.15`, `−0.03`, `0.00`; a dash for NaN."""
    if math.isnan(value):
        return ABSENT
    rounded = round(value, 2) + 0.0
    return f"{rounded:+.2f}".replace("-", "−") if rounded else "0.00"


def _interval(interval: Interval | None) -> str:
    return ABSENT if interval is None else f"[{_points(interval.low)}, {_points(interval.high)}]"


def _ends(interval: Interval | None) -> str:
    return "" if interval is None else f" [{_points(interval.low)}, {_points(interval.high)}]".replace("+", "")


def _how(grid: Grid) -> str:
    """How the scores were made: one word where both sides agree."""
    words = [grid.setting.metric]
    first, second = (grid.settings[name].stamps for name in grid.names)
    for name, mine in first.items():
        theirs = second[name]
        if mine == theirs and (mine is not None or name not in ("layer", "training")) and name != "settings":
            words.append(f"{name} {stated(mine)}")
        elif mine != theirs:
            words.append(f"{name} A {stated(mine)}, B {stated(theirs)}")
    words += [f"{side} {grid.trials(name)}" for side, name in zip("AB", grid.names, strict=True)]
    return "; ".join(words)


def _merged(lines: "Sequence[tuple[str, str]] | Iterator[tuple[str, str]]") -> list[str]:
    """Equal lines of several tasks as one: `sr-bible, taxi1500: ...`."""
    tasks: dict[str, list[str]] = {}
    for task, line in lines:
        tasks.setdefault(line, []).append(task)
    return [f"{', '.join(names)}: {line}" for line, names in tasks.items()]


def _languages(number: int) -> str:
    return f"{number} language{'s' if number != 1 else ''}"


def _aliases(other_tags: Mapping[str, str]) -> str:
    named = [f"{tag} = {other}" for tag, other in other_tags.items()]
    return ", ".join(named[:_SHOWN]) + (", ..." if len(named) > _SHOWN else "")
