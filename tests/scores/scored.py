"""Scored models made up for tests: tidy rows, and evaluation folders with cells and predictions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langsamp.evaluation.metrics import tag_scores, text_scores
from langsamp.evaluation.store import ResultStore
from langsamp.languages.tags import LangScript
from langsamp.scores.cells import COLUMNS, AboutCell, Cell, LanguageResult
from langsamp.scores.grid import grids
from langsamp.scores.groups import group_means
from langsamp.scores.published import Printed, printed
from langsamp.scores.systems import System, choose, systems_of

KIN = ("deu_Latn", "eng_Latn", "rus_Cyrl", "hin_Deva")
"""Of one family."""
FAMILIES = {
    "indo1319": KIN, "turk1311": ("tur_Latn", "kaz_Cyrl", "uzn_Latn"), "aust1307": ("ind_Latn", "tgl_Latn"),
    "atla1278": ("swh_Latn", "yor_Latn", "zul_Latn"), "sino1245": ("mya_Mymr",), "afro1255": ("heb_Hebr", "hau_Latn"),
    "ural1272": ("fin_Latn", "hun_Latn"), "drav1251": ("tam_Taml", "tel_Telu"), "japo1237": ("jpn_Jpan",),
    "taik1256": ("tha_Thai",), "kore1284": ("kor_Hang",),
}  # fmt: skip
TAGS = tuple(tag for tags in FAMILIES.values() for tag in tags)


def frame(values: Mapping[str, float | Sequence[float]], **columns: object) -> pd.DataFrame:
    """Tidy rows of one model: a value, or one for each seed, by tag; `columns` go over the defaults."""
    rows = [
        {"tag": tag, "seed": seed, "value": value}
        for tag, found in values.items()
        for seed, value in enumerate(found if isinstance(found, Sequence) else [found])
    ]
    defaults = {
        "model": "0" * 16, "model_name": "model", "task": "sib200", "revision": "text", "protocol": "fixed",
        "source": "eng_Latn", "metric": "macro_f1", "main": True, "n": 100, "layer": None, "selection": "none",
        "precision": "fp32", "settings": "s", "training": None, "cell": "c",
    }  # fmt: skip
    return pd.DataFrame(rows).assign(**{**defaults, **columns})[list(COLUMNS)]


def printed_frame(number: int) -> pd.DataFrame:
    """Table 1, 2, 3 or 6 of the paper, a column a field."""
    return pd.DataFrame(printed(number), columns=Printed._fields).astype({"mean": float})


def means_of(scores: pd.DataFrame, *by: str) -> pd.DataFrame:
    """The group means of every system of a tidy table, with how each was scored; of every way of scoring apart."""
    return pd.DataFrame([
        {**grid.settings[mean.system]._asdict(), **mean._asdict()}
        for grid in grids(systems_of(scores), mixed="apart")
        for mean in group_means(grid, by or ("paper",))
    ])  # fmt: skip


def side(values: Mapping[str, float | Sequence[float]], name: str = "A", **columns: object) -> System:
    """A side of one model without predictions."""
    return choose(frame(values, **columns), name=name)


def spread(mean: float, deviation: float, *, seed: int = 0, tags: Sequence[str] = TAGS) -> dict[str, float]:
    """A normal score for each tag."""
    values = np.random.default_rng(seed).normal(mean, deviation, len(tags))
    return dict(zip(tags, map(float, values), strict=True))


def write_cells(  # one cell a seed
    folder: Path,
    *,
    model: str,
    predictions: Mapping[int, Mapping[str, pd.DataFrame]],
    task: str = "sib200",
    metric: str = "macro_f1",
    revisions: Mapping[int, Mapping[str, str]] | None = None,
) -> ResultStore:
    """An evaluation folder: one cell a seed, with the predictions of each tag and what the metrics make of them."""
    store = ResultStore(folder)
    for seed, by_tag in predictions.items():
        cell = Cell(
            model=model.ljust(16, "0"), task=task, protocol="fixed", source="eng_Latn", seed=seed,
            settings={"selection": "none", "precision": "fp32"},
            revisions=(revisions or {}).get(seed, dict.fromkeys(by_tag, "text")),
        )  # fmt: skip
        results = [
            LanguageResult(
                tag=LangScript.parse(tag),
                metrics=_scores(found, metric),
                predictions={name: found[name].to_numpy() for name in found},
                num_items=len(found),
            )
            for tag, found in by_tag.items()
        ]
        store.write(cell, results, AboutCell(model_name=model, metric=metric, wall_seconds=0.0))
    store.scores()
    return store


def _scores(found: pd.DataFrame, metric: str) -> Mapping[str, float]:
    if metric.startswith("top"):
        return {f"top{k}_accuracy": float(100 * (found["rank"] <= k).mean()) for k in (1, 5, 10)}
    if metric == "seqeval_f1":
        return tag_scores(*([sentence.split() for sentence in found[name]] for name in ("gold", "predicted")))
    return text_scores(found["gold"].tolist(), found["predicted"].tolist())


def labelled(*, items: int, right: float, seed: int, gold_seed: int = 0) -> pd.DataFrame:
    """Gold and predicted labels of which about the share `right` agree; the gold ones depend on `gold_seed` alone."""
    names = np.array(["science", "travel", "politics", "health"])
    gold = names[np.random.default_rng(gold_seed).integers(0, len(names), items)]
    rng = np.random.default_rng([seed, 1])
    predicted = np.where(rng.random(items) < right, gold, names[rng.integers(0, len(names), items)])
    return pd.DataFrame({"gold": gold, "predicted": predicted})


def ranked(*, items: int, right: float, seed: int) -> pd.DataFrame:
    """Ranks of which about the share `right` is 10 or better."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"rank": np.where(rng.random(items) < right, 3, 50).astype(np.int32)})
