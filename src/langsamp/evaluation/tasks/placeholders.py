"""Items of test sets that stand for a sentence that is not there: found, left out, counted and named.

Parallel Bibles mark a verse that is merged with the one before by `<range>`; others have `-`, `...`, `[]`, `(omitted)`,
BLANK, the number of the verse, nothing, or one sentence for all that is missing. Under protocol `fixed` such items are
left out, of parallel text on both sides, and the notes say how many and which. Under `paper` they stay, as in the
original, and the notes say that they are there.
"""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langsamp.errors import UserError
from langsamp.evaluation.protocols import Protocol
from langsamp.evaluation.tasks.examples import LabelledTexts, TrainAndDev
from langsamp.evaluation.tasks.readers.formats.parallel import FEWEST, ParallelText
from langsamp.evaluation.tasks.readers.formats.sequences import BLANK
from langsamp.languages.tags import LangScript

FILLER, FILLER_SHARE = 5, 0.02
"""A sentence fills in for what is missing where it answers to so many different sentences of the other language, and to
this share of all; translations that happen to be equal are fewer."""
EQUAL_SHARE = 0.05
"""Share of items whose translation is also that of a different sentence from which it is told."""
_NAMED = 4  # kinds of placeholders in a note

_MARKUP = re.compile(r"<[^<>]{0,60}>")
_VERSE_NUMBER = re.compile(r"((v|vv|vs)\W*)?\d[\d\W]*[a-d]?\W*", re.IGNORECASE)
_NUMBERED = re.compile(r"((v|vv|vs|verses?|ch|chapter)\W*\d[\d\W]*)|([^\W\d]{2,}\W*\d+\W+\d[\d\W]*)")
"""A number with a word for verse, or a chapter and a verse with a book's name: `verse 12`, `Mt 17:21`."""
_SHEET_ERROR = re.compile(r"#[A-Z0-9/]+[!?]|#N/A")
_CROSSES = re.compile(r"[xX]{3,}|[хХ]{3,}")
_WORDS = frozenset(
    {
        "range", "blank", "empty", "omitted", "omit", "missing", "none", "null", "nil", "nan", "n/a", "na", "tbd",
        "tba", "todo", "untranslated", "placeholder", "unknown", "unavailable", "lacuna", "unk", "pad", "mask",
        "merged", "inaudible", "unintelligible", "illegible", "ditto", "undefined", "translate me", "no verse",
        "no text", "no translation", "not applicable", "to be translated", "없음", "略", "缺", "無", "无", "欠",
    }
)  # fmt: skip
"""What stands in brackets or in capitals where a sentence should."""
_GONE = frozenset(
    {
        "absent", "available", "blank", "combined", "contained", "empty", "found", "included", "joined", "lacking",
        "manuscript", "manuscripts", "merged", "missing", "omitted", "part", "same", "see", "translated",
    }
)  # fmt: skip
_TEXT = frozenset({"text", "translation", "verse", "verses"})
_BESIDE = _TEXT | frozenset(
    {
        "a", "above", "and", "as", "been", "below", "chapter", "following", "has", "in", "is", "it", "most", "next",
        "no", "not", "of", "original", "preceding", "previous", "some", "source", "that", "the", "this", "to", "v",
        "version", "vv", "was", "were", "with", "yet",
    }
)  # fmt: skip
"""Words of a remark such as `(see previous verse)`, which has one of `_GONE` and none but these and numbers."""
_UNAMBIGUOUS = frozenset(
    {
        "n/a", "nan", "<na>", "null", "tbd", "blank", "untranslated", "undefined", "%s", "not available",
        "same as above", "no translation", "translation missing", "missing translation", "translation not available",
        "verse not available",
        "見上節", "见上节", "併於上節", "并于上节", "並於上節", "同上", "同上節", "同上节",
    }
)  # fmt: skip
"""What is no sentence without brackets either, in whatever case."""
_OPENING, _CLOSING = "<(\\[{\u3008\u300a\u3010\u3014", ">)\\]}\u3009\u300b\u3011\u3015"
_BRACKETS = re.compile(rf"\s*[{_OPENING}].*[{_CLOSING}]\s*", re.DOTALL)
_AROUND = f" -_.:*#{_OPENING}{_CLOSING}"


def is_placeholder(text: str) -> bool:
    """Whether a text is no sentence: no letter in it, only markup, a verse's number, or a word for what is missing."""
    whole = unicodedata.normalize("NFKC", html.unescape(text)).strip()
    bare = _MARKUP.sub("", whole).strip()
    if not any(map(_is_letter, bare)):
        return True
    word = " ".join(bare.strip(_AROUND).casefold().split())
    return (
        any(pattern.fullmatch(bare) for pattern in (_VERSE_NUMBER, _SHEET_ERROR, _CROSSES))
        or bare == "None"  # as Python writes what is not there
        or bare.casefold().rstrip(".\u3002") in _UNAMBIGUOUS
        or bare.casefold().startswith("lorem ipsum")
        or (_BRACKETS.fullmatch(bare) is not None and (_is_missing(word) or _is_remark(word)))
        or (bare.strip(" -_.:*#").isupper() and (_is_missing(word) or _is_remark(word, of=_TEXT)))
    )


def _is_missing(word: str) -> bool:
    """Whether what stands in brackets or in capitals is a word for what is missing, or a verse's number."""
    return word in _WORDS or word in _UNAMBIGUOUS or _NUMBERED.fullmatch(word) is not None


def _is_remark(text: str, *, of: frozenset[str] = _GONE) -> bool:
    """Whether a text says where the sentence is, or that it is nowhere, and nothing else; it has a word `of` these."""
    words = {word for word in re.split(r"[\W\d_]+", text) if word}
    return bool(words & _GONE) and bool(words & of) and words <= _GONE | _BESIDE


class WithoutPlaceholders:
    """A task's reader whose items are sentences; all else is the reader's own."""

    def __init__(self, reader: Any, protocol: Protocol) -> None:
        """Take a reader of parallel or labelled texts and the protocol that decides what becomes of placeholders."""
        self.whole, self._protocol = reader, protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    def read(self, tag: LangScript) -> Any:
        """The test set of one tag.

        Raises:
            UserError: as the reader does, and where too few sentences are left.
        """
        return sentences_of(self.whole.read(tag), self._protocol)

    def training(self, source: LangScript) -> TrainAndDev[Any]:
        """The train and dev set of one source; errors are the reader's."""
        whole = self.whole.training(source)
        return TrainAndDev(train=sentences_of(whole.train, self._protocol), dev=sentences_of(whole.dev, self._protocol))


def sentences_of(text: Any, protocol: Protocol) -> Any:
    """Parallel or labelled text without placeholders, or under `paper` with a note on them; other text as it is.

    Raises:
        UserError: where fewer sentences are left than can be scored.
    """
    if isinstance(text, ParallelText):
        return _pairs(text, protocol)
    if isinstance(text, LabelledTexts):
        return _labelled(text, protocol)
    return text


def _pairs(text: ParallelText, protocol: Protocol) -> ParallelText:
    missing = _missing(text)
    if protocol == "paper":
        stay = f"{len(missing)} of {len(text.target)} items are placeholders and stay, as in the original"
        return replace(text, remarks=(*text.remarks, *_note(stay, missing), *_equal(text)))
    kept = [position for position in range(len(text.target)) if position not in missing]
    gone = f"{len(missing)} of {len(text.target)} items are placeholders and left out"
    if len(kept) < FEWEST:
        raise UserError(
            f"{text.tag}: expected at least {FEWEST} sentences, got {len(kept)}: {_note(gone, missing)[0]}; add "
            "sentences"
        )
    if (different := len({(text.english[position], text.target[position]) for position in kept})) < FEWEST:
        raise UserError(
            f"{text.tag}: expected at least {FEWEST} different sentences, got {different} in {len(kept)} lines; give "
            "text that is not repeated"
        )
    left = replace(
        text,
        english=tuple(text.english[position] for position in kept),
        target=tuple(text.target[position] for position in kept),
        remarks=(*text.remarks, *_note(gone, missing)),
    ) if missing else text  # fmt: skip
    return replace(left, remarks=(*left.remarks, *_equal(left)))


def _missing(text: ParallelText) -> dict[int, str]:
    """Places of pairs of which one side is no sentence, with what stands there."""
    fillers = _fillers(text.english, text.target) | _fillers(text.target, text.english)
    return {
        position: next(side for side in (target, english) if is_placeholder(side) or side in fillers)
        for position, (english, target) in enumerate(zip(text.english, text.target, strict=True))
        if is_placeholder(target) or is_placeholder(english) or target in fillers or english in fillers
    }


def _fillers(sides: Sequence[str], others: Sequence[str]) -> set[str]:
    """The texts of `others` that answer to many different ones of `sides`."""
    answered = Counter(other for _, other in set(zip(sides, others, strict=True)))
    most = max(FILLER, FILLER_SHARE * len(others))
    return {other for other, number in answered.items() if number >= most}


def _equal(text: ParallelText) -> tuple[str, ...]:
    """A note where many translations are equal though what they translate is not."""
    answered = Counter(target for _, target in set(zip(text.english, text.target, strict=True)))
    number = sum(answered[target] > 1 for target in text.target)
    if number < EQUAL_SHARE * len(text.target):
        return ()
    return (f"{number} of {len(text.target)} {text.tag} sentences are equal to that of a different English one",)


def _labelled(text: LabelledTexts, protocol: Protocol) -> LabelledTexts:
    missing = {position: each for position, each in enumerate(text.texts) if is_placeholder(each)}
    if not missing:
        return text
    if protocol == "paper":
        stay = f"{len(missing)} of {len(text)} texts are placeholders and stay, as in the original"
        return replace(text, notes=(*text.notes, *_note(stay, missing)))
    kept = [position for position in range(len(text)) if position not in missing]
    gone = f"{len(missing)} of {len(text)} texts are placeholders and left out"
    return replace(
        text,
        texts=tuple(text.texts[position] for position in kept),
        labels=tuple(text.labels[position] for position in kept),
        notes=(*(note for note in text.notes if not note.endswith(BLANK)), *_note(gone, missing)),
    )


def _note(said: str, missing: dict[int, str]) -> tuple[str, ...]:
    """The note on placeholders with the most frequent of them; none where there are none."""
    if not missing:
        return ()
    kinds = Counter(" ".join(text.replace(";", ",").split())[:30] or "nothing" for text in missing.values())
    named = [f"{kind} ({number})" for kind, number in kinds.most_common(_NAMED)]
    return (f"{said}: {', '.join(named)}{', ...' if len(kinds) > _NAMED else ''}",)


def _is_letter(character: str) -> bool:
    """Letters and marks; signs of Braille and of sign writing, which Unicode has as symbols, are letters too."""
    code = ord(character)
    is_sign = 0x2800 < code < 0x2900 or 0x1D800 <= code < 0x1DA00
    return is_sign or unicodedata.category(character)[0] in "LM"
