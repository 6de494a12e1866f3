"""What the panels share of Gradio: where an answer stands, and how a reader's change asks for it."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from langsamp.explorer.fragments import hint


def answer_place(waiting: str = "") -> tuple[gr.HTML, gr.Code]:
    """Where a panel's answer stands, with a quiet sentence until there is one, and below it the call in Python."""
    result = gr.HTML(hint(waiting) if waiting else None, elem_classes="answer")
    with gr.Accordion("The same in Python", open=False):
        call = gr.Code(language="python", interactive=False, show_label=False)
    return result, call


def ask(
    triggers: Sequence[Any], function: Callable[..., Any], inputs: Sequence[Any] | None, outputs: Sequence[Any]
) -> None:
    """Run `function` when one of `triggers` happens; one at a time for all panels, which share the models.

    Of changes that come while it runs only the last is answered.
    """
    gr.on(
        list(triggers), function, inputs, outputs,
        concurrency_id="models", show_progress="minimal", trigger_mode="always_last",
    )  # fmt: skip
