"""Many processes find what one finds, in the same order; what ends a process ends no run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from poolint.config import ConfigError, Resolver
from poolint.diagnostics import Applicability, Diagnostic, Edit, Fix, Position, Range, Step
from poolint.outcome import FileResult
from poolint.runner import Runner
from poolint.text.source import Source
from poolint.workers import PAYS, number_of
from poolint.workers.crew import parts
from poolint.workers.plain import dumped, plain, restored

if TYPE_CHECKING:
    from pathlib import Path

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and names of POSIX")

SHARED = """
import sys
import poolint.workers
poolint.workers.PAYS = 1
method = sys.argv.pop(1)
poolint.workers.can_fork = lambda: method == "fork"
{more}
from poolint.cli.main import run
if __name__ == "__main__":
    run()
"""

ENGINE = """
import asyncpg
from {package}.{helper} import send
{imports}

async def pay(pool: asyncpg.Pool) -> None:
    conn = await pool.acquire()
    await conn.fetchval("SELECT {number}")
    await send()
    await pool.release(conn){comment}


async def quiet(pool: asyncpg.Pool) -> None:
    conn = await pool.acquire()  # poolint: ignore[POL202,POL203,POL210]
    await conn.execute("SELECT {number}")
    await pool.release(conn)
"""

HELPER = """
import httpx
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://localhost/db")


async def send() -> None:
    async with httpx.AsyncClient() as client:
        await client.get("https://example.org")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Packages that use each other, suppressions, what cannot be parsed, settings that cannot be used, odd names."""
    for name in ("one", "two", "three"):
        package = tmp_path / name
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "helper.py").write_text(HELPER)
        for number in range(4):
            other = {"one": "two", "two": "three", "three": "one"}[name]
            text = ENGINE.format(
                package=other if number % 2 else name,
                helper="helper",
                imports="from one.helper import engine" if number == 2 else "",
                number=number,
                comment="  # poolint: ignore[POL999]" if number == 3 else "",
            )
            (package / f"shop{number}.py").write_text(text)
    (tmp_path / "two" / "broken.py").write_text("import asyncpg\nasyncpg.connect(\n")
    (tmp_path / "two" / "latin.py").write_bytes(b"import asyncpg\nx = '\xe4'\n")
    (tmp_path / "two" / "plain.py").write_text("x = 1  # poolint: ignore[POL202]\n")
    (tmp_path / "pyproject.toml").write_text('[tool.poolint]\nextend-select = ["POL2", "POL4", "POL5"]\n')
    for name, table in (
        ("bad", 'select = ["POL2O1"]'),
        ("idle", "select = []"),
        ("worse", "[tool.poolint.pool-too-small]\nx = 1"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "pyproject.toml").write_text(f"[tool.poolint]\n{table}\n")
        (folder / "shop.py").write_text(ENGINE.format(package="one", helper="helper", imports="", number=1, comment=""))
    if sys.platform != "win32":
        for number, name in enumerate((b"b\xff.py", b"a\nb.py", "ä \u2028.py".encode(), b"'\"$x.py")):
            path = os.path.join(os.fsencode(tmp_path), b"three", name)
            with open(path, "wb") as file:
                text = ENGINE.format(package="one", helper="helper", imports="", number=number, comment="")
                file.write(text.encode())
    return tmp_path


def check(
    folder: Path, *arguments: str, method: str = "fork", more: str = "", timeout: int = 120
) -> subprocess.CompletedProcess[bytes]:
    """A run in which more than one process always pays."""
    script = folder.parent / "shared.py"
    script.write_text(SHARED.format(more=more))
    return subprocess.run(
        [sys.executable, str(script), method, "check", "--no-cache", *arguments],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=timeout,
        env={**os.environ, "COLUMNS": "80"},
    )


@pytest.mark.parametrize("output", ["full", "concise", "json"])
def test_findings_do_not_depend_on_the_number_of_processes(project: Path, output: str) -> None:
    ran = [check(project, "-j", str(number), f"--output-format={output}", ".") for number in (1, 2, 3)]
    assert ran[0].stdout.count(b"POL202") > 10
    assert b"POL901" in ran[0].stdout
    assert b"POL904" in ran[0].stdout
    assert ran[0].stderr.count(b"error:") == 2
    for one in ran[1:]:
        assert (one.returncode, one.stdout, one.stderr) == (ran[0].returncode, ran[0].stdout, ran[0].stderr)


def test_processes_that_are_started_anew_find_the_same(project: Path) -> None:
    options = ("--ignore=POL5", "--certainty=possible", ".")
    one, two = check(project, "-j1", *options), check(project, "-j2", *options, method="spawn")
    assert one.stdout.count(b"POL202") > 10
    assert (two.returncode, two.stdout, two.stderr) == (one.returncode, one.stdout, one.stderr)


def test_merged_parts_are_the_whole(project: Path) -> None:
    for folder in ("bad", "worse"):
        (project / folder / "pyproject.toml").unlink()
    whole = check(project, "-j1", "--output-format=json", ".")
    for index in (1, 2):
        part = check(project, f"--shard={index}/2", "--output-format=json", ".")
        assert 0 < len(json.loads(part.stdout)) < len(json.loads(whole.stdout))
        (project / f"{index}.json").write_bytes(part.stdout)
    (project / "0.json").write_bytes(whole.stdout)
    for output in ("full", "json"):
        merged = [
            subprocess.run(
                [sys.executable, "-m", "poolint", "merge", f"--output-format={output}", *parts],
                cwd=project,
                capture_output=True,
                check=False,
            )
            for parts in (["0.json"], ["1.json", "2.json"])
        ]
        assert merged[0].stdout == merged[1].stdout
        assert [(one.returncode, one.stderr) for one in merged] == [(1, b"")] * 2
    assert json.loads(merged[1].stdout) == json.loads(whole.stdout)


COUNT = """
import os
from poolint.workers.crew import Crew
hire = Crew._hire
def counted(self, part):
    os.write(2, b"hired\\n")
    return hire(self, part)
Crew._hire = counted
"""


def test_it_is_shared_at_all(project: Path) -> None:
    """The other tests would pass as well if no process was ever started."""
    assert check(project, "-j3", ".", more=COUNT).stderr.count(b"hired\n") == 3
    for arguments in (("-j1",), ("-j3", "--fix"), ("-j3", "--diff")):
        assert b"hired" not in check(project, *arguments, ".", more=COUNT).stderr
    assert b"hired" not in check(project, "-j3", "one/shop1.py", more=COUNT).stderr


RENEWED = """
from poolint.workers import work
poolint.workers._is_large = lambda sizes: True
poolint.workers.MOST = poolint.workers.LEAST = 1
work._WORTH = 10**9
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not say how much memory a process has")
@pytest.mark.parametrize("number", ["1", "2"])
def test_in_large_trees_a_process_that_knows_much_is_followed_by_another_one(project: Path, number: str) -> None:
    expected = check(project, "-j1", ".")
    ran = check(project, f"-j{number}", ".", more=COUNT + RENEWED)
    assert ran.stderr.count(b"hired\n") > 5
    assert (ran.returncode, ran.stdout) == (expected.returncode, expected.stdout)
    assert ran.stderr.replace(b"hired\n", b"") == expected.stderr


def test_few_files_load_nothing_for_processes(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("import asyncpg\n")
    more = """
import os
loaded = os._exit
os._exit = lambda code: (print({"multiprocessing", "json", "tqdm"} & set(sys.modules)), sys.stdout.flush(), loaded(code))
poolint.workers.PAYS = 500_000
"""
    ran = check(tmp_path, "-j2", "--quiet", "--select=POL101", ".", more=more)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"set()\n", b"")


# What goes wrong

KILLED = """
import os, signal
from poolint.runner import Runner
check_file = Runner.check_file
parent = os.getpid()
def killed(self, path):
    if path.endswith("shop1.py") and os.getpid() != parent and {condition}:
        {act}
    return check_file(self, path)
Runner.check_file = killed
"""


def once(flag: Path) -> str:
    return f"not os.path.exists({str(flag)!r}) and not os.close(os.open({str(flag)!r}, os.O_CREAT))"


@POSIX
@pytest.mark.parametrize(
    ("act", "how"),
    [("os.kill(os.getpid(), signal.SIGKILL)", "was ended by SIGKILL"), ("os._exit(7)", "ended with the code 7")],
)
def test_what_a_process_was_at_is_done_again(project: Path, tmp_path: Path, act: str, how: str) -> None:
    expected = check(project, "-j1", ".")
    more = KILLED.format(condition=once(tmp_path.parent / f"{tmp_path.name}.flag"), act=act)
    ran = check(project, "-j2", ".", more=more)
    assert (ran.returncode, ran.stdout) == (expected.returncode, expected.stdout)
    said = [line for line in ran.stderr.decode().splitlines() if how in line]
    assert len(said) == 1
    assert said[0].startswith("poolint: warning: ")
    assert "shop1.py: a process" in said[0]


@POSIX
def test_a_file_that_no_process_survives_is_named(project: Path) -> None:
    expected = check(project, "-j1", "--output-format=json", ".")
    more = KILLED.format(condition="True", act="os.kill(os.getpid(), signal.SIGSEGV)")
    ran = check(project, "-j2", "--output-format=json", ".", more=more)
    assert ran.returncode == 2
    found = json.loads(ran.stdout)
    lost = [one for one in found if one["code"] == "POL900"]
    assert {os.path.basename(one["filename"]) for one in lost} == {"shop1.py"}
    assert len(lost) == 3
    assert "SIGSEGV" in lost[0]["message"]
    rest = [one for one in json.loads(expected.stdout) if os.path.basename(one["filename"]) != "shop1.py"]
    assert [one for one in found if one["code"] != "POL900"] == rest


def test_no_process_can_be_started(project: Path) -> None:
    more = "from poolint.workers.crew import Crew\nCrew._hire = lambda self, part: bool(self._queues.append(part))\n"
    one, two = check(project, "-j1", "."), check(project, "-j2", ".", more=more)
    assert (two.returncode, two.stdout, two.stderr) == (one.returncode, one.stdout, one.stderr)


SLOW = """
import os, time
from poolint.runner import Runner
parent = os.getpid()
check_file = Runner.check_file
def slow(self, path):
    if os.getpid() != parent:
        os.write(1, f"{{os.getpid()}}\\n".encode())
        time.sleep(60 if {is_long} else 1)
    return check_file(self, path)
Runner.check_file = slow
"""


def started(project: Path, *, is_long: bool) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A run in a process group of its own, and its workers, which are in the midst of their work."""
    script = project.parent / "shared.py"
    script.write_text(SHARED.format(more=SLOW.format(is_long=is_long)))
    running = subprocess.Popen(
        [sys.executable, str(script), "fork", "check", "-j2", "."],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Whoever runs the tests in the background has interrupts ignored, and so would this process.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert running.stdout is not None
    return running, [int(running.stdout.readline()) for _ in range(2)]


def is_alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def all_gone(processes: list[int]) -> bool:
    for _ in range(300):
        if not any(map(is_alive, processes)):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_an_interrupt_ends_all_processes(project: Path) -> None:
    running, workers = started(project, is_long=True)
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (130, b"")
    assert all_gone(workers)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_no_worker_outlives_its_parent(project: Path) -> None:
    running, workers = started(project, is_long=False)
    running.kill()
    running.communicate(timeout=30)
    assert all_gone(workers)


# The parts


def test_what_goes_through_the_pipe_comes_out_the_same() -> None:
    place = Range(Position(1, 2), Position(1, 5))
    result = FileResult()
    result.crashed = True
    result.source = Source.from_bytes("a\udcff.py", b"# coding: latin-1\nx = '\xe4'\r\n")
    fix = Fix(Applicability.UNSAFE, "Add", (Edit(place, "await "),), "f", ("POL201",))
    step = Step("half \ud83d", "a\udcff.py", place)
    result.diagnostics = [Diagnostic("POL201", "n", "m\udc80", "a\udcff.py", place, path=(step,), fix=fix, url="u")]
    back = restored("a\udcff.py", json.loads(dumped(plain(result))))
    assert isinstance(back, FileResult)
    assert back.diagnostics == result.diagnostics
    assert back.crashed
    assert back.source is not None
    assert (back.source.path, back.source.data) == (result.source.path, result.source.data)
    refused = restored("a.py", json.loads(dumped(plain(ConfigError("no such rule")))))
    assert isinstance(refused, ConfigError)
    assert str(refused) == "no such rule"


def test_a_process_more_has_to_pay() -> None:
    assert number_of(8, []) == 1
    assert number_of(8, [PAYS, PAYS - 1]) == 1
    assert number_of(8, [PAYS, PAYS]) == 2
    assert number_of(8, [100 * PAYS]) == 1
    assert number_of(8, [PAYS] * 100) == 8


def test_parts_keep_neighbours_together() -> None:
    weights = dict.fromkeys(range(10), 1)
    assert parts(weights, 2) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert parts({0: 1, 3: 1, 4: 8, 9: 10}, 2) == [[0, 3, 4], [9]]
    assert sorted(map(len, parts({5: 1}, 3))) == [0, 0, 1]
    uneven = {index: index**3 + 1 for index in range(30)}
    found = parts(uneven, 3)
    assert [index for part in found for index in part] == list(uneven)
    assert max(sum(uneven[index] for index in part) for part in found) < sum(uneven.values()) * 0.45


@pytest.mark.parametrize(
    ("size", "processes", "most"),
    [(11_000_000, 8, 8_000_000), (13_000_000, 2, 8_000_000), (13_000_000, 4, 4_000_000), (13_000_000, 8, 2_000_000)],
)
def test_what_may_be_kept_parsed_is_shared_in_large_trees(tmp_path: Path, size: int, processes: int, most: int) -> None:
    (tmp_path / "a.py").touch()
    os.truncate(tmp_path / "a.py", size)
    resolver = Resolver(str(tmp_path))
    runner = Runner(resolver)
    before = runner.checker(resolver.for_directory(str(tmp_path)))
    assert before.most == 8_000_000
    runner.divide(processes, [str(tmp_path / "a.py")], [])
    assert before.most == most
