import pytest

from langsamp.cldr import locales
from langsamp.errors import UserError
from langsamp.languages import codes, table
from langsamp.languages.tags import LangScript


def test_about_160_tags_in_more_than_30_scripts_have_enough_data() -> None:
    tags = list(locales.locales())
    assert len(tags) >= 160
    assert len({tag.script for tag in tags}) >= 32
    assert tags == sorted(tags)
    assert len(set(locales.locales().values())) == len(tags)


def test_tags_are_valid_and_name_one_language_where_the_data_do() -> None:
    tags = locales.locales()
    for tag in tags:
        table.check(tag)
    macrolanguages = {tag.language for tag in tags if (code := codes.look_up(tag.language)) and code.members}
    assert macrolanguages <= {"bal", "est", "san", "srd", "syr", "zho"}


@pytest.mark.parametrize(
    ("locale", "tag"),
    [
        ("ar", "arb_Arab"), ("fa", "pes_Arab"), ("zh", "zho_Hans"), ("zh_Hant", "zho_Hant"), ("ko", "kor_Hang"),
        ("sr", "srp_Cyrl"), ("sr_Latn", "srp_Latn"), ("uz", "uzn_Latn"), ("uz_Cyrl", "uzn_Cyrl"), ("nb", "nob_Latn"),
        ("nn", "nno_Latn"), ("sw", "swh_Latn"), ("lv", "lvs_Latn"), ("et", "est_Latn"), ("yi", "ydd_Hebr"),
        ("ff_Adlm", "fuf_Adlm"), ("yue", "yue_Hant"), ("ckb", "ckb_Arab"), ("kxv_Telu", "kxv_Telu"),
    ],
)  # fmt: skip
def test_locales_get_the_tags_of_the_multilingual_benchmarks(locale: str, tag: str) -> None:
    assert locales.locales()[LangScript.parse(tag)] == locale


def test_english_in_disguise_does_not_count() -> None:
    languages = {tag.language for tag in locales.locales()}
    assert languages.isdisjoint({"ceb", "ibo", "fil", "tgl"})  # their names of places are the English ones
    assert locales.own_data("xh")["meta_zones"] == {}  # so are Xhosa's of time zones


def test_what_the_root_has_is_not_a_locales_own() -> None:
    assert "long" in locales.own_data("de")["unit_patterns"]["length-kilometer"]
    assert "long" not in locales.own_data("wo")["unit_patterns"].get("length-kilometer", {})


@pytest.mark.parametrize(("tag", "near"), [("deu_Cyrl", "It has deu_Latn"), ("zuk_Latn", "Did you mean 'zul_Latn'")])
def test_unknown_tag_is_named_with_a_near_one(tag: str, near: str) -> None:
    with pytest.raises(UserError, match=f"CLDR has too little text for {tag}.*{near}"):
        locales.locale_of(LangScript.parse(tag))
