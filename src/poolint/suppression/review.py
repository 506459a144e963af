"""What is said of comments that silence nothing: POL902 where there is nothing to silence, POL904 where a comment names
no rule or is not written as one.

Only what can be known is reported: a rule that has not run has silenced nothing either, and in a file that could not be
followed to its end nobody knows what there would have been.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import msgspec

from poolint.config import nearest
from poolint.diagnostics import Diagnostic, Position, Range
from poolint.selection import ALL, INTERNAL, OWN
from poolint.suppression import ITS_OWN
from poolint.suppression.comments import FORMS
from poolint.suppression.removal import removal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poolint.suppression.comments import Directive, Selector
    from poolint.text.source import Source

    Kinds = frozenset[tuple[str, str]]

UNUSED, UNKNOWN = "POL902", "POL904"

BLINDING = frozenset({"POL900", "POL901", "POL903"})
"""Where one of these is reported, findings may be missing: then no comment is called unused."""

MAX_HINTS = 100
"""Words of one file for which the nearest name is looked up; each costs a millisecond."""


class Run(msgspec.Struct, frozen=True):
    """What a run has looked for in one file.

    ``ran`` are the codes of the rules that ran there, ``expected`` those of the rules that run there when the command
    line selects nothing; ``names`` maps all codes there are to the names of their rules, where known. ``strict_noqa``:
    each ``noqa`` is meant for poolint. ``host``: somebody else honours ``noqa``, on all rows that strings join.
    """

    ran: frozenset[str]
    expected: frozenset[str]
    names: Mapping[str, str | None]
    strict_noqa: bool = False
    host: bool = False


def review(source: Source, comments: Sequence[Directive], found: Sequence[Diagnostic], run: Run) -> list[Diagnostic]:
    """What there is to report on the comments of a file, in which ``found`` is all that was found before any of them."""
    reviewer = _Reviewer(source, found, run)
    told = [(comment, one) for comment in comments for one in reviewer.of(comment)]
    if not told:
        return []
    silence = _Silence([one for one in comments if not (run.host and one.is_noqa)])
    return [one for comment, one in told if not silence.covers(comment, one)]


class _Reviewer:
    """One file; what it has worked out about a word or a row it keeps, for there may be thousands of each."""

    def __init__(self, source: Source, found: Sequence[Diagnostic], run: Run) -> None:
        self.source = source
        self.run = run
        self.names = {**run.names, **INTERNAL, **OWN}
        self.is_blind = any(one.code in BLINDING for one in found)
        heard = [one for one in found if one.code not in ITS_OWN]
        self._in_file: Kinds = frozenset((one.code, one.name) for one in heard)
        self._rows: dict[int, set[tuple[str, str]]] = {}
        self._starts: dict[int, set[tuple[str, str]]] = {}
        for one in heard:
            for row in (one.range.start.row, one.statement_end_row):
                self._rows.setdefault(row, set()).add((one.code, one.name))
            self._starts.setdefault(one.range.start.row, set()).add((one.code, one.name))
        self._statements: dict[tuple[int, int], Kinds] = {}
        self._begin: dict[tuple[str, str], list[int]] = {}
        for one in sorted(heard, key=lambda one: one.range.start.row):
            self._begin.setdefault((one.code, one.name), []).append(one.range.start.row)
        self._meant: dict[str, frozenset[str]] = {}
        self._hints: dict[str, str] = {}

    def of(self, comment: Directive) -> Iterator[Diagnostic]:
        """What there is to report on one comment."""
        if comment.fault:
            if not comment.is_noqa or self._is_ours(comment):
                hint = self._hint(comment.word.lower(), FORMS) if comment.word else ""
                written = f"`{comment.word}`: " if comment.word else ""
                yield self._made(UNKNOWN, comment, f"this comment silences nothing: {written}{comment.fault}{hint}")
            return
        if comment.selectors is None:
            if not comment.is_noqa or self.run.strict_noqa:
                yield from self._blanket(comment)
            return
        ours = [one for one in comment.selectors if not comment.is_noqa or self._is_own(one)]
        unknown = {one.text: one for one in reversed(ours) if not self._means(one)}
        for one in reversed(unknown.values()):
            hint = self._hint(one.text, (ALL, *self.names, *(name for name in self.names.values() if name)))
            yield self._made(UNKNOWN, comment, f"no rule has the code or name `{one.text}`{hint}", one)
        unused = list(self._unused(comment, [one for one in ours if one.text not in unknown]))
        if unused:
            listed = ", ".join(dict.fromkeys(f"`{one.text}`" for one in unused))
            silences = "silences" if len(unused) == 1 else "silence"
            yield self._made(UNUSED, comment, f"{listed} {silences} nothing {self._where(comment)}", unused=unused)

    def _blanket(self, comment: Directive) -> Iterator[Diagnostic]:
        text = self.source.lines[comment.row - 1]
        written = text[comment.start : comment.end]
        behind = text[comment.rest : comment.stop].split(None, 1)
        word = behind[0].strip("()[],:;.`'\"") if behind else ""
        if not comment.is_noqa and "-" in word and word.lower() in self.names.values():
            yield self._made(UNKNOWN, comment, f"`{written}` silences all rules: names stand in brackets, `[{word}]`")
        elif not self.is_blind and not self._there(comment) and self._is_told(frozenset(self.names)):
            yield self._made(UNUSED, comment, f"`{written}` silences nothing {self._where(comment)}")

    def _where(self, comment: Directive) -> str:
        if comment.of_file:
            return "in this file"
        if comment.last:
            return f"up to line {comment.last}"
        if comment.alone:
            return "on a row of its own; it belongs behind what it is about"
        return "here"

    def _unused(self, comment: Directive, selectors: Sequence[Selector]) -> Iterator[Selector]:
        """Those of a comment's selectors that silence nothing, as far as this run can tell."""
        if self.is_blind:
            return
        there = self._there(comment)
        seen: set[str] = set()
        for one in selectors:
            meant = self._means(one)
            is_repeated = one.text.upper() in seen
            seen.add(one.text.upper())
            if is_repeated or (self._is_told(meant) and not any(one.matches(*kind) for kind in there)):
                yield one

    def _is_told(self, meant: frozenset[str]) -> bool:
        """Whether a run in which none of these was found says anything about a comment that means them."""
        if meant and meant <= frozenset(ITS_OWN):
            return True  # no comment silences these
        return bool(meant & self.run.ran) and meant & self.run.expected <= self.run.ran

    def _there(self, comment: Directive) -> Kinds:
        """Codes and names of what was found where a comment silences."""
        if comment.of_file:
            return self._in_file
        if comment.last:
            begun = ((kind, rows, bisect_right(rows, comment.row)) for kind, rows in self._begin.items())
            return frozenset(kind for kind, rows, at in begun if at < len(rows) and rows[at] < comment.last)
        if not (self.run.host and comment.is_noqa):
            return frozenset(self._rows.get(comment.row, ()))
        if comment.rows not in self._statements:
            first, last = comment.rows
            inside = [kinds for row, kinds in self._starts.items() if first <= row <= last]
            self._statements[comment.rows] = frozenset[tuple[str, str]]().union(*inside)
        return self._statements[comment.rows]

    def _is_ours(self, comment: Directive) -> bool:
        return self.run.strict_noqa or any(self._is_own(one) for one in comment.selectors or ())

    def _is_own(self, selector: Selector) -> bool:
        """Whether a code behind ``noqa:`` is one of ours, which may be wrong, and none of another tool."""
        return self.run.strict_noqa or selector.text.upper().startswith("POL") or bool(self._means(selector))

    def _means(self, selector: Selector) -> frozenset[str]:
        """The codes of the rules that a selector means."""
        if selector.text not in self._meant:
            self._meant[selector.text] = frozenset(
                code for code, name in self.names.items() if selector.matches(code, name or "")
            )
        return self._meant[selector.text]

    def _hint(self, word: str, known: Sequence[str]) -> str:
        if word not in self._hints:
            if len(self._hints) >= MAX_HINTS or len(word) > MAX_HINTS:
                return ""
            self._hints[word] = nearest(word, known) or nearest(word.upper(), known) or nearest(word.lower(), known)
        return self._hints[word]

    def _made(
        self,
        code: str,
        comment: Directive,
        message: str,
        selector: Selector | None = None,
        unused: Sequence[Selector] | None = None,
    ) -> Diagnostic:
        start, end = (selector.start, selector.end) if selector else (comment.start, comment.end)
        return Diagnostic(
            code,
            OWN[code],
            message,
            self.source.path,
            Range(Position(comment.row, start + 1), Position(comment.row, end + 1)),
            severity="warning",
            statement_end_row=comment.row,
            fix=removal(self.source, comment, unused) if code == UNUSED else None,
        )


class _Silence:
    """Which of what is said about comments is silenced by comments.

    One that means POL902 or POL904 in so many words silences also what is said about itself; one that means everything
    silences only what is said about others.
    """

    def __init__(self, comments: Sequence[Directive]) -> None:
        self._explicit: set[tuple[str, int]] = set()
        self._general: dict[tuple[str, int], set[int]] = {}
        for one in comments:
            row = 0 if one.of_file else one.row
            for code, name in OWN.items():
                if not one.matches(code, name):
                    continue
                narrow = [each for each in one.selectors or () if not each.matches("POL1", "")]
                if any(each.matches(code, name) for each in narrow):
                    self._explicit.add((code, row))
                elif one.last:
                    continue
                elif one.of_file or one.is_noqa:
                    self._general.setdefault((code, row), set()).add(id(one))

    def covers(self, comment: Directive, told: Diagnostic) -> bool:
        """Whether what is reported about a comment is silenced."""
        places = [(told.code, 0), (told.code, comment.row)]
        if not self._explicit.isdisjoint(places):
            return True
        return any(len(self._general.get(place, set()) - {id(comment)}) > 0 for place in places)
