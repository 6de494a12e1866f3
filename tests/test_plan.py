"""A plan tells what a run would do, in the numbers that the run then has, and does nothing."""

import shutil
from pathlib import Path

import pytest
import torch

from langsamp import pipeline
from langsamp.data.rows import PreparedRows
from langsamp.errors import DataMissingError, UserError
from langsamp.languages.tags import LangScript
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.plan import Plan, Speed, faster_in_bf16, make_plan, print_plan
from langsamp.training.anchor import AnchorConfig
from langsamp.training.config import TrainingConfig
from langsamp.training.throughput.step_time import StepShape, StepTime, time_steps
from tests.tiny_parts import tiny_mlm
from tests.tiny_run import SIZES, TinyRun, langsamp, stamps
from tests.vocabularies import unigram, write_mlm


def by_tag(plan: Plan, name: str) -> dict[str, float]:
    return {str(tag): getattr(entry, name) for tag, entry in plan.tags.items()}


@pytest.fixture
def fresh(tiny_run: TinyRun, tmp_path) -> TinyRun:
    return tiny_run.copy(tmp_path / "fresh", with_run=False)


def test_after_preparing_it_tells_the_rows_that_are_there(tiny_run: TinyRun) -> None:
    plan, rows = make_plan(tiny_run.recipe()), PreparedRows(tiny_run.out / "rows")
    assert not plan.is_estimate
    assert by_tag(plan, "documents") == SIZES
    assert by_tag(plan, "rows") == {str(tag): size for tag, size in zip(rows.tags, rows.sizes, strict=True)}
    weights = {tag: size**0.3 for tag, size in by_tag(plan, "rows").items()}
    total = sum(weights.values())
    assert by_tag(plan, "share") == pytest.approx({tag: weight / total for tag, weight in weights.items()})
    assert by_tag(plan, "epochs") == pytest.approx(
        {tag: weights[tag] / total * 4 * 8 / rows for tag, rows in by_tag(plan, "rows").items()}
    )
    assert (plan.steps, plan.trainings, plan.tokens) == (4, 2, 4 * 8 * 32)
    assert plan.seconds > 0 and plan.disk_bytes > 0 and plan.tokens_per_second > 0


def test_it_warns_of_tags_that_are_not_read_and_of_a_full_disk(tiny_run: TinyRun, monkeypatch) -> None:
    monkeypatch.setattr("langsamp.plan.free_bytes", lambda folder: 1000)
    plan = make_plan(tiny_run.recipe("training.steps=1", "sampler.rows_per_step=2"))
    assert any(line.startswith("hin_Deva, kmr_Cyrl, swh_Latn: less than one row") for line in plan.warnings)
    assert any("of disk and 0.00 are free" in line for line in plan.warnings)


def test_trainings_side_by_side_take_turns_in_rounds(tiny_run: TinyRun, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tiny_run.recipe("trainings_at_once=4", "seeds=[0,1,2]")
    assert (recipe.trainings_side_by_side, len(recipe.trainings)) == (4, 6)
    plan = make_plan(recipe)
    print_plan(plan)
    assert plan.at_once == 4 and "4 trainings side by side" in capsys.readouterr().out
    assert make_plan(tiny_run.recipe("trainings_at_once=4")).at_once == 2, "as many as there are"


def test_steps_of_the_head_alone_are_counted_as_such(tiny_run: TinyRun) -> None:
    time = StepTime(whole=3.0, head_alone=1.0)
    assert time.training(TrainingConfig(steps=10, head_warmup_steps=4)) == 4 * 1 + 6 * 3
    assert time.training(TrainingConfig(steps=10)) == 10 * 3
    model = LangSampForMaskedLM(tiny_mlm("xlm-roberta"), variant="both", num_languages=1, num_scripts=1)
    step, cpu = StepShape(rows=5, row_tokens=16, mask_rate=0.15), torch.device("cpu")
    for anchor in (None, AnchorConfig(kind="sentence-vectors", strength=1.0, layer=2)):
        config = TrainingConfig(head_warmup_steps=1, rows_per_batch=2, anchor=anchor)
        assert all(seconds > 0 for seconds in time_steps(model, config, step, device=cpu))
    assert time_steps(model, TrainingConfig(), step, device=cpu).head_alone == 0


def test_a_step_that_memory_is_too_small_for_is_a_message() -> None:
    model = LangSampForMaskedLM(tiny_mlm("xlm-roberta"), variant="both", num_languages=1, num_scripts=1)
    model.register_forward_pre_hook(lambda *_: torch.empty(1 << 50, dtype=torch.uint8) and None)
    step = StepShape(rows=5, row_tokens=16, mask_rate=0.15)
    with pytest.raises(UserError, match=r"does not suffice for 5 rows at once \(1048576.0 GiB.*rows_per_batch to 2"):
        time_steps(model, TrainingConfig(), step, device=torch.device("cpu"))


def test_it_says_where_bf16_would_be_faster() -> None:
    (said,) = faster_in_bf16(Speed(parameters=1, seconds=7200.0, seconds_in_bf16=3600.0), rounds=3)
    assert "2.0 times as fast here" in said and "3.0 h" in said
    assert not faster_in_bf16(Speed(parameters=1, seconds=7200.0, seconds_in_bf16=7000.0), rounds=3)
    assert not faster_in_bf16(Speed(parameters=1, seconds=7200.0, seconds_in_bf16=None), rounds=3)


def test_it_warns_of_rows_that_are_read_again_and_again(tiny_run: TinyRun) -> None:
    often = "each row is read more than 40 times in a training, up to"
    plan = make_plan(tiny_run.recipe("training.steps=2000"))
    epochs = by_tag(plan, "epochs")
    worn = ", ".join(tag for tag, read in epochs.items() if read > 40)
    assert worn and any(line.startswith(f"{worn}: {often} {max(epochs.values()):,.0f} t") for line in plan.warnings)
    for asked in (("training.steps=20",), ("training.steps=2000", "sampler.max_repetition=2000")):
        assert not any(often in line for line in make_plan(tiny_run.recipe(*asked)).warnings)


def test_before_preparing_it_estimates_them_and_writes_nothing(fresh: TinyRun, tiny_run: TinyRun) -> None:
    before = stamps(fresh.root)
    plan, exact = make_plan(fresh.recipe()), make_plan(tiny_run.recipe())
    assert plan.is_estimate
    assert by_tag(plan, "documents") == pytest.approx(SIZES, rel=0.05)  # of one tag more than a sample is there
    assert by_tag(plan, "documents")["kmr_Cyrl"] == SIZES["kmr_Cyrl"]
    assert by_tag(plan, "rows") == pytest.approx(by_tag(exact, "rows"), rel=0.25)
    assert plan.parameters == exact.parameters
    assert stamps(fresh.root) == before


def test_a_small_vocabulary_can_be_planned_for(fresh: TinyRun, tmp_path) -> None:
    model = write_mlm(tmp_path / "model", unigram(size=60))
    init = (f"model.init={model}", "model.model_type=null", "model.settings={}", "tokenizer={}")
    assert make_plan(fresh.recipe(*init)).parameters > 0


def test_rows_of_whole_documents_are_estimated_with_their_padding(fresh: TinyRun) -> None:
    settings = ("rows.packing=best-fit", "rows.row_tokens=36", "variants=[both, language@input]")
    plan, cut = make_plan(fresh.recipe(*settings)), make_plan(fresh.recipe("rows.row_tokens=36"))
    rows = pipeline.prepare(fresh.recipe(*settings))
    entries = rows.manifest.tags.values()
    exact = {str(tag): entry.rows + entry.held_out_rows for tag, entry in zip(rows.tags, entries, strict=True)}
    assert by_tag(plan, "rows") == pytest.approx(exact, rel=0.15)
    assert sum(by_tag(plan, "rows").values()) > sum(by_tag(cut, "rows").values())
    assert plan.parameters == cut.parameters, "those of the variant with both tables"
    with pytest.raises(UserError, match="cannot keep the documents of a row apart"):
        make_plan(fresh.recipe("rows.packing=best-fit", "model.model_type=deberta-v2"))


def test_epochs_are_told_by_phase(tiny_run: TinyRun) -> None:
    phases = "sampler.phases=[{from_step: 0, languages: swh_Latn, alpha: 1}, {from_step: 3, alpha: 0.0}]"
    plan = make_plan(tiny_run.recipe(phases))
    rows = by_tag(plan, "rows")
    assert plan.phases == (0, 3)
    expected = {"swh_Latn": (24, 8 / 3), "hin_Deva": (0, 8 / 3), "kmr_Cyrl": (0, 8 / 3)}
    for tag, entry in plan.tags.items():
        assert entry.epochs_by_phase == pytest.approx([draws / rows[str(tag)] for draws in expected[str(tag)]])
        assert entry.epochs == pytest.approx(sum(entry.epochs_by_phase))
    answer = langsamp("run", tiny_run.recipe_file, "--plan", "--set", phases)
    assert answer.code == 0, answer.err
    assert "from step 0" in answer.out and "from step 3" in answer.out


def test_languages_of_phases_and_of_an_anchor_are_those_of_the_text(tiny_run: TinyRun) -> None:
    with pytest.raises(UserError, match=r"sampler.phases, from step 1: .*deu"):
        make_plan(tiny_run.recipe("sampler.phases=[{from_step: 1, languages: deu_Latn}]"))
    continued = (f"model.init={tiny_run.export}", "model.model_type=null", "model.settings={}", "tokenizer={}")
    anchor = "training.anchor={kind: sentence-vectors, strength: 1, languages: head}"
    assert make_plan(tiny_run.recipe(*continued, anchor, f"out={tiny_run.root / 'new'}")).trainings == 2
    with pytest.raises(UserError, match=r"training.anchor.languages head: none of the text's languages"):
        make_plan(tiny_run.recipe(*continued, anchor, "corpus.languages=kmr_Cyrl"))


def test_the_command_prints_it_before_and_after(fresh: TinyRun, tiny_run: TinyRun) -> None:
    for run, word in ((fresh, "scaled up"), (tiny_run, "prepared")):
        before = stamps(run.root)
        answer = langsamp("run", run.recipe_file, "--plan")
        assert answer.code == 0, answer.err
        assert all(
            text in answer.out for text in (*SIZES, "documents", "epochs", word, "2 trainings of 4 steps", "GiB")
        )
        assert stamps(run.root) == before


def test_rows_of_other_text_are_no_plan(tiny_run: TinyRun, tmp_path: Path) -> None:
    shutil.copytree(tiny_run.root / "text", tmp_path / "text")
    moved = f"corpus.source={tmp_path / 'text'}"
    assert not make_plan(tiny_run.recipe(moved)).is_estimate
    with (tmp_path / "text" / "swh_Latn.txt").open("a", encoding="utf-8") as file:
        file.write("habari\n")
    for setting in (moved, "corpus.languages=swh_Latn"):
        with pytest.raises(UserError, match="the text itself or the choice of languages"):
            make_plan(tiny_run.recipe(setting))


def test_it_says_in_how_many_parts_large_tags_are_prepared(
    fresh: TinyRun, tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_plan(tiny_run.recipe()).parts == 0, "nothing is left to prepare"
    small = make_plan(fresh.recipe())
    monkeypatch.setattr("langsamp.data.estimate.PART_BYTES", 5000)
    plan = make_plan(fresh.recipe())
    assert plan.disk_bytes == small.disk_bytes, "less than what trainings write"
    sizes = [path.stat().st_size for path in (fresh.root / "text").iterdir()]
    assert plan.parts == sum(1 + size // 5000 for size in sizes) > len(plan.tags)
    print_plan(plan)
    assert f"to be prepared in {plan.parts} parts" in capsys.readouterr().out
    monkeypatch.setattr("langsamp.data.estimate._TOKEN_BYTES", 1 << 20)
    assert make_plan(fresh.recipe()).disk_bytes > 2 * small.disk_bytes, "what is there before the first training"


def test_a_model_to_continue_counts_with_its_own_tokenizer(fresh: TinyRun, tiny_run: TinyRun) -> None:
    own = ("model.init=" + str(tiny_run.export), "model.model_type=null", "model.settings={}", "tokenizer={}")
    plan, exact = make_plan(fresh.recipe(*own)), make_plan(tiny_run.recipe())
    for tag in ("kmr_Cyrl", "hin_Deva"):  # the sample is all of the text, and the pieces are those of the run
        assert plan.tags[LangScript.parse(tag)].rows == exact.tags[LangScript.parse(tag)].rows + 2


@pytest.mark.parametrize(
    ("setting", "error", "said"),
    [
        ("sampler.max_repetition=0.01", UserError, "max_repetition 0.01 allows"),
        ("rows.row_tokens=64", UserError, "longer than the model's 38 positions"),
        ("model.settings.hidden_size=30", UserError, "not a multiple"),
        ("corpus.languages=deu_Latn", UserError, "not among the 3 languages here"),
        ("corpus.source=nowhere", DataMissingError, "no folder nowhere"),
        ("evaluation.data=nowhere", DataMissingError, "sr-bible needs pairs of files"),
    ],
)
def test_what_would_stop_the_run_stops_the_plan(
    fresh: TinyRun, setting: str, error: type[UserError], said: str
) -> None:
    with pytest.raises(error, match=said):
        make_plan(fresh.recipe(setting))


def test_rows_of_another_recipe_are_no_basis(tiny_run: TinyRun) -> None:
    with pytest.raises(UserError, match=r"rows\.held_out_rows: 2 -> 3"):
        make_plan(tiny_run.recipe("rows.held_out_rows=3"))
