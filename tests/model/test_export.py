"""Design law 2: an export is the trained encoder, and stock libraries load it."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer, PreTrainedTokenizerFast

from langsamp.errors import DamagedError, UserError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.build import ModelConfig, build_model
from langsamp.model.conditioning import Conditioning
from langsamp.model.export import export_model
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.pretrained.load_pretrained import load_pretrained
from langsamp.model.variants import VARIANTS, Variant, parts_of
from tests.tiny_parts import tiny_mlm

TAGS = [LangScript("deu", "Latn"), LangScript("kmr", "Cyrl"), LangScript("kmr", "Latn")]
IDS = LanguageIds.of(TAGS)
FACTS = {"name": "test", "step": 7, "data": "ab12"}


@pytest.fixture
def ids() -> torch.Tensor:
    return torch.randint(5, 60, (3, 20), generator=torch.Generator().manual_seed(1))


def exported(
    folder: Path, tokenizer: PreTrainedTokenizerFast, model_type: str, variant: Variant
) -> LangSampForMaskedLM:
    tiny_mlm(model_type).save_pretrained(folder / "start")
    model = build_model(
        ModelConfig(init=str(folder / "start")), tokenizer=tokenizer, ids=IDS, variant=variant, row_tokens=20, seed=0
    ).eval()
    rows_seen = dict(zip(TAGS, (10, 0, 3), strict=True))
    export_model(model, folder / "export", tokenizer=tokenizer, ids=IDS, rows_seen=rows_seen, facts=FACTS)
    return model


@pytest.mark.parametrize("variant", ["both", "both@input"])
@pytest.mark.parametrize("model_type", ["xlm-roberta", "roberta", "bert", "modernbert"])
def test_stock_models_give_the_trained_hidden_states(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, ids: torch.Tensor, model_type: str, variant: Variant
) -> None:
    trained = exported(tmp_path, tokenizer, model_type, variant)
    encoders = [AutoModel.from_pretrained(tmp_path / "export").eval() for _ in range(2)]
    expected = trained.mlm.base_model(ids).last_hidden_state
    first, second = (encoder(ids) for encoder in encoders)
    assert torch.equal(first.last_hidden_state, expected)
    assert torch.equal(second.last_hidden_state, expected)
    mlm = AutoModelForMaskedLM.from_pretrained(tmp_path / "export").eval()
    assert torch.equal(mlm(ids).logits, trained.mlm(ids).logits)
    if model_type != "modernbert":
        types = [encoder.embeddings.token_type_embeddings.weight for encoder in encoders]
        assert torch.equal(*types)
        assert model_type == "bert" or types[0].abs().max() == 0


@pytest.mark.parametrize("variant", ["none", "script"])
def test_who_continues_from_an_export_is_told_that_its_vectors_stay_behind(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, variant: Variant
) -> None:
    exported(tmp_path, tokenizer, "bert", variant)
    config = ModelConfig(init=str(tmp_path / "export"))
    continued = build_model(config, tokenizer=tokenizer, ids=IDS, variant="both", row_tokens=20, seed=0)
    told = [
        each
        for each in continued.start
        if each.endswith("holds vectors (script vectors): new ones are trained instead")
    ]
    assert bool(told) == (variant == "script")


@pytest.mark.parametrize("variant", VARIANTS)
def test_conditioning_comes_back_with_names_and_rows_seen(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, variant: Variant
) -> None:
    model = exported(tmp_path, tokenizer, "xlm-roberta", variant)
    conditioning = Conditioning.load(tmp_path / "export")
    assert conditioning.variant == variant
    assert conditioning.ids == IDS
    assert conditioning.rows_of_language("kmr") == 3
    assert conditioning.rows_of_script("Cyrl") == 0
    for name in ("language", "script"):
        table, vectors = getattr(model, name), getattr(conditioning, name)
        assert (table is None) == (vectors is None) == (name not in parts_of(variant).tables)
        if table is not None:
            assert torch.equal(torch.from_numpy(vectors), table.weight)


def test_a_vector_is_trained_where_tokens_were_predicted_under_its_id(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    model = exported(tmp_path, tokenizer, "xlm-roberta", "both")
    rows_seen, masked = (dict(zip(TAGS, numbers, strict=True)) for numbers in ((10, 5, 3), (70, 0, 0)))
    out = tmp_path / "counted"
    export_model(model, out, tokenizer=tokenizer, ids=IDS, rows_seen=rows_seen, masked_seen=masked, facts=FACTS)
    counted, older = Conditioning.load(out), Conditioning.load(tmp_path / "export")
    assert counted.rows_of_language("kmr") == 8 and not counted.is_trained("language", "kmr")
    assert not counted.is_trained("script", "Cyrl") and counted.is_trained("script", "Latn")
    assert counted.masked_seen == masked and older.masked_seen is None
    assert older.is_trained("language", "kmr"), "where tokens were not counted, rows stand for them"
    record = json.loads((out / "languages.json").read_text())
    assert record["untrained"] == {"languages": ["kmr"], "scripts": ["Cyrl"]}


def test_tokenizer_and_card_are_there(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    exported(tmp_path, tokenizer, "xlm-roberta", "both")
    loaded = AutoTokenizer.from_pretrained(tmp_path / "export")
    assert loaded("ba de so").input_ids == tokenizer("ba de so").input_ids
    card = (tmp_path / "export" / "README.md").read_text()
    assert "- kmr" in card
    assert "(LangSAMP)" in card


def test_a_card_may_be_edited_or_left_out_and_nothing_else(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    """The card is for people, and a download from the hub comes without it."""
    exported(tmp_path, tokenizer, "xlm-roberta", "both")
    card = tmp_path / "export" / "README.md"
    card.write_text("mine")
    load_pretrained(AutoModelForMaskedLM, tmp_path / "export")
    card.unlink()
    load_pretrained(AutoModelForMaskedLM, tmp_path / "export")
    (tmp_path / "export" / "tokenizer_config.json").write_text("{}")
    with pytest.raises(DamagedError, match=r"tokenizer_config\.json has 2 bytes"):
        load_pretrained(AutoModelForMaskedLM, tmp_path / "export")


def test_an_older_export_is_replaced_and_nothing_else_is(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    model = exported(tmp_path, tokenizer, "xlm-roberta", "both")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    rows_seen = dict.fromkeys(TAGS, 1)
    for name, message in (("thesis", "would delete all in it"), ("thesis/chapter.txt", "would delete it")):
        with pytest.raises(UserError, match=message):
            export_model(model, tmp_path / name, tokenizer=tokenizer, ids=IDS, rows_seen=rows_seen, facts=FACTS)
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    for name in ("export", "empty"):
        export_model(model, tmp_path / name, tokenizer=tokenizer, ids=IDS, rows_seen=rows_seen, facts=FACTS)
        assert Conditioning.load(tmp_path / name).rows_of_language("kmr") == 2


@pytest.mark.parametrize(
    ("variant", "placement", "shuffled", "said"),
    [
        ("none", "output", False, "the baseline"),
        ("script", "output", False, "Trained with script vectors added to the encoder output"),
        ("both@input", "input", False, "not shifted as they were in training"),
        ("both@shuffled", "output", True, "Do not choose donors by them"),
    ],
)
def test_an_export_says_where_its_vectors_were_added_and_whether_they_mean_anything(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, variant: Variant, placement: str, shuffled: bool, said: str
) -> None:
    exported(tmp_path, tokenizer, "xlm-roberta", variant)
    record = json.loads((tmp_path / "export" / "languages.json").read_text())
    assert (record["variant"], record["placement"], record["shuffled_ids"]) == (variant, placement, shuffled)
    assert said in (tmp_path / "export" / "README.md").read_text()
    conditioning = Conditioning.load(tmp_path / "export")
    assert (conditioning.placement, conditioning.is_shuffled) == (placement, shuffled)


@pytest.mark.filterwarnings("default")
def test_sentence_transformers_loads_it(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    library = pytest.importorskip("sentence_transformers")
    exported(tmp_path, tokenizer, "xlm-roberta", "both")
    vectors = library.SentenceTransformer(str(tmp_path / "export"), device="cpu").encode(["ba de", "so mi la"])
    assert vectors.shape == (2, 32)
