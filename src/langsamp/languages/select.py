"""Which tags a user means: one grammar for every option and recipe key that takes languages.

    all head tail latin nonlatin     a group
    script:Deva family:indo1319      a script or a Glottolog family, by code or name (`family:Indo-European`), or a
                                     group within one (`family:Bantu`, `family:narr1281`); `family:other` are those
                                     outside the seven of the paper's Table 6
    area:Africa                      a macro-area of Glottolog
    swh_Latn swh Swahili             one tag; a language in all its scripts, by code or name
    @file                            the terms in a file, one a line, `#` begins a comment

Terms are joined by `,` (union); `+` inside a term intersects and binds tighter; `!` negates what follows it. A term
that is a single negation is taken away from the union of the others: `tail+family:atla1278,!lin_Latn`. If every term
is one, they are taken away from all.

A language that is wanted must be there. One that is taken away need not, as long as it exists; if it is there under
another code (`languages.aliases`), that one is taken away.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from langsamp.errors import UserError, did_you_mean
from langsamp.languages import bcp47, codes
from langsamp.languages.aliases import aliases, match
from langsamp.languages.properties import PROPERTIES, has_property, term_for
from langsamp.languages.search import hint, named, search
from langsamp.languages.table import LanguageInfo, describe, is_head, is_latin, scripts, tags
from langsamp.languages.tags import LangScript

GROUPS: dict[str, Callable[[LangScript], bool]] = {
    "head": is_head,
    "tail": lambda tag: not is_head(tag),
    "latin": is_latin,
    "nonlatin": lambda tag: not is_latin(tag),
    "all": lambda _: True,
}
"""The groups of the paper's result tables, in the order in which tables show them."""

Uses = dict[LangScript, LangScript]
"""Aliases that were taken: the tag that was wanted and the one that is there, for `aliases.describe_use`."""

_NAMED = 8
"""At most this many tags are named in one message."""


class _Place(NamedTuple):
    """Where terms are looked up."""

    tags: Collection[LangScript]
    others: Collection[LangScript] = ()
    """Tags of other places: a language that only they have is none here, and no mistake."""
    uses: Uses | None = None
    """Gets the aliases that are taken for wanted languages; with None none is taken."""


def select(selector: str, among: Collection[LangScript], *, uses: Uses | None = None) -> list[LangScript]:
    """The tags of `among` that `selector` means, in the order of `among`.

    With `uses` a wanted language that is there under one other code only is taken by that code, and `uses` gets the
    pair; without, it is an error that names the other code.

    Raises:
        UserError: for a term that is unknown, ambiguous or wants a language that `among` lacks, a list file that cannot
            be read, and a selector that selects nothing.
    """
    chosen = _select(selector, _Place(among, uses=uses))
    if not chosen:
        raise UserError(f"the selector {selector!r} selects none of the {len(among)} languages here")
    return chosen


def select_each(
    selector: str,
    places: Mapping[str, Collection[LangScript]],
    *,
    uses: Mapping[str, Uses],
    elsewhere: Collection[LangScript] = (),
) -> dict[str, list[LangScript]]:
    """What `selector` means in each of several places, such as the tasks of an evaluation, by their names.

    A place may lack languages that another has, under one code or another, down to all of those wanted. Groups, scripts
    and families are those of each place's own tags. `uses` has a mapping for every place, which gets the aliases that
    were taken there. To name one of the tags `elsewhere` is no mistake either, and selects nothing.

    Raises:
        UserError: as `select` does, for what no place has and what selects nothing anywhere.
    """
    everywhere = {tag for among in places.values() for tag in among}
    others = everywhere.union(elsewhere)
    chosen = {name: _select(selector, _Place(among, others, uses[name])) for name, among in places.items()}
    if not any(chosen.values()):
        raise UserError(f"the selector {selector!r} selects none of the {len(everywhere)} languages here")
    return chosen


def _select(selector: str, choice: _Place) -> list[LangScript]:
    uses: Uses = {}
    chosen = _union(selector.split(","), choice._replace(uses=None if choice.uses is None else uses))
    if choice.uses is not None:
        choice.uses.update({tag: taken for tag, taken in uses.items() if taken in chosen})
    return [tag for tag in choice.tags if tag in chosen]


def _union(terms: Iterable[str], choice: _Place, *, away: bool = False) -> set[LangScript]:
    wanted: list[set[LangScript]] = []
    unwanted: set[LangScript] = set()
    for term in terms:
        factors = [factor.strip() for factor in term.split("+")]
        if len(factors) == 1 and factors[0].startswith("!"):
            unwanted |= _factor(factors[0].removeprefix("!").strip(), choice, away=not away)
        else:
            wanted.append(set(choice.tags).intersection(*(_factor(factor, choice, away=away) for factor in factors)))
    return (set().union(*wanted) if wanted else set(choice.tags)) - unwanted


def _factor(word: str, choice: _Place, *, away: bool) -> set[LangScript]:
    """What one word means; with `away` it is to be taken away."""
    kind, colon, value = (part.strip() for part in word.partition(":"))
    if not word:
        raise UserError(
            "a selector has an empty term; between ',' and '+' stand terms like head, script:Deva or swh_Latn"
        )
    if word.startswith("!"):
        return set(choice.tags) - _factor(word.removeprefix("!").strip(), choice, away=not away)
    if word in GROUPS:
        return {tag for tag in choice.tags if GROUPS[word](tag)}
    if word.startswith("@"):
        return _union(_lines(Path(word.removeprefix("@")).expanduser()), choice, away=away)
    if colon and kind in PROPERTIES:
        return set(filter(has_property(kind, value, choice.tags), choice.tags))
    return _language(word, choice, away=away)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UserError(f"cannot read the language list {str(path)!r}: {reason}") from None
    lines = [line for raw in text.split("\n") if (line := raw.partition("#")[0].strip())]
    if not lines:
        raise UserError(f"the language list {str(path)!r} is empty; write one term a line, like 'swh_Latn'")
    if nested := next((line for line in lines if "@" in line), None):
        raise UserError(f"the language list {str(path)!r} names another list, {nested!r}; write its terms instead")
    return lines


def _language(word: str, choice: _Place, *, away: bool) -> set[LangScript]:
    matches = _called(word, choice.tags)
    if not matches and (away or choice.uses is not None):
        matches = _by_alias(word, choice, away=away)
    if len({tag.language for tag in matches}) > 1:
        raise UserError(f"{word!r} is the name of several languages here; write the tag: {_listed(sorted(matches))}")
    if matches or _called(word, choice.others) or match(_meant(word), choice.others):
        return matches
    if meant := _meant(word):
        if not away:
            raise _absent(word, describe(meant[0]), choice.others or choice.tags)
    elif not (away and codes.look_up(word)):
        raise _unknown(word, choice.others or choice.tags)
    return set()


def _called(word: str, among: Collection[LangScript]) -> set[LangScript]:
    """The tags that a tag, code or name stands for."""
    if "_" in word:
        return {LangScript.parse(word)}.intersection(among)
    if word.casefold() in GROUPS:
        raise UserError(
            f"{word!r} is no term: write the group as {word.casefold()!r}, a language of that name as its tag"
        )
    return {tag for tag in among if tag.language == word} or set(named(word, among))


def _meant(word: str) -> list[LangScript]:
    """The tags that a word stands for wherever they are."""
    if "_" in word:
        return [describe(LangScript.parse(word)).tag]
    return sorted(_called(word, tags()))


def _by_alias(word: str, choice: _Place, *, away: bool) -> set[LangScript]:
    partner = match(_meant(word), choice.tags)
    if choice.uses is not None and not away:
        choice.uses.update(partner)
    return set(partner.values())


def _absent(word: str, meant: LanguageInfo, among: Collection[LangScript]) -> UserError:
    """The error for a language that exists but is not in `among`; names the relative that may be meant."""
    kin = {
        "the same language is here as": {tag for tag in among if tag.language == meant.tag.language},
        "it is the macrolanguage of": {tag for tag in among if describe(tag).macrolanguage == meant.tag.language},
        "its macrolanguage is here as": {tag for tag in among if tag.language == meant.macrolanguage},
    }
    if not any(kin.values()):
        kin = {"it is here as": set(among) & aliases(meant.tag)}
    hints = [f"{relation} {_listed(sorted(relatives))}" for relation, relatives in kin.items() if relatives]
    name = "" if word == meant.name else f" ({meant.name})"
    return UserError("; ".join([f"{word!r}{name} is not among the {len(among)} languages here", *hints]))


def _unknown(word: str, among: Collection[LangScript]) -> UserError:
    if term := term_for(word):
        return UserError(f"unknown term {word!r} in a selector. Did you mean {term!r}?")
    if code := codes.three_letter(word):
        return UserError(f"{word!r} is no term of a selector: write the ISO 639-3 code {code!r} or a tag")
    code_of_a_tag = None if codes.look_up(word) else bcp47.read(word)
    if code_of_a_tag is not None and code_of_a_tag.script is None:
        tags_of_it = [info.tag for info in search(word)]
        meant = f". Did you mean {_listed(tags_of_it)}?" if tags_of_it else f": {hint(word)}"
        return UserError(f"unknown term {word!r} in a selector{meant}")
    if code_of_a_tag is not None and code_of_a_tag.script in scripts():
        tag = LangScript(code_of_a_tag.language, code_of_a_tag.script)
        return UserError(f"unknown term {word!r} in a selector. Did you mean {_listed([tag])}?")
    if language := codes.look_up(word):
        return UserError(f"{word!r} ({language.name}) is not among the {len(among)} languages here")
    value = word.partition(":")[2]
    meant = did_you_mean(word, [*GROUPS, *(f"{kind}:{value}" for kind in PROPERTIES)])
    if not meant and len(word) > 2 and (similar := [info.tag for info in search(word, among=among)]):
        meant = f" Did you mean {_listed(similar)}?"
    return UserError(
        f"unknown term {word!r} in a selector.{meant} Terms are a group ({', '.join(GROUPS)}), script:..., family:..., "
        "area:..., @file, a tag like swh_Latn, the name of a language or its ISO 639-3 code"
    )


def _listed(listed_tags: Iterable[LangScript]) -> str:
    named_tags = [f"{tag} ({describe(tag).name})" for tag in listed_tags]
    return ", ".join(named_tags[:_NAMED]) + (", ..." if len(named_tags) > _NAMED else "")
