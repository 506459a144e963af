"""Patterns for paths: what they mean, and that no pattern and no name makes them slow."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from pathspec import GitIgnoreSpec

from poolint import globs, ignoring
from poolint.automaton import Automaton

if TYPE_CHECKING:
    from pathlib import Path

LONG = "a" * 250


@pytest.mark.parametrize(
    ("pattern", "meant", "other"),
    [
        ("gen", ["gen", "src/gen"], ["gens", "gen/x.py"]),
        ("src/gen", ["src/gen"], ["gen", "a/src/gen"]),
        ("src/**/a.py", ["src/a.py", "src/x/a.py", "src/x/y/a.py"], ["src/xa.py", "a.py"]),
        ("**/a**/b", ["ab", "x/a/b", "a/ab", "a/x/b"], ["axb", "b"]),
        ("*_pb2.py", ["x_pb2.py", "src/x_pb2.py"], ["x_pb2.pyi"]),
        ("?.py", ["a.py", "src/a.py"], ["ab.py"]),
        ("[a-c_].py", ["b.py", "_.py"], ["d.py", "-.py"]),
        ("[!a-c].py", ["d.py"], ["b.py"]),
        ("[]].py", ["].py"], ["a.py"]),
        ("[[]x].py", ["[x].py"], ["x.py"]),
        ("{a,b{1,2*}}.py", ["a.py", "b1.py", "b2.py", "b2x.py"], ["b.py", "b11.py"]),
        ("a,b", ["a,b"], ["a"]),
        ("./src/x/", ["src/x"], ["x"]),
        ("/r/src", ["src", "x/src"], ["srcs", "r/src/x"]),
        ("ä*.py", ["ä€.py"], ["a.py"]),
    ],
)
def test_what_a_pattern_means(pattern: str, meant: list[str], other: list[str]) -> None:
    assert not globs.problem(pattern)
    expression = globs.compiled((pattern,), "/r")
    assert [name for name in (*meant, *other) if globs.matches(expression, f"/r/{name}", "/r")] == meant


def test_no_pattern_means_nothing() -> None:
    assert not globs.compiled((), "/r").here.matches("")
    assert not globs.compiled((), "/r").here.matches("a")


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("[", "a `[` is not closed; `[[]` stands for the character"),
        ("x[!]", "a `[` is not closed; `[[]` stands for the character"),
        ("[z-a]", "`z-a` in brackets has its end before its beginning"),
        ("{a,{b}", "a `{` is not closed; `[{]` stands for the character"),
        ("a\0b", "there is a NUL character in it, which no path has"),
        ("*" * 3000, "it has 3000 characters; at most 2000 are read"),
    ],
)
def test_what_is_no_pattern(pattern: str, wrong: str) -> None:
    assert globs.problem(pattern) == wrong
    with pytest.raises(ValueError, match=r"[a-z]"):
        globs.compiled((pattern,), "/r")


class Counting(Automaton):
    """Counts the characters that are looked at."""

    taken = 0

    def _step(self, state: int, char: str) -> int:
        self.taken += 1
        return super()._step(state, char)


@pytest.mark.parametrize(
    "pattern", ["*a*a*a*a*a*b", "**/a**/a**/a**/a**/b", "{*a,a*}{*a,a*}{*a,a*}{*a,a*}b", "*" * 900]
)
def test_each_character_is_looked_at_once(pattern: str) -> None:
    expression = Counting()
    globs.translate(pattern, expression)
    text = "/".join([LONG] * 8)
    assert expression.matches(text) == (pattern[-1] == "*")
    assert expression.taken <= len(text)


def test_an_automaton_keeps_a_bounded_number_of_states() -> None:
    made = random.Random(5)
    expression = globs.compiled(("*a????????????",), "/r").here
    for _ in range(50):
        text = "".join(made.choice("ab") for _ in range(300))
        assert expression.matches(text) == (text[-13] == "a")
    assert len(expression._states) <= 1_000 + 300


def test_a_pattern_with_many_stars_means_what_pathspec_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """All patterns are run by the automaton, and give what the expressions of pathspec give on short names."""
    monkeypatch.setattr(ignoring, "_FEW_STARS", -1)
    made = random.Random(7)
    parts = ("**", "*", "a", "b", "*a", "a*b", "*a*b", "?", "[ab]", "[!a]", "a**", "\\*")
    met = set()
    for _ in range(1500):
        names = [made.choice(parts) for _ in range(made.randint(1, 4))]
        line = (
            made.choice(["", "", "", "!"]) + made.choice(["", "", "/"]) + "/".join(names) + made.choice(["", "", "/"])
        )
        pathspecs, ours = GitIgnoreSpec.from_lines([line]), ignoring.spec([line])
        if {"*", "**"}.issuperset(names):
            continue  # pathspec has expressions of its own for what means everything
        for _ in range(4):
            directories = ["".join(made.choice("ab*") for _ in range(made.randint(1, 3))) for _ in range(3)]
            path = "/".join(directories[: made.randint(1, 3)]) + made.choice(["", "/"])
            expected = pathspecs.patterns[0].match_file(path)
            found = ours.patterns[0].match_file(path)
            assert (found is None) == (expected is None), (line, path)
            if found is not None and expected is not None:
                marks = [one.match.groupdict().get("ps_d") for one in (found, expected)]
                assert marks[0] == marks[1], (line, path)
            met.add(found is None)
    assert met == {True, False}


def test_many_stars_in_an_ignore_file() -> None:
    """With the expressions of pathspec the first line alone would take minutes."""
    spec = ignoring.spec(["*a*a*a*a*a*a*b", "**/a/**/a/**/a/**/b", "!*x*y*z*.py", "*" * 50 + ".log"])
    assert spec.check_file(LONG).include is None
    assert spec.check_file("/".join(["a"] * 100)).include is None
    assert spec.check_file(LONG + "b").include is True
    assert spec.check_file("axayazb.py").include is False
    assert spec.check_file("c.log").include is True


def test_an_ignore_file_of_too_many_patterns() -> None:
    with pytest.raises(ValueError, match="it has more than 10000 patterns"):
        ignoring.spec(f"{number}" for number in range(10_001))


def test_what_makes_no_sense_in_an_ignore_file_is_skipped() -> None:
    assert len(ignoring.spec(["[z-a]", "[", "\\", "# note", "", "a" * 5000, "*.log"]).patterns) >= 1


def test_an_ignore_file_that_cannot_be_used_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from poolint.config import Resolver
    from poolint.discovery import Discovery

    monkeypatch.setattr(ignoring, "MAX_PATTERNS", 3)
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "a.py").write_text("")
    (tmp_path / ".gitignore").write_text("a.py\nb\nc\nd\n")
    found = Discovery(Resolver(str(tmp_path)))
    assert list(found.files([str(tmp_path)])) == [str(tmp_path / "a.py")]
    assert found.problems == [(str(tmp_path / ".gitignore"), "is not used: it has more than 3 patterns")]
