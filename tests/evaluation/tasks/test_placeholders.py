"""Items that stand for no sentence: left out on both sides, counted and named; kept as they were under `paper`."""

from pathlib import Path

import pytest

from langsamp.errors import UserError
from langsamp.evaluation.tasks import registry
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.placeholders import is_placeholder, sentences_of
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.evaluation.tasks.task import Task, TaskData
from langsamp.languages.tags import LangScript

SWH = LangScript("swh", "Latn")
E, T = tuple(f"sentence {chr(97 + n)}" for n in range(26)), tuple(f"sentensi ya {chr(97 + n)}" for n in range(26))


def pairs(english: tuple[str, ...] = E, target: tuple[str, ...] = T) -> ParallelText:
    return ParallelText(tag=SWH, english=english, target=target)


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "\u200b", "-", "—", "...", "…", "[]", "( )", "***", "?", "□□", "12", "3:16", "(3:16)", "v. 12",
        "[Verse 4]", "v12", "<range>", "<RANGE>", " < range > ", "&lt;range&gt;", "3:16 <range>", "<br/>", "[range]",
        "(omitted)", "[verse omitted]", "{missing}", "BLANK", "EMPTY.", "N/A", "n/a", "NaN", "[not translated]",
        "<verse 12>", "〈range〉", "１２", "#N/A", "(none)", "<unk>",
        "12a", "[Mt 17:21]", "MAT 17:21", "#REF!", "#DIV/0!", "xxx", "%s", "None", "undefined", "Not available.",
        "(see previous verse)", "[verse 12 omitted]", "[included in verse 11]", "(Not in most manuscripts)",
        "TRANSLATION MISSING", "Lorem ipsum dolor sit amet.", "見上節", "【并于上节】", "（略）", "(없음)", "〔欠〕",
    ],
)  # fmt: skip
def test_what_stands_for_no_sentence_is_told(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        "Amen.", "Range", "none", "Na", "[And he went out.]", "(He said nothing.)", "I 3:16", "Empty it.", "NO!",
        "<b>Go</b>", "是", "हाँ", "⠓⠑⠇⠇⠕", "Missing you.", "verse 4", "In verse 12 he speaks.", "Jesus wept",
        "a < b, so b > a", "None of us.", "None!", "SEE YOU", "APOLLO 11", "See verse 12.", "(You see it.)", "Xhosa",
        "The translation is missing.", "[He was missing.]", "On 3:16", "没有", "略微",
    ],
)  # fmt: skip
def test_short_sentences_are_sentences(text: str) -> None:
    assert not is_placeholder(text)


def test_placeholders_of_either_side_go_with_their_pair_and_are_counted() -> None:
    target = ("<range>", *T[1:4], "-", *T[5:])
    english = (*E[:7], "<range>", *E[8:])
    left = sentences_of(pairs(english, target), "fixed")
    kept = [n for n in range(26) if n not in (0, 4, 7)]
    assert left.english == tuple(E[n] for n in kept) and left.target == tuple(T[n] for n in kept)
    assert left.notes == ("3 of 26 items are placeholders and left out: <range> (2), - (1)",)
    assert left.revision == pairs(left.english, left.target).revision


def test_text_without_placeholders_is_the_same_text() -> None:
    left = sentences_of(pairs(), "fixed")
    assert left.revision == pairs().revision and left.notes == ()


def test_under_paper_they_stay_and_are_told() -> None:
    whole = pairs(target=("<range>", "", *T[2:]))
    left = sentences_of(whole, "paper")
    assert left.target == whole.target and left.revision == whole.revision
    assert left.notes[0] == ("2 of 26 items are placeholders and stay, as in the original: <range> (1), nothing (1)")
    assert "blank side" in left.notes[-1]


def test_one_sentence_for_all_that_is_missing_is_a_placeholder() -> None:
    left = sentences_of(pairs(target=("hakuna hapa",) * 8 + T[8:]), "fixed")
    assert left.target == T[8:] and "hakuna hapa (8)" in left.notes[0]
    turned = sentences_of(pairs(english=("nothing here",) * 8 + E[8:]), "fixed")
    assert turned.english == E[8:]


def test_translations_that_happen_to_be_equal_stay_and_many_are_told() -> None:
    left = sentences_of(pairs(target=(T[1], *T[1:])), "fixed")
    assert left.target[0] == T[1]
    assert left.notes == ("2 of 26 swh_Latn sentences are equal to that of a different English one",)
    twice = sentences_of(pairs((*E, E[0]), (*T, T[0])), "fixed")
    assert len(twice.target) == 27 and twice.notes == (), "the same pair twice is nothing to tell"


def test_too_few_sentences_are_refused_with_the_reason() -> None:
    with pytest.raises(UserError, match=r"swh_Latn: expected at least 10 sentences, got 6: 20 of 26 .*<range> \(20\)"):
        sentences_of(pairs(target=("<range>",) * 20 + T[20:]), "fixed")


def test_one_pair_many_times_is_no_test_set() -> None:
    with pytest.raises(UserError, match="at least 10 different sentences, got 3 in 30 lines"):
        sentences_of(pairs(E[:3] * 10, T[:3] * 10), "fixed")
    assert len(sentences_of(pairs(E[:3] * 10, T[:3] * 10), "paper").target) == 30


def test_labelled_texts_lose_them_with_their_labels_and_tagged_words_stay() -> None:
    text = LabelledTexts(tag=SWH, texts=("moja", "<range>", "mbili"), labels=("a", "b", "c"))
    left = sentences_of(text, "fixed")
    assert (left.texts, left.labels) == (("moja", "mbili"), ("a", "c")) and "1 of 3 texts" in left.notes[0]
    assert sentences_of(text, "paper").texts == text.texts
    words = TaggedSentences(tag=SWH, words=(("...",), ("moja",)), labels=(("PUNCT",), ("NUM",)))
    assert sentences_of(words, "fixed") is words


def test_a_reader_of_ones_own_is_read_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Reader:
        tags = (SWH,)

        def read(self, tag: LangScript) -> ParallelText:
            return pairs(target=("<range>", *T[1:]))

    monkeypatch.setattr(registry, "TASKS", dict(registry.TASKS))
    described = {"measures": "Mine.", "languages": "one", "licence": "CC0", "kind": "retrieval"}
    mine = registry.register_task(
        Task(name="mine", metric="top10_accuracy", open=lambda where: Reader(), **described)  # type: ignore[arg-type]
    )
    assert registry.TASKS["mine"] is mine
    fixed, paper = (mine.open(TaskData(protocol=name)) for name in ("fixed", "paper"))
    assert list(fixed.tags) == [SWH]
    assert len(fixed.read(SWH).target) == 25 and "<range> (1)" in fixed.read(SWH).notes[0]
    assert len(paper.read(SWH).target) == 26


def test_tasks_read_so_and_say_so(tmp_path: Path) -> None:
    for side, lines in (("eng_Latn", E), ("swh_Latn", ("<range>", *T[1:]))):
        (tmp_path / f"bible.swh_Latn-eng_Latn.{side}").write_text("\n".join(lines) + "\n")
    each = task("sr-bible")
    fixed, paper = (each.open(TaskData(data=tmp_path, protocol=name)) for name in ("fixed", "paper"))
    assert fixed.tags == paper.tags == [SWH]
    assert len(fixed.read(SWH).target) == 25 and len(paper.read(SWH).target) == 26
