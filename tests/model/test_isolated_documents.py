"""Several documents in a row give the loss and every gradient that each gives alone."""

import pytest
import torch
from torch import Tensor

from langsamp.errors import UserError
from langsamp.model.fast.last_layer import can_prune
from langsamp.model.fast_paths import FastPaths
from langsamp.model.heads import HEADS
from langsamp.model.isolated_documents import _FIRST_POSITION, check_documents
from langsamp.model.mlm import LangSampForMaskedLM
from tests.tiny_parts import tiny_mlm

LENGTHS = ((5, 9, 7), (18,), (3, 3, 3, 12))
TOKENS, PADDING = 24, 1


def packed() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    ids = torch.full((len(LENGTHS), TOKENS), PADDING)
    documents = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for row, lengths in enumerate(LENGTHS):
        first = 0
        for number, length in enumerate(lengths, start=1):
            part = slice(first, first + length)
            ids[row, part] = torch.randint(5, 60, (length,), generator=generator)
            documents[row, part] = number
            labels[row, first + length // 2] = ids[row, first + length // 2]
            first += length
    return ids, labels, documents


def gradients(ours: LangSampForMaskedLM) -> dict[str, Tensor]:
    found = {name: each.grad.clone() for name, each in ours.named_parameters() if each.grad is not None}
    ours.zero_grad()
    return found


def ours_of(model_type: str, attention: str) -> LangSampForMaskedLM:
    mlm = tiny_mlm(model_type).train()
    mlm.set_attn_implementation(attention)
    if model_type == "modernbert":
        mlm.config.sliding_window = 3  # less than a document
    return LangSampForMaskedLM(mlm, variant="both", num_languages=2, num_scripts=2)


@pytest.mark.parametrize("paths", [FastPaths(), FastPaths(loss="blocked", last_layer=True, by_head=True)], ids=str)
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("model_type", _FIRST_POSITION)
def test_documents_of_a_row_are_computed_as_if_each_stood_alone(model_type, attention, paths):
    if attention == "sdpa" and not tiny_mlm(model_type)._supports_sdpa:
        pytest.skip("has plain attention only")
    ours, (ids, labels, documents) = ours_of(model_type, attention), packed()
    languages, scripts = torch.tensor([0, 1, 1]), torch.tensor([1, 0, 1])
    alone = torch.zeros(())
    for row in range(len(ids)):
        for number in range(1, int(documents[row].max()) + 1):
            here = documents[row] == number
            alone = alone + ours(
                ids[row, here][None], labels[row, here][None], language_ids_B=languages[row, None],
                script_ids_B=scripts[row, None],
            )  # fmt: skip
    alone.backward()
    expected = gradients(ours)
    paths = paths.model_copy(
        update={"last_layer": paths.last_layer and can_prune(ours.mlm), "by_head": ours.mlm._supports_attention_backend}
    )
    with ours.taking(paths):
        loss = ours(ids, labels, language_ids_B=languages, script_ids_B=scripts, documents_BL=documents)
    loss.backward()
    assert loss.item() == pytest.approx(alone.item(), rel=1e-6)
    found = gradients(ours)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        assert (found[name] - gradient).abs().max() <= 1e-5 * max(1.0, float(gradient.abs().max())), name


def test_without_numbers_documents_of_a_row_see_each_other() -> None:
    ours, (ids, labels, documents) = ours_of("xlm-roberta", "sdpa"), packed()
    given = {"language_ids_B": torch.zeros(3, dtype=torch.long), "script_ids_B": torch.zeros(3, dtype=torch.long)}
    assert ours(ids, labels, **given).item() != pytest.approx(
        ours(ids, labels, documents_BL=documents, **given).item(), rel=1e-4
    )


@pytest.mark.parametrize("model_type", sorted(HEADS.keys() - _FIRST_POSITION.keys()))
def test_an_architecture_that_cannot_is_refused(model_type: str) -> None:
    with pytest.raises(UserError, match=r"rows\.packing concatenate"):
        check_documents(model_type)
