"""Test sentences in training text: found however they are written, nowhere else, and whatever the batches."""

from pathlib import Path

import pytest

from langsamp.data.text.contamination import Overlap, OverlapCounts, TaskSentences

VERSE = "The lamp stood in the window, and no one came to it."
TWO = "Where did they go? Nobody on the shore could say."
HINDI = "पुराना दीपक खिड़की में रखा था।"


@pytest.fixture(scope="module")
def known() -> TaskSentences:
    return TaskSentences.of({"sr-bible": [VERSE, TWO, HINDI, "Amen."], "sib200": [VERSE, "...", ""]})


def tasks(known: TaskSentences, document: str) -> set[str]:
    return known.tasks_of(known.lines_in([document])[0])


def test_items_without_a_letter_are_not_looked_for(known: TaskSentences) -> None:
    assert known.numbers == {"sr-bible": 4, "sib200": 1} and len(known) == 5
    assert tasks(known, "...") == tasks(known, "") == set()


@pytest.mark.parametrize(
    "written",
    [
        VERSE,
        VERSE.upper(),
        "the lamp  stood in the window — and no one came to it",
        "\uff34he lamp stood in the window, and no one came to it!",  # a wide T
        "« The lamp stood in the window , and no one came to it . »",  # as treebanks cut words
        f"They waited. {VERSE} Then it was dark.",
        f"a heading\n{VERSE[:-1]}\nanother line",
    ],
)
def test_a_sentence_is_found_however_it_is_written(known: TaskSentences, written: str) -> None:
    assert tasks(known, written) == {"sr-bible", "sib200"}


@pytest.mark.parametrize(
    "other",
    [
        "The lamp stood in the window, and no one came.",
        f"He said that {VERSE[0].lower()}{VERSE[1:]}",
        HINDI.replace("\u0940", "\u093f"),  # another vowel sign is another word
        "They prayed. Amen. They left.",
        "Where did they go? They left. Nobody on the shore could say.",
    ],
)
def test_what_is_not_the_whole_sentence_is_none(known: TaskSentences, other: str) -> None:
    assert tasks(known, other) == set()


def test_an_item_of_two_sentences_stands_in_a_document_as_both_in_a_row(known: TaskSentences) -> None:
    assert tasks(known, TWO) == tasks(known, f"So it was. {TWO} And so on.") == {"sr-bible"}
    assert tasks(known, "amen") == {"sr-bible"}, "a short one is found where it is the document"
    assert tasks(known, HINDI.rstrip("।")) == {"sr-bible"}


def test_documents_and_sentences_are_counted_apart(known: TaskSentences) -> None:
    documents = [VERSE, "nothing", VERSE + " " + TWO, "", HINDI]
    whole, parts = OverlapCounts(known), OverlapCounts(known)
    assert whole.add(documents) == [True, False, True, False, True]
    for document in documents:
        parts.add([document])
    assert whole.by_task == parts.by_task
    assert whole.by_task == {
        "sib200": Overlap(documents=2, sentences=1), "sr-bible": Overlap(documents=3, sentences=3)
    }  # fmt: skip


def test_what_is_looked_for_is_named_by_its_content(known: TaskSentences, tmp_path: Path) -> None:
    known.save(tmp_path / "known.npz")
    again = TaskSentences.load(tmp_path / "known.npz")
    assert again.fingerprint == known.fingerprint and again.lines_in([VERSE]) == known.lines_in([VERSE])
    turned = TaskSentences.of({"sr-bible": ["Amen.", HINDI, TWO, VERSE], "sib200": [VERSE]})
    assert turned.fingerprint == known.fingerprint
    assert TaskSentences.of({"sr-bible": [VERSE], "sib200": [VERSE]}).fingerprint != known.fingerprint
    assert TaskSentences.of({}).lines_in([VERSE]) == [[]]
