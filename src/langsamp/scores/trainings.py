"""In what the trainings behind two systems differ beside variant and seed: of that a difference may come, too."""

from collections.abc import Mapping
from typing import Any

from langsamp.disk.files import read_json
from langsamp.disk.layout import RunLayout
from langsamp.errors import DamagedError
from langsamp.provenance import differing_keys
from langsamp.scores.systems import System

_COMPARED = ("variant", "seed")
"""What systems of a run differ in by intent."""
_TWICE = ("steps",)
"""What the settings of the training say too."""


def training_notes(a: System, b: System) -> list[str]:
    """A sentence where `a` and `b` are models of two runs that were not trained alike; none where that is not known."""
    if a.cells is None or b.cells is None or a.cells == b.cells:
        return []
    changes = training_changes(_identity(a), _identity(b))
    return [f"A and B were not trained alike: {'; '.join(changes)}"] if changes else []


def training_changes(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """`training.steps: 10 -> 20` for each setting that differs between two trainings' identities, as exports have them.

    An identity that is empty differs from none.
    """
    if not mine or not theirs:
        return []
    skipped = (*_COMPARED, *_TWICE, "data")
    one, other = ({key: part for key, part in each.items() if key not in skipped} for each in (mine, theirs))
    text = ["other rows (text, languages or tokenizer)"] if mine.get("data") != theirs.get("data") else []
    return [*text, *differing_keys(other, one)]


def _identity(system: System) -> Mapping[str, Any]:
    """What the first training of a system in a run was made with; empty for a model from elsewhere."""
    assert system.cells is not None
    run = RunLayout(system.cells.parents[1])
    for name in system.scores.model_name.unique():
        path = run.model(str(name)).export / "provenance.json"
        try:
            content = read_json(path) if run.exists and path.is_file() else None
        except DamagedError:  # which whoever opens the export tells
            continue
        identity = content.get("identity") if isinstance(content, dict) else None
        if isinstance(identity, dict) and identity:
            return identity
    return {}
