"""One explorer for all tests of the page, about the models of the tiny run, and a browser that reaches nothing else."""

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from tests.processes import command_line, start
from tests.tiny_run import TinyRun

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@dataclass
class Watched:
    """A page in the browser, and what should not have happened on it."""

    page: Any
    outside: list[str] = field(default_factory=list)
    """Requests to any other place than the explorer."""
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the console, failed answers of the server."""


@pytest.fixture(scope="package")
def address(tiny_run: TinyRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the explorer answers: a process of its own, which Ctrl-C ends without a word on its console.

    Neither a traceback nor a call of another machine may happen in it.
    """
    pytest.importorskip("gradio", reason='needs the extra: pip install "langsamp[explore]"')
    said = tmp_path_factory.mktemp("explorer")
    (said / "out").touch()
    process = start(_explore, tiny_run.out, said=said, environment={"HF_HUB_OFFLINE": "1"})
    try:
        while not (found := re.search(r"http://\S+(?=\s)", (said / "out").read_text())):
            assert process.exitcode is None, (said / "err").read_text()
            time.sleep(0.02)
        yield found[0]
    finally:
        if process.exitcode is None and process.pid is not None:
            os.kill(process.pid, signal.SIGINT)
        process.join(60)
    assert (process.exitcode, (said / "err").read_text()) == (0, "")
    assert (said / "out").read_text().count("\n") == 1


def _explore(run: Path) -> None:
    """Serve, and say a call of another machine on standard error."""
    connect = socket.socket.connect

    def watched(own: socket.socket, place: Any) -> None:
        if own.family in (socket.AF_INET, socket.AF_INET6) and not place[0].startswith(("127.", "::1")):
            sys.stderr.write(f"called {place}\n")
            raise OSError("no network in tests")
        connect(own, place)

    socket.socket.connect = watched  # type: ignore[method-assign]
    command_line("explore", run, "--port", "0")


@pytest.fixture
def fresh_run(tiny_run: TinyRun, tmp_path: Path) -> TinyRun:
    """A run that was begun, but has trained nothing."""
    fresh = tiny_run.copy(tmp_path / "fresh", with_run=False)
    fresh.out.mkdir()
    (fresh.out / "recipe.yaml").write_bytes(fresh.recipe_file.read_bytes())
    return fresh


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    if not CHROMIUM.is_file():
        pytest.skip(f"needs Chromium at {CHROMIUM}: apt-get install chromium")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Watched]]:
    """Open the page at a window's width; when the test ends, nothing must have been asked for or complained of."""
    visits: list[Watched] = []

    def opened(width: int, query: str = "") -> Watched:
        context = browser.new_context(viewport={"width": width, "height": 900})
        watched = Watched(context.new_page())
        visits.append(watched)

        def allow(route: Any) -> None:
            url = route.request.url
            if url.startswith((address, "data:", "blob:")):
                route.continue_()
            else:
                watched.outside.append(url)
                route.abort()

        context.route("**/*", allow)
        watched.page.on(
            "console", lambda said: said.type in ("error", "warning") and watched.complaints.append(said.text)
        )
        watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        watched.page.on(
            "response", lambda got: got.status >= 400 and watched.complaints.append(f"{got.status} {got.url}")
        )
        watched.page.set_default_timeout(120_000)
        watched.page.goto(address + query)
        watched.page.locator(".answer h2").wait_for(state="attached")
        return watched

    yield opened
    for watched in visits:
        watched.page.context.close()
        assert watched.outside == []
        assert watched.complaints == []
