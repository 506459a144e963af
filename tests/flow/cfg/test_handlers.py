"""Handlers of ordinary exceptions: what may match, what is protected, and what is taken for raising."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Program


def test_program(program: Program) -> None:
    assert program.graph().dump() == program.expected


PROGRAMS = """\
# a specific class may match or not
# raises: a() | b()
def f():
    try:
        a()
    except ValueError:
        b()
    c()
---
entry -> a()
a() -> c(); exception except ValueError~exception
except ValueError~exception -> b(); exception exit-exception
b() -> c(); exception exit-exception
c() -> exit-normal


# Exception takes all that is ordinary
# raises: a()
def f():
    try:
        a()
    except KeyError:
        b()
    except Exception as e:
        c(e)
    except ValueError:
        d()
---
entry -> a()
a() -> exit-normal; exception except KeyError~exception
except KeyError~exception -> b(); exception except Exception~exception
except Exception~exception -> store e
b() -> exit-normal
store e -> c(e)
c(e) -> exit-normal


# the class to catch is computed
# raises: a() | b()
def f():
    try:
        a()
    except b():
        c()
---
entry -> a()
a() -> exit-normal; exception b()
b() -> except b()~exception; exception exit-exception
except b()~exception -> c(); exception exit-exception
c() -> exit-normal


# else is not protected
# raises: a() | b()
def f():
    try:
        a()
    except ValueError:
        pass
    else:
        b()
---
entry -> a()
a() -> b(); exception except ValueError~exception
b() -> exit-normal; exception exit-exception
except ValueError~exception -> pass; exception exit-exception
pass -> exit-normal


# a handler is not protected by its own try
# raises: a() | b()
def f():
    try:
        a()
    except ValueError:
        b()
    except Exception:
        c()
---
entry -> a()
a() -> exit-normal; exception except ValueError~exception
except ValueError~exception -> b(); exception except Exception~exception
except Exception~exception -> c()
b() -> exit-normal; exception exit-exception
c() -> exit-normal


# nested handlers
# raises: a() | b()
def f():
    try:
        try:
            a()
        except KeyError:
            b()
    except Exception:
        c()
---
entry -> a()
a() -> exit-normal; exception except KeyError~exception
except KeyError~exception -> b(); exception except Exception~exception
b() -> exit-normal; exception except Exception~exception
except Exception~exception -> c()
c() -> exit-normal


# nothing that raises is known in the body
def f():
    try:
        a = b[c]
        d = 1
    except KeyError:
        e()
---
entry -> store a
store a -> store d; exception except KeyError~exception
store d -> exit-normal
except KeyError~exception -> e()
e() -> exit-normal


# nothing in the body can raise
def f():
    try:
        pass
    except KeyError:
        a()
---
entry -> pass
pass -> exit-normal


# break out of a handler
# raises: a()
def f():
    while True:
        try:
            a()
        except ValueError:
            break
        except KeyError:
            continue
        return b()
---
entry -> True?
True? -> true a()
a() -> b(); exception except ValueError~exception
except ValueError~exception -> break; exception except KeyError~exception
except KeyError~exception -> continue; exception exit-exception
break -> exit-normal
continue -> loop-back True?
b() -> return b()
return b() -> exit-normal
"""
