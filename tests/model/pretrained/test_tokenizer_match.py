"""Laws of the match: another model's tokenizer is refused where anything shows it, and nothing else is."""

from pathlib import Path

import pytest
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, PreTrainedTokenizerFast

from langsamp.data.tokens.tokenizer import open_tokenizer
from langsamp.errors import UserError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.build import ModelConfig, build_model
from langsamp.model.pretrained.tokenizer_match import check_match, unread_pieces
from tests.tiny_parts import SPECIALS, WORDS, tiny_mlm

IDS = LanguageIds.of([LangScript("deu", "Latn")])


def word_level(tokens: list[str], *, names: tuple[str, ...] = SPECIALS) -> PreTrainedTokenizerFast:
    """A tokenizer whose ids are the places in `tokens`; `names` are start, padding, end, unknown, mask."""
    start, padding, end, unknown, mask = names
    vocabulary = {token: number for number, token in enumerate(tokens)}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, vocabulary[start]), (end, vocabulary[end])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, cls_token=start, pad_token=padding, sep_token=end, unk_token=unknown, mask_token=mask
    )


OWN = [*SPECIALS, *WORDS]
BERT = ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]")


def doubts(other: PreTrainedTokenizerFast, folder: Path) -> tuple[str, ...]:
    tiny_mlm("xlm-roberta").save_pretrained(folder)
    word_level(OWN).save_pretrained(folder)
    config = ModelConfig(init=str(folder))
    model = build_model(config, tokenizer=other, ids=IDS, variant="none", row_tokens=24, seed=0)
    expected = (f"the model continues from {folder}", f"the LM head of {folder} was never trained")
    return tuple(each for each in model.start if not each.startswith(expected))


def test_a_copy_and_one_with_a_few_renamed_tokens_are_accepted(tmp_path: Path) -> None:
    assert not doubts(word_level(OWN), tmp_path / "a")
    many = [*OWN, *(f"extra{number}" for number in range(200))]
    renamed = [*many[:-1], "new"]
    config = AutoConfig.for_model("xlm-roberta", vocab_size=len(many))
    (note,) = check_match(word_level(renamed), config, model=tmp_path, stored=word_level(many))
    assert "1 ids stand for other pieces" in note


def test_a_tokenizer_that_reads_tones_and_vowel_signs_as_nothing_is_doubted(tmp_path: Path) -> None:
    config = AutoConfig.for_model("bert", vocab_size=len(OWN))
    for normalizer, is_told in (
        (normalizers.NFKC(), False),
        (normalizers.BertNormalizer(strip_accents=False, lowercase=True), False),
        (normalizers.BertNormalizer(strip_accents=None, lowercase=True), True),
        (normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Prepend("▁")]), True),
    ):
        uncased = word_level(OWN)
        uncased.backend_tokenizer.normalizer = normalizer
        notes = check_match(uncased, config, model=tmp_path)
        assert ["drops accents and vowel signs" in note for note in notes] == [True] * is_told


@pytest.mark.parametrize(
    ("tokens", "names", "message"),
    [
        ([*SPECIALS, *reversed(WORDS)], SPECIALS, "54 of 60 ids stand for other pieces"),
        ([*SPECIALS, "moved", *WORDS[:-1]], SPECIALS, "55 of 60 ids stand for other pieces"),
        (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS], BERT, "ids stand for other pieces"),
    ],
)
def test_another_models_tokenizer_is_refused(
    tokens: list[str], names: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        doubts(word_level(tokens, names=names), tmp_path)


def test_without_a_tokenizer_beside_the_model_special_tokens_decide() -> None:
    config = AutoConfig.for_model("xlm-roberta", vocab_size=60)
    other = word_level(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS], names=BERT)
    with pytest.raises(UserError, match=r"pad_token_id 1 in config\.json, \[PAD\] has 0"):
        check_match(other, config, model=Path("model"))
    unsaid = AutoConfig.for_model("bert", vocab_size=60)
    assert not check_match(word_level(OWN), unsaid, model=Path("model")), "a BERT config names its padding alone"


def test_a_table_that_is_mostly_unused_is_doubted_and_a_padded_one_is_not() -> None:
    for rows, notes in ((64, 0), (128, 1)):
        config = AutoConfig.for_model("xlm-roberta", vocab_size=rows)
        assert len(check_match(word_level(OWN), config, model=Path("model"))) == notes


def test_pieces_that_only_the_sentencepiece_model_has_are_told(tmp_path: Path) -> None:
    sentences = [" ".join(WORDS[start : start + 9]) for start in range(0, 45, 3)] * 4
    SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_prefix=str(tmp_path / "sentencepiece.bpe"), vocab_size=45,
        model_type="unigram", minloglevel=2, hard_vocab_limit=False,
    )  # fmt: skip
    assert unread_pieces(tmp_path, word_level(SPECIALS)) == [], "alone it is what is read"
    model = SentencePieceProcessor(model_file=str(tmp_path / "sentencepiece.bpe.model"))
    pieces = [model.id_to_piece(number) for number in range(3, model.get_piece_size())]
    word_level([*SPECIALS, *pieces]).save_pretrained(tmp_path)
    assert unread_pieces(tmp_path, open_tokenizer(tmp_path)) == []
    word_level([*SPECIALS, *pieces[:-2]]).save_pretrained(tmp_path)
    (note,) = unread_pieces(tmp_path, open_tokenizer(tmp_path))
    assert note.startswith(f"2 of the {len(pieces)} pieces of") and "not in tokenizer.json beside it" in note


def test_where_the_tokenizer_beside_the_weights_cannot_be_read_its_pieces_are_no_matter(tmp_path: Path) -> None:
    tiny_mlm("xlm-roberta").save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"cut short")
    model = build_model(
        ModelConfig(init=str(tmp_path)), tokenizer=word_level(OWN), ids=IDS, variant="none", row_tokens=24, seed=0
    )
    assert model.start[0] == f"the model continues from {tmp_path}"
