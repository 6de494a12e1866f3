import subprocess
import sys

import pytest

from langsamp.errors import UserError
from langsamp.languages.table import (
    AREAS,
    FAMILY_GROUPS,
    check,
    describe,
    families,
    is_head,
    is_latin,
    lineage,
    notes,
    scripts,
    tags,
)
from langsamp.languages.tags import LangScript


def tag(text: str) -> LangScript:
    return LangScript.parse(text)


def test_every_tag_of_the_table_is_valid_and_described():
    known = tags()
    assert len(known) > 950
    assert list(known) == sorted(set(known))
    for each in known:
        info = describe(each)
        assert info.tag == each
        assert info.name
        assert info.family_group in FAMILY_GROUPS
        assert (info.family is None) == (info.family_name is None)
        assert info.direction in ("ltr", "rtl")


def test_only_bihari_has_no_family():
    assert {each.language for each in tags() if describe(each).family is None} == {"bih"}
    assert describe(tag("bih_Deva")).family_group == "other"


def test_what_is_known_of_one_tag():
    info = describe(tag("arb_Arab"))
    assert info.name == "Standard Arabic"
    assert (info.script_name, info.direction) == ("Arabic", "rtl")
    assert (info.family, info.family_name, info.family_group) == ("afro1255", "Afro-Asiatic", "afro1255")
    assert info.is_head
    assert info.macrolanguage == "ara"
    assert describe(tag("kat_Geor")).family_group == "other"


def test_members_are_those_in_the_table():
    members = describe(tag("swa_Latn")).members
    assert members == ("swc", "swh")
    for member in members:
        assert describe(LangScript(member, "Latn")).macrolanguage == "swa"


def test_direction_follows_the_script():
    rtl = {each.script for each in tags() if describe(each).direction == "rtl"}
    assert {"Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm"} <= rtl
    assert not rtl & {"Latn", "Cyrl", "Hans", "Jpan", "Mong", "Ethi"}


def test_a_valid_tag_outside_the_table_is_described():
    info = describe(tag("zun_Latn"))
    assert tag("zun_Latn") not in tags()
    assert (info.name, info.family, info.family_group, info.is_head) == ("Zuni", None, "other", False)
    other_script = describe(tag("deu_Hebr"))
    assert (other_script.family, other_script.direction, other_script.is_head) == ("indo1319", "rtl", False)


def test_head_and_latin():
    assert is_head(tag("deu_Latn"))
    assert not is_head(tag("kmr_Latn"))
    assert not is_head(tag("zun_Latn"))
    assert is_latin(tag("deu_Latn"))
    assert not is_latin(tag("rus_Cyrl"))


@pytest.mark.parametrize("text", ["ajp_Arab", "ara_Arab", "zho_Hans", "swa_Latn", "ber_Latn", "zun_Latn", "qaa_Latn"])
def test_codes_that_data_use_are_accepted(text):
    check(tag(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deo_Latn", ["'deo' is no language code", "Did you mean deu_Latn (German)"]),
        ("xqz_Latn", ["'xqz' is no language code"]),
        ("ger_Latn", ["bibliographic", "Did you mean 'deu_Latn'"]),
        ("aam_Latn", ["Aramanik", "retired", "2015-01-12", "merged into aas"]),
        ("aay_Latn", ["retired", "found not to exist"]),
        ("myn_Latn", ["Mayan languages", "not one language"]),
        ("und_Latn", ["not one language"]),
        ("deu_Latm", ["'Latm' is no script code", "Did you mean 'Latn'"]),
        ("deu_Zyyy", ["'Zyyy' is no script code"]),
        ("deu_Zxxx", ["'Zxxx' is no script code"]),
    ],
)
def test_codes_that_name_no_single_language_or_script_are_refused(text, said):
    for use in (check, describe, notes):
        with pytest.raises(UserError) as error:
            use(tag(text))
        assert str(error.value).startswith(f"{text}: ")
        for part in said:
            assert part in str(error.value)


def test_a_code_of_another_length_is_refused():
    with pytest.raises(UserError, match="two-letter code of 'deu'"):
        check(LangScript("de", "Latn"))
    with pytest.raises(UserError, match="no language code"):
        check(LangScript("german", "Latn"))


def test_all_macrolanguages_are_treated_alike():
    """Whether or not the table's sources use the code: a tag, a family where its members share one, a note."""
    from iso639 import iter_langs

    codes_of_all = [lang.pt3 for lang in iter_langs() if lang.pt3 and lang.scope() == "Macrolanguage"]
    assert len(codes_of_all) > 55
    for code in codes_of_all:
        info = describe(LangScript(code, "Latn"))
        assert any("is a macrolanguage; where the member is known, write its code" in note for note in notes(info.tag))
    assert describe(tag("zap_Latn")).family == describe(tag("zai_Latn")).family
    assert lineage("zap") == lineage("zai")[: len(lineage("zap"))] != ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ajp_Arab", "retired from ISO 639-3 on 2023-01-20: merged into apc"),
        ("ber_Latn", "group of languages"),
        ("swa_Latn", "macrolanguage; where the member is known, write its code: swc, swh."),
        ("swh_Latn", "member of the macrolanguage swa"),
        ("deu_Hebr", "counts as tail"),
        ("zun_Latn", "its family is unknown"),
    ],
)
def test_notes_say_what_is_special(text, said):
    assert any(said in note for note in notes(tag(text)))


def test_an_ordinary_tag_has_no_notes():
    assert notes(tag("deu_Latn")) == []


def test_names_of_families_and_scripts():
    assert families()["indo1319"] == "Indo-European"
    assert set(FAMILY_GROUPS[:-1]) <= families().keys()
    assert scripts()["Deva"] == "Devanagari"
    assert {each.script for each in tags()} <= scripts().keys()


def test_importing_and_selecting_loads_no_slow_library():
    program = (
        "import sys; from langsamp.languages.select import select; from langsamp.languages.table import tags; "
        "select('tail+latin,Yoruba', tags()); "
        "print(sorted({'iso639', 'fontTools', 'babel', 'torch', 'pandas', 'numpy'} & sys.modules.keys()))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_where_a_language_is_at_home():
    info = describe(tag("swh_Latn"))
    assert info.area == "Africa"
    assert info.coordinates == (-8.26, 37.62)
    assert describe(tag("swa_Latn"))[-2:] == ("Africa", None)  # a macrolanguage: the area of its members, no place
    assert describe(tag("tok_Latn"))[-2:] == describe(tag("zun_Latn"))[-2:] == (None, None)
    for each in tags():
        info = describe(each)
        assert info.area in (*AREAS, None)
        assert info.coordinates is None or (-90 <= info.coordinates[0] <= 90 and -180 <= info.coordinates[1] <= 180)
    constructed = {"ido", "ile", "jbo", "nov", "tlh", "tok", "vol"}
    assert {each.language for each in tags() if describe(each).area is None} == constructed
