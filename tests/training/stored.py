"""What a checkpoint holds, read without what reads it in the package."""

import json
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor


def stored(checkpoint: Path) -> dict[str, Tensor]:
    """All tensors of a checkpoint, put together by the offsets that its files say, without torch's reader."""
    parts: dict[str, list[tuple[list[int], Tensor]]] = {}
    for path in checkpoint.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            offsets = json.loads((file.metadata() or {}).get("DCP_SHARDING_INFO", "{}"))
            for name in file.keys():  # noqa: SIM118
                first = offsets[name]["saved_offsets"] if offsets else []
                parts.setdefault(name, []).append((first, file.get_tensor(name)))
    tensors = {}
    for name, each in parts.items():
        in_order = [tensor for _, tensor in sorted(each, key=lambda part: part[0])]
        tensors[name] = torch.cat(in_order) if len(in_order) > 1 else in_order[0]
    return tensors
