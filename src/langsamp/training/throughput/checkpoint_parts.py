"""A checkpoint that several processes write, each its part of a model that is spread over them.

By torch's distributed checkpoint, as safetensors. It asks all processes what they have, lets each write, then lets the
first one finish; what fails in one process fails in all. Between processes it sends pickles, as torch sends all objects
that are no tensors; no file is one.
"""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from torch.distributed import ProcessGroup
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.default_planner import DefaultSavePlanner
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter
from torch.distributed.checkpoint.metadata import Metadata, MetadataIndex
from torch.distributed.checkpoint.planner import SavePlan, SavePlanner
from torch.distributed.checkpoint.state_dict_saver import save
from torch.distributed.checkpoint.storage import WriteResult
from torch.futures import Future

from langsamp.disk.files import replacing, writing
from langsamp.provenance import file_sha256
from langsamp.training.checkpoint import OF
from langsamp.training.sharding import reason_of
from langsamp.training.throughput.checkpoint_writer import NewCheckpoint

_FRESH = "fresh"


def write_parts(new: NewCheckpoint, processes: ProcessGroup) -> None:
    """Write `new`, then delete those that do not stay; all `processes` have to come here, each with its part.

    Raises:
        UserError: in all of them, where it failed in one.
    """
    tensors = {**new.state.model, **new.state.optimizer}
    planner = DefaultSavePlanner(flatten_state_dict=False, flatten_sharded_tensors=False)
    with writing(new.folder), ExitStack() as unfinished:
        try:
            save(tensors, storage_writer=_PartWriter(new, unfinished), planner=planner, process_group=processes)
        except CheckpointException as failed:
            raise reason_of(failed) from failed


class _PartWriter(HuggingFaceStorageWriter):
    """Writes into a scratch folder, which the first process makes and gives its name when all have written."""

    def __init__(self, new: NewCheckpoint, unfinished: ExitStack) -> None:
        """Write `new`, whose scratch folder is gone when `unfinished` ends."""
        names = [*new.state.model, *new.state.optimizer]
        kinds = sorted({name.rpartition(OF)[0] for name in names})
        # A file for each kind, as the writer has a second copy of a file in memory.
        files = {name: 1 + kinds.index(name.rpartition(OF)[0]) for name in names}
        super().__init__(str(new.folder), fqn_to_index_mapping=files, save_distributed=True)
        self.per_thread_copy_ahead = 0  # all is in main memory; else torch asks a thread's device, the first of all
        self._new, self._unfinished = new, unfinished

    def prepare_local_plan(self, plan: SavePlan) -> SavePlan:
        """The plan as it is; torch's own would make the folder."""
        return plan

    def prepare_global_plan(self, plans: list[SavePlan]) -> list[SavePlan]:
        """In the first process: make the scratch folder, and tell the others where it is."""
        fresh = self._unfinished.enter_context(replacing(self._new.folder))
        shared = {_FRESH: str(fresh.relative_to(self._new.folder.parent))}  # the disk may lie elsewhere on each machine
        return [replace(plan, storage_data=plan.storage_data | shared) for plan in super().prepare_global_plan(plans)]

    def write_data(self, plan: SavePlan, planner: SavePlanner) -> Future[list[WriteResult]]:
        """Write this process's files; their checksums."""
        self.path: Path = self._new.folder.parent / plan.storage_data[_FRESH]
        files = {result.storage_data.relative_path for result in super().write_data(plan, planner).wait()}
        sums = Future[list[WriteResult]]()
        sums.set_result([WriteResult(MetadataIndex(name), 0, file_sha256(self.path / name)) for name in sorted(files)])
        return sums

    def finish(self, metadata: Metadata, results: list[list[WriteResult]]) -> None:
        """In the first process: write all else, and give the folder its name."""
        known = {result.index.fqn: result.storage_data for each in results for result in each}
        self._new.complete(self.path, known=known)
        self._unfinished.close()
        self._new.kept.delete_others(self._new.folder.parent)
