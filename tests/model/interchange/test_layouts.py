"""Every layout holds the model that it was made from: bit for bit, or checked within a tolerance that is said."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.model.conditioning import Conditioning
from langsamp.model.interchange.cutting import cut_encoder
from langsamp.model.interchange.importing import import_checkpoint
from langsamp.model.interchange.onnx_graph import ATOL, write_onnx
from langsamp.model.interchange.original import write_original
from langsamp.model.interchange.sentence_vectors import write_sentence_transformers
from tests.model.interchange.authors import weights, write_checkpoint, write_ids
from tests.model.test_export import exported
from tests.vocabularies import KINDS, tokenizer_of, write_mlm

SENTENCES = ["ba de so", "mi", "la la go du ti ra"]


def test_what_was_imported_goes_back_bit_for_bit(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    folder = write_checkpoint(tmp_path / "theirs", tokenizer)
    import_checkpoint(folder, write_ids(tmp_path / "ids.json"), tmp_path / "ours")
    write_original(tmp_path / "ours", tmp_path / "back")
    stored = load_file(tmp_path / "back" / "model.safetensors")
    assert stored.keys() == weights().keys()
    assert all(torch.equal(stored[name], tensor) for name, tensor in weights().items())
    theirs, back = (json.loads((tmp_path / name / "config.json").read_text()) for name in ("theirs", "back"))
    keys = ("lang_size", "script_size", "use_lang_embedding", "use_script_embedding", "decouple_at_input_embeddings")
    assert {key: theirs[key] for key in keys} == {key: back[key] for key in keys}
    loaded = AutoTokenizer.from_pretrained(tmp_path / "back")
    assert loaded(SENTENCES).input_ids == tokenizer(SENTENCES).input_ids


@pytest.mark.parametrize("variant", ["both", "language", "none"])
def test_what_was_trained_here_comes_back_from_their_layout(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, variant: str
) -> None:
    exported(tmp_path, tokenizer, "xlm-roberta", variant)
    write_original(tmp_path / "export", tmp_path / "theirs")
    import_checkpoint(tmp_path / "theirs", tmp_path / "theirs" / "ids.json", tmp_path / "again")
    before, after = (load_file(tmp_path / name / "model.safetensors") for name in ("export", "again"))
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    ours, theirs = Conditioning.load(tmp_path / "export"), Conditioning.load(tmp_path / "again")
    assert (ours.ids, ours.variant) == (theirs.ids, theirs.variant)
    for table in ("language", "script"):
        np.testing.assert_array_equal(getattr(ours, table), getattr(theirs, table))
    assert [ours.is_trained("language", code) for code in ours.ids.languages] == [
        theirs.is_trained("language", code) for code in ours.ids.languages
    ]


@pytest.mark.parametrize(
    ("model_type", "variant", "message"),
    [
        ("bert", "both", "an xlm-roberta, and this is a bert"),
        ("xlm-roberta", "both@input", "this is a both@input"),
        ("xlm-roberta", "both@shuffled", "this is a both@shuffled"),
    ],
)
def test_what_their_layout_has_no_place_for_is_named(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, model_type: str, variant: str, message: str
) -> None:
    exported(tmp_path, tokenizer, model_type, variant)
    with pytest.raises(UserError, match=message):
        write_original(tmp_path / "export", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("model_type", ["xlm-roberta", "bert", "deberta-v2", "distilbert"])
def test_a_cut_encoder_ends_with_that_layer(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, model_type: str
) -> None:
    exported(tmp_path, tokenizer, model_type, "none")
    ids_BL = torch.randint(5, 60, (2, 9), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        states = cut_encoder(tmp_path / "export", 2)(ids_BL, output_hidden_states=True).hidden_states
        cut = cut_encoder(tmp_path / "export", 1)(ids_BL)
    assert torch.equal(cut.last_hidden_state, states[1])
    with pytest.raises(UserError, match="layers 1 to 2; choose one"):
        cut_encoder(tmp_path / "export", 3)


def test_an_encoder_with_a_final_norm_is_not_cut(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    exported(tmp_path, tokenizer, "modernbert", "none")
    with pytest.raises(UserError, match=r"cannot be cut there.* --layer 2"):
        write_sentence_transformers(tmp_path / "export", tmp_path / "out", layer=1)
    assert not (tmp_path / "out").exists()
    write_sentence_transformers(tmp_path / "export", tmp_path / "out", layer=2)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("layer", [1, 2])
def test_sentence_transformers_gives_the_vectors_that_are_scored(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, layer: int
) -> None:
    library = pytest.importorskip("sentence_transformers", reason="needs langsamp[interchange]")
    tokenizer.model_max_length = 8  # as of a new one that was trained on rows so short
    exported(tmp_path, tokenizer, "xlm-roberta", "both")
    write_sentence_transformers(tmp_path / "export", tmp_path / "out", layer=layer)
    model, texts = library.SentenceTransformer(str(tmp_path / "out"), device="cpu"), [*SENTENCES, "ba de " * 30]
    scored = Encoder.load(tmp_path / "export", device="cpu").encode(texts, layers=[layer])[layer]
    np.testing.assert_allclose(model.encode(texts), scored, atol=1e-6)
    assert model.max_seq_length == 38 and model.similarity_fn_name == "cosine"
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert (record["layer"], record["layers"], record["pooling"]) == (layer, 2, "mean over all tokens")
    assert f"layer {layer}\nof 2" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["unigram", "wordpiece", "modern_bpe"])
def test_an_onnx_graph_computes_what_torch_does_at_any_size(tmp_path: Path, kind: str) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="needs langsamp[interchange]")
    pytest.importorskip("onnxscript", reason="needs langsamp[interchange]")
    tokenizer = tokenizer_of(kind)
    folder = write_mlm(tmp_path / "model", tokenizer, KINDS[kind])
    assert write_onnx(folder, tmp_path / "out", layer=2) <= ATOL
    session = runtime.InferenceSession(tmp_path / "out" / "model.onnx")
    encoder = cut_encoder(folder, 2)
    for texts in (SENTENCES, ["ba " * 60], ["a", "b c d e f g h"]):
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        given = {name: batch[name] for name in ("input_ids", "attention_mask")}
        with torch.no_grad():
            expected = encoder(**given).last_hidden_state[given["attention_mask"].bool()]
        (got,) = session.run(None, {name: tensor.numpy() for name, tensor in given.items()})
        np.testing.assert_allclose(got[given["attention_mask"].bool().numpy()], expected.numpy(), atol=ATOL)
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert record["largest_difference"] <= record["atol"] == ATOL


def test_an_onnx_graph_needs_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langsamp.model.interchange.onnx_graph._PACKAGES", ("no_such_package",))
    with pytest.raises(DataMissingError, match=r"pip install \"langsamp\[interchange\]\""):
        write_onnx(tmp_path, tmp_path / "out", layer=1)
