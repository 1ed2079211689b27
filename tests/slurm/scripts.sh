#!/bin/bash
# The batch scripts under a real Slurm, with stand_in.sh as the program: `scripts.sh FOLDER`, as root.  A minute or two.
#
# Tells each case that holds; the first that does not ends it.  77 where there can be no Slurm.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/slurm/cluster.sh

lacks=$(cluster_lacks)
[ -z "$lacks" ] || { echo "$lacks"; exit 77; }

FOLDER=$(mkdir -p "$1" && cd "$1" && pwd)
# A name that a shell, sbatch and Slurm's signs would each take apart.
OUT="$FOLDER/out of 100% 'it\"s'"
LOGS="$OUT/run/logs/slurm"

cargo build --quiet --package obelisc-schedule --example scripts
SCRIPTS=${CARGO_TARGET_DIR:-target}/debug/examples/scripts
cp tests/slurm/stand_in.sh "$FOLDER/the program"

# tasks STAGE WORD...: the tasks of a stage, numbered.
tasks() {
    local stage=$1 number=0 word
    shift
    mkdir -p "$OUT/tasks/$stage"
    for word in "$@"; do
        echo "$word" >"$OUT/tasks/$stage/$number"
        number=$((number + 1))
    done
}

# submit CONFIG STAGE=TASKS...: the stages' scripts, one behind the other; their jobs are JOBS.
submit() {
    local script before=
    printf '[slurm]\nmargin = "1m"\nmemory_per_worker = "1M"\ncpus_per_worker = 1\n%s\n' "$1" >"$FOLDER/config.toml"
    shift
    JOBS=()
    mkdir -p "$OUT/claims" "$OUT/done" "$OUT/once"
    "$SCRIPTS" "$FOLDER/config.toml" "$FOLDER/the program" "$OUT" "$@" >"$FOLDER/scripts"
    while read -r script; do
        # The words of Script::sbatch_arguments.
        before=$(sbatch --parsable ${before:+--dependency=afterok:$before --kill-on-invalid-dep=yes} "$script")
        JOBS+=("$before")
    done <"$FOLDER/scripts"
}

# The state of a job or an element, also of one that ended.
is() { [ "$(scontrol --oneliner show job "$1" | grep -o ' JobState=[A-Z_]*' | sort -u)" = " JobState=$2" ]; }
said() { grep -qs "$2" "$LOGS/$1.log"; }
parent() { ps -o ppid= -p "$1" | tr -d ' '; }
hurry() { cluster_hurry "$1" || fails "$1 is in the queue again"; }
no_jobs() { [ -z "$(squeue --noheader)" ]; }

fails() {
    echo "does not hold: $1"
    scontrol show job || true
    tail -n 30 "$LOGS"/* "$CLUSTER/slurmctld.log" || true
    exit 1
}
await() { cluster_until "${WITHIN:-60}" "$@" || fails "$1"; }
must() { local what=$1; shift; "$@" || fails "$what"; }
begin() { await "no job is left" no_jobs; rm -rf "$OUT"; mkdir -p "$OUT"; }

a_stage_is_an_array_and_waits_for_the_one_before_it() {
    tasks extract plain plain plain; tasks finish plain
    submit 'workers = 9' extract=3 finish=1
    await "the second stage ran" test -e "$OUT/done/finish-0"
    await "all is over" no_jobs
    must "three elements for three tasks" [ "$(ls "$LOGS/extract-${JOBS[0]}"_* | wc -l)" = 3 ]
    must "the first stage completed" is "${JOBS[0]}" COMPLETED
    must "the second stage was called as it should be" said "finish-${JOBS[1]}_0" "worker of finish until 3h59m"
}

a_worker_with_more_to_do_begins_again_and_the_next_stage_waits_for_it() {
    tasks extract leave; tasks finish plain
    submit '' extract=1 finish=1
    await "back into the queue" said "extract-${JOBS[0]}_0" "back into the queue"
    must "the next stage waits" is "${JOBS[1]}" PENDING
    hurry "${JOBS[0]}_0"
    await "the second stage ran" test -e "$OUT/done/finish-0"
    must "the log goes on" said "extract-${JOBS[0]}_0" "restart 0"
    must "the log goes on" said "extract-${JOBS[0]}_0" "restart 1"
}

a_worker_that_is_killed_begins_again() {
    tasks extract hold; tasks finish plain
    submit '' extract=1 finish=1
    await "the worker holds its task" test -e "$OUT/once/extract-0/pid"
    kill -9 "$(cat "$OUT/once/extract-0/pid")"
    # A lease that nobody holds up ends.
    rmdir "$OUT/claims/extract-0"
    await "back into the queue" said "extract-${JOBS[0]}_0" "ended with 137"
    hurry "${JOBS[0]}_0"
    await "the second stage ran" test -e "$OUT/done/finish-0"
}

# A lost node takes all with it at once: worker, shell, and Slurm's own process for the job.
a_job_whose_node_is_lost_begins_again() {
    local worker shell step
    tasks extract hold; tasks finish plain
    submit '' extract=1 finish=1
    await "the worker holds its task" test -e "$OUT/once/extract-0/pid"
    worker=$(cat "$OUT/once/extract-0/pid") && shell=$(parent "$worker") && step=$(parent "$shell")
    kill -9 "$step" "$shell" "$worker"
    rmdir "$OUT/claims/extract-0"
    must "a node is lost and comes back" cluster_lose_node
    hurry "${JOBS[0]}_0"
    await "the second stage ran" test -e "$OUT/done/finish-0"
}

a_worker_is_told_before_its_time_is_up() {
    tasks extract hold
    submit 'time_limit = "2m"
signal = "1m"' extract=1
    WITHIN=120 await "told to end" said "extract-${JOBS[0]}_0" "told to end"
    await "back into the queue" said "extract-${JOBS[0]}_0" "back into the queue"
    must "the worker ended by itself" said "extract-${JOBS[0]}_0" "ended with 4"
    hurry "${JOBS[0]}_0"
    await "the task is done" test -e "$OUT/done/extract-0"
}

a_job_that_is_cancelled_stays_so() {
    tasks extract hold; tasks finish plain
    submit '' extract=1 finish=1
    await "the worker holds its task" test -e "$OUT/once/extract-0/pid"
    scancel "${JOBS[0]}"
    await "all is over" no_jobs
    must "cancelled" is "${JOBS[0]}" CANCELLED
    must "the next stage goes with it" is "${JOBS[1]}" CANCELLED
    must "it is told why" said "extract-${JOBS[0]}_0" "not put back into the queue"
}

a_worker_whose_tasks_failed_ends_the_chain() {
    tasks extract fail; tasks finish plain
    submit '' extract=1 finish=1
    await "all is over" no_jobs
    must "failed" is "${JOBS[0]}" FAILED
    must "the next stage goes with it" is "${JOBS[1]}" CANCELLED
}

a_worker_that_always_leaves_is_not_begun_for_ever() {
    tasks extract never
    submit 'max_restarts = 1' extract=1
    await "back into the queue" said "extract-${JOBS[0]}_0" "back into the queue"
    hurry "${JOBS[0]}_0"
    await "the end" said "extract-${JOBS[0]}_0" "it began again 1 times"
    await "all is over" no_jobs
    must "failed" is "${JOBS[0]}" FAILED
}

trap cluster_stop EXIT
cluster_start "$FOLDER/cluster"
CASES=(a_stage_is_an_array_and_waits_for_the_one_before_it
    a_worker_with_more_to_do_begins_again_and_the_next_stage_waits_for_it
    a_worker_that_is_killed_begins_again
    a_job_whose_node_is_lost_begins_again
    a_worker_is_told_before_its_time_is_up
    a_job_that_is_cancelled_stays_so
    a_worker_whose_tasks_failed_ends_the_chain
    a_worker_that_always_leaves_is_not_begun_for_ever)
shift
[ $# = 0 ] || CASES=("$@")
for case in "${CASES[@]}"; do
    begin
    "$case"
    echo "holds: $case"
done
