"""The ways of scoring that a task's `kind` names: what a score depends on, and how it is made."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langsamp.evaluation import retrieval
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.encoder import MAX_PIECES, Encoder
from langsamp.evaluation.models import ModelFolder, check_layer, default_layer
from langsamp.evaluation.readers.parallel import ParallelText
from langsamp.evaluation.results import Cell, LanguageResult
from langsamp.languages.tags import LangScript

Texts = Mapping[LangScript, ParallelText]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A way of scoring."""

    settings: Callable[[ModelFolder, EvaluationConfig], dict[str, int | str]]
    """What moves a score beside model, text, protocol and seed."""
    score: Callable[..., Iterator[LanguageResult]]
    """From (texts, cell) and `load`, which gives the encoder, and `advance`, which is told how much is done."""
    amount: Callable[[Texts], int]
    """How much there is to do in all, counted in `unit`."""
    unit: str


def _retrieval_settings(model: ModelFolder, config: EvaluationConfig) -> dict[str, int | str]:
    layer = default_layer(model.num_layers) if config.layer is None else check_layer(config.layer, model)
    return {
        "layer": layer,
        "pooling": config.pooling,
        "precision": config.precision,
        "max_pieces": MAX_PIECES,
        "selection": config.selection,
        "version": retrieval.VERSION,
    }


def _score_retrieval(
    texts: Texts, cell: Cell, *, load: Callable[[], Encoder], advance: Callable[[int], Any]
) -> Iterator[LanguageResult]:
    return retrieval.retrieve(
        texts,
        load(),
        layer=int(cell.settings["layer"]),
        ties="index" if cell.protocol == "paper" else "last",
        advance=advance,
    )


KINDS: dict[str, Kind] = {
    "retrieval": Kind(
        settings=_retrieval_settings,
        score=_score_retrieval,
        amount=lambda texts: retrieval.num_sentences(texts.values()),
        unit="sentence",
    )
}
