"""Which scores of two sides belong together: the same task, way of scoring, metric, languages and text.

What differs between the sides is never averaged over or passed by: it is an error that lists the differences, unless
the caller allows it, and then it stands in the result.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from langsamp.errors import DataMissingError, UserError, did_you_mean
from langsamp.languages.tags import LangScript
from langsamp.scores.systems import System

STAMPS = ("protocol", "source", "layer", "selection", "precision", "settings", "training")
"""Columns that say how a score was made. An empty one says nothing (published numbers), so it differs from nothing."""

Match = Callable[[Collection[LangScript], Collection[LangScript]], Mapping[LangScript, LangScript]]
"""From (mine, theirs): which of their tags is the same language as one of mine, where there is one."""
Stamp = tuple[str, ...]


def exact(mine: Collection[LangScript], theirs: Collection[LangScript]) -> dict[LangScript, LangScript]:
    """Each tag that both have, with itself."""
    shared = set(theirs)
    return {tag: tag for tag in mine if tag in shared}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One task's metric on both sides, language by language."""

    task: str
    label: str
    """The task, with what sets this pair apart where the task has several."""
    metric: str
    stamp_a: Mapping[str, str]
    """How A's scores were made, by `STAMPS`; empty words where it is not known."""
    stamp_b: Mapping[str, str]
    a: pd.DataFrame
    """A's scores in per cent: a line for each language both have (tags of A), a column for each replicate, NaN where a
    replicate lacks the language."""
    b: pd.DataFrame
    """B's, its lines under the same tags in the same order."""
    other_tags: Mapping[str, str]
    """B's tag by A's, where they differ."""
    dropped: Mapping[str, tuple[str, ...]]
    """Languages of either side that are not compared, by reason."""
    paired: bool
    """True where each seed has a text of its own, so that a seed of A and the same seed of B belong together."""
    rows_a: pd.DataFrame
    """The tidy rows behind `a`."""
    rows_b: pd.DataFrame

    @property
    def tags(self) -> list[str]:
        """The languages both have, under A's tags."""
        return list(self.a.index)

    @property
    def differing(self) -> dict[str, tuple[str, str]]:
        """Stamps that both sides state differently: stamp to (A's, B's)."""
        return _differing(tuple(self.stamp_a.values()), tuple(self.stamp_b.values()))

    def filled(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores of A and B of shape (languages, replicates); a gap holds the language's mean over the others."""
        return _filled(self.a), _filled(self.b)


def _filled(table: pd.DataFrame) -> NDArray[np.float64]:
    values_LS, mean_L = table.to_numpy(np.float64), table.mean(axis=1).to_numpy(np.float64)
    return np.ascontiguousarray(np.where(np.isnan(values_LS), mean_L[:, None], values_LS))


def pairs(
    a: System,
    b: System,
    *,
    metrics: Mapping[str, str] | None = None,
    match: Match = exact,
    allow_mixed: bool = False,
) -> list[Pair]:
    """One pair for each task that both sides have, in A's order; scores made alike on both sides come together.

    `metrics` names another than the main metric of a task. `match` finds languages that the sides call differently.

    Raises:
        DataMissingError: where no task has a language with scores on both sides.
        UserError: where the scores of a task were made differently on both sides and `allow_mixed` is not set, or
            where a side has several ways that the other lacks; the message lists what differs. Also where `metrics`
            names a task that they do not share.
    """
    shared = [task for task in dict.fromkeys(a.scores["task"]) if task in set(b.scores["task"])]
    if unknown := [task for task in metrics or {} if task not in shared]:
        raise UserError(
            f"a metric is named for {unknown[0]!r}, which the two do not share.{did_you_mean(unknown[0], shared)} They "
            f"share {', '.join(shared) or 'no task'}"
        )
    matched: list[Pair] = []
    mixed: list[str] = []
    for task in shared:
        rows = [_main_rows(side, task, metrics or {}) for side in (a, b)]
        for stamps in _matched(task, a, b, rows):
            differing = _differing(*stamps)
            mixed += [f"{task}, {name}: {mine} in {a.name}, {theirs} in {b.name}"
                      for name, (mine, theirs) in differing.items()]  # fmt: skip
            chosen = [table[table["stamp"] == stamp] for table, stamp in zip(rows, stamps, strict=True)]
            matched.append(_pair((a, b), chosen, stamps, match=match, allow_mixed=allow_mixed))
    matched = [replace(pair, label=_label(pair, matched)) for pair in matched]
    if mixed and not allow_mixed:
        raise UserError(
            "the two sides were scored in different ways, so a difference would not be the models' alone:\n  "
            + "\n  ".join(mixed)
            + "\nScore both in one way, or allow it with --allow-mixed"
        )
    if not any(pair.tags for pair in matched):
        raise DataMissingError(f"{a.name} and {b.name} share no scored language.{_why_none(a, b, matched)}")
    return matched


def ways_left_out(a: System, b: System, matched: Collection[Pair]) -> list[str]:
    """One line for each way in which only one side scored a task that is compared."""
    lines = []
    for side, mine in ((a, "stamp_a"), (b, "stamp_b")):
        for task in dict.fromkeys(pair.task for pair in matched):
            used = {tuple(getattr(pair, mine).values()) for pair in matched if pair.task == task}
            stamps = dict.fromkeys(_stamps(side.scores[side.scores["task"] == task]))
            lines += [f"only {side.name} has {task} with {_in_words(stamp)}" for stamp in stamps if stamp not in used]
    return lines


def _label(pair: Pair, among: list[Pair]) -> str:
    same = [other.stamp_a for other in among if other.task == pair.task]
    apart = [f"{name}={pair.stamp_a[name]}" for name in STAMPS if len({stamp[name] for stamp in same}) > 1]
    return f"{pair.task} ({', '.join(apart)})" if apart else pair.task


def _why_none(a: System, b: System, matched: list[Pair]) -> str:
    if not matched:
        tasks = [", ".join(dict.fromkeys(side.scores["task"])) for side in (a, b)]
        return f" {a.name} has the tasks {tasks[0]}; {b.name} has {tasks[1]}"
    reasons = [f"{pair.task}: {reason} ({len(tags)})" for pair in matched for reason, tags in pair.dropped.items()]
    return "\n  " + "\n  ".join(reasons)


def _main_rows(side: System, task: str, metrics: Mapping[str, str]) -> pd.DataFrame:
    """The rows of a task's chosen metric, each with its `stamp`."""
    rows = side.scores[side.scores["task"] == task]
    there = sorted(rows["metric"].unique())
    if task in metrics:
        rows = rows[rows["metric"] == metrics[task]]
        if rows.empty:
            raise UserError(f"{side.name} has no {metrics[task]!r} for {task}; it has {', '.join(there)}")
    else:
        rows = rows[rows["main"].eq(True)]
        if rows.empty:
            raise UserError(
                f"{side.name} lacks the main metric of {task}; it has {', '.join(there)}. Name one with --metric"
            )
    return rows.assign(stamp=pd.Series(_stamps(rows), index=rows.index, dtype=object))


def _stamps(rows: pd.DataFrame) -> list[Stamp]:
    """How each row was made."""
    words = [map(str, rows[name].astype(object).where(rows[name].notna(), "").tolist()) for name in STAMPS]
    return list(zip(*words, strict=True))


def _in_words(stamp: Stamp) -> str:
    return " ".join(f"{name}={word}" for name, word in zip(STAMPS, stamp, strict=True) if word)


def _matched(task: str, a: System, b: System, rows: list[pd.DataFrame]) -> Iterator[tuple[Stamp, Stamp]]:
    """The stamps of A and B that are to be compared: equal ones, else the only ones."""
    stamps = [list(dict.fromkeys(table["stamp"])) for table in rows]
    metrics = [set(table["metric"]) for table in rows]
    if metrics[0] != metrics[1]:
        raise UserError(
            f"{task}: the main metric is {', '.join(metrics[0])} in {a.name}, {', '.join(metrics[1])} in {b.name}; "
            "name one that both have with --metric"
        )
    alike = [(mine, theirs) for mine in stamps[0] for theirs in stamps[1] if not _differing(mine, theirs)]
    if any(len(set(side)) < len(alike) for side in zip(*alike, strict=True)):  # what is not stated fits several ways
        alike = [(mine, theirs) for mine, theirs in alike if mine == theirs]
    if alike:
        yield from alike
    elif len(stamps[0]) == len(stamps[1]) == 1:
        yield stamps[0][0], stamps[1][0]
    else:
        ways = [
            f"\n  {side.name}: {_in_words(stamp)}"
            for side, side_stamps in zip((a, b), stamps, strict=True)
            for stamp in side_stamps
        ]
        raise UserError(f"{task}: none of the ways of scoring is on both sides:{''.join(ways)}\nScore both in one way")


def _differing(mine: Stamp, theirs: Stamp) -> dict[str, tuple[str, str]]:
    triples = zip(STAMPS, mine, theirs, strict=True)
    return {name: (one, other) for name, one, other in triples if one and other and one != other}


def _pair(
    sides: tuple[System, System],
    rows: list[pd.DataFrame],
    stamps: tuple[Stamp, Stamp],
    *,
    match: Match,
    allow_mixed: bool,
) -> Pair:
    task, metric = (str(rows[0][name].iloc[0]) for name in ("task", "metric"))
    rows = [table[table["value"].notna()] for table in rows]
    if any(table.duplicated(["tag", "model", "seed"]).any() for table in rows):
        raise UserError(f"{task}: some languages have several scores for one seed; give the scores of one run")
    own_texts = any(table.groupby("tag")["revision"].nunique().gt(1).any() for table in rows)
    if own_texts:
        seeds = set(rows[0]["seed"]) & set(rows[1]["seed"])
        rows = [table[table["seed"].isin(seeds)] for table in rows]
    mine, theirs = ([LangScript.parse(tag) for tag in dict.fromkeys(table["tag"])] for table in rows)
    partner = {str(tag): str(other) for tag, other in match(mine, theirs).items()}
    assert len(set(partner.values())) == len(partner), f"{task}: two languages have one partner"
    dropped = {
        f"only {side.name} has them": tuple(sorted({str(tag) for tag in tags} - matched))
        for side, tags, matched in zip(sides, (mine, theirs), (set(partner), set(partner.values())), strict=True)
    }
    if not allow_mixed and (other_text := _on_other_text(rows, partner, ["seed"] if own_texts else [])):
        dropped["their text differs between the two (--allow-mixed compares all the same)"] = tuple(sorted(other_text))
        partner = {tag: other for tag, other in partner.items() if tag not in other_text}
    tables = [table.pivot_table(index="tag", columns="replicate", values="value", aggfunc="mean") for table in rows]
    a, b = tables[0].reindex(list(partner)), tables[1].reindex(list(partner.values())).set_axis(list(partner))
    return Pair(
        task=task,
        label=task,
        metric=metric,
        stamp_a=dict(zip(STAMPS, stamps[0], strict=True)),
        stamp_b=dict(zip(STAMPS, stamps[1], strict=True)),
        a=a,
        b=b,
        other_tags={tag: other for tag, other in partner.items() if tag != other},
        dropped={reason: tags for reason, tags in dropped.items() if tags},
        paired=own_texts and list(a.columns) == list(b.columns),
        rows_a=rows[0][rows[0]["tag"].isin(partner)],
        rows_b=rows[1][rows[1]["tag"].isin(partner.values())],
    )


def _on_other_text(rows: list[pd.DataFrame], partner: Mapping[str, str], keys: list[str]) -> set[str]:
    """Languages whose text is known on both sides and differs, seed by seed where `keys` says so."""
    columns = ["tag", *keys, "revision"]
    texts = [table.loc[table["revision"].fillna("") != "", columns].drop_duplicates() for table in rows]
    texts[0] = texts[0].assign(
        mine=texts[0]["tag"], tag=texts[0]["tag"].astype(object).map(partner).astype(texts[1]["tag"].dtype)
    )
    both = texts[0].merge(texts[1], on=["tag", *keys], suffixes=("_a", "_b"))
    return set(both.loc[both["revision_a"] != both["revision_b"], "mine"])
