"""obelisc: web archives in, interleaved image-text datasets out; rules that say of every dropped word why.

>>> import obelisc
>>> document = obelisc.extract("<h1>Waves</h1><p>Drop two pebbles into a pond.</p>", whole_page=True)
>>> document.paragraphs
['Waves', 'Drop two pebbles into a pond.']

* :func:`extract` makes a :class:`Document` of a page, :func:`documents` those of archives.
* :class:`RuleSet` judges documents by a recipe's rules; :func:`rule` makes a rule of a function.
* :func:`run` runs a recipe over archives, :func:`explain` and :func:`sweep` ask what a run stored.
* :func:`table`, :func:`read_table`, :func:`dataset` and :func:`documents` are tables to whatever takes Arrow.
"""

from ._document import Document, Documents, Failure, documents, extract
from ._errors import Error, Interrupted, NoDocument, NotFound, Refused, RunFailed, Unreachable
from ._obelisc import __version__
from ._rules import Reason, Rule, RuleSet, Verdict, rule
from ._run import Run, Table, dataset, explain, read_table, run, sweep, table, tables

__all__ = [
    "Document",
    "Documents",
    "Error",
    "Failure",
    "Interrupted",
    "NoDocument",
    "NotFound",
    "Reason",
    "Refused",
    "Rule",
    "RuleSet",
    "Run",
    "RunFailed",
    "Table",
    "Unreachable",
    "Verdict",
    "__version__",
    "dataset",
    "documents",
    "explain",
    "extract",
    "read_table",
    "rule",
    "run",
    "sweep",
    "table",
    "tables",
]
