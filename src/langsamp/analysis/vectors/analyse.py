"""What the language and script vectors know, as an analysis: pictures, neighbours, a tree, statistics beside nulls."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.vectors.neighbours import Table, Vectors, cosine, main_tags, project, trained
from langsamp.analysis.vectors.record import (
    Embedding,
    TreeJoin,
    VectorNeighbour,
    VectorPoint,
    VectorsAnalysis,
    VectorStatistic,
)
from langsamp.analysis.vectors.trees import cluster
from langsamp.analysis.vectors.tsne import embed
from langsamp.analysis.vectors.vector_statistics import Shuffling, language_statistics, script_statistics
from langsamp.config import Config
from langsamp.errors import DataMissingError
from langsamp.languages.table import LanguageInfo, describe, scripts
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import WEIGHTS, Conditioning
from langsamp.provenance import file_sha256

TABLES: tuple[Table, ...] = ("language", "script")
_FEWEST = 3
"""Trained vectors of a table without which it has no picture, no neighbours and no tree."""


class VectorsConfig(Config):
    """How vectors are analysed."""

    neighbours: int = Field(default=5, ge=1)
    """Nearest vectors in the table, and those that purity counts."""
    shuffles: int = Field(default=1000, ge=100)
    """Random orders under which each statistic is computed again; with fewer than a hundred there is no interval."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Of the shuffles and of the embedding, whose seeds have 32 bits in scikit-learn."""
    embedding: Literal["tsne"] | None = None
    """A second picture, which keeps neighbours together; None = only the principal components."""
    perplexity: float | None = Field(default=None, gt=0)
    """Of the embedding; None = 30. Never more than a third of the other vectors."""


def analyse_vectors(subject: ModelRef, config: VectorsConfig | None = None) -> VectorsAnalysis:
    """The vectors of a model: pictures, neighbours, a tree, statistics. Of 610 languages it takes seconds.

    Untrained vectors take part in nothing; they are listed and have a line without coordinates in `points`. The notes
    are a control's warning, and what is absent, and why.

    Raises:
        DataMissingError: where the model has no vectors, or fewer than three trained ones in every table.
        DamagedError: where its files cannot be read.
    """
    config = config or VectorsConfig()
    conditioning = Conditioning.load(subject.folder)
    tables = _trained_tables(conditioning)
    if not tables:
        raise DataMissingError(
            f"{subject.folder}: {_FEWEST} trained vectors are needed to compare. {' '.join(_absences(conditioning))}"
        )
    facts = {code: describe(tag) for code, tag in main_tags(conditioning).items()}
    pictures = {table: _picture(vectors, config) for table, vectors in tables.items()}
    statistics, skipped = _statistics(tables, facts, config)
    return VectorsAnalysis(
        subject=subject.name,
        settings={"vectors": file_sha256(subject.folder / WEIGHTS)[:16], **config.model_dump(mode="json")},
        notes=(*_absences(conditioning), *skipped),
        variant=conditioning.variant,
        shares={table: picture.shares for table, picture in pictures.items()},
        untrained={table: vectors.untrained for table, vectors in tables.items()},
        embedding={table: picture.embedding for table, picture in pictures.items() if picture.embedding},
        points=tuple(_points(conditioning, facts, tables, pictures)),
        neighbours=tuple(_neighbours(tables, config.neighbours)),
        tree=tuple(
            TreeJoin(table, step, int(left), int(right), height, int(size))
            for table, vectors in tables.items()
            for step, (left, right, height, size) in enumerate(cluster(vectors.vectors))
        ),
        statistics=statistics,
    )


_Known = tuple[str | None, str, str | None, str | None, str, str, str | None, float, float, bool | None]
"""The fields of `VectorPoint` from `tag` to `is_head`."""


class _Picture(NamedTuple):
    """Where the vectors of one table lie."""

    places: dict[str, tuple[float, float, float, float]]
    """By code pc1, pc2, x, y."""
    shares: tuple[float, float]
    embedding: Embedding | None
    """None where none was asked for."""


def _picture(vectors: Vectors, config: VectorsConfig) -> _Picture:
    projection = project(vectors.vectors)
    apart, said = np.full((len(vectors.codes), 2), np.nan), None
    if config.embedding is not None:
        embedding = embed(vectors.vectors, seed=config.seed, perplexity=config.perplexity)
        apart, said = embedding.coordinates, Embedding(embedding.perplexity, embedding.divergence)
    places = np.hstack([projection.coordinates, apart])
    return _Picture(dict(zip(vectors.codes, map(tuple, places), strict=True)), projection.shares, said)


def _trained_tables(conditioning: Conditioning) -> dict[Table, Vectors]:
    """The tables that the model has and of which enough vectors were trained."""
    on = [table for table in TABLES if getattr(conditioning, table) is not None]
    tables = {table: trained(conditioning, table) for table in on}
    return {table: vectors for table, vectors in tables.items() if len(vectors.codes) >= _FEWEST}


def _absences(conditioning: Conditioning) -> list[str]:
    notes = [conditioning.warning] if conditioning.warning else []
    for table in TABLES:
        if getattr(conditioning, table) is None:
            notes.append(f"The model has no {table} vectors: its variant is {conditioning.variant}.")
        elif (number := len(trained(conditioning, table).codes)) < _FEWEST:
            notes.append(f"{number} {table} vectors were trained, too few to compare.")
    return notes


def _points(
    conditioning: Conditioning,
    facts: Mapping[str, LanguageInfo],
    tables: Mapping[Table, Vectors],
    pictures: Mapping[Table, _Picture],
) -> Iterator[VectorPoint]:
    nowhere = (np.nan,) * 4
    most_used = main_tags(conditioning, "script")
    for table, vectors in tables.items():
        rows = dict(zip(vectors.codes, vectors.rows, strict=True))
        for code in (*vectors.codes, *vectors.untrained):
            about = _of_language(facts[code]) if table == "language" else _of_script(code, most_used.get(code))
            places = pictures[table].places.get(code, nowhere)
            yield VectorPoint(table, code, *about, rows.get(code, 0), code in rows, *places)


def _of_language(info: LanguageInfo) -> _Known:
    latitude, longitude = info.coordinates or (np.nan, np.nan)
    return (
        str(info.tag), info.name, info.family, info.family_name, info.tag.script, info.script_name, info.area,
        latitude, longitude, info.is_head,
    )  # fmt: skip


def _of_script(code: str, tag: LangScript | None) -> _Known:
    name = scripts().get(code, code)
    return (str(tag) if tag else None, name, None, None, code, name, None, np.nan, np.nan, None)


def _neighbours(tables: Mapping[Table, Vectors], k: int) -> Iterator[VectorNeighbour]:
    for table, vectors in tables.items():
        plain, centred = cosine(vectors.vectors), cosine(vectors.vectors, centred=True)
        for index, code in enumerate(vectors.codes):
            order = np.argsort(-plain[index], kind="stable")
            for rank, other in enumerate(order[order != index][:k], start=1):
                cosines = float(plain[index, other]), float(centred[index, other])
                yield VectorNeighbour(table, code, rank, vectors.codes[other], *cosines)


def _statistics(
    tables: Mapping[Table, Vectors], facts: Mapping[str, LanguageInfo], config: VectorsConfig
) -> tuple[tuple[VectorStatistic, ...], list[str]]:
    """The lines of the table, and a sentence for each statistic that could not be computed."""
    how = Shuffling(config.neighbours, config.shuffles, config.seed)
    lines, skipped = [], []
    for table, vectors in tables.items():
        outcomes = language_statistics(vectors, facts, how) if table == "language" else script_statistics(vectors, how)
        for name, outcome in outcomes:
            if isinstance(outcome, str):
                skipped.append(f"{name} of {table} vectors is missing: {outcome}.")
            else:
                lines.append(VectorStatistic(table, name, *outcome))
    return tuple(lines), skipped
