"""Aliases against the reference lists and the development data: the same language is found under either code."""

import pytest

from langsamp.languages.aliases import match
from langsamp.languages.tags import LangScript
from tests.real_data import DATA
from tests.real_data.test_language_groups import TASKS, read

SIMILARITY = "eng_Latn rus_Cyrl zho_Hani arb_Arab hin_Deva jpn_Jpan tur_Latn spa_Latn ind_Latn swa_Latn"
"""The ten languages of the paper's section 5.3."""
FOLDERS = {
    "SR-B": "sr_bible",
    "SR-T": "sr_tatoeba",
    "Taxi1500": "taxi1500",
    "SIB200": "sib200",
    "NER": "ner",
    "POS": "pos",
}


def these(texts: str) -> list[LangScript]:
    return [LangScript.parse(text) for text in texts.split()]


def listed(task: str) -> list[LangScript]:
    return [LangScript.parse(entry["code"]) for entry in read(TASKS[task])["languages"]]


@pytest.mark.parametrize("task", TASKS)
def test_the_ten_similarity_languages_are_found_in_every_list(task):
    english = these("eng_Latn") if task.startswith("SR") else []  # the queries of retrieval, in no list
    missing = set(these(SIMILARITY)) - match(these(SIMILARITY), [*listed(task), *english]).keys()
    if task == "SIB200":
        assert missing == set(these("zho_Hani"))  # the list has no Chinese
    elif task == "POS":
        assert missing == set(these("swa_Latn"))  # nor has Universal Dependencies Swahili
    else:
        assert not missing


@pytest.mark.parametrize(
    ("task", "by_alias"),
    [
        ("SR-B", "lav_Latn/lvs_Latn lzh_Hani/lzh_Hant"),
        (
            "SR-T",
            "ara_Arab/arb_Arab aze_Latn/azj_Latn cmn_Hani/zho_Hans kur_Latn/kmr_Latn mon_Cyrl/khk_Cyrl "
            "sqi_Latn/als_Latn wuu_Hani/wuu_Hans yid_Hebr/ydd_Hebr yue_Hani/yue_Hant",
        ),
        ("Taxi1500", "lav_Latn/lvs_Latn lzh_Hani/lzh_Hant"),
        ("SIB200", ""),
        ("NER", "swa_Latn/swh_Latn zho_Hani/zho_Hans"),
        ("POS", "ara_Arab/arb_Arab fas_Arab/pes_Arab zho_Hani/zho_Hans"),
    ],
)
def test_what_of_the_paper_is_under_another_code_in_the_development_data(task, by_alias):
    manifest = DATA / "eval" / FOLDERS[task] / "MANIFEST.tsv"
    here = [LangScript.parse(line.split("\t")[0]) for line in manifest.read_text("utf-8").splitlines()[1:]]
    found = match(listed(task), here)
    assert sorted(f"{tag}/{other}" for tag, other in found.items() if tag != other) == by_alias.split()
