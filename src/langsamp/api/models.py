"""Models and languages from Python: vectors, neutrality, what to transfer from, a mask filled, one language's page."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from langsamp.analysis.donors.analyse import analyse_donors
from langsamp.analysis.donors.candidates import find_model_ref
from langsamp.analysis.model_refs import find_model_refs
from langsamp.analysis.neutrality.analyse import NeutralityConfig, analyse_neutrality
from langsamp.analysis.transfer.from_scores import published_study, read_stored
from langsamp.analysis.vectors.analyse import VectorsConfig, analyse_vectors
from langsamp.analysis.vectors.neighbours import Table
from langsamp.api.given import path, words
from langsamp.api.result import Result, readable
from langsamp.errors import UserError, checked
from langsamp.evaluation.tasks.task import TaskData
from langsamp.explorer.fill_mask import fill_mask as fill
from langsamp.explorer.language_profile import language_profile
from langsamp.explorer.maps import By, Colour, LanguageMap
from langsamp.explorer.maps import language_map as draw_map
from langsamp.explorer.parallel_probe import Probe, Translations
from langsamp.explorer.parallel_probe import parallel_probe as probe
from langsamp.explorer.profile_document import profile_document
from langsamp.languages.search import search
from langsamp.languages.select import select
from langsamp.languages.table import tags
from langsamp.languages.tags import LangScript
from langsamp.remote.session import takes_addresses
from langsamp.scores.published import PREFIX
from langsamp.views.donors import donors_of_all, donors_of_each
from langsamp.views.language_rows import language_rows
from langsamp.views.neutrality import neutrality_document
from langsamp.views.transfer import transfer_document
from langsamp.views.vectors import vectors_document


@takes_addresses
def vectors(model: str | Path, **settings: Any) -> Result:
    """What the language and script vectors of a model know: neighbours, purity by family and script, correlations.

    `model` is a run, `RUN:MODEL` or an export; of a run's several the first training of `both` is taken. `settings` are
    the fields of `VectorsConfig`. The result's `data` is the `Analysis`.

    Raises:
        DataMissingError: where the model has no vectors, or too few trained ones.
        UserError: for a wrong setting, and where the word names nothing.
    """
    analysis = analyse_vectors(find_model_ref(str(path(model))), checked(VectorsConfig, settings))
    return Result.of(vectors_document(analysis), analysis)


@takes_addresses
def neutrality(
    models: str | Path | Sequence[str | Path],
    task: str = "sr-cldr",
    *,
    data: str | Path | None = None,
    device: str | None = None,
    **settings: Any,
) -> Result:
    """How alike translations are in each model, layer by layer, beside sentences that are no translations.

    `settings` are the other fields of `NeutralityConfig`. The result's `data` is the `Analysis`.

    Raises:
        DataMissingError: where the task's text is absent.
        UserError: for a wrong setting, and where a word names nothing.
    """
    config = checked(NeutralityConfig, {"task": task, "data": data, **settings})
    analysis = analyse_neutrality(find_model_refs(words(models)), config, device=device)
    return Result.of(neutrality_document(analysis), analysis)


@takes_addresses
def donors(
    targets: str | Sequence[str] = "all",
    model: str | Path | None = None,
    *,
    candidates: str = "paper",
    k: int = 5,
    tasks: str | Sequence[str] = (),
    data: str | Path | None = None,
) -> Result:
    """Languages to transfer from for each target, ranked by the language vectors of `model`, with doubts.

    Targets are names, tags or selectors; `candidates` is `paper` (its ten), `all` trained ones or a selector. Without a
    model the one run below `runs/` is meant. The result's `data` is the `Analysis`.

    Raises:
        DataMissingError: where there is no model with language vectors.
        UserError: for unknown words, candidates or tasks.
    """
    subject = find_model_ref(None if model is None else str(path(model)))
    asked = words(targets)
    where = TaskData(data="hub" if data == "hub" else path(data) if data else None)
    analysis = analyse_donors(subject, asked, candidates=candidates, k=k, tasks=words(tasks), data=where)
    return Result.of(donors_of_all(analysis) if asked == ["all"] else donors_of_each(analysis), analysis)


@takes_addresses
def transfer(
    models: str | Path | Sequence[str | Path],
    *,
    tasks: str | Sequence[str] = (),
    candidates: str = "paper",
    languages: str = "all",
) -> Result:
    """What transfer from donors is worth beside English, kin, chance and hindsight, from the scores that are stored.

    Nothing is fine-tuned here: `langsamp analyze transfer` makes what is missing. `models` are runs, `RUN:MODEL`,
    exports, or `paper:donors`. The result's `data` is the `Analysis`.

    Raises:
        DataMissingError: where nothing can be compared.
        UserError: where a task was scored in several ways, or has no scores from several sources.
    """
    named = words(models)
    if named[0].startswith(PREFIX):
        analysis = published_study(named[0], words(tasks))
    else:
        subjects = find_model_refs(named)
        subject = ", ".join(dict.fromkeys(str(each.run or each.folder) for each in subjects))
        analysis = read_stored(
            subjects, subject=subject, candidates=candidates, tasks=words(tasks), languages=languages
        )
    return Result.of(transfer_document(analysis), analysis)


@takes_addresses
def fill_mask(model: str | Path, sentence: str, vectors: str | Sequence[str] = (), *, k: int = 5) -> pd.DataFrame:
    """What a model puts under the mask of `sentence`, without vectors and under each of `vectors` (`deu_Latn`, `rus`).

    A line a token: see `explorer.fill_mask.MaskFiller.fill`, whose columns and errors these are. Of a run the first
    training of `both` is taken.
    """
    return fill(_export(model), sentence, words(vectors), k=k)


@takes_addresses
def language_map(
    model: str | Path, *, table: Table = "language", by: By = "vectors", colour: Colour = "family"
) -> LanguageMap:
    """Every trained language (or with `table="script"` script) of a model as a dot, near those that are like it.

    `by="places"` puts languages where they are at home. The result's `chart.figure` is matplotlib's.

    Raises:
        DataMissingError: where the model has no such vectors, or too few of them for a picture.
        UserError: for another word, and where `model` names nothing.
    """
    return draw_map(_export(model), table=table, by=by, colour=colour)


@takes_addresses
def parallel_probe(model: str | Path, translations: Translations | str) -> Probe:
    """How alike an encoder finds translations of each other, layer by layer.

    `translations` are sentences by tag, or lines of a tag, a tab and a sentence.

    Raises:
        UserError: for fewer than two languages or unequal numbers of sentences, and where `model` names nothing.
    """
    return probe(_export(model), translations)


@takes_addresses
def language(words: str, model: str | Path | None = None, *, candidates: str = "all") -> Result:
    """What is known of the language that `words` mean, and with a `model` what that knows of it.

    Rows seen, scores beside the baseline, neighbours and donors. The result's `data` is the `LanguageProfile`, without
    a model the list of `LanguageInfo` that the words may mean, best first. Donors are taken from `candidates`, as
    `donors` takes them.

    Raises:
        UserError: where no language fits the words, or there is no such model.
    """
    if model is None:
        matches = search(words)
        if not matches:
            raise UserError(f"no language matches {words!r}; try a part of its name, a code, a script or a family")
        return Result(title=words, tables=readable({"": language_rows(matches)}), data=matches)
    profile = language_profile(str(path(model)), words, candidates=candidates)
    return Result.of(profile_document(profile), profile)


def select_languages(selector: str | Sequence[str], among: Collection[LangScript] | None = None) -> list[LangScript]:
    """The tags that a selector (`tail+script:Deva,!npi_Deva`) means, of those the package knows or of `among`.

    It may be a list of terms.

    Raises:
        UserError: for a term that is unknown or ambiguous, and a selector that selects nothing.
    """
    return select(",".join(words(selector)), tags() if among is None else among)


def _export(model: str | Path) -> Path:
    """The folder of a model; of a run's several the first training of `both`."""
    folder = path(model)
    return folder if (folder / "config.json").is_file() else find_model_ref(str(model)).folder
