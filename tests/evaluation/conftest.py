"""Tiny encoders and parallel text for the tests of the evaluation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

from langsamp.evaluation.config import EvaluationConfig

_SYLLABLES = [f"{first}{second}" for first in "bdgklmnprst" for second in "aeiou"]

SaveModel = Callable[..., Path]
FourCells = tuple[list[Path], EvaluationConfig]
WritePair = Callable[..., None]


@pytest.fixture
def sentences() -> Callable[..., list[str]]:
    """Distinct sentences of 3 to 14 words that the tokenizer of the root conftest knows."""

    def draw(number: int, *, seed: int) -> list[str]:
        generator = np.random.default_rng(seed)
        return [" ".join(generator.choice(_SYLLABLES, size=generator.integers(3, 15))) for _ in range(number)]

    return draw


@pytest.fixture
def save_model(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> SaveModel:
    """Save an encoder of three layers of width 32 with random weights and its tokenizer; gives the folder."""

    def save(name: str = "model", *, model_type: str = "xlm-roberta", seed: int = 0, positions: int = 40) -> Path:
        plain = AutoConfig.for_model(model_type)
        settings = {
            "vocab_size": 60, "hidden_size": 32, "dim": 32, "embedding_size": 32, "num_hidden_layers": 3, "n_layers": 3,
            "num_attention_heads": 4, "n_heads": 4, "intermediate_size": 64, "hidden_dim": 64,
            "max_position_embeddings": positions, "type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0,
            "eos_token_id": 2, "cls_token_id": 0, "sep_token_id": 2,
        }  # fmt: skip
        known = plain.to_dict().keys() | plain.attribute_map.keys()
        config = AutoConfig.for_model(model_type, **{key: settings[key] for key in settings.keys() & known})
        torch.manual_seed(seed)
        model = AutoModel.from_config(config, dtype=torch.float32)
        with torch.no_grad():
            for parameter in model.parameters():  # the usual 0.02 leaves layers that hardly differ
                parameter.add_(torch.randn_like(parameter) * 0.1)
        model.save_pretrained(tmp_path / name)
        tokenizer.save_pretrained(tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def write_pair(tmp_path: Path) -> WritePair:
    """Write one pair of files in the layout of the original evaluation below `tmp_path / "data"`."""

    def write(tag: str, english: list[str], target: list[str], *, prefix: str = "bible") -> None:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        for side, lines in (("eng_Latn", english), (tag, target)):
            path = folder / f"{prefix}.{tag}-eng_Latn.{side}"
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    return write


@pytest.fixture
def four_cells(
    tmp_path: Path, save_model: SaveModel, write_pair: WritePair, sentences: Callable[..., list[str]]
) -> FourCells:
    """Four models and an evaluation of one task for them: a cell each."""
    write_pair("swh_Latn", sentences(20, seed=1), sentences(20, seed=2))
    models = [save_model(f"model-{seed}", seed=seed) for seed in range(4)]
    return models, EvaluationConfig(tasks=("sr-bible",), data=tmp_path / "data")
