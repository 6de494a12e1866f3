"""ISO 639: what a three-letter language code stands for, also a retired one.

The facts come from the library iso639-lang. Loading it takes a tenth of a second, so it is loaded at the first
question; `table` answers for its own languages without asking here.
"""

from typing import Any, Literal, NamedTuple

_FIRST_LOCAL, _LAST_LOCAL = "qaa", "qtz"

Scope = Literal["individual", "macrolanguage", "group", "special"]

_RETIREMENTS = {
    "CC": "replaced by {change_to}; use that code",
    "D": "a duplicate of {change_to}; use that code",
    "M": "merged into {change_to}; use that code",
    "N": "found not to exist as a language of its own",
    "S": "{ret_remedy}; use one of these",
}
"""What ISO 639-3 says of a retired code, by its code for the reason."""

_WITHDRAWN = {"bh": "bih", "mo": "ron", "sh": "hbs"}
"""Two-letter codes that ISO 639-1 withdrew without naming one instead, and what they stood for."""
MEANT_BY_WIKIPEDIA = {"als": "gsw", "nrm": "nrf"}
"""Codes that ISO 639-3 gave to others, Tosk Albanian and Narom; the Wikipedias in Alemannic and Norman have them."""


class LanguageCode(NamedTuple):
    """One three-letter code of ISO 639 and what the standard says of it."""

    code: str
    name: str
    """The reference name, e.g. `Swahili (individual language)`."""
    scope: Scope = "individual"
    """`group` is a code of ISO 639-2 or 639-5 that ISO 639-3 lacks, e.g. `ber`; `special` is one like `und`."""
    other_names: tuple[str, ...] = ()
    two_letter: str | None = None
    macrolanguage: str | None = None
    """Code of the macrolanguage that this language is a member of."""
    members: tuple[str, ...] = ()
    """Codes of a macrolanguage's members."""
    retired: str | None = None
    """For a retired code when, why, and what to use instead: `on 2023-01-20: merged into apc; use that code`."""


def look_up(code: str) -> LanguageCode | None:
    """The entry of a three-letter code in its ISO 639-3 form; None for any other string.

    The codes `qaa` to `qtz`, which the standard leaves to its users, are languages without a name.
    """
    from iso639 import Lang
    from iso639.exceptions import DeprecatedLanguageValue, InvalidLanguageValue

    if len(code) != 3:
        return None
    if _FIRST_LOCAL <= code <= _LAST_LOCAL:
        return LanguageCode(code, f"local language {code}")
    try:
        entry = Lang(code)
    except DeprecatedLanguageValue as retirement:
        return LanguageCode(code, retirement.name, retired=_retirement(retirement))
    except InvalidLanguageValue:
        return None
    if entry.pt3 not in ("", code):
        return None
    macrolanguage = entry.macro()
    return LanguageCode(
        code=code,
        name=entry.name,
        scope=entry.scope().lower() if entry.pt3 else "group",
        other_names=tuple(entry.other_names()),
        two_letter=entry.pt1 or None,
        macrolanguage=macrolanguage.pt3 if macrolanguage else None,
        members=tuple(sorted(member.pt3 for member in entry.individuals())),
    )


def three_letter(code: str) -> str | None:
    """The ISO 639-3 code for a two-letter code (`de`) or a bibliographic one (`ger`); None for any other string.

    A two-letter code that was withdrawn (`iw`) gives the language that it stood for.
    """
    from iso639 import Lang
    from iso639.exceptions import DeprecatedLanguageValue, InvalidLanguageValue

    if len(code) not in (2, 3):
        return None
    try:
        entry = Lang(code)
    except DeprecatedLanguageValue as withdrawn:
        if len(code) == 3:
            return None
        return _WITHDRAWN.get(code) or three_letter(withdrawn.change_to)
    except InvalidLanguageValue:
        return None
    return entry.pt3 if entry.pt3 not in ("", code) else None


def two_letter(code: str) -> str | None:
    """The two-letter code of an ISO 639-3 code, where it has one."""
    entry = look_up(code)
    return entry.two_letter if entry else None


def called(name: str) -> LanguageCode | None:
    """The language or macrolanguage that ISO 639-3 calls exactly `name`; None for any other string."""
    from iso639 import Lang
    from iso639.exceptions import DeprecatedLanguageValue, InvalidLanguageValue

    try:
        return look_up(Lang(name.strip()).pt3) if len(name.strip()) > 3 else None
    except (DeprecatedLanguageValue, InvalidLanguageValue):
        return None


def _retirement(retirement: Any) -> str:
    reason = _RETIREMENTS[retirement.reason].format(
        change_to=retirement.change_to, ret_remedy=retirement.ret_remedy.rstrip(".").replace("Split", "split")
    )
    return f"on {retirement.effective}: {reason}"
