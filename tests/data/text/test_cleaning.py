import json
import unicodedata
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langsamp.data.text.cleaning import (
    DUPLICATE,
    EMPTY,
    OVER_CAP,
    CleaningCounts,
    clean_batches,
    clean_documents,
    clean_text,
)
from langsamp.data.text.corpus import CorpusConfig
from langsamp.errors import DataMissingError, UserError
from langsamp.languages.scripts import letters_by_script
from langsamp.languages.tags import LangScript

SWAHILI = LangScript("swh", "Latn")
ANY_SCRIPT = CorpusConfig(check_script=False)
RAW = st.text(
    st.one_of(st.characters(), st.sampled_from("ab \t\n\u200b\u200c\u200e\u0301\u00adកខ가가\ud800")), max_size=12
)


@given(RAW)
def test_clean_text_is_nfc_on_one_line_and_stays_as_it_is(raw: str) -> None:
    clean = clean_text(raw)
    assert clean == " ".join(clean.split())
    assert unicodedata.is_normalized("NFC", clean)
    assert clean_text(clean) == clean
    clean.encode()


@given(RAW)
def test_cleaning_keeps_every_letter(raw: str) -> None:
    def letters(text: str) -> Counter[str]:
        seen = (c for c in unicodedata.normalize("NFD", text) if c not in "\u115f\u1160\u3164\uffa0")
        return Counter(c for c in seen if unicodedata.category(c)[0] in "LN")

    assert letters(clean_text(raw)) == letters(raw)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  habari\tya\u00a0\u3000leo \r", "habari ya leo"),
        ("ein Zei\u00adlen\u200bende", "ein Zeilenende"),
        ("\ufeffa\u0000b\u200e", "ab"),
        ("e\u200b\u0301", "é"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("ක්\u200dර", "ක්\u200dර"),
        ("ខ្ញុំ\u200b\u200bស្រឡាញ់\u200b", "ខ្ញុំ\u200bស្រឡាញ់"),
        ("a \u200e b", "a b"),
        ("\ud83d", ""),
        ("ba\u3164da \u115fki\u1160la\uffa0", "bada kila"),
        ("a\u034fb\ufffcc\u17b4d", "abcd"),
        ("⠁⠃\u2800⠉ \u2800", "⠁⠃ ⠉"),
        ("\u3164", ""),
        ("a\u2800b", "a b"),
    ],
)
def test_clean_text_by_example(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.lists(st.text("ab \0", max_size=2), max_size=50), st.one_of(st.none(), st.integers(1, 6)), st.booleans())
def test_every_document_is_kept_or_dropped_for_a_reason(raw: list[str], cap: int | None, deduplicate: bool) -> None:
    counts = CleaningCounts()
    config = CorpusConfig(check_script=False, max_documents=cap, deduplicate=deduplicate)
    documents = clean_documents(iter(raw), tag=SWAHILI, config=config, counts=counts)
    wanted = [text for text in map(clean_text, raw) if text]
    wanted = (list(dict.fromkeys(wanted)) if deduplicate else wanted)[:cap]
    if not wanted:
        with pytest.raises(DataMissingError, match="swh_Latn has no text"):
            list(documents)
        return
    assert list(documents) == wanted
    assert (counts.read, counts.kept) == (len(raw), len(wanted))
    assert counts.read == counts.kept + sum(counts.dropped.values())
    assert counts.bytes == counts.characters == len("".join(wanted))


def test_counts_tell_each_reason() -> None:
    counts = CleaningCounts()
    raw = ["moja", "", "moja ", "mbili", " \t", "tatu", "nne", "nne", ""]
    config = CorpusConfig(max_documents=3)
    assert list(clean_documents(raw, tag=SWAHILI, config=config, counts=counts)) == ["moja", "mbili", "tatu"]
    assert counts.dropped == {EMPTY: 3, DUPLICATE: 2, OVER_CAP: 1}


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_letters_are_those_of_the_kept_text(documents: list[str]) -> None:
    counts = CleaningCounts()
    clean = [clean_text(document) for document in documents]
    counts.add(clean)
    assert counts.letters() == letters_by_script("".join(clean))
    assert counts.bytes == len("".join(clean).encode())


def test_batches_are_full_and_hold_what_documents_hold() -> None:
    raw = [f"habari namba {number}" for number in range(2500)]
    batches = list(clean_batches(raw, tag=SWAHILI, config=CorpusConfig()))
    assert [len(batch) for batch in batches] == [1000, 1000, 500]
    assert [document for batch in batches for document in batch] == raw


def test_nothing_is_read_ahead_of_a_capped_download() -> None:
    asked = 0

    def download() -> Iterator[str]:
        nonlocal asked
        for number in range(10_000):
            asked += 1
            yield f"neno {number}"

    counts = CleaningCounts()
    config = CorpusConfig(source="hub:owner/name", max_documents=10)
    assert len(list(clean_documents(download(), tag=SWAHILI, config=config, counts=counts))) == 10
    assert asked == counts.read == 1000


@pytest.mark.parametrize("documents", [3, 1500])
def test_text_in_another_script_is_named_with_the_likely_tag(documents: int) -> None:
    raw = [f"Қазақстан Республикасы kz {number}" for number in range(documents)]
    tag = LangScript("kaz", "Latn")
    with pytest.raises(
        UserError, match=r"kaz_Latn: 91% of the letters are Cyrillic, only 9% Latin.*Did you mean kaz_Cyrl\?"
    ):
        list(clean_documents(raw, tag=tag, config=CorpusConfig()))
    assert len(list(clean_documents(raw, tag=tag, config=ANY_SCRIPT))) == documents


def test_another_script_is_found_before_much_text_is_used() -> None:
    good, bad = ["neno"] * 400, ["слово"] * 3000
    config = CorpusConfig(deduplicate=False)
    used = 0
    with pytest.raises(UserError, match="in the first 1,000 documents"):
        for _ in clean_documents(good + bad, tag=SWAHILI, config=config):
            used += 1
    assert used == 0
    with pytest.raises(UserError, match="in the first 3,800 documents"):
        list(clean_documents(good * 2 + bad, tag=SWAHILI, config=config))


@pytest.mark.parametrize(
    ("text", "is_garbled"),
    [
        ("élève à l’école", False), ("voilà… « LIBERTÉ » ", False), ("кошка", False), ("rock & roll &c.", False),
        ("Tom &amp; Jerry", True), ("x &#233; y", True), (r"C:\dir \o/", False),
        (r"l\u00e9ve\nd\u00e9j\u00e0", True), ("é\\nà", True), ("\ufffdl\ufffdve", True),
        ("élève déjà".encode().decode("latin-1"), True), ("l’élève".encode().decode("cp1252"), True),
        ("Сәләм, донъя".encode().decode("cp1251"), True), ("Сәләм, донъя".encode().decode("koi8-r"), True),
        ("Грозный".encode().decode("cp866"), True), ("مرحبا".encode().decode("cp1256"), True),
        ("Kılıç déjà".encode().decode("cp437"), True),
        ("Р\x98 снова"[:2], True),  # as browsers read И, of which cp1251 lacks the second byte
        ("l’été, l’État", False), ("یک شکّ است", False), ("ΑΈ, άέ", False), ("Úžas, Ťažký šíp", False),
        ("(cid:17)(cid:3) mto", True), ("(city: 3)", False),
    ],
)  # fmt: skip
def test_text_that_was_decoded_wrongly_is_counted_and_kept(text: str, is_garbled: bool) -> None:
    counts = CleaningCounts()
    kept = list(
        clean_documents(
            [text] * 3, tag=SWAHILI, config=CorpusConfig(deduplicate=False, check_script=False), counts=counts
        )
    )
    assert (len(kept), counts.garbled_share) == (3, float(is_garbled))


def test_text_without_letters_is_said_to_have_none() -> None:
    with pytest.raises(UserError, match="swh_Latn: there are no letters in the first 2 documents"):
        list(clean_documents(["12", "3456"], tag=SWAHILI, config=CorpusConfig()))


def test_braille_is_a_script_with_letters() -> None:
    text = ["⠓⠑⠇⠇⠕\u2800⠺⠕⠗⠇⠙"]
    assert list(clean_documents(text, tag=LangScript("eng", "Brai"), config=CorpusConfig())) == ["⠓⠑⠇⠇⠕ ⠺⠕⠗⠇⠙"]
    with pytest.raises(UserError, match=r"100% of the letters are Braille.*Did you mean eng_Brai\?"):
        list(clean_documents(text, tag=LangScript("eng", "Latn"), config=CorpusConfig()))


def test_lone_surrogates_of_json_escapes_do_not_reach_the_tokenizer() -> None:
    assert list(clean_documents([json.loads('"neno \\ud800 moja"')], tag=SWAHILI, config=CorpusConfig())) == [
        "neno moja"
    ]
