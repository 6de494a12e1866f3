"""The verb that shows models in a browser."""

from typing import Annotated

import typer

from langsamp.cli.output import complain, print_line


def explore(
    models: Annotated[list[str], typer.Argument(metavar="RUN_OR_MODEL", help="Run, RUN:MODEL, export or hub name.")],
    host: Annotated[str, typer.Option(help="Address to serve at; 0.0.0.0 lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 7860,
    browser: Annotated[bool, typer.Option("--browser", help="Open it in the browser.")] = False,
) -> None:
    """Look at models in a browser: vectors, fill-mask, a map.

    Served to this machine only, unless --host says otherwise. Ctrl-C ends it. Needs the extra `explore`.
    """
    from langsamp.app.guard import is_loopback
    from langsamp.app.serving import check_extra
    from langsamp.app.serving import explore as serve

    check_extra()
    from langsamp.analysis.subjects import find_subjects

    subjects = find_subjects(models)
    if not is_loopback(host):
        complain(f"Whoever reaches this machine at {host} can use the explorer; it asks for no password.")

    def started(address: str) -> None:
        print_line(f"Explorer: {address}  (Ctrl-C ends it)")
        if browser:
            typer.launch(address)

    serve(subjects, host=host, port=port, started=started)
