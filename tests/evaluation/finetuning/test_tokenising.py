"""Laws of tokenising: every word keeps its label, nothing is cut in silence, the same text is tokenised once."""

import json
import shutil
from itertools import pairwise

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertTokenizer,
    DebertaV2Tokenizer,
    PreTrainedTokenizerFast,
    RobertaTokenizer,
    XLMRobertaTokenizer,
)

from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.data.tokens.unigram import train_tokenizer
from langsamp.errors import UserError
from langsamp.evaluation.finetuning.tokenising import TokenCache, Tokeniser
from langsamp.evaluation.tasks.examples import LabelledTexts, TaggedSentences
from langsamp.languages.tags import LangScript

ENGLISH = LangScript("eng", "Latn")
LINES = ["the cat sat on the mat", "a dog and the cat sat there", "on and on sat a mat, the dog's", "cats, dogs (mats)"]
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
INVISIBLE = "\xad"


def _fast(backend):
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        special_tokens=[("<s>", backend.token_to_id("<s>")), ("</s>", backend.token_to_id("</s>"))],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", cls_token="<s>", pad_token="<pad>", eos_token="</s>",
        sep_token="</s>", unk_token="<unk>", mask_token="<mask>",
    )  # fmt: skip


def _unigram():
    """Ours, with bytes for rare characters."""
    config = TokenizerConfig(vocab_size=306, byte_fallback=True)
    return train_tokenizer(LINES * 20, config, row_tokens=64)


def _byte_level():
    """Like RoBERTa's and ModernBERT's: the space before a word belongs to its token."""
    backend = Tokenizer(models.BPE(unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=SPECIALS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    backend.train_from_iterator(LINES * 20, trainer)
    return _fast(backend)


def _word_piece():
    """Like BERT's."""
    backend = Tokenizer(models.WordPiece(unk_token="<unk>"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.train_from_iterator(LINES * 20, trainers.WordPieceTrainer(vocab_size=90, special_tokens=SPECIALS))
    return _fast(backend)


def _metaspace():
    """Like those of SentencePiece models that are converted, which prepend the space themselves."""
    backend = Tokenizer(models.Unigram([(token, -9.0) for token in [*SPECIALS, "▁", *"abcdefghmnorst'(),", "▁the"]], 3))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    backend.decoder = decoders.Metaspace(prepend_scheme="always")
    return _fast(backend)


def _space_replaced():
    """Like Gemma's: no pre-tokenizer, spaces become a sign and are not prepended."""
    backend = Tokenizer(models.BPE(unk_token="<unk>"))
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.decoder = decoders.Replace("▁", " ")
    trainer = trainers.BpeTrainer(vocab_size=60, special_tokens=SPECIALS)
    backend.train_from_iterator([f" {word}" for line in LINES for word in line.split()] * 20, trainer)
    return _fast(backend)


def _vocabulary(tokenizer, *, renamed=False):
    found = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    pieces = found["vocab"]
    if isinstance(pieces, list):
        return [(piece, score) for piece, score in pieces if not piece.startswith("<0x")], None
    names = {token: f"[{name}]" for token, name in zip(SPECIALS, ("CLS", "PAD", "SEP", "UNK", "MASK"), strict=True)}
    if renamed:
        pieces = {names.get(piece, piece): number for piece, number in pieces.items()}
    return pieces, [tuple(merge) for merge in found.get("merges", ())]


def _roberta():
    pieces, merges = _vocabulary(_byte_level())
    return RobertaTokenizer(vocab=pieces, merges=merges)


def _bert():
    return BertTokenizer(vocab=_vocabulary(_word_piece(), renamed=True)[0])


def _xlm_roberta():
    return XLMRobertaTokenizer(vocab=_vocabulary(_unigram())[0])


def _deberta():
    specials = [(f"[{name}]", 0.0) for name in ("PAD", "CLS", "SEP", "UNK")]
    pieces = [pair for pair in _vocabulary(_unigram())[0] if not pair[0].startswith("<")]
    return DebertaV2Tokenizer(vocab=[*specials, *pieces])


FAMILIES = {
    "unigram": _unigram, "byte-level": _byte_level, "word-piece": _word_piece, "metaspace": _metaspace,
    "space-replaced": _space_replaced, "roberta": _roberta, "bert": _bert, "xlm-roberta": _xlm_roberta,
    "deberta-v2": _deberta,
}  # fmt: skip
"""Ways of cutting words, and stock classes of transformers."""


@pytest.fixture(scope="module", params=list(FAMILIES))
def family(request, tmp_path_factory):
    tokenizer = FAMILIES[request.param]()
    folder = tmp_path_factory.mktemp(request.param)
    tokenizer.save_pretrained(folder)
    return tokenizer, folder


@pytest.fixture
def words_folder(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path / "words")
    return tmp_path / "words"


def make(tokenizer, folder, *, window=64, method="words", cache=None, vocabulary_size=1000):
    return Tokeniser(
        tokenizer, folder, window=window, method=method, vocabulary_size=vocabulary_size, cache=cache or TokenCache()
    )


def sentences(*lines):
    words = tuple(tuple(line.split(" ")) for line in lines)
    return TaggedSentences(tag=ENGLISH, words=words, labels=tuple(("O",) * len(each) for each in words))


def texts(*lines):
    return LabelledTexts(tag=ENGLISH, texts=lines, labels=("a",) * len(lines))


def unpacked(tokens):
    """Of each sequence: its token ids, and where the first token of each of its words stands."""
    return [
        (tokens.ids[first:last].tolist(), tokens.heads[one:other].tolist())
        for (first, last), (one, other) in zip(pairwise(tokens.starts), pairwise(tokens.places), strict=True)
    ]


@pytest.mark.parametrize("method", ["words", "words alone"])
def test_words_become_what_they_are_in_running_text(family, method):
    tokenizer, folder = family
    made = make(tokenizer, folder, method=method).tokens(sentences(*LINES))
    ends = 2 if method == "words alone" else 1
    for (ids, heads), line in zip(unpacked(made), LINES, strict=True):
        words = line.split(" ")
        # one word before makes all of them stand inside a text
        inside = tokenizer(f"the {line}", add_special_tokens=False)["input_ids"]
        before = len(tokenizer("the", add_special_tokens=False)["input_ids"])
        assert ids[1:-ends] == inside[before:]
        assert ids[0] == tokenizer.cls_token_id and ids[-ends:] == [tokenizer.sep_token_id] * ends
        assert len(heads) == len(words) and heads[0] == 1
        for word, (first, last) in zip(words, pairwise([*heads, len(ids) - ends]), strict=True):
            assert tokenizer.decode(ids[first:last]).replace(" ", "") == word
    assert made.notes == () and made.ends.all()


@pytest.mark.parametrize("method", ["words", "words alone"])
def test_a_long_sentence_is_split_between_words(tokenizer, words_folder, sentences_of, method):
    tokeniser = make(tokenizer, words_folder, window=10, method=method)
    long, short = sentences_of(30), sentences_of(4)
    made = tokeniser.tokens(sentences(long, short))
    room = 7 if method == "words alone" else 8
    found = unpacked(made)
    assert [len(heads) for _, heads in found] == [room] * (30 // room) + [30 % room, 4]
    assert all(len(ids) <= 10 for ids, _ in found)
    assert made.ends.tolist() == [False] * (len(found) - 2) + [True, True]
    words = [tokenizer.convert_ids_to_tokens(ids[head]) for ids, heads in found for head in heads]
    assert words == f"{long} {short}".split()
    assert made.notes == ("1 of 2 sentences are longer than 10 tokens and were split between words",)


@pytest.mark.parametrize("method", ["words", "words alone"])
def test_a_word_without_tokens_is_unknown_and_keeps_its_label(family, method):
    tokenizer, folder = family
    made = make(tokenizer, folder, method=method).tokens(sentences(f"the {INVISIBLE} cat"))
    ((ids, heads),) = unpacked(made)
    assert len(heads) == 3
    if not tokenizer.tokenize(INVISIBLE):
        assert ids[heads[1]] == tokenizer.unk_token_id and heads[2] == heads[1] + 1
        room = 61 if method == "words alone" else 62
        assert made.notes[0] == f"1 words have no token or more than {room}, and count as unknown"


@pytest.mark.parametrize("method", ["words", "words alone"])
def test_a_word_that_does_not_fit_the_window_is_unknown(family, method):
    tokenizer, folder = family
    made = make(tokenizer, folder, method=method, window=12).tokens(sentences("the " + "m" + "at" * 20 + " sat"))
    ids = [token for ids, _ in unpacked(made) for token in ids]
    assert made.num_places == 3 and tokenizer.unk_token_id in ids
    assert made.lengths.max() <= 12
    assert "1 words have no token" in made.notes[-1]


def test_our_own_tokenizer_drops_invisible_words_and_spells_rare_ones_in_bytes(tmp_path):
    tokenizer = _unigram()
    tokenizer.save_pretrained(tmp_path)
    made = make(tokenizer, tmp_path).tokens(sentences(f"the {INVISIBLE} ⵣ cat"))
    ((ids, heads),) = unpacked(made)
    assert ids[heads[1]] == tokenizer.unk_token_id
    spelt = tokenizer.convert_ids_to_tokens(ids[heads[2] : heads[3]])
    assert [token for token in spelt if token.startswith("<0x")] == [f"<0x{byte:02X}>" for byte in "ⵣ".encode()]


def test_a_sentence_of_no_words_has_no_label(tokenizer, words_folder):
    empty = TaggedSentences(tag=ENGLISH, words=((), ("ba", "be")), labels=((), ("O", "O")))
    for method in ("words", "words alone"):
        found = unpacked(make(tokenizer, words_folder, method=method).tokens(empty))
        assert [heads for _, heads in found] == [[], [1, 2]]


def test_a_long_text_is_cut_and_counted(tokenizer, words_folder, sentences_of):
    made = make(tokenizer, words_folder, method="text", window=10).tokens(texts(sentences_of(30), sentences_of(4), ""))
    assert made.lengths.tolist() == [10, 6, 2] and made.num_places == 3
    first = unpacked(made)[0][0]
    assert first == tokenizer(sentences_of(30), truncation=True, max_length=10)["input_ids"]
    assert first[-1] == tokenizer.eos_token_id
    assert made.notes == ("1 of 3 texts are longer than 10 tokens and were cut",)


@pytest.mark.parametrize("method", ["text", "words", "words alone"])
def test_texts_that_the_tokenizer_does_not_know_are_counted(tokenizer, words_folder, sentences_of, method):
    def notes(*lines):
        some = texts(*lines) if method == "text" else sentences(*lines)
        return make(tokenizer, words_folder, method=method).tokens(some).notes

    called, known = "texts" if method == "text" else "sentences", [sentences_of(5)] * 20
    many = f"2 of 22 {called} are unknown to the tokenizer by half of their tokens or more"
    assert notes(*known, "ⵣⵓⵍ ⴰⵎⴰⴹⴰⵍ", "ⴰⵣⵓⵍ ba") == (many,)
    assert notes(*known, "ⴰⵣⵓⵍ") == (), "one in 21 is little"
    assert notes(*known, "ⴰⵣⵓⵍ ba be", "ⴰⵣⵓⵍ ba be") == (), "a third of a text"


def test_the_same_text_is_tokenised_once_for_all_models_with_the_same_tokenizer(tokenizer, words_folder, tmp_path):
    shutil.copytree(words_folder, tmp_path / "copy")
    cache, some = TokenCache(), texts("ba be bi", "da de")
    made = make(tokenizer, words_folder, method="text", cache=cache).tokens(some)
    again = LabelledTexts(tag=LangScript("deu", "Latn"), texts=some.texts, labels=some.labels)
    assert make(tokenizer, tmp_path / "copy", method="text", cache=cache).tokens(again) is made
    assert make(tokenizer, words_folder, method="text", cache=cache, window=9).tokens(some) is not made
    assert make(tokenizer, words_folder, method="text", cache=cache).tokens(texts("ba be", "da de")) is not made
    tokenizer_file = tmp_path / "copy" / "tokenizer.json"
    tokenizer_file.write_text(tokenizer_file.read_text().replace('"ba"', '"ba2"'))
    assert make(tokenizer, tmp_path / "copy", method="text", cache=cache).tokens(some) is not made


def test_words_and_words_alone_are_kept_apart(tokenizer, words_folder):
    cache, some = TokenCache(), sentences("ba be bi")
    lengths = [
        make(tokenizer, words_folder, method=method, cache=cache).tokens(some).lengths
        for method in ("words", "words alone")
    ]
    assert [length.tolist() for length in lengths] == [[5], [6]]


def test_the_cache_forgets_what_was_not_used_for_longest(tokenizer, words_folder):
    cache = TokenCache(max_bytes=500)
    tokeniser = make(tokenizer, words_folder, method="text", cache=cache)
    first, second, third = (texts(*(f"{word} be bi",) * 5) for word in ("ba", "da", "ga"))
    kept = tokeniser.tokens(first)
    tokeniser.tokens(second)
    assert kept.num_bytes * 2 <= 500 < kept.num_bytes * 3
    assert tokeniser.tokens(first) is kept
    tokeniser.tokens(third)
    assert tokeniser.tokens(first) is kept


def test_a_tokenizer_that_is_too_large_for_the_model_is_refused(tokenizer, words_folder):
    with pytest.raises(UserError, match=r"the tokenizer gives token \d+, but the model has 6 embeddings"):
        make(tokenizer, words_folder, method="text", vocabulary_size=6).tokens(texts("ba be bi"))


def test_a_tokenizer_without_special_tokens_cannot_read_a_blank_text(tmp_path):
    backend = Tokenizer(models.WordLevel({"ba": 0, "<unk>": 1}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", pad_token="<unk>")
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(UserError, match="no token for a blank text"):
        make(tokenizer, tmp_path, method="text").tokens(texts("ba", ""))
