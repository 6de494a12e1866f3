"""*Fill-mask*: one sentence under several language and script vectors, side by side, and without any."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
import pandas as pd

from langsamp.errors import UserError
from langsamp.explorer.fill_mask import VectorChoice
from langsamp.explorer.fragments import hint
from langsamp.explorer.opened_models import Answer, Opened, examples, heading, limited, showing_errors
from langsamp.explorer.wiring import Panel, answer_place, ask
from langsamp.languages.table import describe, scripts
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning, unnamed_vectors
from langsamp.render.document import Column, Table, Value
from langsamp.render.html_table import table_html

OWN, NONE = "own", "none"
"""Words for scripts: those in which a language was seen, and no script vector."""

_LEAD = (
    "The model guesses a masked word. Its language and script vectors are added from outside, so they can be "
    "switched: the sentence stays, the vector changes. Without vectors it is the plain encoder."
)
_CALL = """\
import langsamp as ls

table = ls.fill_mask({folder!r}, {sentence!r}, {vectors!r}, k={k})
print(table.to_string(index=False))
"""
_CAPTION = "A column for each choice of vectors; a leading hyphen: it goes on with the word before."
_SECTIONS = {
    "likeliest": "Most probable, with probability",
    "raised": "Raised most by the vectors: times as probable as without, among tokens likelier than chance",
}
_FIRST = ("deu", "eng", "rus", "fra", "tur", "arb", "zho")
"""Languages to begin with, where the model has them."""
_SHOWN = 3
_MOST = 2_000
"""Characters that are taken."""


@showing_errors
def show_fill(opened: Opened, sentence: str, languages: Sequence[str], written: Sequence[str], k: int) -> Answer:
    """Tokens for the mask, a column for each pair of the chosen languages and scripts, and one for no vector."""
    limited(sentence, _MOST)
    filler = opened.filler
    vectors = choices(filler.conditioning, languages, written) if filler.has_vectors else []
    tokens = filler.fill(sentence, vectors, k=k)
    plain = "" if filler.has_vectors else f"{opened.name} has no vectors to switch: it is a plain masked LM"
    plain = unnamed_vectors(opened.subject.folder) or plain
    message = hint(said) if (said := plain or filler.conditioning.warning) else ""
    call = _CALL.format(folder=str(opened.subject.folder), sentence=sentence, vectors=vectors, k=k)
    return message + _lists(tokens), call


def choices(conditioning: Conditioning, languages: Sequence[str], written: Sequence[str]) -> list[str]:
    """Every chosen language with every chosen script, as `VectorChoice.parse` reads them.

    `own` stands for the scripts in which a language was seen, `none` for no script vector; without a language the
    script vectors are added alone.

    Raises:
        UserError: where nothing is chosen.
    """
    words: dict[str, None] = {}
    scripts_there = conditioning.script is not None
    for language in languages or (None,):
        for script in written if scripts_there else [NONE]:
            for each in _own_scripts(conditioning, language) if script == OWN else [script]:
                words[str(VectorChoice(language, None if each == NONE else each))] = None
    words.pop("none", None)
    if not words:
        raise UserError("choose a language or a script whose vector to add")
    return list(words)


def vector_name(word: str) -> str:
    """A column's heading: `German + Latin`."""
    choice, names = VectorChoice.parse(word), []
    if choice.language:
        names.append(describe(LangScript(choice.language, choice.script or "Latn")).name.partition(" (")[0])
    if choice.script:
        names.append(f"{scripts()[choice.script]}{'' if choice.language else ' alone'}")
    return " + ".join(names) if names else "no vector"


def _own_scripts(conditioning: Conditioning, language: str | None) -> list[str]:
    seen = {
        tag.script: rows
        for tag, rows in conditioning.rows_seen.items()
        if tag.language == language and conditioning.gave_gradient(tag)
    }
    return sorted(seen, key=lambda script: -seen[script]) or [NONE]


def _lists(tokens: pd.DataFrame) -> str:
    untrained = set(tokens.loc[~tokens["trained"], "vectors"])
    words = list(dict.fromkeys(tokens["vectors"]))
    columns = [Column(vector_name(word) + " (untrained)" * (word in untrained), kind="name") for word in words]
    lines = [
        (title, [by_vectors.get(word) for word in words])
        for name, title in _SECTIONS.items()
        for _, at_rank in tokens[tokens["list"] == name].groupby("rank")
        for by_vectors in ({line.vectors: _token(line) for line in at_rank.itertuples()},)
    ]
    table = Table(
        "Guesses for the mask", columns, [row for _, row in lines], _CAPTION, sections=[by for by, _ in lines]
    )
    return table_html(table)


def _token(line: Any) -> Value:
    goes_on = line.continues and unicodedata.category(line.text[0])[0] in "LMN"
    text = f"{'-' * goes_on}{line.text}"
    if line.list == "raised":
        return Value(text, beside=f"× {line.factor:.1f}")
    return Value(text, beside=f"{100 * line.probability:.1f} %", bar=line.probability)


def build(models: Mapping[str, Opened], model: Any) -> Panel:
    """Put the panel into the page."""
    first = next(iter(models.values()))
    gr.HTML(heading(_LEAD))
    with gr.Row():
        sentence = gr.Textbox(
            _sentence(first), label="Sentence", info="with <mask> where a word is to be guessed", max_length=_MOST
        )
    with gr.Row(equal_height=True):
        languages = gr.Dropdown(**_languages(first), label="Language vectors", multiselect=True, scale=3)
        written = gr.Dropdown(**_scripts(first), label="Script vectors", multiselect=True, scale=3)
        number = gr.Dropdown([3, 5, 10, 20], value=5, label="Tokens", scale=1, filterable=False, min_width=90)
    button = gr.Button("Fill", variant="primary")
    result, call = answer_place("The model is loaded with the first sentence.")

    def fill(name: str, typed: str, chosen: list[str], chosen_scripts: list[str], k: int) -> Answer:
        return show_fill(models[name], typed, chosen, chosen_scripts, k)

    def change(name: str) -> tuple[Any, ...]:
        opened = models[name]
        return gr.Dropdown(**_languages(opened)), gr.Dropdown(**_scripts(opened)), "", ""

    triggers = [button.click, sentence.submit, languages.input, written.input, number.input]
    ask(triggers, fill, [model, sentence, languages, written, number], [result, call])
    model.change(change, [model], [languages, written, result, call], concurrency_id="models", show_progress="hidden")
    return Panel(kept={"sentence": sentence, "tokens": number})


def _sentence(opened: Opened) -> str:
    there = opened.conditioning.ids.languages if opened.conditioning else ()
    known = examples()["masked"]
    return str(next((known[code] for code in known if code in there), next(iter(known.values()))))


def _languages(opened: Opened) -> dict[str, Any]:
    """Choices and value of the languages' list."""
    conditioning = opened.conditioning
    if conditioning is None or conditioning.language is None:
        return {"choices": [], "value": [], "info": "this model has none"}
    names = {code: describe(LangScript(code, "Latn")).name for code in conditioning.ids.languages}
    unseen = {code for code in names if not conditioning.is_trained("language", code)}
    options = sorted(
        (f"{name} ({code}{', untrained' if code in unseen else ''})", code) for code, name in names.items()
    )
    likely = [code for code in (*_FIRST, *names) if code in names and code not in unseen]
    return {"choices": options, "value": list(dict.fromkeys(likely))[:_SHOWN], "info": "one or more"}


def _scripts(opened: Opened) -> dict[str, Any]:
    """Choices and value of the scripts' list."""
    conditioning = opened.conditioning
    if conditioning is None or conditioning.script is None:
        return {"choices": [], "value": [], "info": "this model has none"}
    options = [("the language's own", OWN), ("none", NONE)]
    untrained = {code for code in conditioning.ids.scripts if not conditioning.is_trained("script", code)}
    options += sorted(
        (f"{scripts()[code]} ({code}{', untrained' if code in untrained else ''})", code)
        for code in conditioning.ids.scripts
    )
    return {"choices": options, "value": [OWN], "info": "every language is shown with each"}
