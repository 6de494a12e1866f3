"""Laws of retrieval: exact ranks, no hit by a tie, and the controls beside the score."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from langsamp.errors import UserError
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.evaluation.retrieval.ngrams import overlap_vectors
from langsamp.evaluation.retrieval.retrieve import KS, num_sentences, ranks, retrieve, search
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.languages.tags import LangScript

DEU, SWH = LangScript("deu", "Latn"), LangScript("swh", "Latn")


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def brute_force(english, target, ties):
    found = []
    for i, query in enumerate(english):
        rank = 1
        for j, other in enumerate(target):
            difference = sum(query * other) - sum(query * target[i])
            level = abs(difference) < 1e-12
            rank += j != i and ((level and (ties == "last" or j < i)) or (not level and difference > 0))
        found.append(rank)
    return found


@pytest.mark.parametrize("ties", ["last", "index"])
def test_ranks_equal_a_loop_over_all_pairs(ties, monkeypatch):
    monkeypatch.setattr("langsamp.evaluation.retrieval.retrieve._CHUNK", 7)
    generator = np.random.default_rng(0)
    english, target = (unit(generator.normal(size=(40, 5))) for _ in range(2))
    target[[3, 4, 30]] = target[20]
    assert ranks(english, target, ties=ties).tolist() == brute_force(english, target, ties)


def test_equal_vectors_earn_nothing_wherever_they_stand():
    same = unit(np.ones((20, 7), np.float32)).astype(np.float64)
    assert ranks(same, same).tolist() == [20] * 20
    assert ranks(same, same, ties="index").tolist() == list(range(1, 21))
    zero = np.zeros((20, 7))
    assert ranks(zero, zero).tolist() == [20] * 20


def test_ranks_do_not_depend_on_the_order_of_the_file():
    generator = np.random.default_rng(1)
    english, target = (unit(generator.normal(size=(50, 5))) for _ in range(2))
    target[10:20] = target[5]
    order = generator.permutation(50)
    np.testing.assert_array_equal(ranks(english[order], target[order]), ranks(english, target)[order])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), min_size=1, max_size=6))
def test_overlap_is_the_cosine_of_the_sets_of_character_ngrams(pairs):
    def grams(text):
        text = text.casefold()
        return {text[i : i + n] for n in (1, 2, 3, 4) for i in range(len(text) - n + 1)}

    english, target = zip(*pairs, strict=True)
    left, right = overlap_vectors(english, target)
    expected = [
        [len(grams(e) & grams(t)) / np.sqrt(len(grams(e)) * len(grams(t)) or 1) for t in target] for e in english
    ]
    np.testing.assert_allclose((left @ right.T).toarray(), expected, atol=1e-12)


def test_a_perfect_encoder_gets_everything_and_a_random_one_chance(save_model, sentences):
    encoder = Encoder.load(save_model(), device="cpu", token_budget=4096)
    english = sentences(200, seed=1)
    texts = {
        DEU: ParallelText(tag=DEU, english=tuple(english), target=tuple(english)),
        SWH: ParallelText(tag=SWH, english=tuple(english), target=tuple(sentences(200, seed=2))),
    }
    perfect, random = retrieve(texts, encoder, layer=2)
    assert (perfect.tag, random.tag, random.num_items) == (DEU, SWH, 200)
    for k in KS:
        assert perfect.metrics[f"chance_top{k}_accuracy"] == k / 2
        for control in ("", "layer0_", "ngram_"):
            assert perfect.metrics[f"{control}top{k}_accuracy"] == 100
            assert random.metrics[f"{control}top{k}_accuracy"] <= k / 2 + 6  # three standard deviations at k = 10
    assert perfect.predictions["rank"].tolist() == [1] * 200
    assert 60 < random.predictions["rank"].mean() < 140


def test_scores_follow_from_the_ranks_and_the_layer(save_model, sentences):
    encoder = Encoder.load(save_model(), device="cpu")
    english = sentences(60, seed=3)
    target = [" ".join(reversed(s.split()[:-1])) for s in english]
    texts = {DEU: ParallelText(tag=DEU, english=tuple(english), target=tuple(target))}
    (third,), (embeddings,) = (list(retrieve(texts, encoder, layer=layer)) for layer in (3, 0))
    rank = third.predictions["rank"]
    assert {k: third.metrics[f"top{k}_accuracy"] for k in KS} == {k: 100 * np.mean(rank <= k) for k in KS}
    assert 0 < third.metrics["top1_accuracy"] < 100
    for k in KS:
        assert third.metrics[f"layer0_top{k}_accuracy"] == embeddings.metrics[f"top{k}_accuracy"]


def test_each_sentence_is_encoded_once_even_where_english_sides_differ(save_model, sentences):
    encoder = Encoder.load(save_model(), device="cpu", token_budget=64)
    rows, told = [], []
    encoder.model.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    english = sentences(25, seed=4)
    texts = {
        DEU: ParallelText(tag=DEU, english=tuple(english[:20]), target=tuple(sentences(20, seed=5))),
        SWH: ParallelText(tag=SWH, english=tuple(english[10:]), target=(*sentences(14, seed=6), "ba")),
    }
    list(retrieve(texts, encoder, layer=2, advance=told.append))
    assert sum(rows) == sum(told) == num_sentences(texts.values()) == 25 + 20 + 15


def test_a_language_whose_vectors_are_nan_costs_no_other(save_model, sentences):
    encoder = Encoder.load(save_model(), device="cpu")
    english = [sentence.replace("tu", "ba") for sentence in sentences(12, seed=8)]
    with torch.no_grad():
        encoder.model.get_input_embeddings().weight[encoder.tokenizer.convert_tokens_to_ids("tu")] = torch.nan
    broken = ParallelText(tag=SWH, english=tuple(english), target=(*english[:-1], "tu"))
    whole = ParallelText(tag=DEU, english=tuple(english), target=tuple(english))
    failures: dict[str, str] = {}
    (found,) = retrieve({SWH: broken, DEU: whole}, encoder, layer=2, failures=failures)
    assert found.tag == DEU and list(failures) == [str(SWH)] and "NaN" in failures[str(SWH)]
    with pytest.raises(UserError, match="NaN"):
        list(retrieve({SWH: broken}, encoder, layer=2))


def test_sentences_that_the_tokenizer_does_not_know_are_said(save_model, sentences):
    encoder = Encoder.load(save_model(), device="cpu")
    english, target = sentences(12, seed=9), ("ⵣⵓⵍ ⴰⵎⴰⴹⴰⵍ", "ⴰⵣⵓⵍ", *sentences(10, seed=8))
    (found,) = retrieve({DEU: ParallelText(tag=DEU, english=tuple(english), target=target)}, encoder, layer=2)
    assert "2 of 12 deu_Latn sentences are unknown to the tokenizer by half of their tokens or more" in found.notes


def test_cut_sentences_are_said(save_model, sentences):
    encoder = Encoder.load(save_model(positions=20), device="cpu")
    english = [" ".join(sentence.split()[:10]) for sentence in sentences(12, seed=9)]
    target = (" ".join(["ba"] * 16), *[" ".join(["ba"] * 17)] * 2, *english[3:])
    (found,) = retrieve({DEU: ParallelText(tag=DEU, english=tuple(english), target=target)}, encoder, layer=2)
    assert found.notes == ("2 of 12 deu_Latn sentences are longer than 18 tokens and were cut",)


@pytest.mark.parametrize("ties", ["last", "index"])
def test_the_nearest_sentence_is_the_translation_exactly_where_its_rank_is_one(ties):
    vectors = np.random.default_rng(0).normal(size=(60, 4)).round(0)
    vectors[7] = vectors[3]  # equal sentences
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)
    found = search(unit[::-1], unit, ties=ties)
    assert ((found.nearest == np.arange(60)) == (found.rank == 1)).all()
    similar = unit[::-1] @ unit.T
    lost = found.rank > 1
    own = similar[np.arange(60), np.arange(60)]
    assert (similar[np.arange(60), found.nearest][lost] >= own[lost] - 1e-9).all()
    assert (found.rank == ranks(unit[::-1], unit, ties=ties)).all()
