from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from langsamp.data.tokens.tokenizer_sample import draw, sample_for_tokenizer
from langsamp.languages.tags import LangScript

TAGS = [LangScript(language, "Latn") for language in ("deu", "eng", "fra", "ita", "swh", "yor")]
SWAHILI = TAGS[4]
COUNTS = st.dictionaries(st.sampled_from(TAGS), st.integers(0, 10**9), min_size=1)


@given(counts=COUNTS, total=st.integers(1, 10**9), alpha=st.floats(0, 1))
def test_quotas_use_up_the_total_and_never_more_than_there_is(
    counts: dict[LangScript, int], total: int, alpha: float
) -> None:
    quotas = sample_for_tokenizer(counts, total=total, alpha=alpha)
    assert quotas.keys() == counts.keys()
    assert sum(quotas.values()) == min(total, sum(counts.values()))
    assert all(0 <= quotas[tag] <= counts[tag] for tag in counts)


@given(counts=COUNTS, total=st.integers(1, 10**6), alpha=st.floats(0, 1))
def test_tags_that_are_not_used_up_have_shares_by_alpha(
    counts: dict[LangScript, int], total: int, alpha: float
) -> None:
    quotas = sample_for_tokenizer(counts, total=total, alpha=alpha)
    rates = [(quotas[tag], counts[tag] ** alpha) for tag in counts if quotas[tag] < counts[tag]]
    for quota, weight in rates:
        for other_quota, other_weight in rates:
            assert abs(quota - other_quota * weight / other_weight) <= 1 + len(TAGS) * max(1, weight / other_weight)


def test_quotas_by_example() -> None:
    counts = {TAGS[0]: 1_000_000, TAGS[1]: 1_000, TAGS[2]: 10, TAGS[3]: 0}
    assert list(sample_for_tokenizer(counts, total=300, alpha=0).values()) == [145, 145, 10, 0]
    assert list(sample_for_tokenizer(counts, total=100_101, alpha=1).values()) == [100_000, 100, 1, 0]
    assert list(sample_for_tokenizer(counts, total=10**9, alpha=0.3).values()) == [1_000_000, 1_000, 10, 0]


@given(number=st.integers(0, 60), quota=st.integers(0, 70), seed=st.integers(0, 2**40))
def test_a_draw_keeps_order_and_size_and_repeats(number: int, quota: int, seed: int) -> None:
    documents = [f"{index:02}" for index in range(number)]
    drawn = draw(iter(documents), quota=quota, tag=SWAHILI, seed=seed)
    assert drawn == sorted(set(drawn))
    assert len(drawn) == min(number, quota)
    assert set(drawn) <= set(documents)
    assert draw(iter(documents), quota=quota, tag=SWAHILI, seed=seed) == drawn


def test_each_document_is_drawn_as_often() -> None:
    hits: Counter[str] = Counter()
    for seed in range(2000):
        hits.update(draw(map(str, range(30)), quota=6, tag=SWAHILI, seed=seed))
    assert len(hits) == 30
    assert all(400 - 90 < number < 400 + 90 for number in hits.values())  # five standard deviations of 18


def test_another_seed_or_tag_draws_others() -> None:
    documents = list(map(str, range(1000)))
    draws = {tuple(draw(documents, quota=10, tag=tag, seed=seed)) for tag in TAGS for seed in range(3)}
    assert len(draws) == len(TAGS) * 3
