"""Reads the Parquet files of a folder and writes their rows into another, as others do it.

    copied.py pyarrow|datasets FROM TO

pyarrow: row group by row group, with the settings of its writer but for images, which are neither compressed nor in a dictionary.
datasets: `load_dataset`, `map` with a function that leaves the rows as they are, `to_parquet`; images are not decoded.
"""
import os
import sys
from pathlib import Path


def copy_by_pyarrow(files, folder):
    import pyarrow.parquet as pq

    images = "images.list.element.bytes"
    for file in files:
        source = pq.ParquetFile(file)
        schema = source.schema_arrow
        leaves = [source.schema.column(index).path for index in range(len(source.schema))]
        compression = {leaf: "NONE" if leaf == images else "ZSTD" for leaf in leaves}
        with pq.ParquetWriter(folder / file.name, schema, compression=compression, use_dictionary=False) as writer:
            for group in range(source.num_row_groups):
                writer.write_table(source.read_row_group(group))


def copy_by_datasets(files, folder):
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HOME"] = str(folder / "cache")
    import datasets

    rows = datasets.load_dataset("parquet", data_files=[str(file) for file in files], split="train", cache_dir=str(folder / "cache"))
    rows = rows.cast_column("images", datasets.List(datasets.Image(decode=False)))
    rows.map(lambda row: row).to_parquet(str(folder / "train.parquet"))


def main():
    who, source, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir()
    files = sorted(source.glob("*.parquet"))
    {"pyarrow": copy_by_pyarrow, "datasets": copy_by_datasets}[who](files, folder)


main()
