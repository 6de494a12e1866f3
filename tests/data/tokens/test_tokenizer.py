import io
import json
import random
import re
import unicodedata
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import sentencepiece
from hypothesis import assume, given
from hypothesis import strategies as st
from tokenizers import ByteLevelBPETokenizer, Tokenizer, models
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerFast, XLMRobertaTokenizer

from langsamp.data.text.cleaning import clean_text
from langsamp.data.tokens.tokenizer import (
    TokenizerConfig,
    byte_ids,
    delimiters_of,
    load_tokenizer,
    special_ids,
    textless_ids,
    tokenizer_fingerprint,
    vocabulary_size,
)
from langsamp.data.tokens.unigram import _as_transformers, _trained, train_tokenizer
from langsamp.errors import DamagedError, DataMissingError, UserError

SENTENCES = [
    "The river is cold and the boat is old.",
    "Der Fluss ist kalt, und das Boot ist größer als unser Haus.",
    "Mto ni baridi na mashua ni ya zamani, habari ya asubuhi.",
    "Con sông lạnh và chiếc thuyền đã cũ.",
    "Odò náà tutù, ọkọ̀ ojú omi sì ti gbó.",
    "Река холодная, а лодка старая.",
    "Ο ποταμός είναι κρύος και η βάρκα παλιά.",
    "النهر بارد والقارب قديم.",
    "رودخانه سرد است و قایق‌ها کهنه می‌شوند.",
    "הנהר קר והסירה ישנה.",
    "नदी ठंडी है और नाव पुरानी है।",
    "ගඟ සීතලයි, ශ්‍රී ලංකාවේ ඔරුව පරණයි.",
    "แม่น้ำเย็นและเรือเก่า ทำงาน",
    "ទន្លេត្រជាក់ ហើយទូកចាស់",
    "河水很冷，船也旧了。",
    "川は冷たく、ボートは古い。",
    "강물은 차갑고 배는 낡았다.",
    "ወንዙ ቀዝቃዛ ነው ጀልባውም አሮጌ ነው።",
    "მდინარე ცივია და ნავი ძველია.",
]
CHARACTERS = st.characters(exclude_categories=["Cs", "Cn"])  # libraries differ in what newer characters decompose to
CONFIG = TokenizerConfig(vocab_size=650, character_coverage=1.0)


def corpus() -> list[str]:
    """The sentences and 3,000 mixtures of their words, some run together."""
    words = [word for sentence in SENTENCES for word in sentence.split()]
    rng = random.Random(0)
    return [
        *SENTENCES,
        *("".join(word + rng.choice(" -") for word in rng.choices(words, k=rng.randint(1, 12))) for _ in range(3000)),
    ]


@pytest.fixture(scope="module")
def trained() -> PreTrainedTokenizerFast:
    return train_tokenizer(corpus(), CONFIG, row_tokens=64)


@pytest.fixture(scope="module")
def folder(trained: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "tokenizer"
    trained.save_pretrained(folder)
    return folder


def ids(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False)["input_ids"]  # type: ignore[no-any-return]


def test_the_layout_is_that_of_xlm_r(trained: PreTrainedTokenizerFast) -> None:
    assert len(trained) == vocabulary_size(trained) == 650
    assert trained.convert_ids_to_tokens([0, 1, 2, 3, 649]) == ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    assert special_ids(trained) == [0, 1, 2, 3, 649]
    assert textless_ids(trained) == special_ids(trained)
    assert trained.model_max_length == 64
    pair = trained("moja", "mbili")["input_ids"]
    assert [token for token in pair if token in (0, 2)] == [0, 2, 2, 2]
    assert (pair[0], pair[-1]) == (trained.cls_token_id, trained.sep_token_id)
    assert trained.tokenize("mto <mask>")[-1].strip() == "<mask>"


def test_ids_are_those_of_sentencepiece_plus_one() -> None:
    model = _trained(corpus(), CONFIG)
    tokenizer = _as_transformers(model, CONFIG, row_tokens=64)
    for text in [*SENTENCES, *corpus()[-200:], "Qu’est-ce 𓀀 ꙮ ܐ?", "1234567 <0x41>"]:
        assert ids(tokenizer, text) == [piece + 1 for piece in model.encode(text)]


def test_training_again_gives_the_same_pieces(
    trained: PreTrainedTokenizerFast, capfd: pytest.CaptureFixture[str]
) -> None:
    again = train_tokenizer(iter(corpus()), CONFIG, row_tokens=64)
    assert capfd.readouterr() == ("", "")
    assert tokenizer_fingerprint(again) == tokenizer_fingerprint(trained)
    other = train_tokenizer(corpus()[:-100], CONFIG, row_tokens=64)
    assert tokenizer_fingerprint(other) != tokenizer_fingerprint(trained)


@given(text=st.one_of(st.text(CHARACTERS, max_size=20), st.sampled_from(SENTENCES)))
def test_decoding_gives_back_clean_text(trained: PreTrainedTokenizerFast, text: str) -> None:
    clean = clean_text(text).replace("▁", "")
    assume(
        not any(token in clean for token in trained.all_special_tokens)
    )  # which Hugging Face reads as what they name
    assert trained.decode(ids(trained, clean)) == " ".join(clean.split())
    assert trained.unk_token_id not in ids(trained, clean)


@given(text=st.text(st.one_of(CHARACTERS, st.sampled_from(" \t\u200e\u200c\xadeé\u0301"))))
def test_text_has_the_ids_of_clean_text(trained: PreTrainedTokenizerFast, text: str) -> None:
    text = re.sub("[\u200b\x1c-\x1f]", "", text)  # a break between words to one of the two only
    assert ids(trained, text) == ids(trained, clean_text(text))
    assert ids(trained, unicodedata.normalize("NFD", text)) == ids(trained, text)


def test_text_that_spells_special_tokens_or_bytes_stays_text(trained: PreTrainedTokenizerFast) -> None:
    assert trained.tokenize("a<0x41>")[-6:] == ["<", "0", "x", "4", "1", ">"]
    trained.backend_tokenizer.encode_special_tokens = True
    spelled = trained.backend_tokenizer.encode("<s> <pad> </s> <unk> <mask>", add_special_tokens=False).ids
    trained.backend_tokenizer.encode_special_tokens = False
    assert not set(spelled) & set(special_ids(trained))
    assert trained.decode(spelled) == "<s> <pad> </s> <unk> <mask>"


@pytest.mark.parametrize("model_type", [None, "xlm-roberta", "roberta", "bert", "modernbert"])
def test_stock_loading_gives_the_same_tokenizer(
    trained: PreTrainedTokenizerFast, folder: Path, tmp_path: Path, model_type: str | None
) -> None:
    copy = tmp_path / "copy"
    trained.save_pretrained(copy)
    if model_type:
        AutoConfig.for_model(model_type).save_pretrained(copy)
    loaded = AutoTokenizer.from_pretrained(copy)
    assert loaded.model_max_length == 64
    assert tokenizer_fingerprint(loaded) == tokenizer_fingerprint(load_tokenizer(str(folder)))
    assert tokenizer_fingerprint(loaded) == tokenizer_fingerprint(trained)
    for sentence in [*SENTENCES, "𓀀 ꙮ"]:
        assert loaded(sentence)["input_ids"] == trained(sentence)["input_ids"]
        assert loaded.decode(loaded(sentence)["input_ids"], skip_special_tokens=True) == sentence


def test_the_stock_class_of_xlm_r_would_lose_the_bytes(folder: Path) -> None:
    """Why another class is saved; if this fails, transformers has learnt it and the class can be taken."""
    stock = XLMRobertaTokenizer.from_pretrained(folder)
    assert stock.unk_token_id in ids(stock, "𓀀")


def test_fingerprint_ignores_what_a_call_leaves_behind(trained: PreTrainedTokenizerFast) -> None:
    before = tokenizer_fingerprint(trained)
    trained(["moja", "moja mbili"], padding=True, truncation=True, max_length=8)
    assert trained.backend_tokenizer.padding
    assert tokenizer_fingerprint(trained) == before
    trained.backend_tokenizer.no_padding()
    trained.backend_tokenizer.no_truncation()


def test_what_a_vocabulary_lacks_is_unknown_or_bytes(trained: PreTrainedTokenizerFast) -> None:
    in_bytes = set(byte_ids(trained))
    assert not in_bytes.intersection(*(ids(trained, text) for text in SENTENCES))
    assert [number in in_bytes for number in ids(trained, "𓀀")[-4:]] == [True] * 4
    blind = train_tokenizer(
        corpus(), CONFIG.model_copy(update={"byte_fallback": False, "vocab_size": 440}), row_tokens=64
    )
    assert blind.unk_token_id in ids(blind, "𓀀")
    assert byte_ids(blind) == []
    assert vocabulary_size(blind) == 440


def test_pieces_of_byte_level_bpe_that_are_no_whole_characters_are_bytes() -> None:
    backend = ByteLevelBPETokenizer()
    backend.train_from_iterator(["mto éa éb"] * 9, vocab_size=259, show_progress=False)
    bpe = PreTrainedTokenizerFast(tokenizer_object=backend._tokenizer, unk_token="m")
    assert not set(byte_ids(bpe)).intersection(ids(bpe, "mto é"))
    assert set(byte_ids(bpe)).issuperset(ids(bpe, "क"))


def test_special_ids_and_gaps_stand_for_no_text(
    trained: PreTrainedTokenizerFast, tokenizer: PreTrainedTokenizerFast
) -> None:
    for one in (trained, tokenizer):
        assert {one.mask_token_id, one.cls_token_id, one.sep_token_id, one.pad_token_id} <= set(textless_ids(one))
    pieces = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "word": 5, "text": 8, "<mask>": 9}
    gaps = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(pieces, unk_token="<unk>")), cls_token="<s>", pad_token="<pad>",
        sep_token="</s>", unk_token="<unk>", mask_token="<mask>",
    )  # fmt: skip
    assert special_ids(gaps) == [0, 1, 2, 3, 9]
    assert textless_ids(gaps) == [0, 1, 2, 3, 4, 6, 7, 9]


def test_too_little_text_or_too_small_a_vocabulary() -> None:
    most = len(few := train_tokenizer(SENTENCES, CONFIG.model_copy(update={"vocab_size": 5000}), row_tokens=64))
    assert most < 5000 and few.decode(few(SENTENCES[0]).input_ids, skip_special_tokens=True) == SENTENCES[0]
    assert (
        len(train_tokenizer(SENTENCES, CONFIG.model_copy(update={"vocab_size": most - 9}), row_tokens=64)) == most - 9
    )
    with pytest.raises(
        UserError, match=r"have \d+ characters that need a piece, more than `tokenizer.vocab_size` \(400"
    ):
        train_tokenizer(corpus(), CONFIG.model_copy(update={"vocab_size": 400}), row_tokens=64)
    with pytest.raises(UserError, match="no text to train a tokenizer on"):
        train_tokenizer([], CONFIG, row_tokens=64)


def changed(folder: Path, target: Path, **settings: Any) -> str:
    """A copy of a saved tokenizer with other settings; None takes one away."""
    target.mkdir()
    for file in folder.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    path = target / "tokenizer_config.json"
    content = json.loads(path.read_text()) | settings
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
    return str(target)


@pytest.mark.parametrize("token", ["mask_token", "pad_token"])
def test_a_tokenizer_without_the_tokens_of_a_masked_lm(folder: Path, tmp_path: Path, token: str) -> None:
    with pytest.raises(UserError, match=f"has no {token}; expected that of a masked LM"):
        load_tokenizer(changed(folder, tmp_path / "changed", **{token: None}))


@pytest.mark.parametrize("role", ["pad_token", "unk_token", "eos_token"])
def test_a_mask_that_stands_for_something_else_too_is_refused(folder: Path, tmp_path: Path, role: str) -> None:
    with pytest.raises(UserError, match=f"has <mask> for its mask_token and its {role}"):
        load_tokenizer(changed(folder, tmp_path / "changed", **{role: "<mask>"}))


def in_backend(folder: Path, target: Path, change: Any) -> str:
    """A copy of a saved tokenizer with its tokenizer.json changed."""
    changed(folder, target)
    content = json.loads((target / "tokenizer.json").read_text())
    change(content)
    (target / "tokenizer.json").write_text(json.dumps(content))
    return str(target)


def test_what_a_tokenizers_last_call_was_set_to_is_left_out(
    trained: PreTrainedTokenizerFast, folder: Path, tmp_path: Path
) -> None:
    """As tokenizers of sentence-transformers are published: cut at 128 tokens and filled up."""
    cut = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    filled = {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 1,
              "pad_type_id": 0, "pad_token": "<pad>"}  # fmt: skip
    published = load_tokenizer(
        in_backend(folder, tmp_path / "set", lambda content: content.update(truncation=cut, padding=filled))
    )
    text = "mimi ni mwalimu wa shule"
    assert published.backend_tokenizer.encode(text).ids == trained.backend_tokenizer.encode(text).ids
    assert delimiters_of(published) == delimiters_of(trained)


def test_a_tokenizer_that_cuts_at_random_is_refused(tmp_path: Path) -> None:
    backend = Tokenizer(models.BPE({"<mask>": 0, "<pad>": 1, "a": 2, "b": 3, "ab": 4}, [("a", "b")], dropout=0.1))
    PreTrainedTokenizerFast(tokenizer_object=backend, mask_token="<mask>", pad_token="<pad>").save_pretrained(tmp_path)
    with pytest.raises(UserError, match=r"cuts a text otherwise each time \(dropout 0\.1"):
        load_tokenizer(str(tmp_path))


def test_a_tokenizer_that_is_not_there_or_damaged(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataMissingError, match=r"there is no folder .*absent"):
        load_tokenizer(str(tmp_path / "absent"))
    with pytest.raises(DataMissingError, match="no tokenizer found at 'owner/name'"):
        load_tokenizer("owner/name")
    with pytest.raises(DataMissingError, match="no tokenizer found"):
        load_tokenizer(str(tmp_path))
    damaged = Path(changed(folder, tmp_path / "damaged")) / "tokenizer.json"
    damaged.write_text(damaged.read_text()[:5000])
    with pytest.raises(DamagedError, match=r"no tokenizer can be read in .*damaged \(tokenizer\.json, .*download"):
        load_tokenizer(str(damaged.parent))
    damaged.unlink()
    with pytest.raises(UserError, match="tokenizer"):  # transformers would make one up, of special tokens alone
        load_tokenizer(str(damaged.parent))


def test_a_folder_with_a_sentencepiece_model_alone_is_read_as_xlm_r(tmp_path: Path) -> None:
    """As XLM-R, Glot500 and their kin were published; config.json alone says which class reads it."""
    model = io.BytesIO()
    text = [f"{first} {second}" for first in ("habari", "kitabu", "mtoto") for second in ("njema", "kizuri", "mdogo")]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text * 20), model_writer=model, vocab_size=40, hard_vocab_limit=False, minloglevel=2
    )
    (tmp_path / "sentencepiece.bpe.model").write_bytes(model.getvalue())
    (tmp_path / "config.json").write_text('{"model_type": "xlm-roberta"}')
    found = load_tokenizer(str(tmp_path))
    assert found.convert_ids_to_tokens(found("habari njema")["input_ids"])[::3][:1] == ["<s>"]
    assert found.decode(found("habari njema")["input_ids"], skip_special_tokens=True) == "habari njema"
    assert found.mask_token_id == vocabulary_size(found) - 1
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')  # a BERT with XLM-R's pieces
    with pytest.raises(
        UserError, match=r"sentencepiece\.bpe\.model, which BertTokenizer does not read.*tokenizer_class"
    ):
        load_tokenizer(str(tmp_path))
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "XLMRobertaTokenizer"}')
    assert load_tokenizer(str(tmp_path))("habari njema") == found("habari njema")


def test_a_tokenizer_may_name_its_frame_as_it_likes(folder: Path, tmp_path: Path) -> None:
    unnamed = load_tokenizer(changed(folder, tmp_path / "changed", cls_token=None, sep_token=None))
    assert unnamed.cls_token is None and unnamed("a")["input_ids"] == load_tokenizer(str(folder))("a")["input_ids"]


def test_settings_of_a_training_are_refused_where_a_tokenizer_is_loaded() -> None:
    with pytest.raises(ValueError, match=r"tokenizer\.vocab_size would train a tokenizer, but tokenizer\.load 'mine'"):
        TokenizerConfig(load="mine", vocab_size=4000)
    assert TokenizerConfig(load="mine", vocab_size=32_000).load == "mine", "as a run writes its recipe down"
