"""A vector for a language that was never trained: appended to a trained model, fitted with everything else frozen.

Ids are appended, old vectors and the encoder stay bit for bit. A new vector starts from the mean of its nearest
trained relatives in Glottolog's tree, or of all trained languages where it has none.

Shape suffixes: D width, M masked tokens.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from langsamp.disk.files import read_json, replacing, write_json
from langsamp.disk.seals import CHECKSUMS, seal
from langsamp.errors import UserError
from langsamp.languages.distances import tree_distance
from langsamp.languages.table import check, describe
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning
from langsamp.model.new_language.frozen import FrozenModel, Reading

_EPOCHS, _RATE, _TOKENS = 20, 0.01, 256
_MASKINGS = 4  # times that each text is read, with other tokens hidden
_HELD_OUT = 5  # every fifth text
_LEAST = 10
"""Texts that a vector can be fitted from: two of them are held out."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What became of a vector."""

    tag: str
    texts: int
    tokens: int
    """Masked tokens that the vector was fitted to."""
    started_from: tuple[str, ...]
    """Languages whose mean it started from."""
    loss: Mapping[str, float]
    """Per masked token of the held-out texts: without a language vector, at the start, fitted."""
    norm: float
    """Length of the vector, beside the mean of the trained ones."""
    mean_norm: float
    neighbours: tuple[tuple[str, float], ...]
    """The trained languages with the largest cosine, the largest first."""


def add_languages(folder: Path, tags: Sequence[LangScript], out: Path) -> Conditioning:
    """Write `out`: the model in `folder` with ids for `tags`, their vectors at their start and marked as untrained.

    Raises:
        UserError: for a tag that is unknown or has an id already, and for a model without vectors.
    """
    conditioning = Conditioning.load(folder)
    if conditioning.language is None and conditioning.script is None:
        raise UserError(f"{folder} has no vectors, as it was trained without; add languages to a model that has them")
    for tag in tags:
        check(tag)
        if tag in conditioning.rows_seen:
            raise UserError(
                f"{tag} is in {folder} already, with {conditioning.rows_seen[tag]:,} rows seen; leave it out"
            )
    if doubled := sorted({str(tag) for tag in tags if tags.count(tag) > 1}):
        raise UserError(f"{', '.join(doubled)} is named twice; name each language once")
    longer = extended(conditioning, tags)
    _write(folder, out, longer, facts={"added": [str(tag) for tag in tags]})
    return longer


def extended(conditioning: Conditioning, tags: Sequence[LangScript]) -> Conditioning:
    """The conditioning with ids and starting vectors for the new codes of `tags`; what was there stays bit for bit."""
    ids = conditioning.ids.extended(tags)
    language, script = conditioning.language, conditioning.script
    for code in ids.languages[len(conditioning.ids.languages) :] if language is not None else ():
        tag = next(tag for tag in tags if tag.language == code)
        language = _appended(language, _rows(conditioning, "language", relatives(conditioning, tag)))
    for _ in ids.scripts[len(conditioning.ids.scripts) :] if script is not None else ():
        known = [code for code in conditioning.ids.scripts if conditioning.is_trained("script", code)]
        script = _appended(script, _rows(conditioning, "script", known))
    seen, masked = dict.fromkeys(tags, 0), conditioning.masked_seen
    return replace(
        conditioning,
        ids=ids,
        language=language,
        script=script,
        rows_seen={**seen, **conditioning.rows_seen},
        masked_seen=None if masked is None else {**seen, **masked},
    )


def relatives(conditioning: Conditioning, tag: LangScript) -> tuple[str, ...]:
    """The trained languages nearest to `tag` in Glottolog's tree, or all trained ones where none is related."""
    known = [code for code in _trained(conditioning) if code != tag.language]
    edges = {code: tree_distance(tag, LangScript(code, tag.script)) for code in known}
    near = {code: distance for code, distance in edges.items() if distance is not None}
    return tuple(code for code in near if near[code] == min(near.values())) or tuple(known)


def fit(folder: Path, tag: LangScript, texts: Sequence[str], out: Path, *, seed: int = 0) -> Fitted:
    """Write `out`: the model in `folder` with a vector for `tag` fitted to `texts`, all else as it was.

    A script that the model does not have gets the mean of the trained scripts' vectors, which stays. A fifth of the
    texts is held out; of all epochs the vector with the least loss on them is kept, the start among them.

    Raises:
        UserError: where the language has a trained vector already, or there are too few texts.
    """
    check(tag)
    model = FrozenModel(folder)
    if model.conditioning.is_trained("language", tag.language):
        seen = model.conditioning.rows_of_language(tag.language)
        raise UserError(f"{tag.language} has a vector already, trained on {seen:,} rows; fit a language that has none")
    if len(texts) < _LEAST:
        raise UserError(f"{len(texts)} lines of text are too few for a vector of {tag}; give {_LEAST} or more")
    longer = extended(model.conditioning, [tag])
    row, script_row = longer.ids.pair(tag)
    script_D = _tensor(longer.script, script_row) if longer.script is not None else torch.zeros(1)
    held_out = model.read(texts[::_HELD_OUT], seed=seed)
    kept = [text for number, text in enumerate(texts) if number % _HELD_OUT]
    near = relatives(model.conditioning, tag)
    start_D = torch.from_numpy(_rows(model.conditioning, "language", near).mean(0, dtype=np.float64)).float()
    best_D, tokens = _descended(model, kept, held_out, start_D, script_D, seed=seed)
    assert longer.language is not None
    language = longer.language.copy()
    language[row] = best_D.numpy()
    rows_seen = {**longer.rows_seen, tag: len(kept)}  # a text is a row here
    masked = None if longer.masked_seen is None else {**longer.masked_seen, tag: tokens}
    after = replace(longer, language=language, rows_seen=rows_seen, masked_seen=masked)
    _write(folder, out, after, facts={"fitted": str(tag)})
    tried = {"without": torch.zeros_like(start_D), "start": start_D, "fitted": best_D}
    loss = {name: _mean(model, held_out, vector_D + script_D) for name, vector_D in tried.items()}
    known = _trained(model.conditioning)
    vectors = _rows(model.conditioning, "language", known)
    return Fitted(
        tag=str(tag),
        texts=len(texts),
        tokens=tokens,
        started_from=near,
        loss=loss,
        norm=float(best_D.norm()),
        mean_norm=float(np.linalg.norm(vectors, axis=1).mean()),
        neighbours=_neighbours(best_D.numpy(), dict(zip(known, vectors, strict=True))),
    )


def _descended(
    model: FrozenModel, texts: Sequence[str], held_out: Reading, start_D: Tensor, script_D: Tensor, *, seed: int
) -> tuple[Tensor, int]:
    """The vector with the least held-out loss on the way down from `start_D`, and the tokens it was fitted to."""
    readings = [model.read(texts, seed=seed + number) for number in range(1, 1 + _MASKINGS)]
    reading = Reading(*map(torch.cat, zip(*readings, strict=True)))
    vector_D = start_D.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([vector_D], lr=_RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=_EPOCHS)
    best_D, least = start_D.clone(), _mean(model, held_out, start_D + script_D)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(_EPOCHS):
        for places_P in torch.split(torch.randperm(len(reading.labels), generator=generator), _TOKENS):
            part = Reading(*(tensor[places_P] for tensor in reading))
            optimizer.zero_grad()
            model.losses(part, vector_D + script_D).mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        schedule.step()
        loss = _mean(model, held_out, vector_D.detach() + script_D)
        if loss < least:
            best_D, least = vector_D.detach().clone(), loss
    return best_D, len(reading.labels)


@torch.no_grad()
def _mean(model: FrozenModel, reading: Reading, vector_D: Tensor) -> float:
    return float(model.losses(reading, vector_D).mean())


def _neighbours(vector: NDArray[np.float32], known: Mapping[str, NDArray[np.float32]]) -> tuple[tuple[str, float], ...]:
    lengths = {code: float(np.linalg.norm(vector) * np.linalg.norm(other)) for code, other in known.items()}
    cosines = {code: float(vector @ other) / max(lengths[code], 1e-12) for code, other in known.items()}
    return tuple(sorted(cosines.items(), key=lambda pair: -pair[1])[:5])


def _trained(conditioning: Conditioning) -> list[str]:
    """The languages whose vectors have had a gradient."""
    return [code for code in conditioning.ids.languages if conditioning.is_trained("language", code)]


def _rows(conditioning: Conditioning, table: str, codes: Sequence[str]) -> NDArray[np.float32]:
    """The vectors of these codes, shape (codes, D)."""
    values = conditioning.language if table == "language" else conditioning.script
    names = conditioning.ids.languages if table == "language" else conditioning.ids.scripts
    assert values is not None
    return values[[names.index(code) for code in codes]]


def _appended(table: NDArray[np.float32] | None, like: NDArray[np.float32]) -> NDArray[np.float32]:
    assert table is not None
    start = like.mean(0, dtype=np.float64) if len(like) else np.zeros(table.shape[1])
    return np.concatenate([table, start[None].astype(table.dtype)])


def _tensor(table: NDArray[np.float32] | None, row: int) -> Tensor:
    assert table is not None
    return torch.from_numpy(table[row].copy())


def _write(folder: Path, out: Path, conditioning: Conditioning, *, facts: Mapping[str, object]) -> None:
    """Write `out`: a copy of `folder` with this conditioning."""
    with replacing(out) as fresh:
        shutil.copytree(folder, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns(CHECKSUMS))
        conditioning.save(fresh, {tag: describe(tag).name for tag in conditioning.rows_seen})
        path = fresh / "provenance.json"
        known = read_json(path) if path.is_file() else {}
        write_json(path, {**known, **facts})
        seal(fresh)
