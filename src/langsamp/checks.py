"""What can be known before a run spends its first minute: whether its settings fit the machine, the model, the data."""

from pathlib import Path

from langsamp.analysis.neutrality.analyse import draw_text
from langsamp.data.phases import phases_of
from langsamp.data.text.corpus import open_corpus
from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.data.tokens.word_starts import word_starts
from langsamp.disk.folders import check_file, check_folder
from langsamp.disk.layout import PAGE_MARK, RunLayout
from langsamp.disk.seals import has_last_line
from langsamp.errors import UserError
from langsamp.evaluation.retrieval.retrieval_monitor import check_monitor
from langsamp.evaluation.task_texts import check_data
from langsamp.languages.select import select
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.model.build import check_model, number_of_layers
from langsamp.model.hidden_layers import chosen_layer
from langsamp.model.loss import obstacle_to
from langsamp.model.pretrained.hub_folder import model_folder
from langsamp.model.pretrained.model_config import load_config
from langsamp.model.variants import parts_of
from langsamp.recipe import Recipe
from langsamp.training.anchor import check_held
from langsamp.training.processes import check_machine, training_device


def check_run(recipe: Recipe) -> None:
    """Raise now, before the text is read, what would stop the run hours later.

    Raises:
        DataMissingError: where the text, the model or the evaluation's or the monitor's data are absent.
        UserError: for a folder that cannot be written, a model that cannot be made or read the rows, a layer that it
            has not, arithmetic or trackers that this machine lacks, and languages that are nowhere.
    """
    check_training(recipe)
    check_folder(recipe.folder)
    check_file(RunLayout(recipe.folder).report, mark=PAGE_MARK)
    check_data(recipe.evaluation)
    check_monitor(recipe.resolved_monitor)
    _check_languages(recipe)
    _check_analyses(recipe)


def check_rows(recipe: Recipe) -> None:
    """Raise what rows of this recipe would be made in vain for: a model that cannot be made, or not read them.

    Raises:
        DataMissingError: where the tokenizer or the model is absent.
        UserError: for another trouble with them, and for a folder that cannot be written or lies in that of the text.
    """
    if recipe.model.init is not None:  # what is no model says so better than a tokenizer that is not there
        load_config(model_folder(recipe.model.init, recipe.model.revision))
    name = recipe.resolved_tokenizer.load
    tokenizer = load_tokenizer(name) if name is not None else None
    if recipe.masking.unit == "word" and tokenizer is not None:
        word_starts(tokenizer)
    apart = recipe.rows.packing == "best-fit"
    check_model(recipe.model, tokenizer=tokenizer, row_tokens=recipe.rows.row_tokens, apart=apart)
    check_folder(recipe.folder)
    _check_out(recipe)


def check_training(recipe: Recipe) -> None:
    """Raise what would stop a training of this recipe at its start or later, but for its rows.

    Raises:
        DataMissingError: where the tokenizer, the model or the monitor's data are absent.
        UserError: as `check_run`.
    """
    check_rows(recipe)
    check_machine(recipe.training)
    _check_loss(recipe.training.loss)
    _check_layers(recipe)
    _check_phases(recipe)
    check_monitor(recipe.resolved_monitor)


def _check_out(recipe: Recipe) -> None:
    layout = RunLayout(recipe.folder)
    if layout.exists and not layout.rows.is_dir() and not has_last_line(layout.recipe):
        raise UserError(
            f"{layout.recipe} was written by no run, and a run in {recipe.folder} writes its own there, so that yours "
            "would be lost: rename it, or name another folder (out)"
        )
    if recipe.corpus.source == "cldr" or recipe.corpus.is_remote:
        return
    text, out = Path(recipe.corpus.source).expanduser().resolve(), recipe.folder.resolve()
    if out == text or (text in out.parents and not out.relative_to(text).parts[0].startswith(".")):
        raise UserError(
            f"out {recipe.folder} lies in the folder of the text, {recipe.corpus.source}, where every name is taken "
            "for a tag: the run could not read its text again. Name a folder elsewhere"
        )


def _check_loss(backend: str) -> None:
    obstacle = None if backend == "auto" else obstacle_to(backend, training_device())
    if obstacle is not None:
        raise UserError(f"training.loss {backend}: {obstacle}; choose another, or auto")


def _check_layers(recipe: Recipe) -> None:
    number, neutrality = number_of_layers(recipe.model), recipe.analysis.neutrality
    asked = {
        "evaluation.layer": recipe.evaluation.layer,
        "monitor.layer": recipe.monitor.layer,
        "analysis.neutrality.layer": neutrality.layer if neutrality is not None else None,
    }
    if number < 1:
        raise UserError(f"the model has {number} layers, expected at least one: see model.settings")
    if (frozen := recipe.training.freeze_layers) is not None and frozen >= number:
        raise UserError(
            f"training.freeze_layers {frozen}: the model has {number} layers; freeze fewer, or none is trained"
        )
    _check_anchor(recipe, number)
    for key, layer in asked.items():
        chosen_layer(layer, number, key=key)


def _check_anchor(recipe: Recipe, layers: int) -> None:
    anchor, frozen = recipe.training.anchor, recipe.training.freeze_layers or 0
    if anchor is None or anchor.kind != "sentence-vectors":
        return
    layer = anchor.layers(layers)[0]
    if frozen >= layer and recipe.training.freeze_layers is not None:
        raise UserError(
            f"training.anchor holds sentence vectors at layer {layer}, and training.freeze_layers {frozen} keeps all "
            "that makes them: name a higher layer, freeze fewer, or leave one of them out"
        )
    if inputs := [variant for variant in recipe.variants if parts_of(variant).placement == "input"]:
        raise UserError(
            f"training.anchor holds sentence vectors of the encoder alone, which {inputs[0]} does not compute: leave "
            "that variant out, or use kind weights"
        )


def _check_phases(recipe: Recipe) -> None:
    phases, steps = recipe.sampler.phases, recipe.training.steps
    if phases and phases[-1].from_step >= steps:
        raise UserError(
            f"sampler.phases: one begins at step {phases[-1].from_step:,}, and training.steps is {steps:,}: train "
            "longer, or let it begin earlier"
        )
    if recipe.masking.final_rate is not None and any(phase.mask_rate is not None for phase in phases):
        raise UserError(
            "sampler.phases name mask rates, and masking.final_rate changes the rate over all steps: leave one out"
        )


def _check_languages(recipe: Recipe) -> None:
    """Accept phases and an anchor that mean languages of the text."""
    anchor, phases = recipe.training.anchor, recipe.sampler.phases
    chooses = anchor is not None and (anchor.languages == "head" or anchor.target == "neutral")
    if not phases and not chooses:
        return
    tags: list[LangScript] = open_corpus(recipe.corpus, base=Path()).tags
    if phases:
        uncapped = recipe.sampler.model_copy(update={"max_repetition": None})
        phases_of(uncapped, dict.fromkeys(tags, 1), steps=recipe.training.steps)
    if anchor is not None and chooses:
        check_held(sum(anchor.languages == "all" or describe(tag).is_head for tag in tags), anchor)


def _check_analyses(recipe: Recipe) -> None:
    config = recipe.analysis
    if "neutrality" in config.kinds and config.neutrality is not None:
        draw_text(config.neutrality)
    has_vectors = any("language" in parts_of(variant).tables for variant in recipe.variants)
    if "donors" in config.kinds and has_vectors and config.candidates not in ("all", "paper"):
        trained: list[LangScript] = open_corpus(recipe.corpus, base=Path()).tags
        try:
            select(config.candidates, trained, uses={})
        except UserError as error:
            raise UserError(f"analysis.candidates: {error}") from None
