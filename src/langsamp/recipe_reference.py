"""What a recipe can say, read off the classes that check it: every key with its type, default and meaning.

Nothing here is written twice: a key's meaning is the text under its field, and the JSON schema is pydantic's own.
"""

import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from langsamp.errors import UserError, did_you_mean
from langsamp.recipe import Recipe


class Key(NamedTuple):
    """One key of a recipe."""

    path: str
    """As `--set` takes it: `training.steps`; `sampler.phases[].alpha` is a key of each section in a list."""
    type: str
    default: str
    """As YAML; empty where the key must be given."""
    meaning: str


def keys() -> list[Key]:
    """Every key of a recipe, in the order of the file; sections are expanded, and listed where they can be null."""
    return list(_keys(Recipe, ""))


def matching(query: str) -> list[Key]:
    """The keys that `query` means: one by its path, those of a section, else those that have the word in their path.

    Raises:
        UserError: where no key does.
    """
    every = keys()
    chosen = [key for key in every if key.path == query or key.path.startswith((f"{query}.", f"{query}[]"))] or [
        key for key in every if query.casefold() in key.path.casefold()
    ]
    if not chosen:
        paths = [key.path for key in every]
        last = {path.rpartition(".")[2]: path for path in paths}
        meant = did_you_mean(query, [*paths, *last])
        raise UserError(f"no key of a recipe is called {query!r}.{meant} `langsamp recipe` lists all of them")
    return chosen


def schema() -> dict[str, Any]:
    """The JSON schema of a recipe: editors complete and check by it (`# yaml-language-server: $schema=FILE`)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Recipe.model_json_schema()}


def _keys(owner: type[BaseModel], prefix: str) -> Iterator[Key]:
    for name, field in owner.model_fields.items():
        section, of_list = _section(field.annotation), _section_of_list(field.annotation)
        if section is not field.annotation:
            meaning = " ".join((field.description or "").split())
            yield Key(f"{prefix}{name}", _type(field), _default(field), meaning)
        if section is not None:
            yield from _keys(section, f"{prefix}{name}.")
        if of_list is not None:
            yield from _keys(of_list, f"{prefix}{name}[].")


def _section(annotation: Any) -> type[BaseModel] | None:
    """The class of a field that is a section, also of one that can be null."""
    kinds = [kind for kind in (annotation, *get_args(annotation)) if inspect.isclass(kind)]
    is_one = get_origin(annotation) in (None, Union, types.UnionType)
    return next((kind for kind in kinds if is_one and issubclass(kind, BaseModel)), None)


def _section_of_list(annotation: Any) -> type[BaseModel] | None:
    """The class of the sections that a list holds."""
    return _section(get_args(annotation)[0]) if get_origin(annotation) is tuple else None


def _type(field: FieldInfo) -> str:
    """The type in words, with the range that the field states: `whole number, at least 1`."""
    limits = {"Ge": ("at least", "ge"), "Gt": ("above", "gt"), "Le": ("at most", "le"), "Lt": ("below", "lt")}
    said = [
        f"{words} {_number(getattr(each, attribute))}"
        for each in field.metadata
        for words, attribute in [limits.get(type(each).__name__, ("", ""))]
        if words
    ]
    return ", ".join([_named(field.annotation), *said])


def _number(limit: float) -> str:
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:g}"


_NAMES: dict[Any, str] = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    Path: "path",
    type(None): "null",
    Any: "anything",
}


def _named(annotation: Any) -> str:
    arguments = get_args(annotation)
    match get_origin(annotation):
        case None if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
            text = "section"
        case None:
            text = _NAMES.get(annotation, str(getattr(annotation, "__name__", annotation)))
        case origin if origin is Literal:
            text = " | ".join(map(str, arguments))
        case origin if origin is Annotated:
            text = _named(arguments[0])
        case origin if origin in (Union, types.UnionType):
            text = " or ".join(map(_named, arguments))
        case origin if origin is tuple:
            inner = _named(arguments[0]).replace("section", "sections")
            text = f"list of {inner}" if Ellipsis in arguments else f"{len(arguments)} of {inner}"
        case _:
            text = "mapping"
    return text


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return ""
    plain = list(value) if isinstance(value, tuple) else value
    return yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=1_000).removesuffix("...\n").strip()
