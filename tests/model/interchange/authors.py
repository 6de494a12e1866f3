"""A checkpoint in the layout of LangSAMP's authors, and what it computes, in plain torch operations of our own."""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast

WIDTH, LAYERS, HEADS, INNER, ROWS, POSITIONS = 16, 2, 4, 32, 60, 40
LANGUAGES, SCRIPTS = ("deu", "kmr", "rus"), ("Cyrl", "Latn")
EMBEDDINGS = "roberta.embeddings"
CONFIG: dict[str, Any] = {
    "architectures": ["XLMRobertaDecoupledForMaskedLM"], "model_type": "xlm-roberta", "vocab_size": ROWS,
    "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": INNER,
    "max_position_embeddings": POSITIONS, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1,
    "bos_token_id": 0, "eos_token_id": 2, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1, "lang_size": len(LANGUAGES), "script_size": len(SCRIPTS),
    "use_lang_embedding": True, "use_script_embedding": True, "decouple_at_input_embeddings": False,
}  # fmt: skip
TABLE = {"languages": list(LANGUAGES), "scripts": list(SCRIPTS), "tags": ["deu_Latn", "kmr_Cyrl", "kmr_Latn"]}


def weights(*, seed: int = 0) -> dict[str, Tensor]:
    """Random weights by the names of the layout."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {
        f"{EMBEDDINGS}.word_embeddings.weight": (ROWS, WIDTH),
        f"{EMBEDDINGS}.position_embeddings.weight": (POSITIONS, WIDTH),
        f"{EMBEDDINGS}.lang_type_embeddings.weight": (len(LANGUAGES), WIDTH),
        f"{EMBEDDINGS}.script_type_embeddings.weight": (len(SCRIPTS), WIDTH),
        **_affine(f"{EMBEDDINGS}.LayerNorm", WIDTH),
        "lm_head.bias": (ROWS,),
        **_affine("lm_head.dense", WIDTH, WIDTH),
        **_affine("lm_head.layer_norm", WIDTH),
    }
    for layer in range(LAYERS):
        block = f"roberta.encoder.layer.{layer}"
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= _affine(f"{block}.{name}", WIDTH, WIDTH)
        shapes |= _affine(f"{block}.attention.output.LayerNorm", WIDTH)
        shapes |= _affine(f"{block}.intermediate.dense", INNER, WIDTH)
        shapes |= _affine(f"{block}.output.dense", WIDTH, INNER) | _affine(f"{block}.output.LayerNorm", WIDTH)
    drawn = {name: torch.randn(shape, generator=generator) * 0.3 for name, shape in shapes.items()}
    return {name: each + 1 if "orm.weight" in name else each for name, each in drawn.items()}


def logits(
    state: Mapping[str, Tensor], ids_BL: Tensor, mask_BL: Tensor, language_B: Tensor, script_B: Tensor
) -> Tensor:
    """Logits (B, L, V): a post-norm transformer, o = h + E_lang + E_script, then dense, gelu, norm, tied decoder."""

    def linear(name: str, x: Tensor) -> Tensor:
        return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    def norm(name: str, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        variance = (centred**2).mean(-1, keepdim=True)
        return centred / (variance + 1e-5).sqrt() * state[f"{name}.weight"] + state[f"{name}.bias"]

    def heads(x: Tensor) -> Tensor:
        return x.unflatten(-1, (HEADS, WIDTH // HEADS)).transpose(1, 2)

    words = state[f"{EMBEDDINGS}.word_embeddings.weight"]
    positions = torch.where(ids_BL == 1, 1, (ids_BL != 1).cumsum(1) + 1)
    x = norm(f"{EMBEDDINGS}.LayerNorm", words[ids_BL] + state[f"{EMBEDDINGS}.position_embeddings.weight"][positions])
    hidden_from = torch.where(mask_BL.bool(), 0.0, -torch.inf)[:, None, None]
    for layer in range(LAYERS):
        block = f"roberta.encoder.layer.{layer}"
        query, key, value = (heads(linear(f"{block}.attention.self.{name}", x)) for name in ("query", "key", "value"))
        shares = (query @ key.mT / (WIDTH // HEADS) ** 0.5 + hidden_from).softmax(-1)
        read = linear(f"{block}.attention.output.dense", (shares @ value).transpose(1, 2).flatten(2))
        x = norm(f"{block}.attention.output.LayerNorm", x + read)
        inner = linear(f"{block}.output.dense", F.gelu(linear(f"{block}.intermediate.dense", x)))
        x = norm(f"{block}.output.LayerNorm", x + inner)
    x = x + state[f"{EMBEDDINGS}.lang_type_embeddings.weight"][language_B][:, None]
    x = x + state[f"{EMBEDDINGS}.script_type_embeddings.weight"][script_B][:, None]
    return norm("lm_head.layer_norm", F.gelu(linear("lm_head.dense", x))) @ words.T + state["lm_head.bias"]


def write_checkpoint(
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    state: Mapping[str, Tensor] | None = None,
    *,
    binary: bool = False,
    **config: Any,
) -> Path:
    """A folder with these weights, `config` put over its configuration, and a tokenizer."""
    folder.mkdir(parents=True)
    state = dict(weights() if state is None else state)
    if binary:
        torch.save(state, folder / "pytorch_model.bin")
    else:
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG | config))
    tokenizer.save_pretrained(folder)
    return folder


def write_ids(file: Path, content: Any = None) -> Path:
    """An id table; as four dicts in a pickle where the name says so."""
    if file.suffix == ".pkl":
        by_id = [dict(enumerate(LANGUAGES)), dict(enumerate(SCRIPTS))]
        by_code = [{code: number for number, code in each.items()} for each in by_id]
        file.write_bytes(pickle.dumps([*by_id, *by_code] if content is None else content))
    else:
        file.write_text(json.dumps(TABLE if content is None else content))
    return file


def _affine(name: str, *shape: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
