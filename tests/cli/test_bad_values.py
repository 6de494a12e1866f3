"""A table of inputs that cannot be used: one message that names the input and the mend, and nothing written."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from langsamp.disk.seals import seal
from tests.tiny_run import TinyRun, complaint, langsamp, said, stamps

SETTINGS: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "a layer of the evaluation": ("evaluation.layer=99", 1, ("evaluation.layer 99", "2 layers", "choose")),
    "a layer of the monitor": ("monitor={every: 2, layer: 99}", 1, ("monitor.layer 99", "2 layers", "choose")),
    "a layer of an analysis": ("analysis.neutrality.layer=99", 1, ("analysis.neutrality.layer 99", "2 layers")),
    "text of an analysis": ("analysis.neutrality.sentences=500", 1, ("500 were asked for", "ask for")),
    "donors among nothing": ("analysis.candidates=Klingonn", 1, ("analysis.candidates", "Klingonn")),
    "half precision on a processor": ("training.precision=fp16", 1, ("fp16 needs a GPU", "bf16 or fp32")),
    "a tracker that is absent": ("training.log_to=[wandb]", 1, ("wandb: it is not installed", "pip install")),
    "a tracker twice": ("training.log_to=[wandb, wandb]", 1, ("log_to names one twice", "name each once")),
    "a loss for a GPU": ("training.loss=cce", 1, ("training.loss cce", "needs a GPU", "choose another")),
    "warmup beyond the end": ("training.warmup_steps=9", 1, ("warmup_steps is 9", "4 steps", "fewer")),
    "selection without rows": (
        "training={select: held_out_loss, steps: 4, checkpoint_every: 2, held_out_every: 2}",
        1,
        ("held_out_loss", "rows.held_out_rows is 0", "Hold some rows out"),
    ),
    "a negative seed": ("seeds=[-1]", 1, ("seeds.0", "greater than or equal to 0", "-1")),
    "a huge seed": ("seeds=[99999999999]", 1, ("seeds.0", "less than 4294967296", "99999999999")),
    "no seed": ("seeds=[]", 1, ("seeds must name at least one",)),
    "no layers": ("model.settings.num_hidden_layers=0", 1, ("num_hidden_layers is 0", "at least 1")),
    "a negative width": ("model.settings.hidden_size=-32", 1, ("hidden_size is -32", "at least 1")),
    "negative heads": ("model.settings.num_attention_heads=-4", 1, ("num_attention_heads is -4", "at least 1")),
    "a setting that is no number": ("model.settings.layer_norm_eps=.nan", 1, ("layer_norm_eps is nan", "finite")),
    "an unknown variant": ("variants=[bothh]", 1, ("variants.0", "bothh")),
    "no source": ('corpus.source=""', 1, ("corpus.source", "at least 1 character")),
    "no folder": ('out=""', 1, ("out", "at least 1 character")),
    "a folder with a zero byte": (r'out="a\0b"', 1, ("cannot write", "no file name may have", "another output folder")),
    "a name that is too long": (f"out={'a' * 300}", 1, ("cannot write", "too long", "another output folder")),
    "a path that is too long": (f"out={'/'.join(['a' * 200] * 30)}", 1, ("cannot write", "too long")),
    "a file for a folder": ("out=/dev/null", 1, ("cannot write", "/dev/null is a file", "another output folder")),
    "a file above a folder": ("out=/dev/null/run", 1, ("cannot write", "/dev/null is a file")),
    "a date that there is not": ("name=2020-99-99", 1, ("--set name=2020-99-99", "quotes")),
    "a number without end": (f"training.steps={'9' * 5000}", 1, ("--set training.steps", "quotes")),
    "a nest without bottom": (f"name={'[' * 5000}{']' * 5000}", 1, ("--set name", "quotes")),
    "a key in a key that has none": ("analysis.neutrality.layers=1", 1, ("unknown key", "Did you mean 'layer'?")),
    "a section that is a list": ("training=[1]", 1, ("training: expected keys with values below it",)),
    "a name with a slash": ("name=a/b", 1, ("name: String should match",)),
    "a name that leads out": ("name=..", 1, ("name: String should match",)),
}

RECIPES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "empty": (b"", ("must hold a mapping", "name: mine")),
    "a list": (b"- a\n", ("must hold a mapping",)),
    "a word": (b"hello\n", ("must hold a mapping",)),
    "two documents": (b"name: a\n---\nname: b\n", ("cannot be read as YAML", "single document")),
    "a tab": (b"name: a\n\tseeds: [1]\n", ("cannot be read as YAML", "line 2")),
    "Latin-1": ("name: caf\xe9\n".encode("latin-1"), ("is not UTF-8 text", "save it as UTF-8")),
    "UTF-16": ("name: a\n".encode("utf-16"), ("is not UTF-8 text", "save it as UTF-8")),
    "a zero byte": (b"name: a\0\n", ("cannot be read as YAML", "not allowed")),
    "a key twice": (b"name: a\nname: b\n", ("'name' is there twice",)),
    "a nest without bottom": (b"name: " + b"[" * 5000 + b"]" * 5000, ("nested too deeply",)),
    "a bomb": (
        b"a: &a [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n + 1, n + 1, b",".join([b"*%c" % n] * 9)) for n in range(97, 105)),
        ("aliases", "100,000", "write out"),
    ),
    "a circle": (b"name: &a [*a]\n", ("aliases", "write out")),
    "a date that there is not": (b"name: 2020-99-99\n", ("cannot be read as YAML", "month must be")),
    "code": (b"name: !!python/object/apply:os.system [echo]\n", ("cannot be read as YAML", "python/object")),
    "keys that are no words": (b"name: a\n1: 2\n", ("Keys should be strings",)),
}

WORDS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "no task": (["evaluate", "MODEL", "-t", ""], ("'' after -t is empty",)),
    "no task after a sign": (["evaluate", "MODEL", "--task="], ("--task=", "is empty")),
    "commas for tasks": (["evaluate", "MODEL", "-t", ","], ("an option takes names, got ','",)),
    "no data": (["evaluate", "MODEL", "--data", ""], ("'' after --data is empty",)),
    "blanks for a folder": (["evaluate", "MODEL", "-o", "  "], ("after -o is empty",)),
    "no run": (["report", ""], ("'' after report is empty",)),
    "another encoding": (["report", "Bokm\udce5l"], ("'Bokm\ufffdl' cannot be read in the encoding", "UTF-8")),
    "a zero byte": (["report", "a\0b"], ("no name",)),
    "a path that is too long": (["run", "x" * 5000], ("File name too long",)),
    "a folder for a recipe": (["run", "."], ("is a folder", "recipe.yaml")),
}

TABLES: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], tuple[str, ...]]] = {
    "a column less": (lambda table: table.drop(columns="value"), ("lacks value",)),
    "words for numbers": (lambda table: table.assign(value="high"), ("value is not a number",)),
    "numbers for words": (lambda table: table.assign(task=1), ("task is not a text", "rows")),
    "no name": (lambda table: table.assign(model_name=None), ("model_name is not a text",)),
    "scores that are none": (lambda table: table.assign(value=float("nan")), ("value is not a finite number",)),
    "endless scores": (lambda table: table.assign(value=float("inf")), ("value is not a finite number",)),
    "half seeds": (lambda table: table.assign(seed=0.5), ("seed is not a whole number",)),
    "no seeds": (lambda table: table.assign(seed=None), ("seed is not a whole number",)),
    "lists": (lambda table: table.assign(value=[[1.0]] * len(table)), ("value is not a number",)),
    "tags that are none": (lambda table: table.assign(tag="German"), ("tag:", "German")),
    "true for a number": (lambda table: table.assign(value=True), ("value is not a number",)),
    "another table": (lambda _: pd.DataFrame({"a": [1]}), ("lacks model, model_name",)),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_a_setting_is_refused_before_anything_is_done(fresh: TinyRun, case: str) -> None:
    setting, code, parts = SETTINGS[case]
    also = ["--set", "rows.held_out_rows=0"] if "held_out_loss" in setting else []
    before = stamps(fresh.root)
    message = complaint("run", fresh.recipe_file, "--set", setting, *also, code=code)
    assert all(part in message for part in parts), message
    assert stamps(fresh.root) == before and not fresh.out.exists()


@pytest.mark.parametrize(
    ("init", "more", "parts"),
    [
        ("models/both-0", "seeds=[0]", ("is the folder of a training", "both-0/export")),
        ("models/both-0/export/config.json", "seeds=[0]", ("is a file", "give the folder")),
        ("models/both-0/export", "model.revision=main", ("is a folder, which has no revisions",)),
        ("rows", "seeds=[0]", ("config.json",)),
    ],
)
def test_what_is_no_model_to_continue_from_is_told_as_that(
    tiny_run: TinyRun, tmp_path: Path, init: str, more: str, parts: tuple[str, ...]
) -> None:
    settings = (f"model.init={tiny_run.out / init}", "model.model_type=null", "model.settings={}", "tokenizer={}", more)
    words = [word for setting in (*settings, f"out={tmp_path / 'run'}") for word in ("--set", setting)]
    answer = langsamp("run", tiny_run.recipe_file, *words)
    assert answer.code in (1, 6) and all(part in answer.err for part in parts), answer.err
    assert not (tmp_path / "run").exists()


def test_a_file_of_ones_own_is_never_written_over(fresh: TinyRun, tiny_run: TinyRun) -> None:
    fresh.out.mkdir()
    for name, told in (("recipe.yaml", "was written by no run"), ("report.html", "which holds something else")):
        mine = fresh.out / name
        mine.write_text("# mine\n", encoding="utf-8")
        assert told in complaint("run", fresh.recipe_file) and told in complaint("run", fresh.recipe_file, "--plan")
        assert told in complaint("report", tiny_run.out, "--out", mine) or name == "recipe.yaml"
        assert {path.name: path.read_text(encoding="utf-8") for path in fresh.out.iterdir()} == {name: "# mine\n"}
        mine.unlink()
    page = fresh.root / "page.html"
    for _ in range(2):
        said("report", tiny_run.out, "--out", page)


def test_a_plan_says_that_the_models_there_are_of_another_recipe(tiny_run: TinyRun) -> None:
    before = stamps(tiny_run.root)
    told = said("run", tiny_run.recipe_file, "--plan", "--set", "training.learning_rate=2e-3")
    assert "made with another recipe (training.learning_rate: 0.001 -> 0.002)" in told
    assert "made with another recipe" not in said("run", tiny_run.recipe_file, "--plan")
    assert stamps(tiny_run.root) == before


def test_a_folder_where_the_report_goes_is_told_before_the_work(fresh: TinyRun) -> None:
    (fresh.out / "report.html").mkdir(parents=True)
    assert "report.html is a folder" in complaint("run", fresh.recipe_file)
    assert [path.name for path in fresh.out.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    "words",
    [
        ("report", "RUN", "--out", "EXPORT/report.html"),
        ("tokenizer", "trim", "EXPORT", "--text", "TEXT", "--langs", "all", "--min-count", "1", "--out", "EXPORT/t"),
    ],
)
def test_nothing_is_written_into_a_model(tiny_run: TinyRun, words: tuple[str, ...]) -> None:
    before = stamps(tiny_run.export)
    folders = {"RUN": tiny_run.out, "EXPORT": tiny_run.export, "TEXT": tiny_run.root / "text"}
    named = [str(folders.get(head, head)) + slash + rest for head, slash, rest in (w.partition("/") for w in words)]
    assert "which is whole as it is" in complaint(*named)
    assert stamps(tiny_run.export) == before


@pytest.mark.parametrize("inside", ["", "scores"])
def test_scores_are_not_written_into_a_model(tiny_run: TinyRun, inside: str) -> None:
    before = stamps(tiny_run.export)
    message = complaint("evaluate", tiny_run.export, "--data", tiny_run.root / "eval", "-o", tiny_run.export / inside)
    assert "which is whole as it is" in message and "Name another output folder" in message
    assert stamps(tiny_run.export) == before


@pytest.mark.parametrize("inside", ["", "runs/mine"])
def test_a_run_among_its_text_is_refused(fresh: TinyRun, inside: str) -> None:
    """Its folders would be taken for files of text when the same command is given again."""
    before = stamps(fresh.root)
    message = complaint("run", fresh.recipe_file, "--set", f"out={fresh.root / 'text' / inside}")
    assert "lies in the folder of the text" in message and "Name a folder elsewhere" in message
    assert stamps(fresh.root) == before


@pytest.mark.parametrize("case", RECIPES)
def test_a_recipe_is_refused(tmp_path: Path, case: str) -> None:
    text, parts = RECIPES[case]
    (tmp_path / "mine.yaml").write_bytes(text)
    message = complaint("run", tmp_path / "mine.yaml")
    assert all(part in message for part in ("mine.yaml", *parts)), message


def test_a_mark_of_order_and_shared_keys_are_read(fresh: TinyRun) -> None:
    text = fresh.recipe_file.read_bytes().replace(b"rows_per_step: 8", b"<<: {rows_per_step: 8}")
    fresh.recipe_file.write_bytes(b"\xef\xbb\xbf" + text)
    assert fresh.recipe().sampler.rows_per_step == 8


@pytest.mark.parametrize("case", WORDS)
def test_words_are_refused(tiny_run: TinyRun, case: str) -> None:
    words, parts = WORDS[case]
    message = complaint(*(tiny_run.export if word == "MODEL" else word for word in words))
    assert all(part in message for part in parts), message


@pytest.mark.parametrize("case", TABLES)
def test_a_table_that_is_none_of_scores_is_refused_by_all_that_read_it(
    tiny_run: TinyRun, tmp_path: Path, case: str
) -> None:
    spoil, parts = TABLES[case]
    file = tmp_path / "scores.parquet"
    spoil(pd.read_parquet(tiny_run.out / "evaluation" / "scores.parquet")).to_parquet(file)
    for words in (["report", tmp_path], ["table", "--paper", "1", tmp_path], ["analyze", "families", tmp_path]):
        message = complaint(*words, code=6)
        assert all(part in message for part in ("scores.parquet", *parts, "langsamp evaluate")), message
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        ({"RANK": "first"}, "the environment variable RANK is 'first'"),
        ({"RANK": "0", "WORLD_SIZE": "two"}, "WORLD_SIZE is 'two'"),
        ({"RANK": "0", "WORLD_SIZE": "0"}, "WORLD_SIZE is '0'"),
        ({"LOCAL_RANK": "-"}, "LOCAL_RANK is '-'"),
        ({"RANK": "-1"}, "RANK is '-1'"),
        ({"RANK": "2", "WORLD_SIZE": "2"}, "RANK is 2, expected 0 to 1"),
        ({"WORLD_SIZE": "2"}, "RANK, which of these processes this is, is not set"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "prepare", "train"])
def test_variables_of_a_launcher_are_checked(
    fresh: TinyRun, monkeypatch: pytest.MonkeyPatch, verb: str, variables: dict[str, str], part: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    message = complaint(verb, fresh.recipe_file)
    assert part in message and "torchrun" in message
    assert not fresh.out.exists()


def test_a_launcher_is_told_what_the_user_is_told(fresh: TinyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    file = fresh.root / "error.json"
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(file))
    message = complaint("train", fresh.recipe_file, code=4)
    said_there = json.loads(file.read_text())["message"]
    assert said_there["message"] == f"langsamp: {message.strip()}" and int(said_there["extraInfo"]["timestamp"])


def test_rows_are_prepared_by_one_process_of_several(fresh: TinyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    answer = langsamp("prepare", fresh.recipe_file)
    assert answer.code == 0 and "first of the 2 processes" in answer.err
    assert not fresh.out.exists()
    monkeypatch.setenv("RANK", "0")
    assert "3 tags" in said("prepare", fresh.recipe_file)


def test_another_mask_than_the_tokenizers_is_refused(run: TinyRun) -> None:
    path = run.out / "rows" / "manifest.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "mask_id": content["mask_id"] + 1}))
    seal(path.parent)
    before = stamps(run.root)
    for verb in ("run", "train"):
        assert "another mask_id than the tokenizer" in complaint(verb, run.recipe_file, code=6)
    assert stamps(run.root) == before


def test_a_run_without_its_analyses_is_no_success(run: TinyRun) -> None:
    folder = run.out / "analysis"
    folder.rename(run.out / "elsewhere")
    folder.write_text("a file in the way")
    answer = langsamp("run", run.recipe_file)
    assert answer.code == 3 and "4 analyses could not be made" in answer.err and "Traceback" not in answer.err
    assert "no analysis families" in answer.err and "Choose another output folder" in answer.err
    said("report", run.out)
    assert "No analysis families: cannot write" in (run.out / "report.html").read_text(encoding="utf-8")
    folder.unlink()
    said("run", run.recipe_file)
    assert "No analysis families" not in (run.out / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["dangling", "circle", "pipe"])
def test_what_is_no_file_in_a_corpus_is_named(fresh: TinyRun, kind: str) -> None:
    path = fresh.root / "text" / "deu_Latn.txt"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("deu_Latn.txt" if kind == "circle" else "nowhere.txt")
    message = complaint("prepare", fresh.recipe_file)
    assert "deu_Latn.txt is" in message and "Remove it" in message
    assert not fresh.out.exists()
