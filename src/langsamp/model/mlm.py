"""Any Hugging Face masked LM whose output is shifted by a language and a script vector: o = h + E_lang + E_script.

With placement `input` the vectors are added to the token embeddings instead, as XLM does (Conneau and Lample 2019;
facebookresearch/XLM, `transformer.py`): into the sum of token and position embeddings, before its norm and dropout.

The Hugging Face model is held, never copied; what differs between architectures stands in `heads.py`. Only masked
positions reach the LM head, so a vocabulary of 400k is affordable; the loss and all gradients stay the same.

Shape suffixes: B rows, L tokens, D hidden width, M masked tokens, V vocabulary.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langsamp.data.masking import IGNORED
from langsamp.errors import UserError
from langsamp.model.fast.last_layer import Masked, Places
from langsamp.model.fast_paths import ActivePaths, FastPaths, using_fast_paths
from langsamp.model.heads import check_trainable, decoder_of, features_of
from langsamp.model.isolated_documents import isolated_documents
from langsamp.model.loss import masked_lm_loss
from langsamp.model.shapes import check_ids, check_length, check_range, check_tokens
from langsamp.model.variants import Variant, parts_of


class LangSampForMaskedLM(nn.Module):
    """A masked LM whose encoder output is shifted by language and script vectors (paper, section 3.2).

    Variant `none` is the baseline, `language` and `script` have one table, `both` is LangSAMP; `both@input` and the
    like shift the token embeddings. The encoder `mlm.base_model` by itself never gets a vector.
    """

    def __init__(
        self, mlm: PreTrainedModel, *, variant: Variant, num_languages: int, num_scripts: int, seed: int = 0
    ) -> None:
        """Wrap `mlm`; the tables start from N(0, 0.02) drawn from `seed` alone, so the encoder's start stays as is.

        Raises:
            UserError: where the architecture is unknown.
        """
        super().__init__()
        check_trainable(mlm.config.model_type)  # here, not at the first step
        self.mlm = mlm
        self.variant = variant
        tables, self.placement, _ = parts_of(variant)
        words: Any = mlm.get_input_embeddings()
        width = int(words.embedding_dim if self.placement == "input" else mlm.config.hidden_size)
        generator = torch.Generator().manual_seed(seed)
        self.language = _table(num_languages, width, generator) if "language" in tables else None
        self.script = _table(num_scripts, width, generator) if "script" in tables else None
        for table in (self.language, self.script):
            if table is not None:
                table.to(words.weight)  # its type and device, so that what is added is of one kind
        self.start: tuple[str, ...] = ()
        """What there is to say of where the weights come from, a sentence each."""
        self._paths, self._taken, self._encoder_is_frozen = FastPaths(), ActivePaths(None, None), False

    @contextmanager
    def frozen_encoder(self) -> Iterator[None]:
        """Within this block only the LM head and vectors at the output get gradients.

        No backward pass goes through the encoder, and a decoder that is the word embedding gets none either.
        """
        self._encoder_is_frozen = True
        try:
            yield
        finally:
            self._encoder_is_frozen = False

    @contextmanager
    def taking(self, paths: FastPaths) -> Iterator[None]:
        """Compute by these fast paths within this block; the results are the same to float rounding."""
        with using_fast_paths(self.mlm, paths) as taken:
            self._paths, self._taken = paths, taken
            try:
                yield
            finally:
                self._paths, self._taken = FastPaths(), ActivePaths(None, None)

    def forward(
        self,
        input_ids_BL: Tensor,
        labels_BL: Tensor,
        *,
        language_ids_B: Tensor | None = None,
        script_ids_B: Tensor | None = None,
        attention_mask_BL: Tensor | None = None,
        documents_BL: Tensor | None = None,
        places: Places | None = None,
    ) -> Tensor:
        """Sum of the cross-entropy over masked tokens, a scalar; arguments and errors are those of `masked_logits`.

        A sum, so that the trainer can divide by the masked tokens of the whole step: neither accumulation nor ranks
        then change the loss (design law 4).
        """
        features_MD, labels_M = self._masked_features(
            input_ids_BL, labels_BL, language_ids_B, script_ids_B, attention_mask_BL, documents_BL, places
        )
        decoder = decoder_of(self.mlm)
        is_tied = decoder.weight is self.mlm.get_input_embeddings().weight
        return masked_lm_loss(
            features_MD,
            decoder.weight.detach() if self._encoder_is_frozen and is_tied else decoder.weight,
            decoder.bias,
            labels_M,
            backend=self._paths.loss,
            products=self._paths.products,
            waiting=self._taken.embedding.waiting if self._taken.embedding and not self._encoder_is_frozen else None,
        )

    def masked_logits(
        self,
        input_ids_BL: Tensor,
        labels_BL: Tensor,
        *,
        language_ids_B: Tensor | None = None,
        script_ids_B: Tensor | None = None,
        attention_mask_BL: Tensor | None = None,
        documents_BL: Tensor | None = None,
        places: Places | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Logits (M, V) and labels (M,) at the masked positions, in row order.

        Args:
            input_ids_BL: tokens, some of them masked.
            labels_BL: the original token where one is masked, `IGNORED` elsewhere.
            language_ids_B: the row of the language table for each row; needed where that table is on. Of text that
                changes its language within a row (code-switching), one for each token instead, (B, L), as the authors'
                collator has them.
            script_ids_B: the same of the script table, for rows or tokens.
            attention_mask_BL: 1 for tokens, 0 for padding; without it everything is read.
            documents_BL: instead of the mask, the number of each token's document in its row, 0 for padding; a document
                is then computed as if it stood alone.
            places: where the labels have masked tokens; where it is not given, the host waits for the device to find
                them.

        Raises:
            UserError: where a table is on and its ids are missing, for a shape that is not the one of the name, and on
                the CPU for ids that are out of range.
        """
        features_MD, labels_M = self._masked_features(
            input_ids_BL, labels_BL, language_ids_B, script_ids_B, attention_mask_BL, documents_BL, places
        )
        logits_MV: Tensor = decoder_of(self.mlm)(features_MD)
        return logits_MV, labels_M

    def _masked_features(
        self,
        input_ids_BL: Tensor,
        labels_BL: Tensor,
        language_ids_B: Tensor | None,
        script_ids_B: Tensor | None,
        attention_mask_BL: Tensor | None,
        documents_BL: Tensor | None,
        places: Places | None,
    ) -> tuple[Tensor, Tensor]:
        """What the decoder reads (M, D) and labels (M,) at the masked positions."""
        if attention_mask_BL is not None and documents_BL is not None:
            raise UserError(
                "documents_BL takes the place of attention_mask_BL: pass one of them, padding is document 0"
            )
        check_tokens(input_ids_BL, labels=labels_BL, attention_mask=attention_mask_BL, documents=documents_BL)
        if documents_BL is None:
            check_length(input_ids_BL.shape[1], self.mlm)
        check_ids(input_ids_BL, language=(self.language, language_ids_B), script=(self.script, script_ids_B))
        places = Places.at(labels_BL != IGNORED) if places is None else places
        labels_M = labels_BL.flatten()[places.positions]
        words: Any = self.mlm.get_input_embeddings()
        check_range("input_ids_BL", input_ids_BL, words.num_embeddings, "tokens of the vocabulary")
        if attention_mask_BL is not None:
            check_range("attention_mask_BL", attention_mask_BL, 2, "1 for tokens and 0 for padding")
        check_range("labels_BL", labels_M, words.num_embeddings, f"{IGNORED} where nothing is predicted, or tokens")
        trains_encoder = torch.is_grad_enabled() and not self._encoder_is_frozen
        context = (
            {"attention_mask": attention_mask_BL}
            if documents_BL is None
            else isolated_documents(self.mlm, documents_BL)
        )
        if self.placement == "input":
            shifts = _vectors(self.language, language_ids_B), _vectors(self.script, script_ids_B)
            with torch.set_grad_enabled(trains_encoder), _added_to_words(self.mlm, *shifts):
                output_MD = self._encoded(input_ids_BL, places, context)
        else:
            with torch.set_grad_enabled(trains_encoder):
                hidden_MD = self._encoded(input_ids_BL, places, context)
            language_MD = _vectors_at(self.language, language_ids_B, places, tokens=labels_BL.shape[1])
            script_MD = _vectors_at(self.script, script_ids_B, places, tokens=labels_BL.shape[1])
            output_MD = hidden_MD + language_MD + script_MD  # o = h + E_lang + E_script
        return features_of(self.mlm, output_MD), labels_M

    def _encoded(self, input_ids_BL: Tensor, places: Places, context: dict[str, Any]) -> Tensor:
        """The encoder's output (M, D) at these places."""
        rows, tokens = input_ids_BL.shape
        last = self._taken.last_layer if places.most else None  # of no position there is nothing to compute
        pruned = nullcontext() if last is None else last.at(Masked.of(places, rows=rows, tokens=tokens))
        with pruned:
            hidden: Tensor = self.mlm.base_model(input_ids_BL, **context)[0]  # a tuple by some configurations
        return hidden if last is not None else hidden.flatten(0, 1)[places.positions]


def _vectors(table: nn.Embedding | None, ids: Tensor | None) -> Tensor | float:
    """What is added to all tokens of each row, (B, 1, D), or to each token, (B, L, D); 0 where the table is off."""
    if table is None or ids is None:
        return 0.0
    vectors: Tensor = table(ids)
    return vectors[:, None] if ids.dim() == 1 else vectors


def _vectors_at(table: nn.Embedding | None, ids: Tensor | None, places: Places, *, tokens: int) -> Tensor | float:
    """The vectors (M, D) of the rows, or of the tokens, at these places; 0 where the table is off."""
    if table is None or ids is None:
        return 0.0
    ids_M = ids[places.positions // tokens] if ids.dim() == 1 else ids.flatten()[places.positions]
    vectors: Tensor = table(ids_M)
    return vectors


@contextmanager
def _added_to_words(mlm: PreTrainedModel, *shifts: Tensor | float) -> Iterator[None]:
    """Within this block `shifts`, (B, 1, D) or (B, L, D), of tables that are on, are added to the token embeddings.

    A hook, so that each architecture makes positions, norm and dropout of the sum as it does of token embeddings, and
    whichever fast path looks them up.
    """

    def shifted(_module: nn.Module, _inputs: object, words_BLD: Tensor) -> Tensor:
        for shift in shifts:
            if isinstance(shift, Tensor):
                words_BLD = words_BLD + shift
        return words_BLD

    words: Any = mlm.get_input_embeddings()
    hook = words.register_forward_hook(shifted)
    try:
        yield
    finally:
        hook.remove()


def _table(size: int, width: int, generator: torch.Generator) -> nn.Embedding:
    weight = torch.empty(size, width).normal_(0.0, 0.02, generator=generator)  # as HF initialises embeddings
    return nn.Embedding(size, width, _weight=weight)
