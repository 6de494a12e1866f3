"""A trained model to a folder that stock transformers loads, with its conditioning beside it."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn
from transformers import PreTrainedTokenizerBase

from langsamp.disk.files import replacing, write_json, write_text
from langsamp.disk.seals import seal
from langsamp.errors import UserError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import LANGUAGES, WEIGHTS, Conditioning
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.variants import parts_of
from langsamp.provenance import provenance

_CARD = """\
---
library_name: transformers
pipeline_tag: fill-mask
language:
{languages}
tags:
- langsamp
- multilingual
---

# {name}

A plain `{model_type}` encoder: {layers} layers, width {width}, {vocabulary:,} tokens.
It needs no language or script ids.

{story}
{start}
```python
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")
encoder = AutoModel.from_pretrained("path/to/this/folder")
```

{vectors}

| | |
|---|---|
{figures}

Method: LangSAMP, Liu et al. 2025, <https://arxiv.org/abs/2409.18199>.
"""

_PLACES = {
    "output": "added to the encoder output just before the LM head",
    "input": (
        "added to the token embeddings before the first norm, as in XLM. The encoder here is the plain one, without "
        "them: it reads token embeddings that are not shifted as they were in training"
    ),
}
_SHUFFLED = """\
A control: each row of a training step got the ids of a random row of that step, so the vectors in this folder say
nothing of the languages and scripts whose names they bear. Do not choose donors by them."""


def export_model(
    model: LangSampForMaskedLM,
    out: Path,
    *,
    tokenizer: PreTrainedTokenizerBase,
    ids: LanguageIds,
    rows_seen: Mapping[LangScript, int],
    facts: Mapping[str, Any],
    masked_seen: Mapping[LangScript, int] | None = None,
    trained: Collection[LangScript] = (),
) -> Path:
    """Write `out`: encoder with LM head, tokenizer, conditioning, model card, provenance, checksums; return it.

    `facts` (name, step, data fingerprint, recipe ...) go into the provenance. `trained` are tags whose vectors had a
    gradient though no rows were counted. The encoder's hidden states equal the trained model's (design law 2); nothing
    in the folder needs this package or remote code. An older export goes.

    Raises:
        UserError: where something else than an export is at `out`.
    """
    conditioning = Conditioning(
        variant=model.variant,
        ids=ids,
        rows_seen=rows_seen,
        masked_seen=masked_seen,
        trained=frozenset(trained),
        language=_table(model.language),
        script=_table(model.script),
    )
    if out.exists() and not (out / LANGUAGES).is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise UserError(
            f"{out} is there and is no export: writing one would delete {'all in it' if out.is_dir() else 'it'}; name "
            "a new folder"
        )
    with replacing(out) as folder:
        model.mlm.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        conditioning.save(folder, {tag: describe(tag).name for tag in rows_seen})
        write_text(folder / "README.md", _card(model, rows_seen, facts))
        write_json(folder / "provenance.json", provenance(**facts, variant=model.variant))
        seal(folder)
    return out


def _table(table: nn.Embedding | None) -> NDArray[np.float32] | None:
    if table is None:
        return None
    weight: NDArray[np.float32] = table.weight.detach().float().cpu().numpy()
    return weight


def _story(variant: str) -> str:
    tables, placement, is_shuffled = parts_of(variant)
    if not tables:
        return "Trained without language and script vectors: the baseline."
    method = " (LangSAMP)" if variant == "both" else ""
    story = f"Trained with {' and '.join(tables)} vectors {_PLACES[placement]}{method}."
    return f"{story}\n\n{_SHUFFLED}" if is_shuffled else story


def _vectors(variant: str) -> str:
    tables = parts_of(variant).tables
    if not tables:
        return f"`{LANGUAGES}` holds the languages and scripts it was trained on; there are no vectors."
    return (
        f"`{WEIGHTS}` and `{LANGUAGES}` hold the {' and '.join(tables)} vectors; those whose codes stand under "
        "`untrained` have had no gradient."
    )


def _card(model: LangSampForMaskedLM, rows_seen: Mapping[LangScript, int], facts: Mapping[str, Any]) -> str:
    config = model.mlm.config
    return _CARD.format(
        languages="\n".join(f"- {code}" for code in sorted({tag.language for tag in rows_seen})),
        name=facts["name"],
        model_type=config.model_type,
        layers=config.num_hidden_layers,
        width=config.hidden_size,
        vocabulary=config.vocab_size,
        story=_story(model.variant),
        start="".join(f"\n{sentence[0].upper()}{sentence[1:]}.\n" for sentence in facts.get("start", ())),
        vectors=_vectors(model.variant),
        figures="\n".join(f"| {name} | {value} |" for name, value in _figures(rows_seen, facts)),
    )


def _figures(rows_seen: Mapping[LangScript, int], facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "step" in facts:  # not known of an imported checkpoint
        yield "steps", f"{facts['step']:,}"
    yield "tags", str(len(rows_seen))
    if "data" in facts:
        yield "data fingerprint", f"`{facts['data']}`"
