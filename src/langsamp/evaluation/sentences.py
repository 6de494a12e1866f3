"""All sentences that an evaluation tests on, to be looked for in training text."""

from collections.abc import Collection, Iterator
from typing import Any

from langsamp.data.text.contamination import TaskSentences
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.task_texts import read_tests
from langsamp.evaluation.tasks.examples import LabelledTexts
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.languages.tags import LangScript


def sentences_of_tests(config: EvaluationConfig, *, embedded_of: Collection[LangScript]) -> TaskSentences | None:
    """Every test item of the evaluation's tasks and languages: both sides of parallel text, texts, joined words.

    Languages that cannot be read are left out; evaluating says so. Of tasks drawn from CLDR only the languages
    `embedded_of` are looked at: none where the text is the embedded corpus, apart from which they are drawn. None where
    nothing is left.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for an unknown language.
    """
    texts = read_tests(config, embedded_of=embedded_of)
    if not texts:
        return None
    return TaskSentences.of({name: [item for text in each for item in _items(text)] for name, each in texts.items()})


def _items(text: Any) -> Iterator[str]:
    if isinstance(text, ParallelText):
        yield from text.english
        yield from text.target
    elif isinstance(text, LabelledTexts):
        yield from text.texts
    else:
        yield from map(" ".join, text.words)
