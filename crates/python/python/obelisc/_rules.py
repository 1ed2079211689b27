"""Rules: those of a recipe, and functions that are rules."""

from __future__ import annotations

import ast
import inspect
import json
import os
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

from . import _obelisc
from ._document import Document, PathLike
from ._errors import Refused

Setting = Union[Sequence[str], Mapping[str, Any]]

# What a rule on a subject looks at where it does not say.
_NEEDS = {
    "url": ("url",),
    "image": ("image_reference",),
    "paragraph": ("text",),
    "document": ("text", "image_reference"),
}


class Rule:
    """A function that measures, and the bounds that its value is held to: what :func:`rule` makes of a function.

    It can still be called as the function that it was.
    """

    def __init__(self, function: Callable[..., Any], native: _obelisc.Rule, path: str, thresholds: dict[str, Any]) -> None:
        self._native = native
        self.path = path
        """Subject and name: ``paragraph.exclamation_ratio``."""
        self.thresholds = thresholds
        """Its bounds, each with the value that holds where no recipe says otherwise."""
        self.__wrapped__ = function
        self.__doc__ = function.__doc__
        self.__name__ = path.partition(".")[2]

    def __call__(self, *arguments: Any) -> Any:
        return self.__wrapped__(*arguments)

    @property
    def recipe(self) -> str:
        """The lines of a recipe that ask this rule."""
        lines = [f"[rules.{self.path}]"]
        return "\n".join(lines + [f"{key} = {_toml(value)}" for key, value in self.thresholds.items()])

    def __repr__(self) -> str:
        bounds = ", ".join(f"{key}={value!r}" for key, value in self.thresholds.items())
        return f"<obelisc.Rule {self.path}: {bounds}>"


def rule(
    *,
    subject: str,
    name: str | None = None,
    version: int | str = 1,
    needs: Iterable[str] | None = None,
    falling: bool = False,
    **thresholds: float | None,
) -> Callable[[Callable[..., Any]], Rule]:
    """Makes a rule of a function, which measures; what its value is held to stands beside it.

    ``subject`` says what the function is given: ``"paragraph"`` a text, ``"url"`` the page's URL, ``"image"`` what is known of
    an image (a dict as in :attr:`Document.metadata`), ``"document"`` a :class:`Document` as the rules on its parts left it.
    It gives a number, or ``None`` where the quantity does not apply.  One threshold ``min_…`` and one ``max_…`` may follow,
    inclusive; ``None`` is off until a recipe sets it.

    >>> import obelisc
    >>> @obelisc.rule(subject="paragraph", max_ratio=0.1)
    ... def exclamation_ratio(text):
    ...     "Drops a paragraph that shouts."
    ...     return text.count("!") / len(text)
    >>> exclamation_ratio("Buy now!!")
    0.2222222222222222
    >>> print(exclamation_ratio.recipe)
    [rules.paragraph.exclamation_ratio]
    max_ratio = 0.1

    The function must give the same for the same subject, always and on any thread.  Its source is its version: where it
    changes, what it judged is judged anew.  What it calls is not looked at: raise ``version`` when that changes.  Where it
    raises, or gives something else, the document fails, is counted so, and the ledger holds the traceback.

    ``needs`` and ``falling`` are those of a rule in Rust (``filters/README.md``): a rule on images that reads their real
    sizes needs ``"image_facts"``; of a document rule whose value can only fall as nodes are removed, the minimum is
    applied early.
    """
    if subject not in _NEEDS:
        raise Refused(f"rule: subject {subject!r} is given, one of {', '.join(_NEEDS)} is allowed")
    for key, value in thresholds.items():
        if not key.startswith(("min_", "max_")):
            raise Refused(f"rule: unknown option {key!r}; a threshold is named min_ or max_ and a quantity")
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise Refused(f"rule: {key} = {value!r} is given, a number or None is allowed")
    for end in ("min_", "max_"):
        if sum(key.startswith(end) for key in thresholds) > 1:
            raise Refused(f"rule: more than one threshold {end}…; a rule has one value")

    def make(function: Callable[..., Any]) -> Rule:
        own = function.__name__ if name is None else name
        if not own.isidentifier() or not own.isascii() or own != own.lower():
            raise Refused(f"rule: the name {own!r} is no quantity in lower case: letters, digits and _")
        what = inspect.getdoc(function) or f"Measures {own.replace('_', ' ')}."
        page = f"# {subject}.{own}\n\n{what}"
        number, resources = _version(function, own, version)
        asked = [(key, None if value is None else float(value)) for key, value in thresholds.items()]
        wanted = list(_NEEDS[subject] if needs is None else needs)
        try:
            native = _obelisc.Rule(subject, own, number, resources, page, wanted, falling, asked, function)
        except ValueError as error:
            raise Refused(f"rule: {error}") from None
        return Rule(function, native, f"{subject}.{own}", dict(thresholds))

    return make


def _version(function: Callable[..., Any], name: str, version: int | str) -> tuple[int, list[str]]:
    """A number, and the texts that decide beside it: the function's source, as far as it can be had."""
    number, texts = (version, []) if isinstance(version, int) else (1, [f"version {version}"])
    source = _source(function)
    if source is not None:
        return number, [source, *texts]
    if version == 1:
        raise Refused(
            f"rule: the source of {name} cannot be read, and it is what says which version the rule is; give version=…"
        )
    return number, [f"{getattr(function, '__module__', '')}.{name}", *texts]


def _source(function: Callable[..., Any]) -> str | None:
    """The source without decorators, so that other thresholds are not another rule."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return None
    try:
        first = ast.parse(text).body[0]
    except (SyntaxError, IndexError):
        return text
    return "\n".join(text.splitlines()[first.lineno - 1 :])


@dataclass(frozen=True)
class Reason:
    """Why a subject was dropped."""

    subject: str
    """``document``, ``url``, ``image`` or ``paragraph``."""
    ordinal: int | None
    """The node."""
    paragraph: int | None
    """The paragraph of the node."""
    rule: str
    """The first rule that it fails, or a reason outside of rules."""
    value: Any
    """The value that this rule measured; the traceback of a rule that raised."""
    bound: str | None
    """The bound it broke, such as ``min 0.35``."""
    failing: tuple[str, ...]
    """All rules that it fails."""


class Verdict:
    """What rules say of a document."""

    __slots__ = ("_judged", "document", "kept", "reasons", "signals", "verdict")

    def __init__(self, judged: dict[str, Any]) -> None:
        self._judged = judged
        self.verdict: str = judged["verdict"]
        """``kept``, ``dropped``, or ``failed`` where a rule raised."""
        self.kept: bool = self.verdict == "kept"
        """Whether the document is kept."""
        self.reasons: list[Reason] = [
            Reason(**{**reason, "failing": tuple(reason["failing"])}) for reason in judged["reasons"]
        ]
        """Each part that was dropped, in reading order; the document's own reason last."""
        self.signals: dict[str, Any] = judged["signals"]
        """All that was measured, by subject: of images by ordinal, of paragraphs by ``ordinal.k``."""
        self.document: Document = Document.from_dict({key: judged[key] for key in _DOCUMENT})
        """The document as it stands after filtering."""

    def to_dict(self) -> dict[str, Any]:
        """The verdict as ``obelisc judge`` prints it."""
        return dict(self._judged)

    def __repr__(self) -> str:
        return f"<obelisc.Verdict {self.verdict}: {len(self.reasons)} parts dropped>"


_DOCUMENT = ("id", "url", "texts", "images", "metadata", "general_metadata")


class RuleSet:
    """The rules of a recipe, in its order, with rules of one's own behind them.

    >>> import obelisc
    >>> rules = obelisc.RuleSet.from_toml('''
    ...     stages = ["extract", "filter", "finish"]
    ...     finish.images = "url"
    ...     [rules.paragraph.word_count]
    ...     min_words = 4
    ... ''')
    >>> verdict = rules.judge(obelisc.Document.from_dict({"texts": ["Share this\\n\\nA storm passed over the lake."]}))
    >>> verdict.kept, verdict.document.texts
    (True, ['A storm passed over the lake.'])
    >>> reason = verdict.reasons[0]
    >>> reason.subject, reason.rule, reason.value, reason.bound
    ('paragraph', 'word_count', 2.0, 'min 4')
    """

    def __init__(self, native: _obelisc.RuleSet) -> None:
        self._native = native

    @classmethod
    def from_recipe(
        cls,
        path: PathLike,
        *,
        rules: Iterable[Rule] = (),
        set: Setting = (),
        config: PathLike | None = None,
        resources: Mapping[str, PathLike] | None = None,
    ) -> RuleSet:
        """Reads a recipe; ``rules`` are asked as well, behind those of the recipe on their subjects, or where it names them."""
        return cls._read(path, None, rules, set, config, resources)

    @classmethod
    def from_toml(
        cls,
        text: str,
        *,
        rules: Iterable[Rule] = (),
        set: Setting = (),
        config: PathLike | None = None,
        resources: Mapping[str, PathLike] | None = None,
    ) -> RuleSet:
        """The same of a recipe that is a text."""
        return cls._read("recipe.toml", text, rules, set, config, resources)

    @classmethod
    def _read(
        cls,
        path: PathLike,
        text: str | None,
        rules: Iterable[Rule],
        set: Setting,
        config: PathLike | None,
        resources: Mapping[str, PathLike] | None,
    ) -> RuleSet:
        native = _obelisc.RuleSet(
            os.fspath(path), text, settings(set), place(config), named(resources), natives(rules)
        )
        return cls(native)

    def judge(self, document: Document) -> Verdict:
        """Judges a document that stands alone: nothing comes later, so every bound applies.  The document is not changed."""
        return Verdict(json.loads(self._native.judge(document._native)))

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules in the order in which they are asked: ``rule``, ``options``, ``bounds``, ``version``, ``summary``."""
        return list(json.loads(self._native.rules()))

    def __repr__(self) -> str:
        return f"<obelisc.RuleSet {self._native.name}: {len(self.rules)} rules>"


def natives(rules: Iterable[Rule]) -> list[_obelisc.Rule]:
    """Rules as the native half takes them."""
    rules = list(rules)
    for one in rules:
        if not isinstance(one, Rule):
            raise TypeError(f"a rule is made by @obelisc.rule; {one!r} is none")
    return [one._native for one in rules]


def settings(set: Setting) -> list[str]:
    """``KEY=VALUE`` words: of a mapping each key with its value as TOML writes it."""
    if isinstance(set, Mapping):
        return [f"{key}={_toml(value)}" for key, value in set.items()]
    return list(set)


def place(path: PathLike | None) -> str | None:
    """A path that may be left out."""
    return None if path is None else os.fspath(path)


def named(resources: Mapping[str, PathLike] | None) -> list[tuple[str, str]]:
    """Where files lie that a recipe names."""
    return [(name, os.fspath(path)) for name, path in (resources or {}).items()]


def _toml(value: Any) -> str:
    if value is None:
        return '"off"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
