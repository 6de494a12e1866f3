"""Data sets of the hub, from folders of this machine in the same form; the real ones with the marker `network`."""

from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, Features, Sequence, Value

from langsamp.errors import DataMissingError, UserError
from langsamp.evaluation.tasks.readers.hub import find_hub_data, script_of
from langsamp.evaluation.tasks.readers.hub_tasks import hub_ner, hub_pos, hub_sib200, hub_tatoeba
from langsamp.evaluation.tasks.readers.ner import NER_LABELS, open_ner
from langsamp.evaluation.tasks.readers.pos import POS_LABELS, open_pos
from langsamp.evaluation.tasks.readers.sentence_pairs import open_parallel
from langsamp.evaluation.tasks.readers.sib200 import SIB200_LABELS, open_sib200
from langsamp.languages.tags import LangScript

DEU, ENG = LangScript("deu", "Latn"), LangScript("eng", "Latn")
WIKIANN = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
Parts = dict[str, dict[str, Dataset]]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `datasets` converts goes away with the test."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def publish(tmp_path: Path):
    """Lay out configurations as the hub does: a README that lists them, and a parquet file for each split."""

    def write(parts: Parts) -> str:
        folder = tmp_path / f"published{len(list(tmp_path.iterdir()))}"  # `datasets` caches by the last name
        lines = ["---", "configs:"]
        for configuration, splits in parts.items():
            lines += [f"- config_name: {configuration}", "  data_files:"]
            for split, rows in splits.items():
                path = folder / configuration / f"{split}-00000-of-00001.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                rows.to_parquet(path)
                lines += [f"  - split: {split}", f"    path: {configuration}/{split}-*"]
        (folder / "README.md").write_text("\n".join([*lines, "---", ""]))
        return str(folder)

    return write


def test_sib200_is_read_as_from_its_folders(publish, put):
    rows = [
        {"index_id": number, "category": label, "text": f'"Satz {number}'}
        for number, label in enumerate(SIB200_LABELS * 2)
    ]
    rows.append({"index_id": 99, "category": "travel", "text": "null"})
    splits = dict.fromkeys(("train", "validation", "test"), Dataset.from_list(rows))
    reader = open_sib200(Path(publish({"deu_Latn": splits, "default": splits})))
    assert reader.tags == reader.sources == [DEU]
    lines = ["\t".join(map(str, row.values())) + "\n" for row in rows]
    data = put("deu_Latn/test.tsv", "index_id\tcategory\ttext\n" + "".join(lines))
    assert reader.read(DEU).revision == open_sib200(data).read(DEU).revision
    assert reader.training(DEU).dev.texts == reader.read(DEU).texts
    with pytest.raises(
        UserError, match=r"published\d has no train and dev set for eng_Latn\. Tags with both: deu_Latn"
    ):
        reader.training(ENG)
    with pytest.raises(UserError, match=r"published\d has no test set for eng_Latn; it has deu_Latn"):
        reader.read(ENG)


def test_wikiann_has_numbers_for_labels_and_codes_of_wikipedia(publish, put):
    features = Features({"tokens": Sequence(Value("string")), "ner_tags": Sequence(ClassLabel(names=WIKIANN))})

    def rows(*words: str) -> Dataset:
        labels = [[1, 2, 0][: len(words)], []]
        return Dataset.from_dict({"tokens": [list(words), []], "ner_tags": labels}, features=features)

    parts = {"de": {"test": rows("Anna", "Maier", "ging"), "train": rows("Anna"), "validation": rows("Ulm")},
             "zh-yue": {"test": rows("香港")}, "simple": {"test": rows("a")}, "iu": {"test": rows("ᐃᓄᒃ")}}  # fmt: skip
    reader = open_ner(Path(publish(parts)))
    assert [str(tag) for tag in reader.tags] == ["deu_Latn", "iku_Cans", "yue_Hani"] and reader.sources == [DEU]
    assert len(reader.notes) == 1 and "simple is left out" in reader.notes[0]
    data = put("deu_Latn/test.tsv", "Anna\tB-PER\nMaier\tI-PER\nging\tO\n")
    assert reader.read(DEU).revision == open_ner(data).read(DEU).revision
    assert reader.training(DEU).train.labels == (("B-PER",),)


def test_treebanks_are_merged_and_splits_may_be_absent(publish, put):
    def rows(*words: str, upos: str = "NOUN") -> Dataset:
        return Dataset.from_dict({"tokens": [list(words)], "upos": [[upos] * len(words)]})

    parts = {"en_zeta": {"test": rows("Stop")},
             "en_alpha": {"test": rows("We", "know"), "train": rows("a"), "dev": rows("b")},
             "en_none": {"test": rows("_", "_")}, "sa_a": {"test": rows("agnim")}, "sa_b": {"test": rows("अग्निम्")},
             "de_x": {"test": rows("Haus", upos="_")}}  # fmt: skip
    name = publish(parts)
    reader = open_pos(Path(name))
    assert [str(tag) for tag in reader.tags] == ["deu_Latn", "eng_Latn", "san_Deva"] and reader.sources == [ENG]
    read = reader.read(ENG)
    data = put("eng_Latn/test.tsv", "We\tNOUN\nknow\tNOUN\n\nStop\tNOUN\n")
    assert read.revision == open_pos(data).read(ENG).revision
    assert read.notes[0] == "made of 3 treebanks" and "it comes without its text" in read.notes[1]
    sanskrit = reader.read(LangScript("san", "Deva"))
    assert sanskrit.words == (("अग्निम्",),) and "0% of its letters are Deva" in sanskrit.notes[1]
    with pytest.raises(
        UserError, match=r"configuration de_x, split test, row 0: expected one of the labels .*, got '_'"
    ):
        reader.read(DEU)
    assert hub_pos(POS_LABELS, name=name, without_label="X").read(DEU).labels == (("X",),)


def test_pairs_have_english_in_the_second_column(publish, put, tmp_path):
    pairs = {
        "sentence1": [f"Zeile {number} " for number in range(12)],
        "sentence2": [f"line {number}" for number in range(12)],
    }
    copy = tmp_path / "downloaded" / "sr-tatoeba"
    copy.parent.mkdir()
    Path(publish({"deu-eng": {"test": Dataset.from_dict(pairs)}})).rename(copy)
    reader = open_parallel("tatoeba", copy.parent)
    put("tatoeba.deu_Latn-eng_Latn.deu_Latn", "".join(f"{line}\n" for line in pairs["sentence1"]))
    data = put("tatoeba.deu_Latn-eng_Latn.eng_Latn", "".join(f"{line}\n" for line in pairs["sentence2"]))
    assert reader.tags == [DEU]
    assert reader.read(DEU) == open_parallel("tatoeba", data).read(DEU)


def test_rows_that_do_not_fit_are_named(publish):
    def reader(rows: dict[str, list[object]]):
        return hub_pos(POS_LABELS, name=publish({"de_x": {"test": Dataset.from_dict(rows)}}))

    with pytest.raises(UserError, match=r"split test: expected a column 'upos', got tokens"):
        reader({"tokens": [["a"]]}).read(DEU)
    with pytest.raises(UserError, match=r"split test, row 0: expected as many labels as words, got 1"):
        reader({"tokens": [["a", "b"]], "upos": [["X"]]}).read(DEU)
    with pytest.raises(UserError, match="empty test set"):
        reader({"tokens": [[]], "upos": [[]]}).read(DEU)
    with pytest.raises(UserError, match=r"split test, row 1: expected text in 'text', got None\. 1 of 2 rows"):
        hub_sib200(SIB200_LABELS, name=publish({"deu_Latn": {"test": Dataset.from_dict(
            {"text": ["a", None], "category": ["travel", "travel"]})}})).read(DEU)  # fmt: skip


def test_an_odd_row_costs_itself_and_is_named(publish):
    features = Features({"tokens": Sequence(Value("string")), "ner_tags": Sequence(ClassLabel(names=WIKIANN))})
    rows = {"tokens": [["Ulm"]] * 10 + [None, ["Ulm"]], "ner_tags": [[5]] * 10 + [None, [5, 5]]}
    read = hub_ner(NER_LABELS, name=publish({"de": {"test": Dataset.from_dict(rows, features=features)}})).read(DEU)
    assert read.words == (("Ulm",),) * 10 and read.labels == (("B-LOC",),) * 10
    assert (
        len(read.notes) == 1
        and "1 of 11 sentences" in read.notes[0]
        and "row 11: expected as many labels as" in read.notes[0]
    )
    texts = {"text": ["a"] * 10 + [None, "c"], "category": ["travel"] * 11 + ["Science/Technology"]}
    read = hub_sib200(SIB200_LABELS, name=publish({"deu-Latn": {"test": Dataset.from_dict(texts)}})).read(DEU)
    assert len(read) == 11 and read.labels[-1] == "science/technology"
    assert "1 of 12 rows" in read.notes[1] and "row 10: expected text in 'text', got None" in read.notes[1]
    pairs = {"sentence1": ["a"] * 11, "sentence2": ["b"] * 10 + [None]}
    pair = hub_tatoeba(name=publish({"deu-eng": {"test": Dataset.from_dict(pairs)}})).read(DEU)
    assert len(pair.target) == len(pair.english) == 10 and "row 10: expected text in 'sentence2'" in pair.notes[0]


def test_scripts_are_those_of_the_paper_or_the_only_one_known():
    assert script_of("zho", "ner") == "Hani" and script_of("san", "pos") == "Deva"
    assert script_of("mol", "ner") is None


def test_a_data_set_that_cannot_be_reached_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DataMissingError, match=r"nobody/nothing cannot be read: .*or give a folder of files"):
        find_hub_data("nobody/nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataMissingError, match="cannot be read"):
        find_hub_data(str(tmp_path / "empty"))
    with pytest.raises(DataMissingError, match="sr-bible needs pairs of files"):
        open_parallel("bible", "hub")


@pytest.mark.network
@pytest.mark.parametrize(
    ("reader", "items"), [(open_sib200, (701, 99, 204)), (open_ner, (20000, 10000, 10000)), (open_pos, None)]
)
def test_the_data_sets_of_the_hub_are_as_described(reader, items):
    opened = reader("hub")
    training, test = opened.training(ENG), opened.read(ENG)
    found = (len(training.train), len(training.dev), len(test))
    assert found == items if items else min(found) > 2000


@pytest.mark.network
def test_the_pairs_of_the_hub_are_as_described():
    assert len(open_parallel("tatoeba", "hub").read(DEU).target) == 1000
