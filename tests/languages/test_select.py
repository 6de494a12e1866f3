import pytest
from hypothesis import given
from hypothesis import strategies as st

from langsamp.errors import UserError
from langsamp.languages.everyday import SUBGROUPS
from langsamp.languages.select import GROUPS, select, select_each
from langsamp.languages.table import describe, is_head, is_latin, tags
from langsamp.languages.tags import LangScript

_FIRST = ["yor_Latn", "eng_Latn", "swh_Latn", "deu_Latn", "srp_Latn", "srp_Cyrl"]
_LAST = ["rus_Cyrl", "hin_Deva", "npi_Deva", "nep_Deva", "lin_Latn", "arb_Arab"]
HERE = tuple(LangScript.parse(text) for text in (*_FIRST, *_LAST))
FACTORS = st.sampled_from(
    ["all", "head", "tail", "latin", "nonlatin", "script:Cyrl", "family:atla1278", "area:Eurasia", "swh_Latn", "srp"]
)
"""Terms that select something among HERE; as sets they need not overlap."""


def chosen(selector: str) -> set[LangScript]:
    try:
        return set(select(selector, HERE))
    except UserError as error:
        assert "selects none" in str(error)
        return set()


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("swh_Latn", "swh_Latn"),
        ("Swahili", "swh_Latn"),
        ("swh", "swh_Latn"),
        ("Serbian", "srp_Latn srp_Cyrl"),
        ("tail", "yor_Latn npi_Deva lin_Latn"),
        ("script:Deva", "hin_Deva npi_Deva nep_Deva"),
        ("script:devanagari", "hin_Deva npi_Deva nep_Deva"),
        ("family:atla1278", "yor_Latn swh_Latn lin_Latn"),
        ("family:Atlantic-Congo", "yor_Latn swh_Latn lin_Latn"),
        ("tail+family:atla1278,!lin_Latn", "yor_Latn"),
        (" tail + family: atla1278 , ! lin_Latn ", "yor_Latn"),
        ("family:indo1319+!head", "npi_Deva"),
        ("family:Bantu", "swh_Latn lin_Latn"),
        ("family:NARR1281", "swh_Latn lin_Latn"),
        ("family:Bantu languages", "swh_Latn lin_Latn"),
        ("family:Slavic+latin", "srp_Latn"),
        ("area:Africa", "yor_Latn swh_Latn lin_Latn"),
        ("area:africa+head", "swh_Latn"),
        ("latin,!fra_Latn", "yor_Latn eng_Latn swh_Latn deu_Latn srp_Latn lin_Latn"),
        ("latin+!French", "yor_Latn eng_Latn swh_Latn deu_Latn srp_Latn lin_Latn"),
        ("latin,!swa_Latn,!zun", "yor_Latn eng_Latn deu_Latn srp_Latn lin_Latn"),
        ("script:Arab,!ara", ""),
        ("!latin,!script:Deva", "srp_Cyrl rus_Cyrl arb_Arab"),
        ("!latin+!script:Deva", "srp_Cyrl rus_Cyrl arb_Arab"),
        ("deu_Latn,yor_Latn", "yor_Latn deu_Latn"),
        ("!!deu_Latn", "deu_Latn"),
    ],
)
def test_what_a_selector_selects(selector, expected):
    if expected:
        assert [str(tag) for tag in select(selector, HERE)] == expected.split()
    else:
        with pytest.raises(UserError, match="selects none of the 12 languages here"):
            select(selector, HERE)


@given(first=FACTORS, second=FACTORS, third=FACTORS)
def test_selectors_are_set_algebra(first, second, third):
    a, b, c = chosen(first), chosen(second), chosen(third)
    assert chosen(f"{first},{second}") == a | b
    assert chosen(f"{first}+{second}") == a & b
    assert chosen(f"!{first}") == set(HERE) - a
    assert chosen(f"{first},{second},!{third}") == chosen(f"!{third},{second},{first}") == (a | b) - c
    assert chosen(f"{first}+!{second}") == a - b
    assert chosen(f"{first},{second}+{third}") == a | (b & c)
    assert chosen(f"!{first},!{second}") == set(HERE) - a - b


@given(order=st.permutations(HERE), factor=FACTORS)
def test_the_order_is_that_of_the_languages_given(order, factor):
    selected = select(factor, order)
    assert selected == [tag for tag in order if tag in set(selected)]
    assert set(selected) == chosen(factor)


def test_groups_stand_in_table_order_and_split_all_tags():
    assert list(GROUPS) == ["head", "tail", "latin", "nonlatin", "all"]
    for tag in tags():
        assert GROUPS["head"](tag) == is_head(tag) != GROUPS["tail"](tag)
        assert GROUPS["latin"](tag) == is_latin(tag) != GROUPS["nonlatin"](tag)
        assert GROUPS["all"](tag)


def test_groups_within_families_are_nodes_above_known_languages():
    assert all(select(f"family:{name}", tags()) for name in SUBGROUPS)
    germanic = {tag.language for tag in select("family:germanic", tags())}
    assert {"deu", "eng", "isl", "afr"} <= germanic and not germanic & {"fra", "fin", "cym"}


def test_the_family_other_is_that_of_the_paper():
    others = select("family:other", tags())
    assert LangScript.parse("bih_Deva") in others
    assert {describe(tag).family_group for tag in others} == {"other"}


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("swa_Latn", ["'swa_Latn'", "not among the 12 languages here", "macrolanguage of swh_Latn"]),
        ("ara", ["not among", "macrolanguage of arb_Arab"]),
        ("Arabic", ["not among", "macrolanguage of arb_Arab"]),
        ("cmn_Hani", ["not among the 12"]),
        ("srp_Arab", ["not among", "the same language is here as srp_Cyrl (Serbian), srp_Latn (Serbian)"]),
        ("zun", ["'zun' (Zuni) is not among"]),
        ("Klingon", ["not among"]),
        ("all,!!fra_Latn", ["'fra_Latn' (French) is not among"]),
        ("all,!!swa_Latn", ["'swa_Latn'", "macrolanguage of swh_Latn"]),
        ("all,!Swahilli", ["unknown term 'Swahilli'", "Did you mean swh_Latn"]),
        ("area:Afrika", ["unknown area 'Afrika'", "Did you mean 'Africa'", "There are Africa, Eurasia"]),
        ("Nepali", ["several languages", "nep_Deva", "npi_Deva"]),
        ("Swahilli", ["unknown term 'Swahilli'", "Did you mean swh_Latn"]),
        ("latn", ["unknown term 'latn'", "Did you mean 'script:latn'"]),
        ("Latin", ["write the group as 'latin'"]),
        ("scrpt:Deva", ["Did you mean 'script:Deva'"]),
        ("zzzzzz", ["unknown term 'zzzzzz'", "nonlatin"]),
        ("de", ["write the ISO 639-3 code 'deu'"]),
        ("xqz_Latn", ["'xqz' is no language code"]),
        ("deu-Latn", ["unknown term", "Did you mean deu_Latn"]),
        ("script:Dvea", ["unknown script 'Dvea'", "Did you mean 'Deva'"]),
        ("family:Indoeuropean", ["unknown family", "Did you mean 'Indo-European'"]),
        ("family:Bantoo", ["unknown family 'Bantoo'", "Did you mean 'Bantu'", "like Bantu or narr1281"]),
        ("family:Niger-Congo", ["There are Indo-European, Atlantic-Congo, Afro-Asiatic. A group within a family"]),
        ("Bantu", ["unknown term 'Bantu'", "Did you mean 'family:Bantu'?"]),
        ("Cyrillic", ["Did you mean 'script:Cyrillic'?"]),
        ("Eurasia", ["Did you mean 'area:Eurasia'?"]),
        ("family:Swahili", ["name of a language: write Swahili for that alone, or family:Atlantic-Congo"]),
        ("script:Serbian", ["name of a language", "or script:Cyrillic or script:Latin"]),
        ("script:Chinesee", ["unknown script", "There are Latin, Devanagari, Cyrillic, Arabic."]),
        ("script:Thai", ["selects none of the 12"]),
        ("head+tail", ["selects none"]),
        ("", ["empty term"]),
        ("deu_Latn,,eng_Latn", ["empty term"]),
        ("head+", ["empty term"]),
        ("!", ["empty term"]),
    ],
)
def test_a_selector_that_cannot_be_meant_is_refused(selector, said):
    with pytest.raises(UserError) as error:
        select(selector, HERE)
    for part in said:
        assert part in str(error.value)


def test_a_macrolanguage_beside_the_member_makes_its_name_ambiguous():
    both = [LangScript.parse("swa_Latn"), LangScript.parse("swh_Latn")]
    with pytest.raises(UserError, match="several languages"):
        select("Swahili", both)
    assert select("Swahili (macrolanguage)", both) == both[:1]


def test_a_member_finds_its_macrolanguage():
    with pytest.raises(UserError, match="its macrolanguage is here as swa_Latn"):
        select("swh_Latn", [LangScript.parse("swa_Latn")])


def test_a_list_file(tmp_path):
    listed = tmp_path / "mine.txt"
    listed.write_text("# African ones\nfamily:atla1278  # by family\n\n!lin_Latn\n", encoding="utf-8")
    assert chosen(f"@{listed}") == chosen("family:atla1278,!lin_Latn")
    assert chosen(f"deu_Latn,@{listed}+tail") == chosen("deu_Latn,yor_Latn")
    assert chosen(f"latin,!@{listed}") == chosen("latin,!yor_Latn,!swh_Latn")


def test_a_list_from_windows_is_read(tmp_path):
    (tmp_path / "mine.txt").write_bytes(b"\xef\xbb\xbfdeu_Latn\r\n# none\r\nswh_Latn\r\n")
    assert select(f"@{tmp_path / 'mine.txt'}", HERE) == select("deu_Latn,swh_Latn", HERE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        ("deu_Latn\u2028swh_Latn\n".encode(), "expected a tag like"),
        (b"", "is empty"),
        (b"# nothing\n", "is empty"),
        (b"deu_Latn\n\xff\n", "not UTF-8"),
        (b"@other.txt\n", "names another list"),
        (b"Swahilli\n", "Did you mean swh_Latn"),
    ],
)
def test_a_list_file_that_cannot_be_used_is_refused(tmp_path, content, said):
    listed = tmp_path / "mine.txt"
    if content is not None:
        listed.write_bytes(content)
    with pytest.raises(UserError, match=said):
        select(f"@{listed}", HERE)


def these(texts: str) -> list[LangScript]:
    return [LangScript.parse(text) for text in texts.split()]


@pytest.mark.parametrize(
    ("selector", "chosen_there", "uses"),
    [
        ("swa_Latn", "swh_Latn", "swa_Latn swh_Latn"),
        ("ara,deu_Latn", "deu_Latn arb_Arab", "ara_Arab arb_Arab"),
        ("Arabic", "arb_Arab", "ara_Arab arb_Arab"),
        ("tail,swa_Latn", "yor_Latn swh_Latn npi_Deva lin_Latn", "swa_Latn swh_Latn"),
        ("swa_Latn,!swh_Latn,deu_Latn", "deu_Latn", ""),
        ("latin,!swa_Latn", "yor_Latn eng_Latn deu_Latn srp_Latn lin_Latn", ""),
        ("swh_Latn", "swh_Latn", ""),
    ],
)
def test_a_wanted_language_under_another_code_is_taken_where_that_is_recorded(selector, chosen_there, uses):
    recorded: dict[LangScript, LangScript] = {}
    assert select(selector, HERE, uses=recorded) == these(chosen_there)
    assert [tag for pair in recorded.items() for tag in pair] == these(uses)


def test_a_language_with_two_other_codes_is_not_guessed():
    with pytest.raises(UserError, match=r"the same language is here as zho_Hans .*, zho_Hant"):
        select("zho_Hani", these("zho_Hans zho_Hant"), uses={})


TASKS = {
    "a": these("deu_Latn nep_Deva swa_Latn ara_Arab"),
    "b": these("deu_Latn npi_Deva swh_Latn"),
    "c": these("fra_Latn"),
}


@pytest.mark.parametrize(
    ("selector", "expected", "uses"),
    [
        ("all", TASKS, {}),
        ("head", {"a": "deu_Latn nep_Deva swa_Latn ara_Arab", "b": "deu_Latn swh_Latn", "c": "fra_Latn"}, {}),
        ("deu_Latn", {"a": "deu_Latn", "b": "deu_Latn", "c": ""}, {}),
        ("Swahili", {"a": "swa_Latn", "b": "swh_Latn", "c": ""}, {}),
        ("swh_Latn", {"a": "swa_Latn", "b": "swh_Latn", "c": ""}, {"a": "swh_Latn swa_Latn"}),
        ("arb_Arab,fra_Latn", {"a": "ara_Arab", "b": "", "c": "fra_Latn"}, {"a": "arb_Arab ara_Arab"}),
        ("!swh_Latn", {"a": "deu_Latn nep_Deva ara_Arab", "b": "deu_Latn npi_Deva", "c": "fra_Latn"}, {}),
        ("!yor_Latn", TASKS, {}),
    ],
)
def test_what_a_selector_selects_in_each_of_several_places(selector, expected, uses):
    recorded: dict[str, dict[LangScript, LangScript]] = {name: {} for name in TASKS}
    found = select_each(selector, TASKS, uses=recorded)
    assert found == {name: these(tags) if isinstance(tags, str) else tags for name, tags in expected.items()}
    for name, pairs in recorded.items():
        assert [tag for pair in pairs.items() for tag in pair] == these(uses.get(name, ""))


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("yor_Latn", "'yor_Latn' .Yoruba. is not among the 7 languages here"),
        ("deu_Latn,yor_Latn", "'yor_Latn'"),
        ("Swahilli", "unknown term 'Swahilli'.* Did you mean sw[ah]_Latn"),
        ("script:Thai", "selects none of the 7"),
    ],
)
def test_what_no_place_has_is_refused(selector, said):
    with pytest.raises(UserError, match=said):
        select_each(selector, TASKS, uses={name: {} for name in TASKS})


def test_what_is_elsewhere_may_be_named_beside_what_is_here():
    uses: dict[str, dict[LangScript, LangScript]] = {name: {} for name in TASKS}
    yoruba = these("yor_Latn")
    assert select_each("deu_Latn,yor_Latn", TASKS, uses=uses, elsewhere=yoruba)["a"] == these("deu_Latn")
    with pytest.raises(UserError, match="selects none"):
        select_each("yor_Latn", TASKS, uses=uses, elsewhere=yoruba)


@given(selector=st.lists(FACTORS, min_size=1, max_size=3))
def test_one_place_alone_is_like_selecting_there(selector):
    joined = ",!".join(selector)
    try:
        found = set(select_each(joined, {"here": HERE}, uses={"here": {}})["here"])
    except UserError:
        found = set()
    assert found == chosen(joined)
