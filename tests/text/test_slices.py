"""A few rows as a LibCST tree, with the positions of the file."""

from __future__ import annotations

import ast
import subprocess
import sys

import libcst as cst
import pytest

from poolint.diagnostics import Position, Range
from poolint.text.slices import Slice, cut
from poolint.text.source import Source

PLAIN = """\
import a

@decorate(a)
async def f(x=g(1)):
    ä = '''
  b(2)'''; c(ä, '€', y)
    if x: return (
        d(3)
    )

class A:
    @property
    def m(self):
        # h(4)
        with e(5) as f(6).x, (yield):
            return g(7)(8)

    class B:
        async def n(self): await (i(9))
"""


def in_file(source: Source, node: ast.expr) -> Range:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return Range(
        Position(node.lineno, source.column(node.lineno, node.col_offset)),
        Position(node.end_lineno, source.column(node.end_lineno, node.end_col_offset)),
    )


def calls(piece: Slice) -> list[Range]:
    found: list[cst.Call] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            found.append(node)

    piece.module.visit(Visitor())
    return sorted(piece.range_of(node) for node in found)


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


SHAPES = {
    "plain": PLAIN,
    "CRLF": PLAIN.replace("\n", "\r\n"),
    "CR": PLAIN.replace("\n", "\r"),
    "mixed": PLAIN.replace(":\n", ":\r\n"),
    "tabs": PLAIN.replace("    ", "\t"),
    "form feed on its own row": PLAIN.replace("\n\n", "\n\x0c\n"),
    "form feed before each statement": PLAIN.replace("\n@", "\n\x0c@").replace("\n    ", "\n\x0c    "),
    "no end": PLAIN.rstrip(),
    "byte order mark": "\ufeff" + PLAIN,
    "separators that are none": PLAIN.replace("# h(4)", "# \x0b\x1c\x85\u2028 h(4)"),
    "newer syntax": PLAIN.replace("def m(", "def m[\n  T\n](").replace("i(9)", 'i(f"{x["a"]}")'),
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_calls_stand_where_ast_says(text: str) -> None:
    source = Source.from_bytes("m.py", text.encode())
    for function in functions(source.tree):
        first = min([function.lineno, *(one.lineno for one in function.decorator_list)])
        piece = cut(source, first, function.end_lineno or 0)
        assert piece is not None
        expected = sorted(in_file(source, node) for node in ast.walk(function) if isinstance(node, ast.Call))
        assert calls(piece) == expected
        assert expected or function.name == "m"


def test_parents_and_the_header() -> None:
    source = Source.from_bytes("m.py", PLAIN.encode())
    piece = cut(source, 18, 19)
    assert piece is not None
    assert piece.has_header
    header = piece.module.body[0]
    assert isinstance(header, cst.If)
    inner = header.body.body[0]
    assert isinstance(inner, cst.ClassDef)
    assert piece.parent(inner) is piece.module
    assert piece.parent(piece.module) is None
    call = cst.ensure_type(cst.ensure_type(inner.body.body[0], cst.FunctionDef).body.body[0], cst.Expr)
    names = [type(parent).__name__ for parent, _ in piece.ancestors(call.value)]
    assert names == ["Expr", "SimpleStatementSuite", "FunctionDef", "IndentedBlock", "ClassDef", "Module"]
    assert [child for _, child in piece.ancestors(call.value)][:2] == [call.value, call]


TWO_ON_A_ROW = "a = 1\nx = [\n  f(1),\n]; g(\n  2)\nb = 3\ns = '''\n''' + h(\n4); i(5); z = '''\n'''\nc = 4\n"


@pytest.mark.parametrize(
    ("rows", "expected"), [((4, 5), (2, 5)), ((2, 4), (2, 5)), ((9, 9), (7, 10)), ((6, 6), (6, 6))]
)
def test_statements_that_share_a_row_come_along(rows: tuple[int, int], expected: tuple[int, int]) -> None:
    source = Source.from_bytes("m.py", TWO_ON_A_ROW.encode())
    piece = cut(source, *rows)
    assert piece is not None
    assert (piece.first_row, piece.last_row) == expected
    assert piece.module.code == "".join(source.lines[expected[0] - 1 : expected[1]])


def test_a_statement_in_a_suite_that_shares_a_row() -> None:
    source = Source.from_bytes("m.py", b"class A:\n    x = (1,\n  2); f(3)\n    y = 1\nif a: g(\n); h(4)\n")
    piece = cut(source, 3, 3)
    assert piece is not None
    assert calls(piece) == [Range(Position(3, 7), Position(3, 11))]
    assert (piece.first_row, piece.last_row) == (2, 3)
    last = cut(source, 6, 6)
    assert last is not None
    assert len(calls(last)) == 2


def test_what_libcst_cannot_read_is_none() -> None:
    for text in ("f(\n", "x = 1\n    y = 2\n", "x = = 1\n"):
        assert cut(Source.from_bytes("m.py", text.encode()), 1, 9) is None
    assert cut(Source.from_bytes("m.py", b"f()\n"), 2, 3) is None


DEEP = """
import sys
from poolint.text.slices import cut
from poolint.text.source import Source
n = int(sys.argv[1])
for text in (
    "x = 1" + " + 1" * n,
    "x = " + "-" * n + "1",
    "x = a" + ".b()" * n,
    "x = " + "[" * n + "]" * n,
    "x = " + "1 if 1 else " * n + "1",
    "if a: pass\\n" + "elif b: pass\\n" * n,
    "x = " + "lambda: " * n + "1",
    "x = " + "'a' " * n,
):
    assert cut(Source.from_bytes("m.py", text.encode()), 1, n) is None
print("alive")
"""


@pytest.mark.parametrize("depth", [2_500, 20_000])
def test_deep_nesting_is_none_and_no_crash(depth: int) -> None:
    done = subprocess.run([sys.executable, "-c", DEEP, str(depth)], capture_output=True, text=True, timeout=60)
    assert done.stdout == "alive\n", done.stderr[-500:]


def test_a_long_table_is_no_deep_nesting() -> None:
    text = "x = {\n" + "  -a.b: [c.d(1), not e],\n" * 1500 + "}\n"
    assert cut(Source.from_bytes("m.py", text.encode()), 1, 1502) is not None
