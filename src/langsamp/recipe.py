"""A recipe: one YAML file that says a whole run, every key checked, every default in its owner's class."""

from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from langsamp.data.batches import MaskingConfig
from langsamp.data.corpus import CorpusConfig
from langsamp.data.rows import RowsConfig
from langsamp.data.sampler import SamplerConfig
from langsamp.data.tokenizer import TokenizerConfig
from langsamp.errors import DataMissingError, UserError, did_you_mean
from langsamp.evaluation.config import EvaluationConfig
from langsamp.model.build import ModelConfig
from langsamp.model.mlm import VARIANTS, Variant
from langsamp.training.config import TrainingConfig


class Recipe(BaseModel):
    """Everything a run needs; the defaults are the paper's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of the run and of its folder."""
    out: str | None = None
    """Folder of the run; null for `runs/NAME`."""
    demonstration: bool = False
    """True for a run too small to conclude from; its report says so."""
    variants: tuple[Variant, ...] = ("none", "both")
    """Models to train on the same rows: `none` is the baseline, `both` is LangSAMP."""
    seeds: tuple[int, ...] = (0,)
    """Each variant is trained once for each seed."""
    corpus: CorpusConfig = CorpusConfig()
    tokenizer: TokenizerConfig = TokenizerConfig()
    rows: RowsConfig = RowsConfig()
    model: ModelConfig = ModelConfig()
    sampler: SamplerConfig = SamplerConfig()
    masking: MaskingConfig = MaskingConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for key in ("variants", "seeds"):
            values = getattr(self, key)
            if not values or len(set(values)) != len(values):
                raise ValueError(f"{key} must name at least one value and none twice, got {list(values)}")
        return self

    @property
    def folder(self) -> Path:
        """Where the run's folders lie."""
        return Path(self.out) if self.out else Path("runs") / self.name

    @property
    def trainings(self) -> list[tuple[Variant, int]]:
        """Variant and seed of each training, seed by seed."""
        return [(variant, seed) for seed in self.seeds for variant in sorted(self.variants, key=VARIANTS.index)]


def load_recipe(path: Path, settings: tuple[str, ...] = ()) -> Recipe:
    """The recipe in a YAML file, with `settings` like `training.steps=100` put over it.

    Raises:
        DataMissingError: where there is no such file.
        UserError: where it is no YAML mapping, or a key or value is wrong; the key is named.
    """
    if not path.is_file():
        raise DataMissingError(f"no recipe at {path}: expected a YAML file, e.g. configs/quickstart.yaml")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no YAML: {error}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold a mapping of recipe keys, got {type(content).__name__}")
    for setting in settings:
        _put(content, setting)
    return parse_recipe(content, source=str(path))


def parse_recipe(content: dict[str, Any], *, source: str) -> Recipe:
    """The recipe that `content` says; errors name `source` and the key.

    Raises:
        UserError: for every unknown key and wrong value at once.
    """
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        lines = [_explained(problem) for problem in error.errors()]
        raise UserError(f"{source}: " + ("\n  " if len(lines) > 1 else "") + "\n  ".join(lines)) from None


def _put(content: dict[str, Any], setting: str) -> None:
    keys, equals, value = setting.partition("=")
    if not equals or not keys:
        raise UserError(f"--set takes KEY=VALUE, e.g. training.steps=100; got {setting!r}")
    *parents, last = keys.split(".")
    for key in parents:
        content = content.setdefault(key, {})
        if not isinstance(content, dict):
            raise UserError(f"--set {setting}: {key!r} is a value, not a section of the recipe")
    content[last] = yaml.safe_load(value)


def _explained(problem: Any) -> str:
    *parents, last = problem["loc"] or ("recipe",)
    key = ".".join(map(str, problem["loc"])) or "recipe"
    if problem["type"] == "extra_forbidden":
        return f"unknown key {key!r}.{did_you_mean(str(last), _fields(parents))}"
    return f"{key}: {problem['msg'].removeprefix('Value error, ')} (got {problem['input']!r})"


def _fields(path: list[Any]) -> list[str]:
    owner: Any = Recipe
    for key in path:
        owner = owner.model_fields[key].annotation
    return list(owner.model_fields)
