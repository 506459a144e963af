"""Random small programs, in which each thing that can be seen to happen has a number of its own.

They call only what :mod:`acting` provides: ``t`` and ``v`` are called, ``p`` is awaited, ``it`` and ``ait`` are
iterated, ``cm`` and ``acm`` are entered and left, ``quiet`` and ``aquiet`` may suppress, ``o`` has attributes set.
Whatever they do ends once ``t`` is false, ``stop`` is true and iterables are exhausted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

FLAVOURS = ("function", "generator", "coroutine", "asynchronous generator")
DEPTH = 4

ORDINARY = ("Boom", "Other", "(Boom, Other)", "Exception")
CLASSES = (
    *ORDINARY,
    "asyncio.CancelledError",
    "(Other, asyncio.CancelledError)",
    "GeneratorExit",
    "KeyboardInterrupt",
    "BaseException",
)


class Generator:
    """Writes one program."""

    def __init__(self, random: Random, flavour: str) -> None:
        self.random = random
        self.is_async = flavour in ("coroutine", "asynchronous generator")
        self.yields = "generator" in flavour
        self.count = 0
        self.left = 12
        self.lines: list[str] = []
        self.loops = 0
        self.handlers: list[str] = []
        self.comprehensions = 0

    def program(self) -> str:
        self.lines = [f"{'async ' * self.is_async}def f():"]
        if self.yields:
            self.line(1, f"yield {self.new()}")
        self.block(1, 5)
        return "\n".join(self.lines) + "\n"

    def new(self) -> int:
        self.count += 1
        return self.count

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    # Expressions.

    def call(self) -> str:
        return f"t({self.new()})"

    def value(self, level: int = 0) -> str:
        """An expression, mostly with something in it that happens."""
        if level > 2 or self.chance(40):
            return self.call()
        forms = [
            lambda: f"t({self.new()}, {self.value(level + 1)}, *[{self.call()}], k={self.value(level + 1)})",
            lambda: f"{self.operand(level + 1)} and {self.operand(level + 1)}",
            lambda: f"({self.operand(level + 1)} or {self.operand(level + 1)} or {self.value(level + 1)})",
            lambda: f"({self.value(level + 1)} if {self.test(level + 1)} else {self.value(level + 1)})",
            lambda: f"({self.call()} < {self.call()} < {self.call()})",
            lambda: self.comprehension(level),
            lambda: f"{{{self.call()}: {self.call()} for x in it({self.new()}) for y in it({self.new()})}}",
            lambda: f"(t(0) for x in it({self.new()}))",
            lambda: f"(lambda x={self.call()}: t(0))",
            lambda: f"{{{self.call()}: {self.call()}, **{{}}}}",
            lambda: f"({self.call()} + {self.call()})[{self.call()}]",
            lambda: f'f"{{{self.call()}}}{{{self.call()}!r:>{{{self.call()}}}}}"',
            lambda: f"(x{self.new()} := {self.value(level + 1)})",
            lambda: "o",
        ]
        if self.is_async and not self.comprehensions:
            forms += [
                lambda: f"[await p({self.new()}) for x in it({self.new()})]",
                lambda: f"(await p({self.new()}))",
                lambda: f"(await p({self.new()}, {self.value(level + 1)}))",
                lambda: f"[await p({self.new()}) async for x in ait({self.new()})]",
            ]
        if self.yields and not self.comprehensions:
            forms.append(lambda: f"(yield {self.new()})")
            if not self.is_async:
                forms.append(lambda: f"(yield from source({self.new()}))")
        return self.random.choice(forms)()

    def operand(self, level: int) -> str:
        """An expression that may be true or false."""
        forms = [
            self.call,
            lambda: f"({self.operand(level + 1)} and {self.operand(level + 1)})",
            lambda: f"({self.operand(level + 1)} or {self.operand(level + 1)})",
            lambda: f"({self.call()} if {self.call()} else {self.call()})",
            lambda: f"({self.call()} < {self.call()} < {self.call()})",
        ]
        if self.is_async and not self.comprehensions:
            forms.append(lambda: f"(await p({self.new()}))")
        if self.yields and not self.comprehensions:
            forms.append(lambda: f"(yield {self.new()})")
        return self.call() if level > 2 else self.random.choice(forms)()

    def comprehension(self, level: int) -> str:
        # Neither a `yield` nor, before 3.11, everything asynchronous may stand in there.
        self.comprehensions += 1
        text = f"[{self.value(level + 1)} for x in it({self.new()}) if {self.test(level + 1)}]"
        self.comprehensions -= 1
        return text

    def test(self, level: int = 0) -> str:
        """A condition that is false once everything is."""
        if level > 2 or self.chance(50):
            return self.call()
        return self.random.choice(
            (
                lambda: f"({self.test(level + 1)} and {self.test(level + 1)})",
                lambda: f"({self.test(level + 1)} or {self.test(level + 1)})",
                lambda: f"({self.test(level + 1)} if {self.test(level + 1)} else {self.test(level + 1)})",
                lambda: f"(x{self.new()} := {self.call()})",
                lambda: f"(not not {self.test(level + 1)})",
                lambda: f"({self.call()} < {self.call()} < {self.call()})",
            )
        )()

    def anything(self) -> str:
        return f"not {self.test()}" if self.chance(30) else self.test()

    # Statements.

    def block(self, depth: int, size: int) -> None:
        before = len(self.lines)
        for _ in range(self.random.randint(1, size)):
            if self.left <= 0:
                break
            self.left -= 1
            self.random.choice(self.simple if depth > DEPTH or self.chance(45) else self.compound)(self, depth)
        if len(self.lines) == before:
            self.line(depth, self.random.choice(("pass", f"t({self.new()})")))

    def expression(self, depth: int) -> None:
        self.line(depth, self.value())

    def called(self, depth: int) -> None:
        self.line(depth, f"await p({self.new()})" if self.is_async and self.chance(60) else self.call())

    def yielded(self, depth: int) -> None:
        self.line(depth, f"yield {self.new()}" if self.yields else self.call())

    def bound(self, depth: int) -> None:
        one, other = self.new(), self.new()
        self.line(
            depth,
            self.random.choice(
                (
                    f"o.s{one} = {self.value()}",
                    f"o.s{one} = o.s{other} = {self.value()}",
                    f"o.s{one}, o.s{other} = {self.value()}, {self.value()}",
                    f"o.s{one} += {self.value()}",
                    f"o[{self.value()}] = {self.value()}",
                    f"o.s{one}: t(0) = {self.value()}",
                    f"del o.s{one}, o.s{other}",
                    f"x{one} = 1",
                    "pass",
                    f"import m{one}, m{other}",
                    f"from m{one} import y",
                    f"assert {self.anything()}, {self.call()}",
                )
            ),
        )

    def left_by(self, depth: int) -> None:
        ways = ["return", f"return {self.value()}", "raise Boom", f"raise Other({self.call()})"]
        if self.yields and self.is_async:
            ways[1] = "return"
        if self.loops:
            ways += ["break", "continue"] * 2
        ways += ["raise asyncio.CancelledError", "raise KeyboardInterrupt"] if self.chance(30) else []
        if self.handlers:
            ways += ["raise", self.random.choice(self.handlers)] * 2
        if self.chance(60):
            self.line(depth, f"if {self.anything()}:")
            depth += 1
        self.line(depth, self.random.choice(ways))

    def defined(self, depth: int) -> None:
        number = self.new()
        self.line(depth, f"@t({self.new()})")
        if self.chance(50):
            self.line(depth, f"def g{number}(x={self.call()}, *, y={self.call()}):")
            self.line(depth + 1, "t(0)")
        else:
            self.line(depth, f"class C{number}(base({self.new()})):")
            self.line(depth + 1, self.call())

    def branch(self, depth: int) -> None:
        self.line(depth, f"if {self.anything()}:")
        self.block(depth + 1, 2)
        if self.chance(40):
            self.line(depth, f"elif {self.anything()}:")
            self.block(depth + 1, 2)
        if self.chance(50):
            self.line(depth, "else:")
            self.block(depth + 1, 2)

    def loop(self, depth: int) -> None:
        kind = self.random.choice(("while", "for", "async for" if self.is_async else "for", "endless"))
        if kind == "while":
            self.line(depth, f"while {self.test()}:")
        elif kind == "endless":
            self.line(depth, "while True:")
            self.line(depth + 1, f"if stop({self.new()}):")
            self.line(depth + 2, "break")
        else:
            target = self.random.choice(("x", f"o.s{self.new()}"))
            self.line(depth, f"{kind} {target} in {'a' * (kind != 'for')}it({self.new()}):")
        self.loops += 1
        self.block(depth + 1, 3)
        self.loops -= 1
        if self.chance(40):
            self.line(depth, "else:")
            self.block(depth + 1, 2)

    def protected(self, depth: int) -> None:
        """A block on whose ways out something runs."""
        if self.loops and self.chance(40):
            self.line(depth, f"if {self.call()}:")
            self.line(depth + 1, self.random.choice(("break", "continue")))
        self.block(depth, 3)

    def tried(self, depth: int) -> None:
        self.line(depth, "try:")
        if self.chance(80):
            self.called(depth + 1)
        self.protected(depth + 1)
        handlers = self.random.choice((0, 1, 1, 2))
        classes = self.random.sample(ORDINARY if self.chance(50) else CLASSES, 2)
        if classes[0].strip("()") in classes[1] or classes[1].strip("()") in classes[0] or "(" in classes[0]:
            # The second could never take anything.
            handlers = min(handlers, 1)
        for index in range(handlers):
            if index == handlers - 1 and self.chance(25):
                self.line(depth, "except:")
                again = "raise"
            else:
                name = f"e{self.new()}"
                self.line(depth, f"except {classes[index]} as {name}:")
                again = f"raise {name}"
            self.handlers.append(again)
            self.block(depth + 1, 2)
            self.handlers.pop()
        if handlers and self.chance(30):
            self.line(depth, "else:")
            self.block(depth + 1, 2)
        if not handlers or self.chance(50):
            self.line(depth, "finally:")
            self.block(depth + 1, 2)

    def guarded(self, depth: int) -> None:
        asynchronous = self.is_async and self.chance(60)
        items = []
        for _ in range(self.random.choice((1, 1, 2))):
            name = self.random.choice(("cm", "quiet"))
            target = self.random.choice(("", f" as o.s{self.new()}", f" as o[t({self.new()})]"))
            items.append(f"{'a' * asynchronous}{name}({self.new()}){target}")
        self.line(depth, f"{'async ' * asynchronous}with {', '.join(items)}:")
        self.protected(depth + 1)

    def matched(self, depth: int) -> None:
        self.line(depth, f"match v({self.new()}):")
        for index in range(self.random.randint(1, 3)):
            guard = f" if {self.anything()}" if self.chance(40) else ""
            patterns = (f"{index}", f"{index} | 7", f"int(real={index}) as x", f"{index} as o{index}")
            pattern = self.random.choice(patterns)
            self.line(depth + 1, f"case {pattern}{guard}:")
            self.block(depth + 2, 2)
        if self.chance(50):
            self.line(depth + 1, f"case {self.random.choice(('_', 'x'))}:")
            self.block(depth + 2, 2)

    simple: tuple[Callable[[Generator, int], None], ...] = (called, expression, bound, bound, left_by, yielded)
    compound: tuple[Callable[[Generator, int], None], ...] = (
        *(branch, loop, tried, tried, tried, guarded, guarded, matched, defined),
    )


def program(random: Random, flavour: str) -> str:
    """The source of a module with one function ``f``."""
    return Generator(random, flavour).program()
