"""The language and script tables after training: named vectors on disk, readable without torch.

A folder (an export) holds `conditioning.safetensors` (`language`: languages x hidden, `script`: scripts x hidden; only
the tables that are on) and `languages.json` (variant, placement, ids, names, rows seen).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from langsamp.artifacts import SCHEMA, read_versioned, write_json
from langsamp.errors import DamagedError, DataMissingError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.variants import Placement, parts_of

WEIGHTS, LANGUAGES = "conditioning.safetensors", "languages.json"

SHUFFLED = "A control: this model was trained with other rows' ids, so its vectors belong to no language or script."


@dataclass(frozen=True, kw_only=True)
class Conditioning:
    """Language and script vectors with their codes and how much text each has seen.

    `language` has shape (languages, hidden) and `script` (scripts, hidden); a table that was off is None.
    """

    variant: str
    ids: LanguageIds
    rows_seen: Mapping[LangScript, int]
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
        return SHUFFLED if self.is_shuffled else ""

    def rows_of_language(self, code: str) -> int:
        """Training rows of this language over all its scripts; 0 marks an untrained vector."""
        return sum(rows for tag, rows in self.rows_seen.items() if tag.language == code)

    def rows_of_script(self, code: str) -> int:
        """Training rows in this script over all its languages; 0 marks an untrained vector."""
        return sum(rows for tag, rows in self.rows_seen.items() if tag.script == code)

    def save(self, folder: Path, names: Mapping[LangScript, str]) -> None:
        """Write both files into `folder`; `names` gives each tag's name for readers of the JSON."""
        tables = {"language": self.language, "script": self.script}
        save_file({key: table for key, table in tables.items() if table is not None}, folder / WEIGHTS)
        tags = {
            str(tag): {"language_id": pair[0], "script_id": pair[1], "name": names[tag], "rows_seen": rows}
            for tag, rows in sorted(self.rows_seen.items())
            for pair in [self.ids.pair(tag)]
        }
        said = {"variant": self.variant, "placement": self.placement, "shuffled_ids": self.is_shuffled}
        write_json(folder / LANGUAGES, {"schema": SCHEMA, **said, **self.ids.model_dump(mode="json"), "tags": tags})

    @classmethod
    def load(cls, folder: Path) -> "Conditioning":
        """The conditioning of an exported model.

        Raises:
            DataMissingError: where `folder` is no export of ours.
            DamagedError: where a file cannot be read or is of another schema.
        """
        if not (folder / LANGUAGES).is_file():
            raise DataMissingError(f"{folder} holds no {LANGUAGES}: expected a folder written by `langsamp export`")
        record = read_versioned(folder / LANGUAGES, mend="export the model again")
        try:
            tables = load_file(folder / WEIGHTS)
        except (OSError, SafetensorError) as error:
            raise DamagedError(f"{folder / WEIGHTS} cannot be read ({error}); export the model again") from None
        return cls(
            variant=record["variant"],
            ids=LanguageIds(languages=record["languages"], scripts=record["scripts"]),
            rows_seen={LangScript.parse(tag): entry["rows_seen"] for tag, entry in record["tags"].items()},
            language=tables.get("language"),
            script=tables.get("script"),
        )
