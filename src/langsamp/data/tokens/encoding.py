"""The tokenizer of a folder of rows as a function from documents to ids, without torch or transformers."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from tokenizers import Tokenizer

from langsamp.data.packing import Delimiters
from langsamp.data.rows import id_type
from langsamp.disk.files import PUT_BACK, as_record, read_json
from langsamp.errors import UserError

FACTS = "tokenizer-facts.json"


class TokenizerFacts(BaseModel):
    """What rows and masks need to know of a tokenizer: `FACTS` beside its folder while rows are made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokenizer_fingerprint: str
    vocabulary_size: int
    mask_id: int
    unknown_id: int | None
    special_ids: list[int]
    """Ids that stand for no text."""
    byte_ids: list[int]
    frame: Delimiters | None
    """Where rows hold whole documents: the ids around each, and of padding."""


class TokenKinds(NamedTuple):
    """Which ids stand for no text and which for bytes, each (vocabulary size,): looked up by id."""

    is_special: NDArray[np.bool_]
    is_byte: NDArray[np.bool_]

    @classmethod
    def of(cls, size: int, *, special_ids: Sequence[int], byte_ids: Sequence[int]) -> Self:
        """Those of a vocabulary of this `size`."""
        is_special, is_byte = np.zeros((2, size), dtype=bool)
        is_special[list(special_ids)] = True
        is_byte[list(byte_ids)] = True
        return cls(is_special, is_byte)


class DocumentEncoder:
    """Documents to ids, each between special tokens, which stand nowhere else.

    Text that spells a special token, as web text does (`<s>`, `<mask>`, `[SEP]`), is cut inside it and so encoded as
    any other text: a mask that nobody is asked about, or a border that is none, would teach nothing. Hugging Face reads
    such text as the token itself; all other text is encoded as Hugging Face does. `<unk>` may stand anywhere.
    """

    def __init__(self, folder: Path) -> None:
        """Read the tokenizer in `folder`, and what preparing has noted of it beside it."""
        self._backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._backend.no_truncation()
        self._backend.no_padding()
        path = folder.parent / FACTS
        facts = as_record(TokenizerFacts, read_json(path), path, remedy=PUT_BACK)
        self.dtype = id_type(facts.vocabulary_size)
        self.unknown_id, self.frame = facts.unknown_id, facts.frame
        self.is_special, self.is_byte = TokenKinds.of(
            facts.vocabulary_size, special_ids=facts.special_ids, byte_ids=facts.byte_ids
        )
        self._special = frozenset(facts.special_ids) - {self.unknown_id}  # any text may give `<unk>`
        self._before, self._after = _around(self._backend)

    def __call__(self, documents: list[str]) -> list[list[int]]:
        """The ids of each document, special tokens around it included.

        Raises:
            UserError: where rows hold whole documents and a single character is one of the frame's tokens.
        """
        encoded = [encoding.ids for encoding in self._backend.encode_batch_fast(documents)]
        return [
            [*self._before, *self._as_text(document), *self._after] if self._spells(ids) else ids
            for document, ids in zip(documents, encoded, strict=True)
        ]

    def _spells(self, ids: list[int]) -> bool:
        """Whether a special token stands inside a document too."""
        around = self._before + self._after
        return any(ids.count(number) > around.count(number) for number in self._special.intersection(ids))

    def _as_text(self, text: str) -> list[int]:
        """The ids of `text` without special tokens, neither around it nor inside."""
        encoding = self._backend.encode(text, add_special_tokens=False)
        spans = zip(encoding.ids, encoding.offsets, strict=True)
        spelled = [(number, span) for number, span in spans if number in self._special]
        if any(end - start < 2 and self.frame is not None and number in self.frame for number, (start, end) in spelled):
            raise UserError(
                "rows.packing best-fit: the tokenizer takes a single character for a token that marks the border of a "
                f"document ({text[:40]!r}). Use rows.packing concatenate, or another tokenizer"
            )
        inside = [start + 1 for _, (start, end) in spelled if end - start > 1]  # a single character cannot be cut
        if not inside:
            return list(encoding.ids)
        return [number for start, end in pairwise([0, *inside, len(text)]) for number in self._as_text(text[start:end])]


def _around(backend: Tokenizer) -> tuple[list[int], list[int]]:
    """The special tokens that the tokenizer puts before a document and behind it."""
    encoding = backend.encode("a")
    inside = [position for position, is_added in enumerate(encoding.special_tokens_mask) if not is_added]
    if not inside:  # nothing is left of `a`, so one side cannot be told from the other
        middle = len(encoding.ids) // 2
        return list(encoding.ids[:middle]), list(encoding.ids[middle:])
    return list(encoding.ids[: inside[0]]), list(encoding.ids[inside[-1] + 1 :])


@lru_cache(maxsize=1)
def encoder_of(folder: Path) -> DocumentEncoder:
    """The encoder of a tokenizer's folder, read once in each process."""
    return DocumentEncoder(folder)
