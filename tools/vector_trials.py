"""What the vectors gain or lose by one change in how they are trained: paired trainings, one change at a time.

python -m tools.vector_trials run RECIPE [--set KEY=VALUE] [--only NAME,NAME] [--store FOLDER]
python -m tools.vector_trials table FILE        # what `run` stored, as a table in Markdown

Each of `TREATMENTS` is trained on the recipe's rows once for each of its seeds; rows, order, masks and start are those
of the untreated training of that seed, so that differences are paired. What is finished is skipped; a training that
was stopped goes on. Nothing here is an option of the package.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

from langsamp import pipeline
from langsamp.analysis.identification.analyse import IdentificationConfig, analyse_identification
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.vectors.analyse import analyse_vectors
from langsamp.data.masking import IGNORED
from langsamp.data.rows import PreparedRows
from langsamp.disk.files import read_json, write_json
from langsamp.disk.layout import ModelLayout
from langsamp.errors import StoppedError, UserError
from langsamp.languages.tags import LangScript
from langsamp.model.export import export_model
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.variants import Variant
from langsamp.provenance import fingerprint, provenance
from langsamp.recipe import Recipe, load_recipe
from langsamp.training.checkpoint import read_record
from langsamp.training.job import TrainingJob
from langsamp.training.reading_log import read_lines
from langsamp.training.trainer import train

STORE = Path("studies/cells/trials")


class Treatment(NamedTuple):
    """One change to LangSAMP; with all defaults there is none.

    Of the vectors, `rate` multiplies the learning rate, which with `rises` also rises from 0 over the first half of the
    steps; `decay` is their weight decay; `initial` multiplies their start. With probability `left_out` a row of
    training gets none. `added` makes of a table's weights (codes, D) what is added instead of them.
    """

    said: str
    variant: Variant = "both"
    rate: float = 1.0
    rises: bool = False
    decay: float = 0.0
    initial: float = 1.0
    left_out: float = 0.0
    added: Callable[[Tensor], Tensor] | None = None


def centred(weights_CD: Tensor) -> Tensor:
    """Less the mean of the table, all of whose rows are trained."""
    return torch.sub(weights_CD, weights_CD.mean(0))


def of_one_length(weights_CD: Tensor) -> Tensor:
    """Directions alone, times one length that is learned: the mean of the lengths."""
    lengths_C1 = weights_CD.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return torch.mul(weights_CD / lengths_C1, lengths_C1.mean())


def times_root_of_width(weights_CD: Tensor) -> Tensor:
    """As transformers scale word embeddings (Vaswani et al. 2017, section 3.4)."""
    return torch.mul(weights_CD, weights_CD.shape[1] ** 0.5)


BITS = "bits per byte"
UNTREATED, ROUNDING = "untreated", "rounding"
TREATMENTS = {
    UNTREATED: Treatment("LangSAMP as it is"),
    ROUNDING: Treatment("nothing but rounding: start x 1.0001", initial=1.0001),
    "rate-0.1": Treatment("learning rate of the vectors x 0.1", rate=0.1),
    "rate-0.3": Treatment("learning rate of the vectors x 0.3", rate=0.3),
    "rate-3": Treatment("learning rate of the vectors x 3", rate=3.0),
    "start-0": Treatment("vectors start at 0", initial=0.0),
    "start-10": Treatment("start of the vectors x 10", initial=10.0),
    "decay-0.1": Treatment("weight decay of the vectors 0.1", decay=0.1),
    "decay-1": Treatment("weight decay of the vectors 1", decay=1.0),
    "rises": Treatment("learning rate of the vectors rises over the first half", rises=True),
    "left-out-0.1": Treatment("no vectors for one row in ten", left_out=0.1),
    "left-out-0.3": Treatment("no vectors for three rows in ten", left_out=0.3),
    "centred": Treatment("vectors less their mean", added=centred),
    "one-length": Treatment("vectors of one length, which is learned", added=of_one_length),
    "root-of-width": Treatment("vectors times the root of the width", added=times_root_of_width),
    "input": Treatment("vectors at the input", variant="both@input"),
}


def main() -> None:
    """Train and measure what is missing, or print the table of what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run")
    run.add_argument("recipe", type=Path)
    run.add_argument("--set", dest="settings", action="append", default=[])
    run.add_argument("--only", default=",".join(TREATMENTS))
    run.add_argument("--store", type=Path, default=STORE)
    verbs.add_parser("table").add_argument("file", type=Path)
    given = parser.parse_args()
    try:
        if given.verb == "run":
            recipe, names = load_recipe(given.recipe, tuple(given.settings)), given.only.split(",")
            if absent := set(names) - {*TREATMENTS}:
                raise UserError(f"no treatment {min(absent)!r}: expected among {', '.join(TREATMENTS)}")
            print(try_all(recipe, names, given.store))
        else:
            print("\n".join(table(read_json(given.file)["trials"])))
    except (StoppedError, UserError) as error:
        parser.exit(error.exit_code, f"{error}\n")


def try_all(recipe: Recipe, names: Sequence[str], store: Path) -> Path:
    """The file with all trials of these treatments, seed by seed; those that it holds are not made again.

    Raises:
        UserError: where the file is of another recipe.
    """
    if recipe.monitor.every is None:  # the score at the last step
        monitor = recipe.monitor.model_copy(update={"every": recipe.training.steps})
        recipe = recipe.model_copy(update={"monitor": monitor})
    rows, file = pipeline.prepare(recipe), store / f"{recipe.name}.json"
    plain = pipeline.training_job(recipe, rows, "both", 0)
    about = {"recipe": recipe.name, "steps": recipe.training.steps, "versions": provenance()["versions"]}
    about["asked"] = fingerprint({**plain.identity, "steps": recipe.training.steps})
    stored = read_json(file) if file.is_file() else {**about, "trials": []}
    if stored["asked"] != about["asked"]:
        raise UserError(f"{file} holds trials of another recipe: set another name, or move it away")
    trials = list(stored["trials"])
    for seed, name in product(recipe.seeds, names):
        if (name, seed) not in [(trial["treatment"], trial["seed"]) for trial in trials]:
            trials.append(tried(recipe, rows, name, seed))
            store.mkdir(parents=True, exist_ok=True)
            write_json(file, {**about, "trials": trials})
    return file


def tried(recipe: Recipe, rows: PreparedRows, name: str, seed: int) -> dict[str, Any]:
    """One training under one treatment, with what is measured of it."""
    job = job_under(recipe, rows, name, seed)
    with under(TREATMENTS[name], job):
        model = ModelRef(job.out.name, exported(job, train(job)), None)
    log, vectors = read_lines(ModelLayout(job.out).log), analyse_vectors(model, recipe.analysis.vectors)
    text = IdentificationConfig(task=recipe.evaluation.tasks[0], data=recipe.evaluation.data)
    tells = job.model.placement == "output"
    right = analyse_identification(model, recipe.analysis.identification or text).right if tells else None
    families = [each.observed for each in vectors.statistics if each.statistic == "purity family"]
    return {
        "treatment": name,
        "seed": seed,
        BITS: log.held_out[-1].bits_per_byte,
        **{f"top 10, {task}": log.monitored[-1].score(task) for task in recipe.monitor.tasks},
        "language told, %": None if right is None else 100 * right,
        "neighbours of one family, %": 100 * families[0] if families else None,
    }


def job_under(recipe: Recipe, rows: PreparedRows, name: str, seed: int) -> TrainingJob:
    """The recipe's training with the settings of a treatment, in a folder of its own."""
    treatment, training = TREATMENTS[name], recipe.training
    changes: dict[str, float] = {"tables_weight_decay": treatment.decay} if treatment.decay else {}
    if treatment.rate != 1:
        changes["tables_learning_rate"] = training.highest_of_tables * treatment.rate
    changed = recipe.model_copy(update={"training": training.model_copy(update=changes)})
    job = pipeline.training_job(changed, rows, treatment.variant, seed)
    identity = {**job.identity, "treatment": name}
    return replace(job, out=recipe.folder / "trials" / f"{name}-{seed}", identity=identity)


class AddedTable(nn.Embedding):
    """A table of whose weights something is made before it is added."""

    def __init__(self, table: nn.Embedding, made: Callable[[Tensor], Tensor]) -> None:
        super().__init__(table.num_embeddings, table.embedding_dim, _weight=table.weight.detach())
        self.made = made

    def forward(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.made(self.weight))


class LeftOut:
    """Leaves out the vectors of some rows of each training step; its draws change no other."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.is_kept_M1 = torch.ones(0, 1)

    def draw(self, _model: nn.Module, _inputs: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        rows, tokens = named["labels_BL"].shape
        with torch.random.fork_rng(devices=[]):
            is_kept_B = torch.rand(rows) >= self.share
        positions_M = (named["labels_BL"] != IGNORED).flatten().nonzero().flatten()
        self.is_kept_M1 = is_kept_B[positions_M // tokens, None].float()

    def apply(self, table: nn.Module, _inputs: tuple[Any, ...], vectors_MD: Tensor) -> Tensor:
        return vectors_MD * self.is_kept_M1 if table.training else vectors_MD


@contextmanager
def under(treatment: Treatment, job: TrainingJob) -> Iterator[None]:
    """Within this block the job's model is one of the treatment, and is trained as such."""
    for name, table in tables_of(job.model).items():
        with torch.no_grad():
            table.weight.mul_(treatment.initial)
        if treatment.added is not None:
            setattr(job.model, name, AddedTable(table, treatment.added))
    with ExitStack() as hooks:
        if treatment.rises:
            weights = [table.weight for table in tables_of(job.model).values()]
            hooks.callback(register_optimizer_step_pre_hook(partial(rise, weights, job.config.steps)).remove)
        if treatment.left_out:
            left_out = LeftOut(treatment.left_out)
            hooks.callback(job.model.register_forward_pre_hook(left_out.draw, with_kwargs=True).remove)
            for table in tables_of(job.model).values():
                hooks.callback(table.register_forward_hook(left_out.apply).remove)
        yield


def rise(weights: Sequence[Tensor], steps: int, optimizer: Optimizer, *_: object) -> None:
    """Lessen the rate of these weights before a step of the first half; the trainer sets all rates before each step."""
    for group in optimizer.param_groups:
        if any(each is weights[0] for each in group["params"]):
            done = float(optimizer.state[weights[0]].get("step", 0.0))
            group["lr"] *= min(1.0, 2 * done / steps)


def tables_of(model: LangSampForMaskedLM) -> dict[str, nn.Embedding]:
    """The tables that are on."""
    tables = {"language": model.language, "script": model.script}
    return {name: table for name, table in tables.items() if table is not None}


def exported(job: TrainingJob, checkpoint: Path) -> Path:
    """The trained model as an export, whose vectors are those that were added."""
    record = read_record(checkpoint)
    for name, table in tables_of(job.model).items():
        if isinstance(table, AddedTable):
            added = table.made(table.weight).detach()
            setattr(job.model, name, nn.Embedding(len(added), added.shape[1], _weight=added))
    rows, masked = (
        {LangScript.parse(tag): number for tag, number in (seen or {}).items()}
        for seen in (record.rows_seen, record.masked_seen)
    )
    facts, out = {"name": job.name, "step": record.step}, ModelLayout(job.out).export
    return export_model(
        job.model, out, tokenizer=job.tokenizer, ids=job.ids, rows_seen=rows, masked_seen=masked, facts=facts
    )


def table(trials: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """By treatment the mean difference to the untreated training of the same seed, with its range over seeds.

    Bold is what lies on one side of zero in every one of two seeds or more, farther than rounding alone led in any.
    """
    scores = pd.DataFrame(trials).set_index(["treatment", "seed"]).astype(float)
    changes = scores.sub(scores.loc[UNTREATED], level="seed")
    measures, treated = [str(column) for column in scores], {str(name) for name, _ in scores.index}
    yield f"| | seeds | {' | '.join(measures)} |"
    yield "|---|---|" + "---|" * len(measures)
    for name in [each for each in TREATMENTS if each in treated]:
        shown = scores if name == UNTREATED else changes
        cells = []
        for measure in measures:
            nothing = changes[measure].loc[ROUNDING].abs().max() if ROUNDING in treated else 0.0
            cells.append(
                _cell(shown[measure].loc[name].dropna().tolist(), nothing, of=measure, signed=name != UNTREATED)
            )
        yield f"| {TREATMENTS[name].said} | {len(shown.loc[name])} | {' | '.join(cells)} |"


def _cell(values: Sequence[float], nothing: float, *, of: str, signed: bool) -> str:
    if not values:
        return "-"
    form = ("+" if signed else "") + (".3f" if of == BITS else ".1f")
    mean, low, high = (format(each, form) for each in (sum(values) / len(values), min(values), max(values)))
    is_clear = signed and len(values) > 1 and (min(values) > nothing or max(values) < -nothing)
    return f"**{mean}** ({low} to {high})" if is_clear else f"{mean} ({low} to {high})"


if __name__ == "__main__":
    main()
