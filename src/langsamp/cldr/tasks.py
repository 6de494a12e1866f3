"""Tasks made like the embedded corpus and kept out of it: retrieval, topics, and tagging of names and dates.

Gold labels follow from the rendering: nothing was annotated.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Literal

from xxhash import xxh32_intdigest

from langsamp.cldr import spans
from langsamp.cldr.drawing import Drawing
from langsamp.cldr.meanings import Meaning
from langsamp.cldr.phrases import Phrasebook, phrasebook
from langsamp.cldr.world_facts import Facts
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript

TaskSplit = Literal["train", "validation", "test"]

TOPICS = {
    "places": ("neighbours", "users", "cities"),
    "languages": ("languages", "own languages", "written"),
    "money": ("currencies", "money", "prices"),
    "dates": ("dates", "weekdays", "months"),
    "durations": ("durations",),
    "relative times": ("relative",),
    "measures": ("units", "measures", "comparison"),
}
"""What a sentence can be about, each with the ways of drawing such a meaning."""

_RETRIEVED = ("unit", "weekday", "month", "period")
"""Kinds of names in sentences to be retrieved, beside those of places."""

_NAMES = 40
"""So many names make up the sentences to be retrieved: few enough that each stands in many of them."""

_PLACES = 100
"""The places that the corpus speaks of most; the names are theirs, and those of their languages and currencies."""

_SHORTEST, _LONGEST = 3, 5
"""Names in one such sentence."""

_ATTEMPTS = 100
"""Draws for each item wanted, after which there are no more to be found."""

_ENGLISH = LangScript("eng", "Latn")

Words = tuple[tuple[str, ...], tuple[str, ...]]
"""The words of a text and as many labels."""


def retrieval_items(
    tags: Sequence[LangScript], *, number: int = 300, split: TaskSplit = "test", seed: int = 0
) -> dict[LangScript, list[str]]:
    """For each tag `number` sentences; those at one index mean the same, and in each tag all are different.

    Each is a list of three to five names without digits, out of 40: those least like the English ones in tags of Latin
    script, so that copied names do not give the answer away, and each standing for one thing only in every tag. Which
    names these are depends on `tags`: each of these must have them all. No such list is in the corpus, nor in another
    split.

    Raises:
        UserError: where a tag is unknown, or the tags have too few names in common.
    """
    books = {tag: phrasebook(tag) for tag in tags}
    names, rng = _names_to_retrieve(books), Random(seed)
    items: dict[LangScript, list[str]] = {tag: [] for tag in books}
    said: set[tuple[LangScript, str] | frozenset[str]] = set()
    for _ in range(_ATTEMPTS * number if len(names) > _LONGEST else 0):
        content = rng.sample(names, rng.randint(_SHORTEST, _LONGEST))
        meaning = Meaning("mixed", tuple(content))
        sentences = [(tag, book.say(meaning)) for tag, book in books.items()]
        if not meaning.is_in(split) or not said.isdisjoint([frozenset(content), *sentences]):
            continue
        said.update([frozenset(content), *sentences])
        for tag, sentence in sentences:
            items[tag].append(sentence)
        if all(len(sentences) == number for sentences in items.values()):
            return items
    raise UserError(
        f"expected {number} sentences that each of {len(books)} tags can say, found {len(said) // (len(books) + 1)}; "
        "ask for fewer, or leave out tags for which CLDR has few names"
    )


def topic_items(
    tags: Sequence[LangScript], *, number: int, split: TaskSplit, seed: int = 0
) -> dict[LangScript, list[tuple[str, str]]]:
    """For each tag `number` different sentences, each with its topic, one of `TOPICS`.

    The topics that a tag has words for come in turn; one that nothing new can be said about is left out from then on.
    Meanings are drawn for each tag apart; the splits and the corpus have none in common.

    Raises:
        UserError: where a tag is unknown, or has less to say.
    """
    items = {tag: list(islice(_topic_items(tag, split, seed), number)) for tag in tags}
    for tag, sentences in items.items():
        if len(sentences) < number:
            raise UserError(
                f"{tag}: expected {number} sentences about topics, CLDR has {len(sentences)}; ask for fewer"
            )
    return items


def tagging_items(
    tags: Sequence[LangScript], *, number: int, split: TaskSplit, seed: int = 0
) -> dict[LangScript, list[Words]]:
    """For each tag `number` documents as words with BIO labels: places, languages, currencies and dates.

    Meanings are drawn for each tag apart; the splits and the corpus have none in common.

    Raises:
        UserError: where a tag is unknown.
    """
    return {tag: list(islice(_tagging_items(tag, split, seed), number)) for tag in tags}


def _topic_items(tag: LangScript, split: TaskSplit, seed: int) -> Iterator[tuple[str, str]]:
    book = phrasebook(tag)
    drawing, rng = Drawing(book.known), Random(f"{seed} {tag} topic {split}")
    ways = {topic: [name for name in names if name in drawing.ways] for topic, names in TOPICS.items()}
    said: set[str] = set()
    turn = [topic for topic in TOPICS if ways[topic]]
    while turn:
        for topic in tuple(turn):
            sentence = _new_sentence(book, drawing, rng, split, ways[topic], said)
            if sentence is None:
                turn.remove(topic)
                continue
            said.add(sentence)
            yield sentence, topic


def _new_sentence(
    book: Phrasebook, drawing: Drawing, rng: Random, split: TaskSplit, ways: Sequence[str], said: Collection[str]
) -> str | None:
    """A sentence that was not said yet; None where none was found."""
    for _ in range(_ATTEMPTS):
        try:
            sentence = book.say(drawing.draw(rng, split, ways))
        except UserError:
            return None  # too few names for any meaning of the split
        if sentence not in said:
            return sentence
    return None


def _tagging_items(tag: LangScript, split: TaskSplit, seed: int) -> Iterator[Words]:
    book = Phrasebook(tag, mark=spans.mark)
    drawing, rng = Drawing(book.known), Random(f"{seed} {tag} tagging {split}")
    while True:
        words, labels = spans.words(book.text(drawing.document(rng, split)))
        if set(labels) != {"O"}:
            yield words, labels


def _names_to_retrieve(books: Mapping[LangScript, Phrasebook]) -> list[str]:
    """The concepts that all of `books` name clearly, at most 40: those named least as in English in Latin script."""
    english = phrasebook(_ENGLISH)
    latin = [book for tag, book in books.items() if tag.script == "Latn" and tag != _ENGLISH]
    first = dict(islice(Facts(english.names).own.items(), _PLACES))
    spoken_of = {
        *first,
        *(concept for belongings in first.values() for concept in belongings.languages + belongings.currencies),
    }
    shared = set.intersection(*(_clear(book.names) for book in (english, *books.values())))
    wanted = [concept for concept in shared if concept.partition(":")[0] in _RETRIEVED or concept in spoken_of]
    return sorted(wanted, key=lambda concept: (_likeness(concept, english, latin), xxh32_intdigest(concept.encode())))[
        :_NAMES
    ]


def _clear(names: Mapping[str, str]) -> set[str]:
    """The concepts with a name of their own that has no digit in it."""
    alike: dict[str, list[str]] = {}
    for concept, name in names.items():
        alike.setdefault(name, []).append(concept)
    return {concepts[0] for name, concepts in alike.items() if len(concepts) == 1 and not any(map(_is_digit, name))}


def _is_digit(character: str) -> bool:
    return unicodedata.category(character).startswith("N")


def _likeness(concept: str, english: Phrasebook, books: Collection[Phrasebook]) -> float:
    """How much the name has in common with the English one, on average: shared pairs of letters (Dice's measure)."""
    pairs = _pairs(english.names[concept])
    others = [_pairs(book.names[concept]) for book in books]
    return sum(2 * len(pairs & other) / (len(pairs) + len(other)) for other in others) / max(1, len(others))


def _pairs(name: str) -> set[str]:
    name = f" {name.casefold()} "
    return {name[index : index + 2] for index in range(len(name) - 1)}
