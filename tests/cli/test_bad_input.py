"""One clear message for each mistake: in text, recipes, options and the order of commands."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tiny_run import TinyRun, complaint, langsamp, said, stamps


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
    "no one language": (_rename("swh_Latn.txt", "mul_Latn.txt"), 1, ("'mul'", "not one language", "language meant")),
    "two-letter code": (_rename("swh_Latn.txt", "xx_Latn.txt"), 1, ("xx_Latn.txt is not named by a tag", "ISO 639-3")),
    "unknown script": (_rename("swh_Latn.txt", "swh_Latm.txt"), 1, ("'Latm' is no script code", "'Latn'")),
    "wrong script": (
        _rename("swh_Latn.txt", "swh_Cyrl.txt"),
        1,
        ("swh_Cyrl: 100% of the letters are Latin", "swh_Latn"),
    ),
    "no text": (_write("swh_Latn.txt", b"\n  \n\t\n"), 4, ("swh_Latn has no text", "leave it out")),
    "empty file": (_write("swh_Latn.txt", b""), 1, ("swh_Latn.txt is empty",)),
    "invalid UTF-8": (
        _write("swh_Latn.txt", b"habari\nza \xff\n"),
        1,
        ("swh_Latn.txt, line 2: byte 3", "(0xff)", "1 of 2"),
    ),
    "cut short": (_cut_short, 1, ("swh_Latn.txt.gz is damaged or cut short",)),
    "no gzip": (_write("deu_Latn.txt.gz", b"plain"), 1, ("deu_Latn.txt.gz is not compressed", "name it deu_Latn.txt")),
    "duplicate tag": (_write("swh_Latn.jsonl", b"{}"), 1, ("duplicate tag swh_Latn", "keep one of them")),
    "another file": (_write("swh_Latn.docx", b"PK"), 1, ("swh_Latn.docx is of a kind we do not read",)),
    "no tag": (_write("notes.txt", b"mine"), 1, ("notes.txt is not named by a tag",)),
    "no column": (_write("deu_Latn.jsonl", b'{"body": "a"}\n'), 1, ("deu_Latn.jsonl, line 1", "'text'", "body")),
    "no JSON": (_write("deu_Latn.jsonl", b"{\n"), 1, ("deu_Latn.jsonl, line 1: no JSON", "1 of 1", "Mend the data")),
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
            ("sampler.max_repetition=0.01", 1, "train fewer steps, allow more repetition, or add text"),
            ("training.learning_rate=1e30", 7, "the loss of step 1 is nan. Its rows (tag:row):"),
            ("model.init=EXPORT", 1, "tokenizer.vocab_size would train a tokenizer, but model.init"),
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
        init = ["--set", f"model={{init: {fresh.recipe_file}}}", "--set", "tokenizer={}"]
        assert "is a file; give the folder of a model" in complaint("run", fresh.recipe_file, *init)
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
        given = [places.get(word, word) for word in words]
        assert part in complaint("evaluate", tiny_run.export, *given, *out, code=code)

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

    def test_words_of_other_programs_are_answered_with_ours(self) -> None:
        for words, told in (
            (["evaluate", "--model", "x"], "--model: what it names is given without an option"),
            (["evaluate", "-m", "x", "-t", "sr-cldr"], "as in langsamp evaluate NAME"),
            (["run", "--config", "a.yaml"], "as in langsamp run NAME"),
            (["run", "a.yaml", "training.steps=3"], "a setting is written --set training.steps=3"),
            (["train", "a.yaml", "--training.steps", "3"], "--set training.steps=VALUE"),
            (["run", "a.yaml", "--training.learning-rate=1e-3"], "--set training.learning_rate=1e-3"),
        ):
            answer = langsamp(*words)
            assert answer.code == 2 and told in answer.err and "Traceback" not in answer.err
        assert "sr-cldr is a task, and no model" in complaint("evaluate", "x", "sr-cldr")
        assert "no recipe at a.b=c/x.yaml" in complaint("run", "./a.b=c/x.yaml", code=4)

    def test_an_option_of_one_value_is_given_once(self) -> None:
        for words, name in (
            (["evaluate", "x", "-l", "swh_Latn", "--languages", "deu_Latn"], "--languages"),
            (["languages", "--select", "swh_Latn", "--select", "deu_Latn"], "--select"),
            (["analyze", "vectors", "a", "--out", "b", "--out", "c"], "--out"),
        ):
            answer = langsamp(*words)
            assert answer.code == 2 and f"{name} takes one value and is given 2 times" in answer.err
        assert "no task 'a'" in complaint("evaluate", "x", "-t", "a", "-t", "b")

    def test_bad_questions_about_languages(self) -> None:
        assert "no language matches 'zzzzqq'" in complaint("languages", "zzzzqq")
        assert "unknown term 'zzzz'" in complaint("languages", "--select", "zzzz")
        assert "give a query" in complaint("languages")
