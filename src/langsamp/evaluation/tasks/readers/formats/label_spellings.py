"""Labels as data spell them: `B_PER`, `b-per` and `Noun` are the labels `B-PER` and `NOUN`; a number is none."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

from langsamp.errors import UserError

RESPELLED = "labels are spelled in another way (case, blanks, - and _) and taken all the same"
"""For notes, after a number."""


def label_named(written: str, labels: Sequence[str], counts: Counter[str] | None = None) -> str:
    """The label that `written` spells; one that is spelled in another way is counted in `counts` under `RESPELLED`.

    Raises:
        UserError: where it is none of `labels`; says which there are, but not where it stands.
    """
    if written in labels:
        return written
    name = _spellings(tuple(labels)).get(_folded(written))
    if name is None:
        number = "; a number does not say which" if written.strip().isdigit() else ""
        raise UserError(f"expected one of the labels {', '.join(labels)}, got {written!r}{number}")
    if counts is not None:
        counts[RESPELLED] += 1
    return name


@cache
def _spellings(labels: tuple[str, ...]) -> dict[str, str]:
    """Labels by what is left of them without case; those that then are alike are not among them."""
    times = Counter(map(_folded, labels))
    return {_folded(label): label for label in labels if times[_folded(label)] == 1}


def _folded(label: str) -> str:
    return label.strip().casefold().replace("_", "-").replace(" ", "-")
