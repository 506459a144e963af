"""Every fixture is checked with all rules: what it expects is found, and nothing else; its fixes yield its fixed text.

``tests/support.py`` says how a fixture looks. Known misses (``# todo:``) are expected failures, so that pytest counts
them in its last line and says so when one of them is found at last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support import (
    FIXED,
    FIXTURES,
    MOVING,
    UNSAFE,
    Expectations,
    Fixture,
    Place,
    Project,
    differences,
    fixtures,
    without_expectations,
)

from poolint.docs import own_rules

if TYPE_CHECKING:
    from pathlib import Path

ENOUGH = 8
"""Bad and good fixtures that each rule has at least."""

CODES = sorted(path.name for path in FIXTURES.glob("POL*"))


DECLARED = {rule.meta.code: rule.meta.fix.split(" or ") for rule in own_rules()}
"""The levels of fixes that each rule says it has: ``safe``, ``unsafe``, both, or ``none``."""


def name_of(one: Any) -> str:
    return one.name if isinstance(one, Fixture) else str(one).replace(" ", "-")


def laid_out(fixture: Fixture, root: Path) -> Project:
    return Project(fixture.lay_out(root), fixture.files, also=(fixture.code,))


@pytest.mark.parametrize("fixture", fixtures(), ids=name_of)
def test_what_is_found(fixture: Fixture, tmp_path: Path) -> None:
    project = laid_out(fixture, tmp_path)
    found = project.findings()
    expected = fixture.expectations
    missed = {(place.file, place.row, place.code) for place in expected.misses}
    told = [place for place in map(project.place, found) if place[:3] not in missed]
    assert all(
        one.fix is None or one.fix.applicability.value in DECLARED[one.code] for one in found if one.code in DECLARED
    )
    assert not differences(expected.findings, told), "\n".join(f"{project.place(one)}: {one.message}" for one in found)
    for code in {place.code for place, _ in expected.steps}:
        steps = project.steps(one for one in found if one.code == code)
        assert {step for step in expected.steps if step[0].code == code} == steps


@pytest.mark.parametrize("fixture", fixtures(), ids=name_of)
def test_fixes(fixture: Fixture, tmp_path: Path) -> None:
    assert_fixed(fixture, laid_out(fixture, tmp_path), FIXED)


@pytest.mark.parametrize("fixture", [one for one in fixtures() if one.code.startswith(MOVING)], ids=name_of)
def test_unsafe_fixes(fixture: Fixture, tmp_path: Path) -> None:
    assert_fixed(fixture, laid_out(fixture, tmp_path), UNSAFE)


def assert_fixed(fixture: Fixture, project: Project, suffix: str) -> None:
    """Fix all files, and compare them with those of a suffix: what is left is expected there."""
    unsafe = suffix == UNSAFE
    fixed = {name: (source, applied) for name, source, applied in project.fix(unsafe=unsafe)}
    for name in fixture.files:
        target = fixture.fixed(name, suffix)
        if name in fixed:
            assert target.exists(), f"{name} can be fixed, so it needs {target.name}"
            assert fixed[name][0].data.decode("latin-1") == without_expectations(target.read_bytes()).decode("latin-1")
        else:
            assert not target.exists(), f"nothing in {name} was fixed, so {target.name} must go"
    again = Project(project.root, fixture.files, also=(fixture.code,))
    found = again.findings()
    known = {(place.file, place.row, place.code) for place in fixture.expectations.misses}
    left = [place for place in map(again.place, found) if place[:3] not in known]
    assert not differences(fixture.expected_when_fixed(suffix), left), [one.message for one in found]
    assert not list(again.fix(unsafe=unsafe)), "a second run changes something"


@pytest.mark.parametrize("code", [code for code, levels in DECLARED.items() if levels != ["none"]])
def test_a_rule_has_the_fixes_that_it_declares(code: str, tmp_path: Path) -> None:
    """Each level is offered somewhere; that no other is, each fixture shows."""
    left = set(DECLARED[code])
    for number, fixture in enumerate(one for one in fixtures() if one.code == code and not one.is_good):
        root = tmp_path / str(number)
        root.mkdir()
        found = laid_out(fixture, root).findings()
        left -= {one.fix.applicability.value for one in found if one.code == code and one.fix is not None}
        if not left:
            return
    raise AssertionError(f"{code} has no fix that is {' or '.join(left)}")


MISSES = [
    pytest.param(fixture, miss, marks=pytest.mark.xfail(reason=f"known miss: {miss}", strict=True))
    for fixture in fixtures()
    for miss in fixture.expectations.misses
]


@pytest.mark.parametrize(("fixture", "miss"), MISSES, ids=name_of)
def test_known_misses(fixture: Fixture, miss: Place, tmp_path: Path) -> None:
    project = laid_out(fixture, tmp_path)
    assert miss[:3] in [project.place(one)[:3] for one in project.findings()]


@pytest.mark.parametrize("fixture", fixtures(), ids=name_of)
def test_fixtures_are_well_formed(fixture: Fixture) -> None:
    expected = fixture.expectations
    if fixture.is_good:
        assert not expected.findings, "a good fixture expects nothing"
    else:
        codes = {place.code for place in (*expected.findings, *expected.misses)}
        assert fixture.code in codes, "it stands under the wrong rule, or should be called good_…"
    assert fixture.files
    stories = [path.read_bytes().splitlines()[0] for path in fixture.files.values() if path.stat().st_size]
    assert any(story.lstrip(b"\xef\xbb\xbf").startswith(b"# ") for story in stories), "the first line tells the story"


@pytest.mark.parametrize("code", CODES)
def test_each_rule_has_enough(code: str) -> None:
    of_rule = [fixture for fixture in fixtures() if fixture.code == code]
    assert sum(fixture.is_good for fixture in of_rule) >= ENOUGH
    assert sum(not fixture.is_good for fixture in of_rule) >= ENOUGH


@pytest.mark.parametrize("code", DECLARED)
def test_each_rule_has_its_message_asserted(code: str) -> None:
    asserted = [
        place.message
        for fixture in fixtures()
        if fixture.code == code
        for place in fixture.expectations.findings
        if place.code == code
    ]
    assert any(asserted), f'one fixture of {code} says `# expect: {code} "…"` with the whole message'


def test_a_message_is_compared_as_a_whole() -> None:
    expected = Expectations()
    expected.read("a.py", b'x()  # expect: POL101 "`x(\\"a; b\\")` leaks", POL102:3; step 1 of POL101')
    first, second = expected.findings
    assert first == Place("a.py", 1, "POL101", 0, '`x("a; b")` leaks')
    assert (second.column, second.message) == (3, "")
    assert expected.steps == {(Place("a.py", 1, "POL101"), 1)}
    found = [first._replace(column=5), second._replace(message="any")]
    assert not differences(expected.findings, found)
    assert differences(expected.findings, [first._replace(message="`x` leaks"), second]) == [
        'not found: a.py:1 POL101 "`x(\\"a; b\\")` leaks"',
        'not expected: a.py:1 POL101 "`x` leaks"',
    ]
    with pytest.raises(ValueError, match=r"a\.py:1: cannot be understood"):
        expected.read("a.py", b'x()  # expect: POL101 "no end')


def test_no_fixed_text_is_left_alone() -> None:
    for suffix in (FIXED, UNSAFE):
        targets = {fixture.fixed(name, suffix) for fixture in fixtures() for name in fixture.files}
        assert set(FIXTURES.rglob(f"*{suffix}")) <= targets
