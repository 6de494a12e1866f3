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


class Head(NamedTuple):
    """Where an architecture's LM head starts: hidden states to features, then the decoder over the vocabulary."""

    features: Callable[[Any, Tensor], Tensor]
    decoder: Callable[[Any], nn.Linear | TiedDecoder]


def _roberta_features(mlm: Any, hidden: Tensor) -> Tensor:
    features: Tensor = mlm.lm_head.layer_norm(F.gelu(mlm.lm_head.dense(hidden)))
    return features


def _deberta_features(mlm: Any, hidden: Tensor) -> Tensor:
    if not is_new_deberta(mlm):
        return _BERT.features(mlm, hidden)
    head = mlm.lm_predictions.lm_head
    features: Tensor = head.LayerNorm(head.transform_act_fn(head.dense(hidden)))
    return features


def _distilbert_features(mlm: Any, hidden: Tensor) -> Tensor:
    features: Tensor = mlm.vocab_layer_norm(mlm.activation(mlm.vocab_transform(hidden)))
    return features


_ROBERTA = Head(_roberta_features, lambda mlm: mlm.lm_head.decoder)
_BERT = Head(
    lambda mlm, hidden: mlm.cls.predictions.transform(hidden),
    lambda mlm: mlm.cls.predictions.decoder,
)

HEADS: dict[str, Head] = {
    "bert": _BERT,
    "camembert": _ROBERTA,
    "deberta-v2": Head(_deberta_features, decoder_of),
    "distilbert": Head(_distilbert_features, lambda mlm: mlm.vocab_projector),
    "eurobert": Head(lambda mlm, hidden: hidden, lambda mlm: mlm.lm_head),
    "modernbert": Head(lambda mlm, hidden: mlm.head(hidden), lambda mlm: mlm.decoder),
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "xlm-roberta-xl": _ROBERTA,
}
"""Model types that can be trained; a new architecture is one line."""


def head_of(model_type: str) -> Head:
    """The head of an architecture.

    Raises:
        UserError: where the architecture is not in the table.
    """
    if model_type not in HEADS:
        after = did_you_mean(model_type, HEADS)
        if model_type in CONFIG_MAPPING_NAMES:  # it is meant
            after = " Other encoders can be scored (langsamp evaluate), not trained"
        raise UserError(f"no LM head known for model type {model_type!r}: expected one of {', '.join(HEADS)}.{after}")
    return HEADS[model_type]
