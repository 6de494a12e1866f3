"""An export in the layout of LangSAMP's authors, for their code and for `langsamp import`."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoModelForMaskedLM, PreTrainedModel

from langsamp.disk.files import replacing, write_json
from langsamp.errors import UserError
from langsamp.model.conditioning import Conditioning
from langsamp.model.interchange.authors_layout import MODEL_TYPE, TABLES, settings_of
from langsamp.model.interchange.closing import Layout, close_folder, copy_tokenizer
from langsamp.model.interchange.id_table import IDS, IdTable, write_id_table
from langsamp.model.pretrained.load_pretrained import load_pretrained
from langsamp.model.pretrained.model_config import load_config

_TOKEN_TYPES = "roberta.embeddings.token_type_embeddings.weight"
_TIED = {
    "lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight",
    "lm_head.decoder.bias": "lm_head.bias",
}
"""Not stored where they are one."""
_USE = f"""\
The encoder, LM head and vectors in the layout of the code of LangSAMP's authors; `{IDS}` says which row of
`lang_type_embeddings` and `script_type_embeddings` is whose. Their code reads the same table from a pickled list of
four dicts.

Do not load this folder by stock `AutoModel`: it has no token-type row, and transformers draws one at random at every
load. `langsamp import` makes a folder of it that any library loads."""


def write_original(folder: Path, out: Path) -> None:
    """Write `out`: the export in `folder` in the authors' layout; importing it gives back the same numbers.

    Raises:
        UserError: where the layout has no place for the model: another architecture, vectors at the input, shuffled
            ids, a token-type row that is not zero, or no whole LM head.
        DataMissingError: where `folder` is no export.
    """
    conditioning, config = Conditioning.load(folder), load_config(folder)
    trouble = None
    if config.model_type != MODEL_TYPE:
        trouble = f"it holds an {MODEL_TYPE}, and this is a {config.model_type}"
    elif conditioning.placement != "output" or conditioning.is_shuffled:
        trouble = f"it holds vectors at the output, each its own language's, and this is a {conditioning.variant}"
    if trouble:
        raise UserError(f"{folder} does not fit the authors' layout: {trouble}; leave --layout original out")
    loaded = load_pretrained(AutoModelForMaskedLM, folder)
    loaded.check_head(folder, remedy="Export the model again")
    trained = [tag for tag in sorted(conditioning.rows_seen) if conditioning.gave_gradient(tag)]
    with replacing(out) as fresh:
        save_file(_weights(folder, loaded.model, conditioning), fresh / "model.safetensors", metadata={"format": "pt"})
        settings = config.to_diff_dict() | settings_of(conditioning.variant, conditioning.ids)
        write_json(fresh / "config.json", settings)
        write_id_table(fresh / IDS, IdTable(conditioning.ids, tuple(trained), is_listed=True))
        copy_tokenizer(folder, fresh)
        close_folder(fresh, Layout("original", folder, out.name, _USE))


def _weights(folder: Path, mlm: PreTrainedModel, conditioning: Conditioning) -> dict[str, Tensor]:
    """The tensors by the layout's names: what is tied once, no token types, the tables among the embeddings."""
    parameters = dict(mlm.named_parameters(remove_duplicate=False))
    for name, source in _TIED.items():
        if parameters[name] is parameters[source]:
            del parameters[name]
    weights = {name: parameter.detach().contiguous() for name, parameter in parameters.items()}
    if bool(weights.pop(_TOKEN_TYPES).any()):
        raise UserError(
            f"{folder} has a token-type row that is not zero, and the authors' layout has none: train the model here, "
            "which moves that row into the positions, or leave --layout original out"
        )
    for name, values in zip(TABLES.values(), (conditioning.language, conditioning.script), strict=True):
        if values is not None:
            weights[name] = torch.from_numpy(values)
    return weights
