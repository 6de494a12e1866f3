"""What a sampler's settings mean for rows that are there: the share of each tag, phase by phase."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from langsamp.data.sampler import PhaseConfig, RowOrder, SamplerConfig, sampling_shares
from langsamp.errors import UserError
from langsamp.languages.select import select
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript

MANY_EPOCHS = 40
"""Beyond which more of the same text is worth nothing (Muennighoff et al. 2023, "Scaling data-constrained language
models", of causal models)."""


class Phase(NamedTuple):
    """Steps of a training in which tags are drawn with the same shares."""

    from_step: int
    steps: int
    """How many, the last phase's up to the training's end."""
    shares: NDArray[np.float64]
    """Probability of each tag, (tags,)."""


def phases_of(config: SamplerConfig, rows: Mapping[LangScript, int], *, steps: int) -> list[Phase]:
    """The phases of a training of so many steps, one where the settings name none, for tags with `rows` rows.

    Raises:
        UserError: as `sampling_shares`; where `config.replay` divides rows that are all of head languages, or all of
            others; where a phase selects tags that are not there.
    """
    given = list(config.phases)
    if not given or given[0].from_step:
        given.insert(0, PhaseConfig(from_step=0))
    assert given[-1].from_step < steps, "a recipe is checked for that"
    ends = [*(phase.from_step for phase in given[1:]), steps]
    phases, drawn = [], np.zeros(len(rows))
    for phase, end in zip(given, ends, strict=True):
        number = end - phase.from_step
        try:
            among = set(select(phase.languages, list(rows), uses={}))
            sizes = {tag: size if tag in among else 0 for tag, size in rows.items()}
            alpha = config.alpha if phase.alpha is None else phase.alpha
            shares = shares_of(config.model_copy(update={"alpha": alpha}), sizes, steps=number, drawn=drawn)
        except UserError as error:
            if not config.phases:
                raise
            raise UserError(f"sampler.phases, from step {phase.from_step:,}: {error}") from None
        phases.append(Phase(phase.from_step, number, shares))
        drawn = drawn + shares * number * config.rows_per_step
    return phases


def shares_of(
    config: SamplerConfig, rows: Mapping[LangScript, int], *, steps: int, drawn: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Probability of each tag in so many steps of one phase, shape (tags,), for tags with `rows` rows.

    `drawn` is how often each was expected before them.

    Raises:
        UserError: as `sampling_shares`, and where `config.replay` divides rows that are all of head languages, or all
            of others.
    """
    sizes, draws = np.array(list(rows.values()), dtype=np.int64), steps * config.rows_per_step
    before = np.zeros(len(sizes)) if drawn is None else drawn
    is_apart = config.is_flat or config.replay is not None
    is_head = _heads(rows) if is_apart else np.zeros(len(rows), dtype=bool)
    others = sizes[~is_head & (sizes > 0)]
    weighed = np.where(is_head, others.min() if len(others) else 1, sizes) if config.is_flat else sizes
    parts = [(1.0, np.ones(len(sizes), dtype=bool))]
    if config.replay is not None:
        for members, called in ((is_head, "head"), (~is_head, "tail")):
            if not sizes[members].any():
                raise UserError(
                    f"sampler.replay {config.replay:g} shares rows between head and tail languages, and no {called} "
                    "language has a row: add some, or leave it out"
                )
        parts = [(config.replay, is_head), (1 - config.replay, ~is_head)]
    shares = np.zeros(len(sizes))
    for share, members in parts:
        shares[members] = share * sampling_shares(
            sizes[members].tolist(),
            alpha=config.alpha,
            weighed=weighed[members].tolist(),
            max_repetition=config.max_repetition,
            draws=max(1, round(share * draws)),
            drawn=before[members],
        )
    return shares


def passes_of(phases: Sequence[Phase], rows: Mapping[LangScript, int], *, rows_per_step: int) -> NDArray[np.float64]:
    """How often each phase is expected to read each of a tag's rows, (phases, tags)."""
    sizes = np.maximum(np.array(list(rows.values()), dtype=np.float64), 1)
    return np.stack([phase.shares * (phase.steps * rows_per_step) for phase in phases]) / sizes


def order_of(
    config: SamplerConfig, rows: Mapping[LangScript, int], *, steps: int, fingerprint: str, seed: int
) -> RowOrder:
    """The order in which a training of `steps` steps reads rows, for this data and seed; as `phases_of`."""
    first, *later = phases_of(config, rows, steps=steps)
    return RowOrder(
        list(rows.values()),
        first.shares,
        fingerprint=fingerprint,
        seed=seed,
        later={phase.from_step * config.rows_per_step: phase.shares for phase in later},
        with_replacement=_heads(rows) if config.head == "flat-with-replacement" else None,
    )


def _heads(rows: Mapping[LangScript, int]) -> NDArray[np.bool_]:
    return np.array([describe(tag).is_head for tag in rows], dtype=bool)
