"""What is cut out of a text, and put back, is what the parser would have made of the whole."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from poolint.text.skeleton import Body, skeleton

PACKAGE = Path(__file__).parents[2]
FILES = sorted([*(PACKAGE / "src" / "poolint").rglob("*.py"), *(PACKAGE / "tests").glob("*.py")])

LONG = "before = 'a row that makes the body long enough to be worth it, since short ones are left where they are'"

TEXTS = {
    "rows of a string that stand at the left": f'''
def f():
    {LONG}
    text = """
def g():
    no function
"""
    return text
''',
    "a comment at the left": f"""
def f():
    {LONG}
# said of what follows
    return 1

last = f()
""",
    "brackets at the left": f"""
def f():
    {LONG}
    return [
1,
]

last = f()
""",
    "a row that goes on": f"""
def f():
    {LONG}
    return 1 + \\
2

last = f()
""",
    "a header of several rows": f"""
def f(
    a: int = 1,  # one: two
    *, b: str = ':',
) -> dict[str, int]:  # so
    {LONG}
    return b
""",
    "decorators, classes, what is asynchronous": f"""
class A:
    @property
    def x(self):
        {LONG}
        return self

    @x.setter
    async def x(self, y):
        {LONG}
        await y

last = A()
""",
    "what is asked at the top": f"""
if last:
    def f():
        {LONG}
        return 1
else:
    def f():
        {LONG}
        return 2
""",
    "a function in a function": f"""
def f():
    {LONG}
    def g():
        return 'g'
    return g

def h(): return 1
""",
    "a body of text alone": f'''
def f():
    """{LONG}"""

def g():
    """{LONG}"""  # why
    # no more
''',
    "other letters": f"""
def f():
    {LONG}
    ä = 'ä' + 'é'; return ä
""",
    "no end of the last row": f"""
def f():
    {LONG}
    return 1""",
}


def whole(text: str) -> str:
    found = skeleton(text)
    assert found is not None
    for node in ast.walk(found.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno in found.bodies:
            body = found.bodies[node.lineno]
            node.body = body.parsed()
            node.end_lineno, node.end_col_offset = node.body[-1].end_lineno, node.body[-1].end_col_offset
            assert body.end == node.end_lineno
    return dumped(found.tree)


def dumped(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.If)):
            node.end_lineno = node.end_col_offset = None  # that of what stands last in it, which may have been cut out
    return ast.dump(tree, include_attributes=True)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_nothing_is_lost_but_what_was_cut_out(text: str) -> None:
    found = skeleton(text)
    if found is not None:
        assert whole(text) == dumped(ast.parse(text))
        assert len(ast.dump(found.tree)) < len(ast.dump(ast.parse(text)))


def test_most_of_these_texts_have_bodies_to_cut_out() -> None:
    """Rows that go on at the left are left to the parser."""
    assert {name for name, text in TEXTS.items() if skeleton(text) is None} == {
        "brackets at the left",
        "a row that goes on",
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_our_own_files(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    if (found := skeleton(text)) is not None:
        assert whole(text) == dumped(ast.parse(text))
        assert found.bodies


@pytest.mark.parametrize(
    "text", ["", "x = 1\n", "def f():\n\treturn 1\n" * 20, "def f(:\n" + LONG, "def f():\n    return '\n" + LONG]
)
def test_what_is_left_to_the_parser(text: str) -> None:
    assert skeleton(text) is None


@pytest.mark.parametrize(
    "statement",
    [
        "self.a = 1", "b = self.a = 1", "self.a: int = 1", "self.a, b = 1, 2", "b, self.a = 1, 2", "b, self.a, c = x",
        "(self.a, b) = x", "[self.a] = x", "(self.a) = x", "(\n        b,\n        self.a,\n    ) = x", "b, *self.a = x",
        "for self.a in x: pass", "for b, self.a in x: pass", "for (b, self.a) in x: pass", "with x as self.a: pass",
        "with x as (b, self.a): pass", "self.a \\\n        = 1", "if x:\n        self.a = 1", "x = [self.b]; self.a = x",
    ],
)  # fmt: skip
def test_assignments_to_attributes_are_not_missed(statement: str) -> None:
    assert Body(2, f"    {statement}\n").assigns("self")


@pytest.mark.parametrize(
    "statement", ["return self.a == 1", "run(x=self.a)", "if self.a: pass", "other.a = 1", "x = self.a"]
)
def test_what_only_reads_attributes_is_left_unread(statement: str) -> None:
    assert not Body(2, f"    {statement}\n").assigns("self")
