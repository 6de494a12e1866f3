"""Names of files, folders and configurations to the tags they mean, in the spellings that released data use.

Full tags are read in any case and with `-` or `_`: `swh_Latn`, `swh-Latn`, `SWH_latn`, `sw-Latn`. Others name a
language only (`sw`, `swa`, `20231101.sw`, `zh-yue`); their script has to come from elsewhere.
"""

import re
from collections.abc import Mapping

from langsamp.data.text.formats import readable_end
from langsamp.languages import bcp47, codes
from langsamp.languages.search import named
from langsamp.languages.table import describe, scripts, tags
from langsamp.languages.tags import LangScript

_TAG = re.compile(r"(?P<language>[A-Za-z]{2,3})[-_](?P<script>[A-Za-z]{4})")
_BEGINS_WITH_TAG = re.compile(rf"({_TAG.pattern})(?![A-Za-z])")
_LANGUAGE = re.compile("[a-z]{2,3}(-[a-z-]+)?")
_DUMP = re.compile(r"\d{6,8}\.")
"""The date of a Wikipedia dump before its code."""
_OF_A_BIBLE = re.compile(r"(?P<language>[a-z]{3})-\w[\w-]*(\.txt)?")
_OF_A_PAIR = re.compile(
    r".+\.(?P<first>[a-z]{2,3}(_[A-Za-z]+)?)-(?P<second>[a-z]{2,3}(_[A-Za-z]+)?)\.(?P<side>(?P=first)|(?P=second))"
)
"""`swh-swhulb` of the eBible corpus, and `Tatoeba.en-sw.sw` as OPUS names a side of a pair."""

_OF_A_SPLIT = re.compile(r"(?P<split>train|dev|valid|test)\.(?P<side>[a-z]{2,3}(_[A-Za-z]+)?)")
"""`train.quy`, as the sides of parallel text are named in shared tasks."""

_OF_WIKIPEDIA: Mapping[str, str] = {
    **bcp47.WIKIPEDIA, "bh": "bih", "sh": "hbs", "zh-min-nan": "nan", "zh-yue": "yue",
}  # fmt: skip
"""Codes of Wikipedia, and so of WikiANN, that ISO 639 lacks or has retired, as the paper writes them."""


def tag_named(name: str) -> LangScript | None:
    """The tag that a whole name spells; None where it spells none. Its codes are checked by `table.check`."""
    match = _TAG.fullmatch(name)
    if match is None:
        return None
    language, script = match["language"].lower(), match["script"].capitalize()
    code = language if len(language) == 3 else codes.three_letter(language)
    return LangScript(code, script) if code else None


def language_named(name: str) -> str | None:
    """The three-letter code of the language that a name tells (`de`, `deu`, `zh-yue`, `20231101.de`), else None.

    Three letters are taken for a code without a look whether it exists.
    """
    code = _undated(name).lower()
    if not _LANGUAGE.fullmatch(code):
        return None
    if code in _OF_WIKIPEDIA:
        return _OF_WIKIPEDIA[code]
    return code if len(code) == 3 else codes.three_letter(code)


def likely_tag(name: str) -> LangScript | None:
    """The tag that the name of released text most likely means, in the script usual for its language; None of others.

    Wikipedia's `20231101.sw` and `sw`, the eBible corpus' `swh-swhulb.txt`, OPUS' `Tatoeba.en-sw.sw` and a shared
    task's `train.swh` are told; so is a tag with more behind it (`swh_Latn_clean`, `swh_Latn.train.txt`), and what a
    language is called (`swahili.txt`).
    """
    name = name[: len(name) - len(readable_end(name))]
    if (begin := _BEGINS_WITH_TAG.match(name)) and (tag := tag_named(begin[1])) and tag.script in scripts():
        return tag
    bible, pair, split = (known.fullmatch(name) for known in (_OF_A_BIBLE, _OF_A_PAIR, _OF_A_SPLIT))
    if split and split["split"] != "train":
        return None  # kept apart to be tested on
    pair = pair or split
    code = pair.group("side") if pair else bible.group("language") if bible else _undated(name)
    if (subtags := bcp47.read(code)) is None:
        called = [tag for tag in named(name.partition(".")[0], tags()) if not describe(tag).members]
        return called[0] if len({tag.language for tag in called}) == 1 else None
    written = [tag.script for tag in tags() if tag.language == subtags.language]
    script = subtags.script or next(iter(written), None)
    return LangScript(subtags.language, script) if script else None


def _undated(name: str) -> str:
    """The code in the name of a dump of Wikipedia, as ISO 639 writes it; any other name as it is."""
    code = _DUMP.sub("", name, count=1)
    return code if code == name else codes.MEANT_BY_WIKIPEDIA.get(code.lower(), code)
