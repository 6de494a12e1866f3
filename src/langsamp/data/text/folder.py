"""A folder of text files as a corpus: one file for each tag, named `<tag>.txt` or as `formats.READABLE` lists.

Large tags are released in several: `<tag>-00000-of-00002.parquet` and the like side by side (GlotCC), or in a folder
`<tag>`, there in `train` where splits are (FineWeb-2). It lies on this machine, or wherever `remote.py` reads.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple, Self

from xxhash import xxh3_128

from langsamp.data.text.formats import READABLE, TextFormat, documents_in, readable_end
from langsamp.data.text.remote import FileRange, FileStamp, RemoteFile, TextFile, TextSource, remote_files, size_of
from langsamp.data.text.tag_names import likely_tag, tag_named
from langsamp.errors import DataMissingError, UserError, first_of
from langsamp.languages.tags import LangScript, advice_on
from langsamp.provenance import fingerprint

_BESIDE_TEXT = re.compile(
    r"\.|(README|MANIFEST|LICEN[CS]ES?|COPYING|NOTICE|CITATION|\w*SUMS?)(\.|$)|(__MACOSX|Thumbs\.db|desktop\.ini)$|"
    r"(dataset_info|state|dataset_dict)\.json$",
    re.IGNORECASE,
)
"""What may lie beside the text: hidden files, descriptions, checksums, what systems and `save_to_disk` leave there."""
_SHARD = re.compile(r"(?P<tag>.+?)[-_](?P<number>\d+)(?:-of-(?P<of>\d+))?")
"""A file of several of its tag, by its number and where it is said, how many there are."""
_NUMBERS = re.compile(r"(\d+)")
_ARCHIVE = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|7z|rar)(\.\w+)?$", re.IGNORECASE)
_TABLE = re.compile(r"\.(csv|tsv|tab|xlsx?|ods|json)(\.\w+)?$", re.IGNORECASE)
_SPLIT = re.compile(r"(train|validation|valid|dev|test)(?![A-Za-z])")
_LIKELY_RATIO = 4  # of text to its compressed form, to share work evenly
_BLOCK = 1 << 20
_LONGEST_LINE = 1 << 26
"""Bytes after which no line's end is looked for any more."""


@dataclass(frozen=True, kw_only=True)
class FolderCorpus:
    """Text files by tag."""

    source: str
    files: Mapping[LangScript, tuple[TextSource, ...]]
    """Those of a tag in the order of their names, numbers in that of their values."""
    text_column: str
    licence: str | None = None
    """A folder does not tell."""
    stamps: Mapping[str, FileStamp] = field(default_factory=dict)
    """Of the files when they were opened, by what they are called; a file that has none may change."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Which files are links that lead out of the folder, as a stranger's archive could hold them."""
        paths = chain.from_iterable(self.files[tag] for tag in self.tags)
        names = [path.name for path in paths if isinstance(path, Path) and _leads_out(path)]
        if not names:
            return ()
        return (f"links that lead out of the folder are read as text, remove what is none ({first_of(names, 5)})",)

    @property
    def tags(self) -> list[LangScript]:
        """The tags with a file, in alphabetical order."""
        return sorted(self.files)

    def documents(self, tag: LangScript) -> Iterator[str]:
        """The lines or records of the tag's files, one file after the other.

        Raises:
            UserError: as `documents_in`, and for a file that is not what it was when the corpus was opened.
        """
        for file in self.files[tag]:
            yield from documents_in(file, text_column=self.text_column)
            self._check_unchanged(file)

    def chunks(self, tag: LangScript, size: int) -> Sequence[Self]:
        """The tag's text as corpora of about `size` bytes each: ranges of a large plain file, else whole files.

        A range begins after a line's end. Compressed files, those of columns and those elsewhere are not cut.
        """
        chunks: list[list[TextSource]] = []
        room = 0
        for file in self.files[tag]:
            ranges, likely = _ranges(file, size), likely_size(file)
            if len(ranges) == 1 and likely <= room:
                chunks[-1].append(file)
                room -= likely
            else:
                chunks += [[lines] for lines in ranges]
                room = size - likely if len(ranges) == 1 else 0
        return [replace(self, files={tag: tuple(files)}, stamps=self._stamps_of(files)) for files in chunks]

    def fingerprint(self) -> str:
        """Names the bytes of all files, the tags they belong to, and the column that is read."""
        formats = {TextFormat.of(path) for path in chain.from_iterable(self.files.values())}
        column = self.text_column if any(text_format and text_format.has_columns for text_format in formats) else None
        digests = {str(tag): [_digest(path) for path in self.files[tag]] for tag in self.tags}
        return fingerprint([column, {tag: each if len(each) > 1 else each[0] for tag, each in digests.items()}])

    def size(self, tag: LangScript) -> int:
        """Bytes of text, estimated from the files' sizes where they are compressed."""
        return sum(map(likely_size, self.files[tag]))

    def _stamps_of(self, files: Iterable[TextSource]) -> dict[str, FileStamp]:
        return {str(file): self.stamps[str(file)] for file in files if str(file) in self.stamps}

    def _check_unchanged(self, file: TextSource) -> None:
        before = self.stamps.get(str(file))
        if before is not None and FileStamp.now(file) != before:
            raise UserError(
                f"{file} has changed since this command began, which would mix two texts: leave it as it is and run "
                "the same command again"
            )


def files_by_tag(folder: Path | str) -> dict[LangScript, tuple[TextFile, ...]]:
    """The text files of each tag in a folder of this machine, or in one by its address.

    Raises:
        DataMissingError: where the folder is absent or has no text file.
        UserError: for a file that is not named by a tag, for two texts of one tag, where one of several files is
            missing, and where an address cannot be read.
    """
    whole: dict[LangScript, list[TextFile]] = {}
    shards: dict[LangScript, list[TextFile]] = {}
    for path in remote_files(folder) if isinstance(folder, str) else _local_files(folder):
        if _BESIDE_TEXT.match(path.name):
            continue
        tag = _tag_of(path)
        (shards if not _is_folder(path) and _shard(path) else whole).setdefault(tag, []).append(path)
    for tag, paths in whole.items():
        if len(paths := [*paths, *shards.get(tag, [])]) > 1:
            raise UserError(f"duplicate tag {tag}: {paths[0].name} and {paths[1].name} in {folder}; keep one of them")
    files = {tag: _in_order(paths) for tag, paths in shards.items()}
    files |= {tag: _within(path) if _is_folder(path) else (path,) for tag, (path,) in whole.items()}
    if not files:
        raise DataMissingError(f"{folder} has no text file; expected files named like swh_Latn.txt ({READABLE})")
    return files


def _local_files(folder: Path) -> list[Path]:
    if folder.is_file():
        raise UserError(f"{folder} is a file; give the folder that it is in, where each file is named by its tag")
    if not folder.is_dir():
        raise DataMissingError(
            f"there is no folder {folder}; `corpus.source` must be `cldr`, a folder of <tag>.txt files, an address of "
            "one (s3://BUCKET/FOLDER), or `hub:OWNER/NAME`"
        )
    return sorted(folder.iterdir())


def _is_folder(path: TextFile) -> bool:
    return path.is_folder if isinstance(path, RemoteFile) else path.is_dir()


class _Shard(NamedTuple):
    """What the name of one of several files of a tag says."""

    tag: str
    number: str
    of: str | None
    """How many files there are."""


def _shard(path: TextFile) -> _Shard | None:
    """What a file's name says; None where it is not the name of one of several."""
    match = _SHARD.fullmatch(path.name.partition(".")[0])
    shard = None if match is None else _Shard(*match.groups())
    return shard if shard and tag_named(shard.tag) else None


def _within(folder: TextFile) -> tuple[TextFile, ...]:
    """The text files in the folder of a tag; where it holds splits, as folders or files, those of `train`."""
    there = remote_files(folder.address) if isinstance(folder, RemoteFile) else sorted(folder.iterdir())
    inside: list[TextFile] = [path for path in there if not _BESIDE_TEXT.match(path.name)]
    splits = [_SPLIT.match(path.name) for path in inside]
    if all(splits):
        inside = [path for path in inside if path.name.startswith("train")] or inside
    if len(inside) == 1 and inside[0].name == "train" and _is_folder(inside[0]):
        return _within(inside[0])
    for path in inside:
        _check_is_text(path, like="as in 000_00000.parquet")
    if not inside:
        raise UserError(f"{folder} is a folder without text; put the text of its tag there ({READABLE}), or remove it")
    return _in_order(inside)


def _in_order(paths: Sequence[TextFile]) -> tuple[TextFile, ...]:
    """Files of one tag: each once, and all that there are where their names say how many.

    Raises:
        UserError: where they are not.
    """
    stems: dict[str, TextFile] = {}
    for path in paths:
        stem = path.name.partition(".")[0]
        if stem in stems:
            raise UserError(f"duplicate text: {stems[stem]} and {path.name}; keep one of them")
        stems[stem] = path
    shards = [shard for shard in map(_shard, paths) if shard]
    for of in {shard.of for shard in shards if shard.of}:
        there = {shard.number for shard in shards if shard.of == of}
        if len(there) != int(of):
            raise UserError(f"{paths[0]} is one of {int(of)} files, {len(there)} are there; add the others")
    return tuple(sorted(paths, key=lambda path: [int(x) if x.isdigit() else x for x in _NUMBERS.split(path.name)]))


def _check_is_text(path: TextFile, *, like: str) -> None:
    is_folder = _is_folder(path)
    if is_folder or TextFormat.of(path) is None:
        kind, meant = "a folder" if is_folder else "of a kind we do not read", likely_tag(path.name)
        asked = f"If it is text of {meant}, {_made_readable(path, meant)}; else move" if meant else "Move"
        raise UserError(
            f"{path} is {kind}; a corpus folder holds files named by their tag, {like} ({READABLE}). {asked} it "
            "elsewhere, or hide it with a name that starts with a dot"
        )
    if isinstance(path, Path) and not path.is_file():
        kind = "a link to nothing" if path.is_symlink() else "no plain file"
        raise UserError(f"{path} is {kind}; a corpus folder holds files of text. Remove it, or put the file there")


def _made_readable(path: TextFile, tag: LangScript) -> str:
    """What to do with the text of a tag that has a name or a form which is not read."""
    if _is_folder(path):
        return f"name it {tag}"
    if _ARCHIVE.search(path.name):
        return f"unpack it, and name what is in it {tag}.txt"
    if _TABLE.search(path.name):
        return f"write the column of its text, one document a line, as {tag}.txt"
    return f"name it {tag}{readable_end(path.name) or '.txt'}"


def _tag_of(path: TextFile) -> LangScript:
    name = path.name.partition(".")[0]
    if _is_folder(path) and (tag := tag_named(path.name)):
        return tag
    _check_is_text(path, like="like swh_Latn.txt, or folders like swh_Latn")
    if shard := _shard(path):
        name = shard.tag
    try:
        return tag_named(name) or LangScript.parse(name)
    except UserError as error:
        meant = None if advice_on(name) else likely_tag(path.name)
        said = f" If it is text of {meant}, name it {meant}{readable_end(path.name)}" if meant else ""
        raise UserError(f"{path} is not named by a tag: {error}{said}") from None


def _leads_out(path: Path) -> bool:
    return path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve())


def likely_size(path: TextSource) -> int:
    """Bytes of the text in a file, about, where it is compressed."""
    return size_of(path) * (1 if path.suffix in (".txt", ".jsonl") else _LIKELY_RATIO)


def _ranges(path: TextSource, size: int) -> Sequence[TextSource]:
    """A plain file of this machine that is larger than `size` bytes as ranges up to about that; any other as it is."""
    if not isinstance(path, Path) or path.suffix not in (".txt", ".jsonl") or size_of(path) <= size:
        return [path]
    whole = size_of(path)
    number = math.ceil(whole / size)
    starts = [0]
    with path.open("rb") as file:
        for wanted in range(1, number):
            file.seek(wanted * whole // number - 1)
            ends_there = file.readline(_LONGEST_LINE).endswith(b"\n")
            if ends_there and starts[-1] < file.tell() < whole:
                starts.append(file.tell())
    return [FileRange(path, start, stop) for start, stop in pairwise([*starts, whole])]


def _digest(path: TextSource) -> str:
    state = xxh3_128()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            state.update(block)
    return state.hexdigest()
