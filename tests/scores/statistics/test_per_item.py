"""The metric of a draw of items equals what the task's metric (scikit-learn, seqeval) says of the drawn items."""

import numpy as np
import pandas as pd
import pytest

from langsamp.errors import DamagedError, UserError
from langsamp.evaluation.metrics import tag_scores, text_scores
from langsamp.scores.statistics.bootstrap import draws
from langsamp.scores.statistics.per_item import item_sums, metrics

NER = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
SCHEMES = {
    "IOB2": NER,
    "IOBES": ("O", "B-A", "I-A", "E-A", "S-A", "B-B-c", "I-B-c", "E-B-c", "S-B-c", "I", "B"),
    "UPOS": ("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT",
             "SCONJ", "SYM", "VERB"),
}  # fmt: skip
UPOS_WITH_X = (*SCHEMES["UPOS"], "X")


def sentences(labels: tuple[str, ...], *, seed: int, number: int = 40, agree: float = 0.7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(number):
        gold = rng.choice(labels, size=rng.integers(1, 12))
        predicted = np.where(rng.random(len(gold)) < agree, gold, rng.choice(labels, size=len(gold)))
        rows.append((" ".join(gold), " ".join(predicted)))
    return pd.DataFrame(rows, columns=["gold", "predicted"])


def split(column: pd.Series) -> list[list[str]]:
    return [sentence.split() for sentence in column]


def word_scores(frame: pd.DataFrame) -> dict[str, float]:
    return dict(tag_scores(split(frame["gold"]), split(frame["predicted"])))


def seqeval(frame: pd.DataFrame) -> float:
    return word_scores(frame)["seqeval_f1"]


def drawn(frame: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
    return frame.loc[np.repeat(frame.index, weights.astype(int))]


def resamples(items: int, *, number: int = 12, seed: int = 1) -> np.ndarray:
    return draws(items, number, np.random.default_rng(seed))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(3))
def test_span_f1_of_any_draw_equals_seqeval(scheme: str, seed: int):
    frame = sentences(SCHEMES[scheme], seed=seed)
    sums, weights = item_sums("seqeval_f1", frame, of_words=True), resamples(len(frame))
    assert metrics([sums])[0, 0] == pytest.approx(seqeval(frame))
    expected = [seqeval(drawn(frame, row)) for row in weights]
    assert metrics([sums], weights)[:, 0] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_span_f1_of_the_whole_text_equals_seqeval_also_where_sentences_begin_with_x(seed: int):
    frame = sentences(UPOS_WITH_X, seed=seed, number=300)
    assert frame["gold"].str.startswith("X ").any()
    assert metrics([item_sums("seqeval_f1", frame, of_words=True)])[0, 0] == pytest.approx(seqeval(frame))


def test_span_f1_of_draws_is_near_seqeval_where_sentences_begin_with_x():
    frame = sentences(UPOS_WITH_X, seed=3, number=200)
    weights = resamples(len(frame))
    values = metrics([item_sums("seqeval_f1", frame, of_words=True)], weights)[:, 0]
    assert values == pytest.approx([seqeval(drawn(frame, row)) for row in weights], abs=0.5)


def test_hand_made_traps_of_parts_of_speech():
    frame = pd.DataFrame({"gold": ["NOUN NOUN VERB", "SCONJ CCONJ"], "predicted": ["NOUN VERB VERB", "SCONJ CCONJ"]})
    first, second = (frame.iloc[[place]] for place in (0, 1))
    assert metrics([item_sums("seqeval_f1", first, of_words=True)])[0, 0] == 0.0
    assert metrics([item_sums("accuracy", first, of_words=True)])[0, 0] == pytest.approx(200 / 3)
    assert metrics([item_sums("seqeval_f1", second, of_words=True)])[0, 0] == seqeval(second) == 100.0


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
@pytest.mark.parametrize("seed", range(3))
def test_label_metrics_of_any_draw_of_texts_equal_scikit_learn(metric: str, seed: int):
    rng = np.random.default_rng(seed)
    names = np.array(["a", "b b", "c", "d", "never predicted", "never gold"])
    gold, predicted = names[rng.integers(0, 5, 25)], names[[0, 1, 2, 3, 5]][rng.integers(0, 5, 25)]
    frame = pd.DataFrame({"gold": gold, "predicted": predicted})
    weights = resamples(len(frame))
    values = metrics([item_sums(metric, frame, of_words=False)], weights)[:, 0]
    expected = [text_scores(draw["gold"], draw["predicted"])[metric] for draw in (drawn(frame, row) for row in weights)]
    assert values == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_label_metrics_of_any_draw_of_sentences_equal_scikit_learn_on_all_their_words(metric: str):
    frame = sentences(SCHEMES["UPOS"], seed=0)
    weights = resamples(len(frame))
    values = metrics([item_sums(metric, frame, of_words=True)], weights)[:, 0]
    assert values == pytest.approx([word_scores(drawn(frame, row))[metric] for row in weights])


def test_hits_among_the_nearest():
    frame = pd.DataFrame({"rank": [1, 5, 10, 11]})
    assert [metrics([item_sums(f"top{k}_accuracy", frame, of_words=False)])[0, 0] for k in (1, 5, 10)] == [25, 50, 75]


def test_several_predictions_of_one_text_share_their_draws():
    frames = [sentences(NER, seed=seed) for seed in (1, 2)]
    sums = [item_sums("seqeval_f1", frame, of_words=True) for frame in frames]
    weights = resamples(len(frames[0]))
    together = metrics(sums, weights)
    assert together == pytest.approx(np.concatenate([metrics([each], weights) for each in sums], axis=1))


def test_blank_sentences_count_nothing():
    frame = pd.DataFrame({"gold": ["", "B-PER O"], "predicted": ["", "B-PER O"]})
    assert metrics([item_sums("seqeval_f1", frame, of_words=True)])[0, 0] == 100
    assert metrics([item_sums("seqeval_f1", frame.iloc[:1], of_words=True)])[0, 0] == 0
    assert metrics([item_sums("accuracy", frame, of_words=True)])[0, 0] == 100


def test_what_cannot_be_resampled_is_said():
    with pytest.raises(DamagedError, match="not as many predicted as gold"):
        item_sums("seqeval_f1", pd.DataFrame({"gold": ["O O"], "predicted": ["O"]}), of_words=True)
    with pytest.raises(UserError, match=r"no resampling for the metric 'bleu'.*macro_f1"):
        item_sums("bleu", pd.DataFrame({"gold": ["a"], "predicted": ["a"]}), of_words=False)
    with pytest.raises(UserError, match=r"needs the column 'rank'.*they have gold"):
        item_sums("top10_accuracy", pd.DataFrame({"gold": ["a"]}), of_words=False)
