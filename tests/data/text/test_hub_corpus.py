"""A dataset of the hub as a corpus: its configurations are tags, by whatever name."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pyarrow as pa
import pyarrow.csv
import pytest
from pyarrow import parquet

from langsamp.data.text.corpus import Corpus, CorpusConfig, open_corpus
from langsamp.data.text.odd_rows import OddRow
from langsamp.errors import DataMissingError, UserError
from langsamp.provenance import file_sha256, fingerprint
from tests.data.text.corpora import GERMAN, SWAHILI, folder_corpus, jsonl


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    for tag, line in ((SWAHILI, "moja"), (GERMAN, "eins")):
        (folder / str(tag)).mkdir(parents=True)
        (folder / str(tag) / "train.jsonl").write_bytes(jsonl(*({"text": f"{line} {n}"} for n in range(2500))))
    configs = "".join(
        f"- config_name: {name}\n  data_files: {tag}/train.jsonl\n"
        for name, tag in (("swh_Latn", SWAHILI), ("deu_Latn", GERMAN), ("default", GERMAN))
    )
    (folder / "README.md").write_text(f"---\nlicense: cc-by-4.0\nconfigs:\n{configs}---\nWritten for this test.\n")
    return folder


def hub_corpus(dataset: Path, **settings: Any) -> Corpus:
    return open_corpus(CorpusConfig(source=f"hub:{dataset.name}", **settings), base=dataset.parent)


def test_a_dataset_has_one_configuration_for_each_tag(dataset: Path) -> None:
    corpus = hub_corpus(dataset)
    assert corpus.tags == [GERMAN, SWAHILI]
    assert list(corpus.documents(SWAHILI)) == [f"moja {number}" for number in range(2500)]
    assert (corpus.source, corpus.licence) == ("hub:dataset", "cc-by-4.0")
    assert corpus.size(SWAHILI) == (dataset / "swh_Latn" / "train.jsonl").stat().st_size
    assert next(pickle.loads(pickle.dumps(corpus)).documents(GERMAN)) == "eins 0"
    with pytest.raises(UserError, match="has no column 'body', only text"):
        list(hub_corpus(dataset, text_column="body").documents(GERMAN))


@pytest.fixture
def renamed(dataset: Path) -> Callable[..., Path]:
    """The dataset with other names for the configurations swh_Latn and deu_Latn."""

    def rename(swahili: str, german: str) -> Path:
        card = dataset / "README.md"
        names = {"name: swh_Latn": f"name: {swahili}", "name: deu_Latn": f"name: {german}"}
        text = card.read_text()
        for old, new in names.items():
            text = text.replace(old, new)
        card.write_text(text)
        return dataset

    return rename


@pytest.mark.parametrize(
    ("swahili", "german"),
    [("swh-Latn", "deu-Latn"), ("SWH_latn", "de_Latn"), ("20231101.swh", "20231101.de"), ("swh", "de")],
)
def test_configurations_are_known_by_other_spellings(renamed: Callable[..., Path], swahili: str, german: str) -> None:
    corpus = hub_corpus(renamed(swahili, german))
    assert corpus.tags == [GERMAN, SWAHILI]
    assert next(corpus.documents(SWAHILI)) == "moja 0" and next(corpus.documents(GERMAN)) == "eins 0"
    assert corpus.size(SWAHILI) >= 1


def test_a_macrolanguages_code_gives_the_wanted_tag(renamed: Callable[..., Path]) -> None:
    folder = renamed("20231101.sw", "20231101.de")
    assert [str(tag) for tag in hub_corpus(folder).tags] == ["deu_Latn", "swa_Latn"]
    corpus = hub_corpus(folder, languages="swh_Latn")
    assert corpus.tags == [SWAHILI] and next(corpus.documents(SWAHILI)) == "moja 0"


def test_datasets_that_cannot_be_opened_are_one_line(dataset: Path) -> None:
    (dataset / "swh_Latn" / "train.jsonl").write_bytes(b"")
    with pytest.raises(UserError, match="configuration swh_Latn cannot be opened: its first file is empty"):
        list(hub_corpus(dataset).documents(SWAHILI))
    (dataset / "dataset.py").write_text("print('never run')\n")
    with pytest.raises(UserError, match="scripts are no longer supported"):
        hub_corpus(dataset)
    (dataset / "dataset.py").unlink()
    (dataset / "README.md").write_text("---\nconfigs: [1, 2\n---\n")
    with pytest.raises(UserError, match="cannot open the dataset"):
        hub_corpus(dataset)


def test_a_mapping_names_the_configurations_of_tags(renamed: Callable[..., Path]) -> None:
    folder = renamed("kiswahili", "20231101.sr")
    with pytest.raises(
        UserError, match=r"no configuration named by a tag .* `corpus.configurations: \{swh_Latn: NAME\}`"
    ):
        hub_corpus(folder)
    corpus = hub_corpus(folder, configurations={"swh_Latn": "kiswahili"})
    assert corpus.tags == [SWAHILI] and next(corpus.documents(SWAHILI)) == "moja 0"
    both = hub_corpus(folder, configurations={"swh_Latn": "kiswahili", "srp_Cyrl": "20231101.sr"})
    assert [str(tag) for tag in both.tags] == ["srp_Cyrl", "swh_Latn"] and both.fingerprint() != corpus.fingerprint()
    with pytest.raises(UserError, match=r"srp_Latn.*no tag can be told of their names \(20231101.sr\)"):
        hub_corpus(folder, configurations={"swh_Latn": "kiswahili"}, languages="srp_Latn")
    with pytest.raises(UserError, match=r"swh_Latn is mapped to 'kiswahil', .* Did you mean 'kiswahili'\?"):
        hub_corpus(folder, configurations={"swh_Latn": "kiswahil"})
    with pytest.raises(UserError, match="expected a tag like"):
        hub_corpus(folder, configurations={"swahili": "kiswahili"})
    with pytest.raises(UserError, match=r"corpus\.configurations is for datasets"):
        folder_corpus(folder, configurations={"swh_Latn": "x"})


@pytest.mark.parametrize(
    ("languages", "left_out"),
    [("all", "20231101.sr"), ("script:Latn", "20231101.sr"), ("swh_Latn", None), ("script:Deva,swh_Latn", None)],
)
def test_configurations_that_tell_no_tag_are_named_where_they_may_be_wanted(
    renamed: Callable[..., Path], languages: str, left_out: str | None
) -> None:
    corpus = hub_corpus(renamed("swh_Latn", "20231101.sr"), languages=languages)
    assert corpus.tags == [SWAHILI]
    named = f"1 configurations of hub:dataset are left out, as no tag can be told of their names ({left_out}); "
    assert corpus.remarks == () if left_out is None else corpus.remarks[0].startswith(named)


def test_a_configuration_with_a_word_for_its_name_is_left_out_of_all_with_a_word(renamed: Callable[..., Path]) -> None:
    assert "(kiswahili)" in hub_corpus(renamed("kiswahili", "deu_Latn")).remarks[0]
    assert hub_corpus(renamed("kiswahili", "deu_Latn"), languages="script:Latn").tags == [GERMAN]


def test_the_fingerprint_of_configurations_named_by_tags_is_that_of_old(dataset: Path) -> None:
    corpus = hub_corpus(dataset)
    content = {str(path.relative_to(dataset)): file_sha256(path) for path in dataset.rglob("*") if path.is_file()}
    assert corpus.fingerprint() == fingerprint([dict(sorted(content.items())), ["deu_Latn", "swh_Latn"], "text"])


def test_rows_without_text_cost_themselves(dataset: Path) -> None:
    (dataset / "swh_Latn" / "train.jsonl").write_bytes(jsonl({"text": "a"}, {"text": None}, {"text": "b"}))
    assert list(hub_corpus(dataset).documents(SWAHILI)) == ["a", "", "b"]


def test_fingerprint_of_a_dataset_names_its_content(dataset: Path, tmp_path: Path) -> None:
    first = hub_corpus(dataset).fingerprint()
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    (copy / ".git").mkdir()
    (copy / ".git" / "HEAD").write_text("main")
    assert hub_corpus(copy).fingerprint() == first
    assert hub_corpus(copy, languages="deu_Latn").fingerprint() != first
    (copy / "swh_Latn" / "train.jsonl").write_bytes(jsonl({"text": "mbili"}))
    assert hub_corpus(copy).fingerprint() != first


def test_a_damaged_dataset_is_named(dataset: Path) -> None:
    corpus = hub_corpus(dataset)
    (dataset / "swh_Latn" / "train.jsonl").write_bytes(b"\xff\xfe not JSON")
    with pytest.raises(UserError, match="hub:dataset, configuration swh_Latn cannot be read"):
        list(corpus.documents(SWAHILI))


@pytest.mark.parametrize("declared", [False, True])
def test_a_datasets_values_that_are_no_text_are_odd_rows(dataset: Path, declared: bool) -> None:
    card, files = dataset / "README.md", ["swh_Latn/train.jsonl", "swh_Latn/more.jsonl"]
    texts = card.read_text().replace("data_files: swh_Latn/train.jsonl", f"data_files: [{', '.join(files)}]")
    as_text = "dataset_info:\n- config_name: swh_Latn\n  features:\n  - name: text\n    dtype: string\nconfigs:"
    card.write_text(texts.replace("configs:", as_text) if declared else texts)
    (dataset / files[0]).write_bytes(jsonl(*({"text": text} for text in ["moja", 2, '"tatu" nne', None, "tano"])))
    (dataset / files[1]).write_bytes(jsonl({"text": 6}, {"text": 7}))
    read_texts = list(hub_corpus(dataset).documents(SWAHILI))
    assert read_texts == ["moja", "", '"tatu" nne', "", "tano", "", ""]
    assert [(text.row, text.reason) for text in read_texts if isinstance(text, OddRow)] == [
        (f"row {row}", "'text' is int, expected text") for row in (1, 5, 6)
    ]
    (dataset / files[1]).write_bytes(jsonl({"body": "nane"}))
    with pytest.raises(UserError, match="configuration swh_Latn has no column 'text', only body"):
        list(hub_corpus(dataset).documents(SWAHILI))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_datasets_text_is_what_its_file_holds(dataset: Path, kind: str, number: int) -> None:
    card, texts = dataset / "README.md", ["moja", "NA", "null", "None", "", "007", "1e3", "True", '"tatu"']
    parts = [texts, ["3"]] if number else [["3"], texts]
    names = [f"swh_Latn/{part}.{kind}" for part in range(2)]
    card.write_text(card.read_text().replace("data_files: swh_Latn/train.jsonl", f"data_files: [{', '.join(names)}]"))
    for name, column in zip(names, parts, strict=True):
        table = pa.table({"n": range(len(column)), "text": column})
        if kind == "csv":
            pa.csv.write_csv(table, dataset / name)
        else:
            parquet.write_table(table, dataset / name)
    assert list(hub_corpus(dataset).documents(SWAHILI)) == [*parts[0], *parts[1]]


def test_a_datasets_bytes_are_text_where_they_are_utf8(dataset: Path) -> None:
    parquet.write_table(pa.table({"text": [b"moja", b"\xff"]}), dataset / "swh_Latn" / "train.parquet")
    card = dataset / "README.md"
    card.write_text(card.read_text().replace("swh_Latn/train.jsonl", "swh_Latn/train.parquet"))
    first, second = hub_corpus(dataset).documents(SWAHILI)
    assert first == "moja" and isinstance(second, OddRow) and "0xff" in second.reason


def test_a_dataset_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataMissingError, match="cannot open the dataset 'owner/name@main'"):
        open_corpus(CorpusConfig(source="hub:owner/name@main"), base=tmp_path)
