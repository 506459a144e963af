"""The options of a command line: their values, the numbers in them, and the modules that the command names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poolint.bounds import clipped, whole
from poolint.deployment.programs import POOLED
from poolint.deployment.values import Figure

if TYPE_CHECKING:
    from poolint.deployment.programs import Program
    from poolint.deployment.values import Place, Word

TARGET = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?::[A-Za-z_][\w.]*(?:\(\))?)?")
"""``app.main:app``, ``app.main``."""


def number(word: Word, how: str) -> Figure:
    """A word as a figure: ``4``; of ``10,3`` the first, which is the most."""
    if word.missing:
        return Figure(None, f"{how} is `${word.missing}`, which nothing sets", word.place)
    text = word.text.partition(",")[0].strip()
    value = whole(text)
    return Figure(value, how if value is not None else f"{how} is {clipped(word.text)}", word.place)


def last_value(words: tuple[Word, ...], names: tuple[str, ...]) -> Word | None:
    """The value of an option, in any of its spellings: ``-w 4``, ``-w4``, ``--workers=4``. The last one counts."""
    found = None
    for position, word in enumerate(words):
        for name in names:
            if word.text == name and position + 1 < len(words):
                found = words[position + 1]
            elif name.startswith("--") and word.text.startswith(f"{name}="):
                found = word._replace(text=word.text[len(name) + 1 :])
            elif not name.startswith("--") and word.text.startswith(name) and word.text[len(name) :].isdecimal():
                found = word._replace(text=word.text[len(name) :])
    return found


def pooled(program: Program, words: tuple[Word, ...], place: Place, concurrency: Figure) -> tuple[Figure, Figure]:
    """Processes and threads of a worker whose concurrency is either, by the kind of its pool."""
    given = last_value(words, program.pool)
    kind = POOLED.get(given.text if given is not None else "prefork", "")
    place = given.place if given is not None else place
    one = Figure(1, f"`--pool {given.text}`" if given is not None else "`celery worker`", place)
    if kind == "processes":
        return concurrency, one
    return one, concurrency if kind == "threads" else one


def targets(program: Program, words: tuple[Word, ...]) -> tuple[str, ...]:
    """The modules or files that a command names, as written, without what is looked up in them."""
    if program.target:
        given = last_value(words, program.target)
        return (module_of(given.text),) if given is not None else ()
    named = []
    skip = False
    options = {*program.valued, *program.processes.names, *program.threads.names, *program.pool}
    for word in words:
        if skip or word.text.startswith("-"):
            skip = not skip and word.text in options
            continue
        if word.text in program.within:
            continue
        if word.text.endswith(".py") or TARGET.fullmatch(word.text):
            named.append(word.text)
    if not named:
        return program.otherwise
    exact = [one for one in named if ":" in one]
    return tuple(dict.fromkeys(module_of(one) for one in exact or named))


def module_of(target: str) -> str:
    """``app.main`` for ``app.main:app`` and ``app.main:make()``; files stay."""
    return target if target.endswith(".py") else target.partition(":")[0]
