"""The verbs of languages: find them; give a trained model new ones; say which one a text is in."""

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from langsamp.cli.application import Application
from langsamp.cli.lookups import languages
from langsamp.cli.output import Json, check_new_folder, complain, print_json, print_line, print_table
from langsamp.errors import first_of

if TYPE_CHECKING:
    from langsamp.languages.tags import LangScript

_FIND = "find"


class _FindsByDefault(TyperGroup):
    """`langsamp languages swahili` is `langsamp languages find swahili`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        is_named = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if is_named else [_FIND, *args])


app = Application(
    name="languages", cls=_FindsByDefault, rich_markup_mode=None,
    help="Find languages, or give a trained model new ones.",
)  # fmt: skip
app.command(_FIND)(languages)

Export = Annotated[Path, typer.Option("--model", "-m", help="Run, or export of a training, with language vectors.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")]


@app.command()
def add(
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="New languages, like kab_Latn.")],
    model: Export,
    out: Out,
) -> None:
    """Append ids for new languages to a trained model.

    Old ids, vectors and outputs stay as they are.
    A new vector starts from its nearest trained relatives, and is marked as untrained.
    """
    from langsamp.languages.tags import LangScript
    from langsamp.model.new_language.fitting import add_languages

    check_new_folder(out)
    longer = add_languages(_export(model), [LangScript.parse(tag) for tag in tags], out)
    print_line(f"{out}: {len(longer.ids.languages)} languages, {len(longer.ids.scripts)} scripts")


@app.command()
def fit(
    tag: Annotated[str, typer.Argument(metavar="TAG", help="The new language, like kab_Latn.")],
    text: Annotated[Path, typer.Option("--text", help="File of its text, one document a line.")],
    model: Export,
    out: Out,
    max_documents: Annotated[int, typer.Option(min=1, help="Documents to read at most.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is hidden.")] = 0,
    json: Json = False,
) -> None:
    """Fit a vector for a language that was never trained.

    From a few hundred lines of text; all else stays as it is.
    """
    from langsamp.languages.tags import LangScript
    from langsamp.model.new_language.fitting import fit as fit_vector

    check_new_folder(out)
    name = LangScript.parse(tag)
    fitted = fit_vector(_export(model), name, _texts(text, name, max_documents), out, seed=seed)
    if json:
        print_json(vars(fitted))
        return
    rows = [{"language vector": key, "loss per hidden token": f"{value:.4f}"} for key, value in fitted.loss.items()]
    print_table(f"{out}: {tag}, held-out texts", rows)
    near = ", ".join(f"{code} {cosine:.2f}" for code, cosine in fitted.neighbours)
    print_line(f"It started from the mean of {', '.join(fitted.started_from)}; nearest now: {near}")
    print_line(f"Length {fitted.norm:.2f}; trained ones have {fitted.mean_norm:.2f} on average")


def identify(
    file: Annotated[Path, typer.Argument(help="Text, one document a line.")],
    model: Export,
    top: Annotated[int, typer.Option(min=1, help="Languages to name for each line.")] = 3,
    max_documents: Annotated[int, typer.Option(min=1, help="Lines to read at most.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is hidden.")] = 0,
    json: Json = False,
) -> None:
    """Say which of a model's languages each line is in.

    The one under whose vectors it is most probable.
    """
    from langsamp.model.new_language.frozen import FrozenModel
    from langsamp.model.new_language.identifying import identify as rank

    texts = _numbered_texts(file, max_documents)
    frozen = FrozenModel(_export(model))
    guesses = rank(frozen, list(texts.values()), seed=seed)
    rows = [
        {
            "line": number,
            "rank": rank,
            "tag": str(guess.tag),
            "loss": round(guess.loss, 3) if json else f"{guess.loss:.3f}",
            "probability": round(guess.probability, 3) if json else f"{guess.probability:.3f}",
            "text": text[:40] if rank == 1 else "",
        }
        for (number, text), ranked in zip(texts.items(), guesses, strict=True)
        for rank, guess in enumerate(ranked[:top], 1)
    ]
    print_table(f"{len(texts)} lines", rows, as_json=json)
    scripts = {tag.script for tag in frozen.conditioning.trained_tags}
    if strange := _without_letters(texts, scripts):
        complain(
            f"note: {len(strange)} lines have no letter of a script of the model's languages "
            f"({', '.join(sorted(scripts))}), so what is said of them is a guess: {first_of(strange, 10)}"
        )


def _without_letters(texts: Mapping[int, str], scripts: Iterable[str]) -> list[int]:
    """The lines without any letter of these scripts."""
    from langsamp.languages.scripts import letters_by_script, share_in_script

    letters = {number: letters_by_script(text) for number, text in texts.items()}
    return [number for number in texts if not any(share_in_script(letters[number], script) for script in scripts)]


def _export(named: Path) -> Path:
    """The export that is named, by its folder or that of its training, or of its run as `donors` takes it."""
    from langsamp.analysis.donors.candidates import find_model_ref
    from langsamp.disk.layout import ModelLayout
    from langsamp.model.conditioning import LANGUAGES

    if (named / LANGUAGES).is_file() or not named.is_dir():
        return named
    if (export := ModelLayout(named).export).is_dir():
        return export
    return find_model_ref(str(named)).folder if (named / "recipe.yaml").is_file() else named


def _numbered_texts(file: Path, most: int) -> dict[int, str]:
    """The first lines of a file that have text, clean, by their number in it."""
    from langsamp.data.text.cleaning import clean_text
    from langsamp.data.text.formats import documents_in
    from langsamp.errors import DataMissingError

    _check_is_there(file)
    cleaned = ((number, clean_text(text)) for number, text in enumerate(documents_in(file, text_column="text"), 1))
    texts = dict(islice(((number, text) for number, text in cleaned if text), most))
    if not texts:
        raise DataMissingError(f"{file} has no text; expected one document a line")
    return texts


def _texts(file: Path, tag: "LangScript", most: int) -> list[str]:
    """The first clean documents of a file, none twice; checked to be in the tag's script."""
    from langsamp.data.text.cleaning import clean_documents
    from langsamp.data.text.corpus import CorpusConfig
    from langsamp.data.text.formats import documents_in

    _check_is_there(file)
    documents = documents_in(file, text_column="text")
    return list(clean_documents(documents, tag=tag, config=CorpusConfig(max_documents=most)))


def _check_is_there(file: Path) -> None:
    from langsamp.errors import DataMissingError

    if not file.is_file():
        trouble = "is no plain file" if file.exists() else "is not there"
        raise DataMissingError(f"{file} {trouble}; expected a file of text, one document a line")
