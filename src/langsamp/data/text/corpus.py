"""Text by tag from wherever it is: a folder of files, a Hugging Face dataset, or the embedded CLDR corpus.

A corpus gives raw documents; `cleaning.py` makes clean ones of them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import Field

from langsamp.addresses import is_address
from langsamp.cldr.embedded_corpus import CldrCorpus
from langsamp.config import Config
from langsamp.data.text.configurations import possible_tags
from langsamp.data.text.folder import FolderCorpus, files_by_tag
from langsamp.data.text.formats import TextFormat
from langsamp.data.text.hub_corpus import HubCorpus, find_dataset
from langsamp.data.text.remote import FileStamp, size_of
from langsamp.data.text.stand_ins import check_file_is_text
from langsamp.errors import UserError
from langsamp.languages.select import Uses, select
from langsamp.languages.table import check
from langsamp.languages.tags import LangScript
from langsamp.provenance import fingerprint

if TYPE_CHECKING:
    from langsamp.cldr.embedded_corpus import CldrCorpus

_HUB = "hub:"


class CorpusConfig(Config):
    """Which text to train on and how to clean it."""

    source: str = Field(default="cldr", min_length=1)
    """`cldr` (embedded, needs nothing), a folder of `<tag>.txt` files (several of a tag as `<tag>-0.parquet`, ... or in
    a folder `<tag>`) or its address (`s3://BUCKET/FOLDER`, needs `langsamp[s3]`; `gs://`, `file://` and what else
    fsspec reads), or `hub:OWNER/NAME[@revision]`."""
    languages: str = "all"
    """Selector of the tags to use: `all`, `head`, `script:Deva`, `swh_Latn`, `@file`, `!eng_Latn`, with `,` and `+`."""
    max_documents: int | None = Field(default=None, ge=1)
    """Keep at most this many clean documents of each tag, the first ones; None keeps all."""
    documents_per_tag: int = Field(default=2000, ge=1)
    """Documents to make of each tag; `cldr` only."""
    seed: int = Field(default=0, ge=0)
    """Seed of the documents that are made; `cldr` only."""
    text_column: str = Field(default="text", min_length=1)
    """Column with the text; for `.jsonl`, `.parquet` and `.arrow` files and `hub:` only."""
    configurations: Mapping[str, str] = Field(default_factory=dict)
    """Configurations of a dataset by tag (`swh_Latn: 20231101.sw`), where their names do not tell; `hub:` only."""
    check_script: bool = True
    """Stop where less than half of a tag's letters are in its script."""
    deduplicate: bool = True
    """Keep only the first of equal documents of a tag."""
    near_duplicates: float | None = Field(default=None, gt=0, lt=1)
    """Keep only the first, too, of documents of a tag that are alike from this Jaccard similarity on (of their runs of
    five characters, by MinHash); 0.8 is common for text from the web. None looks for equal ones alone. Needs
    `langsamp[near-duplicates]`."""
    decontaminate: bool = False
    """Drop documents that hold a test sentence of the evaluation (`data.text.contamination` says what counts as one).
    Else they are counted and told."""

    @property
    def is_remote(self) -> bool:
        """Whether reading a document costs a download."""
        return self.source.startswith(_HUB) or is_address(self.source)


class Corpus(Protocol):
    """Raw documents by tag. An object of this kind holds names only, no text, and can be sent to another process."""

    @property
    def tags(self) -> list[LangScript]:
        """The selected tags, in alphabetical order."""

    @property
    def source(self) -> str:
        """Where the text comes from, for manifests: no path of this machine."""

    @property
    def licence(self) -> str | None:
        """The licence of the text where its source tells one."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user should know of the source as a whole: what of it is left out."""

    def documents(self, tag: LangScript) -> Iterator[str]:
        """The raw documents of one tag in their order, read as they are asked for.

        Raises:
            UserError: where the text cannot be read, naming the place.
        """

    def chunks(self, tag: LangScript, size: int) -> Sequence[FolderCorpus]:
        """One tag's text as corpora of about `size` bytes that can be read apart, in their order; none if it cannot."""

    def fingerprint(self) -> str:
        """Names the raw text of all selected tags by content: no path, no date."""

    def size(self, tag: LangScript) -> int:
        """How much text a tag has, in a unit of the corpus's own, to share work evenly."""


def open_corpus(config: CorpusConfig, *, base: Path) -> Corpus:
    """The corpus that `config` describes; folders are relative to `base`.

    Raises:
        UserError: where the source is absent or holds no text, a file or tag is not as expected (a git-lfs pointer,
            a page of a server), or the selector selects nothing.
    """
    if config.source == "cldr":
        cldr = CldrCorpus(documents_per_tag=config.documents_per_tag, seed=config.seed)
        return _Selection(cldr=cldr, tags=_selected(config, cldr.tags))
    if config.source.startswith(_HUB):
        return _chosen(
            config,
            find_dataset(
                config.source.removeprefix(_HUB),
                base=base,
                text_column=config.text_column,
                mapping=config.configurations,
            ),
        )
    if config.configurations:
        raise UserError("corpus.configurations is for datasets (`corpus.source: hub:OWNER/NAME`); leave it out here")
    folder = config.source.rstrip("/") if is_address(config.source) else base / Path(config.source).expanduser()
    files = files_by_tag(folder)
    chosen = {tag: files[tag] for tag in _selected(config, files)}
    for path in chain.from_iterable(chosen.values()):
        if size_of(path) == 0:
            raise UserError(f"{path} is empty; expected one document a line. Fill or remove it")
        check_file_is_text(path, is_plain=TextFormat.of(path) == TextFormat("txt", ""))
    name = folder.rpartition("/")[2] if isinstance(folder, str) else folder.resolve().name
    stamps = {str(file): FileStamp.noted(file) for file in chain.from_iterable(chosen.values())}
    return FolderCorpus(source=name, files=chosen, text_column=config.text_column, stamps=stamps)


def _chosen(config: CorpusConfig, dataset: HubCorpus) -> HubCorpus:
    """The selected part of a dataset, a language that is there under another code only by the code that is wanted."""
    uses: Uses = {}
    try:
        tags = select(config.languages, dataset.tags, uses=uses)
    except UserError as error:
        if not dataset.left_out:
            raise
        raise UserError(f"{error}. {dataset.remarks[0]}") from None
    wanted = {taken: tag for tag, taken in uses.items()}
    chosen = {wanted.get(tag, tag): dataset.configurations[tag] for tag in tags}
    for tag in chosen:
        check(tag)
    return replace(dataset, configurations=chosen, left_out=_wanted_too(config.languages, dataset, tags))


def _wanted_too(selector: str, dataset: HubCorpus, chosen: Collection[LangScript]) -> tuple[str, ...]:
    """The configurations that are left out and that the selector may mean: by their language, else if it means all."""
    possible = {name: possible_tags(name) for name in dataset.left_out}
    others = {tag for tags in possible.values() for tag in tags}.difference(dataset.tags)
    try:
        wanted = set(select(selector, sorted({*dataset.tags, *others}), uses={}))
    except UserError:  # with more languages to choose from a name may mean several
        wanted = set(chosen)
    is_all = len(chosen) == len(dataset.tags)
    return tuple(name for name, tags in possible.items() if (wanted.intersection(tags) if tags else is_all))


def _selected(config: CorpusConfig, among: Iterable[LangScript]) -> list[LangScript]:
    """The tags of `among` that the configuration selects, in alphabetical order, each checked."""
    tags = select(config.languages, sorted(among))
    for tag in tags:
        check(tag)
    return tags


@dataclass(frozen=True, kw_only=True)
class _Selection:
    """Some tags of the embedded corpus."""

    cldr: "CldrCorpus"
    tags: list[LangScript]

    @property
    def source(self) -> str:
        return self.cldr.source

    @property
    def licence(self) -> str | None:
        return self.cldr.licence

    @property
    def remarks(self) -> tuple[str, ...]:
        return ()

    def documents(self, tag: LangScript) -> Iterator[str]:
        return iter(self.cldr.documents(tag))

    def chunks(self, tag: LangScript, size: int) -> Sequence[FolderCorpus]:
        return ()

    def fingerprint(self) -> str:
        return fingerprint([self.cldr.fingerprint(), list(map(str, self.tags))])

    def size(self, tag: LangScript) -> int:
        return 1  # each tag has the same number of documents
