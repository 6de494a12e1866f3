"""The command line as a user meets it: every verb, every exit code, and one clear message for each mistake."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub.constants
import pandas as pd
import pytest

from langsamp import pipeline
from langsamp.data.rows import PreparedRows
from langsamp.evaluation.encoder import Encoder
from langsamp.model.conditioning import Conditioning
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.training.checkpoint import checkpoints
from tests.killed import content
from tests.tiny_run import TinyRun, complaint, documents, full_disk, langsamp, stamps, write_lines


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def run(tiny_run: TinyRun, tmp_path: Path) -> TinyRun:
    """A copy of the finished run, to spoil."""
    return tiny_run.copy(tmp_path / "copy")


@pytest.fixture
def fresh(tiny_run: TinyRun, tmp_path: Path) -> TinyRun:
    """The run before anything was made."""
    return tiny_run.copy(tmp_path / "fresh", with_run=False)


def said(*words: object) -> str:
    """What a command prints that must succeed."""
    answer = langsamp(*words)
    assert answer.code == 0, answer.err
    return answer.out


class TestVerbs:
    def test_run_does_all_and_then_nothing(self, fresh: TinyRun, tiny_run: TinyRun) -> None:
        out = said("run", fresh.recipe_file)
        assert f"Report: {fresh.out / 'report.html'}" in out
        assert "sr-bible, per cent" in out and "both-0" in out
        mine, theirs = content(fresh.out), content(tiny_run.out)
        assert {path for path, _ in mine.items() ^ theirs.items()} <= {"recipe.yaml", "report.html"}
        before = stamps(fresh.root)
        assert said("run", fresh.recipe_file) == out
        assert stamps(fresh.root) == before

    def test_the_python_interface_gives_the_same(self, fresh: TinyRun, tiny_run: TinyRun) -> None:
        report, evaluation = pipeline.run(fresh.recipe())
        assert report.is_file() and not evaluation.failures
        mine, theirs = content(fresh.out), content(tiny_run.out)
        assert {path for path, _ in mine.items() ^ theirs.items()} <= {"recipe.yaml", "report.html"}

    def test_stage_by_stage(self, fresh: TinyRun, tiny_run: TinyRun) -> None:
        assert "3 tags" in said("prepare", fresh.recipe_file)
        folder = fresh.out / "models" / "both-0"
        assert said("train", fresh.recipe_file, "--variant", "both", "--seed", "0").split() == [str(folder / "export")]
        assert not (fresh.out / "models" / "none-0").exists()
        export = fresh.root / "encoder"
        assert said("export", folder, "--out", export).split() == [str(export)]
        words = ["-t", "sr-bible", "--data", fresh.root / "eval", "-o", fresh.root / "scores"]
        assert "to_run" in said("evaluate", export, *words, "--plan")
        assert not (fresh.root / "scores").exists()
        assert "scores.parquet" in said("evaluate", export, *words, "-l", "swh_Latn")
        assert set(pd.read_parquet(fresh.root / "scores" / "scores.parquet")["tag"]) == {"swh_Latn"}
        said("evaluate", export, *words)
        mine = pd.read_parquet(fresh.root / "scores" / "scores.parquet")
        theirs = pd.read_parquet(tiny_run.out / "evaluation" / "scores.parquet").query("model_name == 'both-0'")
        values = [table.set_index(["model", "tag", "metric"])["value"].to_dict() for table in (mine, theirs)]
        assert values[0] == values[1]
        page = fresh.root / "page.html"
        assert str(page) in said("report", fresh.out, "-o", page)
        assert page.is_file() and not (fresh.out / "report.html").exists()

    def test_settings_go_over_the_recipe(self, fresh: TinyRun) -> None:
        settings = ["rows.row_tokens=16", "corpus.languages=swh_Latn", "tokenizer.vocab_size=330"]
        said("prepare", fresh.recipe_file, *(word for setting in settings for word in ("--set", setting)))
        rows = PreparedRows(fresh.out / "rows")
        assert (rows.row_tokens, list(map(str, rows.tags))) == (16, ["swh_Latn"])
        assert "row_tokens: 16" in (fresh.out / "recipe.yaml").read_text()

    def test_languages_are_found(self) -> None:
        assert "swh_Latn" in said("languages", "swahili")
        found = json.loads(said("languages", "--select", "script:Deva+family:indo1319", "--json"))
        assert found and all(row["tag"].endswith("_Deva") for row in found)

    def test_the_doctor_looks(self) -> None:
        answer = langsamp("doctor", "--json")
        assert answer.code in (0, 1) and json.loads(answer.out)

    def test_some_languages_failing_is_code_3(self, run: TinyRun) -> None:
        shutil.rmtree(run.out / "evaluation")
        write_lines(run.root / "eval" / "sr_bible" / "swh_Latn-eng_Latn.swh_Latn", ["too", "few"])
        answer = langsamp("run", run.recipe_file)
        assert answer.code == 3
        assert "swh_Latn: expected as many English lines" in answer.err
        assert "Report:" in answer.out and "Traceback" not in answer.err


def test_two_processes_train_as_one(run: TinyRun) -> None:
    shutil.rmtree(run.out / "models")
    words = ["train", run.recipe_file]
    for part in ("hidden", "attention_probs"):  # each rank draws its own dropout
        words += ["--set", f"model.settings.{part}_dropout_prob=0.0"]
    said(*words)
    (run.out / "models").rename(run.out / "one")
    launch = "-m torch.distributed.run --nproc-per-node=2 --rdzv-backend=c10d --rdzv-endpoint=localhost:0 -m langsamp"
    done = subprocess.run(
        [sys.executable, *launch.split(), *map(str, words)], env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    exports = [run.out / "models" / name / "export" for name in ("none-0", "both-0")]
    assert done.stdout.split() == list(map(str, exports)), done.stderr
    for export in exports:
        other = run.out / "one" / export.relative_to(run.out / "models")
        assert Conditioning.load(export).rows_seen == Conditioning.load(other).rows_seen
        assert log(export.parent) == pytest.approx(log(other.parent), rel=1e-4)


def log(folder: Path) -> list[float]:
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [line["loss"] for line in lines if line["kind"] == "train"]


def _rename(old: str, new: str) -> Callable[[Path], object]:
    return lambda text: (text / old).rename(text / new)


def _write(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda text: (text / name).write_bytes(data)


def _cut_short(text: Path) -> None:
    subprocess.run(["gzip", text / "swh_Latn.txt"], check=True)
    file = text / "swh_Latn.txt.gz"
    file.write_bytes(file.read_bytes()[:200])


BAD_TEXT: dict[str, tuple[Callable[[Path], object], int, tuple[str, ...]]] = {
    "unknown language": (_rename("swh_Latn.txt", "fio_Latn.txt"), 1, ("'fio' is no language code", "Did you mean")),
    "retired code": (_rename("swh_Latn.txt", "mol_Latn.txt"), 1, ("'mol'", "retired", "merged into ron")),
    "macrolanguage": (_rename("swh_Latn.txt", "zza_Latn.txt"), 1, ("'zza'", "macrolanguage", "diq_Latn")),
    "two-letter code": (_rename("swh_Latn.txt", "de_Latn.txt"), 1, ("de_Latn.txt is not named by a tag", "deu_Latn")),
    "unknown script": (_rename("swh_Latn.txt", "swh_Latm.txt"), 1, ("'Latm' is no script code", "'Latn'")),
    "wrong script": (
        _rename("swh_Latn.txt", "swh_Cyrl.txt"),
        1,
        ("swh_Cyrl: 100% of the letters are Latin", "swh_Latn"),
    ),
    "no text": (_write("swh_Latn.txt", b"\n  \n\t\n"), 4, ("swh_Latn has no text", "leave it out")),
    "empty file": (_write("swh_Latn.txt", b""), 1, ("swh_Latn.txt is empty",)),
    "invalid UTF-8": (_write("swh_Latn.txt", b"habari\nza \xff\n"), 1, ("swh_Latn.txt, line 2: byte 10 (0xff)",)),
    "cut short": (_cut_short, 1, ("swh_Latn.txt.gz is damaged or cut short",)),
    "no gzip": (_write("deu_Latn.txt.gz", b"plain"), 1, ("deu_Latn.txt.gz is damaged or cut short",)),
    "duplicate tag": (_write("swh_Latn.jsonl", b"{}"), 1, ("duplicate tag swh_Latn", "keep one of them")),
    "another file": (_write("swh_Latn.docx", b"PK"), 1, ("swh_Latn.docx is of a kind we do not read",)),
    "no tag": (_write("notes.txt", b"mine"), 1, ("notes.txt is not named by a tag",)),
    "no column": (_write("deu_Latn.jsonl", b'{"body": "a"}\n'), 1, ("deu_Latn.jsonl, line 1", "'text'", "body")),
    "no JSON": (_write("deu_Latn.jsonl", b"{\n"), 1, ("deu_Latn.jsonl, line 1 is no JSON",)),
}


class TestBadInput:
    @pytest.mark.parametrize("case", BAD_TEXT)
    def test_bad_text_is_named_and_nothing_is_half_written(self, fresh: TinyRun, case: str) -> None:
        spoil, code, parts = BAD_TEXT[case]
        spoil(fresh.root / "text")
        for words in (["prepare", fresh.recipe_file], ["run", fresh.recipe_file, "--plan"]):
            message = complaint(*words, code=code)
            assert all(part in message for part in parts), message
        seen = list(fresh.out.glob("[!.]*")) if fresh.out.exists() else []
        assert not seen

    @pytest.mark.parametrize(
        ("setting", "code", "part"),
        [
            ("trainin.steps=1", 1, "unknown key 'trainin'. Did you mean 'training'?"),
            ("model.settings.hiden_size=1", 1, "Did you mean 'hidden_size'?"),
            ("training.steps=many", 1, "training.steps: Input should be a valid integer"),
            ("training.steps", 1, "--set takes KEY=VALUE"),
            ("training.steps=[1", 1, "no YAML value"),
            ("evaluation.tasks=[sr-bibel]", 1, "no task 'sr-bibel'. Did you mean 'sr-bible'?"),
            ("evaluation.data=nowhere", 4, "sr-bible needs pairs of files"),
            ("evaluation.languages=swh", 0, ""),
            ("evaluation.languages=xyz_Latn", 1, "xyz"),
            ("evaluation.layer=7", 1, "has 2 layers"),
            ("corpus.source=nowhere", 4, "there is no folder nowhere"),
            ("corpus.languages=deu_Latn", 1, "'deu_Latn' (German) is not among the 3 languages here"),
            ("rows.row_tokens=64", 1, "rows of 64 tokens are longer than the model's 38 positions"),
            ("model.settings.vocab_size=100", 1, "embedding table has 100 rows"),
            ("tokenizer.vocab_size=50000", 1, "lower it or give more text"),
            ("sampler.max_repetition=0.01", 1, "train fewer steps, allow more repetition, or add text"),
            ("training.learning_rate=1e30", 7, "the loss of step 1 is nan. Its rows (tag:row):"),
            ("model.init=EXPORT", 1, "exactly one of model.init"),
            ("training.precision=fp16", 1, "fp16 needs a GPU"),
        ],
    )
    def test_a_bad_setting_is_named(
        self, fresh: TinyRun, tiny_run: TinyRun, setting: str, code: int, part: str
    ) -> None:
        words = ["run", fresh.recipe_file, "--set", setting.replace("EXPORT", str(tiny_run.export))]
        if code:
            assert part in complaint(*words, code=code)
        else:
            said(*words)

    @pytest.mark.parametrize(
        ("name", "text", "code", "part"),
        [
            ("absent.yaml", None, 4, "no recipe at"),
            ("list.yaml", "- a\n- b\n", 1, "must hold a mapping of recipe keys, got list"),
            ("broken.yaml", "a: [\n", 1, "cannot be read as YAML"),
            ("twice.yaml", "name: a\nname: b\n", 1, "the key 'name' is there twice"),
        ],
    )
    def test_a_bad_recipe_is_named(self, tmp_path: Path, name: str, text: str | None, code: int, part: str) -> None:
        if text is not None:
            (tmp_path / name).write_text(text)
        for verb in ("run", "prepare", "train"):
            assert part in complaint(verb, tmp_path / name, code=code)

    def test_a_text_file_is_no_model(self, fresh: TinyRun) -> None:
        init = ["--set", f"model.init={fresh.recipe_file}", "--set", "model.model_type=null"]
        assert "there is no folder" in complaint("run", fresh.recipe_file, *init, code=4)
        assert "is a file; give the folder of a model" in complaint("evaluate", fresh.recipe_file)
        assert "holds no checkpoint" in complaint("export", fresh.recipe_file, "--out", fresh.root / "x", code=4)
        assert "is no run" in complaint("report", fresh.recipe_file, code=4)

    def test_what_the_recipe_does_not_train_is_refused(self, tiny_run: TinyRun) -> None:
        for words in (["--variant", "script"], ["--variant", "none", "--variant", "script"], ["--seed", "7"]):
            message = complaint("train", tiny_run.recipe_file, *words)
            assert f"not {words[-1]}" in message and "variants none, both with seeds 0" in message

    def test_training_before_preparing_says_what_to_do(self, fresh: TinyRun) -> None:
        assert "make them with `langsamp prepare`" in complaint("train", fresh.recipe_file, code=4)
        assert not fresh.out.exists()

    def test_a_folder_of_another_recipe_is_refused(self, tiny_run: TinyRun) -> None:
        before = stamps(tiny_run.root)
        for verb in ("prepare", "train", "run"):
            for setting in ("rows.row_tokens=16", "training.learning_rate=0.1"):
                assert setting.partition("=")[0] in complaint(verb, tiny_run.recipe_file, "--set", setting)
        assert stamps(tiny_run.root) == before

    @pytest.mark.parametrize(
        ("words", "code", "part"),
        [
            (["-t", "sr-bibel"], 1, "Did you mean 'sr-bible'?"),
            (["-t", "sr-bible"], 4, "no data folder was given"),
            (["-t", "sr-bible", "--data", "nowhere"], 4, "0 languages were found in nowhere"),
            (["--precision", "fp8"], 1, "precision: Input should be 'fp32' or 'bf16' (got 'fp8')"),
            (["--layer", "-1"], 1, "layer: Input should be greater than or equal to 0"),
            (["-t", "sr-bible", "--data", "EVAL", "--layer", "9"], 1, "has 2 layers"),
            (["-t", "sr-bible", "--data", "EVAL", "-l", "Klingonn"], 1, "unknown term 'Klingonn'"),
            (["-t", "sr-bible", "--data", "EVAL", "--device", "tpu"], 1, "cannot compute on device 'tpu'"),
            (["-t", "sr-bible", "--data", "EVAL", "-o", "FILE"], 1, "cannot write"),
        ],
    )
    def test_a_bad_option_of_evaluate_is_named(
        self, tiny_run: TinyRun, tmp_path: Path, words: list[str], code: int, part: str
    ) -> None:
        places = {"EVAL": tiny_run.root / "eval", "FILE": tiny_run.recipe_file / "out"}
        out = [] if "-o" in words else ["-o", tmp_path / "out"]
        if "tpu" in words:  # one cell fails, the others go on
            answer = langsamp("evaluate", tiny_run.export, *(places.get(word, word) for word in words), *out)
            assert answer.code == 3 and part in answer.err and "Traceback" not in answer.err
        else:
            assert part in complaint(
                "evaluate", tiny_run.export, *(places.get(word, word) for word in words), *out, code=code
            )

    def test_a_place_that_cannot_be_written_is_named(self, tiny_run: TinyRun, fresh: TinyRun) -> None:
        file, model = fresh.recipe_file, tiny_run.export.parent
        before = file.read_bytes()
        for words in (
            ["prepare", file, "--set", f"out={file}"],
            ["run", file, "--set", f"out={file}/run"],
            ["export", model, "--out", file / "x"],
            ["report", tiny_run.out, "-o", file / "x.html"],
            ["report", tiny_run.out, "-o", fresh.root],
        ):
            assert "cannot write" in complaint(*words)
        assert "is a file" in complaint("export", model, "--out", file)
        assert "is not empty" in complaint("export", model, "--out", fresh.root)
        assert file.read_bytes() == before

    def test_wrong_words_are_code_2(self, fresh: TinyRun) -> None:
        for words in (
            ["nonsense"],
            ["run"],
            ["train", fresh.recipe_file, "--seed", "x"],
            ["run", "a", "--sett", "b=1"],
        ):
            answer = langsamp(*words)
            assert answer.code == 2 and "Usage: langsamp" in answer.err

    def test_bad_questions_about_languages(self) -> None:
        assert "no language matches 'zzzzqq'" in complaint("languages", "zzzzqq")
        assert "unknown term 'zzzz'" in complaint("languages", "--select", "zzzz")
        assert "give a query" in complaint("languages")


class TestDamage:
    @pytest.mark.parametrize(
        ("file", "verb"),
        [
            ("rows/swh_Latn.ids", "run"),
            ("rows/manifest.json", "train"),
            ("models/both-0/export/model.safetensors", "run"),
            ("models/both-0/checkpoints/step-0000004/model.safetensors", "export"),
            ("models/both-0/checkpoints/step-0000004/checkpoint.json", "export"),
            ("models/both-0/export/conditioning.safetensors", "report"),
            ("evaluation/scores.parquet", "report"),
        ],
    )
    def test_a_damaged_file_is_named(self, run: TinyRun, file: str, verb: str) -> None:
        path = run.out / file
        path.write_bytes(path.read_bytes()[:-9])
        words = {"report": [run.out], "export": [run.out / "models" / "both-0", "--out", run.root / "x"]}
        message = complaint(verb, *words.get(verb, [run.recipe_file]), code=6)
        assert path.name in message
        assert not (run.root / "x").exists()

    def test_a_checkpoint_whose_weights_changed_is_not_trusted(self, run: TinyRun) -> None:
        shutil.rmtree(run.export)
        path = run.out / "models" / "both-0" / "checkpoints" / "step-0000004" / "model.safetensors"
        content = bytearray(path.read_bytes())
        content[-5] ^= 1
        path.write_bytes(content)
        assert "does not match its checksum" in complaint("train", run.recipe_file, code=6)


class TestFullDisk:
    def test_while_preparing(self, fresh: TinyRun) -> None:
        with full_disk(2000):
            assert "cannot write" in complaint("prepare", fresh.recipe_file)
        assert not list(fresh.out.glob("[!.]*"))

    def test_while_saving_a_checkpoint(self, run: TinyRun, tiny_run: TinyRun) -> None:
        shutil.rmtree(run.out / "models")
        with full_disk(100_000):
            message = complaint("train", run.recipe_file, "--variant", "both")
        assert "cannot write" in message and "step-0000002" in message
        assert not list((run.out / "models" / "both-0" / "checkpoints").iterdir())
        said("train", run.recipe_file)
        assert content(run.export) == content(tiny_run.export)

    def test_while_exporting_evaluating_and_reporting(self, run: TinyRun) -> None:
        page = (run.out / "report.html").read_bytes()
        with full_disk(3000):
            model = run.out / "models" / "both-0"
            assert "cannot write" in complaint("export", model, "--out", run.root / "encoder")
            assert "cannot write" in complaint("report", run.out)
        with full_disk(1500):
            words = ["-t", "sr-bible", "--data", run.root / "eval", "-o", run.root / "scores"]
            answer = langsamp("evaluate", run.export, *words)
            assert answer.code in (1, 3) and "cannot write" in answer.err and "Traceback" not in answer.err
        assert (run.out / "report.html").read_bytes() == page
        assert not (run.root / "encoder").exists()
        assert not list((run.root / "scores").glob("cells/[!.]*"))

    @pytest.fixture
    def small_disk(self, tmp_path: Path) -> Iterator[Path]:
        place = tmp_path / "disk"
        place.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("a small disk can only be mounted by root")
        yield place
        subprocess.run(["umount", "--lazy", place], check=True)  # rows are mapped into memory

    def test_a_disk_too_small_for_a_checkpoint(self, fresh: TinyRun, small_disk: Path) -> None:
        out = ["--set", f"out={small_disk / 'run'}"]
        said("prepare", fresh.recipe_file, *out)
        message = complaint("train", fresh.recipe_file, *out)
        assert "no room for a checkpoint" in message
        assert not list(small_disk.glob("run/models/*/checkpoints/*"))
        (small_disk / "ballast").write_bytes(bytes(os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize))
        more = ["--set", f"out={small_disk / 'more'}"]
        assert "No space left on device" in complaint("prepare", fresh.recipe_file, *more)


def _start(*words: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "langsamp", *map(str, words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment)


def _stop(process: "subprocess.Popen[str]", when: Callable[[], object], number: signal.Signals) -> str:
    """Send a signal to the process and its workers, as Ctrl-C would; what it said until all of them ended."""
    while not when():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.002)
    os.kill(process.pid, number) if number == signal.SIGKILL else os.killpg(process.pid, number)
    return process.communicate(timeout=60)[1]


def _signal_at(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, *, call: int, number: signal.Signals) -> None:
    """Send this process a signal at one of the calls of a method."""
    calls, original = [], getattr(owner, method)

    def counted(*arguments, **named):
        calls.append(1)
        if len(calls) == call:
            os.kill(os.getpid(), number)
        return original(*arguments, **named)

    monkeypatch.setattr(owner, method, counted)


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_training_saves_first(
        self, run: TinyRun, tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
    ) -> None:
        shutil.rmtree(run.out / "models")
        words = ["run", run.recipe_file, "--set", "variants=[both]"]
        _signal_at(monkeypatch, LangSampForMaskedLM, "forward", call=2 * 3, number=number)  # in the third of four steps
        assert "stopped after step 2 of 4, checkpoint saved; run the same command again" in complaint(*words, code=75)
        assert checkpoints(run.export.parent / "checkpoints")[-1].name == "step-0000002"
        said(*words)
        assert content(run.export) == content(tiny_run.export)

    def test_training_goes_on_after_a_kill(self, run: TinyRun) -> None:
        shutil.rmtree(run.out / "models")
        words = ["train", run.recipe_file, "--variant", "both", "--set", "training.steps=90"]
        words += ["--set", "training.checkpoint_every=10", "--set", "training.keep_checkpoints=1"]
        folder = run.export.parent / "checkpoints"
        process = _start(*words)
        _stop(process, lambda: checkpoints(folder), signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        said(*words)
        gone_on = content(run.export)
        shutil.rmtree(run.out / "models")
        said(*words)
        assert content(run.export) == gone_on

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
    def test_preparing_goes_on(self, fresh: TinyRun, tmp_path: Path, number: signal.Signals, code: int) -> None:
        write_lines(fresh.root / "text" / "swh_Latn.txt", documents("swh_Latn", 25_000))  # cleaning takes a while
        words = ["prepare", fresh.recipe_file, "--set", "tokenizer.sample_documents=500"]
        process = _start(*words)
        err = _stop(process, lambda: list(fresh.out.glob(".rows.*/*.part")), number)
        assert process.returncode == code, err
        assert "Traceback" not in err
        assert "interrupted; run the same command again to go on" in err or number == signal.SIGKILL
        assert not list(fresh.out.glob("[!.]*"))
        said(*words)
        said(*words, "--set", f"out={tmp_path / 'whole'}")
        assert content(fresh.out / "rows") == content(tmp_path / "whole" / "rows")

    def test_evaluating_keeps_the_languages_that_are_done(
        self, run: TinyRun, tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.rmtree(run.out / "evaluation")
        with monkeypatch.context() as patch:
            _signal_at(patch, Encoder, "encode", call=3, number=signal.SIGTERM)  # English, one language, the next
            assert "stopped; run the same command again to go on" in complaint("run", run.recipe_file, code=75)
        assert "3 languages, 1 done, 2 to run" in langsamp("run", run.recipe_file).err
        scores = [pd.read_parquet(each.out / "evaluation" / "scores.parquet") for each in (run, tiny_run)]
        scores = [
            table.drop(columns="cell").sort_values(["model", "tag", "metric"]).to_dict("list") for table in scores
        ]
        assert scores[0] == scores[1]
