"""A folder of text files as a corpus: one file for each tag, named `<tag>.txt` or as `formats.READABLE` lists.

It lies on this machine, or wherever `remote.py` reads.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xxhash import xxh3_128

from langsamp.data.text.formats import READABLE, TextFormat, documents_in
from langsamp.data.text.remote import RemoteFile, TextFile, remote_files, size_of
from langsamp.data.text.tag_names import tag_named
from langsamp.errors import DataMissingError, UserError, first_of
from langsamp.languages.tags import LangScript
from langsamp.provenance import fingerprint

_BESIDE_TEXT = re.compile(
    r"\.|(README|MANIFEST|LICEN[CS]ES?|COPYING|NOTICE|CITATION|\w*SUMS?)(\.|$)|(__MACOSX|Thumbs\.db|desktop\.ini)$",
    re.IGNORECASE,
)
"""What may lie beside the text: hidden files, descriptions, checksums, what systems leave in folders."""
_LIKELY_RATIO = 4  # of text to its compressed form, to share work evenly
_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class FolderCorpus:
    """Text files by tag."""

    source: str
    files: Mapping[LangScript, TextFile]
    text_column: str
    licence: str | None = None
    """A folder does not tell."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Which files are links that lead out of the folder, as a stranger's archive could hold them."""
        names = [path.name for tag in self.tags if isinstance(path := self.files[tag], Path) and _leads_out(path)]
        if not names:
            return ()
        return (f"links that lead out of the folder are read as text, remove what is none ({first_of(names, 5)})",)

    @property
    def tags(self) -> list[LangScript]:
        """The tags with a file, in alphabetical order."""
        return sorted(self.files)

    def documents(self, tag: LangScript) -> Iterator[str]:
        """The lines or records of the tag's file."""
        return documents_in(self.files[tag], text_column=self.text_column)

    def fingerprint(self) -> str:
        """Names the bytes of all files, the tags they belong to, and the column that is read."""
        formats = {TextFormat.of(path) for path in self.files.values()}
        column = self.text_column if any(text_format and text_format.has_columns for text_format in formats) else None
        return fingerprint([column, {str(tag): _digest(self.files[tag]) for tag in self.tags}])

    def size(self, tag: LangScript) -> int:
        """Bytes of text, estimated from the file's size where it is compressed."""
        path = self.files[tag]
        return size_of(path) * (1 if path.suffix in (".txt", ".jsonl") else _LIKELY_RATIO)


def files_by_tag(folder: Path | str) -> dict[LangScript, TextFile]:
    """The text file of each tag in a folder of this machine, or in one by its address.

    Raises:
        DataMissingError: where the folder is absent or has no text file.
        UserError: for a file that is not named by a tag, for two files of one tag, and where an address cannot be read.
    """
    files: dict[LangScript, TextFile] = {}
    for path in remote_files(folder) if isinstance(folder, str) else _local_files(folder):
        if _BESIDE_TEXT.match(path.name):
            continue
        tag = _tag_of(path)
        if tag in files:
            raise UserError(f"duplicate tag {tag}: {files[tag].name} and {path.name} in {folder}; keep one of them")
        files[tag] = path
    if not files:
        raise DataMissingError(f"{folder} has no text file; expected files named like swh_Latn.txt ({READABLE})")
    return files


def _local_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataMissingError(
            f"there is no folder {folder}; `corpus.source` must be `cldr`, a folder of <tag>.txt files, an address of "
            "one (s3://BUCKET/FOLDER), or `hub:OWNER/NAME`"
        )
    return sorted(folder.iterdir())


def _tag_of(path: TextFile) -> LangScript:
    is_folder = path.is_folder if isinstance(path, RemoteFile) else path.is_dir()
    if is_folder or TextFormat.of(path) is None:
        kind = "a folder" if is_folder else "of a kind we do not read"
        raise UserError(
            f"{path} is {kind}; a corpus folder holds files named by their tag, like swh_Latn.txt ({READABLE}). Move "
            "it elsewhere, or hide it with a name that starts with a dot"
        )
    if isinstance(path, Path) and not path.is_file():
        kind = "a link to nothing" if path.is_symlink() else "no plain file"
        raise UserError(f"{path} is {kind}; a corpus folder holds files of text. Remove it, or put the file there")
    name = path.name.partition(".")[0]
    try:
        return tag_named(name) or LangScript.parse(name)
    except UserError as error:
        raise UserError(f"{path} is not named by a tag: {error}") from None


def _leads_out(path: Path) -> bool:
    return path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve())


def _digest(path: TextFile) -> str:
    state = xxh3_128()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            state.update(block)
    return state.hexdigest()
