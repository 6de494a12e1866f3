"""A whole run in seconds: text of three tags, recipe, evaluation data, and the command line to run it with."""

import contextlib
import io
import random
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from langsamp.cli.command import main
from langsamp.recipe import Recipe, load_recipe
from langsamp.stopping import SIGNALS

LETTERS = {"Latn": "abdefghiklmnoprstuwz", "Cyrl": "абвгдежзиклмнопрсту", "Deva": "कखगचजटडतदनपबमयरलवसह"}
SIZES = {"hin_Deva": 150, "kmr_Cyrl": 120, "swh_Latn": 310}
"""Documents of each tag; one is more than the plan's sample."""

RECIPE: dict[str, Any] = {
    "name": "tiny",
    "variants": ["none", "both"],
    "tokenizer": {"vocab_size": 400},
    "rows": {"row_tokens": 32, "held_out_rows": 2},
    "model": {
        "init": None,
        "model_type": "xlm-roberta",
        "settings": {
            "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
            "max_position_embeddings": 40,
        },
    },
    "sampler": {"rows_per_step": 8},
    "training": {
        "steps": 4, "rows_per_batch": 4, "learning_rate": 1e-3, "checkpoint_every": 2, "held_out_every": 2,
        "log_every": 1,
    },
    "evaluation": {"tasks": ["sr-bible"]},
}  # fmt: skip


@dataclass(frozen=True)
class TinyRun:
    """A folder with `text`, `eval`, `recipe.yaml` and, once it has run, `run`."""

    root: Path

    @property
    def recipe_file(self) -> Path:
        return self.root / "recipe.yaml"

    @property
    def out(self) -> Path:
        return self.root / "run"

    @property
    def said(self) -> Path:
        """What the whole run wrote on standard error."""
        return self.root / "said.log"

    @property
    def export(self) -> Path:
        return self.out / "models" / "both-0" / "export"

    def recipe(self, *settings: str) -> Recipe:
        return load_recipe(self.recipe_file, settings)

    def copy(self, root: Path, *, with_run: bool = True) -> "TinyRun":
        """The same in another folder, for a test to spoil."""
        ignored = None if with_run else shutil.ignore_patterns("run")
        shutil.copytree(self.root, root, ignore=ignored, dirs_exist_ok=True)
        copied = TinyRun(root)
        copied.write_recipe()
        return copied

    def write_recipe(self) -> None:
        places = {"out": str(self.out), "corpus": {"source": str(self.root / "text")}}
        evaluation = RECIPE["evaluation"] | {"data": str(self.root / "eval")}
        neutrality = {"task": "sr-bible", "data": str(self.root / "eval"), "sentences": 15}
        sections = {"evaluation": evaluation, "analysis": {"neutrality": neutrality}}
        self.recipe_file.write_text(yaml.safe_dump(RECIPE | places | sections), encoding="utf-8")


def make_tiny_run(root: Path) -> TinyRun:
    """Text, evaluation data and recipe in `root`."""
    (root / "text").mkdir(parents=True)
    (root / "eval" / "sr_bible").mkdir(parents=True)
    for tag, number in SIZES.items():
        write_lines(root / "text" / f"{tag}.txt", documents(tag, number))
        pair = root / "eval" / "sr_bible" / f"{tag}-eng_Latn"
        write_lines(pair.with_suffix(f".{tag}"), documents(tag, 15, seed=1))
        write_lines(pair.with_suffix(".eng_Latn"), documents("eng_Latn", 15, seed=1))
    run = TinyRun(root)
    run.write_recipe()
    return run


def documents(tag: str, number: int, *, seed: int = 0) -> list[str]:
    """Distinct documents of 3 to 11 of the tag's 60 words."""
    generator = random.Random(tag)
    alphabet = LETTERS[tag.partition("_")[2]]
    words = ["".join(generator.choices(alphabet, k=generator.randint(2, 6))) for _ in range(60)]
    generator = random.Random(f"{tag} {seed}")
    made: dict[str, None] = {}
    while len(made) < number:
        made[" ".join(generator.choices(words, k=generator.randint(3, 11)))] = None
    return list(made)


def write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


class Answer(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


def langsamp(*words: object) -> Answer:
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    argv, handlers = sys.argv, {number: signal.getsignal(number) for number in SIGNALS}
    sys.argv = ["langsamp", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        return Answer(int(end.code or 0), out.getvalue(), err.getvalue())
    finally:
        sys.argv = argv
        for number, handler in handlers.items():
            signal.signal(number, handler)
    raise AssertionError("the command line always ends with an exit code")


def said(*words: object) -> str:
    """What a command prints that must succeed."""
    answer = langsamp(*words)
    assert answer.code == 0, answer.err
    return answer.out


def complaint(*words: object, code: int = 1) -> str:
    """The one message with which a command must end, and with this exit code."""
    answer = langsamp(*words)
    assert answer.code == code, answer
    assert answer.err.count("langsamp: ") == 1, answer.err
    return answer.err.partition("langsamp: ")[2]


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Of every file: when it was written, and its number on the disk."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in folder.rglob("*")
        if path.is_file()
    }


@contextlib.contextmanager
def full_disk(free: int) -> Iterator[None]:
    """No file can grow over `free` bytes, also for processes started in the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
