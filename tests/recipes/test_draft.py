"""One key of a recipe changes or goes; every other key and comment stays."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from langsamp.recipes.draft import Draft
from langsamp.recipes.new import TEMPLATES, template


def _paths(content: dict[str, Any], text: str, prefix: str = "") -> Iterator[str]:
    """The keys that have a line of their own."""
    for key, value in content.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict) and re.search(rf"^ *{key}:$", text, re.MULTILINE):
            yield from _paths(value, text, f"{prefix}{key}.")


def _comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


def _without(content: dict[str, Any], path: str) -> dict[str, Any]:
    *above, key = path.split(".")
    section = content
    for name in above:
        section = section[name]
    del section[key]
    return content


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_key_is_put_or_dropped_and_nothing_else(name: str):
    text = template(name)
    for path in _paths(yaml.safe_load(text), text):
        draft = Draft(text)
        draft.put(path, "other")
        is_anchor = "&tags" in text and path in ("corpus", "corpus.languages")  # others stand for the same
        if not is_anchor:
            assert _without(yaml.safe_load(draft.text), path) == _without(yaml.safe_load(text), path)
        assert [each for each in _comments(draft.text) if each not in _comments(text)] == []
        if not is_anchor:
            draft = Draft(text)
            draft.drop(path)
            assert not draft.has(path)
            kept, whole = yaml.safe_load(draft.text), _without(yaml.safe_load(text), path)
            assert kept == whole or _emptied(kept, path) == _emptied(whole, path)


def _emptied(content: dict[str, Any], path: str) -> dict[str, Any]:
    """With null for a section that has lost its only key."""
    *above, last, _ = path.split(".")
    section = content
    for name in above:
        section = section[name]
    section[last] = section[last] or None
    return content


def test_a_list_of_many_tags_is_folded_and_read_as_it_was():
    tags = ",".join(f"{first}{second}a_Latn" for first in "abcdefgh" for second in "abcdefgh")
    draft = Draft(template("continue"))
    draft.put("corpus.languages", tags)
    content = yaml.safe_load(draft.text)
    assert content["corpus"]["languages"].replace(" ", "") == tags
    assert content["evaluation"]["languages"] == content["corpus"]["languages"]
    assert max(map(len, draft.text.splitlines())) < 140


def test_in_the_place_of_an_alias_a_value_leaves_what_it_stood_for():
    draft = Draft(template("continue"))
    draft.put("evaluation.languages", "deu_Latn")
    content, before = yaml.safe_load(draft.text), yaml.safe_load(template("continue"))
    assert content["evaluation"]["languages"] == "deu_Latn"
    assert content["corpus"] == before["corpus"]
