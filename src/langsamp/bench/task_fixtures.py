"""What the benchmarks of the evaluation measure on: the real tasks' text where it is, the embedded tasks' elsewhere."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from langsamp.bench.fixtures import Fixtures
from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.text.folder import files_by_tag
from langsamp.data.tokens.tokenizer import TokenizerConfig
from langsamp.data.tokens.unigram import train_tokenizer
from langsamp.disk.files import replacing
from langsamp.errors import DataMissingError
from langsamp.evaluation.tasks.examples import Examples, TrainAndDev
from langsamp.evaluation.tasks.lookup import task
from langsamp.evaluation.tasks.readers.formats.parallel import ParallelText
from langsamp.evaluation.tasks.task import Task, TaskData
from langsamp.languages.tags import LangScript

_PREFERRED = tuple(map(LangScript.parse, ("deu_Latn", "rus_Cyrl", "swh_Latn")))
_ENGLISH = LangScript("eng", "Latn")
_EMBEDDED = {"sr-bible": "sr-cldr", "sr-tatoeba": "sr-cldr", "sib200": "topic-cldr", "ner": "ner-cldr"}
_TOKENIZER_DOCUMENTS = 3000
"""Of each tag."""


@dataclass(frozen=True, kw_only=True)
class TaskTexts:
    """Text of tasks, and a tokenizer for it."""

    material: Fixtures
    data: Path | None = None
    """Folder that holds `eval/`, and perhaps `corpus/` to train the tokenizer on."""

    @classmethod
    def find(cls, material: Fixtures) -> "TaskTexts":
        """Those in the folder that LANGSAMP_DATA names."""
        name = os.environ.get("LANGSAMP_DATA")
        return cls(material=material, data=Path(name) if name else None)

    def parallel(self, name: str, *, tags: int, pairs: int) -> tuple[str, dict[LangScript, ParallelText]]:
        """Of how the retrieval task `name` begins: `pairs` sentences of some tags; and the task that they are of."""
        each, reader = self._open(name)
        texts = (reader.read(tag) for tag in _chosen(reader.tags, tags))
        return each.name, {
            text.tag: replace(text, english=text.english[:pairs], target=text.target[:pairs]) for text in texts
        }

    def labelled(self, name: str, *, tags: int) -> tuple[Task, TrainAndDev[Any], Mapping[LangScript, Examples]]:
        """The fine-tuned task that stands for `name`, English to train on, and the test sets of some tags."""
        each, reader = self._open(name)
        return each, reader.training(_ENGLISH), {tag: reader.read(tag) for tag in _chosen(reader.tags, tags)}

    def tokenizer(self, vocab_size: int) -> Path:
        """A folder with a tokenizer of the material's tags, from the data's corpus where there is one."""
        folder = None if self.data is None else self.data / "corpus"
        if folder is None or not folder.is_dir():
            return self.material.tokenizer(vocab_size)
        out = self.material.folder / f"tokenizer-real-{vocab_size}"
        if not out.exists():
            tags = ",".join(map(str, set(self.material.tags) & set(files_by_tag(folder))))
            corpus = open_corpus(CorpusConfig(source=str(folder.absolute()), languages=tags), base=Path())
            documents = (text for tag in corpus.tags for text in islice(corpus.documents(tag), _TOKENIZER_DOCUMENTS))
            tokenizer = train_tokenizer(documents, TokenizerConfig(vocab_size=vocab_size), row_tokens=512)
            with replacing(out) as fresh:
                tokenizer.save_pretrained(fresh)
        return out

    def _open(self, name: str) -> tuple[Task, Any]:
        """The task and its reader, or the embedded one that stands for it where its data are absent."""
        if self.data is not None:
            try:
                return task(name), task(name).open(TaskData(data=self.data / "eval"))
            except DataMissingError:
                pass
        embedded = task(_EMBEDDED[name])
        return embedded, embedded.open(TaskData())


def _chosen(tags: Any, number: int) -> list[LangScript]:
    """`number` of `tags`, those in several scripts that most data have first."""
    return sorted(sorted(tags), key=lambda tag: _PREFERRED.index(tag) if tag in _PREFERRED else len(_PREFERRED))[
        :number
    ]
