"""The training loop: our own, on accelerate, so that order, masks, normalisation and resume are exact.

Per step: draw its rows (a function of the step), sum the loss over this rank's batches, divide by the masked tokens of
the whole step, update. With `processes.py`, `sharding.py` and `throughput/checkpoint_parts.py` the only module that
knows of processes.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from langsamp.data.batches import MaskedBatch
from langsamp.errors import StoppedError, UserError
from langsamp.machine import out_of_memory
from langsamp.model.fast_paths import FastPaths
from langsamp.progress import Bar, say
from langsamp.provenance import check_same_recipe, provenance
from langsamp.training.anchor import sentence_anchor, weight_anchor
from langsamp.training.checkpoint import checkpoint_folder, load_checkpoint, read_record
from langsamp.training.ending.signals import StopFlag
from langsamp.training.held_out import HeldOut, measure_held_out, tensors
from langsamp.training.job import TrainingJob, row_order, step_seed
from langsamp.training.log import Clock, TrainingLog
from langsamp.training.monitor import Monitor, beside_start
from langsamp.training.optimization.layers import freeze_lower, layers_of
from langsamp.training.optimizer import make_optimizer, set_learning_rate
from langsamp.training.processes import (
    as_one,
    average_gradients,
    check_one_disk,
    join_processes,
    measured_by_all,
    newest_for_all,
    slow_arithmetic,
    summed,
)  # fmt: skip
from langsamp.training.progress import Progress
from langsamp.training.selection import Selection
from langsamp.training.sharding import Shards, whole, whole_model
from langsamp.training.throughput.batch_size import Trials, find_batch_size, half_of
from langsamp.training.throughput.checkpoint_parts import write_parts
from langsamp.training.throughput.checkpoint_writer import CheckpointWriter, Kept, NewCheckpoint, Snapshot, check_space
from langsamp.training.throughput.gradient_checkpointing import recomputing
from langsamp.training.throughput.prefetch import Prefetcher
from langsamp.training.throughput.tuned_paths import memory_for, training_paths

_FIRST_STEPS = 2


def train(task: TrainingJob, *, cpu: bool = False) -> Path:
    """Train to the last step and return the checkpoint that `training.select` means; goes on from the newest one.

    Raises:
        StoppedError: asked to stop by SIGTERM, SIGUSR1, SIGHUP or Ctrl-C; a checkpoint was saved.
        RankLostError: another of several processes died, hangs or failed; it is named.
        NonFiniteLossError: the loss became NaN or infinite; the message names step and rows.
        UserError: where `task.out` was made with other settings, or what selects is not measured.
    """
    with as_one():
        return _Trainer(task, cpu=cpu).run()


class _Trainer:
    def __init__(self, task: TrainingJob, *, cpu: bool) -> None:
        config = task.config
        self.task, self.config = task, config
        self.accelerator, self.world = join_processes(config, task.out, cpu=cpu)
        if task.sampler.rows_per_step < self.world.size:
            raise UserError(
                f"{self.world.size} processes share steps of {task.sampler.rows_per_step} rows: start fewer processes "
                "or set a larger sampler.rows_per_step"
            )
        self.selection = Selection(config, task.monitor, has_held_out=task.batches.rows.has_held_out)
        self.order = row_order(task.batches, task.sampler, steps=config.steps, seed=task.seed)
        if config.freeze_layers is not None:
            freeze_lower(task.model, config.freeze_layers)
        blocks, device = layers_of(task.model.mlm.base_model), self.accelerator.device
        spreads = config.sharding != "none" and self.world.size > 1
        if spreads:
            check_one_disk(task.checkpoints, self.accelerator, self.world)
        self.shards = Shards(task.model, blocks, size=self.world.size, device=device) if spreads else None
        self.optimizer = make_optimizer(task.model, config)
        # What accelerate calls a model for evaluation is one without DDP, which one process does not need either.
        self.wrapped = self.accelerator.prepare_model(task.model, evaluation_mode=spreads or self.world.size == 1)
        self.prepared = self.accelerator.prepare_optimizer(self.optimizer)
        self.anchor = weight_anchor(task.model, config.anchor)
        title = f"{task.name}: vectors of the start by language" if self.world.is_leader else None
        self.sentences = sentence_anchor(task.model, config.anchor, task.batches.rows, title=title)
        self.paths, self.rows_at_once, self.is_halved = FastPaths(), config.usual_rows, False
        self.batch_size: dict[str, Any] | None = None
        self.masked_seen = torch.zeros(len(task.batches.rows.tags), dtype=torch.int64)  # by tag, of this rank's rows
        self.step = self.saved = self._resume()
        self.writer = CheckpointWriter()
        trackers = config.log_to if self.step < config.steps else ()  # each would begin a run for a finished training
        self.log = TrainingLog(task.out / "log.jsonl", accelerator=self.accelerator, trackers=trackers, step=self.step)
        self.selection.resume(self.log.lines, step=self.step, folder=task.out)
        halved = [line["rows"] for line in self.log.lines if line["kind"] == "batch_size"]
        if halved and config.rows_per_batch != "auto":  # other processes could not be told in a later step
            self.rows_at_once, self.is_halved = min(halved[-1], self.rows_at_once), True
        measured = (line for line in self.log.lines if line["kind"] == "evaluation" and line["step"] == 0)
        self.start_scores: dict[str, Any] | None = next(measured, None)

    def run(self) -> Path:
        try:
            if self.step >= self.config.steps:
                return self.selection.chosen(self.task.checkpoints)
            self._tell_start()
            self.paths = self._choose_paths()
            keeping = recomputing(self.task.model.mlm) if self.config.gradient_checkpointing else nullcontext()
            start = nullcontext() if self.sentences is None else self.sentences.taking(self.paths)
            with self.task.model.taking(self.paths), start, keeping, memory_for(self.accelerator.device):
                if self.config.rows_per_batch == "auto":
                    self._find_batch_size()
                self._measure_start()
                return self._run()
        finally:
            self.writer.close()
            # Before the group of processes ends, as the wrapper's end would wait for a thread that waits for Python.
            del self.wrapped, self.prepared
            self.accelerator.free_memory()

    def _tell_start(self) -> None:
        """Where the weights come from, at the first step, in the log and on the terminal; and what makes it slow."""
        notes = self.task.start if self.step == 0 else []
        if notes:
            self.log.write("start", 0, {"notes": notes})
        notes = [*notes, *slow_arithmetic(self.config, device=self.accelerator.device.type)]
        if self.shards is not None:
            notes.append(f"weights, gradients and optimizer are spread over {self.world.size} processes")
        if notes and self.world.is_leader:
            say(f"{self.task.name}: {'; '.join(notes)}")

    def _measure_start(self) -> None:
        """Held-out loss and scores of what the training continues from, which tell later what it forgot."""
        if self.task.continues and not self.step:
            with Bar(f"{self.task.name}: measuring the start", total=None, patience=2, is_shown=self.world.is_leader):
                self._log_held_out()
                if self.task.monitor is not None:
                    self.start_scores = self._log_scores(self.task.monitor)

    def _choose_paths(self) -> FastPaths:
        """The fast paths of this training, which the log tells wherever they change."""
        batch, kept = self._batches(self.step)[0], self.kept_paths
        with whole_model(self.task.model, self.shards, self.paths) as model:
            choice = training_paths(model, self.config, batch=batch, accelerator=self.accelerator, kept=kept)
        chosen = choice.paths if self.sentences is None else self.sentences.possible(choice.paths)
        paths = chosen.model_dump(mode="json")
        logged = [line["paths"] for line in self.log.lines if line["kind"] == "fast_paths"]
        if logged[-1:] != [paths]:
            self.log.write("fast_paths", self.step, {"paths": paths, "reasons": dict(choice.reasons)})
        if self.world.is_leader:
            say(f"{self.task.name}: {choice}")
        return chosen

    def _find_batch_size(self) -> None:
        """Find how many rows go at once, which the log tells."""
        trials = Trials(
            self.task.model.train(),
            self.optimizer,
            arguments=lambda rows: tensors(self._batches(self.step, rows)[0], self.accelerator.device),
            accelerator=self.accelerator,
        )
        mine = -(-self.task.sampler.rows_per_step // self.world.size)
        size, reason = find_batch_size(trials, rows=mine, accelerator=self.accelerator, kept=self.kept_batch_size)
        self.rows_at_once, self.batch_size = size.rows, size.model_dump(mode="json")
        if self.batch_size != self.kept_batch_size:
            self.log.write("batch_size", self.step, {"rows": size.rows, "reason": reason})
        if self.world.is_leader:
            say(f"{self.task.name}: rows at once: {size.rows} ({reason})")

    def _run(self) -> Path:
        steps = Prefetcher(self._batches, first=self.step, last=self.config.steps)
        self.task.model.train()
        with StopFlag() as stop, Progress(self.task, self.order, self.step, is_shown=self.world.is_leader) as progress:
            clock = Clock(steps)
            for batches in steps:
                if not self._update(batches, stop, progress):
                    self._stop(progress)
                self.step += 1
                if self._due(self.config.log_every):
                    self.log.write("train", self.step, progress.since_last(clock))
                with clock.aside():
                    if self._due(self.config.held_out_every):
                        self._log_held_out()
                    if self.task.monitor is not None and self._due(self.task.monitor.every):
                        scores = self._log_scores(self.task.monitor)
                        progress.show(scores=beside_start(scores, self.start_scores, self.task.monitor.items))
                    if self._due(self.config.checkpoint_every):
                        self._save(progress)
        self._end_writing()
        return self.selection.chosen(self.task.checkpoints)

    def _due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.config.steps

    @property
    def _sums_late(self) -> bool:
        """Whether gradients are summed after a step's passes and not in the last, where DDP would wait in vain.

        For those of a frozen encoder, and for a process whose memory does not suffice, which the first steps show.
        """
        is_early = self.step < _FIRST_STEPS or self.config.warms_head(self.step)
        return is_early and self.world.size > 1 and self.shards is None

    def _batches(self, step: int, rows_at_once: int | None = None) -> list[MaskedBatch]:
        return self.task.batches.training_step(
            step,
            order=self.order,
            rows_per_step=self.task.sampler.rows_per_step,
            rows_per_batch=rows_at_once or self.rows_at_once,
            world=self.world,
        )

    def _update(self, batches: Sequence[MaskedBatch], stop: StopFlag, progress: Progress) -> bool:
        """One update over this rank's part of the step; False where the process was asked to stop before it."""
        accelerator, model = self.accelerator, self.task.model
        asked, masked = bool(stop), sum(batch.num_masked for batch in batches)
        if self.world.size > 1:
            counts = torch.tensor([int(asked), masked], device=accelerator.device)
            asked, masked = summed(counts, accelerator).tolist()
        if asked:
            return False
        set_learning_rate(self.prepared, self.config.learning_rate_share(self.step))
        totals = self._summed_loss(batches, masked, stop)
        if totals is None:
            self.prepared.zero_grad()
            return False
        if self._sums_late:
            average_gradients(model.parameters(), accelerator)
        if self.anchor is not None and not self.config.warms_head(self.step):
            self.anchor.pull(scale=accelerator.scaler.get_scale() if accelerator.scaler is not None else 1.0)
        loss, distance = summed(totals, accelerator)
        if accelerator.device.type == "cpu":
            progress.check(self.step, loss.item())
        norm = whole(accelerator.clip_grad_norm_(model.parameters(), self.config.max_gradient_norm or float("inf")))
        self.prepared.step()
        self.prepared.zero_grad()
        progress.updated(self.step, loss, norm.detach(), distance if self.sentences is not None else None)
        for batch in batches:
            self.masked_seen += torch.from_numpy(batch.masked_by_tag)
        return True

    def _summed_loss(self, batches: Sequence[MaskedBatch], masked: int, stop: StopFlag) -> Tensor | None:
        """This rank's loss and the anchor's distance, with their gradients; None where asked to stop on the way.

        Raises:
            UserError: where the memory does not suffice, and not for half as many rows at once either.
        """
        if len(batches[0].input_ids) > self.rows_at_once:
            batches = self._batches(self.step)  # those that were made before are too large
        while True:
            totals, trouble = None, ""
            try:
                totals = self._passes(batches, masked, stop)
            except RuntimeError as error:
                if not (trouble := out_of_memory(error)):
                    raise
            if self._sums_late and summed(torch.tensor([int(bool(trouble))]), self.accelerator):
                trouble = trouble or "that of another process"
            if not trouble:
                return totals
            self._halve(trouble)  # here, where the error no longer holds what the passes had taken
            batches = self._batches(self.step)

    def _passes(self, batches: Sequence[MaskedBatch], masked: int, stop: StopFlag) -> Tensor | None:
        accelerator, model = self.accelerator, self.task.model
        torch.manual_seed(step_seed(self.task.seed, self.step, self.world.rank))  # dropout
        # of the masked tokens' loss, and of the sentence vectors' distance where an anchor measures it
        totals = torch.zeros(2, device=accelerator.device)
        if self.shards is not None:
            rows = self.task.sampler.rows_per_step
            batches = self.shards.filled(batches, rows_per_step=rows, rows_at_once=self.rows_at_once)
        for number, batch in enumerate(batches, start=1):
            waits = self.config.warms_head(self.step) or self._sums_late or number < len(batches)
            if self.shards is not None:
                self.shards.sum_gradients(number == len(batches))
            with (
                accelerator.no_sync(self.wrapped) if waits else nullcontext(),
                model.frozen_encoder() if self.config.warms_head(self.step) else nullcontext(),
            ):
                totals += self._backward(batch, masked)
            if stop and self.world.size == 1:
                return None
        return totals

    def _halve(self, trouble: str) -> None:
        """Take half as many rows at once from now on, once; a step then sums over twice as many batches."""
        may_halve = not self.is_halved and (self.world.size == 1 or self._sums_late)  # later others wait in a sum
        half, reason = half_of(self.rows_at_once, trouble, at=f"{self.task.name}, step {self.step}", is_left=may_halve)
        self.prepared.zero_grad()
        if self.accelerator.device.type != "cpu":
            torch.accelerator.empty_cache()
        self.is_halved, self.rows_at_once = True, half
        if self.batch_size is not None:
            self.batch_size["rows"] = half
        self.log.write("batch_size", self.step, {"rows": self.rows_at_once, "reason": reason})
        if self.world.is_leader:
            say(f"{self.task.name}: rows at once: {self.rows_at_once} ({reason}); a step has as many rows as before")

    def _backward(self, batch: MaskedBatch, masked: int) -> Tensor:
        """Gradients of one batch's share of the step's mean loss; that share, and that of the anchor's distance."""
        arguments, sentences = tensors(batch, self.accelerator.device), self.sentences
        with nullcontext(None) if sentences is None else sentences.listening() as heard:
            loss: Tensor = self.wrapped(**arguments) / max(masked, 1)  # rows of unknown tokens have nothing to predict
        distance, objective = torch.zeros_like(loss), loss
        if sentences is not None and heard and heard[-1].requires_grad:
            with self.accelerator.autocast():
                distance = sentences.distance(heard, batch, arguments) / self.task.sampler.rows_per_step
            objective = loss + sentences.strength * distance
        # DDP averages gradients over ranks; the step's loss is their sum.
        self.accelerator.backward(objective * self.world.size)
        return torch.stack([loss.detach(), distance.detach()])

    def _log_held_out(self) -> None:
        tags, device = self.world.share(range(len(self.task.batches.rows.tags))), self.accelerator.device
        rows = self.config.usual_rows
        with whole_model(self.task.model, self.shards, self.paths) as model, self.accelerator.autocast():
            held_out = measure_held_out(model, self.task.batches, tags=tags, rows_per_batch=rows, device=device)
        held_out = HeldOut(sums=summed(held_out.sums, self.accelerator))
        self.selection.note(self.log.write("held_out", self.step, held_out.record(self.task.batches)))

    def _log_scores(self, monitor: Monitor) -> dict[str, Any]:
        """Take the scores, write them, and give the line."""
        at = f"{self.task.name}, step {self.step}"
        with whole_model(self.task.model, self.shards, self.paths) as model:
            measure = partial(monitor.measure, model.mlm.base_model)
            values = measured_by_all(measure, len(monitor), accelerator=self.accelerator, world=self.world, at=at)
        self.task.model.train()
        record = self.log.write("evaluation", self.step, monitor.record(values.tolist()))
        self.selection.note(record)
        return record

    def _stop(self, progress: Progress) -> None:
        if self.saved != self.step or not self.step:
            self._save(progress)
        self._end_writing()
        raise StoppedError(
            f"{self.task.name}: stopped after step {self.step:,} of {self.config.steps:,}, checkpoint saved; "
            "run the same command again to go on"
        )

    def _save(self, progress: Progress) -> None:
        progress.check_all()  # nobody should go on from weights that are NaN
        masked_seen = summed(self.masked_seen, self.accelerator)
        if self.world.is_leader:
            check_space(self.task.model, self.task.checkpoints)
        self.writer.wait()  # before the copy, so that there is one copy at most
        if self.shards is not None:
            self.writer.write(partial(write_parts, self._checkpoint(masked_seen.tolist()), self.shards.writers))
        elif self.world.is_leader:
            self.writer.write(self._checkpoint(masked_seen.tolist()).write)
        self.saved = self.step

    def _end_writing(self) -> None:
        """Close the log, and go on when all have written what they have to write."""
        self.log.close()
        self.writer.wait()
        self.accelerator.wait_for_everyone()

    def _checkpoint(self, masked_seen: Sequence[int]) -> NewCheckpoint:
        """The checkpoint of now, its tensors copied."""
        task, tags = self.task, [str(tag) for tag in self.task.batches.rows.tags]
        seen = self.order.rows_seen(self.step * task.sampler.rows_per_step)
        scaler = self.accelerator.scaler
        record = {
            **task.record,
            "step": self.step,
            "rows_seen": dict(zip(tags, seen.tolist(), strict=True)),
            "masked_seen": dict(zip(tags, masked_seen, strict=True)),
            "fast_paths": self.paths.model_dump(mode="json"),
            "batch_size": self.batch_size,
            "scaler": scaler.state_dict() if scaler is not None else None,
            "selected": selected.model_dump() if (selected := self.selection.record) else None,
            "provenance": provenance(),
        }
        kept = Kept(self.config.keep_checkpoints, self.config.milestone_every, self.selection.best)
        folder, state = checkpoint_folder(task.checkpoints, self.step), Snapshot.of(task.model, self.optimizer)
        return NewCheckpoint(folder, state, task.tokenizer, record, kept)

    def _resume(self) -> int:
        """Load the newest checkpoint, if there is one; the number of finished steps."""
        self.kept_paths, self.kept_batch_size = None, None
        newest = newest_for_all(self.task.checkpoints, self.accelerator, self.world, name=self.task.name)
        if newest is None:
            return 0
        record = read_record(newest)
        check_same_recipe(self.task.identity, record.identity, out=self.task.out)
        self.kept_paths, self.kept_batch_size = record.fast_paths, record.batch_size
        if self.world.is_leader:  # the other ranks count from nothing: what is written is the sum
            counted = record.rows_seen if record.masked_seen is None else record.masked_seen
            self.masked_seen += torch.tensor([counted[str(tag)] for tag in self.task.batches.rows.tags])
        load_checkpoint(newest, model=self.task.model, optimizer=self.optimizer)
        if record.scaler is not None and self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(dict(record.scaler))
        return record.step
