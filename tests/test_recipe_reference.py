"""What help, templates and schema say of a recipe is what the classes check."""

import json
from pathlib import Path

import pytest
import yaml

from langsamp.errors import UserError
from langsamp.recipe import Recipe, parse_recipe
from langsamp.recipe_reference import keys, matching, schema
from langsamp.recipes.new import template
from tests.tiny_run import langsamp


def test_every_key_has_a_meaning_and_a_type():
    for key in keys():
        assert key.meaning.endswith("."), key
        assert "typing" not in key.type and key.type, key


def test_the_defaults_shown_are_the_defaults():
    content: dict = {"name": "x"}
    null = tuple(f"{key.path}." for key in keys() if key.type == "section or null")
    for key in keys():
        if key.default and not key.path.startswith(null) and "[]" not in key.path:
            *sections, last = key.path.split(".")
            owner = content
            for section in sections:
                owner = owner.setdefault(section, {})
            owner[last] = yaml.safe_load(key.default)
    assert parse_recipe(content, source="") == Recipe(name="x")


def test_a_section_that_can_be_null_shows_its_keys_too():
    assert {key.path: key.type for key in keys()}["analysis.neutrality"] == "section or null"
    assert "analysis.neutrality.sentences" in {key.path for key in keys()}
    assert len(matching("analysis.neutrality")) > 1
    assert [key.type for key in matching("analysis.vectors.seed")] == ["whole number, at least 0, below 4,294,967,296"]


def test_the_keys_of_sections_in_a_list_are_shown() -> None:
    shown = {key.path: key.type for key in matching("sampler.phases")}
    assert shown["sampler.phases"] == "list of sections"
    assert shown["sampler.phases[].from_step"] == "whole number, at least 0"
    assert "sampler.phases[].mask_rate" in shown


def test_a_key_is_explained_by_path_section_or_part():
    assert [key.path for key in matching("training.steps")] == ["training.steps"]
    assert {key.path for key in matching("rows")} >= {"rows.row_tokens", "rows.packing"}
    assert all("seed" in key.path for key in matching("seed"))
    assert [key.type for key in matching("masking.rate")] == ["number, above 0, at most 1"]
    with pytest.raises(UserError, match=r"Did you mean 'training\.steps'"):
        matching("training.stpes")


def test_the_schema_knows_every_key_and_no_other():
    content = schema()
    assert content["additionalProperties"] is False
    assert content["properties"].keys() == Recipe.model_fields.keys()
    training = content["$defs"]["TrainingConfig"]["properties"]
    assert training["steps"]["description"].startswith("Optimizer updates")


def test_the_commands_print_what_the_functions_give(tmp_path: Path):
    assert "Optimizer updates." in langsamp("recipe", "training.steps").out
    assert json.loads(langsamp("recipe", "--schema").out) == schema()
    assert len(json.loads(langsamp("recipe", "--json").out)) == len(keys())
    answer = langsamp("new", tmp_path / "a.yaml", "--from", "quickstart")
    assert answer.code == 0 and (tmp_path / "a.yaml").read_text().count("\n") == template("quickstart").count("\n")
