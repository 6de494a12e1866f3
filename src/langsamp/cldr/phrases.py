"""How one tag says things: names, and ways of saying dates, amounts and lists, resolved once from Babel's data.

Babel's formatters look everything up anew at each call; here it is looked up once, the same way, and a sentence is a
few string operations. Only what the locale's own data says is used, so that nothing falls back to codes or to English.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache, partial

from babel.core import Locale
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_compound_unit

from langsamp.cldr import locales
from langsamp.cldr.concept_names import is_common, is_text, names_in
from langsamp.cldr.meanings import Meaning
from langsamp.languages.tags import LangScript

Say = Callable[..., str]

_TIMES = ("year", "month", "week", "day", "hour", "minute", "second")
_PER = (
    *("duration-year", "duration-month", "duration-week", "duration-day", "duration-hour", "mass-kilogram"),
    *("volume-liter", "length-kilometer", "length-meter", "area-square-meter"),
)
_SKELETONS = ("MMMMd", "MMMMEd")
_LONGEST_LIST = 5
_FIRST_YEAR, _LAST_YEAR = 1950, 2050
_NUMBERS = (*range(200), 1000, 10_000, *(tenth / 10 for tenth in range(1, 200)))
"""Numbers that show every plural form that is ever said."""

_FIELD = re.compile(r"%\((\w+)\)s")
_SIGNED = re.compile(r"[-+−]\{0\}")
_ENGLISH = re.compile(r"\b(and|or)\b")

_STOPS = {
    "Armn": "։", "Beng": "।", "Cakm": "𑅁", "Deva": "।", "Ethi": "።", "Guru": "।", "Hans": "。", "Hant": "。",
    "Jpan": "。", "Khmr": "។", "Laoo": "", "Mymr": "။", "Olck": "᱾", "Orya": "।", "Thai": "", "Tibt": "།", "urd": "۔",
}  # fmt: skip
"""What ends a sentence, by language or script, where it is not a full stop."""

_UNSPACED = {"Hans", "Hant", "Jpan"}


@lru_cache(maxsize=2)
def phrasebook(tag: LangScript) -> "Phrasebook":
    """The phrasebook of `tag`; the last two are kept, because evaluation compares each tag with English."""
    return Phrasebook(tag)


class Phrasebook:
    """What one tag can say.

    `known` lists it: named concepts as in `cldr.names`, and the ways of saying numbers `count:<unit>` (of the unit),
    `relative:<unit of time>` (that many from now, negative ago), `money:<currency>`, `price:<unit>` (money for one),
    `date:<style>` (the day with that ordinal).
    """

    def __init__(self, tag: LangScript, *, mark: Callable[[str, str], str] | None = None) -> None:
        """Look everything up; `mark(kind, text)` may change each name and date, to show what it is.

        Raises:
            UserError: where CLDR has too little data for `tag`.
        """
        locale = locales.locale_of(tag)
        self._locale, self._own, self._script = Locale.parse(locale), locales.own_data(locale), tag.script
        self._mark = mark or (lambda kind, text: text)
        self._numbers: dict[int | float, tuple[str, str]] = {}
        self._forms = {self._locale.plural_form(number) for number in _NUMBERS}
        self.names = {
            concept: name
            for concept, name in names_in(self._own, tag.script).items()
            if self._are_text(self._plurals(concept).values())
        }
        """Names by concept."""
        self._ways: dict[str, Say] = {
            **dict(self._counts()), **dict(self._relatives()), **dict(self._moneys()), **dict(self._prices()),
            **dict(self._dates()),
        }  # fmt: skip
        if mark:
            self.names = {concept: mark(concept.partition(":")[0], name) for concept, name in self.names.items()}
        self._lists = {style: self._templates(style) for style in ("standard", "or", "unit")}
        stop = _STOPS.get(tag.language, _STOPS.get(tag.script, "."))
        self._stop, self._between = stop, stop if tag.script in _UNSPACED else f"{stop} "

    @property
    def known(self) -> Collection[str]:
        """Everything that can be said, in a fixed order."""
        return dict.fromkeys((*self.names, *self._ways))

    def text(self, meanings: Iterable[Meaning]) -> str:
        """A document that says `meanings`, one sentence each."""
        sentences = [self.say(meaning).removesuffix(self._stop) for meaning in meanings]
        return self._between.join(sentences) + self._stop

    def say(self, meaning: Meaning) -> str:
        """The sentence, without a stop, that says `meaning`, whose concepts and ways of saying must be known."""
        items = [
            self.names[item] if isinstance(item, str) else self._ways[item[0]](*item[1:]) for item in meaning.items
        ]
        text = self._lists[meaning.style][len(items)].format(*items)
        return f"{self.names[meaning.head]} ({text})" if meaning.head else text

    def _number(self, number: int | float) -> tuple[str, str]:
        """The number in the locale's digits, and its plural form."""
        if number not in self._numbers:
            text = format_decimal(number, locale=self._locale, numbering_system="default")
            self._numbers[number] = (text, self._locale.plural_form(number))
        return self._numbers[number]

    def _templates(self, style: str) -> list[str]:
        """For each number of items a template that joins them, as Babel's `format_list` does."""
        patterns, own_patterns = self._locale.list_patterns, self._own.get("list_patterns", {})
        if style == "or" and not {"2", "end"} <= own_patterns.get("or", {}).keys():
            style = "standard"  # the root's "or" is English
        if style == "unit" and not {"2", "start", "middle", "end"} <= patterns.get("unit", {}).keys():
            style = "standard"  # format_list fails on a part of a style
        items = [f"{{{index}}}" for index in range(_LONGEST_LIST)]
        templates = [format_list(items[:number], style, self._locale) for number in range(_LONGEST_LIST + 1)]
        if self._locale.language != "en" and any(map(_ENGLISH.search, templates)):  # it stands in Uyghur's own data
            comma = patterns["standard"]["middle"].replace("{0}", "").replace("{1}", "")
            templates = [comma.join(items[:number]) for number in range(_LONGEST_LIST + 1)]
        return templates

    def _counts(self) -> Iterator[tuple[str, Say]]:
        for unit, lengths in self._own["unit_patterns"].items():
            patterns = lengths.get("long") or lengths.get("short", {})  # without a long form CLDR takes the short one
            if is_common(unit) and self._forms <= patterns.keys() and self._are_text(patterns.values()):
                yield f"count:{unit}", partial(self._say_count, patterns)

    def _say_count(self, patterns: Mapping[str, str], number: int | float) -> str:
        text, form = self._number(number)
        return patterns[form].format(text)

    def _relatives(self) -> Iterator[tuple[str, Say]]:
        for time in _TIMES:
            directions = self._own.get("date_fields", {}).get(time, {})
            future, past = directions.get("future", {}), directions.get("past", {})
            both = [*future.values(), *past.values()]
            if "other" in future and "other" in past and self._are_text(both) and not any(map(_SIGNED.search, both)):
                yield f"relative:{time}", partial(self._say_relative, future, past)

    def _say_relative(self, future: Mapping[str, str], past: Mapping[str, str], number: int) -> str:
        patterns = future if number > 0 else past
        pattern = patterns.get(self._number(abs(number))[1], patterns["other"])
        return pattern.replace("{0}", str(abs(number)))  # Babel writes these numbers, and dates, in European digits

    def _plurals(self, concept: str) -> Mapping[str, str]:
        forms: dict[str, str] = self._own.get("currency_names_plural", {}).get(concept.removeprefix("currency:"), {})
        return forms

    def _moneys(self) -> Iterator[tuple[str, Say]]:
        for concept, name in self.names.items():
            if concept.startswith("currency:"):
                names = {"other": name, **self._plurals(concept)}
                yield concept.replace("currency", "money"), partial(self._say_money, names)

    def _say_money(self, names: Mapping[str, str], number: int) -> str:
        patterns = self._locale._data["currency_unit_patterns"]
        text, form = self._number(number)
        pattern: str = patterns.get(form, patterns["other"])
        return pattern.format(text, self._mark("currency", names.get(form, names["other"])))

    def _prices(self) -> Iterator[tuple[str, Say]]:
        long_per = "long" in self._own.get("compound_unit_patterns", {}).get("per", {})
        for unit in _PER:
            patterns = self._own["unit_patterns"].get(unit, {}).get("long", {})
            if "per" in patterns or (long_per and "one" in patterns):
                template = format_compound_unit("{0}", denominator_unit=unit, length="long", locale=self._locale)
                if is_text(template.replace("{0}", ""), self._script) and len(template) > len("{0}kg"):
                    yield f"price:{unit}", partial(self._say_price, template)

    def _say_price(self, template: str, unit: str, number: int) -> str:
        return template.format(self._ways[unit](number))

    def _dates(self) -> Iterator[tuple[str, Say]]:
        skeletons = self._own.get("datetime_skeletons", {})
        patterns = {style: self._locale.date_formats[style].format for style in ("full", "long")}
        patterns.update({style: skeletons[style].format for style in _SKELETONS if style in skeletons})
        tables = {field: self._field(field) for field in set(_FIELD.findall(" ".join(patterns.values())))}
        for style, pattern in patterns.items():
            fields = {field: tables[field] for field in _FIELD.findall(pattern)}
            if all(fields.values()):
                yield f"date:{style}", partial(self._say_date, pattern, fields)

    def _field(self, field: str) -> Mapping[int, str]:
        """What stands for a field of a date pattern, by the number it depends on; empty for fields of other kinds."""
        letter, width = field[0], len(field)
        if letter == "d" or (letter in "ML" and width < 3):
            return {number: f"{number:0{width}}" for number in range(1, 32)}
        if field == "y":
            return {year: str(year) for year in range(_FIRST_YEAR, _LAST_YEAR + 1)}
        if letter == "G":
            eras: dict[int, str] = self._own.get("eras", {}).get("wide" if width == 4 else "abbreviated", {})
            return {0: eras[1]} if 1 in eras else {}
        if letter in "MLEc" and width <= 4:
            return self._names_in_dates(letter, "wide" if width == 4 else "abbreviated")
        return {}

    def _names_in_dates(self, letter: str, width: str) -> Mapping[int, str]:
        """Names of months (M, or L standing alone) or days (E, c).

        CLDR takes what a locale does not have from a longer or less special form. Babel does so too, but remembers what
        it found for the first locale and gives it to others (`babel.localedata` 2.18), so this is not left to it.
        """
        contexts = self._own["months" if letter in "ML" else "days"]
        within, alone = contexts["format"], contexts.get("stand-alone", {})
        names: Mapping[int, str] = within.get(width, within["wide"])
        return alone.get(width, names) if letter in "Lc" else names

    def _say_date(self, pattern: str, fields: Mapping[str, Mapping[int, str]], ordinal: int) -> str:
        day = date.fromordinal(ordinal)
        month, weekday = day.month, day.weekday()
        at = {"d": day.day, "M": month, "L": month, "E": weekday, "c": weekday, "y": day.year, "G": 0}
        return self._mark("date", pattern % {field: table[at[field[0]]] for field, table in fields.items()})

    def _are_text(self, patterns: Iterable[str]) -> bool:
        return all(is_text(pattern.replace("{0}", ""), self._script) for pattern in patterns)
