"""A matplotlib figure as SVG that belongs to the page: its colours and font, tooltips, ids of its own, no addresses."""

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, LINE = "#010203", "#040506"
"""Colours that stand for the page's text and hairlines, so that a chart follows the light or dark page."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "langsamp",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.facecolor": "none",
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.labelcolor": INK,
}
_WIDE, _PIXELS = 600, 1.6  # points of a figure as wide as the page, and the page's pixels for each of them
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
_DOT = r'<use ([^>]*) style="([^"]*)"><title>[^<]*</title></use>'


def page_style() -> AbstractContextManager[None]:
    """Settings under which a figure is both drawn and saved."""
    return mpl.rc_context(_STYLE)


def inline_svg(figure: Figure, *, name: str, summary: str, titles: Mapping[str, Sequence[str]] | None = None) -> str:
    """The figure as an `<svg>` element to stand in HTML.

    `name` prefixes every id in it, `summary` is what a screen reader says. `titles` gives for a collection's gid one
    tooltip per point, in the order in which the points were drawn. Equal figures give equal text.
    """
    buffer = io.StringIO()
    with page_style():
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata=_NO_METADATA)  # savefig would draw everything twice
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    for gid, texts in (titles or {}).items():
        svg = _with_titles(svg, gid, texts)
    box = re.search(r'viewBox="([^"]+)"', svg)
    assert box is not None
    body = re.sub(r"<style.*?</style>", "", svg[svg.index(">") + 1 :], flags=re.S)
    body = _own_ids(body, name)
    body = body.replace(INK, "currentColor").replace(LINE, "var(--line)")
    body = re.sub(r"font-family: [^;\"]+;? ?", "", body)
    body = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font-size: \1", body)
    body = re.sub(r"<[^>]+>", _shorter, body)  # places only: what is written stays as it is
    body = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", body)
    body = re.sub(r"\s*\n\s*", " ", body).replace("> <", "><").replace("<g/>", "")
    for _ in range(2):  # a group of its own around each text says nothing
        body = re.sub(r"<g>(<text[^>]*>[^<]*</text>)</g>", r"\1", body)
    body = re.sub(r'<path d="([^"]*)"( [^>]*fill: none[^>]*)/>((?:<path d="[^"]*"\2/>)+)', _one_path, body)
    body = re.sub(_DOT + r'(?:<use [^>]* style="\2"><title>[^<]*</title></use>)+', _one_style, body)
    return f'<svg viewBox="{box.group(1)}"{_size(box.group(1))} role="img" aria-label="{escape(summary)}">{body}'


def _one_style(dots: re.Match[str]) -> str:
    """Dots of one look in a group that says it once."""
    alike = dots[0].replace(f' style="{dots[2]}"', "")
    return f'<g style="{dots[2]}">{alike}</g>'


def _shorter(element: re.Match[str]) -> str:
    return re.sub(r"(\d\.\d\d)\d+", r"\1", element[0])


def _size(box: str) -> str:
    """The style that keeps a narrow figure from being blown up to the width of the page; nothing for a wide one."""
    width = float(box.split()[2])
    if width >= _WIDE:
        return ""
    pixels = round(_PIXELS * width)
    return f' style="max-width: {pixels}px; min-width: min(40rem, {pixels}px)"'


def _one_path(lines: re.Match[str]) -> str:
    """Lines of one look, one after another, as one path."""
    rest = re.findall(r'<path d="([^"]*)"', lines[3])
    return f'<path d="{"".join([lines[1], *rest])}"{lines[2]}/>'


def _with_titles(svg: str, gid: str, texts: Sequence[str]) -> str:
    """Put one `<title>` into each point of the collection `gid`: a `<use>`, or a `<path>` where it has few points."""
    start = svg.index(f'<g id="{gid}">')
    end = svg.index("</g>", start)
    start = max(start, svg.rfind("</defs>", start, end))
    points = iter(texts)
    marked = re.sub(
        r"<(use|path) ([^>]*)/>",
        lambda match: f"<{match[1]} {match[2]}><title>{escape(next(points))}</title></{match[1]}>",
        svg[start:end],
    )
    return svg[:start] + marked + svg[end:]


def _own_ids(body: str, name: str) -> str:
    """Keep only ids that something refers to, prefixed by `name`; `xlink:href` becomes plain `href`."""
    used = set(re.findall(r"url\(#([^)]+)\)", body)) | set(re.findall(r'href="#([^"]+)"', body))
    body = re.sub(
        r' id="([^"]*)"', lambda match: f' id="{name}-{match.group(1)}"' if match.group(1) in used else "", body
    )
    body = re.sub(r'xlink:href="#', f'href="#{name}-', body)
    return body.replace("url(#", f"url(#{name}-")
