"""The models an analysis is about: those of a run, or any encoder in a folder or on the hub."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from langsamp.disk.layout import RunLayout
from langsamp.errors import DataMissingError, UserError, did_you_mean
from langsamp.evaluation.models import find_model
from langsamp.model.conditioning import LANGUAGES, Conditioning
from langsamp.model.variants import training_of
from langsamp.scores.systems import split_words


class ModelRef(NamedTuple):
    """One model to look at."""

    name: str
    """What readers call it: `both-0` in a run, else the folder's or the hub's name."""
    folder: Path
    """Its Hugging Face files."""
    run: Path | None
    """The run it was trained in; None for any other model."""

    def conditioning(self) -> Conditioning | None:
        """Its vectors with their ids and the rows seen; None for a model that we did not train.

        A model of the variant `none` has ids and rows, and no vectors.

        Raises:
            DamagedError: where the files cannot be read.
        """
        return Conditioning.load(self.folder) if (self.folder / LANGUAGES).is_file() else None

    @property
    def has_vectors(self) -> bool:
        """Whether it has language or script vectors.

        Raises:
            DamagedError: where the files cannot be read.
        """
        conditioning = self.conditioning()
        return conditioning is not None and (conditioning.language is not None or conditioning.script is not None)

    def analysis_folder(self, kind: str) -> Path:
        """Where an analysis of this model belongs: in the run it was trained in, else under `analysis/` here."""
        if self.run is not None:
            return RunLayout(self.run).analyses / f"{kind}-{self.name}"
        return Path("analysis") / self.name.replace("/", "--") / kind


def find_model_refs(words: Sequence[str]) -> list[ModelRef]:
    """The models that a user names, in the order of the words, none twice.

    A word is a run's folder (all its exported models), `RUN:both` (the trainings of one variant), `RUN:both-0`, an
    export, any Hugging Face folder, or a hub id.

    Raises:
        DataMissingError: where a run has no exported model.
        UserError: where a word names nothing.
    """
    models = [subject for word in words for subject in _named(word)]
    return list({subject.folder.absolute(): subject for subject in models}.values())


def _named(word: str) -> list[ModelRef]:
    path, model = split_words(word)
    run = Path(path).expanduser()
    if not RunLayout(run).exists:
        if model:
            raise UserError(f"{path} is no run, so it has no model {model!r}: expected a folder with recipe.yaml")
        return [_single(word)]
    exports = {each.folder.name: each.export for each in RunLayout(run).trainings if each.export.is_dir()}
    if not exports:
        raise DataMissingError(f"{run} has no exported model yet; `langsamp run` or `langsamp train` makes them")
    chosen = [name for name in exports if not model or name == model or _is_training(name, model)]
    if not chosen:
        raise UserError(f"{run} has no model {model!r}.{did_you_mean(model, exports)} It has {', '.join(exports)}")
    return [ModelRef(name, exports[name], run) for name in chosen]


def _is_training(name: str, variant: str) -> bool:
    training = training_of(name)
    return training is not None and training.side == variant


def _single(word: str) -> ModelRef:
    folder = Path(word).expanduser()
    if (of := RunLayout.of_export(folder)) is not None:
        return ModelRef(folder.parent.name, folder, of.folder)
    model = find_model(folder if folder.is_dir() else word)
    return ModelRef(model.name if not folder.is_dir() else folder.name, model.folder, None)
