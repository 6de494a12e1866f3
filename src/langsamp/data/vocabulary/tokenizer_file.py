"""What we read and change in a `tokenizer.json`; all else in it is kept as it is."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from langsamp.data.vocabulary.merges import Merge, Merges


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class AddedToken(_Part):
    """A token beside the model's pieces."""

    content: str
    id: int


class PieceModel(_Part):
    """The pieces, and how text is cut into them."""

    type: str | None = None
    vocab: dict[str, int] | list[tuple[str, float]]
    """Ids by piece; of Unigram pieces with their scores, in the order of their ids."""
    merges: list[str | tuple[str, str]] = []
    unk_id: int | None = None
    unk_token: str | None = None
    continuing_subword_prefix: str | None = None
    end_of_word_suffix: str | None = None

    @property
    def merging(self) -> Merges:
        """Of BPE, which pieces a piece goes through."""
        merges: list[Merge] = [*self.merges]
        return Merges(merges, self.continuing_subword_prefix or "", self.end_of_word_suffix or "")

    def renewed(self, vocab: dict[str, int] | list[tuple[str, float]], merges: list[Merge]) -> "PieceModel":
        """The model with other pieces, among which that of the unknown is; merges only of a model that has some."""
        changes: dict[str, Any] = {"vocab": vocab} | ({"merges": merges} if "merges" in self.model_fields_set else {})
        if self.unk_id is not None and isinstance(self.vocab, list) and isinstance(vocab, list):
            unknown = self.vocab[self.unk_id][0]
            changes |= {"unk_id": [piece for piece, _ in vocab].index(unknown)}
        return self.model_copy(update=changes)


class Padding(_Part):
    """What fills a batch."""

    pad_token: str
    pad_id: int


class TokenizerFile(_Part):
    """The whole file."""

    model: PieceModel
    added_tokens: tuple[AddedToken, ...] = ()
    post_processor: Any = None
    padding: Padding | None = None

    def renewed(self, model: PieceModel, ids: dict[str, int]) -> dict[str, Any]:
        """The content of the file with other pieces, every id in it set to the new one."""
        added = [token.model_copy(update={"id": ids[token.content]}) for token in self.added_tokens]
        changes: dict[str, Any] = {"model": model, "added_tokens": tuple(sorted(added, key=lambda token: token.id))}
        if self.padding is not None:
            changes |= {"padding": self.padding.model_copy(update={"pad_id": ids[self.padding.pad_token]})}
        if self.post_processor is not None:
            changes |= {"post_processor": _renumbered(self.post_processor, ids)}
        return self.model_copy(update=changes).model_dump(mode="json", exclude_unset=True)


def _renumbered(part: Any, ids: dict[str, int], key: str = "") -> Any:
    """A post-processor with new ids, however deep: `[token, id]` pairs and `{tokens: [...], ids: [...]}`."""
    if key in ("sep", "cls") and isinstance(part, list):
        return [part[0], ids[part[0]]]
    if isinstance(part, list):
        return [_renumbered(each, ids) for each in part]
    if not isinstance(part, dict):
        return part
    renewed = {name: _renumbered(each, ids, name) for name, each in part.items()}
    tokens = part.get("tokens")
    if isinstance(tokens, list) and isinstance(part.get("ids"), list):
        renewed |= {"ids": [ids[token] for token in tokens]}
    return renewed
