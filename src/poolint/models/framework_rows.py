"""The shape of what is known of frameworks: which functions of a project they call and when, and what they pass to these."""

from __future__ import annotations

from typing import Literal

import msgspec


class Purpose(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Names of libraries by which a module shows what it is for.

    ``by`` says what its code does with one of them, or with what is reached through it: ``call`` it, decorate with it or
    derive from it; ``read`` it in any way; ``import`` it. ``at_once`` is how many requests or tasks a process takes at once of
    what ``serves``, at most, with the servers or workers that it is made for, as they are when nobody tells them otherwise, or
    how many threads has at most what ``runs-at-once`` plain functions of others; none where that is as many as come. What
    ``is-mounted`` serves as a part of something else, which is what somebody starts. What makes an application one that is
    ``called-in-turn`` gives it to a platform that calls a process for one request after the other.
    Where something ``keeps-loop``, what runs a coroutine does so on the loop that its thread has.
    """

    purpose: Literal[
        "migrates",
        "serves",
        "is-mounted",
        "comes-and-goes",
        "called-in-turn",
        "runs-again",
        "runs-at-once",
        "ends-transactions",
        "keeps-loop",
        "tests",
    ]
    names: tuple[str, ...]
    by: Literal["call", "read", "import"] = "call"
    at_once: int = 0


class Hook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Functions of a project that a library calls.

    ``names`` are what such a function is decorated with, or handed to: functions and classes by their qualified names,
    methods by those of a class of the models (``dishka.Provider.provide``), or, where the class of an application can
    seldom be told, by the name alone (``get``): these fit whatever is not known to be of another library. ``by`` tells how
    it comes to be called: as what the ``decorator`` stands above, as an ``argument`` of a call, as the ``keyword`` of that
    name of any call, in one of the ``list``s of that name, or where its name is defined, imported or read: by a ``mention``; or
    as a method of a ``class`` of the project that derives from one of these, under one of the names ``events``.
    ``events`` are else first arguments, where it is called for these only. ``kept_by``: the decorator that makes it what the
    keyword takes.

    ``runs`` is when: for each ``request`` or ``message``, as a ``task`` of a queue, as a ``job`` of a schedule, in each run of a
    ``flow``, at the ``start`` of the application, at that of each ``child`` process, ``after-response``, or for what is asked
    for: a ``fixture`` of tests, a ``dependency``; or ``at-once`` with others, which get the same of what it is handed, unless the
    decorator is given ``alone``, or one of the words ``in_turn`` says that a project has them called one by one. ``forked``: in
    children of a process that has imported the module. ``singly``: a process runs such a function no more than once at a time;
    ``in_workers``: it does not, as a worker or a bot is started by default. ``apart``: that process runs jobs alone, and nobody
    waits for it. ``ends``: a process is forked for each run, and ends with it. ``own_loop``: a coroutine has an event loop that
    is made for it. ``in_threads``: a plain function is run in a thread, while coroutines run on the loop that all share.
    ``resumes``: a generator is resumed at its end whatever becomes of who uses what it gives: nothing is thrown into it.
    """

    names: tuple[str, ...]
    runs: Literal[
        "request",
        "message",
        "task",
        "job",
        "flow",
        "start",
        "child",
        "after-response",
        "fixture",
        "dependency",
        "at-once",
    ]
    by: Literal["decorator", "argument", "keyword", "list", "mention", "class"] = "decorator"
    events: tuple[str, ...] = ()
    kept_by: str = ""
    forked: bool = False
    singly: bool = False
    in_workers: bool = False
    apart: bool = False
    ends: bool = False
    own_loop: bool = False
    in_threads: bool = False
    resumes: bool = False
    alone: str = ""
    in_turn: tuple[str, ...] = ()


class Guard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a library runs before functions of a project: ``names`` are what these are decorated with, ``runs`` the decorators of
    the functions that run before them, by the last part of their names. With ``of_same``, each of the latter concerns those
    alone that are registered with the same object, unless that is made by one of the functions ``of_all``.
    """

    names: tuple[str, ...]
    runs: tuple[str, ...]
    of_same: tuple[str, ...] = ()
    of_all: tuple[str, ...] = ()


class Middleware(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What runs around the handlers of messages: the methods ``names``, which call what they are passed for it.

    What has handlers for one kind of message takes one by a method of ``takes``, or by a method ``by`` of that. What is for
    the kinds ``first`` runs around all, and so does what belongs to an object of a class ``of_all``, for its kind; anything
    else for the handlers of its router, and of those that this takes in, by the methods ``includes``.
    """

    names: tuple[str, ...]
    takes: tuple[str, ...]
    by: tuple[str, ...]
    first: tuple[str, ...]
    of_all: tuple[str, ...]
    includes: tuple[str, ...]


class Injection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Markers by which a framework passes a parameter: ``Depends(get_session)``, as its default or in ``Annotated``.

    What gives the value is the first argument, or the keyword ``argument``; with ``declared`` it is the class that the
    parameter is declared with where neither is there. The keyword ``unshared`` says that others get another value.
    ``required`` is the keyword of routes and routers that lists what is run before an endpoint for its sake alone,
    ``includes`` the method by which an application or a router takes in another router, with such a list as well. When a
    generator is resumed says the keyword ``scope``, with a value of ``ends``, or else ``fact``, the name of a fact, where
    there is one. ``replaced`` is the attribute of applications that says what is run in the place of others.
    """

    names: tuple[str, ...]
    argument: str = ""
    declared: bool = False
    unshared: str = ""
    required: str = ""
    includes: str = ""
    replaced: str = ""
    scope: str = ""
    ends: dict[str, Literal["before-response", "after-response"]] = {}
    fact: str = ""


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Decorators that make an object of a class that they are given, and pass it before all else to the function that they
    decorate: ``@shared_task(bind=True, base=DatabaseTask)``. ``when`` is the keyword that asks for it, ``cls`` the one
    that names the class.
    """

    names: tuple[str, ...]
    when: str
    cls: str


class Streamed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Responses whose body a generator yields while the client reads it, after the endpoint has returned.

    The body is the first argument, or the keyword ``body``.
    """

    names: tuple[str, ...]
    body: str


class Handed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A generic class whose attributes are what its type arguments are; ``attributes`` has the index of each.

    ``name`` is its import root and its own name. One without attributes stands for its first type argument.
    """

    name: str
    attributes: dict[str, int] = {}
