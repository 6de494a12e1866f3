"""A trained export whose encoder stays as it is: what it reads at masked tokens, and how probable vectors make them.

The encoder runs once for each text; vectors are added behind it, so trying another costs the LM head alone.

Shape suffixes: B texts, L tokens, D width, M masked tokens.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import AutoModelForMaskedLM

from langsamp.data.masking import IGNORED, MaskingConfig
from langsamp.data.tokens.tokenizer import load_tokenizer, special_ids
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from langsamp.model.heads import check_trainable, decoder_of, features_of
from langsamp.model.pretrained.load_pretrained import load_pretrained
from langsamp.model.shapes import positions

MASKED = MaskingConfig().rate
"""Share of a text's ordinary tokens that is hidden, as in training."""
_BATCH = 16
_PREDICTED = 1024  # masked tokens whose logits are held at once


class Reading(NamedTuple):
    """What the encoder says of the masked tokens of some texts."""

    output: Tensor
    """The encoder's output (M, D), before any vector."""
    labels: Tensor
    """The tokens (M,) to predict."""
    texts: Tensor
    """The number (M,) of the text that each stands in."""


class FrozenModel:
    """An export with output vectors, loaded to be read from; nothing of it is trained."""

    def __init__(self, folder: Path) -> None:
        """Load the export in `folder`.

        Raises:
            DataMissingError: where it is no export of ours.
            DamagedError: where one of its files is not as it was written.
            UserError: where weights are missing, or its vectors are not language vectors at the output.
        """
        self.folder = folder
        self.conditioning = Conditioning.load(folder)
        if self.conditioning.language is None or self.conditioning.placement != "output":
            raise UserError(
                f"{folder} has no language vectors at the output (its variant is {self.conditioning.variant!r}): "
                "choose a model of variant both or language"
            )
        if self.conditioning.is_shuffled:
            raise UserError(f"{folder}: {self.conditioning.warning}")
        self.tokenizer = load_tokenizer(str(folder))
        loaded = load_pretrained(AutoModelForMaskedLM, folder)
        loaded.check_head(folder, remedy="Export the model again")
        self._mlm: Any = loaded.model.eval().requires_grad_(False)
        check_trainable(self._mlm.config.model_type)
        self.max_tokens = positions(self._mlm.config)

    def read(self, texts: Sequence[str], *, seed: int) -> Reading:
        """The encoder's output at the masked tokens of `texts`; a text that is too long is cut.

        Which tokens are masked depends on the seed and the number of the text alone; each has at least one.
        """
        parts = [
            self._read(texts[first : first + _BATCH], first=first, seed=seed) for first in range(0, len(texts), _BATCH)
        ]
        return Reading(*(torch.cat(part) for part in zip(*parts, strict=True)))

    def losses(self, reading: Reading, vector_D: Tensor) -> Tensor:
        """Cross-entropy (M,) of each masked token under a vector that is added to the output."""
        parts = [
            F.cross_entropy(self._logits(output_PD + vector_D), labels_P, reduction="none")
            for output_PD, labels_P in zip(
                *(torch.split(tensor, _PREDICTED) for tensor in (reading.output, reading.labels)), strict=True
            )
        ]
        return torch.cat(parts)

    def vector(self, tag: LangScript) -> Tensor:
        """What is added to the output (D,) for a language and script that the model was trained on."""
        language, script = self.conditioning.ids.pair(tag)
        assert self.conditioning.language is not None
        vector_D = torch.from_numpy(self.conditioning.language[language].copy())
        if self.conditioning.script is not None:
            vector_D = vector_D + torch.from_numpy(self.conditioning.script[script].copy())
        return vector_D

    @torch.no_grad()
    def fill(self, ids: Sequence[int], position: int, vectors_CD: Tensor) -> Tensor:
        """Probabilities (C, V) of all tokens at one position of a text, each of some vectors added to the output."""
        ids_1L = torch.tensor([list(ids)])
        hidden_1LD = self._mlm.base_model(ids_1L, attention_mask=torch.ones_like(ids_1L)).last_hidden_state
        return self._logits(hidden_1LD[0, position] + vectors_CD).softmax(-1)

    def _logits(self, output_PD: Tensor) -> Tensor:
        logits_PV: Tensor = decoder_of(self._mlm)(features_of(self._mlm, output_PD))
        return logits_PV

    @torch.no_grad()
    def _read(self, texts: Sequence[str], *, first: int, seed: int) -> Reading:
        rows = [self.tokenizer(text, truncation=True, max_length=self.max_tokens)["input_ids"] for text in texts]
        longest, special = max(map(len, rows)), special_ids(self.tokenizer)
        ids_BL = torch.full((len(rows), longest), int(self.tokenizer.pad_token_id))
        masked_BL = torch.zeros_like(ids_BL, dtype=torch.bool)
        mask_BL = torch.zeros_like(ids_BL)
        for row, ids in enumerate(rows):
            ids_BL[row, : len(ids)], mask_BL[row, : len(ids)] = torch.tensor(ids), 1
            masked_BL[row, _chosen(ids, special, key=(seed, first + row))] = True
        labels_BL = torch.where(masked_BL, ids_BL, IGNORED)
        inputs_BL = torch.where(masked_BL, int(self.tokenizer.mask_token_id), ids_BL)
        hidden_BLD = self._mlm.base_model(inputs_BL, attention_mask=mask_BL).last_hidden_state
        numbers_BL = torch.arange(first, first + len(rows)).view(-1, 1).expand_as(ids_BL)
        return Reading(hidden_BLD[masked_BL], labels_BL[masked_BL], numbers_BL[masked_BL])


def _chosen(ids: Sequence[int], special: Iterable[int], *, key: tuple[int, int]) -> list[int]:
    """The places of the ordinary tokens that are hidden; none where a text has none."""
    ordinary = np.flatnonzero(~np.isin(ids, list(special)))
    number = min(max(1, round(MASKED * len(ordinary))), len(ordinary))
    chosen = np.random.default_rng(key).permutation(ordinary)[:number]
    return [int(position) for position in np.sort(chosen)]
