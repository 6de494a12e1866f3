"""Raw documents of one tag to clean ones, each dropped document counted with its reason.

A clean document is NFC, one line, with single spaces, and without characters that nobody sees.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from langsamp.data.text.contamination import OverlapCounts
from langsamp.data.text.corpus import CorpusConfig
from langsamp.data.text.duplicates import SeenTexts
from langsamp.data.text.near_duplicates import NearTexts
from langsamp.data.text.odd_rows import OddRow, OddRows
from langsamp.data.text.script_check import check_script, is_garbled
from langsamp.errors import DataMissingError
from langsamp.languages.scripts import letters_by_script
from langsamp.languages.tags import LangScript

EMPTY, DUPLICATE, NEAR_DUPLICATE, TEST_TEXT, OVER_CAP, ODD = (
    "empty",
    "duplicate",
    "near duplicate",
    "test sentence",
    "over max_documents",
    "cannot be read",
)
"""Why documents are dropped."""

_BATCH = 1000  # documents
_CHECKED = 1000  # kept documents after which the script is checked for the first time

INVISIBLE = (
    "\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # controls that are no white space
    "\xad"  # soft hyphen: where a word may be broken
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks: order on the screen, known without them
    "\u034f"  # grapheme joiner: order of marks in sorting
    "\u115f\u1160\u3164\uffa0"  # fillers of Hangul: letters by name, empty to the eye
    "\u17b4\u17b5"  # vowels of Khmer that are never written
    "\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffc"  # joiners of lines, invisible operators, byte order, annotation
    "\ufdd0-\ufdef\ufffe\uffff"  # not characters
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f"  # musical format, invisible tags
)
"""What is removed, as ranges for the square brackets of a regular expression."""
_JUNK = re.compile(f"[{INVISIBLE}\ud800-\udfff]")  # and halves of surrogate pairs, from JSON escapes
_BROKEN_WITHOUT_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf"
"""Thai, Lao, Burmese, Khmer, Tai Le, New Tai Lue, Tai Tham, Tai Viet: there a zero width space parts words."""
_REPEATED_BREAK = re.compile("\u200b+")
_LOOSE_BREAK = re.compile(f"(?<![{_BROKEN_WITHOUT_SPACES}])\u200b|\u200b(?![{_BROKEN_WITHOUT_SPACES}])")
_BLANK = "\u2800"
"""The Braille pattern without dots: a space, though Unicode counts it among the symbols."""
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_SURROGATES = slice(0xD800, 0xE000)
"""Units of UTF-16 of which two are a character."""


def clean_text(text: str) -> str:
    """`text` as one line in NFC with single spaces, without what nobody sees; clean text comes back as it is.

    Removed are controls, soft hyphens, direction marks, byte order marks, fillers and the like. Zero width joiners and
    non-joiners stay, as they change letters in Arabic and Indic scripts, and so do variation selectors; a zero width
    space stays between letters of the scripts that part words with it. A blank Braille pattern is a space.
    """
    # no white space but spaces, nothing invisible
    is_plain = text.isprintable() and (text.isascii() or not _has_printable_junk(text))
    if not is_plain:
        text = _JUNK.sub("", text).replace(_BLANK, " ")
        if "\u200b" in text:
            text = _LOOSE_BREAK.sub("", _REPEATED_BREAK.sub("\u200b", text))
    text = unicodedata.normalize("NFC", text)
    return text.strip(" ") if is_plain and "  " not in text else " ".join(text.split())


def _has_printable_junk(text: str) -> bool:
    """Whether something is in `text` that nobody sees though `str.isprintable` takes it for visible."""
    # spelled out: three times as fast as a loop or a regular expression
    return (
        "\u3164" in text or "\u2800" in text or "\u115f" in text or "\u1160" in text or "\uffa0" in text
        or "\u034f" in text or "\u17b4" in text or "\u17b5" in text or "\ufffc" in text
    )  # fmt: skip


@dataclass(kw_only=True)
class CleaningCounts:
    """What became of the documents of one tag; grows while they are read."""

    read: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Dropped documents by reason; `read` is `kept` and these."""
    odd: OddRows = field(default_factory=lambda: OddRows("documents"))
    """Those that cannot be read, also among the dropped ones."""
    characters: int = 0
    bytes: int = 0
    """Of the kept documents in UTF-8."""
    looked_at: int = 0
    """Documents that could be read."""
    garbled: int = 0
    """Those of them that were not decoded as they were encoded."""
    _code_units: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1 << 16, np.int64), init=False, repr=False)
    """How often each 16-bit unit of UTF-16 was kept: counting numbers is ten times as fast as counting characters."""
    _astral: Counter[str] = field(default_factory=Counter, init=False, repr=False)
    """How often each character was kept that needs two such units."""

    def add(self, documents: list[str], times: int = 1) -> None:
        """Count kept documents, with `times` -1 take them out again."""
        text = "".join(documents)
        self.kept += times * len(documents)
        self.characters += times * len(text)
        self.bytes += times * (len(text) if text.isascii() else len(text.encode()))
        units = np.bincount(np.frombuffer(text.encode("utf-16-le"), np.uint16), minlength=1 << 16)
        self._code_units += times * units
        if units[_SURROGATES].any():
            for character, number in Counter(_ASTRAL.findall(text)).items():
                self._astral[character] += times * number

    def extend(self, others: "CleaningCounts", by_character: Mapping[str, int]) -> None:
        """Count what others have counted, whose kept characters are told apart."""
        self.read += others.read
        self.kept += others.kept
        self.characters += others.characters
        self.bytes += others.bytes
        self.looked_at += others.looked_at
        self.garbled += others.garbled
        self.dropped.update(others.dropped)
        self.odd.extend(others.odd.first, others.odd.number)
        for character, number in by_character.items():
            if len(character.encode("utf-16-le")) == 2:
                self._code_units[ord(character)] += number
            else:
                self._astral[character] += number

    def look_at(self, raw: list[str]) -> None:
        """See of documents, as they were read, whether they were decoded as they were encoded."""
        self.looked_at += len(raw)
        self.garbled += sum(map(is_garbled, raw))

    @property
    def garbled_share(self) -> float:
        """Share of the documents that were not decoded as they were encoded."""
        return self.garbled / max(self.looked_at, 1)

    def by_character(self) -> dict[str, int]:
        """How often each character was kept."""
        units = self._code_units.copy()
        units[_SURROGATES] = 0
        present = {chr(unit): int(units[unit]) for unit in np.flatnonzero(units)}
        return present | {character: number for character, number in self._astral.items() if number}

    def letters(self) -> Counter[str]:
        """Letters of the kept documents by script."""
        counts: Counter[str] = Counter()
        for character, number in self.by_character().items():
            for script in letters_by_script(character):
                counts[script] += number
        return counts


def clean_documents(
    documents: Iterable[str],
    *,
    tag: LangScript,
    config: CorpusConfig,
    counts: CleaningCounts | None = None,
    scratch: Path | None = None,
    overlap: OverlapCounts | None = None,
) -> Iterator[str]:
    """The clean documents of one tag as a stream; see `Cleaner`."""
    return chain.from_iterable(
        clean_batches(documents, tag=tag, config=config, counts=counts, scratch=scratch, overlap=overlap)
    )


def clean_batches(
    documents: Iterable[str],
    *,
    tag: LangScript,
    config: CorpusConfig,
    counts: CleaningCounts | None = None,
    scratch: Path | None = None,
    overlap: OverlapCounts | None = None,
) -> Iterator[list[str]]:
    """The clean documents of one tag in lists, none of them empty; see `Cleaner`."""
    return Cleaner(tag, config, counts=counts, scratch=scratch, overlap=overlap).batches(documents)


class Document(NamedTuple):
    """A clean document."""

    text: str
    lines: str
    """The same with its line ends, where it has several: they end sentences too."""


class Cleaner:
    """Which documents of one tag are kept, of all that come one after another.

    Attributes:
        seen, near: The documents met so far, where equal or like ones are to be dropped, else None.
    """

    def __init__(
        self,
        tag: LangScript,
        config: CorpusConfig,
        *,
        counts: CleaningCounts | None = None,
        scratch: Path | None = None,
        overlap: OverlapCounts | None = None,
    ) -> None:
        """`counts` is filled on the way; digests of seen documents beyond the first millions lie in `scratch`.

        Documents with test sentences are counted in `overlap`, and dropped where the configuration says so.
        """
        self.tag, self.config, self.overlap = tag, config, overlap
        self.counts = CleaningCounts() if counts is None else counts
        self.seen = SeenTexts(folder=scratch) if config.deduplicate else None
        self.near = NearTexts(config.near_duplicates, folder=scratch) if config.near_duplicates is not None else None

    def batches(self, documents: Iterable[str]) -> Iterator[list[str]]:
        """The clean documents in lists of up to a thousand, in their order, none of them empty.

        Documents over the cap are read and counted unless that costs a download. These are the last ones of the tag:
        its counts are complete at the end.

        Raises:
            UserError: where less than half of the letters of the first thousand kept documents, or of all, are in the
                tag's script, and where too many documents are odd.
            DataMissingError: where nothing is left.
        """
        counts, raw = self.counts, iter(documents)
        for batch in in_batches(raw, after=counts.read):
            if texts := self._kept(batch):
                count_kept(texts, counts, self.tag, checks_script=self.config.check_script)
                yield texts
            if counts.kept == self.config.max_documents:
                break
        if not self.config.is_remote:
            rest = sum(1 for _ in raw)
            counts.read += rest
            counts.dropped[OVER_CAP] += rest
        self.check_end()

    def check_end(self) -> None:
        """Accept what was counted of all documents; raises as `batches` does."""
        tag, counts = self.tag, self.counts
        counts.odd.check(counts.read)
        if not counts.kept:
            raise DataMissingError(
                f"{tag} has no text: {counts.read} documents were read and none was kept. Give it text, or leave it "
                f"out with `!{tag}` in `corpus.languages`"
            )
        if self.config.check_script:
            check_script(tag, counts.letters(), documents=counts.kept)

    def _kept(self, batch: list[str]) -> list[str]:
        counts, overlap = self.counts, self.overlap
        kept = clean_alone(batch, counts)
        check_most_are_text(counts)
        if self.seen is not None:
            kept = _where(kept, self.seen.new([each.text for each in kept]), counts, DUPLICATE)
        if self.near is not None:
            kept = _where(kept, self.near.new([each.text for each in kept]), counts, NEAR_DUPLICATE)
        if overlap is not None and self.config.decontaminate:
            is_held = overlap.add([each.lines for each in kept])
            kept = _where(kept, [not held for held in is_held], counts, TEST_TEXT)
        kept = _capped(kept, self.config.max_documents, counts)
        if overlap is not None and not self.config.decontaminate:
            overlap.add([each.lines for each in kept])
        return [each.text for each in kept]


def in_batches(documents: Iterator[str], *, after: int = 0) -> Iterator[list[str]]:
    """Raw documents by the thousand, the first of them up to a full thousand with those that were read before."""
    size = _BATCH - after % _BATCH
    while batch := list(islice(documents, size)):
        yield batch
        size = _BATCH


def clean_alone(batch: list[str], counts: CleaningCounts) -> list[Document]:
    """What is left of raw documents as far as each is judged by itself."""
    counts.read += len(batch)
    readable = batch
    if odd := [text for text in batch if isinstance(text, OddRow)]:
        for row in odd:
            counts.odd.add(row)
        counts.dropped[ODD] += len(odd)
        readable = [text for text in batch if not isinstance(text, OddRow)]
    counts.look_at(readable)
    clean = [Document(text, raw if "\n" in raw else text) for raw in readable if (text := clean_text(raw))]
    counts.dropped[EMPTY] += len(readable) - len(clean)
    return clean


def check_most_are_text(counts: CleaningCounts) -> None:
    """Stop at a text of which so far most cannot be read: it is none."""
    if counts.odd.are_most(counts.read):
        counts.odd.check(counts.read)


def count_kept(texts: list[str], counts: CleaningCounts, tag: LangScript, *, checks_script: bool) -> None:
    """Count kept documents, and see at the first thousand of a tag whether they are in its script."""
    room = max(_CHECKED - counts.kept, 0)
    if checks_script and 0 < room <= len(texts):
        counts.add(texts[:room])
        check_script(tag, counts.letters(), documents=counts.kept)
        texts = texts[room:]
    counts.add(texts)


def check_first(batches: Iterable[list[str]], tag: LangScript) -> None:
    """See at the first thousand of kept documents whether they are in the tag's script."""
    counts = CleaningCounts()
    for texts in batches:
        count_kept(texts, counts, tag, checks_script=True)
        if counts.kept >= _CHECKED:
            break


def _where(documents: list[Document], fits: Sequence[bool], counts: CleaningCounts, reason: str) -> list[Document]:
    """The documents that fit; the others are dropped for `reason`."""
    kept = [each for each, is_kept in zip(documents, fits, strict=True) if is_kept]
    counts.dropped[reason] += len(documents) - len(kept)
    return kept


def _capped(kept: list[Document], cap: int | None, counts: CleaningCounts) -> list[Document]:
    if cap is None or counts.kept + len(kept) <= cap:
        return kept
    room = cap - counts.kept
    counts.dropped[OVER_CAP] += len(kept) - room
    return kept[:room]
