"""Laws of the model: design law 1, and that a missing id is an error."""

import copy
import inspect
import pickle
import re

import pytest
import torch
from transformers import AutoConfig, PreTrainedTokenizerFast

from langsamp.errors import UserError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.build import ModelConfig, build_model
from langsamp.model.heads import HEADS, decoder_of, features_of
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.shapes import positions
from langsamp.model.variants import VARIANTS, Variant, parts_of
from tests.tiny_parts import tiny_mlm

IDS = LanguageIds.of([LangScript("deu", "Latn"), LangScript("kmr", "Cyrl"), LangScript("kmr", "Latn")])
LANGUAGES, SCRIPTS = torch.tensor([0, 1, 1, 0]), torch.tensor([1, 0, 1, 1])


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(5, 60, (4, 24), generator=generator)
    return ids, torch.where(torch.rand(4, 24, generator=generator) < 0.3, ids, -100)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("model_type", HEADS)
def test_with_zero_tables_loss_and_every_gradient_equal_the_stock_models(model_type: str, variant: Variant) -> None:
    mlm, (ids, labels) = tiny_mlm(model_type).eval(), batch()
    stock = mlm(ids, attention_mask=torch.ones_like(ids), labels=labels).loss
    stock.backward()
    gradients = {name: weight.grad.clone() for name, weight in mlm.named_parameters() if weight.grad is not None}
    mlm.zero_grad()
    ours = LangSampForMaskedLM(mlm, variant=variant, num_languages=2, num_scripts=2)
    for table in (ours.language, ours.script):
        if table is not None:
            torch.nn.init.zeros_(table.weight)
    loss = ours(ids, labels, language_ids_B=LANGUAGES, script_ids_B=SCRIPTS) / (labels != -100).sum()
    loss.backward()
    assert loss.item() == pytest.approx(stock.item(), abs=1e-6)
    assert {name for name, weight in mlm.named_parameters() if weight.grad is not None} == gradients.keys()
    for name, weight in mlm.named_parameters():
        if name in gradients:
            torch.testing.assert_close(weight.grad, gradients[name], atol=1e-7, rtol=1e-5)


def test_whole_models_can_be_pickled_and_configurations_may_ask_for_tuples() -> None:
    (ids, labels), named = batch(), {"language_ids_B": LANGUAGES, "script_ids_B": SCRIPTS}
    ours = LangSampForMaskedLM(tiny_mlm("xlm-roberta").eval(), variant="both", num_languages=2, num_scripts=2)
    loss = ours(ids, labels, **named)
    assert torch.equal(pickle.loads(pickle.dumps(ours))(ids, labels, **named), loss)
    ours.mlm.config.return_dict = False
    assert torch.equal(ours(ids, labels, **named), loss)


@pytest.mark.parametrize("variant", ["both", "both@input"])
def test_tables_have_the_type_of_the_encoder(variant: Variant) -> None:
    (ids, labels), mlm = batch(), tiny_mlm("xlm-roberta").eval()
    whole, half = (
        LangSampForMaskedLM(each, variant=variant, num_languages=2, num_scripts=2)
        for each in (mlm, copy.deepcopy(mlm).bfloat16())
    )
    losses = [each(ids, labels, language_ids_B=LANGUAGES, script_ids_B=SCRIPTS).item() for each in (whole, half)]
    assert losses[0] == pytest.approx(losses[1], rel=0.01)


def test_tables_shift_each_row_by_its_own_vectors() -> None:
    ids, labels = batch()
    ours = LangSampForMaskedLM(tiny_mlm("xlm-roberta").eval(), variant="both", num_languages=2, num_scripts=2)
    logits, found = ours.masked_logits(ids, labels, language_ids_B=LANGUAGES, script_ids_B=SCRIPTS)
    hidden = ours.mlm.roberta(ids).last_hidden_state
    shift = ours.language.weight[LANGUAGES] + ours.script.weight[SCRIPTS]
    expected = ours.mlm.lm_head(hidden + shift[:, None])[labels != -100]
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(found, labels[labels != -100])


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if parts_of(variant).placement == "input"])
@pytest.mark.parametrize("model_type", HEADS)
def test_at_the_input_each_token_embedding_is_shifted_by_its_rows_vectors(model_type: str, variant: Variant) -> None:
    """As XLM does: into the sum of token and position embeddings, before norm and dropout."""
    ids, labels = batch()
    ours = LangSampForMaskedLM(tiny_mlm(model_type).eval(), variant=variant, num_languages=2, num_scripts=2)
    for table in (ours.language, ours.script):
        if table is not None:
            torch.nn.init.normal_(table.weight)
    encoder, words = ours.mlm.base_model, ours.mlm.get_input_embeddings()
    alone = encoder(ids).last_hidden_state
    logits, _ = ours.masked_logits(ids, labels, language_ids_B=LANGUAGES, script_ids_B=SCRIPTS)
    shift = sum(
        table.weight[rows] for table, rows in ((ours.language, LANGUAGES), (ours.script, SCRIPTS)) if table is not None
    )
    hidden = encoder(inputs_embeds=words(ids) + shift[:, None]).last_hidden_state
    expected = decoder_of(ours.mlm)(features_of(ours.mlm, hidden))[labels != -100]
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(encoder(ids).last_hidden_state, alone), "the encoder by itself knows no vectors"
    assert not torch.allclose(hidden, alone, atol=1e-3)


@pytest.mark.parametrize("variant", VARIANTS)
def test_vectors_get_gradients_where_their_rows_are(variant: Variant) -> None:
    ids, labels = batch()
    ours = LangSampForMaskedLM(tiny_mlm("xlm-roberta"), variant=variant, num_languages=3, num_scripts=2)
    ours(ids, labels, language_ids_B=LANGUAGES, script_ids_B=SCRIPTS).backward()
    assert {name for name in ("language", "script") if getattr(ours, name) is not None} == {*parts_of(variant).tables}
    if ours.language is not None:
        assert ours.language.weight.grad.abs().sum(1).gt(0).tolist() == [True, True, False]


def test_the_placement_changes_no_start() -> None:
    output, at_input = (
        LangSampForMaskedLM(tiny_mlm("bert"), variant=variant, num_languages=2, num_scripts=2).state_dict()
        for variant in ("both", "both@input")
    )
    assert output.keys() == at_input.keys()
    assert all(torch.equal(value, at_input[name]) for name, value in output.items())


@pytest.mark.parametrize("variant", ["both", "both@input"])
@pytest.mark.parametrize("missing", ["language", "script"])
def test_missing_ids_are_an_error(missing: str, variant: Variant) -> None:
    ours = LangSampForMaskedLM(tiny_mlm("bert"), variant=variant, num_languages=2, num_scripts=2)
    ids = {"language_ids_B": LANGUAGES, "script_ids_B": SCRIPTS, f"{missing}_ids_B": None}
    with pytest.raises(UserError, match=f"no {missing} ids came"):
        ours(*batch(), **ids)


@pytest.mark.parametrize("variant", ["both", "both@input"])
@pytest.mark.parametrize("name", ["language", "script"])
def test_ids_of_another_shape_are_an_error_however_many_tokens_are_masked(name: str, variant: Variant) -> None:
    ours = LangSampForMaskedLM(tiny_mlm("bert"), variant=variant, num_languages=2, num_scripts=2)
    ids, labels = batch()
    labels = torch.full_like(labels, -100)
    labels[0] = ids[0]  # M = L, all in row 0
    given = {"language_ids_B": LANGUAGES, "script_ids_B": SCRIPTS}
    wrong = (
        LANGUAGES[:, None].expand(4, 23), ids.flatten() % 2, LANGUAGES[:3], LANGUAGES[:, None], torch.tensor(0),
        LANGUAGES.float(),
    )  # fmt: skip
    for each in wrong:
        with pytest.raises(UserError, match=rf"{name}_ids_B with one id per row, whole numbers of shape \(4,\)"):
            ours(ids, labels, **(given | {f"{name}_ids_B": each}))
        with pytest.raises(UserError, match=f"{name}_ids_B"):
            ours.masked_logits(ids, labels, **(given | {f"{name}_ids_B": each}))


@pytest.mark.parametrize("variant", ["both", "both@input", "language", "script@input"])
def test_ids_of_each_token_that_are_the_rows_own_change_no_bit(variant: Variant) -> None:
    ids, labels = batch()
    ours = LangSampForMaskedLM(tiny_mlm("xlm-roberta").eval(), variant=variant, num_languages=2, num_scripts=2)
    made = []
    for languages, scripts in (
        (LANGUAGES, SCRIPTS),
        (LANGUAGES[:, None].expand_as(ids), SCRIPTS),
        (LANGUAGES[:, None].expand_as(ids), SCRIPTS[:, None].expand_as(ids)),
    ):
        loss = ours(ids, labels, language_ids_B=languages, script_ids_B=scripts)
        made.append((loss, torch.autograd.grad(loss, [each for each in ours.parameters() if each.requires_grad])))
    for loss, gradients in made[1:]:
        assert torch.equal(loss, made[0][0])
        for one, other in zip(gradients, made[0][1], strict=True):
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("variant", ["both", "both@input"])
@pytest.mark.parametrize("model_type", HEADS)
def test_tokens_of_several_languages_in_a_row_are_shifted_each_by_its_own(model_type: str, variant: Variant) -> None:
    ids, labels = batch()
    ours = LangSampForMaskedLM(tiny_mlm(model_type).eval(), variant=variant, num_languages=3, num_scripts=2)
    languages_BL, scripts_BL = ids % 3, ids % 2
    made, _ = ours.masked_logits(ids, labels, language_ids_B=languages_BL, script_ids_B=scripts_BL)
    assert ours.language is not None and ours.script is not None
    shift_BLD = ours.language.weight[languages_BL] + ours.script.weight[scripts_BL]
    if variant == "both":
        hidden = ours.mlm.base_model(ids).last_hidden_state + shift_BLD
    else:
        words = ours.mlm.get_input_embeddings()(ids)
        hidden = ours.mlm.base_model(inputs_embeds=words + shift_BLD).last_hidden_state
    expected = decoder_of(ours.mlm)(features_of(ours.mlm, hidden))[labels != -100]
    torch.testing.assert_close(made, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["labels", "attention_mask", "documents"])
def test_every_tensor_of_tokens_has_their_shape(name: str) -> None:
    ours, (ids, labels) = LangSampForMaskedLM(tiny_mlm("bert"), variant="none", num_languages=2, num_scripts=2), batch()
    given = {"input_ids_BL": ids, "labels_BL": labels, f"{name}_BL": labels[:, :-1]}
    with pytest.raises(
        UserError, match=rf"{name}_BL: expected the shape of input_ids_BL, \(4, 24\), got shape \(4, 23\)"
    ):
        ours(**given)
    with pytest.raises(
        UserError, match=r"tokens in rows, whole numbers of shape \(B, L\), .* got shape \(24,\) of int64"
    ):
        ours(ids[0], labels[0])


def test_tokens_are_whole_numbers_on_one_device() -> None:
    ours, (ids, labels) = LangSampForMaskedLM(tiny_mlm("bert"), variant="none", num_languages=2, num_scripts=2), batch()
    for wrong, message in (
        ((ids.float(), labels), "got shape .* of float32"),
        ((ids[:0], labels[:0]), r"at least one, got shape \(0, 24\)"),
        ((ids, None), "labels_BL: expected a tensor of shape .* got NoneType; hidden states need no labels"),
        ((ids.tolist(), labels), "input_ids_BL: expected a tensor of shape .* got list"),
        ((ids, labels.float()), "labels_BL: expected whole numbers .* got torch.float32"),
        ((ids, labels.to("meta")), "labels_BL is on meta and input_ids_BL on cpu"),
        ((ids.to(torch.int16), labels), "input_ids_BL: expected tokens .* got shape .* of int16"),
    ):
        with pytest.raises(UserError, match=message):
            ours(*wrong)


@pytest.mark.parametrize("variant", ["both", "both@input"])
def test_ids_out_of_range_are_named_with_the_range(variant: Variant) -> None:
    mlm = tiny_mlm("bert")
    ours, (ids, labels) = LangSampForMaskedLM(mlm, variant=variant, num_languages=2, num_scripts=2), batch()
    given = {"input_ids_BL": ids, "labels_BL": labels, "language_ids_B": LANGUAGES, "script_ids_B": SCRIPTS}
    last, masked = mlm.config.vocab_size - 1, labels != -100
    for name, wrong, message in (
        ("language_ids_B", LANGUAGES + 2, "rows of the language table, 0 to 1, got 3"),
        ("script_ids_B", (SCRIPTS - 1)[:, None].expand(ids.shape), "rows of the script table, 0 to 1, got -1"),
        ("input_ids_BL", ids + last, f"tokens of the vocabulary, 0 to {last}, got"),
        ("labels_BL", labels.where(~masked, -1), f"0 to {last}, got -1"),
        ("labels_BL", labels.where(~masked, last + 1), f"0 to {last}, got {last + 1}"),
        ("attention_mask_BL", torch.where(ids == 0, -1e9, 0.0), "0 for padding, got .* float32"),
        ("attention_mask_BL", torch.full_like(ids, 2), "1 for tokens and 0 for padding, 0 to 1, got 2"),
        ("documents_BL", torch.ones_like(ids, dtype=torch.float16), "0 for padding"),
    ):
        with pytest.raises(UserError, match=f"{name}: expected .*{message}"):
            ours(**(given | {name: wrong}))
    longer = {"input_ids_BL": ids.repeat(1, 9), "labels_BL": labels.repeat(1, 9)}
    with pytest.raises(UserError, match=r"rows of 216 tokens, and the model has positions for \d+: cut them"):
        ours(**(given | longer))
    with pytest.raises(UserError, match="documents_BL takes the place of attention_mask_BL"):
        ours(**given, attention_mask_BL=torch.ones_like(ids), documents_BL=torch.ones_like(ids))


def test_the_arguments_are_named_and_no_others_are_taken() -> None:
    ours = LangSampForMaskedLM(tiny_mlm("bert"), variant="both", num_languages=2, num_scripts=2)
    with pytest.raises(TypeError, match="unexpected keyword argument 'language_ids'"):
        ours(*batch(), language_ids=LANGUAGES, script_ids_B=SCRIPTS)
    names = [name for name in inspect.signature(ours.forward).parameters if name != "places"]
    assert all(re.fullmatch(r"[a-z_]+_BL?", name) for name in names), "each says its shape"
    assert inspect.signature(ours.forward).parameters == inspect.signature(ours.masked_logits).parameters


def test_all_variants_start_from_the_same_encoder(tokenizer: PreTrainedTokenizerFast) -> None:
    config = ModelConfig(init=None, model_type="roberta", settings={"hidden_size": 32, "num_attention_heads": 4,
                         "num_hidden_layers": 1, "intermediate_size": 32, "max_position_embeddings": 40})  # fmt: skip
    models = [
        build_model(config, tokenizer=tokenizer, ids=IDS, variant=variant, row_tokens=24, seed=3)
        for variant in VARIANTS
    ]
    for model in models[1:]:
        for name, weight in models[0].mlm.state_dict().items():
            assert torch.equal(weight, model.mlm.state_dict()[name])


def test_the_single_token_type_row_moves_into_the_positions(tokenizer: PreTrainedTokenizerFast, tmp_path) -> None:
    stock = tiny_mlm("xlm-roberta").eval()
    assert stock.roberta.embeddings.token_type_embeddings.weight.abs().max() > 0
    stock.save_pretrained(tmp_path)
    model = build_model(
        ModelConfig(init=str(tmp_path)), tokenizer=tokenizer, ids=IDS, variant="none", row_tokens=24, seed=0
    ).eval()
    types = model.mlm.roberta.embeddings.token_type_embeddings.weight
    assert not types.requires_grad
    assert types.abs().max() == 0
    ids, _ = batch()
    torch.testing.assert_close(model.mlm(ids).logits, stock(ids).logits, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "row_tokens", "message"),
    [
        ({"model_type": "gpt2"}, 24, "no LM head known for model type 'gpt2'"),
        ({"settings": {"hiden_size": 3}}, 24, "Did you mean 'hidden_size'"),
        ({"settings": {"vocab_size": 30}}, 24, "the tokenizer has 60 entries but the model's embedding table has 30"),
        (
            {"settings": {"max_position_embeddings": 20}},
            24,
            "rows of 24 tokens are longer than the model's 18 positions",
        ),
        ({"init": "no/such-folder/here"}, 24, "exactly one of model.init"),
    ],
)
def test_bad_models_are_named(
    tokenizer: PreTrainedTokenizerFast, changes: dict[str, object], row_tokens: int, message: str
) -> None:
    config = ModelConfig(**({"init": None, "model_type": "xlm-roberta"} | changes))
    with pytest.raises(UserError, match=message):
        build_model(config, tokenizer=tokenizer, ids=IDS, variant="both", row_tokens=row_tokens, seed=0)


def test_positions_leave_out_the_padding_offset() -> None:
    assert positions(tiny_mlm("xlm-roberta").config) == 38
    assert positions(tiny_mlm("bert").config) == 40


@pytest.mark.parametrize("model_type", HEADS)
def test_a_new_model_names_special_tokens_of_its_own_vocabulary(
    model_type: str, tokenizer: PreTrainedTokenizerFast
) -> None:
    known = AutoConfig.for_model(model_type).to_dict().keys()
    sizes = {
        "hidden_size": 32, "dim": 32, "num_hidden_layers": 1, "n_layers": 1, "num_attention_heads": 4, "n_heads": 4,
        "intermediate_size": 64, "hidden_dim": 64,
    }  # fmt: skip
    made = build_model(
        ModelConfig(init=None, model_type=model_type, settings={key: sizes[key] for key in sizes if key in known}),
        tokenizer=tokenizer, ids=IDS, variant="none", row_tokens=24, seed=0,
    )  # fmt: skip
    named = {key: value for key, value in made.mlm.config.to_dict().items() if key.endswith("_token_id") and value}
    assert all(value < made.mlm.config.vocab_size for value in named.values()), named
