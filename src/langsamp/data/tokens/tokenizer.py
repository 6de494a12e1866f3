"""Which tokenizer a run uses, and what the rest of the package needs to know about any tokenizer."""

import json
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from langsamp.addresses import address_of
from langsamp.config import Config
from langsamp.data.packing import Delimiters
from langsamp.data.rows import TOKENIZER
from langsamp.data.text.stand_ins import check_content, check_no_cache, loading_errors
from langsamp.data.tokens.tokenizer_class import check_class
from langsamp.disk.files import PUT_BACK, read_json
from langsamp.disk.seals import check_sealed, is_sealed, read_seal
from langsamp.errors import DamagedError, DataMissingError, UserError
from langsamp.provenance import fingerprint
from langsamp.remote.hub_faults import hub_reason
from langsamp.remote.session import fetched

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

    from langsamp.data.rows import PreparedRows

BYTE_PIECE = re.compile("<0x[0-9A-F]{2}>")
"""What SentencePiece calls the token of a byte."""
_HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?(@[\w./-]+)?")
_SETTINGS = {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"}
_VOCABULARIES = {"tokenizer.json", "vocab.json", "vocab.txt"}
_READERS = {"protobuf": "google.protobuf", "sentencepiece": "sentencepiece"}
"""Packages that read sentencepiece models, and what is imported of them."""
_STATE = ("truncation", "padding")  # what the last call left behind, no property of a tokenizer


class TokenizerConfig(Config):
    """Load a tokenizer, or train one on the run's own text."""

    load: str | None = Field(default=None, min_length=1)
    """A Hugging Face name or a folder; None trains one, for which the other keys are."""
    vocab_size: int = Field(default=32_000, ge=300, lt=2**31)
    """Entries of the vocabulary, special ones and bytes included: 256 bytes and the signs of markup need about 300, and
    SentencePiece counts in 32 bits."""
    sample_documents: int = Field(default=1_000_000, ge=1)
    """Documents to train on, drawn from all tags with p(tag) ~ documents(tag)**alpha, none twice."""
    alpha: float = Field(default=0.3, ge=0, le=1)
    """Exponent of the draw: 1 keeps the corpus's shares, 0 takes the same number of each tag."""
    character_coverage: float = Field(default=0.9995, ge=0.98, le=1)
    """Share of the sample's characters that get a piece of their own; the rarest others become bytes. SentencePiece
    takes 0.98 to 1."""
    byte_fallback: bool = True
    """Write characters without a piece as bytes; False makes them `<unk>`."""
    seed: int = Field(default=0, ge=0)
    """Seed of the draw."""

    @property
    def void_where_loaded(self) -> list[str]:
        """Keys of a tokenizer's training that are not at their defaults: nothing heeds them where one is loaded."""
        fields = type(self).model_fields
        return [key for key in fields if key != "load" and getattr(self, key) != fields[key].default]

    @model_validator(mode="after")
    def _heeded(self) -> Self:
        if self.load is not None:
            check_heeded(self, f"tokenizer.load {self.load!r}")
        return self


def check_heeded(config: TokenizerConfig, loaded: str) -> None:
    """Refuse settings of a tokenizer's training where `loaded` brings one.

    Raises:
        ValueError: naming them.
    """
    if keys := config.void_where_loaded:
        raise ValueError(
            f"{', '.join(f'tokenizer.{key}' for key in keys)} would train a tokenizer, but {loaded} brings one as it "
            "is: leave that out, or train a new model (model.init: null) without tokenizer.load"
        )


def open_tokenizer(name_or_folder: str | Path) -> "PreTrainedTokenizerBase":
    """The tokenizer in a folder, at an address, or of a Hugging Face model (`owner/name` or `owner/name@revision`).

    No code that comes with it is run.

    Raises:
        DamagedError: where the folder has checksums and a file does not match.
        DataMissingError: where there is none.
        DamagedError: where a file of it cannot be read.
        UserError: where a package is missing that reads it, its class does not do what its tokenizer.json says, or it
            cuts texts at random.
    """
    from transformers import AutoTokenizer

    name, folder = str(name_or_folder), Path(name_or_folder)
    if address_of(name):
        folder = fetched(name)
        name = str(folder)
    if folder.is_dir():
        _check_files(folder)
        files = _tokenizer_files(folder)
        where: dict[str, str | bool] = {"local_files_only": True}
    elif _HUB_NAME.fullmatch(name):
        name, _, revision = name.partition("@")
        files, where = [], {"revision": revision} if revision else {}
    else:
        raise DataMissingError(f"there is no folder {name}; expected a tokenizer's folder or OWNER/NAME")
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name, trust_remote_code=False, **where)
        check_class(tokenizer, folder)
    except UserError:
        raise
    except Exception as error:
        if type(error) is not Exception and not isinstance(error, loading_errors()):  # tokenizers raises the bare class
            raise
        raise _unreadable(name, files, error) from None
    if folder.is_dir() and tokenizer.is_fast:
        _check_vocabulary(tokenizer, folder, [file.name for file in files if _is_vocabulary(file)])
    for key in ("is_local", "local_files_only"):
        tokenizer.init_kwargs.pop(key, None)  # how it was read; saved with it, it would make equal tokenizers differ
    if tokenizer.is_fast:
        _make_plain(tokenizer, name)
    return tokenizer


def _check_vocabulary(tokenizer: Any, folder: Path, vocabularies: Sequence[str]) -> None:
    """Refuse a tokenizer that transformers made up, of special tokens alone, for want of a vocabulary that it reads.

    Raises:
        DataMissingError: where there is none.
        UserError: where there is one that its class does not read.
    """
    if not vocabularies:
        raise DataMissingError(
            f"{folder} holds no vocabulary: expected tokenizer.json, or the file it is made from, such as "
            "sentencepiece.bpe.model or vocab.txt; save or download the tokenizer again"
        )
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise UserError(
            f"{folder} holds {' and '.join(vocabularies)}, which {type(tokenizer).__name__} does not read: it has "
            f"special tokens alone. Set tokenizer_class in {folder / 'tokenizer_config.json'} to the class of the "
            'tokenizer that the model was trained with, e.g. "XLMRobertaTokenizer" for XLM-R\'s sentencepiece.bpe.model'
        )


def _make_plain(tokenizer: Any, name: str) -> None:
    """Let a fast tokenizer give the whole of each text alone; some are published with what their last call was set to.

    Raises:
        UserError: where it draws the pieces of a text at random.
    """
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    if dropout := getattr(backend.model, "dropout", None):
        raise UserError(
            f"the tokenizer of {name!r} cuts a text otherwise each time (dropout {dropout} in its tokenizer.json), so "
            "that no result could be had again: set it to null there"
        )


def load_tokenizer(name_or_folder: str) -> "PreTrainedTokenizerFast":
    """The fast tokenizer of a Hugging Face model or of a folder, with which a masked LM can be trained.

    What it puts around a text is its own matter: `<s> </s>`, `[CLS] [SEP]`, `<bos> <eos>`, whatever it names them.

    Raises:
        DataMissingError: where there is none.
        DamagedError: where a file of it cannot be read.
        UserError: where it is not fast, or has no token of its own that a masked LM needs.
    """
    tokenizer: Any = open_tokenizer(name_or_folder)
    if not tokenizer.is_fast:
        raise UserError(f"the tokenizer of {name_or_folder!r} has no fast form; expected one with a tokenizer.json")
    for token in ("mask_token", "pad_token"):
        if getattr(tokenizer, token) is None:
            raise UserError(
                f"the tokenizer of {name_or_folder!r} has no {token}; expected that of a masked LM such as XLM-R"
            )
    others = {role for role in tokenizer.SPECIAL_TOKENS_ATTRIBUTES if role != "mask_token"}
    for role in sorted(others):
        if getattr(tokenizer, role, None) == tokenizer.mask_token:
            raise UserError(
                f"the tokenizer of {name_or_folder!r} has {tokenizer.mask_token} for its mask_token and its {role}, so "
                "what is asked for cannot be told from it; give the mask a token of its own in tokenizer_config.json"
            )
    return tokenizer


def _tokenizer_files(folder: Path) -> list[Path]:
    """The files of a folder's tokenizer, each whole as far as its start shows.

    Raises:
        DataMissingError: where there are none.
        DamagedError: where one is something else, or the configuration beside it, which transformers reads too.
    """
    files = sorted(path for path in folder.iterdir() if path.name in _SETTINGS or _is_vocabulary(path))
    if not files:
        check_no_cache(folder)
        raise no_tokenizer_in(folder)
    for file in files:
        check_content(file)
    config = folder / "config.json"
    if config.is_file():
        check_content(config)
        if not isinstance(read_json(config), dict):
            raise DamagedError(f"{config} is no configuration: expected a JSON object; copy or download it again")
    return files


def no_tokenizer_in(folder: Path) -> DataMissingError:
    """What to say of a model without a tokenizer; a checkpoint of a Trainer may have it in the folder above."""
    above = folder.absolute().parent
    is_above = any(map(_is_vocabulary, above.glob("*")))  # which passes over a folder that may not be listed
    where = f"copy that of {above} into it, if it is the model's" if is_above else "copy or download it"
    return DataMissingError(
        f"no tokenizer found in {folder}: expected tokenizer.json, or what it is made from (sentencepiece.bpe.model, "
        f"vocab.txt ...), beside the weights; {where}"
    )


def _is_vocabulary(file: Path) -> bool:
    return file.name in _VOCABULARIES or file.suffix in (".model", ".spm")


def _unreadable(name: str, files: list[Path], error: Exception) -> UserError:
    """What to say of a tokenizer that transformers cannot read."""
    said = " ".join(str(error).split())[:300].rstrip(". ") or type(error).__name__
    lacking = [package for package, module in _READERS.items() if find_spec(module) is None]
    if lacking and not any(file.name == "tokenizer.json" for file in files):
        return UserError(
            f"the tokenizer of {name!r} is a sentencepiece model, which needs packages that are not installed: pip "
            f"install {' '.join(lacking)}"
        )
    if "trust_remote_code" in said:
        return UserError(
            f"the tokenizer of {name!r} comes with code of its own, which is never run here; use one that transformers "
            "itself has"
        )
    if files:
        named = ", ".join(file.name for file in files)
        is_class = any(file.name == "tokenizer.json" for file in files)
        kind = ", or set tokenizer_class in tokenizer_config.json to PreTrainedTokenizerFast" if is_class else ""
        return DamagedError(
            f"no tokenizer can be read in {name} ({named}): {said}. Copy, save or download these files again{kind}"
        )
    return DataMissingError(
        f"no tokenizer found at {name!r}: {hub_reason(error, 'give the name of a model on the Hugging Face hub')}; or "
        "give a folder with its tokenizer.json; without a connection, download it first where there is one"
    )


def tokenizer_fingerprint(tokenizer: "PreTrainedTokenizerFast") -> str:
    """Names what a tokenizer does to text: equal for a copy in another folder, other after any change of pieces."""
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    return fingerprint([{key: part for key, part in backend.items() if key not in _STATE}, special_ids(tokenizer)])


def _check_files(folder: Path) -> None:
    """Accept the files of a folder that has checksums, but for weights, which a tokenizer has none of."""
    if is_sealed(folder):
        names = [
            name for name in read_seal(folder, remedy=PUT_BACK).files if not name.endswith((".safetensors", ".md"))
        ]
        check_sealed(folder, remedy=PUT_BACK, only=names)


def tokenizer_of(rows: "PreparedRows") -> "PreTrainedTokenizerFast":
    """The tokenizer that lies with prepared rows.

    Raises:
        DamagedError: where it is not the one that made them.
    """
    tokenizer = load_tokenizer(str(rows.folder / TOKENIZER))
    if tokenizer_fingerprint(tokenizer) != rows.manifest.tokenizer_fingerprint:
        raise DamagedError(
            f"{rows.folder / TOKENIZER} is not the tokenizer that made the rows, or this version of `tokenizers` reads "
            f"it otherwise: put the one that belongs there back, or delete {rows.folder} and prepare again"
        )
    return tokenizer


def vocabulary_size(tokenizer: "PreTrainedTokenizerFast") -> int:
    """Rows that an embedding table needs: the largest id and one."""
    return int(max(tokenizer.get_vocab().values())) + 1


def special_ids(tokenizer: "PreTrainedTokenizerFast") -> list[int]:
    """Ids of the tokens that stand for no text, in ascending order."""
    added = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    return sorted(added.union(tokenizer.all_special_ids))


def textless_ids(tokenizer: "PreTrainedTokenizerFast") -> list[int]:
    """Ids below the vocabulary's size that stand for no text: special ones and gaps, in ascending order.

    All others are ordinary: they stand for text, bytes among them.
    """
    ordinary = set(tokenizer.get_vocab().values()).difference(special_ids(tokenizer))
    return [number for number in range(vocabulary_size(tokenizer)) if number not in ordinary]


def delimiters_of(tokenizer: "PreTrainedTokenizerFast") -> Delimiters:
    """What the tokenizer puts around every document, and its padding.

    Raises:
        UserError: where it does not put one token before and one behind, so that documents could not be told apart,
            or has no token for padding alone.
    """
    around = tokenizer.backend_tokenizer.encode("").ids
    if tokenizer.pad_token_id == tokenizer.unk_token_id:
        raise UserError(
            f"rows.packing best-fit needs a tokenizer whose padding stands for nothing else; that of this one, "
            f"{tokenizer.pad_token}, also stands for unknown text. Use rows.packing concatenate"
        )
    if len(around) != 2 or tokenizer.pad_token_id in around:
        raise UserError(
            f"rows.packing best-fit needs a tokenizer that puts one special token before a document and one behind; "
            f"this one puts {tokenizer.convert_ids_to_tokens(around)}. Use rows.packing concatenate"
        )
    return Delimiters(begin=around[0], end=around[1], padding=int(tokenizer.pad_token_id))


def byte_ids(tokenizer: "PreTrainedTokenizerFast") -> list[int]:
    """Ids of the tokens that stand for bytes of a character without a piece, in ascending order.

    In byte-level BPE they look like any other token, but are no whole characters.
    """
    decoder: Any = tokenizer.backend_tokenizer.decoder
    is_byte_level = "ByteLevel(" in repr(decoder)
    return sorted(
        number
        for piece, number in tokenizer.get_vocab().items()
        if BYTE_PIECE.fullmatch(piece) or (is_byte_level and "\ufffd" in decoder.decode([piece]))
    )
