"""Numbers are written alike everywhere."""

import pytest

from langsamp.render.numbers import probability


@pytest.mark.parametrize(
    ("value", "text"),
    [(1 / 1001, "0.001"), (0.0191, "0.019"), (4e-4, "4e-04"), (5e-32, "5e-32"), (0.0, "0")],
)
def test_a_probability_has_an_exponent_only_below_a_thousandth(value: float, text: str) -> None:
    assert probability(value) == text
