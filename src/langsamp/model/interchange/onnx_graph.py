"""An encoder as an ONNX graph for any number of sentences and tokens, checked against torch before it is kept.

Shape suffixes: B sentences, L tokens, D width.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from langsamp.disk.files import replacing
from langsamp.errors import DataMissingError, UserError
from langsamp.model.interchange.closing import Layout, close_folder, copy_tokenizer, name_of
from langsamp.model.interchange.cutting import cut_encoder, depth_of
from langsamp.model.shapes import positions

ATOL = 1e-4
"""Hidden states of graph and torch differ by no more; float32 sums in another order differ by about 1e-6."""
GRAPH = "model.onnx"
_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
_TRIED = ((1, 2), (2, 7), (3, 33))
"""Sentences and tokens of the batches that are compared, none of them the one that was traced."""
_USE = """\
`{graph}`: `input_ids` and `attention_mask` (batch, tokens) to `last_hidden_state` (batch, tokens, {width}), layer
{layer} of {depth} of `{source}`, any number of sentences and tokens up to {longest}. Compared with torch on {tried}
batches with padding: the largest difference is {difference:.1e} (allowed: {atol:.0e})."""


def write_onnx(folder: Path, out: Path, *, layer: int) -> float:
    """Write `out`: the encoder in `folder` up to `layer` as an ONNX graph; the largest difference from torch.

    Raises:
        DataMissingError: where a package is missing that writes or runs such graphs.
        UserError: as `cut_encoder`, and where the graph does not compute what torch does.
    """
    if lacking := [name for name in _PACKAGES if find_spec(name) is None]:
        raise DataMissingError(f'{" and ".join(lacking)} not installed: pip install "langsamp[interchange]"')
    encoder = cut_encoder(folder, layer)
    encoder.set_attn_implementation("eager")
    longest = positions(encoder.config)
    with replacing(out) as fresh:
        _trace(encoder, fresh / GRAPH)
        difference = _difference(encoder, fresh / GRAPH, longest)
        if not difference <= ATOL:
            raise UserError(
                f"the ONNX graph of {folder} differs from torch by {difference:.1e}, more than {ATOL:.0e}: a "
                f"{encoder.config.model_type} cannot be exported with this version of torch"
            )
        encoder.config.save_pretrained(fresh)
        copy_tokenizer(folder, fresh)
        width, depth = int(encoder.config.hidden_size), depth_of(folder)
        use = _USE.format(
            graph=GRAPH, width=width, layer=layer, depth=depth, source=name_of(folder), longest=longest,
            tried=len(_TRIED), difference=difference, atol=ATOL,
        )  # fmt: skip
        facts = {"layer": layer, "layers": depth, "atol": ATOL, "largest_difference": difference}
        front = "library_name: onnx\npipeline_tag: feature-extraction\ntags:\n- langsamp\n"
        close_folder(fresh, Layout("onnx", folder, out.name, use, front, facts))
    return difference


class _Encoder(nn.Module):
    """Two tensors in, one out, as a graph has it."""

    def __init__(self, encoder: PreTrainedModel) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        hidden_BLD: Tensor = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return hidden_BLD


def _trace(encoder: PreTrainedModel, path: Path) -> None:
    axes = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("tokens", min=2)}
    ids_BL, mask_BL = _batch(encoder, 2, 6)
    with _quietly():
        graph: Any = torch.onnx.export(
            _Encoder(encoder), (ids_BL, mask_BL), dynamo=True, verbose=False,
            dynamic_shapes={"input_ids": axes, "attention_mask": axes},
            input_names=["input_ids", "attention_mask"], output_names=["last_hidden_state"],
        )  # fmt: skip
        graph.save(path)


def _difference(encoder: PreTrainedModel, path: Path, longest: int) -> float:
    """The largest difference between torch and the graph at tokens that are no padding."""
    import onnxruntime  # an extra

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    differences = []
    for sentences, tokens in _TRIED:
        ids_BL, mask_BL = _batch(encoder, sentences, min(tokens, longest))
        with torch.no_grad():
            expected_BLD = _Encoder(encoder)(ids_BL, mask_BL).numpy()
        given = {"input_ids": ids_BL.numpy(), "attention_mask": mask_BL.numpy()}
        (got_BLD,) = session.run(None, given)
        differences.append(float(np.abs(got_BLD - expected_BLD)[mask_BL.numpy().astype(bool)].max()))
    return float(np.max(differences))


def _batch(encoder: PreTrainedModel, sentences: int, tokens: int) -> tuple[Tensor, Tensor]:
    """Random tokens (B, L); the last of several sentences has padding in its second half."""
    generator = torch.Generator().manual_seed(0)
    ids_BL = torch.randint(int(encoder.config.vocab_size), (sentences, tokens), generator=generator)
    mask_BL = torch.ones_like(ids_BL)
    if sentences > 1:
        mask_BL[-1, (tokens + 1) // 2 :] = 0
        ids_BL[-1, (tokens + 1) // 2 :] = int(encoder.config.pad_token_id or 0)
    return ids_BL, mask_BL


@contextmanager
def _quietly() -> Iterator[None]:
    """The exporter tells of its own past and of packages that nobody asked for."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        log.setLevel(level)
