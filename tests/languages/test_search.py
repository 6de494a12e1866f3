import pytest

from langsamp.languages import bcp47
from langsamp.languages.search import fold, hint, named, search
from langsamp.languages.table import notes
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


@pytest.mark.parametrize("query", ["", "  ", "?!", "qqqqqq", "Mansi", "Bunun", "und"])
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


@pytest.mark.parametrize(
    ("names", "language"),
    [
        ("Farsi Persian فارسی", "fas"), ("Dari", "prs"), ("Cantonese", "yue"), ("Mandarin Putonghua", "cmn"),
        ("isiZulu", "zul"), ("isiXhosa", "xho"), ("Sesotho", "sot"), ("Sepedi", "nso"), ("Setswana", "tsn"),
        ("chiShona", "sna"), ("Tshivenda", "ven"), ("Xitsonga Shangaan", "tso"), ("siSwati", "ssw"),
        ("Chichewa Chewa", "nya"), ("Luganda", "lug"), ("Kirundi", "run"), ("Dholuo", "luo"), ("Kiswahili", "swa"),
        ("Twi Asante", "twi"), ("Oromiffa", "orm"), ("Bangla বাংলা", "ben"), ("Odia Oriya", "ori"), ("Punjabi", "pan"),
        ("Sinhalese", "sin"), ("Azeri", "aze"), ("Uighur Uyghur", "uig"), ("Kirghiz", "kir"), ("Sorani", "ckb"),
        ("Kurmanji", "kmr"), ("Pashto Pushto", "pus"), ("Myanmar Burmese", "mya"), ("Ilocano", "ilo"),
        ("Filipino Pilipino", "fil"), ("Tagalog", "tgl"), ("Hakka", "hak"), ("Hokkien", "nan"),
        ("Castilian español", "spa"), ("Valencian", "cat"), ("Moldovan Moldavian", "ron"), ("Flemish", "nld"),
        ("Laotian", "lao"), ("Sakha", "sah"), ("Anglo-Saxon", "ang"), ("Bugis", "bug"), ("Bairisch", "bar"),
        ("Seto", "vro"), ("Kiribati", "gil"), ("Banjarese", "bjn"),
        ("Gaelic", "gla"), ("Greenlandic", "kal"), ("Frisian", "fry"), ("Ojibwe", "oji"), ("日本語", "jpn"),
    ],
)  # fmt: skip
def test_everyday_names_come_first(names, language):
    for name in names.split():
        assert search(name)[0].tag.language in {language, *MACROS.get(language, ())}, name


MACROS = {"oji": ("ojb", "ojs", "ojg")}
"""Of macrolanguages that the table has no tag of, the members."""


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("pt-BR", "por_Latn"), ("zh-Hans", "zho_Hans"), ("zh_Hant", "zho_Hant"), ("zh-TW", "zho_Hant"),
        ("zh_Hant_HK", "zho_Hant"), ("zh-yue", "yue_Hant"), ("sr-Latn", "srp_Latn"), ("sr_RS@latin", "srp_Latn"),
        ("nb-NO", "nob_Latn"), ("en_US", "eng_Latn"), ("en_US.UTF-8", "eng_Latn"), ("mo", "ron_Latn"),
        ("iw", "heb_Hebr"), ("in", "ind_Latn"), ("sh", "hbs_Cyrl"), ("ckb-IQ", "ckb_Arab"), ("es-419", "spa_Latn"),
        ("ca-valencia", "cat_Latn"), ("pt-Cyrl", "por_Cyrl"), ("uz-Cyrl-UZ", "uzb_Cyrl"), ("ko-KR", "kor_Hang"),
        ("tl", "tgl_Latn"), ("en-GB-oed", "eng_Latn"), ("i-lux", "ltz_Latn"), ("I_Klingon", "tlh_Latn"),
        ("zh-min-nan", "nan_Hans"), ("zh-guoyu", "cmn_Hani"), ("no-bok", "nob_Latn"), ("sgn-US", "ase_Sgnw"),
        ("zh-classical", "lzh_Hani"), ("bat-smg", "sgs_Latn"), ("map-bms", "jav_Latn"), ("cbk-zam", "cbk_Latn"),
        ("roa-rup", "rup_Latn"), ("fiu-vro", "vro_Latn"), ("simple", "eng_Latn"), ("be-x-old", "bel_Cyrl"),
        ("art-lojban", "jbo_Latn"), ("sl-IT-nedis", "slv_Latn"), ("tw-asante", "twi_Latn"), ("hy-arevmda", "hye_Armn"),
    ],
)  # fmt: skip
def test_bcp_47_codes_are_found(code, first):
    assert found(code)[0] == first


def test_a_language_behind_one_that_does_not_contain_it_is_no_code():
    assert bcp47.read("bat-zam") is None
    assert bcp47.read("zh-yue") == ("yue", "Hant")


def test_what_wikipedia_means_by_a_code_of_another_language_is_told():
    assert any("gsw" in note for note in notes(LangScript("als", "Latn")))


def test_names_of_a_macrolanguage_find_its_members_and_the_other_way():
    assert {"zai_Latn", "zam_Latn"} <= set(found("Zapotec"))
    assert {"swa_Latn", "swh_Latn"} <= set(found("Kiswahili"))
    assert {"ydd_Hebr", "yid_Hebr"} <= set(found("ji"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("aam", "'aam', Aramanik, which was retired"),
        ("ine", "not one language"),
        (
            "Ghotuo",
            "'aaa', Ghotuo, but the table has no tag of it: write one with the script of your text, like aaa_Latn",
        ),
        ("cel-gaulish", "'xtg', Transalpine Gaulish, but the table has no tag of it"),
        ("sgn-BE-FR", "'sfb', Langue des signes de Belgique Francophone, but the table has no tag"),
        ("Giriama", "'nyf', Giryama, but the table has no tag of it"),
        ("mon-khmer", "try a part of its name"),
        ("qqqqqq", "try a part of its name"),
    ],
)
def test_what_is_not_found_is_explained(query, said):
    assert said in hint(query)


@pytest.mark.parametrize("query", ["Bantu", "Slavic languages", "Indo-Aryan", "Indo-European languages"])
def test_groups_of_languages_are_searched_by_name(query):
    kin = {"Bantu": "lin", "Slavic languages": "pol", "Indo-Aryan": "hin", "Indo-European languages": "ell"}
    assert kin[query] in {info.tag.language for info in search(query)}
