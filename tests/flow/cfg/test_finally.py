"""Finally: once for each way out, and what it may swallow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Program


def test_program(program: Program) -> None:
    assert program.graph().dump() == program.expected


PROGRAMS = """\
# on the normal way and on the exceptional one
# raises: a() | b()
def f():
    try:
        a()
    finally:
        b()
    c()
---
entry -> a()
a() -> b(); exception b()~exception
b() -> c(); exception exit-exception
b()~exception -> reraise~exception; exception exit-exception
reraise~exception -> exception exit-exception
c() -> exit-normal


# once for a way however often it is taken
# raises: a() | b()
def f():
    try:
        a()
        b()
    finally:
        c()
        d()
---
entry -> a()
a() -> b(); exception c()~exception
b() -> c(); exception c()~exception
c() -> d()
d() -> exit-normal
c()~exception -> d()~exception
d()~exception -> reraise~exception
reraise~exception -> exception exit-exception


# a cancellation has its own
# raises: await a()
async def f():
    try:
        await a()
    finally:
        await b()
---
entry -> a()
a() -> await a()
await a() -> b(); exception b()~exception; cancel b()~cancel
b() -> await b()
await b() -> exit-normal; cancel exit-cancel
b()~exception -> await b()~exception
await b()~exception -> reraise~exception; cancel exit-cancel
reraise~exception -> exception exit-exception
b()~cancel -> await b()~cancel
await b()~cancel -> reraise~cancel; cancel exit-cancel
reraise~cancel -> cancel exit-cancel


# closing a generator
# raises: yield a
def f():
    try:
        yield a
    finally:
        b()
---
entry -> (yield a)
(yield a) -> b(); generator-exit b()~generator-exit
b() -> exit-normal
b()~generator-exit -> reraise~generator-exit
reraise~generator-exit -> generator-exit exit-generator


# return passes through
def f():
    try:
        if a:
            return b
        if c:
            return d
        e()
    finally:
        g()
    h()
---
entry -> a?
a? -> true return b; false c?
return b -> g()~return
c? -> true return d; false e()
return d -> g()~return
e() -> g()
g() -> h()
g()~return -> exit-normal
h() -> exit-normal


# return in finally swallows
# raises: a()
def f():
    try:
        a()
    finally:
        return b
---
entry -> a()
a() -> return b; exception return b~exception
return b -> exit-normal
return b~exception -> exit-normal


# break in finally swallows
# raises: a()
def f():
    while c:
        try:
            a()
            return d
        finally:
            break
    b()
---
entry -> c?
c? -> true a(); false b()
a() -> return d; exception break~exception
return d -> break~return
break~exception -> b()
break~return -> b()
b() -> exit-normal


# break and continue pass through
def f():
    for a in b:
        try:
            if c:
                break
            if d:
                continue
        finally:
            e()
    g()
---
entry -> for a
for a -> item store a; exhausted g()
store a -> c?
c? -> true break; false d?
break -> e()~break
d? -> true continue; false e()
continue -> e()~continue
e() -> loop-back for a
e()~break -> g()
e()~continue -> loop-back for a
g() -> exit-normal


# a loop inside try keeps its break
def f():
    try:
        for a in b:
            break
    finally:
        c()
---
entry -> for a
for a -> item store a; exhausted c()
store a -> break
break -> c()
c() -> exit-normal


# handlers first
# raises: a() | b() | c()
def f():
    try:
        a()
    except ValueError:
        b()
    else:
        c()
    finally:
        d()
---
entry -> a()
a() -> c(); exception except ValueError~exception
c() -> d(); exception d()~exception
except ValueError~exception -> b(); exception d()~exception
b() -> d(); exception d()~exception
d() -> exit-normal
d()~exception -> reraise~exception
reraise~exception -> exception exit-exception


# nested, each way once
# raises: a()
def f():
    try:
        try:
            a()
            return
        finally:
            b()
    finally:
        c()
---
entry -> a()
a() -> return; exception b()~exception
return -> b()~return
b()~exception -> reraise~exception
reraise~exception -> exception c()~exception
b()~return -> c()~return
c()~exception -> reraise~exception#2
reraise~exception#2 -> exception exit-exception
c()~return -> exit-normal


# conditional body keeps its outcome
# raises: a()
def f():
    try:
        a()
    finally:
        if b:
            c()
---
entry -> a()
a() -> b?; exception b?~exception
b? -> true c(); false exit-normal
c() -> exit-normal
b?~exception -> true c()~exception; false reraise~exception
c()~exception -> reraise~exception
reraise~exception -> exception exit-exception


# raise in finally
# raises: await a()
async def f():
    try:
        await a()
    finally:
        if b:
            raise
---
entry -> a()
a() -> await a()
await a() -> b?; exception b?~exception; cancel b?~cancel
b? -> true raise; false exit-normal
raise -> exception exit-exception
b?~exception -> true raise~exception; false reraise~exception
raise~exception -> exception exit-exception
reraise~exception -> exception exit-exception
b?~cancel -> true raise~cancel; false reraise~cancel
raise~cancel -> cancel exit-cancel
reraise~cancel -> cancel exit-cancel


# a try inside a finally shares its exceptional copies
# raises: a() | b()
def f():
    try:
        a()
    finally:
        try:
            b()
        finally:
            c()
---
entry -> a()
a() -> b(); exception b()~exception
b() -> c(); exception c()~exception
c() -> exit-normal
c()~exception -> reraise~exception
reraise~exception -> exception exit-exception
b()~exception -> c()~exception#2; exception c()~exception
c()~exception#2 -> reraise~exception#2
reraise~exception#2 -> exception exit-exception


# never reached normally
# raises: a()
# never: a()
def f():
    try:
        a()
    finally:
        b()
    c()
---
entry -> a()
a() -> exception b()~exception
b()~exception -> reraise~exception
reraise~exception -> exception exit-exception


# raise passes through
def f():
    try:
        raise a
    finally:
        b()
---
entry -> raise a
raise a -> exception b()~exception
b()~exception -> reraise~exception
reraise~exception -> exception exit-exception


# return of a handler passes through
# raises: a()
def f():
    try:
        a()
    except Exception:
        return b
    finally:
        c()
---
entry -> a()
a() -> c(); exception except Exception~exception
except Exception~exception -> return b
return b -> c()~return
c() -> exit-normal
c()~return -> exit-normal
"""
