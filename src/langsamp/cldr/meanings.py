"""What a sentence says, in no language yet, and which split it is in.

Training and evaluation are disjoint by construction: a meaning's content alone decides its split, whatever the tag, the
order, the way it is put, or the seed.
"""

from typing import Literal, NamedTuple

from xxhash import xxh32_intdigest

Split = Literal["corpus", "train", "validation", "test"]
"""`corpus` is what language models read; the others are a task's."""

Item = str | tuple[str, *tuple[str | int | float, ...]]
"""A concept to be named, or a way of saying followed by what is said with it: `("count:length-mile", 5)`."""

SHARES: dict[Split, range] = {
    "corpus": range(5, 16),
    "train": range(3, 5),
    "validation": range(2, 3),
    "test": range(2),
}
"""Of 16 equal shares of all meanings, those of each split."""


class Meaning(NamedTuple):
    """The content of one sentence: names of concepts, dates, amounts."""

    kind: str
    """What the items are, in one word: the topic of the sentence."""
    items: tuple[Item, ...]
    head: str | None = None
    """A concept that the items belong to; it is said before them, and they follow in brackets."""
    style: str = "standard"
    """How the items are joined: `standard` (and), `or`, `unit` (no word between)."""

    def is_in(self, split: Split) -> bool:
        """Whether it belongs to `split`: a function of head and items in any order."""
        content = f"{self.head}|{'|'.join(sorted(map(str, self.items)))}"
        return xxh32_intdigest(content.encode()) % 16 in SHARES[split]
