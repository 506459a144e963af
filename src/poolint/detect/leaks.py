"""Checkouts that are lost, or released by hand: what several detectors observe."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from poolint.detect.observation import Observation
from poolint.types.call_sites import CallSite, CallText

if TYPE_CHECKING:
    from poolint.analyses.waypoints import Waypoint
    from poolint.models import schema


LeakProblem = Literal[
    "discarded",  # the checkout's result is thrown away, or used in one chain and lost
    "overwritten",  # its name is bound again while it is held
    "yield",  # a generator yields while it is held and unprotected
    "half-built",  # it is handed on in the end, but something may fail before
    "with-keeps",  # it is entered with a `with` that ends its transaction only
    "misreleased",  # it is closed instead of given back, and its slot in the pool is lost
    "misplaced",  # it is given to another pool than it came from
    "guarded",  # a test skips its release in the very case that leaks
    "skipped",  # something in a `finally` may fail before the release in it
    "never",  # it is held at a normal end of the function
    "exception",  # an exception leaves with it
    "cancel",  # a cancellation leaves with it
]
"""How a checkout is lost, by precedence: an obligation is reported once, for the first problem that holds."""


class LeakedCheckout(Observation, frozen=True, eq=False):
    """A checkout that is still owed at some exit of its function. ``node`` is the acquiring call.

    ``call`` is what checks out, which a helper in another module may have written.
    ``culprit`` is what may raise, be cancelled or overwrite, as written; ``path`` leads from the checkout over it to
    where the function is left. ``released`` says whether some other path releases, ``helper`` names the function of
    the project that has checked it out for this one. ``handed``: some other path gives it to somebody else.
    ``repeated`` says that the checkout is seen to happen again and again: for each request, or in a loop. ``dropped`` is a
    release that is written and does not happen.
    """

    call: CallText
    variable: str
    cls: schema.Class
    problem: LeakProblem
    path: tuple[Waypoint, ...]
    culprit: str = ""
    released: bool = False
    helper: str = ""
    statement: ast.stmt | None = None
    handed: bool = False
    repeated: bool = False
    dropped: ast.Call | None = None
    is_possible: bool = False
    """Whether what is checked out is known by its use alone, or little comes of it (see ``detect.harmless``)."""
    is_caught: bool = False
    """Whether it is lost only where ``culprit`` raises, and that is caught: on other ways it is released, or handed on."""

    @property
    def places(self) -> tuple[ast.AST, ...]:
        """The checkout, and the release that does not happen."""
        return (self.node,) if self.dropped is None else (self.node, self.dropped)


class ManualRelease(Observation, frozen=True, eq=False):
    """A checkout that is released by hand on every path, where a block would do. ``node`` is the acquiring call.

    ``method`` is what the block calls in place of the checkout's own method, where it has to be another one.
    """

    on_request = True

    call: CallSite
    variable: str
    cls: schema.Class
    statement: ast.stmt
    asynchronous: bool
    method: str = ""
