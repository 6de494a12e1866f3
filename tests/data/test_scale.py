"""At the size of Glot500-c: what the sampler holds and does depends on tags, and on nothing else."""

import tracemalloc

import numpy as np
import pytest

from langsamp.bench.benchmarks.scale import sentence_counts
from langsamp.data.phases import order_of, passes_of, phases_of
from langsamp.data.sampler import RowOrder, SamplerConfig, sampling_shares
from langsamp.languages.tags import LangScript

STEPS, ROWS_PER_STEP = 1_000_000, 1024


@pytest.fixture(autouse=True)
def _no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGSAMP_DATA", raising=False)


@pytest.fixture
def counts(_no_data: None) -> dict[LangScript, int]:
    return sentence_counts(679)


def late(counts: dict[LangScript, int]) -> tuple[RowOrder, int]:
    """The order of a long training, and a draw near its end."""
    sampler = SamplerConfig(rows_per_step=ROWS_PER_STEP)
    return order_of(sampler, counts, steps=STEPS, fingerprint="ab12", seed=0), 100_000 * ROWS_PER_STEP


def test_the_made_up_corpus_has_the_size_of_the_published_one(counts: dict[LangScript, int]) -> None:
    assert len(counts) == 679 and 1.4e9 < sum(counts.values()) < 2.2e9


def test_memory_is_bounded_by_tags_not_by_rows_or_steps(counts: dict[LangScript, int]) -> None:
    peaks = []
    for each in (counts, {tag: -(-number // 1000) for tag, number in counts.items()}):
        tracemalloc.start()
        order, draw = late(each)
        order.draws(draw, draw + ROWS_PER_STEP)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    whole, thousandth = peaks
    assert whole < 16 << 20  # a count of rows for each tag and block would take 9 MB more, a table of rows 16 GB
    assert whole == pytest.approx(thousandth, rel=0.2)


def test_rows_of_any_step_are_rows_of_their_tags(counts: dict[LangScript, int]) -> None:
    order, draw = late(counts)
    draws, sizes = order.draws(draw, draw + ROWS_PER_STEP), np.array(list(counts.values()))
    assert len(draws.tag) == ROWS_PER_STEP
    assert ((draws.row >= 0) & (draws.row < sizes[draws.tag])).all()
    assert len(set(zip(draws.tag.tolist(), draws.row.tolist(), strict=True))) == ROWS_PER_STEP


def test_epochs_fall_with_the_size_of_a_tag_and_add_up_to_what_is_read(counts: dict[LangScript, int]) -> None:
    sampler = SamplerConfig(rows_per_step=ROWS_PER_STEP)
    (epochs,) = passes_of(phases_of(sampler, counts, steps=STEPS), counts, rows_per_step=ROWS_PER_STEP)
    sizes = np.array(list(counts.values()), dtype=float)
    assert epochs @ sizes == pytest.approx(STEPS * ROWS_PER_STEP)
    assert epochs / epochs[0] == pytest.approx((sizes / sizes[0]) ** (0.3 - 1))  # p ~ n^0.3, read p / n times


def test_counts_go_on_over_the_blocks_whose_counts_are_kept() -> None:
    sizes, kept = [500, 40, 3, 0], 64 << 16  # draws between two counts that are kept
    order = RowOrder(sizes, sampling_shares(sizes, alpha=0.3), fingerprint="ab12", seed=0)
    assert order.rows_seen(5_000_000).tolist() == [2_970_546, 1_391_137, 638_317, 0]  # as it has always been
    draws = order.draws(kept - 50, kept + 50)
    read = order.rows_seen(kept + 50) - order.rows_seen(kept - 50)
    assert read.tolist() == np.bincount(draws.tag, minlength=4).tolist()
    assert draws.row[46:56].tolist() == [1, 239, 60, 2, 2, 17, 149, 0, 33, 316]
