"""Every analysis that a run's models and scores allow, beside the run; one that is there already is not made again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from langsamp.analysis.ablation import analyse_ablation
from langsamp.analysis.analysis import Analysis
from langsamp.analysis.donors.analyse import analyse_donors
from langsamp.analysis.families import analyse_families
from langsamp.analysis.identification.analyse import (
    IdentificationConfig,
    TaskSentences,
    analyse_identification,
    task_sentences,
)
from langsamp.analysis.model_refs import ModelRef, find_model_refs
from langsamp.analysis.neutrality.analyse import NeutralityConfig, analyse_neutrality, draw_text
from langsamp.analysis.neutrality.parallel_text import ParallelSentences
from langsamp.analysis.read_analyses import read_analysis
from langsamp.analysis.unmade import Unmade, write_unmade
from langsamp.analysis.vectors.analyse import VectorsConfig, analyse_vectors
from langsamp.config import Config
from langsamp.disk.layout import RunLayout
from langsamp.disk.leftovers import sweep
from langsamp.errors import DamagedError, UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.models import find_model
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.model.conditioning import LANGUAGES, WEIGHTS
from langsamp.progress import Bar
from langsamp.provenance import file_sha256, fingerprint

Kind = Literal["vectors", "identification", "neutrality", "donors", "ablation", "families"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_PAIR = 2
"""So many variants the report compares anyway."""
_PARALLEL = ("sib200", *(name for name, task in TASKS.items() if task.kind == "retrieval"))
"""Tasks whose texts are translations of each other."""


class AnalysisConfig(Config):
    """What a run looks into after its evaluation."""

    kinds: tuple[Kind, ...] = KINDS
    """`vectors`, `identification` and `donors` of each model that has vectors, `neutrality` of all models side by side;
    of the scores `families`, and with more than two variants `ablation`."""
    vectors: VectorsConfig = VectorsConfig()
    identification: IdentificationConfig | None = None
    """Null for text of the evaluation's first task."""
    neutrality: NeutralityConfig | None = None
    """Null for text of the evaluation's first task that has parallel text."""
    candidates: str = "all"
    """Source languages among which donors are ranked, as `langsamp donors --candidates` takes them."""


class _Job(NamedTuple):
    kind: str
    subjects: Sequence[ModelRef]
    """Those whose content it depends on; none where it depends on their scores."""
    folder: Path
    settings: Callable[[], Any]
    make: Callable[[], Analysis]
    is_asked: bool = False
    """Whether the recipe has settings for it, so that it is wanted; else it is made where it can be."""

    def do(self) -> None:
        """Make the analysis, unless one lies there of the same settings, the same text and models of the same content.

        Raises:
            DataMissingError: where its text is absent.
            UserError: where it cannot be made of these models.
        """
        asked = fingerprint([self.kind, self.settings(), [_content(subject) for subject in self.subjects]])
        with suppress(DamagedError):  # then it is made again
            if self.folder.is_dir() and read_analysis(self.folder).asked == asked:
                return
        self.make().model_copy(update={"asked": asked}).save(self.folder)


def analyse_run(run: Path, config: AnalysisConfig, evaluation: EvaluationConfig) -> list[Unmade]:
    """Make the analyses of a run's exported models in its folder of analyses; what could not be made.

    That is also written down beside them, for the report.

    Raises:
        DataMissingError: where the run has no exported model.
        UserError: where the run's folder cannot be written.
    """
    unmade = []
    sweep(RunLayout(run).analyses)
    jobs = list(_jobs(run, config, evaluation))
    with Bar("analyses", total=len(jobs), unit="analyses") as bar:
        for job in jobs:
            try:
                job.do()
            except UserError as error:
                unmade.append(Unmade(job.folder.name, str(error), _has_failed(job, error)))
            bar.update()
    write_unmade(run, unmade)
    return unmade


def _has_failed(job: _Job, error: UserError) -> bool:
    """Whether a run is not whole without the analysis: it could not be written, is damaged, or was asked for."""
    return job.is_asked or isinstance(error, DamagedError) or isinstance(error.__cause__, OSError)


def _jobs(run: Path, config: AnalysisConfig, evaluation: EvaluationConfig) -> Iterator[_Job]:
    """What a run's models and scores allow of the kinds that are wanted."""
    subjects = find_model_refs([str(run)])
    read = cache(task_sentences)  # the trainings of a run know the same languages
    every = [job for subject in subjects for job in _of_model(subject, config, evaluation, read)]
    every += _side_by_side(
        run, subjects, config.neutrality or _text(evaluation), is_asked=config.neutrality is not None
    )
    yield from (job for job in every if job.kind in config.kinds)


def _of_model(
    subject: ModelRef, config: AnalysisConfig, evaluation: EvaluationConfig, read: Callable[..., TaskSentences]
) -> Iterator[_Job]:
    """The analyses of one model."""

    def job(kind: str, settings: Callable[[], Any], make: Callable[[], Analysis], *, is_asked: bool) -> _Job:
        return _Job(kind, [subject], subject.analysis_folder(kind), settings, make, is_asked)

    vectors = subject.conditioning()
    if subject.has_vectors:
        make = partial(analyse_vectors, subject, config.vectors)
        yield job("vectors", config.vectors.model_dump, make, is_asked=config.vectors != VectorsConfig())
    if vectors is not None and vectors.tells_languages:
        text = config.identification or IdentificationConfig(task=evaluation.tasks[0], data=evaluation.data)
        sentences = partial(read, text.task, text.where, frozenset(vectors.trained_tags))
        yield job(
            "identification",
            partial(_with_content, text, sentences),
            lambda: analyse_identification(subject, text, sentences=sentences()),
            is_asked=config.identification is not None,
        )
    if vectors is not None and vectors.language is not None:
        rank = partial(analyse_donors, subject, candidates=config.candidates)
        yield job("donors", lambda: config.candidates, rank, is_asked=config.candidates != "all")


def _side_by_side(
    run: Path, subjects: Sequence[ModelRef], text: NeutralityConfig | None, *, is_asked: bool
) -> Iterator[_Job]:
    """The analyses of all models together."""
    files = RunLayout(run)
    if text is not None:
        draw = cache(partial(draw_text, text))
        make = partial(_neutrality, subjects, text, draw)
        settings = partial(_with_content, text, draw)
        yield _Job("neutrality", subjects, files.analyses / "neutrality", settings, make, is_asked)
    if not (scores := files.evaluation.scores).is_file():
        return
    of_scores: dict[str, Callable[..., Analysis]] = {"ablation": analyse_ablation, "families": analyse_families}
    if len({subject.name.rpartition("-")[0] for subject in subjects}) <= _PAIR:
        del of_scores["ablation"]
    for kind, analyse in of_scores.items():
        yield _Job(kind, (), files.analyses / kind, partial(file_sha256, scores), partial(analyse, [str(run)]))


def _neutrality(
    subjects: Sequence[ModelRef], config: NeutralityConfig, draw: Callable[[], ParallelSentences]
) -> Analysis:
    return analyse_neutrality(subjects, config, text=draw())


def _text(evaluation: EvaluationConfig) -> NeutralityConfig | None:
    for task in evaluation.tasks:
        if task in _PARALLEL:
            return NeutralityConfig(task=task, data=evaluation.data)
    return None


def _with_content(
    config: IdentificationConfig | NeutralityConfig, read: Callable[[], TaskSentences | ParallelSentences]
) -> dict[str, Any]:
    """The settings, the sentences by content instead of where they lie."""
    return {**config.model_dump(mode="json", exclude={"data"}), "text_revision": read().revision}


def _content(subject: ModelRef) -> list[str]:
    files = [subject.folder / name for name in (LANGUAGES, WEIGHTS)]
    return [
        subject.name, find_model(subject.folder).fingerprint, *(file_sha256(file) for file in files if file.is_file())
    ]  # fmt: skip
