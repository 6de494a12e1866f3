import unicodedata
from collections import Counter
from random import Random

import pytest

from langsamp.cldr.drawing import Drawing
from langsamp.cldr.embedded_corpus import CldrCorpus
from langsamp.cldr.locales import locales
from langsamp.cldr.meanings import SHARES
from langsamp.cldr.phrases import phrasebook
from langsamp.cldr.spans import LABELS, words
from langsamp.cldr.tasks import TOPICS, TaskSplit, retrieval_items, tagging_items, topic_items
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript

ENGLISH, GERMAN, JAPANESE, THAI, HINDI = (
    LangScript.parse(tag) for tag in ("eng_Latn", "deu_Latn", "jpn_Jpan", "tha_Thai", "hin_Deva")
)
SPLITS = ("train", "validation", "test")


def test_shares_of_meanings_are_disjoint_and_all() -> None:
    assert sorted(share for shares in SHARES.values() for share in shares) == list(range(16))


def test_a_meanings_split_does_not_depend_on_order_or_style() -> None:
    drawing, rng = Drawing(phrasebook(ENGLISH).known), Random(0)
    for split in SHARES:
        for meaning in drawing.document(rng, split):
            turned = meaning._replace(items=meaning.items[::-1], style="or")
            assert [name for name in SHARES if turned.is_in(name)] == [split]


def test_documents_are_made_of_the_corpus_share_only() -> None:
    drawing = Drawing(phrasebook(JAPANESE).known)
    assert all(meaning.is_in("corpus") for seed in range(200) for meaning in drawing.document(Random(seed), "corpus"))


@pytest.mark.parametrize("tag", [GERMAN, JAPANESE, HINDI])
def test_retrieval_items_are_parallel_distinct_and_without_digits(tag: LangScript) -> None:
    items = retrieval_items([ENGLISH, tag], number=200)
    assert items == retrieval_items([ENGLISH, tag], number=200)
    assert list(items) == [ENGLISH, tag]
    for sentences in items.values():
        assert len(sentences) == len(set(sentences)) == 200
        assert not any(unicodedata.category(letter).startswith("N") for text in sentences for letter in text)
    english, other = phrasebook(ENGLISH).names, phrasebook(tag).names
    for sentence, translation in zip(items[ENGLISH][:50], items[tag][:50], strict=True):
        meant = [concept for concept, name in other.items() if name in translation]
        assert sum(english.get(concept, "?") in sentence for concept in meant) >= 3


def test_all_tags_together_can_say_the_same() -> None:
    tags = list(locales())
    items = retrieval_items(tags, number=50)
    assert list(items) == tags
    assert all(len(set(sentences)) == 50 for sentences in items.values())


@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.parametrize("tag", [GERMAN, JAPANESE])
def test_no_retrieval_sentence_is_in_the_corpus(tag: LangScript, split: TaskSplit) -> None:
    text = "\n".join(CldrCorpus(3000).documents(tag))
    for sentence in retrieval_items([ENGLISH, tag], split=split)[tag]:
        assert f"{sentence}." not in text and f"{sentence}。" not in text


@pytest.mark.parametrize("tag", [GERMAN, JAPANESE, HINDI])
def test_splits_of_retrieval_have_no_sentence_in_common_whatever_the_seed(tag: LangScript) -> None:
    for seed in (0, 1):
        validation = retrieval_items([ENGLISH, tag], split="validation", seed=seed)
        for other in (0, 1):
            test = retrieval_items([ENGLISH, tag], seed=other)
            assert not any(set(validation[each]) & set(test[each]) for each in (ENGLISH, tag))


def test_copied_letters_do_not_solve_retrieval() -> None:
    items = retrieval_items([ENGLISH, GERMAN])
    pairs = [[Counter(zip(text.casefold(), text[1:].casefold(), strict=False)) for text in items[t]] for t in items]
    hits = 0
    for index, query in enumerate(pairs[0]):
        shared = [(query & target).total() for target in pairs[1]]
        hits += sum(score >= shared[index] for score in shared) <= 10
    assert hits / len(pairs[0]) < 0.25


def test_more_retrieval_items_than_can_be_said_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langsamp.cldr.tasks._NAMES", 6)
    with pytest.raises(
        UserError, match=r"expected 300 sentences that each of 1 tags can say, found [0-9]+; ask for fewer"
    ):
        retrieval_items([ENGLISH])


@pytest.mark.parametrize("tag", [ENGLISH, THAI, LangScript("kxv", "Telu")])
def test_topics_are_balanced_and_splits_disjoint(tag: LangScript) -> None:
    texts = []
    for split in SPLITS:
        items = topic_items([tag], number=70, split=split)[tag]
        labels = Counter(label for _, label in items)
        assert labels.keys() <= TOPICS.keys()
        assert max(labels.values()) - min(labels.values()) <= 1
        texts += [text for text, _ in items]
    assert len(texts) == len(set(texts)) == 210
    assert len(labels) == (7 if tag != LangScript("kxv", "Telu") else 4)


@pytest.mark.parametrize("tag", [ENGLISH, THAI, JAPANESE, HINDI, LangScript("amh", "Ethi")])
def test_tagging_labels_follow_from_the_rendering(tag: LangScript) -> None:
    seen = Counter[str]()
    names = {"".join(words(name)[0]) for name in phrasebook(tag).names.values()}
    for tokens, labels in tagging_items([tag], number=60, split="test")[tag]:
        assert len(tokens) == len(labels) and all(tokens)
        assert not any("\ue000" <= letter <= "\uf8ff" for token in tokens for letter in token)
        spans: list[tuple[str, str]] = []
        for token, label in zip(tokens, labels, strict=True):
            kind, _, name = label.partition("-")
            assert label == "O" or (kind in "BI" and name in LABELS)
            if kind == "I":
                assert spans[-1][0] == name
                spans[-1] = (name, spans[-1][1] + token)
            else:
                spans.append((name, token))
            seen[name] += 1
        assert {text for name, text in spans if name in ("PLACE", "LANG")} <= names
    assert all(seen[label] for label in LABELS)
