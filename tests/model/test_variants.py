"""Names of variants and of trainings say what they are, and come back from it."""

import pytest

from langsamp.model.variants import DISPLAY_NAMES, VARIANTS, Training, parts_of, training_of
from langsamp.render.palette import VARIANT_COLOURS


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_has_a_name_a_colour_and_trainings(variant: str) -> None:
    assert variant in DISPLAY_NAMES and variant in VARIANT_COLOURS
    assert training_of(f"{variant}-12") == Training("", variant, 12)
    assert training_of(f"a/b:{variant}-0").side == f"a/b:{variant}"


@pytest.mark.parametrize(
    "name", ["xlm-r", "bert-2", "both", "both-", "both@output-1", "both-1/export", "paper:langsamp"]
)
def test_other_names_are_no_trainings(name: str) -> None:
    assert training_of(name) is None


def test_no_two_variants_are_the_same_thing_or_look_the_same() -> None:
    assert len({parts_of(variant) for variant in VARIANTS}) == len(VARIANTS)
    assert len(set(DISPLAY_NAMES.values())) == len(set(VARIANT_COLOURS.values())) == len(VARIANTS)


def test_the_parts_of_the_control_and_of_the_other_placement() -> None:
    assert parts_of("none") == ((), "output", False)
    assert parts_of("script@input") == (("script",), "input", False)
    assert parts_of("both@shuffled") == (("language", "script"), "output", True)
