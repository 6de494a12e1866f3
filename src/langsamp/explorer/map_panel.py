"""*Map*: where the vectors lie, or where the languages are at home."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr

from langsamp.analysis.vectors.neighbours import Table
from langsamp.errors import UserError, first_of
from langsamp.explorer.fragments import figure, hint
from langsamp.explorer.maps import By, Colour, language_map
from langsamp.explorer.opened_models import Answer, Opened, heading, showing_errors
from langsamp.explorer.wiring import Panel, answer_place, ask
from langsamp.render.svg import inline_svg

_LEAD = "Point at a dot for its name, family, script, how much text it has seen, and its nearest neighbours."
_CALL = """\
import langsamp as ls

picture = ls.language_map({folder!r}, table={table!r}, by={by!r}, colour={colour!r})
print(picture.summary)
picture.chart.figure.savefig("map.png")
"""
_NAMED = 12
"""Codes that are named at most."""
_LACK: Mapping[By, str] = {"vectors": "text in training", "places": "text or of a home in Glottolog"}
"""What is missing of those that are not shown."""


class View(NamedTuple):
    """What is shown."""

    table: Table
    by: By


VIEWS = {
    "Language vectors": View("language", "vectors"),
    "Homes of the languages": View("language", "places"),
    "Script vectors": View("script", "vectors"),
}


@showing_errors
def show_map(opened: Opened, view: View, colour: Colour) -> Answer:
    """The picture of a model's languages or scripts."""
    if opened.conditioning is None:
        raise UserError(f"{opened.name} has no vectors, so there is nothing to draw; choose a model that has")
    picture = language_map(opened.conditioning, table=view.table, by=view.by, colour=colour)
    chart = picture.chart
    svg = inline_svg(chart.figure, name="map", summary=picture.summary, titles=chart.titles)
    lacking = f"Not shown, for want of {_LACK[view.by]}: {first_of(picture.left_out, _NAMED)}."
    left_out = hint(lacking) if picture.left_out else ""
    call = _CALL.format(folder=str(opened.subject.folder), table=view.table, by=view.by, colour=colour)
    return figure(svg, picture.summary, inches=chart.figure.get_figwidth()) + left_out, call


def build(models: Mapping[str, Opened], model: Any) -> Panel:
    """Put the panel into the page."""
    gr.HTML(heading(_LEAD))
    with gr.Row():
        shown = gr.Radio(list(VIEWS), value=next(iter(VIEWS)), label="Show", scale=3)
        colour = gr.Radio(["family", "script"], value="family", label="Colour", scale=1)
    result, call = answer_place()

    def draw(name: str, view: str, by: Colour) -> Answer:
        return show_map(models[name], VIEWS[view], by)

    inputs, outputs = [model, shown, colour], [result, call]
    ask([shown.input, colour.input], draw, inputs, outputs)
    return Panel([(draw, inputs, outputs)], {"show": shown, "colour": colour})
