"""Charts as files to print or to put into a paper: PDF, SVG and PNG, on white."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from langsamp.disk.files import write_bytes
from langsamp.render.chart import Chart
from langsamp.render.svg import INK, LINE, page_style

PRINTED = {INK: "#1c1e21", LINE: "#bdb9b0"}
"""The colours on white paper of what follows the page where a chart stands in it."""

_METADATA: Mapping[str, dict[str, Any]] = {
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
    "svg": {"Creator": None, "Date": None},
    "png": {"Software": None},
}
"""Nothing of when and where, so that equal charts give equal files."""
_STYLE: dict[Any, Any] = {
    "pdf.fonttype": 42,  # whole TrueType fonts: text stays text, and journals refuse the other kind
    "svg.fonttype": "path",  # looks the same where the font is absent
    "savefig.dpi": 200,
    "savefig.facecolor": "white",
}
_COLOURS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def save_figures(charts: Mapping[str, Chart], folder: Path) -> list[Path]:
    """Write each chart into `folder` as `<name>.pdf`, `.svg` and `.png`; the paths written.

    Raises:
        UserError: where the folder cannot be written.
    """
    paths = []
    for name, chart in charts.items():
        with page_style(), _printed(chart.figure), mpl.rc_context(_STYLE):
            for kind, metadata in _METADATA.items():
                buffer = io.BytesIO()
                chart.figure.savefig(buffer, format=kind, metadata=metadata)
                paths.append(folder / f"{name}.{kind}")
                write_bytes(paths[-1], buffer.getvalue())
    return paths


@contextmanager
def _printed(figure: Figure) -> Iterator[None]:
    """Draw what has the colour of the page's text and lines in those of paper while the block runs."""
    figure.draw_without_rendering()  # makes the ticks
    undo: list[Callable[[], object]] = [partial(figure.set_layout_engine, figure.get_layout_engine())]
    figure.set_layout_engine("none")  # it has just been laid out, and would be again for each kind of file
    try:
        for artist in figure.findobj():
            _recolour(artist, undo)
        with mpl.rc_context({key: PRINTED[value] for key, value in mpl.rcParams.items() if value in (INK, LINE)}):
            yield
    finally:
        for restore in reversed(undo):
            restore()


def _recolour(artist: Artist, undo: list[Callable[[], object]]) -> None:
    for name in _COLOURS:
        old = getattr(artist, f"get_{name}", lambda: None)()
        new = _on_paper(old)
        if new is not None:
            change = getattr(artist, f"set_{name}")
            change(new)
            undo.append(partial(change, old))


def _on_paper(colour: Any) -> Any:
    """The colour, or list of colours, in those of paper; None where there is nothing to change."""
    if not mpl.colors.is_color_like(colour):
        several = [] if colour is None or isinstance(colour, str) else list(colour)
        changed = [_on_paper(each) for each in several]
        if not any(each is not None for each in changed):
            return None
        return [old if new is None else new for old, new in zip(several, changed, strict=True)]
    solid = PRINTED.get(to_hex(colour))
    return None if solid is None else (solid, mpl.colors.to_rgba(colour)[3])
