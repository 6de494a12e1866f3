"""Language identification by the vectors alone: under whose vectors are a sentence's hidden words most probable?

The encoder gets no id, and all languages predict the same hidden tokens from the same hidden states, so a sentence is
told by the vectors or not at all. A model that had learned nothing in them would be right once in as many languages as
there are. Character n-grams, which do this well, stand beside it to say how much there is to tell.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from langsamp.analysis.identification.filling import fill_sentences
from langsamp.analysis.identification.record import IdentificationAnalysis, LanguageIdentified
from langsamp.analysis.model_refs import ModelRef
from langsamp.config import Config
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.models import find_model
from langsamp.evaluation.tasks.examples import LabelledTexts
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.readers.formats.parallel import ENGLISH, ParallelText
from langsamp.evaluation.tasks.task import TaskData
from langsamp.languages.tags import LangScript
from langsamp.model.new_language.frozen import FrozenModel
from langsamp.model.new_language.identifying import identify
from langsamp.provenance import fingerprint
from langsamp.scores.statistics.bootstrap import draws, percentile_interval

FEWEST = 10
"""Sentences below which a language is left out."""
_RESAMPLES = 2000

Sentences = Mapping[LangScript, Sequence[str]]


class TaskSentences(NamedTuple):
    """The distinct test sentences of a task in some languages."""

    texts: Sentences
    missing: Mapping[str, str]
    """Why a tag that has text is left out."""

    @property
    def revision(self) -> str:
        """Name of the content."""
        return fingerprint({str(tag): list(sentences) for tag, sentences in self.texts.items()})


class IdentificationConfig(Config):
    """Which sentences."""

    task: str = "sr-cldr"
    """Whose test sentences are taken; sr-cldr needs no data."""
    data: Literal["hub"] | Path | None = None
    """Folder with the task's files, or with a sub-folder of its name; `hub` for its copy on the Hugging Face hub."""
    sentences: int = Field(default=30, ge=FEWEST)
    """Sentences of each language that are identified, at most; the control learns from as many others."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Draws the sentences, the tokens that are hidden and the resamples."""

    @property
    def where(self) -> TaskData:
        """What the task's reader is opened by."""
        return TaskData(data=self.data, seed=self.seed)


def analyse_identification(
    subject: ModelRef, config: IdentificationConfig, *, sentences: TaskSentences | None = None
) -> IdentificationAnalysis:
    """How often the model's vectors tell the language of the task's sentences.

    Of the task's languages those take part whose vectors had a gradient in training. `sentences` are what
    `task_sentences` gave, where it was called before.

    Raises:
        DataMissingError: where the task's text is absent.
        UserError: where the model has no language vectors at its output, and where fewer than two of its languages have
            enough text.
    """
    model = FrozenModel(subject.folder)
    sentences = sentences or task_sentences(config.task, config.where, frozenset(model.conditioning.trained_tags))
    drawn = {tag: _draw(texts, config, tag) for tag, texts in sentences.texts.items()}
    tested = {tag: half[0] for tag, half in drawn.items()}
    given = _by_vectors(model, tested, seed=config.seed)
    by_ngrams = _by_ngrams({tag: half[1] for tag, half in drawn.items()}, tested)
    languages = tuple(
        LanguageIdentified(
            str(tag), len(tested[tag]), _share(given[tag], tag), _share(by_ngrams[tag], tag), _instead(given[tag], tag)
        )
        for tag in tested
    )
    right_L = np.array([line.right for line in languages])
    drawn_RL = draws(len(right_L), _RESAMPLES, np.random.default_rng(config.seed))
    interval = percentile_interval(drawn_RL @ right_L / drawn_RL.sum(1))
    return IdentificationAnalysis(
        subject=subject.name,
        settings={
            **config.model_dump(mode="json"),
            "model": find_model(subject.folder).fingerprint,
            "text_revision": sentences.revision,
        },
        text=config.task,
        right=float(right_L.mean()),
        low=interval.low,
        high=interval.high,
        ngram=float(np.mean([line.ngram for line in languages])),
        chance=1 / len(languages),
        missing=sentences.missing,
        languages=languages,
        filled=fill_sentences(model, tested, seed=config.seed),
    )  # fmt: skip


def task_sentences(name: str, where: TaskData, tags: frozenset[LangScript]) -> TaskSentences:
    """The distinct test sentences of each of `tags` that the task called `name` has.

    Raises:
        DataMissingError: where the task's text is absent.
        UserError: where fewer than two languages remain.
    """
    reader = task(name).open(where)
    texts: dict[LangScript, list[str]] = {}
    missing: dict[str, str] = {}
    for tag in sorted(tags.intersection(reader.tags)):
        try:
            text = reader.read(tag)
        except DataMissingError:
            raise
        except UserError as error:
            missing[str(tag)] = str(error)
            continue
        texts[tag] = _sentences(text)
        if isinstance(text, ParallelText) and ENGLISH in tags:
            texts.setdefault(ENGLISH, list(dict.fromkeys(text.english)))
    for tag in [tag for tag, sentences in texts.items() if len(sentences) < 2 * FEWEST]:
        missing[str(tag)] = f"{len(texts.pop(tag))} different sentences, of {2 * FEWEST} that are needed"
    if len(texts) < 2:
        raise UserError(
            f"{name} has enough text in {len(texts)} of the {len(tags)} languages that are asked for; to tell "
            "languages apart takes two: name another task"
        )
    return TaskSentences(dict(sorted(texts.items())), missing)


def _sentences(text: Any) -> list[str]:
    if isinstance(text, ParallelText):
        return list(dict.fromkeys(text.target))
    if isinstance(text, LabelledTexts):
        return list(dict.fromkeys(text.texts))
    return list(dict.fromkeys(map(" ".join, text.words)))


def _draw(sentences: Sequence[str], config: IdentificationConfig, tag: LangScript) -> tuple[list[str], list[str]]:
    """Sentences to identify, and as many others for the control."""
    number, order = min(config.sentences, len(sentences) // 2), shuffled(sentences, config.seed, tag)
    return order[:number], order[number : 2 * number]


def shuffled(sentences: Sequence[str], seed: int, tag: LangScript) -> list[str]:
    """The sentences of a language in an order that the seed and its tag decide."""
    order = np.random.default_rng([seed, *str(tag).encode()]).permutation(len(sentences))
    return [sentences[index] for index in order]


def _by_vectors(model: FrozenModel, tested: Sentences, *, seed: int) -> dict[LangScript, list[LangScript]]:
    """The tag that each sentence gets, among those of `tested`."""
    given = {}
    for tag, sentences in tested.items():
        guesses = identify(model, sentences, seed=seed)
        given[tag] = [next(guess.tag for guess in ranked if guess.tag in tested) for ranked in guesses]
    return given


def _by_ngrams(fitted: Sentences, tested: Sentences) -> dict[LangScript, list[LangScript]]:
    """The same by naive Bayes over character 1- to 4-grams of other sentences."""
    classifier = make_pipeline(CountVectorizer(analyzer="char_wb", ngram_range=(1, 4)), MultinomialNB(alpha=0.01))
    pairs = [(sentence, str(tag)) for tag, sentences in fitted.items() for sentence in sentences]
    classifier.fit([sentence for sentence, _ in pairs], [tag for _, tag in pairs])
    return {tag: list(map(LangScript.parse, classifier.predict(list(sentences)))) for tag, sentences in tested.items()}


def _share(given: Sequence[LangScript], tag: LangScript) -> float:
    return sum(each == tag for each in given) / len(given)


def _instead(given: Sequence[LangScript], tag: LangScript) -> str | None:
    wrong = Counter(each for each in given if each != tag).most_common(1)
    return str(wrong[0][0]) if wrong else None
