"""What the pytest plugin does where it is asked for: each test ends with as many connections out as it began with.

A connection belongs to the test, or to the fixture of a wider scope, in which it was checked out, and is missed when that
has been torn down. Workers of pytest-xdist watch for themselves; what is told at the end comes together in the controller.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from poolint.integrations.pytest import MARK
from poolint.integrations.telling import Seen, crash, longest, seen, told
from poolint.runtime.eyes import eyes
from poolint.runtime.holds import Book
from poolint.runtime.sampling import Sampler
from poolint.runtime.tracing import Trace, merged, write

if TYPE_CHECKING:
    from collections.abc import Generator

    from poolint.runtime.holds import Hold
    from poolint.runtime.tracing import Plain

FRAMES = 40
"""Frames of a place: the test itself should be among them."""

_TOLD = pytest.StashKey[list["Hold"]]()
_FAILED = pytest.StashKey[bool]()
_OUTPUT = "poolint"


class Owner:
    """What a connection belongs to: a test, or a fixture of a wider scope."""

    def __init__(self, name: str, fixture: pytest.FixtureDef[Any] | None = None) -> None:
        self.name = name
        self.fixture = fixture

    @property
    def is_over(self) -> bool:
        """Whether a fixture has been torn down."""
        return self.fixture is not None and self.fixture.cached_result is None


class Watching:
    """The plugin of one process."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._fails: bool = config.getoption("poolint")
        file = config.getoption("poolint_trace")
        self._file = os.path.join(str(config.invocation_params.dir), file) if file else None
        self._root = str(config.rootpath)
        self._parts: list[tuple[list[Seen], Plain | None]] = []
        """What the workers have seen, or this process in the end."""
        self._is_worker = hasattr(config, "workerinput")
        self._runs_tests = self._is_worker or not config.getoption("numprocesses", None)
        if not self._runs_tests:
            return
        self._book = Book(FRAMES)
        self._trace = Trace() if self._file else None
        if self._trace is not None:
            self._book.reading = self._trace.look
            self._book.ended = self._trace.held
        self._eyes = eyes(self._book)
        self._eyes.look_forward()
        self._sampler = Sampler(self._book)

    # Whose a connection is

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if not self._runs_tests:
            return (yield)
        self._book.owner = Owner(item.nodeid)
        try:
            return (yield)
        finally:
            self._book.owner = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        if fixturedef.scope == "function" or not self._runs_tests:
            return (yield)
        before = self._book.owner
        self._book.owner = Owner(f"the fixture {fixturedef.argname!r}", fixturedef)
        try:
            return (yield)
        finally:
            self._book.owner = before

    # What is missed

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        try:
            return (yield)
        finally:
            if self._runs_tests:
                item.stash[_TOLD] = self._missed() if item.get_closest_marker(MARK) is None else []

    def _missed(self) -> list[Hold]:
        """What the test that ends, or a fixture that ends with it, has not given back, or has shared between tasks."""
        current = self._book.owner
        found = self._book.take_lost()
        for hold in self._book.held():
            if hold.owner is current or (isinstance(hold.owner, Owner) and hold.owner.is_over):
                found.append(hold)
        new = [one for one in dict.fromkeys(found) if not one.is_told and one.owner is not None]
        for one in new:
            one.tell()
        return new

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed:
            item.stash[_FAILED] = True
        holds = item.stash.get(_TOLD, [])
        if call.when != "teardown" or not holds or not self._fails:
            return report
        texts = [told(one, self._root) for one in holds]
        if report.passed and not item.stash.get(_FAILED, False):
            report.outcome = "failed"
            report.longrepr = crash(holds[0], texts, self._root)
            report.poolint = True  # type: ignore[attr-defined]
        else:
            report.sections.append(("poolint", "\n\n".join(texts)))
        return report

    def pytest_report_teststatus(self, report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
        if getattr(report, "poolint", False) and report.failed:
            return "failed", "F", "FAILED"
        return None

    # What is told at the end

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        if self._runs_tests:
            self._sampler.close()
            self._eyes.close()
            holds = sorted((*self._book.longest, *self._book.held()), key=lambda one: -one.seconds)
            part = [seen(one, self._root) for one in holds], self._trace.plain(self._root) if self._trace else None
            if self._is_worker:
                plain = [[*one[:4], [list(wait) for wait in one.waits]] for one in part[0]]
                self._config.workeroutput[_OUTPUT] = [plain, part[1]]  # type: ignore[attr-defined]
                return
            self._parts.append(part)
        if self._file is not None:
            write(merged(plain for _, plain in self._parts if plain is not None), self._file, self._root)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of pytest-xdist is done."""
        part = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if part is not None:
            self._parts.append(([Seen(*one) for one in part[0]], part[1]))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        lines = longest([one for holds, _ in self._parts for one in holds]) if self._fails else []
        if lines:
            terminalreporter.section("longest holds of connections")
        for line in lines:
            terminalreporter.write_line(line)
        if self._file is not None:
            terminalreporter.write_line(f"poolint: what was seen is in {self._config.getoption('poolint_trace')}")
