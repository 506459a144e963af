"""Where values come from: each ``origin(x)`` says in a comment where the only way back from ``x`` ends, each ``sources(x)``
what all ways lead to; ``looped(x)`` asks for the origin behind a loop.

A source that holds until somebody outside says otherwise has a ``~`` behind it, with the name by which that is said; the
last of sources that may not be all is ``...``. A case is one module, or several that begin with ``--- name``.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from poolint.models.loader import load
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen
from poolint.syntax.project import Project
from poolint.types import following
from poolint.types.evaluator import Evaluator
from poolint.types.following import PASSAGES, Follower

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from poolint.syntax.scopes import Scope
    from poolint.types.following import Passage

LOOPS: frozenset[Passage] = frozenset(("for",))
ALL: frozenset[Passage] = frozenset(("import", "attribute", "member", "call"))

CASES = {
    "names": """
A = make()
B = A
B2 = B3 = B
origin(B)  # make()
origin(B2)  # make()
origin(unbound)  # unbound
sources(unbound)  # ...


def f(given):
    local = A
    local = B
    origin(local)  # make()
    origin(given)  # given
    sources(given)  # ...
    local = given
    origin(local)  # given
    for item in given:
        origin(item)  # item
        sources(item)  # ...
""",
    "a name on two ways": """
def f(flag):
    one = first()
    if flag:
        one = second()
        origin(one)  # second()
    origin(one)  # one
    sources(one)  # second(), first()
""",
    "a test of the type binds nothing": """
def f():
    one = make()
    if isinstance(one, str):
        origin(one)  # make()
        sources(one)  # make()
""",
    "None keeps the place of what functions bind": """
engine = None


def start():
    global engine
    engine = make()


def stop():
    global engine
    engine = None


def f():
    origin(engine)  # make()
    sources(engine)  # make()
""",
    "expressions": """
def f(flag):
    origin(first() if flag else second())  # first() if flag else second()
    sources(first() if flag else second())  # first(), second()
    origin((one := make()))  # make()
    origin(one)  # make()
    sources(one and make())  # ...
    sources(None or "b")  # None, 'b'
    sources(flag or "b")  # 'b'~, ...
    origin(1 + 1)  # 1 + 1


async def g():
    conn = await take()
    origin(conn)  # take()
    sources(conn)  # take()
""",
    "tuples, lists and dictionaries": """
first, second = make_one(), make_two()
start, *rest, end = make_one(), make_two(), make_three()
PAIR = (first, make_two())
TABLE = {"a": make_one(), "a": make_two(), **others}
LISTED = [make_one()]
origin(first)  # make_one()
origin(second)  # make_two()
origin(start)  # make_one()
origin(rest)  # rest
origin(end)  # end
origin(PAIR[0])  # make_one()
origin(PAIR[2])  # PAIR[2]
origin(TABLE["a"])  # TABLE['a']
sources(TABLE["a"])  # make_two(), ...
sources(TABLE["b"])  # ...
sources(TABLE[first])  # ...
sources(LISTED[0])  # make_one(), ...


def both():
    return make_one(), make_two()


one, other = both()
origin(other)  # make_two()
sources(one)  # make_one()
""",
    "attributes of objects": """
class Base:
    limit = 5
    engine = None

    def __init__(self, url):
        self.engine = make()
        self.url = url
        self.one, self.other = first(), second()
        self.pool = None

    def start(self):
        self.pool = make_pool()

    @property
    def same(self):
        return self.engine

    def method(self):
        origin(self.engine)  # make()
        origin(self.other)  # second()
        origin(self.pool)  # make_pool()
        origin(self.limit)  # 5
        origin(self.url)  # url
        origin(self.same)  # make()
        origin(self.method)  # self.method
        origin(self.nothing)  # self.nothing


class Derived(Base):
    def other_method(self):
        origin(self.engine)  # make()

        def inner():
            origin(self.pool)  # make_pool()


derived = Derived("")
origin(Base.limit)  # 5
origin(derived.limit)  # derived.limit
sources(derived.limit)  # 5
sources(derived.engine)  # make()
""",
    "settings": """
import os

from pydantic import Field, field_validator


class Settings:
    url: str = "sqlite://"
    size: int = compute()
    checked: str = "a"
    bare: str

    @field_validator("checked")
    def check(cls, value): ...


settings = Settings()
sources(settings.url)  # 'sqlite://'~url, ...
sources(settings.size)  # compute()~size, ...
sources(settings.checked)  # ...
sources(settings.bare)  # ...
sources(Settings.url)  # 'sqlite://'
origin(settings.url)  # settings.url
""",
    "settings that are checked as a whole": """
from pydantic import model_validator


class Settings:
    url: str = "sqlite://"
    size: str = "5"

    @model_validator(mode="after")
    def check(self):
        if self.url == "":
            raise ValueError
        self.size = "6"
        return self


class Others:
    url: str = "sqlite://"

    @model_validator(mode="before")
    def check(cls, values): ...


class Handed:
    url: str = "sqlite://"

    def model_post_init(self, context):
        complete(self)


settings, others, handed = Settings(), Others(), Handed()
sources(Settings().url)  # 'sqlite://'~url, ...
sources(Settings().size)  # '6'
sources(Others().url)  # ...
sources(Handed().url)  # ...
""",
    "what functions give": """
def plain():
    return make()


def either(flag):
    if flag:
        return None
    return make()


def same(value, default="x"):
    return value or default


def listed():
    yield make()


async def later():
    return plain()


def itself(value, count):
    return value if count else itself(value, count - 1)


async def f(**options):
    origin(plain())  # make()
    origin(either(True))  # either(True)
    origin(await later())  # make()
    origin(listed())  # make()
    sources(plain())  # make()
    sources(either(True))  # None, make()
    sources(same("a"))  # 'a', 'x'
    sources(same(default="y", value="z"))  # 'z', 'y'
    sources(same("a", **options))  # 'a', 'x'~default, ...
    sources(listed())  # ...
    sources(itself("a", 2))  # 'a', ...
    sources(await later())  # make()
""",
    "with": """
from contextlib import contextmanager


@contextmanager
def managed():
    conn = make()
    try:
        yield conn
    finally:
        conn.close()


with make() as one:
    origin(one)  # make()
    sources(one)  # ...
with managed() as two:
    origin(two)  # make()
""",
    "loops": """
async def f():
    for one in make():
        looped(one)  # make()
        origin(one)  # one
    async for two, three in make():
        looped(three)  # make()
""",
    "what a framework passes": """
from typing import Annotated

from fastapi import Depends


def engine():
    return make()


def pick(flag):
    return first() if flag else None


Engine = Annotated[object, Depends(engine)]


def route(one: Engine, two=Depends(engine), three="x", four=Depends(pick)):
    origin(one)  # make()
    origin(two)  # make()
    origin(three)  # three
    origin(four)  # first() if flag else None
    sources(three)  # 'x'~three, ...
""",
    "modules": """
--- package/__init__.py
--- package/settings.py
URL = "sqlite://"
TABLE = {"url": URL}
from package import settings
origin(settings.URL)  # 'sqlite://'
--- package/again.py
from package.settings import URL as ADDRESS
from package.settings import missing
from library import thing
--- package/starred.py
from package.again import *
--- module.py
from package import settings
from package.again import ADDRESS, missing, thing
from package import starred
from package.starred import *

origin(ADDRESS)  # 'sqlite://'
origin(starred.ADDRESS)  # 'sqlite://'
origin(settings.URL)  # 'sqlite://'
sources(settings.TABLE["url"])  # 'sqlite://', ...
origin(missing)  # missing
origin(thing)  # thing
sources(thing)  # ...
""",
    "a name behind a star": """
--- package/__init__.py
--- package/inner.py
URL = "sqlite://"
--- package/outer.py
from package.inner import *
from package.outer import *
--- module.py
from package.outer import *

origin(URL)  # 'sqlite://'
sources(URL)  # 'sqlite://'
origin(OTHER)  # OTHER
""",
    "what comes from itself": """
--- package/__init__.py
--- package/one.py
from package.other import x
y = x
--- package/other.py
from package.one import x
z = z
--- module.py
from package.one import x, y
from package.other import z

origin(x)  # x
origin(y)  # y
sources(x)  # ...
sources(z)  # ...


def f(value):
    url = "a"
    for _ in value:
        url = url if value else other
        other = url
    sources(url)  # 'a'
    origin(url)  # url
    sources(other or "b")  # 'a', 'b'
""",
    "a long way": "x0 = make()\n"
    + "".join(f"x{n + 1} = x{n}\n" for n in range(300))
    + """
origin(x99)  # make()
sources(x99)  # make()
origin(x300)  # x300
sources(x300)  # ...
""",
}


def project(text: str, root: Path) -> Evaluator:
    parts = re.split(r"^--- ", text, flags=re.MULTILINE)
    named = [part.partition("\n") for part in parts[1:]] or [("module.py", "", text)]
    for name, _, body in named:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(body, encoding="utf-8")
    finder = Finder(Ready().libraries)
    return Evaluator(Project(finder), load(), Screen(finder))


def answer(ev: Evaluator, call: ast.Call, scope: Scope) -> str:
    assert isinstance(call.func, ast.Name)
    if call.func.id in ("origin", "looped"):
        through = PASSAGES if call.func.id == "origin" else LOOPS
        return ast.unparse(following.origin(ev, call.args[0], scope, through).node)
    sources = Follower(ev, ALL).sources(call.args[0], scope)
    found = [ast.unparse(one.node) + ("" if one.given else f"~{one.name}") for one in sources.found]
    return ", ".join(found if sources.complete else [*found, "..."])


def asked(ev: Evaluator, root: Path) -> Iterator[tuple[ast.Call, Scope]]:
    for path in sorted(root.rglob("*.py")):
        module = ev.project.module(str(path))
        assert module is not None
        for scope in module.scope.descendants():
            for call in scope.calls:
                if isinstance(call.func, ast.Name) and call.func.id in ("origin", "sources", "looped"):
                    yield call, scope


@pytest.mark.parametrize("name", CASES)
def test_where_values_come_from(name: str, tmp_path: Path) -> None:
    ev = project(CASES[name], tmp_path)
    problems = []
    calls = list(asked(ev, tmp_path))
    for call, scope in calls:
        written, _, wanted = scope.module.source.lines[call.lineno - 1].strip().partition("  # ")
        found = answer(ev, call, scope)
        if found != wanted:
            problems.append(f"{written} is {found}, not {wanted}")
    assert calls
    assert not problems


@pytest.mark.parametrize("name", CASES)
def test_answers_do_not_depend_on_the_order_of_questions(name: str, tmp_path: Path) -> None:
    ev = project(CASES[name], tmp_path)
    forwards = [answer(ev, *one) for one in asked(ev, tmp_path)]
    ev = project(CASES[name], tmp_path)
    backwards = [answer(ev, *one) for one in reversed(list(asked(ev, tmp_path)))]
    assert forwards == backwards[::-1]
