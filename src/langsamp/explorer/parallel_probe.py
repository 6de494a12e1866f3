"""How alike an encoder finds translations, layer by layer: a few sentences typed in by hand.

    sentences = {"deu_Latn": ["Guten Morgen"], "fra_Latn": ["Bonjour"]}
    probe = parallel_probe("runs/mine/models/both-0/export", sentences)
    probe.matrix(2)

The measure is the paper's (section 5.2): cosine between translations, mean-pooled at a layer, after each language's
mean was subtracted, averaged over the sentences. It needs several sentences of each language: with one alone the mean
is the sentence, and nothing is left. Then the cosine is that of the vectors as they are, and `Probe.note` says so.

Shape suffixes: P languages, S sentences of each, D hidden width.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from langsamp.errors import UserError
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.languages.search import search
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.render.chart import Chart
from langsamp.render.charts.heatmap import similarity_heatmap
from langsamp.scores.statistics.unit_length import unit_length

MOST_LANGUAGES = 30
MOST_SENTENCES = 300
_TAGGED = re.compile(r"([A-Za-z]{2,3}_[A-Za-z]{4})(?:\s*:\s*|\s+)(\S.*)")

Translations = Mapping[str, Sequence[str]]
"""Sentences by language; the first ones of all languages mean the same, and so on."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Similarities between languages at every layer."""

    translations: Translations
    centred: bool
    """Whether each language's mean was subtracted first."""
    matrices: Mapping[int, NDArray[np.float64]]
    """By layer (0 = embeddings), of shape (P, P) in the order of `translations`."""
    cut: tuple[str, ...]
    """Sentences that are longer than the encoder reads; what was too long was left out."""

    def matrix(self, layer: int) -> NDArray[np.float64]:
        """Mean cosine of each pair of languages at a layer.

        Raises:
            UserError: where the encoder has no such layer.
        """
        if layer not in self.matrices:
            raise UserError(f"layer {layer}: the encoder has {max(self.matrices)} (0 = embeddings); choose one of them")
        return self.matrices[layer]

    def mean(self, layer: int) -> float:
        """Mean over all pairs of different languages at a layer."""
        matrix = self.matrix(layer)
        return float(matrix[np.triu_indices(len(matrix), k=1)].mean())

    def chart(self, layer: int) -> Chart:
        """The picture of one layer, coloured as those of the others are.

        Raises:
            UserError: where the encoder has no such layer.
        """
        names, matrix = list(self.translations), self.matrix(layer)
        return similarity_heatmap(names, matrix, low=self.low, title=f"Layer {layer}")

    @property
    def low(self) -> float:
        """Where the colours of every layer's picture begin: the smallest similarity of any, rounded down to a tenth."""
        return float(np.floor(10 * min(matrix.min() for matrix in self.matrices.values())) / 10)

    @property
    def note(self) -> str:
        """What the numbers are, in words."""
        sentences = len(next(iter(self.translations.values())))
        if not self.centred:
            return (
                "Cosine of the sentences as they are. One sentence of each language leaves no language mean to "
                "subtract, and what all sentences of an encoder share lifts every number: compare them with each "
                "other, not with 0. Give two or more sentences of each language for the centred measure."
            )
        few = " With two sentences it says whether they differ in the same way." if sentences == 2 else ""
        return (
            f"Mean cosine over {sentences} sentences and their translations, after each language's mean over its "
            f"sentences was subtracted.{few}"
        )


def parallel_probe(encoder: Encoder | Path | str, translations: Translations | str) -> Probe:
    """The similarity of translations at every layer of an encoder, which may be a folder.

    `translations` may be text as `read_translations` takes it.

    Raises:
        UserError: for fewer than two languages, unequal numbers of sentences, or sentences of a language that are all
            the same, and what `read_translations` and `Encoder.load` raise.
    """
    given = read_translations(translations) if isinstance(translations, str) else translations
    _check(given)
    loaded = encoder if isinstance(encoder, Encoder) else Encoder.load(Path(encoder))
    cut: set[str] = set()
    layers = range(loaded.num_layers + 1)
    sentences = [sentence for texts in given.values() for sentence in texts]
    vectors = loaded.encode(sentences, layers=layers, cut=cut)
    centred = len(next(iter(given.values()))) > 1
    shape = (len(given), -1, next(iter(vectors.values())).shape[1])
    matrices = {layer: _similarity(vectors[layer].reshape(shape), centred=centred) for layer in layers}
    return Probe(translations=given, centred=centred, matrices=matrices, cut=tuple(sorted(cut)))


def read_translations(text: str) -> dict[str, list[str]]:
    """Sentences by language from lines `deu_Latn<tab>Guten Morgen`; a space or a colon may stand for the tab.

    Lines of one tag are its sentences, in order. A line without a tag is a language of its own, called by its number.
    Blank lines count for nothing.

    Raises:
        UserError: for a tag that does not exist, or more lines than fit.
    """
    sentences: dict[str, list[str]] = {}
    for number, line in enumerate(filter(None, map(str.strip, text.split("\n"))), start=1):
        before, tab, after = line.partition("\t")
        if match := _TAGGED.fullmatch(line):
            tag, sentence = _tag(match[1]), match[2]
        elif tab:
            tag, sentence = _tag(before.strip()), after.strip()
        else:
            tag, sentence = f"line {number}", line
        sentences.setdefault(tag, []).append(sentence)
    return sentences


def _tag(word: str) -> str:
    try:
        return str(describe(LangScript.parse(word)).tag)
    except UserError as error:
        near = [f"{info.tag} ({info.name})" for info in search(word)[:3]]
        raise UserError(str(error) + (f" It may be {', '.join(near)}" if near else "")) from None


def _check(translations: Translations) -> None:
    sizes = {name: len(sentences) for name, sentences in translations.items()}
    if len(sizes) < 2:
        raise UserError("write one sentence and its translation at least, each on a line of its own")
    if len(sizes) > MOST_LANGUAGES or sum(sizes.values()) > MOST_SENTENCES:
        raise UserError(
            f"{sum(sizes.values()):,} sentences of {len(sizes)} languages are too many for a probe: at most "
            f"{MOST_SENTENCES} of {MOST_LANGUAGES}; `langsamp analyze neutrality` takes whole corpora"
        )
    if len(set(sizes.values())) > 1:
        counts = ", ".join(f"{name} {size}" for name, size in list(sizes.items())[:6])
        raise UserError(
            "every language needs the same number of sentences, translations of each other in the same order; there "
            f"are: {counts}"
        )
    for name, sentences in translations.items():
        if len(sentences) > 1 and len(set(sentences)) == 1:
            raise UserError(f"the {len(sentences)} sentences of {name} are all the same; write different ones")


def _similarity(vectors_PSD: NDArray[np.float32], *, centred: bool) -> NDArray[np.float64]:
    """Mean over sentences of the cosine between languages; a vector of length 0 has cosine 0 with all."""
    shifted_PSD = vectors_PSD.astype(np.float64)
    if centred:
        shifted_PSD = shifted_PSD - shifted_PSD.mean(axis=1, keepdims=True)
    units_PSD = unit_length(shifted_PSD)
    return np.asarray(np.einsum("psd,qsd->pq", units_PSD, units_PSD) / units_PSD.shape[1])
