"""Every command that a page names exists, with each of its options, also where it needs what a test has not."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from langsamp.cli.verbs import app
from tests.docs.blocks import PAGES, ROOT

ALL_PAGES = [
    *PAGES,
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "src/langsamp/recipes",
    ROOT / "studies/README.md",
]
_COMMAND = re.compile(r"`(?:[^`\n]* )?(langsamp [^`\n]+)`|^[# ]*(?:[A-Z_]+=\w+ )?(langsamp [a-z].*)$", re.MULTILINE)
"""In backticks, or a line that begins with it."""


def commands_on(page: Path) -> list[str]:
    """The commands that a page, or each file of a folder, names."""
    texts = [page] if page.is_file() else sorted(page.iterdir())
    text = "\n".join(path.read_text(encoding="utf-8") for path in texts).replace("\\\n", " ")
    named = [inline or line for inline, line in _COMMAND.findall(text)]
    return [command for command in named if not command.startswith("langsamp as ls")]


def faults(command: str) -> list[str]:
    """The verbs and options of a command that there are not."""
    words = shlex.split(command.replace("...", " ").partition(" &")[0], comments=True)[1:]
    verb: Any = typer.main.get_command(app)
    while words and hasattr(verb, "commands") and not words[0].startswith("-"):
        if words[0] not in verb.commands:
            if "find" not in verb.commands:
                return [f"no verb {words[0]!r}"]
            break
        verb = verb.commands[words.pop(0)]
    if hasattr(verb, "commands") and "find" in verb.commands:
        verb = verb.commands["find"]
    known = {option for parameter in verb.params for option in (*parameter.opts, *parameter.secondary_opts)}
    asked = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    return [f"no option {option}" for option in sorted(asked - known - {"--help"})]


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_on_a_page_exists(page: Path) -> None:
    wrong = {command: faults(command) for command in commands_on(page)}
    assert {command: said for command, said in wrong.items() if said} == {}


def test_what_does_not_exist_is_seen() -> None:
    assert faults("langsamp rn x.yaml") == ["no verb 'rn'"]
    assert faults("langsamp run x.yaml --plann") == ["no option --plann"]
    assert faults("langsamp analyze vector runs/mine") == ["no verb 'vector'"]
    assert faults("langsamp languages swahili") == faults("langsamp languages --select tail") == []
