"""Content of a test set that makes its scores mean something else is told, and ordinary content is not."""

import pytest

from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences, TrainAndDev
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.evaluation.tasks.text_findings import copies_of_others, findings_of, findings_of_training
from langsamp.languages.tags import LangScript

SWH, RUS, JPN = (LangScript.parse(tag) for tag in ("swh_Latn", "rus_Cyrl", "jpn_Jpan"))
E, T = tuple(f"sentence {chr(97 + n)}" for n in range(26)), tuple(f"sentensi ya {chr(97 + n)}" for n in range(26))


def labelled(texts: tuple[str, ...], labels: tuple[str, ...]) -> LabelledTexts:
    return LabelledTexts(tag=SWH, texts=texts, labels=labels)


def tagged(*sentences: str, label: str = "O") -> TaggedSentences:
    words = tuple(tuple(sentence.split()) for sentence in sentences)
    return TaggedSentences(tag=SWH, words=words, labels=tuple((label,) * len(each) for each in words))


def test_text_of_another_script_is_told_with_its_share() -> None:
    assert findings_of(ParallelText(tag=SWH, english=E, target=T)) == ()
    (said,) = findings_of(ParallelText(tag=RUS, english=E, target=T))
    assert said == "100% of the letters are not Cyrl but mostly Latn"
    mixed = ("привет",) * 9 + T[9:]
    (said, *_) = findings_of(ParallelText(tag=SWH, english=E, target=mixed))
    cyrillic, latin = 54, sum(map(str.isalpha, "".join(T[9:])))
    assert said == f"{cyrillic / (cyrillic + latin):.0%} of the letters are not Latn but mostly Cyrl"


def test_scripts_that_are_made_of_several_and_text_without_letters_are_no_matter() -> None:
    assert findings_of(ParallelText(tag=JPN, english=E, target=("日本のテスト",) * 26)) == ()
    assert findings_of(ParallelText(tag=JPN, english=E, target=("12",) * 26)) == ()


@pytest.mark.parametrize("copies", [1, 2, 26])
def test_sentences_that_were_not_translated_are_told(copies: int) -> None:
    said = findings_of(ParallelText(tag=SWH, english=E, target=E[:copies] + T[copies:]))
    expected = f"{copies} of 26 sentences are equal to the English ones, as if not translated"
    assert said == ((expected,) if copies > 1 else ())


def test_a_test_set_of_one_label_is_told() -> None:
    assert findings_of(labelled(("moja", "mbili"), ("a", "a"))) == ("all 2 texts have the label a",)
    assert findings_of(labelled(("moja", "mbili"), ("a", "b"))) == ()
    assert findings_of(tagged("moja mbili", "tatu")) == ("all 3 words have the label O",)


def test_items_that_were_fine_tuned_on_or_chosen_by_are_counted() -> None:
    train, test = labelled(("moja", "mbili"), ("a", "b")), labelled(("mbili", "tatu"), ("b", "a"))
    other = labelled(("nne",), ("a",))
    assert findings_of(test, TrainAndDev(train=train, dev=other)) == ("1 of 2 items stand in the training set, too",)
    assert findings_of(test, TrainAndDev(train=other, dev=test))[0] == "2 of 2 items stand in the dev set, too"
    words = tagged("moja mbili", "tatu")
    assert "2 of 2 items" in findings_of(words, TrainAndDev(train=words, dev=words))[-1]


def test_an_english_side_in_another_script_is_told() -> None:
    said = findings_of(ParallelText(tag=SWH, english=("привет мир",) * 26, target=T))
    assert said == ("the English side is none: 100% of its letters are mostly Cyrl",)


def test_text_that_is_fine_tuned_on_and_chosen_by_is_judged_too() -> None:
    train, dev = labelled(("moja", "mbili"), ("a", "b")), labelled(("mbili", "tatu"), ("b", "a"))
    assert findings_of_training(TrainAndDev(train=train, dev=labelled(("tatu", "nne"), ("a", "b")))) == []
    assert findings_of_training(TrainAndDev(train=train, dev=dev)) == [
        "dev: 1 of 2 items stand in the training set, too"
    ]
    other = labelled(("привет", "мир"), ("a", "a"))
    assert findings_of_training(TrainAndDev(train=other, dev=dev)) == [
        "train: 100% of the letters are not Latn but mostly Cyrl", "train: all 2 texts have the label a",
    ]  # fmt: skip


def test_labels_that_no_training_showed_and_items_that_repeat_are_counted() -> None:
    train, test = labelled(("moja", "mbili"), ("a", "b")), labelled(("tatu", "nne"), ("a", "c"))
    assert findings_of(test, TrainAndDev(train=train, dev=train)) == (
        "1 of 2 labels (c) do not occur in the training set",
    )
    repeated = labelled(("tatu",) * 3 + ("nne",), ("a", "a", "a", "b"))
    assert findings_of(repeated) == ("2 of 4 items are equal to an earlier one",)
    words = tagged("moja mbili", label="B-PER")
    assert findings_of(words, TrainAndDev(train=tagged("tatu"), dev=tagged("nne")))[-1].startswith("2 of 2 labels (B-")


def test_text_of_kinds_that_others_add_is_left_alone() -> None:
    assert findings_of(object()) == ()


def test_items_that_were_decoded_wrongly_and_copies_of_another_tags_are_told() -> None:
    accented = tuple(f"la forêt d'été {chr(97 + n)}" for n in range(26))
    garbled = tuple(text.encode().decode("latin-1") for text in accented)
    texts = [ParallelText(tag=SWH, english=E, target=target) for target in (accented, garbled, garbled[:1] + T[1:])]
    assert [len(findings_of(text)) for text in texts] == [0, 1, 0]
    assert findings_of(texts[1])[0].startswith("26 of 26 items hold characters that nobody wrote (U+FFFD, UTF-8")
    said = copies_of_others({SWH: texts[0], RUS: texts[1], JPN: texts[0]})
    assert said == {JPN: "all items are those of swh_Latn"}
