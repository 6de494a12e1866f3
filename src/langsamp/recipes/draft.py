"""A commented recipe that is changed key by key: all else in it stays as its author wrote it."""

import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

_WIDTH = 118


class _Entry(NamedTuple):
    """Where a key and its value stand in the text."""

    line: int
    """Of the key, from 0."""
    column: int
    """Of the value."""
    start: int
    end: int
    """The value's first character, and the first after it."""


class Draft:
    """The text of a recipe."""

    def __init__(self, text: str) -> None:
        """Start from a template."""
        self.text = text

    def has(self, path: str) -> bool:
        """Whether the recipe says something of a key, `model.init`."""
        return path in self._entries()

    def value(self, path: str) -> Any:
        """What the recipe says of a key."""
        entry = self._entries()[path]
        return yaml.safe_load(self.text[entry.start : entry.end])

    def put(self, path: str, value: Any) -> None:
        """Give a key that is there another value, in the place of an alias too; an anchor (`&tags`) before it stays."""
        entry = self._entries()[path]
        old = self.text[entry.start : entry.end]
        anchor = f"{old.split()[0]} " if old.startswith("&") else ""
        after = "\n" if old.endswith("\n") else ""
        written = anchor + _written(value, entry.column + len(anchor)) + after
        self.text = self.text[: entry.start] + written + self.text[entry.end :]

    def drop(self, path: str) -> None:
        """Take a key that has lines of its own out, with the comment above it."""
        entry, lines = self._entries()[path], self.text.splitlines(keepends=True)
        first, last = entry.line, self.text[: entry.end].rstrip("\n").count("\n")
        while first and lines[first - 1].lstrip().startswith("#"):
            first -= 1
        self.text = "".join(lines[:first] + lines[last + 1 :])

    def _entries(self) -> dict[str, _Entry]:
        entries: dict[str, _Entry] = {}
        events = yaml.parse(self.text, Loader=yaml.SafeLoader)
        root = next(event for event in events if isinstance(event, yaml.MappingStartEvent))
        _read(events, root, "", entries)
        return entries


def _read(events: Iterator[yaml.Event], event: yaml.Event, prefix: str, entries: dict[str, _Entry]) -> int:
    """Note the keys below a value that begins with `event`; where the value ends.

    That of a block is the end of what is last in it: the parser's own comes after the comments of the next key.
    """
    opened, end = event, _mark(event.end_mark).index
    if isinstance(opened, yaml.MappingStartEvent):
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            assert isinstance(event, yaml.ScalarEvent)
            value = next(events)
            path = f"{prefix}{event.value}"
            end = _read(events, value, f"{path}.", entries)
            start = _mark(value.start_mark)
            entries[path] = _Entry(_mark(event.start_mark).line, start.column, start.index, end)
    elif isinstance(opened, yaml.SequenceStartEvent):
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            end = _read(events, event, f"{prefix}[].", entries)
    else:
        return end
    return _mark(event.end_mark).index if opened.flow_style else end


def _mark(mark: Any) -> yaml.Mark:
    assert isinstance(mark, yaml.Mark)  # what was read from a text, in Python, has one
    return mark


def _written(value: Any, column: int) -> str:
    """A value as YAML in one line; a long text, such as a list of tags, folded at its commas."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    text = text.removesuffix("...\n").rstrip("\n")
    if column + len(text) <= _WIDTH or not isinstance(value, str):
        return text
    lines = textwrap.wrap(value.replace(",", ", "), _WIDTH - 4, break_on_hyphens=False, break_long_words=False)
    return ">-\n" + "\n".join(f"    {line}" for line in lines)
