"""A recipe: one YAML file that says a whole run, every key checked, every default in its owner's class."""

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from langsamp.analysis.of_run import AnalysisConfig
from langsamp.config import Config
from langsamp.data.batches import MaskingConfig
from langsamp.data.corpus import CorpusConfig
from langsamp.data.rows import RowsConfig
from langsamp.data.sampler import SamplerConfig
from langsamp.data.tokenizer import TokenizerConfig
from langsamp.errors import DataMissingError, UserError, checked, did_you_mean
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.monitor import MonitorConfig, items_of
from langsamp.evaluation.tasks import task
from langsamp.model.build import ModelConfig
from langsamp.model.variants import VARIANTS, Variant
from langsamp.training.config import HELD_OUT_LOSS, LAST, TrainingConfig
from langsamp.training.selection import candidates


class Recipe(Config):
    """Everything a run needs; the defaults are the paper's."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of the run and of its folder."""
    out: str | None = None
    """Folder of the run; null for `runs/NAME`."""
    demonstration: bool = False
    """True for a run too small to conclude from; its report says so."""
    variants: tuple[Variant, ...] = ("none", "both")
    """Models to train on the same rows: `none` is the baseline, `both` is LangSAMP, `language` and `script` have one
    table. `both@input` (also `language@input`, `script@input`) adds the vectors to the token embeddings, as XLM does;
    `both@shuffled` is a control that gives each row the ids of a random row of its step."""
    seeds: tuple[int, ...] = (0,)
    """Each variant is trained once for each seed."""
    corpus: CorpusConfig = CorpusConfig()
    tokenizer: TokenizerConfig = TokenizerConfig()
    rows: RowsConfig = RowsConfig()
    model: ModelConfig = ModelConfig()
    sampler: SamplerConfig = SamplerConfig()
    masking: MaskingConfig = MaskingConfig()
    training: TrainingConfig = TrainingConfig()
    monitor: MonitorConfig = MonitorConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    analysis: AnalysisConfig = AnalysisConfig()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for key in ("variants", "seeds"):
            values = getattr(self, key)
            if not values or len(set(values)) != len(values):
                raise ValueError(f"{key} must name at least one value and none twice, got {list(values)}")
        return self

    @model_validator(mode="after")
    def _can_select(self) -> Self:
        training, every = self.training, self.monitor.every
        if every is not None and every > training.steps:
            raise ValueError(
                f"monitor.every is {every}, more than the {training.steps} training.steps: nothing to draw"
            )
        measured = {HELD_OUT_LOSS: training.held_out_every}
        if every is not None:
            measured |= {task(name).name: every for name in self.monitor.tasks}
        if training.select not in (LAST, *measured):
            meant = did_you_mean(training.select, [LAST, *measured])
            raise ValueError(
                f"training.select {training.select!r} is not measured.{meant} Expected {', '.join([LAST, *measured])}, "
                "or one more of monitor.tasks, with monitor.every"
            )
        if training.select != LAST and len(candidates(training, measured[training.select])) < 2:
            raise ValueError(
                f"training.select {training.select}: no checkpoint but the last is measured. Of {training.steps} steps "
                f"every {measured[training.select]} is measured and every {training.checkpoint_every} saved "
                "(training.checkpoint_every): choose numbers with a smaller common multiple"
            )
        if self._chosen_on == "test" and self.evaluation.selection != "test":
            raise ValueError(
                f"training.select {training.select}: there are no dev items of that task, only test items. Select by "
                f"{HELD_OUT_LOSS} or sr-cldr; or say so with evaluation.selection: test, which all scores then show"
            )
        return self

    @property
    def folder(self) -> Path:
        """Where the run's folders lie."""
        return Path(self.out) if self.out else Path("runs") / self.name

    @property
    def resolved_tokenizer(self) -> TokenizerConfig:
        """The tokenizer's settings, where nothing is said those that load the pretrained model's own."""
        if self.tokenizer.load is not None or self.model.init is None:
            return self.tokenizer
        return self.tokenizer.model_copy(update={"load": self.model.init})

    @property
    def resolved_monitor(self) -> MonitorConfig:
        """The monitor's settings, where nothing is said those of the evaluation."""
        settings = {"data": self.evaluation.data, "layer": self.evaluation.layer}
        missing = {key: value for key, value in settings.items() if getattr(self.monitor, key) is None}
        return self.monitor.model_copy(update=missing)

    @property
    def resolved_evaluation(self) -> EvaluationConfig:
        """The evaluation's settings, with what the checkpoints were chosen on, if that is more than is said."""
        on = max(self.evaluation.selection, self._chosen_on, key=("none", "dev", "test").index)
        return self.evaluation.model_copy(update={"selection": on})

    @property
    def _chosen_on(self) -> Literal["none", "dev", "test"]:
        if self.training.select == LAST:
            return "none"
        return "dev" if self.training.select == HELD_OUT_LOSS else items_of(self.training.select)

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
        content = yaml.load(path.read_text(encoding="utf-8"), _StrictLoader)
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as YAML: {error}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold a mapping of recipe keys, got {type(content).__name__}")
    for setting in settings:
        put_setting(content, setting)
    return parse_recipe(content, source=str(path))


def parse_recipe(content: dict[str, Any], *, source: str) -> Recipe:
    """The recipe that `content` says; errors name `source` and the key.

    Raises:
        UserError: for every unknown key and wrong value at once.
    """
    return checked(Recipe, content, source=source)


def put_setting(content: dict[str, Any], setting: str) -> None:
    """Put a value like `training.steps=100` into nested settings.

    Raises:
        UserError: where it has another form, or goes through something that is no section.
    """
    keys, equals, value = setting.partition("=")
    if not equals or not keys:
        raise UserError(f"--set takes KEY=VALUE, e.g. training.steps=100; got {setting!r}")
    *parents, last = keys.split(".")
    for key in parents:
        content[key] = {} if content.get(key) is None else content[key]
        content = content[key]
        if not isinstance(content, dict):
            raise UserError(f"--set {setting}: {key!r} is a value, not a section of the recipe")
    try:
        content[last] = yaml.load(value, _StrictLoader)
    except yaml.YAMLError:
        raise UserError(
            f"--set {setting}: {value!r} is no YAML value; put text with signs like [ or : in quotes"
        ) from None


class _StrictLoader(yaml.SafeLoader):
    """A YAML loader that takes no key twice, of which the plain one would drop all but the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)
