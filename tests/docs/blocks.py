"""Code blocks of a Markdown page, and how each kind is run in a folder as a reader would have it."""

import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from langsamp.evaluation.tasks.yaml_file import load_task
from langsamp.recipe import load_recipe
from tests.tiny_run import langsamp

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(r"(?:^`(?P<file>[\w.-]+)`:\n\n)?^```(?P<kind>.*)\n(?P<text>(?s:.*?))^```$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One block: what stands behind its three backticks, its text, and the file that the line above says it is."""

    kind: str
    text: str
    file: str | None


def blocks_of(page: str) -> list[Block]:
    """The blocks of a page's text in their order."""
    return [Block(match["kind"], match["text"], match["file"]) for match in _BLOCK.finditer(page)]


def run_block(block: Block, names: dict[str, Any]) -> None:
    """Do what a block says in the working folder; `names` are those of the page's Python."""
    match block.kind:
        case "sh":
            for line in re.sub(r"\\\n", " ", block.text).splitlines():
                _run_line(line)
        case "python":
            exec(compile(block.text, "<block>", "exec"), names)
        case "yaml":
            _check_yaml(block)
        case _:
            raise AssertionError(f"a block is sh, python or yaml, and runs; this is {block.kind!r}: indent it")


def _run_line(line: str) -> None:
    words = shlex.split(line, comments=True)
    if not words:
        return
    if words[0] == "make":
        answer = subprocess.run([*words, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, f"{line}: {answer.stderr}"
        return
    assert words[0] == "langsamp", f"{line}: only langsamp and make run here; indent what needs more"
    said = langsamp(*words[1:])
    assert said.code == 0, f"{line}: {said.err}"


def _check_yaml(block: Block) -> None:
    file = Path(block.file or "block.yaml")
    file.write_text(block.text, encoding="utf-8")
    if "kind" in yaml.safe_load(block.text):
        load_task(file)
    else:
        load_recipe(file)
