"""Which languages to transfer from: donors ranked for a target by their vectors, with reasons and doubts.

The paper (section 5.4) takes as the source of a target the one of ten candidates whose language vector has the largest
cosine with the target's. What it does not say: whether a vector was trained, whether a cosine is larger than that of
random vectors, and whether there is anything to fine-tune on. Here each rank says so.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from langsamp.analysis.donors.candidates import (
    TrainingItems,
    find_candidates,
    find_targets,
    is_same,
    trained_tags,
    training_items,
    vector_tag,
)
from langsamp.analysis.donors.record import Donor, DonorsAnalysis
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.vectors.neighbours import Floats, main_tags, trained
from langsamp.errors import UserError
from langsamp.evaluation.tasks.task import TaskData
from langsamp.languages.aliases import aliases
from langsamp.languages.distances import kilometres, tree_distance
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import WEIGHTS, Conditioning
from langsamp.provenance import file_sha256
from langsamp.scores.statistics.unit_length import unit_length

LITTLE = 0.1
"""A language has little text where it has seen less than this share of the median over trained languages."""
_LEVEL = 0.05
_NAMED = 3
"""So many relatives of a language without a vector are named."""


class _Vectors(NamedTuple):
    """The trained language vectors, of length 1, by code."""

    units: Floats
    places: dict[str, int]

    def cosines(self, code: str, others: Sequence[LangScript]) -> Floats:
        """Cosine of one language with each of `others`."""
        return np.asarray(self.units[[self.places[tag.language] for tag in others]] @ self.units[self.places[code]])


def rank_donors(
    conditioning: Conditioning,
    target: LangScript,
    *,
    candidates: Sequence[LangScript],
    k: int | None = None,
    items: TrainingItems | None = None,
) -> list[Donor]:
    """The `k` best donors of `target` (all by default), best first.

    Where the target has no trained vector, the candidates stand by edges in Glottolog's tree, those without a known
    path behind the others, by kilometres, and by rows seen. Equal cosines stand by rows, then by tag. The target itself
    is never its donor. `items` says how many training items tasks have of a donor (`candidates.training_items`).

    Raises:
        DataMissingError: where the model has no language vectors.
    """
    return _Ranking(conditioning, items or {}).rank(target, candidates, k)


def analyse_donors(
    subject: ModelRef,
    targets: Sequence[str] = ("all",),
    *,
    candidates: str = "paper",
    k: int | None = 5,
    tasks: Sequence[str] = (),
    data: TaskData | None = None,
) -> DonorsAnalysis:
    """Donors of some targets, or of every language of a model, `k` each.

    `targets` are words as `find_targets` takes them, `candidates` one as `find_candidates` does; with `tasks` each
    donor says how much they have to fine-tune on.

    Raises:
        DataMissingError: where the model has no language vectors, or a task's data are absent.
        UserError: for unknown words, candidates or tasks, and for a model of one language.
    """
    conditioning = Conditioning.load(subject.folder)
    languages = {tag.language for tag in trained_tags(conditioning)}
    if len(languages) == 1:
        raise UserError(
            f"the model has the language vector of {languages.pop()} alone, so there is no donor to choose; take a "
            "model that was trained on several languages"
        )
    chosen, meant = find_candidates(candidates, conditioning), find_targets(targets, conditioning)
    items, unread = training_items(tasks, data or TaskData(), chosen.tags)
    ranking = _Ranking(conditioning, items)
    ranked = [ranking.rank(target, chosen.tags, k) for target in meant.tags if {*chosen.tags} - {target}]
    if not ranked:
        raise UserError(f"{', '.join(map(str, meant.tags))} is the only candidate itself; name others as candidates")
    first = [donors[0] for donors in ranked]
    return DonorsAnalysis(
        subject=subject.name,
        settings={
            "vectors": file_sha256(subject.folder / WEIGHTS)[:16], "variant": conditioning.variant,
            "candidates": candidates, "k": k, "tasks": list(tasks),
            "data": None if data is None or data.data is None else str(data.data),
        },
        notes=(*dict.fromkeys((*chosen.notes, *meant.notes)), *unread),
        candidates=tuple(map(str, chosen.tags)),
        targets=tuple(donor.target for donor in first),
        untrained_targets=tuple(donor.target for donor in first if donor.basis != "vectors"),
        closest={donor.target: donor.donor for donor in first if donor.basis == "vectors"},
        nearest={str(target): ranking.nearest(target) for target in meant.tags},
        chance_cosine=ranking.chance(len(chosen.tags)),
        items={task: {str(tag): number for tag, number in of_task.items()} for task, of_task in items.items()},
        donors=tuple(donor for donors in ranked for donor in donors),
    )  # fmt: skip


def by_kinship(target: LangScript, others: Sequence[LangScript], rows: Mapping[LangScript, int]) -> list[LangScript]:
    """`others` by edges in Glottolog's tree, by kilometres, by training rows, then by tag; what is unknown last."""

    def key(other: LangScript) -> tuple[float, float, int, LangScript]:
        edges, apart = tree_distance(target, other), kilometres(target, other)
        unknown = float("inf")
        return unknown if edges is None else edges, unknown if apart is None else apart, -rows.get(other, 0), other

    return sorted(others, key=key)


def chance_cosine(number: int, width: int) -> float:
    """The cosine that the closest of `number` random vectors exceeds in 5 % of cases, at most.

    The cosine of two random directions of `width` dimensions is nearly normal with mean 0 and variance 1 / width; the
    level is divided by the number of candidates (Bonferroni).
    """
    return float(stats.norm.ppf(1 - _LEVEL / number) / np.sqrt(width))


class _AboutTarget(NamedTuple):
    """What is the same for all donors of one target."""

    tag: LangScript
    doubts: Sequence[str]
    limit: float
    """The cosine that random vectors may have."""
    english_rank: int | None
    english_cosine: float


class _Ranking:
    """What is the same for all targets of one model."""

    def __init__(self, conditioning: Conditioning, items: TrainingItems) -> None:
        self._of = conditioning
        self._items = items
        self._there = trained_tags(conditioning)
        table = trained(conditioning)
        self._vectors = _Vectors(unit_length(table.vectors), {code: number for number, code in enumerate(table.codes)})
        self._little = LITTLE * float(np.median(table.rows)) if table.rows else 0.0

    def chance(self, number: int) -> float:
        return chance_cosine(number, self._vectors.units.shape[1])

    def rank(self, target: LangScript, candidates: Sequence[LangScript], k: int | None) -> list[Donor]:
        others = [tag for tag in candidates if tag != target]
        tag_of_vector = vector_tag(target, self._there)
        if tag_of_vector is None:
            order, cosines = by_kinship(target, others, self._of.rows_seen), {}
        else:
            values = self._vectors.cosines(tag_of_vector.language, others)
            cosines = {tag: float(value) for tag, value in zip(others, values, strict=True)}
            order = sorted(others, key=lambda tag: (-round(cosines[tag], 9), -self._rows(tag), tag))
        english = LangScript("eng", "Latn")
        about_target = _AboutTarget(
            tag=target,
            doubts=self._doubts_of_target(target, tag_of_vector),
            limit=self.chance(max(1, len(others))),
            english_rank=order.index(english) + 1 if english in order else None,
            english_cosine=cosines.get(english, np.nan),
        )
        return [
            self._donor(about_target, donor, cosines.get(donor), rank) for rank, donor in enumerate(order[:k], start=1)
        ]

    def nearest(self, target: LangScript) -> tuple[tuple[str, float], ...]:
        """The closest of all trained languages, whether candidates or not; none where the target has no vector."""
        tag_of_vector = vector_tag(target, self._there)
        tag_of = main_tags(self._of)  # a language has one vector, however many scripts write it
        others = [
            tag_of[code]
            for code in self._vectors.places
            if code not in (target.language, tag_of_vector and tag_of_vector.language)
        ]
        if tag_of_vector is None or not others:
            return ()
        values = self._vectors.cosines(tag_of_vector.language, others)
        best = np.argsort(-values, kind="stable")[:_NAMED]
        return tuple((str(others[index]), float(values[index])) for index in best)

    def _donor(self, of: _AboutTarget, donor: LangScript, cosine: float | None, rank: int) -> Donor:
        target, here, there = of.tag, describe(of.tag), describe(donor)
        apart = kilometres(target, donor)
        doubts = self._doubts_of_donor(target, donor)
        if cosine is not None and cosine < of.limit:
            doubts.append(f"no closer than random vectors may be (cosine {of.limit:.2f})")
        return Donor(
            target=str(target), target_name=here.name, rank=rank, donor=str(donor), donor_name=there.name,
            basis="kinship" if cosine is None else "vectors", cosine=np.nan if cosine is None else cosine,
            same_family=here.family is not None and here.family == there.family,
            same_script=target.script == donor.script, tree_distance=tree_distance(target, donor),
            kilometres=np.nan if apart is None else apart, donor_rows=self._rows(donor), target_rows=self._rows(target),
            english_rank=of.english_rank, english_cosine=of.english_cosine, target_warnings="; ".join(of.doubts),
            donor_warnings="; ".join(doubts), warnings="; ".join((*of.doubts, *doubts)),
        )  # fmt: skip

    def _rows(self, tag: LangScript) -> int:
        return int(self._of.rows_seen.get(tag, 0))

    def _doubts_of_target(self, target: LangScript, tag_of_vector: LangScript | None) -> list[str]:
        if tag_of_vector is None:
            return [self._without_vector(target)]
        doubts = ["the model is a control with shuffled ids: its vectors mean nothing"] if self._of.is_shuffled else []
        if tag_of_vector.language != target.language:
            doubts.append(f"{target} has no vector of its own; that of {tag_of_vector} stands for it")
        if (rows := self._of.rows_of_language(tag_of_vector.language)) < self._little:
            doubts.append(f"the vector of {tag_of_vector.language} has seen little text ({rows:,} rows)")
        return doubts

    def _without_vector(self, target: LangScript) -> str:
        """What to say of a target that the vectors do not know; its covered relatives are named."""
        info = describe(target)
        kin = [tag for tag in self._there if info.family is not None and describe(tag).family == info.family]
        known = f"{target} has no trained vector ({len(self._vectors.places)} languages have one)"
        if not kin:
            return f"{known}, nor has any of its family: candidates stand by distance"
        nearest = by_kinship(target, kin, self._of.rows_seen)[:_NAMED]
        return f"{known}; nearest covered by family: {', '.join(map(str, nearest))}"

    def _doubts_of_donor(self, target: LangScript, donor: LangScript) -> list[str]:
        doubts = []
        if is_same(target, donor):
            doubts.append(f"{target.language} and {donor.language} are two codes of one language")
        elif target.language == donor.language:
            doubts.append("the same language in another script: one vector, so its cosine says nothing")
        elif donor.language in {describe(target).macrolanguage, *describe(target).members}:
            doubts.append(f"{donor.language} and {target.language} are a macrolanguage and its member")
        if any(other in self._there for other in aliases(donor)):
            twins = sorted(str(other) for other in aliases(donor) if other in self._there)
            doubts.append(f"its text is split over two codes, also {', '.join(twins)}")
        if (rows := self._of.rows_of_language(donor.language)) < self._little:
            doubts.append(f"little text ({rows:,} rows)")
        doubts += [f"no training data for {task}" for task, items in self._items.items() if donor not in items]
        return doubts
