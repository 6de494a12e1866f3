"""The embedded labelled data: gold labels for every tag, drawn anew by a seed, no text in two splits."""

import pytest

from langsamp.cldr.spans import LABELS
from langsamp.cldr.tasks import TOPICS
from langsamp.evaluation.tasks.readers.cldr import (
    DEV_DOCUMENTS,
    DEV_TEXTS,
    NER_CLDR_LABELS,
    TEST_DOCUMENTS,
    TEST_TEXTS,
    TOPIC_CLDR_LABELS,
    TRAIN_DOCUMENTS,
    TRAIN_TEXTS,
    open_ner_cldr,
    open_topic_cldr,
)
from langsamp.languages.tags import LangScript

ENG, THAI = LangScript("eng", "Latn"), LangScript("tha", "Thai")


def test_the_labels_are_those_of_the_generator():
    assert tuple(TOPICS) == TOPIC_CLDR_LABELS
    assert sorted(NER_CLDR_LABELS) == sorted(["O", *(f"{side}-{label}" for label in LABELS for side in "BI")])


@pytest.mark.parametrize("tag", [ENG, THAI])
def test_topics_have_their_sizes_and_share_no_text(tag):
    reader = open_topic_cldr()
    assert tag in reader.tags and tag in reader.sources and not reader.notes
    training, test = reader.training(tag), reader.read(tag)
    splits = (training.train, training.dev, test)
    assert [len(each) for each in splits] == [TRAIN_TEXTS, DEV_TEXTS, TEST_TEXTS]
    assert sum(len(set(each.texts)) for each in splits) == len({text for each in splits for text in each.texts})
    assert {label: test.labels.count(label) for label in test.labels} == dict.fromkeys(TOPIC_CLDR_LABELS, 20)


def test_tagged_documents_have_a_label_for_each_word():
    reader = open_ner_cldr()
    training, test = reader.training(ENG), reader.read(THAI)
    assert (len(training.train), len(training.dev), len(test)) == (TRAIN_DOCUMENTS, DEV_DOCUMENTS, TEST_DOCUMENTS)
    for words, labels in zip(test.words, test.labels, strict=True):
        assert len(words) == len(labels) and set(labels) <= set(NER_CLDR_LABELS) and set(labels) != {"O"}


@pytest.mark.parametrize("reader", [open_topic_cldr, open_ner_cldr])
def test_the_seed_decides(reader):
    assert reader().read(THAI).revision == reader(seed=0).read(THAI).revision
    assert reader().read(THAI).revision != reader(seed=1).read(THAI).revision


@pytest.mark.parametrize("tag", ["oci_Latn", "pcm_Latn", "syr_Syrc", "yor_Latn", "azj_Cyrl"])
def test_a_tag_with_few_words_has_its_text_and_a_note_on_what_it_lacks(tag):
    text = open_topic_cldr().read(LangScript.parse(tag))
    assert len(text) == TEST_TEXTS == len(set(text.texts))
    rare = [label for label in TOPIC_CLDR_LABELS if text.labels.count(label) < 10]
    assert rare and all(label in text.notes[0] for label in rare)
