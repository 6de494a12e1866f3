import pytest

from langsamp.analysis.neutrality.parallel_text import draw_parallel
from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.readers.sib200 import SIB200_LABELS
from langsamp.evaluation.tasks.task import TaskData
from langsamp.languages.tags import LangScript

VERSES = [f"verse {number}" for number in range(40)]


def say(tag, verse):
    return f"{tag} says {verse}"


@pytest.fixture
def bible(tmp_path):
    """German has all verses, French the first thirty in another order, Russian the last thirty."""
    folder = tmp_path / "sr_bible"
    folder.mkdir()
    for tag, verses in (("deu_Latn", VERSES), ("fra_Latn", VERSES[29::-1]), ("rus_Cyrl", VERSES[10:])):
        pair = folder / f"eng_Latn-{tag}"
        pair.with_suffix(".eng_Latn").write_text("".join(f"{verse}\n" for verse in verses))
        pair.with_suffix(f".{tag}").write_text("".join(f"{say(tag, verse)}\n" for verse in verses))
    return tmp_path


def draw(folder, **settings):
    return draw_parallel("sr-bible", TaskData(data=folder, seed=settings.pop("seed", 0)), **settings)


def test_only_what_all_languages_have_is_drawn_and_says_the_same(bible):
    found = draw(bible, languages="all", number=15)
    assert found.available == 20
    english = next(texts for tag, texts in found.sentences.items() if str(tag) == "eng_Latn")
    assert set(english) <= set(VERSES[10:30])
    assert len(set(english)) == 15
    for tag, texts in found.sentences.items():
        assert texts == english if str(tag) == "eng_Latn" else texts == tuple(say(tag, verse) for verse in english)


def test_without_english_the_same_sentences_are_there(bible):
    with_english, without = (draw(bible, languages=words, number=15) for words in ("all", "!eng"))
    assert without.sentences.items() <= with_english.sentences.items()


def test_the_seed_decides_and_is_kept(bible):
    first, again, other = (draw(bible, languages="all", number=15, seed=seed) for seed in (0, 0, 1))
    assert first.sentences == again.sentences
    assert first.revision == again.revision != other.revision
    assert other.seed == 1


def test_a_blank_or_repeated_sentence_is_not_common(bible):
    pair = bible / "sr_bible" / "eng_Latn-deu_Latn"
    german = [say("deu_Latn", verse) for verse in VERSES]
    german[15] = ""
    pair.with_suffix(".deu_Latn").write_text("".join(f"{line}\n" for line in german))
    pair.with_suffix(".eng_Latn").write_text("".join(f"{verse}\n" for verse in ["verse 20", *VERSES[1:]]))
    assert draw(bible, languages="deu,rus", number=10).available == 28


def test_of_the_papers_ten_those_that_are_not_there_are_named(bible):
    found = draw(bible, number=10)
    assert list(map(str, found.tags)) == ["eng_Latn", "rus_Cyrl"]
    assert sorted(found.missing) == [
        "arb_Arab", "hin_Deva", "ind_Latn", "jpn_Jpan", "spa_Latn", "swa_Latn", "tur_Latn", "zho_Hani",
    ]  # fmt: skip


def test_too_few_common_sentences_name_the_mend(bible):
    with pytest.raises(UserError, match=r"20 sentences that all 4 .* 25 were .*: ask for 20 or leave out \w+ \(then"):
        draw(bible, languages="all", number=25)
    with pytest.raises(UserError, match="expected at least 10 sentences, got 3"):
        draw(bible, languages="all", number=3)


def test_one_language_is_too_few(bible):
    with pytest.raises(UserError, match="needs two of them, sr-bible gives deu_Latn"):
        draw(bible, languages="deu", number=10)


def test_a_damaged_text_leaves_its_language_out_with_the_reason(bible):
    (bible / "sr_bible" / "eng_Latn-fra_Latn.fra_Latn").unlink()
    found = draw(bible, languages="all", number=10)
    assert "is missing" in found.missing["fra_Latn"]
    assert len(found.tags) == 3


def test_a_language_without_parallel_text_is_refused(bible):
    with pytest.raises(UserError, match=r"'swh_Latn' .* is not among"):
        draw(bible, languages="deu,swh_Latn", number=10)


def test_an_empty_folder_and_a_task_that_is_not_parallel_are_refused(tmp_path):
    with pytest.raises(DataMissingError, match="0 languages were found"):
        draw(tmp_path)
    with pytest.raises(UserError, match=r"ner do not say the same; tasks with parallel text: sr-bible"):
        draw_parallel("ner", TaskData(data=tmp_path))


def write_sib200(folder, tag, labels):
    lines = [f"{number}\t{label}\t{say(tag, number)}" for number, label in enumerate(labels)]
    (folder / "sib200" / tag).mkdir(parents=True)
    (folder / "sib200" / tag / "test.tsv").write_text("\n".join(["index_id\tcategory\ttext", *lines, ""]))


def test_sib200_is_parallel_line_by_line_where_its_labels_agree(tmp_path):
    labels = [SIB200_LABELS[number % 7] for number in range(20)]
    for tag in ("deu_Latn", "rus_Cyrl"):
        write_sib200(tmp_path, tag, labels)
    write_sib200(tmp_path, "fra_Latn", labels[::-1])
    found = draw_parallel("sib200", TaskData(data=tmp_path), languages="all", number=12)
    german, russian = found.sentences.values()
    assert [text.removeprefix("deu_Latn ") for text in german] == [text.removeprefix("rus_Cyrl ") for text in russian]
    assert found.available == 20
    assert "another order" in found.missing["fra_Latn"]


def test_a_placeholder_costs_its_sentence_and_not_its_language(tmp_path):
    labels = [SIB200_LABELS[number % 7] for number in range(20)]
    for tag in ("deu_Latn", "rus_Cyrl"):
        write_sib200(tmp_path, tag, labels)
    path = tmp_path / "sib200" / "deu_Latn" / "test.tsv"
    path.write_text(path.read_text().replace(say("deu_Latn", 3) + "\n", "<range>\n"))
    found = draw_parallel("sib200", TaskData(data=tmp_path), languages="all", number=12)
    assert found.available == 19 and not found.missing
    assert "<range>" not in found.sentences[LangScript("deu", "Latn")]


def test_embedded_sentences_need_no_data():
    found = draw_parallel("sr-cldr", TaskData(), number=20)
    assert len(found.tags) == 10
    assert found.available is None
    assert not found.missing
    assert {len(texts) for texts in found.sentences.values()} == {20}
    assert len(found.notes) == 2  # zho_Hans and swh_Latn stand for the paper's codes
