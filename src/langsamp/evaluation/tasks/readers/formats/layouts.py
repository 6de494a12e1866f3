"""Finding files by their names: the layouts that several tasks share. No file is opened here but to tell a script."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from langsamp.data.text.formats import plain_name
from langsamp.data.text.tag_names import language_named, tag_named
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.examples import E
from langsamp.evaluation.tasks.readers.formats.lines import read_start
from langsamp.evaluation.tasks.readers.formats.split_files import SPLITS, LabelledFiles, Split, SplitFiles
from langsamp.languages.scripts import letters_by_script, likely_script
from langsamp.languages.tags import LangScript

Data = Path | Literal["hub"] | None
"""Where a task's data are: a folder, the hub, or nowhere."""
Parse = Callable[[LangScript, Sequence[Path]], E]
Layout = Callable[[Path, list[str]], Iterable[LabelledFiles[E]]]
"""From a folder, and a list that gets a note on each thing that looks like data and cannot be used."""

_SPLIT_NAMES: Mapping[str, Split] = {
    "train": "train", "dev": "dev", "validation": "dev", "valid": "dev", "val": "dev", "test": "test",
}  # fmt: skip
"""What data sets call the splits, in any case."""


def find_files(
    task: str, data: Data, layouts: Sequence[Layout[E]], *, missing: str, released_in: str | None = None
) -> SplitFiles[E]:
    """The files of `task` in the folder `data` or in one called like the task directly below it, in any layout.

    `released_in` is where they lie in a copy of the repository that they come from.

    Raises:
        DataMissingError: where no language has a test set; ends with `missing`, which tells what to do.
    """
    if data is None or data == "hub":
        given = "no data folder was given" if data is None else "the hub has no copy of it"
        raise DataMissingError(f"{task} needs labelled text for each tag, but {given}. {missing}")
    folders = [data, data / task]
    if released_in is not None:
        folders.append(data / released_in)
    files: list[LabelledFiles[E]] = []
    notes: list[str] = []
    for folder in folders:
        if folder.is_dir():
            for layout in layouts:
                files += layout(folder, notes)
    reader = SplitFiles(files, task=task, notes=notes)
    if not reader.tags:
        remarks = "".join(f" {note}." for note in notes[:3])
        raise DataMissingError(
            f"{task}: no test set of any language was found in {data} and {data / task}.{remarks} {missing}"
        )
    return reader


def tag_folders(parse: Parse[E]) -> Layout[E]:
    """The layout `<tag>/{train,dev,test}.tsv`."""

    def find(folder: Path, notes: list[str]) -> Iterator[LabelledFiles[E]]:
        files = {each: there for each in _subfolders(folder) if (there := files_of_splits(each, ".tsv"))}
        for each, tag in _tags_of({each: each.name for each in files}, notes).items():
            for split, path in files[each].items():
                yield LabelledFiles(tag=tag, split=split, paths=(path,), parse=parse)

    return find


def split_files(parse: Parse[E]) -> Layout[E]:
    """The layout `{train,dev,test}-<tag>.tsv` of the original evaluation, or `test-<code>.tsv` as XTREME makes it."""

    def find(folder: Path, notes: list[str]) -> Iterator[LabelledFiles[E]]:
        by_split: dict[Split, dict[Path, str]] = {split: {} for split in SPLITS}
        for path in sorted(each for each in folder.iterdir() if each.is_file()):
            first, dash, name = plain_name(path).partition("-")
            split = _SPLIT_NAMES.get(first.lower())
            if split and dash and name.lower().endswith(".tsv"):
                by_split[split][path] = name[: -len(".tsv")]
        for split, names in by_split.items():
            with_code = {path: name for path, name in names.items() if len(name) == 2 and language_of(name)}
            tags = _tags_of({path: name for path, name in names.items() if path not in with_code}, notes)
            for path, code in with_code.items():
                tag = tag_by_text(code, [path], lambda line: line.partition("\t")[0], notes)
                if tag in tags.values():
                    notes.append(f"{path} is left out: another file is named {tag} in full")
                elif tag:
                    tags[path] = tag
            for path, tag in tags.items():
                yield LabelledFiles(tag=tag, split=split, paths=(path,), parse=parse)

    return find


def files_of_splits(folder: Path, ending: str) -> dict[Split, Path]:
    """The files of a folder that are called by a split, such as `test.tsv` or `Validation.tsv.gz`; the first of each.

    `ending` is what follows the split's name, in small letters.
    """
    files: dict[Split, Path] = {}
    for path in sorted(each for each in folder.iterdir() if each.is_file()):
        name = plain_name(path).lower()
        split = _SPLIT_NAMES.get(name.removesuffix(ending)) if name.endswith(ending) else None
        if split:
            files.setdefault(split, path)
    return {split: files[split] for split in SPLITS if split in files}


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
    return language_named(code)


def _tags_of(names: Mapping[Path, str], notes: list[str]) -> dict[Path, LangScript]:
    """The tags that files or folders are named by, with a note on each that has none.

    A name in another spelling (`deu-Latn`, `de_Latn`) makes room for the one that is written as tags are.
    """
    tags: dict[Path, LangScript] = {}
    for path, name in names.items():
        try:
            tags[path] = tag_named(name) or LangScript.parse(name)
        except UserError as error:
            notes.append(f"{path} is left out: {error}")
    exact = {tag: path for path, tag in tags.items() if names[path] == str(tag)}
    for path, tag in list(tags.items()):
        if exact.get(tag, path) != path:
            notes.append(f"{path} is left out: {exact[tag]} is {tag} too, and is named as tags are")
            del tags[path]
    return tags


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())
