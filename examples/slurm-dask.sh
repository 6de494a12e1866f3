#!/bin/bash
# Prepares the text of a recipe on many nodes: sbatch examples/slurm-dask.sh prepare mine.yaml
# Scores models there:  sbatch --gpus-per-task=1 examples/slurm-dask.sh evaluate encoder -t ner --data eval
# A Dask scheduler on the first node, a worker in each task; all must see this folder. Submit it again after any stop.
#SBATCH --job-name=langsamp-dask
#SBATCH --ntasks=16
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=4G
#SBATCH --time=24:00:00
set -eu
: "${1:?the command is missing: sbatch slurm-dask.sh prepare RECIPE}"

scheduler=$PWD/.dask-$SLURM_JOB_ID.json
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
trap 'kill $(jobs -p) 2> /dev/null; rm -f "$scheduler"' EXIT

python -m distributed.cli.dask_scheduler --port 0 --no-dashboard --scheduler-file "$scheduler" &
until [ -s "$scheduler" ]; do sleep 1; done
srun python -m distributed.cli.dask_worker --scheduler-file "$scheduler" --nthreads 1 --no-dashboard \
    --local-directory "${TMPDIR:-/tmp}" &

address=$(python -c 'import json, sys; print(json.load(open(sys.argv[1]))["address"])' "$scheduler")
python -m langsamp "$@" --executor "dask://${address#tcp://}"
