"""An imported checkpoint computes what it computed, and one that contradicts itself leaves nothing behind."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, PreTrainedTokenizerFast

from langsamp.errors import DamagedError, DataMissingError, UserError
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from langsamp.model.interchange.importing import import_checkpoint
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.pretrained.load_pretrained import load_pretrained
from tests.model.interchange import authors
from tests.model.interchange.authors import EMBEDDINGS, TABLE, weights, write_checkpoint, write_ids
from tests.tiny_parts import WORDS

TOLERANCE = 1e-5


@pytest.fixture
def ids(tmp_path: Path) -> Path:
    return write_ids(tmp_path / "ids.json")


def restored(folder: Path) -> LangSampForMaskedLM:
    """The trained model again, from its export."""
    from transformers import AutoModelForMaskedLM

    conditioning = Conditioning.load(folder)
    model = LangSampForMaskedLM(
        load_pretrained(AutoModelForMaskedLM, folder).model.eval(), variant=conditioning.variant,
        num_languages=len(conditioning.ids.languages), num_scripts=len(conditioning.ids.scripts),
    )  # fmt: skip
    for table, vectors in ((model.language, conditioning.language), (model.script, conditioning.script)):
        if table is not None:
            table.weight.data = torch.from_numpy(vectors)
    return model


@pytest.mark.parametrize("binary", [False, True], ids=["safetensors", "bin"])
@pytest.mark.parametrize("file", ["ids.json", "ids.pkl"])
def test_outputs_are_those_of_the_checkpoint(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, file: str, binary: bool
) -> None:
    folder = write_checkpoint(tmp_path / "theirs", tokenizer, binary=binary)
    imported = import_checkpoint(folder, write_ids(tmp_path / file), tmp_path / "ours")
    ids_BL = torch.randint(5, 60, (3, 12), generator=torch.Generator().manual_seed(1))
    ids_BL[1, 8:] = 1
    mask_BL, labels_BL = (ids_BL != 1).long(), torch.where(ids_BL == 1, -100, ids_BL)
    language_B, script_B = torch.tensor([0, 1, 1]), torch.tensor([1, 0, 1])
    expected = authors.logits(weights(), ids_BL, mask_BL, language_B, script_B)[mask_BL.bool()]
    got, _ = restored(tmp_path / "ours").masked_logits(
        ids_BL, labels_BL, language_ids_B=language_B, script_ids_B=script_B, attention_mask_BL=mask_BL
    )
    torch.testing.assert_close(got, expected, atol=TOLERANCE, rtol=0)
    assert imported.conditioning.ids.pair(LangScript("kmr", "Cyrl")) == (1, 0)
    assert (file == "ids.pkl") == any("does not say which pairs were trained" in note for note in imported.notes)


def test_stock_transformers_loads_it_twice_alike(tmp_path: Path, tokenizer: PreTrainedTokenizerFast, ids: Path) -> None:
    """Of the checkpoint itself it would draw a token-type row at random, another at each load."""
    import_checkpoint(write_checkpoint(tmp_path / "theirs", tokenizer), ids, tmp_path / "ours")
    types = [AutoModel.from_pretrained(tmp_path / "ours").embeddings.token_type_embeddings.weight for _ in range(2)]
    assert all(bool((each == 0).all()) for each in types)
    config = json.loads((tmp_path / "ours" / "config.json").read_text())
    assert not {"lang_size", "use_lang_embedding"} & config.keys()


def test_vectors_have_names_and_say_what_was_trained(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, ids: Path
) -> None:
    import_checkpoint(write_checkpoint(tmp_path / "theirs", tokenizer), ids, tmp_path / "ours")
    conditioning = Conditioning.load(tmp_path / "ours")
    state = weights()
    assert torch.equal(torch.from_numpy(conditioning.language), state[f"{EMBEDDINGS}.lang_type_embeddings.weight"])
    assert torch.equal(torch.from_numpy(conditioning.script), state[f"{EMBEDDINGS}.script_type_embeddings.weight"])
    assert conditioning.is_trained("language", "kmr") and not conditioning.is_trained("language", "rus")
    assert "rows stand at 0" in conditioning.warning
    assert "it was imported from" in (tmp_path / "ours" / "README.md").read_text().lower()


@pytest.mark.parametrize(("lang", "script"), [(True, False), (False, True), (False, False)])
def test_a_table_that_was_off_stays_off(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, ids: Path, lang: bool, script: bool
) -> None:
    state = weights()
    for used, name in ((lang, "lang"), (script, "script")):
        if not used:
            del state[f"{EMBEDDINGS}.{name}_type_embeddings.weight"]
    settings = {"use_lang_embedding": lang, "use_script_embedding": script}
    import_checkpoint(write_checkpoint(tmp_path / "theirs", tokenizer, state, **settings), ids, tmp_path / "ours")
    conditioning = Conditioning.load(tmp_path / "ours")
    assert (conditioning.language is not None, conditioning.script is not None) == (lang, script)


class _Executed:
    """What unpickles by running a command."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        import os

        return os.system, ("touch executed",)


WRONG_IDS: dict[str, tuple[str, Any, str]] = {
    "executable": ("x.pkl", [_Executed()], "can execute code"),
    "a tuple": ("x.pkl", ({}, {}), "more than dict, list, str and int"),
    "bytes": ("x.pkl", [b"deu"], "more than dict, list, str and int"),
    "three dicts": ("x.pkl", [{}, {}, {}], "a list of four dicts"),
    "a gap": ("x.pkl", [{0: "deu", 2: "kmr"}, {}, {}, {}], "ids 0 to 1, each once"),
    "a language twice": ("x.pkl", [{0: "deu", 1: "deu"}, {}, {}, {}], "'deu' has two ids"),
    "a contradiction": ("x.pkl", [{0: "deu"}, {0: "Latn"}, {"deu": 1}, {"Latn": 0}], "contradicts itself"),
    "twice in JSON": ("x.json", TABLE | {"languages": ["deu", "deu", "rus"]}, "a code has two ids"),
    "a pair twice": ("x.json", TABLE | {"tags": ["deu_Latn", "deu_Latn"]}, "deu_Latn is listed twice"),
    "a pair without ids": ("x.json", TABLE | {"tags": ["eng_Latn"]}, "has no language id"),
    "another key": ("x.json", TABLE | {"language": []}, "unknown key 'language'"),
    "no code": ("x.json", TABLE | {"languages": ["deu", 1, "rus"]}, "languages.1"),
    "too few": ("x.json", {"languages": ["deu"], "scripts": ["Cyrl", "Latn"], "tags": []}, "lang_size 3"),
    "an unknown language": ("x.json", {"languages": ["deu", "kmr", "qqq"], "scripts": ["Latn"]}, "qqq is in no"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG_IDS)
def test_a_wrong_id_table_is_one_line_and_nothing_is_written(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name, content, message = WRONG_IDS[wrong]
    folder = write_checkpoint(tmp_path / "theirs", tokenizer)
    refused(folder, write_ids(tmp_path / name, content), tmp_path / "ours", message)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("cut", [0, 5, 40])
def test_a_pickle_that_is_cut_short_is_damaged(tmp_path: Path, tokenizer: PreTrainedTokenizerFast, cut: int) -> None:
    file = write_ids(tmp_path / "x.pkl")
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(DamagedError, match="no pickle"):
        import_checkpoint(write_checkpoint(tmp_path / "theirs", tokenizer), file, tmp_path / "ours")
    for content in (b"(lp4000000000\n.", pickle.dumps([1] * 9, protocol=2)[:-1] + b"r\xff\xff\xff\xff."):
        file.write_bytes(content)
        with pytest.raises(DamagedError, match="no pickle"):
            import_checkpoint(tmp_path / "theirs", file, tmp_path / "ours")


def without(name: str) -> dict[str, torch.Tensor]:
    return {key: tensor for key, tensor in weights().items() if key != name}


_VECTORS = f"{EMBEDDINGS}.lang_type_embeddings.weight"
WRONG: dict[str, tuple[dict[str, torch.Tensor], dict[str, Any], str]] = {
    "rows": (weights() | {_VECTORS: torch.zeros(4, 16)}, {}, r"lang_type_embeddings.weight is \[4, 16\]"),
    "width": (weights() | {_VECTORS: torch.zeros(3, 8)}, {}, r"expected \[3, 16\]"),
    "size in config": (weights(), {"lang_size": 610}, "lang_size 610, but the id table has 3"),
    "not there": (without(_VECTORS), {}, "lacks weights .*lang_type_embeddings.* use_lang_embedding true"),
    "switched off": (weights(), {"use_lang_embedding": False}, "holds weights .*use_lang_embedding false"),
    "at the input": (weights(), {"decouple_at_input_embeddings": True}, "decouple_at_input_embeddings"),
    "no number": (weights() | {_VECTORS: torch.full((3, 16), torch.nan)}, {}, "NaN or infinite"),
    "a missing layer": (
        without("roberta.encoder.layer.1.output.dense.weight"), {},
        r"lacks weights \(roberta.encoder.layer.1.output.dense.weight\)",
    ),
    "no head": (without("lm_head.dense.weight"), {}, r"lacks weights \(lm_head.dense.weight\)"),
    "one too many": (weights() | {"lm_head.more.weight": torch.zeros(2)}, {}, r"does not have \(lm_head.more.weight\)"),
    "a classifier": (weights() | {"classifier.weight": torch.zeros(2, 16)}, {}, r"\(classifier.weight\)"),
    "another architecture": (weights(), {"model_type": "bert"}, "not in the layout"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_checkpoint_that_contradicts_itself_is_named(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, ids: Path, wrong: str
) -> None:
    state, settings, message = WRONG[wrong]
    refused(write_checkpoint(tmp_path / "theirs", tokenizer, state, **settings), ids, tmp_path / "ours", message)


def test_a_tokenizer_of_another_model_is_named(tmp_path: Path, tokenizer: PreTrainedTokenizerFast, ids: Path) -> None:
    small = with_pieces(tokenizer, WORDS[:20])
    refused(write_checkpoint(tmp_path / "small", small), ids, tmp_path / "ours", "25 entries.* 60 rows")
    maskless = with_pieces(tokenizer, WORDS, mask_token=None)
    refused(write_checkpoint(tmp_path / "maskless", maskless), ids, tmp_path / "ours", "has no mask_token")
    folder = write_checkpoint(tmp_path / "theirs", tokenizer)
    other = with_pieces(tokenizer, WORDS[::-1])
    other.save_pretrained(tmp_path / "other")
    refused(folder, ids, tmp_path / "ours", "not that of the model", tokenizer=tmp_path / "other")
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(DataMissingError, match="no tokenizer found"):
        import_checkpoint(folder, ids, tmp_path / "ours")
    tokenizer.save_pretrained(tmp_path / "own")
    import_checkpoint(folder, ids, tmp_path / "ours", tokenizer=tmp_path / "own")


def test_an_export_needs_no_import_and_nothing_is_overwritten(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, ids: Path
) -> None:
    folder = write_checkpoint(tmp_path / "theirs", tokenizer)
    import_checkpoint(folder, ids, tmp_path / "ours")
    with pytest.raises(UserError, match="nothing to import"):
        import_checkpoint(tmp_path / "ours", ids, tmp_path / "again")
    before = load_file(tmp_path / "ours" / "model.safetensors")
    with pytest.raises(UserError, match="not empty; name a new folder"):
        import_checkpoint(folder, ids, tmp_path / "ours")
    assert before.keys() == load_file(tmp_path / "ours" / "model.safetensors").keys()


def with_pieces(tokenizer: PreTrainedTokenizerFast, words: tuple[str, ...], **names: Any) -> PreTrainedTokenizerFast:
    """The same kind of tokenizer with other words, in this order."""
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    pieces = (*list(tokenizer.get_vocab())[:0], "<s>", "<pad>", "</s>", "<unk>", "<mask>", *words)
    backend["model"]["vocab"] = {piece: number for number, piece in enumerate(pieces)}
    from tokenizers import Tokenizer

    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(backend)),
        **{key: str(value) for key, value in tokenizer.special_tokens_map.items()} | names,
    )


def refused(folder: Path, ids: Path, out: Path, message: str, **more: Any) -> None:
    """The import ends with one line, and leaves nothing, not even hidden."""
    before = sorted(path.name for path in out.parent.iterdir())
    with pytest.raises(UserError, match=message) as caught:
        import_checkpoint(folder, ids, out, **more)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in out.parent.iterdir()) == before
