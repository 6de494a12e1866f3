"""*My language*: type a name, see what the model knows of it."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from langsamp.explorer.fragments import language_name, profile
from langsamp.explorer.language_profile import language_profile
from langsamp.explorer.opened_models import Answer, Opened, heading, limited, showing_errors
from langsamp.explorer.wiring import Panel, answer_place, ask
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript

_LEAD = (
    "Is a language covered? What has the model seen of it, which languages did it learn to be alike, and which "
    "would be a good source to transfer from?"
)
_CALL = """\
import langsamp as ls

print(ls.language({words!r}, model={model!r}, candidates={candidates!r}))
"""
_CANDIDATES = {"all trained languages": "all", "the paper's ten": "paper"}
_FIRST = "deu"
_MOST = 200
"""Characters that are taken."""
_NAMES = 20
"""Other tags that are offered at most."""


@showing_errors
def show_language(opened: Opened, words: str, candidates: str = "all") -> Answer:
    """The profile of the language that `words` mean."""
    language = language_profile(opened.subject, limited(words, _MOST), candidates=candidates)
    call = _CALL.format(model=opened.word, words=words.strip(), candidates=candidates)
    return profile(language), call


def others(opened: Opened, words: str) -> list[tuple[str, str]]:
    """Label and tag of every language that `words` may mean, for choosing; nothing where none is meant."""
    if not show_language(opened, words)[1]:
        return []
    language = language_profile(opened.subject, words)
    return [(language_name(info), str(info.tag)) for info in (language.info, *language.others)[:_NAMES]]


def first_language(opened: Opened) -> str:
    """The language to begin with: German, whose relatives are known to many readers, or the one with most rows."""
    known = opened.conditioning
    seen = {tag: rows for tag, rows in known.rows_seen.items() if known.gave_gradient(tag)} if known else {}
    if not seen or any(tag.language == _FIRST for tag in seen):
        return describe(LangScript(_FIRST, "Latn")).name
    return str(max(seen, key=lambda tag: (seen[tag], tag)))


def build(models: Mapping[str, Opened], model: Any) -> Panel:
    """Put the panel into the page."""
    gr.HTML(heading(_LEAD))
    with gr.Row(equal_height=True):
        words = gr.Textbox(
            first_language(next(iter(models.values()))),
            label="Language",
            info="name, code, or tag",
            scale=3,
            max_length=_MOST,
        )
        which = gr.Dropdown(
            [], label="Which one", info="all that the name may mean", scale=3, min_width=220, interactive=True
        )
        candidates = gr.Dropdown(
            list(_CANDIDATES), label="Donors among", info="languages to transfer from", scale=2, filterable=False
        )
    button = gr.Button("Show", variant="primary")
    result, call = answer_place()

    def search(name: str, typed: str, among: str) -> tuple[Any, ...]:
        opened, matches = models[name], others(models[name], typed)
        choice = gr.Dropdown(choices=matches, value=matches[0][1] if matches else None)
        return *show_language(opened, typed, _CANDIDATES[among]), choice

    def choose(name: str, typed: str, tag: str | None, among: str) -> Answer:
        return show_language(models[name], tag or typed, _CANDIDATES[among])

    inputs, outputs = [model, words, candidates], [result, call, which]
    ask([button.click, words.submit], search, inputs, outputs)
    ask([which.input, candidates.input], choose, [model, words, which, candidates], [result, call])
    return Panel([(search, inputs, outputs)], {"language": words, "donors": candidates})
