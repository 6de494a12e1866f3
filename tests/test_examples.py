"""The scripts in `examples/`, run by a shell in which `srun` and `scontrol` are what a test says they are."""

import os
import subprocess
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def _on_slurm(
    folder: Path, script: str, *words: str, srun: str, python: str = "", restarts: int = 0
) -> tuple[int, str]:
    """Exit code of a job, and what it asked `scontrol` and `srun`."""
    for name, does in {"srun": srun, "scontrol": "echo node-1", "python": python}.items():
        path = folder / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >> "$ASKED"\n{does}\n')
        path.chmod(0o755)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}", "ASKED": str(folder / "asked"), "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "node-[1-2]", "SLURM_NTASKS": "8", "SLURM_RESTART_COUNT": str(restarts),
    }  # fmt: skip
    answer = subprocess.run(["bash", EXAMPLES / script, *words], env=environment, check=False)
    return answer.returncode, (folder / "asked").read_text()


@pytest.mark.parametrize(
    ("code", "restarts", "is_requeued"), [(0, 0, False), (1, 0, False), (75, 9, True), (8, 0, True), (8, 3, False)]
)
def test_a_training_that_stopped_or_lost_a_process_is_started_again(
    tmp_path: Path, code: int, restarts: int, is_requeued: bool
) -> None:
    ended, asked = _on_slurm(tmp_path, "slurm-train.sh", "mine.yaml", srun=f"exit {code}", restarts=restarts)
    assert ended == code
    assert ("scontrol requeue 7" in asked) == is_requeued


def test_each_process_knows_which_it_is(tmp_path: Path) -> None:
    step = 'shift; SLURM_PROCID=5 SLURM_LOCALID=1 exec "$@"'
    shows = 'echo "$RANK $LOCAL_RANK $WORLD_SIZE $MASTER_ADDR $MASTER_PORT: $*" >> "$ASKED"'
    _, asked = _on_slurm(tmp_path, "slurm-train.sh", "mine.yaml", srun=step, python=shows)
    assert "5 1 8 node-1 20007: -m langsamp train mine.yaml" in asked
