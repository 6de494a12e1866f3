"""The verbs of vocabularies: train one, extend one, cut one to what some languages need, say what one holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langsamp.cli.application import Application
from langsamp.cli.output import Json, check_new_folder, print_line
from langsamp.cli.vocabulary_output import print_cut, print_extension, print_fits

if TYPE_CHECKING:
    from langsamp.data.tokens.tokenizer import TokenizerConfig
    from langsamp.data.vocabulary.sampling import Sample

app = Application(
    name="tokenizer", no_args_is_help=True, rich_markup_mode=None, help="Train, extend, trim and inspect vocabularies."
)

Model = Annotated[str, typer.Argument(metavar="MODEL", help="Folder or Hugging Face name.")]
Text = Annotated[str, typer.Option("--text", help="Folder of <tag>.txt files, `cldr`, or hub:OWNER/NAME.")]
Languages = Annotated[str, typer.Option("--langs", "-l", help="Selector of tags, e.g. swh_Latn,hin_Deva.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")]
MaxDocuments = Annotated[int | None, typer.Option(min=1, help="Documents of each tag to read at most.")]
PadTo = Annotated[int, typer.Option(help="Fill the table up to a multiple of so many rows; 1 leaves it.")]
SampleDocuments = Annotated[int, typer.Option(min=1, help="Documents to learn from, drawn from all tags.")]
Alpha = Annotated[float, typer.Option(min=0, max=1, help="Exponent of the draw: 1 keeps the text's shares.")]
Coverage = Annotated[float, typer.Option(help="Share of the sample's characters that get a piece of their own.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the draw.")]


@app.command()
def train(
    text: Text,
    out: Out,
    langs: Languages = "all",
    vocab_size: Annotated[int, typer.Option(help="Entries, special ones and bytes included.")] = 32_000,
    row_tokens: Annotated[int, typer.Option(min=1, help="Longest row, which the tokenizer tells others.")] = 512,
    sample_documents: SampleDocuments = 1_000_000,
    alpha: Alpha = 0.3,
    character_coverage: Coverage = 0.9995,
    byte_fallback: Annotated[bool, typer.Option(help="Write rare characters as bytes, or else as <unk>.")] = True,
    seed: Seed = 0,
    max_documents: MaxDocuments = None,
    json: Json = False,
) -> None:
    """Train a Unigram vocabulary on text, as a recipe with these settings would."""
    from langsamp.data.tokens.tokenizer import TokenizerConfig
    from langsamp.data.tokens.unigram import train_tokenizer
    from langsamp.data.vocabulary.measuring import measure
    from langsamp.disk.files import replacing
    from langsamp.errors import checked

    check_new_folder(out)
    settings = {
        "vocab_size": vocab_size, "sample_documents": sample_documents, "alpha": alpha,
        "character_coverage": character_coverage, "byte_fallback": byte_fallback, "seed": seed,
    }  # fmt: skip
    config = checked(TokenizerConfig, settings)
    sample = _sample(text, langs, max_documents, config)
    with _as_options():
        tokenizer = train_tokenizer(
            (each for texts in sample.values() for each in texts), config, row_tokens=row_tokens
        )
    with replacing(out) as folder:
        tokenizer.save_pretrained(folder)
    fits = {str(tag): measure(tokenizer, [sample[tag]]) for tag in sorted(sample)}
    print_fits(f"{out}: {len(tokenizer):,} entries", fits, as_json=json)


@app.command()
def extend(
    model: Model,
    text: Text,
    out: Out,
    pieces: Annotated[int, typer.Option(min=300, help="Size of the vocabulary that is learned and merged in.")],
    langs: Languages = "all",
    rows: Annotated[
        str, typer.Option(help="New rows: mean of old pieces, normal draw, or old ones by index.")
    ] = "mean",
    sample_documents: SampleDocuments = 1_000_000,
    alpha: Alpha = 0.3,
    character_coverage: Coverage = 0.9995,
    seed: Seed = 0,
    max_documents: MaxDocuments = None,
    pad_to: PadTo = 64,
    json: Json = False,
) -> None:
    """Add pieces learned from text to a vocabulary.

    Of an encoder with a Unigram or WordPiece tokenizer.
    Every old token keeps its row, <mask> too though its id moves. `--rows index` does as the original code does, for
    comparison: <mask> loses its row.
    """
    from typing import cast, get_args

    from langsamp.data.tokens.tokenizer import TokenizerConfig, load_tokenizer
    from langsamp.data.vocabulary.extending import new_pieces
    from langsamp.data.vocabulary.measuring import measure
    from langsamp.errors import UserError, checked, did_you_mean
    from langsamp.model.vocabulary.extending import Rows
    from langsamp.model.vocabulary.extending import extend as lengthen
    from langsamp.model.vocabulary.stored_model import open_stored

    check_new_folder(out)
    if rows not in get_args(Rows):
        raise UserError(
            f"--rows is one of {', '.join(get_args(Rows))}; got {rows!r}.{did_you_mean(rows, get_args(Rows))}"
        )
    stored = open_stored(model)
    settings = {
        "vocab_size": pieces, "sample_documents": sample_documents, "alpha": alpha, "byte_fallback": False,
        "character_coverage": character_coverage, "seed": seed,
    }  # fmt: skip
    config = checked(TokenizerConfig, settings)
    sample = _sample(text, langs, max_documents, config)
    with _as_options("--pieces"):
        learned = new_pieces(stored.tokenizer, (each for texts in sample.values() for each in texts), config)
    facts = {"tags": sorted(map(str, sample)), "learned": settings}
    report = lengthen(stored, out, pieces=learned, rows=cast(Rows, rows), multiple=pad_to, seed=seed, facts=facts)
    both = (stored.tokenizer, load_tokenizer(str(out)))
    fits = {str(tag): tuple(measure(each, [sample[tag]]) for each in both) for tag in sorted(sample)}
    print_extension(out, report, fits, as_json=json)


@app.command()
def trim(
    model: Model,
    out: Out,
    text: Annotated[str | None, typer.Option("--text", help="Text that decides, as for train.")] = None,
    langs: Languages = "all",
    coverage: Annotated[
        float | None, typer.Option(help="Share of each language's tokens to cover; default 0.998.")
    ] = None,
    min_count: Annotated[int | None, typer.Option(help="Instead: pieces that occur so often in all text.")] = None,
    keep: Annotated[Path | None, typer.Option(help="File of pieces or words to keep too, one a line.")] = None,
    max_documents: MaxDocuments = None,
    pad_to: PadTo = 64,
    untrim: Annotated[
        str | None, typer.Option(metavar="ORIGINAL", help="Put MODEL back on the whole vocabulary of ORIGINAL.")
    ] = None,
    measure_step: Annotated[bool, typer.Option(help="Measure a training step before and after.")] = True,
    json: Json = False,
) -> None:
    """Cut an encoder's vocabulary to what some languages need.

    Every row moves with its token; single characters and special tokens are never dropped. On text that the kept pieces
    write, outputs stay the same.
    """
    from langsamp.data.text.corpus import CorpusConfig, open_corpus
    from langsamp.data.vocabulary.trimming import Need, pieces_named
    from langsamp.errors import UserError
    from langsamp.model.step_cost import step_cost
    from langsamp.model.vocabulary.stored_model import open_stored
    from langsamp.model.vocabulary.trimming import trim as cut
    from langsamp.model.vocabulary.trimming import untrim as put_back

    check_new_folder(out)
    if (text is None) == (untrim is None):
        raise UserError("give --text FOLDER, the text that decides what is kept, or --untrim ORIGINAL, one of the two")
    stored = open_stored(model)
    if untrim is not None:
        added = put_back(stored, out, original=open_stored(untrim))
        print_line(f"{out}: {added:,} tokens have the rows of {untrim}, all others those of {model}")
        return
    config = CorpusConfig(source=text or "", languages=langs, max_documents=max_documents)
    named = pieces_named(stored.tokenizer, stored.vocabulary, _lines(keep)) if keep else frozenset[str]()
    share = 0.998 if coverage is None and min_count is None else coverage
    report = cut(
        stored,
        out,
        corpus=open_corpus(config, base=Path()),
        config=config,
        need=Need(coverage=share, min_count=min_count, keep=named),
        multiple=pad_to,
    )
    sizes = zip((stored.folder, out), report.pieces, strict=True)
    costs = [step_cost(folder, vocabulary_size=size) for folder, size in sizes] if measure_step else []
    print_cut(out, report, costs, as_json=json)


@app.command()
def inspect(
    model: Model,
    text: Text,
    langs: Languages = "all",
    max_documents: MaxDocuments = None,
    json: Json = False,
) -> None:
    """Say how a vocabulary fits the text of each tag."""
    from langsamp.data.text.corpus import CorpusConfig, open_corpus
    from langsamp.data.tokens.tokenizer import load_tokenizer
    from langsamp.data.vocabulary.backend import Vocabulary
    from langsamp.data.vocabulary.measuring import measure
    from langsamp.data.vocabulary.trimming import texts_by_tag

    tokenizer = load_tokenizer(model)
    vocabulary = Vocabulary.of(tokenizer)
    config = CorpusConfig(source=text, languages=langs, max_documents=max_documents)
    batches_by_tag = texts_by_tag(open_corpus(config, base=Path()), config)
    fits = {str(tag): measure(tokenizer, batches) for tag, batches in batches_by_tag}
    special = ", ".join(f"{token} {vocabulary.ids[token]}" for token in vocabulary.ids if token in vocabulary.special)
    title = (
        f"{model}: {vocabulary.kind}, {len(vocabulary.ids):,} entries, {len(vocabulary.characters):,} of them single "
        f"characters or bytes; special: {special}"
    )
    print_fits(title, fits, as_json=json)


def _sample(text: str, langs: str, max_documents: int | None, config: "TokenizerConfig") -> "Sample":
    from langsamp.data.text.corpus import CorpusConfig, open_corpus
    from langsamp.data.vocabulary.sampling import sample_texts

    cleaning = CorpusConfig(source=text, languages=langs, max_documents=max_documents)
    return sample_texts(open_corpus(cleaning, base=Path()), cleaning, config)


@contextmanager
def _as_options(size: str = "--vocab-size") -> Iterator[None]:
    """Name settings of a recipe, of which an error speaks, as the options of a verb."""
    from langsamp.errors import UserError

    try:
        yield
    except UserError as error:
        message = str(error).replace("`tokenizer.vocab_size`", size).replace("`tokenizer.character_", "`--character-")
        raise UserError(message.replace(", or a tokenizer in `tokenizer.load`", "")) from None


def _lines(path: Path) -> list[str]:
    from langsamp.errors import DataMissingError

    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataMissingError(f"{path} cannot be read ({error}); expected UTF-8 text, one piece a line") from None
