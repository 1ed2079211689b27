# How .ci/run and .ci/full run their parts.  Sourced.

export CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
# Real data that is not part of the repository; tests that need it say so and pass where there is none.
if [ -z "${OBELISC_DATA:-}" ] && [ -d ../shared/data ]; then
    OBELISC_DATA=$(cd ../shared/data && pwd)
    export OBELISC_DATA
fi

# What a part returns when it cannot be done here; what it printed says why.
readonly SKIPPED=77

SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

# Tests that cannot be done here append a line to this file: cargo hides what passing tests print.
export OBELISC_SKIPPED="$SCRATCH/skipped-tests"

# parts [CHOSEN...] -- PART...: runs the parts, which are functions, one after the other.
parts() {
    local chosen=() part seconds result passed=0 failed=0 skipped=0
    while [ "$1" != "--" ]; do chosen+=("$1"); shift; done
    shift
    for part in "${chosen[@]}"; do
        case " $* " in
            *" $part "*) ;;
            *) echo "no part is named $part; there are: $*"; exit 2 ;;
        esac
    done
    [ "${#chosen[@]}" -gt 0 ] || chosen=("$@")
    for part in "${chosen[@]}"; do
        seconds=$SECONDS
        : >"$OBELISC_SKIPPED"
        result=0
        # A shell of its own, in which the first command that fails ends the part.
        set +e
        (set -euo pipefail; "$part") >"$SCRATCH/log" 2>&1
        result=$?
        set -e
        seconds=$((SECONDS - seconds))
        case "$result" in
            0)
                passed=$((passed + 1))
                if [ -n "${SHOW:-}" ]; then sed 's/^/    /' "$SCRATCH/log"; fi
                echo "passed   $part ($seconds s)"
                ;;
            "$SKIPPED")
                skipped=$((skipped + 1))
                tail -n 20 "$SCRATCH/log"
                echo "SKIPPED  $part ($seconds s): see above"
                ;;
            *)
                failed=$((failed + 1))
                cat "$SCRATCH/log"
                echo "FAILED   $part ($seconds s)"
                ;;
        esac
        sort "$OBELISC_SKIPPED" | sed 's/^/         skipped test /'
        skipped=$((skipped + $(wc -l <"$OBELISC_SKIPPED")))
    done
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
}
