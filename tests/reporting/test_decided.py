"""What a page says is decided: figures that leave chance and controls out of their interval, and no others."""

import html
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from langsamp.analysis.identification.record import Filled, IdentificationAnalysis, LanguageIdentified
from langsamp.analysis.neutrality.record import LayerMeans, NeutralityAnalysis
from langsamp.analysis.vectors.record import VectorsAnalysis, VectorStatistic
from langsamp.reporting.findings.decided import Finding, _neighbours, decided_lines, findings
from langsamp.reporting.inputs.stored import Stored
from langsamp.reporting.page import write_report
from langsamp.reporting.report import Report
from langsamp.scores.comparability import trained_otherwise
from langsamp.scores.systems import open_system

Build = Callable[..., Path]


def found(run: Path) -> Mapping[str, Finding]:
    return {each.what: each for each in Report.read([run]).findings}


@pytest.mark.parametrize(("height", "is_decided"), [(20.0, True), (8.0, False), (6.0, False)])
def test_a_score_is_decided_where_it_is_above_the_strongest_control(
    build: Build, tmp_path: Path, height: float, is_decided: bool
) -> None:
    run = build(tmp_path / "run", tasks=("sr-bible",), score=lambda variant, seed, tag: height)
    score = found(run)["sr-bible"]
    assert score.is_decided == is_decided
    assert "chance 5.0, character n-grams 8.0" in score.sentence and "over character n-grams" in score.sentence


@pytest.mark.parametrize(("low", "is_decided"), [(0.4, True), (0.2, False)])
def test_identification_is_decided_where_its_interval_leaves_chance_out(
    run_folder: Path, low: float, is_decided: bool
) -> None:
    tags = ("deu_Latn", "swh_Latn", "tur_Latn", "fin_Latn", "hin_Deva", "rus_Cyrl")
    languages = tuple(LanguageIdentified(tag, 10, 0.5, 0.9, None) for tag in tags)
    IdentificationAnalysis(
        subject="both-0", text="sr-cldr", right=0.5, low=low, high=0.6, ngram=0.9, chance=1 / 3, missing={},
        languages=languages, filled=(Filled("a <mask> c", "b", None, 1, "bé<i>", 0.5),),
    ).save(run_folder / "analysis" / "identification-both-0")  # fmt: skip
    told = found(run_folder)["Language of a sentence"]
    assert told.is_decided == is_decided and "chance is 33%" in told.sentence
    (line,) = [line for line in decided_lines(Report.read([run_folder]).findings) if "Language of a sentence" in line]
    assert line.startswith("decided" if is_decided else "not decided")
    page = write_report(run_folder).read_text()
    assert "a &lt;mask&gt; c (hidden: b)" in page and "<bdi>bé&lt;i&gt;</bdi> <small>50%</small>" in page
    assert "(hidden: b)" not in write_report(run_folder, redact_text=True).read_text()


@pytest.mark.parametrize(("high", "is_decided"), [(0.89, True), (0.91, False)])
def test_neutrality_is_decided_where_the_worst_training_is_below_the_best_baseline(
    run_folder: Path, high: float, is_decided: bool
) -> None:
    def line(model: str, layer: int, told: tuple[float, float, float]) -> LayerMeans:
        return LayerMeans(model, layer, *([0.5] * 10), *told, 0.1, *([float("nan")] * 4))

    last = {"none-0": (0.95, 0.9, 0.99), "both-0": (0.6, 0.5, 0.7), "both-1": (0.8, 0.7, high)}
    curve = [line(model, layer, told if layer == 2 else (1, 1, 1)) for model, told in last.items() for layer in (0, 2)]
    NeutralityAnalysis(
        subject="run", models=tuple(last), layers=dict.fromkeys(last, 1), tags=("deu_Latn", "eng_Latn"), text="sib200",
        number=10, available=None, seed=0, missing={}, similarity=(), curve=tuple(curve),
    ).save(run_folder / "analysis" / "neutrality")  # fmt: skip
    finding = found(run_folder)["Neutrality"]
    assert finding.is_decided == is_decided
    assert f"of 70% [50%, {high:.0%}] of the sentences of sib200 for LangSAMP, of 95% [90%, 99%]" in finding.sentence


FEW = ("deu_Latn", "swh_Latn", "hin_Deva")


def test_nothing_is_decided_over_fewer_languages_than_a_test_needs(build: Build, tmp_path: Path) -> None:
    for tags, is_decided in ((FEW, False), ((*FEW, "fin_Latn", "tur_Latn", "zul_Latn"), True)):
        run = build(tmp_path / str(len(tags)), tags=tags, tasks=("sr-bible",), score=lambda variant, seed, tag: 20.0)
        assert found(run)["sr-bible"].is_decided == found(run)["Held-out text"].is_decided == is_decided


def test_a_difference_that_prints_as_nothing_is_not_decided(build: Build, tmp_path: Path) -> None:
    run = build(tmp_path / "run", seeds=(0,), tasks=("sr-bible",), score=lambda variant, seed, tag: 8.04)
    for model, bits in (("none-0", 0.9), ("both-0", 0.8998)):
        log = run / "models" / model / "log.jsonl"
        tags = {tag: {"loss": 3.0, "bits_per_byte": bits} for tag in (*FEW, "fin_Latn", "tur_Latn", "zul_Latn")}
        log.write_text(
            log.read_text() + json.dumps({"kind": "held_out", "step": 10**6, "loss": 3.0, "tags": tags}) + "\n"
        )
    assert "difference 0.000 [0.000, 0.000]" in found(run)["Held-out text"].sentence
    assert not found(run)["Held-out text"].is_decided and not found(run)["sr-bible"].is_decided


def test_a_log_whose_end_is_lost_is_told_and_decides_nothing(build: Build, tmp_path: Path) -> None:
    run = build(tmp_path / "run", seeds=(0,), steps=40)
    for model in ("none-0", "both-0"):
        record = run / "models" / model / "export" / "provenance.json"
        record.write_text(json.dumps(json.loads(record.read_text()) | {"step": 40}))
    assert Report.read([run]).lost == [] and "Held-out text" in found(run)
    log = run / "models" / "both-0" / "log.jsonl"
    half = b"".join(log.read_bytes().splitlines(keepends=True)[:20])
    log.write_bytes(half + b"\0" * 900)  # as a power cut leaves it
    (said,) = Report.read([run]).lost
    assert said.startswith("The log of both-0 ends at step") and "its export is of step 40" in said
    assert "Held-out text" not in found(run) and said in html.unescape(write_report(run).read_text())


def test_runs_that_were_not_trained_alike_are_told(build: Build, tmp_path: Path) -> None:
    runs = [build(tmp_path / name, seeds=(0,)) for name in ("first", "second")]
    assert Report.read(runs).trained_differently == []
    for run, steps in zip(runs, (10, 20), strict=True):
        for variant in ("none", "both"):
            record = run / "models" / f"{variant}-0" / "export" / "provenance.json"
            identity = {"variant": variant, "seed": 0, "data": "a", "steps": steps, "training": {"steps": steps}}
            record.write_text(json.dumps(json.loads(record.read_text()) | {"identity": identity}))
    (said,) = Report.read(runs).trained_differently
    assert said == "second and first were not trained alike: training.steps: 10 -> 20."
    systems = [open_system(f"{run}:{variant}") for run, variant in zip(runs, ("none", "both"), strict=True)]
    assert trained_otherwise(*systems) == ["A and B were not trained alike: training.steps: 10 -> 20"]
    assert trained_otherwise(systems[0], open_system(f"{runs[0]}:both")) == []


def test_vectors_of_the_control_take_no_part() -> None:
    stored = [
        Stored(
            VectorsAnalysis.model_construct(
                subject=subject,
                statistics=(VectorStatistic("language", "purity family", observed, 0.4, 0.3, 0.5, p_value, 24),),
            ),
            {},
            None,
        )
        for subject, observed, p_value in (
            ("language-0", 0.5, 0.2), ("both@shuffled-0", 0.4, 0.6), ("both-0", 0.6, 0.01), ("both-1", 0.6, 0.02),
        )
    ]  # fmt: skip
    (relatives,) = findings([], [], stored)
    assert relatives.is_decided and "60% of" in relatives.sentence and "means of 2 trainings" in relatives.sentence
    (other,) = findings([], [], stored[:2])
    assert not other.is_decided and "50% of" in other.sentence
    assert findings([], [], stored[1:2]) == []


@pytest.mark.parametrize(("p_values", "is_decided"), [((0.01, 0.02), True), ((0.01, 0.3), False)])
def test_of_several_trainings_the_worst_decides(p_values: tuple[float, ...], is_decided: bool) -> None:
    analyses = [
        VectorsAnalysis.model_construct(
            statistics=(VectorStatistic("language", "purity family", 0.6, 0.4, 0.3, 0.5, p_value, 24),)
        )
        for p_value in p_values
    ]
    (relatives,) = _neighbours(analyses)
    assert relatives.is_decided == is_decided and "means of 2 trainings, largest p" in relatives.sentence


def test_the_page_says_both(run_folder: Path) -> None:
    page = write_report(run_folder).read_text()
    decided = [each.is_decided for each in found(run_folder).values()]
    assert ("What this report decides" in page) == any(decided)
    assert ("What it cannot decide" in page) == (not all(decided))


def test_a_training_that_learned_nothing_is_told_on_the_page(build: Build, tmp_path: Path) -> None:
    run = build(tmp_path / "run", variants=("none", "both"), seeds=(0,))
    assert Report.read([run]).unlearned == []
    with (run / "models" / "both-0" / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"kind": "held_out", "step": 10**6, "loss": 12.0}) + "\n")
    (said,) = Report.read([run]).unlearned
    assert said.startswith("both-0: the held-out loss ended at 12.00, a guess among all 12,000 tokens has 9.39")
    page = write_report(run).read_text()
    assert page.count("<strong>Nothing learned.</strong> both-0") == 1
