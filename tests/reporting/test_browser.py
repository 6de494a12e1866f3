"""The page in a real browser, without network: finding, sorting, choosing, permalinks, width, an empty console."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from langsamp.reporting.page import write_report
from tests.reporting.evaluated import make_evaluation

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
SIZES = {"laptop": (1280, 800), "phone": (390, 844)}
SHOWN = "() => [...document.querySelectorAll('#every-language tbody tr')].filter((r) => !r.hidden).map((r) => r.id)"
WIDER = """() => [...document.body.querySelectorAll('*')].filter((node) => {
  const box = node.getBoundingClientRect();
  return box.width && box.right > innerWidth + 1 && !node.closest('.scroll, figure, nav ul, pre, svg');
}).map((node) => node.outerHTML.slice(0, 80))"""

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pages(build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run's report, an evaluation's with examples, and the paper's with a run beside it: three sides and more."""
    folder = tmp_path_factory.mktemp("browser")
    run = build(folder / "tiny")
    return {
        "run": write_report(run),
        "evaluation": write_report(make_evaluation(folder / "evaluation")),
        "paper": write_report("paper:baseline", "paper:langsamp", "paper:donors", out=folder / "paper.html"),
    }


@contextmanager
def opened(browser: Any, path: Path, fragment: str = "", *, size: str = "laptop", **options: Any) -> Iterator[Any]:
    """The page with the network switched off; whatever it says in the console or asks of the network fails the test."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **options)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request", lambda request: said.append(request.url) if not request.url.startswith(("file:", "data:")) else 0
    )
    page.goto(f"{path.as_uri()}{fragment}")
    try:
        yield page
        assert said == []
    finally:
        context.close()


def test_the_console_and_the_network_are_really_watched(browser, pages):
    with pytest.raises(AssertionError, match="from the page"), opened(browser, pages["run"]) as page:
        page.evaluate("console.error('from the page')")
    with pytest.raises(AssertionError, match="elsewhere"), opened(browser, pages["run"]) as page:
        page.evaluate("fetch('http://elsewhere.test').catch(() => 0)")


@pytest.mark.parametrize(
    ("fragment", "found"),
    [
        ("", "arb_Arab,deu_Latn,fra_Latn,gsw_Latn,kmr_Cyrl,kmr_Latn,nld_Latn,rus_Cyrl"),
        ("#q=GERMAN", "deu_Latn,gsw_Latn"),
        ("#q=kmr%20cyrillic", "kmr_Cyrl"),
        ("#q=nothing", ""),
    ],
)
def test_a_language_is_found_by_name_code_and_script_through_a_permalink(browser, pages, fragment, found):
    with opened(browser, pages["run"], fragment) as page:
        assert ",".join(sorted(page.evaluate(SHOWN))) == found
        assert page.locator(".find").is_visible()


def test_typing_a_name_finds_a_language_and_enter_makes_a_permalink(browser, pages):
    with opened(browser, pages["paper"]) as page:
        page.get_by_role("searchbox", name="Find a language").fill("welsh")
        assert page.evaluate(SHOWN) == ["cym_Latn"]
        assert page.locator(".find output").inner_text() == "1 found"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#q=welsh"
        page.evaluate("location.hash = 'deu_Latn'")
        page.wait_for_function("!document.getElementById('deu_Latn').hidden")
        assert page.locator("#deu_Latn").is_visible()


def test_headings_sort_by_mouse_and_keyboard_and_say_so(browser, pages):
    with opened(browser, pages["run"]) as page:
        heading = page.locator("#every-language th button", has_text="Difference")
        heading.click()
        falling = page.evaluate(SHOWN)
        heading.focus()
        page.keyboard.press("Enter")
        rising = page.evaluate(SHOWN)
        cell = page.locator("#every-language th[aria-sort]")
        assert (falling[-1], rising[0]) == ("arb_Arab", "arb_Arab") and cell.get_attribute("aria-sort") == "ascending"


def test_groups_are_switched_by_radio_and_all_are_printed(browser, pages):
    with opened(browser, pages["paper"], "#by=family") as page:
        family, tier = (page.locator(f"#scores tbody[data-by='By {by}']").first for by in ("family", "tier"))
        assert family.is_visible() and not tier.is_visible()
        page.get_by_label("tier", exact=True).check()
        assert tier.is_visible() and not family.is_visible()
        page.emulate_media(media="print")
        assert tier.is_visible() and family.is_visible()
        assert not page.locator(".find").is_visible() and not page.locator(".copy").first.is_visible()


def test_two_of_many_models_are_chosen_with_their_exact_difference(browser, pages):
    with opened(browser, pages["paper"]) as page:
        heads = "[...document.querySelectorAll('#every-language thead tr:last-child th')]"
        names = f"{heads}.filter((cell) => cell.offsetWidth).map((cell) => cell.textContent)"
        assert page.evaluate(names)[5:8] == ["paper: baseline", "paper: LangSAMP", "Difference"]
        page.select_option("select[name=b]", "paper:donors")
        page.select_option("select[name=a]", "paper:langsamp")
        assert page.evaluate("location.hash") == "#a=paper%3Alangsamp&b=paper%3Adonors"
        row = page.locator("#every-language tbody tr").filter(has=page.locator("td.delta.worse:visible")).first
        numbers = [
            float(text.replace("−", "-"))
            for text in row.locator("td:not(.t, .code):visible").all_inner_texts()
            if text != "–"
        ]
        assert len(numbers) >= 3
        page.get_by_role("button", name="Show all models").click()
        assert "paper: baseline" in page.evaluate(names) and page.evaluate("location.hash") == ""


def test_latex_of_a_table_is_copied_as_it_is_shown(browser, pages):
    with opened(browser, pages["paper"], permissions=["clipboard-read", "clipboard-write"]) as page:
        page.locator("#verdict .copy").first.click()
        page.wait_for_function("document.querySelector('#verdict .copied').textContent === 'Copied'")
        text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("% \\usepackage{booktabs}") and "\\toprule" in text and text.count("\\\\") >= 7
    assert "sr-bible & top-10 accuracy & 369 & printed mean & 42.9" in text
    assert "$^\\dagger$" not in text.split("\\caption")[0]


def test_examples_open_and_right_to_left_text_runs_right_to_left(browser, pages):
    with opened(browser, pages["evaluation"]) as page:
        page.locator("#losses details.items summary", has_text="Hebrew").click()
        text = page.locator("#losses .text[lang=he-Hebr]").first
        assert text.is_visible() and text.evaluate("(node) => getComputedStyle(node).direction") == "rtl"


def test_the_keyboard_reaches_the_content_and_shows_where_it_is(browser, pages):
    with opened(browser, pages["run"]) as page:
        page.keyboard.press("Tab")
        skip = page.locator(".skip")
        assert skip.evaluate("(node) => node === document.activeElement") and skip.bounding_box()["x"] >= 0
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_without_javascript_every_table_is_there(browser, pages):
    with opened(browser, pages["paper"], java_script_enabled=False) as page:
        assert page.locator("#every-language tbody tr").count() == 442
        assert page.locator("#scores tbody[data-by]").first.is_visible()
        assert page.locator("#scores tbody[data-by='By area']").first.is_visible()
        assert not page.locator(".find").is_visible()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["run", "evaluation", "paper"])
def test_nothing_is_wider_than_the_window(browser, pages, name, size):
    with opened(browser, pages[name], size=size) as page:
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(WIDER) == []
