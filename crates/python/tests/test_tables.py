"""Tables: Arrow streams that other libraries take as they are."""

import gc
import tempfile
import unittest
from pathlib import Path

import obelisc

from sources import RECIPE, SAMPLE

try:
    import pyarrow
    import pyarrow.parquet
except ImportError:
    pyarrow = None
try:
    import polars
except ImportError:
    polars = None
try:
    import duckdb
except ImportError:
    duckdb = None


class Capsules(unittest.TestCase):
    def test_a_stream_that_nobody_takes_is_freed(self):
        table = obelisc.table([obelisc.extract("<p>A pond.</p>", whole_page=True)])
        for _ in range(3):
            self.assertIn("arrow_array_stream", repr(table.__arrow_c_stream__()))
            self.assertIn("arrow_schema", repr(table.__arrow_c_schema__()))
        gc.collect()

    def test_a_table_without_rows_has_columns(self):
        self.assertEqual(len(obelisc.table([])), 0)
        self.assertIn("url", obelisc.table([]).columns)


@unittest.skipUnless(pyarrow, "pyarrow is not installed")
class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.out = Path(cls.temporary.name) / "out"
        cls.run_ = obelisc.run(RECIPE, SAMPLE, cls.out)
        cls.documents = list(obelisc.documents(SAMPLE))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_documents_are_rows(self):
        table = pyarrow.table(obelisc.table(self.documents))
        table.validate(full=True)
        self.assertEqual(table.column("url").to_pylist(), [document.url for document in self.documents])
        self.assertEqual(table.column("doc_id")[0].as_py().hex(), self.documents[0].id)
        texts = [row["text"] for row in table.column("nodes")[0].as_py() if row["text"] is not None]
        self.assertEqual(texts, self.documents[0].paragraphs)
        self.assertEqual(table.schema.metadata[b"obelisc.table"], b"documents")

    def test_an_archive_is_a_table_any_number_of_times(self):
        pages = obelisc.documents(SAMPLE)
        expected = pyarrow.table(obelisc.table(self.documents))
        for _ in range(2):
            self.assertTrue(pyarrow.RecordBatchReader.from_stream(pages).read_all().equals(expected))

    def test_every_table_of_a_run_is_read_whole(self):
        seen = 0
        for step, tables in obelisc.tables(self.out).items():
            for name, rows in tables.items():
                with self.subTest(step=step, table=name):
                    if name == "shards":
                        continue
                    table = pyarrow.table(obelisc.read_table(self.out, name, step=step))
                    table.validate(full=True)
                    self.assertEqual(table.num_rows, rows)
                    seen += 1
        self.assertGreater(seen, 10)

    def test_a_dataset_is_what_its_files_hold(self):
        expected = pyarrow.concat_tables(pyarrow.parquet.read_table(shard) for shard in self.run_.shards)
        for folder in (self.out, self.out / "dataset"):
            table = obelisc.dataset(folder)
            found = pyarrow.table(table)
            found.validate(full=True)
            self.assertTrue(found.equals(expected))
            self.assertEqual(found.schema.metadata, expected.schema.metadata)
            self.assertEqual(len(table), expected.num_rows)

    def test_rows_outlive_what_they_came_from(self):
        table = pyarrow.table(obelisc.table(self.documents))
        expected = [document.url for document in self.documents]
        part = table.slice(3, 4)
        del table
        gc.collect()
        self.assertEqual(part.column("url").to_pylist(), expected[3:7])

    def test_what_is_not_there_is_named(self):
        for call in (
            lambda: obelisc.read_table(self.out, "judgments", step="filter"),
            lambda: obelisc.dataset(self.out, split="test"),
        ):
            with self.assertRaises(obelisc.NotFound):
                call()

    @unittest.skipUnless(polars, "polars is not installed")
    def test_polars_takes_a_table(self):
        frame = polars.DataFrame(obelisc.read_table(self.out, "judgements", step="filter"))
        self.assertEqual(frame.height, obelisc.tables(self.out)["filter"]["judgements"])

    @unittest.skipUnless(duckdb, "duckdb is not installed")
    def test_duckdb_takes_a_table(self):
        judgements = obelisc.read_table(self.out, "judgements", step="filter")
        [(rows,)] = duckdb.sql("select count(*) from judgements").fetchall()
        self.assertEqual(rows, judgements.num_rows)


if __name__ == "__main__":
    unittest.main()
