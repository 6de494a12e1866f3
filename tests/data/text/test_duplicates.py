from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from langsamp.data.text.duplicates import SeenTexts


@given(batches=st.lists(st.lists(st.text("abc\0", max_size=3), max_size=6), max_size=40), limit=st.integers(1, 9))
def test_equals_a_plain_set(batches: list[list[str]], limit: int) -> None:
    seen, plain = SeenTexts(limit=limit), set[str]()
    for batch in batches:
        expected = []
        for text in batch:
            expected.append(text not in plain)
            plain.add(text)
        assert seen.new(batch) == expected
        assert len(seen) == len(plain)


def test_memory_holds_the_limit_and_one_batch(tmp_path: Path) -> None:
    seen = SeenTexts(limit=50, folder=tmp_path)
    for start in range(0, 5000, 10):
        assert seen.new([str(number) for number in range(start, start + 10)]) == [True] * 10
        assert seen.in_memory < 50
    assert len(seen) == 5000
    assert len(seen._sorted) <= 7  # the logarithm of 5000 / 50, not 100 files to search
    assert seen.new([str(number) for number in range(0, 5000, 7)]) == [False] * len(range(0, 5000, 7))


def test_scratch_files_leave_nothing_behind(tmp_path: Path) -> None:
    seen = SeenTexts(limit=2, folder=tmp_path)
    seen.new(["a", "b", "c"])
    assert list(tmp_path.iterdir()) == []
    assert seen.new(["a", "d"]) == [False, True]
