"""Batches of items of like length, padded to their own maximum only: no token is computed that nobody asked for."""

from collections.abc import Iterator, Sequence


def by_length(lengths: Sequence[int], token_budget: int) -> Iterator[list[int]]:
    """Indices of items of like length, longest first, at most `token_budget` padded tokens a batch (or one item)."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        if batch and lengths[batch[0]] * (len(batch) + 1) > token_budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
