"""Trials of the vectors: each changes what it says and nothing else, and one that changes nothing is the plain run."""

from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from tools.vector_trials import (
    BITS,
    ROUNDING,
    STORE,
    TREATMENTS,
    UNTREATED,
    AddedTable,
    exported,
    job_under,
    table,
    tables_of,
    try_all,
    under,
)

from langsamp import pipeline
from langsamp.data.batches import MaskedBatch
from langsamp.data.rows import PreparedRows
from langsamp.disk.files import read_json
from langsamp.errors import UserError
from langsamp.model.conditioning import Conditioning
from langsamp.recipe import Recipe, load_recipe
from langsamp.training.checkpoint import rebuild_model
from langsamp.training.held_out import tensors
from langsamp.training.job import TrainingJob, row_order
from langsamp.training.trainer import train
from langsamp.world import World

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    AcceleratorState._reset_state(reset_partial_state=True)
    settings = [f"out={tmp_path_factory.mktemp('trials') / 'tiny'}", "training.steps=2", "corpus.documents_per_tag=60"]
    return load_recipe(Path("studies/tiny-lab.yaml"), (*settings, "training.loss=plain"))


@pytest.fixture(scope="module")
def rows(recipe: Recipe) -> PreparedRows:
    return pipeline.prepare(recipe)


def first_batch(job: TrainingJob) -> MaskedBatch:
    rows = job.sampler.rows_per_step
    order = row_order(job.batches, job.sampler, steps=job.config.steps, seed=job.seed)
    return job.batches.training_step(0, order=order, rows_per_step=rows, rows_per_batch=rows, world=World())[0]


def first_loss(job: TrainingJob) -> float:
    torch.manual_seed(0)  # dropout
    return float(job.model.train()(**tensors(first_batch(job), torch.device("cpu"))).detach())


@pytest.mark.parametrize("name", TREATMENTS)
def test_rows_masks_and_the_start_of_the_encoder_are_those_of_the_untreated(
    name: str, recipe: Recipe, rows: PreparedRows
) -> None:
    treated, plain = job_under(recipe, rows, name, 0), pipeline.training_job(recipe, rows, "both", 0)
    with under(TREATMENTS[name], treated):
        batches = [tensors(first_batch(job), torch.device("cpu")) for job in (treated, plain)]
        for key in ("input_ids_BL", "labels_BL", "language_ids_B", "script_ids_B"):
            assert torch.equal(batches[0][key], batches[1][key])
        for (_, mine), (_, theirs) in zip(
            treated.model.mlm.named_parameters(), plain.model.mlm.named_parameters(), strict=True
        ):
            assert torch.equal(mine, theirs)
        if name != ROUNDING:  # whose losses may round alike
            changes_updates_alone = name == UNTREATED or name.startswith(("rate", "rises", "decay"))
            assert (first_loss(treated) == first_loss(plain)) is changes_updates_alone
        for key, start in tables_of(plain.model).items():
            change, now = TREATMENTS[name], tables_of(treated.model)[key]
            assert torch.equal(now.weight, start.weight * change.initial)
            added = start.weight * change.initial if change.added is None else change.added(start.weight)
            torch.testing.assert_close(now.eval()(torch.arange(len(added))), added)


@pytest.mark.parametrize("name", ["rate-0.1", "rate-3", "decay-1", "rises"])
def test_a_change_of_the_updates_changes_those_of_the_vectors_alone(
    name: str, recipe: Recipe, rows: PreparedRows
) -> None:
    training = recipe.training.model_copy(update={"steps": 1})
    once = recipe.model_copy(update={"training": training, "out": f"{recipe.out}-once"})
    states = {}
    for each in (UNTREATED, name):
        job = job_under(once, rows, each, 0)
        with under(TREATMENTS[each], job):
            states[each] = rebuild_model(train(job))[0].state_dict()
    start = pipeline.training_job(once, rows, "both", 0).model.state_dict()
    plain, treated = states[UNTREATED], states[name]
    assert {key for key in plain if not torch.equal(plain[key], treated[key])} == {"language.weight", "script.weight"}
    for key in ("language.weight", "script.weight"):
        if name.startswith("rate"):
            moved = TREATMENTS[name].rate * (plain[key] - start[key])
        elif name == "rises":
            moved = torch.zeros_like(start[key])
        else:
            moved = plain[key] - start[key] - once.training.learning_rate * TREATMENTS[name].decay * start[key]
        torch.testing.assert_close(treated[key] - start[key], moved, rtol=1e-3, atol=1e-6)


def test_rows_that_are_left_out_get_no_vector_while_training_and_all_get_theirs_otherwise(
    recipe: Recipe, rows: PreparedRows
) -> None:
    name = "left-out-0.3"
    job = job_under(recipe, rows, name, 0)
    seen, bare = [], 0
    given = tensors(first_batch(job), torch.device("cpu"))
    row_M = given["places"].positions // given["labels_BL"].shape[1]
    with under(TREATMENTS[name], job):
        for each in tables_of(job.model).values():
            each.register_forward_hook(lambda _module, _inputs, vectors: seen.append(vectors.detach()))
        for step in range(20):
            torch.manual_seed(step)
            job.model.train().requires_grad_(False)(**given)
            language, script = (vectors.abs().sum(1) == 0 for vectors in seen[-2:])
            assert torch.equal(language, script)
            by_row = [language[row_M == row].unique().tolist() for row in row_M.unique()]
            assert all(len(each) == 1 for each in by_row)
            bare += sum(each == [True] for each in by_row)
        assert 0.2 < bare / (20 * len(by_row)) < 0.4
        job.model.eval().masked_logits(**given)
        assert all((vectors.abs().sum(1) > 0).all() for vectors in seen[-2:])


@pytest.mark.parametrize("name", ["centred", "one-length", "root-of-width"])
def test_an_export_holds_the_vectors_that_were_added(name: str, recipe: Recipe, rows: PreparedRows) -> None:
    job = job_under(recipe, rows, name, 0)
    with under(TREATMENTS[name], job):
        checkpoint = train(job)
        made = {
            key: each.made(each.weight) for key, each in tables_of(job.model).items() if isinstance(each, AddedTable)
        }
        conditioning = Conditioning.load(exported(job, checkpoint))
    assert {*made} == {"language", "script"}
    for key, added in made.items():
        np.testing.assert_array_equal(getattr(conditioning, key), added.detach().numpy())


def test_the_untreated_is_the_plain_training_bit_for_bit_and_what_is_stored_is_not_made_again(
    recipe: Recipe, rows: PreparedRows, tmp_path: Path
) -> None:
    file = try_all(recipe, [UNTREATED], tmp_path)
    plain, trial = pipeline.train_one(recipe, rows, "both", 0), recipe.folder / "trials" / f"{UNTREATED}-0" / "export"
    for name in ("model.safetensors", "conditioning.safetensors", "languages.json"):
        assert (plain / name).read_bytes() == (trial / name).read_bytes()
    (stored,) = read_json(file)["trials"]
    assert stored[BITS] > 0 and stored["top 10, sr-cldr"] > 0 and stored["language told, %"] > 0
    before = file.read_bytes()
    trial.rename(trial.with_name("gone"))
    assert try_all(recipe, [UNTREATED], tmp_path).read_bytes() == before and not trial.exists()
    other = recipe.model_copy(update={"training": recipe.training.model_copy(update={"learning_rate": 1e-4})})
    with pytest.raises(UserError, match="another recipe"):
        try_all(other.model_copy(update={"out": str(tmp_path / "other")}), [UNTREATED], tmp_path)


def test_differences_are_paired_by_seed_and_bold_where_rounding_never_reaches() -> None:
    def trial(name: str, seed: int, bits: float, told: float | None) -> dict[str, object]:
        return {"treatment": name, "seed": seed, BITS: bits, "language told, %": told}

    lines = list(
        table(
            [
                *(trial(UNTREATED, seed, 1.0 + seed, 50.0) for seed in (0, 1)),
                *(trial(ROUNDING, seed, 1.01 + seed, 49.0 + 2 * seed) for seed in (0, 1)),
                *(trial("rate-3", seed, 0.9 + seed - seed / 10, 52.0 - seed) for seed in (0, 1)),
                trial("input", 0, 2.0, None),
            ]
        )
    )
    assert lines[0] == f"| | seeds | {BITS} | language told, % |"
    cells = {line.split(" | ")[0].removeprefix("| "): line.split(" | ")[1:] for line in lines[2:]}
    assert cells[TREATMENTS[UNTREATED].said] == ["2", "1.500 (1.000 to 2.000)", "50.0 (50.0 to 50.0) |"]
    assert cells[TREATMENTS["rate-3"].said] == ["2", "**-0.150** (-0.200 to -0.100)", "+1.5 (+1.0 to +2.0) |"]
    assert cells[TREATMENTS["input"].said] == ["1", "+1.000 (+1.000 to +1.000)", "- |"]


def test_the_page_shows_what_the_repository_stores() -> None:
    page = Path("docs/results.md").read_text(encoding="utf-8")
    for file in STORE.glob("*.json"):
        assert "\n".join(table(read_json(file)["trials"])) in page
