"""Design law 6: an extension maps rows by token string, so `<mask>` keeps its vector; the decoder bias travels."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, PreTrainedTokenizerFast

from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.data.vocabulary.extending import new_pieces
from langsamp.data.vocabulary.measuring import measure
from langsamp.errors import UserError
from langsamp.model.vocabulary.extending import Extended, Rows, extend
from langsamp.model.vocabulary.stored_model import StoredModel, open_stored
from langsamp.model.vocabulary.token_rows import SILENT
from tests.tiny_run import documents
from tests.vocabularies import byte_bpe, modern_bpe, unigram, wordpiece, write_mlm

CONFIG = TokenizerConfig(vocab_size=300, byte_fallback=False)
NEW = ("deu_Latn", "eng_Latn", "fin_Latn", "ind_Latn", "tur_Latn", "vie_Latn")
TEXT = [text for tag in NEW for text in documents(tag, 100)] + ["ⴰⵣⵓⵍ ⴰⵎⴰⵡⴰⵍ"] * 50


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> StoredModel:
    return open_stored(str(write_mlm(tmp_path_factory.mktemp("models") / "whole", unigram())))


@pytest.fixture(scope="module")
def pieces(whole: StoredModel) -> list[tuple[str, float]]:
    return new_pieces(whole.tokenizer, TEXT, CONFIG)


def extended(
    whole: StoredModel, pieces: list[tuple[str, float]], out: Path, rows: Rows
) -> tuple[Extended, StoredModel]:
    report = extend(whole, out, pieces=pieces, rows=rows, multiple=64, facts={})
    return report, open_stored(str(out))


def test_old_tokens_keep_their_rows_and_the_mask_moves(
    tmp_path: Path, whole: StoredModel, pieces: list[tuple[str, float]]
) -> None:
    for rows in ("mean", "normal"):
        report, after = extended(whole, pieces, tmp_path / rows, rows)
        assert after.tokenizer.mask_token_id == len(after.vocabulary.ids) - 1 > whole.tokenizer.mask_token_id
        assert not report.displaced
        for name in whole.by_token:
            for token, row in whole.vocabulary.ids.items():
                assert torch.equal(after.weights[name][after.vocabulary.ids[token]], whole.weights[name][row])
        others = whole.weights.keys() - whole.by_token.keys()
        assert all(torch.equal(after.weights[name], whole.weights[name]) for name in others)


def test_new_rows_are_the_mean_of_their_old_pieces(
    tmp_path: Path, whole: StoredModel, pieces: list[tuple[str, float]]
) -> None:
    report, after = extended(whole, pieces, tmp_path / "mean", "mean")
    assert report.from_pieces + report.drawn == len(pieces)
    assert 0 < report.drawn < report.from_pieces
    split = whole.tokenizer.backend_tokenizer.model.tokenize
    for piece, _ in pieces:
        old = [token.id for token in split(piece) if token.id != whole.tokenizer.unk_token_id]
        for name in whole.by_token if old else ():
            row = after.weights[name][after.vocabulary.ids[piece]]
            assert torch.allclose(row, whole.weights[name][old].mean(0), atol=1e-6)


def test_by_index_the_mask_loses_its_row(tmp_path: Path, whole: StoredModel, pieces: list[tuple[str, float]]) -> None:
    report, after = extended(whole, pieces, tmp_path / "index", "index")
    assert report.displaced == ("<mask>",)
    mask = whole.embedding[whole.tokenizer.mask_token_id]
    assert torch.equal(after.embedding[whole.tokenizer.mask_token_id], mask)
    assert not torch.equal(after.embedding[after.tokenizer.mask_token_id], mask)


def test_stock_transformers_loads_it_and_never_predicts_padding(
    tmp_path: Path, whole: StoredModel, pieces: list[tuple[str, float]]
) -> None:
    extended(whole, pieces, tmp_path / "out", "mean")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    mlm, info = AutoModelForMaskedLM.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not info["missing_keys"]
    size = len(tokenizer)
    assert mlm.config.vocab_size % 64 == 0
    assert mlm.config.vocab_size > size
    assert (mlm.get_output_embeddings().bias[size:] == SILENT).all()
    logits = mlm.eval()(**tokenizer(f"{TEXT[0]} {tokenizer.mask_token}", return_tensors="pt")).logits
    assert logits.softmax(-1)[..., size:].max() == 0


def test_the_tags_gain(tmp_path: Path, whole: StoredModel, pieces: list[tuple[str, float]]) -> None:
    _, after = extended(whole, pieces, tmp_path / "out", "mean")
    fits = [measure(model.tokenizer, [TEXT]) for model in (whole, after)]
    assert fits[0].unknown > 0 == fits[1].unknown
    assert fits[0].pieces_per_word > fits[1].pieces_per_word
    assert fits[0].bytes_per_token < fits[1].bytes_per_token


def test_what_is_known_already_is_no_extension(whole: StoredModel, tmp_path: Path) -> None:
    known = [(piece, score) for piece, score in new_pieces(whole.tokenizer, TEXT, CONFIG)]
    extend(whole, tmp_path / "out", pieces=known, multiple=1, facts={})
    again = AutoTokenizer.from_pretrained(tmp_path / "out")
    with pytest.raises(UserError, match=r"learned nothing: all [\d,]+ pieces"):
        new_pieces(again, TEXT, CONFIG)


@pytest.mark.parametrize("make", [modern_bpe, byte_bpe])
def test_other_kinds_are_refused(make: Callable[[], PreTrainedTokenizerFast]) -> None:
    with pytest.raises(UserError, match="a BPE vocabulary cannot be extended, only Unigram or WordPiece"):
        new_pieces(make(), TEXT, CONFIG)


def test_word_pieces_are_extended_too(tmp_path: Path) -> None:
    before = open_stored(str(write_mlm(tmp_path / "whole", wordpiece(), "bert")))
    pieces = new_pieces(before.tokenizer, TEXT, CONFIG)
    report, after = extended(before, pieces, tmp_path / "out", "mean")
    assert report.from_pieces > report.drawn
    for name in before.by_token:
        for token, row in before.vocabulary.ids.items():
            assert torch.equal(after.weights[name][after.vocabulary.ids[token]], before.weights[name][row])
    fits = [measure(model.tokenizer, [TEXT]) for model in (before, after)]
    assert fits[0].unknown > 0 == fits[1].unknown
    assert fits[0].bytes_per_token < fits[1].bytes_per_token
    inside = next(piece for piece, _ in pieces if piece.startswith("##") and piece[2:].isascii() and len(piece) == 4)
    old = [before.vocabulary.ids[f"##{letter}"] for letter in inside[2:]]
    row = after.embedding[after.vocabulary.ids[inside]]
    assert torch.allclose(row, before.embedding[old].mean(0), atol=1e-6)
