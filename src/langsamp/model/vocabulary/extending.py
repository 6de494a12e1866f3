"""An encoder with more pieces: old rows by token string, new ones from what stood for their text so far.

Shape suffixes: V vocabulary, N new vocabulary, M new pieces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from langsamp.data.vocabulary.extending import old_pieces
from langsamp.model.vocabulary.revocabulary import carried_weights, table_rows, write_model
from langsamp.model.vocabulary.stored_model import StoredModel
from langsamp.model.vocabulary.token_rows import NO_ROW, sources

Rows = Literal["mean", "normal", "index"]
"""Where a new piece's row comes from; see `extend`."""
_SCALE = 0.02  # of transformers' draws, where a configuration does not say


@dataclass(frozen=True, kw_only=True)
class Extended:
    """What an extension did."""

    pieces: tuple[int, int]
    """Entries of the tokenizer before and after."""
    rows: tuple[int, int]
    """Rows of the embedding table before and after."""
    from_pieces: int
    """New rows that are the mean of old pieces' rows."""
    drawn: int
    """New rows that are drawn: all, or by `mean` those of text that the old vocabulary does not know at all."""
    displaced: tuple[str, ...]
    """Old tokens that start from another row than their own; only by `index` are there any."""


def extend(
    model: StoredModel,
    out: Path,
    *,
    pieces: Sequence[tuple[str, float]],
    rows: Rows = "mean",
    multiple: int,
    seed: int = 0,
    facts: Mapping[str, Any],
) -> Extended:
    """Write `out`: `model` with these pieces and scores more.

    By `mean` a new row is the mean of the rows of the old pieces that stood for the same text, in the decoder and its
    bias too; by `normal` it is drawn as transformers draws new rows, N(0, initializer_range) and bias 0. By `index` old
    rows stay where they are and those behind are drawn, as in the original code: a token whose id moves, such as
    `<mask>`, then gets a new row, and a new piece the old one of `<mask>`.
    """
    old_ids = model.vocabulary.ids
    backend = model.vocabulary.extended(pieces)
    ids = model.vocabulary.with_backend(backend).ids
    size = table_rows(model, len(ids), multiple=multiple)
    source_N = sources(ids, old_ids, rows=size)
    if rows == "index":
        source_N = torch.where(torch.arange(size) < model.vocabulary.size, torch.arange(size), NO_ROW)
    weights = carried_weights(model, source_N)
    new = torch.nonzero(source_N[: len(ids)] == NO_ROW).flatten()
    tokens = list(ids)
    groups = old_pieces(model.tokenizer, [tokens[row] for row in new.tolist()]) if rows == "mean" else [[] for _ in new]
    for name, kind in model.by_token.items():
        generator = torch.Generator().manual_seed(seed)  # anew: a decoder stored beside its embedding starts the same
        weights[name][new] = _started(model, model.weights[name], groups, kind if rows != "mean" else None, generator)
    drawn = sum(not group for group in groups)
    report = Extended(
        pieces=(len(old_ids), len(ids)),
        rows=(model.rows, size),
        from_pieces=len(groups) - drawn,
        drawn=drawn,
        displaced=tuple(token for token, row in old_ids.items() if source_N[ids[token]] != row),
    )
    more = {"name": out.name, "extended_from": model.name, "rows": rows, "seed": seed, **facts}
    write_model(model, out, backend=backend, weights=weights, story=_story(model, report), facts=more)
    return report


def _started(
    model: StoredModel, old_V: Tensor, groups: Sequence[list[int]], kind: str | None, generator: torch.Generator
) -> Tensor:
    """Rows (M, ...): the mean of each group's old rows, and draws for empty groups.

    Draws have the mean and spread of the old rows, or those of transformers where `kind` says which tensor it is.
    """
    known_V = old_V[: model.vocabulary.size].float()
    if kind is None:
        center, scale = known_V.mean(0), known_V.std(0)
    else:
        center = torch.zeros_like(known_V[0])
        scale = center + (0.0 if kind == "bias" else model.config.get("initializer_range", _SCALE))
    drawn_M = torch.randn((len(groups), *old_V.shape[1:]), generator=generator) * scale + center
    flat = torch.tensor([row for group in groups for row in group], dtype=torch.long)
    owners = torch.tensor([at for at, group in enumerate(groups) for _ in group], dtype=torch.long)
    sums_M = torch.zeros_like(drawn_M).index_add_(0, owners, known_V[flat])
    sizes = torch.tensor([len(group) for group in groups]).view(-1, *[1] * (old_V.dim() - 1))
    return torch.where(sizes > 0, sums_M / sizes.clamp(min=1), drawn_M).to(old_V.dtype)


def _story(model: StoredModel, report: Extended) -> str:
    before, after = report.pieces
    text = (
        f"`{model.name}` with {after - before:,} pieces more than its {before:,}. {report.from_pieces:,} new rows "
        f"start from the mean of the old pieces of the same text, {report.drawn:,} from a draw."
    )
    if report.displaced:
        return f"{text} Rows were left by index: {', '.join(report.displaced)} lost theirs to new pieces."
    return f"{text} Every old token has the row it had."
