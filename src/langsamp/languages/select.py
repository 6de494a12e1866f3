"""Which tags a user means: one grammar for every option and recipe key that takes languages.

    all head tail latin nonlatin     a group
    script:Deva family:indo1319      a script or a Glottolog family, by code or name (`family:Indo-European`);
                                     `family:other` are those outside the seven of the paper's Table 6
    swh_Latn swh Swahili             one tag; a language in all its scripts, by code or name
    @file                            the terms in a file, one a line, `#` begins a comment

Terms are joined by `,` (union); `+` inside a term intersects and binds tighter; `!` negates what follows it. A term
that is a single negation is taken away from the union of the others: `tail+family:atla1278,!lin_Latn`. If every term
is one, they are taken away from all.
"""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from langsamp.errors import UserError, did_you_mean
from langsamp.languages import codes
from langsamp.languages.search import fold, named, search
from langsamp.languages.table import FAMILY_GROUPS, LanguageInfo, describe, families, is_head, is_latin, scripts, tags
from langsamp.languages.tags import LangScript

GROUPS: dict[str, Callable[[LangScript], bool]] = {
    "head": is_head,
    "tail": lambda tag: not is_head(tag),
    "latin": is_latin,
    "nonlatin": lambda tag: not is_latin(tag),
    "all": lambda _: True,
}
"""The groups of the paper's result tables, in the order in which tables show them."""

_NAMED = 8
"""At most this many tags are named in one message."""


def select(selector: str, among: Collection[LangScript]) -> list[LangScript]:
    """The tags of `among` that `selector` means, in the order of `among`.

    Raises:
        UserError: for a term that is unknown, ambiguous or names a language that `among` lacks, a list file that cannot
            be read, and a selector that selects nothing.
    """
    chosen = _union(selector.split(","), among)
    if not chosen:
        raise UserError(f"the selector {selector!r} selects none of the {len(among)} languages here")
    return [tag for tag in among if tag in chosen]


def _union(terms: Iterable[str], among: Collection[LangScript]) -> set[LangScript]:
    wanted: list[set[LangScript]] = []
    unwanted: set[LangScript] = set()
    for term in terms:
        factors = [factor.strip() for factor in term.split("+")]
        if len(factors) == 1 and factors[0].startswith("!"):
            unwanted |= _factor(factors[0].removeprefix("!").strip(), among)
        else:
            wanted.append(set(among).intersection(*(_factor(factor, among) for factor in factors)))
    return (set().union(*wanted) if wanted else set(among)) - unwanted


def _factor(word: str, among: Collection[LangScript]) -> set[LangScript]:
    kind, colon, value = (part.strip() for part in word.partition(":"))
    if not word:
        raise UserError(
            "a selector has an empty term; between ',' and '+' stand terms like head, script:Deva or swh_Latn"
        )
    if word.startswith("!"):
        return set(among) - _factor(word.removeprefix("!").strip(), among)
    if word in GROUPS:
        return {tag for tag in among if GROUPS[word](tag)}
    if word.startswith("@"):
        return _union(_lines(Path(word.removeprefix("@")).expanduser()), among)
    if colon and kind == "script":
        code = _known(value, scripts(), "script")
        return {tag for tag in among if tag.script == code}
    if colon and kind == "family":
        return _of_family(value, among)
    return _language(word, among)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(f"cannot read the language list {str(path)!r}: {reason}") from None
    lines = [line for raw in text.splitlines() if (line := raw.partition("#")[0].strip())]
    if not lines:
        raise UserError(f"the language list {str(path)!r} is empty; write one term a line, like 'swh_Latn'")
    if nested := next((line for line in lines if "@" in line), None):
        raise UserError(f"the language list {str(path)!r} names another list, {nested!r}; write its terms instead")
    return lines


def _of_family(value: str, among: Collection[LangScript]) -> set[LangScript]:
    if value == FAMILY_GROUPS[-1]:
        return {tag for tag in among if describe(tag).family_group == value}
    family = _known(value, families(), "family")
    return {tag for tag in among if describe(tag).family == family}


def _known(value: str, names: dict[str, str], kind: str) -> str:
    for code, name in names.items():
        if fold(value) in (fold(code), fold(name)):
            return code
    raise UserError(f"unknown {kind} {value!r} in a selector.{did_you_mean(value, [*names.values(), *names])}")


def _language(word: str, among: Collection[LangScript]) -> set[LangScript]:
    if "_" in word:
        tag = LangScript.parse(word)
        if tag not in among:
            raise _absent(word, describe(tag), among)
        return {tag}
    if word.casefold() in GROUPS:
        raise UserError(
            f"{word!r} is no term: write the group as {word.casefold()!r}, a language of that name as its tag"
        )
    found = {tag for tag in among if tag.language == word} or set(named(word, among))
    if len({tag.language for tag in found}) > 1:
        raise UserError(f"{word!r} is the name of several languages here; write the tag: {_listed(sorted(found))}")
    if not found:
        elsewhere = [tag for tag in tags() if tag.language == word] or named(word, tags())
        raise _absent(word, describe(elsewhere[0]), among) if elsewhere else _unknown(word, among)
    return found


def _absent(word: str, meant: LanguageInfo, among: Collection[LangScript]) -> UserError:
    """The error for a language that exists but is not in `among`; names the relative that may be meant."""
    kin = {
        "the same language is here as": {tag for tag in among if tag.language == meant.tag.language},
        "it is the macrolanguage of": {tag for tag in among if describe(tag).macrolanguage == meant.tag.language},
        "its macrolanguage is here as": {tag for tag in among if tag.language == meant.macrolanguage},
    }
    hints = [f"{relation} {_listed(sorted(found))}" for relation, found in kin.items() if found]
    name = "" if word == meant.name else f" ({meant.name})"
    return UserError("; ".join([f"{word!r}{name} is not among the {len(among)} languages here", *hints]))


def _unknown(word: str, among: Collection[LangScript]) -> UserError:
    if code := codes.three_letter(word):
        return UserError(f"{word!r} is no term of a selector: write the ISO 639-3 code {code!r} or a tag")
    if language := codes.look_up(word):
        return UserError(f"{word!r} ({language.name}) is not among the {len(among)} languages here")
    value = word.partition(":")[2]
    meant = did_you_mean(word, [*GROUPS, f"script:{value}", f"family:{value}"])
    if not meant and len(word) > 2 and (found := [info.tag for info in search(word, among=among)]):
        meant = f" Did you mean {_listed(found)}?"
    return UserError(
        f"unknown term {word!r} in a selector.{meant} Terms are a group ({', '.join(GROUPS)}), script:..., family:..., "
        "@file, a tag like swh_Latn, the name of a language or its ISO 639-3 code"
    )


def _listed(found: Iterable[LangScript]) -> str:
    named_tags = [f"{tag} ({describe(tag).name})" for tag in found]
    return ", ".join(named_tags[:_NAMED]) + (", ..." if len(named_tags) > _NAMED else "")
