"""What functions return that call each other: the same whatever is asked first, along chains of any length."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

import pytest
from tests.types.test_types import shown

from poolint.flow.summaries import MAX_RISES
from poolint.models.loader import load
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen
from poolint.syntax.project import Project
from poolint.types import annotated
from poolint.types.cycles import widened
from poolint.types.evaluator import Evaluator
from poolint.types.values import NOTHING, UNKNOWN, LibraryName, Pending, TupleOf, Type, union

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from poolint.syntax.scopes import Scope

HEAD = "from sqlalchemy.orm import Session\nfrom sqlalchemy.ext.asyncio import AsyncSession\n"


def told(
    root: Path, files: Mapping[str, str], order: Callable[[list[int]], list[int]], most: int = 10**6
) -> dict[int, str]:
    """What the expressions of a project are, by their numbers, asked for in an order of one's own by an evaluator that
    knows nothing yet."""
    finder = Finder(Ready().libraries)
    ev = Evaluator(Project(finder), load(), Screen(finder))
    asked: list[tuple[ast.expr, Scope]] = []
    for name, text in files.items():
        path = root / name
        if not path.exists():
            path.write_text(HEAD + text, "utf-8")
    for name in files:
        module = ev.project.module(str(root / name))
        assert module is not None
        for scope in module.scope.descendants():
            asked += [(one, scope) for one in (*scope.calls, *scope.returns)]
    found = {}
    for number in order(list(range(len(asked))))[:most]:
        found[number] = shown(ev.type_of(*asked[number]))
        assert ev.is_idle
    return found


LENGTH = 2_000


@pytest.mark.parametrize("closed", [False, True], ids=["chain", "ring"])
def test_a_chain_of_thousands_of_functions_has_an_answer(closed: bool, tmp_path: Path) -> None:
    last = "step_0(n) or Session()" if closed else "Session()"
    functions = [
        f"def step_{i}(n):\n    return {last if i == LENGTH - 1 else f'step_{i + 1}(n)'}\n" for i in range(LENGTH)
    ]
    chain = {"chain.py": "".join(functions)}
    deep = sys.getrecursionlimit()
    whole = told(tmp_path, chain, lambda numbers: numbers)
    assert set(whole.values()) == ({"?", "Session"} if closed else {"Session"})
    assert told(tmp_path, chain, lambda numbers: numbers[::-1]) == whole
    for first in (0, LENGTH // 2, LENGTH):
        one = told(tmp_path, chain, lambda numbers, first=first: numbers[first:], most=3)
        assert one == {number: whole[number] for number in one}
    assert sys.getrecursionlimit() == deep


def made_up(seed: int) -> dict[str, str]:
    """Functions, methods, attributes and variables of two modules that are made of each other."""
    chance = random.Random(seed)
    size = chance.randint(2, 9)

    def value(layers: int = 2) -> str:
        kind = chance.randrange(14 if layers else 7)
        other = chance.randrange(size)
        inner = value(layers - 1) if layers else ""
        return [
            "Session()",
            "AsyncSession()",
            f"f{other}()",
            f"f{other}()",
            f"Box().m{other}()",
            f"Box().a{other}",
            f"v{other}",
            f"f{other}() if flag else {inner}",
            f"{inner} or f{other}()",
            f"[{inner}]",
            f"{inner}[0]",
            f"({inner}, f{other}())",
            f"{inner}.begin()",
            f"next(iter({inner}))",
        ][kind]

    def function(name: str, indent: str, argument: str = "") -> str:
        rows = [f"{indent}{'async ' * (chance.random() < 0.2)}def {name}({argument}):"]
        if chance.random() < 0.3:
            rows += [f"{indent}    one = {value()}", f"{indent}    for _ in range(9): one = {value()} or one"]
            rows += [f"{indent}    if one: return one"]
        if chance.random() < 0.2:
            rows += [f"{indent}    yield {value()}"]
        rows += [f"{indent}    return {value()}"] * chance.randint(1, 2)
        return "\n".join(rows)

    half = chance.randrange(size + 1)
    first = [function(f"f{i}", "") for i in range(half)]
    second = [function(f"f{i}", "") for i in range(half, size)]
    box = ["class Box:", "    def __init__(self):"]
    box += [f"        self.a{i} = {value()}" for i in range(size)]
    box += [function(f"m{i}", "    ", "self") for i in range(size)]
    variables = [f"v{i} = {value()}" for i in range(size)]
    return {
        "one.py": "\n".join(["from two import *", *first, *variables, ""]),
        "two.py": "\n".join(["from one import *", *box, *second, ""]),
    }


@pytest.mark.parametrize("group", range(6))
def test_answers_do_not_depend_on_what_was_asked_first(
    group: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    for seed in range(group * 4, group * 4 + 4):
        root = tmp_path / str(seed)
        root.mkdir()
        files = made_up(seed)
        whole = told(root, files, lambda numbers: numbers)
        chance = random.Random(seed)
        assert told(root, files, lambda numbers: numbers[::-1]) == whole, seed
        for _ in range(3):
            again = told(root, files, lambda numbers, chance=chance: chance.sample(numbers, len(numbers)))
            assert again == whole, seed
        for first in range(0, len(whole), 5):
            one = told(root, files, lambda numbers, first=first: numbers[first:], most=1)
            assert one[first] == whole[first], (seed, first)


def test_a_type_that_grows_for_ever_comes_to_an_end() -> None:
    one = UNKNOWN
    seen = []
    while one not in seen:
        seen.append(one)
        one = widened(one, Pending("iterable", item=TupleOf((one, NOTHING))))
    assert len(seen) < 6
    assert shown(one).startswith("iterable")


def test_a_name_that_grows_for_ever_comes_to_an_end() -> None:
    one = UNKNOWN
    last, seen = LibraryName("kombu.ensure_bytes"), list[Type]()
    while one not in seen:
        seen.append(one)
        one, last = widened(one, last), LibraryName(f"{last.name}.__func__")
    assert len(seen) < MAX_RISES


def test_a_type_of_few_parts_that_stand_in_many_is_widened_at_once() -> None:
    def grown(levels: int, one: Type) -> Type:
        for _ in range(levels):  # gone over part by part these would be 3 ** 200
            one = union([Pending("iterable", item=one), TupleOf((one, one))])
        return one

    assert len(repr(widened(grown(200, NOTHING), Pending("iterable", item=grown(200, UNKNOWN))))) < 10_000


def test_quoted_aliases_of_each_other_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aliases = "".join(
        f'Part{i}: TypeAlias = "dict[str, Part{(i + 1) % 30} | list[Part{(i + 7) % 30}] | Session]"\n'
        for i in range(30)
    )
    use = 'def use(part: "Part0"):\n    return part["x"].get()\n'
    text = f"from typing import TypeAlias\n{aliases}\n{use}"
    texts: list[str] = []
    parsed = annotated._parsed

    def counting(node: ast.Constant) -> ast.expr | None:
        texts.append(str(node.value))
        return parsed(node)

    monkeypatch.setattr(annotated, "_parsed", counting)
    told(tmp_path, {"parts.py": text}, lambda order: order)
    assert "Part0" in texts
    assert len(texts) == len(set(texts)) <= 31, "each text once, however often its value is asked for"
