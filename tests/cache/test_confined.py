"""Which changes of a file concern only those who mention what has changed."""

from __future__ import annotations

import pytest

from poolint.cache.confined import confined, words_of

BEFORE = b"""\
from sqlalchemy.orm import Session

from shop.db import open_session

SessionDep = open_session


# about to be told
def _priced(order):
    return order.price


def report(session: Session):
    return _priced(session)


def _unused(session: SessionDep):
    return None


class Worker:
    attempts = 0

    def run(self):
        return report(None)


if __name__ == "__main__":
    Worker().run()
"""


def _with(old: bytes, new: bytes) -> bytes:
    assert old in BEFORE
    return BEFORE.replace(old, new)


@pytest.mark.parametrize(
    ("after", "names", "is_moved"),
    [
        (BEFORE, set(), False),
        (_with(b"# about to be told\n", b"# told\n"), set(), False),
        (_with(b"# about to be told\n", b"\n# told\n"), set(), True),
        (_with(b"    return None\n\n\nclass", b"    return 1\n\n\nclass"), {b"_unused"}, False),
        (_with(b"    return None\n\n\nclass", b"    x = 1\n    return x\n\n\nclass"), {b"_unused"}, True),
        (_with(b"if __name__", b"def added():\n    return 2\n\n\nif __name__"), {b"added"}, True),
        (_with(b"def _unused(session: SessionDep):\n    return None\n\n\n", b""), {b"_unused"}, True),
        (_with(b"SessionDep = open_session", b"SessionDep = None"), {b"SessionDep", b"_unused"}, False),
        (_with(b"import open_session", b"import open"), {b"open", b"open_session", b"SessionDep", b"_unused"}, False),
    ],
)
def test_what_is_altered(after: bytes, names: set[bytes], is_moved: bool) -> None:
    found = confined(BEFORE, after)
    assert found is not None
    assert (found.names, found.is_moved) == (names, is_moved)


@pytest.mark.parametrize(
    "after",
    [
        _with(b"order.price", b"order.cost"),  # reaches what is run when the file is
        _with(b"import open_session", b"import *"),
        _with(b"SessionDep = open_session", b"__all__ = []"),
        _with(b"SessionDep = open_session", b"open_session.kind = 1"),
        _with(b'"__main__"', b'"main"'),
        _with(b"# about to be told", b"# poolint: ignore"),
        _with(b"    return None\n", b"    global SessionDep\n    SessionDep = 1\n"),
        _with(b"    return None\n", b"    Worker.attempts = 2\n"),
        _with(b"    return None\n", b"    return (\n"),
        _with(b"SessionDep = open_session", b"SessionDep = open_session; x = 1"),
        b"\xff" + BEFORE,
    ],
)
def test_what_others_may_see(after: bytes) -> None:
    assert confined(BEFORE, after) is None


def test_what_is_mentioned_answers_the_questions_of_others() -> None:
    after = _with(b"    return None\n", b"    return session\n")
    found = confined(BEFORE, after)
    assert found is not None
    assert b"open_session" in found.concerned
    assert b"_priced" not in found.concerned


def test_who_mentions_what_is_altered_is_altered() -> None:
    before = BEFORE[: BEFORE.index(b"if __name__")]
    found = confined(before, before.replace(b"order.price", b"order.cost"))
    assert found is not None
    assert found.names == {b"_priced", b"report", b"Worker"}


def test_a_name_is_one_in_all_forms_of_unicode() -> None:
    before = "def ﬁrst():\n    return 1\n\n\ndef second():\n    return first()\n".encode()
    found = confined(before, before.replace(b"return 1", b"return 2"))
    assert found is not None
    assert found.names == {b"first", b"second"}
    assert b"first" in words_of("ﬁrst".encode())
