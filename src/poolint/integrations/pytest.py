"""The pytest plugin. It does nothing, and imports nothing, unless ``--poolint`` or ``--poolint-trace`` asks for it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pytest

MARK = "poolint_holds"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("poolint", "connection pools")
    group.addoption(
        "--poolint", action="store_true", default=False, help="fail tests that leave connections of a pool checked out"
    )
    group.addoption(
        "--poolint-trace", metavar="FILE", default=None, help="write what was seen, for `poolint check --trace FILE`"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARK}(reason): the test may end with connections checked out")
    if config.getoption("poolint") or config.getoption("poolint_trace"):
        from poolint.integrations.testing import Watching

        config.pluginmanager.register(Watching(config), "poolint-watching")
