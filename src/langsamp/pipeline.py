"""A recipe from text to report; each stage also on its own. What is already there is not made again."""

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import yaml
from pydantic import BaseModel

from langsamp import stopping
from langsamp.analysis.run_analyses import analyse_run
from langsamp.checks import check_rows, check_run, check_training
from langsamp.config import escaped
from langsamp.data import findings
from langsamp.data.batches import Batches
from langsamp.data.overlap import OVERLAP, overlap_with
from langsamp.data.prepare import check_settings, prepare_rows
from langsamp.data.rows import MANIFEST, TOKENIZER, PreparedRows
from langsamp.data.text.contamination import TaskSentences
from langsamp.data.text.corpus import open_corpus
from langsamp.data.tokens.tokenizer import load_tokenizer, textless_ids, tokenizer_of, vocabulary_size
from langsamp.data.tokens.word_starts import word_starts
from langsamp.data.workers import mapped, shared_out
from langsamp.disk.files import as_record, locked, read_versioned, write_text
from langsamp.disk.layout import ModelLayout, RunLayout
from langsamp.disk.leftovers import sweep
from langsamp.disk.seals import check_sealed, is_sealed, with_last_line, write_record
from langsamp.errors import DamagedError, UserError
from langsamp.evaluation.models import find_model
from langsamp.evaluation.retrieval.retrieval_monitor import RetrievalMonitor
from langsamp.evaluation.run import Evaluation, OnlyNames, evaluate
from langsamp.evaluation.sentences import sentences_of_tests
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.machine import cores_of_each
from langsamp.model.build import build_model
from langsamp.model.variants import START, Variant, parts_of
from langsamp.progress import only_lines, say
from langsamp.provenance import check_same_recipe, provenance
from langsamp.recipe import Recipe
from langsamp.reporting.page import write_page
from langsamp.reporting.report import Report
from langsamp.training.checkpoint import checkpoints, newest_record
from langsamp.training.config import HELD_OUT_LOSS, LAST
from langsamp.training.exporting import export
from langsamp.training.job import TrainingJob
from langsamp.training.reading_log import learned_nothing, read_lines
from langsamp.training.trainer import train
from langsamp.world import World


def run(recipe: Recipe, *, executor: Executor | None = None) -> tuple[Report, Evaluation]:
    """All stages of a recipe; its report, whose page is written, and the evaluation with what failed in it.

    Text is prepared and models are scored by the workers of `executor`, where there is one.

    Raises:
        StoppedError: asked to stop; running again goes on.
        UserError: for everything the user can mend.
    """
    if World.from_environment().size > 1:
        raise UserError(
            "`langsamp run` is one process; for several, run `langsamp prepare`, then `torchrun -m langsamp train`, "
            "then `langsamp run` for the rest"
        )
    check_run(recipe)
    rows = prepare(recipe, executor=executor)
    train_all(recipe, rows)
    evaluation = evaluate_run(recipe, executor=executor)
    provenance_file = RunLayout(recipe.folder).provenance
    if evaluation.cells_run or not provenance_file.is_file():
        write_record(provenance_file, provenance(data=rows.fingerprint))
    unmade = analyse_run(recipe.folder, recipe.analysis, recipe.resolved_evaluation)
    for each in unmade:
        say(each)
    failed = tuple(str(each) for each in unmade if each.has_failed)
    report = Report.read([recipe.folder])
    write_page(report)
    return report, replace(evaluation, unmade=failed)


def prepare(recipe: Recipe, *, executor: Executor | None = None) -> PreparedRows:
    """The recipe's rows, made or found; the resolved recipe is written beside them.

    They are made by the workers of `executor`, where there is one.
    What its figures mean for a training, and what its text shares with the evaluation's test sets, is told on stderr
    in the words of `data.findings`.

    Raises:
        UserError: as `check_rows` and `prepare_rows`, where no tag can be trained on, and where the folder holds models
            of another recipe.
    """
    check_rows(recipe)
    tests = _test_sentences(recipe)
    rows = prepare_rows(
        recipe.corpus,
        recipe.resolved_tokenizer,
        recipe.rows,
        out=RunLayout(recipe.folder).rows,
        test_sentences=tests,
        executor=executor,
    )
    findings.check_rows(rows)
    manifest = rows.manifest
    for line in (
        *findings.odd_sentences(manifest.notes, manifest.remarks),
        *findings.sentences(findings.judge_manifest(manifest)),
    ):
        say(f"warning: {line}")
    if tests is not None:
        _tell_overlap(recipe, rows, tests)
    _adopt(recipe, rows)
    return rows


def open_rows(recipe: Recipe, *, writes: bool = True) -> PreparedRows:
    """The recipe's rows, prepared before; their text need not be here. Unless it `writes`, all stays as it is, unread.

    Raises:
        DataMissingError: where they have not been prepared.
        UserError: as `check_training`, and where rows or models in the folder are of another recipe.
    """
    folder = RunLayout(recipe.folder).rows
    check_training(recipe)
    check_settings(recipe.corpus, recipe.resolved_tokenizer, recipe.rows, out=folder)
    rows = PreparedRows(folder, verify=writes and World.from_environment().is_leader)
    findings.check_rows(rows)
    _adopt(recipe, rows, writes=writes)
    return rows


def train_all(recipe: Recipe, rows: PreparedRows) -> None:
    """Every training of the recipe, `trainings_at_once` of them at the same time; each as `train_one` makes it.

    Raises:
        StoppedError: asked to stop; each saved a checkpoint.
        UserError: as `train_one` does, and where a process was killed.
    """
    at_once = recipe.trainings_side_by_side
    with shared_out(at_once, may_save=True) as pool:
        if pool is None:
            for variant, seed in recipe.trainings:
                train_one(recipe, rows, variant, seed)
        else:
            list(mapped(partial(_train_beside, recipe, cores_of_each(at_once)), recipe.trainings, pool))


def _train_beside(recipe: Recipe, threads: int, training: tuple[Variant, int]) -> None:
    """One training in a process of its own, which begins no other once it was asked to stop."""
    stopping.check()
    only_lines()
    torch.set_num_threads(threads)
    train_one(recipe, PreparedRows(RunLayout(recipe.folder).rows, verify=False), *training)


def train_one(recipe: Recipe, rows: PreparedRows, variant: Variant, seed: int) -> Path:
    """The export of one training, trained or found; goes on from its newest checkpoint.

    Raises:
        StoppedError: asked to stop; a checkpoint was saved.
        UserError: where its folder was made with another recipe, or another process trains there.
    """
    out, is_leader = model_folder(recipe, variant, seed), World.from_environment().is_leader
    finished = _finished(recipe, rows, variant, seed)
    if _exported(out) == finished and not _abandoned(out):
        return ModelLayout(out).export
    with locked(out) if is_leader else nullcontext():
        for folder in _abandoned(out) if is_leader else ():
            shutil.rmtree(folder)
        if _exported(out) != finished:
            _check_same(finished, out)
            checkpoint = train(training_job(recipe, rows, variant, seed))
            if is_leader:
                selection = recipe.resolved_evaluation.selection
                export(checkpoint, ModelLayout(out).export, identity=finished, selection=selection)
                _tell_loss(recipe, rows, out)
    return ModelLayout(out).export


def _tell_loss(recipe: Recipe, rows: PreparedRows, out: Path) -> None:
    if said := learned_nothing(read_lines(ModelLayout(out).log), vocabulary_size=rows.vocabulary_size):
        say(f"warning: {recipe.name} {out.name}: {said}")


def evaluate_run(recipe: Recipe, *, executor: Executor | None = None) -> Evaluation:
    """The recipe's tasks on all its exports, and on the encoder that they started from."""
    exports = {str(ModelLayout(model_folder(recipe, *training)).export): training for training in recipe.trainings}
    names = OnlyNames({path: f"{variant}-{seed}" for path, (variant, seed) in exports.items()})
    if (start := _start(recipe)) is not None:
        names[start] = START
    return evaluate(
        list(names),
        recipe.resolved_evaluation,
        RunLayout(recipe.folder).evaluation.folder,
        names=names,
        executor=executor,
    )


def _start(recipe: Recipe) -> str | None:
    """What the trainings continue from, as an evaluation names a model; None where there is nothing to score."""
    if recipe.model.init is None or not recipe.evaluation.start:
        return None
    name = recipe.model.init + (f"@{recipe.model.revision}" if recipe.model.revision else "")
    try:
        find_model(name)
    except UserError as error:
        say(f"note: the start is not scored (evaluation.start): {error}")
        return None
    return name


def model_folder(recipe: Recipe, variant: Variant, seed: int) -> Path:
    """Where one training of the recipe lies."""
    return RunLayout(recipe.folder).model(f"{variant}-{seed}").folder


def chosen_trainings(recipe: Recipe, variants: Sequence[str], seeds: Sequence[int]) -> list[tuple[Variant, int]]:
    """The recipe's trainings with these variants and seeds; all where none are given.

    Raises:
        UserError: for a variant or seed that the recipe does not train.
    """
    absent = [*({*variants} - {*recipe.variants}), *({*seeds} - {*recipe.seeds})]
    if absent:
        raise UserError(
            f"the recipe trains variants {', '.join(recipe.variants)} with seeds {', '.join(map(str, recipe.seeds))}, "
            f"not {', '.join(map(str, absent))}; choose among them or add to the recipe"
        )
    return [
        (variant, seed)
        for variant, seed in recipe.trainings
        if (not variants or variant in variants) and (not seeds or seed in seeds)
    ]


def _test_sentences(recipe: Recipe) -> TaskSentences | None:
    """What to look for in the text; None where there is nothing, or where it is not at hand and need not be."""
    apart = recipe.corpus.source == "cldr" and not recipe.corpus.decontaminate
    tags = () if apart else open_corpus(recipe.corpus, base=Path()).tags
    try:
        return sentences_of_tests(recipe.evaluation, embedded_of=tags)
    except UserError as error:
        if recipe.corpus.decontaminate:
            raise
        say(f"warning: the text is not searched for test sentences: {error}")
        return None


def _tell_overlap(recipe: Recipe, rows: PreparedRows, tests: TaskSentences) -> None:
    try:
        overlap = overlap_with(tests, rows, recipe.corpus, file=recipe.folder / OVERLAP)
    except UserError as error:
        say(f"warning: the text is not searched for test sentences: {error}")
        return
    for line in findings.overlap_sentences(overlap.tags, dropped=overlap.dropped):
        say(f"{'note' if overlap.dropped else 'warning'}: {line}")


def _adopt(recipe: Recipe, rows: PreparedRows, *, writes: bool = True) -> None:
    """Write down that the recipe's folder is the recipe's, unless a model in it says otherwise."""
    _check_ids(rows)
    for variant, seed in recipe.trainings:
        _check_same(_finished(recipe, rows, variant, seed), model_folder(recipe, variant, seed))
    if writes and World.from_environment().is_leader:
        text = yaml.safe_dump(escaped(recipe.model_dump(mode="json")), allow_unicode=True, sort_keys=False)
        write_text(RunLayout(recipe.folder).recipe, with_last_line(text))
        models = RunLayout(recipe.folder).models
        sweep(recipe.folder, models, *models.glob("[!.]*"), *models.glob("[!.]*/checkpoints"))


def _check_same(finished: dict[str, Any], out: Path) -> None:
    """Accept a training's folder that is empty, `finished`, or on the way there."""
    theirs = _exported(out)
    if theirs != finished and (record := newest_record(ModelLayout(out).checkpoints)) is not None:
        theirs = {**record.identity, "steps": max(record.step, finished["steps"])}
        theirs |= {key: choice for key, choice in finished.items() if key == "selection"}
    if theirs:
        check_same_recipe(finished, theirs, out=out)


class _Exported(BaseModel):
    """What is asked of an export's provenance."""

    identity: Mapping[str, Any] = {}
    """All that decides it; empty where `langsamp export` made it."""


def _exported(out: Path) -> dict[str, Any]:
    """The identity of the export in a training's folder; empty where there is none.

    Raises:
        DamagedError: where a file of the export is not as it was written.
    """
    folder = ModelLayout(out).export
    if not folder.is_dir():
        return {}
    remedy = f"put that file back from a copy, or delete {folder} "
    if kept := checkpoints(ModelLayout(out).checkpoints):
        remedy += f"and run the same command again, which makes it from {kept[-1].name}"
    else:
        remedy += "to train the model anew, as no checkpoint is left to make it from"
    if is_sealed(folder):
        check_sealed(folder, remedy=remedy)
    path = folder / "provenance.json"
    return dict(as_record(_Exported, read_versioned(path, remedy=remedy), path, remedy=remedy).identity)


def _abandoned(out: Path) -> list[Path]:
    """Checkpoints that a process was deleting when it was killed."""
    return [*out.glob("checkpoints/.step-*.old")]


def training_job(recipe: Recipe, rows: PreparedRows, variant: Variant, seed: int) -> TrainingJob:
    """One training of the recipe as the loop takes it; its model is new."""
    tokenizer, ids = tokenizer_of(rows), LanguageIds.of(rows.tags)
    model = build_model(
        recipe.model, tokenizer=tokenizer, ids=ids, variant=variant, row_tokens=rows.row_tokens, seed=seed
    )
    return TrainingJob(
        name=f"{recipe.name} {variant}-{seed}",
        model=model,
        batches=Batches(
            rows,
            ids=ids,
            masking=recipe.masking,
            seed=seed,
            shuffles_ids=parts_of(variant).is_shuffled,
            mask_rates=recipe.sampler.mask_rates,
            word_starts=word_starts(tokenizer) if recipe.masking.unit == "word" else None,
        ),
        tokenizer=tokenizer,
        ids=ids,
        sampler=recipe.sampler,
        config=recipe.training,
        seed=seed,
        out=model_folder(recipe, variant, seed),
        identity=_identity(recipe, rows, variant, seed),
        monitor=_monitor(recipe, rows, num_layers=int(model.mlm.config.num_hidden_layers)),
        continues=recipe.model.init is not None,
    )


def _check_ids(rows: PreparedRows) -> None:
    """Accept rows whose manifest says of ids what their tokenizer says: others would be masked wrongly in silence."""
    tokenizer = load_tokenizer(str(rows.folder / TOKENIZER))
    expected = {
        "mask_id": tokenizer.mask_token_id,
        "vocabulary_size": vocabulary_size(tokenizer),
        "special_ids": tuple(textless_ids(tokenizer)),
    }
    for key, value in expected.items():
        if getattr(rows.manifest, key) != value:
            raise DamagedError(
                f"{rows.folder / MANIFEST} says another {key} than the tokenizer beside it: one of them was changed. "
                f"Delete {rows.folder} and prepare the rows again"
            )


def _monitor(recipe: Recipe, rows: PreparedRows, *, num_layers: int) -> RetrievalMonitor | None:
    if recipe.monitor.every is None:
        return None
    tokenizer = tokenizer_of(rows)  # its own: encoding changes its state, which is saved
    trained = {LangScript.parse(tag) for tag in rows.manifest.tags}
    return RetrievalMonitor(recipe.resolved_monitor, tokenizer, num_layers=num_layers, trained=trained)


def _finished(recipe: Recipe, rows: PreparedRows, variant: Variant, seed: int) -> dict[str, Any]:
    """All that decides an export: what decides the weights at each step, how many there are, and which is chosen."""
    config, selection = recipe.training, {}
    if config.select != LAST:
        measured = {"every": config.held_out_every}
        if config.select != HELD_OUT_LOSS:
            measured = recipe.resolved_monitor.model_dump(mode="json", include={"every", "languages", "layer"})
        by = {"by": config.select, "checkpoint_every": config.checkpoint_every}
        selection = {"selection": {**by, **measured}}
    return {**_identity(recipe, rows, variant, seed), "steps": config.steps, **selection}


def _identity(recipe: Recipe, rows: PreparedRows, variant: Variant, seed: int) -> dict[str, Any]:
    capped = recipe.sampler.max_repetition is not None
    return {
        "data": rows.fingerprint,
        "variant": variant,
        "seed": seed,
        "model": recipe.model.model_dump(mode="json"),
        "masking": recipe.masking.deciding,
        "sampler": recipe.sampler.deciding,
        "training": recipe.training.deciding(capped=capped),
    }
