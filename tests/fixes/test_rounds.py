"""Rounds: what is fixed, what is dropped, and that nothing else in the file moves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from poolint.diagnostics import Applicability, Diagnostic, Edit, Fix, Position, Range
from poolint.fixes.rounds import ROUNDS, fix_source
from poolint.text.source import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[Source], list[Diagnostic]]

WRONG = """\
import a  # ä

@decorate
async def f(größe, pool):
    größe, s.close()
    with pool.begin() as s:
        '''
    text'''; x = s.execute(
            größe,  # why

        ).rows; await s.add(x)
        if x:
            # before
            return s.fetch()[s.fetch()], [  # y
                s.close() for y in größe]
    async with (
        pool.lock()
    ): pass

class A:
    async def g(self):
        s.execute(s.fetch()).fetch()
        z = lambda: s.close()
    # end
    async def h(self): s.commit()
"""

RIGHT = """\
import a  # ä

@decorate
async def f(größe, pool):
    größe, await s.close()
    async with pool.begin() as s:
        '''
    text'''; x = (await s.execute(
            größe,  # why

        )).rows; s.add(x)
        if x:
            # before
            return (await s.fetch())[await s.fetch()], [  # y
                await s.close() for y in größe]
    with (
        pool.lock()
    ): pass

class A:
    async def g(self):
        await (await s.execute(await s.fetch())).fetch()
        z = lambda: s.close()
    # end
    async def h(self): await s.commit()
"""


def alternating(text: str) -> bytes:
    endings = ["\n", "\r\n", "\r"]
    rows = text.split("\n")
    return "".join(row + endings[index % 3] for index, row in enumerate(rows[:-1])).encode()


# Ways to write a file. Fixing must commute with each: what stands around the edits is nobody's business.
WRITTEN: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "mixed newlines": alternating,
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "tabs": lambda text: text.replace("    ", "\t").encode(),
    "CRLF, mark and tabs": lambda text: b"\xef\xbb\xbf" + text.replace("    ", "\t").replace("\n", "\r\n").encode(),
    "two blanks": lambda text: text.replace("    ", "  ").encode(),
    "form feed on its own row": lambda text: text.replace("\n\n", "\n\x0c\n").encode(),
    "form feed before statements": lambda text: re.sub(r"^(?=@|class|    \S)", "\x0c", text, flags=re.M).encode(),
    "separators that end no row": lambda text: text.replace("# ", "# \u2028\x0b\x1c\x85 ").encode(),
    "latin-1": lambda text: ("# coding: latin-1\n" + text).encode("latin-1"),
    "cp1252, CRLF": lambda text: ("#\n# coding: cp1252\n# €\n" + text).replace("\n", "\r\n").encode("cp1252"),
    "no final newline": lambda text: text.rstrip("\n").encode(),
    "blanks at the ends": lambda text: text.replace("\n", "  \n").encode(),
    "wide characters": lambda text: text.replace("größe", "𝔤𝔯").encode(),
    "newer syntax": lambda text: (
        text.replace("f(größe", "f[\n  T,\n](größe").replace("if x:", "if f'{x['y']}':").encode()
    ),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_fixing_leaves_everything_else_as_it_is(write: Callable[[str], bytes], toy: Check) -> None:
    source = Source.from_bytes("m.py", write(WRONG))
    assert source.data != write(RIGHT)
    fixed = fix_source(source, toy, unsafe=False)
    assert fixed.source.data == write(RIGHT)
    assert [one.range.start.row for one in fixed.remaining] == [
        row for row, text in enumerate(fixed.source.lines, 1) if "lambda" in text
    ]
    assert not fixed.dropped
    assert len(fixed.applied) == 12
    again = fix_source(fixed.source, toy, unsafe=True)
    assert not again.applied
    assert again.source.data == fixed.source.data


# From here on findings are comments: `# CODE: old → new` finds its code and replaces, in its own row, old by new.

NOTE = re.compile(r"# (\w+)(?:@(\w+))?(\?*): (\S*) → (\S*)")


def notes(source: Source) -> list[Diagnostic]:
    """``# A: x → y`` is a finding of code A in this row if ``x`` stands before the comment; its fix makes it ``y``.

    ``A@f`` changes the structure of ``f``; ``A?`` is unsafe and ``A??`` only shown.
    """
    found = []
    function = "<module>"
    for row, text in enumerate(source.lines, 1):
        function = text.split("(")[0].split()[-1] if re.match(r"(async )?def ", text) else function
        for note in NOTE.finditer(text):
            code, isolation, marks, old, new = note.groups("")
            column = text.find(old, 0, text.index("#")) + 1
            if column < 1:
                continue
            place = Range(Position(row, column), Position(row, column + len(old)))
            level = (Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY)[len(marks)]
            edits = (Edit(place, new.replace("·", " ").replace("¶", "\n")),)
            fix = Fix(level, "note", edits, isolation)
            found.append(Diagnostic(code, "note", "note", source.path, place, function, fix=fix))
    return found


def run(
    text: str, unsafe: bool = False, uncovers: dict[str, tuple[str, ...]] | None = None
) -> tuple[str, list[str], list[str], list[str]]:
    def check(source: Source) -> list[Diagnostic]:
        return [
            one if one.fix is None else replace(one, fix=replace(one.fix, uncovers=(uncovers or {}).get(one.code, ())))
            for one in notes(source)
        ]

    fixed = fix_source(Source.from_bytes("m.py", text.encode()), check, unsafe)
    assert fixed.remaining == check(fixed.source)
    return NOTE.sub("#", fixed.source.text), told(fixed.applied), told(fixed.remaining), told(fixed.dropped)


def told(found: list[Diagnostic]) -> list[str]:
    return [f"{one.code}{one.range.start.row}" for one in found]


def test_nothing_to_do() -> None:
    source = Source.from_bytes("m.py", b"x = 1\n")
    fixed = fix_source(source, notes, unsafe=True)
    assert fixed.source is source
    assert (fixed.applied, fixed.remaining, fixed.dropped) == ([], [], [])


def test_levels() -> None:
    text = "a = 1  # A: 1 → 2\nb = 1  # B?: 1 → 2\nc = 1  # C??: 1 → 2\n"
    assert run(text) == ("a = 2  #\nb = 1  #\nc = 1  #\n", ["A1"], ["B2", "C3"], [])
    assert run(text, unsafe=True) == ("a = 2  #\nb = 2  #\nc = 1  #\n", ["A1", "B2"], ["C3"], [])


DROPPED = {
    "unparsable": "b = 1  # B: 1 → (",
    "its finding stays": "b = 1  # B: 1 → 1·",
    "another finding comes": "b = 1  # B: 1 → 3  # C: 3 → 4",
    "its kind of finding comes again": "b = 1  # B: 1 → 3  # B: 3 → 3",
    "parses but does not compile": "b = g()  # B: g() → await·g()",
    "outside of the row": "b = 1  # B: 1 → 1¶·2",
}


@pytest.mark.parametrize("bad", DROPPED.values(), ids=DROPPED)
def test_a_bad_fix_is_dropped_and_the_others_are_made(bad: str) -> None:
    good = [f"{name} = 1  # A: 1 → 2" for name in "acde"]
    text, applied, remaining, dropped = run("\n".join([*good[:2], bad, *good[2:], ""]))
    assert applied == ["A1", "A2", "A4", "A5"]
    assert remaining == dropped == ["B3"]
    assert text.count(" = 2  #") == 4
    assert text.splitlines()[2].startswith(bad.split("#")[0])


def test_a_file_that_did_not_compile_may_stay_so() -> None:
    assert run("return 1  # A: 1 → 2\n") == ("return 2  #\n", ["A1"], [], [])


def test_what_a_fix_uncovers_may_come() -> None:
    text = "def f(): x = 1  # A: 1 → 2  # B: 2 → 3  # C: 3 → 4\n"
    assert run(text)[1:] == ([], ["A1"], ["A1"])
    assert run(text, uncovers={"A": ("B",)})[1:] == (["A1"], ["B1"], ["B1"])
    assert run(text, uncovers={"A": ("B",), "B": ("C",)})[0] == "def f(): x = 4  #  #  #\n"


def test_a_dropped_fix_is_known_again_when_it_has_moved() -> None:
    calls = 0

    def counted(source: Source) -> list[Diagnostic]:
        nonlocal calls
        calls += 1
        return notes(source)

    text = "a = 1  # A: 1 → 3·#¶·#·¶a·=·2\nb = 1; b = 2  # B: 2 → 2·\n"
    fixed = fix_source(Source.from_bytes("m.py", text.encode()), counted, unsafe=False)
    assert fixed.source.text.startswith("a = 3 #\n # \na = 2  # A: 1")
    assert [one.range.start.row for one in fixed.dropped] == [4]
    assert calls == 4, "at first, both, the one, the other"


def test_a_dropped_fix_is_tried_again_once_something_else_is_fixed_in_its_function() -> None:
    def check(source: Source) -> list[Diagnostic]:
        found = notes(source)
        if "a = 2" in source.text and "b = 1" in source.text:
            found.append(replace(found[0], code="C", fix=None))
        return found

    text = "def f():\n    b = 1  # B@f: 1 → 2\n    a = 1  # A@f: 1 → 2\n"
    fixed = fix_source(Source.from_bytes("m.py", text.encode()), check, unsafe=False)
    assert told(fixed.applied) == ["B2", "A3"]
    assert (fixed.remaining, fixed.dropped) == ([], [])


def test_touching_fixes_take_a_round_each_and_rounds_are_bounded() -> None:
    def check(source: Source) -> list[Diagnostic]:
        return [
            Diagnostic("A", "", "", "m.py", place, fix=Fix(Applicability.SAFE, "", (Edit(place, f"x{number}"),)))
            for number in range(source.text.count("x"), ROUNDS + 2)
            for place in [Range(Position(1, 2), Position(1, 2))]
        ]

    fixed = fix_source(Source.from_bytes("m.py", b"#\n"), check, unsafe=False)
    assert fixed.source.text == "#x9x8x7x6x5x4x3x2x1x0\n"
    assert (len(fixed.applied), len(fixed.remaining), fixed.dropped) == (ROUNDS, 2, [])


def test_one_structure_of_a_function_a_round_and_the_latest_first() -> None:
    text = (
        "def f():\n    a = 1  # A@f: 1 → 2\n    b = 1  # A@f: 1 → 2\n    c = 1  # B: 1 → 2\n"
        "def g():\n    d = 1  # A@g: 1 → 2\n    e = 1  # A@g: 1 → 2\n"
    )
    _, applied, remaining, _ = run(text)
    assert applied == ["B4", "A3", "A7", "A2", "A6"]
    assert not remaining


def test_a_structure_waits_for_the_expressions_that_it_touches() -> None:
    text, applied, _, _ = run("def f():\n    a = 1  # A@f: 1 → 2\n    b = xy  # A@f: xy → xY # B: x → X\n")
    assert applied == ["B3", "A2"]
    assert "b = Xy" in text


def test_many_bad_fixes_do_not_cost_a_check_each() -> None:
    calls = 0

    def counted(source: Source) -> list[Diagnostic]:
        nonlocal calls
        calls += 1
        return notes(source)

    text = "a = 1  # A: 1 → (\n" * 300
    fixed = fix_source(Source.from_bytes("m.py", text.encode()), counted, unsafe=False)
    assert not fixed.applied
    assert len(fixed.dropped) == 300
    assert calls < 60


def test_what_the_encoding_lacks_is_dropped() -> None:
    source = Source.from_bytes("m.py", "# coding: latin-1\na = '1'  # A: 1 -> x\nb = '2'\n".encode("latin-1"))

    def check(text: Source) -> list[Diagnostic]:
        return [
            Diagnostic("A", "", "", "m.py", place, fix=Fix(Applicability.SAFE, "", (Edit(place, new),)))
            for row, old, new in ((2, "1", "ä"), (3, "2", "€"))
            if text.lines[row - 1][5] == old
            for place in [Range(Position(row, 6), Position(row, 7))]
        ]

    fixed = fix_source(source, check, unsafe=False)
    assert fixed.source.data == "# coding: latin-1\na = 'ä'  # A: 1 -> x\nb = '2'\n".encode("latin-1")
    assert [one.range.start.row for one in fixed.dropped] == [3]


def test_a_check_that_cannot_read_the_result_drops_it() -> None:
    def check(source: Source) -> list[Diagnostic]:
        if "7" in source.lines[0][:6]:
            raise SourceError("cannot be read")
        return notes(source)

    fixed = fix_source(
        Source.from_bytes("m.py", "a = 1  # A: 1 → 7\nb = 1  # B: 1 → 3\n".encode()), check, unsafe=False
    )
    assert [one.code for one in fixed.applied] == ["B"]
    assert [one.code for one in fixed.dropped] == ["A"]
