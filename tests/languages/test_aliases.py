import pytest
from hypothesis import given
from hypothesis import strategies as st

from langsamp.languages import codes
from langsamp.languages.aliases import ALIASES, aliases, describe_use, match
from langsamp.languages.table import check, tags
from langsamp.languages.tags import LangScript

_MANY = "zho_Hani zho_Hans zho_Hant cmn_Hani cmn_Hans yue_Hani yue_Hant que_Latn quy_Latn quz_Latn"
_ONE = "ara_Arab arb_Arab swa_Latn swh_Latn tgl_Latn fil_Latn kur_Latn kmr_Latn"
_NONE = "ary_Arab swc_Latn kur_Arab deu_Latn"
CROWD = [LangScript.parse(text) for text in f"{_MANY} {_ONE} {_NONE}".split()]
"""Tags with several aliases, with one, and with none."""
SETS = st.sets(st.sampled_from(CROWD))
NOT_OF_CLDR = {("nor", "nob"), ("pus", "pbt"), ("que", "quy")}


def these(texts: str) -> list[LangScript]:
    return [LangScript.parse(text) for text in texts.split()]


def matched(wanted: str, among: str) -> dict[str, str]:
    return {str(tag): str(other) for tag, other in match(these(wanted), these(among)).items()}


@given(wanted=SETS, among=SETS)
def test_a_match_is_one_to_one_and_each_direction_inverts_the_other(wanted, among):
    found = match(wanted, among)
    assert match(among, wanted) == {other: tag for tag, other in found.items()}
    assert len(set(found.values())) == len(found)
    assert found.keys() <= wanted
    assert set(found.values()) <= among
    assert {tag for tag in found if found[tag] == tag} == wanted & among
    for tag, other in found.items():
        assert tag == other or (other in aliases(tag) and other not in wanted and tag not in among)


@given(wanted=SETS, among=SETS, data=st.data())
def test_no_order_matters_but_that_of_the_wanted_is_kept(wanted, among, data):
    order = data.draw(st.permutations(sorted(wanted)))
    found = match(order, data.draw(st.permutations(sorted(among))))
    assert found == match(wanted, among)
    assert list(found) == [tag for tag in order if tag in found]


@given(wanted=SETS, among=SETS)
def test_no_alias_is_missed_that_could_be_meant_in_one_way_only(wanted, among):
    found = match(wanted, among)
    for tag in wanted - found.keys():
        here = aliases(tag) & among
        assert len(here) != 1 or here & wanted or len(aliases(next(iter(here))) & wanted) > 1


@pytest.mark.parametrize(
    ("wanted", "among", "expected"),
    [
        ("swa_Latn", "swh_Latn swc_Latn deu_Latn", {"swa_Latn": "swh_Latn"}),
        ("swh_Latn", "swa_Latn", {"swh_Latn": "swa_Latn"}),
        ("swc_Latn", "swa_Latn", {}),
        ("swa_Latn swh_Latn", "swh_Latn", {"swh_Latn": "swh_Latn"}),
        ("swa_Latn", "swa_Latn swh_Latn", {"swa_Latn": "swa_Latn"}),
        ("zho_Hani", "cmn_Hani yue_Hani", {"zho_Hani": "cmn_Hani"}),
        ("zho_Hani", "zho_Hans", {"zho_Hani": "zho_Hans"}),
        ("zho_Hani", "zho_Hans zho_Hant", {}),
        ("zho_Hani cmn_Hani", "zho_Hans", {}),
        ("zho_Hans", "zho_Hant", {}),
        ("cmn_Hani", "zho_Hans", {"cmn_Hani": "zho_Hans"}),
        ("yue_Hani", "yue_Hant zho_Hant", {"yue_Hani": "yue_Hant"}),
        ("que_Latn", "quz_Latn", {"que_Latn": "quz_Latn"}),
        ("que_Latn", "quy_Latn quz_Latn", {}),
        ("quy_Latn", "quz_Latn", {}),
        ("kur_Latn", "kmr_Latn", {"kur_Latn": "kmr_Latn"}),
        ("kur_Arab", "kmr_Arab ckb_Arab", {}),
        ("aze_Arab", "azj_Arab", {}),
        ("tgl_Latn", "fil_Latn", {"tgl_Latn": "fil_Latn"}),
        ("swa_Arab", "swh_Latn", {}),
        ("ajp_Arab", "apc_Arab", {}),
        ("", "deu_Latn", {}),
    ],
)
def test_what_is_taken_for_what(wanted, among, expected):
    assert matched(wanted, among) == expected


def test_aliases_are_mutual_and_no_tag_is_its_own():
    for tag in tags():
        assert tag not in aliases(tag)
        for other in aliases(tag):
            assert tag in aliases(other)


def test_each_entry_is_a_macrolanguage_with_a_member_and_most_are_replaced_so_by_cldr():
    from babel.core import get_global

    replaced = get_global("language_aliases")
    for entry in ALIASES:
        member, whole = codes.look_up(entry.other), codes.look_up(entry.code)
        assert member is not None
        assert whole is not None
        if whole.scope == "macrolanguage":
            assert member.macrolanguage == entry.code
            by_cldr = replaced.get(entry.other) in (whole.two_letter, entry.code)
        else:
            by_cldr = replaced.get(entry.code) == entry.other
        assert by_cldr != ((entry.code, entry.other) in NOT_OF_CLDR), entry


def test_no_macrolanguage_is_forgotten_that_cldr_puts_in_place_of_one_member():
    from babel.core import get_global

    replacing: dict[str, set[str]] = {}
    for code, by in get_global("language_aliases").items():
        whole = codes.look_up(codes.three_letter(by) or by)
        if len(code) == 3 and whole is not None and code in whole.members:
            replacing.setdefault(whole.code, set()).add(code)
    single = {(code, *members) for code, members in replacing.items() if len(members) == 1}
    left_out = {("ful", "fuc"), ("hmn", "hea"), ("san", "cls"), ("din", "dib")}
    assert len(single) > 45
    assert single - {(entry.code, entry.other) for entry in ALIASES} <= left_out


def test_the_tags_of_every_entry_are_valid():
    for tag in [*tags(), *(LangScript(entry.code, "Latn") for entry in ALIASES)]:
        for other in aliases(tag):
            check(other)


@pytest.mark.parametrize(
    ("wanted", "taken", "said"),
    [
        ("swa_Latn", "swh_Latn", "swa_Latn is scored as swh_Latn (Swahili: macrolanguage and its standard variety)"),
        ("swh_Latn", "swa_Latn", "swh_Latn is scored as swa_Latn (Swahili: macrolanguage and its standard variety)"),
        ("yue_Hani", "yue_Hant", "yue_Hani is scored as yue_Hant (Yue Chinese: script Han and its form Traditional"),
        ("zho_Hans", "cmn_Hani", "(Chinese: macrolanguage and its standard variety; script Han and its form Simplifie"),
        ("fil_Latn", "tgl_Latn", "fil_Latn is scored as tgl_Latn (Filipino: language and its standard form)"),
    ],
)
def test_each_use_can_be_told(wanted, taken, said):
    assert said in describe_use(*these(f"{wanted} {taken}"))


def test_every_pair_of_aliases_can_be_told():
    for tag in tags():
        for other in aliases(tag):
            assert describe_use(tag, other).startswith(f"{tag} is scored as {other} (")
