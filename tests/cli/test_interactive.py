"""``--fix --interactive``: what is shown, what answers do, and that nothing is half written."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Ran, Run

CODE = "pool\nasync def f():\n  leak()  # 1\n  leak()  # 2\n  leak()  # 3\n"


@pytest.fixture
def ask(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Run ``check --fix --interactive`` at a terminal at which somebody answers."""
    for name in ("a.py", "b.py"):
        (project / name).write_text(CODE)

    def asked(answers: str, *arguments: str) -> Ran:
        stdin = io.StringIO(answers)
        stdin.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("NO_COLOR", "1")
        return run("check", "--fix", "--interactive", *arguments, "a.py", "b.py")

    return asked


def texts(project: Path) -> list[str]:
    found = []
    for name in ("a.py", "b.py"):
        rows = (project / name).read_text().splitlines()[2:]
        found.append("".join("x" if "await" in row else "." for row in rows))
    return found


SHOWN = """\
POL101 [*] `leak()` leaks
safe fix: Add `await`
--- a/a.py
+++ b/a.py
@@ -1,5 +1,5 @@
 pool
 async def f():
-  leak()  # 1
+  await leak()  # 1
   leak()  # 2
   leak()  # 3
Apply this fix? [y]es, [n]o, [a]ll that follow, [q]uit: \
"""


def test_what_is_shown(project: Path, ask) -> None:  # type: ignore[no-untyped-def]
    ran = ask("q\n")
    assert ran.out.startswith(SHOWN)
    assert ran.code == 1
    assert texts(project) == ["...", "..."]


@pytest.mark.parametrize(
    ("answers", "after", "code"),
    [
        ("y\nn\ny\nn\nn\nn\n", ["x.x", "..."], 1),
        ("y\nyes\nY\ny\ny\ny\n", ["xxx", "xxx"], 0),
        ("n\na\n", [".xx", "xxx"], 1),
        ("what?\n\ny\nq\n", ["x..", "..."], 1),
        ("y\n", ["x..", "..."], 1),  # the terminal is gone
        ("n\nn\nn\ny\nq\n", ["...", "x.."], 1),
    ],
)
def test_answers(project: Path, ask, answers: str, after: list[str], code: int) -> None:  # type: ignore[no-untyped-def]
    assert ask(answers).code == code
    assert texts(project) == after


def test_unsafe_fixes_are_shown_where_they_are_asked_for(project: Path, ask) -> None:  # type: ignore[no-untyped-def]
    (project / "a.py").write_text("pool\nasync def f():\n  drip()\n")
    (project / "b.py").write_text("")
    assert "Apply" not in ask("y\n").out
    assert "unsafe fix: Add `await`" in ask("y\n", "--unsafe-fixes").out
    assert (project / "a.py").read_text() == "pool\nasync def f():\n  await drip()\n"


def test_an_interrupt_leaves_the_file_as_it_was(project: Path, ask, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    answers = iter(["y\n"])

    def readline(_: object) -> str:
        for answer in answers:
            return answer
        raise KeyboardInterrupt

    monkeypatch.setattr("poolint.cli.asking.Asker._line", readline)
    assert ask("").code == 130
    assert texts(project) == ["...", "..."]
    assert sorted(os.listdir(project)) == ["a.py", "b.py"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--interactive", "--fix", "a.py"], "--interactive asks at a terminal, and there is none"),
        (["--interactive", "a.py"], "give it with --fix"),
        (["--interactive", "--fix", "--diff", "a.py"], "give it with --fix"),
        (["--interactive", "--fix", "-"], "standard input cannot be the code and the answers"),
    ],
)
def test_where_nobody_can_be_asked(project: Path, run: Run, arguments: list[str], said: str) -> None:
    (project / "a.py").write_text(CODE)
    ran = run("check", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert (project / "a.py").read_text() == CODE
