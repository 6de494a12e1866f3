"""A cut changes the segmentation of no text whose pieces are kept, whatever the kind of tokenizer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from langsamp.data.vocabulary.backend import Vocabulary
from langsamp.data.vocabulary.merges import Merges
from tests.vocabularies import KINDS, texts, tokenizer_of

TOKENIZERS = {kind: tokenizer_of(kind) for kind in KINDS}
VOCABULARIES = {kind: Vocabulary.of(tokenizer) for kind, tokenizer in TOKENIZERS.items()}
TEXTS = texts()
STRANGE = st.text(st.sampled_from("abdeq अबк ⴰ﷽"), max_size=12)


@pytest.mark.parametrize("kind", KINDS)
@given(number=st.integers(0, len(TEXTS) - 1), strange=STRANGE)
def test_covered_text_is_split_as_before(kind: str, number: int, strange: str) -> None:
    whole, vocabulary = TOKENIZERS[kind].backend_tokenizer, VOCABULARIES[kind]
    text = f"{TEXTS[number]} {strange}"
    used = set(whole.encode(text).tokens) & vocabulary.ids.keys()  # of an unknown character it is the character
    kept = vocabulary.with_parts(vocabulary.required | used)
    cut = Tokenizer.from_str(json.dumps(vocabulary.cut(kept)))
    assert len(kept) < len(vocabulary.ids)
    assert cut.encode(text).tokens == whole.encode(text).tokens
    assert max(cut.get_vocab().values()) == len(kept) - 1


@pytest.mark.parametrize("kind", KINDS)
def test_to_cut_nothing_changes_nothing(kind: str) -> None:
    vocabulary = VOCABULARIES[kind]
    assert vocabulary.cut(frozenset(vocabulary.ids)) == vocabulary.backend


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_that_keeps_only_what_it_must_can_drop_most_pieces(kind: str) -> None:
    vocabulary = VOCABULARIES[kind]
    assert len(vocabulary.required) < 0.8 * len(vocabulary.ids)
    assert vocabulary.required >= vocabulary.special


def test_the_parts_of_a_piece_are_those_it_goes_through() -> None:
    merges = ["l o", "lo w", "e r</w>", "low er</w>", "o w"]
    plain = Merges(merges, end="</w>")
    assert plain.with_parts(["lower</w>"]) == {"lower</w>", *"lowe", "r</w>", "lo", "low", "er</w>"}
    assert plain.among(frozenset({*"low", "lo", "low"})) == ["l o", "lo w"]
    inside = Merges([["a", "##b"], ["ab", "##c"]], inside="##")
    assert inside.with_parts(["abc"]) == {"abc", "ab", "a", "##b", "##c"}


def test_unknown_characters_cost_what_they_did() -> None:
    scores = [("<unk>", 0.0), ("▁", -3.0), ("a", -2.0), ("aⴰ", -21.0), ("rare", -30.0), ("b", -2.0)]
    backend = Tokenizer(models.Unigram(scores, unk_id=0))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    vocabulary = Vocabulary(json.loads(backend.to_str()) | {"added_tokens": []}, frozenset({"<unk>"}), "<unk>")
    assert "rare" in vocabulary.required
    kept = vocabulary.required | {"aⴰ"}
    assert Tokenizer.from_str(json.dumps(vocabulary.cut(kept))).encode("aⴰ").tokens == backend.encode("aⴰ").tokens
