"""Whether a tokenizer knows a text, and the note on a test set of which it does not know many."""

from collections.abc import Sequence

_MANY = 0.05
"""Share of texts from which it is noted that the tokenizer does not know them."""


def is_unknown(ids: Sequence[int], unknown_id: int | None, *, around: int) -> bool:
    """Whether half or more of the tokens of a text are `unknown_id`, leaving out the `around` special ones."""
    return unknown_id is not None and 2 * ids.count(unknown_id) >= max(1, len(ids) - around)


def note_on_unknown(number: int, of: int, *, called: str) -> str | None:
    """The note where `number` texts among `of` are unknown, what they are `called` in it; None where they are few."""
    if not number or number < _MANY * of:
        return None
    return f"{number} of {of} {called} are unknown to the tokenizer by half of their tokens or more"
