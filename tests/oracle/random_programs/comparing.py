"""What poolint says of random programs beside what they do: what it misses, what it says wrongly, and what its fixes change.

A program that leaks is *found* if any finding stands in it. A finding is *false* where its program leaks on no way, all
of them were taken, and no `await` is missing. A fix is *wrong* where a program leaks and nothing is said of it any more,
where it leaks only now, or, for safe ones, where a way ends otherwise than before.
"""

from __future__ import annotations

import gc
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.oracle.random_programs.programs import PRELUDE, program
from tests.oracle.random_programs.running import Truth, World

from poolint.config import Overrides, Resolver, Selectors
from poolint.runner import Options, Runner

if TYPE_CHECKING:
    from tests.oracle.random_programs.programs import Program

    from poolint.diagnostics import Diagnostic

AT_ONCE = 100
"""Programs in one file."""

KINDS = ("normal", "exception", "cancel")
_AWAITS = "POL10"
_NAMED = re.compile(r"^(?:async )?(?:def|class) [pP](\d+)", re.MULTILINE)


@dataclass
class Figures:
    """Sums over programs; ``wrong`` has the texts of those for which something is not as it should be, and why."""

    programs: int = 0
    ways: int = 0
    unfinished: int = 0
    leaking: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    false: int = 0
    fixed: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Count others in."""
        for name in ("programs", "ways", "unfinished", "findings", "false"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.leaking += other.leaking
        self.found += other.found
        self.fixed += other.fixed
        self.wrong += other.wrong

    def lines(self) -> Iterator[str]:
        """What is said of them."""
        yield f"{self.programs} programs, {self.ways} ways, {self.unfinished} programs with more ways than were taken"
        for kind in KINDS:
            share = 100 * self.found[kind] / max(self.leaking[kind], 1)
            yield f"leaks, {kind}: {self.found[kind]} of {self.leaking[kind]} found ({share:.1f} %)"
        yield f"findings: {self.findings}, false: {self.false} ({100 * self.false / max(self.findings, 1):.2f} %)"
        for level, count in sorted(self.fixed.items()):
            yield f"programs that {level} fixes change: {count}"
        wrong = Counter(why for why, _ in self.wrong)
        yield f"wrong: {dict(wrong) if wrong else 'nothing'}"


def compare(seed: int, numbers: Iterable[int], folder: str) -> Figures:
    """The figures for some programs of a seed; nothing is written to ``folder``, where their files are said to be."""
    figures = Figures()
    world = World()
    with _quiet():
        rest = [program(seed, number) for number in numbers]
        while rest:
            programs, rest = rest[:AT_ONCE], rest[AT_ONCE:]
            _Batch(world, programs, folder, figures).compare()
        world.close()
    return figures


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the collector, which might give back what is lost, and Python's word of what is never awaited."""
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        gc.enable()


class _Batch:
    """The programs of one file."""

    def __init__(self, world: World, programs: Sequence[Program], folder: str, figures: Figures) -> None:
        self.world = world
        self.programs = programs
        self.folder = folder
        self.figures = figures
        self.text = PRELUDE + "".join("\n\n" + "\n".join(one.lines) + "\n" for one in programs)

    def compare(self) -> None:
        said, _ = self._checked(fix=False, unsafe=False)
        truths = self._truths(self.text)
        for one in self.programs:
            self._judge(one, truths[one.number], said.get(one.number, []))
        for level, unsafe in (("safe", False), ("unsafe", True)):
            left, text = self._checked(fix=True, unsafe=unsafe)
            before, after = _parts(self.text), _parts(text)
            changed = [one for one in self.programs if before[one.number] != after[one.number]]
            self.figures.fixed[level] += len(changed)
            now = self._truths(text, changed)
            for one in changed:
                is_told = bool(left.get(one.number))
                is_awaited = any(each.code.startswith(_AWAITS) for each in said[one.number])
                why = _changed(truths[one.number], now[one.number], is_told=is_told, may_differ=unsafe or is_awaited)
                if why:
                    self.figures.wrong.append((f"{level} fix: {why}", after[one.number]))

    def _judge(self, one: Program, truth: Truth, said: list[Diagnostic]) -> None:
        figures = self.figures
        figures.programs += 1
        figures.ways += len(truth.ends)
        figures.unfinished += not truth.complete
        figures.findings += len(said)
        text = "\n".join(one.lines)
        worst = next((kind for kind in KINDS if kind in truth.leaks), "")
        if worst:
            figures.leaking[worst] += 1
            figures.found[worst] += bool(said)
            if not said:
                figures.wrong.append((f"missed: {worst}", text))
        elif said and truth.complete and not one.is_fixed_by_await:
            figures.false += len(said)
            figures.wrong.append((f"false: {said[0].code}", f"{text}\n# {said[0].message}"))

    def _truths(self, text: str, programs: Sequence[Program] | None = None) -> dict[int, Truth]:
        namespace = self.world.namespace(text)
        return {
            one.number: self.world.truth(one, namespace) for one in (self.programs if programs is None else programs)
        }

    def _checked(self, *, fix: bool, unsafe: bool) -> tuple[dict[int, list[Diagnostic]], str]:
        """The findings by program, those that are left if it is fixed, and the text that they are in."""
        selectors = Selectors(select=("POL1", "POL2"), ignore=("POL210",), origin="--")
        resolver = Resolver(self.folder, isolated=True, overrides=Overrides(selectors))
        outcome, data = Runner(resolver, Options(fix=fix, unsafe=unsafe)).run_text(
            self.text.encode(), f"{self.folder}/programs_to_check.py"
        )
        text = data.decode()
        owners = _owners(text)
        said: dict[int, list[Diagnostic]] = {}
        for one in outcome.diagnostics:
            said.setdefault(owners[one.range.start.row], []).append(one)
        return said, text


def _changed(before: Truth, after: Truth, *, is_told: bool, may_differ: bool) -> str:
    """What is wrong with a program that was fixed, if anything."""
    if after.leaks and not before.leaks and not may_differ:
        return "it leaks only now"
    if after.leaks and not is_told:
        return "it still leaks, and nothing is said"
    if not may_differ and before.complete and after.complete and before.ends != after.ends:
        return "it behaves otherwise"
    return ""


def _owners(text: str) -> dict[int, int]:
    """The number of the program that each row belongs to; 0 for those before the first one."""
    lines = text.split("\n")
    found = dict.fromkeys(range(1, len(lines) + 1), 0)
    starts = [(text.count("\n", 0, match.start()) + 1, int(match[1])) for match in _NAMED.finditer(text)]
    for at, (row, number) in enumerate(starts):
        end = starts[at + 1][0] if at + 1 < len(starts) else len(lines) + 1
        first = row - 1 if row > 1 and lines[row - 2].startswith("@") else row
        for one in range(first, end):
            found[one] = number
    return found


def _parts(text: str) -> dict[int, str]:
    """The text of each program."""
    lines, found = text.split("\n"), {}
    for row, number in sorted(_owners(text).items()):
        found[number] = found.get(number, "") + lines[row - 1] + "\n"
    return {number: part.strip() for number, part in found.items()}
