"""What is said of comments that silence nothing, and what their fix leaves of them."""

from __future__ import annotations

import pytest

from poolint.diagnostics import Diagnostic, Position, Range
from poolint.fixes.edits import apply_edits
from poolint.mentions import mentions
from poolint.suppression import left_by
from poolint.suppression.comments import directives
from poolint.suppression.review import Run, review
from poolint.text.source import Source

NAMES: dict[str, str | None] = {
    "POL101": "unawaited-release",
    "POL102": "unawaited-transaction",
    "POL201": "checkout-never-released",
    "POL210": "manual-release",
    "XYZ101": "of-a-plugin",
    "XYZ102": None,
}
RAN = frozenset({"POL101", "POL102", "POL201", "XYZ101"})


def source_of(text: str) -> Source:
    return Source.from_bytes("a.py", text.encode())


def finding(code: str, row: int, end: int = 0) -> Diagnostic:
    place = Position(row, 1)
    return Diagnostic(code, NAMES.get(code) or "name", "m", "a.py", Range(place, place), statement_end_row=end or row)


def told(
    text: str,
    *found: Diagnostic,
    ran: frozenset[str] = RAN,
    expected: frozenset[str] = RAN,
    strict: bool = False,
    host: bool = False,
) -> list[Diagnostic]:
    source = source_of(text)
    return review(source, directives(source), found, Run(ran, expected, NAMES, strict, host))


def lines(text: str, *found: Diagnostic, **over: bool | frozenset[str]) -> list[str]:
    made = told(text, *found, **over)  # type: ignore[arg-type]
    return [f"{one.range.start.row}:{one.range.start.column} {one.code} {one.message}" for one in made]


UNUSED = {
    "# poolint: ignore[POL101]": "`POL101` silences nothing here",
    "# poolint: ignore[POL1]": "`POL1` silences nothing here",
    "# poolint: ignore[unawaited-release]": "`unawaited-release` silences nothing here",
    "# poolint: ignore[POL101, pol201]": "`POL101`, `pol201` silence nothing here",
    "# poolint: ignore": "`# poolint: ignore` silences nothing here",
    "# poolint: ignore read-only": "`# poolint: ignore` silences nothing here",
    "# poolint: ignore[XYZ101]": "`XYZ101` silences nothing here",
    "# poolint: ignore[POL901]": "`POL901` silences nothing here",
    "# noqa: POL101": "`POL101` silences nothing here",
    "# noqa: E501,POL101": "`POL101` silences nothing here",
    "# type: ignore  # noqa:POL": "`POL` silences nothing here",
}


@pytest.mark.parametrize("comment", UNUSED)
def test_unused(comment: str) -> None:
    [one] = told(f"x()  {comment}\n")
    assert (one.code, one.name, one.message) == ("POL902", "unused-suppression", UNUSED[comment])
    assert one.range.start.row == one.range.end.row == 1


UNKNOWN = {
    "# poolint: ignore[POL1O1]": "no rule has the code or name `POL1O1` (did you mean 'POL101'?)",
    "# poolint: ignore[POL7]": "no rule has the code or name `POL7`",
    "# poolint: ignore[unawaited-relase]": (
        "no rule has the code or name `unawaited-relase` (did you mean 'unawaited-release'?)"
    ),
    "# poolint: ignore[E501]": "no rule has the code or name `E501`",
    "# noqa: POL1011": "no rule has the code or name `POL1011` (did you mean 'POL101'?)",
    "# poolint: ignore[POL101": "this comment silences nothing: its `[` is never closed",
    "# poolint: ignore[]": "this comment silences nothing: its brackets are empty",
    "# poolint: ignore[ , ]": "this comment silences nothing: its brackets are empty",
    "# poolint: ignore POL101": "this comment silences nothing: codes stand in brackets: `ignore[POL101]`",
    "# poolint: ignore: POL101": "this comment silences nothing: codes stand in brackets: `ignore[POL101]`",
    "# poolint: ignore=pol101": "this comment silences nothing: codes stand in brackets: `ignore[POL101]`",
    "# poolint: ignore(POL101)": "this comment silences nothing: codes stand in brackets: `ignore[POL101]`",
    "# poolint: ignore unawaited-release": (
        "`# poolint: ignore` silences all rules: names stand in brackets, `[unawaited-release]`"
    ),
    "# poolint ignore[POL101]": "this comment silences nothing: there is no colon behind `poolint`",
    "# poolint: ignroe[POL101]": (
        "this comment silences nothing: `ignroe`: it is none of `ignore`, `file-ignore`, `disable` and `enable` "
        "(did you mean 'ignore'?)"
    ),
    "# poolint: disable=POL101": "this comment silences nothing: codes stand in brackets: `disable[POL101]`",
    "# poolint: file-ignore[POL101]": (
        "this comment silences nothing: what is for the whole file stands on a row of its own"
    ),
    "# flake8: noqa: POL101": "this comment silences nothing: what is for the whole file stands on a row of its own",
}


@pytest.mark.parametrize("comment", UNKNOWN)
def test_unknown(comment: str) -> None:
    [one] = told(f"x()  {comment}\n")
    assert (one.code, one.name, one.message) == ("POL904", "unknown-suppression", UNKNOWN[comment])
    assert one.fix is None


@pytest.mark.parametrize("comment", [one for one in UNKNOWN if "this comment silences nothing" in UNKNOWN[one]])
def test_what_is_not_written_as_one_silences_nothing(comment: str) -> None:
    source = source_of(f"x()  {comment}\n")
    found = [finding("POL101", 1)]
    assert left_by(directives(source), found) == found


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# noqa: E501",
        "# noqa: E501, F401 for a reason",
        "# flake8: noqa",
        "# ruff: noqa: E501",
        "# poolint is a linter",
        "# poolint ignores this",
        "# see poolint: ignore[POL101]",  # not behind the `#`
        "# poolint: ignore[XYZ102]",  # announced by a package, and not loaded
        "# poolint: ignore[POL210]",  # has not run
    ],
)
def test_not_for_us_to_say(comment: str) -> None:
    assert told(f"x()  {comment}\n{comment}\n") == []


def test_used() -> None:
    text = (
        "a()  # poolint: ignore[POL101]\n"
        "b()  # poolint: ignore[POL1, checkout-never-released]\n"
        "c(\n)  # noqa: POL101\n"
        "d()  # poolint: ignore\n"
        "# poolint: file-ignore[POL102]\n"
    )
    found = [finding("POL101", 1), finding("POL102", 2), finding("POL201", 2), finding("POL101", 3, 4)]
    assert told(text, *found, finding("POL201", 5)) == []
    assert [one.range.start.row for one in told(text, *found[1:])] == [1, 5]


def test_for_the_whole_file() -> None:
    assert lines("# poolint: file-ignore\nx()\n") == [
        "1:1 POL902 `# poolint: file-ignore` silences nothing in this file"
    ]
    assert lines("# poolint: file-ignore[POL1, POL2]\nx()\n", finding("POL101", 2)) == [
        "1:1 POL902 `POL2` silences nothing in this file"
    ]
    assert lines("# ruff: noqa: E501, POL101\nx()\n") == ["1:1 POL902 `POL101` silences nothing in this file"]


def test_on_a_row_of_its_own() -> None:
    [line] = lines("# poolint: ignore[POL101]\nx()\n", finding("POL101", 2))
    assert line == "1:1 POL902 `POL101` silences nothing on a row of its own; it belongs behind what it is about"


def test_a_code_twice() -> None:
    [one] = told("x()  # noqa: POL101, POL101\n", finding("POL101", 1))
    assert one.message == "`POL101` silences nothing here"
    assert fixed("x()  # noqa: POL101, POL101\n", finding("POL101", 1)) == "x()  # noqa: POL101\n"


def test_only_what_has_run_is_unused() -> None:
    narrow = {"ran": frozenset({"POL101"}), "expected": RAN}
    assert lines("x()  # poolint: ignore[POL201]\n", **narrow) == []
    assert lines("x()  # poolint: ignore[POL1]\n", **narrow) == [], "POL102 might have been there"
    assert lines("x()  # poolint: ignore\n", **narrow) == []
    assert len(lines("x()  # poolint: ignore[POL101]\n", **narrow)) == 1
    wide = {"ran": RAN | {"POL210"}, "expected": RAN}
    assert len(lines("x()  # poolint: ignore[POL2]\n# poolint: file-ignore\n", **wide)) == 2 - 1, "the blanket is heard"


@pytest.mark.parametrize("code", ["POL900", "POL901", "POL903"])
def test_where_findings_may_be_missing_nothing_is_unused(code: str) -> None:
    text = "x()  # poolint: ignore[POL101]\ny()  # poolint: ignore\nz()  # poolint: ignore[POL1O1]\n"
    assert [one.code for one in told(text, finding(code, 1))] == ["POL904"]


def test_strict_noqa() -> None:
    text = "x()  # noqa\ny()  # noqa: E501\nz()  # noqa: POL101\n"
    assert lines(text, finding("POL101", 3), strict=True) == [
        "1:6 POL902 `# noqa` silences nothing here",
        "2:14 POL904 no rule has the code or name `E501`",
    ]


def test_under_a_host_noqa_counts_on_joined_rows() -> None:
    text = 'x("""\n""")  # noqa: POL101\ny(\n)  # noqa: POL102\n'
    found = [finding("POL101", 1, 2), finding("POL102", 3, 4)]
    assert told(text, *found) == []
    assert [one.range.start.row for one in told(text, *found, host=True)] == [4], "flake8 takes it for row 4 alone"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("x()  # poolint: ignore[POL101, POL902]\n", []),
        ("x()  # poolint: ignore[POL101, unused-suppression]\n", []),
        ("x()  # poolint: ignore[POL101, POL9]\n", []),
        ("x()  # poolint: ignore[POL904, POL1O1]\n", []),
        ("x()  # poolint: ignore[POL101, POL904]\n", [1]),
        ("# poolint: file-ignore[POL902]\nx()  # poolint: ignore\n", []),
        ("x()  # poolint: ignore[POL101]  # noqa\n", []),
        ("x()  # poolint: ignore[POL101]  # noqa: POL\n", [1]),
        ("x()  # poolint: ignore\n", [1]),
        ("x()  # poolint: ignore  # poolint: ignore\n", [1, 1]),
    ],
)
def test_what_is_said_of_comments_can_be_silenced(text: str, rows: list[int]) -> None:
    assert [one.range.start.row for one in told(text)] == rows


def fixed(text: str, *found: Diagnostic) -> str:
    """The text when one fix after the other has been applied."""
    for _ in range(5):
        fixes = [one.fix for one in told(text, *found) if one.fix is not None]
        if not fixes:
            break
        assert fixes[0].applicability == "safe"
        text = apply_edits(source_of(text), fixes[0].edits)
    return text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x()  # poolint: ignore[POL101]\n", "x()\n"),
        ("x()  # poolint: ignore[POL101]", "x()"),
        ("x()  # poolint: ignore[POL101]\r\n", "x()\r\n"),
        ("x()  # noqa: POL101 the caller awaits\n", "x()  # the caller awaits\n"),
        ("x()  # poolint: ignore - the caller awaits\n", "x()  # the caller awaits\n"),
        ("x()  # type: ignore  # noqa: POL101\n", "x()  # type: ignore\n"),
        ("x()  # noqa: POL101  # type: ignore\n", "x()  # type: ignore\n"),
        ("x()  # noqa: POL101 a reason  # type: ignore\n", "x()  # a reason  # type: ignore\n"),
        ("x()  # noqa: E501,POL101\n", "x()  # noqa: E501\n"),
        ("x()  # noqa: POL101 E501 F401 a reason\n", "x()  # noqa: E501 F401 a reason\n"),
        ("x()  # poolint: ignore[POL101, nonsense, POL1] a reason\n", "x()  # poolint: ignore[nonsense] a reason\n"),
        ("    # poolint: file-ignore[POL1]\nx()\n", "x()\n"),
        ("# noqa: POL101\n# poolint: file-ignore[POL1] generated by hand\n", "# generated by hand\n"),
        ("x()  # poolint: ignore[POL101]  # poolint: ignore[POL102]\n", "x()\n"),
        ("\u00e9\u4e2d()  # noqa: POL101 \u4e2d\u6587 x\n", "\u00e9\u4e2d()  # \u4e2d\u6587 x\n"),
        # What would be left might mean something to somebody else.
        ("x()  # noqa: POL101 type: ignore\n", None),
        ("x()  # noqa: POL101 nosec\n", None),
        ("x()  # poolint: ignore[POL101] noqa\n", None),
    ],
)
def test_the_fix_keeps_all_other_text(before: str, after: str | None) -> None:
    assert fixed(before) == (before if after is None else after)


@pytest.mark.parametrize(
    ("row", "number"),
    [
        ("# poolint: ignore[" * 8_000, 8_000),
        ("# poolint: ignore[POL1O1] " * 4_000, 4_000),
        ("# poolint: ignore[" + "POL1O1," * 8_000 + "]", 1),
        ("# noqa: " + "POL101 " * 8_000, 1),
        ("# noqa:" + "A" * 80_000, 0),
        ("#" * 80_000, 0),
        ("# poolint" + " " * 80_000 + ": ignore", 0),
        ("# noqa" * 8_000, 0),
    ],
    ids=lambda one: str(one)[:24],
)
def test_a_long_row_is_read_once(row: str, number: int) -> None:
    """Minutes, where anything here is quadratic; a second otherwise."""
    assert len(told(f"x()  {row}\n", *(finding(code, 1) for code in NAMES))) == number


@pytest.mark.parametrize(
    ("data", "yes"),
    [
        (b"x = 1\n", False),
        (b"x = 1  # noqa\n", False),
        (b"x = 1  # noqa: E501\npolicy = 1\n", False),
        (b"x = 1  # noqa: E501,POL101\n", True),
        (b"# NOQA\n# NoQA: pol1", True),
        (b"# PoolInt: ignore", True),
    ],
)
def test_files_that_may_hold_one(data: bytes, yes: bool) -> None:
    assert mentions(data) is yes
    assert mentions(data, every_noqa=True) is (yes or b"noqa" in data.lower())
