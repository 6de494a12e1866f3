"""What a phrasebook says is what Babel's own formatters say, and never a fallback of theirs."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from random import Random
from typing import Any, Literal

import pytest
from babel.core import Locale
from babel.dates import format_date, format_timedelta, get_day_names, get_month_names
from babel.lists import format_list
from babel.numbers import format_currency, get_currency_name
from babel.units import format_compound_unit, format_unit, get_unit_name

from langsamp.cldr.drawing import Drawing
from langsamp.cldr.locales import locales, own_data
from langsamp.cldr.meanings import Item, Meaning
from langsamp.cldr.phrases import Phrasebook
from langsamp.languages.tags import LangScript

FALLBACK = re.compile(
    r"[{}∅↑_]|\bM\d\d\b|\+\d"
    r"|\b(length|mass|volume|area|speed|duration|digital|energy|power|pressure|electric|light|angle|frequency)-[a-z]"
)
UIGHUR = LangScript("uig", "Arab")


@pytest.fixture(scope="module")
def books() -> dict[LangScript, Phrasebook]:
    return {tag: Phrasebook(tag) for tag in locales()}


Check = Callable[[Phrasebook, Locale], Iterator[tuple[str, str]]]


def say(book: Phrasebook, *items: Item, style: str = "standard") -> str:
    return book.say(Meaning("any", items, style=style))


def known(book: Phrasebook, kind: str) -> list[str]:
    """The codes of what is known of a kind, a few spread over all of them."""
    codes = [concept.partition(":")[2] for concept in book.known if concept.startswith(f"{kind}:")]
    return codes[:: max(1, len(codes) // 4)]


def names(book: Phrasebook, locale: Locale) -> Iterator[tuple[str, str]]:
    for code in known(book, "place"):
        yield book.names[f"place:{code}"], locale.territories[code]
    for code in known(book, "language"):
        yield book.names[f"language:{code}"], locale.languages[code]
    for code in known(book, "currency"):
        yield book.names[f"currency:{code}"], get_currency_name(code, locale=locale)
    own = own_data(str(locale))
    for code in known(book, "month"):
        yield book.names[f"month:{code}"], get_month_names("wide", context(own["months"]), locale)[int(code)]
    for code in known(book, "weekday"):
        yield book.names[f"weekday:{code}"], get_day_names("wide", context(own["days"]), locale)[int(code)]


def context(names: Mapping[str, Any]) -> Literal["format", "stand-alone"]:
    # Not asked for what the locale does not have: Babel 2.18 may answer with the names of another locale then.
    return "stand-alone" if "wide" in names.get("stand-alone", {}) else "format"


def unit_names(book: Phrasebook, locale: Locale) -> Iterator[tuple[str, str]]:
    for code in known(book, "unit"):
        yield (
            book.names[f"unit:{code}"],
            get_unit_name(code, "long", locale) or get_unit_name(code, "short", locale) or "",
        )


def lists(book: Phrasebook, locale: Locale) -> Iterator[tuple[str, str]]:
    concepts = [concept for concept in book.names if concept.startswith("place:")][:5]
    for number in range(1, 6):
        items = [book.names[concept] for concept in concepts[:number]]
        yield say(book, *concepts[:number]), format_list(items, "standard", locale)


def dates(book: Phrasebook, locale: Locale) -> Iterator[tuple[str, str]]:
    for style in ("full", "long"):
        for day in (date(2024, 2, 29), date(1955, 11, 5)):
            yield say(book, (f"date:{style}", day.toordinal())), format_date(day, style, locale)


def counts(book: Phrasebook, locale: Locale) -> Iterator[tuple[str, str]]:
    for unit in known(book, "count"):
        length = "long" if locale._data["unit_patterns"][unit].get("long") else "short"
        for number in (1, 2, 5, 21, 1000, 2.5):
            yield (
                say(book, (f"count:{unit}", number)),
                format_unit(number, unit, length, locale=locale, numbering_system="default"),
            )


def relatives(book: Phrasebook, locale: Locale) -> Iterator[tuple[str, str]]:
    seconds = {"year": 31_536_000, "month": 2_592_000, "week": 604_800, "day": 86_400, "hour": 3600, "minute": 60}
    for unit in known(book, "relative"):
        for number in (1, -1, 3, -3) if unit in seconds else ():
            delta = number * seconds[unit]
            yield (
                say(book, (f"relative:{unit}", number)),
                format_timedelta(delta, add_direction=True, locale=locale),
            )


def moneys(book: Phrasebook, locale: Locale) -> Iterator[tuple[str, str]]:
    for code in known(book, "money"):
        for number in (1, 2, 5, 3500):
            expected = format_currency(
                number, code, locale=locale, format_type="name", currency_digits=False, numbering_system="default"
            )
            yield say(book, (f"money:{code}", number)), expected
            for unit in known(book, "price"):
                yield (
                    say(book, (f"price:{unit}", f"money:{code}", number)),
                    format_compound_unit(expected, denominator_unit=unit, locale=locale) or "",
                )


@pytest.mark.parametrize("check", [names, unit_names, lists, dates, counts, relatives, moneys])
def test_everything_is_said_as_babel_says_it(books: dict[LangScript, Phrasebook], check: Check) -> None:
    compared = 0
    for tag, book in books.items():
        if tag == UIGHUR and check is lists:
            continue
        for ours, babels in check(book, Locale.parse(locales()[tag])):
            assert ours == babels, tag
            compared += 1
    assert compared > 400


def test_uighur_lists_are_without_the_english_and_of_its_data(books: dict[LangScript, Phrasebook]) -> None:
    locale = Locale.parse("ug")
    assert "and" in format_list(["1", "2", "3"], "standard", locale)
    assert say(books[UIGHUR], "weekday:0", "weekday:1", "weekday:2").count(", ") == 2


def test_no_tag_ever_says_a_fallback(books: dict[LangScript, Phrasebook]) -> None:
    for tag, book in books.items():
        for text in everything(book):
            assert not FALLBACK.search(text), (tag, text)
            assert "  " not in text and text == text.strip(), (tag, text)
            if tag.script != "Latn":
                assert not re.search("[A-Za-z]", text), (tag, text)


def everything(book: Phrasebook) -> Iterator[str]:
    """Every name, every way of saying once, and ten documents."""
    yield from book.names.values()
    for way in book.known:
        kind = way.partition(":")[0]
        if kind in ("count", "relative", "money", "date"):
            yield say(book, (way, 739_000 if kind == "date" else 5))
    drawing, rng = Drawing(book.known), Random(1)
    for _ in range(10):
        yield book.text(drawing.document(rng, "corpus"))


def test_no_name_is_its_code_and_each_is_for_one_thing_of_its_kind(books: dict[LangScript, Phrasebook]) -> None:
    for tag, book in books.items():
        assert all(name != concept.partition(":")[2] for concept, name in book.names.items()), tag
        for kind in ("place", "language", "currency", "weekday", "month", "unit"):
            own = [name for concept, name in book.names.items() if concept.startswith(f"{kind}:")]
            assert len(own) == len(set(own)), (tag, kind)


def test_names_are_english_in_english_only(books: dict[LangScript, Phrasebook]) -> None:
    english = books[LangScript("eng", "Latn")].names
    shares = {
        tag: sum(english.get(concept) == name for concept, name in book.names.items()) / len(book.names)
        for tag, book in books.items()
    }
    assert shares.pop(LangScript("eng", "Latn")) == 1
    assert max(shares.values()) < 0.5
    assert sum(shares.values()) / len(shares) < 0.1


def test_lists_have_no_english_words(books: dict[LangScript, Phrasebook]) -> None:
    for tag, book in books.items():
        days = [concept for concept in book.names if concept.startswith("weekday:")][:3]
        for style in ("standard", "or", "unit"):
            assert tag.language == "eng" or not re.search(r"\b(and|or)\b", say(book, *days, style=style)), (tag, style)
