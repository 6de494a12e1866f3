"""Laws of the switched vectors: with a tag's own they are the trained model's, without any the stock model's."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMaskedLM, PreTrainedTokenizerFast

from langsamp.data.masking import IGNORED
from langsamp.disk.seals import CHECKSUMS
from langsamp.errors import UserError
from langsamp.explorer.fill_mask import MaskFiller, VectorChoice, fill_mask
from langsamp.model.mlm import LangSampForMaskedLM
from tests.model.test_export import IDS, TAGS, exported

SENTENCE = "ba de <mask> so mi"
CHOICES = [VectorChoice(), *(VectorChoice(*tag) for tag in TAGS)]
PLACES = ("both", "both@input")


def trained_logits(model: LangSampForMaskedLM, filler: MaskFiller) -> torch.Tensor:
    """What the trained model itself gives at the mask for each of its tags."""
    ids = torch.tensor([filler.tokenizer(SENTENCE)["input_ids"]] * len(TAGS))
    languages, scripts = zip(*map(IDS.pair, TAGS), strict=True)
    labels = torch.where(ids == filler.tokenizer.mask_token_id, 0, IGNORED)
    with torch.inference_mode():
        found, _ = model.masked_logits(
            ids, labels, language_ids_B=torch.tensor(languages), script_ids_B=torch.tensor(scripts)
        )
    return found


@pytest.mark.parametrize("variant", PLACES)
@pytest.mark.parametrize("model_type", ["xlm-roberta", "bert", "modernbert"])
def test_with_its_own_vectors_it_is_the_trained_model_and_without_the_stock_one(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, model_type: str, variant: str
) -> None:
    trained = exported(tmp_path, tokenizer, model_type, variant)
    filler = MaskFiller(tmp_path / "export", device="cpu")
    found = filler.logits(SENTENCE, CHOICES)
    torch.testing.assert_close(found[1:], trained_logits(trained, filler))
    stock = AutoModelForMaskedLM.from_pretrained(tmp_path / "export").eval()
    ids = torch.tensor([tokenizer(SENTENCE)["input_ids"]])
    with torch.inference_mode():
        plain = stock(ids).logits[ids == tokenizer.mask_token_id]
    torch.testing.assert_close(found[:1], plain)
    assert (found[1:] - found[:1]).abs().amax(dim=1).min() > 1e-3


def test_two_vectors_together_are_each_alone_added_up(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    exported(tmp_path, tokenizer, "xlm-roberta", "both")
    filler = MaskFiller(tmp_path / "export", device="cpu")
    with torch.no_grad():
        filler._model.script.weight.zero_()
    deu, alone = filler.logits(SENTENCE, [VectorChoice("deu", "Latn"), VectorChoice("deu")])
    torch.testing.assert_close(deu, alone)


def test_lists_hold_the_most_probable_and_the_most_raised(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    exported(tmp_path, tokenizer, "xlm-roberta", "both")
    found = fill_mask(tmp_path / "export", SENTENCE, ["deu_Latn", "kmr_Cyrl", "deu_Cyrl", "kmr"], k=60)
    assert list(dict.fromkeys(found["vectors"])) == ["none", "deu_Latn", "kmr_Cyrl", "deu_Cyrl", "kmr"]
    likeliest = found[found["list"] == "likeliest"]
    sums = likeliest.groupby("vectors")["probability"].sum()
    assert np.allclose(sums, 1, atol=1e-5)
    for _, own in likeliest.groupby("vectors"):
        assert own["probability"].is_monotonic_decreasing
        assert sorted(own["token"]) == sorted(tokenizer.get_vocab())
    assert set(likeliest.loc[likeliest["vectors"] == "none", "factor"]) == {1.0}
    raised = found[found["list"] == "raised"]
    assert "none" not in set(raised["vectors"])
    first = raised[raised["rank"] == 1].set_index("vectors")
    likely = likeliest[likeliest["probability"] > 1 / 60]
    assert np.allclose(first["factor"], likely.groupby("vectors")["factor"].max()[first.index])
    untrained = found.groupby("vectors")["trained"].all()
    assert untrained.to_dict() == {
        "none": True, "deu_Latn": True, "kmr_Cyrl": False, "deu_Cyrl": False, "kmr": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "vectors", "message"),
    [
        ("ba de", [], "there is none"),
        ("", [], "there is none"),
        ("<mask> ba [MASK]", [], "there are 2"),
        ("ba " * 60 + "<mask>", [], "63 tokens, and the model reads 38 at most"),
        (SENTENCE, ["fra_Latn"], "no vector of the language 'fra'"),
        (SENTENCE, ["deu_Arab"], "no vector of the script 'Arab'"),
        (SENTENCE, ["German"], "no vectors are called 'German'"),
        (SENTENCE, ["deu_"], "no vectors are called"),
        ("ba \ud83d <mask>", [], "character 4 of the text is half of one"),
    ],
)
def test_what_cannot_be_filled_is_said(
    tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast, sentence, vectors, message
) -> None:
    folder = tmp_path_factory.mktemp("said")
    exported(folder, tokenizer, "xlm-roberta", "both")
    with pytest.raises(UserError, match=message):
        fill_mask(folder / "export", sentence, vectors)


def test_a_baseline_fills_masks_and_says_that_it_has_no_vectors(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    exported(tmp_path, tokenizer, "xlm-roberta", "none")
    assert set(fill_mask(tmp_path / "export", SENTENCE)["vectors"]) == {"none"}
    assert not MaskFiller(tmp_path / "export").has_vectors
    with pytest.raises(UserError, match="its variant is 'none'"):
        fill_mask(tmp_path / "export", SENTENCE, ["deu_Latn"])


def test_an_encoder_without_its_head_is_refused(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    exported(tmp_path, tokenizer, "xlm-roberta", "none").mlm.base_model.save_pretrained(tmp_path / "alone")
    tokenizer.save_pretrained(tmp_path / "alone")
    with pytest.raises(UserError, match=r"no whole LM head .* choose a masked LM"):
        MaskFiller(tmp_path / "alone")


def test_vectors_without_names_are_said_not_dropped(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    """As in the checkpoints of LangSAMP's authors, whose ids lie in another file."""
    exported(tmp_path, tokenizer, "xlm-roberta", "none")
    folder = tmp_path / "export"
    weights = load_file(folder / "model.safetensors")
    weights["roberta.embeddings.lang_type_embeddings.weight"] = torch.randn(3, 32)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / CHECKSUMS).unlink()  # a stock folder has none
    assert not MaskFiller(folder, device="cpu").nameless, "languages.json beside them says what is trained"
    (folder / "languages.json").unlink()
    filler = MaskFiller(folder, device="cpu")
    assert filler.nameless == ("roberta.embeddings.lang_type_embeddings.weight",)
    assert set(filler.fill(SENTENCE)["vectors"]) == {"none"}
    with pytest.raises(UserError, match="nothing says which row is whose"):
        filler.fill(SENTENCE, ["deu_Latn"])
