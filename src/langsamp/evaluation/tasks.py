"""The tasks: which data, which way of scoring, which number. A new task is one record and, at most, one reader."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from langsamp.errors import UserError, did_you_mean
from langsamp.evaluation.readers.parallel import ENGLISH, CldrPairs, PairFiles, ParallelReader
from langsamp.languages.tags import LangScript


@dataclass(frozen=True, kw_only=True)
class Task:
    """One column of the results table.

    `kind` names the way of scoring, an entry of `kinds.KINDS`; the word protocol is kept for `fixed` and `paper`.
    """

    name: str
    measures: str
    """What a high score means, in one sentence."""
    kind: str
    metric: str
    """The main number; its controls stand beside it under names of their own."""
    open: Callable[[Path | None, int], ParallelReader]
    """Reader over (data folder, seed): `tags` lists what is there, `read(tag)` gives text with its content revision."""
    draws: bool = False
    """True where the data depend on the seed."""
    source: LangScript = ENGLISH
    languages: str
    licence: str


_RETRIEVAL = "English sentences are queries; a hit is the aligned sentence among the 10 nearest of the target language"

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            name="sr-bible",
            measures=f"Sentence retrieval over Bible verses (SR-B). {_RETRIEVAL}.",
            kind="retrieval",
            metric="top10_accuracy",
            open=lambda data, seed: PairFiles.find("bible", data),
            languages="every tag with a pair of files; 369 in the paper, 500 verses each",
            licence="that of each Bible translation; many may not be redistributed",
        ),
        Task(
            name="sr-tatoeba",
            measures=f"Sentence retrieval over Tatoeba sentences (SR-T). {_RETRIEVAL}.",
            kind="retrieval",
            metric="top10_accuracy",
            open=lambda data, seed: PairFiles.find("tatoeba", data),
            languages="every tag with a pair of files; 98 in the paper, up to 1,000 sentences each",
            licence="CC BY 2.0 FR",
        ),
        Task(
            name="sr-cldr",
            measures=f"Sentence retrieval over sentences rendered from CLDR, without digits. {_RETRIEVAL}.",
            kind="retrieval",
            metric="top10_accuracy",
            open=lambda data, seed: CldrPairs(seed=seed),
            draws=True,
            languages="every tag of the embedded corpus",
            licence="Unicode License v3 (CLDR, through Babel)",
        ),
    )
}


def task(name: str) -> Task:
    """The task called `name`.

    Raises:
        UserError: where there is none; only a close match is suggested.
    """
    if name not in TASKS:
        raise UserError(f"no task {name!r}.{did_you_mean(name, TASKS)} Tasks: {', '.join(TASKS)}")
    return TASKS[name]
