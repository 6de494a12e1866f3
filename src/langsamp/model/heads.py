"""The LM head of each architecture that can be trained: hidden states to features, then a decoder over the vocabulary.

Shape suffixes: M masked tokens, D hidden width, V vocabulary.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

from langsamp.errors import UserError, did_you_mean


class TiedDecoder(NamedTuple):
    """A decoder without a module of its own: it reads the word embedding."""

    weight: Tensor
    bias: Tensor | None

    def __call__(self, features_MD: Tensor) -> Tensor:
        """Logits (M, V)."""
        return F.linear(features_MD, self.weight, self.bias)


def decoder_of(mlm: PreTrainedModel) -> nn.Linear | TiedDecoder:
    """What turns features into logits; it has `weight` (V, D) and `bias` (V,)."""
    model: Any = mlm
    if is_new_deberta(mlm):  # transformers names another layer as its output embedding
        return TiedDecoder(mlm.get_input_embeddings().weight, model.lm_predictions.lm_head.bias)
    return model.get_output_embeddings()  # type: ignore[no-any-return]


def is_new_deberta(mlm: PreTrainedModel) -> bool:
    """Whether it is a DeBERTa with the head of its authors (`legacy: false`), as their checkpoints store it."""
    return mlm.config.model_type == "deberta-v2" and not getattr(mlm.config, "legacy", True)


def features_of(mlm: PreTrainedModel, hidden: Tensor) -> Tensor:
    """What the decoder reads, computed from the encoder's output; both have the shape of `hidden`, (..., D)."""
    return HEADS[mlm.config.model_type](mlm, hidden)


def _bert(mlm: Any, hidden: Tensor) -> Any:
    return mlm.cls.predictions.transform(hidden)


def _deberta(mlm: Any, hidden: Tensor) -> Any:
    if not is_new_deberta(mlm):
        return _bert(mlm, hidden)
    head = mlm.lm_predictions.lm_head
    return head.LayerNorm(head.transform_act_fn(head.dense(hidden)))


def _distilbert(mlm: Any, hidden: Tensor) -> Any:
    return mlm.vocab_layer_norm(mlm.activation(mlm.vocab_transform(hidden)))


def _roberta(mlm: Any, hidden: Tensor) -> Any:
    return mlm.lm_head.layer_norm(F.gelu(mlm.lm_head.dense(hidden)))


HEADS: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "bert": _bert,
    "camembert": _roberta,
    "deberta-v2": _deberta,
    "distilbert": _distilbert,
    "eurobert": lambda mlm, hidden: hidden,
    "modernbert": lambda mlm, hidden: mlm.head(hidden),
    "roberta": _roberta,
    "xlm-roberta": _roberta,
    "xlm-roberta-xl": _roberta,
}
"""By model type that can be trained what its LM head computes before the decoder; a new architecture is one line."""


def check_trainable(model_type: str) -> None:
    """Accept an architecture of the table.

    Raises:
        UserError: for another.
    """
    if model_type not in HEADS:
        after = did_you_mean(model_type, HEADS)
        if model_type in CONFIG_MAPPING_NAMES:  # it is meant
            after = " Other encoders can be scored (langsamp evaluate), not trained"
        raise UserError(f"no LM head known for model type {model_type!r}: expected one of {', '.join(HEADS)}.{after}")
