"""Cancellations, closed generators and interrupts: which handlers take them, and what is raised again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Program


def test_program(program: Program) -> None:
    assert program.graph().dump() == program.expected


PROGRAMS = """\
# Exception lets a cancellation pass
# raises: await a()
async def f():
    try:
        await a()
    except Exception:
        b()
---
entry -> a()
a() -> await a()
await a() -> exit-normal; exception except Exception~exception; cancel exit-cancel
except Exception~exception -> b()
b() -> exit-normal


# BaseException takes all, and raises what it took
# raises: await a()
async def f():
    try:
        await a()
    except BaseException as e:
        b()
        raise
---
entry -> a()
a() -> await a()
await a() -> exit-normal; exception except BaseException~exception; cancel except BaseException~cancel
except BaseException~exception -> store e
except BaseException~cancel -> store e
store e -> b()
b() -> raise
raise -> exception exit-exception; cancel exit-cancel


# bare except raises its name again
# raises: await a()
async def f():
    try:
        await a()
    except BaseException as e:
        raise e
    try:
        await a()
    except:
        raise b
---
entry -> a()
a() -> await a()
await a() -> a()#2; exception except BaseException~exception; cancel except BaseException~cancel
except BaseException~exception -> store e
except BaseException~cancel -> store e
store e -> raise e
raise e -> exception exit-exception; cancel exit-cancel
a()#2 -> await a()#2
await a()#2 -> exit-normal; exception except~exception; cancel except~cancel
except~exception -> raise b
except~cancel -> raise b
raise b -> exception exit-exception


# CancelledError takes a cancellation only
# raises: await a()
async def f():
    try:
        await a()
    except asyncio.CancelledError:
        b()
---
entry -> a()
a() -> await a()
await a() -> exit-normal; exception exit-exception; cancel except asyncio.CancelledError~cancel
except asyncio.CancelledError~cancel -> b()
b() -> exit-normal


# CancelledError among others
# raises: await a()
async def f():
    try:
        await a()
    except (E, CancelledError):
        b()
        raise
---
entry -> a()
a() -> await a()
await a() -> exit-normal; exception except (E, CancelledError)~exception; cancel except (E, CancelledError)~cancel
except (E, CancelledError)~exception -> b(); exception exit-exception
except (E, CancelledError)~cancel -> b()
b() -> raise
raise -> exception exit-exception; cancel exit-cancel


# handlers for each way
# raises: yield
async def f():
    try:
        yield
    except GeneratorExit:
        b()
    except (Exception, d.e):
        c()
    try:
        await a()
    except GeneratorExit:
        b()
    except CancelledError:
        c()
    except Exception:
        d()
---
entry -> (yield)
(yield) -> a(); exception except (Exception, d.e)~exception; generator-exit except GeneratorExit~generator-exit
except (Exception, d.e)~exception -> c()
except GeneratorExit~generator-exit -> b()
b() -> a()
c() -> a()
a() -> await a(); exception except Exception~exception
await a() -> exit-normal; exception except Exception~exception; cancel except CancelledError~cancel
except Exception~exception -> d()
except CancelledError~cancel -> c()#2
c()#2 -> exit-normal
d() -> exit-normal


# futures' CancelledError is ordinary
# raises: await a()
async def f():
    try:
        await a()
    except concurrent.futures.CancelledError:
        b()
---
entry -> a()
a() -> await a()
await a() -> exit-normal; exception except concurrent.futures.CancelledError~exception; cancel exit-cancel
except concurrent.futures.CancelledError~exception -> b(); exception exit-exception
b() -> exit-normal


# anyio computes the class
# raises: await a()
async def f():
    try:
        await a()
    except get_cancelled_exc_class():
        b()
---
entry -> a()
a() -> await a()
await a() -> exit-normal; exception get_cancelled_exc_class(); cancel get_cancelled_exc_class()#2
get_cancelled_exc_class() -> except get_cancelled_exc_class()~exception
except get_cancelled_exc_class()~exception -> exception exit-exception
get_cancelled_exc_class()#2 -> except get_cancelled_exc_class()~cancel
except get_cancelled_exc_class()~cancel -> b()
b() -> exit-normal


# raise again inside a nested try
# raises: await a()
async def f():
    try:
        await a()
    except BaseException:
        try:
            raise
        except Exception:
            b()
---
entry -> a()
a() -> await a()
await a() -> exit-normal; exception except BaseException~exception; cancel except BaseException~cancel
except BaseException~exception -> raise
except BaseException~cancel -> raise
raise -> exception except Exception~exception; cancel exit-cancel
except Exception~exception -> b()
b() -> exit-normal


# what is raised decides its way
def f():
    if a:
        raise asyncio.CancelledError()
    if b:
        raise SystemExit
    if c:
        raise GeneratorExit
    if d:
        raise d from e()
    raise
---
entry -> a?
a? -> true asyncio.CancelledError(); false b?
asyncio.CancelledError() -> raise asyncio.CancelledError()
raise asyncio.CancelledError() -> cancel exit-cancel
b? -> true raise SystemExit; false c?
raise SystemExit -> interrupt exit-interrupt
c? -> true raise GeneratorExit; false d?
raise GeneratorExit -> generator-exit exit-generator
d? -> true e(); false raise
e() -> raise d from e()
raise d from e() -> exception exit-exception
raise -> exception exit-exception


# an explicit interrupt may be caught
def f():
    try:
        raise KeyboardInterrupt
    except (KeyboardInterrupt, EOFError):
        a()
---
entry -> raise KeyboardInterrupt
raise KeyboardInterrupt -> interrupt except (KeyboardInterrupt, EOFError)~interrupt
except (KeyboardInterrupt, EOFError)~interrupt -> a(); interrupt exit-interrupt
a() -> exit-normal


# a context manager made of a generator sees cancellations
async def f():
    try:
        yield a
    except asyncio.CancelledError:
        b()
---
entry -> (yield a)
(yield a) -> exit-normal; cancel except asyncio.CancelledError~cancel; generator-exit exit-generator
except asyncio.CancelledError~cancel -> b()
b() -> exit-normal


# a cancellation thrown into a generator passes what is inside
async def f():
    try:
        try:
            yield a
        finally:
            b()
    except (E, CancelledError):
        c()
---
entry -> (yield a)
(yield a) -> b(); cancel b()~cancel; generator-exit b()~generator-exit
b() -> exit-normal; exception except (E, CancelledError)~exception
b()~cancel -> reraise~cancel; exception except (E, CancelledError)~exception
reraise~cancel -> cancel except (E, CancelledError)~cancel
b()~generator-exit -> reraise~generator-exit; exception except (E, CancelledError)~exception
reraise~generator-exit -> generator-exit exit-generator
except (E, CancelledError)~exception -> c()
except (E, CancelledError)~cancel -> c()
c() -> exit-normal


# the first handler that can take something is asked
# raises: a()
def f():
    try:
        a()
    except asyncio.CancelledError:
        b()
    except KeyboardInterrupt:
        c()
---
entry -> a()
a() -> exit-normal; exception exit-exception


# caught outside, raised inside
# raises: await a()
async def f():
    try:
        await a()
    except BaseException as b:
        try:
            c()
        except ValueError as d:
            raise b
---
entry -> a()
a() -> await a()
await a() -> exit-normal; exception except BaseException~exception; cancel except BaseException~cancel
except BaseException~exception -> store b
except BaseException~cancel -> store b
store b -> c()
c() -> exit-normal; exception except ValueError~exception
except ValueError~exception -> store d
store d -> raise b
raise b -> exception exit-exception; cancel exit-cancel
"""
