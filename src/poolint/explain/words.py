"""Types and rows of the models in plain words."""

from __future__ import annotations

import ast
import os
from functools import cache
from typing import TYPE_CHECKING

from poolint.models.loader import libraries
from poolint.syntax.scopes import Scope
from poolint.syntax.uses import Use
from poolint.types.evidence import ASYNC_CLASS
from poolint.types.values import (
    NOTHING,
    UNKNOWN,
    CallableValue,
    ClassObject,
    Either,
    Function,
    Instance,
    LibraryFunction,
    LibraryMethod,
    LibraryName,
    ModuleObject,
    Pending,
    TupleOf,
    Type,
)

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.destinations import Unfollowed
    from poolint.analyses.lifetimes.state import Why
    from poolint.detect.observation import Dismissal
    from poolint.models.schema import Call, Class, Method, Role
    from poolint.models.schema import Function as Row
    from poolint.syntax.project import Module
    from poolint.syntax.uses import Usage

_MODES = {"async": "asynchronous", "sync": "synchronous"}

CALLS: dict[Call, str] = {
    "sync": "is a plain function: what it does is done at once, and there is nothing to await",
    "coroutine": "is a coroutine function: nothing happens until it is awaited",
    "awaitable": "gives a future: it runs whether or not it is awaited",
    "awaitable-cm": "has to be awaited or entered with `async with`: nothing happens before that",
    "async-cm": "has to be entered with `async with`, and cannot be awaited",
    "cm": "has to be entered with `with`",
    "async-generator": "has to be iterated with `async for`",
    "generator": "has to be iterated",
}
ROLES: dict[Role, str] = {
    "open": "opens a session, which holds no connection before its first statement",
    "checkout": "takes a connection",
    "create": "creates what owns connections",
    "release": "gives back",
    "dispose": "ends a pool, an engine or a client",
    "commit": "commits",
    "rollback": "rolls back",
    "flush": "flushes to the database",
    "refresh": "reads from the database again",
    "begin": "begins a transaction",
    "reset": "undoes what was done on it",
    "transaction": "is a step of a transaction",
    "query": "reaches the database",
    "stream": "reaches the database, and keeps a cursor open",
    "statement": "reaches the database, on a connection that goes back when its answer has been read",
    "cursor": "makes a cursor",
    "local": "works in memory",
    "refused": "raises at once: this version refuses what it is given",
    "drive": "runs an event loop until it has done what it is given",
    "external": "talks to something outside the process",
}
EFFECTS: dict[str, str] = {
    "http": "waits for an HTTP request",
    "mail": "sends mail",
    "object-store": "talks to an object store",
    "object": "talks to an object store",
    "sleep": "sleeps",
    "retry": "may back off and sleep after a failure",
    "pace": "may sleep to keep to a rate",
    "user": "waits for the user's answer",
    "wait": "waits for other tasks",
    "room": "may wait for a free place in a queue",
    "lock": "waits for a lock",
    "client": "waits for its client",
    "queue": "sends a task or a message",
    "broker": "talks to a message broker",
    "subprocess": "waits for another process",
    "chat": "waits for a chat service",
    "rpc": "waits for a remote call",
    "name": "waits for the name of a host to be resolved",
    "llm": "waits for a language model",
}
DROPS = {
    "terminated": "if it is not given back, the garbage collector terminates its connection late, with a warning",
    "collected": "if it is not given back, its connection comes back silently at some later garbage collection",
    "dropped": "if it is not given back, its last reference does that (in CPython), such as that of a traceback",
    "lost": "if it is not given back, its slot in the pool is lost forever",
    "closed": "if it is not closed, its last reference closes it (in CPython)",
    "open": "if it is not closed, its connections stay open until the other side closes them",
}
DISMISSALS: dict[Dismissal, str] = {
    "ends-it": "it ends the use of `{}`, itself or in a function that it calls",
    "hands-it-on": "it is passed `{}` itself, and hands it on",
    "begins-together": "it begins together with what takes the connection of `{}`: neither comes before the other",
    "ended-below": "a function on the way to what waits ends the use of `{}` before",
    "ended-on-the-way": "`{}` ends a session that it was given before it comes to what waits",
    "nothing-written": "`{}` has written nothing that whoever receives the message could miss",
    "holds-below": "a function on the way holds a connection itself: that is judged at `{}`, where it waits",
    "nobody-runs": "nobody runs `{}`, by which it would wait",
    "told-at-its-end": "what is called on what `{}` gives waits too: that is judged in its place",
    "retries-itself": "the object of the block, by which `{}` is held, pauses only after a failure as it ends: its own matter",
    "unknown-pool": "no second checkout is judged: the pool that `{}` is from is not known, or keeps nobody waiting",
    "other-pool": "it takes no connection from the pool that `{}` is from, as far as that is known",
    "earlier-round": "what `{}` holds is from an earlier round of the loop",
    "same-resource": "what it takes is bound to `{}`, which holds the connection",
    "same-context": "while `{}` is held there is a session in a variable, where what is called looks first",
    "without-transaction": "a function on the way asks whether a transaction is open, and does it only where none is",
    "in-memory": "the database of `{}` is in memory: nobody else waits for it",
    "ended-before": "a function on the way to the second checkout is passed `{}`, and ends its use or asks for it",
    "held-below": "a function on the way is passed `{}` and holds its connection itself: that is judged there",
    "told-as-lent": "`{}` is lost where the consumer of the generator fails: that is judged in its place",
    "part-outlives": "something made of `{}` lives on, and whoever has that goes on using it",
    "ends-the-process": "`{}` ends the process, and with it everything is given back",
    "owner-kept": "`{}` is handed on or disposed of on the ways that count for an engine, a pool or a client",
    "interrupt-only": "`{}` is lost only where Ctrl-C interrupts the function",
    "unknown-method": "the models say nothing of `{}`: it may do anything",
    "released-at-once": "`{}` gives it back at once",
    "expected-to-fail": "it has to fail here: nothing is taken then",
    "lives-on": "what `{}` gives lives on, and is followed in its place",
    "no-query": "nothing is held before a statement runs",
    "unreachable": "the line is never reached",
}
"""What lets something pass, in words about the resource or the call that it depends on."""

HANDED: dict[Why, str] = {
    "unknown-method": "`{}` is no method that the models know of {}: it may do anything",
    "packed": "by `{}`, which gets it inside of something else, or as a method of it",
    "entered": "entered as part of `{}`",
    "stored": "stored in `{}`, which outlives this",
    "returned": "returned to the caller, who owes it from there on",
    "kept": "by `{}`",
}
"""How something gets another owner, about the event and the class of what is handed on."""

FREED: dict[Why, str] = {
    "library-await": "the library's own awaits",
    "harmless-await": "awaits that wait for nothing foreign that is known",
}
"""Whose awaits free the slot when they are cancelled."""

NOT_TAKEN: dict[Why, str] = {
    "server": "`{}` fails only where the server is gone, and then the slot is free",
    "resumed": "what runs the generator goes on after `{}`, whatever becomes of its consumer",
}
"""Why a way is not one on which something is lost."""

UNFOLLOWED: dict[Unfollowed, str] = {
    "entered": "released: the `with` gives it back on every way out: normally, by exception, when cancelled",
    "returned": "handed on: returned to the caller, who owes it",
    "yielded": "not followed: it is yielded to the consumer",
    "passed": "handed on: passed to `{}` as it is",
    "stored": "handed on: stored in `{}`, which belongs to an object",
    "module": "nothing is owed here: what a module or class makes lives as long as the process",
    "unnamed": "not followed: no single name holds it",
    "global": "handed on: `{}` is a global name, which lives as long as the process",
    "declared": "nothing is owed here: `{}` is declared `global` or `nonlocal`",
    "captured": "not followed: the inner function `{}` uses it, and may give it back",
    "unlikely": "not followed: neither what is called nor what is done with its value says that it takes anything",
    "no-class": "not followed: what it gives is not one class of resource alone",
    "no-concern": "nothing is owed here: of this client it is not known that anything comes of it if it is not closed",
    "unpooled": "nothing is owed here: the engine keeps no connection of its own",
    "registry": "nothing is owed here: it belongs to the registry that gives it",
    "borrowed": "nothing is owed here: it works on a connection that somebody else holds",
    "takes-nothing": "not followed: neither it nor what it calls is known to check anything out for its caller",
}
"""Why no obligation begins with a call, about where its value goes."""

_PENDING = {
    "coroutine": "a coroutine, whose `await` gives",
    "awaitable": "something to await, which gives",
    "awaitable-cm": "something to await or to enter with `async with`, which gives",
    "async-cm": "something to enter with `async with`, which gives",
    "cm": "something to enter with `with`, which gives",
    "generator": "a generator of",
    "async-generator": "an asynchronous generator of",
    "iterable": "a collection of",
}
_USES = {
    Use.AWAITED: "its value is awaited",
    Use.ENTERED: "its value is entered with `with`",
    Use.ENTERED_ASYNC: "its value is entered with `async with`",
    Use.ITERATED_ASYNC: "its value is iterated with `async for`",
    Use.STARTED: "its value is started, or given up, by hand",
    Use.DROPPED: "nothing is done with its value",
    Use.CONSUMED: "its value is used as it is",
    Use.TESTED: "only the truth of its value is asked",
    Use.ESCAPES: "its value goes elsewhere",
}
_STORED = {
    Use.AWAITED: "it is kept as `{}`, which is awaited",
    Use.ENTERED: "it is kept as `{}`, which is entered with `with`",
    Use.ENTERED_ASYNC: "it is kept as `{}`, which is entered with `async with`",
    Use.ITERATED_ASYNC: "it is kept as `{}`, which is iterated with `async for`",
    Use.STARTED: "it is kept as `{}`, which is started, or given up, by hand",
    Use.DROPPED: "it is kept as `{}`, with which nothing is done",
    Use.CONSUMED: "it is kept as `{}`, which is used as it is",
    Use.TESTED: "it is kept as `{}`, of which only the truth is asked",
    Use.ESCAPES: "it is kept as `{}`, which goes elsewhere",
}


@cache
def _titles() -> dict[str, str]:
    """How people write the names of libraries, by import root, where they write another name."""
    return {root: one.title for one in libraries() if one.title for root in one.roots}


def place(node: ast.AST, module: Module, here: Module) -> str:
    """Where a node stands, as seen from ``here``: ``line 12``, or ``deps.py:12`` in another file."""
    row = getattr(node, "lineno", 1)
    if module is here:
        return f"line {row}"
    cwd = os.getcwd() + os.sep
    path = module.source.path
    return f"{path.removeprefix(cwd)}:{row}"


def of_class(cls: Class) -> str:
    """A class of a library: ``AsyncSession (SQLAlchemy, asynchronous)``."""
    if cls.name == ASYNC_CLASS:
        return "an asynchronous database session or connection"
    root, _, _ = cls.name.partition(".")
    return f"{cls.name.rpartition('.')[2]} ({_titles().get(root, root)}, {_MODES[cls.mode]})"


def of_type(one: Type, here: Module) -> str:
    """A type in plain words, as far as the terminal has room for it."""
    if one is UNKNOWN:
        return "unknown"
    if one is NOTHING:
        return "None"
    if isinstance(one, Either):
        return " or ".join(of_type(member, here) for member in one.members)
    if isinstance(one, (Instance, ClassObject)):
        text = _class(one, here)
        return text if isinstance(one, Instance) else f"the class {text}"
    if isinstance(one, ModuleObject):
        return f"the module {one.module.name}"
    if isinstance(one, LibraryName):
        return f"{one.name}, of which the models say nothing"
    if isinstance(one, LibraryFunction):
        return f"the function {one.row.name}"
    if isinstance(one, LibraryMethod):
        base = one.receiver.base
        return f"the method {base.name.rpartition('.')[2] if base else '?'}.{one.key[2]}"
    if isinstance(one, Function):
        return f"the function {one.scope.qualified_name} ({place(one.scope.node, one.scope.module, here)})"
    if isinstance(one, CallableValue):
        return f"something that can be called and gives {of_type(one.gives, here)}"
    if isinstance(one, Pending):
        inner = one.awaited if one.call in ("coroutine", "awaitable") else one.item
        if one.call in ("awaitable-cm", "async-cm", "cm"):
            inner = one.entered
        told = of_type(inner, here) if inner is not UNKNOWN else "something unknown"
        return f"{_PENDING[one.call]} {told}"
    if isinstance(one, TupleOf):
        return f"a tuple of {', '.join(of_type(item, here) for item in one.items)}"
    return "unknown"


def _class(one: Instance | ClassObject, here: Module) -> str:
    if not isinstance(one.cls, Scope):
        arguments = [of_type(item, here) for item in one.arguments if item is not UNKNOWN]
        return of_class(one.cls) + (f" of {', '.join(arguments)}" if arguments else "")
    text = f"{one.cls.name}, a class of the project ({place(one.cls.node, one.cls.module, here)})"
    return f"{text} that is a {of_class(one.base)}" if one.base is not None else text


def of_row(name: str, row: Method | Row) -> str:
    """What the models say of a call, in one sentence."""
    name = name.replace(".__call__", "()")
    says = f"{name} {CALLS[row.call]}; it {ROLES[row.role]}"
    if row.role == "release":
        says += " its argument" if getattr(row, "releases", "self") == "argument" else " what it is called on"
    if row.effect:
        says += f"; it {EFFECTS[row.effect]}" if row.effect in EFFECTS else f"; its effect is {row.effect}"
    return says


def of_use(how: Usage, here_row: int) -> str:
    """How the value of a call is used."""
    text = _STORED[how.use].format(how.name) if how.name else _USES[how.use]
    if how.use is Use.ESCAPES and not how.name:
        text = _ESCAPES.get(type(how.node), text)
    if how.attribute:
        text += f", by its attribute `{how.attribute}`"
    row = getattr(how.node, "lineno", here_row)
    return text if row == here_row else f"{text} (line {row})"


_ESCAPES: dict[type[ast.AST], str] = {
    ast.Return: "its value is returned as it is",
    ast.Yield: "its value is yielded as it is",
    ast.Call: "its value is passed on as it is",
    ast.keyword: "its value is passed on as it is",
}
