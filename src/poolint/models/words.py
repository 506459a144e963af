"""The words that models are written in; `docs/extending.md` lists them with the comment beside each."""

from __future__ import annotations

from typing import Literal

Call = Literal[
    "sync",  # a plain function; awaiting what it gives is an error
    "coroutine",  # a coroutine function: nothing happens until it is awaited
    "awaitable",  # gives a future or the like: it runs whether or not it is awaited
    "awaitable-cm",  # gives an object that may be awaited or entered with `async with`; until then nothing happens
    "async-cm",  # gives an asynchronous context manager that cannot be awaited
    "cm",  # gives a synchronous context manager only
    "async-generator",  # an asynchronous generator function
    "generator",  # a generator function
]

Role = Literal[
    "open",  # makes a session: nothing is checked out before its first use
    "checkout",  # takes a connection out of a pool, or connects
    "create",  # builds an engine, a pool, a factory or a client
    "release",  # gives back what it is called on (or its argument, see `releases`)
    "dispose",  # ends a pool or an engine
    "commit",  # ends the transaction, keeps its changes
    "rollback",  # ends the transaction, drops its changes
    "flush",  # writes what has changed, inside the transaction
    "refresh",  # reads an object anew
    "begin",  # starts a transaction, or makes the object that will
    "reset",  # undoes what was done on what it is called on, as one does before giving it back
    "transaction",  # any other step of a transaction object
    "query",  # reaches the database on a connection that is held
    "stream",  # the same, and keeps a cursor open on the server
    "statement",  # reaches the database on a connection of its own, which goes back when the answer has been read
    "cursor",  # makes a cursor
    "local",  # works in memory
    "refused",  # raises at once, before it takes anything
    "drive",  # runs an event loop until it has done what it was given
    "external",  # talks to something else over a network: see `effect`
]

Effect = Literal[
    "",  # waits for nothing outside the database
    "http",  # an HTTP request
    "chat",  # a chat service, to which a bot sends a message or an answer
    "mail",  # a mail server
    "object-store",  # files in a store such as S3
    "object",  # such a store is asked about one of them, or told what to do with it: nothing of it goes over
    "sleep",  # for some time
    "lock",  # for a lock of this process
    "client",  # for another service, by a client of its own
    "subprocess",  # for another program
    "rpc",  # a call of another service
    "name",  # the address of a host, which a resolver has at hand as a rule
    "llm",  # a language model
    "retry",  # sleeps between two attempts
    "pace",  # sleeps until a moment that others before it have set, as what keeps to a rate does
    "user",  # until somebody has typed
    "wait",  # for others in this process, for a message, for a task's result: nobody knows how long
    "room",  # for a free place in a queue
    "queue",  # sends a task or a message, for somebody else to act on
    "broker",  # any other word with a message broker
]

Kind = Literal[
    "session",  # holds a connection from its first use to the end of a transaction
    "connection",  # has been taken out of a pool, or has connected by itself
    "subscription",  # listens on a connection of its own, which it takes with its first use
    "transaction",  # begins, commits and rolls back on a session or connection
    "cursor",  # runs statements on a connection
    "result",  # has the rows of a query
    "query",  # is built first and reaches the database later
    "engine",  # has a pool, or makes one
    "pool",  # lends connections
    "factory",  # makes sessions
    "registry",  # a scoped session
    "client",  # owns connections to something that is no database
    "response",  # an answer, which may keep its connection until it is read
    "context",  # an object that only exists to be awaited or entered
    "other",  # anything else
]

Objects = Literal[
    "",  # it has nothing to do with such objects
    "named",  # gives an object of the class that it is passed first, or that what it is passed asks for
    "asked",  # what it gives asks for, or has, objects of the classes that it is passed, or those that this asks for
    "own",  # what it gives asks for objects of the class that it is called on
    "asked-first",  # the same of the first of several classes alone
    "kept",  # what it gives has the objects that what it is called on has
    "kept-first",  # the same of the first of several classes alone
    "first",  # gives one of the objects that what it is called on has, of the first of several classes
    "one",  # gives one of them, or, where several classes were asked for, a tuple with one of each
    "all",  # gives several of these
    "row",  # gives a tuple with one of each, also of one class
    "rows",  # gives several such tuples
]

OnDrop = Literal[
    "",  # nothing is lost
    "terminated",  # the garbage collector terminates it, late, with a warning
    "collected",  # it comes back silently at the next cyclic collection
    "dropped",  # its last reference gives it back (in CPython)
    "lost",  # its slot never comes back
    "closed",  # its last reference closes it at once, in CPython
    "open",  # its connections stay open, until the other side closes them
]
