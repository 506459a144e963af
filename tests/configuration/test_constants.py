"""What values are: small projects, and what their ``VALUE`` may be.

The answer is written as the alternatives, in order; ``?`` behind one says that it holds only until something from outside
says otherwise, ``…`` that only its beginning is known, and a last ``or more`` that there may be others.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from poolint.configuration.constants import Folder
from poolint.models.loader import load
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen
from poolint.syntax.project import Project
from poolint.text.source import Source
from poolint.types.evaluator import Evaluator

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMS = r"""
=== a literal: 'postgresql://h/d'
VALUE = "postgresql://h/d"
=== a constant of the module: 5
SIZE = 5
VALUE = SIZE
=== a constant of another module: 'postgresql+asyncpg://h/d'
from settings import URL
VALUE = URL
--- settings.py
URL = "postgresql+asyncpg://h/d"
=== a constant behind two imports: 7
import package
VALUE = package.SIZE
--- package/__init__.py
from .numbers import SIZE
--- package/numbers.py
SIZE = 3 + 4
=== an f-string with an unknown part: 'postgresql+asyncpg://' …
import os
VALUE = f"postgresql+asyncpg://{os.environ['USER']}@h/d"
=== an f-string with known parts: 'postgresql+asyncpg://h/d'
HOST = "h"
VALUE = f"postgresql+asyncpg://{HOST}/d"
=== a sum: 'sqlite:///' …
def value(path):
    VALUE = "sqlite:///" + path
    return VALUE
=== %-format: 'mysql://' …
VALUE = "mysql://%s:%s@h/d" % (1, 2)
=== format: 'mysql+pymysql://' …
VALUE = "mysql+pymysql://{user}@h/d".format(user="u")
=== a default of the environment: 'sqlite://' ? or more
import os
VALUE = os.getenv("DATABASE_URL", "sqlite://")
=== a default of the environment converted: 5 ? or more
import os
VALUE = int(os.environ.get("POOL_SIZE", "5"))
=== the environment or a literal: 'sqlite://' ? or more
import os
VALUE = os.environ.get("DATABASE_URL") or "sqlite://"
=== the environment alone: or more
import os
VALUE = os.environ["DATABASE_URL"]
=== a field of settings: 3 ? or more
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    pool_size: int = 3
settings = Settings()
VALUE = settings.pool_size
=== a field with Field: 'postgresql://h/d' ? or more
from pydantic import Field
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    url: str = Field(default="postgresql://h/d", alias="DB")
settings = Settings()
VALUE = settings.url
=== a field with a factory: 4 ? or more
from dataclasses import dataclass, field
@dataclass
class Config:
    size: int = field(default_factory=lambda: 4)
VALUE = Config().size
=== settings by a cached function: 9 ? or more
from functools import lru_cache
class Settings:
    size: int = 9
@lru_cache
def get_settings() -> Settings:
    return Settings()
VALUE = get_settings().size
=== a property of settings: 'postgresql+asyncpg://' …
class Settings:
    host: str
    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://{self.host}/d"
settings = Settings()
VALUE = settings.url
=== a class attribute: 5
class Config:
    SIZE = 5
VALUE = Config.SIZE
=== an attribute of self: 6
class Store:
    def __init__(self):
        self.size = 6
    def go(self):
        VALUE = self.size
=== a parameter with a default: 5 ? or more
def make(size=5):
    VALUE = size
=== a parameter without one: or more
def make(size):
    VALUE = size
=== a choice: 1 or 2
import sys
VALUE = 1 if sys.argv else 2
=== two branches: 2 or 1
def make(test):
    if test:
        size = 1
    else:
        size = 2
    VALUE = size
=== a branch that is overwritten: 3
def make(test):
    size = 1
    size = 3
    VALUE = size
=== what a function returns: 'sqlite+aiosqlite://'
def url():
    return "sqlite+aiosqlite://"
VALUE = url()
=== what a function returns for what it is passed: 'postgresql+psycopg2://h' …
ASYNC = "asyncpg"
SYNC = "psycopg2"
def url(host, *, driver=ASYNC):
    return f"postgresql+{driver}://{host}"
VALUE = url("h" + input(), driver=SYNC)
=== what a function returns by default: 'postgresql+asyncpg://h'
def url(host, driver="asyncpg"):
    return f"postgresql+{driver}://{host}"
VALUE = url("h")
=== what a method returns: 'mysql+aiomysql://h'
class Urls:
    def of(self, driver):
        return "mysql+" + driver + "://h"
VALUE = Urls().of("aiomysql")
=== passed on and on: 'sqlite://a'
def inner(path):
    return f"sqlite://{path}"
def outer(path):
    return inner(path)
VALUE = outer("a")
=== passed in a way that cannot be seen: 'sqlite://' … or 'sqlite://b'
def inner(path="b"):
    return f"sqlite://{path}"
VALUE = inner(**dict(path="c"))
=== a function that calls itself: or more
def loop(text):
    return loop(text + "x")
VALUE = loop("a")
=== a scheme that is replaced: 'postgresql+asyncpg://h/d'
URL = "postgresql://h/d"
VALUE = URL.replace("postgresql://", "postgresql+asyncpg://")
=== a scheme that is replaced in what is unknown: 'postgresql+asyncpg://' … ? or more
import os
VALUE = os.environ["URL"].replace("postgres://", "postgresql+asyncpg://")
=== URL.create: 'postgresql+asyncpg://' …
from sqlalchemy import URL
VALUE = URL.create("postgresql+asyncpg", host="h")
=== URL.create by name: 'mysql+aiomysql://' …
from sqlalchemy.engine import URL
VALUE = URL.create(host="h", drivername="mysql+aiomysql")
=== make_url and set: 'postgresql+asyncpg://' …
from sqlalchemy import make_url
VALUE = make_url("postgresql://h/d").set(drivername="postgresql+asyncpg")
=== a URL of pydantic: 'postgresql+asyncpg://' …
from pydantic import PostgresDsn
VALUE = str(PostgresDsn.build(scheme="postgresql+asyncpg", host="h"))
=== a secret: 'sqlite://' ? or more
from pydantic import SecretStr
class Settings:
    url: SecretStr = SecretStr("sqlite://")
settings = Settings()
VALUE = settings.url.get_secret_value()
=== an item of a dictionary: 'sqlite://' or more
CONFIG = {"url": "sqlite://", "size": 3}
VALUE = CONFIG["url"]
=== itself: or more
VALUE = VALUE + 1
=== each other: or more
def one():
    return two()
def two():
    return one()
VALUE = one()
=== a negative number: -1
VALUE = -1
=== added to: or more
def make(path):
    url = "sqlite://"
    url += path
    VALUE = url
=== rebound in a function: 'a' or 'b'
url = "a"
def change():
    global url
    url = "b"
def use():
    VALUE = url
"""


def programs() -> dict[str, tuple[dict[str, str], str]]:
    found = {}
    for part in re.split(r"^=== ", PROGRAMS, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        title, _, expected = head.partition(": ")
        main, *others = re.split(r"^--- ", body, flags=re.MULTILINE)
        files = {"main.py": main}
        for other in others:
            name, _, text = other.partition("\n")
            files[name] = text
        found[title] = (files, expected)
    return found


ALL = programs()


IN_CIRCLES = """
a = b + "x"
b = c + a
c = "c" if a else b.strip()
DEEP0 = "d"
""" + "".join(f"DEEP{n + 1} = DEEP{n} + 'd'\n" for n in range(12))


def test_values_do_not_depend_on_which_was_asked_for_first(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(IN_CIRCLES, encoding="utf-8")
    finder = Finder(Ready().libraries)
    evaluator = Evaluator(Project(finder), load(), Screen(finder))
    module = evaluator.project.module(str(tmp_path / "main.py"))
    assert module is not None
    values = [one.value for found in module.scope.bindings.values() for one in found if one.value is not None]
    alone = [Folder(evaluator).fold(one, module.scope) for one in values]
    folder = Folder(evaluator)
    assert [folder.fold(one, module.scope) for one in values] == alone
    folder = Folder(evaluator)
    assert [folder.fold(one, module.scope) for one in reversed(values)] == alone[::-1]


@pytest.mark.parametrize("title", ALL)
def test_values(title: str, tmp_path: Path) -> None:
    files, expected = ALL[title]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    finder = Finder(Ready().libraries)
    project = Project(finder)
    evaluator = Evaluator(project, load(), Screen(finder))
    module = project.replace(Source.read(str(tmp_path / "main.py")))
    [(value, scope)] = [
        (binding.value, scope)
        for scope in module.scope.descendants()
        for binding in scope.bindings.get("VALUE", ())
        if isinstance(binding.value, ast.expr)
    ]
    folded = Folder(evaluator).fold(value, scope)
    words = [f"{one.value!r}{'' if one.whole else ' …'}{'' if one.given else ' ?'}" for one in folded.known]
    text = " or ".join(words) + ("" if folded.complete else " or more")
    assert text.strip() == expected
