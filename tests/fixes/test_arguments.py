"""Arguments that come and go: the text around them stays, and a comment that may belong to it is never taken along."""

from __future__ import annotations

import libcst as cst
import pytest

from poolint.fixes.build import edits_for
from poolint.fixes.edits import apply_edits
from poolint.fixes.plans import AddArgument, RemoveArgument
from poolint.text.slices import Slice, cut
from poolint.text.source import Source


def sliced(text: str) -> tuple[Source, Slice, cst.Call]:
    source = Source.from_bytes("a.py", text.encode())
    piece = cut(source, 1, len(source.lines))
    assert piece is not None
    calls: list[cst.Call] = []

    class Finder(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            calls.append(node)

    piece.module.visit(Finder())
    return source, piece, calls[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(a=1, x=2, b=3)\n", "f(a=1, b=3)\n"),
        ("f(x=2, b=3)\n", "f(b=3)\n"),
        ("f(a=1, x=2)\n", "f(a=1)\n"),
        ("f(x=2)\n", "f()\n"),
        ("f(x=2,)\n", "f()\n"),
        ("f(a=1, x=2,)\n", "f(a=1,)\n"),
        ("f(\n    a=1,\n    x=2,  # why\n    b=3,\n)\n", "f(\n    a=1,\n    # why\n    b=3,\n)\n"),
        ("f(\n    a=1,\n    x=2\n)\n", "f(\n    a=1,\n)\n"),
        ("f(\n    x={\n        1: 2,\n    },\n    b=3,\n)\n", "f(\n    b=3,\n)\n"),
        ("f(a=1,\n  x=2, b=3)\n", "f(a=1, b=3)\n"),
        ("f(a=1,  # one\n  x=2, b=3)\n", "f(a=1, b=3)  # one\n"),
        ("f(\r\n    a=1,\r\n    x=2,\r\n)\r\n", "f(\r\n    a=1,\r\n)\r\n"),
    ],
)
def test_an_argument_goes(before: str, after: str | None) -> None:
    source, piece, call = sliced(before)
    [argument] = [one for one in call.args if one.keyword is not None and one.keyword.value == "x"]
    edits = edits_for(RemoveArgument(argument), piece, source)
    assert (apply_edits(source, edits) if edits is not None else None) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()\n", "f(x=2)\n"),
        ("f(1)\n", "f(1, x=2)\n"),
        ("f(1,)\n", "f(1, x=2)\n"),
        ("f(1, **more)\n", "f(1, **more, x=2)\n"),
        ("f(\n    1,\n    a=2,\n)\n", "f(\n    1,\n    a=2,\n    x=2,\n)\n"),
        ("f(\n    1,\n    a=2\n)\n", "f(\n    1,\n    a=2,\n    x=2\n)\n"),
        ("f(\n    1,\n    a=2,  # two\n)\n", "f(\n    1,\n    a=2,  # two\n    x=2,\n)\n"),
        ("f(1,  # one\n)\n", "f(1, x=2  # one\n)\n"),
        ("f(1)  # one\n", "f(1, x=2)  # one\n"),
        ("f(\n    a=1  # one\n)\n", "f(\n    a=1,  # one\n    x=2,\n)\n"),
        ("f(\r\n    1,\r\n)\r\n", "f(\r\n    1,\r\n    x=2,\r\n)\r\n"),
    ],
)
def test_an_argument_comes(before: str, after: str | None) -> None:
    source, piece, call = sliced(before)
    edits = edits_for(AddArgument(call, "x", "2"), piece, source)
    assert (apply_edits(source, edits) if edits is not None else None) == after
