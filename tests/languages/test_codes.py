import pytest

from langsamp.languages import codes


def test_a_member_and_its_macrolanguage_know_each_other():
    swahili = codes.look_up("swa")
    assert swahili is not None
    assert swahili.scope == "macrolanguage"
    assert swahili.members == ("swc", "swh")
    assert swahili.two_letter == "sw"
    member = codes.look_up("swh")
    assert member is not None
    assert (member.scope, member.macrolanguage) == ("individual", "swa")


@pytest.mark.parametrize(
    ("code", "date", "instead"),
    [("ajp", "2023-01-20", "apc"), ("eml", "2009-01-16", "egl"), ("jaw", "2001-08-13", "jav")],
)
def test_a_retired_code_says_when_and_what_instead(code, date, instead):
    retired = codes.look_up(code)
    assert retired is not None
    assert retired.retired is not None
    assert date in retired.retired
    assert instead in retired.retired


def test_every_retired_code_has_a_text():
    from iso639 import Lang

    texts = {code: entry.retired for code in Lang._deprecated["id"] if (entry := codes.look_up(code))}
    assert len(texts) > 350
    assert all(text and "{" not in text for text in texts.values())


@pytest.mark.parametrize(("code", "scope"), [("ber", "group"), ("und", "special"), ("deu", "individual")])
def test_scopes(code, scope):
    entry = codes.look_up(code)
    assert entry is not None
    assert entry.scope == scope


@pytest.mark.parametrize("code", ["ger", "de", "xqz", "German", ""])
def test_other_strings_are_no_three_letter_code(code):
    assert codes.look_up(code) is None


def test_codes_left_to_users_are_languages():
    assert codes.look_up("qaa") == codes.LanguageCode("qaa", "local language qaa")
    assert codes.look_up("qtz") is not None


def test_short_and_bibliographic_codes_lead_to_the_three_letter_one():
    assert [codes.three_letter(code) for code in ("de", "ger", "fre")] == ["deu", "deu", "fra"]
    assert [codes.three_letter(code) for code in ("deu", "xx", "German", "mol", "ber")] == [None] * 5


def test_withdrawn_two_letter_codes_lead_to_what_they_stood_for():
    withdrawn = {"iw": "heb", "in": "ind", "ji": "yid", "jw": "jav", "mo": "ron", "sh": "hbs", "bh": "bih"}
    assert {code: codes.three_letter(code) for code in withdrawn} == withdrawn
