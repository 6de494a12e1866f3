"""The verbs of scores: evaluate, compare, table, tasks say what they do, and what is wrong with what they are given."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.tiny_run import TinyRun, complaint, langsamp, said


class TestEvaluate:
    def test_a_plan_shows_done_missing_and_unreadable(self, fresh: TinyRun, tiny_run: TinyRun) -> None:
        words = ["evaluate", tiny_run.export, "-t", "sr-bible", "--data", fresh.root / "eval", "-o", fresh.root / "s"]
        said(*words, "--langs", "swh_Latn,hin_Deva")
        (fresh.root / "eval" / "sr_bible" / "kmr_Cyrl-eng_Latn.kmr_Cyrl").write_text("one line\n")
        (cell,) = json.loads(said(*words, "--plan", "--json"))
        assert (cell["state"], cell["done"], cell["to_run"], cell["failed"]) == ("done", 2, 0, 1)
        assert "kmr_Cyrl: expected as many English lines" in said(*words, "--plan").replace("\n", " ")
        answer = langsamp(*words)
        assert answer.code == 3 and "FAILED" in answer.err

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["-t", "sr-bibel"], "no task 'sr-bibel'. Did you mean 'sr-bible'?"),
            (["-t", "weather"], "no task 'weather'. Tasks: sr-bible, sr-tatoeba"),
            (["-t", "no.yaml"], "no task file at no.yaml"),
            (["--seeds", "many"], "--seeds takes how many"),
            (["--seeds", "20240930"], "1,000 seeds at most"),
            (["--seeds", "3 99999999999"], "seeds are whole numbers from 0 to"),
            (["--shard", "3/2"], "--shard takes I/N"),
            (["--source", "English"], "expected a tag like 'ewe_Latn'"),
            (["--set", "fine_tuning.ner.epochs=3"], "'ner' is no task or kind of this evaluation"),
            (["-t", "topic-cldr", "--set", "fine_tuning.topic-cldr.epoch=3"], "Did you mean 'epochs'?"),
            (["--protocol", "papers"], "protocol"),
        ],
    )
    def test_wrong_words_are_said_before_any_work(self, words, message, tiny_run: TinyRun, tmp_path) -> None:
        answer = langsamp("evaluate", tiny_run.export, *words, "-o", tmp_path / "out")
        assert answer.code in (1, 4) and message in answer.err.replace("\n", " ")
        assert not (tmp_path / "out").exists()

    def test_where_nothing_could_be_scored_the_json_is_empty(self, tiny_run: TinyRun, tmp_path) -> None:
        data = tmp_path / "eval"
        data.mkdir()
        for side, lines in (("eng_Latn", 30), ("swh_Latn", 12)):
            (data / f"bible.swh_Latn-eng_Latn.{side}").write_text("".join(f"w{line} x y\n" for line in range(lines)))
        words = ["evaluate", tiny_run.export, "-t", "sr-bible", "--data", data, "-o", tmp_path / "out"]
        answer = langsamp(*words, "--json")
        assert answer.code == 3 and json.loads(answer.out) == [] and "swh_Latn" in answer.err

    def test_a_device_that_is_none_is_told_before_anything_is_scored(self, tiny_run: TinyRun, tmp_path) -> None:
        words = ["evaluate", tiny_run.export, "-t", "sr-cldr", "--langs", "deu_Latn", "-o", tmp_path / "out"]
        assert "abacus" in complaint(*words, "--device", "abacus", code=1)
        assert not list(tmp_path.glob("out/cells/*"))

    def test_absent_data_say_where_they_come_from(self, tiny_run: TinyRun, tmp_path) -> None:
        for task, origin in (("sib200", "Davlan/sib200"), ("ner", "WikiANN"), ("pos", "universaldependencies.org")):
            message = complaint("evaluate", tiny_run.export, "-t", task, "--data", tmp_path, code=4)
            assert origin in message and "tsv" in message


class TestCompare:
    def test_two_variants_of_a_run(self, tiny_run: TinyRun) -> None:
        out = said("compare", f"{tiny_run.out}:none-0", f"{tiny_run.out}:both-0")
        assert "sr-bible" in out and "language by language" in out
        found = json.loads(said("compare", f"{tiny_run.out}:none", f"{tiny_run.out}:both", "--json"))
        scores = pd.read_parquet(tiny_run.out / "evaluation" / "scores.parquet").query("main")
        means = scores.groupby("model_name")["value"].mean()
        assert found["tasks"][0]["difference"] == pytest.approx(means["both-0"] - means["none-0"])

    def test_gates_end_with_5_where_they_hold(self) -> None:
        words = ["compare", "paper:baseline", "paper:langsamp"]
        assert "sr-bible<3" in complaint(*words, "--fail-if", "sr-bible<3,ner<-1", code=5)
        said(*words, "--fail-if", "sr-bible<2")
        assert "TASK OP NUMBER" in complaint(*words, "--fail-if", "sr-bible")
        assert "a metric is named for 'taxi'" in complaint(*words, "--metric", "taxi=accuracy")
        assert "'taxi' was not compared" in complaint(*words, "--fail-if", "taxi<0")

    def test_ways_are_not_mixed_unless_told(self, tiny_run: TinyRun) -> None:
        words = ["compare", f"{tiny_run.out}:both-0", "paper:langsamp"]
        assert "--allow-mixed" in complaint(*words)
        assert "sr-bible" in said(*words, "--allow-mixed")
        assert "holds 2 models" in complaint("compare", tiny_run.out, "paper:langsamp")

    def test_a_model_is_not_compared_with_itself_but_with_another_evaluation_of_it(
        self, tiny_run: TinyRun, tmp_path: Path
    ) -> None:
        one = f"{tiny_run.out}:none"
        for other in (one, f"{one}-0", f"{tiny_run.out}/:none", f"{tiny_run.out / 'evaluation'}:none-0"):
            assert "both hold the scores of none-0: a model is level with itself" in complaint("compare", one, other)
        assert "Name two models" in complaint("compare", "paper:baseline", "paper:baseline")
        shutil.copytree(tiny_run.out / "evaluation", tmp_path / "again")
        assert "two evaluations of a model" in said("compare", one, f"{tmp_path / 'again'}:none")


class TestTable:
    @pytest.mark.parametrize(("form", "sign"), [("md", "| SR-B |"), ("latex", r"\toprule"), ("html", "<table>")])
    def test_formats(self, form: str, sign: str) -> None:
        out = said("table", "paper:baseline", "paper:langsamp", "--paper", "1", "--format", form)
        assert sign in out and "39.5" in out

    def test_a_run_beside_the_paper(self, tiny_run: TinyRun, tmp_path) -> None:
        file = tmp_path / "t.csv"
        assert str(file) in said("table", tiny_run.out, "--paper", "7", "--format", "csv", "-o", file)
        assert set(pd.read_csv(file)["tag"]) <= {"hin_Deva", "kmr_Cyrl", "swh_Latn"}

    def test_bad_words(self, tmp_path) -> None:
        assert "there are 1 to 19" in complaint("table", "paper:baseline", "--paper", "20")
        assert "no format 'word'" in complaint("table", "paper:baseline", "--paper", "1", "--format", "word")
        assert "Did you mean 'paper:baseline'" in complaint("table", "paper:basline", "--paper", "1")
        assert "there is no" in complaint("table", tmp_path / "none", "--paper", "1", code=4)


class TestTasks:
    def test_the_list_and_one(self) -> None:
        names = [row["task"] for row in json.loads(said("tasks", "--json"))]
        assert names[:6] == ["sr-bible", "sr-tatoeba", "taxi1500", "sib200", "ner", "pos"]
        assert [name for name in names if "licence of the data:" not in said("tasks", name)] == []
        assert [name for name in names if "\ndata:\n" not in said("tasks", name)] == [], "where they come from"
        out = said("tasks", "sib200")
        assert "Half of the training examples are lost" in out and "max_tokens 160" in out and "Apache-2.0" in out
        assert "Did you mean 'sib200'" in complaint("tasks", "sib20")

    def test_samples(self) -> None:
        out = said("tasks", "topic-cldr", "--samples", "3", "-l", "deu_Latn")
        assert "Items of deu_Latn" in out and len(out.splitlines()) > 10
        assert "no test set of deu_Cyrl" in complaint("tasks", "topic-cldr", "--samples", "1", "-l", "deu_Cyrl")
