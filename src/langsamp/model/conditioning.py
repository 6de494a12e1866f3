"""The language and script tables after training: named vectors on disk, readable without torch.

A folder (an export) holds `conditioning.safetensors` (`language`: languages x hidden, `script`: scripts x hidden; only
the tables that are on) and `languages.json` (variant, placement, ids, names, rows and masked tokens seen).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from langsamp.disk.files import as_record, read_json, read_versioned, write_json
from langsamp.disk.seals import CHECKSUMS, check_sealed, is_sealed, read_seal
from langsamp.errors import DamagedError, DataMissingError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.variants import Placement, Variant, parts_of
from langsamp.provenance import SCHEMA

VectorTable = Literal["language", "script"]
WEIGHTS, LANGUAGES = "conditioning.safetensors", "languages.json"

EXPORT_AGAIN = (
    "put that file back from a copy, or export the model again by `langsamp export`; if it was changed on purpose, "
    f"delete {CHECKSUMS} beside it"
)
"""What to do about an export of which a file is damaged."""

IMPORTED = "An imported model: how much text each vector has seen is not known, so rows stand at 0."
SHUFFLED = "A control: this model was trained with other rows' ids, so its vectors belong to no language or script."


def unnamed_vectors(folder: Path) -> str:
    """What to do about vectors of the authors' layout in `folder` that nothing names; empty where there are none.

    Raises:
        DamagedError: where its config.json is no JSON.
    """
    path = folder / "config.json"
    config = read_json(path) if path.is_file() and not (folder / LANGUAGES).is_file() else None
    is_authors = isinstance(config, dict) and any(config.get(f"use_{table}_embedding") for table in ("lang", "script"))
    return (
        f"{folder} is a checkpoint in the layout of LangSAMP's authors: it holds vectors and nothing says whose they "
        f"are. Run `langsamp import {folder} --ids FILE --out MODEL` with its id table, and give MODEL"
        if is_authors
        else ""
    )


def check_export(folder: Path) -> None:
    """Accept a model's folder whose files are as they were written; a stock one has no checksums, and is not looked at.

    The model card is for people: it may be edited, and a download from the hub leaves it out.

    Raises:
        DamagedError: naming the file that is not.
    """
    if is_sealed(folder):
        names = [name for name in read_seal(folder, remedy=EXPORT_AGAIN).files if not name.endswith(".md")]
        check_sealed(folder, remedy=EXPORT_AGAIN, only=names)


@dataclass(frozen=True, kw_only=True)
class Conditioning:
    """Language and script vectors with their codes and how much text each has seen.

    A vector is trained where tokens were predicted under its id (`is_trained`), whatever rows were read. `language` has
    shape (languages, hidden) and `script` (scripts, hidden); a table that was off is None.
    """

    variant: str
    ids: LanguageIds
    rows_seen: Mapping[LangScript, int]
    masked_seen: Mapping[LangScript, int] | None = None
    """Predicted tokens of the rows that bore the tag's ids, from which alone its vectors get a gradient; None where
    they were not counted, as in older exports: there rows stand for them."""
    trained: frozenset[LangScript] = frozenset()
    """Tags whose vectors had a gradient though neither rows nor tokens were counted, as in an imported checkpoint."""
    language: NDArray[np.float32] | None
    script: NDArray[np.float32] | None

    @property
    def placement(self) -> Placement:
        """Where the vectors were added in training."""
        return parts_of(self.variant).placement

    @property
    def is_shuffled(self) -> bool:
        """True for the control that was trained with other rows' ids: its vectors say nothing of their languages."""
        return parts_of(self.variant).is_shuffled

    @property
    def warning(self) -> str:
        """What a reader must know before anything that is read off the vectors; empty where there is nothing."""
        return SHUFFLED if self.is_shuffled else IMPORTED if self.trained else ""

    @property
    def tells_languages(self) -> bool:
        """Whether its language vectors say which language predicts hidden tokens best: they stand at the output."""
        return self.language is not None and self.placement == "output" and not self.is_shuffled

    @property
    def trained_tags(self) -> set[LangScript]:
        """The tags whose vectors have had a gradient."""
        return {tag for tag in (*self.rows_seen, *self.trained) if self.gave_gradient(tag)}

    def is_trained(self, table: VectorTable, code: str) -> bool:
        """Whether the vector of a language or script has ever had a gradient; else it is still its random start.

        Rows alone do not tell: of a row of unknown tokens nothing is predicted.
        """
        return any(self.gave_gradient(tag) for tag in self.rows_seen if getattr(tag, table) == code)

    def gave_gradient(self, tag: LangScript) -> bool:
        """Whether tokens were predicted in rows that bore the tag's ids, as counted or as said of an import."""
        seen = self.rows_seen if self.masked_seen is None else self.masked_seen
        return tag in self.trained or seen.get(tag, 0) > 0

    def rows_of_language(self, code: str) -> int:
        """Training rows of this language over all its scripts."""
        return sum(rows for tag, rows in self.rows_seen.items() if tag.language == code)

    def rows_of_script(self, code: str) -> int:
        """Training rows in this script over all its languages."""
        return sum(rows for tag, rows in self.rows_seen.items() if tag.script == code)

    def save(self, folder: Path, names: Mapping[LangScript, str]) -> None:
        """Write both files into `folder`; `names` gives each tag's name for readers of the JSON."""
        tables = {"language": self.language, "script": self.script}
        save_file({key: table for key, table in tables.items() if table is not None}, folder / WEIGHTS)
        tags = {
            str(tag): {"language_id": pair[0], "script_id": pair[1], "name": names[tag], "rows_seen": rows}
            | ({} if self.masked_seen is None else {"masked_seen": self.masked_seen[tag]})
            | ({"trained": True} if tag in self.trained else {})
            for tag, rows in sorted(self.rows_seen.items())
            for pair in [self.ids.pair(tag)]
        }
        said = {
            "variant": self.variant,
            "placement": self.placement,
            "shuffled_ids": self.is_shuffled,
            "untrained": {
                "languages": [code for code in self.ids.languages if not self.is_trained("language", code)],
                "scripts": [code for code in self.ids.scripts if not self.is_trained("script", code)],
            },
        }
        write_json(folder / LANGUAGES, {"schema": SCHEMA, **said, **self.ids.model_dump(mode="json"), "tags": tags})

    @classmethod
    def load(cls, folder: str | Path) -> "Conditioning":
        """The conditioning of an exported model.

        Raises:
            DataMissingError: where `folder` is no export of ours.
            DamagedError: where a file cannot be read or is of another schema.
        """
        folder = Path(folder)
        path = folder / LANGUAGES
        if not path.is_file():
            expected = f"{folder} holds no {LANGUAGES}: expected a folder written by `langsamp export`"
            raise DataMissingError(unnamed_vectors(folder) or expected)
        if is_sealed(folder):
            check_sealed(folder, remedy=EXPORT_AGAIN, only=[LANGUAGES, WEIGHTS])
        record = as_record(_Record, read_versioned(path, remedy=EXPORT_AGAIN), path, remedy=EXPORT_AGAIN)
        try:
            tables = load_file(folder / WEIGHTS)
        except (OSError, SafetensorError) as error:
            raise DamagedError(f"{folder / WEIGHTS} cannot be read ({error}); {EXPORT_AGAIN}") from None
        _check_tables(tables, record, folder / WEIGHTS)
        entries = {LangScript.parse(tag): entry for tag, entry in record.tags.items()}
        masked = {tag: entry.masked_seen for tag, entry in entries.items() if entry.masked_seen is not None}
        return cls(
            variant=record.variant,
            ids=LanguageIds(languages=record.languages, scripts=record.scripts),
            rows_seen={tag: entry.rows_seen for tag, entry in entries.items()},
            masked_seen=masked if len(masked) == len(entries) else None,
            trained=frozenset(tag for tag, entry in entries.items() if entry.trained),
            language=tables.get("language"),
            script=tables.get("script"),
        )


class _Tag(BaseModel):
    model_config = ConfigDict(frozen=True)

    language_id: int
    script_id: int
    name: str
    rows_seen: Annotated[int, Field(ge=0)]
    masked_seen: Annotated[int, Field(ge=0)] | None = None
    trained: bool = False


class _Record(LanguageIds):
    """What `languages.json` holds."""

    schema_version: int = Field(alias="schema")
    variant: Variant
    placement: Placement
    shuffled_ids: bool
    untrained: Mapping[str, tuple[str, ...]]
    tags: Mapping[str, _Tag]

    @model_validator(mode="after")
    def _ids_fit(self) -> Self:
        for tag, entry in self.tags.items():
            if self.pair(LangScript.parse(tag)) != (entry.language_id, entry.script_id):
                raise ValueError(f"{tag} has other ids than its language and script")
        return self


def _check_tables(tables: Mapping[str, NDArray[np.float32]], record: _Record, path: Path) -> None:
    """Accept the tables that the variant has, each with a row for every code."""
    rows = {"language": len(record.languages), "script": len(record.scripts)}
    expected = {name: rows[name] for name in parts_of(record.variant).tables}
    if {name: len(table) for name, table in tables.items()} != expected or any(t.ndim != 2 for t in tables.values()):
        shapes = ", ".join(f"{name} {table.shape}" for name, table in tables.items()) or "no table"
        raise DamagedError(
            f"{path} holds {shapes}, but by {LANGUAGES} it should hold tables with these rows: {expected}; "
            f"{EXPORT_AGAIN}"
        )
