"""Loops: heads, ends, else, and the ways out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Program


def test_program(program: Program) -> None:
    assert program.graph().dump() == program.expected


PROGRAMS = """\
# while with else
def f():
    while a():
        b()
    else:
        c()
    d()
---
entry -> a()
a() -> a()?
a()? -> true b(); false c()
b() -> loop-back a()
c() -> d()
d() -> exit-normal


# while with break passes else by
def f():
    while a:
        if b:
            break
        if c:
            continue
        d()
    else:
        e()
    g()
---
entry -> a?
a? -> true b?; false e()
b? -> true break; false c?
break -> g()
c? -> true continue; false d()
continue -> loop-back a?
d() -> loop-back a?
e() -> g()
g() -> exit-normal


# endless loop ends only by break
def f():
    while True:
        if a():
            break
    b()
---
entry -> True?
True? -> true a()
a() -> a()?
a()? -> true break; false True?
break -> b()
b() -> exit-normal


# endless loop without end
# raises: a()
def f():
    while 1:
        a()
    b()
---
entry -> 1?
1? -> true a()
a() -> loop-back 1?; exception exit-exception


# for with else
# raises: a()
def f():
    for x in a():
        b(x)
    else:
        c()
    d()
---
entry -> a()
a() -> for x; exception exit-exception
for x -> item store x; exhausted c(); exception exit-exception
store x -> b(x)
b(x) -> loop-back for x
c() -> d()
d() -> exit-normal


# for over a literal cannot fail
# raises: all
def f():
    for x, y in ((1, 2), (3, 4)):
        pass
---
entry -> for (x, y)
for (x, y) -> item store x; exhausted exit-normal
store x -> store y
store y -> pass
pass -> loop-back for (x, y)


# for with break and continue
def f():
    for a.b in c:
        if d:
            break
        elif e:
            continue
    else:
        return g
    return h
---
entry -> for a.b
for a.b -> item store a.b; exhausted return g
store a.b -> d?
d? -> true break; false e?
break -> return h
e? -> true continue; false for a.b
continue -> loop-back for a.b
return g -> exit-normal
return h -> exit-normal


# asynchronous for
# raises: all
async def f():
    async for x in a():
        b()
---
entry -> a()
a() -> async for x; exception exit-exception
async for x -> item store x; exhausted exit-normal; exception exit-exception; cancel exit-cancel
store x -> b()
b() -> loop-back async for x; exception exit-exception


# break leaves only the inner loop
def f():
    for a in b:
        for c in d:
            if e:
                break
        g()
---
entry -> for a
for a -> item store a; exhausted exit-normal
store a -> for c
for c -> item store c; exhausted g()
store c -> e?
e? -> true break; false for c
break -> g()
g() -> loop-back for a


# break in else belongs to the loop around
def f():
    for a in b:
        while c:
            pass
        else:
            break
    d()
---
entry -> for a
for a -> item store a; exhausted d()
store a -> c?
c? -> true pass; false break
pass -> loop-back c?
break -> d()
d() -> exit-normal


# loop that never comes back
def f():
    for a in b:
        return c()
---
entry -> for a
for a -> item store a; exhausted exit-normal
store a -> c()
c() -> return c()
return c() -> exit-normal
"""
