"""What an analysis of neutrality holds. Each `low` and `high` is a 95 % bootstrap interval over sentences."""

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

from langsamp.analysis.analysis import Analysis

Edit = Literal["none", "means", "leace"]
"""What is done to a model's vectors before they are measured; `post_hoc.py` says what each is."""
EDIT_NAMES: Mapping[Edit, str] = {
    "none": "as it is",
    "means": "language means subtracted",
    "leace": "language subspace removed",
}
"""What readers call them."""
Measure = Literal["parallel", "raw", "raw_gap", "language_probe", "script_probe"]


class PairSimilarity(NamedTuple):
    """Two languages in one model at one layer."""

    model: str
    layer: int
    first: str
    second: str
    parallel: float
    """Mean centred cosine of translations."""
    low: float
    high: float
    non_parallel: float
    """Of all other pairings."""
    gap: float
    """`parallel - non_parallel`."""
    raw: float
    """`raw...` are the same without centring."""
    raw_non_parallel: float
    raw_gap: float
    raw_gap_low: float
    raw_gap_high: float


class LayerMeans(NamedTuple):
    """One model at one layer: means over all pairs, and how often a linear probe is right (0 to 1)."""

    model: str
    layer: int
    parallel: float
    low: float
    high: float
    non_parallel: float
    gap: float
    raw: float
    raw_non_parallel: float
    raw_gap: float
    raw_gap_low: float
    raw_gap_high: float
    language_probe: float
    language_probe_low: float
    language_probe_high: float
    language_chance: float
    script_probe: float
    """NaN where all languages share a script, as are those below."""
    script_probe_low: float
    script_probe_high: float
    script_chance: float

    def probe(self, of: Literal["language", "script"]) -> tuple[float, float, float, float]:
        """Accuracy of one probe, both ends of its interval, and chance."""
        if of == "language":
            return self.language_probe, self.language_probe_low, self.language_probe_high, self.language_chance
        return self.script_probe, self.script_probe_low, self.script_probe_high, self.script_chance


class PairChange(NamedTuple):
    """Two languages in a model against the first model, at one layer of each."""

    base: str
    model: str
    layer: int
    """Of `base`."""
    model_layer: int
    first: str
    second: str
    before: float
    """Mean centred cosine of translations, as `after`."""
    after: float
    difference: float
    low: float
    high: float
    percent: float
    """100 (after - before) / before; NaN where before may be nothing or less."""
    percent_low: float
    percent_high: float


class OverallChange(NamedTuple):
    """One measure, a column of `LayerMeans`, in a model against the first."""

    base: str
    model: str
    layer: int
    model_layer: int
    measure: Measure
    before: float
    after: float
    difference: float
    low: float
    high: float


class PostHoc(NamedTuple):
    """One model at the layer told of first, its vectors as they are (`none`) or edited without any training."""

    model: str
    edit: Edit
    layer: int
    parallel: float
    low: float
    high: float
    raw: float
    raw_non_parallel: float
    raw_gap: float
    raw_gap_low: float
    raw_gap_high: float
    language_probe: float
    language_probe_low: float
    language_probe_high: float
    language_chance: float
    script_probe: float
    """NaN where all languages share a script, as are those below."""
    script_probe_low: float
    script_probe_high: float
    script_chance: float
    retrieval: float
    """Share of sentences (0 to 1) whose translation is the most similar of all in the other language."""
    retrieval_low: float
    retrieval_high: float
    retrieval_chance: float


class NeutralityAnalysis(Analysis):
    """How neutral each of some models is on the same sentences, and how far each is from the first one."""

    kind: ClassVar[str] = "neutrality"

    models: tuple[str, ...]
    layers: Mapping[str, int]
    """By model the layer told of first."""
    tags: tuple[str, ...]
    text: str
    """The task."""
    number: int
    """Sentences of each language."""
    available: int | None
    """How many all languages have; None where they are rendered."""
    seed: int
    missing: Mapping[str, str]
    """Reason by tag that was wanted and is not there."""
    similarity: tuple[PairSimilarity, ...]
    curve: tuple[LayerMeans, ...]
    change: tuple[PairChange, ...] = ()
    """Empty with one model, as is `overall`."""
    overall: tuple[OverallChange, ...] = ()
    post_hoc: tuple[PostHoc, ...] = ()
    """Empty where no sentences were asked for to fit the edits on."""

    @property
    def layer(self) -> int:
        """The layer told of first, of the first model."""
        return self.layers[self.models[0]]

    def pairs(self, model: str) -> list[PairSimilarity]:
        """The pairs of languages of a model at the layer told of first."""
        return [line for line in self.similarity if line.model == model and line.layer == self.layers[model]]

    def changes(self, model: str) -> list[PairChange]:
        """The pairs of languages of a model against the first, at the layer told of first."""
        return [line for line in self.change if line.model == model and line.model_layer == self.layers[model]]

    def means(self, model: str) -> LayerMeans:
        """The means of a model at the layer told of first."""
        return next(line for line in self.curve if line.model == model and line.layer == self.layers[model])

    def curve_of(self, model: str) -> list[LayerMeans]:
        """The means of a model at each layer."""
        return [line for line in self.curve if line.model == model]
