"""The id table of a checkpoint in the authors' layout: whose vector stands in which row, which no checkpoint says.

As they write it, a pickle of `[code by language id, code by script id, language id by code, script id by code]`, or
JSON: `{"languages": [...], "scripts": [...]}`, codes in the order of their ids, and optionally `"tags"`, the
language-script pairs that were trained.
"""

from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, StrictStr

from langsamp.disk.files import read_json, write_json
from langsamp.errors import DataMissingError, UserError, checked
from langsamp.languages.ids import LanguageIds
from langsamp.languages.table import check, tags
from langsamp.languages.tags import LangScript
from langsamp.model.interchange.plain_pickle import plain_content

IDS = "ids.json"
"""What the table is called that we write."""


class IdTable(NamedTuple):
    """Ids, and the pairs whose rows were trained."""

    ids: LanguageIds
    trained: tuple[LangScript, ...]
    is_listed: bool
    """Whether the file lists the trained pairs; else they are all that the package knows of its codes."""


class _Listed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    languages: tuple[StrictStr, ...]
    scripts: tuple[StrictStr, ...]
    tags: tuple[StrictStr, ...] | None = None


def read_id_table(file: Path) -> IdTable:
    """The table in a `.pkl` or `.json` file.

    Raises:
        DataMissingError: where there is no such file.
        DamagedError: where it cannot be read.
        UserError: where it holds something else than a table, a code twice, or a pair without ids.
    """
    if not file.is_file():
        raise DataMissingError(f"there is no id table {file}; expected a .pkl or .json file that came with the model")
    content = plain_content(file) if file.suffix in (".pkl", ".pickle") else read_json(file)
    listed = _of_dicts(file, content) if isinstance(content, list) else checked(_Listed, content, source=str(file))
    ids = checked(LanguageIds, {"languages": listed.languages, "scripts": listed.scripts}, source=str(file))
    known = _known(file, ids) if listed.tags is None else tuple(map(LangScript.parse, listed.tags))
    if doubled := sorted({str(tag) for tag in known if known.count(tag) > 1}):
        raise UserError(f"{file}: {doubled[0]} is listed twice among its tags; name each once")
    for tag in known:
        check(tag)
        ids.pair(tag)
    return IdTable(ids, tuple(sorted(known)), listed.tags is not None)


def write_id_table(file: Path, table: IdTable) -> None:
    """Write `table` as JSON, the trained pairs with it."""
    write_json(file, {**table.ids.model_dump(mode="json"), "tags": list(map(str, table.trained))})


def _of_dicts(file: Path, content: list[object]) -> _Listed:
    """The table that the authors' four dicts hold."""
    if len(content) != 4 or not all(isinstance(each, dict) for each in content):
        raise UserError(
            f"{file} is no id table: expected a list of four dicts, [code by language id, code by script id, language "
            f"id by code, script id by code], got a list of {len(content)}"
        )
    languages, scripts, language_ids, script_ids = content
    return _Listed(
        languages=_in_order(file, "language", languages, language_ids),
        scripts=_in_order(file, "script", scripts, script_ids),
    )


def _in_order(file: Path, kind: str, codes: object, ids: object) -> tuple[str, ...]:
    """The codes by ascending id, where both dicts say the same."""
    assert isinstance(codes, dict) and isinstance(ids, dict)
    if set(codes) != set(range(len(codes))):
        raise UserError(f"{file}: expected the {kind} ids 0 to {len(codes) - 1}, each once")
    ordered = [codes[number] for number in range(len(codes))]
    if not all(type(code) is str for code in ordered):
        raise UserError(f"{file}: expected a code as text for each {kind} id")
    if doubled := [code for code in ordered if ordered.count(code) > 1]:
        raise UserError(f"{file}: the {kind} {doubled[0]!r} has two ids; expected one for each code")
    if ids != {code: number for number, code in enumerate(ordered)}:
        raise UserError(f"{file} contradicts itself: {kind} ids by code are not those of the codes by id")
    return tuple(ordered)


def _known(file: Path, ids: LanguageIds) -> tuple[LangScript, ...]:
    """All pairs of these codes that text is known to be written in.

    Raises:
        UserError: for a code that is in none of them.
    """
    pairs = tuple(tag for tag in tags() if tag.language in ids.languages and tag.script in ids.scripts)
    alone = [code for code in ids.languages if code not in {tag.language for tag in pairs}]
    alone += [code for code in ids.scripts if code not in {tag.script for tag in pairs}]
    if alone:
        raise UserError(
            f"{file}: {', '.join(alone[:5])} {'is' if len(alone) == 1 else 'are'} in no language-script pair known "
            'here. Write the table as JSON with the trained pairs: {"languages": [...], "scripts": [...], "tags": '
            '["deu_Latn", ...]}'
        )
    return pairs
