"""Bytes to text, rows and columns, and what is said of bytes that are no Python."""

from __future__ import annotations

import ast
import codecs
import gc
import pickle
import warnings
from typing import TYPE_CHECKING

import pytest

from poolint.text.source import Source, SourceError, parse

if TYPE_CHECKING:
    from pathlib import Path


def source(data: bytes | str) -> Source:
    return Source.from_bytes("m.py", data.encode() if isinstance(data, str) else data)


READ = {
    "nothing": (b"", "", "utf-8"),
    "plain": (b"a = 1\n", "a = 1\n", "utf-8"),
    "utf-8": ("ä = 1\n".encode(), "ä = 1\n", "utf-8"),
    "byte order mark": (codecs.BOM_UTF8 + b"a = 1\n", "a = 1\n", "utf-8"),
    "byte order mark and cookie": (codecs.BOM_UTF8 + b"# coding: utf8\n", "# coding: utf8\n", "utf8"),
    "cookie": (b"# -*- coding: latin-1 -*-\na = '\xe4'\n", "# -*- coding: latin-1 -*-\na = 'ä'\n", "iso-8859-1"),
    "cookie in row 2": (b"#!/x\n# vim: set fileencoding=cp1252 :\n'\x80'", None, "cp1252"),
    "cookie in row 2 of CR rows": (b"#!/x\r# coding: cp1252\r'\x80'\r", None, "cp1252"),
    "cookie behind what it decodes": (b"# \xe4 coding: latin-1\n", None, "iso-8859-1"),
    "cookie in row 3": (b"\n\n# coding: latin-1\n", None, "utf-8"),
    "cookie behind code": (b"a = 1\n# coding: latin-1\n", None, "utf-8"),
    "the word alone": (b"encoding = 'latin-1'\n", None, "utf-8"),
}


@pytest.mark.parametrize(("data", "text", "encoding"), READ.values(), ids=READ)
def test_decoding(data: bytes, text: str | None, encoding: str) -> None:
    read = source(data)
    assert read.encoding == encoding
    assert read.bom == data.startswith(codecs.BOM_UTF8)
    assert text is None or read.text == text
    assert read.encode(read.text) == data
    assert isinstance(read.tree, ast.Module)


ERRORS = {
    "NUL": (b"a = 1\nb = \0\n", 2, 5, "contains a NUL byte"),
    "NUL after CR rows": (b"a\rb\rcd\0", 3, 3, "contains a NUL byte"),
    "UTF-16": ("a = 1\n".encode("utf-16"), 1, 1, "is UTF-16"),
    "undecodable": (b"a = 1\r\n# ok\r\nb = 'x\xe4'\r\n", 3, 7, "byte 0xe4 is not valid utf-8"),
    "undecodable in a first row that names a cookie": (
        b"# coding: ascii \xe4\n",
        1,
        17,
        "byte 0xe4 is not valid ascii",
    ),
    "cut off": ("ä".encode()[:1], 1, 1, "byte 0xc3 is not valid utf-8"),
    "unknown cookie": (b"# coding: latin-99\n", 1, 1, "declares an unknown encoding: latin-99"),
    "unknown cookie in row 2": (b"#!\n# coding: latin-99\n", 2, 1, "declares an unknown encoding"),
    "cookie that is no text": (b"# coding: hex\n", 1, 1, "cannot be decoded as hex"),
    "cookie against mark": (codecs.BOM_UTF8 + b"# coding: latin-1\n", 1, 1, "begins with a UTF-8 byte order mark"),
    "syntax": (b"a = 1\nb = = 2\n", 2, 5, "syntax error: "),
    "syntax behind wide characters": ("ä = 'ö' +\n".encode(), 1, 10, "syntax error: invalid syntax"),
    "indentation": (b"if 1:\na\n", 2, 1, "syntax error: expected an indented block"),
    "tabs": (b"if 1:\n        a\n\tb\n", 3, None, "syntax error: "),
    "unterminated": (b"a = '''\n\n", 1, 5, "syntax error: unterminated triple-quoted string"),
    "open bracket": (b"f(\n", 1, 2, "syntax error: '(' was never closed"),
    "Python 2": (b"print 'x'\n", 1, 1, "syntax error: Missing parentheses"),
    "deep operators": (b"a = " + b"-" * 200_000 + b"1\n", None, None, "nested too deeply"),
    "deep brackets": (b"a = " + b"(" * 5000 + b")" * 5000, None, None, "too many nested parentheses"),
    "deep blocks": (b"".join(b" " * n + b"if a:\n" for n in range(300)), None, None, "too many levels of indentation"),
    "long chain": (b"a = b" + b".c" * 200_000 + b"\n", None, None, "nested too deeply"),
    "deep brackets, then broken": (b"a = " + b"(" * 5000, None, None, "syntax error: "),
    "long import": (b"a = 1\nimport b, a" + b".a" * 2_000 + b"\n", 2, None, "a name of more than 200 parts"),
    "long import over rows": (
        b"from a" + b"\\\n . a" * 2_000 + b" import b\n",
        1,
        None,
        "a name of more than 200 parts",
    ),
    "long chain, then broken": (b"a = 1" + b" + 1" * 20_000 + b"\nb = = 1\n", None, None, ""),
    "surrogate": (b"# coding: unicode_escape\n'\\ud800'", None, None, "cannot be parsed"),
}


@pytest.mark.parametrize(("data", "row", "column", "message"), ERRORS.values(), ids=ERRORS)
def test_errors(data: bytes, row: int | None, column: int | None, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        source(data).tree
    error = caught.value
    assert message in error.message
    assert "\n" not in error.message
    assert str(error) == error.message
    assert row in (None, error.row)
    assert column in (None, error.column)
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.row, again.column) == (error.message, error.row, error.column)


def test_an_error_stays_the_same() -> None:
    read = source("a b\n")
    messages = set()
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            read.tree
        messages.add(caught.value.message)
    assert len(messages) == 1


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.py", tmp_path):
        with pytest.raises(SourceError, match="cannot be read: "):
            Source.read(str(path))


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_bytes(b"a\r\nb\r")
    assert Source.read(str(path)).data == b"a\r\nb\r"


def test_a_warning_stays_silent_and_is_no_error() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        assert source(r"a = '\d' is 1" + "\n").tree.body
    assert not caught


def test_rows_end_where_python_says() -> None:
    text = "a\x0b\x0c\x1c\x85\u2028\u2029b\r\nc\rd\n\n\x0ce"
    assert source(text).lines == ["a\x0b\x0c\x1c\x85\u2028\u2029b\r\n", "c\r", "d\n", "\n", "\x0ce"]
    assert source("").lines == []


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_columns_and_segments(newline: str) -> None:
    text = newline.join(["# \u2028 \x0b", "ä = '€'; f(ä, '😀', x)", "g('''€", "€ ''', y)", ""])
    read = source(text)
    found = {}
    for node in ast.walk(read.tree):
        if isinstance(node, ast.Call) or (isinstance(node, ast.Name) and node.id in "xy"):
            found[read.segment(node)] = (node.lineno, read.column(node.lineno, node.col_offset))
    assert found == {
        "f(ä, '😀', x)": (2, 10),
        "x": (2, 20),
        f"g('''€{newline}€ ''', y)": (3, 1),
        "y": (4, 8),
    }
    assert read.segment(read.tree) == ""
    assert read.column(99, 3) == 4


def test_writing_back() -> None:
    latin = source(b"# coding: latin-1\nx = '\xe4'\n")
    assert latin.with_text(latin.text.replace("x", "y")).data == b"# coding: latin-1\ny = '\xe4'\n"
    with pytest.raises(SourceError, match="'€' cannot be written in iso-8859-1") as caught:
        latin.encode(latin.text + "#\r# €\n")
    assert caught.value.row == 4
    with pytest.raises(SourceError, match="it would read differently"):
        latin.with_text("# coding: utf-8\nx = 'ä'\n")


def test_an_encoding_that_loses_bytes_is_left_alone() -> None:
    escape = source(b"# coding: iso-2022-jp\nx = '\x1b$B\x1b(B'\n")  # to Japanese and back with nothing between
    with pytest.raises(SourceError, match="cannot be written back byte for byte"):
        escape.encode(escape.text)


def test_only_bytes_travel() -> None:
    read = source("ä = 1\n")
    assert read.tree
    again = pickle.loads(pickle.dumps(read))
    assert (again.path, again.data, again.text) == (read.path, read.data, read.text)
    assert len(pickle.dumps(read)) < 200


def test_a_tree_is_made_where_another_is_made_in_the_middle_of_it() -> None:
    """CPython 3.11 loses count there: what the collector runs while a tree is made may write out a traceback."""

    def parses_deep_down(depth: int) -> None:
        if depth:
            parses_deep_down(depth - 1)
        else:
            ast.parse("a = 1")

    def once(_phase: str, _info: object) -> None:
        gc.callbacks.clear()
        parses_deep_down(30)

    text = "total = add(first, [1, 2, (3, 4)])\n" * 400
    thresholds = gc.get_threshold()
    others = gc.callbacks[:]
    gc.set_threshold(100)
    gc.callbacks[:] = [once]
    try:
        assert len(parse(text).body) == 400
        assert not gc.callbacks, "the collector has run"
    finally:
        gc.callbacks[:] = others
        gc.set_threshold(*thresholds)
