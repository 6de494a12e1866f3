"""Parallel text is read whole and aligned, or the language fails with its reason."""

import pytest

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.readers.parallel import PairFiles, ParallelText
from langsamp.evaluation.task import TaskData
from langsamp.evaluation.tasks import TASKS, task
from langsamp.languages.tags import LangScript

DEU = LangScript("deu", "Latn")


def test_both_layouts_are_found_and_give_the_same_text(tmp_path, write_pair):
    english, german = [f"line {i}" for i in range(12)], [f"Zeile {i}" for i in range(12)]
    write_pair("deu_Latn", english, german)
    (tmp_path / "data" / "tatoeba.swh_Latn-eng_Latn.swh_Latn").write_text("of another task\n")
    (tmp_path / "data" / "README.md").write_text("no text")
    folder = tmp_path / "eval" / "sr_bible"
    folder.mkdir(parents=True)
    (folder / "eng_Latn-deu_Latn.deu_Latn").write_bytes("\r\n".join(german).encode("utf-8-sig"))
    (folder / "eng_Latn-deu_Latn.eng_Latn").write_text("\n".join(english) + "\n")
    (folder / "eng_Latn-deu_Latn.ids").write_text("40001001\n")
    (folder / "MANIFEST.tsv").write_text("tag\n")
    readers = [PairFiles.find("bible", path) for path in (tmp_path / "data", tmp_path / "eval", folder)]
    assert all(reader.tags == [DEU] for reader in readers)
    texts = [reader.read(DEU) for reader in readers]
    assert texts[0] == texts[1] == texts[2] == ParallelText(tag=DEU, english=tuple(english), target=tuple(german))
    with pytest.raises(UserError, match="deu_Latn has two texts for sr-bible"):
        (tmp_path / "eval" / "bible.deu_Latn-eng_Latn.deu_Latn").write_text("again\n")
        PairFiles.find("bible", tmp_path / "eval")


def test_the_revision_follows_every_character_of_both_sides():
    english, target = [f"e{i}" for i in range(10)], [f"t{i}" for i in range(10)]
    revisions = {
        ParallelText(tag=DEU, english=tuple(e), target=tuple(t)).revision
        for e, t in (
            (english, target),
            ([*english[:9], "e9."], target),
            (english, [*target[:9], "T9"]),
            (target, english),
            (english[::-1], target[::-1]),
        )
    }
    assert len(revisions) == 5
    assert ParallelText(tag=DEU, english=tuple(english), target=tuple(target)).revision in revisions


def test_blank_lines_stay_items(write_pair, tmp_path):
    write_pair("deu_Latn", ["", *"abcdefghij"], ["", *"klmnopqrs", "\u00a0"])
    text = PairFiles.find("bible", tmp_path / "data").read(DEU)
    assert (
        len(text.target) == 11
        and text.notes == ("2 of 11 items have a blank side and count all the same",)
        and text.target[10] == ""
    )


def test_text_that_cannot_be_used_is_named(write_pair, tmp_path):
    data = tmp_path / "data"
    write_pair("deu_Latn", ["a"] * 12, ["b"] * 11)
    with pytest.raises(UserError, match="as many English lines as deu_Latn lines, got 12 and 11"):
        PairFiles.find("bible", data).read(DEU)
    write_pair("deu_Latn", ["a"] * 9, ["b"] * 9)
    with pytest.raises(UserError, match="at least 10 sentences, got 9"):
        PairFiles.find("bible", data).read(DEU)
    (data / "bible.deu_Latn-eng_Latn.deu_Latn").write_bytes(b"gut\nschl\xe9cht\n")
    with pytest.raises(UserError, match=r"deu_Latn, line 2: byte 0xe9 at offset 8 is no UTF-8"):
        PairFiles.find("bible", data).read(DEU)
    (data / "bible.deu_Latn-eng_Latn.eng_Latn").unlink()
    with pytest.raises(UserError, match=r"eng_Latn is missing, though the other file"):
        PairFiles.find("bible", data).read(DEU)


@pytest.mark.parametrize("name", ["sr-bible", "sr-tatoeba"])
def test_absent_data_say_where_they_come_from(name, tmp_path):
    for data in (None, tmp_path, tmp_path / "absent"):
        with pytest.raises(DataMissingError, match=rf"{name} needs pairs of files .* Name each pair .*<tag>-eng_Latn"):
            task(name).open(TaskData(data=data))


def test_tasks_are_found_by_name_and_only_good_matches_are_suggested():
    assert task("sr-bible") is TASKS["sr-bible"]
    with pytest.raises(UserError, match=r"no task 'sr-tatoba'\. Did you mean 'sr-tatoeba'\? Tasks: sr-bible"):
        task("sr-tatoba")
    with pytest.raises(UserError, match=r"no task 'taxi'\. Tasks:"):
        task("taxi")


def test_embedded_text_is_parallel_and_has_no_digits():
    reader = task("sr-cldr").open(TaskData())
    assert DEU in reader.tags and LangScript("eng", "Latn") not in reader.tags
    text = reader.read(DEU)
    assert len(text.english) == len(text.target) >= 100 and text.notes == ()
    assert not any(character.isdigit() for sentence in (*text.english, *text.target) for character in sentence)
    assert text.revision == task("sr-cldr").open(TaskData()).read(DEU).revision
    assert text.revision != task("sr-cldr").open(TaskData(seed=1)).read(DEU).revision
