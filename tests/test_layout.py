"""What holds for the repository as a whole."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from langsamp.recipe import load_recipe

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
HEAVY = ("torch", "transformers", "pandas", "matplotlib", "datasets", "accelerate", "numpy")

_LOADED = """
import sys
sys.argv = ["langsamp", *sys.argv[1:]]
from langsamp.cli.command import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("LOADED", *{name.partition(".")[0] for name in sys.modules})
"""


RECIPES = sorted(path for folder in ("configs", "studies") for path in (ROOT / folder).glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_every_recipe_parses_and_has_its_files_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSAMP_DATA", "data")
    monkeypatch.setenv("LANGSAMP_ENCODER", "encoder")
    assert load_recipe(path).name == path.stem


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("languages", "--help")])
def test_help_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    answer = subprocess.run([sys.executable, "-c", _LOADED, *words], capture_output=True, text=True, check=True)
    assert "Usage: langsamp" in answer.stdout
    loaded = answer.stdout.partition("LOADED ")[2].split()
    assert "langsamp" in loaded
    assert not set(HEAVY) & set(loaded)


def test_languages_are_found_without_torch() -> None:
    words = ["languages", "swahili"]
    answer = subprocess.run([sys.executable, "-c", _LOADED, *words], capture_output=True, text=True, check=True)
    assert "swh_Latn" in answer.stdout
    assert not {"torch", "transformers", "pandas"} & set(answer.stdout.partition("LOADED ")[2].split())


def test_nothing_unpickles_but_babels_own_files_and_what_can_hold_no_object() -> None:
    pattern = re.compile(
        r"^\s*from (pickle|dill|joblib|shelve|marshal)\b|\b(pickle|dill|joblib|shelve|marshal)\.(load|Unpick)\w*\("
        r"|torch\.load\((?!.*weights_only=True)",
        re.MULTILINE,
    )
    found = [path.relative_to(ROOT / "src").as_posix() for path in SOURCES if pattern.search(path.read_text("utf-8"))]
    assert found == ["langsamp/cldr/locales.py", "langsamp/model/interchange/plain_pickle.py"]


def test_no_source_file_is_a_heap_of_everything() -> None:
    assert not {"utils", "common", "helpers", "misc", "base"} & {path.stem for path in SOURCES}


def test_the_commands_of_the_readme_exist() -> None:
    text, make = (ROOT / "README.md").read_text("utf-8"), (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", make, re.MULTILINE))
    assert set(re.findall(r"^(?:    )?make ([a-z]+)", text, re.MULTILINE)) <= targets
    usage = subprocess.run([sys.executable, "-m", "langsamp", "--help"], capture_output=True, text=True, check=True)
    commands = set(re.findall(r"^  ([a-z]+)  ", usage.stdout, re.MULTILINE))
    assert {"run", "prepare", "train", "export", "evaluate", "report", "languages", "doctor"} <= commands
    assert set(re.findall(r"`langsamp ([a-z]+)", text)) | set(re.findall(r"^langsamp ([a-z]+)", text, re.M)) <= commands


def test_the_files_that_the_readme_names_exist() -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert [name for name in linked if not (ROOT / name).exists()] == []
