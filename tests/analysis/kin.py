"""Vectors that know a tree: languages whose vectors are sums of random steps down Glottolog's tree."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from langsamp.analysis.model_refs import ModelRef
from langsamp.languages.ids import LanguageIds
from langsamp.languages.table import describe, lineage, tags
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning


def kin_model(
    folder: Path,
    chosen: Sequence[LangScript],
    *,
    untrained: Sequence[str] = (),
    hidden: int = 64,
    knows: bool = True,
    variant: str = "both",
) -> ModelRef:
    """An export with vectors only; with `knows` off they are pure noise."""
    rng = np.random.default_rng(5)
    ids = LanguageIds.of(chosen)
    steps: dict[str, np.ndarray] = {}
    vectors = rng.normal(size=(len(ids.languages), hidden))
    if knows:
        for index, code in enumerate(ids.languages):
            for node in lineage(code):
                vectors[index] += 2 * steps.setdefault(node, rng.normal(size=hidden))
    rows = {
        tag: 0 if str(tag) in untrained else int(seen)
        for tag, seen in zip(chosen, rng.integers(5, 900, len(chosen)), strict=True)
    }
    conditioning = Conditioning(
        variant=variant,
        ids=ids,
        rows_seen=rows,
        language=vectors.astype(np.float32) if variant in ("language", "both") else None,
        script=rng.normal(size=(len(ids.scripts), hidden)).astype(np.float32)
        if variant in ("script", "both")
        else None,
    )
    folder.mkdir(parents=True, exist_ok=True)
    conditioning.save(folder, {tag: describe(tag).name for tag in chosen})
    return ModelRef("both-0", folder, None)


def known_tags(number: int) -> list[LangScript]:
    """So many tags over the whole table, one a language."""
    one_each = list({tag.language: tag for tag in tags()}.values())
    return sorted(one_each[:: max(1, len(one_each) // number)][:number])
