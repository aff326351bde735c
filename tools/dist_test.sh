#!/usr/bin/env bash
# Test with several processes: bash tools/dist_test.sh CONFIG CHECKPOINT NPROC [test.py arguments]
# GPUs use nccl; without GPUs the processes run on the CPU with gloo (test.py decides).
# Environment: NNODES, NODE_RANK, MASTER_ADDR, PORT, PYTHON.
set -euo pipefail

if [[ $# -lt 3 ]]; then
  echo "usage: bash $0 CONFIG CHECKPOINT NPROC [test.py arguments]" >&2
  exit 2
fi
config=$1
checkpoint=$2
nproc=$3
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# One thread each, or CPU processes fight over the cores.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
export PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}"
exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
  --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
  --nproc_per_node="$nproc" \
  "$tools/test.py" "$config" "$checkpoint" --launcher pytorch "${@:4}"
