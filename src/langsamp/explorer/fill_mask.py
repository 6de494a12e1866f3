"""What a masked LM puts under a mask when its vectors are switched: of a language and a script, of others, of none.

    fill_mask("runs/mine/models/both-0/export", "God said to <mask>", ["eng_Latn", "rus_Cyrl", "eng_Cyrl", "eng"])

The model is the one that was trained: the exported masked LM with its vectors added where training added them
(`model/mlm.py`). Without vectors it is the stock model.

Shape suffixes: C choices of vectors, L tokens, V vocabulary.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor
from transformers import AutoModelForMaskedLM, PreTrainedModel

from langsamp.data.masking import IGNORED
from langsamp.data.tokens.readable import GOES_ON, WORD_STARTS, readable
from langsamp.errors import UserError, did_you_mean
from langsamp.evaluation.loading import load_all, num_positions
from langsamp.languages.ids import LanguageIds
from langsamp.model.conditioning import LANGUAGES, Conditioning, VectorTable, check_export, unnamed_vectors
from langsamp.model.heads import check_trainable
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.pretrained.model_config import load_config
from langsamp.progress import say

MOST_CHOICES = 12
"""Vectors shown side by side at most."""
MOST_TOKENS = 100
"""Tokens listed for each choice at most."""
_MASKS = re.compile(r"<mask>|\[MASK\]", re.IGNORECASE)


class VectorChoice(NamedTuple):
    """Which vectors are added; None stands for none of that table."""

    language: str | None = None
    script: str | None = None

    @classmethod
    def parse(cls, word: str) -> "VectorChoice":
        """`deu_Latn` for both vectors, `deu` for that of a language, `Latn` for that of a script, `none` for neither.

        The two need not belong together: `deu_Cyrl` adds German's vector and that of Cyrillic.

        Raises:
            UserError: for any other word.
        """
        match = re.fullmatch(r"(?:([a-z]{3})(?:_|$))?([A-Z][a-z]{3})?|none", word.strip())
        if match is None or word.strip().endswith("_") or not word.strip():
            raise UserError(
                f"no vectors are called {word!r}: write a language and a script like deu_Latn, one of them alone (deu, "
                "Latn), or none"
            )
        return cls(match[1], match[2])

    def __str__(self) -> str:
        return "_".join(code for code in self if code) or "none"


class MaskFiller:
    """A masked LM and its vectors, loaded once, for any number of sentences."""

    def __init__(self, folder: Path, *, device: str | None = None) -> None:
        """Load the model in `folder`, an export or any masked LM of a known architecture.

        Raises:
            UserError: where it has no LM head or cannot be loaded.
            DamagedError: where it has checksums and a file does not match, or its vectors cannot be read.
        """
        check_export(folder)
        check_trainable(load_config(folder).model_type)
        loaded, self.tokenizer = load_all(AutoModelForMaskedLM, folder, device=device)
        loaded.check_head(folder, remedy="So it cannot fill a mask: choose a masked LM, such as an export")
        mlm = loaded.model
        if self.tokenizer.mask_token_id is None:
            raise UserError(f"the tokenizer in {folder} has no mask token; choose a masked LM with its own tokenizer")
        self.max_tokens = num_positions(mlm)
        self.conditioning = Conditioning.load(folder) if (folder / LANGUAGES).is_file() else _no_vectors()
        self.nameless = () if (folder / LANGUAGES).is_file() else loaded.vectors
        """Language and script vectors in the weights that nothing names, as in the authors' checkpoints."""
        if self.nameless:
            say(f"note: only `none` can be shown: {unnamed_vectors(folder) or ', '.join(self.nameless)}")
        self._model = _with_vectors(mlm, self.conditioning).eval()
        marks = tuple(mark for mark in WORD_STARTS if any(token.startswith(mark) for token in self.tokenizer.vocab))
        self._word_starts = marks

    @property
    def has_vectors(self) -> bool:
        """Whether there is anything to switch."""
        return self.conditioning.language is not None or self.conditioning.script is not None

    def fill(self, sentence: str, vectors: Sequence[str] = (), *, k: int = 5) -> pd.DataFrame:
        """The `k` most probable tokens under no vector and under each of `vectors`, and the `k` that these raise most.

        `VectorChoice.parse` reads the vectors. Columns: `vectors` (`none` first, then the choices in their order),
        `trained` (False where an added vector has had no gradient), `list` (`likeliest`, or `raised`: the largest
        `factor` among the tokens more probable than chance, 1 / vocabulary), `rank` (1 is the first), `token` (as the
        vocabulary has it), `text` (as it reads), `continues` (it goes on with the word before it), `probability`
        (softmax over the whole vocabulary), `factor` (this probability over that without vectors).

        Raises:
            UserError: for a sentence without exactly one mask or longer than the model reads, and for a vector that
                the model does not have.
        """
        if not 1 <= k <= MOST_TOKENS:
            raise UserError(f"k is how many tokens to list, from 1 to {MOST_TOKENS}; got {k}")
        choices = list(dict.fromkeys([VectorChoice(), *map(VectorChoice.parse, vectors)]))
        if len(choices) > MOST_CHOICES + 1:
            raise UserError(f"{len(choices) - 1} choices of vectors do not fit side by side; at most {MOST_CHOICES} do")
        shares_CV = self.logits(sentence, choices).softmax(dim=-1)
        factors_CV = shares_CV / shares_CV[0]
        likely_CV = factors_CV.masked_fill(shares_CV <= 1 / shares_CV.shape[1], 0)
        rows = []
        for row, choice in enumerate(choices):
            lists = {"likeliest": shares_CV[row]} | ({"raised": likely_CV[row]} if row else {})
            for name, order_V in lists.items():
                for rank, index in enumerate(order_V.topk(min(k, len(order_V))).indices.tolist(), start=1):
                    said = {"vectors": str(choice), "trained": self._is_trained(choice), "list": name, "rank": rank}
                    numbers = {"probability": shares_CV[row, index].item(), "factor": factors_CV[row, index].item()}
                    rows.append(said | self._token(index) | numbers)
        return pd.DataFrame(rows)

    @torch.inference_mode()
    def logits(self, sentence: str, choices: Sequence[VectorChoice]) -> Tensor:
        """Logits (C, V) at the mask of `sentence` under each choice of vectors; errors as in `fill`."""
        ids_L = self._ids(sentence)
        pairs = [self._rows(choice) for choice in choices]
        device = self._model.mlm.device
        ids_CL = torch.tensor([ids_L] * len(choices), device=device)
        labels_CL = torch.where(ids_CL == self.tokenizer.mask_token_id, 0, IGNORED)
        language_ids_C, script_ids_C = (torch.tensor(ids, device=device) for ids in zip(*pairs, strict=True))
        logits_CV, _ = self._model.masked_logits(
            ids_CL,
            labels_CL,
            language_ids_B=language_ids_C,
            script_ids_B=script_ids_C,
            attention_mask_BL=torch.ones_like(ids_CL),
        )
        return logits_CV.float()

    def _ids(self, sentence: str) -> list[int]:
        """The tokens of a sentence that has one mask and fits."""
        mask = self.tokenizer.mask_token
        check_whole(sentence)
        text = _MASKS.sub(mask, sentence.replace(mask, "<mask>")).strip()
        if (count := text.count(mask)) != 1:
            trouble = "there is none" if count == 0 else f"there are {count}"
            raise UserError(f"write {mask} once, where a word is to be guessed: in this sentence {trouble}")
        ids: list[int] = self.tokenizer(text, truncation=False, verbose=False)["input_ids"]
        if len(ids) > self.max_tokens:
            raise UserError(
                f"the sentence has {len(ids):,} tokens, and the model reads {self.max_tokens:,} at most: shorten it"
            )
        return ids

    def _rows(self, choice: VectorChoice) -> tuple[int, int]:
        """Rows of the two tables; the row behind the last one is zero, for no vector."""
        if self.nameless and (choice.language or choice.script):
            raise UserError(
                f"{choice}: the weights hold language and script vectors ({', '.join(self.nameless)}), but nothing "
                f"says which row is whose: expected {LANGUAGES} beside them, as our exports have it. `langsamp import` "
                "writes it from the checkpoint's id table; without it only `none` can be shown"
            )
        ids, rows = self.conditioning.ids, []
        for name, code, codes, table in (
            ("language", choice.language, ids.languages, self.conditioning.language),
            ("script", choice.script, ids.scripts, self.conditioning.script),
        ):
            if code is not None and table is None:
                raise UserError(
                    f"{choice}: the model has no {name} vectors (its variant is {self.conditioning.variant!r}); choose "
                    "one that has, or none"
                )
            if code is not None and code not in codes:
                raise UserError(
                    f"{choice}: the model has no vector of the {name} {code!r}.{did_you_mean(code, codes)} It has "
                    f"{len(codes)}: {', '.join(codes[:8])}{', ...' if len(codes) > 8 else ''}"
                )
            rows.append(len(codes) if code is None else codes.index(code))
        return rows[0], rows[1]

    def _is_trained(self, choice: VectorChoice) -> bool:
        tables: tuple[VectorTable, VectorTable] = ("language", "script")
        pairs = zip(tables, choice, strict=True)
        return all(self.conditioning.is_trained(table, code) for table, code in pairs if code is not None)

    def _token(self, index: int) -> dict[str, str | bool]:
        token = str(self.tokenizer.convert_ids_to_tokens(index))
        special = index in self.tokenizer.all_special_ids
        goes_on = token.startswith(GOES_ON) or bool(self._word_starts and not token.startswith(self._word_starts))
        return {"token": token, "text": readable(self.tokenizer, index), "continues": goes_on and not special}


def check_whole(text: str) -> str:
    """`text` if each of its characters is whole.

    Raises:
        UserError: where it holds half of a pair of surrogates, as JSON may: no tokenizer takes it.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError(
            f"character {error.start + 1} of the text is half of one (a surrogate): write the character itself"
        ) from None
    return text


def fill_mask(folder: Path | str, sentence: str, vectors: Sequence[str] = (), *, k: int = 5) -> pd.DataFrame:
    """What the model in `folder` puts under the mask of `sentence`, without vectors and under each of `vectors`.

    The table and the errors are those of `MaskFiller.fill`.
    """
    return MaskFiller(Path(folder)).fill(sentence, vectors, k=k)


def _no_vectors() -> Conditioning:
    ids = LanguageIds(languages=(), scripts=())
    return Conditioning(variant="none", ids=ids, rows_seen={}, language=None, script=None)


def _with_vectors(mlm: PreTrainedModel, conditioning: Conditioning) -> LangSampForMaskedLM:
    """The trained model again, each table one row longer; that row is zero."""
    ids = conditioning.ids
    model = LangSampForMaskedLM(
        mlm,
        variant=conditioning.variant,  # type: ignore[arg-type]
        num_languages=len(ids.languages) + 1,
        num_scripts=len(ids.scripts) + 1,
    )
    with torch.no_grad():
        for table, vectors in ((model.language, conditioning.language), (model.script, conditioning.script)):
            if table is None or vectors is None:
                continue
            table.weight.zero_()
            table.weight[:-1] = torch.from_numpy(vectors)
    return model.to(mlm.device)
