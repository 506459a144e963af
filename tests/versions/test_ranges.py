"""Specifiers as ranges: what they allow is what ``packaging`` says they contain, and what Poetry means by its own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from poolint.versions.ranges import ANY, Range, SpecifierError, allowed, both, exactly, release


def is_in(version: str, within: Range) -> bool:
    return bool(both(exactly(release(version)), within))


NUMBERS = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
PLAIN = st.builds("{}{}".format, st.sampled_from(["==", "<", "<=", ">", ">="]), NUMBERS)
COMPATIBLE = NUMBERS.filter(lambda text: "." in text).map("~={}".format)
WILD = NUMBERS.map("=={}.*".format)


@settings(deadline=None)
@given(st.lists(st.one_of(PLAIN, COMPATIBLE, WILD), max_size=3).map(",".join), NUMBERS)
def test_a_range_has_what_the_specifier_contains(specifier: str, version: str) -> None:
    assert is_in(version, allowed(specifier)) == SpecifierSet(specifier).contains(Version(version))


@pytest.mark.parametrize(
    ("specifier", "inside", "outside"),
    [
        ("^1.2.3", ["1.2.3", "1.9"], ["1.2.2", "2.0"]),
        ("^0.110", ["0.110.0", "0.110.9"], ["0.109", "0.111"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4", "0.1"]),
        ("^0", ["0.9"], ["1.0"]),
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3"]),
        ("~1", ["1.0", "1.9"], ["2.0"]),
        ("1.2.*", ["1.2", "1.2.9"], ["1.3", "1.1"]),
        ("0.115.6", ["0.115.6"], ["0.115.7", "0.115.5"]),
        ("*", ["0.1", "9.9"], []),
        ("", ["0.1", "9.9"], []),
        (">=1.0 <2.0", ["1.5"], ["0.9", "2.0"]),
        ("^1.0 || ^3.0", ["1.5", "3.1"], ["2.0", "4.0"]),
        (">=0.100,!=0.112.3", ["0.100", "0.112.3"], ["0.99"]),
        ("==1!2.0", ["2.0"], ["1.2"]),
        ("== 2.0.0", ["2", "2.0"], ["2.0.1"]),
        ("===2.1.0b1", ["2.1.0"], ["2.0"]),
    ],
)
def test_other_specifiers(specifier: str, inside: list[str], outside: list[str]) -> None:
    assert all(is_in(version, allowed(specifier)) for version in inside)
    assert not any(is_in(version, allowed(specifier)) for version in outside)


@pytest.mark.parametrize("text", ["@ file:///x.whl", "latest", ">=", "==x"])
def test_what_is_no_specifier(text: str) -> None:
    with pytest.raises(SpecifierError):
        allowed(text)


def test_two_that_exclude_each_other() -> None:
    assert both(allowed("<1"), allowed(">=1")) == ()
    assert both(ANY, allowed("==2")) == exactly((2,))
