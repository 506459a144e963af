"""From plans to edits: where the keyword goes, when it needs parentheses, and when it is refused."""

from __future__ import annotations

import ast
from typing import TypeVar

import libcst as cst
import pytest

from poolint.diagnostics import Edit, Position, Range
from poolint.fixes.build import edits_for
from poolint.fixes.edits import apply_edits
from poolint.fixes.plans import AddAwait, RemoveAwait, SetWithKind
from poolint.text.slices import Slice, cut
from poolint.text.source import Source

Node = TypeVar("Node", bound=cst.CSTNode)

# Each place for `s.f()`, and what a person would write. The whole stands in an `async def`.
POSITIONS = {
    "statement": ("s.f()", "await s.f()"),
    "value": ("x = s.f()", "x = await s.f()"),
    "annotated": ("x: int = s.f()", "x: int = await s.f()"),
    "augmented": ("x += s.f()", "x += await s.f()"),
    "attribute": ("x = s.f().y", "x = (await s.f()).y"),
    "chain": ("x = s.f().y().z", "x = (await s.f()).y().z"),
    "call of the result": ("s.f()(1)", "(await s.f())(1)"),
    "subscript": ("x = s.f()[0]", "x = (await s.f())[0]"),
    "index": ("x = y[s.f()]", "x = y[await s.f()]"),
    "slice": ("x = y[s.f() : 1]", "x = y[await s.f() : 1]"),
    "base of a power": ("x = s.f() ** 2", "x = await s.f() ** 2"),
    "exponent": ("x = 2**s.f()", "x = 2**await s.f()"),
    "minus": ("x = -s.f()", "x = -await s.f()"),
    "not": ("x = not s.f()", "x = not await s.f()"),
    "product": ("x = y * s.f() + z", "x = y * await s.f() + z"),
    "comparison": ("x = s.f() < y in s.f", "x = await s.f() < y in s.f"),
    "and": ("x = y and s.f()", "x = y and await s.f()"),
    "condition of a ternary": ("x = y if s.f() else z", "x = y if await s.f() else z"),
    "walrus": ("if (x := s.f()): pass", "if (x := await s.f()): pass"),
    "argument": ("g(s.f(), y)", "g(await s.f(), y)"),
    "keyword argument": ("g(x=s.f())", "g(x=await s.f())"),
    "star argument": ("g(*s.f(), **y)", "g(*await s.f(), **y)"),
    "two stars": ("g(**s.f())", "g(**await s.f())"),
    "tuple": ("return s.f(), y", "return await s.f(), y"),
    "starred": ("x = [*s.f()]", "x = [*await s.f()]"),
    "dictionary": ("x = {s.f(): y}", "x = {await s.f(): y}"),
    "dictionary spread": ("x = {**s.f()}", "x = {**await s.f()}"),
    "f-string": ("x = f'a {s.f()!r:>10} b'", "x = f'a {await s.f()!r:>10} b'"),
    "f-string attribute": ("x = f'{s.f().y}'", "x = f'{(await s.f()).y}'"),
    "comprehension": ("x = [s.f() for y in z]", "x = [await s.f() for y in z]"),
    "condition of a comprehension": ("x = {y for y in z if s.f()}", "x = {y for y in z if await s.f()}"),
    "iterable of a comprehension": ("x = [y for y in s.f()]", "x = [y for y in await s.f()]"),
    "iterable within a comprehension": (
        "x = [[y for y in s.f()] for z in a]",
        "x = [[y for y in await s.f()] for z in a]",
    ),
    "first iterable of a generator": ("x = sum(y for y in s.f())", "x = sum(y for y in await s.f())"),
    "first iterable of a generator, deeper": (
        "x = (y for y in s.f().all() for z in y)",
        "x = (y for y in (await s.f()).all() for z in y)",
    ),
    "loop": ("for x in s.f(): pass", "for x in await s.f(): pass"),
    "asynchronous loop": ("async for x in s.f(): pass", "async for x in await s.f(): pass"),
    "condition": ("while s.f(): pass", "while await s.f(): pass"),
    "with": ("async with s.f() as x: pass", "async with await s.f() as x: pass"),
    "second with": ("with a as b, s.f(): pass", "with a as b, await s.f(): pass"),
    "return": ("return s.f()", "return await s.f()"),
    "yield": ("yield s.f()", "yield await s.f()"),
    "raise": ("raise s.f() from y", "raise await s.f() from y"),
    "assert": ("assert x, s.f()", "assert x, await s.f()"),
    "match": ("match s.f():\n        case 1: pass", "match await s.f():\n        case 1: pass"),
    "guard": ("match x:\n        case 1 if s.f(): pass", "match x:\n        case 1 if await s.f(): pass"),
    "target": ("s.f().x = 1", "(await s.f()).x = 1"),
    "delete": ("del s.f()[0]", "del (await s.f())[0]"),
    "parentheses": ("x = (s.f())", "x = (await s.f())"),
    "parentheses that are needed now": ("x = (s.f()).y", "x = (await s.f()).y"),
    "two pairs": ("x = ((s.f())).y", "x = ((await s.f())).y"),
    "keyword glued to a parenthesis": ("return(s).f()", "return await (s).f()"),
    "ternary glued to a parenthesis": ("x = 1 if y else(s).f()", "x = 1 if y else await (s).f()"),
    "glued, in parentheses": ("return(s).f().x", "return (await (s).f()).x"),
    "rows of a call": ("s.f(\n        x,  # why\n    )", "await s.f(\n        x,  # why\n    )"),
    "rows of a call and an attribute": ("x = s.f(\n        y\n    ).z", "x = (await s.f(\n        y\n    )).z"),
    "rows of a chain": ("x = (\n        s.f()\n        .y\n    )", "x = (\n        (await s.f())\n        .y\n    )"),
    "rows in parentheses": ("x = (\n        s\n        .f()\n    )", "x = (\n        await s\n        .f()\n    )"),
    "joined rows": ("x = \\\n        s.f() \\\n        .y", "x = \\\n        (await s.f()) \\\n        .y"),
    "wide characters before it": ("größe = '😀', s.f()", "größe = '😀', await s.f()"),
    "behind a semicolon": ("x = 1; s.f(); y", "x = 1; await s.f(); y"),
    "one-row suite": ("if x: s.f()", "if x: await s.f()"),
    "base of a class": ("class A(s.f()): pass", "class A(await s.f()): pass"),
}


def piece_of(text: str) -> tuple[Source, Slice]:
    source = Source.from_bytes("m.py", text.encode())
    piece = cut(source, 1, len(source.lines))
    assert piece is not None
    return source, piece


def nodes(piece: Slice, kind: type[Node]) -> list[Node]:
    """All nodes of a kind, in order."""
    found: list[Node] = []

    class Visitor(cst.CSTVisitor):
        def on_visit(self, node: cst.CSTNode) -> bool:
            if isinstance(node, kind):
                found.append(node)
            return True

    piece.module.visit(Visitor())
    return found


def awaited(text: str) -> str | None:
    """``text`` with an ``await`` for its first call of ``s.f``; None when it is refused."""
    source, piece = piece_of(text)
    call = next(
        node
        for node in nodes(piece, cst.Call)
        if isinstance(node.func, cst.Attribute)
        and isinstance(node.func.value, cst.Name)
        and node.func.attr.value == "f"
    )
    edits = edits_for(AddAwait(call), piece, source)
    return None if edits is None else apply_edits(source, edits)


def in_function(body: str) -> str:
    return f"async def g():\n    {body}\n"


@pytest.mark.parametrize(("before", "after"), POSITIONS.values(), ids=POSITIONS)
def test_await(before: str, after: str) -> None:
    text = awaited(in_function(before))
    assert text == in_function(after)
    compile(text, "m.py", "exec")
    assert awaited(text) is None, "it is awaited already"


def test_await_where_libcst_misses_a_blank() -> None:
    """It refuses to make such a node, so the text must not be made from one; and it cannot read what comes out."""
    text = awaited(in_function("x = s.f()if y else 1"))
    assert text == in_function("x = await s.f()if y else 1")
    assert cut(Source.from_bytes("m.py", text.encode()), 1, 2) is None


REFUSED = {
    "plain function": "def g(): s.f()\n",
    "module": "s.f()\n",
    "class": "class A: x = s.f()\n",
    "function in a coroutine": "async def g():\n    def h(): s.f()\n",
    "class in a coroutine": "async def g():\n    class A: x = s.f()\n",
    "lambda": "async def g(): return lambda: s.f()\n",
    "default of a lambda": "async def g(): return lambda x=s.f(): x\n",
    "default": "async def g(x=s.f()): pass\n",
    "default of an inner function": "async def g():\n    async def h(x=s.f()): pass\n",
    "decorator": "@s.f()\nasync def g(): pass\n",
    "decorator of an inner class": "async def g():\n    @s.f()\n    class A: pass\n",
    "annotation": "async def g():\n    x: s.f() = 1\n",
    "annotation of a parameter": "async def g(x: s.f()): pass\n",
    "annotation of the result": "async def g() -> s.f(): pass\n",
    "generator": "async def g(): return (s.f() for x in y)\n",
    "condition of a generator": "async def g(): return (x for x in y if s.f())\n",
    "second iterable of a generator": "async def g(): return (z for x in y for z in s.f())\n",
    "iterable in a generator": "async def g(): return ([x for x in s.f()] for z in y)\n",
    "comprehension in a comprehension": "async def g(): return [[s.f() for x in y] for y in z]\n",
    "awaited": "async def g(): await s.f()\n",
    "awaited in parentheses": "async def g(): await ((s.f()))\n",
    "f-string that shows its text": "async def g(): return f'{s.f()=}'\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_await_is_refused(text: str) -> None:
    assert awaited(text) is None


def test_await_of_what_is_no_call() -> None:
    for code, expected in {
        "x": "await x",
        "x.y": "await x.y",
        "x[0]": "await x[0]",
        "x or y": "await (x or y)",
        "(x or y)": "(await (x or y))",
        "x if y else z": "await (x if y else z)",
    }.items():
        source, piece = piece_of(in_function(f"z = {code}"))
        value = nodes(piece, cst.Assign)[0]
        edits = edits_for(AddAwait(value.value), piece, source)
        assert edits is not None
        assert apply_edits(source, edits) == in_function(f"z = {expected}")
    for code in ("lambda: x", "[x]", "(x for x in y)", "'x'", "(yield)", "await x"):
        source, piece = piece_of(in_function(f"z = {code}"))
        value = nodes(piece, cst.Assign)[0]
        assert edits_for(AddAwait(value.value), piece, source) is None


def test_await_touches_nothing_but_its_place() -> None:
    source, piece = piece_of("async def g():\n    x = (\n        s.f(1,\n2)  ) . y\n")
    call = nodes(piece, cst.Call)[0]
    place = Position(3, 9)
    assert edits_for(AddAwait(call), piece, source) == (Edit(Range(place, place), "await "),)


REMOVED = {
    "statement": ("await s.f()", "s.f()"),
    "attribute": ("x = (await s.f()).y", "x = (s.f()).y"),
    "blanks": ("x = await \t s.f()", "x = s.f()"),
    "parentheses": ("await(s.f())", "(s.f())"),
    "joined rows": ("await \\\n        s.f()", "s.f()"),
    "rows": ("x = (await\n        s.f())", "x = (\n        s.f())"),
    "comment": ("x = (await  # why\n        s.f())", "x = (# why\n        s.f())"),
    "header": ("async with await s.f() as x: pass", "async with s.f() as x: pass"),
    "header with rows": (
        "async with (\n        await s.f()\n    ) as x: pass",
        "async with (\n        s.f()\n    ) as x: pass",
    ),
    "power": ("x = await s.f() ** 2", "x = s.f() ** 2"),
    "comprehension": ("x = [await s.f() for y in z]", "x = [s.f() for y in z]"),
    "first iterable of a generator": ("x = (y for y in await s.f())", "x = (y for y in s.f())"),
    "wide characters before it": ("größe = '😀', await s.f()", "größe = '😀', s.f()"),
    "generator": ("x = (await s.f() for y in z)", None),
    "f-string that shows its text": ("x = f'{await s.f()=}'", None),
}


@pytest.mark.parametrize(("before", "after"), REMOVED.values(), ids=REMOVED)
def test_remove_await(before: str, after: str | None) -> None:
    source, piece = piece_of(in_function(before))
    node = nodes(piece, cst.Await)[0]
    edits = edits_for(RemoveAwait(node), piece, source)
    if after is None:
        assert edits is None
        return
    assert edits is not None
    text = apply_edits(source, edits)
    assert text == in_function(after)
    ast.parse(text)


KINDS = {
    "plain": ("with a() as b: pass", "async with a() as b: pass"),
    "rows": ("with (\n        a()\n    ): pass", "async with (\n        a()\n    ): pass"),
    "in blocks": (
        "if x:\n        with a:\n            pass  # b",
        "if x:\n        async with a:\n            pass  # b",
    ),
    "behind a comment": ("# a\n\n    with a: pass", "# a\n\n    async with a: pass"),
    "another within": ("with a:\n        with b: pass", "async with a:\n        with b: pass"),
}


@pytest.mark.parametrize(("synchronous", "asynchronous"), KINDS.values(), ids=KINDS)
def test_with_kind_there_and_back(synchronous: str, asynchronous: str) -> None:
    for before, after, wanted in ((synchronous, asynchronous, True), (asynchronous, synchronous, False)):
        assert with_kind(in_function(before), wanted) == in_function(after)
        assert with_kind(in_function(after), wanted) is None, "it is of that kind already"


def with_kind(text: str, asynchronous: bool) -> str | None:
    source, piece = piece_of(text)
    node = nodes(piece, cst.With)[0]
    edits = edits_for(SetWithKind(node, asynchronous), piece, source)
    return None if edits is None else apply_edits(source, edits)


def test_with_kind_takes_the_blanks_along() -> None:
    assert with_kind(in_function("async  \\\n    with a: pass"), False) == in_function("with a: pass")


@pytest.mark.parametrize(
    "text",
    [
        "with a: pass\n",
        "def g():\n    with a: pass\n",
        "class A:\n    with a: pass\n",
        "async def g():\n    class A:\n        with a: pass\n",
        "async def g():\n    def h():\n        with a: pass\n",
        "async def g():\n    with a, b: pass\n",
        "async def g():\n    with (a as x, b): pass\n",
    ],
)
def test_async_with_is_refused(text: str) -> None:
    assert with_kind(text, True) is None


@pytest.mark.parametrize("indent", ["  ", "\t", "        "])
def test_slices_that_are_indented(indent: str) -> None:
    text = f"class A:\n{indent}class B:\n{indent * 2}async def g(self):\n{indent * 3}ä = s.f()\n"
    source = Source.from_bytes("m.py", text.encode())
    piece = cut(source, 3, 4)
    assert piece is not None
    call = nodes(piece, cst.Call)[0]
    edits = edits_for(AddAwait(call), piece, source)
    assert edits is not None
    assert apply_edits(source, edits) == text.replace("s.f()", "await s.f()")


def test_newer_syntax_around_it() -> None:
    text = "async def g[\n  T\n](a: T):\n    f(f'{x['a']}'); s.f()\n"
    assert awaited(text) == text.replace("s.f()", "await s.f()")
