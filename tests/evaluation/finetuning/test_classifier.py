"""Laws of a whole fine-tuning: learns what can be learnt, the same each time, and no language loses another."""

import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification

from langsamp.errors import UserError
from langsamp.evaluation.finetuning.classifier import amount, fine_tune
from langsamp.evaluation.finetuning.predicting import within_memory
from langsamp.evaluation.tasks.examples import LabelledTexts, TrainAndDev
from langsamp.languages.tags import LangScript

from .conftest import ARCHITECTURES, LABELS, TEXTS, WORDS_KIND

KINDS = [TEXTS, WORDS_KIND]
ENGLISH, SWAHILI, GERMAN = (LangScript(language, "Latn") for language in ("eng", "swh", "deu"))


def targets_of(examples_of, kind, **settings):
    return {
        tag: examples_of(kind, 30, tag=str(tag), seed=seed, **settings)
        for seed, tag in enumerate((ENGLISH, SWAHILI, GERMAN), start=5)
    }


def weights(fine_tuned):
    return fine_tuned.network.model.state_dict()


def head(fine_tuned):
    return torch.cat([tensor.flatten() for name, tensor in weights(fine_tuned).items() if "classifier" in name])


@pytest.mark.parametrize("protocol", ["fixed", "paper"])
@pytest.mark.parametrize("kind", KINDS)
def test_labels_that_can_be_learnt_are_learnt_and_everything_is_told(kind, protocol, save_model, job_of, examples_of):
    changes = {"select_every": 7} if protocol == "paper" and kind == WORDS_KIND else {}
    job = job_of(save_model(), kind, protocol=protocol, epochs=10, **changes)
    tests, told = targets_of(examples_of, kind), []
    fine_tuned = fine_tune(job, advance=told.append)
    found = fine_tuned.predict(tests, advance=told.append)
    assert [result.tag for result in found.results] == list(tests) and not found.failures
    for result in found.results:
        assert result.metrics[job.metric] == 100 and result.num_items == 30
        assert (result.predictions["gold"] == result.predictions["predicted"]).all()
    assert sum(told) == amount(job.training, tests, job.settings)
    assert sum(point.kept for point in fine_tuned.curve) == 1
    assert max(point.metrics[job.metric] for point in fine_tuned.curve) == 100
    assert fine_tuned.curve[-1].train_loss < fine_tuned.curve[0].train_loss


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_kept_in_words(kind, save_model, job_of, examples_of):
    tests = targets_of(examples_of, kind)
    found = fine_tune(job_of(save_model(), kind, epochs=1)).predict(tests)
    for result in found.results:
        labels = tests[result.tag].labels
        assert result.predictions["gold"].tolist() == [each if kind == TEXTS else " ".join(each) for each in labels]
        for gold, predicted in zip(result.predictions["gold"], result.predictions["predicted"], strict=True):
            assert len(gold.split()) == len(predicted.split()) and set(predicted.split()) <= set(LABELS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_labels_that_mean_nothing_score_near_chance(kind, save_model, job_of, examples_of):
    training = TrainAndDev(train=examples_of(kind, 60, random=True), dev=examples_of(kind, 30, seed=1, random=True))
    test = examples_of(kind, 400, seed=2, random=True)
    found = fine_tune(job_of(save_model(), kind, training=training, epochs=2)).predict({ENGLISH: test})
    assert found.results[0].metrics["accuracy"] == pytest.approx(100 / 3, abs=8)


@pytest.mark.parametrize("model_type", ARCHITECTURES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_architecture_is_fine_tuned(kind, model_type, save_model, job_of, examples_of):
    training = TrainAndDev(train=examples_of(kind, 20), dev=examples_of(kind, 10, seed=1))
    fine_tuned = fine_tune(job_of(save_model(model_type=model_type), kind, training=training, epochs=1))
    assert len(fine_tuned.curve) == 1
    assert len(fine_tuned.predict(targets_of(examples_of, kind)).results) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_job_gives_the_same_bits_and_leaves_the_random_state_alone(kind, save_model, job_of):
    job, found, states = job_of(save_model(), kind, epochs=1), [], []
    for outside in (1, 2):
        torch.manual_seed(outside)
        before = torch.get_rng_state()
        found.append(fine_tune(job))
        states.append(torch.equal(torch.get_rng_state(), before))
    assert states == [True, True]
    assert found[0].curve == found[1].curve
    assert all(torch.equal(tensor, weights(found[1])[name]) for name, tensor in weights(found[0]).items())


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_draws_the_head(kind, save_model, job_of):
    folder = save_model()
    barely = {"epochs": 1, "learning_rate": 1e-12}
    first, second = (head(fine_tune(job_of(folder, kind, seed=seed, **barely))) for seed in (1, 2))
    assert (first - second).abs().max() > 1e-3


def test_under_paper_the_seed_does_not_draw_the_head_but_all_else(save_model, job_of):
    folder = save_model()
    barely = {"epochs": 1, "learning_rate": 1e-12}
    first, second = (head(fine_tune(job_of(folder, TEXTS, protocol="paper", seed=seed, **barely))) for seed in (1, 2))
    torch.testing.assert_close(first, second, atol=1e-6, rtol=0)
    ends = [head(fine_tune(job_of(folder, TEXTS, protocol="paper", seed=seed, epochs=1))) for seed in (1, 2)]
    assert (ends[0] - ends[1]).abs().max() > 1e-4


@pytest.mark.parametrize("number", [3, 5])
def test_a_trained_classifier_in_the_folder_is_drawn_anew(number, save_model, job_of, tmp_path):
    plain = save_model()
    model = AutoModelForSequenceClassification.from_pretrained(plain, num_labels=number)
    trained = tmp_path / "trained"
    shutil.copytree(plain, trained)
    model.save_pretrained(trained)
    barely = {"epochs": 1, "learning_rate": 1e-12}
    found, anew = (head(fine_tune(job_of(folder, TEXTS, **barely))) for folder in (trained, plain))
    assert found.shape == anew.shape
    former = torch.cat([tensor.flatten() for name, tensor in model.state_dict().items() if "classifier" in name])
    assert found.shape != former.shape or (found - former).abs().max() > 1e-3


def without(folder, word):
    kept = {name: tensor for name, tensor in load_file(folder / "model.safetensors").items() if word not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_a_model_without_token_types_gets_zeros(save_model, job_of):
    fine_tuned = fine_tune(job_of(without(save_model(), "token_type"), TEXTS, epochs=1, learning_rate=1e-12))
    (types,) = (tensor for name, tensor in weights(fine_tuned).items() if "token_type" in name)
    assert types.abs().max() < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_lacks_weights_is_refused(kind, save_model, job_of):
    folder = without(save_model(), "layer.1.attention")
    with pytest.raises(UserError, match=r"lacks weights .* tensors of the encoder would be random"):
        fine_tune(job_of(folder, kind))


def test_weights_that_do_not_fit_the_config_are_refused(save_model, job_of):
    folder = save_model()
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"vocab_size": 60', '"vocab_size": 61'))
    with pytest.raises(UserError, match=r"other sizes .*word_embeddings.weight is \[60, 32\]"):
        fine_tune(job_of(folder, TEXTS))


def test_full_memory_is_a_message():
    with pytest.raises(UserError, match="memory is too small for batches of 300 padded tokens"), within_memory(300):
        torch.empty(1 << 50, dtype=torch.uint8)
    with pytest.raises(UserError, match=r"of 300 padded tokens \(CUDA out of memory\)"), within_memory(300):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    with pytest.raises(RuntimeError, match="size of tensor"), within_memory(300):
        torch.ones(2) + torch.ones(3)


def test_loading_says_nothing(save_model, job_of, capfd):
    job = job_of(save_model(), TEXTS, epochs=1)
    capfd.readouterr()
    fine_tune(job)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", KINDS)
def test_languages_are_scored_alike_alone_and_together(kind, save_model, job_of, examples_of):
    fine_tuned = fine_tune(job_of(save_model(), kind, epochs=1))
    tests = targets_of(examples_of, kind)
    together = {result.tag: result for result in fine_tuned.predict(tests).results}
    for tag in tests:
        (alone,) = fine_tuned.predict({tag: tests[tag]}).results
        assert alone.metrics == together[tag].metrics
        assert (alone.predictions["predicted"] == together[tag].predictions["predicted"]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_failing_language_loses_no_other(kind, save_model, job_of, examples_of):
    tests = targets_of(examples_of, kind)
    foreign, empty = tests[SWAHILI], tests[GERMAN]
    tests[SWAHILI] = replace(
        foreign, labels=((("odd",) if kind == TEXTS else (("odd",) * len(foreign.labels[0]),)) + foreign.labels[1:])
    )
    tests[GERMAN] = (
        LabelledTexts(tag=GERMAN, texts=(), labels=()) if kind == TEXTS else replace(empty, words=(), labels=())
    )
    fine_tuned = fine_tune(job_of(save_model(), kind, epochs=1))
    found = fine_tuned.predict(tests)
    assert [result.tag for result in found.results] == [ENGLISH]
    assert found.failures[SWAHILI].startswith("swh_Latn has label 'odd'; expected one of ")
    assert found.failures[GERMAN] == "deu_Latn has no example"
    assert fine_tuned.predict({}).results == ()


def test_a_language_that_gives_nan_fails_alone(save_model, job_of, examples_of, tokenizer):
    fine_tuned = fine_tune(job_of(save_model(), TEXTS, epochs=1))
    with torch.no_grad():
        fine_tuned.network.model.get_input_embeddings().weight[tokenizer.convert_tokens_to_ids("bo")] = float("nan")
    tests = targets_of(examples_of, TEXTS)
    tests[SWAHILI] = replace(tests[SWAHILI], texts=("bo", *tests[SWAHILI].texts[1:]))
    found = replace(fine_tuned, network=replace(fine_tuned.network, token_budget=1)).predict(tests)
    assert [result.tag for result in found.results] == [ENGLISH, GERMAN]
    assert "NaN or infinite" in found.failures[SWAHILI]


@pytest.mark.parametrize("protocol", ["fixed", "paper"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_fit_the_window_is_noted(kind, protocol, save_model, job_of, examples_of):
    training = TrainAndDev(train=examples_of(kind, 60, longest=50), dev=examples_of(kind, 20, seed=1))
    fine_tuned = fine_tune(job_of(save_model(), kind, protocol=protocol, training=training, epochs=1))
    assert [note.split(":")[0] for note in fine_tuned.notes] == ["train"]
    assert ("cut" if kind == TEXTS else "split between words") in fine_tuned.notes[0]
    tests = {ENGLISH: examples_of(kind, 10, longest=90), SWAHILI: examples_of(kind, 10, tag="swh_Latn")}
    found = fine_tuned.predict(tests)
    assert list(found.notes) == [ENGLISH]
    if kind == WORDS_KIND:
        lengths = [len(labels.split()) for labels in found.results[0].predictions["predicted"]]
        assert lengths == [len(words) for words in tests[ENGLISH].words] and max(lengths) > 40


def test_training_without_examples_is_refused(save_model, job_of, examples_of):
    some, none = examples_of(TEXTS, 20), LabelledTexts(tag=ENGLISH, texts=(), labels=())
    for training in (TrainAndDev(train=none, dev=some), TrainAndDev(train=some, dev=none)):
        with pytest.raises(UserError, match="eng_Latn has no example"):
            fine_tune(job_of(save_model(), TEXTS, training=training))


def test_too_few_sentences_for_the_original_protocol_are_refused(save_model, job_of, examples_of):
    few = TrainAndDev(train=examples_of(WORDS_KIND, 10), dev=examples_of(WORDS_KIND, 10))
    with pytest.raises(UserError, match=r"10 training examples are too few .* use protocol fixed"):
        fine_tune(job_of(save_model(), WORDS_KIND, protocol="paper", training=few))


@pytest.mark.parametrize("kind", KINDS)
def test_bf16_trains_fp32_weights(kind, save_model, job_of, examples_of):
    fine_tuned = fine_tune(job_of(save_model(), kind, precision="bf16", epochs=8))
    assert {tensor.dtype for tensor in weights(fine_tuned).values() if tensor.is_floating_point()} == {torch.float32}
    for result in fine_tuned.predict(targets_of(examples_of, kind)).results:
        assert result.metrics["accuracy"] > 60  # chance is 33
