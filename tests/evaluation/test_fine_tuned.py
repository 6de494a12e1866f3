"""Laws of fine-tuned tasks as cells: one for each source and seed, nothing twice, nothing lost."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoConfig, AutoModel

from langsamp.cldr.embedded_corpus import CldrCorpus
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.data.tokens.unigram import train_tokenizer
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation import scoring
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.plan import plan
from langsamp.evaluation.run import evaluate
from langsamp.evaluation.store import ResultStore
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.languages.tags import LangScript
from tests.processes import command_line, start

pytestmark = pytest.mark.integration

WORDS = [f"{first}{second}" for first in "bdgklmnprst" for second in "aeiou"]
FAST = {"epochs": 2, "learning_rate": 3e-3, "batch_size": 8}
LONG = {**FAST, "epochs": 30}
TEXT_TASKS, WORD_TASKS = ("taxi1500", "sib200"), ("ner", "pos")


def write_task(folder: Path, name: str, tag: str, split: str, *, items: int = 40, learnable: bool = True) -> None:
    """One split of a task: each label has a word of its own, which stands for it unless nothing is learnable."""
    labels = task(name).labels
    generator = np.random.default_rng([items, len(name), len(split), *map(ord, tag)])
    chosen = [labels[number % len(labels)] for number in range(items * (1 if name in TEXT_TASKS else 4))]
    words = {label: WORDS[number] for number, label in enumerate(labels)}
    said = [words[label] if learnable else str(generator.choice(WORDS)) for label in chosen]
    path = folder / name / tag / f"{split}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    if name in WORD_TASKS:
        spans = [label.replace("I-", "B-") for label in chosen]
        words = {span: WORDS[number] for number, span in enumerate(dict.fromkeys(spans))}
        said = [words[span] if learnable else word for span, word in zip(spans, said, strict=True)]
        lines = [
            f"{word}\t{label}" + ("\n" if number % 4 == 3 else "")
            for number, (word, label) in enumerate(zip(said, spans, strict=True))
        ]
    else:
        header = {"taxi1500": "id\tlabel\tverse", "sib200": "index_id\tcategory\ttext"}[name]
        lines = [
            header,
            *(
                f"{number}\t{label}\t{word} {word} {generator.choice(WORDS[-20:])}"
                for number, (label, word) in enumerate(zip(chosen, said, strict=True))
            ),
        ]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def data(tmp_path):
    """Four tasks on three tags; English and German can be fine-tuned on."""
    for name in (*TEXT_TASKS, *WORD_TASKS):
        for tag in ("eng_Latn", "deu_Latn", "swh_Latn"):
            write_task(tmp_path / "data", name, tag, "test")
            for split in ("train", "dev") if tag != "swh_Latn" else ():
                write_task(tmp_path / "data", name, tag, split)
    return tmp_path / "data"


def config(data, *tasks, **changes):
    return EvaluationConfig(
        **{"tasks": tasks, "data": data, "seeds": (0, 1), "fine_tuning": dict.fromkeys(tasks, FAST), **changes}
    )


@pytest.fixture
def trainings(monkeypatch):
    """Seeds of the classifiers that are fine-tuned while the test runs."""
    seen = []
    original = scoring.classifier.fine_tune

    def fine_tune(job, **options):
        seen.append(job.seed)
        return original(job, **options)

    monkeypatch.setattr(scoring.classifier, "fine_tune", fine_tune)
    return seen


@pytest.mark.parametrize("name", [*TEXT_TASKS, *WORD_TASKS])
def test_what_can_be_learnt_scores_all_and_what_cannot_scores_by_chance(name, data, save_model, tmp_path):
    by_chance = {"fra_Latn", "ita_Latn"}
    for tag in by_chance:
        write_task(data, name, tag, "test", items=150, learnable=False)
    done = evaluate([save_model()], config(data, name, seeds=(0,), fine_tuning={name: LONG}), tmp_path / "out")
    best = done.scores.query("main")[~done.scores.query("main")["tag"].isin(by_chance)]
    assert set(best["tag"]) == {"eng_Latn", "deu_Latn", "swh_Latn"} and (best["value"] == 100).all()
    poor = done.scores.query("metric == 'accuracy'")
    poor = poor[poor["tag"].isin(by_chance)]
    assert len(poor) == 2 and (poor["value"] < 2.5 * 100 / len(task(name).labels)).all()


def test_each_source_and_seed_is_a_cell_and_a_second_run_trains_nothing(data, save_model, tmp_path, trainings):
    both = config(data, "sib200", sources=("eng_Latn", "deu_Latn"))
    done = evaluate([save_model()], both, tmp_path / "out")
    assert trainings == [0, 1, 0, 1] and done.cells_run == 4 and done.failures == ()
    main = done.scores.query("main")
    assert set(zip(main["source"], main["seed"], strict=True)) == {
        (source, seed) for source in ("eng_Latn", "deu_Latn") for seed in (0, 1)
    }
    assert len(main) == 12 and main["layer"].isna().all() and main["settings"].nunique() == 1
    trainings.clear()
    again = evaluate([tmp_path / "model"], both, tmp_path / "out")
    assert not trainings and again.cells_run == 0
    pd.testing.assert_frame_equal(again.scores, done.scores)
    (tmp_path / "model").rename(tmp_path / "renamed")
    assert evaluate([tmp_path / "renamed"], both, tmp_path / "out").cells_run == 0
    assert evaluate([tmp_path / "renamed"], both.model_copy(update={"seeds": (0, 2)}), tmp_path / "out").cells_run == 2


@pytest.mark.parametrize("change", ["protocol", "epochs", "training text", "test text"])
def test_what_moves_a_score_makes_another_cell(change, data, save_model, tmp_path, trainings):
    model, before = save_model(), config(data, "sib200", seeds=(0,))
    evaluate([model], before, tmp_path / "out")
    after = before
    if change == "protocol":
        after = before.model_copy(update={"protocol": "paper"})
    elif change == "epochs":
        after = config(data, "sib200", seeds=(0,), fine_tuning={"sib200": {**FAST, "epochs": 1}})
    else:
        tag, split = ("eng_Latn", "train") if change == "training text" else ("swh_Latn", "test")
        write_task(data, "sib200", tag, split, items=41)
    trainings.clear()
    done = evaluate([model], after, tmp_path / "out")
    assert trainings == [0] and len(done.scores.query("main")) == 3
    table = pd.read_parquet(tmp_path / "out" / "scores.parquet").query("main")
    assert len(table) == (6 if change in ("protocol", "epochs") else 3)


def test_a_cell_keeps_predictions_dev_curve_and_what_was_asked_for(data, save_model, tmp_path):
    (data / "sib200" / "swh_Latn").rename(data / "sib200" / "swa_Latn")
    done = evaluate([save_model()], config(data, "sib200", seeds=(3,), languages="eng_Latn,swh_Latn"), tmp_path / "out")
    assert set(done.scores["tag"]) == {"eng_Latn", "swa_Latn"}
    ((name, record),) = ResultStore(tmp_path / "out").records().items()
    assert len(record.dev_curve) == FAST["epochs"] and sum(point.kept for point in record.dev_curve) == 1
    assert list(record.aliases) == ["swa_Latn"] and "swh_Latn is scored as swa_Latn" in record.aliases["swa_Latn"]
    predictions = pd.read_parquet(tmp_path / "out" / "cells" / name / "predictions.parquet")
    right = predictions[predictions["tag"] == "swa_Latn"].eval("gold == predicted").mean()
    accuracy = done.scores.query("metric == 'accuracy' and tag == 'swa_Latn'")["value"].item()
    assert 100 * right == pytest.approx(accuracy) and len(predictions) == 80


def test_shards_share_the_cells_without_gap_or_overlap(data, save_model, tmp_path, trainings):
    model, wanted = save_model(), config(data, "sib200", seeds=(0, 1, 2))
    parts = [plan([model], wanted, tmp_path / "out", shard=(number, 2)) for number in (1, 2)]
    mine = [{cell.wanted.id for cell in part if cell.runs} for part in parts]
    assert not mine[0] & mine[1] and len(mine[0] | mine[1]) == 3
    assert {cell.state for cell in parts[0]} == {"missing", "elsewhere"}
    first = evaluate([model], wanted, tmp_path / "out", shard=(1, 2))
    assert trainings == [0, 2] and first.cells_run == 2
    evaluate([model], wanted, tmp_path / "out", shard=(2, 2))
    assert evaluate([model], wanted, tmp_path / "out").cells_run == 0 and sorted(trainings) == [0, 1, 2]


def test_a_failing_language_or_seed_loses_no_other(data, save_model, tmp_path):
    path = data / "sib200" / "swh_Latn" / "test.tsv"
    path.write_text(path.read_text().replace("\ttravel\t", "\ttravels\t"))
    done = evaluate([save_model()], config(data, "sib200", seeds=(0,)), tmp_path / "out")
    (failure,) = done.failures
    assert failure.tag == "swh_Latn" and "line 3" in failure.reason and "travels" in failure.reason
    assert set(done.scores["tag"]) == {"eng_Latn", "deu_Latn"}


def test_a_failed_cell_is_seen_in_the_plan_until_it_works(data, save_model, tmp_path):
    model = save_model()
    wild = config(data, "ner", seeds=(0,), fine_tuning={"ner": {**FAST, "learning_rate": 1e30}})
    done = evaluate([model], wild, tmp_path / "out")
    assert done.cells_run == 0 and done.scores.empty and done.failures[0].tag is None
    (cell,) = plan([model], wild, tmp_path / "out")
    assert cell.state == "failed" and cell.row.why == done.failures[0].reason


def test_a_source_is_checked_before_any_work(data, save_model, tmp_path, trainings):
    with pytest.raises(UserError, match=r"no task has text of fra_Latn .* sib200: deu_Latn, eng_Latn"):
        evaluate([save_model()], config(data, "sib200", sources=("fra_Latn",)), tmp_path / "out")
    (data / "ner" / "eng_Latn" / "dev.tsv").unlink()
    some = config(data, "sib200", "ner", seeds=(0,))
    done = evaluate([tmp_path / "model"], some, tmp_path / "out")
    assert [failure.task for failure in done.failures] == ["ner"] and "no dev set" in done.failures[0].reason
    assert set(done.scores["task"]) == {"sib200"}
    with pytest.raises(DataMissingError, match="taxi1500: no test set"):
        evaluate([tmp_path / "model"], config(tmp_path, "taxi1500"), tmp_path / "out")


def test_kill_9_in_a_cell_loses_no_finished_cell_and_doubles_none(data, save_model, tmp_path):
    model, out = save_model(), tmp_path / "out"
    words = ["evaluate", str(model), "-t", "sib200", "--data", str(data), "-o", str(out), "--seeds", "2"]
    words += ["--device", "cpu", "--languages", "swh_Latn"]
    words += [f"--set=fine_tuning.sib200={json.dumps(FAST)}"]
    process = start(command_line, *words, said=tmp_path / "said")
    while process.exitcode is None and not list((out / "cells").glob("[!.]*/cell.json")):
        time.sleep(0.02)
    process.kill()
    process.join()
    kept = {path.parent.name for path in (out / "cells").glob("[!.]*/cell.json")}
    assert kept, (tmp_path / "said" / "err").read_text()[-2000:]
    two = config(data, "sib200", languages="swh_Latn")
    done = evaluate([model], two, out)
    assert done.cells_run == 2 - len(kept) and kept < set(done.scores["cell"])
    assert not done.scores.duplicated(["tag", "seed", "metric"]).any() and len(done.scores.query("main")) == 2
    whole = evaluate([model], two, tmp_path / "other").scores
    pd.testing.assert_frame_equal(whole.drop(columns="cell"), done.scores.drop(columns="cell"))


def test_a_task_of_ones_own_is_a_yaml_file(data, save_model, tmp_path, monkeypatch):
    monkeypatch.setattr("langsamp.evaluation.tasks.registry.TASKS", dict(TASKS))
    for tag in ("eng_Latn", "swh_Latn"):
        for split in ("train", "dev", "test"):
            write_task(tmp_path / "own", "ner", tag, split)
    path = tmp_path / "own.yaml"
    path.write_text(
        "name: plants\nkind: token-classification\nmeasures: Names of plants.\ndata: own/ner\n"
        f"labels: [{', '.join(TASKS['ner'].labels)}]\n"
    )
    wanted = EvaluationConfig(tasks=(str(path),), seeds=(0,), fine_tuning={"plants": LONG})
    done = evaluate([save_model()], wanted, tmp_path / "out")
    assert set(done.scores["task"]) == {"plants"} and (done.scores.query("main")["value"] == 100).all()
    path.write_text(path.read_text().replace("labels", "label"))
    with pytest.raises(UserError, match=r"unknown key 'label'. Did you mean 'labels'"):
        task(str(path))
    path.write_text(path.read_text().replace("label:", "labels:").replace("plants", "ner"))
    with pytest.raises(UserError, match="there is a task 'ner' already"):
        task(str(path))


@pytest.mark.slow
def test_the_embedded_tasks_score_what_is_learnt_and_what_is_not(tmp_path):
    texts = [text for tag in ("eng_Latn", "deu_Latn") for text in CldrCorpus().documents(LangScript.parse(tag))][:1200]
    tokenizer = train_tokenizer(texts, TokenizerConfig(vocab_size=600), row_tokens=64)
    torch.manual_seed(0)
    settings = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    size = {"vocab_size": len(tokenizer), "max_position_embeddings": 130, "pad_token_id": tokenizer.pad_token_id}
    AutoModel.from_config(AutoConfig.for_model("xlm-roberta", **settings, **size)).save_pretrained(tmp_path / "m")
    tokenizer.save_pretrained(tmp_path / "m")

    def main_scores(text_epochs, word_epochs, **settings):
        wanted = EvaluationConfig(
            tasks=("sr-cldr", "topic-cldr", "ner-cldr"), languages="eng_Latn,deu_Latn", seeds=(0,),
            fine_tuning={
                "sequence-classification": {"epochs": text_epochs, **settings},
                "token-classification": {"epochs": word_epochs, **settings},
            },
        )  # fmt: skip
        done = evaluate([tmp_path / "m"], wanted, tmp_path / "out")
        assert done.failures == ()
        return done.scores.query("main").set_index(["task", "tag"])["value"].to_dict()

    learnt = main_scores(14, 4, learning_rate=5e-3, batch_size=8, max_tokens=96)
    assert learnt["topic-cldr", "eng_Latn"] > 60 and learnt["ner-cldr", "eng_Latn"] > 20
    still = main_scores(1, 1, learning_rate=1e-9, max_tokens=96)
    assert still["topic-cldr", "eng_Latn"] < 2.5 * 100 / 7 and still["ner-cldr", "eng_Latn"] < 10
    assert ("sr-cldr", "eng_Latn") not in learnt and learnt["sr-cldr", "deu_Latn"] < 4 * 100 * 10 / 300
