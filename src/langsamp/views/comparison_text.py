"""A comparison of two models as a document: words and tables; differences are B - A, in points."""

from collections import Counter
from collections.abc import Iterator, Mapping

from langsamp.languages.table import describe, families
from langsamp.languages.tags import LangScript
from langsamp.render.document import Column, Document, Note, Part, Sentence, Table
from langsamp.render.numbers import ABSENT, ends, points, probability, score, signed
from langsamp.scores.comparison import Comparison
from langsamp.scores.difference import Difference, LanguageDifference, TaskComparison
from langsamp.scores.grid import Grid
from langsamp.scores.setting import stated
from langsamp.scores.statistics.bootstrap import LEVEL, Interval

_SHOWN = 8
"""At most this many languages are named in one line, unless all are asked for."""

_LEGEND = (
    "Differences are B - A in points; each language counts once. 95 %: interval from families and seeds drawn anew "
    "(*: languages instead of families, where all are of one). q: Wilcoxon over languages, Benjamini-Hochberg over "
    "tasks. +/=/−: languages on which B is better, equal, worse."
)


DIFFERENCE = (
    Column("Difference", signed, "points"), Column("95 %", kind="number"),
    Column("Better /\nequal / worse", kind="number"),
)  # fmt: skip
"""Columns of a difference in points, where a row has several."""


def difference_cells(difference: Difference | None) -> tuple[float | None, str, str]:
    """What stands in `DIFFERENCE`; the interval is over families."""
    if difference is None:
        return None, "", ""
    interval = ends(*difference.clustered, signed) if difference.clustered else ""
    return difference.mean, interval, f"{difference.better} / {difference.tie} / {difference.worse}"


def finding(task: TaskComparison, a: str, b: str) -> str:
    """What one task says of two systems, in one sentence: the verdict, how many languages, how much, how sure."""
    difference = task.difference
    end = f" {_interval(difference.interval)}" if difference.interval is not None else ""
    numbers = f"{points(difference.mean)} points{end}; q = {probability(task.q)}"
    languages = count(difference.languages)
    if task.verdict == "indistinct":
        because = ""
        if task.q < LEVEL and difference.clustered is not None:
            because = "; languages differ, but the interval over families and seeds holds zero"
        return (
            f"{b} and {a} cannot be told apart on {languages}: {numbers}; better on {difference.better}, equal on "
            f"{difference.tie}, worse on {difference.worse}{because}"
        )
    ahead = difference.better if task.verdict == "better" else difference.worse
    return f"{b} is {task.verdict} than {a} on {ahead} of {languages}; {numbers}"


def limits(task: TaskComparison) -> list[str]:
    """What limits the finding of one task, a sentence each."""
    lines = list(task.notes)
    if (detectable := task.noise.detectable) is not None:
        trials = dict.fromkeys(map(task.grid.trials, task.grid.names))
        lines.append(f"{' and '.join(trials)} cannot show a mean difference below {detectable:.2f} points (power 80 %)")
    lines += [f"{count(len(tags))} left out: {reason}" for reason, tags in task.grid.dropped.items()]
    if other_tags := task.grid.other_tags:
        number = count(len(other_tags))
        lines.append(f"{number} under another code in B: {_aliases(other_tags)}")
    return lines


def comparison_document(comparison: Comparison, *, verbose: bool = False) -> Document:
    """What was compared, the numbers, a sentence for each task, its groups, how scores were made, and what limits it.

    `verbose` adds the interval over languages, every language, and every language that was left out.
    """
    a, b = comparison.a.name, comparison.b.name
    parts: list[Part] = [Sentence(f"A: {a}"), Sentence(f"B: {b}"), Table.of(_LEGEND, comparison_rows(comparison))]
    for task in comparison.tasks:
        parts.append(Sentence(f"{task.grid.label}: {finding(task, a, b)}."))
        if verbose:
            plain = _interval(task.difference.plain)
            said = f"p = {probability(task.p)}; 95 % as if all languages were independent: {plain}."
            parts.append(Sentence(f"{task.grid.label}: {said}"))
        parts += [Sentence(f"{task.grid.label}: {by_language(task)}.")] if task.tested else []
    parts += [_group_table(task) for task in comparison.tasks if task.groups]
    protocols = _merged((task.grid.label, _how(task.grid)) for task in comparison.tasks)
    limited = _merged((task.grid.label, limit) for task in comparison.tasks for limit in limits(task))
    parts += [*(Sentence(f"Compared: {line}") for line in protocols), *map(Note, [*limited, *comparison.notes])]
    for task in comparison.tasks if verbose else ():
        parts.append(_language_table(task))
        for reason, tags in task.grid.dropped.items():
            parts.append(Note(f"{task.grid.label}, left out ({reason}): {' '.join(tags)}"))
    return Document(parts, title=f"{b} against {a}")


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
    """A line for each task: languages, means, difference in points, 95 % interval, how many languages gain, and q."""
    return [{"task": task.grid.label, **_cells(task.difference), "q": probability(task.q)} for task in comparison.tasks]


def _group_table(task: TaskComparison) -> Table:
    names = families()
    return Table.of(
        f"{task.grid.label} by group",
        [
            {"group": names.get(group, group) if grouping == "family" else group, **_cells(difference)}
            for grouping, groups in task.groups.items()
            for group, difference in groups.items()
            if group != "all"
        ],
    )


def _language_table(task: TaskComparison) -> Table:
    rows = [_language_cells(language, tested=task.tested) for language in task.languages]
    return Table.of(f"{task.grid.label}, every language", rows)


def _language_cells(language: LanguageDifference, *, tested: bool) -> dict[str, str]:
    test, tag = language.test, language.tag
    cells = {
        "tag": tag if language.other_tag == tag else f"{tag} / {language.other_tag}",
        "name": describe(LangScript.parse(tag)).name,
        "A": score(language.a),
        "B": score(language.b),
        "B - A": points(language.difference),
    }
    if test is None or not test.is_tested:
        return {**cells, "95 %": "", "q": "", "verdict": test.why_not if test and tested else ""}
    return {
        **cells, "95 %": _interval(Interval(test.low, test.high)), "q": probability(test.q), "verdict": test.verdict,
    }  # fmt: skip


def _cells(difference: Difference) -> dict[str, str]:
    """An interval over languages of one family is marked."""
    interval = _interval(difference.clustered)
    if difference.clustered is None and difference.plain is not None:
        interval = f"{_interval(difference.plain)}*"
    return {
        "languages": str(difference.languages),
        "A": score(difference.mean_a),
        "B": score(difference.mean_b),
        "B - A": points(difference.mean),
        "95 %": interval,
        "+/=/−": f"{difference.better}/{difference.tie}/{difference.worse}",
    }


def _interval(interval: Interval | None) -> str:
    return ABSENT if interval is None else ends(*interval, points)


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


def _merged(lines: Iterator[tuple[str, str]]) -> list[str]:
    """Equal lines of several tasks as one: `sr-bible, taxi1500: ...`."""
    tasks: dict[str, list[str]] = {}
    for task, line in lines:
        tasks.setdefault(line, []).append(task)
    return [f"{', '.join(names)}: {line}" for line, names in tasks.items()]


def count(languages: int) -> str:
    """`1 language`, `8 languages`."""
    return f"{languages} language{'s' if languages != 1 else ''}"


def _aliases(other_tags: Mapping[str, str]) -> str:
    named = [f"{tag} = {other}" for tag, other in other_tags.items()]
    return ", ".join(named[:_SHOWN]) + (", ..." if len(named) > _SHOWN else "")
