"""What an explanation consists of: plain values, for the terminal and for JSON alike."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Known:
    """A name or an attribute on the line: what it is, and by what that is known.

    ``is_known`` is false where no type is known; ``what`` then says why.
    """

    text: str
    what: str
    by: tuple[str, ...] = ()
    is_known: bool = True


@dataclass(frozen=True)
class Event:
    """A call or a ``with`` on the line, and what is to be said of it, sentence by sentence."""

    text: str
    row: int
    says: tuple[str, ...]


@dataclass(frozen=True)
class Ending:
    """How an obligation stands when the function is left.

    ``state`` is ``released``, ``handed on``, ``nothing held`` or ``owed``; ``how`` says by what, and ``rows`` where.
    """

    state: str
    how: str
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Exit:
    """One way out of a function (``normal``, ``exception``, ``cancellation``, …) and all that may be on it."""

    way: str
    endings: tuple[Ending, ...]


@dataclass(frozen=True)
class Obligation:
    """Something that has to be given back, or would have to be.

    ``exits`` is empty where nothing had to be followed: then ``says`` gives the reason. ``reported`` are the
    findings that stand at its checkout: their codes, and why one is not reported.
    """

    subject: str
    row: int
    what: str
    says: tuple[str, ...] = ()
    exits: tuple[Exit, ...] = ()
    reported: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeldOver:
    """A call, a block or a loop over which connections are held.

    ``holders`` say by what and since when, ``reported`` which findings stand there; ``silent`` why there is none, and
    is empty where there is one.
    """

    text: str
    row: int
    holders: tuple[str, ...]
    reported: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A finding that concerns the line. ``silent`` says why it is not reported; empty where it is."""

    code: str
    name: str
    message: str
    row: int
    column: int
    silent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """All that is known at one line. ``first`` and ``last`` are the rows of the statement that it belongs to.

    ``let_pass`` says what else detectors have looked at on the line and let pass, or rules have declined, and why.
    ``notes`` hold what concerns the file as a whole: that the screen passes it over, that settings exclude it.
    """

    filename: str
    row: int
    first: int
    last: int
    code: str
    function: str
    screened: bool = False
    notes: tuple[str, ...] = ()
    names: tuple[Known, ...] = ()
    events: tuple[Event, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    held: tuple[HeldOver, ...] = ()
    findings: tuple[Finding, ...] = ()
    let_pass: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = field(default=())
