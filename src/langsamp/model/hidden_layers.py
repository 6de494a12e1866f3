"""Which hidden state of an encoder is read: 0 is the embeddings, the others are what each layer gives."""

from langsamp.errors import UserError

MAX_PIECES = 512
"""Tokens of a sentence, special tokens included; the rest is cut off, as in the original evaluation."""


def default_layer(num_layers: int) -> int:
    """The hidden state pooled unless another is asked for: two thirds of the depth, 8 of 12 as in the paper."""
    return round(num_layers * 2 / 3)


def chosen_layer(asked: int | None, num_layers: int, *, model: str = "the model", key: str = "layer") -> int:
    """The hidden state that `key` asks for, or the default, of a model with so many layers.

    Raises:
        UserError: where it has no such layer.
    """
    if asked is None:
        return default_layer(num_layers)
    if not 0 <= asked <= num_layers:
        raise UserError(
            f"{key} {asked}: {model} has {num_layers} layers (0 = embeddings, 1-{num_layers}); choose one of them, or "
            f"{'none' if key == 'layer' else 'null'} for two thirds of the depth"
        )
    return asked
