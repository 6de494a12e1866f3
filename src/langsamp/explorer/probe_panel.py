"""*Parallel probe*: paste translations, see how alike the encoder finds them, layer by layer."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from langsamp.errors import UserError
from langsamp.explorer.fragments import figure, hint, trouble
from langsamp.explorer.opened_models import Opened, examples, heading, limited
from langsamp.explorer.parallel_probe import Probe, parallel_probe, read_translations
from langsamp.explorer.wiring import Panel, answer_place, ask
from langsamp.model.hidden_layers import default_layer
from langsamp.render.document import Column, Table, Value
from langsamp.render.html_table import table_html
from langsamp.render.numbers import cosine
from langsamp.render.svg import inline_svg

_LEAD = (
    "Paste translations, one a line, each with its tag: a language-neutral encoder finds them alike whatever the "
    "language. Several sentences of each language give the centred measure of the paper."
)
_MOST = 20_000
"""Characters that are taken."""
_CALL = """\
import langsamp as ls

probe = ls.parallel_probe({folder!r}, {translations})
print(probe.note, probe.matrix({layer}), sep="\\n")
probe.chart({layer}).figure.savefig("similarity.png")
"""


def run_probe(opened: Opened, text: str) -> tuple[Probe | None, str]:
    """The similarities of the sentences in `text`, or None and a message."""
    try:
        translations = read_translations(limited(text, _MOST))
        return parallel_probe(opened.encoder, translations), ""
    except UserError as error:
        return None, trouble(str(error))


def show_layer(opened: Opened, probe: Probe, layer: int) -> tuple[str, str]:
    """The picture of one layer, what it says, the means of all layers; and the Python call that gives the same."""
    names = list(probe.translations)
    chart = probe.chart(layer)
    said = f"Mean over pairs of languages at layer {layer}: {cosine(probe.mean(layer))}."
    svg = inline_svg(chart.figure, name="probe", summary=f"Similarity of {', '.join(names)} at layer {layer}")
    parts = [figure(svg, f"{said} {probe.note}", inches=chart.figure.get_figwidth())]
    if probe.cut:
        parts.append(hint(f"Too long for the encoder, so their ends were left out: {' | '.join(probe.cut)}"))
    layers = [
        Column("embeddings" if each == 0 else f"layer {each}", cosine, "number") for each in sorted(probe.matrices)
    ]
    means = [Value(probe.mean(each), is_best=each == layer) for each in sorted(probe.matrices)]
    sentences = [(name, " | ".join(texts)) for name, texts in probe.translations.items()]
    tables = (
        Table("Mean over pairs of different languages, layer by layer", layers, [means]),
        Table("What was compared", (Column("Tag"), Column("Sentences", kind="name")), sentences),
    )
    parts += map(table_html, tables)
    return "".join(parts), _call(opened, probe, layer)


def _call(opened: Opened, probe: Probe, layer: int) -> str:
    lines = "".join(f"    {name!r}: {list(texts)!r},\n" for name, texts in probe.translations.items())
    return _CALL.format(folder=str(opened.subject.folder), translations="{\n" + lines + "}", layer=layer)


def build(models: Mapping[str, Opened], model: Any) -> Panel:
    """Put the panel into the page; nothing is run before the reader asks for it."""
    gr.HTML(heading(_LEAD))
    lines = [f"{tag}\t{sentence}" for tag, texts in examples()["parallel"].items() for sentence in texts]
    text = gr.Textbox(
        "\n".join(lines),
        label="Translations",
        info="tag, tab or space, sentence; one a line; Shift+Enter compares",
        lines=8,
        max_length=_MOST,
    )
    button = gr.Button("Compare", variant="primary")
    layers = gr.Slider(0, 1, value=1, step=1, label="Layer", info="0 = embeddings", visible=False)
    result, call = answer_place("The encoder is loaded with the first sentences.")
    kept = gr.State()

    def compare(name: str, typed: str) -> tuple[Any, ...]:
        probe, message = run_probe(models[name], typed)
        if probe is None:
            return None, gr.Slider(visible=False), message, ""
        layer = default_layer(max(probe.matrices))
        slider = gr.Slider(minimum=0, maximum=max(probe.matrices), value=layer, visible=True)
        return probe, slider, *show_layer(models[name], probe, layer)

    def turn(name: str, probe: Probe | None, layer: float) -> tuple[str, str]:
        if probe is None:
            return hint("Paste translations first."), ""
        return show_layer(models[name], probe, min(max(0, round(layer)), max(probe.matrices)))

    def clear() -> tuple[Any, ...]:
        return None, gr.Slider(visible=False), "", ""

    everything = [kept, layers, result, call]
    ask([button.click, text.submit], compare, [model, text], everything)
    layers.input(turn, [model, kept, layers], [result, call], show_progress="hidden", trigger_mode="always_last")
    model.change(clear, None, everything, show_progress="hidden")
    return Panel()
