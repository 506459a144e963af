"""Which tests run: all of them, with ``--everyday`` what a contributor runs after each change, with ``--rest`` the others.

The everyday run needs what the extra ``dev`` installs, and less than three minutes on two cores.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

HERE = Path(__file__).parent

LEFT_OUT = {
    "what models and rules say, beside the real libraries": (
        "oracle", "runtime", "models/test_live.py", "models/test_live_api.py", "models/test_live_configuration.py",
        "models/test_live_frameworks.py", "models/test_live_released.py", "models/test_live_shared.py",
    ),
    "flake8, pre-commit, plugins, CI templates and the language server, installed and run": ("integrations", "server"),
    "caches, workers, order and fleets, which check whole trees again and again": (
        "cache", "fleet", "unit", "test_order.py", "test_roots.py", "test_screen.py", "test_workers.py",
    ),
    "time, memory and size of trees": (
        "analyses/test_functions.py", "deployment/test_bounds.py", "detect/test_observations.py", "flow/cfg/test_paths.py",
        "flow/cfg/test_size.py", "test_bounds.py", "test_memory.py", "test_scaling.py", "types/test_cycles.py",
    ),
    "generated code, and each fix and comment in every place": (
        "fixes/test_comments.py", "fixes/test_structural.py", "syntax/test_purposes.py", "test_crashes.py", "test_fuzz.py",
        "test_fixtures.py::test_fixes", "test_fixtures.py::test_unsafe_fixes",
        "test_fixtures.py::test_a_rule_has_the_fixes_that_it_declares",
    ),
    "whole processes, browsers and scaffolds": (
        "cli/test_bad_input.py", "cli/test_process.py", "cli/test_why.py", "dev", "output/test_html.py", "test_commands.py",
        "test_platforms.py",
    ),
}  # fmt: skip
"""Files, folders and single tests below this one that the everyday run leaves out, by what they are about."""

NAMES = frozenset(one for listed in LEFT_OUT.values() for one in listed)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("poolint")
    group.addoption(
        "--everyday", action="store_true", help="leave out what takes long or needs the libraries themselves"
    )
    group.addoption("--rest", action="store_true", help="run what --everyday leaves out, and nothing else")


def pytest_report_header(config: pytest.Config) -> list[str]:
    if not config.getoption("--everyday"):
        return []
    return [
        "everyday run; `pytest --rest` (with the extra `test`) runs what it leaves out:",
        *(f"- {why}" for why in LEFT_OUT),
    ]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    everyday, rest = config.getoption("--everyday"), config.getoption("--rest")
    if everyday == rest or HERE not in collection_path.parents:
        return None
    place = collection_path.relative_to(HERE)
    is_left_out = any(part.as_posix() in NAMES for part in (place, *place.parents))
    if everyday:
        return True if is_left_out else None
    is_on_the_way = any(one.startswith((f"{place.as_posix()}/", f"{place.as_posix()}::")) for one in NAMES)
    return None if is_left_out or is_on_the_way else True


def pytest_collection_finish() -> None:
    """What has been collected stays to the end: garbage collections, of which checks ask for some, need not look at it."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("minutes") is None)
    everyday, rest = config.getoption("--everyday"), config.getoption("--rest")
    if everyday == rest:
        return
    single = {one for one in NAMES if "::" in one}
    files = {one.partition("::")[0] for one in single}
    kept, left = [], []
    for item in items:
        file = item.path.relative_to(HERE).as_posix() if HERE in item.path.parents else ""
        is_single = f"{file}::{item.name.partition('[')[0]}" in single
        (left if file in files and is_single == everyday else kept).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept
