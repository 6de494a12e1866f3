"""Make `src/langsamp/scores/published.json`: every number of the paper's Tables 1 to 19.

    python tools/make_published_scores.py ../shared

Facts with their citation, one line a task or a language, sorted by tag. The source is `reference/paper_tables.json`,
read off the paper (arXiv 2409.18199): Tables 1 to 6 as printed, Tables 7 to 14 (per language, mean of five seeds)
whole, and of Tables 15 to 19 (English against the closest donor, one seed) the four languages in five that the source
kept. Task and group names are this project's; Table 4 names languages without a script, and they get that of Tables 15
to 19.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_OUT = Path(__file__).parent.parent / "src/langsamp/scores/published.json"
_TASKS = {
    "SR-B": "sr-bible",
    "SR-T": "sr-tatoeba",
    "Taxi1500": "taxi1500",
    "SIB200": "sib200",
    "NER": "ner",
    "POS": "pos",
}
_GROUPS = {"tail": "tail", "head": "head", "Latn": "latin", "non-Latn": "nonlatin", "all": "all"}
_VARIANTS = {"vanilla": "none", "lang": "language", "script": "script", "lang+script": "both"}
_TARGETS = {"tha": "tha_Thai", "yue": "yue_Hani", "san": "san_Deva", "urd": "urd_Arab", "lin": "lin_Latn",
            "run": "run_Latn"}  # fmt: skip
_DONORS = {"jpn": "jpn_Jpan", "zho": "zho_Hani", "hin": "hin_Deva", "swh": "swh_Latn"}
_SOURCE = {
    "citation": "Liu, Ye, Ma, Wang, Schütze: LangSAMP: Language-Script Aware Multilingual Pretraining. 2025",
    "url": "https://arxiv.org/abs/2409.18199",
    "layout": "table1, table6: [baseline, langsamp], in Table 1 each with its standard deviation; table2: "
    "[none, language, script, both]; table3, table4, donors: [English, closest donor]; scores: [baseline, langsamp]",
}


def main() -> None:
    read = json.loads((Path(sys.argv[1]) / "reference/paper_tables.json").read_text("utf-8"))
    published = {
        "source": _SOURCE,
        "table1": by_task(read["table1"], table1),
        "table2": {name: table2(read["table2"], task) for task, name in _TASKS.items()},
        "table3": by_task(read["table3"], lambda groups: pairs(groups, "English", "Donor")),
        "table4": {_TARGETS[row["target"]]: table4(row) for row in read["table4"]},
        "table5": by_task(read["table5"], lambda facts: {_GROUPS.get(key, key): fact for key, fact in facts.items()}),
        "table6": by_task(read["table6"], table6),
        "scores": by_language(read["per_language"], "Baseline", "LangSAMP"),
        "donors": by_language(read["per_language_donor"], "English", "Donor"),
    }
    _OUT.write_text(one_entry_a_line(published), encoding="utf-8")
    counts = {name: len(published[name]) for name in ("scores", "donors")}
    print(f"{_OUT}: languages {counts}, {_OUT.stat().st_size} bytes")


def by_task(table: Mapping[str, Any], made: Any) -> dict[str, Any]:
    return {name: made(table[task]) for task, name in _TASKS.items() if task in table}


def table1(groups: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _GROUPS[group]: [[cells[model]["mean"], cells[model]["std"]] for model in ("Baseline", "LangSAMP")]
        for group, cells in groups.items()
    }


def table2(table: Mapping[str, Any], task: str) -> dict[str, Any]:
    return {group: [table[variant][task][group] for variant in _VARIANTS] for group in ("tail", "head", "all")}


def pairs(groups: Mapping[str, Any], first: str, second: str) -> dict[str, Any]:
    return {_GROUPS[group]: [cells[first], cells[second]] for group, cells in groups.items()}


def table4(row: Mapping[str, Any]) -> dict[str, Any]:
    scores = {
        name: [row[task]["English"], row[task]["donor"]]
        for task, name in _TASKS.items()
        if task in row and row[task]["English"] is not None
    }
    return {"donor": _DONORS[row["donor"]], **scores}


def table6(families: Mapping[str, Any]) -> dict[str, Any]:
    return {family: [cells["n"], cells["Baseline"], cells["LangSAMP"]] for family, cells in families.items()}


def by_language(tables: Mapping[str, Any], first: str, second: str) -> dict[str, Any]:
    found: dict[str, dict[str, list[float]]] = {}
    for task, name in _TASKS.items():
        for tag, cells in tables.get(task, {"languages": {}})["languages"].items():
            found.setdefault(tag, {})[name] = [cells[first], cells[second]]
    return dict(sorted(found.items()))


def one_entry_a_line(tables: Mapping[str, Mapping[str, Any]]) -> str:
    sections = []
    for name, entries in tables.items():
        lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in entries.items()]
        sections.append(f'"{name}": {{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    main()
