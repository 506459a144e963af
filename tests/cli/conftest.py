"""A checker that knows one trick, so that the command line is tested apart from the rules.

It looks at files that say ``pool``. A row ``leak()`` is a finding whose safe fix puts ``await`` before it, one with
``drip()`` has an unsafe fix; ``maybe()`` is merely possible, ``crash()`` crashes it and ``deep()`` exhausts its stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from poolint.cli.main import main
from poolint.diagnostics import Applicability, Certainty, Diagnostic, Edit, Fix, Position, Range, Step

if TYPE_CHECKING:
    from poolint.config import Settings
    from poolint.rules.base import Rule
    from poolint.text.source import Source

CALLS = {
    "leak": ("POL101", "unawaited-release", Certainty.CERTAIN, Applicability.SAFE),
    "drip": ("POL102", "unawaited-transaction", Certainty.CERTAIN, Applicability.UNSAFE),
    "maybe": ("POL201", "checkout-never-released", Certainty.POSSIBLE, None),
}


class Checker:
    def __init__(self, settings: Settings, rules: Mapping[str, type[Rule]]) -> None:
        self.settings = settings
        self.rules = rules

    def is_interesting(self, path: str, data: bytes) -> bool:
        assert Path(path).is_absolute()
        return b"pool" in data

    @property
    def warnings(self) -> list[str]:
        return []

    def seen(self, source: Source) -> None:
        del source

    is_full = False
    most = 0

    def expect(self, paths: Callable[[], Iterable[str]]) -> None:
        pass

    def rest(self) -> None:
        raise AssertionError("it is never full")

    def judged(self, source: Source) -> tuple[list[Diagnostic], list[Diagnostic]]:
        from poolint.selection import enabled

        meta = [
            SimpleNamespace(meta=SimpleNamespace(code=c, name=n, default=True, preview=False))
            for c, n, *_ in CALLS.values()
        ]
        codes = enabled(self.settings, cast("list[type[Rule]]", meta))
        source.tree
        if "deep()" in source.text:
            raise RecursionError
        if "crash()" in source.text:
            raise ValueError("it\nbroke")
        found = []
        for row, line in enumerate(source.lines, 1):
            for match in re.finditer(r"(?<!await )\b(leak|drip|maybe)\(\)", line):
                code, name, certainty, applicability = CALLS[match[1]]
                start = Position(row, match.start() + 1)
                place = Range(start, Position(row, match.end() + 1))
                step = Step("opened here", source.path, Range(Position(1, 1), Position(1, 5)))
                fix = (
                    Fix(applicability, "Add `await`", (Edit(Range(start, start), "await "),)) if applicability else None
                )
                finding = Diagnostic(
                    code,
                    name,
                    f"`{match[0]}` leaks",
                    source.path,
                    place,
                    certainty=certainty,
                    path=(step,),
                    fix=fix,
                    statement_end_row=row,
                )
                if code in codes:
                    found.append(finding)
        return found, []


class EntryPoint:
    """As importlib.metadata gives them, for rules that are not even there."""

    def __init__(self, code: str) -> None:
        self.name = code
        self.value = f"rules:{code}"
        described = SimpleNamespace(get_all=lambda _: None)
        self.dist = SimpleNamespace(name="poolint", version="0.1.0", metadata=described)

    def load(self) -> None:
        raise ImportError(f"no module for {self.name}")


@dataclass
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with the checker from above in place of the engine."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "POOLINT_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("poolint.runner._engine", lambda: Checker)
    monkeypatch.setattr("poolint.rules.registry._points", lambda: [EntryPoint(code) for code, *_ in CALLS.values()])
    return tmp_path


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """``run("check", "a.py")``: the exit code and what was written."""

    def call(*arguments: str) -> Ran:
        capsys.readouterr()
        try:
            code = main(list(arguments))
        except SystemExit as exit:
            assert isinstance(exit.code, int)
            code = exit.code
        written = capsys.readouterr()
        return Ran(code, written.out, written.err)

    del project
    return call
