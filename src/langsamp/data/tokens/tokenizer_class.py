"""Whether a tokenizer does what the tokenizer.json beside it says.

transformers keeps the pieces of that file and builds what is around them anew, from the class that
tokenizer_config.json names. Another model's class so loses the special tokens around a text, its normalisation or its
spaces, and nothing fails.
"""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from langsamp.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PROBES = 200
"""Pieces of the vocabulary, each looked at alone and, a second time, beside its neighbour with two spaces between."""
_OTHER_SHARE = 0.05
"""Share of probes with other ids above which the class is another model's: of the real XLM-R's pieces the classes of
its kin change none, those of others 40 % and more."""


def check_class(tokenizer: "PreTrainedTokenizerBase", folder: Path) -> None:
    """Accept a tokenizer, loaded from `folder`, that makes of texts what the tokenizer.json there makes of them.

    Raises:
        UserError: where its class puts other special tokens around a text, or finds other pieces.
    """
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    file = folder / "tokenizer.json"
    if type(tokenizer) is PreTrainedTokenizerFast or not isinstance(tokenizer, PreTrainedTokenizerFast):
        return  # the plain class takes the file as it is; one that is not fast does not read it
    if not file.is_file():
        return
    stored, loaded = Tokenizer.from_file(str(file)), tokenizer.backend_tokenizer
    stored.no_truncation()
    stored.no_padding()
    around, ours = stored.encode("").tokens, loaded.encode("").tokens
    remedy = (
        f"Set tokenizer_class to PreTrainedTokenizerFast in {folder / 'tokenizer_config.json'}, which takes the file "
        "as it is, or correct the file"
    )
    if set(around) - set(ours):
        raise UserError(
            f"{file} puts {' '.join(around)} around a text, but as {type(tokenizer).__name__} (tokenizer_class) it "
            f"puts {' '.join(ours) or 'nothing'}. {remedy}"
        )
    texts = _probes(stored.get_vocab(with_added_tokens=False))
    pairs = zip(stored.encode_batch(texts), loaded.encode_batch(texts), strict=True)
    other = [text for text, (one, two) in zip(texts, pairs, strict=True) if one.ids != two.ids]
    if len(other) > _OTHER_SHARE * len(texts):
        raise UserError(
            f"{file} is read otherwise as {type(tokenizer).__name__} (tokenizer_class): {len(other)} of {len(texts)} "
            f"texts get other pieces, e.g. {other[0]!r}. {remedy}"
        )


def _probes(vocabulary: dict[str, int]) -> list[str]:
    words = [word for piece in sorted(vocabulary) if (word := piece.strip("\u2581#\u0120"))]
    chosen = words[:: max(1, len(words) // _PROBES)]
    return [*chosen, *(f"{one}  {two}" for one, two in pairwise(chosen))]
