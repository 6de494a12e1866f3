"""Grids: the scores of some systems that were made in one way, language by language and replicate by replicate.

Whatever stands beside each other stands in a grid: two models that are compared, the columns of a table, the variants
of an ablation, a section of the page. What differs between its systems is never averaged over or passed by.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from langsamp.errors import UserError
from langsamp.languages.tags import LangScript
from langsamp.scores.setting import Setting, by_setting, label
from langsamp.scores.systems import System, replicates

Mixed = Literal["refuse", "note", "apart"]
"""What happens where the systems were scored in different ways: an error, one grid all the same, or a grid each."""
Match = Callable[[Collection[LangScript], Collection[LangScript]], Mapping[LangScript, LangScript]]
"""From (mine, theirs): which of their tags is the same language as one of mine, where there is one."""
OTHER_TEXT = "their text differs between the two (--allow-mixed compares all the same)"
_OTHER_SEEDS = "each seed has a text of its own, and no seed is on both sides"


def exact(mine: Collection[LangScript], theirs: Collection[LangScript]) -> dict[LangScript, LangScript]:
    """Each tag that both have, with itself."""
    shared = set(theirs)
    return {tag: tag for tag in mine if tag in shared}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """One task: languages x systems x replicates, in per cent; gaps are NaN."""

    label: str
    """The task, with what sets this grid apart where the task has several."""
    systems: tuple[System, ...]
    settings: Mapping[str, Setting]
    """How each system was scored, by its name; they differ only where that was allowed."""
    tags: tuple[str, ...]
    """Languages that a system has, under the first system's tags."""
    rows: pd.DataFrame
    """The tidy rows behind it, with `system`, `replicate`, and `own_tag`, the tag that the system itself uses."""
    dropped: Mapping[str, tuple[str, ...]]
    """Languages that are left out, by reason."""
    differing: tuple[str, ...]
    """Languages whose text is known and differs between systems; in the grid only where that was allowed."""
    own_texts: bool
    """Whether each seed has a text of its own, so that a seed of one system and the same seed of another belong
    together."""

    @property
    def setting(self) -> Setting:
        """How the first system was scored."""
        return self.settings[self.systems[0].name]

    @property
    def names(self) -> list[str]:
        """The names of the systems."""
        return [system.name for system in self.systems]

    @property
    def other_tags(self) -> dict[str, str]:
        """The last system's tag by the first one's, where they differ."""
        renamed = self.rows.loc[self.rows.own_tag != self.rows.tag, ["tag", "own_tag"]].drop_duplicates()
        return dict(renamed.itertuples(index=False, name=None))

    @cached_property
    def _replicates(self) -> dict[str, pd.DataFrame]:
        return {name: self._table(name, ["replicate"]) for name in self.names}

    def _table(self, name: str, columns: list[str]) -> pd.DataFrame:
        rows = self.rows[self.rows.system == name]
        table = rows.pivot_table(index="tag", columns=columns, values="value", aggfunc="mean")
        return table.reindex(list(self.tags))

    def replicates(self, name: str) -> pd.DataFrame:
        """One system's scores: a line for each language, a column for each replicate (`systems.replicates`)."""
        return self._replicates[name]

    def tries(self, name: str) -> pd.DataFrame:
        """One system's single scores: a line for each language, columns (training, seed)."""
        return self._table(name, ["model_name", "seed"])

    def trials(self, name: str) -> str:
        """What the replicates of a system are, in words: `1 seed`, `2 trainings`."""
        number = self.replicates(name).shape[1]
        rows = self.rows[self.rows.system == name]
        unit = "training" if rows.model.nunique() > 1 else "seed"
        return f"{number} {unit}{'s' * (number != 1)}"

    def filled(self, name: str) -> NDArray[np.float64]:
        """`replicates`, shape (languages, replicates); a gap holds the language's mean over the others."""
        table = self.replicates(name)
        values_LS, mean_L = table.to_numpy(np.float64), table.mean(axis=1).to_numpy(np.float64)
        return np.ascontiguousarray(np.where(np.isnan(values_LS), mean_L[:, None], values_LS))

    @cached_property
    def means(self) -> pd.DataFrame:
        """Means over replicates: a line for each language, a column for each system."""
        return pd.DataFrame({name: self.replicates(name).mean(axis=1) for name in self.names})

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """The languages that every system has."""
        return tuple(self.means.dropna().index)

    def pair(self, first: str, second: str) -> "Grid":
        """Two of the systems."""
        systems = tuple(system for name in (first, second) for system in self.systems if system.name == name)
        return replace(self, systems=systems, rows=self.rows[self.rows.system.isin((first, second))])

    def over_shared(self) -> "Grid":
        """Only the languages that every system has; what is left out stands in `dropped`."""
        lost: dict[str, list[str]] = {}
        for tag, row in self.means[self.means.isna().any(axis=1)].iterrows():
            having = " and ".join(name for name in self.names if not np.isnan(row[name]))
            lost.setdefault(f"only {having} has them", []).append(str(tag))
        return replace(
            self,
            tags=self.shared,
            rows=self.rows[self.rows.tag.isin(self.shared)],
            dropped={**self.dropped, **{reason: tuple(sorted(tags)) for reason, tags in sorted(lost.items())}},
        )


def grids(systems: Sequence[System], *, mixed: Mixed = "refuse", match: Match | None = None) -> list[Grid]:
    """A grid for each task and way of scoring, in the order of the systems' rows, which are of the metrics wanted.

    Equal settings come together, and one that leaves something open with the only one that it does not differ from.
    `mixed` says what happens to the others. Where each seed has a text of its own, only seeds count that all have.
    `match` finds the languages that the second of two systems calls differently.

    Raises:
        UserError: where the scores of a task were made differently and `mixed` refuses that, or the systems have
            several ways of which none is on all of them; the message lists what differs. Also where a language has
            several scores for one seed.
    """
    stated = {system.name: by_setting(system.scores) for system in systems}
    tasks = dict.fromkeys(setting.task for name in stated for setting in stated[name])
    chosen = [each for task in tasks for each in _of_task(task, stated, mixed=mixed)]
    lines = [
        f"{mine.task}, {field}: {one} in {first}, {another} in {name}"
        for (first, mine), *others in (list(each.items()) for each in chosen)
        for name, theirs in others
        for field, (one, another) in mine.differs_from(theirs).items()
    ]
    if lines and mixed == "refuse":
        raise UserError(
            "the two sides were scored in different ways, so a difference would not be the models' alone:\n  "
            + "\n  ".join(lines)
            + "\nScore both in one way, or allow it with --allow-mixed"
        )
    labelled = [_grid(systems, stated, each, mixed=mixed, match=match) for each in chosen]
    among = [grid.setting for grid in labelled]
    return [replace(grid, label=label(grid.setting, among)) for grid in labelled]


def _of_task(
    task: str, stated: Mapping[str, Mapping[Setting, pd.DataFrame]], *, mixed: Mixed
) -> list[dict[str, Setting]]:
    """The settings, by system, that stand together in a grid of the task."""
    mine = {name: [each for each in settings if each.task == task] for name, settings in stated.items()}
    mine = {name: settings for name, settings in mine.items() if settings}
    alike = _alike(mine)
    whole = [each for each in alike if len(each) == len(mine)]
    if mixed == "apart" or whole:
        return alike if mixed == "apart" else whole
    if all(len(settings) == 1 for settings in mine.values()):
        return [{name: settings[0] for name, settings in mine.items()}]
    lines = [f"\n  {name}: {setting}" for name, settings in mine.items() for setting in settings]
    raise UserError(f"{task}: none of the ways of scoring is on both sides:{''.join(lines)}\nScore both in one way")


def _alike(settings: Mapping[str, Sequence[Setting]]) -> list[dict[str, Setting]]:
    """Equal settings together, and one that leaves something open with the only one that it does not differ from."""
    together: dict[Setting, dict[str, Setting]] = {}
    for name, several in settings.items():
        for setting in several:
            together.setdefault(setting, {})[name] = setting
    fitting = {
        setting: [
            other
            for other in together
            if other is not setting
            and not setting.differs_from(other)
            and not together[setting].keys() & together[other].keys()
        ]
        for setting in together
    }
    for setting, others in fitting.items():
        if setting in together and len(others) == 1 and fitting[others[0]] == [setting]:
            names = {**together[setting], **together.pop(others[0])}
            together[setting] = {name: names[name] for name in settings if name in names}
    return list(together.values())


def _grid(
    systems: Sequence[System],
    stated: Mapping[str, Mapping[Setting, pd.DataFrame]],
    settings: Mapping[str, Setting],
    *,
    mixed: Mixed,
    match: Match | None,
) -> Grid:
    present = [system for system in systems if system.name in settings]
    parts = [_rows(system.name, stated[system.name][settings[system.name]]) for system in present]
    own_texts = any(part.groupby(["tag", "model"]).revision.nunique().gt(1).any() for part in parts)
    dropped: dict[str, tuple[str, ...]] = {}
    if own_texts:
        seeds = set.intersection(*(set(part.seed) for part in parts if part.revision.notna().any()))
        every = {tag for part in parts for tag in part.tag}
        parts = [part[part.seed.isin(seeds)] for part in parts]
        if lost := sorted(every.difference(*(part.tag for part in parts))):
            dropped[_OTHER_SEEDS] = tuple(lost)
    tags = list(dict.fromkeys(tag for part in parts for tag in part.tag))
    if match is not None and len(parts) == 2:
        tags, parts, unmatched = _matched(present, parts, match)
        dropped |= unmatched
    rows = pd.concat(parts, ignore_index=True)
    texts = rows.groupby(["tag", "seed"] if own_texts else ["tag"]).revision.nunique()
    differing = tuple(sorted(set(texts[texts > 1].index.get_level_values("tag"))))
    if differing and mixed != "note":
        dropped[OTHER_TEXT] = differing
        tags = [tag for tag in tags if tag not in differing]
    return Grid(
        label="",
        systems=tuple(present),
        settings=settings,
        tags=tuple(tags),
        rows=rows[rows.tag.isin(tags)],
        dropped=dropped,
        differing=differing,
        own_texts=own_texts,
    )


def _rows(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one system with the columns that a grid adds."""
    rows = rows[rows.value.notna()]
    if rows.duplicated(["tag", "model", "seed"]).any():
        task = rows.task.iloc[0]
        raise UserError(f"{task}: some languages have several scores for one seed; give the scores of one run")
    return rows.assign(system=name, replicate=replicates(rows), own_tag=rows.tag)


def _matched(
    systems: Sequence[System], parts: Sequence[pd.DataFrame], match: Match
) -> tuple[list[str], list[pd.DataFrame], dict[str, tuple[str, ...]]]:
    """The tags that both of two systems have, the rows of those with the second's under the first's tags, the rest."""
    mine, theirs = ([LangScript.parse(tag) for tag in dict.fromkeys(part.tag)] for part in parts)
    partner = {str(tag): str(other) for tag, other in match(mine, theirs).items()}
    tag_of = {other: tag for tag, other in partner.items()}
    assert len(tag_of) == len(partner), f"{parts[0]['task'].iloc[0]}: two languages have one partner"
    lost = {
        f"only {system.name} has them": tuple(sorted({str(tag) for tag in tags} - set(kept)))
        for system, tags, kept in zip(systems, (mine, theirs), (partner, tag_of), strict=True)
    }
    first, second = parts
    second = second[second.tag.isin(list(tag_of))]
    kept_rows = [first[first.tag.isin(list(partner))], second.assign(tag=second.tag.map(tag_of))]
    return list(partner), kept_rows, {reason: tags for reason, tags in lost.items() if tags}
