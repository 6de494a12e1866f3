import pytest

from langsamp.languages.scripts import COMPOSED, letters_by_script, likely_script, share_in_script
from langsamp.languages.table import scripts


def test_letters_and_marks_count_by_script_and_nothing_else():
    counts = letters_by_script("Ab é, 12 ⟨Жук⟩ 😀 देवी ॥")
    assert counts == {"Latn": 3, "Cyrl": 3, "Deva": 4}


def test_a_combining_accent_shared_by_scripts_is_left_out():
    assert letters_by_script("e\u0301") == {"Latn": 1}


def test_counts_add_up_over_parts_of_a_text():
    text = "Привет, world! नमस्ते"
    assert letters_by_script(text[:9]) + letters_by_script(text[9:]) == letters_by_script(text)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("a small river", "Latn"),
        ("малая река", "Cyrl"),
        ("नदी छोटी है", "Deva"),
        ("小さい川がカナダにある", "Jpan"),
        ("一條小河", "Hani"),
        ("一条小河,の,在山中流过田野和村庄", "Hani"),
        ("작은 강이 있다", "Hang"),
        ("강은 江이다", "Hang"),
        ("نهر صغير", "Arab"),
        ("קטן נהר", "Hebr"),
        ("small река", "Latn"),
        ("⠁⠃⠉ ⠁", "Brai"),
        ("𝠀𝠁𝪛", "Sgnw"),
    ],
)
def test_the_likely_script(text, script):
    assert likely_script(letters_by_script(text)) == script


@pytest.mark.parametrize("text", ["", "123 ... 😀", "\u2800\u2800"])
def test_a_text_without_letters_has_no_script(text):
    counts = letters_by_script(text)
    assert likely_script(counts) is None
    assert share_in_script(counts, "Latn") == 0


@pytest.mark.parametrize(
    ("text", "script", "share"),
    [
        ("abcd", "Latn", 1),
        ("abжж", "Latn", 0.5),
        ("abжж", "Grek", 0),
        ("川がカナ", "Jpan", 1),
        ("川がカナ", "Hani", 0.25),
        ("强江", "Hans", 1),
        ("强江", "Hant", 1),
        ("강江", "Kore", 1),
        ("강江", "Hang", 1),
        ("ㄅ江", "Hani", 1),
        ("ſtraße", "Latf", 1),
    ],
)
def test_the_share_in_a_script(text, script, share):
    assert share_in_script(letters_by_script(text), script) == share


def test_composed_scripts_are_known_scripts_made_of_known_scripts():
    for code, parts in COMPOSED.items():
        assert {code, *parts} <= scripts().keys()
