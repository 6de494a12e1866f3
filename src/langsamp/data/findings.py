"""What the measured figures of prepared text mean: thresholds and sentences, the same for preparing, plan and report.

Every figure that the manifest holds of a tag and that can spoil a training is judged here and nowhere else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from langsamp.data.rows import Manifest, PreparedRows, TagRows
from langsamp.data.text.cleaning import DUPLICATE, EMPTY, NEAR_DUPLICATE
from langsamp.data.text.contamination import Overlap
from langsamp.data.text.script_check import GARBLED
from langsamp.data.tokens.sketch import shared_documents
from langsamp.errors import UserError

MANY_UNKNOWN = 0.05
"""Share of unknown tokens from which a tag is named: covered languages have under one per cent of them."""
MANY_BYTES = 0.25
"""Share of tokens that are bytes of characters without a piece from which a tag is named."""
MANY_EQUAL = 0.5
"""Share of documents that were equal to another from which a tag is named."""
MANY_MARKS = 0.25
"""Share of tokens that mark where documents begin and end from which a tag is named: six tokens of text stand between.
Of 42 languages' verses and sentences at most an eighth is."""
MANY_EMPTY = 0.9
"""Share of documents without text from which a tag is named; of text with blank lines between paragraphs half is."""
MANY_SHARED = 0.5
"""Share of the documents of two tags that both of them have from which the second is named."""
FEW_IN_SCRIPT = 0.8
"""Share of letters in the tag's script below which a tag is named; below a half preparing refuses (`check_script`)."""
MANY_GARBLED = 0.05
"""Share of documents not decoded as they were encoded from which a tag, or a test set, is named."""
_LISTED = 5
"""Of more tags with the same finding, one sentence is written for all."""
_NAMED = 12

Kind = Literal[
    "no row",
    "nothing to predict",
    "unknown tokens",
    "bytes",
    "equal documents",
    "empty documents",
    "short documents",
    "same rows",
    "same documents",
    "only tag",
    "other script",
    "garbled",
]


class Figures(NamedTuple):
    """What is measured of one tag, or reckoned from a sample of it."""

    rows: int
    """Rows for training."""
    tokens: int
    ordinary_tokens: int
    """Those that can be masked and predicted."""
    unknown_share: float
    """Among the tokens of text."""
    byte_share: float
    """Of the ordinary tokens, those that are a byte of a character without a piece."""
    equal_share: float
    """Of the documents read, those that were dropped because another is equal or, where it was asked for, alike."""
    empty_share: float
    """Of the documents read, those without text."""
    share_in_script: float
    garbled_share: float = 0.0
    """Of the documents, those that were not decoded as they were encoded."""

    @property
    def marks_share(self) -> float:
        """Of the tokens, those that are no text but mark where documents begin and end."""
        of_text = self.ordinary_tokens / (1 - self.unknown_share) if self.unknown_share < 1 else self.tokens
        return max(0.0, 1 - of_text / max(self.tokens, 1))

    @classmethod
    def of(cls, entry: TagRows) -> "Figures":
        """The figures in a tag's entry of a manifest."""
        read = entry.documents + sum(entry.dropped.values())
        return cls(
            rows=entry.rows,
            tokens=entry.tokens,
            ordinary_tokens=entry.ordinary_tokens,
            unknown_share=entry.unknown_share,
            byte_share=entry.byte_share,
            equal_share=(entry.dropped.get(DUPLICATE, 0) + entry.dropped.get(NEAR_DUPLICATE, 0)) / max(read, 1),
            empty_share=entry.dropped.get(EMPTY, 0) / max(read, 1),
            share_in_script=entry.share_in_script,
            garbled_share=entry.garbled_share,
        )


class Finding(NamedTuple):
    """One figure of one tag that a reader must know."""

    tag: str
    kind: Kind
    said: str
    """What the figure is and what it means, after `tag: `; a sentence without its end."""


class _Words(NamedTuple):
    general: str
    """What is so of several tags, after `37 tags (a, b, ...): `."""
    remedy: str


_DECONTAMINATE = "Drop the documents with corpus.decontaminate: true (langsamp prepare RECIPE --decontaminate)"
_LEAVE_OUT = "leave it out (`!TAG` in corpus.languages)"
_WORDS: dict[Kind, _Words] = {
    "no row": _Words(
        "too little text to fill a row; they are not trained on and their vectors stay random",
        f"Add text, choose a smaller rows.row_tokens, or {_LEAVE_OUT}",
    ),
    "nothing to predict": _Words(
        "all of the text is unknown to the tokenizer, so that none of it can be predicted; their vectors get no "
        "gradient",
        "Choose a tokenizer that knows the script (tokenizer.load), train one (neither tokenizer.load nor model.init), "
        f"or {_LEAVE_OUT}",
    ),
    "unknown tokens": _Words(
        f"at least {MANY_UNKNOWN:.0%} of the tokens of text are unknown to the tokenizer; they are never predicted",
        f"Choose a tokenizer that knows the script (tokenizer.load), or {_LEAVE_OUT}",
    ),
    "bytes": _Words(
        f"at least {MANY_BYTES:.0%} of the tokens are bytes, no characters: the tokenizer has no pieces for these, "
        "each of which takes two to four tokens",
        "Choose a tokenizer that knows the script (tokenizer.load), give its training more of this text "
        "(tokenizer.alpha, tokenizer.character_coverage), or leave it out (`!TAG` in corpus.languages)",
    ),
    "equal documents": _Words(
        f"at least {MANY_EQUAL:.0%} of the documents are equal to another one, or nearly, and were dropped",
        "Look at the text: it may be placeholders, or one file many times",
    ),
    "empty documents": _Words(
        f"at least {MANY_EMPTY:.0%} of the documents have no text",
        "Look at the text: it may stand in another column (corpus.text_column)",
    ),
    "short documents": _Words(
        f"at least {MANY_MARKS:.0%} of the tokens mark where documents begin and end",
        "Look at the text: it may be a list of words or names, from which nothing tells a masked one",
    ),
    "same rows": _Words(
        "the rows are those of another tag, byte by byte",
        "Look at the text: one file may have been copied to both names",
    ),
    "same documents": _Words(
        f"at least {MANY_SHARED:.0%} of the documents are those of another tag",
        "Look at the text: two names may stand for one language, or one text may have been put under both",
    ),
    "only tag": _Words(
        "no other tag has a row, so its vectors have nothing to tell apart",
        "Put text of other languages beside it, or train variant `none` alone",
    ),
    "other script": _Words(
        f"less than {FEW_IN_SCRIPT:.0%} of the letters are in the tag's script",
        "Look at the text: it may be mixed with another language",
    ),
    "garbled": _Words(
        f"at least {MANY_GARBLED:.0%} of the documents hold characters that nobody wrote ({GARBLED})",
        "Look at the text, and decode it again from its source",
    ),
}


def judge(tags: Mapping[str, Figures], *, row_tokens: int) -> list[Finding]:
    """What is to be said of each tag's figures, tag by tag in their order."""
    findings = [
        Finding(tag, kind, said) for tag, figures in tags.items() for kind, said in _judged(figures, row_tokens).items()
    ]
    trained = [tag for tag, figures in tags.items() if figures.rows]
    if len(trained) == 1:
        findings.append(Finding(trained[0], "only tag", _WORDS["only tag"].general))
    return findings


def judge_manifest(manifest: Manifest) -> list[Finding]:
    """What is to be said of the tags of a manifest."""
    figures = {tag: Figures.of(entry) for tag, entry in manifest.tags.items()}
    return [*judge(figures, row_tokens=manifest.row_tokens), *_copies(manifest.tags), *_shared(manifest.tags)]


def _copies(tags: Mapping[str, TagRows]) -> list[Finding]:
    """Tags whose rows an earlier tag has, too."""
    first: dict[str, str] = {}
    for tag, entry in tags.items():
        if entry.rows:
            first.setdefault(entry.sha256, tag)
    owners = {tag: first.get(entry.sha256, tag) for tag, entry in tags.items()}
    return [
        Finding(tag, "same rows", f"its rows are those of {owner}, byte by byte")
        for tag, owner in owners.items()
        if owner != tag
    ]


def _shared(tags: Mapping[str, TagRows]) -> list[Finding]:
    """Tags of whose documents many are an earlier tag's, in whatever order."""
    sketches = {tag: entry.sketch for tag, entry in tags.items() if entry.rows}
    shared = shared_documents(sketches, least=MANY_SHARED).items()
    most: dict[str, tuple[float, str]] = {}
    for (owner, tag), share in shared:
        if tags[owner].sha256 != tags[tag].sha256:
            most[tag] = max(most.get(tag, (0.0, "")), (share, owner))
    return [
        Finding(tag, "same documents", f"about {share:.0%} of its documents and those of {owner} are the same")
        for tag, (share, owner) in most.items()
    ]


def sentences(findings: Sequence[Finding]) -> list[str]:
    """The findings in words, kind by kind: one sentence a tag, or one for all where many have the same."""
    lines = []
    for kind, words in _WORDS.items():
        of_kind = [finding for finding in findings if finding.kind == kind]
        if len(of_kind) <= _LISTED:
            lines += [f"{tag}: {said}. {words.remedy.replace('TAG', tag)}" for tag, _, said in of_kind]
        else:
            lines.append(
                f"{len(of_kind)} tags ({listed([finding.tag for finding in of_kind])}): {words.general}. {words.remedy}"
            )
    return lines


def odd_sentences(notes: Mapping[str, Sequence[str]], remarks: Sequence[str] = ()) -> list[str]:
    """What of the text could not be read or told: one sentence a tag, of many one more.

    First whole parts of its source, then documents by file and line. The manifest has the others.
    """
    noted = [(tag, note) for tag, of_tag in notes.items() for note in of_tag]
    lines = [*remarks, *(f"{tag}: {note}" for tag, note in noted[:_NAMED])]
    if rest := sorted({tag for tag, _ in noted[_NAMED:]}):
        names = listed(rest)
        lines.append(f"{len(rest)} more tags have documents that cannot be read ({names})")
    return lines


def overlap_sentences(
    tags: Mapping[str, Mapping[str, Overlap]], *, dropped: bool = False, sample: str = ""
) -> list[str]:
    """What text shares with test sets in words, one sentence a task; `sample` says where only a part was looked at."""
    lines = []
    for task in sorted({task for overlap in tags.values() for task in overlap}):
        shared = {tag: overlap[task] for tag, overlap in tags.items() if task in overlap}
        order = sorted(shared, key=lambda tag: (-shared[tag].documents, tag))
        named = [f"{tag}: {shared[tag].documents:,} with {shared[tag].sentences:,}" for tag in order[:_LISTED]]
        documents = sum(each.documents for each in shared.values())
        where = f"{', '.join(named)}{', ...' if len(order) > _LISTED else ''}"
        counted = f"{documents:,} documents of {len(shared)} tags{sample} hold test sentences of {task} ({where})"
        after = "they were dropped" if dropped else f"scores of {task} may be too good. {_DECONTAMINATE}"
        lines.append(f"{counted}; {after}")
    return lines


def check_rows(rows: PreparedRows) -> None:
    """Accept rows that can be trained on; errors are those of `check_trainable`."""
    figures = {tag: Figures.of(entry) for tag, entry in rows.manifest.tags.items()}
    check_trainable(figures, row_tokens=rows.row_tokens, folder=rows.folder)


def check_trainable(tags: Mapping[str, Figures], *, row_tokens: int, folder: Path | None = None) -> None:
    """Accept figures of which at least one tag can be trained on.

    Raises:
        UserError: where no tag has a row with anything to predict, naming tags, shares and the remedy; `folder` is
            where the rows lie, which have to go before others are made.
    """
    if any(each.rows and each.ordinary_tokens for each in tags.values()):
        return
    blocking = [each for each in judge(tags, row_tokens=row_tokens) if each.kind in ("no row", "nothing to predict")]
    after = f" Then delete {folder} and prepare again" if folder is not None else ""
    raise UserError(f"there is nothing to train on. {'. '.join(sentences(blocking))}.{after}")


def _judged(figures: Figures, row_tokens: int) -> dict[Kind, str]:
    said: dict[Kind, str] = {}
    if not figures.rows:
        said["no row"] = (
            f"its {figures.tokens:,} tokens fill no row of {row_tokens} to train on, so its vectors stay random"
        )
    if figures.tokens and not figures.ordinary_tokens:
        said["nothing to predict"] = (
            f"{figures.unknown_share:.0%} of its text is unknown to the tokenizer, so nothing of it can be predicted "
            "and its vectors get no gradient"
        )
    elif figures.unknown_share >= MANY_UNKNOWN:
        said["unknown tokens"] = (
            f"{figures.unknown_share:.1%} of its tokens of text are unknown to the tokenizer and never predicted"
        )
    if figures.rows and figures.byte_share >= MANY_BYTES:
        said["bytes"] = (
            f"{figures.byte_share:.0%} of its tokens are bytes, no characters: the tokenizer has no pieces for these, "
            "each of which takes two to four tokens"
        )
    if figures.equal_share >= MANY_EQUAL:
        said["equal documents"] = (
            f"{figures.equal_share:.0%} of its documents are equal to another one, or nearly, and were dropped"
        )
    if figures.empty_share >= MANY_EMPTY:
        said["empty documents"] = f"{figures.empty_share:.0%} of its documents have no text"
    if figures.rows and figures.marks_share >= MANY_MARKS:
        said["short documents"] = f"{figures.marks_share:.0%} of its tokens mark where documents begin and end"
    if figures.share_in_script < FEW_IN_SCRIPT:
        said["other script"] = f"only {figures.share_in_script:.0%} of its letters are in its script"
    if figures.garbled_share >= MANY_GARBLED:
        said["garbled"] = f"{figures.garbled_share:.0%} of its documents hold characters that nobody wrote ({GARBLED})"
    return said


def listed(tags: Sequence[str]) -> str:
    """Tags in a sentence, as many as one reads."""
    return ", ".join(tags[:_NAMED]) + (", ..." if len(tags) > _NAMED else "")
