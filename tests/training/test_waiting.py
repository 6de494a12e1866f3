"""The host never waits for the device within a step: it asks for no value that the device computes.

Tensors on torch's `meta` device have no values, so whatever asks for one fails there.
"""

import pytest
import torch
from torch import nn

from langsamp.data.batches import Batches
from langsamp.data.masking import MaskingConfig
from langsamp.data.rows import PreparedRows
from langsamp.data.sampler import SamplerConfig
from langsamp.languages.ids import LanguageIds
from langsamp.model.fast.last_layer import Places
from langsamp.model.fast_paths import FastPaths
from langsamp.training.held_out import tensors
from langsamp.training.job import row_order
from langsamp.world import World
from tests.model.test_fast_paths import batch, model, possible

META = torch.device("meta")


def test_the_places_that_the_host_counts_are_those_of_the_labels(rows: PreparedRows) -> None:
    made = Batches(rows, ids=LanguageIds.of(rows.tags), masking=MaskingConfig(), seed=0)
    order = row_order(made, SamplerConfig(), steps=1, seed=0)
    for part in made.training_step(0, order=order, rows_per_step=20, rows_per_batch=6, world=World()):
        sent = tensors(part, torch.device("cpu"))
        expected = Places.at(sent["labels_BL"] != -100)
        assert torch.equal(sent["places"].positions, expected.positions)
        assert sent["places"].most == expected.most


@pytest.mark.parametrize("paths", [FastPaths(), FastPaths(last_layer=True)], ids=["plain", "last layer"])
@pytest.mark.parametrize("variant", ["none", "both", "both@input"])
@pytest.mark.parametrize("model_type", ["xlm-roberta", "bert", "modernbert"])
def test_nothing_of_a_step_asks_for_a_value(model_type: str, variant: str, paths: FastPaths) -> None:
    ours, inputs = model(model_type, dropout=0.1, variant=variant), batch()
    places = Places.at(inputs["labels_BL"] != -100)
    ours.to(META)
    sent = {name: tensor.to(META) for name, tensor in inputs.items()}
    with ours.taking(possible(ours, paths)):
        loss = ours(**sent, places=Places(places.positions.to(META), places.most))
        loss.backward()
    norm = nn.utils.clip_grad_norm_(ours.parameters(), 1.0)
    assert norm.device == loss.device == META
    # What torch raises for a question that this device cannot answer: without places the step asks where labels are.
    with pytest.raises(NotImplementedError, match="nonzero"):
        ours(**sent)
