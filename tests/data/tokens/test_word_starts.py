"""Where words begin, as tokenizers of every kind mark it."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from langsamp.data.tokens.word_starts import word_starts
from langsamp.errors import UserError
from tests.vocabularies import KINDS, texts, tokenizer_of


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_that_begin_words_are_those_behind_a_space(kind: str) -> None:
    tokenizer = tokenizer_of(kind)
    starts = word_starts(tokenizer)
    for text in texts(number=10, seed=5):
        words = [word for word in text.split() if word.isalpha()]
        ids = tokenizer(" ".join(words), add_special_tokens=False)["input_ids"]
        begun = int(starts[ids].sum()) + (not starts[ids[0]])  # byte-level BPE marks no space before a text
        assert begun == len(words)


def test_whole_words_begin_one_each(tokenizer: PreTrainedTokenizerFast) -> None:
    assert word_starts(tokenizer)[5:].all()


def test_a_tokenizer_that_tells_nothing_of_words_is_refused() -> None:
    backend = Tokenizer(models.BPE({"a": 0, "b": 1, "ab</w>": 2}, []))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(UserError, match=r"masking.unit word: this tokenizer \(BPE\) does not tell where words begin"):
        word_starts(PreTrainedTokenizerFast(tokenizer_object=backend))
