"""Configurations of a dataset of the hub to tags: by a mapping of the user's, else by what their names spell.

A name that spells a whole tag is that tag, in any spelling of `tag_names`. One that tells a language only (`sw`,
`20231101.sw`) is the tag of that language where it is written in one script by the language table. Nothing is guessed
beyond that: a language of several scripts, and two names for one tag, are left to the mapping.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from langsamp.data.text.tag_names import language_named, tag_named
from langsamp.errors import UserError, did_you_mean
from langsamp.languages import table
from langsamp.languages.tags import LangScript

MAPPING_HELP = "`corpus.configurations: {swh_Latn: NAME}` names the configuration of a tag"
"""For messages."""
_OF_ALL = ("all", "default")
"""Names of a configuration that holds what the others hold."""


def by_tags(
    names: Sequence[str], mapping: Mapping[str, str], *, source: str
) -> tuple[dict[LangScript, str], tuple[str, ...]]:
    """The configuration of each tag, and those that tell no tag.

    Raises:
        UserError: where `mapping` has a key that is no tag or a configuration that is not there.
    """
    mapped = {LangScript.parse(tag): name for tag, name in mapping.items()}
    for tag, name in mapped.items():
        if name not in names:
            raise UserError(
                f"corpus.configurations: {tag} is mapped to {name!r}, but the dataset {source!r} has no such "
                f"configuration.{did_you_mean(name, names)} It has {', '.join(names[:6])}"
            )
    rest = [name for name in names if name not in mapped.values()]
    candidates: defaultdict[LangScript, list[str]] = defaultdict(list)
    unclear = []
    for name in rest:
        tag_or_none = tag_named(name) or _of_language(name, rest)
        if tag_or_none:
            candidates[tag_or_none].append(name)
        elif name not in _OF_ALL:
            unclear.append(name)
    by_tag = dict(mapped)
    for tag, spelled in candidates.items():
        name_or_none = _one(tag, spelled)
        if tag not in mapped and name_or_none:
            by_tag[tag] = name_or_none
        elif tag not in mapped:
            unclear += spelled
    return dict(sorted(by_tag.items())), tuple(unclear)


def possible_tags(name: str) -> list[LangScript]:
    """The tags that a configuration may have which tells only a language, or a tag that another one tells, too."""
    tag, language = tag_named(name), language_named(name)
    return [tag] if tag else [each for each in table.tags() if each.language == language]


def _one(tag: LangScript, spelled: Sequence[str]) -> str | None:
    """Which of several names is that of the tag: one that is written as tags are, else the only one."""
    if str(tag) in spelled:
        return str(tag)
    return spelled[0] if len(spelled) == 1 else None


def _of_language(name: str, names: Collection[str]) -> LangScript | None:
    """The tag of a name that tells a language only, where its script is certain.

    Beside whole tags three letters are taken for a word (`all`, `new`) and not for a language.
    """
    language = language_named(name)
    if language is None or (len(name) == 3 and any(map(tag_named, names))):
        return None
    written = [tag for tag in table.tags() if tag.language == language]
    return written[0] if len(written) == 1 else None
