"""The ways of scoring that a task's `kind` names: what a score depends on, and how it is made."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.finetuning import classifier
from langsamp.evaluation.finetuning.controls import controls
from langsamp.evaluation.models import ModelFolder
from langsamp.evaluation.protocols import FineTuning
from langsamp.evaluation.retrieval import retrieve
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.evaluation.tasks.answer_findings import dev_findings
from langsamp.evaluation.tasks.examples import TrainAndDev
from langsamp.evaluation.tasks.task import METRICS, Task
from langsamp.languages.tags import LangScript
from langsamp.model.hidden_layers import MAX_PIECES, chosen_layer
from langsamp.scores.cells import Cell, LanguageResult

Texts = Mapping[LangScript, Any]
"""What a task's reader reads, by tag."""
Settings = dict[str, bool | int | float | str | None]


@dataclass(frozen=True, kw_only=True)
class ScoringJob:
    """One cell to score, with all that it takes."""

    model: ModelFolder
    task: Task
    cell: Cell
    texts: Texts
    training: TrainAndDev[Any] | None
    """What to fine-tune on; None for retrieval."""
    config: EvaluationConfig
    device: str | None
    encoder: Callable[[], Encoder]
    """Gives the model for retrieval, loaded once for all its cells."""
    dev_curve: list[Mapping[str, Any]] = field(default_factory=list)
    """Gets what the dev set says."""
    training_notes: list[str] = field(default_factory=list)
    """Gets what a reader of the scores should know of the text that was fine-tuned on."""
    failures: dict[str, str] = field(default_factory=dict)
    """Gets why, by tag, a language has no score."""


@dataclass(frozen=True, kw_only=True)
class ScoringKind:
    """A way of scoring."""

    settings: Callable[[Task, ModelFolder, EvaluationConfig], Settings]
    """What moves a score beside model, text, protocol, source and seed."""
    score: Callable[[ScoringJob, Callable[[int], Any]], Iterator[LanguageResult]]
    """From a job and what is told how much of the amount is done."""
    amount: Callable[[Texts, TrainAndDev[Any] | None, Mapping[str, Any]], int]
    """How much there is to do in all with these settings, counted in `unit`."""
    unit: str
    fine_tunes: bool
    """True where there is one cell for each source and seed."""


def _retrieval_settings(each: Task, model: ModelFolder, config: EvaluationConfig) -> Settings:
    layer = chosen_layer(config.layer, model.num_layers, model=model.name)
    usual, *_ = METRICS["retrieval"]
    return {
        **({"metric": each.metric} if each.metric != usual else {}),  # else the cells of the usual one were others
        "layer": layer,
        "pooling": config.pooling,
        "precision": config.precision,
        "max_pieces": MAX_PIECES,
        "selection": model.selected(config.selection),
        "version": retrieve.VERSION,
    }


def _score_retrieval(job: ScoringJob, advance: Callable[[int], Any]) -> Iterator[LanguageResult]:
    return retrieve.retrieve(
        job.texts,
        job.encoder(),
        layer=int(job.cell.settings["layer"] or 0),
        ties="index" if job.cell.protocol == "paper" else "last",
        failures=job.failures,
        advance=advance,
    )


def _fine_tuning_settings(each: Task, model: ModelFolder, config: EvaluationConfig) -> Settings:
    settings = config.fine_tuning_of(each)
    assert settings is not None, f"{each.name} is fine-tuned"
    return {
        **settings.model_dump(mode="json"),
        "metric": each.metric,
        "labels": " ".join(each.classes(config.protocol)),
        "precision": config.precision,
        "selection": model.selected(config.selection),
        "version": classifier.VERSION,
    }


def _fine_tuning(settings: Mapping[str, Any]) -> FineTuning:
    return FineTuning.model_validate({name: settings[name] for name in FineTuning.model_fields})


def _score_fine_tuned(job: ScoringJob, advance: Callable[[int], Any]) -> Iterator[LanguageResult]:
    assert job.training is not None, f"{job.task.name} is fine-tuned"
    tuned = classifier.fine_tune(
        classifier.FineTuningJob(
            folder=job.model.folder,
            training=job.training,
            labels=job.task.classes(job.config.protocol),
            kind=job.task.kind,
            metric=job.task.metric,
            settings=_fine_tuning(job.cell.settings),
            seed=job.cell.seed,
            device=job.device,
            precision=job.config.precision,
            token_budget=job.config.token_budget,
        ),
        advance=advance,
    )
    job.dev_curve.extend(asdict(point) for point in tuned.curve)
    job.training_notes.extend((*tuned.notes, *dev_findings([point.metrics for point in tuned.curve], job.task.metric)))
    predicted = tuned.predict(job.texts, advance=advance)
    job.failures.update({str(tag): reason for tag, reason in predicted.failures.items()})
    for result in predicted.results:
        beside = controls(job.training.train, job.texts[result.tag])
        yield replace(result, metrics={**result.metrics, **beside}, notes=predicted.notes.get(result.tag, ()))


def _amount_fine_tuned(texts: Texts, training: TrainAndDev[Any] | None, settings: Mapping[str, Any]) -> int:
    return classifier.amount(training, texts, _fine_tuning(settings)) if training is not None else 0


_FINE_TUNED = ScoringKind(
    settings=_fine_tuning_settings,
    score=_score_fine_tuned,
    amount=_amount_fine_tuned,
    unit="example",
    fine_tunes=True,
)

KINDS: dict[str, ScoringKind] = {
    "retrieval": ScoringKind(
        settings=_retrieval_settings,
        score=_score_retrieval,
        amount=lambda texts, training, settings: retrieve.num_sentences(texts.values()),
        unit="sentence",
        fine_tunes=False,
    ),
    "sequence-classification": _FINE_TUNED,
    "token-classification": _FINE_TUNED,
}
