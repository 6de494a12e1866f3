"""What the products of a step alone would take at the speed that this machine has for a large one."""

import time
from collections.abc import Sequence
from statistics import median

import torch

from langsamp.bench.record import Row
from langsamp.bench.timing import Times
from langsamp.model.fast.matmul import has_one_dnn, output_product


def gflop_per_second(precision: str, width: int) -> float:
    """Speed of the fastest large product of this precision, by processor time, on all threads together."""
    one, other = torch.randn(2, width, width).to(torch.bfloat16 if precision == "bf16" else torch.float32)
    best = float("inf")
    for one_dnn in (False, True) if has_one_dnn() else (False,):
        for _ in range(4):
            began = time.process_time()
            output_product(one, other, None, one_dnn=one_dnn)
            best = min(best, time.process_time() - began)
    return 2 * width**3 / best / 1e9


def floor_row(precision: str, gflop: float, speed: float, reference: Sequence[Times]) -> Row:
    """A row for `gflop` of products at `speed` GFLOP a second, beside the times of the reference."""
    seconds = gflop / speed
    ratio = median(each.cpu_seconds for each in reference) / seconds
    return Row(
        variant=f"floor: {gflop:,.0f} GFLOP at {speed:,.0f} GFLOP/s, {precision}", cpu_seconds=seconds, cpu_ratio=ratio
    )
