"""What is followed from name to name, however long that takes, and what names each other in a circle."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from poolint.analyses.plain_data import Values
from poolint.analyses.statement_locks import lock_of
from poolint.models.loader import load
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen
from poolint.syntax.project import Project
from poolint.text.source import Source
from poolint.types.annotated import annotation
from poolint.types.evaluator import Evaluator
from poolint.types.unmodelled import path_to

if TYPE_CHECKING:
    from pathlib import Path

    from poolint.syntax.project import Module

LENGTH = 120
"""Steps of a chain; some of what is tested here has been cut at 4, 8 or 12."""


class Files:
    """Modules of one project, with an evaluator for them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        finder = Finder(Ready().libraries)
        self.evaluator = Evaluator(Project(finder), load(), Screen(finder))

    def module(self, text: str) -> Module:
        source = Source.from_bytes(str(self.root / "main.py"), text.encode())
        return self.evaluator.project.replace(source)

    def lock(self, text: str) -> str:
        """The kind of the lock that the last call of the function `f` takes."""
        scope = next(one for one in self.module(text).scope.children if one.name == "f")
        last = max(
            (one for one in scope.calls if ast.unparse(one.func) == "session.execute"), key=lambda one: one.lineno
        )
        found = lock_of(self.evaluator, last, scope)
        return "" if found is None else f"{found.kind} {found.table}".strip()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


STATEMENTS = "from sqlalchemy import select, text\nfrom sqlalchemy.orm import Session\nfrom tables import Order\n"


def test_a_statement_that_is_built_name_by_name(files: Files) -> None:
    steps = "".join(f"    q{number} = q{number - 1}.where({number})\n" for number in range(1, LENGTH))
    text = f"{STATEMENTS}def f(session: Session):\n    q0 = select(Order).with_for_update()\n{steps}"
    assert files.lock(f"{text}    session.execute(q{LENGTH - 1})\n") == "row-lock"


def test_a_statement_that_is_built_call_by_call(files: Files) -> None:
    text = (
        f"{STATEMENTS}class Item:\n    __tablename__ = 'items'\n"
        "def f(session: Session):\n"
        f"    session.execute(select(Item).with_for_update(){'.where(1)' * LENGTH})\n"
    )
    assert files.lock(text) == "row-lock items"


def test_statements_that_are_made_of_each_other(files: Files) -> None:
    text = (
        f"{STATEMENTS}def f(session: Session, more: int):\n"
        "    one = other = text('SELECT 1')\n"
        "    while more:\n"
        "        one = other.where(one)\n"
        "        other = one.where(other)\n"
        "    session.execute(one.where(other))\n"
    )
    assert files.lock(text) == ""
    circle = (
        f"{STATEMENTS}one = other.where(1)\nother = one.where(2)\ndef f(session: Session):\n    session.execute(one)\n"
    )
    assert files.lock(circle) == ""


def test_an_annotation_behind_many_imports(files: Files) -> None:
    for number in range(1, LENGTH):
        step = f"from step_{number - 1} import Db\n" if number % 2 else f"from step_{number - 1} import *\n"
        (files.root / f"step_{number}.py").write_text(step, "utf-8")
    (files.root / "step_0.py").write_text(
        "from typing import Annotated\nfrom sqlalchemy.orm import Session\nDb = Annotated[Session, 1]\n", "utf-8"
    )
    module = files.module(f"from step_{LENGTH - 1} import Db\ndef f(db: Db): ...\n")
    node = module.source.tree.body[1].args.args[0].annotation  # type: ignore[attr-defined]
    assert "Session" in repr(annotation(files.evaluator, node, module.scope))


def test_annotations_that_modules_import_from_each_other(files: Files) -> None:
    (files.root / "one.py").write_text("from other import Db\nfrom other import *\n", "utf-8")
    (files.root / "other.py").write_text("from one import Db\nfrom one import *\n", "utf-8")
    module = files.module("from one import Db, Other\ndef f(db: Db, other: Other): ...\n")
    for one in module.source.tree.body[1].args.args:  # type: ignore[attr-defined]
        assert "UNKNOWN" in repr(annotation(files.evaluator, one.annotation, module.scope)).upper()


def test_the_path_to_what_a_library_without_a_model_gives(files: Files) -> None:
    steps = "".join(f"    a{number} = a{number - 1}\n" for number in range(1, LENGTH))
    module = files.module(f"import acme\ndef f():\n    a0 = acme.Client()\n{steps}    a{LENGTH - 1}.charges.create()\n")
    scope = module.scope.children[0]
    call = module.source.tree.body[1].body[-1].value  # type: ignore[attr-defined]
    path = path_to(files.evaluator, call.func, scope)
    assert [one.name for one in path] == ["acme.Client", "charges", "create"]


def test_paths_that_lead_round_in_a_circle(files: Files) -> None:
    module = files.module(
        "def f(n):\n    a = b = None\n    while n:\n        a = b.x()\n        b = a.y()\n    a.create()\n"
    )
    call = module.source.tree.body[0].body[-1].value  # type: ignore[attr-defined]
    assert path_to(files.evaluator, call.func, module.scope.children[0]) == ()


def test_plain_data_behind_many_names_and_in_many_wrappings(files: Files) -> None:
    steps = "".join(f"    a{number} = [a{number - 1}]\n" for number in range(1, LENGTH))
    module = files.module(f"def f(other):\n    a0 = [1]\n{steps}    b = a1\n    b = [c]\n    c = (b, other)\n")
    values = Values(files.evaluator, module.scope.children[0])
    assert values.is_plain_name(f"a{LENGTH - 1}")
    assert not values.is_plain_name("b")
    assert not values.is_plain_name("c")
    nested = ast.parse(f"{'[' * 60}a1{']' * 60}", mode="eval").body
    assert values.is_plain(nested)
    added = ast.parse(" + ".join(["a1"] * LENGTH), mode="eval").body
    assert values.is_plain(added)
    assert not values.is_plain(ast.parse(" + ".join(["a1"] * LENGTH + ["other"]), mode="eval").body)


CLASSES = """
from dataclasses import dataclass
from unknown import Base

@dataclass
class One:
    other: "Other"
    third: "Third"

@dataclass
class Other:
    one: One

@dataclass
class Third:
    base: Base

@dataclass
class Left:
    right: "Right"

@dataclass
class Right:
    left: Left

def f(one: One, other: Other, left: Left, right: Right):
    return one.x, other.x, left.x, right.x
"""


@pytest.mark.parametrize("first", ["one", "other"])
def test_classes_that_name_each_other_in_whatever_order_they_are_asked_for(first: str, files: Files) -> None:
    module = files.module(CLASSES)
    values = Values(files.evaluator, next(one for one in module.scope.children if one.name == "f"))
    second = "other" if first == "one" else "one"
    assert [values.is_plain_name(name) for name in (first, second, "left", "right")] == [False, False, True, True]
