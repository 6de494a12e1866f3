"""Sentences that say the same in many languages at once, drawn from a task whose text is parallel.

Retrieval tasks pair each language with English: a sentence is common to several languages where all of them translate
the same English one. SIB-200 keeps the sentences of FLORES in one order in all languages; that this holds is checked by
its labels. The embedded sentences are rendered from CLDR for all languages together.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from langsamp.cldr.tasks import retrieval_items
from langsamp.errors import UserError
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.placeholders import WithoutPlaceholders, is_placeholder
from langsamp.evaluation.tasks.readers.cldr import CldrPairs
from langsamp.evaluation.tasks.readers.formats.parallel import ENGLISH, ParallelReader
from langsamp.evaluation.tasks.readers.formats.split_files import named
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.evaluation.tasks.task import Task, TaskData
from langsamp.languages.aliases import describe_use
from langsamp.languages.select import Uses, select
from langsamp.languages.tags import LangScript
from langsamp.provenance import fingerprint

PAPER_LANGUAGES: tuple[tuple[str, ...], ...] = (
    ("eng_Latn",), ("rus_Cyrl",), ("zho_Hani", "zho_Hans", "cmn_Hani"), ("arb_Arab", "ara_Arab"), ("hin_Deva",),
    ("jpn_Jpan",), ("tur_Latn",), ("spa_Latn",), ("ind_Latn",), ("swa_Latn", "swh_Latn"),
)  # fmt: skip
"""The ten languages of the paper's section 5.3 in its order, each with the other codes that data use for it."""

FEWEST = 10
"""Sentences below which no interval over sentences means anything."""

_ONE_ORDER = ("sib200",)
"""Labelled tasks whose sentences are the same in all languages, in one order."""

Items = Mapping[Any, str]
"""The sentences of one language by what identifies them in all languages."""


@dataclass(frozen=True, kw_only=True)
class ParallelSentences:
    """As many sentences in each of several languages; sentence i says the same in all."""

    task: str
    sentences: Mapping[LangScript, tuple[str, ...]]
    available: int | None
    """How many all languages have, from which these were drawn; None where any number can be rendered."""
    seed: int
    missing: Mapping[str, str]
    """Languages that were wanted and are not here, with the reason."""
    notes: tuple[str, ...] = ()
    """Languages that are here under another code."""
    further: int = 0
    """How many sentences of each, after the first `number`, are there to fit something on and are not measured."""

    @property
    def tags(self) -> tuple[LangScript, ...]:
        """The languages."""
        return tuple(self.sentences)

    @property
    def number(self) -> int:
        """Sentences of each language that are measured: the first ones."""
        return len(next(iter(self.sentences.values()))) - self.further

    @cached_property
    def revision(self) -> str:
        """Name of the content: changes with any character, language, or the order of sentences."""
        return fingerprint({str(tag): texts for tag, texts in self.sentences.items()})


def draw_parallel(
    name: str, where: TaskData, *, languages: str | None = None, number: int = 100, further: int = 0
) -> ParallelSentences:
    """`number` sentences of the task `name` in each of `languages` (a selector; None = the paper's ten).

    `further` ones stand behind them, and do not change which the first are.

    `where.seed` decides which of the common sentences are drawn; equal text and seed give equal sentences. Of the
    paper's ten those that the task lacks are left out and named. A sentence is common where each language has it,
    not blank, exactly once.

    Raises:
        DataMissingError: where the task's data are absent.
        UserError: where the task's text is not parallel, a language that a selector names is not there, fewer than two
            languages remain, or they have fewer common sentences than `number` and `further` together.
    """
    each = task(name)
    if each.kind != "retrieval" and each.name not in _ONE_ORDER:
        known = [known for known, other in TASKS.items() if other.kind == "retrieval" or known in _ONE_ORDER]
        raise UserError(
            f"the languages of {each.name} do not say the same; tasks with parallel text: {', '.join(known)}"
        )
    if number < FEWEST:
        raise UserError(f"expected at least {FEWEST} sentences, got {number}: ask for more")
    reader = each.open(where)
    offered = sorted({*reader.tags, ENGLISH} if each.kind == "retrieval" else reader.tags)
    chosen, missing, notes = _chosen(offered, languages, each.name)
    if isinstance(reader, CldrPairs):
        _check_enough(chosen, missing, each.name)
        rendered = retrieval_items(chosen, number=number + further, seed=where.seed)
        sentences, available = {tag: tuple(rendered[tag]) for tag in chosen}, None
    else:
        items = (
            _in_one_order(reader, chosen, missing)
            if each.name in _ONE_ORDER
            else _through_english(reader, chosen, missing)
        )
        _check_enough(items, missing, each.name)
        keys, wanted = _common(items, number + further, each), number + further
        drawn = [keys[index] for index in np.random.default_rng(where.seed).permutation(len(keys))[:wanted]]
        sentences, available = {tag: tuple(texts[key] for key in drawn) for tag, texts in items.items()}, len(keys)
    return ParallelSentences(
        task=each.name, sentences=sentences, available=available, seed=where.seed, missing=missing, notes=notes,
        further=further,
    )  # fmt: skip


def _chosen(
    offered: Sequence[LangScript], languages: str | None, name: str
) -> tuple[list[LangScript], dict[str, str], tuple[str, ...]]:
    """The languages that are wanted and there; of the paper's ten those that are not; other codes that were taken."""
    if languages is not None:
        uses: Uses = {}
        chosen = select(languages, offered, uses=uses)
        return chosen, {}, tuple(describe_use(wanted, tag) for wanted, tag in uses.items())
    there = set(map(str, offered))
    code_of = {codes[0]: next((code for code in codes if code in there), None) for codes in PAPER_LANGUAGES}
    missing = {wanted: f"{name} has no text of it here" for wanted, tag in code_of.items() if tag is None}
    notes = [f"{tag} stands for the paper's {wanted}" for wanted, tag in code_of.items() if tag not in (None, wanted)]
    return [LangScript.parse(tag) for tag in code_of.values() if tag is not None], missing, tuple(notes)


def _through_english(
    reader: ParallelReader, chosen: Sequence[LangScript], missing: dict[str, str]
) -> dict[LangScript, Items]:
    """Each language's sentences by the English one that they translate; English has all that any other has."""
    items: dict[LangScript, Items] = {}
    for tag in chosen:
        if tag == ENGLISH:
            items[tag] = {}
            continue
        try:
            text = reader.read(tag)
        except UserError as error:
            missing[str(tag)] = str(error)
            continue
        times = Counter(text.english)
        pairs = zip(text.english, text.target, strict=True)
        items[tag] = {english: target for english, target in pairs if english and target and times[english] == 1}
    if ENGLISH in items:
        items[ENGLISH] = {english: english for pairs_of_tag in items.values() for english in pairs_of_tag}
    return items


def _in_one_order(
    reader: WithoutPlaceholders, chosen: Sequence[LangScript], missing: dict[str, str]
) -> dict[LangScript, Items]:
    """Each language's sentences by their place; one whose labels stand in another order than most is left out."""
    texts = {}
    for tag in chosen:
        try:
            texts[tag] = reader.whole.read(tag)  # with placeholders, which keep the places of the others
        except UserError as error:
            missing[str(tag)] = str(error)
    usual = Counter(text.labels for text in texts.values()).most_common(1)
    for tag, text in list(texts.items()):
        if text.labels != usual[0][0]:
            missing[str(tag)] = "its labels stand in another order than those of the others, so its lines may too"
            del texts[tag]
    return {
        tag: {number: sentence for number, sentence in enumerate(text.texts) if not is_placeholder(sentence)}
        for tag, text in texts.items()
    }


def _check_enough(
    languages: Sequence[LangScript] | Mapping[LangScript, Items], missing: Mapping[str, str], name: str
) -> None:
    if len(languages) < 2:
        reasons = "".join(f"; {tag}: {reason}" for tag, reason in missing.items())
        raise UserError(
            f"similarity between languages needs two of them, {name} gives {named(list(languages))}{reasons}. Choose "
            "other languages, or another task or data folder"
        )


def _common(items: Mapping[LangScript, Items], number: int, each: Task) -> list[Any]:
    """What identifies the sentences that all languages have, sorted.

    Raises:
        UserError: where they are fewer than `number`, naming languages without which there are enough.
    """
    keys = sorted(set.intersection(*(set(texts) for texts in items.values())))
    if len(keys) >= number:
        return keys
    left_out, remaining = _without_few(items, number)
    mend = [f"ask for {len(keys)}"] if len(keys) >= FEWEST else []
    if len(left_out) <= len(items) - 2:
        mend.append(f"leave out {named(left_out)} (then there are {remaining})")
    if not mend:
        mend.append("choose other languages, or a task whose languages share their text (sr-bible, sib200, sr-cldr)")
    raise UserError(
        f"{each.name} has {len(keys)} sentences that all {len(items)} languages have, {number} were asked for: "
        f"{' or '.join(mend)}"
    )


def _without_few(items: Mapping[LangScript, Items], number: int) -> tuple[list[LangScript], int]:
    """Languages without which the others share at least `number` sentences, and how many these share.

    Languages with many sentences are kept first; one that would leave too few is out.
    """
    shared: set[Any] | None = None
    out = []
    for tag in sorted(items, key=lambda tag: -len(items[tag])):
        with_it = set(items[tag]) if shared is None else shared & set(items[tag])
        if len(with_it) >= number:
            shared = with_it
        else:
            out.append(tag)
    return sorted(out), len(shared or ())
