"""The run that is harmed: the smallest one that has every stage, on embedded text and tasks; nothing is downloaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

_TAGS = "deu_Latn,rus_Cyrl,swh_Latn"
_RECIPE: dict[str, Any] = {
    "name": "victim",
    "variants": ["both"],
    "corpus": {"source": "cldr", "languages": _TAGS, "documents_per_tag": 200},
    "tokenizer": {"vocab_size": 400},
    "rows": {"row_tokens": 32, "held_out_rows": 2},
    "model": {
        "init": None,
        "model_type": "xlm-roberta",
        "settings": {
            "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
            "max_position_embeddings": 40,
        },
    },
    "sampler": {"rows_per_step": 8},
    "training": {
        "steps": 8, "rows_per_batch": 4, "learning_rate": 1e-3, "checkpoint_every": 2, "held_out_every": 2,
        "keep_checkpoints": 2, "log_every": 1,
    },
    "evaluation": {"tasks": ["sr-cldr"], "languages": "deu_Latn,rus_Cyrl,swh_Latn"},
    "analysis": {"kinds": ["vectors"]},
}  # fmt: skip


class Stage(NamedTuple):
    """A command of the run."""

    name: str
    words: Sequence[str]
    processes: int = 1
    refuses: str = ""
    """What it says, and ends, where its result is there already."""


@dataclass(frozen=True)
class Victim:
    """A folder with `recipe.yaml`; what the stages make goes into its folder `output`."""

    root: Path

    @property
    def recipe(self) -> Path:
        """The recipe, written anew."""
        path = self.root / "recipe.yaml"
        path.write_text(yaml.safe_dump({**_RECIPE, "out": str(self.run)}), encoding="utf-8")
        return path

    @property
    def output(self) -> Path:
        """All that the stages have made, and nothing else."""
        return self.root / "output"

    @property
    def run(self) -> Path:
        """The run's own folder."""
        return self.output / "run"

    @property
    def model(self) -> Path:
        """The one training."""
        return self.run / "models" / "both-0"

    @property
    def stages(self) -> list[Stage]:
        """In their order: each makes what those after it read. Those of a run but training in one process, then all."""
        recipe, encoder, scores = str(self.recipe), str(self.output / "encoder"), str(self.output / "scores")
        pair = ["--set", f"out={self.output / 'pair'}"]
        languages = ["-l", _TAGS, "-t", "sr-cldr"]
        return [
            Stage("prepare", ["prepare", recipe]),
            Stage("train", ["train", recipe]),
            Stage("prepare, for two", ["prepare", recipe, *pair]),
            Stage("train, 2 processes", ["train", recipe, *pair], processes=2),
            Stage("export", ["export", str(self.model), "-o", encoder], refuses="is not empty"),
            Stage("evaluate", ["evaluate", encoder, *languages, "-o", scores]),
            Stage("analyse", ["analyze", "vectors", encoder, "--no-figures", "-o", str(self.output / "vectors")]),
            Stage("report", ["report", scores, "-o", str(self.output / "page.html")]),
            Stage("run: evaluate, analyse, report", ["run", recipe]),
        ]


TRAIN, EXPORT, REPORT, COMPARE = "train", "export", "report", "compare"
_MODEL = "run/models/both-0/"
_EXPORTED = "model.safetensors config.json tokenizer.json tokenizer_config.json checksums.json"
_USED_BY = (
    (TRAIN, "run/rows/", "manifest.json *.ids provenance.json checksums.json"),
    (TRAIN, "run/rows/tokenizer/", "tokenizer.json tokenizer_config.json checksums.json"),
    (EXPORT, f"{_MODEL}checkpoints/step-0000008/", f"{_EXPORTED} optimizer.safetensors checkpoint.json"),
    (TRAIN, f"{_MODEL}export/", f"{_EXPORTED} conditioning.safetensors languages.json README.md provenance.json"),
    (REPORT, _MODEL, "log.jsonl"),
    (REPORT, "run/evaluation/", "scores.parquet models/*.json"),
    (REPORT, "run/evaluation/cells/*/", "cell.json scores.parquet checksums.json"),
    (COMPARE, "run/evaluation/cells/*/", "predictions.parquet"),
    (REPORT, "run/analysis/vectors-both-0/", "analysis.json *.parquet provenance.json checksums.json"),
    (REPORT, "run/", "recipe.yaml provenance.json"),
)
KINDS = {folder + name: verb for verb, folder, names in _USED_BY for name in names.split()}
"""Every kind of file that this run has, as a pattern below `output`, and the verb that must notice when it was changed.

Nothing is computed from a page, nor from an older checkpoint while the newest is whole.
"""
