"""An encoder with the pieces that chosen languages need, and such a one back on the whole vocabulary."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from langsamp.data.text.corpus import Corpus, CorpusConfig
from langsamp.data.vocabulary.trimming import (
    Need,
    count_corpus,
    covered_share,
    lengthening,
    needed_pieces,
    total,
)
from langsamp.errors import UserError
from langsamp.model.vocabulary.revocabulary import carried_weights, table_rows, write_model
from langsamp.model.vocabulary.stored_model import StoredModel
from langsamp.model.vocabulary.token_rows import NO_ROW, carried, sources

MULTIPLE = 64
"""Tables have a multiple of so many rows unless another is asked for."""


@dataclass(frozen=True, kw_only=True)
class Trimmed:
    """What a cut did."""

    pieces: tuple[int, int]
    """Entries of the tokenizer before and after."""
    rows: tuple[int, int]
    """Rows of the embedding table before and after."""
    parameters: tuple[int, int]
    """Of the whole model before and after; a tied decoder counts once."""
    tokens: int
    """Counted in the text."""
    covered: float
    """Share of them whose piece is kept, in [0, 1]."""
    covered_by_tag: Mapping[str, float]
    longer_by_tag: Mapping[str, float]
    """Tokens of the first thousand documents after the cut, over those before; 1 where nothing is split anew."""


def trim(
    model: StoredModel, out: Path, *, corpus: Corpus, config: CorpusConfig, need: Need, multiple: int = MULTIPLE
) -> Trimmed:
    """Write `out`: `model` with only the entries that the languages of `corpus` need, each with its old row.

    Outputs on text whose pieces are kept are those of `model`.

    Raises:
        UserError: where the text, the measure of `need` or the tokenizer is not as expected.
    """
    vocabulary = model.vocabulary
    counts, samples = count_corpus(model.tokenizer, corpus, config, size=vocabulary.size)
    kept = needed_pieces(vocabulary, counts, need)
    rows = table_rows(model, len(kept), multiple=multiple)
    backend = vocabulary.cut(kept)
    weights = carried_weights(model, sources(vocabulary.with_backend(backend).ids, vocabulary.ids, rows=rows))
    together = total(counts)
    report = Trimmed(
        pieces=(len(vocabulary.ids), len(kept)),
        rows=(model.rows, rows),
        parameters=(_parameters(model, model.weights), _parameters(model, weights)),
        tokens=int(together.sum()),
        covered=covered_share(vocabulary, together, kept),
        covered_by_tag={str(tag): covered_share(vocabulary, each, kept) for tag, each in counts.items()},
        longer_by_tag={str(tag): lengthening(model.tokenizer, backend, texts) for tag, texts in samples.items()},
    )
    story = (
        f"`{model.name}` with {len(kept):,} of its {len(vocabulary.ids):,} tokens: those that {len(counts)} languages "
        f"need. They cover {report.covered:.2%} of the tokens of the text they were counted in; on text that they "
        "write, outputs are those of the whole model."
    )
    facts = {"name": out.name, "trimmed_from": model.name, "text": corpus.fingerprint(), "trim": asdict(report)}
    write_model(model, out, backend=backend, weights=weights, story=story, facts=facts)
    return report


def untrim(trimmed: StoredModel, out: Path, *, original: StoredModel) -> int:
    """Write `out`: `trimmed` on the vocabulary of `original`; return how many entries have the original's row.

    Those are the ones that `trimmed` lacks. Their decoder bias is the original's too; where that has no LM head, it is
    the lowest that `trimmed` has, so that nothing which was trained is pushed aside.

    Raises:
        UserError: where `trimmed` has tokens that `original` lacks, or is of another width.
    """
    ours, ids = trimmed.vocabulary.ids, original.vocabulary.ids
    if strange := [token for token in ours if token not in ids]:
        raise UserError(
            f"{trimmed.name} was not cut from {original.name}: {len(strange):,} of its tokens are not there, the first "
            f"is {strange[0]!r}; give the model that it was cut from"
        )
    if trimmed.embedding.shape[1] != original.embedding.shape[1]:
        raise UserError(
            f"{trimmed.name} has token embeddings of width {trimmed.embedding.shape[1]}, {original.name} of width "
            f"{original.embedding.shape[1]}; give the model that it was cut from"
        )
    source_N = sources(ids, ours, rows=original.rows)
    weights = dict(trimmed.weights)
    for name, kind in trimmed.by_token.items():
        known = [tensor for other, tensor in original.weights.items() if original.by_token.get(other) == kind]
        weights[name] = _over(weights[name], source_N, known, size=len(ours))
    story = (
        f"`{trimmed.name}` on the whole vocabulary of `{original.name}`: {len(ours):,} tokens have the rows of the "
        f"former, the other {len(ids) - len(ours):,} those of the latter, which no training of the former has changed."
    )
    facts = {"name": out.name, "untrimmed_from": trimmed.name, "original": original.name}
    whole = StoredModel(trimmed.name, trimmed.folder, _with_ids_of(original, trimmed), original.tokenizer, weights)
    write_model(whole, out, backend=original.vocabulary.backend, weights=weights, story=story, facts=facts)
    return len(ids) - len(ours)


def _over(trained_V: Tensor, source_N: Tensor, known: Iterable[Tensor], *, size: int) -> Tensor:
    """The trained rows (V, ...) where there are any, over the rows that are `known`, or else over the lowest."""
    rows_N = carried(trained_V, source_N, fill=float(trained_V[:size].min()))
    is_absent = source_N == NO_ROW
    for old_N in known:
        rows_N[is_absent] = old_N[is_absent].to(rows_N.dtype)
        break
    return rows_N


def _with_ids_of(original: StoredModel, trimmed: StoredModel) -> dict[str, object]:
    """The trimmed model's configuration with the original's token ids."""
    ids = {key: value for key, value in original.config.items() if key.endswith("_token_id")}
    return {**trimmed.config, **ids}


def _parameters(model: StoredModel, weights: Mapping[str, Tensor]) -> int:
    """Numbers that are trained: a decoder equal to the embedding is the embedding, and one bias is stored twice."""
    seen: list[Tensor] = []
    total = 0
    for name in weights:
        tensor = weights[name]
        if not any(tensor.shape == each.shape and torch.equal(tensor, each) for each in seen):
            total += tensor.numel()
            if name in model.by_token:
                seen.append(tensor)
    return total
