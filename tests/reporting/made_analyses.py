"""Small analyses as they lie in a run, with numbers that a test can foresee."""

from collections.abc import Sequence
from itertools import combinations
from math import nan
from pathlib import Path

from langsamp.analysis.donors.analyse import analyse_donors
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.neutrality.record import LayerMeans, NeutralityAnalysis, PairChange, PairSimilarity
from langsamp.analysis.transfer.record import Role, RoleMean, TargetScore, TransferAnalysis
from langsamp.analysis.variant_analyses import AblationAnalysis, FamiliesAnalysis
from langsamp.analysis.variants_record import Contrast, FamilyMean, VariantMean
from langsamp.analysis.vectors.analyse import VectorsConfig, analyse_vectors
from langsamp.model.variants import DISPLAY_NAMES

TEN = (
    "arb_Arab", "deu_Latn", "eng_Latn", "hin_Deva", "ind_Latn", "jpn_Jpan", "rus_Cyrl", "spa_Latn", "tur_Latn",
    "zho_Hani",
)  # fmt: skip
LAYERS, LAYER = 13, 8
_SCORES: dict[Role, float] = {"english": 50.0, "closest": 55.0, "family": 60.0, "random": 45.0, "best": 65.0}


def neutrality(models: Sequence[str], tags: Sequence[str] = TEN) -> NeutralityAnalysis:
    """Similarity grows from layer to layer and from model to model; German and English are most alike."""
    similarity = [
        _pair(model, number, layer, at, pair)
        for number, model in enumerate(models)
        for layer in range(LAYERS)
        for at, pair in enumerate(combinations(tags, 2))
    ]
    base = {(line.layer, line.first, line.second): line.parallel for line in similarity if line.model == models[0]}
    change = [
        PairChange(
            models[0], line.model, line.layer, line.layer, line.first, line.second, before, line.parallel,
            line.parallel - before, nan, nan, 100 * (line.parallel - before) / before, nan, nan,
        )
        for line in similarity
        for before in [base[line.layer, line.first, line.second]]
        if line.model != models[0]
    ]  # fmt: skip
    return NeutralityAnalysis(
        subject=" and ".join(models), models=tuple(models), layers=dict.fromkeys(models, LAYER), tags=tuple(tags),
        text="sr-cldr", number=100, available=None, seed=0, missing={}, notes=("Swahili is missing.",),
        sentences=("At layer 8 translations are alike.",), similarity=tuple(similarity), change=tuple(change),
        curve=tuple(_means(model, number, layer) for number, model in enumerate(models) for layer in range(LAYERS)),
    )  # fmt: skip


def _pair(model: str, number: int, layer: int, at: int, pair: tuple[str, str]) -> PairSimilarity:
    value = 0.1 + 0.03 * layer + 0.05 * number + 0.2 * (set(pair) == {"deu_Latn", "eng_Latn"}) + 0.001 * at
    return PairSimilarity(
        model, layer, *pair, value, value - 0.04, value + 0.04, -0.01, value + 0.01, value + 0.3, 0.3, value, nan, nan
    )


def _means(model: str, number: int, layer: int) -> LayerMeans:
    level, language, script = 0.12 + 0.03 * layer + 0.05 * number, 0.9 - 0.03 * layer, 0.95 - 0.02 * layer
    return LayerMeans(
        model, layer, level, level - 0.02, level + 0.02, -0.01, level + 0.01, level + 0.3, 0.3, level, level - 0.01,
        level + 0.01, language, language - 0.02, language + 0.02, 0.1, script, script - 0.01, script + 0.01, 0.5,
    )  # fmt: skip


def transfer(targets: Sequence[str], models: Sequence[str] = ("both-0",)) -> TransferAnalysis:
    """English gives 50, the closest donor 55, the one of the family 60 or nothing, random ones 45, the best 65."""
    scores = [
        TargetScore(
            "pos", model, target, role, "" if role == "random" else "deu_Latn", score, 5 if role == "random" else 1,
            65.0 - score, 1,
        )
        for model in models
        for target in targets
        for role, score in _SCORES.items()
    ]  # fmt: skip
    means = [
        RoleMean(
            "pos", model, group, role, score, len(targets), score - 50.0, score - 51.0, score - 49.0, 65.0 - score,
            64.0 - score, 66.0 - score, 0.2,
        )
        for model in models
        for group in ("tail", "head", "all")
        for role, score in _SCORES.items()
    ]  # fmt: skip
    return TransferAnalysis(
        subject="tiny", sentences=("On pos the family's donor is best.",), donors={}, left_out=(), sources=(),
        transfer=tuple(scores), means=tuple(means),
    )  # fmt: skip


def ablation(variants: Sequence[str] = ("none", "language", "script", "both")) -> AblationAnalysis:
    """Each variant is a point better than the one before it; the last is the best."""
    lines = [
        VariantMean(
            task, variant, DISPLAY_NAMES[variant], group, 40.0 + at, 0.5, 2, 8, float(at) if at else nan,
            at - 0.8 if at else nan, at + 0.8 if at else nan, nan, 0.01 if at else nan, at > 1, at == len(variants) - 1,
        )
        for task in ("sr-cldr", "pos")
        for at, variant in enumerate(variants)
        for group in ("tail", "head", "latin", "nonlatin", "all")
    ]  # fmt: skip
    contrast = Contrast("pos", "language vectors", "none", "language", "all", 1.0, 0.2, 1.8, 0.01, 0.02, True)
    return AblationAnalysis(
        subject="tiny", sentences=("Both vectors together bring most.",), variants=tuple(variants), missing=(),
        ablation=tuple(lines), contrasts=(contrast,),
    )  # fmt: skip


def families(models: Sequence[str] = ("none-0", "both-0")) -> FamiliesAnalysis:
    lines = [
        FamilyMean("sr-cldr", model, family, name, 50.0 + at, 0.4, 2, 5, *((1.0, 0.5, 1.5) if at else (nan,) * 3), nan)
        for family, name in (("indo1319", "Indo-European"), ("atla1278", "Atlantic-Congo"), ("other", "other"))
        for at, model in enumerate(models)
    ]
    return FamiliesAnalysis(subject="tiny", models=tuple(models), families=tuple(lines))


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
