"""Loops over a range that are left in their last round."""

from __future__ import annotations

import ast
import textwrap

import pytest

from poolint.flow.cfg.rounds import leaves_in_last_round


def _is_left(header: str, body: str) -> bool:
    loop = ast.parse(f"{header}\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}").body[0]
    assert isinstance(loop, ast.For)
    return leaves_in_last_round(loop)


TRIED = """
    try:
        return work()
    except Exception:
        if {test}:
            raise
        sleep(1)
"""


@pytest.mark.parametrize(
    ("header", "test", "is_left"),
    [
        ("for n in range(3):", "n == 2", True),
        ("for n in range(3):", "n >= 2", True),
        ("for n in range(3):", "2 == n", True),
        ("for n in range(3):", "not n < 2", True),
        ("for n in range(3):", "n + 1 == 3", True),
        ("for n in range(3):", "n != 1", True),
        ("for n in range(3):", "n == 3", False),
        ("for n in range(3):", "n > 2", False),
        ("for n in range(3):", "n < 2", False),
        ("for n in range(most):", "n == most - 1", True),
        ("for n in range(most):", "n + 1 >= most", True),
        ("for n in range(most):", "n == other - 1", False),
        ("for n in range(self.most):", "n == self.most - 1", True),
        ("for n in range(1, most + 1):", "n == most", True),
        ("for n in range(1, most + 1):", "most <= n", True),
        ("for n in range(1, most):", "n == most", False),
        ("for n in range(most()):", "n == most() - 1", False),
        ("for n in range(0, 9, 2):", "n == 8", False),
        ("for n in numbers:", "n == 2", False),
    ],
)
def test_the_bound_that_is_asked_for(header: str, test: str, is_left: bool) -> None:
    assert _is_left(header, TRIED.format(test=test)) is is_left


@pytest.mark.parametrize(
    ("body", "is_left"),
    [
        ("return work()", True),
        ("work()", False),
        ("if n < 2:\n    continue\nraise ValueError", True),
        ("if n < 1:\n    continue\nraise ValueError", True),
        ("if odd():\n    continue\nraise ValueError", False),
        ("if n == 2:\n    break\nelse:\n    continue", True),
        ("with suppress(ValueError):\n    return work()", False),
        ("with opened():\n    continue\n", False),
        ("with opened():\n    work()\nreturn 1", True),
        ("for one in range(2):\n    continue\nreturn 1", True),
        ("for one in range(2):\n    pass\nelse:\n    continue\nreturn 1", False),
        ("try:\n    work()\nfinally:\n    return 1", True),
        ("try:\n    return 1\nfinally:\n    work()", True),
        ("try:\n    return 1\nexcept OSError:\n    pass", False),
        ("n = 1\nif n == 2:\n    raise ValueError", False),
        ("match work():\n    case 1:\n        continue\nreturn 1", False),
        ("match work():\n    case 1:\n        work()\nreturn 1", True),
    ],
)
def test_ways_through_the_body(body: str, is_left: bool) -> None:
    assert _is_left("for n in range(3):", body) is is_left
