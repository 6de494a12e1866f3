"""What a request must be before the explorer answers it: addressed to this machine, from its own page, and small.

A site elsewhere can make a reader's browser ask any server that the browser reaches. With a name that it lets point to
this machine (DNS rebinding) it could read the answers too; but the browser then says that name as `Host`.
"""

import socket
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 1 << 18
"""Of what one request brings."""

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
"""What a browser may load: only what this server gives it."""
_HEADERS = [(b"content-security-policy", _POLICY.encode()), (b"referrer-policy", b"no-referrer")]
_CHANGING = ("/gradio_api/queue/join", "/gradio_api/reset", "/gradio_api/cancel")
"""Where the page sends what a reader typed; nothing else is taken in."""
_CLOSED = ("upload", "upload_progress", "proxy=", "component_server")
"""Routes of Gradio's that the page does not need and that take in or fetch files."""


def guarded(app: App, *, host: str) -> App:
    """`app` served at `host`, which gets only requests that are safe; its answers name no other place to a browser."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Scope) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *_HEADERS]}
            await send(message)

        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        status, reason = refusal(scope["method"], scope["path"], dict(scope["headers"]), host=host)
        body = None if reason else await _read(receive)
        if not reason and body is None:
            status, reason = 413, f"more than {MOST_BYTES:,} bytes"
        if body is None:
            await _refuse(send_guarded, status, reason)
        else:
            await app(scope, _replayed(body, receive), send_guarded)

    return answer


def refusal(method: str, path: str, headers: dict[bytes, bytes], *, host: str) -> tuple[int, str]:
    """Status and reason with which a request to a server at `host` is refused; 200 and nothing where it is not."""
    asked = headers.get(b"host", b"").decode("latin-1")
    if not is_own_name(_name(asked), host):
        return 403, "this host is not served here"
    origin = headers.get(b"origin", b"").decode("latin-1")
    if origin and urlsplit(origin).netloc.lower() != asked.lower():
        return 403, "another origin"
    if any(part.startswith(_CLOSED) for part in path.split("/")):
        return 404, "no such page"
    if method not in ("GET", "HEAD") and not (method == "POST" and path.rstrip("/") in _CHANGING):
        return 405, "nothing is taken in here"
    if not headers.get(b"content-length", b"0").isdigit() or int(headers.get(b"content-length", b"0")) > MOST_BYTES:
        return 413, f"more than {MOST_BYTES:,} bytes"
    return 200, ""


def is_own_name(name: str, host: str) -> bool:
    """Whether a browser that asks for `name` may mean a server at `host`: no name that others can let point here.

    A server at a loopback address is called so or `localhost`. Any other also goes by addresses, which nobody can let
    point elsewhere, by the name that `host` is, and by this machine's own.
    """
    if name.lower() in ("localhost", host.lower()):
        return bool(name)
    if is_loopback(host):
        return is_loopback(name)
    try:
        ip_address(name)
    except ValueError:
        return name.lower() in {socket.gethostname().lower(), socket.getfqdn().lower()}
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server at `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """The `Host` of a request without its port and the brackets of an IPv6 address."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


async def _read(receive: Receive) -> bytes | None:
    """What a request brings; None where it is too much."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A request's body that was read before, then what comes after it."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Scope:
        return left.pop() if left else await receive()

    return again


async def _refuse(send: Send, status: int, reason: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"refused: {reason}\n".encode()})
