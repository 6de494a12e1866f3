"""What a reader of a user's own gives, held against what its task needs, before anything is made of it."""

from collections.abc import Sequence
from typing import Any

from langsamp.errors import UserError
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences, TrainAndDev
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.evaluation.tasks.task import Kind
from langsamp.languages.tags import LangScript

_TEXTS: dict[Kind, type[Any]] = {
    "retrieval": ParallelText,
    "sequence-classification": LabelledTexts,
    "token-classification": TaggedSentences,
}


class CheckedReader:
    """A reader whose tags are tags and whose texts are of its task's kind; all else is the reader's own."""

    def __init__(self, reader: Any, *, task: str, kind: Kind) -> None:
        """Take what the `open` of the task called `task` gave.

        Raises:
            UserError: where it is no reader of the `kind`.
        """
        self._reader, self._task, self._text = reader, task, _TEXTS[kind]
        parts = ("tags", "read") if kind == "retrieval" else ("tags", "read", "sources", "training")
        if missing := [part for part in parts if not hasattr(reader, part)]:
            raise UserError(
                f"task {task}: its `open` gave {_named(reader)}; expected a reader with {', '.join(parts)}, it lacks "
                f"{', '.join(missing)}"
            )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    @property
    def tags(self) -> Sequence[LangScript]:
        """The tags with a test set."""
        return self._tags("tags")

    @property
    def sources(self) -> Sequence[LangScript]:
        """The tags with a train and a dev set."""
        return self._tags("sources")

    @property
    def notes(self) -> Sequence[str]:
        """What was left out; a reader need not say."""
        return tuple(getattr(self._reader, "notes", ()))

    def read(self, tag: LangScript) -> Any:
        """The test set of one tag.

        Raises:
            UserError: as the reader does, and where it gives anything but a text of the task's kind.
        """
        return self._checked(self._reader.read(tag), f"`read` for {tag}", self._text)

    def training(self, source: LangScript) -> TrainAndDev[Any]:
        """The train and dev set of one source; errors as in `read`."""
        called = f"`training` for {source}"
        both: TrainAndDev[Any] = self._checked(self._reader.training(source), called, TrainAndDev)
        for part in (both.train, both.dev):
            self._checked(part, f"a part of {called}", self._text)
        return both

    def _tags(self, name: str) -> list[LangScript]:
        tags = getattr(self._reader, name)
        if isinstance(tags, str) or not hasattr(tags, "__iter__"):
            raise UserError(f"task {self._task}: `{name}` of its reader is {_named(tags)}; expected a list of tags")
        for tag in (tags := list(tags)):
            if not isinstance(tag, LangScript):
                raise UserError(
                    f"task {self._task}: `{name}` of its reader holds {tag!r}, {_named(tag)}; expected tags, each a "
                    "LangScript such as LangScript.parse('swh_Latn')"
                )
        return tags

    def _checked(self, given: Any, called: str, wanted: type[Any]) -> Any:
        if not isinstance(given, wanted):
            raise UserError(f"task {self._task}: {called} gave {_named(given)}; expected {wanted.__name__}")
        return given


def _named(given: Any) -> str:
    return "nothing" if given is None else f"a {type(given).__name__}"
