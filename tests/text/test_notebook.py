"""Notebooks as sources: which cells are Python, what gives way to blanks, and what is written back byte for byte."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from poolint.text.magics import blanked, is_python
from poolint.text.notebook import Notebook
from poolint.text.source import Source, SourceError


def cell(source: Any, kind: str = "code", **more: Any) -> dict[str, Any]:
    code = {"execution_count": 3, "outputs": [{"text": ["größer\n"]}]} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, **code, "source": source, **more}


def document(*cells: dict[str, Any], **more: Any) -> bytes:
    made = {
        "cells": cells,
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
        **more,
    }
    return (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode()


def read(data: bytes, path: str = "/work/n.ipynb") -> Notebook:
    found = Source.from_bytes(path, data)
    assert isinstance(found, Notebook)
    return found


def test_the_cells_of_python_stand_one_below_the_other() -> None:
    found = read(document(cell(["# words"], "markdown"), cell(["a = 1\n", "b = 2"]), cell("c = 3\n"), cell([])))
    assert found.text == "a = 1\nb = 2\n\nc = 3\n\n\n\n\n"
    assert [(one.number, one.first) for one in found.cells] == [(2, 1), (3, 4), (4, 7)]
    places = [(one.number, row - one.first + 1) for row in range(1, 6) if (one := found.cell_at(row))]
    assert places == [(2, 1), (2, 2), (2, 3), (3, 1), (3, 2)]
    assert [found.row_of(2, 2), found.row_of(3, 1), found.row_of(1, 1), found.row_of(3, 9)] == [2, 4, None, None]
    assert found.data == found.text.encode()
    again = pickle.loads(pickle.dumps(found))
    assert (again.raw, again.text) == (found.raw, found.text) == (found.bare().raw, found.bare().text)


def test_rows_are_found_in_the_json() -> None:
    data = document(cell(["a\n", "b\n", "c"]), cell("d\ne"))
    found = read(data)
    lines = data.decode().splitlines()
    assert [lines[found.line_of(row) - 1].strip() for row in (1, 2, 3)] == ['"a\\n",', '"b\\n",', '"c"']
    assert '"d\\ne"' in lines[found.line_of(5) - 1] == lines[found.line_of(6) - 1]


@pytest.mark.parametrize(
    ("metadata", "is_read"),
    [
        ({}, True),
        ({"language_info": {"name": "python"}}, True),
        ({"language_info": {"name": "R"}}, False),
        ({"kernelspec": {"language": "julia"}}, False),
        ({"kernelspec": {"language": "Python"}}, True),
        ({"kernelspec": {"name": "python3"}}, True),
        ([], True),
    ],
)
def test_the_language_is_that_of_the_notebook(metadata: object, is_read: bool) -> None:
    assert bool(read(document(cell("x"), metadata=metadata)).cells) is is_read


def test_cells_of_other_languages_are_passed_over() -> None:
    other = cell("SELECT 1", metadata={"vscode": {"languageId": "sql"}})
    mine = cell("x", metadata={"vscode": {"languageId": "python"}})
    cells = (other, mine, cell("%%sql\nSELECT 1"), cell("\n%%bash\nls"), cell("%%time\ny"), cell("z", "raw"))
    found = read(document(*cells))
    assert [(one.number, one.code) for one in found.cells] == [(2, "x"), (5, "      \ny")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = 1", "x = 1"),
        ("!pip install asyncpg\nx", " " * 20 + "\nx"),
        ("%load_ext sql", " " * 13),
        ("!a \\\n  b\nx", "    \n   \nx"),
        ("!a \\\r\n b\r\nx", "    \r\n  \r\nx"),
        ("rows = !ls -l", "rows = _     "),
        ("a, b = %sql SELECT 1", "a, b = _" + " " * 12),
        ("rows = %sql \\\n  SELECT", "rows = _     \n        "),
        ("if x:\n    !ls -l\n", "if x:\n    pass  \n"),
        ("if x:\n    !w\n", "if x:\n    0 \n"),
        ("?open", "     "),
        ("open?", "     "),
        ("pool.acquire??", " " * 14),
        ("x = (a\n  % b)", "x = (a\n  % b)"),
        ('x = """\n!ls\n%y\n"""\n!ls', 'x = """\n!ls\n%y\n"""\n   '),
        ("f('?')", "f('?')"),
        ("x = 1  # why?", "x = 1  # why?"),
        ("x != y", "x != y"),
        ("x %= 2", "x %= 2"),
        ("x = y \\\n  % z", "x = y \\\n  % z"),
        ("@decorated\ndef f(): ...", "@decorated\ndef f(): ..."),
        ("%time y = await f()", "0    ;y = await f()"),
        ("%timeit f(1)", "0      ;f(1)"),
        ("%timeit -n 3 f(1)", " " * 17),
        ("%time for", " " * 9),
        ("pip install -U asyncpg", " " * 22),
        ("cd ..", " " * 5),
        ("cd = 1\ncd -x", "cd = 1\ncd -x"),
        ("for a in b: pass", "for a in b: pass"),
        ("%%timeit x = 1\nf(x)", " " * 14 + "\nf(x)"),
    ],
)
def test_what_is_not_python_gives_way(text: str, code: str) -> None:
    assert is_python(text)
    assert blanked(text) == code
    assert [len(row) for row in text.split("\n")] == [len(row) for row in code.split("\n")]


@pytest.mark.parametrize("name", ["%%sql", "%%bash", "%%html", "%%writefile x.py", "\n  %%javascript"])
def test_a_magic_may_take_a_whole_cell(name: str) -> None:
    assert not is_python(f"{name}\nx = 1")


def test_awaits_outside_of_functions_are_seen() -> None:
    for text in (
        "await f()",
        "async with f(): ...",
        "async for x in y: ...",
        "[x async for x in y]",
        "if a:\n x = await f()",
    ):
        assert read(document(cell(text))).awaits, text
    assert not read(document(cell("async def f():\n await g()\nh = lambda: 1"))).awaits
    assert not Source.from_bytes("/work/a.py", b"await f()").awaits


@pytest.mark.parametrize(
    ("data", "message", "row", "column"),
    [
        (b'{"cells": [', "is no notebook: not valid JSON: Expecting value", 1, 12),
        (b'{"cells": []\n, }', "is no notebook: not valid JSON: ", 2, 3),
        (b'{"cells" []}', "is no notebook: not valid JSON: Expecting ':' delimiter", 1, 10),
        (b'{"cells": [] "a": 1}', "is no notebook: not valid JSON: Expecting ',' delimiter", 1, 14),
        (b"{1: 2}", "is no notebook: not valid JSON: Expecting property name", 1, 3),
        (b'{"cells": []} x', "is no notebook: not valid JSON: Extra data", 1, 15),
        (b"", "is no notebook: not valid JSON: Expecting value", 1, 1),
        (b"[]", "is no notebook: its JSON is not an object", 1, 1),
        (b"{}", "is no notebook: it has no list of `cells`", 1, 1),
        (b'{"cells": 1}', "is no notebook: it has no list of `cells`", 1, 1),
        (b'{"cells": [1]}', "is no notebook: one of its cells is not an object", 1, 1),
        (b'{"cells": [{"cell_type": "code", "source": 1}]}', "is no notebook: the source of a cell is neither", 1, 1),
        (b'{"worksheets": [], "nbformat": 3}', "is a notebook of format 3, and poolint reads format 4", 1, 1),
        (b'{"worksheets": []}', "is a notebook of format 3 or earlier, and poolint reads format 4", 1, 1),
        (b'{"cells": [], "nbformat": 5}', "is a notebook of format 5, and poolint reads format 4", 1, 1),
        (b'{"cells": "\xff"}', "is no notebook: it is not UTF-8", 1, 1),
        (b"[" * 100_000, "is n", 1, 1),
    ],
)
def test_what_is_no_notebook_is_said(data: bytes, message: str, row: int, column: int) -> None:
    with pytest.raises(SourceError) as caught:
        read(data)
    assert caught.value.message.startswith(message)
    assert (caught.value.row, caught.value.column) == (row, column)


LAYOUTS = [
    document(cell(["a = 1\n", "b = 'é'\n", "c"]), cell("x\ny")),
    json.dumps({"nbformat": 4, "cells": [cell(["a = 1\n", "b = 'é'\n", "c"]), cell("x\ny")], "z": 1.50}).encode(),
    (
        b'\xef\xbb\xbf{ "cells" :\r\n\t[ {"source":[ "a = 1\\n","b = \'\\u00e9\'\\n","c" ],"cell_type":"code", "outputs": [1e5]}'
        b',\r\n{"cell_type" : "code","source": "x\\ny" } ]\r\n}\r\n\r\n'
    ),
]


@pytest.mark.parametrize("data", LAYOUTS, ids=["jupyter", "one row", "by hand"])
def test_only_what_has_changed_is_written(data: bytes) -> None:
    found = read(data)
    assert found.with_cells({}).raw == data == found.with_cells({1: found.cells[0].text}).raw
    after = found.with_cells({1: "a = 1\nb = 'é'\nnew\nc"})
    assert [one.text for one in after.cells] == ["a = 1\nb = 'é'\nnew\nc", "x\ny"]
    start, end = found.cells[0].start, found.cells[0].end
    before, text = data.decode("utf-8-sig"), after.raw.decode("utf-8-sig")
    assert text.startswith(before[:start])
    assert text.endswith(before[end:])
    lines = before[start:end].splitlines()
    kept = [
        line for line in text[start : start + len(text) - len(before) + end - start].splitlines() if "new" not in line
    ]
    assert kept == lines or len(lines) == 1
    both = found.with_cells({1: "", 2: 'x\n"y"\n'})
    assert [one.text for one in both.cells] == ["", 'x\n"y"\n']
    assert after.with_cells({1: found.cells[0].text}).raw == data


def test_escapes_are_those_of_the_document() -> None:
    data = b'{"cells": [{"cell_type": "code", "source": ["a\\u00e9\\n"]}]}'
    assert b'["a\\u00e9\\n", "b\\u00e9"]' in read(data).with_cells({1: "aé\nbé"}).raw.replace(b'","', b'", "')
    with pytest.raises(SourceError):
        read(LAYOUTS[0]).with_cells({2: "\ud800"})
    with pytest.raises(SourceError):
        read(data).with_text("x")
