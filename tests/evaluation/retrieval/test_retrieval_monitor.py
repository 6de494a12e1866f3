"""Scores while training: those of an evaluation, on dev items where there are any, and nothing else is touched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from transformers import AutoModel, AutoTokenizer

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.retrieval import retrieval_monitor as monitors
from langsamp.evaluation.retrieval.retrieval_monitor import MonitorConfig, RetrievalMonitor, check_monitor
from langsamp.evaluation.run import evaluate
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.evaluation.tasks.task import Task
from langsamp.languages.tags import LangScript
from tests.evaluation.conftest import SaveModel, WritePair

SWH = LangScript("swh", "Latn")


@pytest.fixture
def data(tmp_path: Path, sentences: Callable[..., list[str]], write_pair: WritePair) -> Path:
    """Three languages of Bible text, of which one is English word for word, and one of Tatoeba's."""
    english = sentences(40, seed=0)
    write_pair("deu_Latn", english, english)
    write_pair("kmr_Cyrl", english, [" ".join(sorted(text.split())) for text in english])
    write_pair("swh_Latn", english, sentences(40, seed=1))
    write_pair("swh_Latn", sentences(30, seed=2), sentences(30, seed=3), prefix="tatoeba")
    return tmp_path / "data"


def made(model: Path, **config: Any) -> tuple[RetrievalMonitor, Any]:
    encoder = AutoModel.from_pretrained(model)
    settings = MonitorConfig(**{"every": 1, "tasks": ("sr-bible", "sr-tatoeba"), **config})
    layers = encoder.config.num_hidden_layers
    return RetrievalMonitor(settings, AutoTokenizer.from_pretrained(model), num_layers=layers), encoder


def test_no_languages_named_are_those_trained_on_and_all_where_a_task_has_none_of_them(
    data: Path, save_model: SaveModel
) -> None:
    model = save_model()
    encoder, tokenizer = AutoModel.from_pretrained(model), AutoTokenizer.from_pretrained(model)
    config = MonitorConfig(every=1, tasks=("sr-bible", "sr-tatoeba"), data=data)
    monitor = RetrievalMonitor(config, tokenizer, num_layers=2, trained={LangScript("deu", "Latn")})
    record = monitor.record(monitor.measure(encoder, range(len(monitor))))
    assert {name: list(tags) for name, tags in record["tags"].items()} == {
        "sr-bible": ["deu_Latn"],
        "sr-tatoeba": ["swh_Latn"],
    }


@pytest.mark.parametrize("layer", [None, 3])
def test_the_scores_are_those_of_an_evaluation(
    data: Path, save_model: SaveModel, tmp_path: Path, layer: int | None
) -> None:
    model = save_model()
    monitor, encoder = made(model, data=data, layer=layer)
    record = monitor.record(monitor.measure(encoder, range(len(monitor))))
    config = EvaluationConfig(tasks=("sr-bible", "sr-tatoeba"), data=data, layer=layer)
    table = evaluate([model], config, tmp_path / "out", device="cpu").scores
    table = table[table["metric"] == "top10_accuracy"]
    assert {name: len(tags) for name, tags in record["tags"].items()} == {"sr-bible": 3, "sr-tatoeba": 1}
    for entry in table.to_dict("records"):
        assert record["tags"][entry["task"]][entry["tag"]] == entry["value"]
        assert record["layer"] == entry["layer"]
    assert record["tags"]["sr-bible"]["deu_Latn"] == 100
    assert record["sr-bible"] == pytest.approx(sum(record["tags"]["sr-bible"].values()) / 3)


def test_shared_out_in_parts_they_are_the_same(data: Path, save_model: SaveModel) -> None:
    monitor, encoder = made(save_model(), data=data)
    whole = monitor.measure(encoder, range(4))
    for cut in (0, 1, 3):
        assert monitor.measure(encoder, range(cut)) + monitor.measure(encoder, range(cut, 4)) == pytest.approx(whole)


@pytest.mark.parametrize("model_type", ["xlm-roberta", "modernbert", "distilbert", "deberta-v2"])
def test_neither_weights_nor_the_random_state_are_touched(data: Path, save_model: SaveModel, model_type: str) -> None:
    monitor, encoder = made(save_model(model_type=model_type), data=data)
    before, state = {name: value.clone() for name, value in encoder.state_dict().items()}, torch.get_rng_state()
    first = monitor.measure(encoder, range(4))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    encoder.train()  # it can go on training
    encoder(torch.tensor([[0, 7, 9, 2]])).last_hidden_state.sum().backward()
    assert monitor.measure(encoder, range(4)) == first


def test_sr_cldr_is_measured_on_dev_items(save_model: SaveModel) -> None:
    assert (monitors.items_of("sr-cldr"), monitors.items_of("sr-bible")) == ("dev", "test")
    monitor, encoder = made(save_model(), tasks=("sr-cldr",), languages="swh_Latn")
    assert monitor.items == {"sr-cldr": "dev"} and len(monitor) == 1
    assert 0 <= monitor.measure(encoder, range(1))[0] <= 100
    dev = monitors._DEV["sr-cldr"]().read(SWH)
    test = task("sr-cldr").open(EvaluationConfig().where).read(SWH)
    assert not set(dev.target) & set(test.target) and not set(dev.english) & set(test.english)


def test_settings_change_with_all_that_moves_a_score(
    data: Path, save_model: SaveModel, write_pair: WritePair, sentences: Callable[..., list[str]]
) -> None:
    model = save_model()

    def settings(**config: Any) -> str:
        return made(model, data=data, **config)[0].settings

    same = settings()
    assert settings() == settings(every=7) == same == made(model, data=data.rename(data.with_name("b")))[0].settings
    data.with_name("b").rename(data)
    others = {settings(layer=1), settings(languages="!swh_Latn", tasks=("sr-bible",)), settings(tasks=("sr-bible",))}
    write_pair("swh_Latn", sentences(40, seed=0), sentences(40, seed=9))
    assert len({same, settings(), *others}) == 5


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"tasks": ["sr-bibel"]}, "no task 'sr-bibel'. Did you mean 'sr-bible'?"),
        ({"tasks": []}, "expected at least one task and none twice, got none"),
        ({"tasks": ["sr-bible", "sr-bible"]}, "none twice, got sr-bible, sr-bible"),
        ({"every": 0}, "greater than or equal to 1"),
        ({"every": None, "languages": "swh_Latn"}, "every is missing"),
        ({"layer": -1}, "greater than or equal to 0"),
        ({"evry": 1}, "Extra inputs are not permitted"),
    ],
)
def test_bad_settings_are_named(config: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MonitorConfig.model_validate({"every": 10, **config})
    assert said in str(caught.value)


def test_a_task_that_fine_tunes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    topics = Task(
        name="topics", measures="", kind="sequence-classification", metric="macro_f1", open=lambda where: None,
        languages="", licence="", labels=("a", "b"),
    )  # fmt: skip
    monkeypatch.setitem(TASKS, "topics", topics)
    with pytest.raises(ValidationError, match="topics would have to be fine-tuned each time; expected among sr-bible"):
        MonitorConfig(every=10, tasks=("topics",))


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        ({"data": Path("nowhere")}, DataMissingError, "sr-bible needs pairs of files"),
        ({"languages": "Klingonn"}, UserError, "Klingonn"),
        ({"languages": "fra_Latn"}, UserError, "fra_Latn"),
        ({"languages": "deu_Latn"}, UserError, "sr-tatoeba has none of them"),
    ],
)
def test_data_that_are_not_there_are_named_before_training(
    data: Path, config: dict[str, Any], error: type[UserError], said: str
) -> None:
    settings = MonitorConfig(**{"every": 1, "tasks": ("sr-bible", "sr-tatoeba"), "data": data, **config})
    with pytest.raises(error, match=said):
        check_monitor(settings)


def test_a_layer_that_is_not_there_and_a_text_that_cannot_be_used_are_named(data: Path, save_model: SaveModel) -> None:
    model = save_model()
    with pytest.raises(UserError, match=r"monitor.layer 7: the model has 3 layers \(0 = embeddings, 1-3\)"):
        made(model, data=data, layer=7)
    (data / "bible.swh_Latn-eng_Latn.swh_Latn").write_text("one\n")
    with pytest.raises(UserError, match="swh_Latn: expected as many English lines"):
        made(model, data=data)


def test_vectors_that_are_not_finite_are_an_error(data: Path, save_model: SaveModel) -> None:
    monitor, encoder = made(save_model(), data=data)
    with torch.no_grad():
        next(iter(encoder.encoder.layer[0].parameters())).fill_(float("nan"))
    with pytest.raises(UserError, match="NaN or infinite"):
        monitor.measure(encoder, range(1))
