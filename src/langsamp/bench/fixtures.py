"""What the benchmarks measure on, made by themselves: text of the embedded corpus, a tokenizer, rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from langsamp.bench.timing import Alone, silence
from langsamp.cldr.embedded_corpus import CldrCorpus
from langsamp.data.prepare import prepare_rows
from langsamp.data.rows import PreparedRows, RowsConfig
from langsamp.data.text.corpus import CorpusConfig
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.data.tokens.unigram import train_tokenizer
from langsamp.disk.files import replacing
from langsamp.languages.tags import LangScript

_TAGS = (
    "amh_Ethi", "arb_Arab", "deu_Latn", "ell_Grek", "eng_Latn", "hin_Deva", "jpn_Jpan", "rus_Cyrl", "swh_Latn",
    "tha_Thai", "tur_Latn", "vie_Latn",
)  # fmt: skip
_TOKENIZER_DOCUMENTS = 1500
"""Of each tag; more would only make training the tokenizer longer."""


@dataclass(frozen=True, kw_only=True)
class Fixtures:
    """Text, tokenizers and rows below a scratch folder, each made when it is first asked for."""

    folder: Path
    tags: Sequence[LangScript] = tuple(map(LangScript.parse, _TAGS))
    alone: Alone = field(default_factory=Alone)
    count: int | None = None
    """How often a benchmark that counts does what it counts; None for as often as its size says."""

    def text(self, documents: int) -> Path:
        """A folder with `documents` documents of each tag, one a line."""
        out = self.folder / f"text-{documents}"
        if not out.exists():
            with replacing(out) as fresh:
                for tag in self.tags:
                    with (fresh / f"{tag}.txt").open("w", encoding="utf-8") as file:
                        file.writelines(f"{document}\n" for document in _documents(tag, documents))
        return out

    def tokenizer(self, vocab_size: int) -> Path:
        """A folder with a tokenizer of these tags."""
        out = self.folder / f"tokenizer-{vocab_size}"
        if not out.exists():
            texts = (document for tag in self.tags for document in _documents(tag, _TOKENIZER_DOCUMENTS))
            tokenizer = train_tokenizer(texts, TokenizerConfig(vocab_size=vocab_size), row_tokens=512)
            with replacing(out) as fresh:
                tokenizer.save_pretrained(fresh)
        return out

    def rows(self, *, documents: int, vocab_size: int, row_tokens: int) -> PreparedRows:
        """Rows of `text(documents)` by `tokenizer(vocab_size)`, one of each tag held out."""
        with silence():
            return prepare_rows(
                CorpusConfig(source=str(self.text(documents).absolute())),
                TokenizerConfig(load=str(self.tokenizer(vocab_size))),
                RowsConfig(row_tokens=row_tokens, held_out_rows=1),
                out=self.folder / f"rows-{documents}-{vocab_size}-{row_tokens}",
                workers=1,
            )

    def sentences(self, number: int) -> list[str]:
        """`number` different documents, tag after tag as a task brings them."""
        share = -(-number // len(self.tags))
        return list(dict.fromkeys(text for tag in self.tags for text in _documents(tag, share)))[:number]


def _documents(tag: LangScript, number: int) -> Iterator[str]:
    return islice(CldrCorpus(documents_per_tag=number).documents(tag), number)
