"""The tasks by name. A new one is one record here and, at most, one reader.

Users add theirs with `register_task`, or with a YAML file (`task_files`) named where a task's name may stand.
"""

from pathlib import Path

from langsamp.errors import UserError, did_you_mean
from langsamp.evaluation.readers.parallel import CldrPairs, PairFiles
from langsamp.evaluation.task import Task

_RETRIEVAL = "English sentences are queries; a hit is the aligned sentence among the 10 nearest of the target language"

TASKS: dict[str, Task] = {
    each.name: each
    for each in (
        Task(
            name="sr-bible",
            measures=f"Sentence retrieval over Bible verses (SR-B). {_RETRIEVAL}.",
            kind="retrieval",
            metric="top10_accuracy",
            open=lambda where: PairFiles.find("bible", where.data),
            languages="every tag with a pair of files; 369 in the paper, 500 verses each",
            licence="that of each Bible translation; many may not be redistributed",
        ),
        Task(
            name="sr-tatoeba",
            measures=f"Sentence retrieval over Tatoeba sentences (SR-T). {_RETRIEVAL}.",
            kind="retrieval",
            metric="top10_accuracy",
            open=lambda where: PairFiles.find("tatoeba", where.data),
            languages="every tag with a pair of files; 98 in the paper, up to 1,000 sentences each",
            licence="CC BY 2.0 FR",
        ),
        Task(
            name="sr-cldr",
            measures=f"Sentence retrieval over sentences rendered from CLDR, without digits. {_RETRIEVAL}.",
            kind="retrieval",
            metric="top10_accuracy",
            open=lambda where: CldrPairs(seed=where.seed),
            draws=True,
            languages="every tag of the embedded corpus",
            licence="Unicode License v3 (CLDR, through Babel)",
        ),
    )
}


def register_task(new: Task) -> Task:
    """Make `new` known by its name, and return it.

    Raises:
        UserError: where another task has the name, or the record cannot work.
    """
    if new.name in TASKS and TASKS[new.name] != new:
        raise UserError(f"there is a task {new.name!r} already; choose another name")
    if (new.kind == "retrieval") != (not new.labels):
        raise UserError(
            f"task {new.name}: a task has labels exactly where it is no retrieval, got {len(new.labels)} labels for "
            f"the kind {new.kind}"
        )
    TASKS[new.name] = new
    return new


def task(name: str) -> Task:
    """The task called `name`, or the one that the YAML file `name` describes.

    Raises:
        UserError: where there is none; only a close match is suggested.
    """
    if name.endswith((".yaml", ".yml")):
        from langsamp.evaluation.task_files import load_task

        return load_task(Path(name))
    if name not in TASKS:
        raise UserError(f"no task {name!r}.{did_you_mean(name, TASKS)} Tasks: {', '.join(TASKS)}, or a YAML file")
    return TASKS[name]
