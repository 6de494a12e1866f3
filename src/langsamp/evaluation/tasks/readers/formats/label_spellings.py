"""Labels as data spell them: `B_PER`, `b-per` and `Noun` are the labels `B-PER` and `NOUN`; a number is none.

Spans that also mark their ends (BIOES, BILOU) are read as those that do not: `S-PER` is `B-PER`, `E-PER` is `I-PER`.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache

from langsamp.errors import UserError

RESPELLED = "labels are spelled in another way (case, blanks, - and _) and taken all the same"
"""For notes, after a number."""
WITH_ENDS = "labels mark the ends of spans (BIOES, BILOU) and are taken as B- and I-"
_WITHOUT_ENDS = {"e-": "i-", "l-": "i-", "s-": "b-", "u-": "b-"}


def label_named(written: str, labels: Sequence[str], counts: Counter[str] | None = None) -> str:
    """The label that `written` spells; one that is spelled in another way is counted in `counts` under what it is.

    Raises:
        UserError: where it is none of `labels`; says which there are, but not where it stands.
    """
    if written in labels:
        return written
    folded, spellings, remark = _folded(written), _spellings(tuple(labels)), RESPELLED
    name = spellings.get(folded)
    if name is None and folded[:2] in _WITHOUT_ENDS:
        name, remark = spellings.get(_WITHOUT_ENDS[folded[:2]] + folded[2:]), WITH_ENDS
    if name is None:
        number = "; a number does not say which" if written.strip().isdigit() else ""
        raise UserError(f"expected one of the labels {', '.join(labels)}, got {written!r}{number}")
    if counts is not None:
        counts[remark] += 1
    return name


@cache
def _spellings(labels: tuple[str, ...]) -> dict[str, str]:
    """Labels by what is left of them without case; those that then are alike are not among them."""
    times = Counter(map(_folded, labels))
    return {_folded(label): label for label in labels if times[_folded(label)] == 1}


def _folded(label: str) -> str:
    return label.strip().casefold().replace("_", "-").replace(" ", "-")
