"""How much of a run's text overlaps with its test sets: counted while preparing, or again for another evaluation.

The counts lie beside the rows, in a file of their own: the rows stay what they are when the evaluation changes.
"""

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from operator import methodcaller
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from langsamp.data.prepare_tag import TagWork
from langsamp.data.rows import LookedFor, PreparedRows, RowsConfig
from langsamp.data.text.contamination import Overlap, TaskSentences
from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.workers import each, shared_out, worthwhile
from langsamp.disk.files import read_json, write_json, writing
from langsamp.disk.seals import read_record, write_record
from langsamp.errors import DamagedError, UserError

OVERLAP = "overlap.json"
"""The file's name in the folder of a run."""
LOOKED_FOR = "looked-for.json"
"""What preparing notes on its way: which sentences are looked for."""


class OverlapRecord(BaseModel):
    """What the text of prepared rows shares with test sets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str
    """Fingerprint of the rows."""
    looked_for: LookedFor
    dropped: bool
    """True where the documents with test sentences were dropped, false where they are in the rows."""
    tags: Mapping[str, Mapping[str, Overlap]]
    """By tag and task, those that have any."""


def sentences_file(sentences: TaskSentences, folder: Path) -> Path:
    """Where a preparation in `folder` keeps the sentences for its processes."""
    return folder / f"test-sentences.{sentences.fingerprint}.npz"


def look_for(sentences: TaskSentences | None, folder: Path) -> None:
    """Put the test sentences into a preparation's folder; what was counted there for others is counted again."""
    noted, asked = folder / LOOKED_FOR, looked_for(sentences)
    content = asked.model_dump(mode="json") if asked is not None else None
    if sentences is not None:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        sentences.save(sentences_file(sentences, folder))
    with suppress(DamagedError):  # then all is counted again
        if noted.is_file() and read_json(noted) == content:
            return
    for path in {*folder.glob("*.clean.*"), *folder.glob("*_*.json")}:
        path.unlink()
    write_json(noted, content)


def looked_for(sentences: TaskSentences | None) -> LookedFor | None:
    """What a manifest says of the test sentences; None for None."""
    if sentences is None:
        return None
    return LookedFor(fingerprint=sentences.fingerprint, sentences=sentences.numbers)


def overlap_with(
    sentences: TaskSentences, rows: PreparedRows, corpus: CorpusConfig, *, file: Path, base: Path = Path()
) -> OverlapRecord:
    """What the text of `rows` shares with test sets, kept in `file`.

    It was counted when the rows were made. Where the evaluation has other sentences now, the text is read once more.

    Raises:
        UserError: where the text has to be read and cannot be, or would have to be downloaded again.
    """
    asked, manifest = looked_for(sentences), rows.manifest
    assert asked is not None
    if manifest.looked_for == asked:
        tags = {tag: entry.overlap for tag, entry in manifest.tags.items() if entry.overlap}
    else:
        kept = read_overlap(file)
        if kept is not None and (kept.data, kept.looked_for) == (rows.fingerprint, asked):
            return kept
        if corpus.is_remote:
            raise UserError(
                f"{corpus.source} would have to be downloaded again to search it for the test sentences of this "
                "evaluation, which is not the one that the rows were prepared for; to know, prepare in another folder"
            )
        tags = _counted(sentences, corpus, base)
    record = OverlapRecord(data=rows.fingerprint, looked_for=asked, dropped=corpus.decontaminate, tags=tags)
    write_record(file, record.model_dump(mode="json"))
    return record


def read_overlap(file: Path) -> OverlapRecord | None:
    """What `overlap_with` has kept; None where it has not.

    Raises:
        DamagedError: where the file is not as it was written.
    """
    if not file.is_file():
        return None
    return read_record(OverlapRecord, file, remedy=f"delete {file} and run `langsamp prepare` again")


def _counted(sentences: TaskSentences, corpus: CorpusConfig, base: Path) -> dict[str, Mapping[str, Overlap]]:
    source = open_corpus(corpus, base=base)
    with tempfile.TemporaryDirectory() as scratch, shared_out(worthwhile(list(map(source.size, source.tags)))) as pool:
        folder, file = Path(scratch), sentences_file(sentences, Path(scratch))
        sentences.save(file)
        jobs = [
            TagWork(tag=tag, corpus=source, cleaning=corpus, rows=RowsConfig(), folder=folder, test_sentences=file)
            for tag in sorted(source.tags, key=source.size, reverse=True)
        ]
        overlaps = each(methodcaller("look"), jobs, pool, "looking for test sentences")
    counts = {str(job.tag): overlap for job, overlap in zip(jobs, overlaps, strict=True) if overlap}
    return dict(sorted(counts.items()))
