"""All sentences that an evaluation tests on, to be looked for in training text."""

from collections.abc import Iterator
from typing import Any

from langsamp.data.contamination import TaskSentences
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.materials import read_tests
from langsamp.evaluation.readers.examples import LabelledTexts
from langsamp.evaluation.readers.parallel import ParallelText
from langsamp.evaluation.tasks import task


def sentences_of_tests(config: EvaluationConfig, *, without_embedded: bool) -> TaskSentences | None:
    """Every test item of the evaluation's tasks and languages: both sides of parallel text, texts, joined words.

    Languages that cannot be read are left out; evaluating says so. With `without_embedded` so are the tasks drawn from
    CLDR, whose items are drawn apart from the embedded corpus. None where no task is left.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for an unknown language.
    """
    names = [name for name in config.tasks if not (task(name).draws and without_embedded)]
    if not names:
        return None
    texts = read_tests(config, names)
    return TaskSentences.of({name: [item for text in each for item in _items(text)] for name, each in texts.items()})


def _items(text: Any) -> Iterator[str]:
    if isinstance(text, ParallelText):
        yield from text.english
        yield from text.target
    elif isinstance(text, LabelledTexts):
        yield from text.texts
    else:
        yield from map(" ".join, text.words)
