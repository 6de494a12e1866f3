"""The variants of a model: which tables are on, where their vectors are added, and whose ids a row gets.

A variant is named by its tables, with what sets it apart from LangSAMP after an `@`: `both` adds both vectors to the
encoder's output, `both@input` to its token embeddings; `both@shuffled` is the control whose rows get other rows' ids.
"""

import re
from typing import Literal, NamedTuple, get_args

Variant = Literal[
    "none", "language", "script", "both", "language@input", "script@input", "both@input", "both@shuffled"
]  # fmt: skip
VARIANTS: tuple[Variant, ...] = get_args(Variant)
"""In the order in which they are trained."""

Placement = Literal["output", "input"]

DISPLAY_NAMES = {
    "none": "Baseline",
    "both": "LangSAMP",
    "language": "Language only",
    "script": "Script only",
    "both@input": "Both at the input",
    "language@input": "Language at the input",
    "script@input": "Script at the input",
    "both@shuffled": "Shuffled ids",
}
"""What readers call the variants, in the order in which tables and charts show them."""

BASELINE: Variant = "none"
"""The variant that every other one of a run is compared with."""

START, START_NAME = "start", "Start"
"""The encoder that a run's trainings continue from, as a model among them, and what readers call it; no variant."""


class Parts(NamedTuple):
    """What the name of a variant says."""

    tables: tuple[str, ...]
    """The tables that are on: `language`, `script`."""
    placement: Placement
    """`output`: added to the transformer output before the LM head (LangSAMP). `input`: to the token embeddings."""
    is_shuffled: bool
    """Whether a row gets the ids of a random row of its step, so that the vectors say nothing of its text."""


def parts_of(variant: str) -> Parts:
    """What a variant is; `variant` is one of `VARIANTS`, as recipes and checkpoints hold it."""
    tables, _, change = variant.partition("@")
    return Parts(
        tables={"none": (), "both": ("language", "script")}.get(tables, (tables,)),
        placement="input" if change == "input" else "output",
        is_shuffled=change == "shuffled",
    )


class Training(NamedTuple):
    """What the name of a training says."""

    run_prefix: str
    """`first:` where several tables had models of its name (`scores.reading`), else empty."""
    variant: str
    seed: int

    @property
    def side(self) -> str:
        """Its variant with its place, which all trainings of the variant share."""
        return self.run_prefix + self.variant


def training_of(name: str) -> Training | None:
    """What `both-0`, `both@input-3` or `first:none-1` says; None for the name of any other model."""
    match = _TRAINING.fullmatch(name)
    return Training(match[1] or "", match[2], int(match[3])) if match else None


def split_side(side: str) -> tuple[str, str]:
    """Place and variant of what all trainings of a variant share: `first:` and `both` of `first:both`."""
    at = side.rfind(":") + 1
    return side[:at], side[at:]


_TRAINING = re.compile(rf"(.*:)?({'|'.join(map(re.escape, VARIANTS))})-(\d+)")
