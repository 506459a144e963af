"""Match statements: patterns, captures, guards, and cases that take all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Program


def test_program(program: Program) -> None:
    assert program.graph().dump() == program.expected


PROGRAMS = """\
# match with a case for the rest
def f():
    match a():
        case 1:
            b()
        case 2 | 3:
            c()
        case _:
            d()
    e()
---
entry -> a()
a() -> 1?
1? -> true b(); false 2 | 3?
b() -> e()
2 | 3? -> true c(); false d()
c() -> e()
d() -> e()
e() -> exit-normal


# match without a case for the rest
def f():
    match a:
        case None:
            return b()
        case True:
            return c()
    d()
---
entry -> None?
None? -> true b(); false True?
b() -> return b()
return b() -> exit-normal
True? -> true c(); false d()
c() -> return c()
return c() -> exit-normal
d() -> exit-normal


# guards fall through to the next case
def f():
    match a:
        case [b, *c] if d() and e:
            g()
        case {"k": h, **i} if j:
            k()
        case l if m():
            n()
---
entry -> [b, *c]?
[b, *c]? -> true store b; false {'k': h, **i}?
store b -> store c
store c -> d()
d() -> d()?
d()? -> true e?; false {'k': h, **i}?
e? -> true g(); false {'k': h, **i}?
g() -> exit-normal
{'k': h, **i}? -> true store i; false store l
store i -> store h
store h -> j?
j? -> true k(); false store l
k() -> exit-normal
store l -> m()
m() -> m()?
m()? -> true n(); false exit-normal
n() -> exit-normal


# captures know the subject where they are the whole of it
def f():
    match a():
        case B(c=d) as e:
            pass
        case g:
            pass
---
entry -> a()
a() -> B(c=d) as e?
B(c=d) as e? -> true store e; false store g
store e -> store d
store d -> pass
pass -> exit-normal
store g -> pass#2
pass#2 -> exit-normal


# a case that takes all ends the search
def f():
    match a:
        case 1 | _:
            b()
    c()
---
entry -> b()
b() -> c()
c() -> exit-normal


# match in a loop
def f():
    for a in b:
        match a:
            case 1:
                break
            case 2:
                continue
            case _:
                c()
        d()
---
entry -> for a
for a -> item store a; exhausted exit-normal
store a -> 1?
1? -> true break; false 2?
break -> exit-normal
2? -> true continue; false c()
continue -> loop-back for a
c() -> d()
d() -> loop-back for a
"""
