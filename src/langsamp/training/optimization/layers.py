"""The encoder's parameters by how deep they lie: embeddings at the bottom, layers above them.

Lower layers hold what is common to all languages; a continued training may move them less, or not at all. Decay of the
learning rate by layer: Howard and Ruder (2018), Clark et al. (2020).
"""

from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from langsamp.errors import UserError
from langsamp.model.mlm import LangSampForMaskedLM


def layers_above(model: LangSampForMaskedLM) -> dict[Tensor, int]:
    """How many of the encoder's layers stand above each parameter of its layers and embeddings, 0 for the top layer.

    What belongs to no single layer (a last norm, positions that all layers share), the LM head and the vectors are not
    there. A decoder that is the word embedding is an embedding.

    Raises:
        UserError: where the architecture's layers are not known.
    """
    encoder = model.mlm.base_model
    layers = layers_of(encoder)
    embeddings = getattr(encoder, "embeddings", getattr(encoder, "embed_tokens", None))
    if not isinstance(embeddings, nn.Module):
        raise _unknown(encoder)
    parts = [embeddings, *layers]
    return {parameter: len(parts) - 1 - depth for depth, part in enumerate(parts) for parameter in part.parameters()}


def layers_of(encoder: PreTrainedModel) -> list[nn.Module]:
    """The transformer blocks of an encoder, the lowest first.

    Raises:
        UserError: where the architecture's layers are not known.
    """
    layers: list[nn.Module] = [each for each in encoder.modules() if isinstance(each, GradientCheckpointingLayer)]
    if not layers:
        raise _unknown(encoder)
    return layers


def freeze_lower(model: LangSampForMaskedLM, number: int) -> None:
    """Keep the embeddings and the lowest `number` layers out of training, for good.

    Raises:
        UserError: as `layers_above`, and where no layer is left to train.
    """
    above = layers_above(model)
    layers = max(above.values())
    if number >= layers:
        raise UserError(
            f"training.freeze_layers {number}: the encoder has {layers} layers, so none would be trained; freeze fewer"
        )
    for parameter, higher in above.items():
        if higher >= layers - number:
            parameter.requires_grad_(False)


def _unknown(encoder: PreTrainedModel) -> UserError:
    return UserError(
        f"the layers of {encoder.config.model_type} models are not known: leave out training.layer_decay, "
        "training.freeze_layers, training.sharding and an anchor of sentence vectors"
    )
