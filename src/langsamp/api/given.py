"""What a user gives where a model or a recipe is meant: a path, a hub id, `RUN:MODEL`, or an object in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from langsamp.config import at_home
from langsamp.errors import UserError
from langsamp.recipe import Recipe, load_recipe
from langsamp.remote.session import opened

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def given_recipe(recipe: "str | Path | Recipe", settings: str | Sequence[str] = ()) -> Recipe:
    """The recipe that is meant, with what lies at its address at hand.

    `settings` like `training.steps=100` are put over one that is read from a file.

    Raises:
        DataMissingError: where there is no such file.
        UserError: for a wrong key or value, and for settings beside a recipe that is loaded already.
    """
    if isinstance(recipe, Recipe):
        if settings:
            raise UserError(
                "settings go with a recipe's file; a loaded recipe takes them in `load_recipe(path, settings)`"
            )
        loaded = recipe
    else:
        loaded = load_recipe(path(recipe), tuple(words(settings)))
    if loaded.out is not None:
        opened(loaded.out, writes=True, is_run=True)
    return loaded


def path(given: str | Path) -> Path:
    """A path as a user writes it: what begins with `~/` is in the home.

    Raises:
        UserError: for anything else.
    """
    return Path(words([given])[0])


def words(given: "Sequence[str | Path] | str | Path") -> list[str]:
    """One word or several, as a list: a single one is never read letter by letter, and paths as `path` has them.

    Raises:
        UserError: for what is neither a name nor a path.
    """
    listed = [given] if isinstance(given, str | Path) else list(given)
    for each in listed:
        if not isinstance(each, str | Path):
            raise UserError(f"expected a name or a path, got an object of type {type(each).__name__}")
    return [str(at_home(each)) for each in listed]


@contextmanager
def model_folders(
    models: "Sequence[Any] | Any", tokenizer: "PreTrainedTokenizerBase | None"
) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Folders or hub ids of the models, and what tables call those that have no folder of their own.

    A model in memory is saved with its tokenizer to a folder that lives as long as the block: scores are named by
    content, so they are found again whatever the folder was called.

    Raises:
        UserError: for a model in memory without a tokenizer.
    """
    is_one = isinstance(models, str | Path) or hasattr(models, "save_pretrained") or not isinstance(models, Iterable)
    listed: list[Any] = [models] if is_one else list(models.values() if isinstance(models, Mapping) else models)
    with TemporaryDirectory(prefix="langsamp-") as scratch:
        folders, names = [], {}
        for number, model in enumerate(listed):
            if isinstance(model, str | Path):
                folders += words(model)
                continue
            if not (hasattr(model, "base_model") and hasattr(model, "save_pretrained")):
                raise UserError(
                    f"expected a name or a path, got an object of type {type(model).__name__}. A model in memory is "
                    "one of transformers, as AutoModel gives it; save another (save_pretrained), and give its folder"
                )
            if tokenizer is None:
                raise UserError("a model in memory needs its tokenizer: evaluate(model, tokenizer=tokenizer, ...)")
            folder = Path(scratch) / str(number)
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            folders.append(str(folder))
            names[str(folder)] = _name(model, number)
        yield folders, names


def _name(model: "PreTrainedModel", number: int) -> str:
    """What tables call a model in memory: where it came from, else its class."""
    return str(model.name_or_path or f"{type(model).__name__}-{number}")
