"""The explorer as a web server: on this machine only unless told, and without a word to any other."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from langsamp import stopping
from langsamp.errors import StoppedError, UserError
from langsamp.explorer.guard import guarded

LOOPBACK = "127.0.0.1"
PORT = 7860
_NEEDED = ("gradio", "uvicorn")
EXTRA = 'pip install "langsamp[explore]"'

_QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(2**62),  # no statistics of calls, in this process either
    "GRADIO_SHARE": "False",
    "GRADIO_MCP_SERVER": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
Page = Callable[[], tuple[Any, Mapping[str, Any]]]
"""Builds Gradio's `Blocks` and says how they are to be mounted; called only once Gradio has been told to be quiet."""


def check_extra() -> None:
    """Refuse to go on without the packages of the extra.

    Raises:
        UserError: naming the command that installs them.
    """
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        verb = "is" if len(missing) == 1 else "are"
        raise UserError(f"the explorer needs {' and '.join(missing)}, which {verb} not installed: {EXTRA}")


def explore(page: Page, *, host: str = LOOPBACK, port: int = PORT, started: Callable[[str], object]) -> None:
    """Serve a page until Ctrl-C; `started` is told its address once it answers.

    Raises:
        UserError: where the extra is not installed, or the address is not to be had.
    """
    check_extra()
    with _listening(host, port) as listener:
        server = _server(page, host)
        address = _address(listener)
        try:
            _serve(server, listener, lambda: started(address))
        except (KeyboardInterrupt, StoppedError):
            stopping.forget()  # the usual end of a server is no stop of work


def _serve(server: Any, listener: socket.socket, started: Callable[[], object]) -> None:
    original = server.startup

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        await original(sockets=sockets)
        started()

    server.startup = startup
    server.run(sockets=[listener])


def _server(page: Page, host: str) -> Any:
    os.environ.update(_QUIET)  # read where gradio is imported and where it starts
    import gradio as gr
    import uvicorn
    from fastapi import FastAPI

    blocks, look = page()
    app = gr.mount_gradio_app(FastAPI(), blocks, path="", **look)
    settings = uvicorn.Config(
        guarded(app, host=host), log_level="warning", ws="none", timeout_graceful_shutdown=1, server_header=False
    )
    return uvicorn.Server(settings)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that waits at the address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise UserError(f"cannot serve at {host}: {error}; give --host an address of this machine") from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(
                f"cannot serve at {host}, port {port}: {reason}. Give another --port; 0 takes any that is free"
            ) from None
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
