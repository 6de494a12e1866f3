"""The last layer of an LM head, whatever an architecture calls it: a matrix over the vocabulary and its bias."""

from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel


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
