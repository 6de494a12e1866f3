"""Laws of the vector analysis on tables small enough to check by hand."""

import numpy as np
import pytest

from langsamp.analysis.vectors.neighbours import cosine, nearest, neighbour_purity, project, trained
from langsamp.errors import DataMissingError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning


def conditioning(
    vectors: dict[str, list[float]], *, untrained: tuple[str, ...] = (), variant: str = "language"
) -> Conditioning:
    tags = [LangScript(code, "Latn") for code in vectors]
    return Conditioning(
        variant=variant,
        ids=LanguageIds.of(tags),
        rows_seen={tag: 0 if tag.language in untrained else 10 for tag in tags},
        language=np.array([vectors[code] for code in sorted(vectors)], dtype=np.float32),
        script=None,
    )


def test_nearest_is_ordered_by_cosine_not_by_length():
    table = conditioning({"aaa": [1, 0], "bbb": [100, 10], "ccc": [0, 1], "ddd": [-1, 0]})
    assert [code for code, _ in nearest(table, k=3)["aaa"]] == ["bbb", "ccc", "ddd"]
    assert nearest(table, k=3)["aaa"][1][1] == pytest.approx(0.0)
    assert nearest(table, k=3)["aaa"][2][1] == pytest.approx(-1.0)


def test_an_untrained_vector_is_nobodys_neighbour_and_is_named():
    table = conditioning({"aaa": [1, 0], "bbb": [1, 0.1], "ccc": [0, 1]}, untrained=("bbb",))
    found = nearest(table, k=5)
    assert set(found) == {"aaa", "ccc"}
    assert all(code != "bbb" for pairs in found.values() for code, _ in pairs)
    assert trained(table).untrained == ("bbb",)


def test_centring_removes_what_all_vectors_share():
    table = conditioning({"aaa": [101, 100], "bbb": [100, 101], "ccc": [99, 99]})
    assert nearest(table, k=2)["aaa"][0][1] > 0.99
    assert nearest(table, k=2, centred=True)["aaa"][-1][1] < 0


def test_a_table_that_was_off_is_an_error_that_names_the_variant():
    with pytest.raises(DataMissingError, match=r"no script vectors.*'language'"):
        nearest(conditioning({"aaa": [1, 0], "bbb": [0, 1]}), "script")


def test_projection_keeps_distances_of_flat_vectors_and_does_not_depend_on_sign():
    flat = np.array([[3.0, 0, 0], [0, 1, 0], [-3, 0, 0], [0, -1, 0]])
    picture = project(flat)
    assert picture.shares == pytest.approx((0.9, 0.1))
    apart = np.linalg.norm(picture.coordinates[:, None] - picture.coordinates[None], axis=-1)
    assert apart == pytest.approx(np.linalg.norm(flat[:, None] - flat[None], axis=-1))
    assert np.array_equal(project(flat).coordinates, picture.coordinates)


def test_equal_vectors_have_a_picture_without_a_share():
    assert project(np.ones((3, 4))).shares == (0.0, 0.0)


def test_a_vector_of_length_zero_has_cosine_zero():
    assert cosine(np.array([[0.0, 0.0], [1.0, 0.0]]))[0].tolist() == [0.0, 0.0]


def test_purity_is_one_for_separated_families_and_far_above_the_null():
    rng = np.random.default_rng(3)
    codes = [f"{letter}a{chr(97 + i)}" for letter in "xyz" for i in range(8)]
    centres = {"x": [9.0, 0, 0], "y": [0, 9.0, 0], "z": [0, 0, 9.0]}
    table = conditioning({code: list(centres[code[0]] + rng.normal(size=3)) for code in codes})
    purity = neighbour_purity(trained(table), {code: code[0] for code in codes}, k=5, shuffles=200)
    assert purity.observed == 1.0
    assert purity.expected == pytest.approx(7 / 23, abs=0.03)
    assert purity.p_value == pytest.approx(1 / 201)


def test_purity_leaves_out_labels_of_one_and_refuses_too_few():
    table = conditioning({"aaa": [1, 0], "bbb": [1, 0.1], "ccc": [0, 1]})
    with pytest.raises(DataMissingError, match="got 2"):
        neighbour_purity(trained(table), {"aaa": "x", "bbb": "x", "ccc": "y"})
