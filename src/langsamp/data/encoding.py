"""The tokenizer of a folder of rows as a function from documents to ids, without torch or transformers."""

from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from langsamp.artifacts import read_json
from langsamp.data.packing import Frame
from langsamp.data.rows import id_type
from langsamp.errors import UserError


class Encoder:
    """Documents to ids, each between special tokens.

    Where rows hold whole documents (`frame`), the frame's tokens stand nowhere else: text that spells one, such as
    `<s>`, is cut inside it and so encoded as any other text. Otherwise it is encoded as Hugging Face does.
    """

    def __init__(self, folder: Path) -> None:
        """Read the tokenizer in `folder`, and what preparing has noted of it beside it."""
        self._backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._backend.no_truncation()
        self._backend.no_padding()
        facts = read_json(folder.parent / "tokenizer-facts.json")
        self.dtype = id_type(facts["vocabulary_size"])
        self.unknown_id: int | None = facts["unknown_id"]
        self.frame = Frame(**facts["frame"]) if facts["frame"] else None
        self.is_special = np.zeros(facts["vocabulary_size"], dtype=bool)
        self.is_special[facts["special_ids"]] = True

    def __call__(self, documents: list[str]) -> list[list[int]]:
        """The ids of each document, special tokens around it included.

        Raises:
            UserError: where a single character is one of the frame's tokens.
        """
        encoded = [encoding.ids for encoding in self._backend.encode_batch_fast(documents)]
        if (frame := self.frame) is None:
            return encoded
        return [
            [frame.begin, *self._as_text(document, frame), frame.end] if _spells(ids, frame) else ids
            for document, ids in zip(documents, encoded, strict=True)
        ]

    def _as_text(self, text: str, frame: Frame) -> list[int]:
        """The ids of `text` without special tokens around it, and without any of the frame's."""
        found = self._backend.encode(text, add_special_tokens=False)
        spelled = [span for number, span in zip(found.ids, found.offsets, strict=True) if number in frame]
        if not spelled:
            return list(found.ids)
        if any(end - start < 2 for start, end in spelled):
            raise UserError(
                "rows.packing best-fit: the tokenizer takes a single character for a token that marks the border of a "
                f"document ({text[:40]!r}). Use rows.packing concatenate, or another tokenizer"
            )
        cuts = [0, *(start + 1 for start, _ in spelled), len(text)]
        return [number for start, end in pairwise(cuts) for number in self._as_text(text[start:end], frame)]


def _spells(ids: list[int], frame: Frame) -> bool:
    """Whether a token of the frame stands inside a document too."""
    return ids.count(frame.begin) > 1 or ids.count(frame.end) > 1 or frame.padding in ids


@lru_cache(maxsize=1)
def encoder_of(folder: Path) -> Encoder:
    """The encoder of a tokenizer's folder, read once in each process."""
    return Encoder(folder)
