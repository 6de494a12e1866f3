"""The embedded corpus: real text in about 160 tags, made from Unicode CLDR through Babel, and the tasks made with it.

Nothing is downloaded. Each tag draws meanings of its own, so the text is not parallel; what it shares across tags is
how the world hangs together. The tasks' meanings are kept out of it by what they mean (`cldr.meanings`).
"""

from collections.abc import Iterator
from importlib.metadata import version
from random import Random

from babel.core import get_cldr_version
from xxhash import xxh64_intdigest

from langsamp.cldr import locales
from langsamp.cldr.drawing import Drawing
from langsamp.cldr.phrases import phrasebook
from langsamp.errors import UserError
from langsamp.languages.tags import LangScript
from langsamp.provenance import fingerprint

_GENERATOR = 1
"""Goes up when the same arguments give other text."""


class CldrCorpus:
    """Documents of every tag that CLDR has enough data for, the same on every machine with the same CLDR."""

    licence = "Unicode-3.0"
    source = "Unicode CLDR through Babel"

    def __init__(self, documents_per_tag: int = 2000, seed: int = 0) -> None:
        """Take the number of documents of each tag, and a seed that changes all of them.

        Raises:
            UserError: where the number is below 1.
        """
        if documents_per_tag < 1:
            raise UserError(f"expected documents_per_tag of at least 1, got {documents_per_tag}")
        self._number, self._seed = documents_per_tag, seed

    @property
    def tags(self) -> list[LangScript]:
        """All tags, sorted."""
        return list(locales.locales())

    def documents(self, tag: LangScript) -> Iterator[str]:
        """The documents of `tag` in order; document i depends on the tag, the seed and i only.

        Raises:
            UserError: where CLDR has too little data for `tag`.
        """
        book = phrasebook(tag)
        drawing, rng = Drawing(book.known), Random()
        for index in range(self._number):
            rng.seed(xxh64_intdigest(f"{self._seed} {tag} {index}".encode()))
            yield book.text(drawing.document(rng, "corpus"))

    def fingerprint(self) -> str:
        """Name of the content: changes with CLDR, Babel, the generator and the arguments."""
        made_by = {"babel": version("babel"), "cldr": get_cldr_version(), "generator": _GENERATOR}
        return fingerprint({**made_by, "documents_per_tag": self._number, "seed": self._seed})
