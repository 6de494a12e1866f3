"""The package as others get it: a wheel, installed where no source is, starts a recipe and plans it."""

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT


def ran(*words: object, at: Path) -> str:
    """What a process prints that must succeed."""
    answer = subprocess.run(list(map(str, words)), cwd=at, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return answer.stdout


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`langsamp` of a wheel built from this tree, in an environment that sees our dependencies but not our source."""
    at = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    source = at / "source"  # a copy, because a build leaves folders beside what it builds
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, source / name)
    ran(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", at, source, at=at)
    (wheel,) = at.glob("langsamp-*.whl")
    folder = at / "environment"
    venv.create(folder, symlinks=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    dependencies = [
        path for path in sys.path if path.endswith("-packages")
    ]  # what their own .pth files add is left out
    (site / "dependencies.pth").write_text("\n".join(dependencies), encoding="utf-8")
    target = ("--python", folder / "bin" / "python", "install", "--no-deps", "--no-index", "--ignore-installed")
    ran(*pip, *target, wheel, at=at)
    return folder / "bin" / "langsamp"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_wheel_starts_a_recipe_and_plans_it(command: Path, tmp_path: Path) -> None:
    where = ran(command.with_name("python"), "-c", "import langsamp; print(langsamp.__file__)", at=tmp_path)
    assert command.parent.parent in Path(where.strip()).parents
    assert "q.yaml" in ran(command, "new", "q.yaml", "--from", "quickstart", at=tmp_path)
    assert "training.steps" in ran(command, "recipe", "training.steps", at=tmp_path)
    assert "35" in ran(command, "run", "q.yaml", "--plan", at=tmp_path)
