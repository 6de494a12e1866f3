"""Law 9 for the loss: every backend gives the loss and all three gradients of fp64, to the rounding of its type."""

import pytest
import torch
from torch import Tensor

from langsamp.errors import UserError
from langsamp.model.fast import blocked_loss as blocked
from langsamp.model.fast.matmul import OneDnnMatmuls, has_one_dnn
from langsamp.model.loss import BACKENDS, masked_lm_loss, obstacle_to

CPU = torch.device("cpu")
HERE = [backend for backend in BACKENDS if obstacle_to(backend, CPU) is None]
EAGER = [backend for backend in HERE if backend != "compiled"]
TOLERANCE = {torch.float32: 5e-6, torch.bfloat16: 2e-2}


def head(masked: int, vocabulary: int, width: int, *, bias: bool = True) -> tuple[list[Tensor | None], Tensor]:
    """Hidden states, weight and bias of a decoder that has learned something, and labels."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(vocabulary, width, generator=generator) * 0.2
    labels = torch.randint(vocabulary, (masked,), generator=generator)
    labels[:2] = torch.tensor([0, vocabulary - 1])[:masked]
    hidden = torch.randn(masked, width, generator=generator) + weight[labels]
    parts = [hidden, weight, torch.randn(vocabulary, generator=generator) if bias else None]
    return [part if part is None else part.requires_grad_() for part in parts], labels


def loss_and_gradients(
    parts: list[Tensor | None], labels: Tensor, *, dtype: torch.dtype = torch.float32, scale: float = 1.0, **way: object
) -> list[Tensor]:
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        loss = masked_lm_loss(*parts, labels, **way)
    given = [part for part in parts if part is not None]
    return [loss.detach(), *torch.autograd.grad(loss * scale, given)]


def oracle(parts: list[Tensor | None], labels: Tensor, *, scale: float = 1.0) -> list[Tensor]:
    doubles = [part if part is None else part.detach().double().requires_grad_() for part in parts]
    return loss_and_gradients(doubles, labels, backend="plain", scale=scale)


def check(found: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    """Equal to a share of the largest number."""
    for one, other in zip(found, expected, strict=True):
        assert (one.double() - other).abs().max() <= tolerance * other.abs().max()


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("backend", EAGER)
def test_every_backend_equals_fp64(backend: str, bias: bool, dtype: torch.dtype) -> None:
    parts, labels = head(37, 10_007, 48, bias=bias)
    found = loss_and_gradients(parts, labels, backend=backend, dtype=dtype, scale=1 / 37)
    assert found[0].dtype == torch.float32 and all(one.dtype == torch.float32 for one in found[1:])
    check(found, oracle(parts, labels, scale=1 / 37), TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("backend", EAGER)
def test_a_gradient_is_as_exact_where_the_label_is_nearly_certain(backend: str, dtype: torch.dtype) -> None:
    """There it is small, and must be no difference of large numbers."""
    parts, labels = head(37, 5003, 48, bias=False)
    _, weight, _ = parts
    with torch.no_grad():
        hidden = weight[labels]
        for _ in range(40):  # as long as each label's probability is under 0.9999
            logits = hidden @ weight.T
            certain = logits.softmax(1).gather(1, labels[:, None]) > 0.9999
            hidden = torch.where(certain, hidden, hidden * 1.2)
    parts = [hidden.to(torch.bfloat16).float().requires_grad_(), weight, None]
    found, expected = loss_and_gradients(parts, labels, backend=backend, dtype=dtype), oracle(parts, labels)
    assert 0 < expected[0] / len(labels) < 1e-3
    check(found[1:2], expected[1:2], {torch.float32: 5e-2, torch.bfloat16: 0.2}[dtype])


@pytest.mark.parametrize("block", [10, 4096])
def test_a_token_may_be_impossible(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(blocked, "_CPU_BLOCK", block)
    parts, labels = head(9, 53, 16)
    labels = labels.clamp(min=30)
    parts[2].data[:20] = -torch.inf
    found = loss_and_gradients(parts, labels, backend="blocked")
    assert all(each.isfinite().all() for each in found)
    check(found, loss_and_gradients(parts, labels, backend="plain"), 5e-6)


@pytest.mark.slow
@pytest.mark.skipif("compiled" not in HERE, reason="no C++ compiler")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler loads parts that torch deprecates
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_the_compiled_backend_equals_fp64(dtype: torch.dtype) -> None:
    for masked in (37, 51):
        parts, labels = head(masked, 10_007, 48)
        check(
            loss_and_gradients(parts, labels, backend="compiled", dtype=dtype), oracle(parts, labels), TOLERANCE[dtype]
        )


@pytest.mark.slow
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("backend", EAGER)
def test_every_backend_equals_fp64_at_the_papers_vocabulary(backend: str, dtype: torch.dtype) -> None:
    parts, labels = head(19, 401_145, 96)
    found = loss_and_gradients(parts, labels, backend=backend, dtype=dtype, scale=1 / 19)
    check(found, oracle(parts, labels, scale=1 / 19), TOLERANCE[dtype])


@pytest.mark.parametrize("masked", [1, 8, 30, 31, 200])
@pytest.mark.parametrize("block", [1, 7, 64, 101, 1000])
def test_blocks_of_any_size_equal_fp64(masked: int, block: int) -> None:
    """Also where a block's gradient has no room for all its logits: more masked tokens than the width of 30."""
    parts, labels = head(masked, 101, 30)
    loss = blocked.blocked_loss(*parts, labels, block=block)
    check([loss.detach(), *torch.autograd.grad(loss, parts)], oracle(parts, labels), TOLERANCE[torch.float32])


@pytest.mark.parametrize("masked", [8, 40, 61, 200])
def test_blocks_equal_the_plain_way_in_bf16(masked: int) -> None:
    parts, labels = head(masked, 1001, 30)
    with torch.autocast("cpu", torch.bfloat16):
        loss = blocked.blocked_loss(*parts, labels, block=64)
    check([loss.detach(), *torch.autograd.grad(loss, parts)], oracle(parts, labels), TOLERANCE[torch.bfloat16])


@pytest.mark.skipif(not has_one_dnn(), reason="this torch has no oneDNN")
@pytest.mark.parametrize(
    "products", [OneDnnMatmuls(True, False, False), OneDnnMatmuls(False, True, False), OneDnnMatmuls(True, True, True)]
)
def test_products_of_one_dnn_equal_fp64(products: OneDnnMatmuls) -> None:
    parts, labels = head(37, 5003, 48)
    found = loss_and_gradients(parts, labels, backend="blocked", products=products)
    check(found, oracle(parts, labels), TOLERANCE[torch.float32])


def test_a_second_backward_gives_the_same() -> None:
    parts, labels = head(9, 5003, 16)
    loss = blocked.blocked_loss(*parts, labels)
    first = torch.autograd.grad(loss, parts, retain_graph=True)
    copies = [gradient.clone() for gradient in first]
    for one, other in zip(torch.autograd.grad(loss, parts), copies, strict=True):
        torch.testing.assert_close(one, other, atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("trained", [(True, False, False), (False, True, False), (False, False, True)])
def test_only_what_is_trained_gets_a_gradient(trained: tuple[bool, bool, bool]) -> None:
    parts, labels = head(9, 5003, 16)
    expected = oracle(parts, labels)[1:]
    for part, on in zip(parts, trained, strict=True):
        part.requires_grad_(on)
    blocked.blocked_loss(*parts, labels).backward()
    for part, on, gradient in zip(parts, trained, expected, strict=True):
        assert (part.grad is not None) == on
        if on:
            check([part.grad], [gradient], TOLERANCE[torch.float32])


def test_without_gradient_the_loss_is_the_same() -> None:
    parts, labels = head(9, 5003, 16)
    with_gradient = blocked.blocked_loss(*parts, labels)
    with torch.no_grad():
        assert torch.equal(blocked.blocked_loss(*parts, labels), with_gradient)


def test_no_large_matrix_is_made() -> None:
    """The largest tensor that is written is the weight's own gradient."""
    parts, labels = head(300, 20_011, 16)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        blocked.blocked_loss(*parts, labels).backward()
    largest = max(event.cpu_memory_usage for event in profile.events() if event.name == "[memory]")
    assert largest <= max(20_011 * 16, 300 * 4096) * 4 * 1.01 < 300 * 20_011 * 4


def test_what_is_not_finite_stays_so() -> None:
    parts, labels = head(9, 5003, 16)
    parts[2].data[7] = float("nan")
    assert masked_lm_loss(*parts, labels, backend="blocked").isnan()


def test_the_gradient_becomes_the_parameters_own_without_a_copy() -> None:
    parts, labels = head(9, 5003, 16)
    loss = blocked.blocked_loss(*parts, labels)
    memory = loss.grad_fn.kept_VD.data_ptr()
    loss.backward()
    assert parts[1].grad.data_ptr() == memory


def test_trouble_is_named() -> None:
    parts, labels = head(9, 53, 16)
    with pytest.raises(UserError, match=r"no loss backend 'bloked'.*Did you mean 'blocked'"):
        masked_lm_loss(*parts, labels, backend="bloked")
    with pytest.raises(UserError, match="cannot be computed by 'liger': it needs a GPU"):
        masked_lm_loss(*parts, labels, backend="liger")


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_equals_fp64_on_a_gpu(backend: str, dtype: torch.dtype) -> None:
    device = torch.device("cuda")
    if (obstacle := obstacle_to(backend, device)) is not None:
        pytest.skip(obstacle)
    parts, labels = head(614, 401_145, 128)
    parts = [part.detach().to(device).requires_grad_() for part in parts]
    with torch.autocast("cuda", torch.bfloat16, enabled=dtype == torch.bfloat16):
        loss = masked_lm_loss(*parts, labels.to(device), backend=backend)
    found = [loss.detach(), *torch.autograd.grad(loss, parts)]
    doubles = [part.detach().double().requires_grad_() for part in parts]
    exact = masked_lm_loss(*doubles, labels.to(device), backend="plain")
    check(found, [exact.detach(), *torch.autograd.grad(exact, doubles)], TOLERANCE[dtype])
