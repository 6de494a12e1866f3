"""What every layout's folder ends with: tokenizer, card, provenance, checksums."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from langsamp.data.tokens.tokenizer import open_tokenizer
from langsamp.disk.files import read_json, write_json, write_text
from langsamp.disk.seals import seal
from langsamp.provenance import provenance


class Layout(NamedTuple):
    """What is said of a folder."""

    kind: str
    """Its layout, as `--layout` names it."""
    source: Path
    """The model that it was made from."""
    name: str
    use: str
    """How to use it, in Markdown."""
    front: str = ""
    """Lines of the card's metadata."""
    facts: Mapping[str, Any] = {}
    """More for its provenance."""


def name_of(folder: Path) -> str:
    """What the model in `folder` is called, by its provenance or else its folder."""
    known = folder / "provenance.json"
    return str(read_json(known).get("name") or folder.name) if known.is_file() else folder.name


def copy_tokenizer(source: Path, out: Path) -> None:
    """Write the tokenizer of the model in `source` into `out`."""
    open_tokenizer(source).save_pretrained(out)


def close_folder(folder: Path, layout: Layout) -> None:
    """Write card, provenance and checksums of what lies in `folder`, which keeps what was known of its source."""
    known = layout.source / "provenance.json"
    before = read_json(known) if known.is_file() else {}
    kept = {key: before[key] for key in ("name", "step", "data", "seed", "variant", "selection") if key in before}
    facts = {**kept, "layout": layout.kind, "exported_from": name_of(layout.source), **layout.facts}
    front = f"---\n{layout.front}---\n\n" if layout.front else ""
    write_text(folder / "README.md", f"{front}# {layout.name}\n\n{layout.use}\n")
    write_json(folder / "provenance.json", provenance(**facts))
    seal(folder)
