"""The sides of a report: what stands beside each other in it, how readers call it, and how charts draw it.

A side is one model, or all trainings of one variant of a run: `none-0` and `none-1` are the side `none`. Where inputs
of a report have models of one name, a side has its place before it, `first:none`; published scores are
`paper:baseline` and the like.
"""

from collections.abc import Iterable, Sequence

from langsamp.errors import UserError, did_you_mean
from langsamp.model.variants import DISPLAY_NAMES, START, START_NAME, parts_of, split_side, training_of
from langsamp.render.palette import BLUE, GREEN, OLIVE, OTHER, PURPLE, SKY, VARIANT_COLOURS, VERMILION, Mark
from langsamp.render.svg import INK
from langsamp.scores.published import PREFIX

_PUBLISHED = {"baseline": "baseline", "langsamp": "LangSAMP", "donors": "LangSAMP by donors"}
_SHAPES = ("D", "s", "^", "v", "P", "X", "p", "h")
_FREE = (BLUE, VERMILION, GREEN, PURPLE, SKY, OLIVE)
"""Colours for sides that are no variant; orange is the baseline's."""
_NAMES = {**DISPLAY_NAMES, START: START_NAME}


def split_name(name: str) -> tuple[str, str]:
    """Side and training seed of a model's name: `both-1` is `both` and `1`, `xlm-r` and `bert-2` are sides."""
    training = training_of(name)
    return (training.side, str(training.seed)) if training else (name, "0")


def variant_of(side: str) -> str:
    """The variant that a side is, without its place: `none` of `first:none`; any other name as it is."""
    return split_side(side)[1]


def side_name(side: str) -> str:
    """What readers call a side: `Baseline`, `first: LangSAMP`, `paper: baseline`."""
    run_prefix, variant = split_side(side)
    if side.startswith(PREFIX):
        return f"paper: {_PUBLISHED.get(variant, variant)}"
    return f"{run_prefix} {_NAMES[variant]}" if run_prefix and variant in _NAMES else _NAMES.get(side, side)


def meanings_of_sides(sides: Iterable[str]) -> dict[str, str]:
    """What each variant among some sides is, by its readers' name, in a sentence."""
    variants = {variant_of(side) for side in sides}
    return {name: _meaning(variant) for variant, name in _NAMES.items() if variant in variants}


def _meaning(variant: str) -> str:
    if variant == START:
        return "The encoder that the trainings continue from, as it was before."
    parts = parts_of(variant)
    if not parts.tables:
        return "Trained on the same rows without any vectors."
    vectors = " and ".join(f"a {table} vector" for table in parts.tables)
    where = "to the token embeddings, as in XLM" if parts.placement == "input" else "to the encoder's output"
    control = ", those of a random row: a control, as the vectors then say nothing of the text" * parts.is_shuffled
    return f"Trained with {vectors} added {where}{control}."


def is_baseline(side: str) -> bool:
    """Whether a side is a baseline by its name: trained without vectors, or the paper's."""
    return variant_of(side) == "none" or side == "paper:baseline"


def is_langsamp(side: str) -> bool:
    """Whether a side is LangSAMP itself by its name, with both vectors."""
    return variant_of(side) == "both" or side == "paper:langsamp"


def is_start(side: str) -> bool:
    """Whether a side is what a run's trainings continue from, by its name."""
    return variant_of(side) == START


def in_order(sides: Iterable[str], *, first: str | None = None) -> list[str]:
    """Each side once: `first` if it is there, then those of one place together, variants as in `DISPLAY_NAMES`."""
    sides = list(dict.fromkeys(sides))
    places = list(dict.fromkeys(split_side(side)[0] for side in sides))
    variants = list(DISPLAY_NAMES)

    def rank(side: str) -> tuple[bool, int, int, str]:
        run_prefix, variant = split_side(side)
        at = variants.index(variant) if variant in variants else len(variants)
        return side != first, places.index(run_prefix), at, side

    return sorted(sides, key=rank)


def choose_baseline(sides: Sequence[str], wanted: str | None, *, several: bool) -> str | None:
    """The side that every other one is compared with: the one wanted, else a baseline by its name.

    Where none is called so it is a start, else the first side, but only where `several` models were named to stand side
    by side: one run without a baseline has none.

    Raises:
        UserError: where there is no side as wanted.
    """
    if wanted is None:
        first = next(filter(is_start, sides), sides[0]) if several and sides else None
        return next(filter(is_baseline, sides), first)
    for side in sides:
        if wanted in (side, side_name(side)):
            return side
    names = ", ".join(sides) or "none"
    raise UserError(f"no model {wanted!r} to be the baseline.{did_you_mean(wanted, sides)} The report is about {names}")


def looks(sides: Sequence[str]) -> dict[str, Mark]:
    """Name, colour and shape of each side, the same in every chart of a report; no two sides share both."""
    marks: dict[str, Mark] = {}
    for number, side in enumerate(sides):
        taken = {mark.colour for mark in marks.values()}
        wished = VARIANT_COLOURS.get("none" if is_baseline(side) else variant_of(side))
        wished = VARIANT_COLOURS["both"] if is_langsamp(side) else INK if is_start(side) else wished
        free = [colour for colour in (wished, *_FREE) if colour is not None and colour not in taken]
        shape = "o" if number == 0 else _SHAPES[(number - 1) % len(_SHAPES)]
        marks[side] = Mark(free[0] if free else OTHER.colour, shape, side_name(side))
    return marks
