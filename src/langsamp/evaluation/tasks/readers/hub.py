"""Data sets of the Hugging Face hub: which there are, their configurations and splits, and their rows.

A data set's folder on this machine in the same form (a README whose header lists the configurations) is read alike.
What each task makes of the rows is in `hub_tasks.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from langsamp.data.text.odd_rows import OddRow
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.readers.formats.layouts import Data
from langsamp.evaluation.tasks.readers.formats.split_files import SPLITS, Split
from langsamp.languages import table
from langsamp.languages.scripts import letters_by_script, likely_script
from langsamp.remote.hub_faults import hub_errors, hub_reason
from langsamp.scores.published import published

_NAMES: Mapping[Split, tuple[str, ...]] = {"train": ("train",), "dev": ("validation", "dev"), "test": ("test",)}
"""What data sets call the splits."""

_ENOUGH = 200
"""Rows that tell a script."""


@dataclass(frozen=True, kw_only=True)
class HubData:
    """One data set in one version."""

    name: str
    """`OWNER/NAME`, or the path of a data set on this machine."""
    revision: str | None
    """The commit that is read; None on this machine."""
    configurations: tuple[str, ...]
    files: tuple[str, ...]
    """Paths of all its files."""

    @property
    def source(self) -> str:
        """The data set and its commit; for a folder of this machine its last name only."""
        return f"{self.name}@{self.revision}" if self.revision else Path(self.name).name

    def splits(self, configuration: str) -> list[Split]:
        """The splits that a configuration has by its files' names; all where these tell nothing."""
        names = self._split_files.get(configuration, set())
        return [split for split in SPLITS if not names or names & set(_NAMES[split])]

    def rows(self, configuration: str, split: Split) -> "HubRows":
        """The rows of one split of a configuration.

        Raises:
            UserError: where it has none or it cannot be read.
        """
        from datasets import get_dataset_split_names, load_dataset

        source = f"{self.source}, configuration {configuration}"
        with _with_source(source):
            there = get_dataset_split_names(self.name, configuration, revision=self.revision)
        wanted = [name for name in _NAMES[split] if name in there]
        if not wanted:
            raise UserError(f"{source} has no {split} split, only {', '.join(there)}")
        with _with_source(source):
            rows = load_dataset(self.name, configuration, split=wanted[0], revision=self.revision)
        return HubRows(source=f"{source}, split {wanted[0]}", dataset=rows)

    @cached_property
    def _split_files(self) -> dict[str, set[str]]:
        """For each configuration the splits that files in a folder of its name are called by."""
        known = {name for names in _NAMES.values() for name in names}
        by_configuration: dict[str, set[str]] = {}
        for file in map(PurePosixPath, self.files):
            splits = known & {*file.parts[:-1], file.name.partition(".")[0].partition("-")[0]}
            for configuration in set(self.configurations) & set(file.parts[:-1]):
                by_configuration.setdefault(configuration, set()).update(splits)
        return by_configuration


@dataclass(frozen=True, kw_only=True)
class HubRows:
    """The rows of one split."""

    source: str
    dataset: Any

    def __len__(self) -> int:
        return len(self.dataset)

    def texts(self, column: str) -> list[str]:
        """A column of texts; what is no text is an `OddRow`.

        Raises:
            UserError: where there is no such column.
        """
        return [
            text if isinstance(text, str) else self.odd(number, f"expected text in {column!r}, got {text!r}")
            for number, text in enumerate(self._column(column))
        ]

    def sequences(self, column: str) -> list[tuple[str, ...] | OddRow]:
        """A column of words or of labels for words; labels that are numbers get their names, absent ones are empty.

        What is no sequence of words is an `OddRow`.

        Raises:
            UserError: where there is no such column.
        """
        feature = getattr(self.dataset.features.get(column), "feature", None)
        names = getattr(feature, "names", None)
        sequences: list[tuple[str, ...] | OddRow] = []
        for number, values in enumerate(self._column(column)):
            named = [_name(value, names) for value in values or ()]
            is_words = not isinstance(values, str) and all(isinstance(value, str) for value in named)
            sequences.append(
                tuple(named) if is_words else self.odd(number, f"expected words in {column!r}, got {named[:10]!r}")
            )
        return sequences

    def odd(self, number: int, reason: str) -> OddRow:
        """The row of a number as one that cannot be read."""
        return OddRow(self.source, f"row {number}", reason)

    def script(self, column: str) -> str | None:
        """The script of most letters in the first rows of a column; None where there is no letter."""
        first = self.dataset[:_ENOUGH].get(column, [])
        lines = (each if isinstance(each, str) else " ".join(map(str, each or ())) for each in first)
        return likely_script(letters_by_script("\n".join(lines)))

    def _column(self, column: str) -> list[Any]:
        if column not in self.dataset.column_names:
            raise UserError(f"{self.source}: expected a column {column!r}, got {', '.join(self.dataset.column_names)}")
        return list(self.dataset[column])


def _name(value: Any, names: Sequence[str] | None) -> Any:
    """The name of a label's number, nothing of what is absent; anything else as it is, also a number without a name."""
    if names and isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return "" if value is None else value


def find_hub_data(name: str) -> HubData:
    """The data set `OWNER/NAME`, or one in a folder of this machine.

    Raises:
        DataMissingError: where it is not there or the hub cannot be reached.
    """
    from datasets import disable_progress_bars, get_dataset_config_names

    disable_progress_bars()  # one display of progress: ours
    folder = Path(name)
    try:
        with _with_source(name):
            revision, files = (None, _local_files(folder)) if folder.is_dir() else _hub_files(name)
            configurations = get_dataset_config_names(name, revision=revision)
    except UserError as error:
        raise DataMissingError(f"{error}; or give a folder of files as `data`") from error
    return HubData(name=name, revision=revision, configurations=tuple(sorted(configurations)), files=files)


def hub_name(data: Data, task: str, published: str) -> str | None:
    """The data set that `data` stands for: the `published` one for `hub`, or a copy of one in a folder.

    A copy is told by its README, whose header lists the configurations, and lies in the folder `data` or in one called
    like the task directly below it. None where there is neither.
    """
    if data == "hub":
        return published
    copies = [] if data is None else [each for each in (data, data / task) if _lists_configurations(each / "README.md")]
    return str(copies[0]) if copies else None


def _lists_configurations(card: Path) -> bool:
    if not card.is_file():
        return False
    start = card.read_text(encoding="utf-8", errors="replace").partition("\n---")[0]
    return start.startswith("---") and "\nconfigs:" in start


def script_of(language: str, task: str) -> str | None:
    """The script that the paper has `language` in for `task`, or the only one of the language table; else None."""
    scores = published("paper:baseline")
    tags = scores.loc[scores.task == task, "tag"].unique()
    scripts = {tag.partition("_")[2] for tag in tags if tag.startswith(f"{language}_")}
    scripts = scripts or {tag.script for tag in table.tags() if tag.language == language}
    return scripts.pop() if len(scripts) == 1 else None


def _local_files(folder: Path) -> tuple[str, ...]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(path.relative_to(folder).as_posix() for path in paths)


def _hub_files(name: str) -> tuple[str | None, tuple[str, ...]]:
    from huggingface_hub import HfApi

    info = HfApi().dataset_info(name)
    return info.sha, tuple(file.rfilename for file in info.siblings or ())


@contextmanager
def _with_source(source: str) -> Iterator[None]:
    """Turn what the hub's libraries raise (wrong name, no connection, no access, damaged files) into a message."""
    try:
        yield
    except UserError:
        raise
    except hub_errors() as error:
        raise UserError(f"{source} cannot be read: {hub_reason(error, 'check the connection')}") from error
