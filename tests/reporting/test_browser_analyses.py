"""The analyses in a real browser: point, click, type, move the layer, by mouse and by keyboard, at two widths."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from langsamp.reporting.page import write_report
from tests.reporting.browser import CHROMIUM, REASON, chromium, opened
from tests.reporting.conftest import TAGS
from tests.reporting.made_analyses import store_all

pytestmark = [pytest.mark.integration, pytest.mark.skipif(CHROMIUM is None, reason=REASON)]


@pytest.fixture(scope="module")
def report(build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = build(tmp_path_factory.mktemp("analyses") / "tiny", score=None)
    return write_report(store_all(run, tags=TAGS))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(params=[1280, 390])
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    with opened(browser, report, width=request.param) as tab:
        yield tab
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def dot(page: Page, name: str):
    return page.locator(f"#map .dot[aria-label^='{name} (']")


def picked(page: Page) -> str:
    return page.locator("#map .known h3").inner_text()


def test_pointing_at_a_dot_says_what_it_is(page):
    tip = page.locator("#map .tip")
    assert tip.is_hidden()
    dot(page, "Russian").hover()
    expect(tip).to_have_text(re.compile(r"Russian \(rus\).*Indo-European, Cyrillic, head, \d+ rows seen"))
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= page.viewport_size["width"]
    page.mouse.move(2, 2)
    expect(tip).to_be_hidden()


def test_a_click_shows_neighbours_with_lines_and_donors_and_each_leads_on(page):
    dot(page, "German").click()
    assert picked(page) == "German"
    lists = page.locator("#map .known ol")
    near = lists.nth(0).locator("li")
    assert near.count() == page.locator("#map .link").count() == 5
    assert all(re.search(r"[01]\.\d\d$", text) for text in near.all_inner_texts())
    assert lists.nth(1).locator("li").count() == 3
    assert page.locator("#map .dot.faint").count() == 1  # seven languages: German, its five, and one more
    first = near.nth(0).locator("button").inner_text()
    near.nth(0).locator("button").click()
    assert picked(page) == first
    page.get_by_role("button", name="Show all again").click()
    assert page.locator("#map .link, #map .faint").count() == 0


def test_dots_are_reached_and_picked_by_keyboard_alone(page):
    assert page.locator("#map .dot[tabindex='0']").count() == 1  # one stop for the whole picture
    page.locator("#map .dot[tabindex='0']").focus()
    seen = {page.evaluate("document.activeElement.getAttribute('aria-label')")}
    for key in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        seen.add(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert len(seen) > 2
    assert page.locator("#map .tip").is_visible()
    name = page.evaluate("document.activeElement.getAttribute('aria-label')").partition(" (")[0]
    page.keyboard.press("Enter")
    assert picked(page) == name
    assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
    page.keyboard.press("Escape")
    assert page.locator("#map .known h3").count() == 0


def test_typing_a_name_finds_a_language(page):
    find = page.locator("#map [name=find]")
    find.fill("rus")
    assert page.locator("#map .dot:not(.faint)").count() == 1
    find.press("Enter")
    assert picked(page) == "Russian"
    find.fill("FRENCH")
    assert picked(page) == "French"
    find.fill("")
    assert page.locator("#map .dot.faint").count() == 0


def test_tables_colours_places_and_models_can_be_chosen(page):
    assert page.locator("#map .dot").count() == 7
    before = dot(page, "German").get_attribute("transform")
    page.locator("#map [name=places]").select_option("world")
    assert dot(page, "German").get_attribute("transform") != before
    east = {
        name: float(re.search(r"translate\(([\d.]+)", dot(page, name).get_attribute("transform"))[1])
        for name in ("French", "German", "Russian")
    }
    assert east["French"] < east["German"] < east["Russian"]
    page.locator("#map [name=places]").select_option("xy")
    page.locator("#map [name=colour]").select_option("tier")
    assert page.locator("#map .legend li").all_inner_texts()[0].startswith("head")
    page.locator("#map .legend button").nth(1).click()
    assert page.locator("#map .dot:not(.faint)").count() < 7
    page.locator("#map [name=model]").select_option(index=1)
    assert "LangSAMP, seed 1" in page.locator("#map figcaption").inner_text()
    page.locator("#map [name=table]").select_option("script")
    assert dot(page, "Cyrillic").count() == 1 and page.locator("#map [name=colour]").is_hidden()


def test_arrow_keys_move_the_layer_and_the_heatmaps_with_it(page):
    slider = page.get_by_label("Layer", exact=False).first
    cell = page.locator("[data-sheet]").nth(0).locator("tbody tr").nth(0).locator("td").nth(1)
    assert slider.get_attribute("aria-valuetext") == "layer 8 of 12"
    assert cell.inner_text() == "0.34"  # 0.1 + 8 * 0.03
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "layer 10 of 12"
    assert page.locator(".neutral form output").inner_text() == "10"
    assert cell.inner_text() == "0.40"
    assert page.locator("[data-sheet]").nth(1).locator("td").nth(2).inner_text() == "0.45"
    assert page.locator("[data-change]").locator("td[data-p]").nth(0).inner_text() == "+13"  # 100 * 0.05 / 0.4
    page.locator(".neutral [name=measure]").select_option(label="Translations, raw")
    assert cell.inner_text() == "0.70"
    assert "Layer 10, translations, raw." in page.locator(".neutral .at").inner_text()


def test_donors_are_filtered_by_name(page):
    form = page.locator("form[data-filter]")
    form.locator("input").fill("germ")
    rows = page.locator("#donor-table tbody tr:visible")
    assert [text.split("\t")[0] for text in rows.all_inner_texts()] == ["German", "Swiss German"]
    assert form.locator("output").inner_text() == "2 found"


def test_without_a_script_the_pictures_and_tables_stand(browser, report):
    with opened(browser, report, scripts=False) as page:
        assert page.locator("#map").is_hidden()
        assert page.locator("#vectors .still figure").count() == 2
        assert page.locator("#vectors .still title").first.text_content() != ""
        assert page.locator("[data-sheet]").count() == 2 and page.locator(".neutral form").is_hidden()
        assert page.locator("[data-sheet] td[data-p]").first.inner_text() == "0.34"
        assert page.locator("#donor-table tbody tr").count() == len(TAGS) + 1  # the untrained one too


def test_it_follows_the_dark_page_and_prints(browser, report, tmp_path):
    with opened(browser, report, scheme="dark") as page:
        colours = page.evaluate(
            "['.heat td.up', '#map .names text'].map((s) => getComputedStyle(document.querySelector(s)).color)"
        )
        assert "rgb(28, 30, 33)" not in colours
        page.pdf(path=tmp_path / "report.pdf")
        assert (tmp_path / "report.pdf").stat().st_size > 10_000
