"""Where an obligation stands at some point of its function, how it can end, and what a test says about it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.flow.flags import asked, name_of
from poolint.syntax.expressions import asked_bound, unnegated

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.acquisitions import State

CLOSED = frozenset({"closed", "is_closed", "is_closing", "invalidated"})
"""What resources and pools are asked for that may be closed."""


class Config(NamedTuple):
    """Where an obligation stands at some point: its state, the names that hold it, and what is known of flags."""

    state: State
    names: frozenset[str]
    flags: frozenset[tuple[str, bool]] = frozenset()


class Taker(NamedTuple):
    """An object that has taken something itself: its name, and the attribute by which it has it."""

    name: str
    part: str

    @property
    def names(self) -> frozenset[str]:
        """By what that is reached."""
        return frozenset({self.name, f"{self.name}.{self.part}"})


Why = Literal[
    "",
    # released
    "method",  # a method of its own gives it back
    "registry",  # one of the registry that it is from
    "callee",  # what it is passed to
    "block",  # a block that it is entered with
    # handed on
    "unknown-method",  # a method is called on it that no model describes
    "kept",  # what it is passed to keeps it, or may
    "packed",  # passed or bound inside of something else, or as a method of it
    "entered",  # entered as a part of something else
    "stored",  # in what is no name of the function
    "returned",
    # gone
    "library-await",  # a cancellation in an await of the library, which frees the slot itself
    "harmless-await",  # one in an await that waits for nothing foreign that is known
    "tidying",  # what tidies up something else is not taken to fail
    "server",  # an undoing that raises: the server is gone, and the slot is free
    "resumed",  # what runs a generator goes on with it, whatever becomes of its consumer
    "test",  # a test that cannot come out like this while it is held
    "nothing-begun",  # a commit where nothing was done: it asks nobody, and does not fail
]


class End(NamedTuple):
    """An obligation that ends: ``released``, ``misreleased`` where closing it does not give it back, ``misplaced`` in
    a pool that is not its own, ``handed`` to another owner, ``overwritten``, or ``gone`` from a path; and ``why``."""

    how: str
    why: Why = ""


BY_CALLEE = End("released", "callee")
"""What a call ends that gives it back as a whole, or on some ways only: see :class:`Left`."""


class Left(NamedTuple):
    """The exits of a function at which a resource that it releases elsewhere may still be held."""

    normal: bool = False
    exception: bool = False
    cancel: bool = False
    asks: frozenset[str] = frozenset()
    """Where it is not known that it is held as the function returns: the parameters by which a way branches where it is."""
    frees_raising: bool = False
    """Whether no way at all by which it raises leaves it held, as far as the function has been gone through."""


NOTHING_LEFT = Left()


def refine(config: Config, test: ast.expr, truth: bool, flags: frozenset[str], *, is_session: bool) -> Config | End:
    """How an obligation stands where a test has come out as ``truth``. ``flags`` are the names worth remembering."""
    test, truth = unnegated(test, truth)
    name, value = asked(test, truth)
    if name in config.names:
        return config if value else End("gone", "test")
    bound, is_bound = asked_bound(test, truth)
    if bound in config.names and not is_bound:
        return End("gone", "test")
    if (name, not value) in config.flags:
        return End("gone", "test")
    found = _asked(config, test, truth, is_session=is_session)
    if name in flags and not isinstance(found, End):
        return found._replace(flags=found.flags | {(name, value)})
    return found


def flagged(config: Config, name: str, value: ast.expr, flags: frozenset[str]) -> Config:
    """The same once a name has been given a value, as far as that says something of one of ``flags``."""
    if name not in flags:
        return config
    known = frozenset(one for one in config.flags if one[0] != name)
    if isinstance(value, ast.Constant) and isinstance(value.value, (bool, type(None))):
        known |= {(name, bool(value.value))}
    else:
        other, truth = asked(value, True)
        known |= {(name, told is truth) for one, told in known if one == other}
    return config._replace(flags=known)


def _asked(config: Config, test: ast.expr, truth: bool, *, is_session: bool) -> Config | End:
    """``session.in_transaction()``, ``conn.closed`` and their like."""
    attribute = test.func if isinstance(test, ast.Call) else test
    if not isinstance(attribute, ast.Attribute) or name_of(attribute.value) not in config.names:
        return config
    if attribute.attr in CLOSED and truth:
        return End("gone", "test")
    if attribute.attr == "in_transaction" and not truth and is_session:
        return config._replace(state="idle")
    return config
