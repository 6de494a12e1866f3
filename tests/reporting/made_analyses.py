"""Small analyses as they lie in a run, with numbers that a test can foresee."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pandas as pd

from langsamp.analysis.analysis import Analysis, read_analyses
from langsamp.analysis.donors.analyse import analyse_donors
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.vectors.analyse import VectorsConfig, analyse_vectors
from langsamp.model.variants import DISPLAY_NAMES

TEN = (
    "arb_Arab", "deu_Latn", "eng_Latn", "hin_Deva", "ind_Latn", "jpn_Jpan", "rus_Cyrl", "spa_Latn", "tur_Latn",
    "zho_Hani",
)  # fmt: skip
LAYERS, LAYER = 13, 8


def neutrality(models: Sequence[str], tags: Sequence[str] = TEN) -> Analysis:
    """Similarity grows from layer to layer and from model to model; German and English are most alike."""
    similarity, curve, change = [], [], []
    for number, model in enumerate(models):
        for layer in range(LAYERS):
            for at, (first, second) in enumerate(combinations(tags, 2)):
                kin = 0.2 if {first, second} == {"deu_Latn", "eng_Latn"} else 0.0
                value = 0.1 + 0.03 * layer + 0.05 * number + kin + 0.001 * at
                similarity.append(
                    {
                        "model": model, "layer": layer, "first": first, "second": second, "parallel": value,
                        "low": value - 0.04, "high": value + 0.04, "non_parallel": -0.01, "gap": value + 0.01,
                        "raw": value + 0.3, "raw_non_parallel": 0.3, "raw_gap": value,
                    }
                )  # fmt: skip
            level = 0.12 + 0.03 * layer + 0.05 * number
            curve.append(
                {
                    "model": model, "layer": layer, "parallel": level, "low": level - 0.02, "high": level + 0.02,
                    "non_parallel": -0.01, "gap": level + 0.01, "raw": level + 0.3, "raw_non_parallel": 0.3,
                    "raw_gap": level, "raw_gap_low": level - 0.01, "raw_gap_high": level + 0.01,
                    "language_probe": 0.9 - 0.03 * layer, "script_probe": 0.95 - 0.02 * layer,
                    "language_probe_low": 0.88 - 0.03 * layer, "language_probe_high": 0.92 - 0.03 * layer,
                    "script_probe_low": 0.94 - 0.02 * layer, "script_probe_high": 0.96 - 0.02 * layer,
                    "language_chance": 0.1, "script_chance": 0.5,
                }
            )  # fmt: skip
    tables = {"similarity": pd.DataFrame(similarity), "curve": pd.DataFrame(curve)}
    base, *others = models
    for model in others:
        one, other = (tables["similarity"][tables["similarity"]["model"] == name] for name in (base, model))
        before, after = one["parallel"].to_numpy(), other["parallel"].to_numpy()
        change.append(
            pd.DataFrame(
                {
                    "base": base, "model": model, "layer": one["layer"].to_numpy(), "first": one["first"].to_numpy(),
                    "second": one["second"].to_numpy(), "before": before, "after": after,
                    "percent": 100 * (after - before) / before,
                }
            )
        )  # fmt: skip
    if change:
        tables["change"] = pd.concat(change)
    return Analysis(
        kind="neutrality", subject=" and ".join(models), settings={},
        values={
            "models": list(models), "layer": LAYER, "tags": list(tags), "text": "sr-cldr", "number": 100, "seed": 0,
            "sentences": ["At layer 8 translations are alike."], "notes": ["Swahili is missing."],
        },
        tables=tables,
    )  # fmt: skip


def transfer(targets: Sequence[str], models: Sequence[str] = ("both-0",)) -> Analysis:
    """English gives 50, the closest donor 55, the one of the family 60 or nothing, random ones 45, the best 65."""
    scores = {"english": 50.0, "closest": 55.0, "family": 60.0, "random": 45.0, "best": 65.0}
    lines = [
        {
            "task": "pos", "model": model, "target": target, "role": role,
            "source": None if role == "random" else "deu_Latn", "score": score, "draws": 5 if role == "random" else 1,
        }
        for model in models
        for target in targets
        for role, score in scores.items()
    ]  # fmt: skip
    means = [
        {
            "task": "pos", "model": model, "group": group, "role": role, "score": score, "languages": len(targets),
            "regret": 65.0 - score, "regret_low": 64.0 - score, "regret_high": 66.0 - score, "hits": 0.2,
            "difference": score - 50.0, "low": score - 51.0, "high": score - 49.0,
        }
        for model in models
        for group in ("tail", "head", "all")
        for role, score in scores.items()
    ]  # fmt: skip
    return Analysis(
        kind="transfer", subject="tiny", settings={}, values={"sentences": ["On pos the family's donor is best."]},
        tables={"transfer": pd.DataFrame(lines), "means": pd.DataFrame(means)},
    )  # fmt: skip


def ablation(variants: Sequence[str] = ("none", "language", "script", "both")) -> Analysis:
    """Each variant is a point better than the one before it; the last is the best."""
    lines = [
        {
            "task": task, "variant": variant, "name": DISPLAY_NAMES[variant], "group": group,
            "mean": 40.0 + at, "deviation": 0.5, "seeds": 2,
            "languages": 8, "difference": float(at) if at else None, "low": at - 0.8 if at else None,
            "high": at + 0.8 if at else None, "q": 0.01 if at else None, "told_apart": at > 1,
            "is_best": at == len(variants) - 1,
        }
        for task in ("sr-cldr", "pos")
        for at, variant in enumerate(variants)
        for group in ("tail", "head", "latin", "nonlatin", "all")
    ]  # fmt: skip
    values = {"sentences": ["Both vectors together bring most."], "variants": list(variants)}
    contrast = {
        "task": "pos", "contrast": "language vectors", "first": "none", "second": "language", "group": "all",
        "difference": 1.0, "low": 0.2, "high": 1.8, "p": 0.01, "q": 0.02, "told_apart": True,
    }  # fmt: skip
    tables = {"ablation": pd.DataFrame(lines), "contrasts": pd.DataFrame([contrast])}
    return Analysis(kind="ablation", subject="tiny", settings={}, values=values, tables=tables)


def families(models: Sequence[str] = ("none-0", "both-0")) -> Analysis:
    lines = [
        {
            "task": "sr-cldr", "model": model, "family": family, "family_name": name, "languages": 5,
            "mean": 50.0 + at, "deviation": 0.4, "seeds": 2, "difference": 1.0 if at else None,
            "low": 0.5 if at else None, "high": 1.5 if at else None,
        }
        for family, name in (("indo1319", "Indo-European"), ("atla1278", "Atlantic-Congo"), ("other", "other"))
        for at, model in enumerate(models)
    ]  # fmt: skip
    values = {"models": list(models)}
    return Analysis(
        kind="families", subject="tiny", settings={}, values=values, tables={"families": pd.DataFrame(lines)}
    )


def store_all(run: Path, *, tags: Sequence[str], models: Sequence[str] = ("none-0", "both-0")) -> Path:
    """Every kind of analysis in a run folder, those of vectors made by the real functions."""
    for export in sorted(run.glob("models/*-*/export")):
        name = export.parent.name
        if name.startswith("none"):
            continue
        subject = ModelRef(name, export, run)
        config = VectorsConfig(shuffles=100, embedding="tsne")
        analyse_vectors(subject, config).save(run / "analysis" / f"vectors-{name}")
        analyse_donors(subject, candidates="all").save(run / "analysis" / f"donors-{name}")
    neutrality(models).save(run / "analysis" / "neutrality")
    transfer(tags).save(run / "analysis" / "transfer")
    ablation().save(run / "analysis" / "ablation")
    families(models).save(run / "analysis" / "families")
    return run


def read(run: Path) -> tuple[Analysis, ...]:
    """All analyses of a run."""
    return read_analyses(run / "analysis")
