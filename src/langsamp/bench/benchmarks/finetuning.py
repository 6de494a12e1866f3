"""Fine-tuning and prediction against the straightforward way: everything padded to the task's maximum.

Shape suffixes: B sequences of a batch, L tokens, P labelled places of a batch, C labels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from langsamp.bench.fixtures import Fixtures
from langsamp.bench.record import Record, Row, Target
from langsamp.bench.task_fixtures import TaskTexts
from langsamp.bench.timing import alternate, compared, silence
from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.evaluation.batching import by_length
from langsamp.evaluation.finetuning.classifier import FineTuned, FineTuningJob, fine_tune
from langsamp.evaluation.finetuning.labelling import label_numbers
from langsamp.evaluation.finetuning.predicting import Network
from langsamp.evaluation.finetuning.tokens import Tokens
from langsamp.evaluation.finetuning.updates import updates
from langsamp.evaluation.packed_linear import packed
from langsamp.evaluation.tasks.examples import Examples, LabelledTexts, TrainAndDev
from langsamp.evaluation.tasks.task import fine_tuning
from langsamp.languages.tags import LangScript

_MAXIMUM = {"sib200": 160, "ner": 256}
"""Tokens that the authors' code pads every example of a task to."""
_LEAST_SPEED = 2.0
_EQUAL = 1e-5
_PLAIN_BATCH = 8


@dataclass(frozen=True, kw_only=True)
class FineTuningSize:
    """How much is measured."""

    layers: int
    hidden: int
    heads: int
    vocab_size: int
    train: int
    """Examples, seen once."""
    dev: int
    tests: int
    """Languages that are predicted."""
    test: int
    """Examples of each."""
    rounds: int


QUICK = FineTuningSize(
    layers=4, hidden=128, heads=4, vocab_size=8000, train=64, dev=32, tests=2, test=64, rounds=3
)  # fmt: skip
NORMAL = FineTuningSize(
    layers=6, hidden=384, heads=6, vocab_size=16_000, train=96, dev=32, tests=3, test=64, rounds=3
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One task, ready for both ways."""

    job: FineTuningJob
    tests: Mapping[LangScript, Examples]
    fine_tuned: FineTuned
    """What `job` gives."""


def measure_finetuning(material: Fixtures, size: FineTuningSize) -> Record:
    """Seconds of a short fine-tuning and of predicting several languages, on a text and on a word task.

    Raises:
        AssertionError: where the logits of the ways differ: then the times say nothing.
    """
    texts = TaskTexts.find(material)
    folder = _saved(texts.tokenizer(size.vocab_size), material.folder / "finetuning-model", size)
    rows: list[Row] = []
    targets = []
    settings: dict[str, Any] = {}
    differences = []
    for name, maximum in _MAXIMUM.items():
        task, case = _case(texts, name, folder, size)
        differences.append(_difference(case, maximum))
        pairs = _pairs(case, task, maximum)
        taken = alternate(
            {name: run for pair in pairs.values() for name, run in pair.items()}, rounds=size.rounds, title=task
        )
        for title, pair in pairs.items():
            number = len(case.job.training.train) if title == "training" else sum(map(len, case.tests.values()))
            plain, ours = compared({name: taken[name] for name in pair}, amount=number)
            rows += [plain, ours]
            targets.append(
                Target(
                    name=f"speed of {task} {title} by processor time",
                    measured=ours.cpu_ratio or 0.0,
                    limit=_LEAST_SPEED,
                )
            )
        lengths = case.fine_tuned.tokeniser.tokens(case.job.training.train).lengths
        settings[task] = {"maximum": maximum, "mean_tokens": float(np.mean(lengths))}
    return Record(
        name="fine-tuning",
        measures=(
            "A short fine-tuning with one look at the dev set, and the prediction of several languages: batches of "
            "like length that are padded to their own longest, all languages at once, against everything padded to "
            f"the task's maximum. Each line is held against the one above it. Logits equal to {max(differences):.0e}."
        ),
        unit="examples",
        rows=tuple(rows),
        targets=tuple(targets),
        settings={
            **asdict(size), **settings, "difference": max(differences), "threads": torch.get_num_threads(),
            "device": "cpu", "precision": "fp32",
        },
    )  # fmt: skip


def _saved(tokenizer: Path, out: Path, size: FineTuningSize) -> Path:
    """A folder with a new XLM-R of this size; what its weights are makes no difference to the time."""
    loaded = load_tokenizer(str(tokenizer))
    config = AutoConfig.for_model(
        "xlm-roberta",
        vocab_size=len(loaded),
        hidden_size=size.hidden,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.hidden,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=loaded.pad_token_id,
    )
    torch.manual_seed(0)
    with silence():
        AutoModel.from_config(config, trust_remote_code=False).save_pretrained(out)
    loaded.save_pretrained(out)
    return out


def _case(texts: TaskTexts, name: str, folder: Path, size: FineTuningSize) -> tuple[str, _Case]:
    task, training, tests = texts.labelled(name, tags=size.tests)
    settings = fine_tuning(task, "fixed", [{"epochs": 1, "max_tokens": _MAXIMUM[name]}])
    assert settings is not None
    job = FineTuningJob(
        folder=folder,
        training=TrainAndDev(train=_first(training.train, size.train), dev=_first(training.dev, size.dev)),
        labels=task.labels,
        kind=task.kind,
        metric=task.metric,
        settings=settings,
        seed=0,
        device="cpu",
    )
    cut = {tag: _first(examples, size.test) for tag, examples in tests.items()}
    return task.name, _Case(job=job, tests=cut, fine_tuned=fine_tune(job))


def _first(examples: Any, number: int) -> Any:
    """The first `number` examples."""
    if isinstance(examples, LabelledTexts):
        return replace(examples, texts=examples.texts[:number], labels=examples.labels[:number])
    return replace(examples, words=examples.words[:number], labels=examples.labels[:number])


def _pairs(case: _Case, task: str, maximum: int) -> dict[str, dict[str, Callable[[], object]]]:
    """The straightforward way and ours, of training and of prediction."""
    return {
        "training": {
            f"{task} training, padded to {maximum}": partial(_train_plainly, case, maximum),
            f"{task} training": partial(fine_tune, case.job),
        },
        "prediction": {
            f"{task} prediction, padded to {maximum}": partial(_predict_plainly, case, maximum),
            f"{task} prediction": partial(case.fine_tuned.predict, case.tests),
        },
    }


def _train_plainly(case: _Case, maximum: int) -> None:
    """The loop that anyone would write: a new model, batches in their order, the stock optimizer, one look at dev."""
    job, tokeniser = case.job, case.fine_tuned.tokeniser
    model = (
        type(case.fine_tuned.network.model)
        .from_pretrained(job.folder, num_labels=len(job.labels), trust_remote_code=False)
        .train()
    )
    network = replace(case.fine_tuned.network, model=model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=job.settings.learning_rate, weight_decay=0.0)
    tokens, labels = tokeniser.tokens(job.training.train), label_numbers(job.training.train, job.labels)
    for update in updates(len(tokens.lengths), job.settings, seed=job.seed):
        for part in update.parts:
            logits_PC, places_P = _padded_logits(network, tokens, part.tolist(), maximum)
            nn.functional.cross_entropy(logits_PC, torch.from_numpy(labels[places_P])).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    list(_plain_logits(network, tokeniser.tokens(job.training.dev), maximum))


def _predict_plainly(case: _Case, maximum: int) -> None:
    """Language after language, in batches as they come."""
    for examples in case.tests.values():
        list(_plain_logits(case.fine_tuned.network, case.fine_tuned.tokeniser.tokens(examples), maximum))


@torch.inference_mode()
def _plain_logits(network: Network, tokens: Tokens, maximum: int) -> Iterator[tuple[Tensor, NDArray[np.int64]]]:
    for first in range(0, len(tokens.lengths), _PLAIN_BATCH):
        last = min(first + _PLAIN_BATCH, len(tokens.lengths))
        yield _padded_logits(network, tokens, list(range(first, last)), maximum)


def _padded_logits(
    network: Network, tokens: Tokens, sequences: Sequence[int], maximum: int
) -> tuple[Tensor, NDArray[np.int64]]:
    """Logits (P, C) of all labelled places, which are the places (P,) of `tokens`, with everything padded."""
    ids_BL = np.full((len(sequences), maximum), network.filler, dtype=np.int64)
    mask_BL = np.zeros_like(ids_BL)
    for row, sequence in enumerate(sequences):
        ids = tokens.ids[tokens.starts[sequence] : tokens.starts[sequence + 1]]
        ids_BL[row, : len(ids)], mask_BL[row, : len(ids)] = ids, 1
    logits = network.model(input_ids=torch.from_numpy(ids_BL), attention_mask=torch.from_numpy(mask_BL)).logits
    spans = [np.arange(tokens.places[sequence], tokens.places[sequence + 1]) for sequence in sequences]
    places_P = np.concatenate(spans)
    if logits.dim() == 2:
        return logits, places_P
    rows_P = np.repeat(np.arange(len(spans)), [len(span) for span in spans])
    return logits[torch.from_numpy(rows_P), torch.from_numpy(tokens.heads[places_P].astype(np.int64))], places_P


@torch.inference_mode()
def _difference(case: _Case, maximum: int) -> float:
    """How far the logits of the ways are apart on dev and test sets; ours through both kinds of products."""
    network, tokeniser = case.fine_tuned.network, case.fine_tuned.tokeniser
    network.model.eval()
    largest = 0.0
    for examples in (case.job.training.dev, *case.tests.values()):
        tokens = tokeniser.tokens(examples)
        expected_PC = torch.empty(tokens.num_places, len(case.job.labels))
        for logits_PC, places_P in _plain_logits(network, tokens, maximum):
            expected_PC[places_P] = logits_PC
        for products in (nullcontext(), packed(network.model)):
            with products:
                for batch in by_length(tokens.lengths.tolist(), network.predicting_budget):
                    logits_PC, places_P = network.logits(tokens, batch)
                    largest = max(largest, float((logits_PC - expected_PC[places_P]).abs().max()))
    assert largest <= _EQUAL, f"logits differ by {largest} from those of the straightforward way"
    return largest
