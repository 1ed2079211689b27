#!/bin/bash
# Stands for `obelisc work DIR --stage S --until T` in scripts.sh: takes tasks, files below DIR/tasks/S, until none is left.
#
# A task is a file with a word, and done when DIR/done has it.  What the words mean, the first time that they are met:
# `plain` is done; `leave` makes the worker leave with 4, having more to do; `hold` keeps it until SIGTERM, and then it leaves
# so too.  Each time: `never` is `leave`, `fail` fails for good.
set -u
shopt -s nullglob
[ "$1" = work ] && [ "$3" = --stage ] && [ "$5" = --until ] || exit 2
dir=$2 stage=$4
echo "worker of $stage until $6"
told=
trap 'told=yes; echo "told to end"' TERM

# The first worker that meets a task's word.
first() { mkdir "$dir/once/$stage-$1" 2>/dev/null; }

for task in "$dir/tasks/$stage/"*; do
    name=${task##*/} word=$(cat "$task")
    # A claim is one worker's alone; one that was given back can be had again.
    mkdir "$dir/claims/$stage-$name" 2>/dev/null || continue
    case "$word" in
        hold)
            if first "$name"; then
                echo $$ >"$dir/once/$stage-$name/pid.part"
                mv "$dir/once/$stage-$name/pid.part" "$dir/once/$stage-$name/pid"
                while [ -z "$told" ]; do sleep 0.2; done
            fi ;;
        leave) first "$name" && told=yes ;;
        never) told=yes ;;
        fail) exit 1 ;;
    esac
    if [ -n "$told" ]; then
        rmdir "$dir/claims/$stage-$name"
        echo "left with more to do"
        exit 4
    fi
    echo "$word" >"$dir/done/$stage-$name"
done
echo "nothing left"
