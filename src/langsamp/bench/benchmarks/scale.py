"""The sampler at the size of Glot500-c: what starting it, a step's rows and its memory cost, against a smaller corpus.

The rows are real files for everything but their content: holes, which take no space on the disk, of as many bytes as
the text of each tag would fill. Opening, drawing and masking them is what a training does.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from langsamp.bench.fixtures import Fixtures
from langsamp.bench.record import Record, Row, Target
from langsamp.bench.timing import alternate, compared
from langsamp.data.batches import Batches
from langsamp.data.masking import MaskingConfig
from langsamp.data.phases import order_of, passes_of, phases_of
from langsamp.data.rows import MANIFEST, Manifest, PreparedRows, TagRows, file_name, id_type
from langsamp.data.sampler import SamplerConfig
from langsamp.disk.files import replacing, write_json
from langsamp.disk.seals import seal
from langsamp.languages.ids import LanguageIds
from langsamp.languages.table import tags as known_tags
from langsamp.languages.tags import LangScript
from langsamp.provenance import fingerprint
from langsamp.world import World

_MOST_SECONDS, _MOST_MIB, _LEAST_SPEED = 5.0, 1024.0, 0.5
_TOKENS_PER_SENTENCE = 30
_DECILES = (1.2e3, 23e3, 31e3, 41e3, 72e3, 135e3, 220e3, 440e3, 975e3, 4.9e6, 63e6)
"""Sentences of the smallest tag of Glot500-c, of the one after each tenth of the tags, and of the largest."""
_COUNTS = "reference/glot500_pairs.json"
_ROWS_PER_BATCH = 64
_UNREAD = "0" * 64
"""Stands for the checksum of a file that nobody reads whole."""
_SEED = 0


@dataclass(frozen=True, kw_only=True)
class ScaleSize:
    """How much is measured."""

    tags: int
    smaller: int
    """The corpus that the whole one is held against has one of so many sentences."""
    vocab_size: int
    row_tokens: int
    rows_per_step: int
    steps: int
    """Of the whole training."""
    timed: int
    """Steps of each round, one after another, and as many anywhere."""
    rounds: int


_GLOT500 = {"tags": 679, "vocab_size": 401_145, "row_tokens": 512, "rows_per_step": 1024, "steps": 150_000}
QUICK = ScaleSize(**_GLOT500, smaller=1000, timed=4, rounds=3)
NORMAL = ScaleSize(**_GLOT500, smaller=1000, timed=16, rounds=5)


def measure_scale(material: Fixtures, size: ScaleSize) -> Record:
    """Seconds and memory of the sampler and its batches at all sentences, against one of `size.smaller` of them."""
    counts = sentence_counts(size.tags)
    fewer = {tag: -(-number // size.smaller) for tag, number in counts.items()}
    folders = {
        f"{sum(each.values()):,} sentences": _hollow_rows(material.folder / f"hollow-{number}", each, size)
        for number, each in enumerate((fewer, counts))
    }
    rows = [row for group, action in _ACTIONS.items() for row in _timed(group, action, folders, size)]
    peaks = {name: material.alone.peak_mib(_walk, folder, size) for name, folder in folders.items()}
    _, start, _, late, _, following, _, anywhere = rows
    assert start.seconds is not None and late.seconds is not None
    assert following.ratio is not None and anywhere.ratio is not None
    return Record(
        name="scale",
        measures=(
            f"The rows of {len(counts)} tags opened, drawn and masked in one thread, against a corpus of one of "
            f"{size.smaller:,} sentences. The files have their full length and no content."
        ),
        unit="steps",
        rows=(*rows, *(Row(variant=name, group="memory", peak_mib=peak) for name, peak in peaks.items())),
        targets=(
            Target(name="seconds to the first step", measured=start.seconds, limit=_MOST_SECONDS, at_most=True),
            Target(name="seconds to the last step", measured=late.seconds, limit=_MOST_SECONDS, at_most=True),
            Target(name="MiB of one process", measured=max(peaks.values()), limit=_MOST_MIB, at_most=True),
            Target(name="steps in order, against the smaller corpus", measured=following.ratio, limit=_LEAST_SPEED),
            Target(name="steps anywhere, against the smaller corpus", measured=anywhere.ratio, limit=_LEAST_SPEED),
        ),
        settings={**asdict(size), "epochs": _epochs(PreparedRows(list(folders.values())[-1], verify=False), size)},
    )


def sentence_counts(tags: int) -> dict[LangScript, int]:
    """Sentences by tag: Glot500-c's own where LANGSAMP_DATA lies beside them, else as many of about that shape."""
    data = os.environ.get("LANGSAMP_DATA")
    published = Path(data).parent / _COUNTS if data else None
    if published is not None and published.is_file():
        pairs = json.loads(published.read_text(encoding="utf-8"))["pairs"]
        return dict(sorted((LangScript.parse(pair["code"]), int(pair["sentences"])) for pair in pairs)[:tags])
    shares = np.linspace(0, 1, tags)
    counts = np.exp(np.interp(shares, np.linspace(0, 1, len(_DECILES)), np.log(_DECILES)))
    return dict(zip(known_tags()[:tags], counts.astype(int).tolist(), strict=True))


def _timed(group: str, action: "_Action", folders: Mapping[str, Path], size: ScaleSize) -> Iterator[Row]:
    steps = size.timed if action in (_in_order, _anywhere) else 1
    samplers = {name: _Sampler(folder, size) for name, folder in folders.items()}
    taken = alternate(
        {name: partial(action, sampler) for name, sampler in samplers.items()}, rounds=size.rounds, title=group
    )
    return (row.model_copy(update={"group": group}) for row in compared(taken, amount=steps))


class _Sampler:
    """What a training of so many steps reads its rows with, opened when it is first asked for."""

    def __init__(self, folder: Path, size: ScaleSize) -> None:
        self.folder, self.size = folder, size
        self.following, self.random = count(), np.random.default_rng(_SEED)
        self.open()

    def open(self) -> None:
        rows = PreparedRows(self.folder, verify=False)
        self.batches = Batches(rows, ids=LanguageIds.of(rows.tags), masking=MaskingConfig(), seed=_SEED)
        self.order = order_of(
            SamplerConfig(rows_per_step=self.size.rows_per_step),
            dict(zip(rows.tags, rows.sizes, strict=True)),
            steps=self.size.steps,
            fingerprint=rows.fingerprint,
            seed=_SEED,
        )

    def read(self, step: int) -> None:
        self.batches.training_step(
            step,
            order=self.order,
            rows_per_step=self.size.rows_per_step,
            rows_per_batch=_ROWS_PER_BATCH,
            world=World(),
        )


_Action = Callable[[_Sampler], None]


def _first(sampler: _Sampler) -> None:
    sampler.open()
    sampler.read(0)


def _last(sampler: _Sampler) -> None:
    sampler.open()
    sampler.read(sampler.size.steps - 1)


def _in_order(sampler: _Sampler) -> None:
    for _ in range(sampler.size.timed):
        sampler.read(next(sampler.following))


def _anywhere(sampler: _Sampler) -> None:
    for step in sampler.random.integers(sampler.size.steps, size=sampler.size.timed):
        sampler.read(int(step))


_ACTIONS: dict[str, _Action] = {
    "opened, to the first step's rows": _first,
    "opened, to the last step's rows": _last,
    "steps in order": _in_order,
    "steps anywhere": _anywhere,
}


def _walk(folder: Path, size: ScaleSize) -> None:
    """What the memory of a process is measured with: the first steps, some anywhere, the last one."""
    sampler = _Sampler(folder, size)
    for action in (_in_order, _anywhere, _last):
        action(sampler)


def _hollow_rows(folder: Path, counts: Mapping[LangScript, int], size: ScaleSize) -> Path:
    """A folder of prepared rows whose files have their length and nothing in it, with a true manifest."""
    per_token, tags = np.dtype(id_type(size.vocab_size)).itemsize, {}
    with replacing(folder) as fresh:
        for tag, sentences in counts.items():
            tokens = sentences * _TOKENS_PER_SENTENCE
            rows = max(1, tokens // size.row_tokens)
            with (fresh / file_name(tag)).open("wb") as file:
                file.truncate(rows * size.row_tokens * per_token)
            tags[str(tag)] = TagRows(
                documents=sentences, dropped={}, bytes=4 * tokens, tokens=tokens, ordinary_tokens=tokens,
                unknown_share=0.0, share_in_script=1.0, rows=rows, held_out_rows=0, tail_tokens=0, sha256=_UNREAD,
            )  # fmt: skip
        manifest = Manifest(
            fingerprint=fingerprint([len(counts), sum(counts.values())]), made_from={}, source="nothing", licence=None,
            tokenizer_fingerprint="0", vocabulary_size=size.vocab_size, row_tokens=size.row_tokens, mask_id=4,
            special_ids=(1, 2, 3, 4), tags=tags,
        )  # fmt: skip
        write_json(fresh / MANIFEST, manifest.model_dump(mode="json", by_alias=True))
        seal(fresh, known={file_name(tag): _UNREAD for tag in tags})
    return folder


def _epochs(rows: PreparedRows, size: ScaleSize) -> dict[str, float]:
    """How often the rows of a tag are read in the whole training: of the tag read least, of the middle, of most."""
    sampler = SamplerConfig(rows_per_step=size.rows_per_step)
    sizes = dict(zip(rows.tags, rows.sizes, strict=True))
    phases = phases_of(sampler, sizes, steps=size.steps)
    (passes,) = passes_of(phases, sizes, rows_per_step=size.rows_per_step)
    return {"least": float(passes.min()), "median": float(np.median(passes)), "most": float(passes.max())}
