"""A classifier from any encoder: fine-tuned on one source, chosen on its dev set, applied to every target."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, PreTrainedModel

from langsamp.data.text.stand_ins import loading_errors
from langsamp.errors import UserError
from langsamp.evaluation.finetuning.labelling import label_numbers, scored
from langsamp.evaluation.finetuning.predicting import NOTHING, Network, predicted
from langsamp.evaluation.finetuning.tokenising import Method, Tokeniser
from langsamp.evaluation.finetuning.tokens import Tokens
from langsamp.evaluation.finetuning.training import DevPoint, train
from langsamp.evaluation.finetuning.updates import num_looks, num_updates
from langsamp.evaluation.finetuning.vocabulary import used_rows
from langsamp.evaluation.loading import load_model, num_positions
from langsamp.evaluation.packed_linear import choose_linear_backend, packed
from langsamp.evaluation.protocols import FineTuning
from langsamp.evaluation.tasks.examples import Examples, TrainAndDev
from langsamp.languages.tags import LangScript
from langsamp.model.pretrained.model_config import reason
from langsamp.scores.cells import LanguageResult

_CLASSES = {
    "sequence-classification": AutoModelForSequenceClassification,
    "token-classification": AutoModelForTokenClassification,
}
VERSION = 1
"""Raised with every change of this folder that moves a score; part of a cell's key."""

_HEAD_SEED = 20240930
"""Draws the head where the seed does not; the original leaves it to chance."""


@dataclass(frozen=True, kw_only=True)
class FineTuningJob:
    """All that a classifier depends on, and how to compute it."""

    folder: Path
    """The encoder, with its tokenizer."""
    training: TrainAndDev[Any]
    labels: Sequence[str]
    kind: str
    """`sequence-classification` or `token-classification`."""
    metric: str
    """Dev score that chooses the weights."""
    settings: FineTuning
    seed: int
    device: str | None = None
    precision: str = "fp32"
    token_budget: int | None = None
    """Padded tokens of one batch at most; changes no more than rounding and the draws of dropout."""


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """What all targets got."""

    results: tuple[LanguageResult, ...]
    failures: Mapping[LangScript, str]
    """Why a target has no result."""
    notes: Mapping[LangScript, tuple[str, ...]]
    """What of a target's text was cut, split or replaced."""


@dataclass(frozen=True, kw_only=True)
class FineTuned:
    """A classifier with the weights that were best on the source's dev set."""

    curve: tuple[DevPoint, ...]
    notes: tuple[str, ...]
    """What of the source's train and dev text was cut, split or replaced."""
    labels: Sequence[str]
    network: Network = field(repr=False)
    tokeniser: Tokeniser = field(repr=False)

    def predict(
        self, tests: Mapping[LangScript, Examples], *, advance: Callable[[int], object] | None = None
    ) -> Predicted:
        """Score all targets in one pass: batches hold sequences of like length, whatever their language.

        `advance` is told how many examples each batch finished.
        """
        tokens: dict[LangScript, Tokens] = {}
        failures: dict[LangScript, str] = {}
        for tag, examples in tests.items():
            try:
                label_numbers(examples, self.labels)
                tokens[tag] = self.tokeniser.tokens(examples)
            except UserError as error:
                failures[tag] = str(error)
                if advance is not None:
                    advance(len(examples))
        results = []
        if tokens:
            with _fast(self.network):
                numbers_of_all = predicted(self.network, Tokens.joined(list(tokens.values())), advance=advance)
            borders = np.cumsum([part.num_places for part in tokens.values()])[:-1]
            for tag, numbers in zip(tokens, np.split(numbers_of_all, borders), strict=True):
                if (numbers == NOTHING).any():
                    failures[tag] = _UNSOUND
                else:
                    results.append(scored(tests[tag], numbers, self.labels))
        return Predicted(
            results=tuple(results),
            failures=failures,
            notes={tag: part.notes for tag, part in tokens.items() if part.notes},
        )


_UNSOUND = (
    "the classifier gives NaN or infinite values: training diverged, or the precision is too low (try fp32, or a lower "
    "learning rate)"
)


def fine_tune(job: FineTuningJob, *, advance: Callable[[int], object] | None = None) -> FineTuned:
    """The classifier of a job; the same job gives the same weights, bit for bit on a CPU.

    `advance` is told of every example that training or a look at the dev set is done with; `amount` says how many.

    Raises:
        UserError: where the model, its tokenizer or the training data cannot be used, or training diverges.
    """
    training, settings = job.training, job.settings
    wanted = label_numbers(training.train, job.labels)
    label_numbers(training.dev, job.labels)
    with _own_randomness(job.device):
        network, tokeniser = _prepared(job)
        tokens, dev = tokeniser.tokens(training.train), tokeniser.tokens(training.dev)
        if not num_updates(len(tokens.lengths), settings):
            raise UserError(
                f"{len(training.train)} training examples are too few for one update of {settings.batch_size} in this "
                "protocol; give more, or use protocol fixed"
            )
        with _trained_rows(job, network, [tokens, dev]) as (small, (small_tokens, small_dev)):

            def look() -> Mapping[str, float]:
                numbers = predicted(small, small_dev, advance=advance)
                if (numbers == NOTHING).any():
                    raise UserError(_UNSOUND)
                return scored(training.dev, numbers, job.labels).metrics

            curve = train(
                small, small_tokens, labels=wanted, settings=settings, seed=job.seed, look=look, metric=job.metric,
                advance=advance,
            )  # fmt: skip
    notes = (*(f"train: {note}" for note in tokens.notes), *(f"dev: {note}" for note in dev.notes))
    return FineTuned(curve=curve, notes=notes, labels=job.labels, network=network, tokeniser=tokeniser)


def amount(training: TrainAndDev[Any], tests: Mapping[LangScript, Examples], settings: FineTuning) -> int:
    """What `advance` counts in all: examples seen in training, in looks at the dev set and in prediction.

    Where a look comes every so many updates, sentences that are split may add a look that is not counted here.
    """
    looks = num_looks(len(training.train), settings)
    return settings.epochs * len(training.train) + looks * len(training.dev) + sum(map(len, tests.values()))


def _prepared(job: FineTuningJob) -> tuple[Network, Tokeniser]:
    """The model with a new head, and what makes tokens for it."""
    torch.manual_seed(job.seed if job.settings.seeds_head else _HEAD_SEED)
    model, tokenizer = load_model(
        _CLASSES[job.kind],
        job.folder,
        device=job.device,
        num_labels=len(job.labels),
        id2label=dict(enumerate(job.labels)),
        label2id={label: number for number, label in enumerate(job.labels)},
    )
    _draw(model)
    network = Network(
        model=model,
        filler=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0,
        precision=job.precision,
        token_budget=job.token_budget,
    )
    _check_batches(network)
    tokeniser = Tokeniser(
        tokenizer,
        job.folder,
        window=min(job.settings.max_tokens, num_positions(model)),
        method=_method(job),
        vocabulary_size=model.get_input_embeddings().weight.shape[0],
    )
    return network, tokeniser


def _check_batches(network: Network) -> None:
    """Accept a model that labels a padded batch.

    Raises:
        UserError: where it refuses one, as decoders without a padding token do.
    """
    two = Tokens.of([[2, 3], [2]], [[0], [0]], ends=[True, True])
    try:
        with torch.inference_mode(), network.computing():
            network.logits(two, [0, 1])
    except loading_errors() as error:
        raise UserError(
            f"a {network.model.config.model_type} model cannot be fine-tuned, it refuses a padded batch: "
            f"{reason(error).rstrip('.')}. Where it lacks a padding token, name one in its config.json (pad_token_id)"
        ) from None


def _trained_rows(
    job: FineTuningJob, network: Network, several: Sequence[Tokens]
) -> AbstractContextManager[tuple[Network, Sequence[Tokens]]]:
    """The network as it is trained: weight decay moves all rows, without it only those in use move."""
    return nullcontext((network, several)) if job.settings.weight_decay else used_rows(network, several)


def _fast(network: Network) -> AbstractContextManager[None]:
    """Where products of fp32 are computed in the way that is faster here; looks at the dev set always take one way."""
    if network.precision == "fp32" and choose_linear_backend(network.model).backend == "oneDNN":
        return packed(network.model)
    return nullcontext()


def _method(job: FineTuningJob) -> Method:
    if job.kind == "sequence-classification":
        return "text"
    return "words alone" if job.settings.words_alone else "words"


def _draw(model: PreTrainedModel) -> None:
    """New weights for the layers that transformers calls `classifier`, also where the folder holds trained ones."""
    classifier = getattr(model, "classifier", nn.Identity())
    for tensor in classifier.parameters():
        vars(tensor).pop("_is_hf_initialized", None)  # transformers' mark of what it loaded and will not draw
    with torch.no_grad():
        classifier.apply(model._init_weights)


def _own_randomness(device: str | None) -> AbstractContextManager[None]:
    """Draws in here leave the random state outside as it is."""
    on_gpu = torch.cuda.is_available() and device != "cpu"
    return torch.random.fork_rng(devices=range(torch.cuda.device_count()) if on_gpu else [])
