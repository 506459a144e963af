"""One file: its bytes, its text, its tree, and the way from the positions of ``ast`` to those that people see.

Nothing heavy is imported until it is needed: every file of a run passes through here, most of them only to find
that they are of no interest.
"""

# pathlib would cost more than reading the file.

from __future__ import annotations

import io
import sys

from poolint.files import is_notebook, read_source
from poolint.trees import tree_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Sequence

    from poolint.text.notebook import Cell

BOM = b"\xef\xbb\xbf"
_ALWAYS_REVERSIBLE = frozenset(("utf-8", "utf8", "iso-8859-1", "ascii"))
_CRASHES_3_10 = 20_000
"""Operators in a row. The parser of Python 3.10 overflows its stack at some multiple of this; later ones give up."""
_OTHER_ENDS = "\v\f\x1c\x1d\x1e"
"""The characters of ASCII that ``str.splitlines`` takes for the end of a row, and Python does not."""
MAX_PARTS = 200
"""Names with dots between them in an imported one. The parser of Python writes out each of its beginnings: 2.5 GB for a
name of 100 kB."""


class SourceError(Exception):
    """Why a file cannot be analysed or written: one line for people, and where (row 1, column 1 if unknown).

    ``told`` makes that line where somebody wants to read it: editors, which see broken texts at every other key, do not.
    """

    def __init__(self, message: str, row: int = 1, column: int = 1, told: Callable[[], str] | None = None) -> None:
        super().__init__(message, row, column)
        self._message = message
        self._told = told
        self.row = row
        self.column = column

    @property
    def message(self) -> str:
        """The line for people."""
        if self._told is not None:
            self._message, self._told = self._told(), None
        return self._message

    def __str__(self) -> str:
        return self.message


class Source:
    """A decoded file. ``lines`` and ``tree`` are made when they are first asked for."""

    __slots__ = ("_error", "_lines", "_tree", "bom", "data", "encoding", "path", "text")

    def __init__(self, path: str, data: bytes, text: str, encoding: str, bom: bool) -> None:
        self.path = path
        self.data = data
        self.text = text
        self.encoding = encoding
        self.bom = bom
        self._lines: list[str] | None = None
        self._tree: ast.Module | None = None
        self._error: SourceError | None = None

    @classmethod
    def read(cls, path: str) -> Source:
        """Read a file. Raises :class:`SourceError` when it cannot be read or is no text."""
        try:
            data = read_source(path)
        except OSError as error:
            raise SourceError(f"cannot be read: {error.strerror or error}") from None
        return cls.from_bytes(path, data)

    @classmethod
    def from_bytes(cls, path: str, data: bytes) -> Source:
        """The source that ``data`` is, as if read from ``path``. Raises :class:`SourceError`."""
        if is_notebook(path):
            from poolint.text.notebook import Notebook

            return Notebook.from_raw(path, data)
        if b"\0" in data:
            if data.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise SourceError("is UTF-16; Python reads UTF-8, or an 8-bit encoding that a coding cookie names")
            raise SourceError("contains a NUL byte", *_place(data, data.index(b"\0")))
        bom = data.startswith(BOM)
        body = data[len(BOM) :] if bom else data
        encoding = _declared_encoding(body, bom)
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError as error:
            byte = f"byte 0x{body[error.start]:02x}" if error.start < len(body) else "the end"
            raise SourceError(f"{byte} is not valid {encoding}", *_place(body, error.start)) from None
        except (LookupError, ValueError):  # a codec between bytes, or one that fails in its own way
            raise SourceError(f"cannot be decoded as {encoding}") from None
        return cls(path, data, text, encoding, bom)

    def __reduce__(self) -> tuple[object, ...]:
        # Between processes only the bytes travel: the rest is cheaper to make again than to send.
        return (Source.from_bytes, (self.path, self.raw))

    @property
    def raw(self) -> bytes:
        """The bytes of the file. ``data`` are those of its Python, which only in a notebook are others."""
        return self.data

    @property
    def awaits(self) -> bool:
        """Whether something outside of all functions is awaited, which only a cell of a notebook can do."""
        return False

    @property
    def cells(self) -> Sequence[Cell] | None:
        """The cells of a notebook; None of any other file."""
        return None

    def bare(self) -> Source:
        """The same file without its tree, which takes many times the memory of its text."""
        return Source(self.path, self.data, self.text, self.encoding, self.bom)

    @property
    def lines(self) -> list[str]:
        r"""The rows of the text with their ends kept. Rows end at ``\r\n``, ``\r`` or ``\n`` and nowhere else.

        ``str.splitlines`` would also split at form feeds and at half a dozen characters that Python does not take for
        the end of a row.
        """
        if self._lines is None:
            if self.text.isascii() and not any(one in self.text for one in _OTHER_ENDS):
                self._lines = self.text.splitlines(keepends=True)
            else:
                self._lines = io.StringIO(self.text, newline="").readlines()
        return self._lines

    @property
    def tree(self) -> ast.Module:
        """The syntax tree, parsed once. Raises :class:`SourceError`, and the same one each time."""
        if self._tree is None:
            if self._error is None:
                try:
                    self._tree = parse(self.text)
                except SourceError as error:
                    self._error = error
                else:
                    return self._tree
            known = self._error
            raise SourceError("", known.row, known.column, lambda: known.message)
        return self._tree

    def column(self, row: int, utf8_offset: int) -> int:
        """The column, in characters from 1, of what ``ast`` says stands ``utf8_offset`` bytes into a row."""
        line = self.lines[row - 1] if 0 < row <= len(self.lines) else ""
        if line.isascii():
            return utf8_offset + 1
        # Before Python 3.12 an offset inside an f-string can be wrong and point into the middle of a character.
        return len(line.encode("utf-8", "replace")[:utf8_offset].decode("utf-8", "ignore")) + 1

    def segment(self, node: ast.AST) -> str:
        """The text of a node that has a position; empty when it has none."""
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        start, end = getattr(node, "col_offset", None), getattr(node, "end_col_offset", None)
        if first is None or last is None or start is None or end is None:
            return ""
        rows = self.lines[first - 1 : last]
        if not rows:
            return ""
        rows[-1] = rows[-1][: self.column(last, end) - 1]
        rows[0] = rows[0][self.column(first, start) - 1 :]
        return "".join(rows)

    def encode(self, text: str) -> bytes:
        """Bytes of ``text`` in the file's own encoding, with its byte order mark.

        Raises :class:`SourceError` when the encoding has no bytes for a character, and when it is one of those that do
        not give back the bytes that were read: then no text of this file can be written safely.
        """
        encoded = self._encode(text)
        if self.encoding not in _ALWAYS_REVERSIBLE and self._encode(self.text) != self.data:
            raise SourceError(f"cannot be written back byte for byte in {self.encoding}")
        return encoded

    def _encode(self, text: str) -> bytes:
        try:
            return (BOM if self.bom else b"") + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            row = len(io.StringIO(text[: error.start] + ".", newline="").readlines())
            character = text[error.start]
            raise SourceError(f"{character!r} cannot be written in {self.encoding}", row) from None

    def with_text(self, text: str) -> Source:
        """The same file with another text. Raises :class:`SourceError` as :meth:`encode` does."""
        data = self.encode(text)
        try:
            source = Source.from_bytes(self.path, data)
        except SourceError:
            source = self
        if source.text != text:
            raise SourceError(f"cannot be written back in {self.encoding}: it would read differently")
        return source


def _declared_encoding(body: bytes, bom: bool) -> str:
    """The encoding that the first two rows declare, UTF-8 if none (PEP 263)."""
    head = body.split(b"\n", 2)[:2]
    if not any(b"coding" in line for line in head):
        return "utf-8"
    from tokenize import detect_encoding

    # detect_encoding wants rows that end in \n and are UTF-8 themselves; a cookie is ASCII, so for finding it any
    # encoding that knows every byte will do.
    rows = b"\n".join(head).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:2]
    readable = iter([row.decode("latin-1").encode("utf-8") + b"\n" for row in rows])
    try:
        encoding = detect_encoding(lambda: next(readable, b""))[0]
    except SyntaxError as error:
        raise SourceError(f"declares an {error.msg}", 2 if b"coding" not in rows[0] else 1) from None
    if bom and encoding not in ("utf-8", "utf8"):
        raise SourceError(f"declares the encoding {encoding} but begins with a UTF-8 byte order mark")
    return encoding


def _place(data: bytes, offset: int) -> tuple[int, int]:
    """Row and column of a byte. The column counts what stands before it in its row as UTF-8 characters."""
    before = data[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1


def syntax_error(error: SyntaxError) -> SourceError:
    """What Python has to say against a text, where it says so."""
    return SourceError(f"syntax error: {error.msg}", max(1, error.lineno or 1), max(1, error.offset or 1))


def _check_imported(text: str) -> None:
    """Refuse a text that imports a name of more than ``MAX_PARTS`` parts: no path has room for it, no parser either."""
    if text.count(".") < MAX_PARTS:
        return
    joined = text.replace("\\\r\n", "").replace("\\\n", "")
    if not _has_row_of(2 * MAX_PARTS, joined) or all(row.count(".") < MAX_PARTS for row in joined.split("\n")):
        return
    import re

    gap = r"(?:[ \t]|\\\r?\n)*"
    for match in re.finditer(rf"(?:\bimport\b|\bfrom\b|,){gap}(\w+(?:{gap}\.{gap}\w+)*)", text):
        if match[1].count(".") >= MAX_PARTS:
            row = text.count("\n", 0, match.start()) + 1
            raise SourceError(f"has a name of more than {MAX_PARTS} parts, which nothing can be imported by", row)


def _has_row_of(length: int, text: str) -> bool:
    """Whether a text has a row of so many characters: looked for in steps, since most rows are far shorter."""
    start = 0
    while start + length <= len(text):
        end = text.rfind("\n", start, start + length)
        if end < 0:
            return True
        start = end + 1
    return False


def parse(text: str) -> ast.Module:
    """The tree of a text, newer syntax included. Raises :class:`SourceError`."""
    import warnings

    _check_imported(text)
    with warnings.catch_warnings():
        # Invalid escapes and the like: they are the business of others, and -W error would turn them into failures.
        warnings.simplefilter("ignore")
        try:
            if sys.version_info < (3, 11) and len(text) > _CRASHES_3_10:
                from poolint.text.scan import strain

                if strain(text) > _CRASHES_3_10:
                    raise RecursionError
            try:
                return tree_of(text)
            except SyntaxError as error:
                from poolint.text.newer import parse_newer

                return parse_newer(text, error)
        except (RecursionError, MemoryError):
            raise SourceError("is nested too deeply to be analysed") from None
        except (ValueError, OverflowError, SystemError) as error:
            raise SourceError(f"cannot be parsed: {error}") from None
