"""With statements: entered, and left on every way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Program


def test_program(program: Program) -> None:
    assert program.graph().dump() == program.expected


PROGRAMS = """\
# left normally or with an exception
# raises: a() | b()
def f():
    with a() as c:
        b()
    d()
---
entry -> a()
a() -> enter a(); exception exit-exception
enter a() -> store c; exception exit-exception
store c -> b()
b() -> exit a(); exception exit a()~exception
exit a() -> d(); exception exit-exception
exit a()~exception -> exception exit-exception
d() -> exit-normal


# nothing about it raises
def f():
    with a():
        b()
---
entry -> a()
a() -> enter a()
enter a() -> b()
b() -> exit a()
exit a() -> exit-normal


# asynchronous
# raises: all
async def f():
    async with a() as b:
        await c()
---
entry -> a()
a() -> async enter a(); exception exit-exception
async enter a() -> store b; exception exit-exception; cancel exit-cancel
store b -> c()
c() -> await c(); exception async exit a()~exception
await c() -> async exit a(); exception async exit a()~exception; cancel async exit a()~cancel
async exit a() -> exit-normal; exception exit-exception; cancel exit-cancel
async exit a()~exception -> exception exit-exception; cancel exit-cancel
async exit a()~cancel -> exception exit-exception; cancel exit-cancel


# may suppress
# raises: b()
# suppresses: a()
def f():
    with a():
        b()
    c()
---
entry -> a()
a() -> enter a()
enter a() -> b()
b() -> exit a(); exception exit a()~exception
exit a() -> c()
exit a()~exception -> c(); exception exit-exception
c() -> exit-normal


# may suppress a cancellation
# suppresses: a
async def f():
    with a:
        await b()
        return c
    d()
---
entry -> enter a
enter a -> b()
b() -> await b()
await b() -> return c; cancel exit a~cancel
return c -> exit a~return
exit a~cancel -> d(); cancel exit-cancel
exit a~return -> exit-normal
d() -> exit-normal


# several items
# raises: a | b() | c()
def f():
    with a as d, b() as (e, g):
        c()
---
entry -> enter a
enter a -> store d; exception exit-exception
store d -> b()
b() -> enter b(); exception exit a~exception
enter b() -> store e; exception exit a~exception
store e -> store g
store g -> c()
c() -> exit b(); exception exit b()~exception
exit b() -> exit a; exception exit a~exception
exit b()~exception -> exception exit a~exception
exit a -> exit-normal; exception exit-exception
exit a~exception -> exception exit-exception


# the inner item may suppress
# raises: c()
# suppresses: b
def f():
    with a, b:
        c()
    d()
---
entry -> enter a
enter a -> enter b
enter b -> c()
c() -> exit b; exception exit b~exception
exit b -> exit a
exit b~exception -> exit a; exception exit a~exception
exit a -> d()
exit a~exception -> exception exit-exception
d() -> exit-normal


# return, break and continue pass through
def f():
    for a in b:
        with c:
            if d:
                break
            if e:
                continue
            if g:
                return h()
---
entry -> for a
for a -> item store a; exhausted exit-normal
store a -> enter c
enter c -> d?
d? -> true break; false e?
break -> exit c~break
e? -> true continue; false g?
continue -> exit c~continue
g? -> true h(); false exit c
h() -> return h()
return h() -> exit c~return
exit c -> loop-back for a
exit c~return -> exit-normal
exit c~break -> exit-normal
exit c~continue -> loop-back for a


# closing a generator
def f():
    with a:
        yield b
---
entry -> enter a
enter a -> (yield b)
(yield b) -> exit a; generator-exit exit a~generator-exit
exit a -> exit-normal
exit a~generator-exit -> generator-exit exit-generator


# the target is protected already
# raises: b()
def f():
    with a as b().c:
        pass
---
entry -> enter a
enter a -> b()
b() -> store b().c; exception exit a~exception
store b().c -> pass
pass -> exit a
exit a -> exit-normal
exit a~exception -> exception exit-exception


# nested in try and finally
# raises: b() | c()
def f():
    try:
        with a:
            b()
    except ValueError:
        c()
    finally:
        d()
---
entry -> enter a
enter a -> b()
b() -> exit a; exception exit a~exception
exit a -> d()
exit a~exception -> exception except ValueError~exception
except ValueError~exception -> c(); exception d()~exception
c() -> d(); exception d()~exception
d() -> exit-normal
d()~exception -> reraise~exception
reraise~exception -> exception exit-exception


# raise inside
# suppresses: a()
def f():
    with a():
        raise b
    c()
---
entry -> a()
a() -> enter a()
enter a() -> raise b
raise b -> exception exit a()~exception
exit a()~exception -> c(); exception exit-exception
c() -> exit-normal


# never returns inside
# raises: die()
# never: die()
# suppresses: a
def f():
    with a:
        die()
    with b:
        die()
    c()
---
entry -> enter a
enter a -> die()
die() -> exception exit a~exception
exit a~exception -> enter b; exception exit-exception
enter b -> die()#2
die()#2 -> exception exit b~exception
exit b~exception -> exception exit-exception
"""
