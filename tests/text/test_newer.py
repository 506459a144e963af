"""Syntax newer than the running Python.

The rewriting is asked for Python 3.10, so that these cases mean the same on every host; where the host can read the
original too, the positions have to agree.
"""

from __future__ import annotations

import ast
import sys

import pytest

from poolint.text.newer import Rewritten, rewrite
from poolint.text.restoring import Parameter, parse_rewritten
from poolint.text.source import Source, SourceError

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")

OLD = (3, 10)
HOST = sys.version_info[:2]

# What is written, the same in old syntax (as its tree tells), and the first Python that reads it.
CASES = {
    "class": ("class A[T]: x = T\n", "class A: x = T\n", (3, 12)),
    "class with bases": ("class A[T: int, *Ts, **P](B[T], c=D): pass\n", "class A(B[T], c=D): pass\n", (3, 12)),
    "class over rows": ("class A[\n    T,\n\n    # é, ]\n    U,\n](B): x = f(é)\n", "class A(B): x = f(é)\n", (3, 12)),
    "class over rows without bases": ("class A[\n    T,\n]:\n    x = 1\n", "class A:\n    x = 1\n", (3, 12)),
    "blank before the parenthesis": ("class A[T] (B): pass\n", "class A(B): pass\n", (3, 12)),
    "row joined before the parenthesis": ("def f[T]\\\n  (a): pass\n", "def f(a): pass\n", (3, 12)),
    "function": ("async def f[T](a: T) -> T: return g(a)\n", "async def f(a: T) -> T: return g(a)\n", (3, 12)),
    "method": (
        "class A:\n    @d[0]\n    def f[é: 'x](y'](self, é): g(é)\n",
        "class A:\n    @d[0]\n    def f(self, é): g(é)\n",
        (3, 12),
    ),
    "function over rows": ("def f[\n  T: (int, str),\n](\n  a, b\n): g(a)\n", "def f(a, b): g(a)\n", (3, 12)),
    "function over CRLF rows": ("def f[\r\n  T,\r\n](a): g(a)\r\n", "def f(a): g(a)\n", (3, 12)),
    "default": ("class A[T = int](B): f(1)\n", "class A(B): f(1)\n", (3, 13)),
    "type": ("type X = list[int]\nf(X)\n", "X = list[int]\nf(X)\n", (3, 12)),
    "type in a suite": ("if a: type X = g(int); f(X)\n", "if a: X = g(int); f(X)\n", (3, 12)),
    "type behind a statement": ("f(1); type X = g(int)\n", "f(1); X = g(int)\n", (3, 12)),
    "type with parameters": ("type X[é] = Callable[[é], int]\n", "X = Callable[[é], int]\n", (3, 12)),
    "type with parameters over rows": (
        "class A:\n    type X[\n  T\n    ] = g(T)\n",
        "class A:\n    X = g(T)\n",
        (3, 12),
    ),
    "type over joined rows": ("type \\\n X = g(int)\n", "X = g(int)\n", (3, 12)),
    "type as a name": ("class A[T]:\n  type = f(x)\n  type.x = 1\n  type(a)\n  type[a] = 1\n", None, (3, 12)),
    "same quotes": ('f(f"{x["a"]}", y)\n', "f(f\"{x['a']}\", y)\n", (3, 12)),
    "nested": ('f(f"{f"{g(1)}"}")\n', "f(f'{f\"{g(1)}\"}')\n", (3, 12)),
    "nested deeper": ('f(f"{f"{f"{g(1)}"}"}")\n', None, (3, 12)),
    "backslash": ('f(f"é{"\\n".join(g(x))}é", y)\n', None, (3, 12)),
    "comment and rows": ('f(f"{\n  g(x)  # é {\n}", y)\n', "f(f'{g(x)}', y)\n", (3, 12)),
    "nested specifications": ('f(f"{a!r:{b:{g(c)}}} {d = } {e:>10}")\n', None, (3, 12)),
    "concatenated": ('f("a" f"{x["a"]}" \'c\' f"{g(y)}")\n', "f(f'{x[\"a\"]}' f'{g(y)}')\n", (3, 12)),
    "concatenated over rows": ('f("a"\n  f"{x["a"]}"  # b\n  \'c\', y)\n', "f(f'{x[\"a\"]}', y)\n", (3, 12)),
    "named characters": ('f(f"\\N{BULLET} {x["a"]}\\{y}")\n', None, (3, 12)),
    "escaped braces": ('f(f"{{ {x["a"]} }}", rf"\\{y["b"]}")\n', None, (3, 12)),
    "dictionary in a field": ('f(f"{ {1: g(2)}["a"] }")\n', None, (3, 12)),
    "lambda and walrus": ('f(f"{(lambda: g(1))()} {(z := x["a"])}")\n', None, (3, 12)),
    "statement of its own": ('f"{x["a"]}", 1\n', None, (3, 12)),
    "template": ("f(t'a {g(x)}', T\"{y}\", rt'{z}')\n", "f(f'a {g(x)}', f\"{y}\", rf'{z}')\n", (3, 14)),
    "template with free expression": ('f(t"{x["a"]}")\n', "f(f\"{x['a']}\")\n", (3, 14)),
    "except": ("try: f(1)\nexcept A, b.C: g(2)\n", "try: f(1)\nexcept (A, b.C): g(2)\n", (3, 14)),
    "three, nested": (
        "try:\n  try: f(1)\n  except A, é, C,: g(2)\nexcept B: h(3)\n",
        "try:\n  try: f(1)\n  except (A, é, C): g(2)\nexcept B: h(3)\n",
        (3, 14),
    ),
    "except of computed types": ("try: f(1)\nexcept x(1, 2), A | B: g(2)\n", None, (3, 14)),
    "except star": ("try: f(1)\nexcept* A: g(2)\n", "try: f(1)\nexcept A: g(2)\n", (3, 11)),
    "except star, two": ("try: f(1)\nexcept* A, B: g(2)\n", "try: f(1)\nexcept (A, B): g(2)\n", (3, 14)),
    "star in a subscript": ("x = a[*g(b)], a[1, *c], f(a)[\n  *c\n]['x'][*c, 2]\n", None, (3, 11)),
    "star in an annotation": ("def f(*args: *g(Ts), **kw): h(*args)\n", None, (3, 11)),
    "all at once": (
        "type X = t'{a}'\ndef f[T](a):\n    try: g(f'{a['b']}')\n    except A, B: pass\n",
        None,
        (3, 14),
    ),
}


def rewritten(text: str) -> Rewritten:
    found = rewrite(text, OLD)
    assert found is not None
    return found


def places(tree: ast.AST) -> set[tuple[object, ...]]:
    return {
        (type(node).__name__, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Name, ast.Call, ast.Attribute, ast.ExceptHandler))
    }


@pytest.mark.parametrize(("text", "same", "since"), CASES.values(), ids=CASES)
def test_rewriting(text: str, same: str | None, since: tuple[int, int]) -> None:
    found = rewritten(text)
    assert max(version for version, _ in found.features) == since
    assert [len(row.encode()) for row in Source.from_bytes("m.py", found.text.encode()).lines] == [
        len(row.encode()) for row in Source.from_bytes("m.py", text.encode()).lines
    ]
    tree = parse_rewritten(found)
    if same is not None:
        assert calls(tree) == calls(ast.parse(same))
        assert ast.dump(without_literals(tree)) == ast.dump(without_literals(ast.parse(same)))
    # Every name and call is what the original says just there.
    source = Source.from_bytes("m.py", text.encode())
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            assert source.segment(node) == node.id
        elif isinstance(node, ast.Call):
            assert source.segment(node).endswith(")")
            assert source.segment(node).lstrip("(").startswith(source.segment(node.func))
    if since <= HOST:
        native = places(ast.parse(text))
        assert places(tree) <= native
        assert {one for one in native if one[0] == "Call"} <= places(tree)


def calls(tree: ast.AST) -> list[str]:
    return sorted(ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call) and not fstrings(node))


def fstrings(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.JoinedStr) for node in ast.walk(tree))


def without_literals(tree: ast.AST) -> ast.AST:
    """Only the expressions of f-strings: the rest of them is what a rewritten one does not keep."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            node.values = [
                ast.FormattedValue(value=value.value, conversion=-1)
                for value in node.values
                if isinstance(value, ast.FormattedValue)
            ]
    return tree


@pytest.mark.parametrize(("text", "same", "since"), CASES.values(), ids=CASES)
def test_every_host_gets_a_tree(text: str, same: str | None, since: tuple[int, int]) -> None:
    del same, since
    assert Source.from_bytes("m.py", text.encode()).tree.body


@pytest.mark.parametrize(("text", "same", "since"), CASES.values(), ids=CASES)
def test_a_python_that_reads_it_needs_no_rewriting(text: str, same: str | None, since: tuple[int, int]) -> None:
    del same
    found = rewrite(text, since)
    assert found is not None
    assert not found.features
    assert found.text == text


LEFT_ALONE = [
    "x = f'{a!r:>{w}} {b[\"c\"]} {{}} {d!r} {e = }' rb'\\'' '''\n'''\n",
    "type = 3\ntype: int = 4\ntype (x)\ntype is None\nprint(type, [type])\n",
    "match type:\n  case type: pass\n  case [*_, 1]: pass\n",
    "class A(B): pass\ndef f(a=x[1]): pass\n@a[1]\nclass C: pass\n",
    "try: pass\nexcept (A, B) as e: pass\nexcept A: pass\nexcept: pass\n",
    "x = [*a, *b], {*a}, f(*a, *b), x[a * b, a ** b], [\n  *a], lambda *a, b=[*c]: 0\n*a, b = [*c]\n",
    "x = tt + rt('a') + t ['b'] + ut\n",
    "if a: x = lambda: t\nelse: x = y[1:2, ::3] # type X = f'{x[\n",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_not_new_is_left_alone(text: str) -> None:
    found = rewritten(text)
    assert found.text == text
    assert not found.features


BROKEN = [
    "class A[T: pass\n",
    "x = f'{a'\n",
    "x = f'{a:{b'\n",
    "x = f'}'\n",
    "x = '\n",
    "x = '''\n",
    "def f[T](a): return )\n",
    "class A[T](B) x\n",
    "type X[T] = = 3\n",
]


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_broken_anyway_is_a_syntax_error(text: str) -> None:
    with pytest.raises(SourceError, match="syntax error: "):
        Source.from_bytes("m.py", text.encode()).tree


def test_an_error_behind_new_syntax_is_told_where_it_is() -> None:
    with pytest.raises(SourceError, match="syntax error: invalid syntax") as caught:
        Source.from_bytes("m.py", b"class A[T]: pass\nx = 1 +\n").tree
    assert (caught.value.row, caught.value.column) == (2, 8)


def test_what_cannot_be_rewritten_names_the_python_it_needs() -> None:
    # An expression that holds `yield` without parentheses has no place in a tuple.
    text = "def f[T]():\n    return f'{yield x['a']}{yield}'\n"
    assert rewritten(text).features
    if HOST >= (3, 12):
        assert Source.from_bytes("m.py", text.encode()).tree
        return
    with pytest.raises(SourceError) as caught:
        Source.from_bytes("m.py", text.encode()).tree
    assert caught.value.message == (
        "needs Python ≥ 3.12 (PEP 695: type parameters, PEP 701: free expressions in f-strings) to be analysed: "
        "run poolint under it"
    )
    assert caught.value.row == 2


def test_stars_in_subscripts_stay_stars() -> None:
    tree = parse_rewritten(rewritten("x = a[b, *c]\ndef f(*args: *Ts): pass\n"))
    assert sum(isinstance(node, ast.Starred) for node in ast.walk(tree)) == 2


def test_type_parameters_are_kept() -> None:
    text = """\
@decorated
class Service[
    Kept: Repository[int],  # its own row
    Row = dict, *Rest, **Rules,
](Base):
    async def get[One: (A, B)](self): pass
"""
    tree = parse_rewritten(rewritten(text))
    service = tree.body[0]
    assert isinstance(service, ast.ClassDef)
    found = [(one.name, unparsed(one.bound), unparsed(one.default_value)) for one in parameters(service)]
    assert found == [
        ("Kept", "Repository[int]", ""),
        ("Row", "", "dict"),
        ("Rest", "", ""),
        ("Rules", "", ""),
    ]
    bound = parameters(service)[0].bound
    assert bound is not None
    assert (bound.lineno, bound.col_offset) == (3, 10)
    assert [unparsed(one.bound) for one in parameters(service.body[0])] == ["(A, B)"]


def parameters(node: ast.AST) -> list[Parameter]:
    found: list[Parameter] = node.__dict__["type_params"]
    return found


def unparsed(node: ast.expr | None) -> str:
    return "" if node is None else ast.unparse(node)
