import pytest

from langsamp.languages.search import fold, named, search
from langsamp.languages.tags import LangScript


def found(query: str) -> list[str]:
    return [str(info.tag) for info in search(query)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("deu", "deu_Latn"),
        ("deu_Latn", "deu_Latn"),
        ("DE", "deu_Latn"),
        ("german", "deu_Latn"),
        ("Castilian", "spa_Latn"),
        ("gErmn", "deu_Latn"),
        ("norwegian bokmal", "nob_Latn"),
        ("kiche", "quc_Latn"),
        ("greek", "ell_Grek"),
        ("zh", "zho_Hani"),
    ],
)
def test_the_best_match_comes_first(query, first):
    assert found(query)[0] == first


def test_a_language_is_found_in_all_its_scripts_head_first():
    assert found("kurdish")[:2] == ["kur_Latn", "kur_Arab"]
    assert set(found("Sanskrit")) >= {"san_Deva", "san_Latn", "san_Tibt"}


def test_scripts_families_and_macrolanguages_are_found():
    assert {tag[4:] for tag in found("Devanagari")} == {"Deva"}
    assert found("deva") == found("Devanagari")
    assert found("turk1311") == found("Turkic")
    assert {"kaz_Cyrl", "tur_Latn"} <= set(found("turkic"))
    assert found("swa")[:3] == ["swa_Latn", "swh_Latn", "swc_Latn"]


@pytest.mark.parametrize("query", ["", "  ", "?!", "qqqqqq"])
def test_nothing_fits(query):
    assert search(query) == []


def test_searching_among_some_tags_only():
    some = [LangScript.parse("swh_Latn"), LangScript.parse("deu_Latn")]
    assert [info.tag for info in search("swahili", among=some)] == some[:1]


def test_a_name_with_its_remark_is_tried_before_the_bare_name():
    both = [LangScript.parse("swa_Latn"), LangScript.parse("swh_Latn")]
    assert named("Swahili (individual language)", both) == both[1:]
    assert named("Swahili", both) == both
    assert named("Swahil", both) == []


def test_folding():
    assert fold("  Norwegian  Bokmål ") == fold("norwegian bokmal")
    assert fold("K'iche'") == fold("K’iche’") == "kiche"
    assert fold("Indo-European") == fold("indo european")
