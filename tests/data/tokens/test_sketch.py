"""Laws of the digests that tell which tags have documents in common: in any order, at any size, and of no others."""

import random
from pathlib import Path

import pytest

from langsamp.data.findings import judge_manifest
from langsamp.data.prepare import prepare_rows
from langsamp.data.rows import RowsConfig
from langsamp.data.text.corpus import CorpusConfig
from langsamp.data.tokens.sketch import DocumentSketch, shared_documents
from langsamp.data.tokens.tokenizer import TokenizerConfig
from tests.tiny_run import documents, write_lines


def sketch_of(documents: list[int], *, batch: int) -> tuple[int, ...]:
    sketch = DocumentSketch()
    batches = [[str(number) for number in documents[at : at + batch]] for at in range(0, len(documents), batch)]
    assert [*sketch.watching(batches)] == batches
    return sketch.digests


@pytest.mark.parametrize("number", [3, 40, 50_000])
def test_the_order_and_repeats_change_nothing(number: int) -> None:
    shuffled = random.Random(1).sample(range(number), number)
    assert sketch_of([*range(number)], batch=1000) == sketch_of([*shuffled, *shuffled], batch=7)


@pytest.mark.parametrize(("shared", "said"), [(0, False), (2_000, False), (9_000, True), (10_000, True)])
def test_the_share_is_told(shared: int, said: bool) -> None:
    one, other = [*range(10_000)], [*range(10_000 - shared, 20_000 - shared)]
    sketches = {"a": sketch_of(one, batch=500), "b": sketch_of(other, batch=500), "c": sketch_of([1 << 20], batch=1)}
    found = shared_documents(sketches, least=0.5)
    assert found == ({("a", "b"): pytest.approx(shared / (20_000 - shared), abs=0.2)} if said else {})


def test_one_text_under_two_names_is_told(tmp_path: Path) -> None:
    """Also in another order and with a few lines more, where the rows are no copies."""
    (tmp_path / "text").mkdir()
    text = documents("deu_Latn", 300)
    write_lines(tmp_path / "text" / "deu_Latn.txt", text)
    write_lines(tmp_path / "text" / "bar_Latn.txt", ["Eine Zeile mehr.", *random.Random(2).sample(text, len(text))])
    write_lines(tmp_path / "text" / "eng_Latn.txt", documents("eng_Latn", 300))
    rows = prepare_rows(
        CorpusConfig(source=str(tmp_path / "text")),
        TokenizerConfig(vocab_size=400),
        RowsConfig(row_tokens=32, held_out_rows=2),
        out=tmp_path / "rows",
    )
    (said,) = (each.said for each in judge_manifest(rows.manifest) if each.kind == "same documents")
    assert "documents and those of bar_Latn are the same" in said
