"""Which comments silence which findings."""

from __future__ import annotations

import pytest

from poolint.diagnostics import Diagnostic, Position, Range
from poolint.suppression import left_by
from poolint.suppression.comments import directives
from poolint.text.source import Source


def left(text: str, *findings: tuple[str, int] | tuple[str, int, int], noqa: bool = True) -> list[str]:
    """The findings, given as (code, row[, last row of the statement]), that stay."""
    source = Source.from_bytes("a.py", text.encode())
    made = []
    for code, row, *end in findings:
        place = Position(row, 1)
        last = end[0] if end else row
        made.append(Diagnostic(code, "name", "message", "a.py", Range(place, place), statement_end_row=last))
    return [f"{one.code}:{one.range.start.row}" for one in left_by(directives(source), made, noqa=noqa)]


SILENT = [
    "# noqa",
    "#noqa",
    "# NoQA",
    "# noqa: POL101",
    "# noqa:POL101",
    "# noqa : POL101",
    "# NOQA: pol101",
    "# noqa: E501,POL101",
    "# noqa: E501 POL101 the reason for it",
    "# noqa: E501, POL101  # and more",
    "# noqa: POL1",
    "# noqa: POL",
    "# noqa:E501POL101",
    "# type: ignore  # noqa: POL101",
    "# a word before # noqa",
    "# noqa: because I say so",  # names no code: everything, as in flake8
    "# poolint: ignore",
    "# poolint:ignore[POL101]",
    "# POOLINT: IGNORE[pol101] the reason for it",
    "# poolint: ignore [POL2, POL101]",
    "# poolint: ignore[POL1] # noqa: E501",
]

TELLING = [
    "# noqa: POL102",
    "# noqa: E501",
    "# noqa: POL1011",
    "# noqault",
    "# no qa",
    "# poolint: ignore[POL2]",
    "# poolint: ignore[]",
    "# poolint: ignored",
    "# poolint ignore",
    "# poolint: file-ignore",  # only on a row of its own
    "# flake8: noqa-not",
    "# flake8: noqa",
]


@pytest.mark.parametrize("comment", SILENT)
def test_silent(comment: str) -> None:
    assert left(f"x = 1\nclose()  {comment}\ny = 2\n", ("POL101", 2), ("POL101", 3)) == ["POL101:3"]


@pytest.mark.parametrize("comment", TELLING)
def test_telling(comment: str) -> None:
    assert left(f"close()  {comment}\n", ("POL101", 1)) == ["POL101:1"]


def test_at_the_end_of_the_statement() -> None:
    text = "close(\n    1,  # noqa\n    2,\n)  # noqa: POL101\n"
    assert left(text, ("POL101", 1, 4), ("POL102", 1, 4), ("POL101", 3, 4)) == ["POL102:1"]


@pytest.mark.parametrize(
    ("comment", "silences_101", "silences_201"),
    [
        ("# poolint: file-ignore", True, True),
        ("# poolint: file-ignore[POL1] generated", True, False),
        ("    # poolint: file-ignore[POL101, POL201]", True, True),
        ("# flake8: noqa", True, True),
        ("# flake8: noqa: POL101", True, False),
        ("# ruff: noqa: E501, POL2", False, True),
        ("# ruff: noqa: E501, POL201", False, True),
        ("# ruff: noqa", True, True),
        ("# noqa", False, False),
        ("# poolint: ignore", False, False),
    ],
)
def test_for_the_whole_file(comment: str, silences_101: bool, silences_201: bool) -> None:
    text = f"def f():\n    close()\n{comment}\n    close()\n"
    told = left(text, ("POL101", 2), ("POL201", 4))
    assert ("POL101:2" not in told, "POL201:4" not in told) == (silences_101, silences_201)


def test_a_host_sees_to_noqa_itself() -> None:
    text = "close()  # noqa\nclose()  # poolint: ignore\nclose()  # noqa # poolint: ignore[POL101]\n# flake8: noqa\n"
    findings = [("POL101", 1), ("POL101", 2), ("POL101", 3)]
    assert left(text, *findings, noqa=False) == ["POL101:1"]
    assert left("# poolint: file-ignore\nclose()\n", ("POL101", 2), noqa=False) == []


def test_only_real_comments_count() -> None:
    text = 'close("# noqa")\nclose("""\n# poolint: file-ignore\n""")\nclose(f"# noqa {x}")\n'
    assert left(text, ("POL101", 1), ("POL101", 2, 4), ("POL101", 5)) == ["POL101:1", "POL101:2", "POL101:5"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_whatever_ends_the_rows(newline: str) -> None:
    text = newline.join(["x = 1", "close()  # noqa", "close()", ""])
    assert left(text, ("POL101", 2), ("POL101", 3)) == ["POL101:3"]


def test_form_feeds_and_strange_line_ends_in_strings_do_not_shift_rows() -> None:
    text = "x = '\x0b\x1c\u2028'\n\x0cclose()  # noqa\nclose()\n"
    assert left(text, ("POL101", 2), ("POL101", 3)) == ["POL101:3"]


def test_where_the_tokenizer_gives_up_comments_still_count() -> None:
    text = "x = 1\nclose()  # noqa\nx = (\nclose()  # noqa: POL101\n"
    assert left(text, ("POL101", 2), ("POL101", 4), ("POL102", 4)) == ["POL102:4"]


def test_what_poolint_says_of_itself_cannot_be_silenced() -> None:
    text = "# poolint: file-ignore\nclose()  # noqa\n"
    assert left(text, ("POL900", 2), ("POL901", 2), ("POL101", 2)) == ["POL900:2", "POL901:2"]


def test_nothing_is_tokenized_without_need(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("tokenized")

    monkeypatch.setattr("tokenize.generate_tokens", refuse)
    assert left("close()  # a comment\n", ("POL101", 1)) == ["POL101:1"]
