"""The explorer in a real browser, used as a person would, without network: every panel once, bad input once in each."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.explorer.conftest import Watched

pytestmark = pytest.mark.integration

Visit = Callable[..., Watched]
SWITCHES = ("My language", "Fill-mask", "Parallel probe", "Map")


def shown(page: Any) -> Any:
    """The answer of the open panel."""
    return page.locator(".answer.block:visible")


def go(page: Any, panel: str) -> None:
    page.get_by_role("tab", name=panel).click()


def python_call(page: Any) -> str:
    """The code that the open panel shows."""
    page.get_by_role("button", name="The same in Python").locator("visible=true").click()
    code = page.locator(".cm-content:visible")
    code.wait_for()
    return str(code.evaluate("(node) => [...node.querySelectorAll('.cm-line')].map((l) => l.textContent).join('\\n')"))


def runs(code: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the shown code prints when it is executed as it stands."""
    exec(compile(code, "shown", "exec"), {})
    return capsys.readouterr().out


def test_a_language_is_found_by_name_and_the_shown_code_tells_the_same(visit: Visit, capsys):
    page = visit(1280).page
    page.get_by_label("Language").first.fill("shona")
    page.get_by_role("button", name="Show").click()
    page.locator(".answer h2", has_text="Shona").wait_for()
    page.get_by_label("Language").first.fill("xqzw")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("alert").wait_for()
    assert "no language matches" in shown(page).inner_text()
    page.get_by_label("Language").first.fill("Northern Kurdish")
    page.get_by_label("Language").first.press("Enter")
    page.locator(".answer h2", has_text="kmr_Cyrl").wait_for()
    text = shown(page).inner_text()
    assert "Swahili" in text
    assert "Indo-European" in text
    assert re.search(r"sr-bible\s+.*in this run\s+\d+\.\d", text)
    assert "kmr" in runs(python_call(page), capsys)


def test_a_mask_is_filled_under_each_vector_and_under_none(visit: Visit, capsys):
    page = visit(1280).page
    go(page, "Fill-mask")
    page.get_by_label("Sentence").fill("no mask here")
    page.get_by_role("button", name="Fill").click()
    page.get_by_role("alert").wait_for()
    assert "write <mask> once" in shown(page).inner_text()
    page.get_by_label("Sentence").fill("abe <mask> deg")
    page.get_by_role("button", name="Fill").click()
    page.locator(".answer:visible td small").first.wait_for()
    assert page.locator(".answer:visible thead th").all_inner_texts() == [
        "no vector", "Hindi + Devanagari", "Northern Kurdish + Cyrillic", "Swahili + Latin",
    ]  # fmt: skip
    code = python_call(page)
    assert code.count("_") > 3
    assert "probability" in runs(code, capsys)


def test_translations_are_compared_at_every_layer(visit: Visit, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = visit(1280).page
    go(page, "Parallel probe")
    page.get_by_label("Translations").fill("swh_Latn abe\nswh_Latn abo\nhin_Deva क")
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("alert").wait_for()
    assert "the same number of sentences" in shown(page).inner_text()
    page.get_by_label("Translations").fill("swh_Latn abe deg\nhin_Deva कख गच")
    page.get_by_role("button", name="Compare").click()
    page.locator(".answer:visible svg").wait_for()
    assert "Layer 1" in shown(page).inner_html()
    assert "as they are" in shown(page).inner_text()
    page.get_by_role("slider").press("ArrowRight")
    page.locator(".answer:visible svg", has_text="Layer 2").wait_for()
    assert "as they are" in runs(python_call(page), capsys)
    assert (tmp_path / "similarity.png").is_file()


def test_the_map_tells_names_and_says_where_there_is_nothing_to_draw(visit: Visit, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = visit(1280).page
    go(page, "Map")
    page.locator(".answer:visible svg").wait_for()
    titles = page.locator(".answer:visible svg title").all_text_contents()
    assert any(title.startswith("Swahili (swh): Atlantic-Congo, Latin") for title in titles)
    page.get_by_label("Homes of the languages").check()
    page.locator(".answer:visible svg", has_text="60°E").wait_for()
    code = python_call(page)
    assert "by='places'" in code
    assert "Homes of" in runs(code, capsys)
    assert (tmp_path / "map.png").is_file()
    page.get_by_label("Model").click()
    page.get_by_role("option", name="none-0").click()
    page.get_by_role("alert").wait_for()
    assert "variant is 'none'" in shown(page).inner_text()


def test_on_a_phone_every_panel_is_reached_and_nothing_is_wider_than_the_window(visit: Visit):
    page = visit(390).page
    for panel in SWITCHES:
        go(page, panel)
        page.locator(".lead:visible").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_dot_can_be_pointed_at(visit: Visit):
    page = visit(1280).page
    go(page, "Map")
    dot = page.locator(".answer:visible svg :has(> title)").first
    dot.hover()
    assert dot.locator("title").text_content()


def test_the_address_gives_a_colleague_the_same_view(visit: Visit):
    page = visit(1280).page
    page.get_by_label("Language").first.fill("Hindi")
    page.get_by_role("button", name="Show").click()
    page.locator(".answer h2", has_text="Hindi").wait_for()
    go(page, "Map")
    page.get_by_label("Homes of the languages").check()
    page.wait_for_function("location.search.includes('Homes') && location.search.includes('panel=Map')")
    sent = page.url[page.url.index("?") :]
    colleague = visit(1280, sent).page
    colleague.locator(".lead:visible", has_text="Point at a dot").wait_for()
    assert colleague.get_by_label("Homes of the languages").is_checked()
    colleague.locator(".answer:visible svg", has_text="60°E").wait_for()
    go(colleague, "My language")
    colleague.locator(".answer h2", has_text="Hindi").wait_for()
    other = visit(1280, "?panel=Map&show=No+such").page
    other.locator(".answer:visible svg").wait_for()
    assert other.get_by_label("Language vectors", exact=True).is_checked(), "what is no choice is passed by"
