"""Raw documents of one tag to clean ones, each dropped document counted with its reason.

A clean document is NFC, one line, with single spaces, and without characters that nobody sees.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
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
_SAMPLED = 16
"""Of so many documents one is looked at for how it was decoded, after the first batch: a share needs no more."""

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
    _looked_at: int = field(default=0, init=False, repr=False)
    _garbled: int = field(default=0, init=False, repr=False)
    _code_units: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1 << 16, np.int64), init=False, repr=False)
    """How often each 16-bit unit of UTF-16 was kept: counting numbers is ten times as fast as counting characters."""
    _astral: Counter[str] = field(default_factory=Counter, init=False, repr=False)
    """How often each character was kept that needs two such units."""

    def add(self, documents: list[str]) -> None:
        """Count kept documents."""
        text = "".join(documents)
        self.kept += len(documents)
        self.characters += len(text)
        self.bytes += len(text) if text.isascii() else len(text.encode())
        units = np.bincount(np.frombuffer(text.encode("utf-16-le"), np.uint16), minlength=1 << 16)
        self._code_units += units
        if units[0xD800:0xE000].any():
            self._astral.update(_ASTRAL.findall(text))

    def look_at(self, raw: list[str]) -> None:
        """See in a sample of documents, as they were read, whether they were decoded as they were encoded."""
        sampled = raw[:: 1 if self.read <= _BATCH else _SAMPLED]
        self._looked_at += len(sampled)
        self._garbled += sum(map(is_garbled, sampled))

    @property
    def garbled_share(self) -> float:
        """Share of the documents that were not decoded as they were encoded."""
        return self._garbled / max(self._looked_at, 1)

    def letters(self) -> Counter[str]:
        """Letters of the kept documents by script."""
        present = {chr(unit): int(self._code_units[unit]) for unit in np.flatnonzero(self._code_units)}
        counts: Counter[str] = Counter()
        for character, number in chain(present.items(), self._astral.items()):
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
    """The clean documents of one tag as a stream; see `clean_batches`."""
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
    """The clean documents of one tag in lists of up to a thousand, in their order, none of them empty.

    `counts` is filled on the way and complete at the end. Documents over the cap are read and counted unless that costs
    a download. Digests of seen documents beyond the first millions lie in the folder `scratch`. Documents with test
    sentences are counted in `overlap`, and dropped where the configuration says so.

    Raises:
        UserError: where less than half of the letters of the first thousand kept documents, or of all, are in the tag's
            script, and where too many documents are odd.
        DataMissingError: where nothing is left.
    """
    counts = CleaningCounts() if counts is None else counts
    seen = SeenTexts(folder=scratch) if config.deduplicate else None
    near = NearTexts(config.near_duplicates, folder=scratch) if config.near_duplicates is not None else None
    raw = iter(documents)
    is_checked = False
    while batch := list(islice(raw, _BATCH)):
        counts.read += len(batch)
        readable = _readable(batch, counts)
        counts.look_at(readable)
        kept = _kept(readable, seen, counts)
        if near is not None:
            kept = _unlike(kept, near, counts)
        if overlap is not None and config.decontaminate:
            kept = _without_test_text(kept, overlap, counts)
        kept = _capped(kept, config.max_documents, counts)
        if kept:
            if overlap is not None and not config.decontaminate:
                overlap.add([each.lines for each in kept])
            texts = [each.text for each in kept]
            counts.add(texts)
            if config.check_script and not is_checked and counts.kept >= _CHECKED:
                check_script(tag, counts.letters(), documents=counts.kept)
                is_checked = True
            yield texts
        if counts.kept == config.max_documents:
            break
    if not config.is_remote:
        rest = sum(1 for _ in raw)
        counts.read += rest
        counts.dropped[OVER_CAP] += rest
    _check_end(tag, counts, checks_script=config.check_script)


def _readable(batch: list[str], counts: CleaningCounts) -> list[str]:
    """The documents of a batch that can be read; a text of which most cannot is no text and stops here."""
    odd = [text for text in batch if isinstance(text, OddRow)]
    if not odd:
        return batch
    for row in odd:
        counts.odd.add(row)
    counts.dropped[ODD] += len(odd)
    if counts.odd.are_most(counts.read):
        counts.odd.check(counts.read)
    return [text for text in batch if not isinstance(text, OddRow)]


class _Document(NamedTuple):
    text: str
    lines: str
    """The same with its line ends, where it has several: they end sentences too."""


def _capped(kept: list[_Document], cap: int | None, counts: CleaningCounts) -> list[_Document]:
    if cap is None or counts.kept + len(kept) <= cap:
        return kept
    room = cap - counts.kept
    counts.dropped[OVER_CAP] += len(kept) - room
    return kept[:room]


def _kept(batch: list[str], seen: SeenTexts | None, counts: CleaningCounts) -> list[_Document]:
    clean = [_Document(text, raw if "\n" in raw else text) for raw in batch if (text := clean_text(raw))]
    counts.dropped[EMPTY] += len(batch) - len(clean)
    if seen is None:
        return clean
    is_new = seen.new([each.text for each in clean])
    fresh = [each for each, fits in zip(clean, is_new, strict=True) if fits]
    counts.dropped[DUPLICATE] += len(clean) - len(fresh)
    return fresh


def _unlike(kept: list[_Document], near: NearTexts, counts: CleaningCounts) -> list[_Document]:
    is_new = near.new([each.text for each in kept])
    unlike = [each for each, fits in zip(kept, is_new, strict=True) if fits]
    counts.dropped[NEAR_DUPLICATE] += len(kept) - len(unlike)
    return unlike


def _without_test_text(kept: list[_Document], overlap: OverlapCounts, counts: CleaningCounts) -> list[_Document]:
    holds = overlap.add([each.lines for each in kept])
    clear = [each for each, held in zip(kept, holds, strict=True) if not held]
    counts.dropped[TEST_TEXT] += len(kept) - len(clear)
    return clear


def _check_end(tag: LangScript, counts: CleaningCounts, *, checks_script: bool) -> None:
    counts.odd.check(counts.read)
    if not counts.kept:
        raise DataMissingError(
            f"{tag} has no text: {counts.read} documents were read and none was kept. Give it text, or leave it out "
            f"with `!{tag}` in `corpus.languages`"
        )
    if checks_script:
        check_script(tag, counts.letters(), documents=counts.kept)
