"""The explorer's page: one model at a time, four panels, nothing from outside."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from langsamp.analysis.model_refs import ModelRef
from langsamp.explorer import language_panel, map_panel, mask_panel, probe_panel
from langsamp.explorer.opened_models import open_models
from langsamp.explorer.wiring import keep_in_address

PANELS = {
    "My language": language_panel,
    "Fill-mask": mask_panel,
    "Parallel probe": probe_panel,
    "Map": map_panel,
}
_ABOUT = "What a multilingual encoder knows of languages. Served from this machine; no text leaves it."


def build_page(subjects: Sequence[ModelRef]) -> Any:
    """The page about some models, as Gradio's `Blocks`; no weights are read before a panel needs them."""
    models = open_models(subjects)
    with gr.Blocks(title="langsamp explorer", analytics_enabled=False) as page:
        gr.HTML(f'<header class="top"><h1>langsamp explorer</h1><p>{escape(_ABOUT)}</p></header>')
        model = gr.Dropdown(
            list(models), value=next(iter(models)), label="Model", filterable=False, visible=len(models) > 1
        )
        built, tabs = [], {}
        with gr.Tabs(overflow_behavior="wrap"):
            for name, panel in PANELS.items():
                with gr.Tab(name) as tabs[name]:
                    built.append(panel.build(models, model))
        kept = {"model": model} | {name: part for panel in built for name, part in panel.kept.items()}
        opened = keep_in_address(page, kept, tabs)
        for function, inputs, outputs in (run for panel in built for run in panel.runs):
            for event in (opened.then, model.change):
                event(function, inputs, outputs, concurrency_id="models", show_progress="hidden")
    return page


def look() -> dict[str, Any]:
    """How the page looks, as keywords of `mount_gradio_app`: fonts of the reader's system, our colours, no footer."""
    system = ("Segoe UI", "Helvetica Neue", "Arial", "Noto Sans", "system-ui", "sans-serif")
    theme = gr.themes.Base(
        primary_hue="blue",
        neutral_hue="stone",
        radius_size="md",
        font=[gr.themes.Font(name) for name in system],
        font_mono=[gr.themes.Font(name) for name in ("Consolas", "Menlo", "monospace")],
    )
    return {
        "theme": theme,
        "css_paths": [Path(__file__).with_name("explorer.css")],
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "show_error": False,
    }
