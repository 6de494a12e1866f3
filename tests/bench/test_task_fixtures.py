"""Text of tasks: real where it is, embedded elsewhere."""

from pathlib import Path

import pytest

from langsamp.bench.fixtures import Fixtures
from langsamp.bench.task_fixtures import TaskTexts
from langsamp.data.tokens.tokenizer import load_tokenizer


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder with a corpus and the Bible text of two tags."""
    bible, corpus = tmp_path / "data/eval/sr_bible", tmp_path / "data/corpus"
    for folder in (bible, corpus):
        folder.mkdir(parents=True)
    for tag in ("rus_Cyrl", "tur_Latn"):
        for side in ("eng_Latn", tag):
            (bible / f"eng_Latn-{tag}.{side}").write_text(
                "".join(f"{side} {number}\n" for number in range(20)), encoding="utf-8"
            )
    (corpus / "rus_Cyrl.txt").write_text("\n".join(f"слово {number}" for number in range(3000)), encoding="utf-8")
    return tmp_path / "data"


def test_text_of_the_data_folder_is_taken_and_cut(shared: Path, scratch: Fixtures) -> None:
    texts = TaskTexts(material=scratch, data=shared)
    name, found = texts.parallel("sr-bible", tags=1, pairs=12)
    assert name == "sr-bible" and list(map(str, found)) == ["rus_Cyrl"]
    (text,) = found.values()
    assert text.target == tuple(f"rus_Cyrl {number}" for number in range(12)) and len(text.english) == 12
    assert len(texts.parallel("sr-bible", tags=5, pairs=12)[1]) == 2


def test_the_tokenizer_is_of_the_corpus_where_there_is_one(shared: Path, scratch: Fixtures) -> None:
    real = TaskTexts(material=scratch, data=shared).tokenizer(400)
    assert real.name == "tokenizer-real-400"
    assert not any(piece.startswith("<0x") for piece in load_tokenizer(str(real)).tokenize("слово"))
    assert TaskTexts(material=scratch).tokenizer(500) == scratch.tokenizer(500)


@pytest.mark.parametrize("name", ["sr-bible", "sr-tatoeba"])
def test_embedded_tasks_stand_for_absent_ones(name: str, shared: Path, scratch: Fixtures) -> None:
    data = None if name == "sr-bible" else shared
    found, texts = TaskTexts(material=scratch, data=data).parallel(name, tags=2, pairs=15)
    assert found == "sr-cldr" and list(map(str, texts)) == ["deu_Latn", "rus_Cyrl"]
    assert all(len(text.target) == 15 for text in texts.values())


def test_the_folder_is_found_by_its_variable(shared: Path, scratch: Fixtures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSAMP_DATA", str(shared))
    assert TaskTexts.find(scratch).data == shared
    monkeypatch.delenv("LANGSAMP_DATA")
    assert TaskTexts.find(scratch).data is None
