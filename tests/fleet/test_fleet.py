"""A fleet of repositories: each is checked, whatever ends a process meanwhile, and what is done is not done again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from poolint.cli.main import main
from poolint.config import ConfigError
from poolint.fleet import engines
from poolint.fleet.driver import drive
from poolint.fleet.plan import Repository, repositories
from poolint.fleet.results import Results, State, signature
from poolint.fleet.task import Task, examine

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

LEAK = """
import asyncpg


async def f(pool: asyncpg.Pool) -> None:
    conn = await pool.acquire()
    await conn.execute("SELECT 1")
"""

STUB = """
import os, sys, time
with open("began.log", "a") as log:
    log.write(f"{os.getpid()} {os.getppid()}\\n")
name = os.path.basename(os.getcwd())
BODY
print("[]")
"""
"""A check that says when it began, in a file that changes no signature before the next run."""


@pytest.fixture
def fleet(tmp_path: Path) -> list[Repository]:
    for name in ("api", "jobs", "mail"):
        (tmp_path / "src" / name).mkdir(parents=True)
        (tmp_path / "src" / name / "app.py").write_text(LEAK if name == "jobs" else "x = 1\n")
    return repositories([str(tmp_path / "src" / name) for name in ("api", "jobs", "mail")])


def stub(tmp_path: Path, body: str) -> tuple[str, ...]:
    (tmp_path / "stub.py").write_text(STUB.replace("BODY", body))
    return (sys.executable, str(tmp_path / "stub.py"))


def began(repository: Repository) -> list[list[int]]:
    """The process and its parent, for each time that a check of the repository was begun."""
    try:
        text = Path(repository.path, "began.log").read_text()
    except OSError:
        return []
    return [[int(one) for one in line.split()] for line in text.splitlines()]


def test_each_repository_is_checked_and_kept(
    fleet: list[Repository], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["fleet", *(one.path for one in fleet), "--output-dir", str(out), "--jobs=2"]
    assert main(arguments) == 1
    ran = capsys.readouterr()
    rows = [line.split() for line in ran.out.splitlines()]
    assert [row[0] for row in rows[1:-1]] == ["api", "jobs", "mail"]
    assert [row[1] for row in rows[1:-1]] == ["0", "1", "0"]
    assert ran.out.endswith("3 repositories, 1 findings, 0 not checked\n")
    assert sorted(ran.err.replace(":", "").split()[::5]) == ["api", "jobs", "mail"]
    (found,) = json.loads((out / "findings" / "jobs.json").read_bytes())
    assert found["code"] == "POL201"
    assert found["filename"] == os.path.join(fleet[1].path, "app.py")
    assert main(["merge", "--output-format=concise", *map(str, (out / "findings").iterdir())]) == 1
    assert capsys.readouterr().out.count("POL201") == 1

    assert main(arguments) == 1
    assert capsys.readouterr().err.count("(done before)") == 3
    Path(fleet[1].path, "app.py").write_text("y = 2\n")
    assert main(arguments) == 0
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in said if "(done before)" not in line] == ["jobs"]


def test_results_may_be_kept_in_a_repository(fleet: list[Repository]) -> None:
    results = Results(os.path.join(fleet[0].path, "found"))
    told: list[bool] = []
    for _ in range(2):
        drive(fleet[:1], results, engines.local(1), 60, lambda _name, _state, was_done: told.append(was_done))
    assert told == [False, True]


def test_what_is_kept_is_not_believed_blindly(fleet: list[Repository], tmp_path: Path) -> None:
    results, (one, *_) = Results(str(tmp_path / "out")), fleet
    command = stub(tmp_path, "")
    states = drive([one], results, engines.local(1), 60, command=command)
    looks = signature(one.path)
    assert states["api"].failure == ""
    assert results.done(one, looks) is None, "the check has left a file there"
    drive([one], results, engines.local(1), 60, command=(sys.executable, "-c", "print('[]')"))
    assert results.done(one, looks) is not None
    assert results.done(one._replace(path="/elsewhere"), looks) is None
    state, findings = tmp_path / "out" / "states" / "api.json", tmp_path / "out" / "findings" / "api.json"
    for file, bad in ((state, b"{"), (state, b""), (findings, b"[1]"), (findings, None)):
        before = file.read_bytes()
        file.unlink() if bad is None else file.write_bytes(bad)
        assert results.done(one, looks) is None
        file.write_bytes(before)
    assert results.done(one, looks) is not None


@POSIX
def test_a_check_that_is_killed_is_begun_again(fleet: list[Repository], tmp_path: Path) -> None:
    body = "if name == 'jobs' and not os.path.exists('flag'):\n    open('flag', 'w').close(); os.kill(os.getpid(), 9)"
    states = drive(fleet, Results(str(tmp_path / "out")), engines.local(2), 60, command=stub(tmp_path, body))
    assert [(name, state.code, state.failure) for name, state in states.items()] == [
        ("api", 0, ""),
        ("jobs", 0, ""),
        ("mail", 0, ""),
    ]
    assert [len(began(one)) for one in fleet] == [1, 2, 1]


@POSIX
def test_failures_are_told_and_tried_again_the_next_time(fleet: list[Repository], tmp_path: Path) -> None:
    body = (
        "if name == 'api': os.kill(os.getpid(), 9)\n"
        "if name == 'jobs': time.sleep(60)\n"
        "if name == 'mail': print('no such rule', file=sys.stderr); sys.exit(2)\n"
    )
    results = Results(str(tmp_path / "out"))
    states = drive(fleet, results, engines.local(3), 1.5, command=stub(tmp_path, body))
    assert [state.failure for state in states.values()] == [
        "its process was ended by the signal 9",
        "it took more than 1.5 s",
        "no such rule",
    ]
    states = drive(fleet, results, engines.local(3), 60, command=stub(tmp_path, ""))
    assert [state.failure for state in states.values()] == [""] * 3


def test_what_cannot_be_checked(tmp_path: Path) -> None:
    gone = examine(Task("gone", str(tmp_path / "gone"), 10))
    assert (gone.code, gone.findings, gone.failure) == (2, b"", "cannot be checked: No such file or directory")
    garbled = examine(Task("garbled", str(tmp_path), 10, (sys.executable, "-c", "print('{')")))
    state = drive_one(tmp_path, Repository("garbled", str(tmp_path)), garbled.findings)
    assert state.failure == "what it has written is no JSON"
    assert (tmp_path / "out" / "findings" / "garbled.json").read_bytes() == b"[]\n"


def drive_one(tmp_path: Path, repository: Repository, findings: bytes) -> State:
    command = (sys.executable, "-c", f"import sys; sys.stdout.buffer.write({findings!r})")
    return drive([repository], Results(str(tmp_path / "out")), engines.local(1), 60, command=command)[repository.name]


DRIVER = """
import sys
from poolint.fleet import engines
from poolint.fleet.driver import drive
from poolint.fleet.plan import repositories
from poolint.fleet.results import Results
drive(repositories(sys.argv[3:]), Results(sys.argv[1]), engines.local(1), 60,
      tell=lambda name, state, was_done: print(name, was_done, flush=True), command=(sys.executable, sys.argv[2]))
"""


@POSIX
def test_a_driver_that_is_killed_loses_nothing(fleet: list[Repository], tmp_path: Path) -> None:
    """The second repository hangs until the driver is gone: what came of the first is there, and is left as it is."""
    (tmp_path / "stub.py").write_text("import os, time\nif 'jobs' in os.getcwd(): time.sleep(5)\nprint('[]')\n")
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "out"), str(tmp_path / "stub.py")]
    command += [one.path for one in fleet]
    running = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"api False\n"
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=30)
    assert os.listdir(tmp_path / "out" / "findings") == ["api.json"]
    (tmp_path / "stub.py").write_text("print('[]')\n")
    again = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert again.stdout.splitlines() == [b"api True", b"jobs False", b"mail False"]
    assert again.returncode == 0


@POSIX
def test_ray_loses_nothing_with_a_worker(fleet: list[Repository], tmp_path: Path) -> None:
    """On a real cluster of this machine: the worker at one of the repositories is killed in the midst of its work."""
    pytest.importorskip("ray")
    body = "if name == 'jobs' and not os.path.exists('flag'): time.sleep(60)"
    killed: list[int] = []

    def kill() -> None:
        (jobs,) = (one for one in fleet if one.name == "jobs")
        while not began(jobs):
            time.sleep(0.05)
        Path(jobs.path, "flag").touch()
        child, worker = began(jobs)[0]
        killed.append(worker)
        os.kill(worker, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    results = Results(str(tmp_path / "out"))
    states = drive(fleet, results, engines.ray(None, 2), 120, command=stub(tmp_path, body))
    killer.join(10)
    assert killed
    assert killed[0] != os.getpid()
    assert {name: (state.code, state.failure) for name, state in states.items()} == dict.fromkeys(states, (0, ""))
    jobs = began(fleet[1])
    assert len(jobs) == 2
    assert jobs[0][1] != jobs[1][1], "another worker has done it"


def test_ray_is_asked_for_where_it_is_not(
    fleet: list[Repository], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["fleet", fleet[0].path, "--output-dir", str(tmp_path / "out"), "--ray"]) == 2
    assert capsys.readouterr().err == "poolint: error: --ray: Ray is not installed; pip install 'poolint[fleet]'\n"


# Which repositories


def test_repositories_have_names(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text('[repositories]\nshop = "src/shop"\nmail-2 = "/srv/mail"\n')
    found = repositories([str(tmp_path / "fleet.toml"), str(tmp_path / "other"), str(tmp_path / "other")])
    assert found == [
        Repository("shop", str(tmp_path / "src" / "shop")),
        Repository("mail-2", os.path.abspath("/srv/mail")),
        Repository("other", str(tmp_path / "other")),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[repositories", "fleet.toml:1: broken TOML"),
        ("x = 1", "it has to hold one table"),
        ("[repositories]\na = 'b'\n[more]\n", "it has to hold one table"),
        ("[repositories]\na = 1\n", "'a' has to be the path of a folder"),
        ("[repositories]\n'../a' = 'b'\n", "'../a' cannot be the name of a repository"),
        ("[repositories]\n'.a' = 'b'\n", "'.a' cannot be the name"),
        ("[repositories]\n'' = 'b'\n", "'' cannot be the name"),
        ("[repositories]\na = 'b'\nA = 'c'\n", "give both a name in a TOML file"),
    ],
)
def test_fleets_that_there_are_not(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "fleet.toml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        repositories([str(tmp_path / "fleet.toml")])
    assert why in str(raised.value)
