"""Where the time of our training step goes: products at which speed, and everything else, by kind of work."""

from collections import defaultdict
from collections.abc import Iterator

from torch.profiler import ProfilerActivity, profile

from langsamp.bench.record import Record, Row
from langsamp.bench.rivals import OURS, StepSetting, StepSize, Workplace
from langsamp.machine import keeping_freed_memory
from langsamp.progress import Bar

_WARM_UP = 3
_PROFILED = 5
"""Steps of which the shortest is told: the profiler's own memory lies in the way of the step's in some."""
_LEAST = 0.005
"""Share of the step under which a kind of work is told with `the rest`."""
_KINDS = {
    "products of linear layers and of the loss": ("mm", "addmm", "_linear_pointwise", "mkldnn_linear", "linear"),
    "products of attention": ("bmm", "baddbmm", "baddbmm_"),
    "softmax, exponentials, logarithms": (
        "_softmax", "_softmax_backward_data", "_log_softmax", "_log_softmax_backward_data", "exp_", "exp", "sub",
        "amax",
    ),
    "GELU": ("gelu", "gelu_backward"),
    "norms of layers": ("native_layer_norm", "native_layer_norm_backward"),
    "copies and casts": ("copy_", "_to_copy", "clone", "contiguous", "cat"),
    "AdamW": ("_fused_adamw_",),
    "clipping": ("_foreach_norm", "_foreach_mul_", "linalg_vector_norm", "stack"),
    "random bits": ("random_",),
    "sums and products number by number": ("mul", "mul_", "add", "add_", "sum", "lt", "div", "div_"),
    "embedding": ("embedding", "index_select", "index_add_", "index_copy", "index_copy_", "embedding_dense_backward"),
    "memory": ("empty", "empty_like", "empty_strided", "new_empty", "zeros", "new_zeros", "zero_", "fill_", "resize_"),
}  # fmt: skip
"""Kinds of work, each with the names of torch's operators, as its profiler tells them."""
_KIND_OF = {operator: kind for kind, operators in _KINDS.items() for operator in operators}
_REST = "the rest"
_UNCOUNTED = ("_linear_pointwise", "mkldnn_linear")
"""Products whose floating-point operations the profiler does not tell."""


def measure_parts(size: StepSize, *, least: float = _LEAST) -> Record:
    """Seconds of one step by kind of work and, of products, how many GFLOP a second; by torch's profiler.

    Kinds with less than the share `least` of the time are counted among the rest.
    """
    settings = [StepSetting(OURS), StepSetting(OURS, "bf16"), StepSetting(OURS, "bf16", 0.1)]
    rows: list[Row] = []
    with keeping_freed_memory():
        workplace = Workplace(size)
        with Bar("steps", total=len(settings), unit="settings") as bar:
            for setting in settings:
                rows += _rows(workplace, setting, least)
                bar.update()
    return Record(
        name="parts",
        measures="Our step by kind of work: seconds of one step by torch's profiler, and their share.",
        unit="GFLOP",
        rows=tuple(rows),
        targets=(),
        settings={"layers": size.layers, "hidden": size.hidden, "vocab_size": size.vocab_size},
    )


def _rows(workplace: Workplace, setting: StepSetting, least: float) -> Iterator[Row]:
    for _ in range(_WARM_UP):  # allocators learn, the optimizer makes its state
        workplace.steps(setting, warm_up=0, number=1)
    profiles = [_profiled(workplace, setting) for _ in range(_PROFILED)]
    seconds, flop = min(profiles, key=lambda profile: sum(profile[0].values()))
    whole = sum(seconds.values())
    for kind in [kind for kind, taken in seconds.items() if taken < least * whole and kind != _REST]:
        seconds[_REST] += seconds.pop(kind)
    group = f"{setting.precision}{f', dropout {setting.dropout}' if setting.dropout else ''}"
    for kind, taken in sorted(seconds.items(), key=lambda item: (item[0] == _REST, -item[1])):
        speed = flop[kind] / taken / 1e9 if kind.startswith("products") and flop[kind] > 0 else None
        yield Row(variant=kind, group=group, seconds=taken, share=taken / whole, rate=speed)


def _profiled(workplace: Workplace, setting: StepSetting) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds and floating-point operations of one step by kind of work; NaN where the profiler counts none."""
    with profile(activities=[ProfilerActivity.CPU], with_flops=True) as profiler:
        workplace.steps(setting, warm_up=0, number=1)
    seconds: dict[str, float] = defaultdict(float)
    flop: dict[str, float] = defaultdict(float)
    for event in profiler.key_averages():
        kind = _KIND_OF.get(event.key.rpartition("::")[2], _REST)
        seconds[kind] += event.self_cpu_time_total / 1e6
        flop[kind] += float("nan") if event.key.endswith(_UNCOUNTED) else event.flops
    return seconds, flop
