"""A recipe names folders through variables: what is set is put in, what is not is an error that says the key."""

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from langsamp.api.given import path, words
from langsamp.config import Config, escaped, expanded
from langsamp.errors import UserError
from langsamp.recipe import load_recipe

SIGNS = st.text(alphabet="a${}X_ é", max_size=12)
TEXTS: st.SearchStrategy[Any] = st.recursive(
    st.one_of(SIGNS, st.integers(), st.none()),
    lambda parts: st.one_of(st.lists(parts, max_size=4), st.dictionaries(SIGNS, parts, max_size=4)),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
@given(TEXTS)
def test_what_is_escaped_comes_back_whatever_the_environment_holds(value: Any) -> None:
    assert expanded(escaped(value), {"X": "else"}) == value


def test_variables_stand_for_their_values_in_every_text_and_nowhere_else() -> None:
    content = {"${X}": ["${X}/eval", 3, None], "corpus": {"source": "a${X}b${Y_1}$$${X}$${X}"}}
    assert expanded(content, {"X": "data", "Y_1": "$5"}) == {
        "${X}": ["data/eval", 3, None],
        "corpus": {"source": "adatab$5$data${X}"},
    }


def test_a_path_below_a_home_is_that_in_every_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    content = {"out": "~/runs/x", "corpus": {"source": "${D}/text"}, "title": "~ about 5 / 6"}
    assert expanded(content, {"D": "~/data"}) == {
        "out": "/home/someone/runs/x",
        "corpus": {"source": "/home/someone/data/text"},
        "title": "~ about 5 / 6",
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("~nobody_of_this_name/x", "there is no user with that home here"),
        ("${LANGSAMP_DATA}/x", "the variable LANGSAMP_DATA is not set."),
        ("${EMPTY}", "the variable EMPTY is empty"),
        ("${LANGSAMP_DATE}", "the variable LANGSAMP_DATE is not set. Did you mean 'LANGSAMP_DATES'?"),
        ("$HOME/x", "a dollar sign stands for a variable"),
        ("${HOME", "write $$ for the sign itself"),
        ("${}", "a dollar sign stands for a variable"),
        ("${A B}", "a dollar sign stands for a variable"),
        ("x$", "a dollar sign stands for a variable"),
    ],
)
def test_what_stands_for_nothing_is_named_with_its_key(value: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        expanded({"corpus": {"source": value}}, {"EMPTY": "", "LANGSAMP_DATES": "x"}, where="mine.yaml")
    assert str(caught.value).startswith("mine.yaml.corpus.source: ")
    assert said in str(caught.value)


def test_a_recipe_is_read_with_the_variables_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"name": "mine", "corpus": {"source": "${LANGSAMP_DATA}/corpus"}}), encoding="utf-8")
    monkeypatch.setenv("LANGSAMP_DATA", "/somewhere")
    recipe = load_recipe(file, ("evaluation.data=${LANGSAMP_DATA}/a$$b",))
    assert str(recipe.corpus.source) == "/somewhere/corpus"
    assert str(recipe.evaluation.data) == "/somewhere/a$b"
    monkeypatch.delenv("LANGSAMP_DATA")
    with pytest.raises(UserError, match="LANGSAMP_DATA is not set"):
        load_recipe(file)


class _Switches(Config):
    """Fields of several kinds."""

    number: int | None = 1
    numbers: tuple[float, ...] = ()
    switch: bool | None = None
    either: int | Literal[False] = 0
    anything: dict[str, Any] = Field(default_factory=dict)
    folder: Path | Literal["hub"] | None = None


def test_a_switch_is_no_number_and_stays_where_one_is_meant() -> None:
    assert _Switches(switch=True, either=False, anything={"a": True}).switch is True
    for content in ({"number": True}, {"numbers": [1.0, False]}, {"folder": False}):
        with pytest.raises(ValidationError, match="switches in YAML"):
            _Switches.model_validate(content)


def test_a_path_below_the_home_is_found_from_python_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder in ("~/eval", Path("~/eval")):
        assert _Switches(folder=folder).folder == path(folder) == tmp_path / "eval"  # type: ignore[arg-type]
    assert words(["~/a", "b~/c", "~"]) == [f"{tmp_path}/a", "b~/c", "~"] and words("~/a") == [f"{tmp_path}/a"]
