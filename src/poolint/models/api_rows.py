"""The shape of what is known of the names, events and exceptions that a library has."""

from __future__ import annotations

import msgspec


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The public names of one module, in words: any other public name is an error when it is read.

    ``gone`` are those that only other versions have, ``also`` modules whose names it has as well. ``right`` says for a
    name that is easily thought to be there which one is meant; one that stands elsewhere is dotted.
    """

    module: str
    names: str = ""
    gone: str = ""
    also: tuple[str, ...] = ()
    right: dict[str, str] = {}


class OlderForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What listeners of an event are passed, in words, by the versions ``before`` one; later ones take such a listener, too,
    which they know by the number of its parameters, ``until`` they do no more.
    """

    before: str
    passes: str
    until: str = ""


class Events(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A group of events: what their listeners are passed, in words. ``legacy`` are forms that older versions of
    ``distribution`` have in place of these.
    """

    name: str
    listeners: dict[str, str]
    distribution: str = ""
    legacy: dict[str, OlderForm] = {}


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What may be listened to: a class, its objects and those that derive from it, with the groups of their events.

    One without events refuses listeners: ``attribute`` of its objects takes them, ``stands_for`` in place of the class.
    """

    cls: str
    events: tuple[str, ...] = ()
    attribute: str = ""
    stands_for: str = ""


class Wrapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exceptions of drivers that arrive inside an exception of the library which runs the statement.

    ``into`` says for the name of such an exception in ``home`` the names that it wraps, of those that ``modules``
    export; ``*`` stands for all exceptions of theirs that are not named, which arrive inside of this one or one that
    derives from it. ``connecting`` are those that only come while a connection is made: not all versions wrap these.
    """

    home: str
    modules: tuple[str, ...]
    into: dict[str, str]
    connecting: str = ""


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is true of a library, where that depends on its version.

    ``since`` says from which version of ``distribution``, as it is called where it is installed from, which value
    holds. Of versions before the first of these nothing is said.
    """

    name: str
    distribution: str
    since: dict[str, str]
