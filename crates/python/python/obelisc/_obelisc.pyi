"""The native half of the package."""

from collections.abc import Callable
from typing import Any, final

__all__ = [
    "__version__",
    "Document",
    "Pages",
    "Reading",
    "Rule",
    "RuleSet",
    "Table",
    "dataset_table",
    "documents_table",
    "explain",
    "extract",
    "run",
    "run_table",
    "run_tables",
    "sweep",
]

__version__: str

@final
class Document:
    @staticmethod
    def from_json(json: str, name: str) -> Document: ...
    def to_json(self) -> str: ...

@final
class Pages:
    def __new__(cls, input: list[str], profile: str, whole_page: bool, threads: int | None) -> Pages: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def read(self) -> Reading: ...

@final
class Reading:
    def next(self) -> Document | tuple[str, int, str | None, str, str] | None: ...

@final
class Rule:
    def __new__(
        cls,
        subject: str,
        name: str,
        version: int,
        resources: list[str],
        page: str,
        needs: list[str],
        falling: bool,
        thresholds: list[tuple[str, float | None]],
        function: Callable[..., Any],
    ) -> Rule: ...

@final
class RuleSet:
    def __new__(
        cls,
        path: str,
        text: str | None,
        set: list[str],
        config: str | None,
        resources: list[tuple[str, str]],
        rules: list[Rule],
    ) -> RuleSet: ...
    def judge(self, document: Document) -> str: ...
    def rules(self) -> str: ...
    @property
    def name(self) -> str: ...

@final
class Table:
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    @property
    def num_rows(self) -> int: ...
    @property
    def columns(self) -> list[tuple[str, str]]: ...

def extract(html: object, url: str, profile: str, whole_page: bool, name: str) -> Document: ...
def documents_table(documents: list[Document]) -> Table: ...
def run_tables(folder: str) -> str: ...
def run_table(folder: str, table: str, step: str) -> Table: ...
def dataset_table(folder: str, split: str | None) -> Table: ...
def explain(folder: str, url: str) -> str: ...
def sweep(
    folder: str,
    set: list[str],
    samples: int,
    config: str | None,
    resources: list[tuple[str, str]],
    rules: list[Rule],
    threads: int | None,
) -> str: ...
def run(
    recipe: str,
    text: str | None,
    set: list[str],
    config: str | None,
    resources: list[tuple[str, str]],
    rules: list[Rule],
    input: list[str],
    output: str,
    image_store: str | None,
    threads: int | None,
    force: bool,
    tell: Callable[[str], Any] | None,
) -> str: ...
