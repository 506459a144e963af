"""What flow branches on, and that each edge knows the smallest test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Program


def test_program(program: Program) -> None:
    assert program.graph().dump() == program.expected


PROGRAMS = """\
# if without else
def f():
    if a:
        b()
    c()
---
entry -> a?
a? -> true b(); false c()
b() -> c()
c() -> exit-normal


# if with elif and else
def f():
    if a:
        b()
    elif c():
        d()
    else:
        e()
---
entry -> a?
a? -> true b(); false c()
b() -> exit-normal
c() -> c()?
c()? -> true d(); false e()
d() -> exit-normal
e() -> exit-normal


# and refines both
def f():
    if a is not None and b:
        c()
    else:
        d()
---
entry -> a is not None?
a is not None? -> true b?; false d()
b? -> true c(); false d()
c() -> exit-normal
d() -> exit-normal


# or with not
def f():
    if not (a or not b()) or c:
        d()
---
entry -> a?
a? -> true c?; false b()
b() -> b()?
b()? -> true d(); false c?
c? -> true d(); false exit-normal
d() -> exit-normal


# nested conditions keep their own edges
def f():
    if (a or b) and (c or d()):
        e()
---
entry -> a?
a? -> true c?; false b?
b? -> true c?; false exit-normal
c? -> true e(); false d()
d() -> d()?
d()? -> true e(); false exit-normal
e() -> exit-normal


# constants decide
def f():
    if True:
        a()
    else:
        b()
    if 0 or "":
        c()
    if not None and d:
        e()
---
entry -> True?
True? -> true a()
a() -> 0?
0? -> false ''?
''? -> false None?
None? -> false d?
d? -> true e(); false exit-normal
e() -> exit-normal


# both arms leave
def f():
    if a:
        return b()
    else:
        raise c
    d()
---
entry -> a?
a? -> true b(); false raise c
b() -> return b()
return b() -> exit-normal
raise c -> exception exit-exception


# assert refines, and raises where it fails
def f():
    assert a is not None, b()
    c()
---
entry -> a is not None?
a is not None? -> true c(); false b()
b() -> assert a is not None
assert a is not None -> exception exit-exception
c() -> exit-normal


# assert false ends
def f():
    if a:
        assert False, "never"
        b()
    assert True
    c()
---
entry -> a?
a? -> true False?; false True?
False? -> false assert False
assert False -> exception exit-exception
True? -> true c()
c() -> exit-normal


# a test with a call, inside a loop
def f():
    while a() or b:
        if c():
            pass
---
entry -> a()
a() -> a()?
a()? -> true c(); false b?
b? -> true c(); false exit-normal
c() -> c()?
c()? -> true pass; false a()
pass -> loop-back a()
"""
