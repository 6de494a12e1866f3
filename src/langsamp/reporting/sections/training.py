"""How the trainings went: losses and scores by step, and where each one ended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from langsamp.render.chart import Picture
from langsamp.render.document import Column, Table
from langsamp.render.numbers import decimals, duration, share, whole
from langsamp.render.palette import Mark
from langsamp.reporting.inputs.run_folder import Model
from langsamp.reporting.pictures.curves import forgetting_curves, loss_curves, monitor_curves
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section


@dataclass(frozen=True, kw_only=True)
class Training(Section):
    """Curves of the trainings, and a line for each."""

    id = "training"
    title = "Training"
    pictures: Sequence[Picture]
    table: Table
    """A line for each model: where its training ended and how fast it was."""
    starts: Sequence[str]
    """What the trainings began with."""


_COLUMNS = (
    Column("Model"), Column("Steps", whole, "number"), Column("Training loss", decimals, "number"),
    Column("Held-out loss", decimals, "number"), Column("Masked accuracy", share, "number"),
    Column("Bits per byte", decimals, "number"), Column("Tokens per second", whole, "number"),
    Column("Waiting for data", share, "number"), Column("Time", duration, "number"),
)  # fmt: skip
_CAPTION = (
    "Losses in nats per masked token: in training the mean of the last tenth; held-out values after the last step, "
    "means over languages."
)


def training(report: Report) -> Training | None:
    """How the trainings went; None where there is no log."""
    models = report.inputs.models
    if not any(model.log.train or model.log.held_out for model in models):
        return None
    starts = ("; ".join(model.provenance.get("start", ())) for model in models)
    return Training(
        table=Table("Models", _COLUMNS, [_row(model) for model in models], _CAPTION),
        pictures=[*_pictures(models, report.inputs.marks)],
        starts=list(dict.fromkeys(filter(None, starts))),
    )


def _pictures(models: Sequence[Model], marks: Mapping[str, Mark]) -> Iterator[Picture]:
    logged = [model for model in models if model.log.train or model.log.held_out]
    yield Picture(
        "loss", loss_curves(logged, marks), "Loss by step",
        "All models saw the same rows under the same masks where their seeds agree. Held-out loss is the mean over "
        "languages on rows that no model trained on.", summary="Training and held-out loss by step for every model",
    )  # fmt: skip
    if forgetting := forgetting_curves(models, marks):
        yield Picture(
            "forgetting", forgetting, "Held-out loss from the start on, head against tail",
            "Means over the languages that XLM-R was pretrained on, and over the others. Step 0, dotted, is the "
            "encoder that the training continues from; where its LM head is new, step 0 is that of an untrained head "
            "and says nothing of what the encoder knew: then the scores tell.",
        )  # fmt: skip
    if monitored := monitor_curves(models, marks):
        text = "Of the encoder without vectors. Dashed: what a training continues from, the line to beat."
        yield Picture("monitored", monitored, "Scores while training", text)


def _row(model: Model) -> Sequence[object]:
    log, held_out = model.log.train, model.log.held_out[-1] if model.log.held_out else None
    tail = log[-max(1, len(log) // 10) :]
    return (
        model.label, log[-1].step if log else None, sum(line.loss for line in tail) / len(tail) if tail else None,
        held_out and held_out.loss, held_out and held_out.accuracy, held_out and held_out.bits_per_byte,
        _median([line.tokens_per_second for line in log]), _median([line.data_wait for line in log]),
        log[-1].seconds if log else None,
    )  # fmt: skip


def _median(values: Sequence[float | None]) -> float | None:
    present = sorted(value for value in values if value is not None)
    return present[len(present) // 2] if present else None
