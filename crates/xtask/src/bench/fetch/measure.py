"""Runs a command and prints what it took, all of its processes together, as one line of JSON.

    measure.py COMMAND [ARGUMENT ...]
"""
import json
import resource
import subprocess
import sys
import time


def main():
    begin = time.monotonic()
    ended = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seconds = time.monotonic() - begin
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        sys.exit(f"{sys.argv[1]} ended with {ended.returncode}:\n{ended.stdout[-2000:]}")
    print(json.dumps({
        "seconds": round(seconds, 3),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 3),
        # Of the largest process.
        "peak_bytes": used.ru_maxrss * 1024,
        "said": ended.stdout.strip().splitlines()[-1:],
    }))


main()
