import pytest

from langsamp.bench.benchmarks.step import GPU
from langsamp.bench.gpu_peaks import dense_bf16_peak
from langsamp.bench.rivals import StepSize


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H200", 989.4), ("NVIDIA H100 80GB HBM3", 989.4), ("NVIDIA H100 PCIe", 756.0),
        ("NVIDIA A100-SXM4-80GB", 312.0),
        ("NVIDIA L40S", 362.05), ("NVIDIA L4", 121.0), ("NVIDIA A10G", 70.0), ("NVIDIA GeForce RTX 4090", 165.2),
        ("Some other card", None),
    ],
)  # fmt: skip
def test_the_peak_is_that_of_dense_products(name: str, peak: float | None) -> None:
    assert dense_bf16_peak(name) == peak


def test_flops_of_a_token_are_counted_as_the_field_does() -> None:
    """6 x matrices, 12 x layers x width x row for attention, 6 x masked share x width x (vocabulary + width)."""
    size = StepSize(layers=12, hidden=768, heads=12, vocab_size=401_145, rows=1, row_tokens=512, rounds=1)
    masked = round(0.15 * 512)
    body = 6 * 12 * 12 * 768**2 + 12 * 12 * 768 * 512
    head = 6 * 0.15 * 768 * (401_145 + 768)
    assert size.gflop(masked, prunes=False) / 512 * 1e9 == pytest.approx(body + head, rel=2e-3)
    assert GPU.vocab_size == 401_145
