"""A recipe: one YAML file that says a whole run, every key checked, every default in its owner's class."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from langsamp.addresses import folder_of
from langsamp.analysis.run_analyses import AnalysisConfig
from langsamp.config import Config, expanded
from langsamp.data.masking import MaskingConfig
from langsamp.data.rows import RowsConfig
from langsamp.data.sampler import SamplerConfig
from langsamp.data.text.corpus import CorpusConfig
from langsamp.data.tokens.tokenizer import TokenizerConfig, check_heeded
from langsamp.disk.seals import check_last_line
from langsamp.errors import DamagedError, DataMissingError, UserError, checked, did_you_mean
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.retrieval.retrieval_monitor import MonitorConfig, items_of
from langsamp.evaluation.tasks.lookup import task
from langsamp.model.build import ModelConfig
from langsamp.model.variants import VARIANTS, Variant
from langsamp.training.config import HELD_OUT_LOSS, LAST, TrainingConfig
from langsamp.training.selection import candidates

_MERGE = "tag:yaml.org,2002:merge"
"""The key `<<`, which stands for those of another mapping."""
_MOST_VALUES = 100_000
"""Of a recipe: far more than any needs, far fewer than fill the memory."""
HIGHEST_SEED = 2**32 - 1
"""As numpy and scikit-learn take them."""


class Recipe(Config):
    """Everything a run needs; the defaults are the paper's."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=200)
    """Name of the run and of its folder; file systems take 255 bytes, of which hidden names beside it need some."""
    out: str | None = Field(default=None, min_length=1)
    """Folder of the run, or an address such as `s3://bucket/run` (docs/scaling.md); null for `runs/NAME`."""
    demonstration: bool = False
    """True for a run too small to conclude from; its report says so."""
    variants: tuple[Variant, ...] = ("none", "both")
    """Models to train on the same rows: `none` is the baseline, `both` is LangSAMP, `language` and `script` have one
    table. `both@input` (also `language@input`, `script@input`) adds the vectors to the token embeddings, as XLM does;
    `both@shuffled` is a control that gives each row the ids of a random row of its step."""
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**32)], ...] = (0,)
    """Each variant is trained once for each seed, a number of up to 32 bits as every library takes it."""
    trainings_at_once: int = Field(default=1, ge=1)
    """Trainings that `langsamp run` makes at the same time on a CPU, each a process with its share of the cores. Small
    encoders gain: two processes of one thread do more than one of two."""
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
        if wrong := [seed for seed in self.seeds if not 0 <= seed <= HIGHEST_SEED]:
            raise ValueError(f"seeds are whole numbers from 0 to {HIGHEST_SEED:,}, got {wrong[0]}")
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
        if training.select == HELD_OUT_LOSS and self.rows.held_out_rows == 0:
            raise ValueError(
                "training.select held_out_loss: rows.held_out_rows is 0, so there is no such loss. Hold some rows out, "
                "or select by another score"
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

    @model_validator(mode="after")
    def _heeds_tokenizer(self) -> Self:
        if self.model.init is not None and self.tokenizer.load is None:
            check_heeded(self.tokenizer, f"model.init {self.model.init!r}")
        return self

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        for key in ("freeze_layers", "anchor"):
            if self.model.init is None and getattr(self.training, key) is not None:
                raise ValueError(f"training.{key} is for a model that continues from another, and model.init is null")
        return self

    @property
    def folder(self) -> Path:
        """Where the run's folders lie; for an address where it is worked on."""
        return folder_of(self.out) if self.out else Path("runs") / self.name

    @property
    def resolved_tokenizer(self) -> TokenizerConfig:
        """The tokenizer's settings, where nothing is said those that load the pretrained model's own."""
        if self.tokenizer.load is not None or self.model.init is None:
            return self.tokenizer
        at = f"@{self.model.revision}" if self.model.revision else ""
        return self.tokenizer.model_copy(update={"load": f"{self.model.init}{at}"})

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

    @property
    def trainings_side_by_side(self) -> int:
        """Trainings that run at the same time: `trainings_at_once`, or all where there are fewer."""
        return min(self.trainings_at_once, len(self.trainings))


def load_recipe(path: str | Path, settings: tuple[str, ...] = ()) -> Recipe:
    """The recipe in a YAML file, with `settings` like `training.steps=100` put over it.

    `${NAME}` in a value is that variable of the environment, `$$` a dollar sign.

    Raises:
        DataMissingError: where there is no such file.
        DamagedError: where a run wrote it and it is not as it was written.
        UserError: where it is no YAML mapping, a variable is not set, or a key or value is wrong; the key is named.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f"{path} is a folder: give the YAML file of a recipe, e.g. {path / 'recipe.yaml'}")
    if not path.is_file():
        raise DataMissingError(f"no recipe at {path}: expected a YAML file, e.g. configs/quickstart.yaml")
    try:
        text = path.read_text(encoding="utf-8")
        check_last_line(text, path, remedy="put it back; where it was changed on purpose, delete that line")
        content = _parsed(text)
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; allow reading it, or give another file") from None
    except DamagedError:
        raise
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f"{path} cannot be read as YAML: {error}; mend it there") from None
    if not isinstance(content, dict):
        raise UserError(
            f"{path} must hold a mapping of recipe keys, got {type(content).__name__}: write lines such as `name: mine`"
        )
    for setting in settings:
        put_setting(content, setting)
    return parse_recipe(expanded(content, where=str(path)), source=str(path))


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
        content[last] = _parsed(value)
    except (yaml.YAMLError, ValueError):
        raise UserError(
            f"--set {setting[:80]}: {value[:80]!r} is no YAML value; put text with signs like [ or : in quotes"
        ) from None


def _parsed(text: str) -> Any:
    """What YAML text says.

    Raises:
        yaml.YAMLError: where it is no YAML.
        ValueError: for a date or a number that does not exist, and for text that is nested or grows without bound.
    """
    loader = _StrictLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > _MOST_VALUES:
            raise ValueError(
                f"its aliases (*name) stand for more than {_MOST_VALUES:,} values; write out what is meant"
            )
        return loader.construct_document(node)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    finally:
        loader.dispose()


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many values a node stands for, aliases written out; `sizes` holds those of nodes that were met."""
    if id(node) not in sizes:
        sizes[id(node)] = _MOST_VALUES + 1  # a node that holds itself has no end
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        pairs = [part for entry in parts for part in (entry if isinstance(entry, tuple) else (entry,))]
        sizes[id(node)] = 1 + sum(_size(part, sizes) for part in pairs)
    return sizes[id(node)]


class _StrictLoader(yaml.SafeLoader):
    """A YAML loader that takes no key twice, of which the plain one would drop all but the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != _MERGE]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)
