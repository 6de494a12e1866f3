"""What the protocols say, against the paper's appendix A and the original scripts."""

import pytest
from pydantic import ValidationError

from langsamp.evaluation.protocols import FINE_TUNING, FineTuning, departures


def test_fixed_has_the_numbers_of_the_papers_appendix():
    texts, words = (FINE_TUNING[f"{kind}-classification", "fixed"] for kind in ("sequence", "token"))
    assert (texts.epochs, texts.learning_rate, texts.batch_size) == (40, 1e-5, 16)
    assert (words.epochs, words.learning_rate, words.batch_size) == (10, 2e-5, 32)
    for settings in (texts, words):
        assert settings.accumulation == 1 and settings.select_every is None and settings.seeds_head
        assert not (settings.drops_parts or settings.carries_parts or settings.schedule_first or settings.words_alone)


def test_paper_computes_batches_in_parts_of_eight():
    for kind in ("sequence", "token"):
        fixed, paper = (FINE_TUNING[f"{kind}-classification", protocol] for protocol in ("fixed", "paper"))
        assert paper.batch_size == fixed.batch_size and paper.batch_size // paper.accumulation == 8


def test_parts_of_a_batch_are_equal():
    with pytest.raises(ValidationError, match="16 cannot be cut into 3 equal parts"):
        FineTuning(epochs=1, learning_rate=1e-5, batch_size=16, accumulation=3)


def test_only_the_paper_protocol_departs_from_the_text():
    kinds = ("retrieval", "sequence-classification", "token-classification")
    assert not any(departures(kind, "fixed", task=task) for kind in kinds for task in ("pos", None))
    assert all(departures(kind, "paper") for kind in kinds)


@pytest.mark.parametrize(
    ("task", "kind", "said"),
    [
        (
            "taxi1500",
            "sequence",
            ["lost", "half", "quot", "nan", "100 tokens", "Four seeds", "gives 0", "every language"],
        ),
        ("sib200", "sequence", ["lost", "half", "quot", "nan", "160 tokens", "42 to 46", "gives 0"]),
        (
            "sr-bible",
            "retrieval",
            ["order of the file", "blank lines", "fewer than ten lines", "missing", "single precision"],
        ),
        (
            "ner",
            "token",
            [
                "1,000 updates",
                "left over",
                "at 0",
                "end tokens",
                "unknown",
                "as O",
                "One seed is run, 1",
                "Jpan",
                "one blank",
            ],
        ),
        (
            "pos",
            "token",
            ["1,000 updates", "left over", "at 0", "end tokens", "seqeval", "as X", "One seed", "Jpan", "U+200C"],
        ),
    ],
)
def test_departures_are_listed_sentence_by_sentence(task, kind, said):
    sentences = departures(kind if kind == "retrieval" else f"{kind}-classification", "paper", task=task)
    assert len(set(sentences)) == len(sentences) and all(sentence.endswith(".") for sentence in sentences)
    for words in said:
        assert any(words in sentence for sentence in sentences), words
