"""What GPUs can do at most by their data sheets, for the share of it that a training reaches."""

_PEAKS = {
    "B200": 2250.0,
    "H200": 989.4,
    "GH200": 989.4,
    "H100 PCIe": 756.0,
    "H100 NVL": 835.0,
    "H100": 989.4,
    "A100": 312.0,
    "A800": 312.0,
    "A40": 149.7,
    "A10G": 70.0,
    "A10": 125.0,
    "L40S": 362.05,
    "L40": 181.05,
    "L4": 121.0,
    "RTX 6000 Ada": 364.2,
    "RTX 4090": 165.2,
    "RTX A6000": 154.8,
    "RTX 3090": 71.0,
}
"""TFLOP/s of dense bf16 products with sums in fp32, by NVIDIA's data sheets; figures "with sparsity" are halved.

The longer name is looked for first, so `H100 PCIe` is not taken for `H100`, nor `L40S` for `L4`.
"""


def dense_bf16_peak(device_name: str) -> float | None:
    """TFLOP/s of the GPU that calls itself so; None for one that is not listed, whose share is then not told."""
    for name in sorted(_PEAKS, key=len, reverse=True):
        if name.lower() in device_name.lower():
            return _PEAKS[name]
    return None
