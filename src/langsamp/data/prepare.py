"""Text to prepared rows: clean, train or load the tokenizer, encode and pack every tag; the manifest comes last.

Tags are shared out to processes, and of large ones chunks of the source to be read and parts of the clean text to be
encoded; the rows do not depend on how many there are of any. Work goes on where a killed preparation was, under a
hidden folder beside the result that is named by its future content.
"""

import glob
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from langsamp.data.chunks.parts import PART_BYTES
from langsamp.data.overlap import LOOKED_FOR, look_for, sentences_file
from langsamp.data.prepare_tag import TagWork, clean_large_tags, encode_parts
from langsamp.data.rows import (
    MANIFEST,
    PROVENANCE,
    TOKENIZER,
    Manifest,
    PreparedRows,
    RowsConfig,
    TagRows,
    file_name,
    read_manifest,
)
from langsamp.data.text.contamination import TaskSentences
from langsamp.data.text.corpus import Corpus, CorpusConfig, open_corpus
from langsamp.data.text.near_duplicates import check_near_duplicates
from langsamp.data.tokens.encoding import FACTS, TokenizerFacts
from langsamp.data.tokens.tokenizer import (
    TokenizerConfig,
    byte_ids,
    delimiters_of,
    load_tokenizer,
    textless_ids,
    tokenizer_fingerprint,
    vocabulary_size,
)
from langsamp.data.tokens.tokenizer_sample import sample_for_tokenizer
from langsamp.data.tokens.unigram import train_tokenizer
from langsamp.data.workers import each, mapped, shared_out, worthwhile
from langsamp.disk.files import locked, read_json, replacing, write_json, writing
from langsamp.disk.leftovers import sweep
from langsamp.disk.seals import CHECKSUMS, check_sealed, seal, write_record
from langsamp.errors import DamagedError, UserError, first_of
from langsamp.languages.tags import LangScript
from langsamp.progress import Bar, say
from langsamp.provenance import differing_keys, file_sha256, fingerprint, provenance

_NAMING = {"row_tokens", "held_out_rows"}
"""Settings that belong to the name of rows; the packing shows in their content."""


def prepare_rows(
    corpus: CorpusConfig,
    tokenizer: TokenizerConfig,
    rows: RowsConfig,
    *,
    out: Path,
    base: Path = Path(),
    workers: int | None = None,
    test_sentences: TaskSentences | None = None,
    executor: Executor | None = None,
) -> PreparedRows:
    """The rows of a corpus in the folder `out`, made unless they are there; folders of text are relative to `base`.

    `workers` processes share the tags and the parts of large ones (default: as many as the text is worth), or an
    `executor`'s, which must see the same folders; the rows do not depend on it.
    A tag whose rows are damaged is made again.
    `test_sentences` are looked for in the text; documents that hold one are counted, or dropped where
    `corpus.decontaminate` says so.

    Raises:
        UserError: where the text is not as expected, `out` holds rows of other text or settings, another process is
            preparing there, or there are no sentences to decontaminate by.
    """
    if corpus.decontaminate and test_sentences is None:
        raise UserError("corpus.decontaminate needs the evaluation's test sets, and there are none to look for")
    if corpus.near_duplicates is not None:
        check_near_duplicates()
    if executor is not None:  # its workers may run elsewhere
        base, out = base.absolute(), out.absolute()
    source = open_corpus(corpus, base=base)
    dropped_for = test_sentences.fingerprint if test_sentences is not None and corpus.decontaminate else None
    made_from = _made_from(corpus, tokenizer, rows, text=source.fingerprint(), dropped_for=dropped_for)
    sweep(out.parent, name=out.name)
    folder = out.parent / f".{out.name}.{fingerprint(made_from)}"
    known = sentences_file(test_sentences, folder) if test_sentences is not None else None
    jobs = [
        TagWork(
            tag=tag, corpus=source, cleaning=corpus, rows=rows, folder=folder, test_sentences=known,
            part_bytes=PART_BYTES,
        )
        for tag in source.tags
    ]  # fmt: skip

    def make() -> None:
        with locked(out):
            if not (out / MANIFEST).is_file():  # another process may have ended just now
                look_for(test_sentences, folder)
                tasks = sum(job.likely_parts for job in jobs)
                most = min(workers or worthwhile(list(map(source.size, source.tags)), tasks=tasks), tasks)
                with shared_out(most, executor) as pool:
                    _make(jobs, tokenizer, out, made_from=made_from, pool=pool)

    if not (out / MANIFEST).is_file():
        if out.is_file() or (out.is_dir() and any(out.iterdir())):
            raise UserError(f"{out} holds no prepared rows but something else; name another folder or empty it")
        make()
    _check_same(made_from, out)
    try:
        return PreparedRows(out)
    except DamagedError as damage:
        before = _begin_again(out, folder, damage)
    make()
    return _same_as(before, PreparedRows(out))


def check_settings(
    corpus: CorpusConfig, tokenizer: TokenizerConfig, rows: RowsConfig, *, out: Path, text: str | None = None
) -> None:
    """Accept the rows in `out` if they were made with these settings, and of the text of that fingerprint.

    With None their text is not looked at.

    Raises:
        DataMissingError: where there are no rows.
        UserError: naming every setting that differs.
    """
    made_from: Any = read_manifest(out).made_from
    dropped_for = made_from["corpus"].get("decontaminate", "unknown") if corpus.decontaminate else None
    text = text or made_from["corpus"]["text"]
    _check_same(_made_from(corpus, tokenizer, rows, text=text, dropped_for=dropped_for), out)


def _made_from(
    corpus: CorpusConfig, tokenizer: TokenizerConfig, rows: RowsConfig, *, text: str, dropped_for: str | None
) -> dict[str, dict[str, object]]:
    """What the rows depend on, texts by their fingerprints; where the text lies is not part of it.

    `dropped_for` names the test sentences whose documents are dropped, None where none are.
    """

    def settings(config: BaseModel, *names: str) -> dict[str, object]:
        content: dict[str, object] = config.model_dump(mode="json")
        return {key: value for key, value in content.items() if not names or key in names}

    return {
        "corpus": {
            "text": text,
            **settings(corpus, "max_documents", "check_script", "deduplicate"),
            **({} if corpus.near_duplicates is None else settings(corpus, "near_duplicates")),
            **({} if dropped_for is None else {"decontaminate": dropped_for}),
        },
        "tokenizer": {"content": tokenizer_fingerprint(load_tokenizer(tokenizer.load))}
        if tokenizer.load
        else settings(tokenizer),
        "rows": settings(rows),
    }


def _check_same(made_from: Mapping[str, Mapping[str, object]], out: Path) -> None:
    changes = [
        "the text itself or the choice of languages" if line.startswith("corpus.text:") else line
        for line in differing_keys(made_from, read_manifest(out).made_from)
    ]
    if changes:
        raise UserError(
            f"{out} holds rows made with another recipe ({'; '.join(changes)}): choose another output folder, or "
            "delete that one"
        )


def _begin_again(out: Path, folder: Path, damage: DamagedError) -> str:
    """Make of rows in `out` a preparation half done in `folder`, which has the tags that are whole; their fingerprint.

    Raises:
        DamagedError: that of before, where it is not the rows of tags that are damaged.
    """
    with locked(out):
        manifest = read_manifest(out)
        check_sealed(out / TOKENIZER, remedy=f"delete {out} and prepare again")
        files = {tag: out / file_name(LangScript.parse(tag)) for tag in manifest.tags}
        whole = [
            tag for tag, path in files.items() if path.is_file() and file_sha256(path) == manifest.tags[tag].sha256
        ]
        if not (gone := [tag for tag in files if tag not in whole]):
            raise damage
        say(f"warning: {str(damage).partition(';')[0]}; the rows of {first_of(gone, 5)} are made again")
        if folder.is_dir():
            shutil.rmtree(folder)
        out.rename(folder)
        for name in (MANIFEST, PROVENANCE, CHECKSUMS):
            (folder / name).unlink(missing_ok=True)
        for tag in whole:
            write_record(folder / f"{tag}.json", manifest.tags[tag].model_dump(mode="json"))
        looked_for = manifest.looked_for
        write_json(folder / LOOKED_FOR, None if looked_for is None else looked_for.model_dump(mode="json"))
    return manifest.fingerprint


def _same_as(before: str, rows: PreparedRows) -> PreparedRows:
    """The rows, if they are those of before."""
    if rows.fingerprint != before:  # rows of two versions of langsamp or of a library
        (rows.folder / MANIFEST).unlink()
        raise UserError(
            f"the damaged rows of {rows.folder} cannot be made again as they were, as they were made by other "
            "versions of langsamp or its libraries: delete that folder and prepare again"
        )
    return rows


def _make(
    jobs: Sequence[TagWork],
    tokenizer: TokenizerConfig,
    out: Path,
    *,
    made_from: dict[str, dict[str, object]],
    pool: Executor | None,
) -> None:
    """Do the jobs, which share one folder, and give that folder the name `out`."""
    source, rows, folder = jobs[0].corpus, jobs[0].rows, jobs[0].folder
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    jobs = sorted(jobs, key=lambda job: source.size(job.tag), reverse=True)  # the longest first: none is waited for
    facts = _make_tokenizer(jobs, tokenizer, rows, folder=folder, pool=pool)
    clean_large_tags(jobs, pool)
    encode_parts(jobs, pool)
    entries = each(methodcaller("encode"), jobs, pool, "packing rows")
    tags = {str(job.tag): entry for job, entry in zip(jobs, entries, strict=True)}
    _finish(folder, out, source=source, made_from=made_from, facts=facts, rows=rows, tags=dict(sorted(tags.items())))


def _make_tokenizer(
    jobs: Sequence[TagWork], config: TokenizerConfig, rows: RowsConfig, *, folder: Path, pool: Executor | None
) -> TokenizerFacts:
    """Put the tokenizer into `folder` and return what rows and masks need to know of it."""
    if not (folder / TOKENIZER).is_dir():
        if config.load is not None:
            tokenizer = load_tokenizer(config.load)
        else:
            clean_large_tags(jobs, pool)
            numbers = each(methodcaller("clean"), jobs, pool, "cleaning text")
            counts = {job.tag: number for job, number in zip(jobs, numbers, strict=True)}
            quotas = sample_for_tokenizer(counts, total=config.sample_documents, alpha=config.alpha)
            drawn = [mapped(partial(_sample, seed=config.seed), ((job, quotas[job.tag]) for job in jobs), pool)]
            texts = (text for documents in drawn for sample in documents for text in sample)
            title = f"training a tokenizer of {config.vocab_size:,} pieces on {sum(quotas.values()):,} documents"
            with Bar(title, total=None):
                tokenizer = train_tokenizer(texts, config, row_tokens=rows.row_tokens)
            if (entries := len(tokenizer)) < config.vocab_size:
                say(f"note: the texts give {entries:,} pieces, no more; tokenizer.vocab_size is {config.vocab_size:,}")
        with replacing(folder / TOKENIZER) as fresh:
            tokenizer.save_pretrained(fresh)
            seal(fresh)
    check_sealed(folder / TOKENIZER, remedy=f"delete {folder}, a preparation half done, and run the same command again")
    tokenizer = load_tokenizer(str(folder / TOKENIZER))
    facts = TokenizerFacts(
        tokenizer_fingerprint=tokenizer_fingerprint(tokenizer),
        vocabulary_size=vocabulary_size(tokenizer),
        mask_id=tokenizer.mask_token_id,
        unknown_id=tokenizer.unk_token_id,
        special_ids=textless_ids(tokenizer),
        byte_ids=byte_ids(tokenizer),
        frame=delimiters_of(tokenizer) if rows.packing == "best-fit" else None,
    )
    write_json(folder / FACTS, facts.model_dump(mode="json"))
    return facts


def _sample(job_and_quota: tuple[TagWork, int], *, seed: int) -> list[str]:
    job, quota = job_and_quota
    return job.sample(quota, seed)


def _finish(
    folder: Path,
    out: Path,
    *,
    source: Corpus,
    made_from: dict[str, dict[str, object]],
    facts: TokenizerFacts,
    rows: RowsConfig,
    tags: dict[str, TagRows],
) -> None:
    """Write manifest and provenance, drop what was needed on the way, and give the folder its name."""
    checksums = {tag: entry.sha256 for tag, entry in tags.items()}
    manifest = Manifest(
        fingerprint=fingerprint([facts.tokenizer_fingerprint, rows.model_dump(include=_NAMING), checksums]),
        made_from=made_from,
        source=source.source,
        licence=source.licence,
        remarks=source.remarks,
        row_tokens=rows.row_tokens,
        tags=tags,
        looked_for=read_json(folder / LOOKED_FOR),
        **facts.model_dump(exclude={"unknown_id", "byte_ids"}),
    )
    on_the_way = ("*.clean.*", "*.part-*", "*_*.json", FACTS, LOOKED_FOR, "test-sentences.*")
    for path in {path for pattern in on_the_way for path in folder.glob(pattern)}:
        path.unlink()
    for path in folder.glob(".*"):  # half-written by a preparation that was killed
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_json(folder / PROVENANCE, provenance(data=manifest.fingerprint))
    write_json(folder / MANIFEST, manifest.model_dump(mode="json", by_alias=True))
    seal(folder, known={file_name(tag): digest for tag, digest in checksums.items()})
    with writing(out):
        if out.exists():
            out.rmdir()
        folder.rename(out)
    for other in out.parent.glob(f".{glob.escape(out.name)}." + "[0-9a-f]" * 16):
        shutil.rmtree(other)
