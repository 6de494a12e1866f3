#!/bin/bash
# Trains one recipe on several nodes, prepared before: sbatch examples/slurm-train.sh mine.yaml
# Five minutes before its time is over Slurm sends SIGUSR1: each process stops after its step, one saves a checkpoint,
# all end with 75, and the job asks to be started again. So does one in which a process was lost (8), three times.
#SBATCH --job-name=langsamp-train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
#SBATCH --signal=USR1@300
#SBATCH --requeue
#SBATCH --open-mode=append
set -u
recipe=${1:?"the recipe is missing: sbatch slurm-train.sh RECIPE"}

MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))
export MASTER_ADDR MASTER_PORT WORLD_SIZE=$SLURM_NTASKS OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

srun --kill-on-bad-exit=1 bash -c \
    'export RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID; exec python -m langsamp train "$1"' langsamp "$recipe"
code=$?

if [ "$code" -eq 75 ] || { [ "$code" -eq 8 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 3 ]; }; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
