"""The page in a real browser, without network: finding, sorting, permalinks, width, an empty console."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from langsamp.report.page import write_report

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--virtual-time-budget=2000",
)  # fmt: skip
SHOWN = "[...document.querySelectorAll('#languages tbody tr')].filter((row) => !row.hidden).map((row) => row.id)"
COLUMN = "(name) => [...document.querySelectorAll('#languages th button')].find((b) => b.textContent === name)"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")


def ask(page: Path, script: str, *, fragment: str = "", width: int = 1280) -> str:
    """What `script` returns in the opened page, as text; any message in the console fails the test."""
    probe = page.with_name("probe.html")
    asking = f"<script>document.body.dataset.answer = String((() => {{{script}}})());</script></body>"
    probe.write_text(page.read_text(encoding="utf-8").replace("</body>", asking), encoding="utf-8")
    done = subprocess.run(
        [
            str(CHROMIUM), *FLAGS, f"--window-size={width},900", f"--user-data-dir={page.parent / 'profile'}",
            "--dump-dom", f"{probe.as_uri()}{fragment}",
        ],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr, done.stderr
    answer = re.search(r'data-answer="([^"]*)"', done.stdout)
    assert answer is not None
    return answer[1]


@pytest.fixture(scope="module")
def page(build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(build(tmp_path_factory.mktemp("browser") / "tiny"))


def test_the_console_is_really_watched(page):
    with pytest.raises(AssertionError, match="from the page"):
        ask(page, "console.error('from the page'); return 1;")


@pytest.mark.parametrize(
    ("fragment", "found"),
    [
        ("", "arb_Arab,deu_Latn,fra_Latn,gsw_Latn,kmr_Cyrl,kmr_Latn,nld_Latn,rus_Cyrl"),
        ("#q=GERMAN", "deu_Latn,gsw_Latn"),
        ("#q=kmr%20cyrillic", "kmr_Cyrl"),
        ("#q=nothing", ""),
    ],
)
def test_a_language_is_found_by_name_code_and_script_through_a_permalink(page, fragment, found):
    answer = ask(page, f"return {SHOWN}.sort() + '|' + document.querySelector('.find').hidden;", fragment=fragment)
    assert answer == f"{found}|false"


def test_typing_finds_and_clicking_a_heading_sorts(page):
    answer = ask(
        page,
        f"""
        const column = {COLUMN};
        column('Difference').click();
        const falling = {SHOWN};
        column('Difference').click();
        const rising = {SHOWN};
        const state = column('Difference').closest('th').getAttribute('aria-sort');
        const input = document.querySelector('.find input');
        const output = document.querySelector('.find output');
        input.value = 'frENCH';
        input.dispatchEvent(new Event('input'));
        return [falling.at(-1), rising[0], state, {SHOWN}, output.textContent].join('|');
        """,
    )
    assert answer == "arb_Arab|arb_Arab|ascending|fra_Latn|1 found"


@pytest.mark.parametrize("width", [1280, 520])
def test_nothing_is_wider_than_the_window(page, width):
    assert ask(page, "return document.documentElement.scrollWidth <= innerWidth;", width=width) == "true"
