"""Which rules are borne out: where the harm that each of them claims is measured, and where what its fix makes is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.oracle.test_documented import CASES

from poolint.rules import registry

HERE = Path(__file__).parent
SNIPPETS = {file.name[:6] for file in (HERE / "snippets").glob("POL*.bad.py")}
"""Codes with texts that ``test_measured.py``, ``test_pools.py`` and ``test_every_fix.py`` run."""

ELSEWHERE = {
    "POL304": "oracle/test_lazy.py::test_reading_what_a_commit_has_expired_raises",
    "POL501": "models/test_live_configuration.py::test_a_driver_works_in_engines_of_its_kind",
    "POL502": "models/test_live_configuration.py::test_a_pool_class_fits_the_engines_that_it_is_said_to",
    "POL506": "models/test_live_configuration.py::test_without_a_timeout_a_queue_waits_until_a_connection_comes_back",
    "POL508": "models/test_live_configuration.py::test_drivers_refuse_what_they_are_said_to",
    "POL509": "models/test_live_configuration.py::test_no_limit_is_no_limit",
    "POL510": "oracle/test_interfaces.py::test_a_child_begins_with_the_connections_of_its_parent",
    "POL601": "oracle/test_interfaces.py::test_there_is_no_pool_timeout",
    "POL602": "oracle/test_interfaces.py::test_asynchronous_targets_take_no_listeners",
    "POL603": "oracle/test_interfaces.py::test_an_exception_of_the_driver_arrives_inside_of_another",
    "POL604": "oracle/test_interfaces.py::test_a_task_that_takes_its_cancellation_goes_on",
    "POL605": "oracle/test_interfaces.py::test_a_loop_cannot_run_in_a_listener",
    "POL606": "oracle/test_interfaces.py::test_a_listener_that_does_not_fit_fails_when_the_event_comes",
}
"""The tests that measure the others."""

NOT_MEASURED = {
    "POL210": "claims no harm: what it finds is right, by hand",
    "POL406": "needs a server that streams, and a client that is slow",
    "POL408": "needs a broker and a worker of its queue",
    "POL411": "needs a server with locks on rows, and two transactions at once",
    "POL503": "a number that is too small for its users, by what they do",
    "POL504": "each checkout connects anew: slow, and right",
    "POL505": "a sum, compared with a setting of the server",
    "POL507": "needs a server that drops connections",
    "POL511": "what is open when a process ends is closed with it",
    "POL607": "an endless loop",
}
"""Rules whose harm no test sees, and why."""

FIXES_RUN = {
    "POL404": "oracle/test_fixed.py::test_the_connection_in_hand_does_the_work_of_another",
    "POL407": "oracle/test_fixed.py::test_a_session_that_has_begun_goes_on",
}
"""Fixes that tests of their own run, beside those of snippets and documented examples."""

FIXES_NOT_RUN = {
    "POL210": "random programs do: `form=with` is the fix of POL201 as well",
    "POL406": "as above", "POL408": "as above", "POL504": "as above", "POL507": "as above", "POL511": "as above",
    "POL506": "adds an argument that `test_live_configuration.py` passes",
    "POL508": "takes away an argument that is refused there",
    "POL603": "names another exception",
    "POL604": "raises again what a handler has caught",
}  # fmt: skip


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    return re.search(rf"^def {name}\b", (HERE.parent / file).read_text(encoding="utf-8"), re.MULTILINE) is not None


@pytest.mark.parametrize("code", sorted(registry.load().rules))
def test_a_rule_is_measured_or_says_why_not(code: str) -> None:
    measured = code in CASES or code in SNIPPETS or code in ELSEWHERE
    assert measured is not (code in NOT_MEASURED)
    if registry.load().rules[code].meta.fix != "none":
        run = code in CASES or code in SNIPPETS or code in FIXES_RUN
        assert run is not (code in FIXES_NOT_RUN)


@pytest.mark.parametrize("test", [*ELSEWHERE.values(), *FIXES_RUN.values()])
def test_what_is_named_is_there(test: str) -> None:
    assert exists(test)
