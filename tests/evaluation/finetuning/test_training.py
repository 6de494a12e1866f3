"""Laws of training: what an update's gradient is, under which protocol, and which weights are kept."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from langsamp.errors import NonFiniteLossError
from langsamp.evaluation.finetuning.training import gradients, train
from langsamp.evaluation.finetuning.updates import num_updates, updates
from langsamp.evaluation.protocols import FINE_TUNING

from .conftest import LABELS, TEXTS, WORDS_KIND

KINDS = [TEXTS, WORDS_KIND]


def numbers(examples, kind):
    given = examples.labels if kind == TEXTS else itertools.chain(*examples.labels)
    return np.array([LABELS[kind].index(label) for label in given])


def collected(network):
    found = {
        name: parameter.grad.clone()
        for name, parameter in network.model.named_parameters()
        if parameter.grad is not None
    }
    network.model.zero_grad()
    return found


def assert_same(found, expected, *, atol=1e-6):
    assert found.keys() == expected.keys() and found
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], atol=atol, rtol=0)


def stock_loss(network, tokens, labels, sequences):
    """The mean loss as transformers computes it on one padded batch of `sequences`."""
    ids, mask = network._padded(tokens, sequences)
    if "Sequence" in type(network.model).__name__:
        return network.model(input_ids=ids, attention_mask=mask, labels=torch.tensor(labels[sequences])).loss
    targets = torch.full_like(ids, -100)
    for row, sequence in enumerate(sequences):
        first, last = tokens.places[sequence], tokens.places[sequence + 1]
        targets[row, tokens.heads[first:last].tolist()] = torch.tensor(labels[first:last])
    return network.model(input_ids=ids, attention_mask=mask, labels=targets).loss


@pytest.fixture(params=KINDS)
def setup(request, save_model, network_of, examples_of):
    kind, folder = request.param, save_model()
    examples = examples_of(kind, 70)
    network, tokeniser = network_of(folder, kind)
    return kind, network, tokeniser.tokens(examples), numbers(examples, kind)


def first_updates(kind, protocol, number, count=1):
    return list(itertools.islice(updates(number, FINE_TUNING[kind, protocol], seed=1), count))


def test_an_updates_gradient_is_that_of_the_mean_loss_over_the_whole_batch(setup):
    kind, network, tokens, labels = setup
    (update,) = first_updates(kind, "fixed", 70)
    loss = gradients(network, tokens, labels=labels, update=update, accumulation=1)
    found = collected(network)
    stock = stock_loss(network, tokens, labels, update.parts[0].tolist())
    stock.backward()
    assert_same(found, collected(network))
    assert loss == pytest.approx(stock.item(), abs=1e-6)


def test_the_gradient_does_not_depend_on_the_token_budget(setup):
    kind, network, tokens, labels = setup
    (update,) = first_updates(kind, "fixed", 70)
    found = []
    for budget in (1, 40, 100_000):
        gradients(replace(network, token_budget=budget), tokens, labels=labels, update=update, accumulation=1)
        found.append(collected(network))
    assert_same(found[0], found[2])
    assert_same(found[1], found[2])


def test_under_paper_only_the_second_part_of_a_pair_moves_the_weights(save_model, network_of, examples_of):
    examples = examples_of(TEXTS, 70)
    network, tokeniser = network_of(save_model(), TEXTS)
    tokens, labels = tokeniser.tokens(examples), numbers(examples, TEXTS)
    (update,) = first_updates(TEXTS, "paper", 70)
    gradients(network, tokens, labels=labels, update=update, accumulation=2)
    found = collected(network)
    assert len(update.passed) == 16
    (stock_loss(network, tokens, labels, update.passed[8:].tolist()) / 2).backward()
    assert_same(found, collected(network))


def test_under_paper_the_means_of_four_parts_are_averaged(save_model, network_of, examples_of):
    examples = examples_of(WORDS_KIND, 70)
    network, tokeniser = network_of(save_model(), WORDS_KIND, method="words alone")
    tokens, labels = tokeniser.tokens(examples), numbers(examples, WORDS_KIND)
    (update,) = first_updates(WORDS_KIND, "paper", 70)
    gradients(network, tokens, labels=labels, update=update, accumulation=4)
    found = collected(network)
    for first in (0, 8, 16, 24):
        (stock_loss(network, tokens, labels, update.passed[first : first + 8].tolist()) / 4).backward()
    averaged = collected(network)
    assert_same(found, averaged)
    stock_loss(network, tokens, labels, update.passed.tolist()).backward()
    whole = collected(network)
    assert max((found[name] - whole[name]).abs().max() for name in found) > 1e-4  # parts have unlike numbers of words


def test_under_paper_a_carried_part_adds_to_the_next_epochs_first_update(save_model, network_of, examples_of):
    examples = examples_of(WORDS_KIND, 40)  # five parts of eight
    network, tokeniser = network_of(save_model(), WORDS_KIND, method="words alone")
    tokens, labels = tokeniser.tokens(examples), numbers(examples, WORDS_KIND)
    first, second = first_updates(WORDS_KIND, "paper", 40, 2)
    gradients(network, tokens, labels=labels, update=second, accumulation=4)
    found = collected(network)
    left_over = np.setdiff1d(np.arange(40), first.passed)
    assert sorted(second.parts[0]) == left_over.tolist()
    for part in second.parts:
        (stock_loss(network, tokens, labels, part.tolist()) / 4).backward()
    assert_same(found, collected(network))


def run(network, tokens, labels, *, settings, seed=1, scores=None, advance=None):
    """Train and give the curve with the weights after each look; `scores` are what the dev set says in turn."""
    seen, said = [], iter(scores or itertools.repeat(1.0))

    def look():
        seen.append({name: tensor.clone() for name, tensor in network.model.state_dict().items()})
        return {"score": next(said)}

    curve = train(
        network, tokens, labels=labels, settings=settings, seed=seed, look=look, metric="score", advance=advance
    )
    return curve, seen


def test_the_first_of_the_best_weights_are_kept(setup):
    kind, network, tokens, labels = setup
    settings = FINE_TUNING[kind, "fixed"].model_copy(update={"epochs": 5, "learning_rate": 1e-3})
    curve, seen = run(network, tokens, labels, settings=settings, scores=[1, 3, 3, 2, 3])
    assert [point.kept for point in curve] == [False, True, False, False, False]
    assert [point.epoch for point in curve] == [1, 2, 3, 4, 5]
    for name, tensor in network.model.state_dict().items():
        assert torch.equal(tensor, seen[1][name])
    assert not all(torch.equal(seen[1][name], seen[4][name]) for name in seen[1])


def test_looks_at_the_dev_set_change_nothing_in_training(save_model, network_of, examples_of):
    examples, folder = examples_of(TEXTS, 40), save_model()
    ends = []
    for every in (1, 6):
        torch.manual_seed(0)
        network, tokeniser = network_of(folder, TEXTS)
        settings = FINE_TUNING[TEXTS, "fixed"].model_copy(
            update={"epochs": 2, "learning_rate": 1e-3, "select_every": every}
        )
        _, seen = run(network, tokeniser.tokens(examples), numbers(examples, TEXTS), settings=settings)
        ends.append(seen[-1])
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_every_update_has_the_listed_rate(save_model, network_of, examples_of):
    """Without moments, norms and decay AdamW moves each weight by its rate, or not at all."""
    examples = examples_of(WORDS_KIND, 70)
    network, tokeniser = network_of(save_model(), WORDS_KIND)
    settings = FINE_TUNING[WORDS_KIND, "paper"].model_copy(
        update={"epochs": 1, "select_every": 1, "raw_epsilon": False, "epsilon": 1e-12}
    )
    bias = network.model.classifier.bias
    before = bias.detach().clone()
    _, seen = run(network, tokeniser.tokens(examples), numbers(examples, WORDS_KIND), settings=settings)
    listed = [update.rate for update in updates(70, settings, seed=1)]
    assert listed[-1] == 0
    after = [weights["classifier.bias"] for weights in seen]
    first = (after[0] - before).abs()
    torch.testing.assert_close(first, torch.full_like(first, listed[0]), rtol=1e-2, atol=0)
    assert torch.equal(after[-1], after[-2])  # rate 0


def without_dropout(network):
    for module in network.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return network


def original_loop(network, tokens, labels, *, settings, accumulation):
    """The scripts' loops, one part after another with torch's own schedule; gives the rates of the updates."""
    of_words, model = settings.words_alone, network.model
    orders = [
        np.random.default_rng([1, epoch]).permutation(len(tokens.lengths)) for epoch in range(1, settings.epochs + 1)
    ]
    parts = [[order[first : first + 8].tolist() for first in range(0, len(order), 8)] for order in orders]
    steps = len(parts[0]) // accumulation if of_words else len(parts[0])
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, eps=settings.epsilon, weight_decay=0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / (steps * settings.epochs))
    rates = []
    for epoch in parts:
        for index, part in enumerate(epoch):
            if not of_words:
                model.zero_grad()
            (stock_loss(network, tokens, labels, part) / accumulation).backward()
            full = (index + 1) % accumulation == 0
            if of_words and full:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                schedule.step()
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                model.zero_grad()
            elif not of_words and (full or index + 1 == len(epoch)):
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                schedule.step()
    return rates


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")  # which is the defect
@pytest.mark.parametrize("kind", KINDS)
def test_paper_trains_as_the_original_loop_does(kind, save_model, network_of, examples_of):
    examples, folder = examples_of(kind, 76, longest=20), save_model()  # ten parts of eight, the last of four
    settings = FINE_TUNING[kind, "paper"].model_copy(update={"epochs": 3, "raw_epsilon": False, "select_every": 1})
    method = "words alone" if kind == WORDS_KIND else None
    torch.manual_seed(0)
    network, tokeniser = network_of(folder, kind, method=method, token_budget=60)
    torch.manual_seed(0)
    twin, _ = network_of(folder, kind)
    tokens, labels = tokeniser.tokens(examples), numbers(examples, kind)
    count = num_updates(76, settings)
    run(without_dropout(network), tokens, labels, settings=settings, scores=range(count))
    rates = original_loop(without_dropout(twin), tokens, labels, settings=settings, accumulation=settings.accumulation)
    np.testing.assert_allclose(rates, [update.rate for update in updates(76, settings, seed=1)])
    for name, tensor in network.model.state_dict().items():
        torch.testing.assert_close(tensor, twin.model.state_dict()[name], atol=2e-6, rtol=0)


def test_epsilon_before_the_correction_is_the_original_optimizer(save_model, network_of, examples_of):
    """Against the formula of transformers' former AdamW, on gradients small enough for epsilon to count."""
    examples = examples_of(TEXTS, 16)
    network, tokeniser = network_of(save_model(), TEXTS)
    tokens, labels = tokeniser.tokens(examples), numbers(examples, TEXTS)
    settings = FINE_TUNING[TEXTS, "paper"].model_copy(update={"epochs": 3, "learning_rate": 1e-2, "epsilon": 0.1})
    without_dropout(network)
    twin, _ = network_of(save_model(), TEXTS)
    twin.model.load_state_dict(network.model.state_dict())
    _, seen = run(network, tokens, labels, settings=settings)
    first = {name: torch.zeros_like(tensor) for name, tensor in twin.model.named_parameters()}
    second = {name: torch.zeros_like(tensor) for name, tensor in twin.model.named_parameters()}
    for update, weights in zip(updates(16, settings, seed=1), seen, strict=True):
        gradients(twin, tokens, labels=labels, update=update, accumulation=2)
        size = update.rate * (1 - 0.999**update.number) ** 0.5 / (1 - 0.9**update.number)
        with torch.no_grad():
            for name, weight in twin.model.named_parameters():
                first[name].mul_(0.9).add_(weight.grad, alpha=0.1)
                second[name].mul_(0.999).addcmul_(weight.grad, weight.grad, value=0.001)
                weight.addcdiv_(first[name], second[name].sqrt() + 0.1, value=-size)
        twin.model.zero_grad()
        for name, weight in twin.model.named_parameters():
            torch.testing.assert_close(weight, weights[name], atol=1e-6, rtol=1e-4)


def test_gradients_are_clipped_only_where_the_settings_say_so(setup):
    kind, network, tokens, labels = setup
    start = {name: tensor.clone() for name, tensor in network.model.state_dict().items()}
    settings = FINE_TUNING[kind, "fixed"].model_copy(
        update={"epochs": 1, "batch_size": 70, "epsilon": 1.0, "max_gradient_norm": 1e-3}
    )
    moved = []
    for norm in (1e-3, None):
        network.model.load_state_dict(start)
        run(network, tokens, labels, settings=settings.model_copy(update={"max_gradient_norm": norm}))
        moved.append(sum(float((tensor - start[name]).norm()) for name, tensor in network.model.state_dict().items()))
    assert moved[1] > 10 * moved[0] > 0


def test_a_loss_that_is_not_finite_stops_with_epoch_and_update(setup):
    kind, network, tokens, labels = setup
    with torch.no_grad():
        network.model.classifier.apply(lambda module: [p.fill_(float("nan")) for p in module.parameters(recurse=False)])
    with pytest.raises(NonFiniteLossError, match=r"loss is nan at update 1 in epoch 1\. Try precision fp32"):
        run(network, tokens, labels, settings=FINE_TUNING[kind, "fixed"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", ["fixed", "paper"])
def test_every_example_of_every_epoch_is_told(kind, protocol, save_model, network_of, examples_of):
    examples, told = examples_of(kind, 43, longest=30), []
    network, tokeniser = network_of(save_model(), kind, window=16)
    settings = FINE_TUNING[kind, protocol].model_copy(update={"epochs": 2})
    run(network, tokeniser.tokens(examples), numbers(examples, kind), settings=settings, advance=told.append)
    assert sum(told) == 86
