"""What all parts of the page have in common."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Section:
    """What one part of the page prints; a part that has nothing to show is None instead."""

    id: ClassVar[str]
    """Of the part on the page, and the name of its template."""
    title: ClassVar[str] = ""
    """In the navigation; a part without one is not there."""
