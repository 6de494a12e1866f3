"""Which languages a user means as targets and as donors, among those whose vectors a model has learned."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from langsamp.analysis.model_refs import ModelRef, find_model_refs
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.task import TaskData
from langsamp.languages.aliases import aliases, match
from langsamp.languages.select import Uses, select, select_each
from langsamp.languages.table import check, tags
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning, unnamed_vectors

PAPER_CANDIDATES = (
    "eng_Latn", "rus_Cyrl", "zho_Hani", "arb_Arab", "hin_Deva", "jpn_Jpan", "tur_Latn", "spa_Latn", "ind_Latn",
    "swa_Latn",
)  # fmt: skip
"""The ten sources of the paper's case study (section 5.4, which takes the languages of section 5.3)."""

TrainingItems = Mapping[str, Mapping[LangScript, int]]
"""By task, how many items its training set has in each tag that can be fine-tuned on."""


class Chosen(NamedTuple):
    """Tags that were meant, and what a reader should know of the choice."""

    tags: tuple[LangScript, ...]
    notes: tuple[str, ...] = ()


def find_model_ref(word: str | None, *, runs: Path = Path("runs")) -> ModelRef:
    """The model with language vectors that a user names, as `model_refs.find_model_refs` does.

    Of several, such as those of a run, the first training of `both` is taken, else the first there is, a control with
    shuffled ids last. Without a word the one run in `runs` that has such a model is meant.

    Raises:
        DataMissingError: where no such model is there.
        UserError: where a word names nothing, or vectors that nothing names; where none is given and several runs have
            one.
    """
    places = [word] if word is not None else [str(run.parent) for run in sorted(runs.glob("*/recipe.yaml"))]
    models = [model for folder in places for model in (_with_vectors(folder, strict=word is not None),) if model]
    if not models:
        raise DataMissingError(
            f"{word or runs} has no model with language vectors: expected one of the variant `both` or `language`, or "
            "an export of ours; name it with --model"
        )
    if len(models) > 1:
        raise UserError(
            f"several runs have language vectors: {', '.join(str(each.run) for each in models)}. Name one with --model"
        )
    return models[0]


def _with_vectors(folder: str, *, strict: bool) -> ModelRef | None:
    if not strict and not any(Path(folder).glob("models/*-*/export")):
        return None  # a run that has only begun
    subjects = find_model_refs([folder])
    named = [each for each in subjects if has_language_vectors(each)]
    if not named and (unnamed := next(filter(None, (unnamed_vectors(each.folder) for each in subjects)), "")):
        raise UserError(unnamed)
    return min(named, key=_order, default=None)


def _order(subject: ModelRef) -> tuple[bool, bool]:
    conditioning = subject.conditioning()
    return bool(conditioning and conditioning.is_shuffled), not subject.name.startswith("both-")


def has_language_vectors(subject: ModelRef) -> bool:
    """Whether a model comes with language vectors."""
    return subject.has_vectors and Conditioning.load(subject.folder).language is not None


def trained_tags(conditioning: Conditioning) -> tuple[LangScript, ...]:
    """The tags whose language vector has had a gradient, in alphabetical order.

    Raises:
        DataMissingError: where the model was trained without language vectors.
    """
    if conditioning.language is None:
        raise DataMissingError(
            f"the model has no language vectors: its variant is {conditioning.variant!r}. Choose a model whose variant "
            "is 'language' or 'both'"
        )
    return tuple(tag for tag in sorted(conditioning.rows_seen) if conditioning.is_trained("language", tag.language))


def find_candidates(words: str, conditioning: Conditioning) -> Chosen:
    """The donors to choose among: `paper` means `PAPER_CANDIDATES`, `all` every trained language, else a selector.

    One of the paper's that the model has under another code is taken by that; where several tags write it, the one
    that has seen the most rows.

    Raises:
        DataMissingError: where the model has no language vectors, or none of the paper's candidates.
        UserError: where a selector means no trained language.
    """
    there = trained_tags(conditioning)
    notes, lost = [conditioning.warning] if conditioning.warning else [], []
    if words != "paper":
        uses: Uses = {}
        chosen = select(words, there, uses=uses)
        return Chosen(tuple(chosen), (*notes, *(_taken(wanted, taken) for wanted, taken in uses.items())))
    candidates: dict[LangScript, None] = {}
    for wanted in map(LangScript.parse, PAPER_CANDIDATES):
        tag_of_vector = _closest_tag(wanted, there, conditioning)
        if tag_of_vector is None:
            lost.append(str(wanted))
            continue
        candidates[tag_of_vector] = None
        if tag_of_vector != wanted:
            notes.append(_taken(wanted, tag_of_vector))
    if not candidates:
        raise DataMissingError(
            f"the model has learned none of the paper's candidates ({', '.join(PAPER_CANDIDATES)}); take all of its "
            "languages as candidates, or a selector"
        )
    if lost:
        notes.append(f"the model has no trained vector of {', '.join(lost)}, of the paper's candidates")
    return Chosen(tuple(candidates), tuple(notes))


def find_targets(words: Sequence[str], conditioning: Conditioning) -> Chosen:
    """The targets that are meant: each word a tag, a name, or any selector; languages without a vector are targets too.

    A word means what it means among the model's languages; only where it means none of them, among all known ones.

    Raises:
        UserError: for a word that means nothing.
    """
    seen_tags = tuple(sorted(conditioning.rows_seen))
    targets: dict[LangScript, None] = {}
    notes = []
    for word in words:
        tag = _tag(word)
        if tag is not None and tag not in seen_tags:
            taken = match([tag], seen_tags).get(tag)
            notes += [_taken(tag, taken)] if taken else []
            targets[taken or tag] = None
            continue
        meant, uses = _meant(word, seen_tags)
        notes += [_taken(*pair) for pair in uses.items()]
        targets |= dict.fromkeys(meant)
    return Chosen(tuple(targets), tuple(dict.fromkeys(notes)))


def _meant(word: str, seen_tags: Sequence[LangScript]) -> tuple[Sequence[LangScript], Uses]:
    uses: dict[str, Uses] = {"model": {}, "known": {}}
    with suppress(UserError):  # alone, as a name that is clear there may be that of several languages elsewhere
        return select(word, seen_tags, uses=uses["model"]), uses["model"]
    meant = select_each(word, {"model": seen_tags, "known": tags()}, uses=uses)
    return meant["model"] or meant["known"], uses["model"]


def vector_tag(tag: LangScript, there: Collection[LangScript]) -> LangScript | None:
    """The tag of `there` whose language vector is that of `tag`: the same language, else its alias; None if neither.

    A language has one vector over all its scripts, so any script of it will do where its own is not there.
    """
    if (tag_of_vector := match([tag], there).get(tag)) is not None:
        return tag_of_vector
    return min((other for other in there if other.language == tag.language), default=None)


def sources_of(donors: Collection[LangScript], sources: Collection[LangScript]) -> dict[LangScript, LangScript]:
    """By donor the tag of `sources`, those of one task, that is fine-tuned on for it; without a tag it is not there.

    The donor itself or its alias; else the same language in another script, which has the same vector, unless another
    donor has taken it.
    """
    source_of = match(donors, sources)
    for donor in donors:
        left = [tag for tag in sources if tag.language == donor.language and tag not in source_of.values()]
        if donor not in source_of and left:
            source_of[donor] = min(left)
    return source_of


def is_same(tag: LangScript, other: LangScript) -> bool:
    """Whether two tags mean one language in one script, under one code or two."""
    return tag == other or other in aliases(tag)


def training_items(
    tasks: Sequence[str], data: TaskData, donors: Collection[LangScript]
) -> tuple[TrainingItems, tuple[str, ...]]:
    """How many training items each task offers in `donors`, by the donor's tag here; and what could not be read.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for an unknown task, and one that is not fine-tuned.
    """
    items: dict[str, dict[LangScript, int]] = {}
    notes = []
    for name in tasks:
        each = task(name)
        if each.kind == "retrieval":
            raise UserError(
                f"{name} is not fine-tuned, so it has no donor; tasks with one are fine-tuned (`langsamp tasks`)"
            )
        reader = each.open(data)
        items[each.name] = {}
        for donor, source in sources_of(donors, reader.sources).items():
            try:
                items[each.name][donor] = len(reader.training(source).train)
            except UserError as error:
                notes.append(f"{each.name}, {source}: {error}")
    return items, tuple(notes)


def _tag(word: str) -> LangScript | None:
    """The tag that a word spells, whether the model has it or not; None for any other word."""
    if "_" not in word or any(mark in word for mark in ",+!:@"):
        return None
    tag = LangScript.parse(word)
    check(tag)
    return tag


def _closest_tag(wanted: LangScript, there: Collection[LangScript], conditioning: Conditioning) -> LangScript | None:
    if wanted in there:
        return wanted
    same = [tag for tag in there if tag in aliases(wanted)] or [tag for tag in there if tag.language == wanted.language]
    return max(
        same, key=lambda tag: (conditioning.gave_gradient(tag), conditioning.rows_seen[tag], str(tag)), default=None
    )


def _taken(wanted: LangScript, taken: LangScript) -> str:
    return f"{wanted} is taken as {taken}"
