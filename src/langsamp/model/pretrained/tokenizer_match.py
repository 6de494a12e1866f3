"""Whether a tokenizer is the one that a model was trained with, by all the evidence there is.

Ids have no meaning but through the tokenizer: with another's, each piece takes the vector of some other piece and
nothing fails. What cannot be known is no alarm.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sentencepiece import SentencePieceProcessor
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from langsamp.errors import UserError
from langsamp.model.shapes import POSITIONS_AFTER_PADDING

_ROLES = {
    "padding": (("pad_token_id",), ("pad_token",)),
    "start": (("bos_token_id", "cls_token_id"), ("bos_token", "cls_token")),
    "end": (("eos_token_id", "sep_token_id"), ("eos_token", "sep_token")),
}
"""Special tokens by what they are for: a configuration's names of their ids, a tokenizer's names of the tokens."""
_OTHERS_SHARE = 0.01
"""Share of ids with another piece above which a tokenizer is another one; below, a few tokens were added or renamed."""
_USED_SHARE = 0.9
"""A table is padded to a round number at most; with less of it in use the tokenizer may be another's."""


def check_match(
    tokenizer: PreTrainedTokenizerBase,
    config: PretrainedConfig,
    *,
    model: Path,
    stored: PreTrainedTokenizerBase | None = None,
) -> list[str]:
    """Doubts whether `tokenizer` is that of the model in the folder `model`, a sentence each; `stored` lies there.

    Raises:
        UserError: where it is another's: its pieces have other ids than in `stored`, or every special token that the
            configuration names has another id.
    """
    notes = _check_pieces(tokenizer, stored, model) if stored is not None else []
    disagreeing, agreeing = _special_tokens(tokenizer, config)
    if len(disagreeing) > 1 and not agreeing:
        raise UserError(
            f"the tokenizer is not that of the model {model}: special tokens have other ids there "
            f"({'; '.join(disagreeing)}). Use the model's own tokenizer; where the ids in its config.json are wrong, "
            "correct them"
        )
    padding, said = getattr(tokenizer, "pad_token_id", None), getattr(config, "pad_token_id", None)
    if config.model_type in POSITIONS_AFTER_PADDING and None not in (padding, said) and padding != said:
        notes.append(
            f"the model {model} counts positions behind padding {said} (pad_token_id in its config.json), and the "
            f"tokenizer pads with {padding}: was it trained so?"
        )
    if _drops_marks(tokenizer):
        notes.append(
            f"the tokenizer of {model} drops accents and vowel signs before it looks for pieces (é is read as e, की as "
            "क): words that only these tell apart are one to it, as tones are in Yoruba"
        )
    size, rows = len(tokenizer), getattr(config, "vocab_size", None)
    if isinstance(rows, int) and size < _USED_SHARE * rows and model_reads_pieces(config):
        notes.append(
            f"the tokenizer has {size:,} entries and the model {model} an embedding of {rows:,} rows: is it the "
            "model's own?"
        )
    return notes


def unread_pieces(folder: Path, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """A sentence where a sentencepiece model has pieces that the tokenizer.json beside it lacks, which alone is read.

    So it is where pieces were added to the one and not to the other. `tokenizer` is the one of that folder.
    """
    stored = sorted(path for path in folder.glob("*") if path.suffix in (".model", ".spm"))
    if not stored or not (folder / "tokenizer.json").is_file():
        return []
    known, said = tokenizer.get_vocab(), list[str]()
    for path in stored:
        pieces = _pieces(path)
        if lacking := [piece for piece in pieces if piece not in known]:
            said.append(
                f"{len(lacking):,} of the {len(pieces):,} pieces of {path} are not in tokenizer.json beside it "
                f"({lacking[0]!r}), and that is what is read: if they were added, make tokenizer.json anew"
            )
    return said


def _pieces(path: Path) -> list[str]:
    """The pieces of a sentencepiece model that stand for text; none where it cannot be read."""
    try:
        model = SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError):
        return []
    ids = range(model.get_piece_size())
    return [model.id_to_piece(i) for i in ids if not (model.is_control(i) or model.is_unknown(i) or model.is_unused(i))]


def _drops_marks(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether what is read of a text lacks the marks of its letters, as with the uncased BERTs."""
    normalizer = getattr(getattr(tokenizer, "backend_tokenizer", None), "normalizer", None)
    return normalizer is not None and normalizer.normalize_str("é").strip("▁ ") == "e"


def model_reads_pieces(config: PretrainedConfig) -> bool:
    """False for models of characters or bytes, whose tokenizers list no vocabulary."""
    return config.model_type not in ("canine", "perceiver")


def _check_pieces(tokenizer: PreTrainedTokenizerBase, stored: PreTrainedTokenizerBase, model: Path) -> list[str]:
    """Compare which piece each id stands for, as far as both have it."""
    theirs = {number: piece for piece, number in stored.get_vocab().items()}
    common = {number: piece for piece, number in tokenizer.get_vocab().items() if number in theirs}
    other = sorted(number for number, piece in common.items() if theirs[number] != piece)
    if not other:
        return []
    example = f"id {other[0]} is {common[other[0]]!r}, there {theirs[other[0]]!r}"
    if len(other) > _OTHERS_SHARE * len(common):
        raise UserError(
            f"the tokenizer is not that of the model {model}: {len(other):,} of {len(common):,} ids stand for other "
            f"pieces ({example}). Leave tokenizer.load out to take the model's own"
        )
    return [f"{len(other)} ids stand for other pieces than in the tokenizer of {model} ({example})"]


def _special_tokens(tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> tuple[list[str], list[str]]:
    """Special tokens whose ids differ between both, in words, and those that are the same."""
    disagreeing, agreeing = [], []
    for role, (keys, names) in _ROLES.items():
        said = dict(_ids(config, keys))
        ours = {
            getattr(tokenizer, name): getattr(tokenizer, f"{name}_id") for name in names if getattr(tokenizer, name)
        }
        if not said or not ours:
            continue
        if set(said.values()) & set(ours.values()):
            agreeing.append(role)
        else:
            (key, value), (token, number) = next(iter(said.items())), next(iter(ours.items()))
            disagreeing.append(f"{key} {value} in config.json, {token} has {number}")
    return disagreeing, agreeing


def _ids(config: PretrainedConfig, keys: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for key in keys:
        value = getattr(config, key, None)
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, int):
                yield key, number
