"""The verbs of vocabularies: train one, extend one, cut one to what some languages need, say what one holds."""

from pathlib import Path
from typing import Annotated

import typer

from langsamp.cli.output import Json, print_json, print_line, print_table

app = typer.Typer(
    name="tokenizer", no_args_is_help=True, rich_markup_mode=None, help="Train, extend, trim and inspect vocabularies."
)

Text = Annotated[str | None, typer.Option("--text", help="Folder of <tag>.txt files, `cldr`, or hub:OWNER/NAME.")]
Languages = Annotated[str, typer.Option("--langs", "-l", help="Selector of tags, e.g. swh_Latn,hin_Deva.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")]
MaxDocuments = Annotated[int | None, typer.Option(min=1, help="Documents of each tag to read at most.")]
PadTo = Annotated[int, typer.Option(help="Fill the table up to a multiple of so many rows; 1 leaves it.")]


@app.command()
def trim(
    model: Annotated[str, typer.Argument(help="Folder or Hugging Face name of an encoder.")],
    out: Out,
    text: Text = None,
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
    json: Json = False,
) -> None:
    """Cut an encoder's vocabulary to what some languages need.

    Every row moves with its token; single characters and special tokens are never dropped. On text that the kept pieces
    write, outputs stay the same.
    """
    from dataclasses import asdict

    from langsamp.data.corpus import CorpusConfig, open_corpus
    from langsamp.data.vocabulary.trimming import Need, pieces_named
    from langsamp.errors import UserError
    from langsamp.model.stored import open_stored
    from langsamp.model.trimming import trim as cut
    from langsamp.model.trimming import untrim as put_back

    _check_out(out)
    if (text is None) == (untrim is None):
        raise UserError("give --text FOLDER, the text that decides what is kept, or --untrim ORIGINAL, one of the two")
    stored = open_stored(model)
    if untrim is not None:
        added = put_back(stored, out, original=open_stored(untrim))
        print_line(f"{out}: {added:,} tokens have the rows of {untrim}, all others those of {model}")
        return
    config = CorpusConfig(source=text or "", languages=langs, max_documents=max_documents)
    named = frozenset[str]()
    if keep is not None:
        named = pieces_named(stored.tokenizer, stored.vocabulary, _lines(keep))
    share = 0.998 if coverage is None and min_count is None else coverage
    report = cut(
        stored,
        out,
        corpus=open_corpus(config, base=Path()),
        config=config,
        need=Need(coverage=share, min_count=min_count, keep=named),
        multiple=pad_to,
    )
    if json:
        print_json(asdict(report))
        return
    print_table(
        f"{out}: {report.covered:.2%} of {report.tokens:,} tokens covered",
        [
            {"": name, "before": f"{before:,}", "after": f"{after:,}"}
            for name, (before, after) in (
                ("tokens of the vocabulary", report.pieces),
                ("rows of the embedding", report.rows),
                ("parameters", report.parameters),
            )
        ],
    )
    print_table(
        "Tokens covered",
        [{"tag": tag, "per cent": f"{100 * share:.2f}"} for tag, share in report.covered_by_tag.items()],
    )


def _lines(path: Path) -> list[str]:
    from langsamp.errors import DataMissingError

    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataMissingError(f"{path} cannot be read ({error}); expected UTF-8 text, one piece a line") from None


def _check_out(out: Path) -> None:
    from langsamp.errors import UserError

    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise UserError(f"{out} is {'a file' if out.is_file() else 'not empty'}; name a new folder")
