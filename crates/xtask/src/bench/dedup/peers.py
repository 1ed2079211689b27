#!/usr/bin/env python3
"""Copies among key tables by DuckDB or polars: one measurement of `cargo xtask bench dedup`.

    peers.py duckdb|polars FOLDER --part pages|paragraphs --max-copies N --threads N --memory-mib N

Reads FOLDER/keys/*.parquet, writes FOLDER/removals-WHO.parquet with the rows of the table `removals` in its order, and
says as JSON how long that took and what was found; who is not installed is `missing`.  As ours, both count the rows of
each key and then look for those whose keys have copies.
"""

import argparse
import importlib.util
import json
import os
import time


# The rank, 0, the document's id, and node and paragraph: see `Place` of the crate `dedup`.
TAIL = 16 + 4 + 4


def by_duckdb(options, keys, removals):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {options.threads}")
    connection.execute(f"SET memory_limit = '{options.memory_mib}MiB'")
    connection.execute(f"SET temp_directory = '{options.folder}/spill'")
    if options.part == "pages":
        best, removed = ", max(place) AS best", "place <> best"
        survivor = f"best[octet_length(best) - {TAIL} + 1 : octet_length(best) - {TAIL} + 16]"
    else:
        best, removed, survivor = "", "true", "NULL::BLOB"
    connection.execute(f"""
        COPY (
            WITH copies AS (
                SELECT key_high, key_low, count(*)::UBIGINT AS copies {best} FROM read_parquet('{keys}')
                GROUP BY key_high, key_low HAVING count(*) > {options.max_copies}
            )
            SELECT task, row, kind, ordinal, paragraph, {removed} AS removed, copies, {survivor} AS survivor
            FROM read_parquet('{keys}') JOIN copies USING (key_high, key_low)
            ORDER BY task, row, kind, ordinal, paragraph
        ) TO '{removals}' (FORMAT parquet, COMPRESSION zstd)
    """)


def by_polars(options, keys, removals):
    import polars as pl

    key = ["key_high", "key_low"]
    rows = pl.scan_parquet(keys)
    copies = pl.len().cast(pl.UInt64).alias("copies")
    if options.part == "pages":
        groups = rows.group_by(key).agg(copies, pl.col("place").max().alias("best"))
        removed = pl.col("place") != pl.col("best")
        survivor = pl.col("best").bin.slice(-TAIL, 16)
    else:
        groups = rows.group_by(key).agg(copies)
        removed, survivor = pl.lit(True), pl.lit(None, pl.Binary)
    groups = groups.filter(pl.col("copies") > options.max_copies)
    found = rows.join(groups, on=key).select(
        "task", "row", "kind", "ordinal", "paragraph", removed.alias("removed"), "copies", survivor.alias("survivor")
    )
    found = found.sort("task", "row", "kind", "ordinal", "paragraph")
    found.sink_parquet(removals, compression="zstd", engine="streaming")


def found(who, removals):
    """The same numbers as ours, of the file that was written; not timed."""
    if who == "duckdb":
        import duckdb

        sums = "count(*), count(*) FILTER (removed), sum(copies)::UBIGINT, sum(row)::UBIGINT"
        numbers = duckdb.sql(f"SELECT {sums} FROM read_parquet('{removals}')").fetchall()[0]
    else:
        import polars as pl

        sums = [pl.len(), *(pl.col(name).cast(pl.UInt64).sum() for name in ["removed", "copies", "row"])]
        numbers = pl.scan_parquet(removals).select(sums).collect().row(0)
    return dict(zip(["rows", "removed", "copies", "documents"], numbers))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("who", choices=["duckdb", "polars"])
    parser.add_argument("folder")
    parser.add_argument("--part", required=True)
    parser.add_argument("--max-copies", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--memory-mib", type=int, required=True)
    options = parser.parse_args()
    if importlib.util.find_spec(options.who) is None:
        print(json.dumps({"missing": options.who}))
        return
    os.environ["POLARS_MAX_THREADS"] = str(options.threads)
    work = {"duckdb": by_duckdb, "polars": by_polars}[options.who]
    importlib.import_module(options.who)
    removals = f"{options.folder}/removals-{options.who}.parquet"
    started, used = time.monotonic(), time.process_time()
    work(options, f"{options.folder}/keys/*.parquet", removals)
    seconds, cpu_seconds = time.monotonic() - started, time.process_time() - used
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "found": found(options.who, removals)}))


if __name__ == "__main__":
    main()
