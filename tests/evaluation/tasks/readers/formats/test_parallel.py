"""Parallel text is read whole and aligned, or the language fails with its reason."""

import gzip
import lzma

import pytest
import zstandard

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.readers.formats.parallel import PairFiles, ParallelText
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.evaluation.tasks.task import TaskData
from langsamp.languages.tags import LangScript

DEU = LangScript("deu", "Latn")
PACKED = {".gz": gzip.compress, ".xz": lzma.compress, ".zst": zstandard.ZstdCompressor().compress}


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
    (tmp_path / "eval" / "bible.deu_Latn-eng_Latn.deu_Latn").write_text("again\n")
    with pytest.raises(UserError, match=r"deu_Latn has two texts: .* and .*; keep one"):
        PairFiles.find("bible", tmp_path / "eval").read(DEU)


SWAHILI, ENGLISH_LINES = [f"sentensi ya {i}" for i in range(12)], [f"line {i}" for i in range(12)]


@pytest.mark.parametrize(
    ("english", "target", "tag"),
    [
        ("tatoeba.swh-eng.eng", "tatoeba.swh-eng.swh", "swh_Latn"),
        ("tatoeba/sw-en.en", "tatoeba/sw-en.sw", "swa_Latn"),
        ("tatoeba.swh-Latn-eng-Latn.eng-Latn", "tatoeba.swh-Latn-eng-Latn.swh-Latn", "swh_Latn"),
        ("Tatoeba.eng_latn-SWH_LATN.eng_latn", "Tatoeba.eng_latn-SWH_LATN.SWH_LATN", "swh_Latn"),
        ("sr_tatoeba/eng-swh.eng", "sr_tatoeba/eng-swh.swh", "swh_Latn"),
        ("tatoeba.swh-eng.eng.gz", "tatoeba.swh-eng.swh", "swh_Latn"),
        ("tatoeba.swh-eng.eng.xz", "tatoeba.swh-eng.swh.zst", "swh_Latn"),
    ],
)
def test_released_names_are_read(english, target, tag, tmp_path):
    for name, lines in ((english, ENGLISH_LINES), (target, SWAHILI)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        content = "".join(f"{line}\n" for line in lines).encode()
        path.write_bytes(PACKED.get(path.suffix, bytes)(content))
    reader = PairFiles.find("tatoeba", tmp_path)
    assert list(map(str, reader.tags)) == [tag] and not reader.notes
    text = reader.read(reader.tags[0])
    assert (list(text.english), list(text.target), text.notes) == (ENGLISH_LINES, SWAHILI, ())


def test_codes_get_their_script_from_the_text_and_odd_names_are_told(tmp_path):
    for code, line in (("srp", "добар дан"), ("cmn", "你好"), ("xx", "a"), ("deu", "12")):
        for side in (code, "eng"):
            (tmp_path / f"tatoeba.{code}-eng.{side}").write_text(f"{line}\n" * 12)
    (tmp_path / "tatoeba.fra-eng.eng").write_text("a\n" * 12)
    (tmp_path / "tatoeba.fra-deu.fra").write_text("a\n" * 12)
    reader = PairFiles.find("tatoeba", tmp_path)
    assert list(map(str, reader.tags)) == ["cmn_Hani", "srp_Cyrl"] and len(reader.notes) == 3
    for what in ("'xx' is no code of a language", "no letters to tell it by", "tatoeba.fra-eng.fra, is missing"):
        assert any(what in note for note in reader.notes), what


def test_a_line_that_is_no_utf8_costs_its_pair(write_pair, tmp_path):
    write_pair("deu_Latn", ENGLISH_LINES, SWAHILI)
    path = tmp_path / "data" / "bible.deu_Latn-eng_Latn.deu_Latn"
    path.write_bytes(path.read_bytes().replace(b"sentensi ya 3", b"sch\xf6n"))
    text = PairFiles.find("bible", tmp_path / "data").read(DEU)
    assert text.english == tuple(ENGLISH_LINES[:3] + ENGLISH_LINES[4:]) and len(text.target) == 11
    assert text.notes == (
        "1 of 12 pairs of lines cannot be read and are left out: data/bible.deu_Latn-eng_Latn.deu_Latn, line 4: "
        "byte 3 of the line (0xf6) is no UTF-8",
    )


@pytest.mark.parametrize("inside", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r"])
def test_only_a_line_feed_ends_a_line(inside, tmp_path):
    target = [f"sentensi{inside}ya {i}" for i in range(12)]
    for side, lines, end in (("eng_Latn", ENGLISH_LINES, "\r\n"), ("swh_Latn", target, "\n")):
        (tmp_path / f"bible.swh_Latn-eng_Latn.{side}").write_bytes((end.join(lines) + end * 3).encode())
    reader = PairFiles.find("bible", tmp_path)
    text = reader.read(reader.tags[0])
    assert (text.english, text.target, text.notes) == (tuple(ENGLISH_LINES), tuple(target), ())  # no end is an item


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
    (data / "bible.deu_Latn-eng_Latn.eng_Latn").write_bytes(b"good\nbad\n")
    with pytest.raises(UserError, match=r"deu_Latn, line 2: byte 4 of the line \(0xe9\) is no UTF-8.* 1 of 2 pairs"):
        PairFiles.find("bible", data).read(DEU)
    (data / "bible.deu_Latn-eng_Latn.eng_Latn").unlink()
    with pytest.raises(UserError, match=r"eng_Latn is missing, though the other file"):
        PairFiles.find("bible", data).read(DEU)


@pytest.mark.parametrize("name", ["sr-bible", "sr-tatoeba"])
def test_absent_data_say_where_they_come_from(name, tmp_path):
    for data in (None, tmp_path, tmp_path / "absent"):
        with pytest.raises(DataMissingError, match=rf"{name} needs pairs of files .* Name each pair .*<tag>-eng_Latn"):
            task(name).open(TaskData(data=data))


def test_one_file_for_each_language_is_no_pair(tmp_path):
    for tag in ("eng_Latn", "swh_Latn"):
        (tmp_path / f"{tag}.dev").write_text("a\n" * 12)
    with pytest.raises(
        DataMissingError, match=r"eng_Latn.dev is one file for one language, which is no pair.* Name each"
    ):
        PairFiles.find("tatoeba", tmp_path)


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
