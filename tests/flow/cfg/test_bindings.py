"""What binds names, and the statements that do little else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Program


def test_program(program: Program) -> None:
    assert program.graph().dump() == program.expected


PROGRAMS = """\
# every target is bound by itself after the value
def f():
    a = b[c()] = d().e = g()
---
entry -> g()
g() -> store a
store a -> c()
c() -> store b[c()]
store b[c()] -> d()
d() -> store d().e
store d().e -> exit-normal


# parts of a tuple
def f():
    (a, b[c()]), *d = e()
    g, h = i(), j()
    k, l = l, k
---
entry -> e()
e() -> store a
store a -> c()
c() -> store b[c()]
store b[c()] -> store d
store d -> i()
i() -> j()
j() -> store g
store g -> store h
store h -> store k
store k -> store l
store l -> exit-normal


# nothing is bound by an import that fails, and nothing comes after it
# never: from a import b
def f():
    try:
        from a import b
        c()
    except ImportError:
        d()
    from e import g
---
entry -> from a import b
from a import b -> exception except ImportError~exception
except ImportError~exception -> d(); exception exit-exception
d() -> from e import g
from e import g -> store g
store g -> exit-normal


# augmented assignment evaluates the target first
def f():
    a().b[c()] += d()
    e += 1
---
entry -> a()
a() -> c()
c() -> d()
d() -> store a().b[c()]
store a().b[c()] -> store e
store e -> exit-normal


# annotations do not run
def f():
    a: b()
    c: d() = e()
---
entry -> a: b()
a: b() -> e()
e() -> store c
store c -> exit-normal


# del
def f():
    del a, (b[c()], d().e)
---
entry -> del a
del a -> c()
c() -> del b[c()]
del b[c()] -> d()
d() -> del d().e
del d().e -> exit-normal


# imports may raise
# raises: import a, b.c as d | from e import g, h as i | from j import *
def f():
    import a, b.c as d
    from e import g, h as i
    from j import *
---
entry -> import a, b.c as d
import a, b.c as d -> store a; exception exit-exception
store a -> import a, b.c as d#2
import a, b.c as d#2 -> store d; exception exit-exception
store d -> from e import g, h as i
from e import g, h as i -> store g; exception exit-exception
store g -> store i
store i -> from j import *
from j import * -> store *; exception exit-exception
store * -> exit-normal


# function is bound, its decorators and defaults run
# raises: a(b())
def f():
    @a(b())
    @c
    def g(x=d(), *, y=e()) -> h():
        i()
---
entry -> b()
b() -> a(b())
a(b()) -> d(); exception exit-exception
d() -> e()
e() -> @c
@c -> @a(b())
@a(b()) -> store g; exception exit-exception
store g -> exit-normal


# asynchronous function
async def f():
    async def g():
        await a()
    b()
---
entry -> store g
store g -> b()
b() -> exit-normal


# class body runs where it stands
# raises: all
def f():
    @a
    class B(c(), metaclass=d()):
        e = g()
        def h(self, i=j()):
            k()
---
entry -> c()
c() -> d(); exception exit-exception
d() -> g(); exception exit-exception
g() -> store e; exception exit-exception
store e -> j()
j() -> store h; exception exit-exception
store h -> @a
@a -> store B; exception exit-exception
store B -> exit-normal


# statements without events
def f():
    global a
    "text"
    b
    c.d
    pass
---
entry -> global a
global a -> 'text'
'text' -> b
b -> c.d
c.d -> pass
pass -> exit-normal


# module
# raises: import a
import a
b = a.c()
def f():
    return d()
if b:
    e()
---
entry -> import a
import a -> store a; exception exit-exception
store a -> a.c()
a.c() -> store b
store b -> store f
store f -> b?
b? -> true e(); false exit-normal
e() -> exit-normal


# empty function body
def f():
    ...
---
entry -> ...
... -> exit-normal
"""
