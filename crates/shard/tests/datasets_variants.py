#!/usr/bin/env python3
"""Load every schema variant that `examples/variants.rs` wrote, with `datasets`, streaming and map-style.

    cargo run -p obelisc-shard --example variants -- FOLDER
    python datasets_variants.py FOLDER

Prints one line per variant: decoded, raw (images stay dicts or bytes), urls or an error; whether the guard refuses it.
Fails where a result is not the one of the table below, where the two ways of loading differ, and where the guard
accepts a variant that is not decoded.  Needs datasets 5 and pillow; nothing is fetched.
"""
import json
import os
import sys
import tempfile
from pathlib import Path

# What datasets 5.2 was seen to do; the second value is whether our guard refuses the variant.
EXPECTED = {
    "ours": ("decoded", False),
    "no_features": ("raw", True),
    "old_sequence": ("decoded", True),
    "list_literal": ("decoded", True),
    "large_list": ("raw", True),
    "large_binary": ("raw", True),
    "large_string": ("raw", True),
    "binary_view": ("raw", True),
    "string_view": ("raw", True),
    "path_before_bytes": ("raw", True),
    "bare_binary": ("raw", True),
    "child_named_item": ("decoded", False),
    "not_nullable": ("raw", True),
    "not_nullable_child": ("raw", True),
    "key_value_only": ("raw", True),
    "schema_and_key_value": ("decoded", False),
    "key_value_without_arrow_schema": ("decoded", True),
    "texts_before_images": ("decoded", True),
    "extra_column_unlisted": ("decoded", True),
    "extra_column_listed": ("decoded", False),
    "features_in_readme": ("decoded", True),
    "urls": ("urls", False),
}


def seen(rows):
    """decoded, raw or urls; the nulls must be where they were written."""
    kinds = set()
    for row in rows:
        if len(row["texts"]) != len(row["images"]):
            return "lists of unequal length"
        for text, image in zip(row["texts"], row["images"]):
            if image is not None:
                decoded = hasattr(image, "size") and hasattr(image, "getpixel")
                kinds.add("decoded" if decoded else "urls" if isinstance(image, str) else "raw")
    pattern = [[(text is None, image is None) for text, image in zip(row["texts"], row["images"])] for row in rows]
    text, picture = (False, True), (True, False)
    if pattern not in ([[text, picture, picture, text], [picture, text]], [[(False, False)] * 2, [(False, False)]]):
        return f"nulls moved: {pattern}"
    return "/".join(sorted(kinds))


def load(folder, streaming, cache):
    """What loading a variant one way gives."""
    import datasets

    try:
        return seen(list(datasets.load_dataset(str(folder), split="train", streaming=streaming, cache_dir=cache)))
    except Exception as error:  # a loader's own error is a finding
        return f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"


def main():
    folder = Path(sys.argv[1])
    faults = 0
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=home,
                          HF_DATASETS_DISABLE_PROGRESS_BARS="1")
        import datasets
        import pyarrow

        print(f"datasets {datasets.__version__}, pyarrow {pyarrow.__version__}")
        guard = json.loads((folder / "guard.json").read_text())
        if set(guard) != set(EXPECTED):
            print(f"variants written and expected differ: {sorted(set(guard) ^ set(EXPECTED))}")
            faults += 1
        for name, refusal in guard.items():
            streamed, mapped = (load(folder / name, way, os.path.join(home, name)) for way in (True, False))
            result = streamed if streamed == mapped else f"streaming {streamed}, map-style {mapped}"
            good = (result, refusal is not None) == EXPECTED.get(name)
            silent = result not in ("decoded", "urls") and refusal is None
            faults += (not good) or silent
            print(f"{'ok' if good and not silent else 'FAIL':<5}{name:<32}{result:<10}"
                  f"{'refused: ' + refusal if refusal else 'accepted'}")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
