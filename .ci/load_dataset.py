#!/usr/bin/env python3
"""Load a dataset folder as its readers do and hold it to the contract: load_dataset.py DATASET

Streamed and map-style the same rows; texts and images of equal length, exactly one of them at each place, metadata for every
image, images that decode; as many rows as manifest and card state; no warning; row groups of at most 100 MB or one row, pages
with an index; a Croissant description that its own validator takes.
Exit: 0 if all hold, 1 if not.  Needs datasets, pillow, pyarrow and mlcroissant.
"""
import json
import logging
import os
import sys
import tempfile
from pathlib import Path

MAX_GROUP_BYTES = 100_000_000


class Warnings(logging.Handler):
    """Keeps what the loaders warn of."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


def main():
    folder = Path(sys.argv[1])
    os.environ["HF_HUB_OFFLINE"] = "1"
    warnings = Warnings()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["HF_HOME"] = cache
        import datasets

        logging.getLogger("datasets").addHandler(warnings)
        loaded = datasets.load_dataset(str(folder), cache_dir=cache)
        streamed = datasets.load_dataset(str(folder), cache_dir=cache, streaming=True)
        assert sorted(loaded) == sorted(streamed), f"splits {sorted(loaded)}, streamed {sorted(streamed)}"
        counts, images = {}, 0
        for split, rows in loaded.items():
            counts[split] = len(rows)
            number = -1
            for number, (row, other) in enumerate(zip(rows, streamed[split])):
                images += check(number, row)
                check(number, other)
                same = [row[name] == other[name] for name in ("texts", "metadata", "general_metadata")]
                assert all(same), f"row {number} of {split} is another one where it is streamed"
            assert number + 1 == len(rows), f"{number + 1} rows are streamed of {split}, {len(rows)} loaded"
    assert images > 0, "no image"
    assert not warnings.said, warnings.said
    stated = {}
    for shard in json.loads((folder / "manifest.json").read_text())["shards"]:
        stated[shard["split"]] = stated.get(shard["split"], 0) + shard["rows"]
    assert counts == stated, f"rows {counts}, the manifest states {stated}"
    card(folder, counts)
    groups = sum(layout(file) for file in sorted(folder.glob("data/*.parquet")))
    croissant(folder, counts)
    print(f"{sum(counts.values())} documents, {images} images, {groups} row groups")


def check(number, row):
    """Holds one row to the contract; gives its number of images."""
    texts, images, metadata = row["texts"], row["images"], json.loads(row["metadata"])
    assert len(texts) == len(images) == len(metadata), f"row {number}: lengths differ"
    for place, (text, image, facts) in enumerate(zip(texts, images, metadata)):
        assert (text is None) != (image is None), f"row {number}, place {place}: text and image, or neither"
        assert (facts is None) == (image is None), f"row {number}, place {place}: metadata is for images"
        if image is not None and not isinstance(image, str):
            image.load()
    assert json.loads(row["general_metadata"])["url"], f"row {number}: no URL"
    return sum(image is not None for image in images)


def card(folder, counts):
    """The card's header states what is there, and comes back from YAML as it was."""
    import yaml

    header = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    assert yaml.safe_load(yaml.safe_dump(header)) == header
    stated = {split["name"]: split["num_examples"] for split in header["dataset_info"]["splits"]}
    assert counts == stated, f"rows {counts}, the card states {stated}"


def layout(file):
    """Row groups are small and their pages found without reading; gives their number."""
    import pyarrow.parquet as parquet

    metadata = parquet.ParquetFile(file).metadata
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        small = group.total_byte_size <= MAX_GROUP_BYTES or group.num_rows == 1
        assert small, f"{file}: row group {number} has {group.total_byte_size} bytes"
        indexed = all(group.column(column).has_offset_index for column in range(group.num_columns))
        assert indexed, f"{file}: row group {number} has columns without a page index"
    return metadata.num_row_groups


def croissant(folder, counts):
    """The description is valid, and its records are the rows."""
    import mlcroissant

    described = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert not described.metadata.ctx.issues.errors, described.metadata.ctx.issues.report()
    described_splits = sorted(records.id for records in described.metadata.record_sets)
    assert described_splits == sorted(counts), f"record sets {described_splits}"


if __name__ == "__main__":
    main()
