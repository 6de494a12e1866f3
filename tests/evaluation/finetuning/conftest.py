"""Tiny material for the tests of fine-tuning: texts that can be told apart, models that learn it in a second."""

import numpy as np
import pytest

from tests.conftest import WORDS


@pytest.fixture
def sentences_of():
    """A line of so many words that the tokenizer of the root conftest knows."""

    def draw(number, *, seed=0):
        return " ".join(np.random.default_rng([number, seed]).choice(WORDS, size=number))

    return draw
