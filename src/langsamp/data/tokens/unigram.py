"""A SentencePiece Unigram tokenizer of one's own, in the layout of XLM-R: `<s> <pad> </s> <unk>`, pieces, `<mask>`.

Text is only cleaned as `cleaning.clean_text` does it. The usual normaliser (`nmt_nfkc`, which XLM-R has) would turn
the non-joiner that Persian is written with into a space, take apart vowels of Thai and Lao, and let the tokenizer
forget what it read. Here decoding gives back clean text, but for U+2581, SentencePiece's own sign for a space.

Characters too rare for a piece of their own become bytes (`<0x00>` ... `<0xFF>`), so nothing is `<unk>`. The stock
class `XLMRobertaTokenizer` cannot do that (it sets `byte_fallback=False` whenever it is loaded), hence the general fast
class, which `AutoTokenizer` loads beside any model.
"""

import io
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from langsamp.data.text.cleaning import INVISIBLE
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.errors import UserError

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor
    from transformers import PreTrainedTokenizerFast

_FIRST, _LAST = ("<s>", "<pad>", "</s>", "<unk>"), "<mask>"
_NOT_SENTENCEPIECES = len(_FIRST) + 1 - 3  # SentencePiece itself counts `<unk> <s> </s>`
_THREADS = 16  # fixed: sums over threads are rounded, so another number would give other pieces
_LONGEST = 10_000  # characters of one document that are used; a book must not outweigh a language
_SEED_PIECES = 10, 1_000_000  # for each piece wanted, at most; a tenth of the usual number is as good and faster
_MARKUP = "<>/x0123456789ABCDEFadkmnpsu"
"""Characters of `<0x00>`, `<mask>` and the like: having pieces of their own, they spell such a sign in a text."""
_NEVER = -1e6  # score of pieces that stand for no text


def train_tokenizer(texts: Iterable[str], config: TokenizerConfig, *, row_tokens: int) -> "PreTrainedTokenizerFast":
    """A tokenizer whose pieces fit `texts` best; the same texts give the same pieces.

    It has `config.vocab_size` entries, fewer where the texts have too few different words for so many.

    Raises:
        UserError: where the texts have too many characters for the vocabulary's size.
    """
    return _as_transformers(_trained(texts, config), config, row_tokens=row_tokens)


def learned_pieces(texts: Iterable[str], config: TokenizerConfig) -> list[tuple[str, float]]:
    """The ordinary pieces, with their log probabilities, of such a vocabulary: no special ones and no bytes.

    Raises:
        UserError: as `train_tokenizer` does.
    """
    model = _trained(texts, config)
    numbers = range(model.get_piece_size())
    ordinary = (n for n in numbers if not (model.is_byte(n) or model.is_control(n) or model.is_unknown(n)))
    return [(model.id_to_piece(number), model.get_score(number)) for number in ordinary]


def _trained(texts: Iterable[str], config: TokenizerConfig) -> "SentencePieceProcessor":
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    per_piece, at_most = _SEED_PIECES
    model = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=(text[:_LONGEST] for text in texts),
            model_writer=model,
            model_type="unigram",
            vocab_size=config.vocab_size - _NOT_SENTENCEPIECES,
            character_coverage=config.character_coverage,
            byte_fallback=config.byte_fallback,
            required_chars=_MARKUP,
            normalization_rule_name="identity",
            seed_sentencepiece_size=min(per_piece * config.vocab_size, at_most),
            max_sentence_length=4 * _LONGEST,
            hard_vocab_limit=False,
            num_threads=_THREADS,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _explained(error, config) from error
    return SentencePieceProcessor(model_proto=model.getvalue())


def _explained(error: RuntimeError, config: TokenizerConfig) -> Exception:
    """SentencePiece's complaint in the words of the recipe, or as it is where it is not about the texts."""
    message = str(error)
    if "!sentences_.empty()" in message:
        return UserError("there is no text to train a tokenizer on; give text, or a tokenizer in `tokenizer.load`")
    if characters := re.search(r"required_chars\. (\d+) vs (\d+)", message):
        return UserError(
            f"the texts have {characters[2]} characters that need a piece, more than `tokenizer.vocab_size` "
            f"({config.vocab_size}) has room for; raise it or lower `tokenizer.character_coverage`"
        )
    return error


def _as_transformers(
    model: "SentencePieceProcessor", config: TokenizerConfig, *, row_tokens: int
) -> "PreTrainedTokenizerFast":
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = _vocabulary(model)
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=_FIRST.index("<unk>"), byte_fallback=config.byte_fallback))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(Regex(f"[{INVISIBLE}]"), ""), normalizers.NFC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="always")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(name, _FIRST.index(name)) for name in ("<s>", "</s>")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token=AddedToken(_LAST, lstrip=True, special=True),  # takes the space before it, as in XLM-R
        model_max_length=row_tokens,
        clean_up_tokenization_spaces=False,
    )


def _vocabulary(model: "SentencePieceProcessor") -> list[tuple[str, float]]:
    """Pieces with their scores; ids are SentencePiece's plus one from its fourth piece on."""
    pieces = [
        (model.id_to_piece(piece), _NEVER if model.is_byte(piece) else model.get_score(piece))
        for piece in range(3, model.get_piece_size())
    ]
    return [*((name, _NEVER) for name in _FIRST), *pieces, (_LAST, _NEVER)]
