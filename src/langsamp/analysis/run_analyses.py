"""Every analysis that a run's models and scores allow, beside the run; one that is there already is not made again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from langsamp.analysis.ablation import analyse_ablation
from langsamp.analysis.analysis import Analysis
from langsamp.analysis.donors.analyse import analyse_donors
from langsamp.analysis.families import analyse_families
from langsamp.analysis.identification.analyse import IdentificationConfig, analyse_identification, task_sentences
from langsamp.analysis.model_refs import ModelRef, find_model_refs
from langsamp.analysis.neutrality.analyse import NeutralityConfig, analyse_neutrality
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
from langsamp.model.conditioning import LANGUAGES, WEIGHTS, Conditioning
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
    subjects = find_model_refs([str(run)])
    for subject in subjects:
        vectors = subject.conditioning()
        if "vectors" in config.kinds and subject.has_vectors:
            make: Callable[[], Analysis] = partial(analyse_vectors, subject, config.vectors)
            yield _Job(
                "vectors",
                [subject],
                subject.analysis_folder("vectors"),
                config.vectors.model_dump,
                make,
                config.vectors != VectorsConfig(),
            )
        speech = config.identification or IdentificationConfig(task=evaluation.tasks[0], data=evaluation.data)
        if "identification" in config.kinds and vectors is not None and vectors.tells_languages:
            make = partial(analyse_identification, subject, speech)
            yield _Job(
                "identification",
                [subject],
                subject.analysis_folder("identification"),
                partial(_with_sentences, speech, vectors),
                make,
                config.identification is not None,
            )
        if "donors" in config.kinds and vectors is not None and vectors.language is not None:
            make = partial(analyse_donors, subject, candidates=config.candidates)
            yield _Job(
                "donors",
                [subject],
                subject.analysis_folder("donors"),
                lambda: config.candidates,
                make,
                config.candidates != "all",
            )
    text = config.neutrality or _text(evaluation)
    if "neutrality" in config.kinds and text is not None:
        make = partial(analyse_neutrality, subjects, text)
        yield _Job(
            "neutrality",
            subjects,
            RunLayout(run).analyses / "neutrality",
            partial(_with_content, text),
            make,
            config.neutrality is not None,
        )
    scores = RunLayout(run).evaluation.scores
    variants = {subject.name.rpartition("-")[0] for subject in subjects}
    for kind, analyse, is_wanted in (
        ("ablation", analyse_ablation, len(variants) > _PAIR),
        ("families", analyse_families, True),
    ):
        if kind in config.kinds and is_wanted and scores.is_file():
            yield _Job(
                kind, (), RunLayout(run).analyses / kind, partial(file_sha256, scores), partial(analyse, [str(run)])
            )


def _text(evaluation: EvaluationConfig) -> NeutralityConfig | None:
    for task in evaluation.tasks:
        if task in _PARALLEL:
            return NeutralityConfig(task=task, data=evaluation.data)
    return None


def _with_content(text: NeutralityConfig) -> dict[str, Any]:
    """The settings, the sentences by content instead of where they lie."""
    return {**text.model_dump(mode="json", exclude={"data"}), "text_revision": text.draw().revision}


def _with_sentences(config: IdentificationConfig, vectors: Conditioning) -> dict[str, Any]:
    """The settings, the sentences by content instead of where they lie."""
    texts, _ = task_sentences(config, vectors.trained_tags)
    said = {str(tag): sentences for tag, sentences in texts.items()}
    return {**config.model_dump(mode="json", exclude={"data"}), "text_revision": fingerprint(said)}


def _content(subject: ModelRef) -> list[str]:
    files = [subject.folder / name for name in (LANGUAGES, WEIGHTS)]
    return [
        subject.name, find_model(subject.folder).fingerprint, *(file_sha256(file) for file in files if file.is_file())
    ]  # fmt: skip
