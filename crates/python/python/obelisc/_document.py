"""Documents: one page each, texts and images in reading order."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any, Union

from . import _obelisc

PathLike = Union[str, "os.PathLike[str]"]


class Document:
    """One page: texts and images in the order in which a reader meets them.

    A document does not change.  ``texts``, ``images`` and ``metadata`` stand side by side, as in a dataset of the OBELICS
    layout: of ``texts[i]`` and ``images[i]`` one is ``None``.

    >>> import obelisc
    >>> document = obelisc.Document.from_dict({"texts": ["A pond.", None], "images": [None, "https://site.example/a.png"]})
    >>> document.texts, document.images[1]
    (['A pond.', None], 'https://site.example/a.png')
    """

    __slots__ = ("_native", "_read")

    def __init__(self, native: _obelisc.Document) -> None:
        self._native = native
        self._read: dict[str, Any] | None = None

    @classmethod
    def from_json(cls, text: str | bytes, name: str = "document") -> Document:
        """Reads a document as :meth:`to_json` and ``obelisc extract`` write it.

        What a hand-written one leaves out is filled in; ``name`` stands for the identity of one without ``id``.

        >>> import obelisc
        >>> obelisc.Document.from_json('{"texts": ["One."]}').images
        [None]
        """
        text = text.decode() if isinstance(text, (bytes, bytearray)) else text
        return cls(_obelisc.Document.from_json(text, name))

    @classmethod
    def from_dict(cls, fields: dict[str, Any], name: str = "document") -> Document:
        """Reads a document out of a mapping of the same keys."""
        return cls.from_json(json.dumps(fields), name)

    def to_json(self) -> str:
        """The document as the JSON line that ``obelisc extract`` prints."""
        return self._native.to_json()

    def to_dict(self) -> dict[str, Any]:
        """The same as a mapping, a new one each time."""
        return dict(json.loads(self.to_json()))

    def _fields(self) -> dict[str, Any]:
        if self._read is None:
            self._read = self.to_dict()
        return self._read

    @property
    def id(self) -> str:
        """Identity: 32 hexadecimal digits."""
        return str(self._fields()["id"])

    @property
    def url(self) -> str:
        """URL of the page."""
        return str(self._fields()["url"])

    @property
    def texts(self) -> list[str | None]:
        """Texts, ``None`` where an image stands; paragraphs are parted by blank lines."""
        return list(self._fields()["texts"])

    @property
    def images(self) -> list[str | None]:
        """URLs of images, ``None`` where a text stands."""
        return list(self._fields()["images"])

    @property
    def metadata(self) -> list[dict[str, Any] | None]:
        """What is known of each image, ``None`` where a text stands."""
        return list(self._fields()["metadata"])

    @property
    def general_metadata(self) -> dict[str, Any]:
        """Provenance, and what the page says of itself."""
        return dict(self._fields()["general_metadata"])

    @property
    def paragraphs(self) -> list[str]:
        """All paragraphs, in order.

        >>> import obelisc
        >>> obelisc.Document.from_dict({"texts": ["One.\\n\\nTwo."]}).paragraphs
        ['One.', 'Two.']
        """
        return [part for text in self.texts if text is not None for part in text.split("\n\n")]

    @property
    def text(self) -> str:
        """All texts, parted by blank lines."""
        return "\n\n".join(text for text in self.texts if text is not None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return (Document.from_json, (self.to_json(),))

    def __repr__(self) -> str:
        images = sum(image is not None for image in self.images)
        return f"<obelisc.Document {self.url}: {len(self.paragraphs)} paragraphs, {images} images>"


def extract(
    html: bytes | bytearray | memoryview | str,
    url: str | None = None,
    profile: str = "default",
    *,
    whole_page: bool = False,
    name: str | None = None,
) -> Document:
    """Makes a document of one HTML page.

    ``url`` is that of the page: relative addresses of images are resolved against it.  Bytes are decoded as a browser would,
    a ``str`` is text already.  Without ``whole_page`` only the main content stays, as ``obelisc extract`` cuts it.  Other
    threads run meanwhile.

    >>> import obelisc
    >>> page = "<h1>Waves</h1><p>Drop two pebbles into a pond.</p><img src='/rings.png' alt='Rings'>"
    >>> document = obelisc.extract(page, url="https://site.example/waves", whole_page=True)
    >>> document.texts
    ['Waves\\n\\nDrop two pebbles into a pond.', None]
    >>> document.images[1], document.metadata[1]["alt_text"]
    ('https://site.example/rings.png', 'Rings')

    Raises :class:`obelisc.NoDocument` where the page becomes none, with the reason.
    """
    if isinstance(html, (bytearray, memoryview)):
        html = bytes(html)
    known = "about:blank" if url is None else url
    return Document(_obelisc.extract(html, known, profile, whole_page, known if name is None else name))


class Failure:
    """A page of :func:`documents` that became no document, and why."""

    __slots__ = ("archive", "offset", "url", "reason", "detail")

    def __init__(self, archive: str, offset: int, url: str | None, reason: str, detail: str) -> None:
        self.archive = archive
        self.offset = offset
        self.url = url
        self.reason = reason
        self.detail = detail

    def __repr__(self) -> str:
        return f"<obelisc.Failure {self.archive} at {self.offset}: {self.reason} ({self.detail})>"


class Documents:
    """The documents of archives and pages, read and extracted while they are asked for; each iteration begins anew.

    ``failures`` are the pages that became none, as far as the last iteration came; records that are no pages are passed over.  Whatever takes Arrow takes it as a table
    (``pyarrow.table(documents)``, ``polars.DataFrame(documents)``), batch by batch and without a copy.
    """

    def __init__(self, native: _obelisc.Pages) -> None:
        self._native = native
        self.failures: list[Failure] = []

    def __iter__(self) -> Iterator[Document]:
        self.failures = failures = []
        reading = self._native.read()
        while (found := reading.next()) is not None:
            if isinstance(found, tuple):
                failures.append(Failure(*found))
            else:
                yield Document(found)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._native.__arrow_c_stream__(requested_schema)


def documents(
    input: PathLike | Sequence[PathLike],
    profile: str = "default",
    *,
    whole_page: bool = False,
    threads: int | None = None,
) -> Documents:
    """The documents of archives and pages: paths, globs, URLs and lists of them, as ``obelisc extract`` takes them.

    >>> import obelisc
    >>> pages = obelisc.documents(sample)            # an archive of a few pages
    >>> sum(len(document.paragraphs) > 0 for document in pages) > 10
    True
    >>> all(failure.reason for failure in pages.failures)
    True
    """
    return Documents(_obelisc.Pages(_names(input), profile, whole_page, threads))


def _names(input: PathLike | Sequence[PathLike]) -> list[str]:
    """Paths as the native half takes them."""
    if isinstance(input, (str, os.PathLike)):
        return [os.fspath(input)]
    return [os.fspath(path) for path in input]
