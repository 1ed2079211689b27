"""What goes wrong, with the texts of the command line."""

from __future__ import annotations


class Error(Exception):
    """Whatever obelisc raises of its own; ``exit_code`` is what the command line would end with."""

    exit_code: int = 1


class RunFailed(Error):
    """Tasks failed for good; what they left can be run again."""


class NotFound(Error):
    """What was asked for is not there: a page in a run, a table of a step."""


class NoDocument(Error):
    """A page that becomes no document.

    ``reason`` is one of the closed list that accounts and ledger use, ``detail`` what was seen.

    >>> import obelisc
    >>> obelisc.extract(b"%PDF-1.7", url="https://site.example/a.pdf")
    Traceback (most recent call last):
    obelisc._errors.NoDocument: https://site.example/a.pdf at 0: https://site.example/a.pdf: no document: not_html (PDF)
    """

    def __init__(self, message: str, reason: str = "", detail: str = "") -> None:
        super().__init__(message, reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return str(self.args[0])


class Refused(Error):
    """A recipe, config, rule or argument is wrong; nothing was read.  All mistakes are told at once.

    >>> import obelisc
    >>> obelisc.RuleSet.from_toml('stages = ["extract", "filter", "finish"]\\nfinish.images = "link"')
    Traceback (most recent call last):
    obelisc._errors.Refused: recipe.toml:2: finish.images: "link" is given, one of "bytes", "url" is allowed; did you mean "url"?
    """

    exit_code = 2


class Unreachable(Error):
    """An input or an output cannot be reached, read or written."""

    exit_code = 3


class Interrupted(Error):
    """A run was asked to stop, and can be taken up again; the cause of the ``KeyboardInterrupt`` that ``run`` raises."""

    exit_code = 4
