"""Language neutrality of encoders (paper, section 5.3): are sentences alike that say the same in two languages?

Translations are drawn from parallel text, encoded once for all layers, averaged over tokens and centred on their
language. `similarity.py` says what the cosines and their controls are, `probes.py` what the probes measure.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.neutrality.neutrality_findings import findings
from langsamp.analysis.neutrality.neutrality_tables import (
    Floats,
    Measured,
    change_tables,
    curve_table,
    similarity_table,
)
from langsamp.analysis.neutrality.parallel_text import FEWEST, ParallelSentences, draw_parallel
from langsamp.analysis.neutrality.post_hoc import post_hoc_table
from langsamp.analysis.neutrality.record import NeutralityAnalysis
from langsamp.config import Config
from langsamp.errors import UserError
from langsamp.evaluation.models import ModelFolder, find_model
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.evaluation.tasks.task import TaskData
from langsamp.model.conditioning import unnamed_vectors
from langsamp.model.hidden_layers import chosen_layer
from langsamp.progress import Bar
from langsamp.scores.statistics.bootstrap import draws

BASELINE = "none-"
"""How the names of a run's models begin that were trained without vectors."""


class NeutralityConfig(Config):
    """Which sentences, in which languages, and at which layer."""

    task: str = "sr-cldr"
    """Whose text is taken: a retrieval task or sib200; sr-cldr needs no data."""
    data: Literal["hub"] | Path | None = None
    """Folder with the task's files, or with a sub-folder of its name; `hub` for its copy on the Hugging Face hub."""
    languages: str | None = None
    """Selector of languages; None = the paper's ten, as far as they are there."""
    sentences: int = Field(default=100, ge=FEWEST)
    """Sentences of each language."""
    layer: int | None = Field(default=None, ge=0)
    """Hidden state told of first (all are computed); None = two thirds of the depth, 8 of 12 as in the paper."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Draws the sentences, the folds of the probes and the resamples."""
    resamples: int = Field(default=2000, ge=100)
    """Draws of sentences behind each interval."""
    post_hoc: int = Field(default=0, ge=0)
    """Further sentences of each language, not measured, on which the cheap ways without training are fitted that then
    stand beside each model: language means subtracted, and the language subspace removed (LEACE). 0 leaves them out."""

    @field_validator("post_hoc")
    @classmethod
    def _enough_to_fit(cls, number: int) -> int:
        if 0 < number < FEWEST:
            raise ValueError(f"expected 0, or at least {FEWEST} sentences of each language to fit on, got {number}")
        return number


def draw_text(config: NeutralityConfig) -> ParallelSentences:
    """The sentences that `config` names.

    Raises:
        DataMissingError: where the text is absent.
        UserError: as `draw_parallel` does.
    """
    where = TaskData(data=config.data, seed=config.seed)
    return draw_parallel(
        config.task, where, languages=config.languages, number=config.sentences, further=config.post_hoc
    )


def analyse_neutrality(
    subjects: Sequence[ModelRef],
    config: NeutralityConfig,
    *,
    text: ParallelSentences | None = None,
    device: str | None = None,
) -> NeutralityAnalysis:
    """How neutral each model is on the same sentences, and how far each is from the first one.

    Baselines without vectors (`none-...` of a run) are put first. Each `low` and `high` is a 95 % bootstrap interval
    over sentences, the same draws for all models; chance in the training of the models is not in it. `text` is what
    `draw_text` gave, where it was called before.

    Raises:
        DataMissingError: where the text is absent.
        UserError: as `draw_parallel` does, and where a model cannot be read or lacks the layer.
    """
    if not subjects:
        raise UserError("expected at least one model, got none: give a run, a model's folder or a hub id")
    ordered = sorted(subjects, key=lambda subject: not subject.name.startswith(BASELINE))
    models = {name: find_model(subject.folder) for name, subject in zip(_names(ordered), ordered, strict=True)}
    layers = {name: chosen_layer(config.layer, model.num_layers, model=model.name) for name, model in models.items()}
    text = text or draw_text(config)
    measured, at_layer = dict[str, Measured](), dict[str, tuple[Floats, Floats]]()
    for name, model in models.items():
        encoded = _encode(name, model, text, device)
        measured[name] = Measured.of([every[:, : text.number] for every in encoded], text.tags, seed=config.seed)
        at_layer[name] = encoded[layers[name]][:, : text.number], encoded[layers[name]][:, text.number :]
    drawn_RN = draws(text.number, config.resamples, np.random.default_rng(config.seed))
    change, overall = change_tables(measured, layers, text.tags, drawn_RN)
    fingerprints = {name: model.fingerprint for name, model in models.items()}
    analysis = NeutralityAnalysis(
        subject=" and ".join(models),
        settings={**config.model_dump(mode="json"), "models": fingerprints, "text_revision": text.revision},
        notes=(*text.notes, *filter(None, (unnamed_vectors(model.folder) for model in models.values()))),
        models=tuple(models),
        layers=layers,
        tags=tuple(map(str, text.tags)),
        text=text.task,
        number=text.number,
        available=text.available,
        seed=config.seed,
        missing=text.missing,
        similarity=similarity_table(measured, text.tags, drawn_RN),
        curve=curve_table(measured, text.tags, drawn_RN),
        change=change,
        overall=overall,
        post_hoc=post_hoc_table(at_layer, layers, text.tags, drawn_RN, seed=config.seed) if text.further else (),
    )
    return analysis.model_copy(update={"sentences": findings(analysis)})


def _names(subjects: Sequence[ModelRef]) -> list[str]:
    """A name of its own for each model: with that of the run, or else the folder, where two are called alike."""
    names = [subject.name for subject in subjects]
    places = [str(subject.folder) if subject.run is None else f"{subject.run}:{subject.name}" for subject in subjects]
    return [name if names.count(name) == 1 else path for name, path in zip(names, places, strict=True)]


def _encode(name: str, model: ModelFolder, text: ParallelSentences, device: str | None) -> list[Floats]:
    """Vectors of all sentences at each layer, shape (languages, sentences, width) each; further ones come last."""
    encoder = Encoder.load(model.folder, device=device)
    flat = [sentence for sentences in text.sentences.values() for sentence in sentences]
    with Bar(name, total=len(set(flat)), unit="sentences") as bar:
        by_layer = encoder.encode(flat, layers=range(model.num_layers + 1), advance=bar.update)
    return [vectors.reshape(len(text.tags), text.number + text.further, -1) for _, vectors in sorted(by_layer.items())]
