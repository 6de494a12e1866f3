"""A task by the name that a user gives: one that is registered, or one that a YAML file describes."""

from pathlib import Path

from langsamp.errors import UserError, did_you_mean
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.evaluation.tasks.task import Task
from langsamp.evaluation.tasks.yaml_file import load_task


def task(name: str) -> Task:
    """The task called `name`, or the one that the YAML file `name` describes.

    Raises:
        UserError: where there is none; only a close match is suggested.
    """
    if name.endswith((".yaml", ".yml")):
        return load_task(Path(name))
    if name not in TASKS:
        raise UserError(f"no task {name!r}.{did_you_mean(name, TASKS)} Tasks: {', '.join(TASKS)}, or a YAML file")
    return TASKS[name]
