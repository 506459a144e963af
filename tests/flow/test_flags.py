"""What is known of flags before an event: by example, and against what functions of flags do when they run."""

from __future__ import annotations

import ast
import sys
from functools import cache
from itertools import product
from random import Random
from typing import TYPE_CHECKING

import pytest

from poolint.flow.cfg import build
from poolint.flow.flags import MAX_COMBINATIONS, Flags
from poolint.roots.finder import Finder
from poolint.screen import Ready
from poolint.syntax.project import Project
from poolint.text.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.flow.flags import Known

CASES = {
    "nothing": ("use(conn)\nhere()", ""),
    "tested around it": ("if conn is None:\n    here()\nif conn:\n    pass", "not conn"),
    "tested before, and left": ("if conn:\n    return\nhere()\nuse(1 if conn else 2)", "not conn"),
    "set before": ("owned = False\nhere()\nif owned:\n    pass", "not owned"),
    "set on one of two ways": (
        "owned = False\nif conn is None:\n    owned = True\nhere()\nif owned or conn:\n    pass",
        "not conn & owned | conn & not owned",
    ),
    "of a flag that is either nothing is said": ("if conn:\n    pass\nhere()\nif conn:\n    pass", ""),
    "a copy of a test": ("owned = conn is None\nif conn is None:\n    here()\nif owned:\n    pass", "not conn & owned"),
    "a copy of a comparison": (
        'owned = mode == "w"\nif mode == "w":\n    here()\nif owned:\n    pass',
        "owned",
    ),
    "a comparison of what has changed since": (
        'owned = mode == "w"\nmode = f()\nif mode == "w":\n    here()\nif owned:\n    pass',
        "",
    ),
    "another name for it": (
        "mine = conn\nif mine is None:\n    here()\nif conn is None:\n    pass\nif mine:\n    pass",
        "not conn & not mine",
    ),
    "a test of several": (
        "owned = conn is None and not kept\nif owned:\n    here()\nif conn or kept or owned:\n    pass\nuse(conn) if kept else 0",
        "not conn & not kept & owned",
    ),
    "changed in a loop": ("first = True\nwhile f():\n    here()\n    first = False\nif first:\n    pass", ""),
    "bound by a loop": ("owned = True\nfor owned in f():\n    here()\nif owned:\n    pass", ""),
    "unset": ("owned = True\ndel owned\nhere()\nif owned:\n    pass", ""),
    "where the store has failed": (
        "owned = False\ntry:\n    owned = f()\nexcept E:\n    here()\nif owned:\n    pass",
        "not owned",
    ),
    "an attribute": ("if self.kept:\n    here()\nif self.kept:\n    pass", "self.kept"),
    "an attribute of something else": (
        "if self.kept:\n    self = f()\n    here()\nif self.kept:\n    pass",
        "",
    ),
    "code that cannot run": ("owned = True\nif not owned:\n    here()\nif owned:\n    pass", ""),
}


@cache
def libraries() -> Finder:
    return Finder(Ready().libraries)


def flags_of(text: str) -> tuple[Flags, dict[int, list[Known]]]:
    """The flags of the function in a module, and what is known at its calls of ``here`` by their rows."""
    module = Project(libraries()).replace(Source.from_bytes("/m.py", text.encode()))
    (scope,) = module.scope.children
    graph = build(scope.node)
    flags = Flags(scope, graph)
    places = [node for node in graph.nodes if node.kind == "call" and ast.unparse(node.node) == "here()"]
    return flags, {node.row: flags.before(node) for node in places}


def words(known: list[Known]) -> str:
    return " | ".join(" & ".join(name if value else f"not {name}" for name, value in sorted(one)) for one in known)


@pytest.mark.parametrize("name", CASES)
def test_what_is_known(name: str) -> None:
    body, expected = CASES[name]
    text = "def f(self, conn, kept, mode):\n" + "".join(f"    {row}\n" for row in body.split("\n"))
    _, found = flags_of(text)
    (known,) = found.values()
    assert words(known) == expected


def test_of_too_many_combinations_what_they_share_is_known() -> None:
    """Five pairs that exclude each other have 32 combinations."""
    pairs = "".join(f"    if a{n}:\n        b{n} = False\n    else:\n        b{n} = True\n" for n in range(5))
    uses = "".join(f"    if a{n} or b{n}:\n        pass\n    use(1 if a{n} else b{n})\n" for n in range(5))
    arguments = ", ".join(f"a{n}" for n in range(5))
    _, found = flags_of(
        f"def f({arguments}):\n    owned = True\n{pairs}    here()\n    if owned:\n        pass\n{uses}"
    )
    (known,) = found.values()
    assert len(known) <= MAX_COMBINATIONS
    assert all(("owned", True) in one for one in known)


# Random functions of flags, run with all arguments. `c` is None or something; `a` and `b` are true or false.

TESTS = ["a", "b", "not a", "c is None", "c is not None", "c", "a and not b", "a or c is None", "unknown()"]
STORES = [
    "a = True", "b = False", "c = None", "c = thing", "a = b", "b = not a", "a = c is None", "b = a and c is not None",
    "a = not (a or b)", "b = unknown()", "a, b = b, a", "del_(a)",
]  # fmt: skip


def function(random: Random) -> str:
    rows = list(block(random, 4, 1))
    return "\n".join(["def f(a, b, c):", *rows, "    here()", "    if a and b and c:", "        pass"])


def block(random: Random, size: int, depth: int) -> Iterator[str]:
    indent = "    " * depth
    for _ in range(random.randint(1, size)):
        kind = random.random()
        if kind < 0.2:
            yield f"{indent}here()"
        elif kind < 0.6 or depth > 3:
            yield f"{indent}{random.choice(STORES)}"
        elif kind < 0.9:
            yield f"{indent}if {random.choice(TESTS)}:"
            yield from block(random, 3, depth + 1)
            yield f"{indent}else:"
            yield from block(random, 3, depth + 1)
        else:
            yield f"{indent}for _ in (1, 2):"
            yield from block(random, 3, depth + 1)


@pytest.mark.parametrize("seed", range(60))
def test_what_happens_is_among_what_is_known(seed: int) -> None:
    random = Random(seed)
    text = function(random)
    _, known = flags_of(text)
    seen: dict[int, list[dict[str, bool]]] = {}

    def here() -> None:
        frame = sys._getframe(1)
        values = {"thing": True, **{name: bool(frame.f_locals[name]) for name in "abc"}}
        seen.setdefault(frame.f_lineno, []).append(values)

    thing = object()
    names = {"here": here, "thing": thing, "unknown": lambda: random.random() < 0.5, "del_": lambda _: None}
    exec(compile(text, "f.py", "exec"), names)
    run = names["f"]
    assert callable(run)
    for arguments in product((True, False), (True, False), (None, thing)):
        for _ in range(4):
            run(*arguments)
    assert seen
    for row, runs in seen.items():
        for values in runs:
            told = [one for one in known[row] if all(values[name] is value for name, value in one)]
            assert told, f"{text}\nrow {row}: {values} is not among {words(known[row])}"
