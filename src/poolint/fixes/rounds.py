"""Applying fixes: in rounds, each of which ends with a new check, until nothing is left that can be fixed.

Fixes whose texts do not touch may still not belong together, so nothing is believed: after each round the findings
that were fixed must be gone and no others may have come. A fix that does not keep this is dropped, its finding stays.
"""

from __future__ import annotations

from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolint.diagnostics import Applicability
from poolint.fixes.edits import EditError, Merge, edited, moved
from poolint.text.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poolint.diagnostics import Diagnostic, Edit, Position
    from poolint.text.source import Source

    Ask = Callable[[Diagnostic, Source, Source], bool | None]
    _Place = tuple[str, Position]

ROUNDS = 10
ATTEMPTS = 50
"""How many checks one round may cost when fixes have to be dropped; what was not tried by then is dropped as well."""


@dataclass(frozen=True)
class Fixed:
    """What came of fixing.

    ``applied`` are the findings that were fixed, as they stood in the text of their round; ``remaining`` are those of
    the final text; ``dropped`` are those of the latter whose fix did not keep what it promised.
    """

    source: Source
    applied: list[Diagnostic]
    remaining: list[Diagnostic]
    dropped: list[Diagnostic]


def fix_source(
    source: Source, check: Callable[[Source], list[Diagnostic]], unsafe: bool, ask: Ask | None = None
) -> Fixed:
    """Apply the safe fixes, and the unsafe ones if ``unsafe``, of what ``check`` finds in ``source``.

    With ``ask`` they are applied one by one, and only those that it wants of those that keep what they promise.
    """
    text = _Text(source, check(source))
    applied: list[Diagnostic] = []
    unwanted: set[_Place] = set()
    """Where no fix is tried again, since nobody wants it."""
    hopeless: dict[_Place, str] = {}
    """Where none is tried again that does not keep what it promises, until something else is fixed in its function."""
    for _ in range(ROUNDS if ask is None else ROUNDS * ATTEMPTS):
        left_out = unwanted | hopeless.keys()
        batch = _choose([one for one in text.found if _is_wanted(one, unsafe) and _place(one) not in left_out])
        if not batch:
            break
        accepted = _Round(text, check)
        accepted.add(batch if ask is None else batch[:1])
        if ask is not None and accepted.fixes:
            answer = ask(batch[0], text.source, accepted.text.source)
            if answer is None:
                break
            if not answer:
                unwanted.add(_place(batch[0]))
                continue
        applied += accepted.fixes
        fixed_in = {one.function for one in accepted.fixes}
        hopeless = {place: function for place, function in hopeless.items() if function not in fixed_in}
        hopeless.update((_place(one), one.function) for one in accepted.dropped)
        unwanted = {_moved(place, accepted.edits) for place in unwanted}
        hopeless = {_moved(place, accepted.edits): function for place, function in hopeless.items()}
        text = accepted.text
    left_out = unwanted | hopeless.keys()
    return Fixed(text.source, applied, text.found, [one for one in text.found if _place(one) in left_out])


def _moved(place: _Place, edits: Sequence[Edit]) -> _Place:
    code, position = place
    return code, moved(position, edits)


def _is_wanted(one: Diagnostic, unsafe: bool) -> bool:
    if one.fix is None or not one.fix.edits:
        return False
    return one.fix.applicability == Applicability.SAFE or (unsafe and one.fix.applicability == Applicability.UNSAFE)


def _place(one: Diagnostic) -> _Place:
    return one.code, one.range.start


def _choose(candidates: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Those that one round can take: expressions as far as they do not touch, then structures.

    Of the fixes that change the structure of one function only that which stands last is taken: lifetimes may cross
    where texts do not, and with the later one wrapped the earlier one will take it in whole.
    """
    ordered = sorted(candidates, key=lambda one: (one.range, one.code))
    structures: dict[str, Diagnostic] = {}
    for one in ordered:
        if one.fix is not None and one.fix.isolation:
            structures[one.fix.isolation] = one
    expressions = [one for one in ordered if one.fix is not None and not one.fix.isolation]
    merge = Merge()
    return [one for one in [*expressions, *structures.values()] if one.fix is not None and merge.add(one.fix.edits)]


class _Text:
    """A source, what is found in it, and whether it compiles."""

    def __init__(self, source: Source, found: list[Diagnostic]) -> None:
        self.source = source
        self.found = found
        self.compiles = _compiles(source)


class _Round:
    """Adds fixes to one text as long as they keep what they promise."""

    def __init__(self, start: _Text, check: Callable[[Source], list[Diagnostic]]) -> None:
        self.start = start
        self.text = start
        self.check = check
        self.fixes: list[Diagnostic] = []
        self.edits: tuple[Edit, ...] = ()
        self.dropped: list[Diagnostic] = []
        self.attempts = 0

    def add(self, batch: Sequence[Diagnostic]) -> None:
        """Take in a batch, or as much of it as is right."""
        if self.attempts < ATTEMPTS and self._try(batch):
            return
        if len(batch) == 1 or self.attempts >= ATTEMPTS:
            self.dropped += batch
            return
        middle = len(batch) // 2
        self.add(batch[:middle])
        self.add(batch[middle:])

    def _try(self, batch: Sequence[Diagnostic]) -> bool:
        self.attempts += 1
        fixes = [*self.fixes, *batch]
        merge = Merge()
        try:
            if not all(one.fix is not None and merge.add(one.fix.edits) for one in fixes):
                return False
            source = edited(self.start.source, merge.edits)
            source.tree  # it must parse, whatever the check makes of it
            text = _Text(source, self.check(source))
        except (SourceError, EditError, RecursionError):
            return False
        if (self.start.compiles and not text.compiles) or not self._is_better(fixes, text.found):
            return False
        self.text, self.fixes, self.edits = text, fixes, merge.edits
        return True

    def _is_better(self, fixes: Sequence[Diagnostic], found: Sequence[Diagnostic]) -> bool:
        """Whether what was fixed is gone and nothing else has come, counted by code and function.

        Fingerprints would not do: when one of two like findings goes, the other takes over its number. A comment that
        silences nothing any more is what comes of a good fix, and not against it.
        """
        if any(one.code != "POL902" for one in fixes):
            found = [one for one in found if one.code != "POL902"]
        allowed = Counter((one.code, one.function) for one in self.start.found)
        allowed.subtract((one.code, one.function) for one in fixes)
        allowed.update((code, one.function) for one in fixes if one.fix for code in one.fix.uncovers)
        return all(count <= allowed[key] for key, count in Counter((one.code, one.function) for one in found).items())


def _compiles(source: Source) -> bool:
    """Whether the running Python compiles a text: unlike parsing, that finds an ``await`` outside of ``async def``."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # In a cell there may be an `await` outside of all functions.
            flags = 0 if source.cells is None else PyCF_ALLOW_TOP_LEVEL_AWAIT
            compile(source.text, source.path, "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError, SystemError):
            return False
    return True
