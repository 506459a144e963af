"""Broken inputs by the thousand, always the same ones for a seed: sources, settings, models and deployment files.

Each is one of the files of the tests and examples, changed in up to four places. Nothing may end in a traceback, in
POL900 or in another exit code than 0, 1 and 2, nothing may take longer than ten seconds of processor time, and what
`--fix --unsafe-fixes` makes of a source that Python parses must be one, too.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("source", "settings", "deployment")
SECONDS = 10
BATCH = 200
"""Inputs of one process: what one leaves behind may trip the next, as in a long run."""

TOKEN = re.compile(rb"\s+|\w+|[^\w\s]")
ODD = (
    b"\r", b"\r\n", b"\f", b"\0", b"\xef\xbb\xbf", b"\xff", b"\xc3\xa9", b"\xe2\x80\xa8", b"\t", b"\\", b"\\\n", b"\n\n",
    b'"""', b"'", b"#", b"# fmt: off", b"# noqa", b"# poolint: ignore[POL101]", b";", b":", b",", b"*", b"**", b"...",
    b"(", b"[", b"{", b")", b"]", b"}", b"lambda: ", b"await ", b"async ", b"yield ", b"with ", b"return ", b"match ",
    b"del ", b"global x", b"not ", b"if x else ", b":=", b"@", b"f'{", b"{{", b"}}", b"$", b"${", b"$(", b"`", b"|", b"&",
    b"<<: ", b"&a ", b"*a", b"- ", b"--- ", b"!!", b"%", b"0x", b"9" * 30, b"-1", b"true", b"null", b"~", b"../", b"/dev/",
)  # fmt: skip
REPEATS = (
    b"(",
    b"[",
    b"{",
    b"- ",
    b"a.",
    b"a: ",
    b"*a",
    b"-",
    b"not ",
    b"x\n",
    b" ",
    b"if x:\n",
    b"1+",
    b"$A",
    b"'",
    b"\\",
)

SETTINGS = {
    "pyproject.toml": b"""[project]
name = "shop"
scripts = { serve = "shop.app:main" }
[tool.poolint]
select = ["POL1", "nested-checkout"]
ignore = ["POL210"]
extend-select = ["ALL"]
exclude = ["gen/**/*.py", "*_pb2.py", "{a,b}[a-z].py"]
extend-exclude = ["migrations/"]
force-exclude = true
certainty = "possible"
models = ["models.toml"]
[tool.poolint.per-file-ignores]
"tests/*" = ["POL4"]
"!src/**" = ["ALL"]
[tool.poolint.nested-checkout]
allow = ["*.retry"]
[tool.poolint.budget]
max-connections = 200
surge = true
files = ["deploy/*.yaml"]
services.web = { processes = 4, engines = { engine = 20 } }
""",
    "models.toml": b"""[[classes]]
name = "acme.db.Pool"
kind = "pool"
mode = "async"
aliases = ["acme.Pool"]
bases = []
methods = [{ names = ["take"], call = "coroutine", role = "checkout", returns = "acme.db.Conn" }]
[[classes]]
name = "acme.db.Conn"
kind = "connection"
mode = "async"
bases = ["asyncpg.Connection"]
attributes = { pool = "acme.db.Pool" }
[[functions]]
name = "acme.billing.charge"
call = "coroutine"
role = "external"
effect = "http"
""",
    ".gitignore": b"*.log\n!keep.log\n/build/\n**/gen/**/x*.py\n[a-z]*.tmp\ndoc/*.txt\n\\#x\nfoo\\ \n",
}
SHOP = b"""import asyncpg
from acme.db import Pool
async def job(pool: Pool):
    conn = await pool.take()
    await conn.execute("select 1")
"""
DEPLOYMENT = {
    ".env": b"WORKERS=4\nexport NAME='x y' # note\nURL=${NAME:-postgresql://db/x}\n",
    "supervisord.conf": b'[program:web]\ncommand=gunicorn app:app -w %(ENV_WORKERS)s\nnumprocs=2\nenvironment=A="1",B=2\n',
    "start.sh": b"""#!/bin/sh
set -e
export N=$((2*4))
case "$1" in web) exec gunicorn -w ${N:-3} app:app ;; *) sh start.sh web;; esac
""",
    "Dockerfile": b"""FROM python:3.12 AS base
ARG N=3
ENV WORKERS=$N A=1 \\
    B="x y"
FROM base
ENTRYPOINT ["sh", "start.sh"]
CMD ["web"]
""",
    "k8s/app.yaml": b"""apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  strategy: {rollingUpdate: {maxSurge: 25%}}
  template:
    spec:
      containers:
        - name: web
          command: [uvicorn, "app:app", --workers, "$(N)"]
          env: [{name: N, value: "4"}, {name: U, valueFrom: {configMapKeyRef: {name: c, key: u}}}]
          envFrom: [{configMapRef: {name: c}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {u: postgresql://db, text: "max_connections = 50"}
""",
    "postgresql.conf": b"max_connections = 200\nsuperuser_reserved_connections = 5 # kept\n",
}


class Result(NamedTuple):
    """What came of one input; ``wrong`` is empty where nothing did."""

    number: int
    kind: str
    seconds: float
    wrong: str


class TooSlowError(BaseException):
    """The processor time of an input is used up. No handler of the tried program may take it for an error."""


class Inputs:
    """The inputs by their numbers. Each comes from its number and the seed alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        paths = [*sorted((ROOT / "tests" / "fixtures").glob("POL*/*.py")), *sorted((ROOT / "examples").rglob("*.py"))]
        self._sources = [path for path in paths if path.stat().st_size < 4_000]
        self._projects = sorted(path for path in (ROOT / "tests" / "fixtures" / "budget").iterdir() if path.is_dir())

    def of(self, number: int) -> tuple[str, dict[str, bytes]]:
        """The kind of an input, and its files."""
        chance = random.Random(f"{self._seed}/{number}")
        kind = KINDS[number % len(KINDS)]
        if kind == "source":
            data, other = (chance.choice(self._sources).read_bytes() for _ in range(2))
            return kind, {"app.py": self._changed(data, other, chance)}
        if kind == "settings":
            files = dict(SETTINGS)
            name = chance.choice([*files, "pyproject.toml"])
            files[name] = self._changed(files[name], files[chance.choice([*files])], chance)
            return kind, {
                **files,
                "app.py": SHOP,
                "gen/x/xy.py": SHOP,
                "b.log": b"",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaa.py": b"",
            }
        files = dict(DEPLOYMENT)
        project = chance.choice(self._projects)
        paths = [path for path in sorted(project.rglob("*")) if path.is_file()]
        files.update((path.relative_to(project).as_posix(), path.read_bytes()) for path in paths)
        names = [name for name in files if not name.endswith(".py") or "gunicorn" in name]
        for name in chance.sample(names, 3):
            files[name] = self._changed(files[name], files[chance.choice(names)], chance)
        return kind, files

    def _changed(self, data: bytes, other: bytes, chance: random.Random) -> bytes:
        for _ in range(chance.randint(1, 4)):
            data = _change(data, other, chance)
        return data


def _change(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """One change: of a token, of a line, of the whole."""
    tokens, lines = TOKEN.findall(data), data.splitlines(keepends=True)
    if not tokens:
        return other
    here, there = chance.randrange(len(tokens)), chance.randrange(len(tokens))
    row = chance.randrange(len(lines) + 1)
    kind = chance.randrange(16)
    if kind == 0:
        del tokens[here]
    elif kind == 1:
        tokens.insert(here, tokens[there])
    elif kind == 2:
        tokens[here], tokens[there] = tokens[there], tokens[here]
    elif kind == 3:
        tokens[here] = tokens[there]
    elif kind in (4, 5):
        tokens.insert(here, chance.choice(ODD))
    elif kind == 6:
        tokens.insert(here, chance.choice(REPEATS) * chance.choice((10, 100, 1000, 5000)))
    elif kind == 7:
        tokens[here] *= chance.choice((2, 50, 2000))
    elif kind == 8:
        return data[: chance.randrange(len(data) + 1)]
    elif kind == 9:
        cut = chance.randrange(len(other) + 1)
        return data[: chance.randrange(len(data) + 1)] + other[cut:]
    elif kind == 10:
        return b"".join([*lines[:row], *lines[row + 1 :]])
    elif kind == 11:
        return b"".join(
            [*lines[:row], *lines[row : row + chance.randint(1, 4)] * chance.choice((2, 3, 60)), *lines[row:]]
        )
    elif kind == 12:
        chance.shuffle(lines)
        return b"".join(lines)
    elif kind == 13:
        return data.replace(b"\n", chance.choice((b"\r", b"\r\n", b"\n\n", b"\\\n", b"\n\f")))
    elif kind == 14:
        step = chance.choice((b"    ", b"\t", b" "))
        return b"".join([*lines[:row], *(step + line for line in lines[row : row + 5]), *lines[row + 5 :]])
    else:
        return data.replace(tokens[here], tokens[there], chance.choice((1, 100)))
    return b"".join(tokens)


def tried(inputs: Inputs, number: int, folder: Path) -> Result:
    """Run poolint over one input, laid out in an empty folder."""
    kind, files = inputs.of(number)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    arguments = {
        "source": [
            "check",
            "--isolated",
            "--select=ALL",
            "--fix",
            "--unsafe-fixes",
            "--output-format=concise",
            "app.py",
        ],
        "settings": ["check", "."],
        "deployment": ["budget", "."],
    }[kind]
    before = time.process_time()
    wrong = _run(arguments, folder)
    seconds = time.process_time() - before
    if not wrong and kind == "source" and _parses(files["app.py"]) and not _parses((folder / "app.py").read_bytes()):
        wrong = "a fix broke the file"
    return Result(number, kind, seconds, wrong or ("too slow" if seconds > SECONDS else ""))


def _run(arguments: list[str], folder: Path) -> str:
    from poolint.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    here = os.getcwd()
    os.chdir(folder)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS * 1.5)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(arguments)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except TooSlowError:
        return "too slow"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        os.chdir(here)
    if code not in (0, 1, 2):
        return f"exit code {code}"
    text = out.getvalue() + err.getvalue()
    if "Traceback" in err.getvalue():
        return f"traceback: {err.getvalue().strip().splitlines()[-2]}"
    crash = re.search(r".*POL900.*", text)
    return crash[0] if crash is not None else ""


def _parses(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _stop(signum: int, frame: object) -> None:
    del signum, frame
    raise TooSlowError


def results(seed: int, numbers: range) -> Iterator[Result]:
    """Try these inputs one after the other in this process."""
    inputs = Inputs(seed)
    earlier = signal.signal(signal.SIGVTALRM, _stop)
    try:
        for number in numbers:
            folder = Path(tempfile.mkdtemp(prefix="poolint-fuzz-"))
            try:
                yield tried(inputs, number, folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        signal.signal(signal.SIGVTALRM, earlier)


def _work(seed: int, start: int, stop: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))
    for result in results(seed, range(start, stop)):
        print(json.dumps(result), flush=True)


def _batch(seed: int, start: int, stop: int) -> Iterator[Result]:
    """The results of a batch; of an input that ends its process, what that ended with, and then the rest."""
    while start < stop:
        command = [sys.executable, __file__, "--seed", str(seed), "--work", str(start), str(stop)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            yield Result(*json.loads(line))
            start += 1
        if start < stop:
            why = (done.stderr.strip().splitlines() or [""])[-1]
            yield Result(start, KINDS[start % len(KINDS)], 0.0, f"the process ended with {done.returncode}: {why}")
            start += 1


def main() -> int:
    """Try all inputs and say what came of them; the exit code is 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description="Tries poolint with broken inputs.")
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the inputs with which something was wrong")
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        _work(options.seed, *options.work)
        return 0
    count, wrong, slowest = 0, 0, Result(0, "", 0.0, "")
    last = options.first + options.count
    for start in range(options.first, last, BATCH):
        for result in _batch(options.seed, start, min(start + BATCH, last)):
            count += 1
            slowest = max(slowest, result, key=lambda one: one.seconds)
            if result.wrong:
                wrong += 1
                print(f"{result.kind} {result.number}: {result.wrong[:300]}", flush=True)
                if options.keep:
                    for name, data in Inputs(options.seed).of(result.number)[1].items():
                        path = options.keep / str(result.number) / name
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(data)
    print(f"{count} inputs, {wrong} wrong, slowest {slowest.seconds:.1f} s ({slowest.kind} {slowest.number})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
