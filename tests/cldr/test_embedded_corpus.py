import subprocess
import sys
from itertools import islice

import pytest

from langsamp.cldr.embedded_corpus import CldrCorpus
from langsamp.cldr.locales import locales
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript

GERMAN, SWAHILI = LangScript("deu", "Latn"), LangScript("swh", "Latn")


def test_documents_are_a_function_of_tag_seed_and_index() -> None:
    documents = list(CldrCorpus(40).documents(GERMAN))
    assert documents == list(CldrCorpus(40).documents(GERMAN))
    assert documents[:10] == list(CldrCorpus(10).documents(GERMAN))
    assert not set(documents) & set(CldrCorpus(40, seed=1).documents(GERMAN))
    assert len(documents) == 40


def test_documents_are_long_and_various() -> None:
    documents = list(CldrCorpus(500).documents(GERMAN))
    lengths = sorted(len(document.split()) for document in documents)
    assert lengths[50] >= 6 and 12 <= lengths[250] <= 25 and lengths[-1] <= 80
    assert len(set(documents)) > 490
    assert len({word for document in documents for word in document.split()}) > 1500


def test_text_is_not_parallel() -> None:
    german, swahili = (list(CldrCorpus(50).documents(tag)) for tag in (GERMAN, SWAHILI))
    digits = [[set(filter(str.isdigit, text)) for text in texts] for texts in (german, swahili)]
    assert sum(a == b != set() for a, b in zip(*digits, strict=True)) < 10


def test_every_tag_has_text_in_its_script() -> None:
    corpus = CldrCorpus(3)
    assert corpus.tags == list(locales())
    for tag in corpus.tags[::8]:
        assert all(any(map(str.isalpha, text)) for text in corpus.documents(tag))


def test_fingerprint_names_the_content() -> None:
    assert CldrCorpus(10).fingerprint() == CldrCorpus(10).fingerprint()
    assert len({CldrCorpus(10).fingerprint(), CldrCorpus(11).fingerprint(), CldrCorpus(10, 1).fingerprint()}) == 3


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(UserError, match="documents_per_tag of at least 1, got 0"):
        CldrCorpus(0)
    with pytest.raises(UserError, match="CLDR has too little text for xxx_Latn"):
        next(islice(CldrCorpus().documents(LangScript("xxx", "Latn")), 1))


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, langsamp.cldr.embedded_corpus; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "transformers", "numpy", "pandas", "iso639"} & set(modules)
