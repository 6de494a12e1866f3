"""What the panels share of Gradio: where an answer stands, how a change asks for it, and the address that keeps it."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import gradio as gr

from langsamp.explorer.fragments import hint

_READ = """\
(...values) => {
  const asked = new URLSearchParams(location.search);
  window.addressIsRead = true;
  const open = (tries) => {
    const tabs = [...document.querySelectorAll("[role=tab]")];
    const tab = tabs.find((each) => each.textContent.trim() === asked.get("panel"));
    if (tab) tab.click();
    else if (tries) setTimeout(open, 100, tries - 1);  // the tabs are drawn when their widths are known
  };
  if (asked.has("panel")) open(600);
  return Object.entries(CHOICES).map(([key, choices], at) => {
    const word = asked.get(key);
    if (word === null) return values[at];
    return choices === null ? word : choices.find((each) => String(each) === word) ?? values[at];
  });
}"""
"""What the address says of each component, by the choices that it has; the component's value where it says nothing."""
_WRITE = """\
(...values) => {
  if (!window.addressIsRead) return [];  // components change while the page is drawn
  const address = new URL(location);
  KEYS.forEach((key, at) => address.searchParams.set(key, values[at]));
  history.replaceState(null, "", address);
  return [];
}"""


class Panel(NamedTuple):
    """What the page needs of a panel that was built."""

    runs: Sequence[tuple[Callable[..., Any], Sequence[Any], Sequence[Any]]] = ()
    """Function, inputs and outputs of what to run when the page opens or the model changes."""
    kept: Mapping[str, Any] = {}
    """By the name in the address the components whose values it keeps."""


def keep_in_address(page: Any, kept: Mapping[str, Any], tabs: Mapping[str, Any]) -> Any:
    """Keep the open one of `tabs` and the values of components in the address, so that a view can be sent.

    All of it happens in the reader's browser, when the page opens and at each change. Gives the event after which the
    components have what the address said.
    """
    parts = list(kept.values())
    choices = {
        key: None if isinstance(part, gr.Textbox) else [value for _, value in part.choices]
        for key, part in kept.items()
    }
    write = _WRITE.replace("KEYS", json.dumps(list(kept)))
    gr.on([part.change for part in parts], None, parts, None, js=write, show_progress="hidden")
    for name, tab in tabs.items():
        opened = _WRITE.replace("KEYS", '["panel"]').replace("values[at]", json.dumps(name))
        tab.select(None, None, None, js=opened, show_progress="hidden")
    read = _READ.replace("CHOICES", json.dumps(choices))
    return page.load(None, parts, parts, js=read, show_progress="hidden")


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
