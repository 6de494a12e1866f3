"""A Hugging Face dataset as a corpus: one configuration for each tag, as `cis-lmu/Glot500` has, read as a stream.

A dataset's folder on this machine in the same form (a README whose header lists the configurations) is read alike.
Which configuration is that of which tag is told in `configurations.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from langsamp.data.text.configurations import MAPPING_HELP, by_tags
from langsamp.data.text.folder import FolderCorpus
from langsamp.data.text.formats import not_utf8
from langsamp.data.text.hub_rows import column_values, open_files
from langsamp.data.text.odd_rows import OddRow
from langsamp.errors import DataMissingError, UserError
from langsamp.languages.tags import LangScript
from langsamp.provenance import file_sha256, fingerprint
from langsamp.remote.hub_faults import hub_errors, hub_reason

if TYPE_CHECKING:
    from datasets import IterableDataset

_NAMED = 8
_END = object()


@dataclass(frozen=True, kw_only=True)
class HubCorpus:
    """The configurations of one dataset that are named by tags."""

    name: str
    """`OWNER/NAME`, or the path of a dataset on this machine."""
    revision: str | None
    """The commit that is read; None on this machine."""
    configurations: Mapping[LangScript, str]
    """By tag; a configuration may be spelled otherwise than its tag."""
    text_column: str
    licence: str | None
    sizes: Mapping[str, int]
    """Bytes of each file of the dataset."""
    left_out: tuple[str, ...] = ()
    """Configurations of which no tag can be told, as far as they may hold text that is asked for."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What of the dataset is left out, in a sentence."""
        if not self.left_out:
            return ()
        names = ", ".join(self.left_out[:_NAMED]) + (", ..." if len(self.left_out) > _NAMED else "")
        return (
            f"{len(self.left_out)} configurations of {self.source} are left out, as no tag can be told of their names "
            f"({names}); {MAPPING_HELP}",
        )

    @property
    def tags(self) -> list[LangScript]:
        """The tags with a configuration, in alphabetical order."""
        return sorted(self.configurations)

    @property
    def source(self) -> str:
        """The dataset and its commit; for a folder of this machine its last name only."""
        return f"hub:{self.name}@{self.revision}" if self.revision else f"hub:{Path(self.name).name}"

    def documents(self, tag: LangScript) -> Iterator[str]:
        """The texts of the tag's configuration, of its split `train`."""
        configuration = self.configurations[tag]
        source = f"{self.source}, configuration {configuration}"
        number = 0
        for file in self._opened(configuration, source):
            values = column_values(file, self.text_column)
            while (value := _next(values, source)) is not _END:
                yield _as_text(value, source, f"row {number}", self.text_column)
                number += 1

    def chunks(self, tag: LangScript, size: int) -> Sequence[FolderCorpus]:
        """None: which files a configuration has shows only when it is opened, which may ask another machine."""
        return ()

    def _opened(self, configuration: str, source: str) -> "list[IterableDataset]":
        try:
            return open_files(self.name, configuration, revision=self.revision, column=self.text_column)
        except StopIteration:  # what comes of a first file without a row
            raise UserError(f"{source} cannot be opened: its first file is empty; fill or remove it") from None
        except hub_errors() as error:
            raise UserError(f"{source} cannot be opened: {error}") from error

    def fingerprint(self) -> str:
        """Names the commit, or the bytes of all files of a folder, the configurations and the column that is read."""
        folder = Path(self.name)
        content = self.revision or {name: file_sha256(folder / name) for name in sorted(self.sizes)}
        spelled = {str(tag): name for tag, name in sorted(self.configurations.items()) if name != str(tag)}
        return fingerprint([content, list(map(str, self.tags)), self.text_column, *([spelled] if spelled else [])])

    def size(self, tag: LangScript) -> int:
        """Bytes of the files whose path names the tag's configuration; 1 where none does."""
        configuration = self.configurations[tag]
        return sum(size for name, size in self.sizes.items() if configuration in _parts(name)) or 1


def find_dataset(source: str, *, base: Path, text_column: str, mapping: Mapping[str, str] | None = None) -> HubCorpus:
    """All tags of the dataset `OWNER/NAME[@revision]`, or of a dataset in a folder relative to `base`.

    `mapping` gives configurations for tags, where their names do not tell.

    Raises:
        DataMissingError: where the dataset is not there or cannot be reached.
        UserError: where no configuration is named by a tag, and for a mapping to one that is not there.
    """
    from datasets import disable_progress_bars, get_dataset_config_names

    disable_progress_bars()  # one display of progress: ours
    name, _, revision = source.partition("@")
    folder = base / Path(name).expanduser()
    try:
        dataset = _on_this_machine(folder) if folder.is_dir() else _on_the_hub(name, revision or None)
        configurations = get_dataset_config_names(dataset["name"], revision=dataset["revision"])
    except hub_errors() as error:
        raise DataMissingError(
            f"cannot open the dataset {source!r}: {hub_reason(error, 'check its name and the connection')}; or "
            "download it and give its folder"
        ) from error
    by_tag, left_out = by_tags(configurations, mapping or {}, source=source)
    if not by_tag:
        raise UserError(
            f"the dataset {source!r} has no configuration named by a tag like swh_Latn, only "
            f"{', '.join(configurations[:6])}; expected one for each tag. {MAPPING_HELP}"
        )
    return HubCorpus(configurations=by_tag, left_out=left_out, text_column=text_column, **dataset)


def _on_the_hub(name: str, revision: str | None) -> dict[str, Any]:
    from huggingface_hub import HfApi

    info = HfApi().dataset_info(name, revision=revision, files_metadata=True)
    return {
        "name": name,
        "revision": info.sha,
        "licence": _licence(info.card_data),
        "sizes": {file.rfilename: file.size or 0 for file in info.siblings or ()},
    }


def _on_this_machine(folder: Path) -> dict[str, Any]:
    from huggingface_hub import DatasetCard

    names = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    card = folder / "README.md"
    return {
        "name": str(folder),
        "revision": None,
        "licence": _licence(DatasetCard.load(card).data) if card.exists() else None,
        "sizes": {
            name.as_posix(): (folder / name).stat().st_size
            for name in names
            if not any(part.startswith(".") for part in name.parts)
        },
    }


def _licence(card: Any) -> str | None:
    licence = card.get("license") if card else None
    return ", ".join(licence) if isinstance(licence, list) else licence


def _parts(name: str) -> set[str]:
    """The folders and the file's name in a path, the latter also without what follows its first or second dot."""
    path = PurePosixPath(name)
    return {*path.parts, path.name.partition(".")[0], path.stem}


def _as_text(value: Any, source: str, row: str, column: str) -> str:
    """A value of a text column; an `OddRow` where it is no text, empty where it is nothing."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            return OddRow(source, row, not_utf8(error))
    if isinstance(value, str | None):
        return value or ""
    return OddRow(source, row, f"{column!r} is {type(value).__name__}, expected text")


def _next(values: Iterator[Any], source: str) -> Any:
    try:
        return next(values, _END)
    except UserError as error:
        raise UserError(f"{source} {error}") from None
    except hub_errors() as error:
        raise UserError(f"{source} cannot be read: {hub_reason(error, 'check the connection')}") from error
