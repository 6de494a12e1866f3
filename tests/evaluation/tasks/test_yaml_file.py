"""What tasks of one's own must say: a metric of their kind, each label once."""

import pytest
import yaml

from langsamp.errors import UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.registry import TASKS


@pytest.fixture(autouse=True)
def _own_tasks(monkeypatch):
    monkeypatch.setattr("langsamp.evaluation.tasks.registry.TASKS", dict(TASKS))


@pytest.fixture
def write_task(tmp_path):
    def write(file="own.yaml", **changes):
        content = {"name": "own", "kind": "token-classification", "measures": "x", "labels": ["O", "B-X"], "data": "d"}
        (tmp_path / file).write_text(yaml.safe_dump({**content, **changes}))
        return str(tmp_path / file)

    return write


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": "f1"}, "one of the metrics seqeval_f1, accuracy, macro_f1, got 'f1'"),
        ({"kind": "sequence-classification", "metric": "seqeval_f1"}, "one of the metrics macro_f1, accuracy"),
        ({"kind": "retrieval"}, "labels exactly where it is no retrieval"),
        ({"labels": []}, "labels exactly where it is no retrieval"),
        ({"labels": ["O", "O"]}, "each label once and none blank, got 'O'"),
        ({"labels": ["O", " "]}, "each label once and none blank, got ' '"),
        ({"labels": ["O", "two words"]}, "a word's label has no white space, got 'two words'"),
        ({"labels": [True, False]}, "yes, no, on, off, true and false are switches in YAML; put the word in quotes"),
    ],
)
def test_a_record_that_cannot_work_is_refused(changes, message, write_task):
    with pytest.raises(UserError, match=message):
        task(write_task(**changes))


def test_the_metric_is_that_of_the_kind_unless_the_file_names_one(write_task):
    assert task(write_task()).metric == "seqeval_f1"
    assert task(write_task(metric="accuracy")).metric == "accuracy"


def test_labels_may_be_numbers(write_task):
    assert task(write_task(kind="sequence-classification", labels=[1, 2, "3"])).labels == ("1", "2", "3")


def test_two_files_of_one_name_do_not_go_together(write_task):
    with pytest.raises(ValueError, match="two tasks are called 'own'"):
        EvaluationConfig(tasks=(write_task(), write_task("b.yaml")))
