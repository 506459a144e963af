"""The shape of what is known of functions by their names alone: how calls of them end, and what these hand through."""

from __future__ import annotations

from typing import Literal

import msgspec

How = Literal[
    # how calls end
    "pushes",
    "quiet",
    "quiet-method",
    "quiet-with-default",
    "quiet-if-asked",
    "logs",
    "never-returns",
    "ends-process",
    "suppresses",
    "expects-error",
    # event loops, tasks and time
    "drives",
    "drives-given",
    "drives-later",
    "new-loop",
    "needs-loop",
    "at-once",
    "makes-task",
    "starts",
    "starts-later",
    "kept-by-connection",
    "shields",
    "limits-awaited",
    "limits-block",
    "watches",
    # functions
    "goes-over",
    "memoises",
    "keeps-function",
    "keeps-parameters",
    "keeps-coroutines",
    "command-line",
    "reads-command-line",
    "fills-argument",
    "runs-command",
    "registers-command",
    "asks-coroutine",
    "loads-modules",
    "lists-files",
    "runs-a-server",
    "looks-up",
    "registers-nothing",
    "sets-up",
    # listeners and mapped classes
    "registers",
    "registers-decorated",
    "maps-rows",
    "maps-if",
    "maps-otherwise",
    "mixes-into-rows",
    "refuses-fields",
    "changes-fields",
    "adds-columns",
    "of-all-rows",
    "adds-attribute",
    "maps-column",
    "maps-relationship",
    "loads",
    "takes-out",
    "loads-object",
    "gives-result",
    "gives-scalars",
    "reads-result",
    # values
    "plain-type",
    "maps-nothing",
    "calls-nothing",
    "awaits-nothing",
    "uses",
    "looks-at",
    "asks-about",
    "keeps",
    "keeps-given",
    "hands-on",
    "gives-back",
    "removes",
    "ends-sessions",
    "tidies",
    "shuts-down",
    "fails",
    "reports",
    "timeout-error",
    "cancelled-error",
    "takes-failed-flush",
    # engines
    "same-pool",
    "same-pool-method",
    "bound-to",
    "sync-side",
    # rows
    "reads-rows",
    "runs",
    "asks",
    "makes-query",
    "pends",
    "writes",
    "may-write",
    "sets-isolation",
    "sets-autocommit",
    "sets-blocking",
    "tells-transaction",
    "asks-if-begun",
    "begins-within",
    "builds-change",
    "attaches",
    "leads-to-driver",
    "named-engine",
    "used-session",
    "used-factory",
    "used-registry",
    "makes-statement",
    "shows-query",
    "shows-session",
    "shows-alone",
    "sets-worker-pool",
    "serves-many",
    "lets-in-owner",
    "checks-before",
    "platform-handler",
    "shows-mapped",
    "shows-entity",
    "shows-rows",
    "shows-database",
    "shows-block",
    "shows-driver",
    "shows-engine",
    "talks",
    # threads
    "calls-back",
    "calls-given",
    "awaits-given",
    "starts-thread",
    "waits-for-thread",
    "joins-thread",
    # settings
    "reads-environment",
    "takes-settings",
    "changes-settings",
    "reads-body",
    "of-request",
    "declares-field",
    "validates-field",
    "validates-object",
    "completes",
    "makes-object",
    "sets-by-name",
    "property",
    "same-value",
    "same-text",
    "same-text-method",
    "copies",
]
"""What a :class:`Manner` may say."""


class Manner(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is known of some functions, methods and classes by their names alone. A name stands for itself and for all that
    is reached through it; one without a dot is that of methods, whatever they are called on.

    ``quiet``: they raise nothing in practice; ``never-returns``: nothing comes after one; ``ends-process``: likewise, and
    what is still open is given back with the process; ``suppresses``: as context managers they suppress what is raised in
    their block, all of it or the classes that they are given; ``expects-error``: the last statement of their block has to
    raise. ``quiet-method`` and ``logs`` are names of methods, of objects
    of which nothing is known and of loggers: they raise nothing in practice; ``quiet-with-default`` neither, if they are told
    what to give in the place of something missing, ``quiet-if-asked`` where a test has shown that it is there.

    ``drives``: they run a coroutine on an event loop of its own, ``drives-given`` on one that is there; ``drives-later``:
    what they give does so when it is called, and ``new-loop``: a method of that. ``needs-loop``: they raise where no loop runs,
    and nowhere else. ``at-once``: they run the coroutines that
    they are given at the same time; ``makes-task``: they start one and give its task, ``starts`` give none, and
    ``starts-later`` start a function. ``shields``: they are awaited in the place of what they are given, and
    ``limits-awaited`` as well, for a time; ``limits-block``: context managers that cancel what takes too long, ``watches``
    others that only watch over their block.

    Decorators: ``memoises`` keep what a function has returned, for all its calls or for those with the same arguments;
    ``keeps-function`` leave what it takes and gives as it is, ``keeps-parameters`` what it takes, and
    ``keeps-coroutines`` a coroutine function one.
    ``kept-by-connection``: arguments of drivers for what a connection keeps between statements, turned off behind poolers.

    ``loads-modules``: what imports modules by names that no import statement has; ``lists-files``: what gives the files of a
    folder, or all below it; ``looks-up``: what gives attributes by
    their names, or all of them.
    ``runs-a-server``: what a module that is run calls to answer requests.
    ``registers-nothing``: modules whose decorators leave what they decorate to those who name it. ``sets-up``: what a module
    calls as it is imported for others to find something set, and that does nothing else.

    ``registers``: they are passed the target of a listener, the name of the event and the function, or the function that
    they decorate. ``maps-rows``: bases of the classes of rows, or what makes such a base; ``maps-if``: what the header of a
    class below such a base has to say for it to be mapped; ``mixes-into-rows``: bases that stand beside such a one, and add no
    attribute of their own naming; ``maps-otherwise``: keywords with which such a base is made another one;
    ``refuses-fields``: those of all these bases whose constructor raises for what is no attribute of a class, and
    ``changes-fields``: events whose listeners may change what that is passed; ``adds-columns``: options of a class that give it
    columns which are written elsewhere; ``of-all-rows``: attributes that
    such a base has, or is told to have; ``adds-attribute``: they are passed the name of an attribute for another class; what
    ``maps-column`` and
    ``maps-relationship`` give stands for an attribute of rows; ``loads``: they
    say that an attribute is loaded with its object, or how, and ``takes-out``: that an object is no longer the session's.
    ``loads-object``: methods of a session that are awaited for an object that they load, or for several; ``gives-result``
    for a result with rows. ``gives-scalars``: methods of a result that give the objects in its rows, ``reads-result`` others
    that give what it has.

    ``same-pool`` and ``same-pool-method``: attributes and methods of an engine, a factory or a registry that give something
    with the same pool; ``bound-to``: those of a session that give what it is bound to.
    ``sync-side``: attributes of an asynchronous resource that give the synchronous one behind it.

    ``plain-type``: classes whose objects are data that nothing can change; ``maps-nothing``: bases of classes that are no
    entities. ``awaits-nothing``: they use a value as it is, whatever it may be, and keep it for nobody who
    might await it. ``uses``: they only use a connection that they are given, ``looks-at`` likewise, and what they give goes on
    using it; ``keeps``: methods that keep what they are given, and ``keeps-given`` functions that may. ``hands-on``: who is
    given something by them may end it.

    ``gives-back``: methods that give something back, ``removes`` the same of a registry, ``ends-sessions`` what
    makes a block at whose end the sessions of registries are removed, and ``tidies`` what else is called
    when it is over; ``shuts-down`` end what lends to others. ``fails``: functions that are there to raise or to end the
    process; ``reports``: they write, or make words of, what they are given. ``timeout-error`` and ``cancelled-error``:
    exceptions that say that time is up, and that a task is cancelled; ``takes-failed-flush``: those by which a handler takes
    the failure of a flush or a commit.

    ``reads-rows``: methods that give rows, or a value of one, read whole. ``runs``: methods that run the statement that they
    are given; ``asks``: what says which columns or entities are asked for, ``makes-query`` as a method of a session;
    ``builds-change``: what makes a statement that changes or locks rows. ``pends``: methods after which a commit has to flush,
    ``writes`` others that write or lead to it, and ``may-write`` those that run what may be such a statement;
    ``attaches``: they make their argument one of the session's. ``sets-isolation`` and ``sets-autocommit``: they take the
    isolation level of a connection, and whether it commits each statement by itself; ``sets-blocking`` whether an object's calls
    wait. ``tells-transaction``: attributes that are
    true while a transaction is open. ``asks-if-begun``: they end a transaction, and ask no server where none has begun.
    ``begins-within``: keywords with which a
    transaction begins within one, for sessions that commit by themselves else.
    ``leads-to-driver``: what gives the connection or exception of a driver behind one's own. ``named-engine``: classes of what
    is called ``engine`` where their library is at hand. ``shows-database`` and ``shows-engine``: methods that show what
    nothing declares, and has such a name, to be a session or a connection, or an engine; ``shows-block`` show it where
    ``async with`` enters what they give; ``talks``: methods of drivers, ``shows-driver`` those that show a connection of a
    driver which is at hand, where it comes from a pool.
    ``used-session``, ``used-factory`` and ``used-registry``: classes of what runs statements, makes what does, and has one for
    each thread or task, where only its use tells;
    ``makes-statement``: libraries whose functions make such statements. ``shows-query``: methods that run statements or
    queries, ``shows-session`` others that show a session or a connection, and ``shows-alone`` those of ``shows-query`` that do.
    ``sets-worker-pool``: settings that say how many tasks a worker's process runs at once; ``serves-many``: what has a server
    that would run a few requests at once in a process run as many as come; ``platform-handler``: functions of a project that a
    platform without servers calls by these names, one request after the other in a process.
    ``shows-mapped``: methods that are asked for classes that are mapped to tables; ``shows-entity``: those that are asked for
    an object of such a class, by its key.
    ``shows-rows``: methods by which rows are read from what a statement gives.

    ``calls-back``: they are given a function that they call later, and drop what it returns; ``calls-given`` call the first
    one that they are given where they stand, with the rest, ``awaits-given`` run a coroutine function so to its end.
    ``starts-thread``: what runs a function in another thread; ``waits-for-thread``: what waits for it. ``pushes``: methods that
    send something to a client, and wait only where it has not taken what was sent before.

    ``reads-environment``: functions that give a variable of the environment, or what they are given in its place;
    ``takes-settings``: methods by which an application takes its settings from an object, ``changes-settings``: by which they
    may become others;
    ``reads-body``: methods of a request that give what its client has sent, as data; ``of-request``: classes of requests,
    of which a function is passed one that runs for each;
    ``declares-field``: what a field is declared by, with its default; ``validates-field``: decorators of methods that give
    fields, which they name, other values, ``validates-object`` those of methods for all fields; ``completes``: methods that
    run when an object has its fields; ``makes-object``: methods of a class, which derived ones have from it, that give an object;
    ``sets-by-name``: what sets attributes that it is told by their names, or gives
    another object with other ones; ``property``: decorators after which a method is read as an attribute. ``same-value``:
    what gives its last argument as it is; ``same-text`` and ``same-text-method``: functions, and methods, that give a text
    which says the same; ``copies``: what gives a copy of a mapping.
    """

    how: How
    names: tuple[str, ...]


class Passed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Functions that hand a value through; ``argument`` is the index of the one that is meant.

    ``gives``: the ``same`` as it, an object of the ``type`` that it is, the ``module`` that it names, what has the same
    ``items``, one ``item`` of it, or a context manager that gives it back: ``cm``, ``async-cm`` or ``both``; ``threaded-cm``
    is an asynchronous one that enters the one that is passed, in a thread. A ``container`` is what makes one that is empty,
    ``decorator-cm`` and ``decorator-async-cm`` make context managers of generators.
    """

    names: tuple[str, ...]
    gives: Literal[
        "same",
        "type",
        "module",
        "items",
        "item",
        "cm",
        "async-cm",
        "both",
        "threaded-cm",
        "container",
        "decorator-cm",
        "decorator-async-cm",
    ]
    argument: int = 0


class Threaded(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Functions that run one in a thread and are awaited for what it gives; ``argument`` is its index among theirs.

    ``of_module``: objects of other libraries have methods of the same name, so it is known by the name of its module before it.
    ``wraps``: what it gives runs the function, with what that is called with.
    """

    names: tuple[str, ...]
    argument: int = 0
    of_module: bool = False
    wraps: bool = False
