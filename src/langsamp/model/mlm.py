"""Any Hugging Face masked LM whose output is shifted by a language and a script vector: o = h + E_lang + E_script.

The Hugging Face model is held, never copied; what differs between architectures stands in one table. Only masked
positions reach the LM head, so a vocabulary of 400k is affordable; the loss and all gradients stay the same.

Shape suffixes: B rows, L tokens, D hidden width, M masked tokens, V vocabulary.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from langsamp.errors import UserError, did_you_mean
from langsamp.model.fast import FastPaths, Taken, taking
from langsamp.model.last_layer import Masked
from langsamp.model.loss import masked_lm_loss

Variant = Literal["none", "language", "script", "both"]
VARIANTS: tuple[Variant, ...] = ("none", "language", "script", "both")

IGNORED = -100


class Head(NamedTuple):
    """Where an architecture's LM head starts: hidden states to features, then the decoder over the vocabulary."""

    features: Callable[[Any, Tensor], Tensor]
    decoder: Callable[[Any], nn.Linear]


def _roberta_features(mlm: Any, hidden: Tensor) -> Tensor:
    features: Tensor = mlm.lm_head.layer_norm(F.gelu(mlm.lm_head.dense(hidden)))
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
    "deberta-v2": _BERT,
    "distilbert": Head(_distilbert_features, lambda mlm: mlm.vocab_projector),
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
        raise UserError(
            f"no LM head known for model type {model_type!r}: expected one of {', '.join(HEADS)}."
            f"{did_you_mean(model_type, HEADS)}"
        )
    return HEADS[model_type]


class LangSampForMaskedLM(nn.Module):
    """A masked LM whose encoder output is shifted by language and script vectors (paper, section 3.2).

    Variant `none` is the baseline, `language` and `script` have one table, `both` is LangSAMP.
    """

    def __init__(
        self, mlm: PreTrainedModel, *, variant: Variant, num_languages: int, num_scripts: int, seed: int = 0
    ) -> None:
        """Wrap `mlm`; the tables start from N(0, 0.02) drawn from `seed` alone, so the encoder's start stays as is.

        Raises:
            UserError: where the architecture is unknown.
        """
        super().__init__()
        self._head = head_of(mlm.config.model_type)
        self.mlm = mlm
        self.variant = variant
        width = int(mlm.config.hidden_size)
        generator = torch.Generator().manual_seed(seed)
        self.language = _table(num_languages, width, generator) if variant in ("language", "both") else None
        self.script = _table(num_scripts, width, generator) if variant in ("script", "both") else None
        self._paths, self._taken = FastPaths(), Taken(None, None)

    @contextmanager
    def taking(self, paths: FastPaths) -> Iterator[None]:
        """Compute by these fast paths within this block; the results are the same to float rounding."""
        with taking(self.mlm, paths) as taken:
            self._paths, self._taken = paths, taken
            try:
                yield
            finally:
                self._paths, self._taken = FastPaths(), Taken(None, None)

    def forward(self, input_ids_BL: Tensor, labels_BL: Tensor, **inputs: Tensor | None) -> Tensor:
        """Sum of the cross-entropy over masked tokens, a scalar; `inputs` are the keywords of `masked_logits`.

        A sum, so that the trainer can divide by the masked tokens of the whole step: neither accumulation nor ranks
        then change the loss (design law 4).
        """
        features_MD, labels_M = self._masked_features(input_ids_BL, labels_BL, **inputs)
        decoder = self._head.decoder(self.mlm)
        return masked_lm_loss(
            features_MD,
            decoder.weight,
            decoder.bias,
            labels_M,
            backend=self._paths.loss,
            products=self._paths.products,
            waiting=self._taken.embedding.waiting if self._taken.embedding else None,
        )

    def masked_logits(self, input_ids_BL: Tensor, labels_BL: Tensor, **inputs: Tensor | None) -> tuple[Tensor, Tensor]:
        """Logits (M, V) and labels (M,) at the masked positions, in row order.

        `inputs` may be `language_ids_B`, `script_ids_B` and `attention_mask_BL`.

        Raises:
            UserError: where a table is on and its ids are missing.
        """
        features_MD, labels_M = self._masked_features(input_ids_BL, labels_BL, **inputs)
        logits_MV: Tensor = self._head.decoder(self.mlm)(features_MD)
        return logits_MV, labels_M

    def _masked_features(
        self,
        input_ids_BL: Tensor,
        labels_BL: Tensor,
        *,
        language_ids_B: Tensor | None = None,
        script_ids_B: Tensor | None = None,
        attention_mask_BL: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """What the decoder reads (M, D) and labels (M,) at the masked positions."""
        rows, tokens = labels_BL.shape
        positions_M = (labels_BL.flatten() != IGNORED).nonzero().squeeze(1)
        if self._taken.last_layer is not None:
            with self._taken.last_layer.at(Masked.of(positions_M, rows=rows, tokens=tokens)):
                output_MD = self.mlm.base_model(input_ids_BL, attention_mask=attention_mask_BL).last_hidden_state
        else:
            hidden_BLD = self.mlm.base_model(input_ids_BL, attention_mask=attention_mask_BL).last_hidden_state
            output_MD = hidden_BLD.flatten(0, 1)[positions_M]
        rows_M = positions_M // tokens
        for table, ids_B, name in ((self.language, language_ids_B, "language"), (self.script, script_ids_B, "script")):
            if table is None:
                continue
            if ids_B is None:
                raise UserError(
                    f"the {name} table is on (variant {self.variant!r}) but no {name} ids came: "
                    f"pass {name}_ids_B with one id per row"
                )
            output_MD = output_MD + table(ids_B[rows_M])
        return self._head.features(self.mlm, output_MD), labels_BL.flatten()[positions_M]


def _table(size: int, width: int, generator: torch.Generator) -> nn.Embedding:
    weight = torch.empty(size, width).normal_(0.0, 0.02, generator=generator)  # as HF initialises embeddings
    return nn.Embedding(size, width, _weight=weight)
