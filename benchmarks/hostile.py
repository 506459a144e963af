"""Check files that were made to break poolint: each within a bound of processor time, of memory, and with no traceback.

``python benchmarks/hostile.py [NAME …]`` writes each shape into a folder of its own, checks it as one process, and
prints the seconds of processor time and the peak of memory. Ends with 1 where a shape took more than ``SECONDS`` or
``MEGABYTES``, or where poolint crashed or said so (POL900).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hostile_text import TEXTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 10.0
MEGABYTES = 1_000
CEILING = 60
"""Seconds of processor time after which a process is ended, to measure how far off it is."""

SYNC = (
    "from sqlalchemy import create_engine, text\n"
    "from sqlalchemy.orm import Session\n"
    "engine = create_engine('postgresql:///x')\n\n"
)
ASYNC = (
    "import asyncio, httpx\n"
    "from sqlalchemy import text\n"
    "from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine\n"
    "engine = create_async_engine('postgresql+asyncpg:///x')\n\n"
)


class Ran(NamedTuple):
    """What came of one process. ``megabytes`` is its largest resident size."""

    seconds: float
    megabytes: float
    codes: dict[str, int]
    is_broken: bool


def rows(count: int, *templates: str) -> str:
    """Each template in turn, ``count`` times, with ``{i}`` the number of the turn and ``{n}`` that of the next one."""
    return "".join(one.replace("{i}", str(i)).replace("{n}", str(i + 1)) for i in range(count) for one in templates)


def shape(make: Callable[[], str]) -> Callable[[], dict[str, str]]:
    """One file as a project."""
    return lambda: {"app.py": make()}


def chain(count: int, head: str, define: str, wait: str, kind: str) -> str:
    """Functions that each hand the session on to the next one."""
    calls = rows(count, f"{define} f{{i}}(s: {kind}):\n    {wait}f{{n}}(s)\n")
    return f"{head}{calls}{define} f{count}(s: {kind}):\n    {wait}s.execute(text('x'))\n"


def leaking(count: int) -> str:
    return SYNC + rows(count, "def f{i}(a):\n    c = engine.connect()\n    c.execute(text('x'))\n    c.close()\n")


def body(text: str, head: str = SYNC, define: str = "def f(a, s: Session):") -> str:
    """Rows of a function."""
    return head + define + "\n" + "".join(f"    {row}\n" for row in text.splitlines())


def within(opening: str, closing: str, depth: int, core: str = "engine.connect()") -> str:
    return SYNC + "x = " + opening * depth + core + closing * depth + "\n"


def cycle(count: int) -> dict[str, str]:
    """Modules that each import all names of the next one, the last those of the first."""
    module = "from m{} import *\nfrom m{} import f as g\n"
    text = "from sqlalchemy.orm import Session\ndef f(s: Session):\n    s.execute('x')\n    g(s)\n"
    return {f"m{i}.py": module.replace("{}", str((i + 1) % count)) + text for i in range(count)}


def fan(count: int) -> dict[str, str]:
    """Modules that are all imported by one, and one that all import."""
    found = {f"m{i}.py": f"import base\nclass C{i}(base.Base):\n    pass\n" for i in range(count)}
    found["base.py"] = (
        SYNC + "class Base:\n    def close(self): pass\n    def go(self):\n        self.c = engine.connect()\n"
    )
    found["all.py"] = rows(count, "from m{i} import C{i}\n") + "import base\n" + rows(count, "C{i}().go()\n")
    return found


SHAPES: dict[str, Callable[[], dict[str, str]]] = {
    "large file": shape(lambda: "x = 1\n" * 3_000_000),
    "large import": lambda: {
        "app.py": SYNC + "from data import x\ndef f():\n    c = engine.connect()\n    x(c)\n",
        "data.py": SYNC + "x = 1\n" * 3_000_000,
    },
    "hex literal": shape(lambda: SYNC + f"x = 0x{'ab' * 25_000}\n"),
    "long hex literal": shape(lambda: SYNC + f"x = 0x{'ab' * 50_000}\n"),
    "string literal": shape(lambda: SYNC + f"x = '{'ab' * 25_000}'\n"),
    "long string literal": shape(lambda: SYNC + f"x = '{'ab' * 50_000}'\n"),
    "long name": shape(lambda: SYNC + f"{'ab' * 50_000} = 1\n"),
    "ignore comments": shape(lambda: SYNC + "x = 1  " + "# poolint: ignore[" * 8_000 + "\n"),
    "ignore comments and a finding": shape(
        lambda: SYNC + "def f():\n    c = engine.connect()  " + "# poolint: ignore[" * 8_000 + "\n    c.close(1)\n"
    ),
    "chain of calls": shape(lambda: chain(8_000, SYNC, "def", "", "Session")),
    "chain of coroutines": shape(lambda: chain(8_000, ASYNC, "async def", "await ", "AsyncSession")),
    "chain from a blocking call": shape(lambda: chain(8_000, SYNC, "async def", "await ", "Session")),
    "chain backwards": shape(
        lambda: SYNC
        + "def f0(s: Session):\n    s.execute(text('x'))\n"
        + rows(8_000, "def f{n}(s: Session):\n    f{i}(s)\n")
    ),
    "chain of returns": shape(
        lambda: SYNC + rows(8_000, "def f{i}():\n    return f{n}()\n") + "def f8000():\n    return engine.connect()\n"
        "def g():\n    c = f0()\n    c.execute(text('x'))\n    c.close()\n"
    ),
    "chain of names": shape(lambda: SYNC + "x0 = engine\n" + rows(8_000, "x{n} = x{i}\n") + "c = x8000.connect()\n"),
    "chain of classes": shape(
        lambda: SYNC
        + "class C0:\n    def __init__(self):\n        self.c = engine.connect()\n"
        + rows(5_000, "class C{n}(C{i}):\n    pass\n")
        + "def f():\n    C5000().c.execute(text('x'))\n"
    ),
    "all call all": shape(
        lambda: ASYNC
        + "".join(
            f"async def f{i}(s: AsyncSession):\n" + "".join(f"    await f{j}(s)\n" for j in range(120))
            for i in range(120)
        )
    ),
    "leaking functions": shape(lambda: leaking(10_000)),
    "leaking coroutines": shape(
        lambda: ASYNC
        + rows(8_000, "async def f{i}(a):\n    c = await engine.connect()\n    await httpx.get('x')\n    await c.close()\n")
    ),
    "statements on a line": shape(lambda: SYNC + "def f(a):\n    c = engine.connect()\n    " + "a.b(c); " * 5_000 + "\n"),
    "statements on a line of a module": shape(lambda: SYNC + "c = engine.connect(); " + "c.execute(text('x')); " * 5_000),
    "checkouts on a line": shape(
        lambda: SYNC + "def f(a):\n    " + rows(2_500, "c{i} = engine.connect(); c{i}.close(); ") + "\n"
    ),
    "blocks in a row": shape(lambda: body(rows(5_000, "with engine.connect() as c:\n    c.execute(text('x'))\n"))),
    "awaited blocks in a row": shape(
        lambda: body(
            rows(5_000, "async with engine.connect() as c:\n    await c.execute(text('x'))\n"), ASYNC, "async def f():"
        )
    ),
    "blocks of other things": shape(
        lambda: body("c = engine.connect()\n" + rows(5_000, "with a as x:\n    x(c)\n") + "c.close()\n")
    ),
    "blocks of a module": shape(lambda: SYNC + rows(5_000, "with engine.connect() as c:\n    c.execute(text('x'))\n")),
    "items of a block": shape(
        lambda: body("with " + ", ".join(f"a.b({i}) as x{i}" for i in range(5_000)) + ":\n    s.execute(text('x'))\n")
    ),
    "guarded blocks": shape(
        lambda: body(
            "c = engine.connect()\n" + rows(5_000, "try:\n    c.execute(a)\nexcept ValueError:\n    a()\n") + "c.close()\n"
        )
    ),
    "guarded checkouts": shape(
        lambda: body(
            rows(
                3_000, "try:\n    c{i} = engine.connect()\n    c{i}.execute(a)\nfinally:\n    c{i}.close()\n"
            )
        )
    ),
    "arms": shape(
        lambda: body(
            "c = engine.connect()\nif a == 0:\n    pass\n"
            + rows(3_000, "elif a == {n}:\n    c.execute(text('{i}'))\n")
            + "c.close()\n"
        )
    ),
    "cases": shape(
        lambda: body(
            "c = engine.connect()\nmatch a:\n" + rows(5_000, "    case {i}:\n        c.execute(text('{i}'))\n") + "c.close()\n"
        )
    ),
    "methods": shape(
        lambda: SYNC
        + "class C:\n    def __init__(self):\n        self.c = engine.connect()\n"
        + rows(5_000, "    def m{i}(self):\n        self.c.execute(text('x'))\n        self.m{n}()\n")
    ),
    "attributes": shape(
        lambda: SYNC
        + "class C:\n    def __init__(self):\n"
        + rows(5_000, "        self.c{i} = engine.connect()\n")
        + "    def close(self):\n"
        + rows(5_000, "        self.c{i}.close()\n")
    ),
    "awaits": shape(
        lambda: body(
            "c = await engine.connect()\n" + rows(5_000, "await a.b(c)\n") + "await c.close()\n", ASYNC, "async def f(a):"
        )
    ),
    "requests while held": shape(
        lambda: body(
            "async with engine.begin() as c:\n" + rows(5_000, "    await c.execute(a)\n    await httpx.AsyncClient().get(a)\n"),
            ASYNC,
            "async def f(a):",
        )
    ),
    "reassignments": shape(lambda: body("c = engine.connect()\n" + rows(5_000, "c = c or engine.connect()\n"))),
    "aliases": shape(lambda: body("c0 = engine.connect()\n" + rows(5_000, "c{n} = c{i}\n") + "c5000.close()\n")),
    "list": shape(lambda: SYNC + "x = [" + "engine.connect(), " * 10_000 + "]\n"),
    "dictionary": shape(lambda: SYNC + "x = {" + rows(10_000, "'k{i}': {'pool_size': {i}}, ") + "}\n"),
    "arguments": shape(lambda: body("a(" + rows(5_000, "k{i}=engine.connect(), ") + ")\n")),
    "parameters": shape(lambda: SYNC + "def f(" + rows(5_000, "a{i}: Session, ") + "):\n    a0.execute(text('x'))\n"),
    "nested calls": shape(lambda: within("f(", ")", 90)),
    "deeply nested calls": shape(lambda: within("f(", ")", 2_000)),
    "nested lists": shape(lambda: within("[", "]", 150)),
    "sum": shape(lambda: SYNC + "x = " + "engine.connect() + " * 5_000 + "1\n"),
    "long sum": shape(lambda: body("c = engine.connect()\nx = " + "a + " * 50_000 + "1\nc.close()\n")),
    "concatenation": shape(lambda: SYNC + "x = " + "'a' 'b' " * 20_000 + "\n"),
    "conjunction": shape(lambda: body("c = engine.connect()\nx = " + "a and " * 5_000 + "c.close()\n")),
    "comparison": shape(lambda: body("c = engine.connect()\nx = " + "a < " * 5_000 + "1\nc.close()\n")),
    "attribute chain": shape(lambda: body("c = engine.connect()\nc" + ".a" * 5_000 + "()\nc.close()\n")),
    "call chain": shape(lambda: body("x = engine" + ".connect()" * 900 + "\nx.close()\n")),
    "long call chain": shape(lambda: body("x = engine" + ".connect()" * 5_000 + "\nx.close()\n")),
    "subscripts": shape(lambda: body("c = engine.connect()\nc" + "[0]" * 5_000 + "()\nc.close()\n")),
    "negations": shape(lambda: body("c = engine.connect()\nx = " + "not " * 900 + "c.close()\n")),
    "conditions": shape(lambda: body("x = " + "engine.connect() if a else " * 900 + "None\n")),
    "lambdas": shape(lambda: SYNC + "x = " + "lambda: " * 500 + "engine.connect()\n"),
    "comprehensions": shape(lambda: SYNC + rows(5_000, "x{i} = [engine.connect() for a in range({i})]\n")),
    "decorators": shape(lambda: SYNC + rows(5_000, "@d{i}\n") + "def f(s: Session):\n    s.execute(text('x'))\n"),
    "imports": shape(lambda: SYNC + rows(5_000, "import a{i}.b{i}\nfrom c{i} import d{i}\n") + "c = engine.connect()\n"),
    "imports of one package": shape(
        lambda: rows(5_000, "import sqlalchemy.x{i}\n") + "c = sqlalchemy.create_engine('x').connect()\n"
    ),
    "cycle of imports": lambda: cycle(500),
    "fan of imports": lambda: fan(1_000),
    "subclasses": shape(
        lambda: SYNC
        + "class B:\n    def __init__(self):\n        self.c = engine.connect()\n    def close(self):\n        self.c.close()\n"
        + rows(1_000, "class C{i}(B):\n    def m(self):\n        self.c.execute(text('x'))\n")
        + "def f(b: B):\n    b.m()\n"
    ),
    "nested functions": shape(
        lambda: SYNC + "".join(f"{' ' * i}def f{i}(s: Session):\n" for i in range(95)) + " " * 95 + "s.execute(text('x'))\n"
    ),
    "nested blocks": shape(
        lambda: body("".join(f"{' ' * i}with engine.connect() as c{i}:\n" for i in range(19)) + " " * 19 + "c1.execute(a)\n")
    ),
    "loops": shape(
        lambda: body("c = engine.connect()\n" + "".join(f"{' ' * i}for a in c:\n" for i in range(19)) + " " * 19 + "c.x(a)\n")
    ),
    "loops in a row": shape(
        lambda: body("c = engine.connect()\n" + rows(5_000, "for x in a:\n    c.execute(x)\n") + "c.close()\n")
    ),
    "yields": shape(
        lambda: body("c = engine.connect()\n" + rows(5_000, "yield c\n") + "c.close()\n")
    ),
    "returns": shape(
        lambda: body("c = engine.connect()\n" + rows(5_000, "if a == {i}:\n    return c.execute(text('x'))\n") + "c.close()\n")
    ),
    "globals": shape(lambda: SYNC + rows(5_000, "def f{i}():\n    global c\n    c = engine.connect()\n")),
    "engines": shape(lambda: SYNC + rows(5_000, "e{i} = create_engine('postgresql:///x', pool_size={i})\n")),
    "annotations": shape(lambda: SYNC + "def f(a: " + "dict[str, " * 90 + "Session" + "]" * 90 + "):\n    a.execute(1)\n"),
    "annotation strings": shape(lambda: SYNC + rows(5_000, "def f{i}(a: 'Session | None'):\n    a.execute(text('x'))\n")),
    "blank rows": shape(lambda: SYNC + "\n" * 1_000_000 + "c = engine.connect()\n"),
    "backslashes": shape(lambda: SYNC + "x = 1 + \\\n" * 1 + "\\\n" * 100_000 + "1\n"),
    "brackets": shape(lambda: SYNC + "x = " + "(" * 100_000),
    "quotes": shape(lambda: SYNC + "'''" * 40_001),
    "indents": shape(lambda: SYNC + "".join(f"{' ' * i}if x:\n" for i in range(99)) + " " * 99 + "c = engine.connect()\n"),
    "semicolons": shape(lambda: SYNC + "x = 1" + ";x = 1" * 100_000 + "\n"),
    "colons": shape(lambda: SYNC + "x = {" + "'a':" * 1 + "1}\n" + "import a" + ", a" * 50_000 + "\n"),
    "dots": shape(lambda: SYNC + "import a" + ".a" * 50_000 + "\n"),
    "from imports": shape(lambda: "from sqlalchemy import (" + rows(20_000, "a{i}, ") + "create_engine)\n" + "a1.connect()\n"),
}  # fmt: skip
SHAPES.update((name, {"app.py": text}.copy) for name, text in TEXTS.items())


def run(files: dict[str, str], ceiling: int = CEILING) -> Ran:
    """Check a project in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text)
        command = [
            sys.executable,
            "-m",
            "poolint",
            "check",
            "--isolated",
            "--exit-zero",
            "--output-format=concise",
            ".",
        ]
        with tempfile.TemporaryFile() as told:
            process = subprocess.Popen(
                command, cwd=folder, stdout=told, stderr=told, preexec_fn=lambda: _bounded(ceiling)
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            told.seek(0)
            text = told.read().decode("utf-8", "replace")
        codes: dict[str, int] = {}
        for word in _codes(text):
            codes[word] = codes.get(word, 0) + 1
        megabytes = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1_000_000
        broken = process.returncode != 0 or "Traceback" in text or "POL900" in codes
        return Ran(used.ru_utime + used.ru_stime, megabytes, codes, broken)


def _bounded(ceiling: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (ceiling, ceiling + 5))
    resource.setrlimit(resource.RLIMIT_AS, (6_000_000_000, 6_000_000_000))


def _codes(text: str) -> Iterator[str]:
    for line in text.splitlines():
        _, _, rest = line.partition(": ")
        word = rest.partition(" ")[0]
        if word.startswith("POL"):
            yield word


def main(wanted: list[str]) -> int:
    """Measure the shapes whose names contain one of ``wanted``, or all; returns the exit code."""
    failed = 0
    for name, make in SHAPES.items():
        if wanted and not any(word in name for word in wanted):
            continue
        ran = run(make())
        is_over = ran.is_broken or ran.seconds > SECONDS or ran.megabytes > MEGABYTES
        failed += is_over
        codes = " ".join(f"{code}×{count}" for code, count in sorted(ran.codes.items()))
        print(
            f"{'OVER' if is_over else 'ok':4} {ran.seconds:7.2f} s {ran.megabytes:7.0f} MB  {name}: {codes or '-'}"
            + (" (broken)" if ran.is_broken else ""),
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
