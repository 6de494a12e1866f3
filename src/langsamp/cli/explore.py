"""The verb that shows models in a browser."""

from collections.abc import Mapping
from typing import Annotated, Any

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
