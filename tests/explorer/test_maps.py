"""The map: every trained language is one dot, in its place."""

import numpy as np
import pytest

from langsamp.errors import DataMissingError, UserError
from langsamp.explorer.maps import language_map
from langsamp.languages.ids import LanguageIds
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from langsamp.render.charts.heatmap import similarity_heatmap
from langsamp.render.svg import inline_svg

TAGS = [LangScript.parse(tag) for tag in ("arb_Arab", "deu_Latn", "epo_Latn", "fra_Latn", "hin_Deva", "rus_Cyrl")]
SEEN = [tag for tag in TAGS if tag.language != "fra"]


def conditioning(*, variant: str = "both", tags: list[LangScript] = TAGS) -> Conditioning:
    rng, ids = np.random.default_rng(0), LanguageIds.of(tags)
    return Conditioning(
        variant=variant,
        ids=ids,
        rows_seen={tag: 0 if tag.language == "fra" else 10 + place for place, tag in enumerate(tags)},
        language=rng.normal(size=(len(ids.languages), 8)).astype(np.float32) if variant == "both" else None,
        script=rng.normal(size=(len(ids.scripts), 8)).astype(np.float32) if variant == "both" else None,
    )


def titles(picture) -> list[str]:
    return [title for own in picture.chart.titles.values() for title in own]


@pytest.mark.parametrize("colour", ["family", "script"])
def test_every_trained_language_is_a_dot_and_the_untrained_is_named(colour) -> None:
    picture = language_map(conditioning(), colour=colour)
    assert len(titles(picture)) == len(SEEN)
    assert picture.left_out == ("fra",)
    assert any(title.startswith("German (deu): Indo-European, Latin, 11 rows; nearest: ") for title in titles(picture))
    assert inline_svg(picture.chart.figure, name="m", summary="s", titles=picture.chart.titles).count("<title>") == 5


def test_places_are_those_of_glottolog_and_homeless_languages_are_named() -> None:
    picture = language_map(conditioning(), by="places")
    homes = {tag.language: describe(tag).coordinates for tag in SEEN}
    homeless = {code for code, place in homes.items() if place is None}
    assert set(picture.left_out) == homeless | {"fra"}
    drawn = np.vstack([dots.get_offsets() for dots in picture.chart.figure.axes[0].collections])
    expected = [place[::-1] for place in homes.values() if place is not None]
    assert sorted(map(tuple, drawn.tolist())) == sorted(expected)


def test_scripts_have_a_map_of_their_own() -> None:
    assert {title.partition(" ")[0] for title in titles(language_map(conditioning(), table="script"))} == {
        "Arabic", "Latin", "Devanagari", "Cyrillic",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ({"table": "script", "by": "places"}, UserError, "no place"),
        ({"by": "size"}, UserError, "expected one of vectors, places, got 'size'"),
        ({"colour": "red"}, UserError, "expected one of family, script"),
    ],
)
def test_what_cannot_be_drawn_is_said(words, error, message) -> None:
    with pytest.raises(error, match=message):
        language_map(conditioning(), **words)


def test_too_few_vectors_or_none_are_said() -> None:
    with pytest.raises(DataMissingError, match="3 trained ones or more; the model has 2"):
        language_map(conditioning(tags=TAGS[:2]))
    with pytest.raises(DataMissingError, match="variant is 'none'"):
        language_map(conditioning(variant="none"))


def test_a_heatmap_writes_each_number_once() -> None:
    matrix = np.array([[1, -0.25, 0.5], [-0.25, 1, 0.75], [0.5, 0.75, 1]])
    chart = similarity_heatmap(["deu_Latn", "fra_Latn", "hin_Deva"], matrix, low=-0.3, title="Layer 3")
    said = [text.get_text() for text in chart.figure.axes[0].texts]
    assert said == ["1.00", "−0.25", "0.50", "−0.25", "1.00", "0.75", "0.50", "0.75", "1.00"]
