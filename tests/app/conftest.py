"""One explorer for all tests of the page, about the models of the tiny run, and a browser that reaches nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from langsamp.analysis.subjects import find_subjects
from langsamp.app.serving import serving
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


@pytest.fixture(scope="module")
def address(tiny_run: TinyRun) -> Iterator[str]:
    pytest.importorskip("gradio", reason='needs the extra: pip install "langsamp[explore]"')
    with serving(find_subjects([str(tiny_run.out)])) as found:
        yield found


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
def visit(browser: Any, address: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[int], Watched]]:
    """Open the page at a window's width; when the test ends, nothing must have been asked for or complained of."""
    visits: list[Watched] = []

    def opened(width: int) -> Watched:
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
        watched.page.set_default_timeout(20_000)
        watched.page.goto(address)
        watched.page.locator(".answer h2").wait_for()
        return watched

    yield opened
    assert "Traceback" not in capsys.readouterr().err  # of the server, which runs in this process
    for watched in visits:
        watched.page.context.close()
        assert watched.outside == []
        assert watched.complaints == []
