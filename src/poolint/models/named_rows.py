"""The shape of what is known of functions by their names alone: how calls of them end, and what these hand through."""

from __future__ import annotations

from typing import Literal

import msgspec


class Manner(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How calls of some functions end. A name stands for itself and for all that is reached through it.

    ``quiet``: they raise nothing in practice; ``never-returns``: nothing comes after one; ``ends-process``: likewise, and
    what is still open is given back with the process; ``suppresses``: as context managers they suppress what is raised in
    their block, all of it or the classes that they are given; ``drives``: they run a coroutine on an event loop of its own,
    ``drives-later``: what they give does so when it is called, and ``new-loop``: a method of that. ``registers``: they are
    passed the target of a listener, the name of the event and the function, or the function that they decorate.

    ``maps-column`` and ``maps-relationship``: what they give stands for an attribute of rows; ``loads``: they say that an
    attribute is loaded with its object, or how, and ``takes-out``: that an object is no longer the session's.

    ``quiet-method`` and ``logs`` are names of methods, of objects of which nothing is known and of loggers: they raise
    nothing in practice.
    """

    how: Literal[
        "quiet",
        "quiet-method",
        "logs",
        "never-returns",
        "ends-process",
        "suppresses",
        "drives",
        "drives-later",
        "new-loop",
        "registers",
        "registers-decorated",
        "maps-column",
        "maps-relationship",
        "loads",
        "takes-out",
    ]
    names: tuple[str, ...]


class Passed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Functions that hand a value through; ``argument`` is the index of the one that is meant.

    ``gives``: the ``same`` as it, an object of the ``type`` that it is, what has the same ``items``, one ``item`` of it, or
    a context manager that gives it back: ``cm``, ``async-cm`` or ``both``. A ``container`` is what makes one that is empty,
    ``decorator-cm`` and ``decorator-async-cm`` make context managers of generators.
    """

    names: tuple[str, ...]
    gives: Literal[
        "same",
        "type",
        "items",
        "item",
        "cm",
        "async-cm",
        "both",
        "container",
        "decorator-cm",
        "decorator-async-cm",
    ]
    argument: int = 0


class Threaded(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Functions that run one in a thread and are awaited for what it gives; ``argument`` is its index among theirs."""

    names: tuple[str, ...]
    argument: int = 0
