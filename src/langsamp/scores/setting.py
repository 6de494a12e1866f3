"""How a score was made: the record of it, and the one rule about what is not stated."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Stated = str | int | None


class Setting(NamedTuple):
    """All that two scores must share to be compared, beside their text; None where it is not stated."""

    task: str
    metric: str
    protocol: str
    source: str
    layer: int | None
    """The hidden layer that was pooled; None where the task is fine-tuned."""
    selection: str | None
    precision: str | None
    settings: str | None
    """Short fingerprint of everything else."""
    training: str | None
    """Revision of the text that was fine-tuned on; None where the task is not."""

    def differs_from(self, other: "Setting") -> dict[str, tuple[Stated, Stated]]:
        """What both state and state differently: (mine, the other's) by field.

        What one of them does not state, as published numbers do not, differs from nothing. A comparison refuses scores
        whose settings differ, the page and an ablation set them apart, a table says below it what differs.
        """
        return {
            name: (mine, theirs)
            for name, mine, theirs in zip(self._fields, self, other, strict=True)
            if mine is not None and theirs is not None and mine != theirs
        }

    @property
    def stamps(self) -> dict[str, Stated]:
        """Everything but the task and the metric, by name."""
        return dict(zip(self._fields[2:], self[2:], strict=True))

    def __str__(self) -> str:
        """What is stated, as `protocol=fixed source=eng_Latn`."""
        return " ".join(f"{name}={value}" for name, value in self.stamps.items() if value is not None)


def by_setting(scores: pd.DataFrame) -> dict[Setting, pd.DataFrame]:
    """The rows of a tidy table by how they were made, in the order of the table."""
    number = row_numbers(scores, Setting._fields)
    heads = scores[list(Setting._fields)].iloc[np.unique(number, return_index=True)[1]]
    stated = heads.astype(object).where(heads.notna(), None).itertuples(index=False, name=None)
    settings = [Setting(*values) for values in stated]
    settings = [each if each.layer is None else each._replace(layer=int(each.layer)) for each in settings]
    return {setting: scores[number == index] for index, setting in enumerate(settings)}


def label(setting: Setting, among: Iterable[Setting]) -> str:
    """The task, with one thing that tells the setting from all others of the task, or all where none does."""
    same = [other for other in among if other.task == setting.task]
    parts = apart(setting, same)
    single = [part for number, part in enumerate(parts) if len({apart(o, same)[number] for o in same}) == len(same)]
    parts = single[:1] or parts
    return f"{setting.task} ({', '.join(parts)})" if parts else setting.task


def apart(setting: Setting, among: Iterable[Setting]) -> list[str]:
    """What tells a setting from the others of its task, like `protocol paper`; fingerprints only where they must."""
    others = list(among)
    names = [name for name in Setting._fields if len({getattr(other, name) for other in others}) > 1]
    clear = [name for name in names if name not in ("settings", "training")]
    is_enough = len({tuple(getattr(other, name) for name in clear) for other in others}) == len(set(others))
    return [f"{name} {stated(getattr(setting, name))}" for name in (clear if is_enough else names)]


def stated(value: Stated) -> str:
    """A value in words: `not stated` where it is not."""
    return "not stated" if value is None else str(value)


def row_numbers(scores: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.intp]:
    """A number for each row: the same where `columns` agree, absent values counting as equal."""
    number = np.zeros(len(scores), dtype=np.intp)
    for name in columns:
        codes, values = pd.factorize(scores[name], use_na_sentinel=False)
        number = pd.factorize(number * max(len(values), 1) + codes)[0]
    return number
