"""Which language a text is in: that under whose vectors its hidden words are most probable."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from langsamp.languages.tags import LangScript
from langsamp.model.new_language.frozen import FrozenModel


class Guess(NamedTuple):
    """One tag for one text."""

    tag: LangScript
    loss: float
    """Mean cross-entropy of the text's masked tokens under the tag's vectors."""
    probability: float
    """Of the tag given all masked tokens, each tag equally likely before."""


@torch.no_grad()
def identify(model: FrozenModel, texts: Sequence[str], *, seed: int = 0) -> list[list[Guess]]:
    """For each text the tags that the model was trained on, the likeliest first.

    The same tokens are hidden for all tags, so their losses differ by the vectors alone.
    """
    conditioning = model.conditioning
    tags = sorted(conditioning.trained_tags)
    reading = model.read(texts, seed=seed)
    sums = torch.zeros(len(tags), len(texts))
    for index, tag in enumerate(tags):
        language, script = conditioning.ids.pair(tag)
        assert conditioning.language is not None
        vector = torch.from_numpy(conditioning.language[language].copy())
        if conditioning.script is not None:
            vector = vector + torch.from_numpy(conditioning.script[script].copy())
        sums[index].index_add_(0, reading.texts, model.losses(reading, vector))
    masked = torch.zeros(len(texts)).index_add_(0, reading.texts, torch.ones(len(reading.texts))).clamp(min=1)
    shares = (-sums).softmax(0)
    return [
        sorted(
            (
                Guess(tag, float(sums[index, text] / masked[text]), float(shares[index, text]))
                for index, tag in enumerate(tags)
            ),
            key=lambda guess: guess.loss,
        )
        for text in range(len(texts))
    ]
