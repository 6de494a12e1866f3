"""What the tests of corpora share: some text, in each form that is read, and the reading of a folder."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard

from langsamp.data.text.cleaning import CleaningCounts, clean_documents
from langsamp.data.text.corpus import Corpus, CorpusConfig, open_corpus
from langsamp.languages.tags import LangScript

SWAHILI, GERMAN, RUSSIAN = LangScript("swh", "Latn"), LangScript("deu", "Latn"), LangScript("rus", "Cyrl")


LINES = ["Habari ya asubuhi.", "", "  mbili", "a\u2028b\x85c\x0bd\x0ce\x1cf\rg", "“Ça va ?”", "last"]


TEXT = "\n".join(LINES).replace("mbili", "mbili\r").encode()


STORED: dict[str, Callable[[bytes], bytes]] = {
    "txt": lambda data: data,
    "txt.gz": gzip.compress,
    "txt.xz": lzma.compress,
    "txt.bz2": bz2.compress,
    "txt.zst": zstandard.ZstdCompressor().compress,
    "gz": gzip.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


def folder_corpus(folder: Path, **settings: Any) -> Corpus:
    return open_corpus(CorpusConfig(source=folder.name, **settings), base=folder.parent)


def read(folder: Path, tag: LangScript = SWAHILI, **settings: Any) -> list[str]:
    return list(folder_corpus(folder, **settings).documents(tag))


def clean(folder: Path, *, counts: CleaningCounts | None = None, **settings: Any) -> list[str]:
    """What is left of the Swahili text of a folder when it is cleaned."""
    config = CorpusConfig(source=folder.name, check_script=False, **settings)
    documents = folder_corpus(folder, **settings).documents(SWAHILI)
    return list(clean_documents(documents, tag=SWAHILI, config=config, counts=counts))


def jsonl(*records: Any) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()
