"""What a rule may ask the fixer to do. A plan names nodes; it holds no text.

Plans that change expressions name LibCST nodes of the slice they were made for. Those that change the structure of a
function name statements of the module's ``ast``: what they move is moved by position, and never written again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

    import libcst as cst


@dataclass(frozen=True)
class AddAwait:
    """Await this call; parenthesised where its place needs it."""

    node: cst.BaseExpression


@dataclass(frozen=True)
class RemoveAwait:
    """Drop the ``await`` keyword in front of an expression."""

    node: cst.Await


@dataclass(frozen=True)
class Replace:
    """Put a new node, an expression or a name that is imported, in the place of one of the slice."""

    node: cst.CSTNode
    new: cst.CSTNode


@dataclass(frozen=True)
class RemoveArgument:
    """Take an argument out of a call, or an item out of a dictionary."""

    node: cst.Arg | cst.DictElement


@dataclass(frozen=True)
class AddArgument:
    """Give a call one keyword argument more. ``value`` is a literal or a name."""

    node: cst.Call
    name: str
    value: str


@dataclass(frozen=True)
class SetWithKind:
    """Make a ``with`` statement asynchronous or synchronous."""

    node: cst.With
    asynchronous: bool


@dataclass(frozen=True)
class Enclose:
    """Make a statement that binds a checkout the header of a ``with`` around what follows it.

    ``statement`` is ``name = checkout``, ``last`` the last statement of its suite that goes into the block.
    ``keeps_await`` says that the header awaits what the statement has awaited; ``method`` is the method that gives a
    context manager where that is not the one that was called. ``deleted`` are statements in or behind the block that
    it makes superfluous; a ``finally`` that has nothing else goes with them.
    """

    statement: ast.stmt
    last: ast.stmt
    asynchronous: bool
    keeps_await: bool = False
    method: str = ""
    deleted: tuple[ast.stmt, ...] = ()
    function: str = ""


@dataclass(frozen=True)
class Protect:
    """Put what follows ``statement``, up to ``last``, into a ``try`` whose ``finally`` gives back what it has taken.

    In the ``finally`` stand ``moved``, statements from elsewhere in the function, or the new call ``release``, awaited
    if ``awaited``. A single ``try`` without a ``finally`` gets it without another ``try`` around it.
    """

    statement: ast.stmt
    last: ast.stmt
    moved: tuple[ast.stmt, ...] = ()
    release: ast.Call | None = None
    awaited: bool = False
    deleted: tuple[ast.stmt, ...] = ()
    function: str = ""


@dataclass(frozen=True)
class HandlerToFinally:
    """Make the one handler of ``statement``, which ends in a bare ``raise``, its ``finally``.

    ``tail`` are the statements behind the ``try`` that say the same once more; they go.
    """

    statement: ast.Try
    tail: tuple[ast.stmt, ...]
    function: str = ""


@dataclass(frozen=True)
class Delete:
    """Delete a statement with its rows; where it is all that its suite has, ``pass`` takes its place."""

    statement: ast.stmt
    function: str = ""


@dataclass(frozen=True)
class Reraise:
    """Let a handler, of which ``last`` is the last statement, end with ``raise``.

    Where that leaves by another way, or is ``pass``, it is what goes.
    """

    last: ast.stmt
    function: str = ""


@dataclass(frozen=True)
class Move:
    """Move ``statements``, which follow each other in one suite, before ``target`` or ``behind`` it.

    ``target`` stands in the same suite, or is a compound statement around them. Comments above them go with them.
    """

    statements: tuple[ast.stmt, ...]
    target: ast.stmt
    behind: bool
    function: str = ""


@dataclass(frozen=True)
class Insert:
    """Put a new call, awaited if ``awaited``, before ``statement`` and the comments that stand right above it."""

    statement: ast.stmt
    call: ast.Call
    awaited: bool = False
    function: str = ""


@dataclass(frozen=True)
class Dissolve:
    """Take away the header of a ``with`` block, and let what stands in it move outwards.

    ``renamed`` are the names that become others in the block, ``call`` is one that comes behind it.
    """

    statement: ast.With | ast.AsyncWith
    renamed: tuple[tuple[str, str], ...] = ()
    call: ast.Call | None = None
    awaited: bool = False
    function: str = ""


@dataclass(frozen=True)
class AddImport:
    """Make ``name`` of ``module`` known by that name, or by ``alias``: ``from module import name as alias``."""

    module: str
    name: str
    alias: str = ""


@dataclass(frozen=True)
class Together:
    """Several plans that make sense only together; one that is refused takes the others with it."""

    plans: tuple[Plan, ...]


Structural = Enclose | Protect | HandlerToFinally | Reraise | Delete | Move | Insert | Dissolve
Plan = AddArgument | AddAwait | RemoveArgument | RemoveAwait | Replace | SetWithKind | Structural | AddImport | Together


def isolation_of(plan: Plan) -> str:
    """The function whose structure a plan changes: of such plans a round carries out one a function."""
    if isinstance(plan, Together):
        return next(filter(None, map(isolation_of, plan.plans)), "")
    return plan.function if isinstance(plan, Structural) else ""
