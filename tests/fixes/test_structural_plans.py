"""Plans carried out by themselves: deletions, imports, several at once; and what the builder refuses whatever is asked."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from structural import Text

from poolint.fixes.build import edits_for
from poolint.fixes.edits import apply_edits
from poolint.fixes.plans import (
    AddImport,
    Delete,
    Dissolve,
    Enclose,
    HandlerToFinally,
    Insert,
    Move,
    Protect,
    Together,
    isolation_of,
)
from poolint.text.slices import cut
from poolint.text.source import Source

if TYPE_CHECKING:
    from poolint.fixes.plans import Plan


def statements(source: Source) -> list[ast.stmt]:
    """The statements of the first function of a text, also those in suites, by position."""
    function = next(node for node in source.tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    found = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and node is not function]
    return sorted(found, key=lambda one: (one.lineno, one.col_offset))


def carried_out(plan: Plan, source: Source) -> str | None:
    function = next(node for node in source.tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    piece = cut(source, function.lineno, function.end_lineno or 0)
    assert piece is not None
    edits = edits_for(plan, piece, source)
    return apply_edits(source, edits) if edits is not None else None


def source_of(text: str) -> Source:
    return Source.from_bytes("m.py", text.encode())


# What goes, by the number of its statement, and what is left.
DELETIONS = {
    "a row": ("def f():\n    a\n    b  # c\n    d\n", 1, "def f():\n    a\n    # c\n    d\n"),
    "comments in several rows": (
        "def f():\n    a\n    b(  # 1\n        # 2\n      1,  # 3\n    )  # 4\n    d\n",
        1,
        "def f():\n    a\n    # 1\n    # 2\n    # 3\n    # 4\n    d\n",
    ),
    "a comment at the end of a block": (
        "def f():\n    if a:\n        b\n        c  # 1\n\n\nd\n",
        2,
        "def f():\n    if a:\n        b\n        # 1\n\n\nd\n",
    ),
    "comments of all that a block has": (
        "def f():\n    if a:\n        b(  # 1\n            # 2\n            c\n        )  # 3\n    d\n",
        1,
        "def f():\n    if a:\n        # 2\n        pass  # 3  # 1\n    d\n",
    ),
    "a comment at the end of a file": ("def f():\n    a\n    b  # c", 1, "def f():\n    a\n    # c"),
    "what is no comment": ("def f():\n    a\n    b('# c')\n    d\n", 1, "def f():\n    a\n    d\n"),
    "several rows": ("def f():\n    a\n    b(\n  1)\n    d\n", 1, "def f():\n    a\n    d\n"),
    "blank rows on both sides": ("def f():\n    a\n\n    b\n\n    d\n", 1, "def f():\n    a\n\n    d\n"),
    "blank rows at the end": ("def f():\n    a\n\n    b\n\n\nx\n", 1, "def f():\n    a\n\n\nx\n"),
    "the last row without a newline": ("def f():\n    a\n    b", 1, "def f():\n    a"),
    "all of a suite": ("def f():\n    if x:\n        b  # c\n", 1, "def f():\n    if x:\n        pass  # c\n"),
    "all of the function": ("def f():\n    b(\n    )\n", 0, "def f():\n    pass\n"),
    "a handler": (
        "def f():\n    try:\n        a\n    except E:\n        b\n",
        2,
        "def f():\n    try:\n        a\n    except E:\n        pass\n",
    ),
    "all that a finally does": (
        "def f():\n    try:\n        a\n        b\n    finally:  # d\n        c\n    e\n",
        3,
        "def f():\n    a\n    b\n    # d\n    e\n",
    ),
    "all that a finally beside handlers does": (
        "def f():\n    try:\n        a\n    except E:\n        b\n    finally:\n        # why\n        c\n    e\n",
        3,
        "def f():\n    try:\n        a\n    except E:\n        b\n    # why\n    e\n",
    ),
    "strings in a try that dissolves": (
        "def f():\n    try:\n        a('''\n        ''',\n     1)\n    finally:\n        c\n",
        2,
        "def f():\n    a('''\n        ''',\n 1)\n",
    ),
    "a semicolon before it": ("def f():\n    a; b\n", 1, None),
    "a semicolon behind it": ("def f():\n    a; b\n", 0, None),
    "a suite on the row of its header": ("def f(): a\n", 0, None),
    "a try on one row": ("def f():\n    try: a\n    finally: c\n", 2, None),
}


@pytest.mark.parametrize(("before", "number", "after"), DELETIONS.values(), ids=DELETIONS)
def test_deleting(before: str, number: int, after: str | None) -> None:
    source = source_of(before)
    assert carried_out(Delete(statements(source)[number]), source) == after


WITH = "async def f():\n    x\n    async with a() as b:\n"

# Which statements move (from, to), out of or past which one, behind it or before, and what comes of it.
MOVES = {
    "out at the end": (WITH + "        c\n        d\n    e\n", (3, 4), 1, True, WITH + "        c\n    d\n    e\n"),
    "several, with their comments": (
        WITH
        + "        c\n\n        # why\n        d(\n            1\n        )  # so\n        e\n        # f\n    g\n",
        (3, 5),
        1,
        True,
        WITH + "        c\n\n    # why\n    d(\n        1\n    )  # so\n    e\n    # f\n    g\n",
    ),
    "strings stay": (
        WITH + '        c\n        d("""\n        """)\n',
        (3, 4),
        1,
        True,
        WITH + '        c\n    d("""\n        """)\n',
    ),
    "out from the midst": (
        WITH + "        c\n        # d\n        d\n        e\n\n    g\n",
        (3, 4),
        1,
        True,
        WITH + "        c\n        e\n    # d\n    d\n\n    g\n",
    ),
    "out at the beginning": (
        "async def f():\n    # a\n    async with a() as b:\n        c(\n            1)\n\n        d\n",
        (1, 2),
        0,
        False,
        "async def f():\n    c(\n        1)\n    # a\n    async with a() as b:\n        d\n",
    ),
    "out of two": (
        "def f():\n    with a:\n        x\n        with b:\n            c\n            d\n    e\n",
        (4, 5),
        0,
        True,
        "def f():\n    with a:\n        x\n        with b:\n            c\n    d\n    e\n",
    ),
    "past a neighbour": (
        "def f():\n    a\n    # b\n    b\n    c\n    d\n",
        (1, 2),
        2,
        True,
        "def f():\n    a\n    c\n    # b\n    b\n    d\n",
    ),
    "past the last one without a newline": (
        "def f():\n    a\n    b\n    c",
        (0, 1),
        2,
        True,
        "def f():\n    b\n    c\n    a",
    ),
    "before a neighbour": ("def f():\n    a\n    b\n    c\n", (2, 3), 0, False, "def f():\n    c\n    a\n    b\n"),
    "CRLF and tabs": (
        "def f():\r\n\twith a:\r\n\t\tc\r\n\t\td\r\n",
        (2, 3),
        0,
        True,
        "def f():\r\n\twith a:\r\n\t\tc\r\n\td\r\n",
    ),
    "all of a suite": (WITH + "        c\n", (2, 3), 1, True, None),
    "a row with another": (WITH + "        c; d\n", (3, 4), 1, True, None),
    "not one after the other": (WITH + "        c\n        if d:\n            e\n        g\n", (2, 5), 1, True, None),
    "to where it stands": ("def f():\n    a\n    b\n", (0, 1), 0, True, None),
    "to another place": ("def f():\n    if a:\n        b\n        c\n    with d:\n        e\n", (2, 3), 3, True, None),
}


@pytest.mark.parametrize(("before", "which", "target", "behind", "after"), MOVES.values(), ids=MOVES)
def test_moving(before: str, which: tuple[int, int], target: int, behind: bool, after: str | None) -> None:
    source = source_of(before)
    found = statements(source)
    assert carried_out(Move(tuple(found[slice(*which)]), found[target], behind), source) == after


COMMIT = ast.parse("b.commit()", mode="eval").body
assert isinstance(COMMIT, ast.Call)

INSERTIONS = {
    "a row": ("async def f():\n    a\n    c\n", 1, "async def f():\n    a\n    await b.commit()\n    c\n"),
    "above comments": (
        "async def f():\n    if a:\n        # c\n        c\n",
        1,
        "async def f():\n    if a:\n        await b.commit()\n        # c\n        c\n",
    ),
    "behind a semicolon": ("async def f():\n    a; c\n", 1, None),
    "in a plain function": ("def f():\n    a\n", 0, None),
}


@pytest.mark.parametrize(("before", "number", "after"), INSERTIONS.values(), ids=INSERTIONS)
def test_inserting(before: str, number: int, after: str | None) -> None:
    source = source_of(before)
    assert carried_out(Insert(statements(source)[number], COMMIT, awaited=True), source) == after


DISSOLVED = {
    "a block": (WITH + "        b.c(b)\n\n        d\n    e\n", "async def f():\n    x\n    z.c(z)\n\n    d\n    e\n"),
    "comments": (
        WITH.rstrip() + "  # one\n        # two\n        b\n        # three\n    e\n",
        "async def f():\n    x\n    # one\n    # two\n    z\n    # three\n    e\n",
    ),
    "a header of several rows": (
        "async def f():\n    x\n    async with a(\n        1,\n    ) as b:\n        b\n",
        "async def f():\n    x\n    z\n",
    ),
    "a header in parentheses": (
        "async def f():\n    x\n    async with (\n        a(1) as b\n    ):\n        b\n",
        "async def f():\n    x\n    z\n",
    ),
    "a comment in the header": (
        "async def f():\n    x\n    async with a(\n        1,  # c\n    ) as b:\n        b\n",
        "async def f():\n    x\n    # c\n    z\n",
    ),
    "on one row": ("async def f():\n    x\n    async with a() as b: b\n", None),
    "in an f-string, whose parts have no places in older versions": (
        WITH + "        d(f'{1}{b}')\n",
        "async def f():\n    x\n    d(f'{1}{z}')\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), DISSOLVED.values(), ids=DISSOLVED)
def test_dissolving(before: str, after: str | None) -> None:
    source = source_of(before)
    block = statements(source)[1]
    assert isinstance(block, ast.AsyncWith)
    found = carried_out(Dissolve(block, (("b", "z"),)), source)
    assert found == after or (found is None and "f'" in before)
    with_commit = carried_out(Dissolve(block, (), COMMIT, awaited=True), source)
    if after is not None:
        assert with_commit is not None
        assert "\n    await b.commit()\n" in with_commit


CONTEXTLIB = AddImport("contextlib", "closing")
# The rows above the function.
IMPORTS = {
    "there already": ("from contextlib import closing\n", "from contextlib import closing\n"),
    "there among others": ("from contextlib import aclosing, closing\n", "from contextlib import aclosing, closing\n"),
    "behind others": ("from contextlib import aclosing  # x\n", "from contextlib import aclosing, closing  # x\n"),
    "between others": (
        "from contextlib import aclosing, suppress\n",
        "from contextlib import aclosing, closing, suppress\n",
    ),
    "in parentheses, between": (
        "from contextlib import (\n    aclosing,  # one\n    suppress,  # two\n)\n",
        "from contextlib import (\n    aclosing,  # one\n    closing,\n    suppress,  # two\n)\n",
    ),
    "in parentheses, at the end": (
        "from contextlib import (\n    aclosing,\n)\n",
        "from contextlib import (\n    aclosing,\n    closing,\n)\n",
    ),
    "in parentheses, without the last comma": (
        "from contextlib import (\n    aclosing\n)\n",
        "from contextlib import (\n    aclosing,\n    closing\n)\n",
    ),
    "in parentheses, on one row": (
        "from contextlib import (aclosing)\n",
        "from contextlib import (aclosing, closing)\n",
    ),
    "under another name": (
        "from contextlib import closing as c, suppress\n",
        "from contextlib import closing as c, closing, suppress\n",
    ),
    "over a backslash": (
        "from contextlib import aclosing, \\\n    suppress\n",
        None,
    ),
    "CRLF": ("import os\r\n", "import os\r\nfrom contextlib import closing\r\n"),
    "a new row behind the imports of the standard library": (
        "import os\n\nimport sqlalchemy\n",
        "import os\nfrom contextlib import closing\n\nimport sqlalchemy\n",
    ),
    "a new row between them": (
        "import os\nfrom abc import ABC\nfrom typing import Any\n",
        "import os\nfrom abc import ABC\nfrom contextlib import closing\nfrom typing import Any\n",
    ),
    "a new row before those of others": (
        '"""Doc."""\n\nfrom __future__ import annotations\n\nimport sqlalchemy\n',
        '"""Doc."""\n\nfrom __future__ import annotations\n\nfrom contextlib import closing\n\nimport sqlalchemy\n',
    ),
    "no imports at all": ('"""Doc."""\n', '"""Doc."""\nfrom contextlib import closing\n\n'),
    "a comment and a decorator": ("# c\n@d\n", "# c\nfrom contextlib import closing\n\n@d\n"),
    "a star": ("from contextlib import *\n", None),
    "taken by a function": ("def closing(): ...\n", None),
    "taken by an argument": ("def g(closing): ...\n", None),
    "taken by another import": ("from other import closing\n", None),
    "taken where it is missing": (
        "try:\n    from contextlib import closing\nexcept ImportError:\n    closing = None\n",
        None,
    ),
    "a row with two statements": ("import os; import re\n", None),
    "relative imports are others": (
        "from .contextlib import closing_all\n",
        "from contextlib import closing\n\nfrom .contextlib import closing_all\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), IMPORTS.values(), ids=IMPORTS)
def test_importing(before: str, after: str | None) -> None:
    rest = "async def f():\n    a\n"
    source = source_of(before + rest)
    piece = cut(source, len(source.lines), len(source.lines))
    assert piece is not None
    edits = edits_for(CONTEXTLIB, piece, source)
    if after in (None, before):
        assert edits is None
    else:
        assert edits is not None
        assert apply_edits(source, edits) == after + rest


def test_several_plans_at_once() -> None:
    source = source_of("def f():\n    a\n    b\n    c\n")
    a, b, _ = statements(source)
    plan = Together((Delete(a, "f"), CONTEXTLIB, Delete(b, "f")))
    assert carried_out(plan, source) == "from contextlib import closing\n\ndef f():\n    c\n"
    assert isolation_of(plan) == "f"
    assert isolation_of(CONTEXTLIB) == ""


def test_one_that_is_refused_takes_the_others_with_it() -> None:
    source = source_of("closing = 1\ndef f():\n    a\n    b\n")
    assert carried_out(Together((Delete(statements(source)[0]), CONTEXTLIB)), source) is None


def test_an_import_that_is_there_already_does_not_stop_the_others() -> None:
    source = source_of("from contextlib import closing\ndef f():\n    a\n    b\n")
    after = carried_out(Together((CONTEXTLIB, Delete(statements(source)[0]))), source)
    assert after == "from contextlib import closing\ndef f():\n    b\n"


def test_plans_in_each_others_way_are_refused() -> None:
    source = source_of("def f():\n    a\n    b\n")
    a, _ = statements(source)
    assert carried_out(Together((Delete(a), Delete(a))), source) is None


CALL = ast.parse("a.close()", mode="eval").body
assert isinstance(CALL, ast.Call)

# Plans that no rule should propose, for the statements of the text.
REFUSED = {
    "async with in a plain function": ("def f():\n    a = b()\n    c\n", lambda s: Enclose(s[0], s[1], True)),
    "not an assignment": ("def f():\n    b()\n    c\n", lambda s: Enclose(s[0], s[1], False)),
    "two targets": ("def f():\n    a = x = b()\n    c\n", lambda s: Enclose(s[0], s[1], False)),
    "a tuple": ("def f():\n    a, x = b()\n    c\n", lambda s: Enclose(s[0], s[1], False)),
    "an attribute": ("def f():\n    a.x = b()\n    c\n", lambda s: Enclose(s[0], s[1], False)),
    "more than the call": ("def f():\n    a = b() if x else None\n    c\n", lambda s: Enclose(s[0], s[1], False)),
    "no await to be kept": ("async def f():\n    a = b()\n    c\n", lambda s: Enclose(s[0], s[1], True, True)),
    "no method to be renamed": ("def f():\n    a = b()\n    c\n", lambda s: Enclose(s[0], s[1], False, method="d")),
    "a target in parentheses": ("def f():\n    (a) = b()\n    c\n", lambda s: Enclose(s[0], s[1], False)),
    "nothing for the block": ("def f():\n    a = b()\n    c\n", lambda s: Enclose(s[0], s[1], False, deleted=(s[1],))),
    "an end before its beginning": ("def f():\n    c\n    a = b()\n    d\n", lambda s: Enclose(s[1], s[0], False)),
    "an end in another suite": (
        "def f():\n    a = b()\n    if x:\n        c\n",
        lambda s: Enclose(s[0], s[2], False),
    ),
    "a row with something else": ("def f():\n    a = b(); c\n    d\n", lambda s: Enclose(s[0], s[2], False)),
    "a suite on its header's row": ("def f():\n    if x: a = b(); c\n", lambda s: Enclose(s[1], s[2], False)),
    "neither moves nor writes a release": ("def f():\n    a = b()\n    c\n", lambda s: Protect(s[0], s[1])),
    "does both": ("def f():\n    a = b()\n    c\n    d\n", lambda s: Protect(s[0], s[1], (s[2],), CALL)),
    "awaits in a plain function": ("def f():\n    a = b()\n    c\n", lambda s: Protect(s[0], s[1], (), CALL, True)),
    "nothing to protect": ("def f():\n    a = b()\n    c\n", lambda s: Protect(s[0], s[1], (), CALL, deleted=(s[1],))),
    "what it moves shares a row": ("def f():\n    a = b()\n    c\n    d; e\n", lambda s: Protect(s[0], s[1], (s[2],))),
    "what it protects shares a row": (
        "def f():\n    a = b()\n    c; d\n    e\n",
        lambda s: Protect(s[0], s[1], (s[3],)),
    ),
    "handler and tail differ": (
        "def f():\n    try:\n        a\n    except:\n        b\n        raise\n    c\n",
        lambda s: HandlerToFinally(s[0], (s[-1],)),
    ),
    "two handlers": (
        "def f():\n    try:\n        a\n    except X:\n        b\n        raise\n    except:\n        b\n        raise\n    b\n",
        lambda s: HandlerToFinally(s[0], (s[-1],)),
    ),
    "a handler on one row": (
        "def f():\n    try:\n        a\n    except: b; raise\n    b\n",
        lambda s: HandlerToFinally(s[0], (s[-1],)),
    ),
}


@pytest.mark.parametrize(("text", "plan"), REFUSED.values(), ids=REFUSED)
def test_refused(text: str, plan: object) -> None:
    source = source_of(text)
    assert callable(plan)
    assert carried_out(plan(statements(source)), source) is None


def test_a_statement_of_another_text_is_refused() -> None:
    other = source_of("def f():\n    x\n    a  = b()\n    c\n")
    source = source_of("def f():\n    x\n    a = b()\n    c\n")
    found = statements(other)
    assert carried_out(Enclose(found[1], found[2], False), source) is None


def test_edits_touch_what_changes_and_nothing_else() -> None:
    text = Text(b"async def f(e):\n    c = await e.connect()  # x\n    await c.d(\n        1)\n\n    return 1\n")
    source = text.source
    found = statements(source)
    piece = cut(source, 1, len(source.lines))
    assert piece is not None
    edits = edits_for(Enclose(found[0], found[1], True), piece, source)
    assert edits is not None
    shown = [(one.range.start.row, one.range.start.column, one.range.end.column, one.content) for one in edits]
    assert shown == [
        (2, 5, 8, "async with"),
        (2, 9, 15, ""),
        (2, 26, 26, " as c:"),
        (3, 5, 5, "    "),
        (4, 9, 9, "    "),
    ]
