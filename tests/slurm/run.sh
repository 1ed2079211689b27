#!/bin/bash
# The sample recipe under a real Slurm: `run.sh PROGRAM FOLDER`, as root.  77 where there can be no Slurm.
#
# `obelisc run` makes a dataset in one folder, `obelisc submit` one in another; there a worker is killed in the middle, and
# one more is put back into the queue by hand.  Both datasets have the same bytes.
set -euo pipefail
PROGRAM=$(realpath "$1")
FOLDER=$(mkdir -p "$2" && cd "$2" && pwd)
cd "$(dirname "$0")/../.."
. tests/slurm/cluster.sh

lacks=$(cluster_lacks)
[ -z "$lacks" ] || { echo "$lacks"; exit 77; }

ALONE="$FOLDER/alone"
OUT="$FOLDER/by slurm"
RECIPE=pipelines/quickstart.toml
INPUT=$PWD/tests/fixtures/quickstart.warc.gz

fails() {
    echo "does not hold: $1"
    scontrol show job || true
    tail -n 40 "$OUT/run/logs/slurm"/* "$CLUSTER/slurmctld.log" || true
    exit 1
}

shards() { (cd "$1/dataset" && find . -type f | sort | xargs -d '\n' sha256sum); }
no_jobs() { [ -z "$(squeue --noheader)" ]; }
# The worker of any element, as a number of a process: the child of a job's shell.
workers() { pgrep --full "$PROGRAM work " || true; }
in_queue_again() { squeue --noheader --array --format='%i %r' | awk '$2 == "BeginTime" { print $1 }'; }
# Elements that went back into the queue rest for two minutes: they begin now.
hurry() { local one; for one in $(in_queue_again); do scontrol update JobId="$one" StartTime=now || true; done; }

trap cluster_stop EXIT
"$PROGRAM" --quiet run "$RECIPE" --input "$INPUT" --output "$ALONE"
cluster_start "$FOLDER/cluster"
cat >"$FOLDER/config.toml" <<CONFIG
format = 1
[run]
threads = 1
min_free_bytes = 0
[slurm]
workers = 3
max_array = 8
time_limit = "10m"
margin = "2m"
signal = "1m"
cpus_per_worker = 1
memory_per_worker = "1M"
CONFIG

"$PROGRAM" submit "$RECIPE" --input "$INPUT" --output "$OUT" --config "$FOLDER/config.toml" --dry-run >"$FOLDER/dry"
no_jobs || fails "a dry run submits nothing"
"$PROGRAM" submit "$RECIPE" --input "$INPUT" --output "$OUT" --config "$FOLDER/config.toml" | tee "$FOLDER/said"
first=$(sed -n 's/^job \([0-9]*\):.*/\1/p' "$FOLDER/said" | head -n 1)

# A worker that is there for a moment alone may end before it is killed: as many are tried as there are.
killed=0 requeued=
end=$((SECONDS + 900))
until no_jobs; do
    [ "$SECONDS" -lt "$end" ] || fails "the jobs end in time"
    for pid in $(workers); do
        if [ "$killed" -lt 1 ] && kill -9 "$pid" 2>/dev/null; then killed=$((killed + 1)); fi
    done
    # Slurm itself ends an element in the middle and begins it again, as an operator would.
    if [ "$killed" = 1 ] && [ -z "$requeued" ]; then
        requeued=$(squeue --noheader --array --states=RUNNING --format=%i | head -n 1)
        [ -z "$requeued" ] || scontrol requeue "$requeued" || requeued=
    fi
    hurry
    sleep 0.05
done
[ "$killed" = 1 ] || fails "a worker was killed"
grep -q "ended with 137" "$OUT/run/logs/slurm"/*.log || fails "an element tells of the kill"
"$PROGRAM" status "$OUT" >"$FOLDER/status" || fails "status reads the run"
grep -q "slurm" "$FOLDER/status" || fails "status says where the logs are"
[ -f "$OUT/dataset/manifest.json" ] || fails "there is a dataset"
diff <(shards "$ALONE") <(shards "$OUT") || fails "the same bytes"
echo "jobs from $first on: a worker killed, ${requeued:-none} put back by hand, the same bytes"
