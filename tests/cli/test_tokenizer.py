"""`langsamp tokenizer`: what each verb writes and says, and one line for each mistake."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer

from langsamp.data.tokens.tokenizer import load_tokenizer, tokenizer_fingerprint
from tests.tiny_run import TinyRun, complaint, documents, said, write_lines
from tests.vocabularies import TAGS, byte_bpe, unigram, wordpiece, write_mlm

NEW = ("deu_Latn", "eng_Latn", "fin_Latn", "ind_Latn", "rus_Cyrl", "tur_Latn", "vie_Latn")
ROWS = 201
"""Entries of the tokenizer and rows of the table of `whole`."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `whole`, `text` of two of its tags, and `new` of two tags that it does not know."""
    root = tmp_path_factory.mktemp("tokenizer")
    write_mlm(root / "whole", unigram())
    for folder, tags in (("text", TAGS[1:]), ("new", NEW)):
        (root / folder).mkdir()
        for tag in tags:
            write_lines(root / folder / f"{tag}.txt", documents(tag, 300))
    return root


def read(words: str) -> dict[str, object]:
    return json.loads(words)  # type: ignore[no-any-return]


def test_trim_and_back(root: Path, tmp_path: Path) -> None:
    words = ["tokenizer", "trim", root / "whole", "--text", root / "text", "--min-count", 1, "--out", tmp_path / "cut"]
    answer = said(*words)
    assert "100.00% of" in answer
    assert "seconds of a step" in answer
    before, after = (AutoTokenizer.from_pretrained(folder) for folder in (root / "whole", tmp_path / "cut"))
    assert len(after) < len(before)
    said("tokenizer", "trim", tmp_path / "cut", "--untrim", root / "whole", "--out", tmp_path / "back")
    assert AutoTokenizer.from_pretrained(tmp_path / "back").get_vocab() == before.get_vocab()
    ids = torch.arange(4, 20).view(1, -1)
    encoders = [AutoModel.from_pretrained(folder).eval() for folder in (root / "whole", tmp_path / "back")]
    assert torch.equal(*(encoder(ids).last_hidden_state for encoder in encoders))


def test_kept_pieces_and_words_are_kept(root: Path, tmp_path: Path) -> None:
    word = documents("hin_Deva", 1)[0].split()[0]
    write_lines(tmp_path / "keep.txt", [word])
    words = ["tokenizer", "trim", root / "whole", "--text", root / "text", "--coverage", 0.5, "--no-measure-step"]
    sizes = [
        read(said(*words, *more, "--json", "--out", tmp_path / str(len(more))))["pieces"]
        for more in ([], ["--keep", tmp_path / "keep.txt"])
    ]
    kept = AutoTokenizer.from_pretrained(tmp_path / "2")
    assert kept.tokenize(word) == AutoTokenizer.from_pretrained(root / "whole").tokenize(word)
    assert sizes[0][1] <= sizes[1][1] < sizes[0][0]  # type: ignore[index]


def test_extend_says_what_each_tag_gains(root: Path, tmp_path: Path) -> None:
    words = ["tokenizer", "extend", root / "whole", "--text", root / "new", "--pieces", 300, "--out", tmp_path / "more"]
    report = read(said(*words, "--json"))
    assert report["pieces"][1] > report["pieces"][0]  # type: ignore[index]
    for before, after in report["tags"].values():  # type: ignore[attr-defined]
        assert before["pieces_per_word"] > after["pieces_per_word"]
    facts = read(said("tokenizer", "inspect", tmp_path / "more", "--text", root / "new", "--json"))
    assert facts == {tag: pair[1] for tag, pair in report["tags"].items()}  # type: ignore[attr-defined]


def test_inspect_names_special_tokens_and_every_tag(root: Path) -> None:
    answer = said("tokenizer", "inspect", root / "whole", "--text", root / "text")
    assert "Unigram" in answer
    assert "<mask> 200" in " ".join(answer.split())
    assert "kmr_Cyrl" in answer


def test_train_gives_the_recipe_s_tokenizer(tiny_run: TinyRun, tmp_path: Path) -> None:
    said(
        "tokenizer", "train", "--text", tiny_run.root / "text", "--vocab-size", 400, "--row-tokens", 32,
        "--out", tmp_path / "made",
    )  # fmt: skip
    (recipe_s,) = tiny_run.out.glob("**/rows/tokenizer")
    made, expected = load_tokenizer(str(tmp_path / "made")), load_tokenizer(str(recipe_s))
    assert tokenizer_fingerprint(made) == tokenizer_fingerprint(expected)


def _smaller(model: Path) -> None:
    weights = load_file(model / "model.safetensors")
    name = "roberta.embeddings.word_embeddings.weight"
    weights[name] = torch.cat([weights[name], weights[name]])
    save_file(weights, model / "model.safetensors", {"format": "pt"})


def _larger(model: Path) -> None:
    weights = load_file(model / "model.safetensors")
    cut = {name: tensor[:-9].clone() if tensor.shape[0] == ROWS else tensor for name, tensor in weights.items()}
    save_file(cut, model / "model.safetensors", {"format": "pt"})


def _of_another(model: Path) -> None:
    wordpiece().save_pretrained(model)


def _without_mask(model: Path) -> None:
    settings = json.loads((model / "tokenizer_config.json").read_text())
    del settings["mask_token"]
    (model / "tokenizer_config.json").write_text(json.dumps(settings))


def _without_weights(model: Path) -> None:
    (model / "model.safetensors").unlink()


def _cut_short(model: Path) -> None:
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])


BAD_MODELS: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "vocabulary smaller than the embedding": (_smaller, 1, "far fewer than the embedding table's 402 rows"),
    "vocabulary larger than the embedding": (_larger, 1, "the embedding table 192 rows"),
    "tokenizer of another model": (_of_another, 1, "it is that of another model"),
    "no mask token": (_without_mask, 1, "has no mask_token"),
    "no weights": (_without_weights, 1, "holds no weights"),
    "weights cut short": (_cut_short, 6, "is cut short or no safetensors file"),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_a_model_that_does_not_fit_together_is_refused(root: Path, tmp_path: Path, case: str) -> None:
    spoil, code, part = BAD_MODELS[case]
    shutil.copytree(root / "whole", tmp_path / "bad")
    spoil(tmp_path / "bad")
    for words in (["trim"], ["extend", "--pieces", 300]):
        message = complaint(
            "tokenizer", *words, tmp_path / "bad", "--text", root / "text", "--out", tmp_path / "out", code=code
        )
        assert part in message
        assert message.count("\n") == 1
    assert not (tmp_path / "out").exists()


BAD_WORDS: dict[str, tuple[list[object], str]] = {
    "neither text nor original": (["trim", "whole"], "give --text FOLDER"),
    "two measures": (["trim", "whole", "--text", "text", "--coverage", 0.9, "--min-count", 2], "give either a share"),
    "a share over one": (["trim", "whole", "--text", "text", "--coverage", 99.8], "a share of tokens, above 0"),
    "no count": (["trim", "whole", "--text", "text", "--min-count", 0], "--min-count is 1 or more"),
    "a padding of none": (["trim", "whole", "--text", "text", "--pad-to", 0], "--pad-to is 1 or more"),
    "no such rows": (["extend", "whole", "--text", "new", "--pieces", 300, "--rows", "meen"], "Did you mean 'mean'?"),
    "bytes": (["extend", "bytes", "--text", "new", "--pieces", 300], "a BPE vocabulary cannot be extended"),
    "another original": (["trim", "whole", "--untrim", "words"], "was not cut from"),
}


@pytest.mark.parametrize("case", BAD_WORDS)
def test_what_cannot_be_done_is_one_line(root: Path, tmp_path: Path, case: str) -> None:
    words, part = BAD_WORDS[case]
    for name, make in (("bytes", byte_bpe), ("words", wordpiece)):
        if name in words and not (root / name).exists():
            write_mlm(root / name, make(), "bert" if name == "words" else "roberta")
    named = [root / word if (root / str(word)).is_dir() else word for word in words]
    message = complaint("tokenizer", *named, "--out", tmp_path / "out")
    assert part in message
    assert message.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_piece_to_keep_that_cannot_be_written_is_named(root: Path, tmp_path: Path) -> None:
    write_lines(tmp_path / "keep.txt", [documents("hin_Deva", 1)[0], "ⴰⵣⵓⵍ"])
    words = ["tokenizer", "trim", root / "whole", "--text", root / "text", "--keep", tmp_path / "keep.txt"]
    assert "line 2 of the pieces to keep, 'ⴰⵣⵓⵍ'" in complaint(*words, "--out", tmp_path / "out")
    assert "keep.tx cannot be read" in complaint(*words[:-1], tmp_path / "keep.tx", "--out", tmp_path / "out", code=4)


def test_an_extension_that_learns_nothing_is_refused(root: Path, tmp_path: Path) -> None:
    words = ["--text", root / "new", "--pieces", 300, "--seed", 1]
    said("tokenizer", "extend", root / "whole", *words, "--out", tmp_path / "once")
    message = complaint("tokenizer", "extend", tmp_path / "once", *words, "--out", tmp_path / "twice")
    assert "learned nothing" in message
    assert not (tmp_path / "twice").exists()


def test_a_folder_that_holds_something_is_left(root: Path, tmp_path: Path) -> None:
    write_lines(tmp_path / "mine.txt", ["mine"])
    words = ["tokenizer", "trim", root / "whole", "--text", root / "text", "--out", tmp_path]
    assert "is not empty; name a new folder" in complaint(*words)
