"""How the trainings went: losses and scores by step, and where each one ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from langsamp.render.chart import embedded
from langsamp.reporting.inputs.run_folder import Model
from langsamp.reporting.pictures.curves import forgetting_curves, loss_curves, monitor_curves
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.training.lines import HeldOutLine


class TrainingRow(NamedTuple):
    """One line of the table of models."""

    model: Model
    steps: int | None
    loss: float | None
    """Mean of the last tenth of the training log."""
    held_out: HeldOutLine | None
    tokens_per_second: float | None
    data_wait: float | None
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Training(Section):
    """Curves of the trainings, and a line for each."""

    id = "training"
    title = "Training"
    rows: Sequence[TrainingRow]
    loss: Markup
    forgetting: Markup | None
    monitored: Markup | None
    starts: Sequence[str]
    """What the trainings began with."""


def training(report: Report) -> Training | None:
    """How the trainings went; None where there is no log."""
    models, marks = report.inputs.models, report.inputs.marks
    logged = [model for model in models if model.log.train or model.log.held_out]
    if not logged:
        return None
    forgetting, monitored = forgetting_curves(models, marks), monitor_curves(models, marks)
    starts = ("; ".join(model.provenance.get("start", ())) for model in models)
    return Training(
        rows=[_row(model) for model in models],
        loss=embedded("loss", loss_curves(logged, marks), "Training and held-out loss by step for every model"),
        forgetting=embedded("forgetting", forgetting, "Held-out loss by step, head against tail languages")
        if forgetting
        else None,
        monitored=embedded("monitored", monitored, "Scores by step while training") if monitored else None,
        starts=list(dict.fromkeys(filter(None, starts))),
    )


def _row(model: Model) -> TrainingRow:
    """Where a training ended and how fast it was."""
    log, last = model.log.train, model.log.train[-1] if model.log.train else None
    tail = log[-max(1, len(log) // 10) :]
    return TrainingRow(
        model=model,
        steps=last.step if last else None,
        loss=sum(line.loss for line in tail) / len(tail) if tail else None,
        held_out=model.log.held_out[-1] if model.log.held_out else None,
        tokens_per_second=_median([line.tokens_per_second for line in log]),
        data_wait=_median([line.data_wait for line in log]),
        seconds=last.seconds if last else None,
    )


def _median(values: Sequence[float | None]) -> float | None:
    present = sorted(value for value in values if value is not None)
    return present[len(present) // 2] if present else None
