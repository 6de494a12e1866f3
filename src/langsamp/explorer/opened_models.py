"""The models of one explorer: loaded when a panel first needs them, and kept."""

from collections.abc import Callable, Sequence
from functools import cached_property, wraps
from html import escape
from pathlib import Path
from typing import Any, ParamSpec

from langsamp.analysis.model_refs import ModelRef
from langsamp.disk.files import read_json
from langsamp.errors import UserError
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.explorer.fill_mask import MaskFiller, check_whole
from langsamp.explorer.fragments import trouble
from langsamp.model.conditioning import Conditioning

P = ParamSpec("P")
Answer = tuple[str, str]
"""What a panel shows: HTML, and the Python call that gives the same."""


class Opened:
    """One model and what was loaded of it."""

    def __init__(self, subject: ModelRef) -> None:
        """Take a model without reading its weights."""
        self.subject = subject

    @property
    def name(self) -> str:
        """What the page calls it."""
        return self.subject.name

    @property
    def word(self) -> str:
        """What `find_model_refs` takes for it."""
        return f"{self.subject.run}:{self.name}" if self.subject.run else str(self.subject.folder)

    @cached_property
    def conditioning(self) -> Conditioning | None:
        """Its vectors and rows seen; None for a model that we did not train."""
        return self.subject.conditioning()

    @cached_property
    def filler(self) -> MaskFiller:
        """The masked LM with its vectors."""
        return MaskFiller(self.subject.folder)

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder."""
        return Encoder.load(self.subject.folder)


def open_models(subjects: Sequence[ModelRef]) -> dict[str, Opened]:
    """Models by the name that the page shows: those with vectors first, equal names told apart by their folders."""
    names = [subject.name for subject in subjects]
    ordered = sorted(subjects, key=lambda subject: not subject.has_vectors)
    opened = map(Opened, ordered)
    return {each.name if names.count(each.name) == 1 else each.word: each for each in opened}


def showing_errors(answer: Callable[P, Answer]) -> Callable[P, Answer]:
    """`answer`, with a message in its place where the input cannot be used."""

    @wraps(answer)
    def told_answer(*words: P.args, **named: P.kwargs) -> Answer:
        try:
            return answer(*words, **named)
        except UserError as error:
            return trouble(str(error)), ""

    return told_answer


def limited(text: str, most: int) -> str:
    """`text` if it has `most` characters at most, each of them whole.

    Raises:
        UserError: where it has more, or half of a pair of surrogates, as JSON may hold.
    """
    if len(text) > most:
        raise UserError(f"the text has {len(text):,} characters, expected at most {most:,}: shorten it")
    return check_whole(text)


def examples() -> dict[str, dict[str, Any]]:
    """Sentences that the panels begin with: `masked` by language, `parallel` by tag."""
    return dict(read_json(Path(__file__).with_name("examples.json")))


def heading(text: str) -> str:
    """A panel's first sentence."""
    return f'<p class="lead">{escape(text)}</p>'
