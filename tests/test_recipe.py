"""A recipe says a whole run: defaults are the paper's, every slip is named with its key, settings go over the file."""

from pathlib import Path

import pytest

from langsamp.errors import DataMissingError, UserError
from langsamp.recipe import Recipe, load_recipe, parse_recipe


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text("name: mine\ntraining:\n  steps: 7\n", encoding="utf-8")
    return path


def test_the_defaults_are_the_papers() -> None:
    recipe = parse_recipe({"name": "mine"}, source="here")
    training, sampler = recipe.training, recipe.sampler
    assert (training.steps, training.learning_rate, sampler.rows_per_step, sampler.alpha) == (150_000, 5e-5, 1024, 0.3)
    assert (training.betas, training.epsilon, training.checkpoint_every) == ((0.9, 0.999), 1e-6, 5_000)
    assert (recipe.rows.row_tokens, recipe.masking.rate, recipe.model.init) == (512, 0.15, "xlm-roberta-base")


def test_folder_and_trainings_follow_from_it() -> None:
    recipe = Recipe(name="mine", variants=("both", "none"), seeds=(1, 0))
    assert recipe.folder == Path("runs/mine")
    assert Recipe(name="mine", out="else/where").folder == Path("else/where")
    assert recipe.trainings == [("none", 1), ("both", 1), ("none", 0), ("both", 0)]


def test_placement_and_control_are_named_as_variants() -> None:
    names = ["both@shuffled", "both@input", "script", "none"]
    recipe = parse_recipe({"name": "mine", "variants": names}, source="here")
    assert [variant for variant, _ in recipe.trainings] == names[::-1]


def test_a_pretrained_model_reads_its_own_pieces_unless_told_otherwise() -> None:
    assert Recipe(name="a").resolved_tokenizer.load == "xlm-roberta-base"
    assert parse_recipe({"name": "a", "tokenizer": {"load": "mine"}}, source="").resolved_tokenizer.load == "mine"
    new = {"init": None, "model_type": "bert"}
    assert parse_recipe({"name": "a", "model": new}, source="").resolved_tokenizer.load is None


def test_settings_go_over_the_file(file: Path) -> None:
    file.write_text("name: mine\nmodel:\n  # nothing yet\ntraining: {steps: 7}\n", encoding="utf-8")
    settings = ("training.steps=9", "corpus.languages=tail,!lin_Latn", "seeds=[1, 2]", "training.learning_rate=1e-3")
    recipe = load_recipe(file, (*settings, "model.settings.hidden_size=8"))
    assert (recipe.training.steps, recipe.seeds, recipe.training.learning_rate) == (9, (1, 2), 1e-3)
    assert recipe.corpus.languages == "tail,!lin_Latn"
    assert recipe.model.settings == {"hidden_size": 8}  # also into a section that the file leaves empty


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("training.steps", "--set takes KEY=VALUE, e.g. training.steps=100; got 'training.steps'"),
        ("=3", "--set takes KEY=VALUE"),
        ("name.x=1", "'name' is a value, not a section"),
        ("training.steps=[1", "'[1' is no YAML value"),
        ("trainin.steps=1", "unknown key 'trainin'. Did you mean 'training'?"),
        ("training.stepz=1", "unknown key 'training.stepz'. Did you mean 'steps'?"),
        ("sampler.phases=[{from_steps: 0}]", "unknown key 'sampler.phases.0.from_steps'. Did you mean 'from_step'?"),
        ("rows.row_token=64", "unknown key 'rows.row_token'. Did you mean 'row_tokens'?"),
        ("masking.mlm_probability=1", "unknown key 'masking.mlm_probability'. There are rate, "),
        ("training.steps=many", "training.steps: Input should be a valid integer"),
        ("training.steps=0", "training.steps: Input should be greater than or equal to 1 (got 0)"),
        ("training=3", "training: expected keys with values below it, got 3"),
        ("steps=100", "unknown key 'steps'. Did you mean 'training.steps'?"),
        ("training.rows_per_step=8", "unknown key 'training.rows_per_step'. Did you mean 'sampler.rows_per_step'?"),
        ("seeds=3", "seeds: expected a list, as in [3]"),
        ("evaluation.tasks=sib200", "evaluation.tasks: expected a list, as in [sib200]"),
        ("training.steps=yes", "training.steps: yes, no, on, off, true and false are switches in YAML"),
        ("seeds=[1, on]", "seeds: yes, no, on, off, true and false are switches"),
        ("corpus.languages=no", "corpus.languages: yes, no, on, off, true and false are switches"),
        ("variants=[nome]", "variants.0: Input should be 'none', 'language', 'script', 'both', 'language@input', "),
        ("variants=[none, none]", "variants must name at least one value and none twice, got ['none', 'none']"),
        ("seeds=[]", "seeds must name at least one value"),
        ("name=a/b", "name: String should match pattern"),
        ("evaluation.tasks=[sr-bibel]", "no task 'sr-bibel'. Did you mean 'sr-bible'?"),
        ("masking.mask_share=0.95", "mask_share + random_share must be at most 1, got 1.05"),
    ],
)
def test_a_slip_is_named(file: Path, setting: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        load_recipe(file, (setting,))
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300, "the whole recipe is no help"


def test_languages_may_be_a_list(file: Path) -> None:
    recipe = load_recipe(file, ("corpus.languages=[Swahili, hin_Deva]", "evaluation.languages=[kmr_Cyrl]"))
    assert (recipe.corpus.languages, recipe.evaluation.languages) == ("Swahili,hin_Deva", "kmr_Cyrl")


def test_all_slips_are_named_at_once(file: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_recipe(file, ("training.stepz=1", "sampler.alpha=2"))
    assert str(file) in str(caught.value)
    assert all(key in str(caught.value) for key in ("training.stepz", "sampler.alpha"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"- name\n", "must hold a mapping of recipe keys, got list"),
        (b"", "must hold a mapping of recipe keys, got NoneType"),
        (b"name: [\n", "cannot be read as YAML"),
        (b"name: \xff\n", "is not UTF-8 text .* save it as UTF-8"),
        (b"name: a\ntraining: {steps: 1}\ntraining: {steps: 2}\n", "the key 'training' is there twice"),
        (b"training: {}\n", "name: Field required"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(file: Path, text: bytes, said: str) -> None:
    file.write_bytes(text)
    with pytest.raises(UserError, match=said):
        load_recipe(file)


def test_an_absent_file_is_missing_data(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="no recipe at"):
        load_recipe(tmp_path / "none.yaml")
    with pytest.raises(UserError, match="is a folder: give the YAML file"):
        load_recipe(tmp_path)
