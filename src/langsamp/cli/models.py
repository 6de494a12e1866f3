"""The verbs of models: into this package, out of it in other layouts, to the hub, into a browser."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from langsamp.cli.output import Json, complain, print_line, print_table

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")]


def import_checkpoint(
    checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="Folder or Hugging Face name.")],
    ids: Annotated[Path, typer.Option(help="Its id table: the authors' .pkl, or .json with languages and scripts.")],
    out: Out,
    tokenizer: Annotated[
        str | None, typer.Option(help="Folder or Hugging Face name of its tokenizer, where none lies beside it.")
    ] = None,
) -> None:
    """Read a checkpoint of LangSAMP's authors.

    Writes an export: a plain encoder, and its vectors with their names.
    """
    from langsamp.api.exchange import import_checkpoint as read

    print_line(read(checkpoint, ids, out, tokenizer=tokenizer))


def export(
    model: Annotated[
        Path, typer.Argument(help="Training, checkpoint or export; for the last two layouts any encoder.")
    ],
    out: Out,
    layout: Annotated[
        str, typer.Option(help="huggingface, original (the authors'), sentence-transformers or onnx.")
    ] = "huggingface",
    layer: Annotated[
        int | None, typer.Option(min=1, help="Layer whose vectors sentence-transformers or onnx gives.")
    ] = None,
) -> None:
    """Write a trained model as other libraries load it.

    A plain Hugging Face folder; or sentence vectors, an ONNX graph checked against torch, the layout of the authors.
    """
    from langsamp.api.exchange import export as write

    print_line(write(model, out, layout=layout, layer=layer))  # type: ignore[arg-type]


def push(
    model: Annotated[Path, typer.Argument(help="Folder of a model.")],
    repository: Annotated[str, typer.Argument(metavar="REPO", help="OWNER/NAME on the Hugging Face hub.")],
    yes: Annotated[bool, typer.Option("--yes", help="Send it; else only say what would be sent.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Let everybody see it.")] = False,
    json: Json = False,
) -> None:
    """Send a model to the Hugging Face hub.

    Says which files would go, and sends nothing without --yes. Private, under your own login.
    """
    from langsamp.api.exchange import push as send

    sent = send(model, repository, yes=yes, public=public)
    for title, table in sent.tables.items():
        rows = [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
        print_table(title, rows, as_json=json)
    (complain if json else print_line)("\n".join(sent.lines))


def explore(
    models: Annotated[list[str], typer.Argument(metavar="RUN_OR_MODEL", help="Run, RUN:MODEL, export or hub name.")],
    host: Annotated[str, typer.Option(help="Address to serve at; 0.0.0.0 lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 7860,
    browser: Annotated[bool, typer.Option("--browser", help="Open it in the browser.")] = False,
) -> None:
    """Look at models in a browser: vectors, fill-mask, a map.

    Served to this machine only, unless --host says otherwise. Ctrl-C ends it. Needs the extra `explore`.
    """
    from langsamp.explorer.guard import is_loopback
    from langsamp.explorer.serving import check_extra
    from langsamp.explorer.serving import explore as serve

    check_extra()
    from langsamp.analysis.model_refs import find_model_refs

    subjects = find_model_refs(models)
    if not is_loopback(host):
        complain(f"Whoever reaches this machine at {host} can use the explorer; it asks for no password.")

    def started(address: str) -> None:
        print_line(f"Explorer: {address}  (Ctrl-C ends it)")
        if browser:
            typer.launch(address)

    def page() -> tuple[Any, Mapping[str, Any]]:
        from langsamp.explorer.explorer_page import build_page, look

        return build_page(subjects), look()

    serve(page, host=host, port=port, started=started)
