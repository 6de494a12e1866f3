"""Which row of the conditioning tables belongs to which language and script: append-only, JSON, never pickle."""

from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from langsamp.errors import UserError
from langsamp.languages.tags import LangScript


class LanguageIds(BaseModel):
    """Codes in the order of their ids: `languages[i]` owns row i of the language table, `scripts[j]` row j.

    Language vectors are per language and script vectors per script, so `kmr_Latn` and `kmr_Cyrl` share `kmr`
    (paper, section 3.1).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    languages: tuple[str, ...]
    scripts: tuple[str, ...]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for codes in (self.languages, self.scripts):
            if len(set(codes)) != len(codes):
                raise ValueError(f"a code has two ids: {sorted({code for code in codes if codes.count(code) > 1})}")
        return self

    @classmethod
    def of(cls, tags: Iterable[LangScript]) -> "LanguageIds":
        """Ids for `tags`, codes in alphabetical order as in the original id table."""
        return cls(languages=(), scripts=()).extended(tags)

    def extended(self, tags: Iterable[LangScript]) -> "LanguageIds":
        """The same ids with the new codes of `tags` appended: an id, once given, never moves."""
        tags = sorted(tags)
        languages = sorted({tag.language for tag in tags} - set(self.languages))
        scripts = sorted({tag.script for tag in tags} - set(self.scripts))
        return LanguageIds(languages=(*self.languages, *languages), scripts=(*self.scripts, *scripts))

    def pair(self, tag: LangScript) -> tuple[int, int]:
        """Language id and script id of `tag`.

        Raises:
            UserError: where the language or the script has no id.
        """
        if tag.language not in self.languages or tag.script not in self.scripts:
            part = "language" if tag.language not in self.languages else "script"
            raise UserError(
                f"{tag} has no {part} id: the tables know {len(self.languages)} languages and {len(self.scripts)} "
                "scripts. Choose one of them, or train with text of this tag"
            )
        return self.languages.index(tag.language), self.scripts.index(tag.script)
