"""The closing line of a run, in the words that users of ruff know."""

from __future__ import annotations

from poolint.config.settings import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.diagnostics import Diagnostic


def render(
    remaining: Sequence[Diagnostic], fixed: Sequence[Diagnostic], *, fix: bool, unsafe: bool, star: str = "*"
) -> Iterator[str]:
    """What was found, fixed and can be fixed. ``fix``: fixes were applied, so none of the rest is offered again."""
    if not remaining and not fixed:
        yield "All checks passed!"
        return
    from poolint.selection import is_applicable

    total = _total([*fixed, *remaining])
    yield f"Found {total} ({len(fixed)} fixed, {len(remaining)} remaining)." if fixed else f"Found {total}."
    fixable = 0 if fix else sum(is_applicable(one, unsafe) for one in remaining)
    hidden = 0
    if not unsafe:
        hidden = sum(is_applicable(one, True) and not is_applicable(one, False) for one in remaining)
    more = f"{_count(hidden, 'hidden fix', 'hidden fixes')} can be enabled with the `--unsafe-fixes` option"
    if fixable:
        yield f"[{star}] {fixable} fixable with the `--fix` option" + (f" ({more})." if hidden else ".")
    elif hidden:
        yield f"No fixes available ({more})."


def _total(found: Sequence[Diagnostic]) -> str:
    """``2 errors, 1 warning and 3 notes``."""
    counts = [_count(sum(one.severity == each for one in found), each) for each in SEVERITIES]
    *some, last = [one for one in counts if not one.startswith("0 ")]
    return f"{', '.join(some)} and {last}" if some else last


def would_fix(fixed: Sequence[Diagnostic]) -> str:
    """What ``--diff`` says after the differences."""
    return f"Would fix {_count(len(fixed), 'error')}." if fixed else "No errors would be fixed."


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
