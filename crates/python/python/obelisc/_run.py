"""Runs, and what they left behind."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Union

from . import _obelisc
from ._document import PathLike, _names
from ._rules import Rule, Setting, _toml, named, natives, place, settings

Progress = Union[bool, None, Callable[[dict[str, Any]], Any]]


class Run:
    """A run that reached its end."""

    def __init__(self, output: str, told: dict[str, Any]) -> None:
        self.output = output
        """The output, as it was given."""
        self.existed: bool = told["existed"]
        """Whether the dataset was there before."""
        self.manifest: dict[str, Any] = told["manifest"]
        """The manifest of the dataset."""
        self.steps: dict[str, dict[str, Any]] = told["steps"]
        """What became of what in each step: unit, then ``in``, ``kept``, ``dropped`` and ``failed`` by reason."""
        self._folder: str = told["folder"]

    @property
    def dataset(self) -> str:
        """The dataset's folder, or its URL."""
        return f"{self.output.rstrip('/')}/{self._folder}"

    @property
    def shards(self) -> list[str]:
        """The Parquet files of the dataset."""
        return [f"{self.dataset}/{shard['path']}" for shard in self.manifest["shards"]]

    def dropped(self, unit: str = "documents") -> dict[str, int]:
        """How many of a unit went in all steps, by rule or reason; ``failed`` ones too."""
        counts: dict[str, int] = {}
        for accounts in self.steps.values():
            flow = accounts.get(unit, {})
            for why in ("dropped", "failed"):
                for name, count in flow.get(why, {}).items():
                    counts[name] = counts.get(name, 0) + count
        return counts

    def __repr__(self) -> str:
        rows = sum(shard["rows"] for shard in self.manifest["shards"])
        return f"<obelisc.Run {self.dataset}: {rows} documents>"


def run(
    recipe: PathLike,
    input: PathLike | Sequence[PathLike],
    output: PathLike,
    *,
    config: PathLike | None = None,
    set: Setting = (),
    rules: Iterable[Rule] = (),
    resources: Mapping[str, PathLike] | None = None,
    image_store: PathLike | None = None,
    threads: int | None = None,
    force: bool = False,
    progress: Progress = None,
) -> Run:
    """Runs a recipe over archives, and publishes a dataset: what ``obelisc run`` does, to the same bytes.

    ``rules`` are asked behind the recipe's own, or where it names them.  An output that holds a part of this run is gone on
    with; one that was made with other rules is not confused with it.

    ``progress`` is told what happens: a function is given a dict for each event, ``True`` prints a line for each step on
    standard error, ``None`` does so where that is a terminal or a notebook.  Ctrl-C asks the run to stop; when the tasks in
    flight have ended, ``KeyboardInterrupt`` is raised, and the same call goes on from there.

    >>> import obelisc
    >>> run = obelisc.run(recipe, input=[sample], output=folder, progress=False)
    >>> run.manifest["dataset_version"], len(run.shards)
    (1, 1)
    """
    told = _obelisc.run(
        os.fspath(recipe),
        None,
        settings(set),
        place(config),
        named(resources),
        natives(rules),
        _names(input),
        os.fspath(output),
        place(image_store),
        threads,
        force,
        _listener(progress),
    )
    return Run(os.fspath(output), json.loads(told))


def _listener(progress: Progress) -> Callable[[str], Any] | None:
    if callable(progress):
        hears = progress
        return lambda event: hears(json.loads(event))
    if progress is None:
        progress = sys.stderr.isatty() or "ipykernel" in sys.modules
    return _print if progress else None


def _print(text: str) -> None:
    """A line for each step that ends."""
    event = json.loads(text)
    if event["event"] != "step_finished":
        return
    flow = event["accounts"].get("documents")
    counts = f": documents {flow['in']} in, {flow['kept']} kept" if flow else ""
    print(f"{event['step']}: {event['tasks']} tasks done{counts}", file=sys.stderr, flush=True)


def explain(folder: PathLike, *, url: str) -> dict[str, Any]:
    """All that a run knows of a page: what ``obelisc explain --json`` prints.

    ``documents`` are its captures with what each step decided, ``failures`` those that became none.

    >>> import obelisc
    >>> found = obelisc.explain(folder, url="https://atlas.example/automata/rules")
    >>> found["documents"][0]["decisions"][0]["step"]
    'filter'
    """
    return dict(json.loads(_obelisc.explain(os.fspath(folder), url)))


def sweep(
    folder: PathLike,
    set: Mapping[str, Iterable[Any]],
    *,
    samples: int = 3,
    rules: Iterable[Rule] = (),
    config: PathLike | None = None,
    resources: Mapping[str, PathLike] | None = None,
    threads: int | None = None,
) -> dict[str, Any]:
    """Other thresholds on what a run stored: what ``obelisc sweep --json`` prints.

    ``set`` has the values that are tried, by key; of several keys all combinations.  ``rules`` are those that the run had.

    >>> import obelisc
    >>> found = obelisc.sweep(folder, {"document.word_count.min_words": [10, 400]}, samples=0)
    >>> [(variant["documents"], variant["lost"]) for variant in found["variants"]]
    [(15, 0), (9, 6)]
    """
    words = [f"{key}={','.join(_toml(value) for value in values)}" for key, values in set.items()]
    found = _obelisc.sweep(
        os.fspath(folder), words, samples, place(config), named(resources), natives(rules), threads
    )
    return dict(json.loads(found))


class Table:
    """A table that whatever takes Arrow takes without a copy, read while it is asked for.

    ``pyarrow.table(table)``, ``polars.DataFrame(table)``, ``duckdb.sql("from table")`` after ``pyarrow``'s reader, and all else
    that knows ``__arrow_c_stream__``.
    """

    def __init__(self, native: _obelisc.Table) -> None:
        self._native = native

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return self._native.num_rows

    @property
    def columns(self) -> dict[str, str]:
        """Names and types of the columns."""
        return dict(self._native.columns)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._native.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._native.__arrow_c_schema__()

    def __len__(self) -> int:
        return self.num_rows

    def __repr__(self) -> str:
        return f"<obelisc.Table of {self.num_rows} rows: {', '.join(self.columns)}>"


def table(documents: Iterable[Any]) -> Table:
    """Documents as a table of the schema that ``obelisc schema table documents`` prints.

    >>> import obelisc
    >>> list(obelisc.table([obelisc.extract("<p>A pond.</p>", whole_page=True)]).columns)[:2]
    ['doc_id', 'url']
    """
    return Table(_obelisc.documents_table([document._native for document in documents]))


def tables(folder: PathLike) -> dict[str, dict[str, int]]:
    """Which tables a run has: of each step the names, with their rows.

    >>> import obelisc
    >>> sorted(obelisc.tables(folder)["filter"])
    ['documents', 'image_references', 'judgements', 'sizes']
    """
    return dict(json.loads(_obelisc.run_tables(os.fspath(folder))))


def read_table(folder: PathLike, name: str, *, step: str) -> Table:
    """A table that a step of a run wrote: those files that its markers name.

    >>> import obelisc
    >>> obelisc.read_table(folder, "judgements", step="filter").num_rows > 100
    True
    """
    return Table(_obelisc.run_table(os.fspath(folder), name, step))


def dataset(folder: PathLike, *, split: str | None = None) -> Table:
    """The rows of a dataset, images with their bytes: of its own folder, or of the newest in a run's output.

    >>> import obelisc
    >>> obelisc.dataset(folder).columns["metadata"]
    'Utf8'
    """
    return Table(_obelisc.dataset_table(os.fspath(folder), split))

