"""What the language and script vectors know, as an analysis: pictures, neighbours, a tree, statistics beside nulls."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.vectors.neighbours import Table, Vectors, cosine, main_tags, project, trained
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
_STATISTIC_COLUMNS = (
    "table", "statistic", "observed", "null_mean", "null_low", "null_high", "p_value", "number",
)  # fmt: skip


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


def analyse_vectors(subject: ModelRef, config: VectorsConfig | None = None) -> Analysis:
    """The vectors of a model as an analysis of the kind `vectors`. Of 610 languages it takes seconds.

    Untrained vectors take part in nothing; they are listed and have a line without coordinates in `points`.

    Tables:
        points: a line a vector, trained ones in the order of their ids, then untrained ones. `table` (`language` or
            `script`), `code`, `tag` (the one with most rows), `name`, `family`, `family_name`, `script`, `script_name`,
            `area`, `latitude`, `longitude`, `is_head` (of that tag; missing for scripts, as are family and place),
            `rows_seen`, `trained`, `pc1`, `pc2` (principal components), `x`, `y` (the embedding, NaN unless asked for).
        neighbours: `table`, `code`, `rank` (from 1), `neighbour`, `cosine`, `centred_cosine` (the mean of all trained
            vectors taken away first).
        tree: `table`, `step`, `left`, `right`, `height`, `size`, see `trees.cluster`; vector i is the i-th trained
            point of that table.
        statistics: `table`, `statistic` (see `vector_statistics.STATISTICS`), `observed`, `null_mean`, `null_low`,
            `null_high` (95 % of the shuffles), `p_value` (one-sided), `number` (vectors that took part).

    Values: `shares` (of the variance, two for each table), `untrained` (codes by table), `embedding` (perplexity and
    divergence by table; empty unless asked for), `variant`, `notes` (a control's warning; what is absent, and why).

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
    return Analysis(
        kind="vectors",
        subject=subject.name,
        settings={"vectors": file_sha256(subject.folder / WEIGHTS)[:16], **config.model_dump(mode="json")},
        values={
            "variant": conditioning.variant,
            "shares": {table: list(picture.shares) for table, picture in pictures.items()},
            "untrained": {table: list(vectors.untrained) for table, vectors in tables.items()},
            "embedding": {table: picture.embedding for table, picture in pictures.items() if picture.embedding},
            "notes": [*_absences(conditioning), *skipped],
        },
        tables={
            "points": _points(conditioning, facts, tables, pictures),
            "neighbours": _neighbours(tables, config.neighbours),
            "tree": _trees(tables),
            "statistics": statistics,
        },
    )


class _Picture(NamedTuple):
    """Where the vectors of one table lie."""

    places: dict[str, tuple[float, float, float, float]]
    """By code pc1, pc2, x, y."""
    shares: tuple[float, float]
    embedding: dict[str, float]
    """Perplexity and divergence; empty where none was asked for."""


def _picture(vectors: Vectors, config: VectorsConfig) -> _Picture:
    projection = project(vectors.vectors)
    apart, said = np.full((len(vectors.codes), 2), np.nan), {}
    if config.embedding is not None:
        embedding = embed(vectors.vectors, seed=config.seed, perplexity=config.perplexity)
        apart, said = embedding.coordinates, {"perplexity": embedding.perplexity, "divergence": embedding.divergence}
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
) -> pd.DataFrame:
    nowhere, lines = (np.nan,) * 4, []
    most_used = main_tags(conditioning, "script")
    for table, vectors in tables.items():
        rows = dict(zip(vectors.codes, vectors.rows, strict=True))
        for code in (*vectors.codes, *vectors.untrained):
            known = _of_language(facts[code]) if table == "language" else _of_script(code, most_used.get(code))
            coordinates = dict(zip(("pc1", "pc2", "x", "y"), pictures[table].places.get(code, nowhere), strict=True))
            lines.append(
                {
                    "table": table,
                    "code": code,
                    **known,
                    "rows_seen": rows.get(code, 0),
                    "trained": code in rows,
                    **coordinates,
                }
            )
    return pd.DataFrame(lines)


def _of_language(info: LanguageInfo) -> dict[str, Any]:
    latitude, longitude = info.place or (np.nan, np.nan)
    return {
        "tag": str(info.tag), "name": info.name, "family": info.family, "family_name": info.family_name,
        "script": info.tag.script, "script_name": info.script_name, "area": info.area, "latitude": latitude,
        "longitude": longitude, "is_head": info.is_head,
    }  # fmt: skip


def _of_script(code: str, tag: LangScript | None) -> dict[str, Any]:
    name = scripts().get(code, code)
    return {
        "tag": str(tag) if tag else None, "name": name, "family": None, "family_name": None, "script": code,
        "script_name": name, "area": None, "latitude": np.nan, "longitude": np.nan, "is_head": None,
    }  # fmt: skip


def _neighbours(tables: Mapping[Table, Vectors], k: int) -> pd.DataFrame:
    lines = []
    for table, vectors in tables.items():
        plain, centred = cosine(vectors.vectors), cosine(vectors.vectors, centred=True)
        for index, code in enumerate(vectors.codes):
            order = np.argsort(-plain[index], kind="stable")
            for rank, other in enumerate(order[order != index][:k], start=1):
                lines.append((table, code, rank, vectors.codes[other], plain[index, other], centred[index, other]))
    return pd.DataFrame(lines, columns=["table", "code", "rank", "neighbour", "cosine", "centred_cosine"])


def _trees(tables: Mapping[Table, Vectors]) -> pd.DataFrame:
    lines = [
        (table, step, int(left), int(right), height, int(size))
        for table, vectors in tables.items()
        for step, (left, right, height, size) in enumerate(cluster(vectors.vectors))
    ]
    return pd.DataFrame(lines, columns=["table", "step", "left", "right", "height", "size"])


def _statistics(
    tables: Mapping[Table, Vectors], facts: Mapping[str, LanguageInfo], config: VectorsConfig
) -> tuple[pd.DataFrame, list[str]]:
    """The lines of the table, and a sentence for each statistic that could not be computed."""
    how = Shuffling(config.neighbours, config.shuffles, config.seed)
    lines, skipped = [], []
    for table, vectors in tables.items():
        outcomes = language_statistics(vectors, facts, how) if table == "language" else script_statistics(vectors, how)
        for name, outcome in outcomes:
            if isinstance(outcome, str):
                skipped.append(f"{name} of {table} vectors is missing: {outcome}.")
            else:
                lines.append((table, name, *outcome))
    return pd.DataFrame(lines, columns=list(_STATISTIC_COLUMNS)), skipped
