"""Finding files by their names: the layouts that several tasks share. No file is opened here but to tell a script."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.readers.examples import E
from langsamp.evaluation.readers.folders import SPLITS, Found, SplitFiles
from langsamp.evaluation.readers.lines import read_start
from langsamp.languages import codes
from langsamp.languages.scripts import letters_by_script, likely_script
from langsamp.languages.tags import LangScript

Data = Path | Literal["hub"] | None
"""Where a task's data are: a folder, the hub, or nowhere."""
Parse = Callable[[LangScript, Sequence[Path]], E]
Layout = Callable[[Path, list[str]], Iterable[Found[E]]]
"""From a folder, and a list that gets a note on each thing that looks like data and cannot be used."""

_OWN_CODES: Mapping[str, str] = {
    "bat-smg": "sgs", "bh": "bih", "cbk-zam": "cbk", "fiu-vro": "vro", "sh": "hbs", "zh-classical": "lzh",
    "zh-min-nan": "nan", "zh-yue": "yue",
}  # fmt: skip
"""Codes of Wikipedia, and so of WikiANN, that ISO 639 lacks or has retired, as the paper writes them."""

_CODE = re.compile("[a-z]{2,3}(-[a-z-]+)?")


def find_files(task: str, data: Data, layouts: Sequence[Layout[E]], *, missing: str) -> SplitFiles[E]:
    """The files of `task` in the folder `data` or in one called like the task directly below it, in any layout.

    Raises:
        DataMissingError: where no language has a test set; ends with `missing`, which tells what to do.
    """
    if data is None or data == "hub":
        given = "no data folder was given" if data is None else "the hub has no copy of it"
        raise DataMissingError(f"{task} needs labelled text for each tag, but {given}. {missing}")
    assert isinstance(data, Path)
    found: list[Found[E]] = []
    notes: list[str] = []
    for folder in (data, data / task):
        if folder.is_dir():
            for layout in layouts:
                found += layout(folder, notes)
    reader = SplitFiles(found, task=task, notes=notes)
    if not reader.tags:
        told = "".join(f" {note}." for note in notes[:3])
        raise DataMissingError(
            f"{task}: no test set of any language was found in {data} and {data / task}.{told} {missing}"
        )
    return reader


def tag_folders(parse: Parse[E]) -> Layout[E]:
    """The layout `<tag>/{train,dev,test}.tsv`."""

    def find(folder: Path, notes: list[str]) -> Iterator[Found[E]]:
        for each in _subfolders(folder):
            files = {split: each / f"{split}.tsv" for split in SPLITS if (each / f"{split}.tsv").is_file()}
            tag = _tag(each, each.name, notes) if files else None
            for split, path in files.items():
                if tag:
                    yield Found(tag=tag, split=split, paths=(path,), parse=parse)

    return find


def split_files(parse: Parse[E]) -> Layout[E]:
    """The layout `{train,dev,test}-<tag>.tsv` of the original evaluation."""

    def find(folder: Path, notes: list[str]) -> Iterator[Found[E]]:
        for split in SPLITS:
            for path in sorted(folder.glob(f"{split}-*.tsv")):
                tag = _tag(path, path.stem.removeprefix(f"{split}-"), notes)
                if tag:
                    yield Found(tag=tag, split=split, paths=(path,), parse=parse)

    return find


def tag_by_text(code: str, paths: Iterable[Path], text_of: Callable[[str], str], notes: list[str]) -> LangScript | None:
    """The tag of files that name a language only: its script is that of most letters where the first of them starts.

    `text_of` takes the text out of a line. None, and a note, where the code is that of no language, and where there is
    no letter.
    """
    first, *_ = paths = list(paths)
    language = language_of(code)
    if language is None:
        notes.append(f"{first} is left out: {code!r} is no code of a language")
        return None
    for path in paths:
        script = likely_script(letters_by_script("\n".join(text_of(line) for line in read_start(path))))
        if script:
            return LangScript(language, script)
    notes.append(f"{first} is left out: its name tells no script and its text has no letters to tell it by")
    return None


def language_of(code: str) -> str | None:
    """The three-letter code for one that a data set uses (`de`, `deu`, `zh-yue`); None where there is none."""
    if not _CODE.fullmatch(code):
        return None
    if code in _OWN_CODES:
        return _OWN_CODES[code]
    return code if len(code) == 3 else codes.three_letter(code)


def _tag(path: Path, name: str, notes: list[str]) -> LangScript | None:
    try:
        return LangScript.parse(name)
    except UserError as error:
        notes.append(f"{path} is left out: {error}")
        return None


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())
