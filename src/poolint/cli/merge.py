"""``poolint merge FILE…``: the findings of parts that were checked apart, as those of one run."""

from __future__ import annotations

import sys
from collections import Counter

import msgspec

from poolint.cli.check import Arguments, exit_code
from poolint.cli.printing import report
from poolint.config import ConfigError
from poolint.diagnostics import Applicability, Certainty, Diagnostic, Edit, Fix, Place, Position, Range, Step
from poolint.files import read_regular
from poolint.runner import Outcome


class _Place(msgspec.Struct):
    row: int
    column: int


class _Edit(msgspec.Struct):
    content: str
    location: _Place
    end_location: _Place


class _Fix(msgspec.Struct):
    applicability: Applicability
    message: str
    edits: list[_Edit]


class _Step(msgspec.Struct):
    message: str
    filename: str
    location: _Place
    end_location: _Place


class _Also(msgspec.Struct):
    filename: str
    location: _Place
    end_location: _Place


class _Finding(msgspec.Struct):
    """One finding as ``output.json`` writes it, in so far as it is needed to write it again."""

    code: str
    name: str
    message: str
    severity: str
    filename: str
    location: _Place
    end_location: _Place
    fix: _Fix | None
    url: str | None
    path: list[_Step]
    certainty: Certainty
    fingerprint: str
    also: list[_Also] = []


def merge(paths: list[str], outputs: dict[str | None, str], quiet: bool, exit_zero: bool) -> int:
    """Print what the files hold together and return the exit code. Raises ``ConfigError``."""
    # What has no part, such as a path that does not exist, is reported by each of them: once here.
    found: Counter[Diagnostic] = Counter()
    for path in paths:
        found |= Counter(map(_diagnostic, _read(path)))
    outcome = Outcome()
    outcome.files = len(paths)
    outcome.diagnostics = sorted(found.elements(), key=lambda one: one.sort_key)
    outcome.crashed = any(one.code == "POL900" for one in outcome.diagnostics)
    arguments = Arguments([], outputs=outputs, quiet=quiet, exit_zero=exit_zero)
    report(outcome, arguments, sys.stdout.write)
    return exit_code(outcome, arguments)


def _read(path: str) -> list[_Finding]:
    try:
        return msgspec.json.decode(read_regular(path), type=list[_Finding])
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:  # those of msgspec are ValueErrors
        wrong = f"{path}: this is not what `poolint check --output-format json` writes: {error}"
        raise ConfigError(wrong) from None


def _diagnostic(one: _Finding) -> Diagnostic:
    return Diagnostic(
        one.code,
        one.name,
        one.message,
        one.filename,
        _range(one),
        certainty=one.certainty,
        severity=one.severity,
        path=tuple(Step(step.message, step.filename, _range(step)) for step in one.path),
        fix=None
        if one.fix is None
        else Fix(
            one.fix.applicability,
            one.fix.message,
            tuple(Edit(_range(edit), edit.content) for edit in one.fix.edits),
        ),
        fingerprint=one.fingerprint,
        url=one.url or "",
        also=tuple(Place(each.filename, _range(each)) for each in one.also),
    )


def _range(one: _Finding | _Step | _Edit | _Also) -> Range:
    start, end = one.location, one.end_location
    return Range(Position(start.row, start.column), Position(end.row, end.column))
