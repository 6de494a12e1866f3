"""The training of a classifier: the updates of a protocol, looks at the dev set, the best weights kept in memory."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from langsamp.errors import NonFiniteLossError
from langsamp.evaluation.batching import batch_cost, by_length
from langsamp.evaluation.finetuning.predicting import Network, within_memory
from langsamp.evaluation.finetuning.tokens import Tokens
from langsamp.evaluation.finetuning.updates import Update, updates
from langsamp.evaluation.protocols import FineTuning

_BETAS = 0.9, 0.999


@dataclass(frozen=True, kw_only=True)
class DevPoint:
    """One look at the dev set."""

    epoch: int
    step: int
    """Updates so far."""
    train_loss: float
    """Mean loss of the updates since the last look."""
    metrics: Mapping[str, float]
    """Dev scores, per cent."""
    kept: bool
    """Whether these weights are the ones that predict."""


def train(
    network: Network,
    tokens: Tokens,
    *,
    labels: NDArray[np.int64],
    settings: FineTuning,
    seed: int,
    look: Callable[[], Mapping[str, float]],
    metric: str,
    advance: Callable[[int], object] | None = None,
) -> tuple[DevPoint, ...]:
    """Move the weights of `network` to those with the highest `metric` of `look`, the first where several have it.

    `labels` has the number of the label of each place of `tokens`. `advance` is told how many examples are over.

    Raises:
        NonFiniteLossError: where the loss is NaN or infinite.
    """
    optimizer = torch.optim.AdamW(
        network.model.parameters(), betas=_BETAS, weight_decay=settings.weight_decay, fused=True
    )
    points: list[DevPoint] = []
    losses: list[float] = []
    over = 0
    best, kept = 0, dict[str, Tensor]()
    for update in updates(len(tokens.lengths), settings, seed=seed):
        torch.manual_seed(_dropout_seed(seed, update.number))
        network.model.train()
        with within_memory(network.training_budget):
            losses.append(_step(network, tokens, labels=labels, update=update, optimizer=optimizer, settings=settings))
        if not math.isfinite(losses[-1]):
            raise NonFiniteLossError(
                f"the loss is {losses[-1]} at update {update.number} in epoch {update.epoch}. Try precision fp32 or a "
                "lower learning rate; where the first update fails, the model itself gives NaN or infinite values"
            )
        over += (passed := int(tokens.ends[update.passed].sum()))
        if advance is not None:
            advance(passed)
        if update.looks:
            metrics = look()
            points.append(_point(update, losses, metrics))
            losses = []
            if not kept or metrics[metric] > points[best].metrics[metric]:
                best, kept = len(points) - 1, _copied(network.model)
    network.model.load_state_dict(kept)
    if advance is not None:
        advance(settings.epochs * int(tokens.ends.sum()) - over)  # parts that no update was left for
    return tuple(replace(point, kept=index == best) for index, point in enumerate(points))


def gradients(
    network: Network, tokens: Tokens, *, labels: NDArray[np.int64], update: Update, accumulation: int
) -> float:
    """Add the gradient of an update's loss to the weights; gives the mean loss of its parts.

    Each part is computed in batches of like length under the token budget, which its mean does not show: their sums of
    losses are divided by the labelled places of the whole part.
    """
    total, cost = 0.0, batch_cost(network.model, training=True)
    for part in update.parts:
        places = max(1, int((tokens.places[part + 1] - tokens.places[part]).sum()))
        lengths = tokens.lengths[part].tolist()
        for batch in by_length(lengths, network.training_budget, batch_cost=cost):
            with network.computing():
                logits_PC, places_P = network.logits(tokens, part[batch].tolist())
            targets_P = torch.from_numpy(labels[places_P]).to(logits_PC.device)
            loss = nn.functional.cross_entropy(logits_PC, targets_P, reduction="sum") / places
            (loss / accumulation).backward()  # type: ignore[no-untyped-call]
            total += loss.item()
    return total / len(update.parts)


def _step(
    network: Network,
    tokens: Tokens,
    *,
    labels: NDArray[np.int64],
    update: Update,
    optimizer: torch.optim.AdamW,
    settings: FineTuning,
) -> float:
    loss = gradients(network, tokens, labels=labels, update=update, accumulation=settings.accumulation)
    if settings.max_gradient_norm is not None:
        nn.utils.clip_grad_norm_(network.model.parameters(), settings.max_gradient_norm)
    for group in optimizer.param_groups:
        group["lr"] = update.rate
        group["eps"] = _epsilon(settings, update.number)
    optimizer.step()
    optimizer.zero_grad()
    return loss


def _point(update: Update, losses: Sequence[float], metrics: Mapping[str, float]) -> DevPoint:
    return DevPoint(
        epoch=update.epoch, step=update.number, train_loss=float(np.mean(losses)), metrics=metrics, kept=False
    )


def _epsilon(settings: FineTuning, number: int) -> float:
    """What torch's optimizer, which adds it to the corrected moment, needs to do as the original one does."""
    return settings.epsilon / math.sqrt(1 - _BETAS[1] ** number) if settings.raw_epsilon else settings.epsilon


def _dropout_seed(seed: int, number: int) -> int:
    """One of its own for each update, so that looks at the dev set change nothing in training."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _copied(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.to("cpu", copy=True) for name, tensor in model.state_dict().items()}
