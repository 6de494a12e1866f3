"""Donors by nearest neighbours of hidden states, which needs a few sentences of the target and no vector of it.

NN-Rank (Ebrahimi, Wiemerslage and von der Wense 2025, "Model-Based Ranking of Source Languages for Zero-Shot
Cross-Lingual Transfer", EMNLP): each of about 25 unlabelled sentences of the target votes for the languages of the
sentences that are nearest to it, among as many sentences of each candidate. Here sentences are those of a task, its
labels unread; a hidden state is the mean over a sentence's tokens at two thirds of the depth; near means by cosine.

Shape suffixes: C candidates, M sentences of each, N sentences of the target, D width, K neighbours.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from langsamp.analysis.identification.analyse import shuffled, task_sentences
from langsamp.config import Config
from langsamp.evaluation.models import find_model
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.evaluation.tasks.task import TaskData
from langsamp.languages.aliases import aliases, match
from langsamp.languages.tags import LangScript
from langsamp.model.hidden_layers import default_layer
from langsamp.scores.statistics.unit_length import unit_length

Votes = Mapping[LangScript, Mapping[LangScript, float]]
"""By target and candidate: the share of the neighbours of the target's sentences that are in the candidate."""


class NeighbourConfig(Config):
    """Which sentences vote, and for which."""

    task: str
    """Whose sentences are taken, labels unread: one that many languages have, such as sr-bible."""
    data: Literal["hub"] | Path | None = None
    """Folder with the task's files, or with a sub-folder of its name; `hub` for its copy on the Hugging Face hub."""
    sentences: int = Field(default=25, ge=1)
    """Sentences of each target, as few as the paper says are enough."""
    candidate_sentences: int = Field(default=100, ge=1)
    """Sentences of each candidate, at most; all have as many, so that none is met more often by chance."""
    neighbours: int = Field(default=5, ge=1)
    """Nearest sentences for which each sentence votes."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Draws the sentences."""


def neighbour_votes(
    folder: Path,
    targets: Sequence[LangScript],
    candidates: Sequence[LangScript],
    config: NeighbourConfig,
    *,
    device: str | None = None,
) -> Votes:
    """The votes of each target that the task has sentences of, by the encoder in `folder`.

    A target never votes for itself, nor does a candidate take part that has no sentences there.

    Raises:
        DataMissingError: where the task's text is absent.
        UserError: where fewer than two of the languages have enough text.
    """
    texts = _texts({*targets, *candidates}, config)
    sources = [tag for tag in dict.fromkeys(candidates) if tag in texts]
    number = min([config.candidate_sentences, *(len(texts[tag]) for tag in sources)])
    most = max(number, config.sentences)
    drawn = {tag: shuffled(sentences, config.seed, tag)[:most] for tag, sentences in texts.items()}
    encoder, layer = Encoder.load(folder, device=device), default_layer(find_model(folder).num_layers)
    flat = [sentence for sentences in drawn.values() for sentence in sentences]
    encoded = iter(encoder.encode(flat, layers=[layer])[layer])
    vectors = {tag: np.stack([next(encoded) for _ in sentences]) for tag, sentences in drawn.items()}
    votes: dict[LangScript, Mapping[LangScript, float]] = {}
    for target in dict.fromkeys(targets):
        others = [tag for tag in sources if tag != target]
        if target in vectors and others:
            pool_CMD = np.stack([vectors[tag][:number] for tag in others])
            shares = vote(vectors[target][: config.sentences], pool_CMD, neighbours=config.neighbours)
            votes[target] = dict(zip(others, shares.tolist(), strict=True))
    return votes


def vote(target_ND: NDArray[np.floating], pool_CMD: NDArray[np.floating], *, neighbours: int) -> NDArray[np.float64]:
    """The share of the nearest sentences of all, by cosine, that each candidate has, shape (C,); they sum to 1."""
    candidates, sentences, width = pool_CMD.shape
    cosines_NP = unit_length(target_ND) @ unit_length(pool_CMD.reshape(-1, width)).T
    number = min(neighbours, candidates * sentences)
    nearest_NK = np.argsort(-cosines_NP, axis=1, kind="stable")[:, :number]
    counts_C = np.bincount(nearest_NK.ravel() // sentences, minlength=candidates)
    return np.asarray(counts_C / counts_C.sum())


def _texts(wanted: Collection[LangScript], config: NeighbourConfig) -> dict[LangScript, Sequence[str]]:
    """The sentences of each tag that the task has, under that code or another of the same language."""
    known = frozenset({*wanted, *(other for tag in wanted for other in aliases(tag))})
    texts, _ = task_sentences(config.task, TaskData(data=config.data, seed=config.seed), known)
    return {tag: texts[there] for tag, there in match(sorted(wanted), texts).items()}
