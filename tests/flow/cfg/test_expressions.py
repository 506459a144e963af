"""Order of evaluation, and what inside an expression may be skipped, repeated or left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Program


def test_program(program: Program) -> None:
    assert program.graph().dump() == program.expected


PROGRAMS = """\
# arguments come before the call, the receiver before them
# raises: c() | a().m(b(), *c(), k=d(), **e())
def f():
    a().m(b(), *c(), k=d(), **e())
---
entry -> a()
a() -> b()
b() -> c()
c() -> d(); exception exit-exception
d() -> e()
e() -> a().m(b(), *c(), k=d(), **e())
a().m(b(), *c(), k=d(), **e()) -> exit-normal; exception exit-exception


# starred arguments come before keywords that stand before them
def f():
    g(k=a(), *b())
---
entry -> b()
b() -> a()
a() -> g(*b(), k=a())
g(*b(), k=a()) -> exit-normal


# operators and displays from left to right
def f():
    x = [a() + b() * c(), *d()], {e(): g(), **h()}, i()[j():k()], -l(), f"{m()}{n():{o()}}"
---
entry -> a()
a() -> b()
b() -> c()
c() -> d()
d() -> e()
e() -> g()
g() -> h()
h() -> i()
i() -> j()
j() -> k()
k() -> l()
l() -> m()
m() -> n()
n() -> o()
o() -> store x
store x -> exit-normal


# and as a value branches only where what may be skipped has events
def f():
    x = a() and b() and c
    y = a and b
    z = a() or b
---
entry -> a()
a() -> a()?
a()? -> true b(); false store x
b() -> store x
store x -> store y
store y -> a()#2
a()#2 -> store z
store z -> exit-normal


# or as a value
def f():
    return (a() or b()) and c()
---
entry -> a()
a() -> a()?
a()? -> true c(); false b()
b() -> b()?
b()? -> true c(); false return (a() or b()) and c()
c() -> return (a() or b()) and c()
return (a() or b()) and c() -> exit-normal


# ternary as a value
def f():
    x = a() if b() else c()
    y = a if d() else c
---
entry -> b()
b() -> b()?
b()? -> true a(); false c()
a() -> store x
c() -> store x
store x -> d()
d() -> store y
store y -> exit-normal


# ternary as a test
def f():
    if a() if b else c:
        d()
---
entry -> b?
b? -> true a(); false c?
a() -> a()?
a()? -> true d(); false exit-normal
c? -> true d(); false exit-normal
d() -> exit-normal


# chained comparison stops at the first that fails
def f():
    if a() < b() < c():
        d()
---
entry -> a()
a() -> b()
b() -> a() < b() < c()?
a() < b() < c()? -> true c(); false exit-normal
c() -> a() < b() < c()?#2
a() < b() < c()?#2 -> true d(); false exit-normal
d() -> exit-normal


# chained comparison as a value, without later events
def f():
    x = a() < b() < c
    y = a() < b < c() < d
---
entry -> a()
a() -> b()
b() -> store x
store x -> a()#2
a()#2 -> a() < b < c() < d?
a() < b < c() < d? -> true c(); false store y
c() -> store y
store y -> exit-normal


# walrus binds where it stands
def f():
    if (x := a()) is not None and (y := b(x)):
        c()
---
entry -> a()
a() -> store x
store x -> (x := a()) is not None?
(x := a()) is not None? -> true b(x); false exit-normal
b(x) -> store y
store y -> (y := b(x))?
(y := b(x))? -> true c(); false exit-normal
c() -> exit-normal


# comprehension is a loop
def f():
    x = [a(y) for y in b()]
---
entry -> b()
b() -> for y
for y -> item store y; exhausted store x
store y -> a(y)
a(y) -> loop-back for y
store x -> exit-normal


# comprehension with conditions and two loops
# raises: all
def f():
    x = {a(): b() for c in d() if e() and g for h in i() if j()}
---
entry -> d()
d() -> for c; exception exit-exception
for c -> item store c; exhausted store x; exception exit-exception
store c -> e()
e() -> e()?; exception exit-exception
e()? -> true g?; false for c
g? -> true i(); false for c
i() -> for h; exception exit-exception
for h -> item store h; exhausted for c; exception exit-exception
store h -> j()
j() -> j()?; exception exit-exception
j()? -> true a(); false for h
a() -> b(); exception exit-exception
b() -> loop-back for h; exception exit-exception
store x -> exit-normal


# asynchronous comprehension
# raises: a(y)
async def f():
    [await a(y) async for y in b() if (z := y)]
---
entry -> b()
b() -> async for y
async for y -> item store y; exhausted exit-normal; exception exit-exception; cancel exit-cancel
store y -> store z
store z -> (z := y)?
(z := y)? -> true a(y); false async for y
a(y) -> await a(y); exception exit-exception
await a(y) -> loop-back async for y; cancel exit-cancel


# generator expression runs no more than what it first iterates
def f():
    x = (a(y) for y in b() for z in c() if d())
---
entry -> b()
b() -> store x
store x -> exit-normal


# lambda runs only its defaults
def f():
    x = lambda y=a(), *, z=b(): c()
---
entry -> a()
a() -> b()
b() -> store x
store x -> exit-normal


# lambda itself
# raises: all
x = lambda y=a(): b(y) or c()
---
entry -> b(y)
b(y) -> b(y)?; exception exit-exception
b(y)? -> true return b(y) or c(); false c()
c() -> return b(y) or c(); exception exit-exception
return b(y) or c() -> exit-normal


# await is an event of its own
# raises: all
async def f():
    await a(await b())
---
entry -> b()
b() -> await b(); exception exit-exception
await b() -> a(await b()); exception exit-exception; cancel exit-cancel
a(await b()) -> await a(await b()); exception exit-exception
await a(await b()) -> exit-normal; exception exit-exception; cancel exit-cancel


# await of what is no call
# raises: await x.y
async def f():
    await x.y
---
entry -> await x.y
await x.y -> exit-normal; exception exit-exception; cancel exit-cancel


# a call that never returns
# raises: die()
# never: die()
def f():
    if a:
        die()
        b()
    x = die()
---
entry -> a?
a? -> true die(); false die()#2
die() -> exception exit-exception
die()#2 -> exception exit-exception


# a coroutine that never returns ends at its await
# never: die()
async def f():
    await die()
    a()
---
entry -> die()
die() -> await die()
await die() -> cancel exit-cancel


# nothing raises or returns
# never: die(a())
def f():
    die(a())
---
entry -> a()
a() -> die(a())
die(a()) -> nothing


# yields
# raises: yield a()
def f():
    x = yield a()
    yield from b()
    yield
---
entry -> a()
a() -> (yield a())
(yield a()) -> store x; generator-exit exit-generator
store x -> b()
b() -> (yield from b())
(yield from b()) -> (yield); generator-exit exit-generator
(yield) -> exit-normal; generator-exit exit-generator


# a walrus inside a comprehension, whose condition is negated
def f():
    [b for a in c if not (b := a)]
---
entry -> for a
for a -> item store a; exhausted exit-normal
store a -> store b
store b -> (b := a)?
(b := a)? -> true for a; false for a
"""
