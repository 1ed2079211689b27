#!/usr/bin/env python3
"""Load a dataset folder with `datasets` and hold its rows to the contract: load_dataset.py DATASET

Texts and images have equal length, exactly one of them at each place, metadata for every image, images that decode, and
as many rows as the manifest states.  Exit: 0 if all hold, 1 if not.  Needs datasets and pillow.
"""
import json
import os
import sys
import tempfile
from pathlib import Path


def main():
    folder = Path(sys.argv[1])
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory() as cache:
        os.environ["HF_HOME"] = cache
        import datasets

        rows = list(datasets.load_dataset(str(folder), split="train", cache_dir=cache))
        images = sum(check(number, row) for number, row in enumerate(rows))
    stated = sum(shard["rows"] for shard in json.loads((folder / "manifest.json").read_text())["shards"])
    assert len(rows) == stated, f"{len(rows)} rows, the manifest states {stated}"
    assert images > 0, "no image"
    print(f"{len(rows)} documents, {images} images")


def check(number, row):
    """Holds one row to the contract; gives its number of images."""
    texts, images, metadata = row["texts"], row["images"], json.loads(row["metadata"])
    assert len(texts) == len(images) == len(metadata), f"row {number}: lengths differ"
    for place, (text, image, facts) in enumerate(zip(texts, images, metadata)):
        assert (text is None) != (image is None), f"row {number}, place {place}: text and image, or neither"
        assert (facts is None) == (image is None), f"row {number}, place {place}: metadata is for images"
        if hasattr(image, "load"):
            image.load()
    assert json.loads(row["general_metadata"])["url"], f"row {number}: no URL"
    return sum(image is not None for image in images)


if __name__ == "__main__":
    main()
